/*
 * message.c
 *
 * A message as a user's function or definition wants it.  Decides where it may
 * go: to the addresses among the connection's settings and to no other, since
 * the connection's secrets travel along.
 */
#include "postgres.h"

#include "own/parts.h"
#include "pg/errors.h"

static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"};

void
ff_own_fail(const FfCall *call, const char *detail, const char *hint)
{
	ereport(ERROR,
			(errcode(FF_ERR_CONNECTION),
			 errmsg("could not build a request for connector \"%s\"", call->connector),
			 errdetail_internal("%s", detail),
			 hint != NULL ? errhint("%s", hint) : 0));
}

static const char *
method_named(const char *name)
{
	for (int i = 0; i < (int) lengthof(methods); i++)
		if (strcmp(methods[i], name) == 0)
			return methods[i];
	return NULL;
}

bool
ff_own_is_method(const char *method)
{
	return method_named(method) != NULL;
}

/* How long "https://host:port" is at the beginning of a URL. */
static size_t
origin_length(const char *url)
{
	const char *host = strstr(url, "://");

	return host == NULL ? 0 : (size_t) (host - url) + 3 + strcspn(host + 3, "/?#");
}

/* Whether it goes where a setting of type url says. */
static bool
is_among_settings(const FfCall *call, const char *url)
{
	const FfOwn *own = call->own;
	const FfJson *settings = ff_json_member(own->definition, "settings");
	size_t length = origin_length(url);

	for (int i = 0; length > 0 && i < ff_json_count(settings); i++)
	{
		const FfJson *setting = ff_json_at(settings, i);
		const char *address =
			ff_json_text(ff_json_member(call->config, ff_json_text_or(setting, "name", "")), "");

		if (strcmp(ff_json_text_or(setting, "type", ""), "url") == 0 && address != NULL &&
			origin_length(address) == length && pg_strncasecmp(address, url, length) == 0)
			return true;
	}
	return false;
}

/* Where a base that ends with a slash was followed by a path that begins with one. */
static char *
single_slash(const char *url)
{
	size_t origin = origin_length(url);
	char *copy = pstrdup(url);
	char *twice = strstr(copy + origin, "//");

	if (twice != NULL && (size_t) (twice - copy) < strcspn(copy, "?#"))
		memmove(twice, twice + 1, strlen(twice));
	return copy;
}

void
ff_own_begin(const FfCall *call, FfMessage *message, const char *method, const char *url)
{
	const char *known = method != NULL ? method_named(method) : NULL;

	if (known == NULL)
		ff_own_fail(call,
					psprintf("\"%.20s\" is no method.", method != NULL ? method : ""),
					"Use GET, POST, PUT, PATCH, DELETE or HEAD.");
	if (url == NULL || !is_among_settings(call, url))
		ff_own_fail(call,
					"Its address is not below one of the connection's settings of type url.",
					"Begin it with such a setting, so that the credentials go nowhere else.");
	message->plain_allowed = ff_json_bool(call->config, "allow_plaintext", false);
	if (!message->plain_allowed && !ff_url_is_safe(url))
		ff_own_fail(call,
					"Credentials may not travel to its address.",
					"Give one that begins with https://.");
	message->method = known;
	/* text of the call that looks like one was broken up before anybody wrote with it */
	message->secrets = FF_SECRETS_IN_HEADERS | FF_SECRETS_IN_BODY;
	resetStringInfo(&message->url);
	appendStringInfoString(&message->url, single_slash(url));
	message->query_parts = strchr(url, '?') != NULL ? 1 : 0;
}

void
ff_own_header(const FfCall *call, FfMessage *message, const char *name, const char *value)
{
	if (value == NULL || *value == '\0')
		return;
	if (message->header_count >= FF_MAX_HEADERS - 8)
		ff_own_fail(call, "It has too many headers.", NULL);
	ff_message_header(message, name, value);
}
