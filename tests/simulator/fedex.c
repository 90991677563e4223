/*
 * fedex.c
 *
 * The FedEx peer: labels, their cancellation, tracking by number and by
 * reference, rates, addresses, pickups and the close of the day.  FedEx sells a
 * new label for every ship call it accepts and hands none out twice, so what is
 * remembered here tells how often a reference was really shipped.  What it
 * demands of a request stands in fedex_fields.c.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "fedex.h"

Depot fedex_depot;
static long longest_synchronous;
static char account[SIM_TEXT_SIZE];
static long pickups;

/* --- errors --- */

static void
answer_error(SimRequest *request, int status, const char *code, const char *format, ...)
{
	va_list arguments;
	char message[300];

	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	sim_reply(request,
			  status,
			  json_pack("{s:s, s:[{s:s, s:s}]}",
						"transactionId",
						"sim",
						"errors",
						"code",
						code,
						"message",
						message));
}

static void
refuse(SimRequest *request, const SimFailure *failures, int count)
{
	(void) count;
	if (strcmp(failures->rule, "route") == 0 || strcmp(failures->rule, "method") == 0)
		answer_error(request, 404, "NOT.FOUND.ERROR", "The resource was not found.");
	else
		answer_error(request,
					 failures->row && failures->row->code ? 400 : 422,
					 failures->row && failures->row->code ? failures->row->code
														  : "INVALID.INPUT.EXCEPTION",
					 "Invalid field value in the input: %s",
					 failures->field);
}

static void
fail(SimRequest *request, int status)
{
	static const struct
	{
		int status;
		const char *code;
		const char *message;
	} failures[] = {
		{401, "NOT.AUTHORIZED.ERROR", "Access token expired. Please modify your request."},
		{403, "FORBIDDEN.ERROR", "We could not authorize your credentials."},
		{429, "TOO.MANY.REQUESTS", "Rate limit exceeded. Please try again later."},
		{503, "SERVICE.UNAVAILABLE.ERROR", "The service is currently unavailable."},
		{0, "INTERNAL.SERVER.ERROR", "We encountered an unexpected error."}};
	int i = 0;

	while (failures[i].status && failures[i].status != status)
		i++;
	answer_error(request, status, failures[i].code, "%s", failures[i].message);
}

json_t *
fedex_output(json_t *content)
{
	return json_pack("{s:s, s:o}", "transactionId", "sim", "output", content);
}

/* --- who calls --- */

static bool
authorize(SimRequest *request)
{
	const char *header = sim_header(request, "Authorization");
	bool bearer = header && strncasecmp(header, "Bearer ", 7) == 0;

	if (!sim_header(request, "x-locale"))
		sim_offence(request, false, "header", "x-locale", "The header is missing.");
	if (!depot_allows(request, &fedex_depot))
	{
		fail(request, 429);
		return false;
	}
	if (depot_accepts(request, &fedex_depot, "Authorization", bearer ? header + 7 : NULL))
		return true;
	fail(request, 401);
	return false;
}

static void
give_token(SimRequest *request)
{
	char grant[SIM_TEXT_SIZE];
	char client[SIM_TEXT_SIZE];
	char secret[SIM_TEXT_SIZE];

	depot_form(request, "grant_type", grant);
	depot_form(request, "client_id", client);
	depot_form(request, "client_secret", secret);
	if (!sim_is_one_of(grant, "client_credentials|csp_credentials|client_pc_credentials", '|'))
	{
		sim_offence(request, true, "value", "grant_type", "It is \"%.40s\".", grant);
		answer_error(request, 400, "BAD.REQUEST.ERROR", "Missing or duplicate parameters.");
	}
	else if (!depot_knows(request, &fedex_depot, client, secret))
		answer_error(request,
					 401,
					 "NOT.AUTHORIZED.ERROR",
					 "The given client credentials were not valid. Please modify your request.");
	else
		sim_reply(request,
				  200,
				  json_pack("{s:s, s:s, s:I, s:s}",
							"access_token",
							depot_grant(&fedex_depot),
							"token_type",
							"bearer",
							"expires_in",
							(json_int_t) fedex_depot.token_lifetime_s,
							"scope",
							"CXS"));
}

