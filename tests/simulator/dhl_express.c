/*
 * dhl_express.c
 *
 * The peer of DHL Express (MyDHL API): shipments of several pieces below one
 * waybill, found again by reference and date, their labels once more, rates,
 * addresses and pickups.  Nothing can be cancelled, and nothing is idempotent.
 */
#include <stdio.h>
#include <string.h>

#include "dhl.h"

Depot sim_dhl_express_depot;

static long visible_after_s;
static long pickups;

/* --- errors --- */

static void
answer_problem(SimRequest *request, int status, const char *title, const char *detail,
			   const char *more)
{
	char number[16];

	snprintf(number, sizeof number, "%d", status);
	sim_reply(request,
			  status,
			  json_pack("{s:s, s:s, s:s, s:s, s:s, s:o*}",
						"instance",
						request->path,
						"detail",
						detail,
						"title",
						title,
						"message",
						title,
						"status",
						number,
						"additionalDetails",
						more ? json_pack("[s]", more) : NULL));
}

/* "customerDetails.receiverDetails" as DHL points at it: "#/customerDetails/receiverDetails". */
static void
refuse(SimRequest *request, const SimFailure *failures, int count)
{
	char more[600];

	(void) count;
	if (strcmp(failures->rule, "route") == 0 || strcmp(failures->rule, "method") == 0)
	{
		answer_problem(request, 404, "Not found", "No such resource", NULL);
		return;
	}
	if (failures->row && failures->row->code)
	{
		snprintf(more, sizeof more, "%s: %s", failures->row->code, failures->row->message);
		answer_problem(request, 400, "Bad request", more, NULL);
		return;
	}
	snprintf(more, sizeof more, "#/%s: %s", failures->field, failures->detail);
	for (char *at = more + 2; *at && *at != ':'; at++)
		if (*at == '.')
			*at = '/';
	answer_problem(request, 422, "Unprocessable entity", "Multiple problems found", more);
}

static void
fail(SimRequest *request, int status)
{
	if (status == 401)
		answer_problem(request, status, "Unauthorized", "Invalid credentials", NULL);
	else if (status == 429)
		answer_problem(request, status, "Too many requests", "Too many requests", NULL);
	else
		answer_problem(
			request, status, "Internal error", "999: Process failure occurred. Process ID 1", NULL);
}

static bool
authorize(SimRequest *request)
{
	char name[200];
	char password[200];

	if (!sim_header(request, "x-version"))
		sim_offence(request, false, "header", "x-version", "The header is missing.");
	if (!depot_allows(request, &sim_dhl_express_depot))
		fail(request, 429);
	else if (!sim_basic_auth(request, name, password))
	{
		sim_offence(request, true, "auth", "Authorization", "It is not Basic key:secret.");
		fail(request, 401);
	}
	else if (!depot_knows(request, &sim_dhl_express_depot, name, password))
		fail(request, 401);
	else
		return true;
	return false;
}

/* --- shipments --- */

static void
number_piece(DepotPackage *package, long serial)
{
	unsigned waybill = 331881000u + (unsigned) serial;

	if (!*package->shipment->id)
		snprintf(package->shipment->id, DEPOT_NUMBER, "%09u%u", waybill, waybill % 7);
	snprintf(package->number, DEPOT_NUMBER, "JD01460000%010u", (unsigned) serial);
}

static const char *
our_reference(const json_t *body)
{
	return sim_text(body,
					"customerReferences.0.value",
					sim_text(body, "content.packages.0.customerReferences.0.value", ""));
}

static const SimField lane_row = {
	.path = "productCode",
	.code = "1001",
	.message = "The requested product(s) (P) not available based on your search criteria"};
static const SimField postcode_row = {
	.path = "postalCode",
	.code = "3003",
	.message = "The destination postal code is not found. receiverDetails/postalAddress"};

