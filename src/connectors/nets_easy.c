/*
 * nets_easy.c
 *
 * Nets Easy, now Nexi Checkout (payment API v1): charges of what has left,
 * refunds of charges, cancellation.
 *
 * Charges and refunds carry an idempotency key, so a repeat is answered like
 * the first call.  A cancellation has none and is looked up in the payment.
 * What remains of a reservation after a charge cannot be cancelled: the last
 * charge says that it is the last, or the rest lapses.
 */
#include "postgres.h"

#include "connectors/decimal.h"
#include "connectors/payment.h"

#define NAME         "nets_easy"
#define NOBODY       "00000000000000000000000000000000"
#define LONGEST_TEXT 128
#define NEXT_DAY_S   86400

static const FfSetting settings[] = {
	{"base_url",
	 "url",
	 false,
	 false,
	 "https://api.dibspayment.eu",
	 "Host of the API; https://test.api.dibspayment.eu for tests."},
	{"tax_rate",
	 "integer",
	 false,
	 false,
	 "0",
	 "VAT of the lines in hundredths of a percent, such as 2500; prices include it."},
	{"secret_key", "text", true, true, NULL, "Secret key, live-secret-key-… or test-secret-key-…."},
	{NULL}};

static void
begin(const FfCall *call, FfMessage *message, const char *method, const char *what, const char *id,
	  const char *rest)
{
	char *base = ff_json_text(call->config, "base_url");

	if (!ff_url_is_safe(base))
		ff_connector_fail(NAME, "config.base_url", "Give an address that begins with https://.");
	ff_message_begin(message, method, base, what);
	ff_message_segment(message, id);
	ff_message_path(message, rest);
	ff_message_header(message, "Accept", "application/json");
}

static void
begin_payment(const FfCall *call, FfMessage *message, const char *method, const char *rest)
{
	begin(call,
		  message,
		  method,
		  "/v1/payments/",
		  ff_payment_need(call, "order_reference", "Give the payment id of Nets."),
		  rest);
}

static bool
looks(const FfCall *call)
{
	return call->operation == FF_OP_FIND_PAYMENT || strcmp(ff_payment_step(call), "look") == 0;
}

static bool
was_captured(const FfCall *call)
{
	return ff_decimal_positive(ff_json_number(call->document, "payment.captured"));
}

/* A charge that was refused and is tried anew a day later is another one. */
static void
add_key(const FfCall *call, FfMessage *message)
{
	char *key = ff_payment_key(call);

	ff_message_header(message,
					  "Idempotency-Key",
					  strcmp(ff_payment_step(call), "again") == 0 ? psprintf("%s-again", key)
																  : key);
}

/* Texts of items may not hold markup or quotes. */
static char *
plain(const char *text)
{
	char *copy = ff_plain_text(text, LONGEST_TEXT);

	for (char *c = copy; *c != '\0'; c++)
		if (strchr("<>\\'\"&;", *c) != NULL)
			*c = ' ';
	return copy;
}

/* Gross is what we know; net and tax follow from the rate and add up to it. */
static void
write_item(FfJsonWriter *writer, const FfCall *call, const FfPaymentLine *line)
{
	int64 rate = ff_json_int64_or(call->config, "tax_rate", 0);
	const char *count = psprintf(INT64_FORMAT, line->quantity);
	char *net = ff_decimal_divide(
		ff_decimal_multiply(line->total, "10000"), psprintf(INT64_FORMAT, 10000 + Max(rate, 0)), 0);
	char *unit = ff_decimal_divide(net, count, 0);
	const char *name = line->name;

	if (ff_decimal_compare(ff_decimal_multiply(unit, count), net) != 0)
	{
		name = psprintf("%s x %s", count, name);
		count = "1";
		unit = net;
	}
	ff_write_object(writer, NULL);
	ff_write_text(writer, "reference", plain(*line->sku != '\0' ? line->sku : "ITEM"));
	ff_write_text(writer, "name", plain(*name != '\0' ? name : "Item"));
	ff_write_number(writer, "quantity", count);
	ff_write_text(writer, "unit", "pcs");
	ff_write_number(writer, "unitPrice", unit);
	ff_write_int(writer, "taxRate", Max(rate, 0));
	ff_write_number(writer, "taxAmount", ff_decimal_subtract(line->total, net));
	ff_write_number(writer, "grossTotalAmount", line->total);
	ff_write_number(writer, "netTotalAmount", net);
	ff_write_end(writer);
}

static void
write_items(FfJsonWriter *writer, const FfCall *call)
{
	int count;
	FfPaymentLine *lines = ff_payment_lines(call, &count);

	ff_write_array(writer, "orderItems");
	for (int i = 0; i < count; i++)
		write_item(writer, call, &lines[i]);
	ff_write_end(writer);
}

