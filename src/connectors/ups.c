/*
 * ups.c
 *
 * UPS, by its REST APIs of 2024 (Rating and Shipping v2409, Tracking v1,
 * Label Recovery v1, Address Validation v2, Pickup v2409, Track Alert v2).
 * This file holds the connector's struct, its settings, and the head that
 * every message has; each operation stands in a file of its own, and ups.h
 * lists them.
 *
 * UPS takes no idempotency key, and a repeated call buys a second label: so
 * create_shipment is repeated only after label recovery by our reference has
 * found nothing.  A call that UPS is still working on ends within its
 * gateway's minute, and a label can be recovered once it is stored; three
 * minutes leave room for both.
 */
#include "postgres.h"

#include "common/md5.h"

#include <ctype.h>

#include "connectors/ups.h"

#define UPS_HOST       "https://onlinetools.ups.com"
#define UPS_GRACE_S    180
#define UPS_TRANSID    32
#define UPS_CONTEXT    512
#define UPS_PROBE      "1ZCIETST0111111114"
#define UPS_TIMEOUT_MS 60000

static const FfSetting settings[] = {
	{"base_url",
	 "url",
	 false,
	 false,
	 UPS_HOST,
	 "Host of the API; https://wwwcie.ups.com is the one for tests."},
	{"token_url",
	 "url",
	 false,
	 false,
	 NULL,
	 "Where tokens come from, when not below the host of the API."},
	{"account_number",
	 "text",
	 false,
	 false,
	 NULL,
	 "Shipper number of six characters; labels and pickups need it."},
	{"merchant_id",
	 "text",
	 false,
	 false,
	 NULL,
	 "Account on whose behalf tokens are asked for, when it is not the client's own."},
	{"shipper",
	 "object",
	 false,
	 false,
	 NULL,
	 "Address of the account, when it is not where parcels leave from."},
	{"label_format", "text", false, false, "ZPL", "Labels: GIF, PNG, ZPL, EPL or SPL."},
	{"label_height", "text", false, false, "6", "Height of labels in inches: 6 or 8."},
	{"pickup_type",
	 "text",
	 false,
	 false,
	 "01",
	 "How parcels reach UPS: 01 daily, 03 counter, 06 once, 19 letter center, 20 air center."},
	{"customer_classification",
	 "text",
	 false,
	 false,
	 NULL,
	 "Rates from the USA: 00 of the account, 01 daily, 04 retail, 53 standard list."},
	{"negotiated_rates", "boolean", false, false, "true", "Ask for the prices of the contract."},
	{"packaging", "text", false, false, "02", "Packaging of a package that names none."},
	{"address_check",
	 "text",
	 false,
	 false,
	 "validate",
	 "How UPS checks the address of a shipment: validate or nonvalidate."},
	{"city_check", "boolean", false, false, "false", "Also check the city of the address."},
	{"reference_code", "text", false, false, "PO", "Kind of reference our number is shown as."},
	{"return_service",
	 "text",
	 false,
	 false,
	 "9",
	 "Returns: 9 label to print, 8 label by e-mail, 3 or 5 one or three attempts to collect."},
	{"notify",
	 "text",
	 false,
	 false,
	 NULL,
	 "Mails that UPS sends to the receiver: any of ship, exception, delivery."},
	{"carbon_neutral", "boolean", false, false, "false", "Ship carbon neutral."},
	{"direct_delivery", "boolean", false, false, "false", "Deliver to the address only."},
	{"taxes", "boolean", false, false, "false", "Ask for prices with taxes."},
	{"eori_number", "text", false, false, NULL, "EORI number of the sender, for customs."},
	{"vat_number", "text", false, false, NULL, "VAT number of the sender, for customs."},
	{"ioss_number", "text", false, false, NULL, "IOSS number, for goods into the EU."},
	{"locale", "text", false, false, "en_US", "Language of tracking texts."},
	{"transaction_source", "text", false, false, "fulfillment", "Name we call ourselves by."},
	{"client_id", "text", true, true, NULL, "Client id of the application at UPS."},
	{"client_secret", "text", true, true, NULL, "Client secret of the application at UPS."},
	{"webhook_credential",
	 "text",
	 false,
	 true,
	 NULL,
	 "Credential that Track Alert sends, as registered at UPS."},
	{NULL},
};

const char *
ff_ups_account(const FfCall *call)
{
	return ff_carrier_need_setting(
		call, "account_number", "Set account_number to the shipper number of the UPS account.");
}

void
ff_ups_flag(FfJsonWriter *writer, const char *key, bool present)
{
	if (present)
		ff_write_text(writer, key, "Y");
}

void
ff_ups_context(FfJsonWriter *writer, const FfCall *call)
{
	const char *context = ff_carrier_reference(ff_carrier_subject(call), UPS_REFERENCE);

	if (context == NULL)
		context = call->idempotency_key;
	if (context == NULL || *context == '\0')
		return;
	ff_write_object(writer, "TransactionReference");
	ff_write_text_max(writer, "CustomerContext", context, UPS_CONTEXT);
	ff_write_end(writer);
}

