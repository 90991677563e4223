/*
 * ebay.c
 *
 * eBay by Sell Fulfillment v1 and Sell Inventory v1: the settings of a seller,
 * the head every message has and what errors mean.
 *
 * Orders are read in ebay_orders.c and fetched in ebay_fetch.c, shipments
 * confirmed in ebay_confirm.c, levels pushed in ebay_stock.c, cancellations
 * told in ebay_update.c, money paid back in ebay_return.c; notifications
 * stand in ebay_event.c.
 */
#include "postgres.h"

#include "connectors/carrier.h"
#include "connectors/ebay.h"

/* The seller's consent, and what of it the token is for. */
#define EBAY_SCOPE "https%3A%2F%2Fapi.ebay.com%2Foauth%2Fapi_scope%2F"
#define EBAY_FORM                                                                       \
	"grant_type=refresh_token&refresh_token={{secret:refresh_token}}&scope=" EBAY_SCOPE \
	"sell.fulfillment%20" EBAY_SCOPE "sell.inventory"
#define EBAY_MONEY_FORM EBAY_FORM "%20" EBAY_SCOPE "sell.finances"

/* How long to leave eBay alone when a day's calls are used up and it does not say until when. */
#define LIMIT_REACHED_S 300

static const FfSetting settings[] = {
	{"base_url",
	 "url",
	 false,
	 false,
	 EBAY_HOST,
	 "Host of the API; https://api.sandbox.ebay.com for tests."},
	{"token_url", "url", false, false, EBAY_TOKENS, "Where tokens come from."},
	{"marketplace_id", "text", false, false, NULL, "Marketplace, such as EBAY_DE."},
	{"content_language", "text", false, false, "en-US", "Language of the listings, such as de-DE."},
	{"statuses",
	 "text",
	 false,
	 false,
	 "NOT_STARTED,IN_PROGRESS",
	 "Fulfillment statuses of the orders to fetch: NOT_STARTED,IN_PROGRESS or "
	 "FULFILLED,IN_PROGRESS."},
	{"carriers",
	 "object",
	 false,
	 false,
	 "{}",
	 "Codes of eBay's carriers by our carriers, such as {\"postnord\": \"Posten\"}, beside the known "
	 "ones."},
	{"client_id", "text", true, true, NULL, "App ID of the application (its client id)."},
	{"client_secret", "text", true, true, NULL, "Cert ID of the application (its client secret)."},
	{"refresh_token", "text", true, true, NULL, "Refresh token of the seller, v^1.1#…."},
	{"signing_key",
	 "text",
	 false,
	 true,
	 NULL,
	 "Private key (Ed25519) that signs refunds, which sellers of the EU and the UK need."},
	{"signing_jwe", "text", false, true, NULL, "Public half of that key, as eBay made it (jwe)."},
	{"notification_key",
	 "text",
	 false,
	 true,
	 NULL,
	 "Public keys of eBay's notifications, from getPublicKey; several in a list."},
	{NULL}};

void
ff_ebay_begin(const FfCall *call, FfMessage *message, const char *method, const char *path)
{
	ff_message_init(message);
	ff_message_begin(message, method, ff_carrier_setting(call, "base_url"), path);
	ff_message_header(message, "Accept", "application/json");
	if (ff_carrier_setting(call, "marketplace_id") != NULL)
		ff_message_header(
			message, "X-EBAY-C-MARKETPLACE-ID", ff_carrier_setting(call, "marketplace_id"));
}

void
ff_ebay_begin_order(const FfCall *call, FfMessage *message, const char *method, const char *rest)
{
	const char *id = ff_json_text_or(
		call->document, "order.channel_order_id", ff_json_text(call->document, "order.number"));

	if (id == NULL || *id == '\0')
		ff_connector_fail(EBAY_NAME, "order.channel_order_id", "Give eBay's id of the order.");
	ff_ebay_begin(call, message, method, EBAY_ORDERS "/");
	ff_message_segment(message, id);
	ff_message_path(message, rest);
}

#define EBAY_AUTH                                                                    \
	.kind = FF_AUTH_OAUTH2_CLIENT, .user = "client_id", .password = "client_secret", \
	.token_url = "token_url", .token_default = EBAY_TOKENS, .basic_token = true

static const FfAuth old_auth = {EBAY_AUTH, .form = EBAY_FORM, .word = "IAF"};

static const FfSigning signing = {"signing_key", "signing_jwe", "x-ebay-signature-key"};
static const FfAuth money_auth = {
	EBAY_AUTH, .form = EBAY_MONEY_FORM, .signing = &signing, .apart = true};

void
ff_ebay_authorize_old(FfMessage *message)
{
	message->auth = &old_auth;
}

void
ff_ebay_authorize_money(FfMessage *message)
{
	message->auth = &money_auth;
}

char *
ff_ebay_time(TimestampTz time)
{
	return ff_time_format(time, "%Y-%m-%dT%H:%M:%S.000Z");
}

/* Errors that tell which field is wrong. */
static const struct
{
	const char *code;
	const char *field;
} fields[] = {
	{"32100", "order.channel_order_id"},
	{"32200", "shipment.lines"},
	{"32210", "shipment.lines"},
	{"32300", "shipment.packages.0.tracking_number"},
	{"32500", "shipment.shipped_at"},
	{"34100", "shipment.packages"},
	{"25709", "inventory"},
	{"25710", "inventory"},
	{"25759", "inventory"},
	{"34915", "return.amount"},
	{"34918", "return.amount"},
	{"34924", "return.amount"},
};

