/*
 * usps.c
 *
 * The USPS peer: labels by idempotency key, their repetition, reprint and
 * cancellation, tracking in both versions, rates, addresses, pickups and SCAN
 * forms.  A key that comes again with the same request is answered with the
 * label it made; with another request it is refused.  Labels need a second
 * token, the permission to charge an account.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "usps.h"

#define RETURNS "9202"

Depot usps_depot;
static Depot payments; /* only its tokens */
static char scope[SIM_TEXT_SIZE];

/* --- errors --- */

void
usps_error(SimRequest *request, int status, const char *code, const char *text, const char *field)
{
	char number[16];

	snprintf(number, sizeof number, "%d", status);
	sim_reply(request,
			  status,
			  json_pack("{s:s, s:{s:s, s:s, s:[{s:s, s:s, s:s, s:s, s:{s:s}}]}}",
						"apiVersion",
						"/v3",
						"error",
						"code",
						number,
						"message",
						text,
						"errors",
						"status",
						number,
						"code",
						code,
						"title",
						text,
						"detail",
						text,
						"source",
						"parameter",
						field));
}

static void
refuse(SimRequest *request, const SimFailure *failures, int count)
{
	(void) count;
	if (strcmp(failures->rule, "route") == 0 || strcmp(failures->rule, "method") == 0)
		usps_error(request, 404, "404", "Resource not found", "");
	else if (failures->row && failures->row->code)
		usps_error(request, 400, failures->row->code, failures->row->message, failures->field);
	else
		usps_error(
			request, 400, "010005", "OASValidation: the request does not fit", failures->field);
}

static void
fail(SimRequest *request, int status)
{
	usps_error(request,
			   status,
			   "0",
			   status == 401   ? "Unauthorized"
			   : status == 403 ? "Access denied"
			   : status == 429 ? "Exceeded quota limit"
							   : "Service unavailable",
			   "");
}

/* --- who calls --- */

static bool
authorize(SimRequest *request)
{
	const char *header = sim_header(request, "Authorization");
	bool bearer = header && strncasecmp(header, "Bearer ", 7) == 0;

	if (!depot_allows(request, &usps_depot))
		fail(request, 429);
	else if (!depot_accepts(request, &usps_depot, "Authorization", bearer ? header + 7 : NULL))
		fail(request, 401);
	else
		return true;
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
	if (strcmp(grant, "client_credentials") != 0)
		sim_offence(request, true, "value", "grant_type", "It is \"%.40s\".", grant);
	if (strcmp(grant, "client_credentials") != 0 ||
		!depot_knows(request, &usps_depot, client, secret))
		sim_reply(request,
				  401,
				  json_pack("{s:s, s:s}",
							"error",
							"invalid_client",
							"error_description",
							"Client credentials are invalid"));
	else
		sim_reply(request,
				  200,
				  json_pack("{s:s, s:s, s:I, s:I, s:s, s:s}",
							"access_token",
							depot_grant(&usps_depot),
							"token_type",
							"Bearer",
							"issued_at",
							(json_int_t) (sim_wall() * 1000),
							"expires_in",
							(json_int_t) usps_depot.token_lifetime_s,
							"status",
							"approved",
							"scope",
							scope));
}

static void
permit_payment(SimRequest *request)
{
	sim_reply(request,
			  200,
			  json_pack("{s:s, s:O}",
						"paymentAuthorizationToken",
						depot_grant(&payments),
						"roles",
						json_object_get(request->json, "roles")));
}

/* Labels are charged to an account whose owner permits it. */
static bool
is_paid(SimRequest *request)
{
	if (depot_accepts(request,
					  &payments,
					  "X-Payment-Authorization-Token",
					  sim_header(request, "X-Payment-Authorization-Token")))
		return true;
	usps_error(request, 401, "160110", "The payment authorization token is invalid", "");
	return false;
}

/* --- labels --- */

/* IMpb with service type and mailer, as domestic labels have it. */
static void
number_domestic(DepotPackage *package, long serial)
{
	char digits[24];

	snprintf(digits, sizeof digits, "9405511899%011u", (unsigned) serial);
	snprintf(package->number, DEPOT_NUMBER, "%s%c", digits, depot_mod10(digits, 3, 1));
}

