/*
 * ups.c
 *
 * The UPS peer's door: its routes, settings and controls, its errors and its
 * tokens.  What the routes do is in ups_ship.c (labels, voids, recovery),
 * ups_rate.c, ups_ask.c (addresses, pickups) and ups_track.c; what it demands of a
 * request is in the tables of ups_ship_fields.c, ups_fields.c and ups_laws.c.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ups.h"

typedef struct Token
{
	double expires; /* real time */
	bool revoked;
	long used;
} Token;

UpsMemory ups_memory;
static SimMap tokens;
static long token_calls;

static long token_lifetime_s;
static char client_id[SIM_TEXT_SIZE];
static char client_secret[SIM_TEXT_SIZE];

/* --- errors --- */

void
ups_error(SimRequest *request, int status, const char *code, const char *format, ...)
{
	va_list arguments;
	char message[400];

	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	sim_reply_header(request, "errorcode", "%s", code);
	sim_reply_header(request, "errordescription", "%.200s", message);
	sim_reply(
		request,
		status,
		json_pack("{s:{s:[{s:s, s:s}]}}", "response", "errors", "code", code, "message", message));
}

json_t *
ups_success(const SimRequest *request)
{
	size_t i = 0;
	const char *key;
	json_t *value;
	json_t *answer =
		json_pack("{s:{s:s, s:s}}", "ResponseStatus", "Code", "1", "Description", "Success");

	/* The body has one member, the request proper; its context is echoed. */
	json_object_foreach(request->json, key, value)
	{
		const char *context = sim_text(value, "Request.TransactionReference.CustomerContext", NULL);

		if (context && i++ == 0)
			json_object_set_new(
				answer, "TransactionReference", json_pack("{s:s}", "CustomerContext", context));
	}
	return answer;
}

/* How each rule that a request can break is answered when no row says so. */
static const struct
{
	const char *rule;
	int status;
	const char *code;
	const char *message;
} refusals[] = {
	{"route", 404, "10404", "The requested resource was not found"},
	{"method", 405, "10405", "Method not allowed"},
	{"size", 413, "10413", "The request is too large"},
	{"json", 400, "10001", "The request is not well formed or the operation is not defined"},
	{"required", 400, "10002", "Missing required field"},
	{"header", 400, "10009", "Missing or invalid header"},
	{NULL, 400, "10003", "The request contains a value that is not allowed"}};

static void
refuse(SimRequest *request, const SimFailure *failures, int count)
{
	size_t i = 0;

	(void) count;
	while (refusals[i].rule && strcmp(refusals[i].rule, failures->rule) != 0)
		i++;
	if (failures->row && failures->row->code)
		ups_error(request, 400, failures->row->code, "%s", failures->row->message);
	else
		ups_error(request,
				  refusals[i].status,
				  refusals[i].code,
				  "%s%s%s",
				  refusals[i].message,
				  *failures->field ? ": " : "",
				  failures->field);
}

static void
fail(SimRequest *request, int status)
{
	switch (status)
	{
		case 401:
			ups_error(request, status, "250002", "Invalid Authentication Information.");
			break;
		case 429:
			ups_error(request, status, "10429", "Too Many Requests");
			break;
		case 503:
			ups_error(request, status, "10004", "The system is unavailable, try again later");
			break;
		default:
			ups_error(request, status, "20001", "A general failure occurred");
	}
}

/* --- tokens --- */

static bool
authorize(SimRequest *request)
{
	const char *header = sim_header(request, "Authorization");
	Token *token =
		header && strncasecmp(header, "Bearer ", 7) == 0 ? sim_map_get(&tokens, header + 7) : NULL;
	const char *transaction = sim_header(request, "transId");

	if (transaction && strlen(transaction) > 32)
		sim_offence(request, false, "length", "transId", "It has more than 32 characters.");
	if (!token || token->revoked)
	{
		sim_offence(request,
					true,
					"auth",
					"Authorization",
					"%s",
					!header ? "The header is missing."
					: token ? "The token was revoked."
							: "It is no bearer token that was given out.");
		ups_error(request, 401, "250002", "Invalid Authentication Information.");
		return false;
	}
	if (token->expires < sim_wall())
	{
		sim_offence(request, true, "auth", "Authorization", "The token has expired.");
		ups_error(request, 401, "251004", "The access token has expired");
		return false;
	}
	token->used++;
	return true;
}