static bool
is_our_account(SimRequest *request, const char *path)
{
	const char *number = sim_text(request->json, path, "");

	if (!*account || strcmp(account, number) == 0)
		return true;
	sim_offence(request, true, "value", path, "Account %.20s is not ours.", number);
	answer_error(request, 403, "ACCOUNT.NUMBER.MISMATCH", "The account is not of this project.");
	return false;
}

/* --- labels --- */

static void
number_package(DepotPackage *package, long serial)
{
	static const int weights[] = {3, 1, 7};
	char digits[16];

	snprintf(digits, sizeof digits, "7949%07u", (unsigned) (serial % 10000000));
	snprintf(package->number,
			 sizeof package->number,
			 "%s%c",
			 digits,
			 depot_weighted(digits, weights, 3));
}

static const char *
our_reference(const json_t *shipment)
{
	const json_t *references = sim_get(shipment, "requestedPackageLineItems.0.customerReferences");
	size_t i;
	json_t *reference;

	json_array_foreach(references, i, reference)
	{
		if (strcmp(sim_text(reference, "customerReferenceType", ""), "CUSTOMER_REFERENCE") == 0)
			return sim_text(reference, "value", "");
	}
	return "";
}

static json_t *
shipment_answer(const DepotShipment *made, const json_t *shipment)
{
	const char *format = sim_text(shipment, "labelSpecification.imageType", "PDF");
	json_t *pieces = json_array();
	json_t *documents = json_array();

	for (int i = 0; i < made->count; i++)
		json_array_append_new(
			pieces,
			json_pack("{s:i, s:s, s:s, s:f, s:s, s:[{s:s, s:s, s:i, s:o}]}",
					  "packageSequenceNumber",
					  i + 1,
					  "masterTrackingNumber",
					  made->id,
					  "trackingNumber",
					  made->packages[i].number,
					  "netRateAmount",
					  11.42,
					  "currency",
					  "USD",
					  "packageDocuments",
					  "contentType",
					  "LABEL",
					  "docType",
					  format,
					  "copiesToPrint",
					  1,
					  "encodedLabel",
					  depot_document(&fedex_depot, format, made->packages[i].number)));
	if (sim_get(shipment, "shippingDocumentSpecification"))
		json_array_append_new(documents,
							  json_pack("{s:s, s:s, s:o}",
										"contentType",
										"COMMERCIAL_INVOICE",
										"docType",
										"PDF",
										"encodedLabel",
										depot_document(&fedex_depot, "PDF", made->id)));
	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:[]}",
					 "masterTrackingNumber",
					 made->id,
					 "serviceType",
					 sim_text(shipment, "serviceType", ""),
					 "shipDatestamp",
					 sim_text(shipment, "shipDatestamp", ""),
					 "pieceResponses",
					 pieces,
					 "shipmentDocuments",
					 documents,
					 "alerts");
}

static void
ship(SimRequest *request)
{
	const json_t *shipment = json_object_get(request->json, "requestedShipment");
	const json_t *items = json_object_get(shipment, "requestedPackageLineItems");
	const char *reference = our_reference(shipment);
	int pieces = (int) json_array_size(items);
	DepotShipment *made;

	if (!is_our_account(request, "accountNumber.value") || !fedex_obeys(request, shipment))
		return;
	if (!*reference)
		sim_offence(request,
					false,
					"required",
					"requestedShipment.requestedPackageLineItems[0].customerReferences",
					"Without a reference a lost answer cannot be looked up.");
	made = depot_ship(&fedex_depot, reference, request->json, pieces, number_package);
	made->answer = shipment_answer(made, shipment);
	if (pieces > longest_synchronous)
	{
		char job[DEPOT_NUMBER + 4];

		snprintf(job, sizeof job, "job-%s", made->id);
		sim_map_put(&fedex_depot.keys, job, made);
		sim_reply(request, 200, fedex_output(json_pack("{s:s}", "jobId", job)));
	}
	else
		sim_reply(
			request, 200, fedex_output(json_pack("{s:[O]}", "transactionShipments", made->answer)));
}

