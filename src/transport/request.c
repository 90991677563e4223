/*
 * request.c
 *
 * Turns a message into what curl sends; see request.h.  Decides that no header
 * can smuggle in another.  Refuses to know how a peer authenticates (scheme.c)
 * and which URLs are acceptable (url.c).
 */
#include "postgres.h"

#include <curl/curl.h>

#include "transport/request.h"

static bool
fail(char *error, const char *problem)
{
	strlcpy(error, problem, FF_WIRE_ERROR_SIZE);
	return false;
}

/* The URL as curl takes it, which has no name for some of our schemes and not their ports. */
static bool
rename_scheme(FfRequest *request, CURLU *parts, char *error)
{
	char *url = NULL;
	char port[16];

	snprintf(port, sizeof(port), "%d", request->port);
	if (curl_url_set(parts, CURLUPART_SCHEME, request->scheme->curl_name, 0) != CURLUE_OK ||
		curl_url_set(parts, CURLUPART_PORT, port, 0) != CURLUE_OK ||
		curl_url_get(parts, CURLUPART_URL, &url, 0) != CURLUE_OK)
		return fail(error, "the URL is not valid");
	free(request->url);
	request->url = strdup(url);
	curl_free(url);
	return request->url != NULL || fail(error, "out of memory");
}

bool
ff_request_begin(FfRequest *request, const char *method, const char *url, const char *schemes,
				 bool plain_allowed, char *error)
{
	CURLU *parts;
	bool done = false;

	memset(request, 0, sizeof(FfRequest));
	request->method = method;
	request->url = strdup(url);
	parts = curl_url();
	if (request->url == NULL || parts == NULL)
		fail(error, "out of memory");
	else if (curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
		fail(error, "the URL is not valid");
	else
		done = ff_url_check(
			parts, schemes, plain_allowed, &request->scheme, request->host, &request->port, error);
	if (done && strcmp(request->scheme->name, request->scheme->curl_name) != 0)
		done = rename_scheme(request, parts, error);
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

/* Whether a part of a message, in which its connector may write them, names secrets. */
static bool
wants_secrets(const FfMessage *message, int part, const char *text, size_t length)
{
	return (message->secrets & part) != 0 && ff_secret_wanted(text, length);
}

static bool
add_header(FfRequest *request, const FfMessage *message, const FfHeader *header,
		   const FfSecrets *secrets, char *error)
{
	StringInfoData value;
	bool done;

	if (!wants_secrets(message, FF_SECRETS_IN_HEADERS, header->value, strlen(header->value)))
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

	if (!wants_secrets(message, FF_SECRETS_IN_BODY, message->body, message->body_length))
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

static bool
begin_message(FfRequest *request, const FfMessage *message, const char *schemes,
			  const FfSecrets *secrets, char *error)
{
	const StringInfoData *plain = &message->url;
	StringInfoData url;
	bool done;

	if (!wants_secrets(message, FF_SECRETS_IN_QUERY, plain->data, plain->len))
		return ff_request_begin(
			request, message->method, plain->data, schemes, message->plain_allowed, error);
	memset(request, 0, sizeof(FfRequest));
	done = expand(&url, plain->data, plain->len, secrets, FF_QUOTE_QUERY, error) &&
		   ff_request_begin(
			   request, message->method, url.data, schemes, message->plain_allowed, error);
	ff_wipe_string(&url);
	pfree(url.data);
	return done;
}

bool
ff_request_from_message(FfRequest *request, const FfMessage *message, const char *schemes,
						const FfSecrets *secrets, char *error)
{
	const char *content_type = NULL;

	if (!begin_message(request, message, schemes, secrets, error))
		return false;
	for (int i = 0; i < message->header_count; i++)
	{
		if (pg_strcasecmp(message->headers[i].name, "Content-Type") == 0)
			content_type = message->headers[i].value;
		if (!add_header(request, message, &message->headers[i], secrets, error))
			return false;
	}
	return add_body(request, message, content_type, secrets, error);
}

bool
ff_request_url(FfRequest *request, const char *url, char *error)
{
	char *copy = strdup(url);

	if (copy == NULL)
		return fail(error, "out of memory");
	free(request->url);
	request->url = copy;
	return true;
}

bool
ff_request_login(FfRequest *request, const char *user, const char *password, const char *token,
				 char *error)
{
	request->user = strdup(user);
	request->password = strdup(password);
	request->token = token ? strdup(token) : NULL;
	if (request->user == NULL || request->password == NULL || (token && request->token == NULL))
		return fail(error, "out of memory");
	if (has_control(user) || has_control(password) || (token && has_control(token)))
		return fail(error, "user or password holds a character that is not allowed");
	return true;
}

void
ff_request_wipe(FfRequest *request)
{
	ff_wipe_text(request->user);
	ff_wipe_text(request->password);
	ff_wipe_text(request->token);
	free(request->token);
	free(request->user);
	free(request->password);
	curl_slist_free_all(request->commands);
	for (struct curl_slist *line = request->headers; line; line = line->next)
		ff_wipe_text(line->data);
	curl_slist_free_all(request->headers);
	if (request->own_body)
		explicit_bzero(request->own_body, request->body_length);
	free(request->own_body);
	ff_wipe_text(request->url);
	free(request->url);
	memset(request, 0, sizeof(FfRequest));
}
