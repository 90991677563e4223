/*
 * shopify_return.c
 *
 * Returns.  With an amount they are refunds that name the return in their
 * note; without one the shop only hears that goods come back.  Both are
 * looked for before they are made.
 *
 * Which payments give the money back, and how much of it each, is what the
 * shop suggests for the goods; it never becomes more than the return's amount.
 */
#include "postgres.h"

#include "utils/formatting.h"

#include "connectors/carrier.h"
#include "connectors/decimal.h"
#include "connectors/shopify.h"

#define NOTE_LONGEST 255

static const char look_query[] =
	"query ReturnState($id:ID!){order(id:$id){id name "
	"refunds(first:100){id note totalRefundedSet{shopMoney{amount}}} "
	"returns(first:50){nodes{id name returnLineItems(first:20){nodes{returnReasonNote}}}} "
	"fulfillments(first:50){status fulfillmentLineItems(first:50){nodes{id quantity "
	"lineItem{id sku}}}} " SHOPIFY_FULFILLMENT_ORDERS "}}";
static const char suggest_query[] =
	"query Suggest($id:ID!,$li:[RefundLineItemInput!]){order(id:$id){"
	"suggestedRefund(refundLineItems:$li){amountSet{shopMoney{amount}} "
	"suggestedTransactions{amountSet{shopMoney{amount currencyCode}} gateway kind "
	"parentTransaction{id}}}}}";
static const char refund_query[] =
	"mutation Refund($input:RefundInput!,$key:String!){refundCreate(input:$input) "
	"@idempotent(key:$key){refund{id totalRefundedSet{shopMoney{amount currencyCode}}} "
	"userErrors{field message}}}";
static const char return_query[] =
	"mutation Ret($r:ReturnInput!){returnCreate(returnInput:$r){return{id name status} "
	"userErrors{code field message}}}";

static const struct
{
	const char *word;
	const char *reason;
} reasons[] = {
	{"color", "COLOR"},
	{"colour", "COLOR"},
	{"defect", "DEFECTIVE"},
	{"damage", "DEFECTIVE"},
	{"broken", "DEFECTIVE"},
	{"described", "NOT_AS_DESCRIBED"},
	{"too_large", "SIZE_TOO_LARGE"},
	{"too large", "SIZE_TOO_LARGE"},
	{"too_small", "SIZE_TOO_SMALL"},
	{"too small", "SIZE_TOO_SMALL"},
	{"style", "STYLE"},
	{"unwanted", "UNWANTED"},
	{"wrong", "WRONG_ITEM"},
};

static const FfJson *
return_of(const FfCall *call)
{
	return ff_json_get(call->document, "return");
}

static bool
refunds_money(const FfCall *call)
{
	return ff_decimal_compare(ff_json_number(return_of(call), "amount"), NULL) > 0;
}

static const char *
number_of(const FfCall *call)
{
	return ff_connector_need(SHOPIFY_NAME, call, "return.number", "Give the number of the return.");
}

static const char *
reason_of(const FfJson *line)
{
	const char *reason = ff_json_text_or(line, "reason", "");
	char *text = asc_tolower(reason, strlen(reason));

	for (int i = 0; i < (int) lengthof(reasons); i++)
		if (strstr(text, reasons[i].word) != NULL)
			return reasons[i].reason;
	return *text == '\0' ? "UNKNOWN" : "OTHER";
}

