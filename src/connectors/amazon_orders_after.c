/*
 * amazon_orders_after.c
 *
 * What Amazon is told of an order after it was sold: that it is cancelled, and
 * what is paid back of it.  Both go as a feed (amazon_orders_feed.c); their
 * rows stand here.  What is nothing to tell is only a look at the order.
 */
#include "postgres.h"

#include "utils/formatting.h"

#include "connectors/amazon_orders.h"
#include "connectors/carrier.h"
#include "connectors/decimal.h"

static const char *
order_id(const FfCall *call)
{
	const char *id = ff_json_text_or(
		call->document, "order.channel_order_id", ff_json_text(call->document, "order.number"));

	if (id == NULL || *id == '\0')
		ff_connector_fail(
			"amazon_orders", "order.channel_order_id", "Give Amazon's id of the order.");
	return ff_plain_text(id, 40);
}

static void
look(const FfCall *call, FfMessage *message)
{
	ff_amazon_begin(call, message, "GET", AMAZON_ORDERS "/");
	ff_message_segment(message, order_id(call));
}

/* What a note is about, and the reason Amazon has for it; the first word found decides. */
static const struct
{
	const char *word;
	const char *reason;
} reasons[] = {
	{"address", "ShippingAddressUndeliverable"},
	{"ship_to", "ShippingAddressUndeliverable"},
	{"customer", "BuyerCanceled"},
	{"buyer", "BuyerCanceled"},
	{"price", "PricingError"},
};

static char *
write_cancellation(const FfCall *call)
{
	const char *note = ff_json_text_or(call->document, "order.note", "");
	char *text = asc_tolower(note, strlen(note));
	const char *reason = "NoInventory";

	for (int i = (int) lengthof(reasons) - 1; i >= 0; i--)
		if (strstr(text, reasons[i].word) != NULL)
			reason = reasons[i].reason;
	return psprintf("TemplateType=OrderCancellation\n"
					"order-id\tcancellation-reason-code\tamazon-order-item-code\n"
					"%s\t%s\t\n",
					order_id(call),
					reason);
}

static const FfAmazonFeed cancellation = {
	"POST_FLAT_FILE_ORDER_ACKNOWLEDGEMENT_DATA", write_cancellation, NULL, true};

static bool
cancels(const FfCall *call)
{
	return strcmp(ff_json_text_or(call->document, "order.state", ""), "cancelled") == 0;
}

/* A cancellation begins with a look: what is cancelled already needs no feed. */
static bool
has_looked(const FfCall *call)
{
	return ff_json_text_or(call->state, "step", NULL) != NULL;
}

static void
read_order(const FfJson *json, FfOutcome *outcome)
{
	const char *status = ff_json_text_or(json, "order.fulfillment.fulfillmentStatus", "");

	if (pg_strcasecmp(status, "CANCELLED") != 0 && pg_strcasecmp(status, "CANCELED") != 0)
		ff_outcome_continue(outcome, "{\"step\":\"document\"}");
}

void
ff_amazon_orders_update_request(const FfCall *call, FfMessage *message)
{
	if (cancels(call) && has_looked(call))
		ff_amazon_feed_request(call, message, &cancellation);
	else
		look(call, message);
}

void
ff_amazon_orders_update_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *json;

	if (cancels(call) && has_looked(call))
		ff_amazon_feed_outcome(call, reply, &cancellation, outcome);
	else if (!ff_amazon_orders_reply(call, reply, outcome, &json))
		return;
	else if (cancels(call))
		read_order(json, outcome);
	else
		ff_write_text(
			&outcome->body, "warning", "Amazon knows no holds: the order stays there as it is.");
}

static const FfJson *
return_of(const FfCall *call)
{
	return ff_json_get(call->document, "return");
}

static bool
pays_nothing(const FfCall *call)
{
	return ff_decimal_compare(ff_json_number(return_of(call), "amount"), NULL) <= 0 ||
		   !ff_json_bool(return_of(call), "refund", true);
}

