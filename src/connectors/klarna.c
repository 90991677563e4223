/*
 * klarna.c
 *
 * Klarna's order management (v1; Kustom's is the same): captures of what has
 * left with its parcels, refunds, the release of what will not be captured.
 *
 * Every write carries an idempotency key made from our reference, so a repeat
 * within a day is answered like the first call; whatever is older, or answered
 * "not allowed", is looked up in the order by that reference.
 */
#include "postgres.h"

#include "connectors/decimal.h"
#include "connectors/payment.h"

#define NAME   "klarna"
#define ORDERS "/ordermanagement/v1/orders/"
#define NOBODY "00000000-0000-0000-0000-000000000000"

static const FfSetting settings[] = {
	{"base_url",
	 "url",
	 false,
	 false,
	 "https://api.klarna.com",
	 "Host of the API; api-na.klarna.com and api-oc.klarna.com for the other regions, "
	 "api.playground.klarna.com for tests, api.kustom.co for checkout orders."},
	{"shipping_method",
	 "text",
	 false,
	 false,
	 "Undefined",
	 "How parcels are told to arrive: Home, PickUpPoint, BoxReg, BoxUnreg, PickUpStore, Own, Postal, "
	 "PalletDelivery or Undefined."},
	{"user", "text", true, true, NULL, "Credential id, a UUID or K…_…."},
	{"password", "text", true, true, NULL, "API key that belongs to it, klarna_live_api_…."},
	{NULL}};

static void
begin(const FfCall *call, FfMessage *message, const char *method, const char *order,
	  const char *rest)
{
	char *base = ff_json_text(call->config, "base_url");

	if (!ff_url_is_safe(base))
		ff_connector_fail(NAME, "config.base_url", "Give an address that begins with https://.");
	ff_message_begin(message, method, base, ORDERS);
	ff_message_segment(message, order);
	ff_message_path(message, rest);
	ff_message_header(message, "Accept", "application/json");
}

static void
begin_step(const FfCall *call, FfMessage *message, const char *method, const char *rest)
{
	begin(call,
		  message,
		  method,
		  ff_payment_need(call, "order_reference", "Give Klarna's id of the order."),
		  rest);
}

static bool
looks(const FfCall *call)
{
	return call->operation == FF_OP_FIND_PAYMENT || strcmp(ff_payment_step(call), "look") == 0;
}

/* What was refused for its parcels is sent once more without them, which is another request. */
static bool
is_bare(const FfCall *call)
{
	return strcmp(ff_payment_step(call), "bare") == 0;
}

static void
add_key(const FfCall *call, FfMessage *message)
{
	char *key = ff_payment_key(call);

	ff_message_header(message,
					  "Klarna-Idempotency-Key",
					  ff_payment_uuid(is_bare(call) ? psprintf("%s-bare", key) : key));
}

static void
write_lines(FfJsonWriter *writer, const FfCall *call)
{
	int count;
	FfPaymentLine *lines = ff_payment_lines(call, &count);

	ff_write_array(writer, "order_lines");
	for (int i = 0; i < Min(count, 1000); i++)
	{
		bool goods = i < count - 1 || strcmp(lines[i].sku, "FREIGHT") != 0;

		if (strcmp(lines[i].sku, "DISCOUNT") == 0)
			goods = false;
		ff_write_object(writer, NULL);
		ff_write_text(writer,
					  "type",
					  goods ? "physical"
							: (ff_decimal_positive(lines[i].total) ? "shipping_fee" : "discount"));
		ff_write_text_max(writer, "reference", lines[i].sku, 255);
		ff_write_text_max(writer, "name", lines[i].name, 255);
		ff_write_int(writer, "quantity", lines[i].quantity);
		ff_write_number(writer, "unit_price", lines[i].unit);
		ff_write_number(writer, "total_amount", lines[i].total);
		ff_write_end(writer);
	}
	ff_write_end(writer);
}

