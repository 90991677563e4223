/*
 * usps.c
 *
 * USPS, by its REST APIs of 2026 (Prices, Shipping Options, Labels,
 * International Labels, Payments, Tracking, Addresses, Carrier Pickup, SCAN
 * Forms).  This file holds the connector's struct, its settings, the head that
 * every message has, and the call by which USPS permits us to charge an
 * account.  Each operation stands in a file of its own, and usps.h lists them.
 *
 * A label wants two tokens: one for the API and one for the money, which lives
 * for eight hours.  Both are secrets, so the transport fetches and keeps them;
 * the second is asked for by request_payment.
 *
 * Labels have an idempotency key: the same key and body bring the same label
 * again and cost nothing.
 */
#include "postgres.h"

#include "connectors/usps.h"

#define USPS_HOST           "https://apis.usps.com"
#define USPS_TIMEOUT_MS     60000
#define USPS_CALLS_PER_HOUR 60
#define USPS_BURST          5
#define PAYMENT_PATH        "/payments/v3/payment-authorization"
#define PAYMENT_LIFE_S      25200 /* an hour less than it lives */
#define PROBE_ZIP           "20260"

static const FfSetting settings[] = {
	{"base_url",
	 "url",
	 false,
	 false,
	 USPS_HOST,
	 "Host of the API; https://apis-tem.usps.com is the one for tests."},
	{"token_url",
	 "url",
	 false,
	 false,
	 NULL,
	 "Where tokens come from, when not below the host of the API."},
	{"scope", "text", false, false, NULL, "Scopes to ask for, when not all of the application."},
	{"crid", "text", false, false, NULL, "Customer registration id; labels need it."},
	{"mid", "text", false, false, NULL, "Mailer id of six or nine digits; labels need it."},
	{"manifest_mid",
	 "text",
	 false,
	 false,
	 NULL,
	 "Mailer id for manifests, when not the one for labels."},
	{"account_type", "text", false, false, "EPS", "Account that pays: EPS, PERMIT, METER or OMAS."},
	{"account_number", "text", false, false, NULL, "Number of the account that pays."},
	{"permit_number", "text", false, false, NULL, "Number of the permit that pays."},
	{"permit_zip", "text", false, false, NULL, "ZIP code of the permit that pays."},
	{"rate_holder",
	 "boolean",
	 false,
	 false,
	 "false",
	 "Whether the account has contract rates of its own."},
	{"return_roles",
	 "boolean",
	 false,
	 false,
	 "false",
	 "Whether the account also pays for return labels made with a label."},
	{"payment_roles",
	 "object",
	 false,
	 false,
	 NULL,
	 "All roles of the payment authorization, when others take part in it."},
	{"shipper", "object", false, false, NULL, "Address of the sender, when a shipment names none."},
	{"label_format",
	 "text",
	 false,
	 false,
	 "PDF",
	 "Labels: PDF, PNG, GIF, JPG, TIFF, SVG, ZPL203DPI, ZPL300DPI or EPL300DPI."},
	{"label_size",
	 "text",
	 false,
	 false,
	 "4X6LABEL",
	 "Size of labels: 4X6LABEL, 4X4LABEL, 4X5LABEL, 6X4LABEL or 2X7LABEL."},
	{"default_size",
	 "text",
	 false,
	 false,
	 "10x8x4",
	 "Length, width and height in inches of a package that names none, the longest first."},
	{"price_type", "text", false, false, "COMMERCIAL", "Prices: RETAIL, COMMERCIAL or CONTRACT."},
	{"non_delivery",
	 "text",
	 false,
	 false,
	 "RETURN",
	 "What happens abroad to a parcel that cannot be delivered: RETURN or ABANDON."},
	{"aes_exemption",
	 "text",
	 false,
	 false,
	 "NO EEI 30.37(a)",
	 "Why an export needs no filing, when a shipment has no filing number."},
	{"ignore_bad_address",
	 "boolean",
	 false,
	 false,
	 "false",
	 "Make labels also for streets USPS does not know."},
	{"tracking_version",
	 "text",
	 false,
	 false,
	 "v3",
	 "Tracking API of the application: v3, or v3r2 for one that was moved."},
	{"package_location",
	 "text",
	 false,
	 false,
	 "FRONT_DOOR",
	 "Where a carrier finds the parcels, such as FRONT_DOOR, MAIL_ROOM or OTHER."},
	{"pickup_email", "text", false, false, NULL, "Where USPS writes to about pickups."},
	{"entry_zip",
	 "text",
	 false,
	 false,
	 NULL,
	 "ZIP code where parcels are handed in, when not the sender's."},
	{"client_id", "text", true, true, NULL, "Consumer key of the application at USPS."},
	{"client_secret", "text", true, true, NULL, "Consumer secret of the application at USPS."},
	{"webhook_secret",
	 "text",
	 false,
	 true,
	 NULL,
	 "Secret of 32 characters that the tracking subscription was made with."},
	{NULL},
};

