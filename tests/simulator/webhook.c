/*
 * webhook.c
 *
 * A client platform that receives our outgoing webhooks at /hook/NAME: checks
 * the Standard Webhooks headers, the time, the signature (v1 and v1a, several
 * secrets) and the body, counts every delivery per id and keeps the events.
 * A repeated id is answered like the first; the same id with another body, or
 * a sequence that falls back, is an offence.
 */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "peer.h"

#define EVENTS_KEPT 5000

typedef struct Event
{
	char *id;
	char *body;
	json_t *json;
	double first;
	double last;
	long deliveries;
	long verified;
} Event;

typedef struct Endpoint
{
	char *name;
	json_t *secrets;     /* "whsec_…" */
	json_t *public_keys; /* "whpk_…" */
	double tolerance_s;
	int status;    /* 0: 204 */
	SimMap events; /* by id */
	long received;
	long verified;
	long bad_signatures;
	long bad_times;
	long duplicates;
	long out_of_order;
	double sequence;
} Endpoint;

static SimMap endpoints;

static Endpoint *
endpoint_named(const char *name)
{
	Endpoint *endpoint = sim_map_get(&endpoints, name);

	if (!endpoint)
	{
		endpoint = sim_alloc(sizeof(Endpoint));
		endpoint->name = sim_strdup(name);
		endpoint->secrets = json_array();
		endpoint->public_keys = json_array();
		endpoint->tolerance_s = 300;
		sim_map_put(&endpoints, name, endpoint);
	}
	return endpoint;
}

/* --- signatures --- */

/* The key's bytes: the text after its prefix is base64. */
static long
key_bytes(const json_t *text, const char *prefix, unsigned char *out, size_t room)
{
	const char *key = json_string_value(text);

	if (!key || strncmp(key, prefix, strlen(prefix)) != 0)
		return -1;
	key += strlen(prefix);
	return sim_base64_decode(key, strlen(key), out, room);
}

static bool
same_text(const char *a, size_t size, const char *b)
{
	return strlen(b) == size && memcmp(a, b, size) == 0;
}

/* Does one entry, "v1,BASE64" or "v1a,BASE64", verify the text? */
static bool
entry_verifies(const Endpoint *endpoint, const char *entry, size_t size, const char *text)
{
	const char *comma = memchr(entry, ',', size);
	unsigned char key[256];
	unsigned char signature[96];
	size_t i;
	json_t *value;

	if (!comma)
		return false;
	size -= (size_t) (comma + 1 - entry);
	if (comma - entry == 2 && strncmp(entry, "v1", 2) == 0)
	{
		json_array_foreach(endpoint->secrets, i, value)
		{
			long key_size = key_bytes(value, "whsec_", key, sizeof key);
			char *expected =
				key_size < 0 ? NULL : sim_hmac_base64(key, (size_t) key_size, text, strlen(text));
			bool same = expected && same_text(comma + 1, size, expected);

			free(expected);
			if (same)
				return true;
		}
	}
	else if (comma - entry == 3 && strncmp(entry, "v1a", 3) == 0)
	{
		json_array_foreach(endpoint->public_keys, i, value)
		{
			if (key_bytes(value, "whpk_", key, sizeof key) == 32 &&
				sim_base64_decode(comma + 1, size, signature, sizeof signature) == 64 &&
				sim_ed25519_verify(key, signature, text, strlen(text)))
				return true;
		}
	}
	return false;
}

static bool
is_verified(const Endpoint *endpoint, const SimRequest *request, const char *id, const char *stamp)
{
	const char *header = sim_header(request, "webhook-signature");
	char *text = sim_format("%s.%s.%s", id, stamp, request->body);
	bool verified = false;

	while (header && *header && !verified)
	{
		size_t size = strcspn(header, " ");

		verified = entry_verifies(endpoint, header, size, text);
		header += size;
		header += strspn(header, " ");
	}
	free(text);
	return verified;
}

/* --- what a delivery must look like --- */

static bool
is_id(const char *id)
{
	for (const char *c = id; *c; c++)
	{
		if (!isalnum((unsigned char) *c) && *c != '-' && *c != '_')
			return false;
	}
	return *id != '\0';
}

static bool
is_type(const char *type)
{
	for (const char *c = type; *c; c++)
	{
		if (!isalnum((unsigned char) *c) && *c != '_' && *c != '.')
			return false;
	}
	return *type && *type != '.' && !strstr(type, "..");
}