/* Only parcels with a number; names of carriers are Klarna's where we know them. */
static void
write_parcels(FfJsonWriter *writer, const FfCall *call)
{
	FfJson *packages = ff_json_get(call->document, "shipment.packages");

	if (ff_json_count(packages) == 0 || is_bare(call))
		return;
	ff_write_array(writer, "shipping_info");
	for (int i = 0; i < Min(ff_json_count(packages), 500); i++)
	{
		FfJson *package = ff_json_at(packages, i);

		ff_write_object(writer, NULL);
		ff_write_text_max(writer, "shipping_company", ff_json_text(package, "carrier"), 100);
		ff_write_text(writer, "shipping_method", ff_json_text(call->config, "shipping_method"));
		ff_write_text_max(writer, "tracking_number", ff_json_text(package, "tracking_number"), 100);
		ff_write_text_max(writer, "tracking_uri", ff_json_text(package, "tracking_url"), 1024);
		ff_write_end(writer);
	}
	ff_write_end(writer);
}

static void
look_request(const FfCall *call, FfMessage *message)
{
	begin_step(call, message, "GET", "");
}

/* A capture or a refund: the amount under its own name, what it is for, and the parcels, if any. */
static void
move_money(const FfCall *call, FfMessage *message, const char *path, const char *amount,
		   bool with_parcels)
{
	FfJsonWriter writer;

	if (looks(call))
	{
		look_request(call, message);
		return;
	}
	begin_step(call, message, "POST", path);
	add_key(call, message);
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_number(&writer, amount, ff_payment_amount(call));
	ff_write_text_max(&writer, "reference", ff_payment_text(call, "reference"), 255);
	ff_write_text_max(&writer,
					  "description",
					  psprintf("Order %s", ff_json_text_or(call->document, "order.number", "")),
					  255);
	write_lines(&writer, call);
	if (with_parcels)
		write_parcels(&writer, call);
	ff_message_json(message, &writer);
}

static void
capture_request(const FfCall *call, FfMessage *message)
{
	move_money(call, message, "/captures", "captured_amount", true);
}

static void
refund_request(const FfCall *call, FfMessage *message)
{
	move_money(call, message, "/refunds", "refunded_amount", false);
}

/* An order of which something was captured cannot be cancelled, only its rest released. */
static void
void_request(const FfCall *call, FfMessage *message)
{
	bool captured = ff_decimal_positive(ff_json_number(call->document, "payment.captured"));

	if (looks(call))
	{
		look_request(call, message);
		return;
	}
	begin_step(call, message, "POST", captured ? "/release-remaining-authorization" : "/cancel");
	add_key(call, message);
}

static void
test_request(const FfCall *call, FfMessage *message)
{
	begin(call, message, "GET", NOBODY, "");
}

/* Klarna's own words of an error; true for 2xx. */
static bool
read_reply(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	static const char *const resets[] = {
		"RateLimit-Reset", "X-RateLimit-Reset", "X-Rate-Limit-Reset"};
	FfRepeat repeat = looks(call) || call->operation == FF_OP_TEST_CONNECTION
						  ? FF_REPEAT_SAFE
						  : FF_REPEAT_AFTER_FIND;
	FfJson *json;
	char *code;

	if (ff_outcome_http(call, reply, repeat, outcome))
		return true;
	json = ff_outcome_json(reply, outcome);
	code = ff_json_text(json, "error_code");
	if (code != NULL)
		outcome->code = code;
	if (ff_json_text(json, "error_messages.0") != NULL)
		outcome->message = ff_json_text(json, "error_messages.0");
	if (reply->status == 409)
		outcome->result = FF_RESULT_RETRY;
	for (int i = 0; i < (int) lengthof(resets) && reply->status == 429; i++)
	{
		const char *seconds = ff_reply_header(reply, resets[i]);

		if (seconds != NULL && outcome->retry_after_s < 0)
			outcome->retry_after_s = atoi(seconds);
	}
	if (outcome->result == FF_RESULT_UNAUTHORIZED)
		outcome->message = "Klarna refuses the credential id or its API key.";
	return false;
}

/* Where the list of an order keeps what we look for, by the kind of step. */
static const FfJson *
find_entry(const FfCall *call, const FfJson *order, const char **id)
{
	bool refund =
		strcmp(ff_payment_text(call, "kind") ? ff_payment_text(call, "kind") : "", "refund") == 0 ||
		call->operation == FF_OP_REFUND;
	FfJson *list = ff_json_get(order, refund ? "refunds" : "captures");
	const char *reference = ff_json_text_or(call->document, "payment.reference", "");

	*id = NULL;
	for (int i = 0; i < ff_json_count(list); i++)
	{
		const FfJson *entry = ff_json_at(list, i);

		if (strcmp(ff_json_text_or(entry, "reference", ""), reference) != 0)
			continue;
		*id = ff_json_text(entry, refund ? "refund_id" : "capture_id");
		return entry;
	}
	return NULL;
}

