/*
 * dhl_parcel_de.c
 *
 * DHL Parcel DE (Post & Parcel Germany) by its Shipping v2, Returns v1 and
 * Pickup v3 APIs.  This file holds the connector's struct, its settings and
 * the head every message has; operations stand in files of their own, listed
 * in dhl_parcel_de.h.  Parcels are tracked by Parcel DE's own API for users of
 * it; else by DHL's unified one, with a key of its own or with that of the
 * application, when it may do both.
 *
 * DHL takes no idempotency key.  A label whose number was lost can be looked
 * up by users of Parcel DE's own tracking alone, and that it is not there
 * proves nothing: then a person decides.  A label that is never used costs
 * nothing.
 */
#include "postgres.h"

#include "connectors/dhl_parcel_de.h"
#include "connectors/dhl_tracking.h"

#define PDE_HOST       "https://api-eu.dhl.com"
#define PDE_TIMEOUT_MS 60000

static const FfSetting settings[] = {
	{"base_url",
	 "url",
	 false,
	 false,
	 PDE_HOST,
	 "Host of the API; https://api-sandbox.dhl.com is the one for tests."},
	{"token_url",
	 "url",
	 false,
	 false,
	 NULL,
	 "Where tokens come from, when not below the host of the API."},
	{"billing_number",
	 "text",
	 false,
	 false,
	 NULL,
	 "Billing number of fourteen characters: customer number, procedure, participation."},
	{"billing_numbers",
	 "object",
	 false,
	 false,
	 NULL,
	 "Billing numbers by product, such as {\"V53WPAK\": \"33333333335301\"}."},
	{"return_billing_number",
	 "text",
	 false,
	 false,
	 NULL,
	 "Billing number of return labels that come with a parcel (procedure 07)."},
	{"profile", "text", false, false, "STANDARD_GRUPPENPROFIL", "Group profile of the user."},
	{"product",
	 "text",
	 false,
	 false,
	 NULL,
	 "Product of shipments inside Germany whose service names none; V01PAK without it."},
	{"shipper", "object", false, false, NULL, "Address of the sender, when not where parcels are."},
	{"shipper_ref", "text", false, false, NULL, "Name of the sender's address kept at DHL."},
	{"cost_center", "text", false, false, NULL, "Cost center printed on invoices."},
	{"label_format", "text", false, false, "PDF", "Labels: PDF or ZPL2."},
	{"print_format",
	 "text",
	 false,
	 false,
	 "910-300-700",
	 "Paper of labels: A4, 910-300-600, 910-300-700, 910-300-710, 910-300-400, 100x70mm, …."},
	{"return_print_format", "text", false, false, NULL, "Paper of return labels."},
	{"combine",
	 "boolean",
	 false,
	 false,
	 NULL,
	 "Whether label and customs papers come as one document; DHL's default is yes."},
	{"must_encode",
	 "boolean",
	 false,
	 false,
	 "true",
	 "Refuse German addresses that DHL's sorting machines cannot read."},
	{"share_contact",
	 "boolean",
	 false,
	 false,
	 "true",
	 "Give DHL the receiver's e-mail and phone, which needs the receiver's consent."},
	{"bank_account",
	 "object",
	 false,
	 false,
	 NULL,
	 "Account that collected money goes to: {\"accountHolder\", \"iban\"}."},
	{"account_reference",
	 "text",
	 false,
	 false,
	 NULL,
	 "Name of the bank account kept at DHL that collected money goes to."},
	{"eori_number", "text", false, false, NULL, "EORI number of the sender, for customs."},
	{"go_green_plus", "boolean", false, false, "false", "Send climate friendly, at a surcharge."},
	{"return_receiver",
	 "text",
	 false,
	 false,
	 NULL,
	 "Receiver id of returns from the portal; without it the customer's country (deu)."},
	{"return_label_type",
	 "text",
	 false,
	 false,
	 "SHIPMENT_LABEL",
	 "Return labels: SHIPMENT_LABEL, QR_LABEL or BOTH."},
	{"pickup_location",
	 "text",
	 false,
	 false,
	 NULL,
	 "Id of the pickup location, like AS0123456789."},
	{"language", "text", false, false, "en-US", "Language of messages: en-US or de-DE."},
	{"tracking_url",
	 "url",
	 false,
	 false,
	 PDE_HOST,
	 "Host of the unified tracking API; https://api-test.dhl.com is the one for tests."},
	{"tracking_user",
	 "text",
	 false,
	 false,
	 NULL,
	 "User of Parcel DE's own tracking; with it parcels are tracked there, scan by scan, and labels "
	 "whose answer was lost are found."},
	{"client_id", "text", true, true, NULL, "API key of the application at developer.dhl.com."},
	{"client_secret", "text", true, true, NULL, "API secret of the application."},
	{"username", "text", true, true, NULL, "User of the business customer portal."},
	{"password", "text", true, true, NULL, "Password of that user; it expires every year."},
	{"tracking_key",
	 "text",
	 false,
	 true,
	 NULL,
	 "API key of the application that may track, when it is another one."},
	{"tracking_password", "text", false, true, NULL, "Password of the user of that tracking."},
	{NULL},
};