/* What the schema cannot say; false: it was refused. */
static bool
obeys(SimRequest *request)
{
	const json_t *to = sim_get(request->json, "customerDetails.receiverDetails.postalAddress");
	const json_t *from = sim_get(request->json, "customerDetails.shipperDetails.postalAddress");
	bool declarable = json_is_true(sim_get(request->json, "content.isCustomsDeclarable"));
	const char *country = sim_text(to, "countryCode", "");

	if (!sim_postcode_fits(country, sim_text(to, "postalCode", "")))
		sim_refuse(request,
				   &postcode_row,
				   "form",
				   "customerDetails.receiverDetails.postalAddress.postalCode",
				   "It does not fit country %s.",
				   country);
	else if (declarable && strcmp(country, sim_text(from, "countryCode", "")) == 0)
		sim_refuse(request,
				   &lane_row,
				   "value",
				   "content.isCustomsDeclarable",
				   "Nothing is declared inside a country.");
	else if (declarable && !sim_get(request->json, "content.exportDeclaration"))
		sim_refuse(request,
				   NULL,
				   "required",
				   "content.exportDeclaration",
				   "What is declarable needs a declaration.");
	else
		return true;
	return false;
}

static json_t *
documents_of(const DepotShipment *made, const char *format)
{
	json_t *documents = json_array();

	json_array_append_new(documents,
						  json_pack("{s:s, s:o, s:s}",
									"imageFormat",
									format,
									"content",
									depot_document(&sim_dhl_express_depot, format, made->id),
									"typeCode",
									"label"));
	if (json_is_true(sim_get(made->request, "content.isCustomsDeclarable")))
		json_array_append_new(documents,
							  json_pack("{s:s, s:o, s:s}",
										"imageFormat",
										"PDF",
										"content",
										depot_document(&sim_dhl_express_depot, "PDF", "invoice"),
										"typeCode",
										"invoice"));
	return documents;
}

static void
ship(SimRequest *request)
{
	const json_t *packages = sim_get(request->json, "content.packages");
	const char *format = sim_text(request->json, "outputImageProperties.encodingFormat", "pdf");
	const char *validate = sim_query(request, "validateDataOnly");
	json_t *pieces = json_array();
	DepotShipment *made;

	if (!obeys(request) || (validate && strcmp(validate, "true") == 0))
	{
		if (!sim_reply_status(request))
			answer_problem(request, 200, "ok", "The data are valid", NULL);
		json_decref(pieces);
		return;
	}
	made = depot_ship(&sim_dhl_express_depot,
					  our_reference(request->json),
					  request->json,
					  (int) json_array_size(packages),
					  number_piece);
	for (int i = 0; i < made->count; i++)
		json_array_append_new(pieces,
							  json_pack("{s:i, s:s}",
										"referenceNumber",
										i + 1,
										"trackingNumber",
										made->packages[i].number));
	sim_reply(request,
			  201,
			  json_pack("{s:s, s:o, s:o, s:[{s:s, s:s, s:f}]}",
						"shipmentTrackingNumber",
						made->id,
						"packages",
						pieces,
						"documents",
						documents_of(made, strcmp(format, "zpl") == 0 ? "ZPL" : "PDF"),
						"shipmentCharges",
						"currencyType",
						"BILLC",
						"priceCurrency",
						"USD",
						"price",
						80.2));
}

static void
show_image(SimRequest *request)
{
	DepotShipment *made = depot_shipment(&sim_dhl_express_depot, request->argument[0]);
	const char *month = sim_query(request, "pickupYearAndMonth");
	char now[40];

	if (!month || strlen(month) != 7 || !sim_query(request, "shipperAccountNumber"))
		sim_refuse(
			request, NULL, "required", "pickupYearAndMonth", "Month and account are needed.");
	else if (!made || strncmp(month, sim_time(made->created, 0, "%Y-%m", now), 7) != 0)
		answer_problem(request, 404, "Not found", "No Image Found", NULL);
	else
		sim_reply(request,
				  200,
				  json_pack("{s:[{s:s, s:s, s:s, s:o}]}",
							"documents",
							"shipmentTrackingNumber",
							made->id,
							"typeCode",
							"waybill",
							"encodingFormat",
							"PDF",
							"content",
							depot_document(&sim_dhl_express_depot, "PDF", made->id)));
}

