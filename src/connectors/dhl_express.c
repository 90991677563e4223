/*
 * dhl_express.c
 *
 * DHL Express by its MyDHL API 3.1.  This file holds the connector's struct,
 * its settings and the head every message has; operations stand in files of
 * their own, listed in dhl_express.h.
 *
 * DHL takes no idempotency key: a shipment whose answer was lost is looked up
 * by our reference, which tracking knows shortly after.  There is no voiding:
 * a label that is never handed over is not billed.
 */
#include "postgres.h"

#include "common/md5.h"
#include "connectors/dhl_express.h"

#define DHX_HOST       "https://express.api.dhl.com/mydhlapi"
#define DHX_PROBE      "0000000000"
#define DHX_GRACE_S    300
#define DHX_TIMEOUT_MS 60000
#define DHX_MESSAGE    36

static const FfSetting settings[] = {
	{"base_url",
	 "url",
	 false,
	 false,
	 DHX_HOST,
	 "Address of the API; https://express.api.dhl.com/mydhlapi/test is the one for tests."},
	{"api_version", "text", false, false, "3.1.1", "Version of the API asked for."},
	{"account_number", "text", false, false, NULL, "Number of the shipper's account at DHL."},
	{"import_account_number",
	 "text",
	 false,
	 false,
	 NULL,
	 "Number of the account that pays for returns, when it is another."},
	{"duties_account_number",
	 "text",
	 false,
	 false,
	 NULL,
	 "Number of the account that pays duties and taxes, when it is another."},
	{"shipper", "object", false, false, NULL, "Address of the sender, when not where parcels are."},
	{"time_zone",
	 "text",
	 false,
	 false,
	 NULL,
	 "Zone of the sender's clock, such as America/Chicago; of the country without it."},
	{"ship_time", "text", false, false, "13:00", "When parcels leave on a later day, as HH:MM."},
	{"product", "text", false, false, NULL, "Product of shipments whose service names none."},
	{"label_format", "text", false, false, "PDF", "Labels: PDF, ZPL, LP2 or EPL."},
	{"label_template", "text", false, false, "ECOM26_84_001", "Template of labels."},
	{"paperless", "boolean", false, false, "true", "Send customs papers electronically."},
	{"incoterm", "text", false, false, "DAP", "Terms of shipments that name none."},
	{"eori_number", "text", false, false, NULL, "EORI number of the sender, for customs."},
	{"vat_number", "text", false, false, NULL, "VAT number of the sender, for customs."},
	{"ioss_number", "text", false, false, NULL, "IOSS number, for goods into the EU."},
	{"notify", "boolean", false, false, "false", "Let DHL mail the receiver."},
	{"go_green_plus", "boolean", false, false, "false", "Send climate friendly, at a surcharge."},
	{"api_key", "text", true, true, NULL, "Key of the application at developer.dhl.com."},
	{"api_secret", "text", true, true, NULL, "Secret of the application."},
	{NULL},
};

/* At most 36 characters that DHL keeps in its logs; a longer key is hashed. */
static char *
message_reference(const FfCall *call)
{
	const char *key = call->idempotency_key ? call->idempotency_key : "fulfillment";
	const char *error;
	char hash[33];

	if (*key != '\0' && strlen(key) <= DHX_MESSAGE)
		return pstrdup(key);
	return pg_md5_hash(key, strlen(key), hash, &error) ? pstrdup(hash) : pstrdup("fulfillment");
}

void
ff_dhx_begin(const FfCall *call, FfMessage *message, const char *method, const char *path)
{
	ff_message_begin(message, method, ff_carrier_setting(call, "base_url"), path);
	ff_message_header(message, "Accept", "application/json");
	ff_message_header(message, "x-version", ff_carrier_setting(call, "api_version"));
	ff_message_header(message, "Message-Reference", message_reference(call));
}

const char *
ff_dhx_account(const FfCall *call)
{
	return ff_carrier_need_setting(
		call, "account_number", "Set account_number to the number of the account at DHL.");
}

/* A number that nobody has: not found is good news. */
static void
test_request(const FfCall *call, FfMessage *message)
{
	ff_dhx_begin(call, message, "GET", "/tracking");
	ff_message_query(message, "shipmentTrackingNumber", DHX_PROBE);
}

static void
test_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *json;

	if (!ff_dhx_reply(call, reply, FF_REPEAT_SAFE, outcome, &json) &&
		(reply->status == 404 || reply->status == 400 || reply->status == 422))
		ff_outcome_init(outcome);
}

const FfConnector ff_connector_dhl_express = {
	.name = "dhl_express",
	.title = "DHL Express",
	.roles = "carrier",
	.credentials = "Ask DHL Express for access to MyDHL API at developer.dhl.com with the account "
				   "number; after the approval the application shows key and secret.",
	.auth = {.kind = FF_AUTH_BASIC, .user = "api_key", .password = "api_secret"},
	.settings = settings,
	.timeout_ms = DHX_TIMEOUT_MS,
	.find_is_authoritative = true,
	.find_grace_s = DHX_GRACE_S,
	.operations =
		{
			[FF_OP_QUOTE_RATES] = {ff_dhx_rate_request, ff_dhx_rate_outcome, FF_REPEAT_SAFE},
			[FF_OP_CREATE_SHIPMENT] = {ff_dhx_ship_request,
									   ff_dhx_ship_outcome,
									   FF_REPEAT_AFTER_FIND},
			[FF_OP_ANNOUNCE_RETURN] = {ff_dhx_ship_request,
									   ff_dhx_ship_outcome,
									   FF_REPEAT_AFTER_FIND},
			[FF_OP_FIND_SHIPMENT] = {ff_dhx_find_request, ff_dhx_find_outcome, FF_REPEAT_SAFE},
			[FF_OP_GET_SHIPMENT] = {ff_dhx_track_request, ff_dhx_track_outcome, FF_REPEAT_SAFE},
			[FF_OP_VALIDATE_ADDRESS] = {ff_dhx_address_request,
										ff_dhx_address_outcome,
										FF_REPEAT_SAFE},
			[FF_OP_SCHEDULE_PICKUP] = {ff_dhx_pickup_request,
									   ff_dhx_pickup_outcome,
									   FF_REPEAT_NEVER},
			[FF_OP_TEST_CONNECTION] = {test_request, test_outcome, FF_REPEAT_SAFE},
		},
};