void
ff_pde_begin(const FfCall *call, FfMessage *message, const char *method, const char *api,
			 const char *path)
{
	ff_message_begin(message, method, ff_carrier_setting(call, "base_url"), api);
	ff_message_path(message, path);
	ff_message_header(message, "Accept", "application/json");
	ff_message_header(message, "Accept-Language", ff_carrier_setting(call, "language"));
}

static const FfAuth application_key = {
	.kind = FF_AUTH_HEADER, .password = "client_id", .header = "DHL-API-Key"};
static const FfAuth tracking_key = {.kind = FF_AUTH_HEADER,
									.password = "tracking_key",
									.header = "DHL-API-Key",
									.needs = "tracking_key",
									.otherwise = &application_key};

static bool
has_own_tracking(const FfJson *config)
{
	return ff_json_text_or(config, "tracking_user", NULL) != NULL;
}

static void
track_request(const FfCall *call, FfMessage *message)
{
	if (has_own_tracking(call->config))
	{
		ff_pde_track_request(call, message);
		return;
	}
	ff_dhl_track_request(call, message, "parcel-de");
	message->auth = &tracking_key;
}

static void
track_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	if (has_own_tracking(call->config))
		ff_pde_track_outcome(call, reply, outcome);
	else
		ff_dhl_track_outcome(call, reply, outcome, "parcel-de");
}

/* Only its own tracking knows parcels by our reference. */
static bool
able(const FfJson *config, FfOperation operation)
{
	return operation != FF_OP_FIND_SHIPMENT || has_own_tracking(config);
}

/* The manifest of today changes nothing and asks for the user's rights; none yet is good news. */
static void
test_request(const FfCall *call, FfMessage *message)
{
	ff_pde_begin(call, message, "GET", PDE_SHIPPING, "/manifests");
	ff_message_query(message, "date", ff_time_format(call->now, "%Y-%m-%d"));
	ff_message_query(message, "includeDocs", "URL");
}

static void
test_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *json;

	if (!ff_pde_reply(call, reply, FF_REPEAT_SAFE, outcome, &json) &&
		(reply->status == 404 || reply->status == 400))
		ff_outcome_init(outcome);
}

const FfConnector ff_connector_dhl_parcel_de = {
	.name = "dhl_parcel_de",
	.title = "DHL Parcel DE",
	.roles = "carrier",
	.credentials =
		"Make an application at developer.dhl.com with Parcel DE Shipping, Returns, Pickup "
		"and Tracking, which shows API key and secret; username and password are those of a "
		"system user of the business customer portal (geschaeftskunden.dhl.de), which has to "
		"have the right to ship. The password expires every year.",
	.auth = {.kind = FF_AUTH_OAUTH2_CLIENT,
			 .user = "client_id",
			 .password = "client_secret",
			 .token_url = "token_url",
			 .token_default = "/parcel/de/account/auth/ropc/v1/token",
			 .form = "grant_type=password&username={{secret:username}}"
					 "&password={{secret:password}}"},
	.settings = settings,
	.timeout_ms = PDE_TIMEOUT_MS,
	.able = able,
	.operations =
		{
			[FF_OP_CREATE_SHIPMENT] = {ff_pde_ship_request,
									   ff_pde_ship_outcome,
									   FF_REPEAT_AFTER_FIND},
			[FF_OP_FIND_SHIPMENT] = {ff_pde_find_request, ff_pde_find_outcome, FF_REPEAT_SAFE},
			[FF_OP_GET_SHIPMENT] = {track_request, track_outcome, FF_REPEAT_SAFE},
			[FF_OP_CANCEL_SHIPMENT] = {ff_pde_cancel_request,
									   ff_pde_cancel_outcome,
									   FF_REPEAT_SAFE},
			[FF_OP_CLOSE_MANIFEST] = {ff_pde_manifest_request,
									  ff_pde_manifest_outcome,
									  FF_REPEAT_SAFE},
			[FF_OP_ANNOUNCE_RETURN] = {ff_pde_return_request,
									   ff_pde_return_outcome,
									   FF_REPEAT_NEVER},
			[FF_OP_SCHEDULE_PICKUP] = {ff_pde_pickup_request,
									   ff_pde_pickup_outcome,
									   FF_REPEAT_NEVER},
			[FF_OP_VALIDATE_ADDRESS] = {ff_pde_address_request,
										ff_pde_address_outcome,
										FF_REPEAT_SAFE},
			[FF_OP_TEST_CONNECTION] = {test_request, test_outcome, FF_REPEAT_SAFE},
		},
};
