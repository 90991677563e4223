/*
 * ebay_return.c
 *
 * Money back for goods that came back.  eBay holds the money, so a refund is
 * asked for there, and is paid later.  It takes neither a key nor a number of
 * ours: a refund of the same amount that is younger than the return is ours,
 * from a call whose answer was lost.  Sellers of the EU and the UK sign the
 * request; without a key nobody does.
 */
#include "postgres.h"

#include "connectors/carrier.h"
#include "connectors/decimal.h"
#include "connectors/ebay.h"

#define COMMENT_CHARS 100

/* How far two clocks, and times that are told in whole seconds, may lie apart. */
#define CLOCKS_DIFFER (2 * USECS_PER_MINUTE)

static const FfJson *
return_of(const FfCall *call)
{
	return ff_json_get(call->document, "return");
}

/* Nothing is to be paid, or somebody else has paid. */
static bool
pays_nothing(const FfCall *call)
{
	return ff_decimal_compare(ff_json_number(return_of(call), "amount"), NULL) <= 0 ||
		   !ff_json_bool(return_of(call), "refund", true);
}

static bool
sends(const FfCall *call)
{
	return ff_json_bool(call->state, "send", false);
}

static void
write_money(FfJsonWriter *writer, const char *key, const char *amount, const char *currency)
{
	ff_write_object(writer, key);
	ff_write_text(writer, "value", ff_decimal_money(amount));
	ff_write_text(writer, "currency", currency);
	ff_write_end(writer);
}

/* Whether every line says what is paid for it, and all of them make up the amount. */
static bool
lines_add_up(const FfJson *document)
{
	const FfJson *lines = ff_json_get(document, "lines");
	char *sum = pstrdup("0");

	for (int i = 0; i < ff_json_count(lines); i++)
	{
		const FfJson *line = ff_json_at(lines, i);
		char *amount = ff_json_number(line, "amount");

		if (amount == NULL || ff_json_text_or(line, "channel_line_id", NULL) == NULL)
			return false;
		sum = ff_decimal_add(sum, amount);
	}
	return ff_json_count(lines) > 0 &&
		   ff_decimal_compare(sum, ff_json_number(document, "amount")) == 0;
}

static void
write_refund(FfJsonWriter *writer, const FfCall *call)
{
	const FfJson *document = return_of(call);
	const FfJson *lines = ff_json_get(document, "lines");
	const char *currency =
		ff_connector_need(EBAY_NAME, call, "return.currency", "Give the currency of the amount.");

	ff_write_text(writer, "reasonForRefund", "BUYER_RETURN");
	ff_write_text_max(
		writer,
		"comment",
		ff_connector_need(EBAY_NAME, call, "return.number", "Give the number of the return."),
		COMMENT_CHARS);
	if (!lines_add_up(document))
	{
		write_money(writer, "orderLevelRefundAmount", ff_json_number(document, "amount"), currency);
		return;
	}
	ff_write_array(writer, "refundItems");
	for (int i = 0; i < ff_json_count(lines); i++)
	{
		const FfJson *line = ff_json_at(lines, i);

		if (ff_decimal_compare(ff_json_number(line, "amount"), NULL) <= 0)
			continue;
		ff_write_object(writer, NULL);
		ff_write_text(writer, "lineItemId", ff_json_text(line, "channel_line_id"));
		write_money(writer, "refundAmount", ff_json_number(line, "amount"), currency);
		ff_write_end(writer);
	}
	ff_write_end(writer);
}

void
ff_ebay_return_request(const FfCall *call, FfMessage *message)
{
	FfJsonWriter writer;

	if (!sends(call))
	{
		ff_ebay_begin_order(call, message, "GET", "");
		return;
	}
	ff_ebay_begin_order(call, message, "POST", "/issue_refund");
	ff_ebay_authorize_money(message);
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	write_refund(&writer, call);
	ff_message_json(message, &writer);
}

static void
write_return(const FfCall *call, const char *id, const char *amount, FfOutcome *outcome)
{
	ff_write_object(&outcome->body, "return");
	ff_write_text(&outcome->body, "number", ff_json_text(return_of(call), "number"));
	ff_write_text(&outcome->body, "provider_reference", id);
	ff_write_text(&outcome->body, "amount", amount);
	ff_write_end(&outcome->body);
}

/* A refund of ours that an earlier call has made; NULL when there is none. */
static const FfJson *
earlier_refund(const FfCall *call, const FfJson *order)
{
	const FfJson *refunds = ff_json_get(order, "paymentSummary.refunds");
	char *wanted = ff_json_number(return_of(call), "amount");
	TimestampTz since;

	if (!ff_time_parse(ff_json_text(return_of(call), "created_at"), &since))
		return NULL;
	for (int i = 0; i < ff_json_count(refunds); i++)
	{
		const FfJson *refund = ff_json_at(refunds, i);
		char *amount = ff_json_number(refund, "amount.value");
		TimestampTz at;

		if (amount != NULL && ff_decimal_compare(amount, wanted) == 0 &&
			pg_strcasecmp(ff_json_text_or(refund, "refundStatus", ""), "FAILED") != 0 &&
			ff_time_parse(ff_json_text(refund, "refundDate"), &at) && at >= since - CLOCKS_DIFFER)
			return refund;
	}
	return NULL;
}

static void
read_order(const FfCall *call, const FfJson *order, FfOutcome *outcome)
{
	const FfJson *refund = earlier_refund(call, order);

	if (pays_nothing(call))
		return;
	if (refund == NULL)
		ff_outcome_continue(outcome, "{\"send\":true}");
	else
		write_return(call,
					 ff_json_text(refund, "refundId"),
					 ff_decimal_money(ff_json_number(refund, "amount.value")),
					 outcome);
}

static void
read_refund(const FfCall *call, const FfJson *refund, FfOutcome *outcome)
{
	const char *status = ff_json_text_or(refund, "refundStatus", "");
	const char *id = ff_json_text_or(refund, "refundId", NULL);

	if (pg_strcasecmp(status, "FAILED") == 0)
		ff_outcome_set(outcome, FF_RESULT_REFUSED, "FAILED", "eBay could not pay it back.", NULL);
	else if (id == NULL)
		ff_outcome_set(outcome, FF_RESULT_RETRY, "no_id", "The answer names no refund.", NULL);
	else
		write_return(
			call, id, ff_decimal_money(ff_json_number(return_of(call), "amount")), outcome);
}

/* Everything was paid back before: there is nothing more to do. */
#define ALREADY_REFUNDED "34917"

void
ff_ebay_return_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *json = ff_ebay_read(call, reply, outcome);

	if (json != NULL && sends(call))
		read_refund(call, json, outcome);
	else if (json != NULL && ff_json_text(json, "orderId") == NULL)
		ff_outcome_unreadable(outcome, FF_RESULT_RETRY, "eBay answered without the order.");
	else if (json != NULL)
		read_order(call, json, outcome);
	else if (outcome->code != NULL && strcmp(outcome->code, ALREADY_REFUNDED) == 0)
	{
		ff_outcome_ok(outcome);
		write_return(
			call, NULL, ff_decimal_money(ff_json_number(return_of(call), "amount")), outcome);
	}
	/* it may have been paid: begin again with the look */
	if (outcome->result == FF_RESULT_RETRY)
		outcome->next = "{}";
}