static void
number_return(DepotPackage *package, long serial)
{
	char digits[24];

	snprintf(digits, sizeof digits, RETURNS "511899%011u", (unsigned) serial);
	snprintf(package->number, DEPOT_NUMBER, "%s%c", digits, depot_mod10(digits, 3, 1));
}

/* The number of the postal union. */
static void
number_abroad(DepotPackage *package, long serial)
{
	static const int weights[] = {8, 6, 4, 2, 3, 5, 9, 7};
	char digits[16];
	int sum = 0;

	snprintf(digits, sizeof digits, "%08u", (unsigned) serial % 100000000);
	for (int i = 0; i < 8; i++)
		sum += (digits[i] - '0') * weights[i];
	sum = 11 - sum % 11;
	snprintf(package->number,
			 DEPOT_NUMBER,
			 "LZ%s%dUS",
			 digits,
			 sum == 11   ? 5
			 : sum == 10 ? 0
						 : sum);
}

static bool
is_abroad(const DepotShipment *shipment)
{
	return json_object_get(json_object_get(shipment->request, "toAddress"),
						   "countryISOAlpha2Code") != NULL;
}

static json_t *
label_json(const DepotShipment *made)
{
	const char *zip = sim_text(made->request, "toAddress.ZIPCode", "");
	const char *format = sim_text(made->request, "imageInfo.imageType", "PDF");
	json_t *metadata = json_pack("{s:s, s:f, s:[], s:[], s:s, s:{s:s}}",
								 is_abroad(made) ? "internationalTrackingNumber" : "trackingNumber",
								 made->id,
								 "postage",
								 9.85,
								 "extraServices",
								 "fees",
								 "zone",
								 "05",
								 "commitment",
								 "name",
								 "2 Days");

	if (*zip)
		json_object_set_new(metadata, "routingInformation", json_sprintf("420%s", zip));
	return json_pack("{s:o, s:o}",
					 "labelMetadata",
					 metadata,
					 "labelImage",
					 depot_document(&usps_depot, format, made->id));
}

static const char *
idempotency_key(SimRequest *request)
{
	const char *key = sim_header(request, "X-Idempotency-Key");

	if (key && (strlen(key) != 36 || key[8] != '-'))
		sim_offence(request, false, "form", "X-Idempotency-Key", "It is no UUID.");
	return key;
}

static void
make_label(SimRequest *request, int status, void (*number)(DepotPackage *package, long serial))
{
	const char *key = idempotency_key(request);
	const char *reference =
		sim_text(request->json, "packageDescription.customerReference.0.referenceNumber", "");
	DepotShipment *made;

	if (!is_paid(request))
		return;
	if (!key)
	{
		sim_refuse(request, NULL, "required", "X-Idempotency-Key", "The header is missing.");
		return;
	}
	made = sim_map_get(&usps_depot.keys, key);
	if (made && !json_equal(made->request, request->json))
	{
		sim_refuse(request,
				   NULL,
				   "key",
				   "X-Idempotency-Key",
				   "The key was used for another request, of label %s.",
				   made->id);
		return;
	}
	if (!made)
	{
		made = depot_ship(&usps_depot, reference, request->json, 1, number);
		sim_map_put(&usps_depot.keys, key, made);
	}
	sim_reply(request, status, label_json(made));
}

static void
label_domestic(SimRequest *request)
{
	if (usps_obeys(request))
		make_label(request, 200, number_domestic);
}

static void
label_return(SimRequest *request)
{
	if (usps_obeys(request))
		make_label(request, 200, number_return);
}

static void
label_abroad(SimRequest *request)
{
	if (usps_obeys(request))
		make_label(request, 201, number_abroad);
}

/* The label that a request is about, by number or by key. */
static DepotShipment *
the_label(SimRequest *request)
{
	const char *key = idempotency_key(request);
	DepotPackage *package =
		request->argument[0] ? depot_package(&usps_depot, request->argument[0]) : NULL;
	DepotShipment *made = package                ? package->shipment
						  : request->argument[0] ? NULL
						  : key                  ? sim_map_get(&usps_depot.keys, key)
												 : NULL;

	if (!made)
		usps_error(request, 400, "160203", "Order not found", "trackingNumber");
	return made;
}