/* What a line weighs when the amount is shared out: what is said of it, else its price. */
static char *
weight_of(const FfJson *line)
{
	char *amount = ff_json_number(line, "amount");
	char *price = ff_json_number(line, "unit_price");
	char *quantity = ff_json_number(line, "quantity");

	if (amount != NULL)
		return amount;
	return price != NULL && quantity != NULL ? ff_decimal_multiply(price, quantity) : pstrdup("0");
}

static char *
sum_of_weights(const FfJson *lines)
{
	char *sum = pstrdup("0");

	for (int i = 0; i < ff_json_count(lines); i++)
		sum = ff_decimal_add(sum, weight_of(ff_json_at(lines, i)));
	return sum;
}

#define CENTS 2 /* decimals; Amazon takes no more */

/* One row a line, whose shares of the amount make up all of it to the cent. */
static char *
write_refund(const FfCall *call)
{
	const FfJson *lines = ff_json_get(return_of(call), "lines");
	const char *currency = ff_connector_need(
		"amazon_orders", call, "return.currency", "Give the currency of the amount.");
	char *total = ff_json_number(return_of(call), "amount");
	char *sum = sum_of_weights(lines);
	char *seen = pstrdup("0");
	char *given = pstrdup("0");
	StringInfoData rows;

	if (ff_json_count(lines) == 0 || !ff_decimal_positive(sum))
		ff_connector_fail(
			"amazon_orders", "return.lines", "Give the lines that came back, with their prices.");
	initStringInfo(&rows);
	appendStringInfoString(
		&rows,
		"order-id\torder-item-id\tadjustment-reason-code\tcurrency\titem-price-adj\titem-tax-adj\t"
		"shipping-price-adj\tshipping-tax-adj\tgift-wrap-price-adj\tgift-wrap-tax-adj\t"
		"item-promotion-adj\titem-promotion-id\tship-promotion-adj\tship-promotion-id\t"
		"quantity-cancelled\n");
	for (int i = 0; i < ff_json_count(lines); i++)
	{
		const FfJson *line = ff_json_at(lines, i);
		const char *item = ff_json_text_or(line, "channel_line_id", NULL);
		char *upto;
		char *share;

		if (item == NULL)
			ff_connector_fail("amazon_orders",
							  psprintf("return.lines.%d.channel_line_id", i),
							  "Give Amazon's id of each line.");
		seen = ff_decimal_add(seen, weight_of(line));
		upto = ff_decimal_divide(ff_decimal_multiply(total, seen), sum, CENTS);
		share = ff_decimal_money(ff_decimal_subtract(upto, given));
		given = upto;
		if (ff_decimal_positive(share))
			appendStringInfo(&rows,
							 "%s\t%s\tCustomerReturn\t%s\t%s\t\t\t\t\t\t\t\t\t\t\n",
							 order_id(call),
							 ff_plain_text(item, 40),
							 currency,
							 share);
	}
	return rows.data;
}

static void
write_return(const FfCall *call, const char *feed, FfOutcome *outcome)
{
	ff_write_object(&outcome->body, "return");
	ff_write_text(&outcome->body, "number", ff_json_text(return_of(call), "number"));
	ff_write_text(&outcome->body, "provider_reference", feed);
	ff_write_text(
		&outcome->body, "amount", ff_decimal_money(ff_json_number(return_of(call), "amount")));
	ff_write_end(&outcome->body);
}

static const FfAmazonFeed refund = {
	"POST_FLAT_FILE_PAYMENT_ADJUSTMENT_DATA", write_refund, write_return, false};

void
ff_amazon_orders_return_request(const FfCall *call, FfMessage *message)
{
	if (pays_nothing(call))
		look(call, message);
	else
		ff_amazon_feed_request(call, message, &refund);
}

void
ff_amazon_orders_return_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *json;

	if (pays_nothing(call))
		(void) ff_amazon_orders_reply(call, reply, outcome, &json);
	else
		ff_amazon_feed_outcome(call, reply, &refund, outcome);
}