static void
look_request(const FfCall *call, FfMessage *message)
{
	begin_payment(call, message, "GET", "");
}

static void
capture_request(const FfCall *call, FfMessage *message)
{
	FfJsonWriter writer;

	if (looks(call))
	{
		look_request(call, message);
		return;
	}
	begin_payment(call, message, "POST", "/charges");
	add_key(call, message);
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_number(&writer, "amount", ff_payment_amount(call));
	ff_write_bool(&writer, "finalCharge", ff_json_bool(call->document, "payment.final", false));
	ff_write_text_max(&writer, "myReference", ff_payment_text(call, "reference"), 36);
	write_items(&writer, call);
	ff_message_json(message, &writer);
}

static void
refund_request(const FfCall *call, FfMessage *message)
{
	char *charge = ff_payment_text(call, "capture_id");
	FfJsonWriter writer;

	if (charge != NULL)
		begin(call, message, "POST", "/v1/charges/", charge, "/refunds");
	else
		begin_payment(call, message, "POST", "/refunds");
	add_key(call, message);
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_number(&writer, "amount", ff_payment_amount(call));
	ff_write_text_max(&writer, "myReference", ff_payment_text(call, "reference"), 36);
	write_items(&writer, call);
	ff_message_json(message, &writer);
}

static void
void_request(const FfCall *call, FfMessage *message)
{
	FfJsonWriter writer;

	if (looks(call) || was_captured(call))
	{
		look_request(call, message);
		return;
	}
	begin_payment(call, message, "POST", "/cancels");
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_number(&writer, "amount", ff_payment_amount(call));
	ff_message_json(message, &writer);
}

static void
test_request(const FfCall *call, FfMessage *message)
{
	begin(call, message, "GET", "/v1/payments/", NOBODY, "");
}

/* {"errors": {"path": ["message", …]}}: the first of them. */
static void
read_errors(FfOutcome *outcome, const FfJson *json)
{
	void *state = NULL;
	char *path;
	FfJson *messages;

	if (!ff_json_each(ff_json_get(json, "errors"), &state, &path, &messages))
		return;
	outcome->code = "validation";
	outcome->message =
		psprintf("%s: %s", path, ff_json_text_or(ff_json_at(messages, 0), "", "is not valid"));
}

static bool
read_reply(const FfCall *call, const FfReply *reply, FfRepeat repeat, FfOutcome *outcome)
{
	FfJson *json;

	if (ff_outcome_http(call, reply, repeat, outcome))
		return true;
	json = ff_outcome_json(reply, outcome);
	read_errors(outcome, json);
	if (ff_json_text(json, "code") != NULL)
		outcome->code = ff_json_text(json, "code");
	if (ff_json_text(json, "message") != NULL)
		outcome->message = ff_json_text(json, "message");
	if (reply->status == 409) /* the checkout is still changing */
		outcome->result = FF_RESULT_RETRY;
	if (outcome->result == FF_RESULT_UNAUTHORIZED)
		outcome->message = "Nets refuses the secret key.";
	return false;
}

static char *
amount_in(const FfJson *payment, const char *name)
{
	return ff_json_number(payment, psprintf("summary.%s", name));
}

/* The charge with our reference; or the only one, when all was charged at the checkout. */
static const char *
find_charge(const FfCall *call, const FfJson *payment)
{
	FfJson *charges = ff_json_get(payment, "charges");
	const char *reference = ff_json_text_or(call->document, "payment.reference", "");
	const char *reserved = amount_in(payment, "reservedAmount");

	for (int i = 0; i < ff_json_count(charges); i++)
		if (strcmp(ff_json_text_or(ff_json_at(charges, i), "myReference", ""), reference) == 0)
			return ff_json_text(ff_json_at(charges, i), "chargeId");
	if (!was_captured(call) && ff_json_count(charges) == 1 && ff_decimal_positive(reserved) &&
		ff_decimal_compare(amount_in(payment, "chargedAmount"), reserved) >= 0)
		return ff_json_text(ff_json_at(charges, 0), "chargeId");
	return NULL;
}

static const char *
find_refund(const FfCall *call, const FfJson *payment)
{
	FfJson *refunds = ff_json_get(payment, "refunds");
	const char *reference = ff_json_text_or(call->document, "payment.reference", "");

	for (int i = 0; i < ff_json_count(refunds); i++)
		if (strcmp(ff_json_text_or(ff_json_at(refunds, i), "myReference", ""), reference) == 0)
			return ff_json_text(ff_json_at(refunds, i), "refundId");
	return NULL;
}