/* Who pays, in one of the roles that USPS knows. */
static void
write_role(FfJsonWriter *writer, const FfJson *config, const char *role)
{
	const char *type = ff_json_text_or(config, "account_type", "EPS");
	const char *mid = ff_json_text_or(config, "mid", NULL);
	bool permit = strcmp(type, "PERMIT") == 0 || strcmp(type, "OMAS") == 0;

	ff_write_object(writer, NULL);
	ff_write_text(writer, "roleName", role);
	ff_write_text(writer, "CRID", ff_json_text_or(config, "crid", NULL));
	ff_write_text(writer, "MID", mid);
	ff_write_text(writer, "manifestMID", ff_json_text_or(config, "manifest_mid", mid));
	ff_write_text(writer, "accountType", type);
	if (permit)
	{
		ff_write_text(writer, "permitNumber", ff_json_text_or(config, "permit_number", NULL));
		ff_write_text(writer, "permitZIP", ff_json_text_or(config, "permit_zip", NULL));
	}
	else
		ff_write_text(writer, "accountNumber", ff_json_text_or(config, "account_number", NULL));
	ff_write_end(writer);
}

static const struct
{
	const char *name;
	const char *setting; /* NULL: always */
} roles[] = {
	{"PAYER", NULL},
	{"LABEL_OWNER", NULL},
	{"RATE_HOLDER", "rate_holder"},
	{"RETURN_LABEL_OWNER", "return_roles"},
	{"RETURN_LABEL_PAYER", "return_roles"},
	{"RETURN_LABEL_RATE_HOLDER", "return_roles"},
};

static void
request_payment(const FfJson *config, FfMessage *message)
{
	const FfJson *all = ff_json_get(config, "payment_roles");
	FfJsonWriter writer;

	ff_message_begin(message, "POST", ff_json_text_or(config, "base_url", USPS_HOST), PAYMENT_PATH);
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	if (ff_json_is_array(all))
		ff_write_json(&writer, "roles", all);
	else
	{
		ff_write_array(&writer, "roles");
		for (int i = 0; i < (int) lengthof(roles); i++)
			if (roles[i].setting == NULL || ff_json_bool(config, roles[i].setting, false))
				write_role(&writer, config, roles[i].name);
		ff_write_end(&writer);
	}
	ff_message_json(message, &writer);
}

static const FfGrant payment = {.request = request_payment,
								.member = "paymentAuthorizationToken",
								.header = "X-Payment-Authorization-Token",
								.lifetime_s = PAYMENT_LIFE_S};

#define USPS_AUTH                                                                    \
	.kind = FF_AUTH_OAUTH2_CLIENT, .user = "client_id", .password = "client_secret", \
	.token_url = "token_url", .token_default = "/oauth2/v3/token", .scope = "scope"

static const FfAuth paying_auth = {USPS_AUTH, .grant = &payment};

void
ff_usps_begin(const FfCall *call, FfMessage *message, const char *method, const char *path)
{
	ff_message_begin(message, method, ff_carrier_setting(call, "base_url"), path);
}

void
ff_usps_about(FfMessage *message, const char *number)
{
	ff_message_path(message, "/");
	ff_message_segment(message, number);
}

void
ff_usps_accept_json(FfMessage *message)
{
	ff_message_header(message, "Accept", "application/vnd.usps.labels+json");
}

void
ff_usps_pay(FfMessage *message)
{
	message->auth = &paying_auth;
}

