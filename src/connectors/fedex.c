/*
 * fedex.c
 *
 * FedEx, by its REST APIs (Rate, Ship, Track, Address Validation, Pickup,
 * Ground End of Day, Advanced Integrated Visibility).  This file holds the
 * connector's struct, its settings, and the head that every message has; each
 * operation stands in a file of its own, and fedex.h lists them.
 *
 * FedEx takes no idempotency key, and a repeated call buys a second label.  A
 * lost label cannot be fetched again either: so after a lost answer the
 * shipment is looked up by our reference, cancelled, and made anew
 * (fedex_find.c).  It can be tracked some minutes after it was made; ten leave
 * room for that.
 */
#include "postgres.h"

#include "connectors/fedex.h"

#define FEDEX_HOST       "https://apis.fedex.com"
#define FEDEX_GRACE_S    600
#define FEDEX_TIMEOUT_MS 60000
#define FEDEX_RATE       100

static const FfSetting settings[] = {
	{"base_url",
	 "url",
	 false,
	 false,
	 FEDEX_HOST,
	 "Host of the API; https://apis-sandbox.fedex.com is the one for tests."},
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
	 "Account of nine digits; rates, labels, pickups and manifests need it."},
	{"shipper",
	 "object",
	 false,
	 false,
	 NULL,
	 "Address of the account, when it is not where parcels leave from."},
	{"label_format", "text", false, false, "PDF", "Labels: PDF, PNG, ZPL or EPL."},
	{"label_stock",
	 "text",
	 false,
	 false,
	 NULL,
	 "Paper of labels, such as PAPER_85X11_TOP_HALF_LABEL; 4 by 6 inches when not set."},
	{"label_resolution", "integer", false, false, NULL, "Dots per inch of ZPL labels: 203 or 300."},
	{"pickup_type",
	 "text",
	 false,
	 false,
	 "USE_SCHEDULED_PICKUP",
	 "How parcels reach FedEx: also DROPOFF_AT_FEDEX_LOCATION, CONTACT_FEDEX_TO_SCHEDULE."},
	{"packaging",
	 "text",
	 false,
	 false,
	 "YOUR_PACKAGING",
	 "Packaging of a package that names none."},
	{"rate_types",
	 "text",
	 false,
	 false,
	 "ACCOUNT LIST",
	 "Prices to ask for: any of ACCOUNT, LIST, INCENTIVE."},
	{"preferred_currency",
	 "text",
	 false,
	 false,
	 NULL,
	 "Currency to quote in, when not the account's."},
	{"carrier_codes",
	 "text",
	 false,
	 false,
	 NULL,
	 "Companies to quote: any of FDXE, FDXG, FXSP; all when not set."},
	{"hub_id", "text", false, false, NULL, "Hub of Ground Economy, four digits."},
	{"indicia",
	 "text",
	 false,
	 false,
	 NULL,
	 "Indicia of Ground Economy, when not the one that fits the weight."},
	{"endorsement",
	 "text",
	 false,
	 false,
	 "RETURN_SERVICE",
	 "What happens to a light Ground Economy parcel that cannot be delivered."},
	{"notify",
	 "text",
	 false,
	 false,
	 NULL,
	 "Mails that FedEx sends to the receiver: any of ship, exception, delivery."},
	{"invoice", "boolean", false, false, "true", "Let FedEx print the commercial invoice."},
	{"electronic_documents",
	 "boolean",
	 false,
	 false,
	 "false",
	 "Hand the commercial invoice to customs electronically."},
	{"eori_number", "text", false, false, NULL, "EORI number of the sender, for customs."},
	{"vat_number", "text", false, false, NULL, "VAT number of the sender, for customs."},
	{"ioss_number", "text", false, false, NULL, "IOSS number, for goods into the EU."},
	{"tax_id", "text", false, false, NULL, "Federal tax number of the sender, for customs."},
	{"package_location",
	 "text",
	 false,
	 false,
	 "FRONT",
	 "Where a driver finds the parcels: FRONT, REAR, SIDE or NONE."},
	{"locale", "text", false, false, "en_US", "Language of texts."},
	{"client_id", "text", true, true, NULL, "API key of the project at FedEx."},
	{"client_secret", "text", true, true, NULL, "Secret key of the project at FedEx."},
	{"child_key", "text", false, true, NULL, "Child key, when an integrator's project is used."},
	{"child_secret", "text", false, true, NULL, "Child secret that belongs to the child key."},
	{"track_api_key",
	 "text",
	 false,
	 true,
	 NULL,
	 "API key of the project that tracks, when it is one of its own."},
	{"track_secret", "text", false, true, NULL, "Secret key of the project that tracks."},
	{"webhook_token",
	 "text",
	 false,
	 true,
	 NULL,
	 "Security token of the webhook project, which signs what FedEx sends."},
	{NULL},
};

/* The keys of a merchant's own project. */
static const FfAuth plain_auth = {.kind = FF_AUTH_OAUTH2_CLIENT,
								  .user = "client_id",
								  .password = "client_secret",
								  .token_url = "token_url",
								  .token_default = "/oauth/token"};

#define FEDEX_AUTH                                                                       \
	{                                                                                    \
		.kind = FF_AUTH_OAUTH2_CLIENT, .user = "client_id", .password = "client_secret", \
		.token_url = "token_url", .token_default = "/oauth/token",                       \
		.form = "grant_type=csp_credentials&child_Key={{secret:child_key}}"              \
				"&child_secret={{secret:child_secret}}",                                 \
		.needs = "child_key", .otherwise = &plain_auth                                   \
	}