static bool
knows_client(SimRequest *request, const char *user, const char *password)
{
	if ((*client_id && strcmp(user, client_id) != 0) ||
		(*client_secret && strcmp(password, client_secret) != 0) || !*user || !*password ||
		strcmp(password, "wrong") == 0)
	{
		sim_offence(request,
					true,
					"auth",
					"Authorization",
					"Client \"%.60s\" or its secret is wrong.",
					user);
		ups_error(request, 401, "10401", "ClientId is Invalid");
		return false;
	}
	return true;
}

static void
give_token(SimRequest *request)
{
	char user[200];
	char password[200];
	char text[64];
	char issued[32];
	char lifetime[32];
	const char *type = sim_header(request, "Content-Type");
	Token *token;

	token_calls++;
	if (!sim_basic_auth(request, user, password))
	{
		sim_offence(
			request, true, "auth", "Authorization", "It is not Basic client_id:client_secret.");
		ups_error(request, 401, "10401", "ClientId is Invalid");
		return;
	}
	if (!type || strncasecmp(type, "application/x-www-form-urlencoded", 33) != 0)
		sim_offence(request,
					false,
					"header",
					"Content-Type",
					"The token endpoint takes application/x-www-form-urlencoded.");
	if (!strstr(request->body, "grant_type=client_credentials"))
	{
		sim_offence(request, true, "value", "grant_type", "It must be client_credentials.");
		ups_error(request, 400, "10400", "Invalid/Missing Grant Type");
		return;
	}
	if (!knows_client(request, user, password))
		return;
	token = sim_alloc(sizeof(Token));
	token->expires = sim_wall() + (double) token_lifetime_s;
	snprintf(text, sizeof text, "sim%ld.%016llx", token_calls, (unsigned long long) sim_random());
	sim_map_put(&tokens, text, token);
	snprintf(issued, sizeof issued, "%.0f", floor(sim_wall() * 1000));
	snprintf(lifetime, sizeof lifetime, "%ld", token_lifetime_s);
	sim_reply(request,
			  200,
			  json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}",
						"token_type",
						"Bearer",
						"issued_at",
						issued,
						"client_id",
						user,
						"access_token",
						text,
						"expires_in",
						lifetime,
						"status",
						"approved"));
}

/* --- control --- */

static json_t *
shipment_json(const UpsShipment *shipment)
{
	json_t *list = json_array();
	char created[40];

	for (int i = 0; i < shipment->package_count; i++)
		json_array_append_new(list, ups_package_state(&shipment->packages[i]));
	return json_pack(
		"{s:s, s:s, s:s, s:s, s:b, s:b, s:b, s:b, s:O, s:s, s:{s:s, s:s, s:s, s:s, s:s}, "
		"s:f, s:s, s:f, s:s, s:o}",
		"id",
		shipment->id,
		"created",
		sim_time(shipment->created, 0, "%FT%TZ", created),
		"account",
		shipment->account,
		"service",
		shipment->service,
		"voided",
		ups_live_packages(shipment) == 0,
		"cross_border",
		shipment->cross_border,
		"return",
		shipment->is_return,
		"customs_form",
		shipment->customs_form,
		"references",
		shipment->references,
		"context",
		shipment->context,
		"to",
		"name",
		shipment->to_name,
		"city",
		shipment->to_city,
		"state",
		shipment->to_state,
		"postcode",
		shipment->to_postcode,
		"country",
		shipment->to_country,
		"weight",
		shipment->weight,
		"unit",
		shipment->weight_unit,
		"charge",
		shipment->charge,
		"currency",
		shipment->currency,
		"packages",
		list);
}

