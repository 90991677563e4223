/*
 * journal.c
 *
 * What the simulator remembers of its conversations: the last requests with
 * headers and bodies, the last offences, and for every peer and route how many
 * requests came, how they were answered and what misbehaviour they met.  Lists
 * are rings of fixed size; counters and offence counts are never cut.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"

#define REQUESTS_KEPT 4096
#define OFFENCES_KEPT 4096
#define BODY_KEPT     65536

typedef struct Logged
{
	long number;
	double at;
	const char *peer;
	char *method;
	char *uri;
	char *headers; /* "Name: value\n" … */
	char *body;
	size_t body_size;
	int status;
	const char *misbehaviour;
} Logged;

typedef struct Offence
{
	long number;
	long request;
	const char *peer;
	char *where; /* method and path */
	bool refused;
	char *rule;
	char *field;
	char *detail;
} Offence;

typedef struct Counter
{
	const char *peer;
	char *route;
	long received;
	long accepted;    /* processed and answered with 2xx */
	long refused;     /* processed and answered with anything else */
	long unprocessed; /* misbehaviour kept it from the peer */
	long spoilt;      /* processed, but the answer was spoilt */
} Counter;

static Logged requests[REQUESTS_KEPT];
static Offence offences[OFFENCES_KEPT];
static SimMap counters;
static long request_count;
static long offence_count;
static long refused_count;

static const char *
peer_name(const SimRequest *request)
{
	return request->peer ? request->peer->name : "none";
}

static bool
is_control(const SimRequest *request)
{
	return request->peer == &sim_peer_control;
}

/* Text that grows by lines. */
typedef struct Lines
{
	char *text;
	size_t size;
	size_t room;
} Lines;

static enum MHD_Result
add_header(void *subject, enum MHD_ValueKind kind, const char *name, const char *value)
{
	Lines *lines = subject;
	size_t name_size = strlen(name);
	size_t value_size = value ? strlen(value) : 0;

	(void) kind;
	if (lines->size + name_size + value_size + 4 > lines->room)
	{
		lines->room = (lines->size + name_size + value_size + 4) * 2;
		lines->text = sim_realloc(lines->text, lines->room);
	}
	memcpy(lines->text + lines->size, name, name_size);
	memcpy(lines->text + lines->size + name_size, ": ", 2);
	if (value_size)
		memcpy(lines->text + lines->size + name_size + 2, value, value_size);
	lines->size += name_size + value_size + 3;
	strcpy(lines->text + lines->size - 1, "\n");
	return MHD_YES;
}

static void
forget_request(Logged *logged)
{
	free(logged->method);
	free(logged->uri);
	free(logged->headers);
	free(logged->body);
	*logged = (Logged){0};
}

void
sim_journal_request(SimExchange *exchange)
{
	SimRequest *request = &exchange->request;
	Lines headers = {0};
	Logged *logged;

	if (is_control(request))
		return;
	request->number = ++request_count;
	logged = &requests[request->number % REQUESTS_KEPT];
	forget_request(logged);
	logged->number = request->number;
	logged->at = sim_wall();
	logged->peer = peer_name(request);
	logged->method = sim_strdup(exchange->method);
	logged->uri = sim_strdup(exchange->uri);
	MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, add_header, &headers);
	logged->headers = headers.text ? headers.text : sim_strdup("");
	logged->body_size = request->body_size;
	logged->body =
		sim_alloc(BODY_KEPT < request->body_size ? BODY_KEPT + 1 : request->body_size + 1);
	memcpy(logged->body,
		   request->body,
		   BODY_KEPT < request->body_size ? BODY_KEPT : request->body_size);
}

void
sim_journal_answer(SimExchange *exchange, const char *misbehaviour)
{
	SimRequest *request = &exchange->request;
	char *key;
	Counter *counter;

	if (is_control(request))
		return;
	requests[request->number % REQUESTS_KEPT].status = exchange->status;
	requests[request->number % REQUESTS_KEPT].misbehaviour = misbehaviour;
	key = sim_format("%s %s %s",
					 peer_name(request),
					 request->method,
					 request->route ? request->route->path : "(no route)");
	counter = sim_map_get(&counters, key);
	if (!counter)
	{
		counter = sim_alloc(sizeof(Counter));
		counter->peer = peer_name(request);
		counter->route = sim_strdup(key + strlen(counter->peer) + 1);
		sim_map_put(&counters, key, counter);
	}
	free(key);
	counter->received++;
	counter->accepted += exchange->status >= 200 && exchange->status < 300;
	counter->refused += exchange->status >= 300;
	counter->unprocessed += exchange->status == 0;
	counter->spoilt += misbehaviour && exchange->status;
}

static void
forget_offence(Offence *offence)
{
	free(offence->where);
	free(offence->rule);
	free(offence->field);
	free(offence->detail);
	*offence = (Offence){0};
}

void
sim_offence(SimRequest *request, bool refused, const char *rule, const char *field,
			const char *format, ...)
{
	Offence *offence;
	va_list arguments;
	char detail[500];

	if (is_control(request))
		return;
	va_start(arguments, format);
	vsnprintf(detail, sizeof detail, format, arguments);
	va_end(arguments);
	offence = &offences[++offence_count % OFFENCES_KEPT];
	forget_offence(offence);
	refused_count += refused;
	*offence = (Offence){offence_count,
						 request->number,
						 peer_name(request),
						 sim_format("%s %s", request->method, request->exchange->uri),
						 refused,
						 sim_strdup(rule),
						 sim_strdup(field),
						 sim_strdup(detail)};
}