/* Codes that say more than category and status do. */
static const struct
{
	const char *code;
	FfResult result;
} codes[] = {
	{"1001", FF_RESULT_UNAUTHORIZED},
	{"1002", FF_RESULT_UNAUTHORIZED},
	{"2001", FF_RESULT_RETRY},
	{"25001", FF_RESULT_RETRY},
	{"30500", FF_RESULT_RETRY},
	{"34900", FF_RESULT_RETRY},
	{"34922", FF_RESULT_RETRY}, /* the refund before is under way */
	{"34929", FF_RESULT_RETRY}, /* the payment is */
};

void
ff_ebay_error(const FfJson *error, FfResult result, FfOutcome *outcome)
{
	const char *code = ff_json_text_or(error, "errorId", NULL);
	const char *category = ff_json_text_or(error, "category", "");
	const char *field = NULL;

	if (result == FF_RESULT_REFUSED &&
		(pg_strcasecmp(category, "APPLICATION") == 0 || pg_strcasecmp(category, "SYSTEM") == 0))
		result = FF_RESULT_RETRY;
	for (int i = 0; code != NULL && i < (int) lengthof(codes); i++)
		if (strcmp(codes[i].code, code) == 0)
			result = codes[i].result;
	for (int i = 0; code != NULL && i < (int) lengthof(fields); i++)
		if (strcmp(fields[i].code, code) == 0)
			field = fields[i].field;
	ff_outcome_set(outcome,
				   result,
				   code,
				   ff_json_text_or(error, "longMessage", ff_json_text_or(error, "message", NULL)),
				   result == FF_RESULT_REFUSED ? field : NULL);
}

/* The older API has another place for errors. */
static const FfJson *
first_error(const FfJson *json)
{
	static const char *const places[] = {"errors", "error", "errorMessage.error"};
	const FfJson *error = NULL;

	for (int i = 0; i < (int) lengthof(places) && ff_json_is_null(error); i++)
		error = ff_json_at(ff_json_get(json, places[i]), 0);
	return error;
}

FfJson *
ff_ebay_read(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *json = ff_json_parse(reply->body, reply->length, NULL);
	const FfJson *error = first_error(json);
	bool success = ff_outcome_http(call, reply, FF_REPEAT_SAFE, outcome);

	if (success && json == NULL && reply->length == 0)
		return ff_json_parse("{}", 2, NULL);
	if (success && json == NULL)
		json = ff_outcome_json(reply, outcome);
	if (success && json == NULL)
		outcome->result = FF_RESULT_RETRY;
	if (!success && !ff_json_is_null(error))
		ff_ebay_error(error, outcome->result, outcome);
	if (reply->status == 429 && outcome->retry_after_s < 0)
		outcome->retry_after_s = LIMIT_REACHED_S;
	return success ? json : NULL;
}

static void
test_request(const FfCall *call, FfMessage *message)
{
	ff_ebay_begin(call, message, "GET", EBAY_ORDERS);
	ff_message_query(message, "limit", "1");
}

static void
test_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	if (ff_ebay_read(call, reply, outcome) != NULL)
		return;
	if (outcome->result == FF_RESULT_UNAUTHORIZED)
		outcome->message = "eBay refuses the token: the seller has to give consent again.";
	else if (reply->status == 403)
		outcome->message = "The token lacks the scope sell.fulfillment: the seller has to give "
						   "consent with it.";
}

static const char *
event_id(const FfReply *webhook, const FfJson *body)
{
	return ff_json_text(body, "notification.notificationId");
}

const FfConnector ff_connector_ebay = {
	.name = EBAY_NAME,
	.title = "eBay",
	.roles = "channel",
	.credentials =
		"Register at eBay's developers program, make a keyset for production, and let the seller "
		"give consent to it with the scopes sell.fulfillment, sell.inventory and, to pay back, "
		"sell.finances: its App ID, Cert ID and the refresh token of that consent are the "
		"credentials. The refresh token lives for 18 months. Notifications are subscribed to at "
		"eBay; whoever serves their address answers the challenge, hex(sha256(challenge_code + "
		"verification token + address)), and hands the others to receive_webhook.",
	.auth = {EBAY_AUTH, .form = EBAY_FORM},
	.settings = settings,
	.rate_per_second = 5,
	.max_concurrency = 4,
	.operations =
		{
			[FF_OP_FETCH_ORDERS] = {ff_ebay_fetch_request, ff_ebay_fetch_outcome, FF_REPEAT_SAFE},
			[FF_OP_CONFIRM_SHIPMENT] = {ff_ebay_confirm_request,
										ff_ebay_confirm_outcome,
										FF_REPEAT_SAFE},
			[FF_OP_PUSH_INVENTORY] = {ff_ebay_stock_request, ff_ebay_stock_outcome, FF_REPEAT_SAFE},
			[FF_OP_UPDATE_ORDER] = {ff_ebay_update_request, ff_ebay_update_outcome, FF_REPEAT_SAFE},
			[FF_OP_PUSH_RETURN] = {ff_ebay_return_request, ff_ebay_return_outcome, FF_REPEAT_SAFE},
			[FF_OP_TEST_CONNECTION] = {test_request, test_outcome, FF_REPEAT_SAFE},
		},
	.receive = {.verify = {FF_VERIFY_ECDSA, "X-EBAY-SIGNATURE", "notification_key"},
				.event_id = event_id,
				.translate = ff_ebay_receive},
};