/* The idempotency key in UPS's 32 characters: its letters and digits, or their hash. */
static char *
transaction_id(const FfCall *call)
{
	const char *key = call->idempotency_key ? call->idempotency_key : "";
	char *id = palloc(Max(strlen(key), UPS_TRANSID) + 1);
	int length = 0;

	for (const char *c = key; *c != '\0'; c++)
		if (isalnum((unsigned char) *c) || strchr("-_", *c) != NULL)
			id[length++] = *c;
	id[length] = '\0';
	if (length == 0)
		strcpy(id, "fulfillment");
	else if (length > UPS_TRANSID)
	{
		const char *error;
		char hash[33];

		if (pg_md5_hash(key, strlen(key), hash, &error))
			strcpy(id, hash);
		id[UPS_TRANSID] = '\0';
	}
	return id;
}

void
ff_ups_begin(const FfCall *call, FfMessage *message, const char *method, const char *path)
{
	const char *base = ff_carrier_setting(call, "base_url");
	size_t length = strlen(base);

	/* both the host and UPS's own "base" with /api behind it are welcome */
	while (length > 0 && base[length - 1] == '/')
		length--;
	if (length > 4 && strncmp(base + length - 4, "/api", 4) == 0)
		length -= 4;
	ff_message_begin(message, method, pnstrdup(base, length), "/api");
	ff_message_path(message, path);
	ff_message_header(message, "Accept", "application/json");
	ff_message_header(message, "transId", transaction_id(call));
	ff_message_header(message, "transactionSrc", ff_carrier_setting(call, "transaction_source"));
}

/* Tracking asks for UPS's own test number: any answer but a refused login is good news. */
static void
test_request(const FfCall *call, FfMessage *message)
{
	ff_ups_begin(call, message, "GET", "/track/v1/details/" UPS_PROBE);
	ff_message_query(message, "locale", ff_carrier_setting(call, "locale"));
}

static void
test_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *json;

	if (ff_ups_reply(call, reply, FF_REPEAT_SAFE, outcome, &json) ||
		(reply->status == 404 && json != NULL))
	{
		ff_outcome_init(outcome);
	}
}

const FfConnector ff_connector_ups = {
	.name = "ups",
	.title = "UPS",
	.roles = "carrier",
	.credentials =
		"Make an application at developer.ups.com, with the shipper account added to it and "
		"the products Rating, Shipping, Tracking, Address Validation, Pickup and Track "
		"Alert; it shows client id and secret. For Track Alert agree on a credential with "
		"UPS; it comes in header credential.",
	.auth = {.kind = FF_AUTH_OAUTH2_CLIENT,
			 .user = "client_id",
			 .password = "client_secret",
			 .token_url = "token_url",
			 .token_default = "/security/v1/oauth/token",
			 .basic_token = true,
			 .account_header = "x-merchant-id",
			 .account_setting = "merchant_id"},
	.settings = settings,
	.timeout_ms = UPS_TIMEOUT_MS,
	.find_is_authoritative = true,
	.find_grace_s = UPS_GRACE_S,
	.operations =
		{
			[FF_OP_QUOTE_RATES] = {ff_ups_rate_request, ff_ups_rate_outcome, FF_REPEAT_SAFE},
			[FF_OP_CREATE_SHIPMENT] = {ff_ups_ship_request,
									   ff_ups_ship_outcome,
									   FF_REPEAT_AFTER_FIND},
			[FF_OP_ANNOUNCE_RETURN] = {ff_ups_ship_request,
									   ff_ups_ship_outcome,
									   FF_REPEAT_AFTER_FIND},
			[FF_OP_FIND_SHIPMENT] = {ff_ups_find_request, ff_ups_find_outcome, FF_REPEAT_SAFE},
			[FF_OP_GET_SHIPMENT] = {ff_ups_track_request, ff_ups_track_outcome, FF_REPEAT_SAFE},
			[FF_OP_CANCEL_SHIPMENT] = {ff_ups_void_request, ff_ups_void_outcome, FF_REPEAT_SAFE},
			[FF_OP_VALIDATE_ADDRESS] = {ff_ups_address_request,
										ff_ups_address_outcome,
										FF_REPEAT_SAFE},
			[FF_OP_SCHEDULE_PICKUP] = {ff_ups_pickup_request,
									   ff_ups_pickup_outcome,
									   FF_REPEAT_SAFE},
			[FF_OP_TEST_CONNECTION] = {test_request, test_outcome, FF_REPEAT_SAFE},
		},
	.receive = {.verify = {FF_VERIFY_SHARED_SECRET, "credential", "webhook_credential"},
				.translate = ff_ups_alert_outcome},
};
