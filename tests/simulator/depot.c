/*
 * depot.c
 *
 * Memory, tokens, limits and journeys of carriers; see depot.h.
 */
#include "depot.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct DepotToken
{
	double expires; /* real time */
	bool revoked;
} DepotToken;

typedef struct DepotList
{
	DepotShipment **shipments; /* NULL-terminated */
	size_t count;
} DepotList;

/* --- shipments --- */

static void
free_shipment(void *value)
{
	DepotShipment *shipment = value;

	json_decref(shipment->request);
	json_decref(shipment->answer);
	free(shipment->packages);
	free(shipment);
}

static void
free_list(void *value)
{
	free(((DepotList *) value)->shipments);
	free(value);
}

void
depot_reset(Depot *depot)
{
	sim_map_clear(&depot->keys, NULL);
	sim_map_clear(&depot->packages, NULL);
	sim_map_clear(&depot->references, free_list);
	sim_map_clear(&depot->shipments, free_shipment);
	sim_map_clear(&depot->tokens, free);
	depot->serial = depot->token_calls = depot->void_calls = 0;
	depot->allowance = depot->allowance_at = 0;
}

DepotShipment *
depot_ship(Depot *depot, const char *reference, const json_t *request, int packages,
		   void (*number)(DepotPackage *package, long serial))
{
	DepotShipment *shipment = sim_alloc(sizeof(DepotShipment));
	DepotList *list = sim_map_get(&depot->references, reference);

	snprintf(shipment->reference, sizeof shipment->reference, "%s", reference);
	shipment->created = sim_now();
	shipment->request = json_deep_copy(request);
	shipment->count = packages;
	shipment->packages = sim_alloc((size_t) packages * sizeof(DepotPackage));
	for (int i = 0; i < packages; i++)
	{
		DepotPackage *package = &shipment->packages[i];

		package->shipment = shipment;
		package->sequence = i + 1;
		number(package, ++depot->serial);
		sim_map_put(&depot->packages, package->number, package);
	}
	if (!*shipment->id)
		snprintf(shipment->id, sizeof shipment->id, "%s", shipment->packages[0].number);
	sim_map_put(&depot->shipments, shipment->id, shipment);
	if (!list)
		sim_map_put(&depot->references, reference, list = sim_alloc(sizeof(DepotList)));
	list->shipments = sim_realloc(list->shipments, (list->count + 2) * sizeof *list->shipments);
	list->shipments[list->count++] = shipment;
	list->shipments[list->count] = NULL;
	return shipment;
}

DepotShipment *
depot_shipment(const Depot *depot, const char *id)
{
	return sim_map_get(&depot->shipments, id);
}

DepotPackage *
depot_package(const Depot *depot, const char *number)
{
	return sim_map_get(&depot->packages, number);
}

DepotShipment **
depot_by_reference(const Depot *depot, const char *reference)
{
	DepotList *list = sim_map_get(&depot->references, reference);

	return list ? list->shipments : NULL;
}

/* --- journeys --- */

static const DepotJourney journeys[] = {
	{"delivered",
	 {{0, DEPOT_LABEL},
	  {3, DEPOT_PICKED_UP},
	  {6, DEPOT_DEPARTED},
	  {20, DEPOT_ARRIVED},
	  {30, DEPOT_OUT},
	  {36, DEPOT_DELIVERED}}},
	{"attempted",
	 {{0, DEPOT_LABEL},
	  {3, DEPOT_PICKED_UP},
	  {20, DEPOT_ARRIVED},
	  {30, DEPOT_OUT},
	  {36, DEPOT_ATTEMPTED},
	  {54, DEPOT_OUT},
	  {60, DEPOT_DELIVERED}}},
	{"delayed",
	 {{0, DEPOT_LABEL},
	  {3, DEPOT_PICKED_UP},
	  {20, DEPOT_DELAYED},
	  {54, DEPOT_OUT},
	  {60, DEPOT_DELIVERED}}},
	{"held", {{0, DEPOT_LABEL}, {3, DEPOT_PICKED_UP}, {20, DEPOT_ARRIVED}, {30, DEPOT_HELD}}},
	{"returned",
	 {{0, DEPOT_LABEL},
	  {3, DEPOT_PICKED_UP},
	  {20, DEPOT_EXCEPTION},
	  {30, DEPOT_RETURNING},
	  {60, DEPOT_RETURNED}}},
	{"stuck", {{0, DEPOT_LABEL}, {3, DEPOT_PICKED_UP}}},
	{"unheard_of", {{0, DEPOT_LABEL}, {3, DEPOT_PICKED_UP}, {6, DEPOT_UNHEARD_OF}}},
	{"label_only", {{0, DEPOT_LABEL}}}};

const DepotJourney *
depot_journey(const char *name)
{
	for (size_t i = 0; i < sizeof journeys / sizeof *journeys; i++)
		if (strcmp(journeys[i].name, name) == 0)
			return &journeys[i];
	return NULL;
}

