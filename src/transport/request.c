/*
 * request.c
 *
 * Turns a message into what curl sends; see request.h.  Decides which URLs
 * are acceptable at all (the table of schemes) and that no header can smuggle
 * in another.  Refuses to know how a peer authenticates (scheme.c).
 */
#include "postgres.h"

#include <curl/curl.h>

#include "pg/guc.h"
#include "transport/request.h"

/* What a URL may begin with; protocols that curl is allowed to speak follow from it (slot.c). */
static const struct
{
	const char *name;
	bool plain; /* unencrypted: only where private addresses are allowed */
	int port;
} url_schemes[] = {
	{"https", false, 443},
	{"http", true, 80},
};

static bool
fail(char *error, const char *problem)
{
	strlcpy(error, problem, FF_WIRE_ERROR_SIZE);
	return false;
}

static bool
check_scheme(const char *scheme, int *port, char *error)
{
	for (size_t i = 0; i < lengthof(url_schemes); i++)
	{
		if (strcmp(scheme, url_schemes[i].name) != 0)
			continue;
		if (url_schemes[i].plain && !ff_guc_allow_private_addresses)
			return fail(error,
						"plain http is refused unless fulfillment.allow_private_addresses "
						"is on");
		*port = url_schemes[i].port;
		return true;
	}
	snprintf(error, FF_WIRE_ERROR_SIZE, "URL scheme \"%.20s\" is not allowed", scheme);
	return false;
}

/* Takes the parts of a URL that are judged or shown. */
static bool
check_url(FfRequest *request, CURLU *parts, char *error)
{
	char *scheme = NULL;
	char *host = NULL;
	char *port = NULL;
	char *user = NULL;
	bool done = false;

	if (curl_url_set(parts, CURLUPART_URL, request->url, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
		curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
		curl_url_get(parts, CURLUPART_HOST, &host, 0) != CURLUE_OK || *host == '\0')
		fail(error, "the URL is not valid");
	else if (strlen(host) >= FF_HOST_SIZE)
		fail(error, "the host name of the URL is too long");
	else if (curl_url_get(parts, CURLUPART_USER, &user, 0) == CURLUE_OK)
		fail(error, "a URL with a user name is refused; set secrets instead");
	else if (check_scheme(scheme, &request->port, error))
	{
		strlcpy(request->host, host, FF_HOST_SIZE);
		if (curl_url_get(parts, CURLUPART_PORT, &port, 0) == CURLUE_OK)
			request->port = atoi(port);
		done = true;
	}
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	curl_free(user);
	return done;
}

bool
ff_request_begin(FfRequest *request, const char *method, const char *url, char *error)
{
	CURLU *parts;
	bool done;

	memset(request, 0, sizeof(FfRequest));
	request->method = method;
	request->url = strdup(url);
	parts = curl_url();
	if (request->url == NULL || parts == NULL)
	{
		curl_url_cleanup(parts);
		return fail(error, "out of memory");
	}
	done = check_url(request, parts, error);
	curl_url_cleanup(parts);
	return done;
}

static bool
has_control(const char *text)
{
	for (; *text != '\0'; text++)
	{
		if (((unsigned char) *text < 0x20 && *text != '\t') || *text == 0x7f)
			return true;
	}
	return false;
}

bool
ff_request_header(FfRequest *request, const char *name, const char *value, char *error)
{
	StringInfoData line;
	struct curl_slist *grown;

	if (*name == '\0' || strchr(name, ':') || has_control(name) || has_control(value))
	{
		snprintf(error,
				 FF_WIRE_ERROR_SIZE,
				 "header \"%.60s\" holds a character that is not allowed",
				 has_control(name) ? "" : name);
		return false;
	}
	initStringInfo(&line);
	enlargeStringInfo(&line, (int) (strlen(name) + strlen(value) + 3));
	/* curl's way to say "this header, but empty" is a semicolon */
	appendStringInfo(&line, *value != '\0' ? "%s: %s" : "%s;", name, value);
	grown = curl_slist_append(request->headers, line.data);
	ff_wipe_string(&line);
	pfree(line.data);
	if (grown == NULL)
		return fail(error, "out of memory");
	request->headers = grown;
	return true;
}

bool
ff_request_body(FfRequest *request, const char *text, size_t length, char *error)
{
	request->own_body = malloc(length + 1);
	if (request->own_body == NULL)
		return fail(error, "out of memory");
	memcpy(request->own_body, text, length);
	request->own_body[length] = '\0';
	request->body = request->own_body;
	request->body_length = length;
	return true;
}

/* Expands text into a StringInfo that the caller wipes and frees. */
static bool
expand(StringInfo target, const char *text, size_t length, const FfSecrets *secrets,
	   FfQuoting quoting, char *error)
{
	const char *missing;

	initStringInfo(target);
	if (ff_secret_expand(target, text, length, secrets, quoting, &missing))
		return true;
	snprintf(error, FF_WIRE_ERROR_SIZE, "the connection has no secret \"%s\"", missing);
	return false;
}

static bool
add_header(FfRequest *request, const FfHeader *header, const FfSecrets *secrets, char *error)
{
	StringInfoData value;
	bool done;

	if (!ff_secret_wanted(header->value, strlen(header->value)))
		return ff_request_header(request, header->name, header->value, error);
	done = expand(&value, header->value, strlen(header->value), secrets, FF_QUOTE_NONE, error) &&
		   ff_request_header(request, header->name, value.data, error);
	ff_wipe_string(&value);
	pfree(value.data);
	return done;
}

static bool
add_body(FfRequest *request, const FfMessage *message, const char *content_type,
		 const FfSecrets *secrets, char *error)
{
	StringInfoData body;
	bool done;

	if (!ff_secret_wanted(message->body, message->body_length))
	{
		request->body = message->body;
		request->body_length = message->body ? message->body_length : 0;
		return true;
	}
	done = expand(&body,
				  message->body,
				  message->body_length,
				  secrets,
				  ff_quoting_of(content_type),
				  error) &&
		   ff_request_body(request, body.data, body.len, error);
	ff_wipe_string(&body);
	pfree(body.data);
	return done;
}

bool
ff_request_from_message(FfRequest *request, const FfMessage *message, const FfSecrets *secrets,
						char *error)
{
	const char *content_type = NULL;

	if (!ff_request_begin(request, message->method, message->url.data, error))
		return false;
	for (int i = 0; i < message->header_count; i++)
	{
		if (pg_strcasecmp(message->headers[i].name, "Content-Type") == 0)
			content_type = message->headers[i].value;
		if (!add_header(request, &message->headers[i], secrets, error))
			return false;
	}
	return add_body(request, message, content_type, secrets, error);
}

void
ff_request_wipe(FfRequest *request)
{
	for (struct curl_slist *line = request->headers; line; line = line->next)
		ff_wipe_text(line->data);
	curl_slist_free_all(request->headers);
	if (request->own_body)
		explicit_bzero(request->own_body, request->body_length);
	free(request->own_body);
	free(request->url);
	memset(request, 0, sizeof(FfRequest));
}