/* --- tracking --- */

static const DepotWords words[DEPOT_STEP_COUNT] = {
	[DEPOT_LABEL] = {NULL, NULL, NULL}, /* nothing is shown until a courier has it */
	[DEPOT_PICKED_UP] = {"PU", "Shipment picked up", NULL},
	[DEPOT_DEPARTED] = {"DF", "Departed Facility", NULL},
	[DEPOT_ARRIVED] = {"AR", "Arrived at Delivery Facility", NULL},
	[DEPOT_OUT] = {"WC", "Shipment is out with courier for delivery", NULL},
	[DEPOT_DELIVERED] = {"OK", "Delivered", NULL},
	[DEPOT_ATTEMPTED] = {"NH", "Delivery attempted; recipient not home", NULL},
	[DEPOT_DELAYED] = {"OH", "Shipment is on hold", NULL},
	[DEPOT_HELD] = {"CC", "Awaiting collection by the consignee", NULL},
	[DEPOT_EXCEPTION] = {"BA", "Address information needed", NULL},
	[DEPOT_RETURNING] = {"RD", "Recipient refused delivery", NULL},
	[DEPOT_RETURNED] = {"RT", "Returned to shipper", NULL},
	[DEPOT_UNHEARD_OF] = {"ZQ", "Seen by a drone", NULL},
};

static json_t *
track_json(const SimRequest *request, const DepotShipment *made)
{
	DepotEvent events[10];
	int count = depot_events(&sim_dhl_express_depot, &made->packages[0], events);
	json_t *list = json_array();
	json_t *pieces = json_array();

	for (int i = 0; i < count; i++)
	{
		char date[40];
		char time[40];

		if (!words[events[i].step].code)
			continue;
		json_array_append_new(list,
							  json_pack("{s:s, s:s, s:s, s:s, s:s, s:[{s:s, s:s}]}",
										"date",
										sim_time(events[i].at, -360, "%F", date),
										"time",
										sim_time(events[i].at, -360, "%T", time),
										"GMTOffset",
										"-06:00",
										"typeCode",
										words[events[i].step].code,
										"description",
										words[events[i].step].text,
										"serviceArea",
										"code",
										"AUS",
										"description",
										"AUSTIN - US"));
	}
	for (int i = 0; i < made->count; i++)
		json_array_append_new(
			pieces,
			json_pack("{s:s, s:O}", "trackingNumber", made->packages[i].number, "events", list));
	return json_pack("{s:s, s:s, s:[{s:s, s:s}], s:i, s:o, s:o}",
					 "shipmentTrackingNumber",
					 made->id,
					 "status",
					 "Success",
					 "shipperReferences",
					 "value",
					 made->reference,
					 "typeCode",
					 "CU",
					 "numberOfPieces",
					 made->count,
					 "events",
					 depot_spoil(request, list),
					 "pieces",
					 pieces);
}

static void
add_by_reference(SimRequest *request, const char *reference, json_t *found)
{
	DepotShipment **list = depot_by_reference(&sim_dhl_express_depot, reference);
	const char *from = sim_query(request, "dateRangeFrom");
	const char *to = sim_query(request, "dateRangeTo");
	char day[40];

	if (!from || !to || !sim_query(request, "shipperAccountNumber"))
		sim_offence(request, true, "required", "dateRangeFrom", "Account and dates are needed.");
	for (; from && to && list && *list; list++)
	{
		sim_time((*list)->created, 0, "%F", day);
		if (strcmp(day, from) >= 0 && strcmp(day, to) <= 0 &&
			(*list)->created + (double) visible_after_s <= sim_now())
			json_array_append_new(found, track_json(request, *list));
	}
}