static void
ship_results(SimRequest *request)
{
	const DepotShipment *made =
		sim_map_get(&fedex_depot.keys, sim_text(request->json, "jobId", ""));

	if (made)
		sim_reply(
			request, 200, fedex_output(json_pack("{s:[O]}", "transactionShipments", made->answer)));
	else
		answer_error(request, 404, "NOT.FOUND.ERROR", "The job is not known.");
}

static void
cancel(SimRequest *request)
{
	DepotPackage *package =
		depot_package(&fedex_depot, sim_text(request->json, "trackingNumber", ""));
	bool possible = package && !package->shipment->closed && !depot_has_left(package->shipment);

	fedex_depot.void_calls++;
	if (!is_our_account(request, "accountNumber.value"))
		return;
	if (!package)
		answer_error(request, 404, "NOT.FOUND.ERROR", "The tracking number was not found.");
	else if (package->shipment->voided)
		answer_error(request, 400, "SHIPMENT.ALREADY.DELETED", "The shipment was already deleted.");
	else
	{
		package->shipment->voided = possible;
		sim_reply(request,
				  200,
				  fedex_output(json_pack("{s:b, s:b, s:s, s:[]}",
										 "cancelledShipment",
										 possible,
										 "cancelledHistory",
										 possible,
										 "message",
										 possible ? "Shipment is successfully cancelled"
												  : "Unable to cancel: the shipment was tendered.",
										 "alerts")));
	}
}

/* --- what else a shop asks --- */

static void
quote(SimRequest *request)
{
	const json_t *shipment = json_object_get(request->json, "requestedShipment");
	bool abroad = strcmp(sim_text(shipment, "shipper.address.countryCode", ""),
						 sim_text(shipment, "recipient.address.countryCode", "")) != 0;
	static const char *const services[2][2] = {
		{"FEDEX_GROUND", "FEDEX_2_DAY"}, {"FEDEX_INTERNATIONAL_PRIORITY", "INTERNATIONAL_ECONOMY"}};
	json_t *rates = json_array();

	for (int i = 0; i < 2 && is_our_account(request, "accountNumber.value"); i++)
		json_array_append_new(rates,
							  json_pack("{s:s, s:s, s:s, s:[{s:s, s:f, s:s}], s:{s:s}}",
										"serviceType",
										services[abroad][i],
										"serviceName",
										services[abroad][i],
										"packagingType",
										"YOUR_PACKAGING",
										"ratedShipmentDetails",
										"rateType",
										"ACCOUNT",
										"totalNetCharge",
										11.42 + 10 * i + 40 * abroad,
										"currency",
										"USD",
										"operationalDetail",
										"transitTime",
										i ? "TWO_DAYS" : "THREE_DAYS"));
	if (json_array_size(rates))
		sim_reply(request,
				  200,
				  fedex_output(json_pack("{s:o, s:[]}", "rateReplyDetails", rates, "alerts")));
	else
		json_decref(rates);
}

static void
resolve(SimRequest *request)
{
	json_t *resolved = json_array();
	size_t i;
	json_t *asked;

	json_array_foreach(json_object_get(request->json, "addressesToValidate"), i, asked)
	{
		const json_t *address = json_object_get(asked, "address");
		const char *known = sim_postcode_fits(sim_text(address, "countryCode", ""),
											  sim_text(address, "postalCode", ""))
								? "true"
								: "false";

		json_array_append_new(resolved,
							  json_pack("{s:O, s:s, s:s, s:s, s:s, s:s, s:{s:s, s:s, s:s}}",
										"streetLinesToken",
										json_object_get(address, "streetLines"),
										"city",
										sim_text(address, "city", ""),
										"stateOrProvinceCode",
										sim_text(address, "stateOrProvinceCode", ""),
										"postalCode",
										sim_text(address, "postalCode", ""),
										"countryCode",
										sim_text(address, "countryCode", ""),
										"classification",
										"RESIDENTIAL",
										"attributes",
										"Resolved",
										known,
										"DPV",
										known,
										"AddressType",
										"STANDARDIZED"));
	}
	sim_reply(request, 200, fedex_output(json_pack("{s:o}", "resolvedAddresses", resolved)));
}