/* The line of the order that a line of the return means. */
static const char *
line_item_of(const FfJson *order, const FfJson *line)
{
	const FfJson *list = ff_json_get(order, "fulfillmentOrders");
	const char *id = ff_json_text_or(line, "channel_line_id", NULL);
	const char *sku = ff_json_text_or(line, "sku", NULL);
	const char *by_sku = NULL;

	for (int i = 0; i < ff_shopify_count(list); i++)
	{
		const FfJson *lines = ff_json_get(ff_shopify_at(list, i), "lineItems");

		for (int j = 0; j < ff_shopify_count(lines); j++)
		{
			const FfJson *known = ff_shopify_at(lines, j);
			const char *item = ff_json_text_or(known, "lineItem.id", NULL);

			if (id != NULL && (strcmp(ff_json_text_or(known, "id", ""),
									  ff_shopify_gid("FulfillmentOrderLineItem", id)) == 0 ||
							   strcmp(item ? item : "", ff_shopify_gid("LineItem", id)) == 0))
				return item;
			if (sku != NULL && by_sku == NULL &&
				strcmp(ff_json_text_or(known, "sku", ""), sku) == 0)
				by_sku = item;
		}
	}
	if (by_sku == NULL && id != NULL && strncmp(id, "gid://shopify/LineItem/", 23) == 0)
		return id;
	return by_sku;
}

static void
write_refund_lines(FfJsonWriter *writer, const char *key, const FfCall *call, const FfJson *order)
{
	const FfJson *lines = ff_json_get(return_of(call), "lines");
	const char *location = ff_carrier_setting(call, "location_id");
	bool restock = ff_json_bool(call->config, "refund_restock", false) && location != NULL;

	ff_write_array(writer, key);
	for (int i = 0; i < ff_json_count(lines); i++)
	{
		const char *item = line_item_of(order, ff_json_at(lines, i));

		if (item == NULL)
			continue;
		ff_write_object(writer, NULL);
		ff_write_text(writer, "lineItemId", item);
		ff_write_int(writer, "quantity", ff_json_int64_or(ff_json_at(lines, i), "quantity", 1));
		ff_write_text(writer, "restockType", restock ? "RETURN" : "NO_RESTOCK");
		if (restock)
			ff_write_text(writer, "locationId", ff_shopify_gid("Location", location));
		ff_write_end(writer);
	}
	ff_write_end(writer);
}

/* The fulfilled lines that come back: each return line takes what the fulfillments have of it. */
static int
write_returned_lines(FfJsonWriter *writer, const FfCall *call, const FfJson *order)
{
	const FfJson *lines = ff_json_get(return_of(call), "lines");
	const FfJson *list = ff_json_get(order, "fulfillments");
	int count = 0;

	ff_write_array(writer, "returnLineItems");
	for (int i = 0; i < ff_json_count(lines); i++)
	{
		const FfJson *line = ff_json_at(lines, i);
		const char *item = line_item_of(order, line);
		int64 left = ff_json_int64_or(line, "quantity", 1);

		for (int j = 0; item != NULL && j < ff_shopify_count(list); j++)
		{
			const FfJson *parts = ff_json_get(ff_shopify_at(list, j), "fulfillmentLineItems");

			for (int k = 0; k < ff_shopify_count(parts) && left > 0; k++)
			{
				const FfJson *part = ff_shopify_at(parts, k);
				int64 units = Min(left, ff_json_int64_or(part, "quantity", 0));

				if (units <= 0 || strcmp(ff_json_text_or(part, "lineItem.id", ""), item) != 0)
					continue;
				ff_write_object(writer, NULL);
				ff_write_text(writer, "fulfillmentLineItemId", ff_json_text(part, "id"));
				ff_write_int(writer, "quantity", units);
				ff_write_text(writer, "returnReason", reason_of(line));
				ff_write_text_max(writer, "returnReasonNote", number_of(call), NOTE_LONGEST);
				ff_write_end(writer);
				left -= units;
				count++;
			}
		}
	}
	ff_write_end(writer);
	return count;
}