static bool
is_void(const FfCall *call)
{
	return call->operation == FF_OP_VOID ||
		   strcmp(ff_json_text_or(call->document, "payment.kind", ""), "void") == 0;
}

static bool
is_let_go(const FfJson *order)
{
	const char *status = ff_json_text_or(order, "status", "");

	return strcmp(status, "CANCELLED") == 0 || strcmp(status, "EXPIRED") == 0 ||
		   ff_json_int64_or(order, "remaining_authorized_amount", -1) == 0;
}

/* Why Klarna will not do it, as the order tells. */
static char *
explain(const FfCall *call, const FfJson *order)
{
	return psprintf(
		"%s (the order is %s, fraud status %s, %s of it can still be captured)",
		ff_json_text_or(call->state, "message", "Klarna does not allow it"),
		ff_json_text_or(order, "status", "unknown"),
		ff_json_text_or(order, "fraud_status", "unknown"),
		ff_payment_major(call, ff_json_text_or(order, "remaining_authorized_amount", "0")));
}

static void
look_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *order;
	const char *id = NULL;

	if (!read_reply(call, reply, outcome))
		return;
	order = ff_outcome_json(reply, outcome);
	if (order == NULL)
		return;
	if (is_void(call) ? is_let_go(order) : find_entry(call, order, &id) != NULL)
		ff_payment_write(outcome, call, is_void(call) ? NULL : id);
	else if (call->operation == FF_OP_FIND_PAYMENT)
		ff_outcome_set(outcome,
					   FF_RESULT_ABSENT,
					   "not_found",
					   "The order has no such step with our reference.",
					   NULL);
	else
		ff_outcome_set(outcome,
					   FF_RESULT_REFUSED,
					   ff_json_text_or(call->state, "code", "NOT_ALLOWED"),
					   explain(call, order),
					   NULL);
}

static void
step_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	const char *id =
		ff_reply_header(reply, call->operation == FF_OP_REFUND ? "Refund-Id" : "Capture-Id");
	const char *place = ff_reply_header(reply, "Location");

	if (looks(call))
	{
		look_outcome(call, reply, outcome);
		return;
	}
	if (read_reply(call, reply, outcome))
	{
		if (id == NULL && place != NULL && strrchr(place, '/') != NULL)
			id = strrchr(place, '/') + 1;
		ff_payment_write(outcome, call, id);
	}
	else if (reply->status == 403)
		ff_payment_look(outcome); /* not allowed may mean that it is done: the order says */
	else if (reply->status == 422 && call->operation == FF_OP_CAPTURE && !is_bare(call) &&
			 ff_json_count(ff_json_get(call->document, "shipment.packages")) > 0)
		ff_outcome_continue(outcome, "{\"step\": \"bare\"}");
}

/* That nobody has this order is what a good credential is told. */
static void
test_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	if (!read_reply(call, reply, outcome) && (reply->status == 404 || reply->status == 403) &&
		outcome->code != NULL && strncmp(outcome->code, "http_", 5) != 0)
		ff_outcome_ok(outcome);
}

const FfConnector ff_connector_klarna = {
	.name = NAME,
	.title = "Klarna",
	.roles = "payment",
	.credentials =
		"In the merchant portal make an API credential; it shows the credential id and, once, the "
		"key. A credential belongs to one merchant id and one region.",
	.auth = {.kind = FF_AUTH_BASIC, .user = "user", .password = "password"},
	.settings = settings,
	.rate_per_second = 40,
	.max_concurrency = 8,
	.timeout_ms = 60000,
	.find_is_authoritative = true,
	.operations = {[FF_OP_CAPTURE] = {capture_request, step_outcome, FF_REPEAT_AFTER_FIND},
				   [FF_OP_REFUND] = {refund_request, step_outcome, FF_REPEAT_AFTER_FIND},
				   [FF_OP_VOID] = {void_request, step_outcome, FF_REPEAT_AFTER_FIND},
				   [FF_OP_FIND_PAYMENT] = {look_request, look_outcome, FF_REPEAT_SAFE},
				   [FF_OP_TEST_CONNECTION] = {test_request, test_outcome, FF_REPEAT_SAFE}},
};
