/*
 * dhl_parcel_de.c
 *
 * The peer of DHL Parcel DE: orders of up to thirty parcels, each judged by
 * itself, their deletion until the manifest, manifests, returns and pickups.
 * There is no idempotency: what is ordered twice is made twice.  Parcels are
 * tracked as everywhere at DHL, here with the token or a key.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "dhl.h"

Depot sim_dhl_parcel_de_depot;

static char user[SIM_TEXT_SIZE];
static long pickups;
static long manifests;

/* --- errors --- */

static json_t *
status_json(int code, const char *title, const char *detail)
{
	return json_pack("{s:s, s:i, s:s}", "title", title, "statusCode", code, "detail", detail);
}

/* One parcel that was not made, or not deleted. */
static json_t *
failed_item(const char *number, const char *property, const char *text)
{
	return json_pack("{s:s*, s:o, s:[{s:s, s:s, s:s}]}",
					 "shipmentNo",
					 number,
					 "sstatus",
					 status_json(400, "Bad Request", text),
					 "validationMessages",
					 "property",
					 property,
					 "validationMessage",
					 text,
					 "validationState",
					 "Error");
}

static void
refuse(SimRequest *request, const SimFailure *failures, int count)
{
	json_t *items = json_array();

	if (strcmp(failures->rule, "route") == 0 || strcmp(failures->rule, "method") == 0)
	{
		json_decref(items);
		sim_reply(request, 404, status_json(404, "Not Found", "No such resource."));
		return;
	}
	for (int i = 0; i < count; i++)
		json_array_append_new(items, failed_item(NULL, failures[i].field, failures[i].detail));
	sim_reply(request,
			  400,
			  json_pack("{s:o, s:o}",
						"status",
						status_json(400, "Bad Request", "Validation failed."),
						"items",
						items));
}

static void
fail(SimRequest *request, int status)
{
	sim_reply(request,
			  status,
			  status == 401   ? status_json(401, "Unauthorized", "Unauthorized for given resource.")
			  : status == 429 ? status_json(429,
											"Too Many Requests",
											"Too many requests within "
											"defined time period")
							  : status_json(status, "Error", "An internal error occurred."));
}

/* --- who calls --- */

static bool
authorize(SimRequest *request)
{
	const char *header = sim_header(request, "Authorization");
	const char *key = sim_header(request, "DHL-API-Key");
	bool bearer = header && strncasecmp(header, "Bearer ", 7) == 0;
	bool tracking = strncmp(request->path, "/track/", 7) == 0;
	bool scans = strncmp(request->path, "/parcel/de/tracking/", 20) == 0;
	char name[SIM_TEXT_SIZE] = "";
	char secret[SIM_TEXT_SIZE] = "";

	if (!depot_allows(request, &sim_dhl_parcel_de_depot))
		fail(request, 429);
	else if (scans)
	{
		if (sim_basic_auth(request, name, secret) &&
			depot_knows(request, &sim_dhl_parcel_de_depot, name, secret))
			return true;
		fail(request, 401);
	}
	else if (tracking && key ? !depot_knows(request, &sim_dhl_parcel_de_depot, key, key)
							 : !depot_accepts(request,
											  &sim_dhl_parcel_de_depot,
											  "Authorization",
											  bearer ? header + 7 : NULL))
		fail(request, 401);
	else
		return true;
	return false;
}

static void
give_token(SimRequest *request)
{
	char grant[SIM_TEXT_SIZE];
	char name[SIM_TEXT_SIZE];
	char password[SIM_TEXT_SIZE];
	char client[SIM_TEXT_SIZE];
	char secret[SIM_TEXT_SIZE];
	char lifetime[32];

	depot_form(request, "grant_type", grant);
	depot_form(request, "username", name);
	depot_form(request, "password", password);
	depot_form(request, "client_id", client);
	depot_form(request, "client_secret", secret);
	if (strcmp(grant, "password") != 0 || !*name || (*user && strcmp(user, name) != 0) ||
		!*password || strcmp(password, "wrong") == 0)
	{
		sim_offence(request, true, "auth", "username", "User \"%.40s\" is not known.", name);
		sim_reply(request,
				  400,
				  json_pack("{s:s, s:s}",
							"error",
							"invalid_grant",
							"error_description",
							"Invalid user credentials"));
	}
	else if (!depot_knows(request, &sim_dhl_parcel_de_depot, client, secret))
		sim_reply(request,
				  401,
				  json_pack("{s:s, s:s}",
							"error",
							"invalid_client",
							"error_description",
							"Invalid client credentials"));
	else
	{
		snprintf(lifetime, sizeof lifetime, "%ld", sim_dhl_parcel_de_depot.token_lifetime_s);
		sim_reply(request,
				  200,
				  json_pack("{s:s, s:s, s:s}",
							"access_token",
							depot_grant(&sim_dhl_parcel_de_depot),
							"token_type",
							"Bearer",
							"expires_in",
							lifetime));
	}
}