/* The amount, shared among the payments the shop suggests, none more than it gave. */
static void
write_transactions(FfJsonWriter *writer, const FfCall *call)
{
	const FfJson *list = ff_json_get(call->state, "transactions");
	const char *left = ff_json_number(return_of(call), "amount");

	if (!ff_json_bool(call->config, "refund_money", true) || ff_json_count(list) == 0)
		return;
	ff_write_array(writer, "transactions");
	for (int i = 0; i < ff_json_count(list); i++)
	{
		const FfJson *payment = ff_json_at(list, i);
		const char *most = ff_json_number(payment, "amountSet.shopMoney.amount");
		const char *amount =
			most == NULL || i == ff_json_count(list) - 1 || ff_decimal_compare(left, most) < 0
				? left
				: most;

		if (ff_decimal_compare(amount, NULL) <= 0)
			continue;
		ff_write_object(writer, NULL);
		ff_write_text(writer, "orderId", ff_shopify_order_gid(call));
		ff_write_text(writer, "gateway", ff_json_text_or(payment, "gateway", "manual"));
		ff_write_text(writer, "kind", "REFUND");
		ff_write_text(writer, "amount", ff_decimal_money(amount));
		ff_write_text(writer, "parentId", ff_json_text_or(payment, "parentTransaction.id", NULL));
		ff_write_end(writer);
		left = ff_decimal_subtract(left, amount);
	}
	ff_write_end(writer);
}

static void
write_refund(FfJsonWriter *writer, const FfCall *call)
{
	ff_write_object(writer, "input");
	ff_write_text(writer, "orderId", ff_shopify_order_gid(call));
	ff_write_text(writer, "note", number_of(call));
	ff_write_bool(writer, "notify", ff_json_bool(call->config, "notify_customer", true));
	ff_write_json(writer, "refundLineItems", ff_json_get(call->state, "lines"));
	write_transactions(writer, call);
	ff_write_end(writer);
}

void
ff_shopify_return_request(const FfCall *call, FfMessage *message)
{
	FfJsonWriter writer;

	(void) number_of(call);
	if (ff_shopify_step_is(call, "piece"))
	{
		ff_shopify_piece_request(call, message, ff_json_get(call->state, "order"));
		return;
	}
	if (ff_shopify_step_is(call, "suggest"))
	{
		ff_shopify_begin(call, message, &writer, suggest_query);
		ff_write_text(&writer, "id", ff_shopify_order_gid(call));
		ff_write_json(&writer, "li", ff_json_get(call->state, "lines"));
	}
	else if (ff_shopify_step_is(call, "refund"))
	{
		ff_shopify_begin(call, message, &writer, refund_query);
		write_refund(&writer, call);
		ff_write_text(&writer, "key", ff_shopify_key(call, writer.text.data));
	}
	else if (ff_shopify_step_is(call, "return"))
	{
		ff_shopify_begin(call, message, &writer, return_query);
		ff_write_object(&writer, "r");
		ff_write_text(&writer, "orderId", ff_shopify_order_gid(call));
		ff_write_json(&writer, "returnLineItems", ff_json_get(call->state, "lines"));
		ff_write_bool(
			&writer, "notifyCustomer", ff_json_bool(call->config, "notify_customer", true));
		ff_write_end(&writer);
	}
	else
	{
		ff_shopify_begin(call, message, &writer, look_query);
		ff_write_text(&writer, "id", ff_shopify_order_gid(call));
	}
	ff_message_json(message, &writer);
}

static void
write_return(const FfCall *call, const char *id, const char *amount, FfOutcome *outcome)
{
	ff_write_object(&outcome->body, "return");
	ff_write_text(&outcome->body, "number", number_of(call));
	ff_write_text(&outcome->body, "provider_reference", id);
	ff_write_text(&outcome->body, "amount", amount != NULL ? ff_decimal_money(amount) : NULL);
	ff_write_end(&outcome->body);
}

static char *
refunded(const FfJson *refund)
{
	return ff_json_number(refund, "totalRefundedSet.shopMoney.amount");
}

/* Whether the shop knows this return already; then it is answered. */
static bool
is_known(const FfCall *call, const FfJson *order, FfOutcome *outcome)
{
	const FfJson *refunds = ff_json_get(order, "refunds");
	const FfJson *returns = ff_json_get(order, "returns");

	for (int i = 0; i < ff_shopify_count(refunds) && refunds_money(call); i++)
	{
		const FfJson *refund = ff_shopify_at(refunds, i);

		if (strcmp(ff_json_text_or(refund, "note", ""), number_of(call)) == 0)
		{
			write_return(call, ff_json_text(refund, "id"), refunded(refund), outcome);
			return true;
		}
	}
	for (int i = 0; i < ff_shopify_count(returns) && !refunds_money(call); i++)
	{
		const FfJson *known = ff_shopify_at(returns, i);
		const FfJson *lines = ff_json_get(known, "returnLineItems");

		for (int j = 0; j < ff_shopify_count(lines); j++)
			if (strcmp(ff_json_text_or(ff_shopify_at(lines, j), "returnReasonNote", ""),
					   number_of(call)) == 0)
			{
				write_return(call, ff_json_text(known, "id"), NULL, outcome);
				return true;
			}
	}
	return false;
}