static void
cancel(SimRequest *request)
{
	DepotShipment *made;

	usps_depot.void_calls++;
	if (!is_paid(request) || !(made = the_label(request)))
		return;
	if (made->voided)
		usps_error(request, 400, "160204", "The label was already canceled", "trackingNumber");
	else if (depot_has_left(made))
		sim_reply(request,
				  200,
				  json_pack("{s:s, s:s, s:s}",
							"trackingNumber",
							made->id,
							"status",
							"DISPUTED",
							"disputeId",
							"D-1"));
	else
	{
		made->voided = true;
		sim_reply(request,
				  200,
				  json_pack("{s:s, s:s}", "trackingNumber", made->id, "status", "CANCELED"));
	}
}

static void
reprint(SimRequest *request)
{
	DepotShipment *made;
	json_t *label;

	if (!is_paid(request) || !(made = the_label(request)))
		return;
	if (made->voided)
	{
		usps_error(request, 400, "160205", "The label was canceled.", "trackingNumber");
		return;
	}
	label = label_json(made);
	json_object_set_new(
		label, "reprintInfo", json_pack("{s:i, s:i}", "reprintNumber", 1, "reprintLimit", 3));
	sim_reply(request, 200, label);
}

/* --- the peer --- */

static void
reset(void)
{
	depot_reset(&usps_depot);
	depot_reset(&payments);
	usps_ask_reset();
}

static const SimSetting settings[] = {
	DEPOT_SETTINGS(usps_depot),
	{"payment_lifetime_s", SIM_SETTING_INT, &payments.token_lifetime_s, "28800", "real seconds"},
	{"scope",
	 SIM_SETTING_TEXT,
	 scope,
	 "addresses prices international-prices shipments labels international-labels payments "
	 "tracking scan-forms pickup",
	 "what tokens say they are good for"},
	{0}};

#define ABROAD "/international-labels/v3/international-label"

static const SimRoute routes[] = {
	{"POST", "/oauth2/v3/token", give_token, NULL, NULL, SIM_OPEN | SIM_FORM},
	{"POST", "/payments/v3/payment-authorization", permit_payment, &usps_payment_schema, NULL, 0},
	{"POST", "/labels/v3/label", label_domestic, &usps_label_schema, NULL, 0},
	{"POST", "/labels/v3/return-label", label_return, &usps_return_schema, NULL, 0},
	{"DELETE", "/labels/v3/label", cancel, NULL, NULL, 0},
	{"DELETE", "/labels/v3/label/{number}", cancel, NULL, NULL, 0},
	{"POST", "/labels/v3/label-reprint", reprint, &usps_reprint_schema, NULL, 0},
	{"POST", "/labels/v3/label-reprint/{number}", reprint, &usps_reprint_schema, NULL, 0},
	{"POST", ABROAD, label_abroad, &usps_abroad_schema, NULL, 0},
	{"DELETE", ABROAD, cancel, NULL, NULL, 0},
	{"DELETE", ABROAD "/{number}", cancel, NULL, NULL, 0},
	{"POST", ABROAD "-reprint", reprint, &usps_reprint_schema, NULL, 0},
	{"POST", ABROAD "-reprint/{number}", reprint, &usps_reprint_schema, NULL, 0},
	{"GET", "/tracking/v3/tracking/{number}", usps_track, NULL, "expand", 0},
	{"POST", "/tracking/v3r2/tracking", usps_track_many, NULL, NULL, SIM_BODY_FREE},
	{"POST", "/shipments/v3/options/search", usps_quote, &usps_options_schema, NULL, 0},
	{"POST",
	 "/international-prices/v3/base-rates-list/search",
	 usps_quote_abroad,
	 &usps_rates_abroad_schema,
	 NULL,
	 0},
	{"GET",
	 "/addresses/v3/address",
	 usps_check_address,
	 NULL,
	 "streetAddress secondaryAddress city state ZIPCode ZIPPlus4 firm",
	 0},
	{"GET", "/addresses/v3/city-state", usps_name_city, NULL, "ZIPCode", 0},
	{"POST", "/pickup/v3/carrier-pickup", usps_pick_up, &usps_pickup_schema, NULL, 0},
	{"POST", "/scan-forms/v3/scan-form", usps_scan_form, &usps_form_schema, NULL, 0},
	{0}};

static const SimRoute controls[] = {DEPOT_CONTROLS, {0}};

const SimPeer sim_peer_usps = {.name = "usps",
							   .routes = routes,
							   .controls = controls,
							   .settings = settings,
							   .authorize = authorize,
							   .refuse = refuse,
							   .fail = fail,
							   .reset = reset,
							   .depot = &usps_depot};
