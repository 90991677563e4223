/*
 * kept.c
 *
 * Finds the socket of a kept connection by its end on this machine, the only
 * thing that curl tells of it before a request; see kept.h.  What is not found
 * is not trusted.
 */
#include "postgres.h"

#include <sys/socket.h>

#include "transport/address.h"
#include "transport/kept.h"

#define PORTS 65536

/* The socket that used a port last; 0: none.  It may have been closed since. */
static int socket_of[PORTS];

void
ff_kept_note(CURL *easy)
{
	curl_socket_t socket = CURL_SOCKET_BAD;
	long port = 0;

	if (curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &socket) == CURLE_OK &&
		socket != CURL_SOCKET_BAD &&
		curl_easy_getinfo(easy, CURLINFO_LOCAL_PORT, &port) == CURLE_OK && port > 0 && port < PORTS)
		socket_of[port] = socket;
}

bool
ff_kept_is_quiet(const char *address, int port)
{
	struct sockaddr_storage name;
	socklen_t length = sizeof(name);
	char text[46];
	char byte;
	int socket = port > 0 && port < PORTS ? socket_of[port] : 0;

	if (socket == 0 || getsockname(socket, (struct sockaddr *) &name, &length) != 0)
		return false;
	ff_address_text((struct sockaddr *) &name, text, sizeof(text));
	return strcmp(text, address) == 0 && ff_address_port((struct sockaddr *) &name) == port &&
		   recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
		   (errno == EAGAIN || errno == EWOULDBLOCK);
}