static void
track(SimRequest *request)
{
	const char *reference = sim_query(request, "shipmentReference");
	json_t *numbers = sim_query_list(request, "shipmentTrackingNumber");
	json_t *found = json_array();
	size_t i;
	json_t *number;

	if (reference)
		add_by_reference(request, reference, found);
	json_array_foreach(numbers, i, number)
	{
		DepotPackage *piece = depot_package(&sim_dhl_express_depot, json_string_value(number));
		DepotShipment *made =
			piece ? piece->shipment
				  : depot_shipment(&sim_dhl_express_depot, json_string_value(number));

		if (made)
			json_array_append_new(found, track_json(request, made));
	}
	json_decref(numbers);
	if (json_array_size(found))
		sim_reply(request, 200, json_pack("{s:o}", "shipments", found));
	else
	{
		json_decref(found);
		answer_problem(request, 404, "Not found", "No data found", NULL);
	}
}

/* --- what else a shop asks --- */

static void
quote(SimRequest *request)
{
	sim_reply(request,
			  200,
			  json_pack("{s:[{s:s, s:s, s:s, s:[{s:s, s:s, s:f}], s:{s:s, s:i}}], s:[]}",
						"products",
						"productName",
						"EXPRESS WORLDWIDE",
						"productCode",
						"P",
						"localProductCode",
						"P",
						"totalPrice",
						"currencyType",
						"BILLC",
						"priceCurrency",
						"USD",
						"price",
						61.25,
						"deliveryCapabilities",
						"deliveryTypeCode",
						"QDDC",
						"totalTransitDays",
						2,
						"exchangeRates"));
}

static void
check_address(SimRequest *request)
{
	const char *country = sim_query(request, "countryCode");
	const char *postcode = sim_query(request, "postalCode");

	if (!country)
		sim_refuse(request, NULL, "required", "countryCode", "It is missing.");
	else if (postcode && !sim_postcode_fits(country, postcode))
		answer_problem(
			request, 400, "Bad request", "3006: The destination postal code is not found", NULL);
	else
		sim_reply(request,
				  200,
				  json_pack("{s:[], s:[{s:s, s:s*, s:s*}]}",
							"warnings",
							"address",
							"countryCode",
							country,
							"postalCode",
							postcode,
							"cityName",
							sim_query(request, "cityName")));
}

static void
pick_up(SimRequest *request)
{
	char number[40];

	snprintf(number, sizeof number, "PRG260105%06ld", ++pickups);
	sim_reply(request,
			  201,
			  json_pack("{s:[s], s:s, s:[]}",
						"dispatchConfirmationNumbers",
						number,
						"readyByTime",
						"14:00",
						"warnings"));
}

/* --- the peer --- */

static void
reset(void)
{
	depot_reset(&sim_dhl_express_depot);
	pickups = 0;
}

static const SimSetting settings[] = {
	DEPOT_SETTINGS(sim_dhl_express_depot),
	{"visible_after_s", SIM_SETTING_INT, &visible_after_s, "0", "until a reference is found"},
	{0}};

static const SimRoute routes[] = {
	{"POST",
	 "/shipments",
	 ship,
	 &dhl_express_ship_schema,
	 "validateDataOnly strictValidation bypassPLTError",
	 0},
	{"GET",
	 "/shipments/{number}/get-image",
	 show_image,
	 NULL,
	 "shipperAccountNumber typeCode pickupYearAndMonth encodingFormat allInOnePDF",
	 0},
	{"GET",
	 "/tracking",
	 track,
	 NULL,
	 "shipmentTrackingNumber trackingView levelOfDetail shipmentReference shipmentReferenceType "
	 "shipperAccountNumber dateRangeFrom dateRangeTo",
	 0},
	{"POST", "/rates", quote, &dhl_express_rate_schema, "strictValidation", 0},
	{"GET",
	 "/address-validate",
	 check_address,
	 NULL,
	 "type countryCode postalCode cityName countyName strictValidation",
	 0},
	{"POST", "/pickups", pick_up, &dhl_express_pickup_schema, NULL, 0},
	{0}};

static const SimRoute controls[] = {DEPOT_CONTROLS, {0}};

const SimPeer sim_peer_dhl_express = {.name = "dhl_express",
									  .routes = routes,
									  .controls = controls,
									  .settings = settings,
									  .authorize = authorize,
									  .refuse = refuse,
									  .fail = fail,
									  .reset = reset,
									  .depot = &sim_dhl_express_depot};