int
depot_events(const Depot *depot, const DepotPackage *package, DepotEvent events[10])
{
	const DepotJourney *journey =
		package->journey ? package->journey : depot_journey(depot->journey);
	int count = 0;

	for (int i = 0; journey && i < 10 && (i == 0 || journey->scans[i].step != DEPOT_LABEL); i++)
	{
		double at = package->shipment->created + journey->scans[i].hour * 3600;

		if (at <= sim_now() && (i == 0 || !package->shipment->voided))
			events[count++] = (DepotEvent){at, journey->scans[i].step};
	}
	return count;
}

bool
depot_has_left(const DepotShipment *shipment)
{
	return sim_now() >= shipment->created + 3 * 3600;
}

json_t *
depot_spoil(const SimRequest *request, json_t *events)
{
	size_t count = json_array_size(events);

	if (request->duplicate_events && count)
		json_array_append_new(events, json_deep_copy(json_array_get(events, count - 1)));
	for (size_t i = 0; request->reorder_events && i < count / 2; i++)
	{
		json_t *other = json_incref(json_array_get(events, count - 1 - i));

		json_array_set(events, count - 1 - i, json_array_get(events, i));
		json_array_set_new(events, i, other);
	}
	return events;
}

/* --- documents --- */

json_t *
depot_document(const Depot *depot, const char *format, const char *name)
{
	static const struct
	{
		const char *format;
		const char *head;
	} heads[] = {
		{"ZPL", "^XA^FD"}, {"PNG", "\x89PNG\r\n"}, {"EPL", "N\nA"}, {NULL, "%PDF-1.4\n% "}};
	size_t size = (size_t) (depot->label_bytes > 100 ? depot->label_bytes : 100);
	char *bytes = sim_alloc(size);
	char *text;
	json_t *answer;
	int i = 0;

	while (heads[i].format && strncasecmp(format, heads[i].format, 3) != 0)
		i++;
	memset(bytes, ' ', size);
	snprintf(bytes, size, "%s%s\n", heads[i].head, name); /* the rest is blank */
	bytes[strlen(bytes)] = ' ';
	text = sim_base64(bytes, size);
	answer = json_string(text);
	free(text);
	free(bytes);
	return answer;
}

/* --- who may call, and how often --- */

void
depot_form(const SimRequest *request, const char *name, char value[SIM_TEXT_SIZE])
{
	const char *at = request->body;
	size_t size = strlen(name);
	int length = 0;

	while (at && (strncmp(at, name, size) != 0 || at[size] != '='))
		at = strchr(at, '&') ? strchr(at, '&') + 1 : NULL;
	for (at = at ? at + size + 1 : ""; *at && *at != '&' && length < SIM_TEXT_SIZE - 1; at++)
	{
		unsigned code;

		if (*at == '%' && sscanf(at + 1, "%2x", &code) == 1)
		{
			value[length++] = (char) code;
			at += 2;
		}
		else
			value[length++] = *at == '+' ? ' ' : *at;
	}
	value[length] = '\0';
}

bool
depot_knows(SimRequest *request, const Depot *depot, const char *client, const char *secret)
{
	if (*client && *secret && strcmp(secret, "wrong") != 0 &&
		(!*depot->client || strcmp(client, depot->client) == 0) &&
		(!*depot->secret || strcmp(secret, depot->secret) == 0))
		return true;
	sim_offence(
		request, true, "auth", "client", "Client \"%.60s\" or its secret is wrong.", client);
	return false;
}

const char *
depot_grant(Depot *depot)
{
	DepotToken *token = sim_alloc(sizeof(DepotToken));
	char text[64];

	token->expires = sim_wall() + (double) depot->token_lifetime_s;
	snprintf(text,
			 sizeof text,
			 "depot%ld.%016llx",
			 ++depot->token_calls,
			 (unsigned long long) sim_random());
	sim_map_put(&depot->tokens, text, token);
	return depot->tokens.entries[depot->tokens.count - 1].key;
}

bool
depot_accepts(SimRequest *request, Depot *depot, const char *header, const char *token)
{
	DepotToken *known = token ? sim_map_get(&depot->tokens, token) : NULL;

	if (known && !known->revoked && known->expires >= sim_wall())
		return true;
	sim_offence(request,
				true,
				"auth",
				header,
				"%s",
				!token           ? "The header is missing."
				: !known         ? "It is no token that was given out."
				: known->revoked ? "The token was revoked."
								 : "The token has expired.");
	return false;
}

bool
depot_allows(SimRequest *request, Depot *depot)
{
	double most = (double) depot->calls_per_minute;
	double now = sim_wall();

	if (most <= 0)
		return true;
	if (depot->allowance_at == 0)
		depot->allowance = most;
	else
		depot->allowance = fmin(most, depot->allowance + (now - depot->allowance_at) * most / 60);
	depot->allowance_at = now;
	if (depot->allowance >= 1)
	{
		depot->allowance -= 1;
		return true;
	}
	sim_reply_header(request, "Retry-After", "%.0f", ceil((1 - depot->allowance) * 60 / most));
	return false;
}

/* --- check digits --- */

