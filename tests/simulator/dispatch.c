/*
 * dispatch.c
 *
 * Leads one complete request to its peer: mount, route, authorization, content
 * type, JSON, schema, query, handler, in this order, as a real service would;
 * the first step that fails answers through the peer's refuse.  Also the
 * helpers with which handlers read requests and write answers.  Knows nothing
 * of sockets.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core.h"

#define PEER(name) &sim_peer_##name,
const SimPeer *const sim_peers[] = {
#include "peers.h"
};
#undef PEER
const int sim_peer_count = sizeof sim_peers / sizeof *sim_peers;

static bool
is_below(const char *path, const char *mount, size_t *size)
{
	*size = strlen(mount) + 1;
	return path[0] == '/' && strncmp(path + 1, mount, *size - 1) == 0 &&
		   (path[*size] == '/' || path[*size] == '\0');
}

void
sim_dispatch_find(SimExchange *exchange)
{
	SimRequest *request = &exchange->request;
	const char *path = exchange->path;
	size_t size;

	request->exchange = exchange;
	request->method = exchange->method;
	request->path = path;
	request->peer = NULL;
	if (is_below(path, "control", &size))
	{
		request->peer = &sim_peer_control;
		request->path = path + size;
	}
	for (int i = 0; i < sim_peer_count; i++)
	{
		if (is_below(path, sim_peers[i]->mount ? sim_peers[i]->mount : sim_peers[i]->name, &size))
		{
			request->peer = sim_peers[i];
			request->path = path + size;
		}
	}
}

/* Does the path fit the route?  Fills arguments with pointers into a copy that is cut there. */
static bool
fits_route(const char *pattern, const char *path, const char *argument[4])
{
	int found = 0;

	while (*pattern == '/' && *path == '/')
	{
		size_t part = strcspn(++pattern, "/");
		size_t size = strcspn(++path, "/");

		if (strncmp(pattern, "{v}", 3) == 0)
		{
			if (path[0] != 'v' || size < 2 || strspn(path + 1, "0123456789") != size - 1)
				return false;
		}
		else if (*pattern == '{')
		{
			if (size == 0 || found == 4)
				return false;
			argument[found++] = path;
		}
		else if (part != size || strncmp(pattern, path, size) != 0)
			return false;
		pattern += part;
		path += size;
	}
	return *pattern == '\0' && *path == '\0';
}

/* The arguments, cut at their slash and decoded, in the copy of the path that is kept for them. */
static void
cut_arguments(SimExchange *exchange)
{
	for (int i = 0; i < 4 && exchange->request.argument[i]; i++)
	{
		char *part = exchange->parts + (exchange->request.argument[i] - exchange->path);

		part[strcspn(part, "/")] = '\0';
		MHD_http_unescape(part);
		exchange->request.argument[i] = part;
	}
}

/* The route for method and path; *other_method tells that only the method was wrong. */
static const SimRoute *
find_route(SimRequest *request, const SimRoute *routes, const char *path, bool *other_method)
{
	for (const SimRoute *route = routes; route && route->method; route++)
	{
		const char *argument[4] = {NULL};

		if (!fits_route(route->path, path, argument))
			continue;
		if (strcmp(route->method, request->method) != 0)
		{
			*other_method = true;
			continue;
		}
		memcpy(request->argument, argument, sizeof argument);
		return route;
	}
	return NULL;
}

/* Control requests for a peer are found in the peer's own table. */
static const SimRoute *
find_control(SimRequest *request, bool *other_method)
{
	static const SimRoute *const tables[] = {
		sim_misbehave_controls, sim_journal_controls, sim_push_controls};
	const SimRoute *route =
		find_route(request, sim_peer_control.routes, request->path, other_method);

	for (size_t i = 0; !route && i < sizeof tables / sizeof *tables; i++)
		route = find_route(request, tables[i], request->path, other_method);
	for (int i = 0; !route && i < sim_peer_count; i++)
	{
		size_t size;

		if (is_below(request->path, sim_peers[i]->name, &size))
		{
			request->about = sim_peers[i];
			route = find_route(request, sim_peers[i]->controls, request->path + size, other_method);
		}
	}
	return route;
}