static void
read_order(const FfCall *call, const FfJson *order, FfOutcome *outcome)
{
	FfJsonWriter next;
	int count = 1;

	if (!ff_json_is_object(order))
	{
		ff_outcome_set(outcome,
					   FF_RESULT_REFUSED,
					   "order_not_found",
					   "The shop has no such order.",
					   "order.channel_order_id");
		return;
	}
	if (is_known(call, order, outcome))
		return;
	ff_write_init(&next);
	ff_write_object(&next, NULL);
	if (ff_shopify_is_partial(order))
	{
		ff_write_text(&next, "step", "piece");
		ff_write_json(&next, "order", order);
	}
	else if (refunds_money(call))
	{
		ff_write_text(&next, "step", "suggest");
		write_refund_lines(&next, "lines", call, order);
	}
	else
	{
		FfJsonWriter lines;
		char *text;

		ff_write_init(&lines);
		ff_write_object(&lines, NULL);
		count = write_returned_lines(&lines, call, order);
		text = ff_write_finish(&lines);
		ff_write_text(&next, "step", "return");
		ff_write_json(&next,
					  "lines",
					  ff_json_get(ff_json_parse(text, strlen(text), NULL), "returnLineItems"));
	}
	if (count == 0)
		ff_outcome_set(outcome,
					   FF_RESULT_REFUSED,
					   "not_fulfilled",
					   "The shop's order has no such goods fulfilled.",
					   "return.lines");
	else
		ff_outcome_continue(outcome, ff_write_finish(&next));
}

static void
read_suggestion(const FfCall *call, const FfJson *suggestion, FfOutcome *outcome)
{
	FfJsonWriter next;

	ff_write_init(&next);
	ff_write_object(&next, NULL);
	ff_write_text(&next, "step", "refund");
	ff_write_json(&next, "lines", ff_json_get(call->state, "lines"));
	ff_write_json(&next, "transactions", ff_json_get(suggestion, "suggestedTransactions"));
	ff_outcome_continue(outcome, ff_write_finish(&next));
}

void
ff_shopify_return_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *data = ff_shopify_read(call, reply, outcome);
	FfJson *made = ff_json_get(data, "refundCreate");

	if (ff_json_is_null(made))
		made = ff_json_get(data, "returnCreate");
	if (data != NULL && !ff_json_is_null(made))
	{
		if (!ff_shopify_user_error(made, outcome))
			write_return(call,
						 ff_json_text_or(made, "refund.id", ff_json_text(made, "return.id")),
						 refunded(ff_json_get(made, "refund")),
						 outcome);
	}
	else if (data != NULL && ff_shopify_step_is(call, "piece"))
		read_order(call, ff_shopify_piece_join(ff_json_get(call->state, "order"), data), outcome);
	else if (data != NULL && ff_json_get(data, "order.suggestedRefund") != NULL)
		read_suggestion(call, ff_json_get(data, "order.suggestedRefund"), outcome);
	else if (data != NULL && !ff_shopify_step_is(call, "refund") &&
			 !ff_shopify_step_is(call, "return") && !ff_shopify_step_is(call, "suggest"))
		read_order(call, ff_json_get(data, "order"), outcome);
	else if (data != NULL)
		ff_outcome_unreadable(outcome, FF_RESULT_RETRY, "The shop did not say what it did.");
	if (outcome->result == FF_RESULT_RETRY)
		outcome->next = "{\"step\":\"look\"}";
}