char
depot_mod10(const char *digits, int first, int second)
{
	int sum = 0;

	for (int i = 0; digits[i]; i++)
		sum += (digits[i] - '0') * (i % 2 == 0 ? first : second);
	return (char) ('0' + (10 - sum % 10) % 10);
}

char
depot_weighted(const char *digits, const int *weights, int count)
{
	int sum = 0;

	for (int i = 0; digits[i]; i++)
		sum += (digits[i] - '0') * weights[i % count];
	return (char) ('0' + sum % 11 % 10);
}

/* --- control --- */

static json_t *
shipment_json(const Depot *depot, const DepotShipment *shipment)
{
	json_t *packages = json_array();
	char created[40];

	for (int i = 0; i < shipment->count; i++)
	{
		DepotEvent events[10];
		int count = depot_events(depot, &shipment->packages[i], events);

		json_array_append_new(
			packages,
			json_pack(
				"{s:s, s:i}", "tracking_number", shipment->packages[i].number, "scans", count));
	}
	return json_pack("{s:s, s:s, s:s, s:b, s:b, s:o, s:O}",
					 "id",
					 shipment->id,
					 "reference",
					 shipment->reference,
					 "created",
					 sim_time(shipment->created, 0, "%FT%TZ", created),
					 "voided",
					 shipment->voided,
					 "closed",
					 shipment->closed,
					 "packages",
					 packages,
					 "request",
					 shipment->request);
}

void
depot_list(SimRequest *request)
{
	const Depot *depot = request->about->depot;
	const char *reference = sim_query(request, "reference");
	const char *number = sim_query(request, "tracking_number");
	json_t *list = json_array();

	for (size_t i = 0; i < depot->shipments.count; i++)
	{
		const DepotShipment *shipment = sim_map_at(&depot->shipments, i);
		const DepotPackage *package = number ? depot_package(depot, number) : NULL;

		if ((!reference || strcmp(shipment->reference, reference) == 0) &&
			(!number || (package && package->shipment == shipment)))
			json_array_append_new(list, shipment_json(depot, shipment));
	}
	sim_reply(request,
			  200,
			  json_pack("{s:i, s:o}", "count", (int) json_array_size(list), "shipments", list));
}

void
depot_counts(SimRequest *request)
{
	const Depot *depot = request->about->depot;
	json_t *made = json_object();
	json_t *live = json_object();
	json_int_t voided = 0;

	for (size_t i = 0; i < depot->references.count; i++)
	{
		const DepotList *list = depot->references.entries[i].value;
		json_int_t left = 0;

		for (size_t k = 0; k < list->count; k++)
			left += !list->shipments[k]->voided;
		voided += (json_int_t) list->count - left;
		json_object_set_new(
			made, depot->references.entries[i].key, json_integer((json_int_t) list->count));
		json_object_set_new(live, depot->references.entries[i].key, json_integer(left));
	}
	sim_reply(request,
			  200,
			  json_pack("{s:I, s:I, s:I, s:I, s:I, s:o, s:o}",
						"shipments",
						(json_int_t) depot->shipments.count,
						"packages",
						(json_int_t) depot->packages.count,
						"voided",
						voided,
						"void_calls",
						(json_int_t) depot->void_calls,
						"token_calls",
						(json_int_t) depot->token_calls,
						"by_reference",
						made,
						"live_by_reference",
						live));
}

void
depot_revoke(SimRequest *request)
{
	const Depot *depot = request->about->depot;

	for (size_t i = 0; i < depot->tokens.count; i++)
		((DepotToken *) depot->tokens.entries[i].value)->revoked = true;
	sim_reply(request, 200, json_pack("{s:i}", "revoked", (int) depot->tokens.count));
}

static const SimField journey_fields[] = {
	{"tracking_number", SIM_STRING, SIM_REQUIRED}, {"journey", SIM_STRING, SIM_REQUIRED}, {0}};
SimSchema depot_journey_schema = {"A journey", true, journey_fields, NULL};

void
depot_control_journey(SimRequest *request)
{
	const char *number = sim_text(request->json, "tracking_number", "");
	DepotPackage *package = depot_package(request->about->depot, number);
	const DepotJourney *journey = depot_journey(sim_text(request->json, "journey", ""));

	if (!package || !journey)
	{
		sim_control_error(request, "There is no parcel \"%s\", or no such journey.", number);
		return;
	}
	package->journey = journey;
	sim_reply(request, 200, shipment_json(request->about->depot, package->shipment));
}

static const SimField stock_fields[] = {
	{.path = "sku", .flags = SIM_REQUIRED}, {.path = "quantity", SIM_INTEGER, SIM_REQUIRED}, {0}};
SimSchema depot_stock_schema = {.name = "stock", .closed = true, .fields = stock_fields};

void
depot_put_stock(SimRequest *request, SimMap *stock)
{
	json_decref(sim_map_put(stock,
							sim_text(request->json, "sku", ""),
							json_incref(json_object_get(request->json, "quantity"))));
	sim_reply(request, 200, json_pack("{s:i}", "skus", (int) stock->count));
}