static void
check_body(SimRequest *request, const json_t *json)
{
	const char *type = sim_text(json, "type", "");
	const char *stamp = sim_text(json, "timestamp", "");
	const char *content = sim_header(request, "Content-Type");

	if (!content || strncasecmp(content, "application/json", 16) != 0)
		sim_offence(request,
					false,
					"header",
					"Content-Type",
					"It is \"%.60s\", not JSON.",
					content ? content : "");
	if (!json_is_object(json))
	{
		sim_offence(request, false, "json", "", "The body is no JSON object.");
		return;
	}
	if (!is_type(type))
		sim_offence(request,
					false,
					"form",
					"type",
					"\"%.60s\" is not made of words separated by dots.",
					type);
	if (!sim_is_iso_time(stamp) || stamp[strlen(stamp) - 1] != 'Z')
		sim_offence(
			request, false, "form", "timestamp", "\"%.60s\" is no ISO 8601 time in UTC.", stamp);
	if (!json_is_object(json_object_get(json, "data")))
		sim_offence(request, false, "type", "data", "It is no object.");
	if (request->body_size > 20000)
		sim_offence(request,
					false,
					"length",
					"",
					"The body has %zu bytes, the advice is 20 kB.",
					request->body_size);
}

/* 0 when the headers are in order, otherwise the status to answer. */
static int
check_headers(SimRequest *request, Endpoint *endpoint, const char *id, const char *stamp)
{
	if (!id || !is_id(id))
	{
		sim_offence(request,
					true,
					id ? "form" : "required",
					"webhook-id",
					"It must be made of letters, digits, - and _.");
		return 400;
	}
	if (!stamp || !sim_is_digits(stamp))
	{
		sim_offence(request,
					true,
					stamp ? "form" : "required",
					"webhook-timestamp",
					"It must be whole seconds since 1970.");
		return 400;
	}
	if (fabs(strtod(stamp, NULL) - sim_wall()) > endpoint->tolerance_s)
	{
		endpoint->bad_times++;
		sim_offence(request,
					true,
					"time",
					"webhook-timestamp",
					"It is %.0f s away from now, %.0f are tolerated.",
					fabs(strtod(stamp, NULL) - sim_wall()),
					endpoint->tolerance_s);
		return 400;
	}
	if (!sim_header(request, "webhook-signature"))
	{
		sim_offence(request, true, "required", "webhook-signature", "The header is missing.");
		return 401;
	}
	return 0;
}

static void
count_event(SimRequest *request, Endpoint *endpoint, const char *id, bool verified)
{
	Event *event = sim_map_get(&endpoint->events, id);
	double sequence;

	if (event)
	{
		endpoint->duplicates++;
		if (strcmp(event->body, request->body) != 0)
			sim_offence(
				request, false, "repeated", "webhook-id", "Id %.60s came with another body.", id);
	}
	else
	{
		event = sim_alloc(sizeof(Event));
		event->id = sim_strdup(id);
		event->first = sim_wall();
		sim_map_put(&endpoint->events, id, event);
		event->body = sim_strdup(request->body);
		event->json = json_loadb(request->body, request->body_size, 0, NULL);
		check_body(request, event->json);
		sequence = sim_real(event->json, "sequence", endpoint->sequence);
		endpoint->out_of_order += sequence < endpoint->sequence;
		endpoint->sequence = fmax(sequence, endpoint->sequence);
	}
	event->deliveries++;
	event->verified += verified;
	event->last = sim_wall();
}

static void
receive(SimRequest *request)
{
	Endpoint *endpoint = endpoint_named(request->argument[0]);
	const char *id = sim_header(request, "webhook-id");
	const char *stamp = sim_header(request, "webhook-timestamp");
	bool has_keys = json_array_size(endpoint->secrets) + json_array_size(endpoint->public_keys) > 0;
	bool verified;
	int wrong;

	endpoint->received++;
	wrong = check_headers(request, endpoint, id, stamp);
	if (wrong)
	{
		sim_reply(request, wrong, json_pack("{s:s}", "error", "bad webhook headers"));
		return;
	}
	verified = has_keys && is_verified(endpoint, request, id, stamp);
	if (has_keys && !verified)
	{
		endpoint->bad_signatures++;
		sim_offence(request,
					true,
					"signature",
					"webhook-signature",
					"No entry of it verifies with a secret of endpoint %.60s.",
					endpoint->name);
		sim_reply(request, 401, json_pack("{s:s}", "error", "bad signature"));
		return;
	}
	endpoint->verified += verified;
	count_event(request, endpoint, id, verified);
	sim_reply(request, endpoint->status ? endpoint->status : 204, NULL);
}

/* --- the peer --- */

static void
refuse(SimRequest *request, const SimFailure *failures, int count)
{
	(void) count;
	sim_reply(request,
			  strcmp(failures->rule, "route") == 0 ? 404 : 400,
			  json_pack("{s:s}", "error", failures->detail));
}

static void
fail(SimRequest *request, int status)
{
	sim_reply(request, status, json_pack("{s:s}", "error", "the receiver is not well"));
}