/* What the permission wants to know. */
static const struct
{
	const char *setting;
	const char *of; /* kinds of account; NULL for all */
	const char *hint;
} account_settings[] = {
	{"crid", NULL, "Set crid to the customer registration id that pays."},
	{"mid", NULL, "Set mid to the mailer id labels are made with."},
	{"account_number", "EPS METER", "Set account_number to the account that pays."},
	{"permit_number", "PERMIT OMAS", "Set permit_number to the permit that pays."},
	{"permit_zip", "PERMIT OMAS", "Set permit_zip to the ZIP code of the permit."},
};

static bool
has_account(const FfCall *call)
{
	return ff_carrier_setting(call, "crid") != NULL ||
		   ff_json_is_array(ff_json_get(call->config, "payment_roles"));
}

static void
need_account(const FfCall *call)
{
	const char *type = ff_json_text_or(call->config, "account_type", "EPS");

	if (ff_json_is_array(ff_json_get(call->config, "payment_roles")))
		return;
	for (int i = 0; i < (int) lengthof(account_settings); i++)
		if (account_settings[i].of == NULL || ff_carrier_among(type, account_settings[i].of))
			(void) ff_carrier_need_setting(
				call, account_settings[i].setting, account_settings[i].hint);
}

/*
 * With an account the permission to charge it is asked for, which tells most;
 * without one any answer but a refused login is good news.
 */
static void
test_request(const FfCall *call, FfMessage *message)
{
	if (has_account(call))
	{
		need_account(call);
		request_payment(call->config, message);
		return;
	}
	ff_usps_begin(call, message, "GET", "/addresses/v3/city-state");
	ff_message_query(message, "ZIPCode", PROBE_ZIP);
}

static void
test_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *json;

	if (!ff_usps_reply(call, reply, FF_REPEAT_SAFE, outcome, &json) && json != NULL &&
		!has_account(call) && outcome->result == FF_RESULT_REFUSED)
		ff_outcome_ok(outcome);
}

const FfConnector ff_connector_usps = {
	.name = "usps",
	.title = "USPS",
	.roles = "carrier",
	.credentials =
		"Make an application in the portal of developers.usps.com, which shows consumer "
		"key and secret; crid and mid stand in the Business Customer Gateway. Labels need an "
		"Enterprise Payment Account whose owner has let the application charge it. An "
		"application may make about 60 calls an hour until USPS is asked for more; set "
		"rate_per_second of the connection then.",
	.auth = {USPS_AUTH},
	.settings = settings,
	.rate_per_second = USPS_CALLS_PER_HOUR / 3600.0,
	.burst = USPS_BURST,
	.timeout_ms = USPS_TIMEOUT_MS,
	.find_is_authoritative = true,
	.find_grace_s = 120,
	.operations =
		{
			[FF_OP_QUOTE_RATES] = {ff_usps_rate_request, ff_usps_rate_outcome, FF_REPEAT_SAFE},
			[FF_OP_CREATE_SHIPMENT] = {ff_usps_label_request,
									   ff_usps_label_outcome,
									   FF_REPEAT_WITH_KEY},
			[FF_OP_ANNOUNCE_RETURN] = {ff_usps_label_request,
									   ff_usps_label_outcome,
									   FF_REPEAT_WITH_KEY},
			[FF_OP_FIND_SHIPMENT] = {ff_usps_find_request, ff_usps_find_outcome, FF_REPEAT_SAFE},
			[FF_OP_GET_SHIPMENT] = {ff_usps_track_request, ff_usps_track_outcome, FF_REPEAT_SAFE},
			[FF_OP_CANCEL_SHIPMENT] = {ff_usps_cancel_request,
									   ff_usps_cancel_outcome,
									   FF_REPEAT_SAFE},
			[FF_OP_VALIDATE_ADDRESS] = {ff_usps_validate_request,
										ff_usps_validate_outcome,
										FF_REPEAT_SAFE},
			[FF_OP_SCHEDULE_PICKUP] = {ff_usps_pickup_request,
									   ff_usps_pickup_outcome,
									   FF_REPEAT_NEVER},
			[FF_OP_CLOSE_MANIFEST] = {ff_usps_scan_form_request,
									  ff_usps_scan_form_outcome,
									  FF_REPEAT_NEVER},
			[FF_OP_TEST_CONNECTION] = {test_request, test_outcome, FF_REPEAT_SAFE},
		},
	.receive = {.verify = {FF_VERIFY_ENVELOPE_BASE64, "X-HMAC", "webhook_secret"},
				.translate = ff_usps_event_outcome},
};