static const FfAuth project_auth = FEDEX_AUTH;

const FfAuth ff_fedex_tracking = {.kind = FF_AUTH_OAUTH2_CLIENT,
								  .user = "track_api_key",
								  .password = "track_secret",
								  .token_url = "token_url",
								  .token_default = "/oauth/token",
								  .apart = true,
								  .needs = "track_api_key",
								  .otherwise = &project_auth};

void
ff_fedex_begin(const FfCall *call, FfMessage *message, const char *method, const char *path)
{
	const char *id = call->idempotency_key;

	ff_message_begin(message, method, ff_carrier_setting(call, "base_url"), path);
	ff_message_header(message, "x-locale", ff_carrier_setting(call, "locale"));
	if (id == NULL || *id == '\0')
		id = ff_carrier_reference(ff_carrier_subject(call), FEDEX_REFERENCE);
	if (id != NULL)
		ff_message_header(message, "x-customer-transaction-id", id);
}

void
ff_fedex_account(FfJsonWriter *writer, const FfCall *call, const char *key)
{
	ff_write_object(writer, key);
	ff_write_text(writer,
				  "value",
				  ff_carrier_need_setting(call,
										  "account_number",
										  "Set account_number to the nine digits of the account."));
	ff_write_end(writer);
}

void
ff_fedex_payor(FfJsonWriter *writer, const FfCall *call, const char *account)
{
	ff_write_object(writer, "payor");
	ff_write_object(writer, "responsibleParty");
	if (account == NULL)
		ff_fedex_account(writer, call, "accountNumber");
	else
	{
		ff_write_object(writer, "accountNumber");
		ff_write_text(writer, "value", account);
		ff_write_end(writer);
	}
	ff_write_end(writer);
	ff_write_end(writer);
}

/* An address is looked at: any answer but a refused login is good news. */
static void
test_request(const FfCall *call, FfMessage *message)
{
	static const char probe[] =
		"{\"addressesToValidate\": [{\"address\": {\"streetLines\": [\"10 FedEx Parkway\"], "
		"\"city\": \"Collierville\", \"stateOrProvinceCode\": \"TN\", "
		"\"postalCode\": \"38017\", \"countryCode\": \"US\"}}]}";

	ff_fedex_begin(call, message, "POST", "/address/v1/addresses/resolve");
	ff_message_body(message, "application/json", probe, strlen(probe));
}

static void
test_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *json;

	if (!ff_fedex_reply(call, reply, FF_REPEAT_SAFE, outcome, &json) && json != NULL &&
		outcome->result == FF_RESULT_REFUSED)
		ff_outcome_ok(outcome);
}

const FfConnector ff_connector_fedex = {
	.name = "fedex",
	.title = "FedEx",
	.roles = "carrier",
	.credentials =
		"Make a project at developer.fedex.com with the APIs Ship, Rate, Track, Address "
		"Validation, Pickup and Ground End of Day; it shows API key and secret key. Labels "
		"of the productive host need FedEx's label certification. Tracking and webhooks "
		"(Advanced Integrated Visibility) may be projects of their own.",
	.auth = FEDEX_AUTH,
	.settings = settings,
	.rate_per_second = FEDEX_RATE,
	.timeout_ms = FEDEX_TIMEOUT_MS,
	.find_is_authoritative = true,
	.find_grace_s = FEDEX_GRACE_S,
	.operations =
		{
			[FF_OP_QUOTE_RATES] = {ff_fedex_rate_request, ff_fedex_rate_outcome, FF_REPEAT_SAFE},
			[FF_OP_CREATE_SHIPMENT] = {ff_fedex_ship_request,
									   ff_fedex_ship_outcome,
									   FF_REPEAT_AFTER_FIND},
			[FF_OP_ANNOUNCE_RETURN] = {ff_fedex_ship_request,
									   ff_fedex_ship_outcome,
									   FF_REPEAT_AFTER_FIND},
			[FF_OP_FIND_SHIPMENT] = {ff_fedex_find_request, ff_fedex_find_outcome, FF_REPEAT_SAFE},
			[FF_OP_GET_SHIPMENT] = {ff_fedex_track_request, ff_fedex_track_outcome, FF_REPEAT_SAFE},
			[FF_OP_CANCEL_SHIPMENT] = {ff_fedex_cancel_request,
									   ff_fedex_cancel_outcome,
									   FF_REPEAT_SAFE},
			[FF_OP_VALIDATE_ADDRESS] = {ff_fedex_address_request,
										ff_fedex_address_outcome,
										FF_REPEAT_SAFE},
			[FF_OP_SCHEDULE_PICKUP] = {ff_fedex_pickup_request,
									   ff_fedex_pickup_outcome,
									   FF_REPEAT_NEVER},
			[FF_OP_CLOSE_MANIFEST] = {ff_fedex_close_request,
									  ff_fedex_close_outcome,
									  FF_REPEAT_NEVER},
			[FF_OP_TEST_CONNECTION] = {test_request, test_outcome, FF_REPEAT_SAFE},
		},
	.receive = {.verify = {FF_VERIFY_HMAC_SHA256_BASE64, "fdx-signature", "webhook_token"},
				.translate = ff_fedex_event_outcome},
};