void
sim_journal_reset(void)
{
	for (int i = 0; i < REQUESTS_KEPT; i++)
		forget_request(&requests[i]);
	for (int i = 0; i < OFFENCES_KEPT; i++)
		forget_offence(&offences[i]);
	for (size_t i = 0; i < counters.count; i++)
		free(((Counter *) counters.entries[i].value)->route);
	sim_map_clear(&counters, free);
	request_count = offence_count = refused_count = 0;
}

/* --- control --- */

/* Text that may not be UTF-8: then as base64 under another name. */
static void
set_bytes(json_t *object, const char *name, const char *base64_name, const char *text, size_t size)
{
	json_t *value = json_stringn(text, size);
	char *encoded;

	if (value)
	{
		json_object_set_new(object, name, value);
		return;
	}
	encoded = sim_base64(text, size);
	json_object_set_new(object, base64_name, json_string(encoded));
	free(encoded);
}

static json_t *
headers_json(const char *headers)
{
	json_t *object = json_object();

	while (*headers)
	{
		size_t line = strcspn(headers, "\n");
		size_t name = strcspn(headers, ":");
		char *key = sim_format("%.*s", (int) name, headers);

		json_object_set_new(object, key, json_stringn(headers + name + 2, line - name - 2));
		free(key);
		headers += line + 1;
	}
	return object;
}

static json_t *
request_json(const Logged *logged)
{
	json_t *object = json_pack("{s:I, s:f, s:s, s:s, s:s, s:o, s:i, s:s?, s:I}",
							   "number",
							   (json_int_t) logged->number,
							   "at",
							   logged->at,
							   "peer",
							   logged->peer,
							   "method",
							   logged->method,
							   "uri",
							   logged->uri,
							   "headers",
							   headers_json(logged->headers),
							   "status",
							   logged->status,
							   "misbehaviour",
							   logged->misbehaviour,
							   "body_size",
							   (json_int_t) logged->body_size);

	set_bytes(object,
			  "body",
			  "body_base64",
			  logged->body,
			  logged->body_size < BODY_KEPT ? logged->body_size : BODY_KEPT);
	return object;
}

static bool
wanted(const SimRequest *request, const char *name, const char *value)
{
	const char *filter = sim_query(request, name);

	return !filter || strcmp(filter, value) == 0;
}

/* The first number still kept and after ?since=. */
static long
first_number(const SimRequest *request, long count, long kept)
{
	long since = sim_query_int(request, "since", 0) + 1;

	return since > count - kept ? since : count - kept + 1 > 1 ? count - kept + 1 : 1;
}

static void
list_requests(SimRequest *request)
{
	json_t *list = json_array();
	long limit = sim_query_int(request, "limit", REQUESTS_KEPT);
	const char *path = sim_query(request, "path");
	const char *contains = sim_query(request, "contains");
	long number = first_number(request, request_count, REQUESTS_KEPT);

	for (; number <= request_count && (long) json_array_size(list) < limit; number++)
	{
		const Logged *logged = &requests[number % REQUESTS_KEPT];

		if (wanted(request, "peer", logged->peer) && wanted(request, "method", logged->method) &&
			(!path || strstr(logged->uri, path)) && (!contains || strstr(logged->body, contains)))
			json_array_append_new(list, request_json(logged));
	}
	sim_reply(request,
			  200,
			  json_pack("{s:I, s:o}", "count", (json_int_t) request_count, "requests", list));
}

static void
list_offences(SimRequest *request)
{
	json_t *list = json_array();
	const char *refused = sim_query(request, "refused");
	long number = first_number(request, offence_count, OFFENCES_KEPT);

	for (; number <= offence_count; number++)
	{
		const Offence *offence = &offences[number % OFFENCES_KEPT];

		if (!wanted(request, "peer", offence->peer) || !wanted(request, "rule", offence->rule) ||
			(refused && offence->refused != (strcmp(refused, "true") == 0)))
			continue;
		json_array_append_new(list,
							  json_pack("{s:I, s:I, s:s, s:s, s:b, s:s, s:s, s:s}",
										"number",
										(json_int_t) offence->number,
										"request",
										(json_int_t) offence->request,
										"peer",
										offence->peer,
										"where",
										offence->where,
										"refused",
										offence->refused,
										"rule",
										offence->rule,
										"field",
										offence->field,
										"detail",
										offence->detail));
	}
	sim_reply(request,
			  200,
			  json_pack("{s:I, s:I, s:o}",
						"count",
						(json_int_t) offence_count,
						"refused",
						(json_int_t) refused_count,
						"offences",
						list));
}

static void
list_counts(SimRequest *request)
{
	json_t *all = json_object();

	for (size_t i = 0; i < counters.count; i++)
	{
		const Counter *counter = counters.entries[i].value;
		json_t *peer = json_object_get(all, counter->peer);

		if (!peer)
			json_object_set_new(all, counter->peer, peer = json_object());
		json_object_set_new(peer,
							counter->route,
							json_pack("{s:I, s:I, s:I, s:I, s:I}",
									  "received",
									  (json_int_t) counter->received,
									  "accepted",
									  (json_int_t) counter->accepted,
									  "refused",
									  (json_int_t) counter->refused,
									  "unprocessed",
									  (json_int_t) counter->unprocessed,
									  "spoilt",
									  (json_int_t) counter->spoilt));
	}
	sim_reply(request, 200, all);
}

const SimRoute sim_journal_controls[] = {
	{"GET", "/requests", list_requests, NULL, "peer method path contains since limit", 0},
	{"GET", "/offences", list_offences, NULL, "peer rule refused since", 0},
	{"GET", "/counts", list_counts, NULL, NULL, 0},
	{0}};
