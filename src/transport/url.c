/*
 * url.c
 *
 * The table of schemes, and which URLs are acceptable at all; see url.h.  It
 * knows neither messages nor secrets, and resolves nothing.
 */
#include "postgres.h"

#include "pg/guc.h"
#include "transport/request.h"
#include "transport/url.h"

#define HTTP_SCHEMES "https http"

static const FfUrlScheme url_schemes[] = {
	{"https", "https", FF_PROTOCOL_HTTP, 443, false, false},
	{"http", "http", FF_PROTOCOL_HTTP, 80, true, false},
	{"ftp", "ftp", FF_PROTOCOL_FTP, 21, true, false},
	{"ftpes", "ftp", FF_PROTOCOL_FTP, 21, false, true},
	{"ftps", "ftps", FF_PROTOCOL_FTP, 990, false, false},
	{"sftp", "sftp", FF_PROTOCOL_SSH, 22, false, false},
	{"submission", "smtp", FF_PROTOCOL_MAIL, 587, false, true},
	{"smtps", "smtps", FF_PROTOCOL_MAIL, 465, false, false},
	{"smtp", "smtp", FF_PROTOCOL_MAIL, 25, true, false},
	{"file", "file", FF_PROTOCOL_DIRECTORY, 0, false, false},
};

static bool
fail(char *error, const char *problem)
{
	strlcpy(error, problem, FF_WIRE_ERROR_SIZE);
	return false;
}

/* Whether a name stands in a list with blanks between. */
static bool
is_listed(const char *list, const char *name)
{
	size_t length = strlen(name);

	while (*list != '\0')
	{
		size_t word = strcspn(list, " ");

		if (word == length && strncmp(list, name, length) == 0)
			return true;
		list += word;
		list += strspn(list, " ");
	}
	return false;
}

static bool
check_scheme(const char *name, const char *schemes, bool plain_allowed, const FfUrlScheme **scheme,
			 char *error)
{
	for (size_t i = 0; i < lengthof(url_schemes); i++)
	{
		const FfUrlScheme *found = &url_schemes[i];

		if (strcmp(name, found->name) != 0 || !is_listed(schemes ? schemes : HTTP_SCHEMES, name))
			continue;
		if (found->plain && !plain_allowed && !ff_guc_allow_private_addresses)
		{
			snprintf(error,
					 FF_WIRE_ERROR_SIZE,
					 "plain %s is refused unless fulfillment.allow_private_addresses is on",
					 name);
			return false;
		}
		*scheme = found;
		return true;
	}
	snprintf(error, FF_WIRE_ERROR_SIZE, "URL scheme \"%.20s\" is not allowed", name);
	return false;
}

bool
ff_url_check(CURLU *parts, const char *schemes, bool plain_allowed, const FfUrlScheme **scheme,
			 char *host, int *port, char *error)
{
	char *name = NULL;
	char *peer = NULL;
	char *number = NULL;
	char *user = NULL;
	bool done = false;

	if (curl_url_get(parts, CURLUPART_SCHEME, &name, 0) != CURLUE_OK ||
		((curl_url_get(parts, CURLUPART_HOST, &peer, 0) != CURLUE_OK || *peer == '\0') &&
		 strcmp(name, "file") != 0))
		fail(error, "the URL is not valid");
	else if (peer != NULL && strlen(peer) >= FF_HOST_SIZE)
		fail(error, "the host name of the URL is too long");
	else if (curl_url_get(parts, CURLUPART_USER, &user, 0) == CURLUE_OK)
		fail(error, "a URL with a user name is refused; set secrets instead");
	else if (check_scheme(name, schemes, plain_allowed, scheme, error))
	{
		strlcpy(host, peer ? peer : "", FF_HOST_SIZE);
		*port = (*scheme)->port;
		if (curl_url_get(parts, CURLUPART_PORT, &number, 0) == CURLUE_OK)
			*port = atoi(number);
		done = true;
	}
	curl_free(name);
	curl_free(peer);
	curl_free(number);
	curl_free(user);
	return done;
}