static void
list_shipments(SimRequest *request)
{
	const char *reference = sim_query(request, "reference");
	const char *number = sim_query(request, "tracking_number");
	const char *voided = sim_query(request, "voided");
	json_t *list = json_array();

	if (reference)
	{
		UpsShipment **found = ups_shipments_by_reference(reference);

		for (; found && *found; found++)
			json_array_append_new(list, shipment_json(*found));
	}
	else
	{
		const UpsPackage *package = number ? ups_package(number) : NULL;

		for (size_t i = 0; i < ups_memory.shipments.count; i++)
		{
			const UpsShipment *shipment = sim_map_at(&ups_memory.shipments, i);

			if ((!number || (package && package->shipment == shipment)) &&
				(!voided || (ups_live_packages(shipment) == 0) == (strcmp(voided, "true") == 0)))
				json_array_append_new(list, shipment_json(shipment));
		}
	}
	sim_reply(request,
			  200,
			  json_pack("{s:i, s:o}", "count", (int) json_array_size(list), "shipments", list));
}

static void
show_counts(SimRequest *request)
{
	json_t *by_reference = json_object();
	long voided = 0;
	long twice = 0;
	json_int_t used = 0;

	for (size_t i = 0; i < ups_memory.shipments.count; i++)
		voided += ups_live_packages(sim_map_at(&ups_memory.shipments, i)) == 0;
	for (size_t i = 0; i < ups_memory.references.count; i++)
	{
		const UpsReference *list = ups_memory.references.entries[i].value;

		json_object_set_new(by_reference,
							ups_memory.references.entries[i].key,
							json_integer((json_int_t) list->count));
		twice += list->count > 1;
	}
	for (size_t i = 0; i < tokens.count; i++)
		used += ((Token *) tokens.entries[i].value)->used;
	sim_reply(request,
			  200,
			  json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}",
						"shipments",
						(json_int_t) ups_memory.shipments.count,
						"packages",
						(json_int_t) ups_memory.packages.count,
						"voided",
						(json_int_t) voided,
						"void_calls",
						(json_int_t) ups_memory.void_calls,
						"token_calls",
						(json_int_t) token_calls,
						"tokens",
						(json_int_t) tokens.count,
						"calls_with_token",
						used,
						"references_shipped_twice",
						(json_int_t) twice,
						"by_reference",
						by_reference));
}

static void
revoke_tokens(SimRequest *request)
{
	int revoked = 0;

	for (size_t i = 0; i < tokens.count; i++)
	{
		Token *token = tokens.entries[i].value;

		revoked += !token->revoked;
		token->revoked = true;
	}
	sim_reply(request, 200, json_pack("{s:i}", "revoked", revoked));
}

static void
list_pickups(SimRequest *request)
{
	sim_reply(request, 200, json_pack("{s:o}", "pickups", ups_pickups()));
}

/* --- the peer --- */

static void
reset(void)
{
	ups_ship_reset();
	sim_map_clear(&tokens, free);
	ups_ask_reset();
	token_calls = 0;
}

static const SimSetting settings[] = {
	{"client_id", SIM_SETTING_TEXT, client_id, "", "only this client gets a token; empty: any"},
	{"client_secret", SIM_SETTING_TEXT, client_secret, "", "empty: any but \"wrong\""},
	{"account", SIM_SETTING_TEXT, ups_account, "", "only this ShipperNumber; empty: any"},
	{"token_lifetime_s", SIM_SETTING_INT, &token_lifetime_s, "14399", "of tokens, real seconds"},
	{"label_bytes", SIM_SETTING_INT, &ups_label_bytes, "10240", "size of a label before base64"},
	{"void_window_s", SIM_SETTING_INT, &ups_void_window_s, "7776000", "simulated; 90 days"},
	{"refuse_duplicates",
	 SIM_SETTING_BOOL,
	 &ups_refuse_duplicates,
	 "false",
	 "a known first reference is refused with 120021"},
	{"single_objects",
	 SIM_SETTING_BOOL,
	 &ups_single_objects,
	 "false",
	 "one package result comes as an object"},
	{"transit_scale", SIM_SETTING_REAL, &ups_transit_scale, "1.0", "stretches every journey"},
	{"manifest_delay_s",
	 SIM_SETTING_INT,
	 &ups_manifest_delay_s,
	 "0",
	 "how long a fresh label is unknown to tracking"},
	{"gmt_style", SIM_SETTING_TEXT, ups_gmt_style, "colons", "colons, plain or short"},
	{"journey", SIM_SETTING_TEXT, ups_default_journey, "delivered", "of parcels without their own"},
	{"alert_credential",
	 SIM_SETTING_TEXT,
	 ups_alert_credential,
	 "sim-credential",
	 "sent with each track alert"},
	{0}};