/* --- orders --- */

static void
number_parcel(DepotPackage *package, long serial)
{
	char digits[24];

	snprintf(digits, sizeof digits, "34043416%09u", (unsigned) serial);
	snprintf(package->number, DEPOT_NUMBER, "00%s%c", digits, depot_mod10(digits, 3, 1));
}

static bool
asks_for(const SimRequest *request, const char *name, const char *value)
{
	const char *text = sim_query(request, name);

	return text && strcmp(text, value) == 0;
}

/* What is wrong with a parcel that its schema cannot say; NULL: nothing. */
static const char *
complaint(const SimRequest *request, const json_t *parcel, const char **property)
{
	const json_t *to = json_object_get(parcel, "consignee");
	const char *country = sim_text(to, "country", "DEU");
	const char *postcode = sim_text(to, "postalCode", "");
	const char *product = sim_text(parcel, "product", "");
	bool domestic = strcmp(country, "DEU") == 0;

	*property = "consignee.postalCode";
	if (domestic && !sim_postcode_fits("DE", postcode))
		return "Postal code format is invalid";
	if (domestic && asks_for(request, "mustEncode", "true") && strcmp(postcode, "99999") == 0)
		return "The address is not encodable";
	*property = "product";
	if (domestic != (strcmp(product, "V01PAK") == 0 || strcmp(product, "V62KP") == 0))
		return "The product does not go to this country";
	*property = "customs";
	if (!domestic && sim_is_one_of(country, "USA|CHE|GBR|NOR|CAN|JPN|AUS", '|') &&
		!json_object_get(parcel, "customs"))
		return "Customs data are missing";
	return NULL;
}

static json_t *
made_item(const SimRequest *request, const DepotShipment *made, const json_t *parcel)
{
	const char *format = asks_for(request, "docFormat", "ZPL2") ? "ZPL2" : "PDF";
	bool text = strcmp(format, "ZPL2") == 0;
	json_t *item =
		json_pack("{s:s, s:o, s:s, s:{s:o, s:s, s:s}, s:[]}",
				  "shipmentNo",
				  made->id,
				  "sstatus",
				  status_json(200, "ok", "The Webservice call ran successfully."),
				  "shipmentRefNo",
				  made->reference,
				  "label",
				  text ? "zpl2" : "b64",
				  text ? json_sprintf("^XA^FD%s^FS^XZ", made->id)
					   : depot_document(&sim_dhl_parcel_de_depot, "PDF", made->id),
				  "fileFormat",
				  format,
				  "printFormat",
				  sim_query(request, "printFormat") ? sim_query(request, "printFormat") : "A4",
				  "validationMessages");

	if (json_object_get(parcel, "customs"))
		json_object_set_new(item,
							"customsDoc",
							json_pack("{s:o, s:s}",
									  "b64",
									  depot_document(&sim_dhl_parcel_de_depot, "PDF", "CN23"),
									  "fileFormat",
									  "PDF"));
	return item;
}

/* All went well: 200; nothing did: 400; else 207. */
static void
answer_items(SimRequest *request, json_t *items, int failed)
{
	int count = (int) json_array_size(items);
	int status = failed == count ? 400 : failed || count > 1 ? 207 : 200;

	sim_reply(request,
			  status,
			  json_pack("{s:o, s:o}",
						"status",
						status_json(status == 207 ? 200 : status,
									failed ? "Some of the items failed" : "ok",
									"The Webservice call ran."),
						"items",
						items));
}

