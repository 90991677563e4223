/*
 * ebay_after.c
 *
 * What happens to an eBay order after it was sold: cancelled by the seller or
 * on the buyer's wish, and paid back.  A refund takes no key, so each request
 * that is taken pays once more.
 */
#include <stdlib.h>
#include <string.h>

#include "ebay.h"

#define REFUND_ID 5312345678L

static void
cancel(SimRequest *request, MarketOrder *order)
{
	if (order->cancelled || !market_is_whole(order))
	{
		ebay_error(request, 400, 1511, "REQUEST", "The order cannot be cancelled any more.");
		return;
	}
	order->cancelled = true;
	*order->hold = '\0';
	market_touch(order);
	sim_reply(request, 201, json_pack("{s:s}", "cancelId", order->number));
}

void
ebay_cancel(SimRequest *request)
{
	MarketOrder *order = ebay_order(request, sim_text(request->json, "legacyOrderId", ""));

	if (order)
		cancel(request, order);
}

void
ebay_approve(SimRequest *request)
{
	MarketOrder *order = ebay_order(request, request->argument[0]);

	if (order && !*order->hold)
		ebay_error(request, 400, 1512, "REQUEST", "The buyer does not ask for it.");
	else if (order)
		cancel(request, order);
}

/* What is paid back by a request: its items', or the order's amount. */
static double
refunded(const json_t *json)
{
	double sum = strtod(sim_text(json, "orderLevelRefundAmount.value", "0"), NULL);
	size_t i;
	json_t *item;

	json_array_foreach(json_object_get(json, "refundItems"), i, item) sum +=
		strtod(sim_text(item, "refundAmount.value", "0"), NULL);
	return sum;
}

void
ebay_refund(SimRequest *request)
{
	MarketOrder *order = ebay_order(request, request->argument[0]);
	double amount = refunded(request->json);
	char when[40];
	char *value;
	char *id;

	if (!order)
		return;
	if (amount <= 0)
	{
		ebay_error(request, 400, 34915, "REQUEST", "The refund amount is invalid.");
		return;
	}
	value = sim_format("%.2f", amount);
	id = sim_format("%ld", REFUND_ID + (long) json_array_size(order->refunds));
	json_array_append_new(order->refunds,
						  json_pack("{s:s, s:s, s:{s:s, s:s}, s:s}",
									"refundId",
									id,
									"refundStatus",
									"PENDING",
									"amount",
									"value",
									value,
									"currency",
									"USD",
									"refundDate",
									sim_time(sim_now(), 0, "%FT%T.000Z", when)));
	market_touch(order);
	sim_reply(request, 200, json_pack("{s:s, s:s}", "refundId", id, "refundStatus", "PENDING"));
	free(value);
	free(id);
}

static const SimField cancel_fields[] = {
	{"legacyOrderId", SIM_STRING, SIM_REQUIRED},
	{"cancelReason",
	 SIM_STRING,
	 SIM_REQUIRED,
	 .values = "OUT_OF_STOCK_OR_CANNOT_FULFILL|BUYER_ASKED_CANCEL|ADDRESS_ISSUES"},
	{0}};
SimSchema ebay_cancel_schema = {"A cancellation", true, cancel_fields, NULL};

static const SimField refund_fields[] = {
	{"reasonForRefund",
	 SIM_STRING,
	 SIM_REQUIRED,
	 .values = "BUYER_CANCEL|BUYER_RETURN|ITEM_NOT_RECEIVED|SELLER_WRONG_ITEM|SELLER_OUT_OF_STOCK|"
			   "SELLER_FOUND_ISSUE|OTHER"},
	{"comment", SIM_STRING, 0, .max = 100},
	{"orderLevelRefundAmount", SIM_OBJECT, 0},
	{"orderLevelRefundAmount.value", SIM_STRING, SIM_REQUIRED, .form = sim_is_decimal},
	{"orderLevelRefundAmount.currency", SIM_STRING, SIM_REQUIRED, .form = sim_is_currency},
	{"refundItems", SIM_ARRAY, 0},
	{"refundItems[].lineItemId", SIM_STRING, SIM_REQUIRED, .form = sim_is_digits},
	{"refundItems[].refundAmount", SIM_OBJECT, SIM_REQUIRED},
	{"refundItems[].refundAmount.value", SIM_STRING, SIM_REQUIRED, .form = sim_is_decimal},
	{"refundItems[].refundAmount.currency", SIM_STRING, SIM_REQUIRED, .form = sim_is_currency},
	{0}};
SimSchema ebay_refund_schema = {"A refund", true, refund_fields, NULL};