static const SimRoute routes[] = {
	{"POST", "/security/v1/oauth/token", give_token, NULL, NULL, SIM_OPEN | SIM_FORM},
	{"POST", "/api/rating/{v}/{option}", ups_rate, &ups_rate_schema, "additionalinfo", 0},
	{"POST",
	 "/api/shipments/{v}/ship",
	 ups_ship,
	 &ups_ship_schema,
	 "additionaladdressvalidation",
	 0},
	{"DELETE", "/api/shipments/{v}/void/cancel/{shipmentId}", ups_void, NULL, "trackingnumber", 0},
	{"POST", "/api/labels/{v}/recovery", ups_recover_label, &ups_recovery_schema, NULL, 0},
	{"GET",
	 "/api/track/v1/details/{number}",
	 ups_track,
	 NULL,
	 "locale returnSignature returnMilestones returnPOD",
	 0},
	{"GET",
	 "/api/track/v1/reference/details/{reference}",
	 ups_track_reference,
	 NULL,
	 "locale fromPickUpDate toPickUpDate refNumType shipperNum",
	 0},
	{"GET", "/api/track/v1/shipment/details/{number}", ups_track_shipment, NULL, "offset count", 0},
	{"POST",
	 "/api/track/{v}/subscription/{kind}/package",
	 ups_subscribe,
	 &ups_subscribe_schema,
	 NULL,
	 0},
	{"POST",
	 "/api/addressvalidation/{v}/{option}",
	 ups_validate_address,
	 &ups_address_schema,
	 "regionalrequestindicator maximumcandidatelistsize",
	 0},
	{"POST", "/api/pickupcreation/{v}/pickup", ups_pickup, &ups_pickup_schema, NULL, 0},
	{"DELETE", "/api/shipments/{v}/pickup/02", ups_cancel_pickup, NULL, NULL, 0},
	{"GET", "/api/shipments/{v}/pickup/oncall", ups_pickup_status, NULL, NULL, 0},
	{0}};

static const SimField journey_fields[] = {
	{"tracking_number", SIM_STRING, SIM_REQUIRED}, {"journey", SIM_STRING, SIM_REQUIRED}, {0}};
static SimSchema journey_schema = {"A journey", true, journey_fields, NULL};
static const SimField activity_fields[] = {{"tracking_number", SIM_STRING, SIM_REQUIRED},
										   {"type", SIM_STRING, 0},
										   {"code", SIM_STRING, 0},
										   {"status_code", SIM_STRING, 0},
										   {"description", SIM_STRING, 0},
										   {"at", SIM_STRING, 0},
										   {"offset_s", SIM_NUMBER, 0},
										   {"city", SIM_STRING, 0},
										   {"state", SIM_STRING, 0},
										   {"country", SIM_STRING, 0},
										   {"emit", SIM_BOOLEAN, 0},
										   {0}};
static SimSchema activity_schema = {"An activity", true, activity_fields, NULL};

static const SimRoute controls[] = {
	{"GET", "/shipments", list_shipments, NULL, "reference tracking_number voided", 0},
	{"GET", "/counts", show_counts, NULL, NULL, 0},
	{"GET", "/pickups", list_pickups, NULL, NULL, 0},
	{"POST", "/revoke_tokens", revoke_tokens, NULL, NULL, SIM_BODY_FREE},
	{"POST", "/journey", ups_control_journey, &journey_schema, NULL, 0},
	{"POST", "/activity", ups_control_activity, &activity_schema, NULL, 0},
	{0}};

const SimPeer sim_peer_ups = {.name = "ups",
							  .routes = routes,
							  .controls = controls,
							  .settings = settings,
							  .authorize = authorize,
							  .refuse = refuse,
							  .fail = fail,
							  .reset = reset};