static void
pick_up(SimRequest *request)
{
	char code[32];

	snprintf(code, sizeof code, "%ld", 3000 + ++pickups);
	sim_reply(request,
			  200,
			  fedex_output(json_pack("{s:s, s:s, s:s}",
									 "pickupConfirmationCode",
									 code,
									 "location",
									 "COSA",
									 "message",
									 "Courier on the way")));
}

/* The Ground shipments of the day go out: they can no longer be taken back. */
static void
close_day(SimRequest *request)
{
	int closed = 0;

	for (size_t i = 0; i < fedex_depot.shipments.count; i++)
	{
		DepotShipment *shipment = sim_map_at(&fedex_depot.shipments, i);
		const char *service = sim_text(shipment->request, "requestedShipment.serviceType", "");

		if (!shipment->voided && !shipment->closed && strstr(service, "GROUND"))
			shipment->closed = ++closed > 0;
	}
	if (closed)
		sim_reply(request,
				  200,
				  fedex_output(json_pack("{s:[{s:s, s:s, s:[{s:i, s:o}]}]}",
										 "closeDocuments",
										 "type",
										 "MANIFEST",
										 "shippingCycle",
										 "1003234523333204",
										 "parts",
										 "documentPartSequenceNumber",
										 1,
										 "image",
										 depot_document(&fedex_depot, "PDF", "manifest"))));
	else
		answer_error(request, 400, "GROUND.CLOSE.NOSHIPMENTS", "There are no shipments to close.");
}

/* --- the peer --- */

static void
reset(void)
{
	depot_reset(&fedex_depot);
	pickups = 0;
}

static const SimSetting settings[] = {
	DEPOT_SETTINGS(fedex_depot),
	{"account", SIM_SETTING_TEXT, account, "", "only this account; empty: any"},
	{"visible_after_s", SIM_SETTING_INT, &fedex_visible_after_s, "0", "until a reference is found"},
	{"longest_synchronous", SIM_SETTING_INT, &longest_synchronous, "40", "pieces; more is a job"},
	{0}};

static const SimRoute routes[] = {
	{"POST", "/oauth/token", give_token, NULL, NULL, SIM_OPEN | SIM_FORM},
	{"POST", "/ship/v1/shipments", ship, &fedex_ship_schema, NULL, 0},
	{"POST", "/ship/v1/shipments/results", ship_results, &fedex_results_schema, NULL, 0},
	{"PUT", "/ship/v1/shipments/cancel", cancel, &fedex_cancel_schema, NULL, 0},
	{"POST", "/track/v1/trackingnumbers", fedex_track_numbers, &fedex_track_schema, NULL, 0},
	{"POST", "/track/v1/referencenumbers", fedex_track_reference, &fedex_reference_schema, NULL, 0},
	{"POST", "/rate/v1/rates/quotes", quote, &fedex_rate_schema, NULL, 0},
	{"POST", "/address/v1/addresses/resolve", resolve, &fedex_address_schema, NULL, 0},
	{"POST", "/pickup/v1/pickups", pick_up, &fedex_pickup_schema, NULL, 0},
	{"PUT", "/ship/v1/endofday/", close_day, &fedex_close_schema, NULL, 0},
	{0}};

static const SimRoute controls[] = {DEPOT_CONTROLS, {0}};

const SimPeer sim_peer_fedex = {.name = "fedex",
								.routes = routes,
								.controls = controls,
								.settings = settings,
								.authorize = authorize,
								.refuse = refuse,
								.fail = fail,
								.reset = reset,
								.depot = &fedex_depot};