static bool
parse_body(SimRequest *request)
{
	const SimRoute *route = request->route;
	const char *type = sim_header(request, "Content-Type");
	json_error_t error;

	if (route->flags & SIM_FORM)
		return true;
	if (!route->schema && !(route->flags & SIM_BODY_FREE))
	{
		if (request->body_size && request->peer != &sim_peer_control)
			sim_offence(request,
						false,
						"body",
						"",
						"%s %s takes no body, %zu bytes came.",
						route->method,
						route->path,
						request->body_size);
		return true;
	}
	if (!request->body_size && (route->flags & SIM_BODY_FREE))
		return true;
	if (request->peer != &sim_peer_control &&
		(!type || strncasecmp(type, "application/json", 16) != 0))
		sim_offence(request,
					false,
					"header",
					"Content-Type",
					"A JSON body must be sent as application/json, it came as \"%.80s\".",
					type ? type : "");
	request->json = json_loadb(
		request->body, request->body_size, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
	if (request->json)
		return true;
	sim_refuse(request,
			   NULL,
			   "json",
			   "",
			   "The body is not JSON: %.120s (line %d, column %d).",
			   request->body_size ? error.text : "it is empty",
			   error.line,
			   error.column);
	return false;
}

static bool
check_body(SimRequest *request)
{
	SimFailure failures[16];
	int count;

	if (!request->route->schema || !request->json)
		return true;
	count = sim_check_body(request, request->route->schema, failures, 16);
	if (count > 16)
		count = 16;
	if (count)
		request->peer->refuse(request, failures, count);
	return count == 0;
}

void
sim_dispatch(SimExchange *exchange)
{
	SimRequest *request = &exchange->request;
	const SimPeer *peer = request->peer;
	bool other_method = false;

	if (!peer)
	{
		sim_offence(request, true, "route", "", "No peer is at %.120s.", exchange->path);
		sim_reply(request, 404, json_pack("{s:s}", "error", "no such peer"));
		return;
	}
	request->route = peer == &sim_peer_control
						 ? find_control(request, &other_method)
						 : find_route(request, peer->routes, request->path, &other_method);
	if (!request->route)
	{
		sim_refuse(request,
				   NULL,
				   other_method ? "method" : "route",
				   "",
				   other_method ? "%s does not allow %s." : "%s does not know %s %.150s.",
				   other_method ? request->path : peer->name,
				   request->method,
				   request->path);
		return;
	}
	if (exchange->body_too_big)
	{
		sim_refuse(request, NULL, "size", "", "The body is larger than 16 MB.");
		return;
	}
	cut_arguments(exchange);
	if (!(request->route->flags & SIM_OPEN) && peer->authorize && !peer->authorize(request))
		return;
	sim_check_query(request);
	if (parse_body(request) && check_body(request))
		request->route->handle(request);
}

/* --- reading --- */

const char *
sim_header(const SimRequest *request, const char *name)
{
	return MHD_lookup_connection_value(request->exchange->connection, MHD_HEADER_KIND, name);
}

const char *
sim_query(const SimRequest *request, const char *name)
{
	return MHD_lookup_connection_value(request->exchange->connection, MHD_GET_ARGUMENT_KIND, name);
}

long
sim_query_int(const SimRequest *request, const char *name, long fallback)
{
	const char *text = sim_query(request, name);
	char *end;
	long value;

	if (!text || !*text)
		return fallback;
	value = strtol(text, &end, 10);
	return *end ? fallback : value;
}

typedef struct ListWalk
{
	const char *name;
	json_t *list;
} ListWalk;

static enum MHD_Result
add_values(void *subject, enum MHD_ValueKind kind, const char *key, const char *value)
{
	ListWalk *walk = subject;
	size_t size = strlen(walk->name);

	(void) kind;
	if (strncmp(key, walk->name, size) != 0 || (key[size] && strcmp(key + size, "[]") != 0))
		return MHD_YES;
	while (value && *value)
	{
		size_t part = strcspn(value, ",");

		if (part)
			json_array_append_new(walk->list, json_stringn(value, part));
		value += part + (value[part] == ',');
	}
	return MHD_YES;
}

json_t *
sim_query_list(const SimRequest *request, const char *name)
{
	ListWalk walk = {name, json_array()};

	MHD_get_connection_values(
		request->exchange->connection, MHD_GET_ARGUMENT_KIND, add_values, &walk);
	return walk.list;
}

bool
sim_basic_auth(const SimRequest *request, char user[200], char password[200])
{
	const char *header = sim_header(request, "Authorization");
	unsigned char decoded[398];
	char *colon;
	long size;

	if (!header || strncasecmp(header, "Basic ", 6) != 0)
		return false;
	size = sim_base64_decode(header + 6, strlen(header + 6), decoded, sizeof decoded - 1);
	if (size < 0)
		return false;
	decoded[size] = '\0';
	colon = strchr((char *) decoded, ':');
	if (!colon)
		return false;
	*colon = '\0';
	snprintf(user, 200, "%.199s", (char *) decoded);
	snprintf(password, 200, "%.199s", colon + 1);
	return true;
}

const char *
sim_uri(const SimRequest *request)
{
	return request->exchange->uri;
}

const char *
sim_base_url(const SimRequest *request, char buffer[200])
{
	snprintf(buffer,
			 200,
			 "%s://127.0.0.1:%d/%s",
			 sim_server_has_tls() ? "https" : "http",
			 sim_server_port(),
			 request->peer->mount ? request->peer->mount : request->peer->name);
	return buffer;
}

/* --- answering --- */

void
sim_reply_text(SimRequest *request, int status, const char *type, const char *text, size_t size)
{
	SimExchange *exchange = request->exchange;

	free(exchange->answer);
	free(exchange->content_type);
	exchange->status = status;
	exchange->answer = sim_alloc(size + 1);
	memcpy(exchange->answer, text, size);
	exchange->answer_size = size;
	exchange->content_type = type ? sim_strdup(type) : NULL;
}

void
sim_reply(SimRequest *request, int status, json_t *json)
{
	SimExchange *exchange = request->exchange;

	free(exchange->answer);
	free(exchange->content_type);
	exchange->status = status;
	exchange->answer = json ? json_dumps(json, SIM_WIRE) : sim_strdup("");
	if (!exchange->answer)
		exchange->answer = sim_strdup("null");
	exchange->answer_size = strlen(exchange->answer);
	exchange->content_type = json ? sim_strdup("application/json; charset=utf-8") : NULL;
	json_decref(json);
}

void
sim_reply_header(SimRequest *request, const char *name, const char *format, ...)
{
	va_list arguments;
	char value[1000];

	va_start(arguments, format);
	vsnprintf(value, sizeof value, format, arguments);
	va_end(arguments);
	if (!request->exchange->headers)
		request->exchange->headers = json_object();
	json_object_set_new(request->exchange->headers, name, json_string(value));
}

int
sim_reply_status(const SimRequest *request)
{
	return request->exchange->status;
}

void
sim_refuse(SimRequest *request, const SimField *row, const char *rule, const char *field,
		   const char *format, ...)
{
	SimFailure failure = {.rule = rule, .row = row};
	va_list arguments;

	snprintf(failure.field, sizeof failure.field, "%s", field);
	va_start(arguments, format);
	vsnprintf(failure.detail, sizeof failure.detail, format, arguments);
	va_end(arguments);
	sim_offence(request, true, rule, field, "%s", failure.detail);
	request->peer->refuse(request, &failure, 1);
}

void
sim_control_error(SimRequest *request, const char *format, ...)
{
	va_list arguments;
	char text[500];

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	sim_reply(request, 400, json_pack("{s:s}", "error", text));
}

void
sim_schemas_free(void)
{
	const SimRoute *tables[4 + 2 * 64] = {
		sim_peer_control.routes, sim_misbehave_controls, sim_journal_controls, sim_push_controls};

	for (int i = 0; i < sim_peer_count; i++)
	{
		tables[4 + 2 * i] = sim_peers[i]->routes;
		tables[5 + 2 * i] = sim_peers[i]->controls;
	}
	for (int i = 0; i < 4 + 2 * sim_peer_count; i++)
	{
		for (const SimRoute *route = tables[i]; route && route->method; route++)
		{
			if (route->schema)
				sim_schema_free(route->schema);
		}
	}
}