static void
order(SimRequest *request)
{
	json_t *items = json_array();
	int failed = 0;
	size_t i;
	json_t *parcel;

	json_array_foreach(json_object_get(request->json, "shipments"), i, parcel)
	{
		const char *property;
		const char *text = complaint(request, parcel, &property);

		if (text)
		{
			sim_offence(request, true, "value", property, "%s", text);
			json_array_append_new(items, failed_item(NULL, property, text));
			failed++;
		}
		else if (asks_for(request, "validate", "true"))
			json_array_append_new(items,
								  json_pack("{s:o, s:[]}",
											"sstatus",
											status_json(200, "ok", "Valid."),
											"validationMessages"));
		else
			json_array_append_new(items,
								  made_item(request,
											depot_ship(&sim_dhl_parcel_de_depot,
													   sim_text(parcel, "refNo", ""),
													   parcel,
													   1,
													   number_parcel),
											parcel));
	}
	answer_items(request, items, failed);
}

static void
delete_orders(SimRequest *request)
{
	json_t *numbers = sim_query_list(request, "shipment");
	json_t *items = json_array();
	int failed = 0;
	size_t i;
	json_t *number;

	sim_dhl_parcel_de_depot.void_calls++;
	json_array_foreach(numbers, i, number)
	{
		DepotShipment *made = depot_shipment(&sim_dhl_parcel_de_depot, json_string_value(number));
		bool possible = made && !made->voided && !made->closed && !depot_has_left(made);

		failed += !possible;
		if (possible)
			made->voided = true;
		json_array_append_new(items,
							  possible ? json_pack("{s:O, s:o}",
												   "shipmentNo",
												   number,
												   "sstatus",
												   status_json(200, "ok", "Deleted."))
									   : failed_item(json_string_value(number),
													 "shipmentNo",
													 made && !made->voided
														 ? "The shipment was manifested."
														 : "Unknown shipment number"));
	}
	json_decref(numbers);
	answer_items(request, items, failed);
}

/* Labels once more, by their numbers. */
static void
show_orders(SimRequest *request)
{
	json_t *numbers = sim_query_list(request, "shipment");
	json_t *items = json_array();
	int failed = 0;
	size_t i;
	json_t *number;

	json_array_foreach(numbers, i, number)
	{
		DepotShipment *made = depot_shipment(&sim_dhl_parcel_de_depot, json_string_value(number));

		failed += !made || made->voided;
		json_array_append_new(
			items,
			made && !made->voided
				? made_item(request, made, made->request)
				: failed_item(json_string_value(number), "shipmentNo", "Unknown shipment number"));
	}
	json_decref(numbers);
	answer_items(request, items, failed);
}

/* --- manifests, returns, pickups --- */

static void
close_parcels(SimRequest *request)
{
	json_t *numbers = json_object_get(request->json, "shipmentNumbers");
	json_t *items = json_array();
	int failed = 0;

	for (size_t k = 0; k < json_array_size(numbers); k++)
	{
		const char *number = json_string_value(json_array_get(numbers, k));
		const DepotShipment *made = depot_shipment(&sim_dhl_parcel_de_depot, number);

		if (made && !made->closed && !made->voided)
			continue;
		failed++;
		json_array_append_new(items,
							  failed_item(number,
										  "shipmentNo",
										  made && made->closed
											  ? "The shipment was already manifested."
											  : "Unknown shipment number"));
	}

	for (size_t i = 0; i < sim_dhl_parcel_de_depot.shipments.count; i++)
	{
		DepotShipment *made = sim_map_at(&sim_dhl_parcel_de_depot.shipments, i);
		bool named = asks_for(request, "all", "true");

		for (size_t k = 0; k < json_array_size(numbers); k++)
			named |= sim_is_text(json_array_get(numbers, k), made->id);
		if (!named || made->voided || made->closed)
			continue;
		made->closed = true;
		json_array_append_new(items,
							  json_pack("{s:s, s:o}",
										"shipmentNo",
										made->id,
										"sstatus",
										status_json(200, "ok", "Closed.")));
	}
	manifests += failed < (int) json_array_size(items);
	answer_items(request, items, failed);
}