static json_t *
endpoint_json(const Endpoint *endpoint, bool with_events)
{
	json_t *ids = json_object();
	json_t *types = json_object();
	json_t *events = json_array();
	size_t first = endpoint->events.count > EVENTS_KEPT ? endpoint->events.count - EVENTS_KEPT : 0;

	for (size_t i = 0; i < endpoint->events.count; i++)
	{
		const Event *event = sim_map_at(&endpoint->events, i);
		const char *type = sim_text(event->json, "type", "");

		json_object_set_new(ids, event->id, json_integer(event->deliveries));
		json_object_set_new(
			types, type, json_integer(json_integer_value(json_object_get(types, type)) + 1));
		if (with_events && i >= first)
			json_array_append_new(events,
								  json_pack("{s:s, s:f, s:f, s:I, s:I, s:O?, s:s}",
											"id",
											event->id,
											"first",
											event->first,
											"last",
											event->last,
											"deliveries",
											(json_int_t) event->deliveries,
											"verified",
											(json_int_t) event->verified,
											"event",
											event->json,
											"body",
											event->body));
	}
	return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o}",
					 "name",
					 endpoint->name,
					 "received",
					 (json_int_t) endpoint->received,
					 "verified",
					 (json_int_t) endpoint->verified,
					 "distinct",
					 (json_int_t) endpoint->events.count,
					 "duplicates",
					 (json_int_t) endpoint->duplicates,
					 "bad_signatures",
					 (json_int_t) endpoint->bad_signatures,
					 "bad_times",
					 (json_int_t) endpoint->bad_times,
					 "out_of_order",
					 (json_int_t) endpoint->out_of_order,
					 "ids",
					 ids,
					 "types",
					 types,
					 "events",
					 events);
}

static void
show(SimRequest *request)
{
	const char *name = sim_query(request, "name");
	const char *brief = sim_query(request, "brief");
	json_t *list = json_array();

	for (size_t i = 0; i < endpoints.count; i++)
	{
		const Endpoint *endpoint = sim_map_at(&endpoints, i);

		if (!name || strcmp(endpoint->name, name) == 0)
			json_array_append_new(list, endpoint_json(endpoint, !brief));
	}
	if (name && json_array_size(list) == 1)
		sim_reply(request, 200, json_incref(json_array_get(list, 0)));
	else
		sim_reply(request, 200, json_pack("{s:O}", "endpoints", list));
	json_decref(list);
}

static void
configure(SimRequest *request)
{
	const json_t *json = request->json;
	Endpoint *endpoint = endpoint_named(sim_text(json, "name", ""));
	json_t *secrets = json_object_get(json, "secrets");
	json_t *keys = json_object_get(json, "public_keys");
	unsigned char bytes[256];
	size_t i;
	json_t *secret;

	json_array_foreach(secrets, i, secret)
	{
		if (key_bytes(secret, "whsec_", bytes, sizeof bytes) <= 0)
		{
			sim_control_error(request, "Secret %zu is not whsec_ and base64.", i);
			return;
		}
	}
	if (secrets)
	{
		json_decref(endpoint->secrets);
		endpoint->secrets = json_incref(secrets);
	}
	if (keys)
	{
		json_decref(endpoint->public_keys);
		endpoint->public_keys = json_incref(keys);
	}
	endpoint->tolerance_s = sim_real(json, "tolerance_s", endpoint->tolerance_s);
	endpoint->status = (int) sim_real(json, "status", endpoint->status);
	sim_reply(request, 200, endpoint_json(endpoint, false));
}

static void
free_event(void *subject)
{
	Event *event = subject;

	free(event->id);
	free(event->body);
	json_decref(event->json);
	free(event);
}

static void
free_endpoint(void *subject)
{
	Endpoint *endpoint = subject;

	free(endpoint->name);
	json_decref(endpoint->secrets);
	json_decref(endpoint->public_keys);
	sim_map_clear(&endpoint->events, free_event);
	free(endpoint);
}

static void
reset(void)
{
	sim_map_clear(&endpoints, free_endpoint);
}

static const SimField endpoint_fields[] = {{"name", SIM_STRING, SIM_REQUIRED},
										   {"secrets", SIM_ARRAY, 0},
										   {"secrets[]", SIM_STRING, 0},
										   {"public_keys", SIM_ARRAY, 0},
										   {"public_keys[]", SIM_STRING, 0},
										   {"tolerance_s", SIM_NUMBER, 0},
										   {"status", SIM_INTEGER, 0},
										   {0}};
static SimSchema endpoint_schema = {"An endpoint", true, endpoint_fields, NULL};

static const SimRoute routes[] = {{"POST", "/{name}", receive, NULL, "*", SIM_OPEN | SIM_FORM},
								  {0}};

static const SimRoute controls[] = {{"GET", "/endpoint", show, NULL, "name brief", 0},
									{"POST", "/endpoint", configure, &endpoint_schema, NULL, 0},
									{0}};

const SimPeer sim_peer_webhook = {.name = "webhook",
								  .mount = "hook",
								  .routes = routes,
								  .controls = controls,
								  .refuse = refuse,
								  .fail = fail,
								  .reset = reset};
