/*
 * names.c
 *
 * Preloaded into a server, it plays the resolver for the names that
 * $FULFILLMENT_NAMES lists, and notes every look-up of them and every
 * connection in $FULFILLMENT_NAMES_LOG, one a line.
 *
 *   moving.test=198.51.100.1|127.0.0.1 both.test=198.51.100.1,127.0.0.1 stuck.test=
 *
 * Look-ups of a name answer one of the lists of addresses after the other, the
 * last one again and again; a name without addresses is never answered.  No
 * connection leaves this machine: the network is unreachable.
 */
#define _GNU_SOURCE

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
note(const char *what, const char *about)
{
	const char *path = getenv("FULFILLMENT_NAMES_LOG");
	char line[256];
	int length = snprintf(line, sizeof(line), "%s %s\n", what, about);
	int log = path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;

	if (log < 0 || write(log, line, length) != length)
		abort();
	close(log);
}

/* How often a name was looked up, in all processes. */
static int
count_lookups(const char *name)
{
	FILE *log = fopen(getenv("FULFILLMENT_NAMES_LOG"), "re");
	char line[256];
	char wanted[256];
	int count = 0;

	if (log == NULL)
		return 0;
	snprintf(wanted, sizeof(wanted), "lookup %s\n", name);
	while (fgets(line, sizeof(line), log) != NULL)
		count += strcmp(line, wanted) == 0;
	fclose(log);
	return count;
}

/* What is listed for a name, up to the next blank; NULL: it is not ours. */
static const char *
find(const char *name)
{
	const char *at = getenv("FULFILLMENT_NAMES");
	size_t length = strlen(name);

	for (; at != NULL; at = strchr(at, ' '))
	{
		at += *at == ' ';
		if (strncmp(at, name, length) == 0 && at[length] == '=')
			return at + length + 1;
	}
	return NULL;
}

/* The addresses of one list, as numbers the real resolver reads. */
static int
answer(const char *list, size_t length, const char *service, const struct addrinfo *hints,
	   struct addrinfo **result,
	   int (*resolve)(const char *, const char *, const struct addrinfo *, struct addrinfo **))
{
	struct addrinfo **end = result;

	*result = NULL;
	while (length > 0)
	{
		char address[64];
		size_t part = strcspn(list, ",| ");
		int problem;

		snprintf(address, sizeof(address), "%.*s", (int) part, list);
		problem = resolve(address, service, hints, end);
		if (problem != 0)
			return problem;
		while (*end != NULL)
			end = &(*end)->ai_next;
		part += list[part] == ',';
		list += part;
		length -= part;
	}
	return 0;
}

int
getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
			struct addrinfo **result)
{
	int (*resolve)(const char *, const char *, const struct addrinfo *, struct addrinfo **) =
		dlsym(RTLD_NEXT, "getaddrinfo");
	const char *list = name != NULL ? find(name) : NULL;
	int before;

	if (list == NULL)
		return resolve(name, service, hints, result);
	before = count_lookups(name);
	note("lookup", name);
	while (*list == '\0' || *list == ' ')
		pause();
	for (; before > 0 && list[strcspn(list, "| ")] == '|'; before--)
		list += strcspn(list, "| ") + 1;
	return answer(list, strcspn(list, "| "), service, hints, result, resolve);
}

int
connect(int socket, const struct sockaddr *address, socklen_t length)
{
	int (*real)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "connect");
	const struct in_addr *ip = &((const struct sockaddr_in *) address)->sin_addr;
	char text[INET_ADDRSTRLEN];

	if (address->sa_family != AF_INET)
		return real(socket, address, length);
	inet_ntop(AF_INET, ip, text, sizeof(text));
	note("connect", text);
	if ((ntohl(ip->s_addr) >> 24) == 127)
		return real(socket, address, length);
	errno = ENETUNREACH;
	return -1;
}