static void
show_manifest(SimRequest *request)
{
	const char *date = sim_query(request, "date");

	if (!date)
		sim_refuse(request, NULL, "required", "date", "It is missing.");
	else if (!manifests)
		sim_reply(request, 404, status_json(404, "Not Found", "There is no manifest."));
	else
		sim_reply(request,
				  200,
				  json_pack("{s:o, s:s, s:[{s:o, s:s}]}",
							"status",
							status_json(200, "ok", "One manifest."),
							"manifestDate",
							date,
							"manifest",
							"b64",
							depot_document(&sim_dhl_parcel_de_depot, "PDF", "manifest"),
							"fileFormat",
							"PDF"));
}

static void
make_return(SimRequest *request)
{
	DepotShipment *made = depot_ship(&sim_dhl_parcel_de_depot,
									 sim_text(request->json, "customerReference", ""),
									 request->json,
									 1,
									 number_parcel);

	sim_reply(request,
			  201,
			  json_pack("{s:{s:s, s:i}, s:s, s:{s:o}, s:s}",
						"sstatus",
						"title",
						"Created",
						"status",
						201,
						"shipmentNo",
						made->id,
						"label",
						"b64",
						depot_document(&sim_dhl_parcel_de_depot, "PDF", made->id),
						"routingCode",
						"40327653113+99000933090010"));
}

static void
pick_up(SimRequest *request)
{
	char number[32];

	snprintf(number, sizeof number, "%ld", 6782946 + ++pickups);
	sim_reply(request,
			  200,
			  json_pack("{s:{s:s, s:{s:s, s:s, s:b, s:s, s:[]}}}",
						"confirmation",
						"type",
						"ORDER",
						"value",
						"orderID",
						number,
						"pickupDate",
						sim_text(request->json, "pickupDetails.pickupDate.value", ""),
						"freeOfCharge",
						0,
						"pickupType",
						"EZA",
						"confirmedShipments"));
}

/* --- the peer --- */

static void
reset(void)
{
	depot_reset(&sim_dhl_parcel_de_depot);
	pickups = manifests = 0;
}

static const SimSetting settings[] = {
	DEPOT_SETTINGS(sim_dhl_parcel_de_depot),
	{"user", SIM_SETTING_TEXT, user, "", "only this user gets a token; empty: any"},
	{0}};

#define SHIPPING "/parcel/de/shipping/v2"

static const SimRoute routes[] = {
	{"POST", "/parcel/de/account/auth/ropc/v1/token", give_token, NULL, NULL, SIM_OPEN | SIM_FORM},
	{"POST",
	 SHIPPING "/orders",
	 order,
	 &dhl_pde_orders_schema,
	 "docFormat printFormat retourePrintFormat includeDocs mustEncode combine validate",
	 0},
	{"GET",
	 SHIPPING "/orders",
	 show_orders,
	 NULL,
	 "shipment docFormat printFormat retourePrintFormat includeDocs combine",
	 0},
	{"DELETE", SHIPPING "/orders", delete_orders, NULL, "profile shipment", 0},
	{"POST", SHIPPING "/manifests", close_parcels, &dhl_pde_manifest_schema, "all", 0},
	{"GET", SHIPPING "/manifests", show_manifest, NULL, "date includeDocs billingNumber", 0},
	{"POST",
	 "/parcel/de/shipping/returns/v1/orders",
	 make_return,
	 &dhl_pde_return_schema,
	 "labelType",
	 0},
	{"POST",
	 "/parcel/de/transportation/pickup/v3/orders",
	 pick_up,
	 &dhl_pde_pickup_schema,
	 "validate",
	 0},
	{"GET", "/track/shipments", sim_dhl_track, NULL, DHL_TRACK_QUERY, 0},
	{"GET", "/parcel/de/tracking/v0/shipments", sim_dhl_scans, NULL, "xml", 0},
	{0}};

static const SimRoute controls[] = {DEPOT_CONTROLS, {0}};

const SimPeer sim_peer_dhl_parcel_de = {.name = "dhl_parcel_de",
										.routes = routes,
										.controls = controls,
										.settings = settings,
										.authorize = authorize,
										.refuse = refuse,
										.fail = fail,
										.reset = reset,
										.depot = &sim_dhl_parcel_de_depot};