static bool
is_kind(const FfCall *call, const char *kind)
{
	return strcmp(ff_json_text_or(call->document, "payment.kind", ""), kind) == 0;
}

static void
look_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *json;
	FfJson *payment;
	const char *id = NULL;
	bool found;

	if (!read_reply(call, reply, FF_REPEAT_SAFE, outcome))
		return;
	json = ff_outcome_json(reply, outcome);
	payment = ff_json_get(json, "payment");
	if (json == NULL)
		return;
	if (call->operation == FF_OP_VOID || is_kind(call, "void"))
		found = ff_decimal_positive(amount_in(payment, "cancelledAmount"));
	else
	{
		id = call->operation == FF_OP_REFUND || is_kind(call, "refund")
				 ? find_refund(call, payment)
				 : find_charge(call, payment);
		found = id != NULL;
	}
	if (found)
		ff_payment_write(outcome, call, id);
	else if (call->operation == FF_OP_FIND_PAYMENT)
		ff_outcome_set(outcome,
					   FF_RESULT_ABSENT,
					   "not_found",
					   "The payment shows no such step with our reference.",
					   NULL);
	else
		ff_outcome_set(outcome,
					   FF_RESULT_REFUSED,
					   ff_json_text_or(call->state, "code", "refused"),
					   ff_json_text_or(call->state, "message", "Nets refuses."),
					   NULL);
}

/* What the card's bank or the invoice's partner refused may be taken a day later, once. */
static bool
try_tomorrow(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	const char *source =
		ff_json_text_or(ff_json_parse(reply->body, reply->length, NULL), "source", "internal");

	if (strcmp(source, "internal") == 0 || strcmp(ff_payment_step(call), "again") == 0)
		return false;
	outcome->result = FF_RESULT_RETRY;
	outcome->retry_after_s = NEXT_DAY_S;
	outcome->next = "{\"step\": \"again\"}";
	return true;
}

static void
charge_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *json;

	if (looks(call))
		look_outcome(call, reply, outcome);
	else if (read_reply(call, reply, FF_REPEAT_WITH_KEY, outcome))
	{
		json = ff_outcome_json(reply, outcome);
		if (json != NULL)
			ff_payment_write(
				outcome,
				call,
				ff_json_text(json, call->operation == FF_OP_REFUND ? "refundId" : "chargeId"));
	}
	else if (reply->status == 402 && !try_tomorrow(call, reply, outcome) &&
			 call->operation == FF_OP_CAPTURE)
		ff_payment_look(outcome); /* done by us, or at the checkout, as direct payments are */
}

static void
void_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	if (was_captured(call) && !looks(call))
	{
		if (read_reply(call, reply, FF_REPEAT_SAFE, outcome))
		{
			ff_payment_write(outcome, call, NULL);
			ff_write_text(&outcome->body,
						  "warning",
						  "Nets keeps what remains of a charged reservation until it lapses.");
		}
	}
	else if (looks(call))
		look_outcome(call, reply, outcome);
	else if (read_reply(call, reply, FF_REPEAT_AFTER_FIND, outcome))
		ff_payment_write(outcome, call, NULL);
	else if (reply->status == 402 || reply->status == 405)
		ff_payment_look(outcome); /* done by us, or at the checkout, as direct payments are */
}

static void
test_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	/* that nobody has this payment is what a good key is told */
	if (!read_reply(call, reply, FF_REPEAT_SAFE, outcome) &&
		(reply->status == 404 || reply->status == 400))
		ff_outcome_ok(outcome);
}

const FfConnector ff_connector_nets_easy = {
	.name = NAME,
	.title = "Nets Easy (Nexi Checkout)",
	.roles = "payment",
	.credentials = "In the Nexi portal, under Company, Integration, copy the secret key (not the "
				   "checkout key).",
	.auth = {.kind = FF_AUTH_HEADER, .password = "secret_key", .header = "Authorization"},
	.settings = settings,
	.rate_per_second = 5,
	.max_concurrency = 4,
	.timeout_ms = 60000,
	.find_is_authoritative = true,
	.operations = {[FF_OP_CAPTURE] = {capture_request, charge_outcome, FF_REPEAT_WITH_KEY},
				   [FF_OP_REFUND] = {refund_request, charge_outcome, FF_REPEAT_WITH_KEY},
				   [FF_OP_VOID] = {void_request, void_outcome, FF_REPEAT_AFTER_FIND},
				   [FF_OP_FIND_PAYMENT] = {look_request, look_outcome, FF_REPEAT_SAFE},
				   [FF_OP_TEST_CONNECTION] = {test_request, test_outcome, FF_REPEAT_SAFE}},
};
