/*
 * shopify_do.c
 *
 * What the operations of the Shopify peer do; levels stand in
 * shopify_levels.c.  Ids are those of the market with Shopify's words around
 * them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shopify.h"

/* --- ids --- */

json_t *
shopify_gid(const char *type, long id)
{
	char text[100];

	snprintf(text, sizeof text, "gid://shopify/%s/%ld", type, id);
	return json_string(text);
}

/* The number at the end of an id of that type; 0 for another one. */
long
shopify_number(const char *text, const char *type)
{
	char start[80];

	snprintf(start, sizeof start, "gid://shopify/%s/", type);
	return strncmp(text, start, strlen(start)) == 0 ? strtol(text + strlen(start), NULL, 10) : 0;
}

static MarketOrder *
order_with(long id)
{
	char number[40];

	snprintf(number, sizeof number, "%ld", id);
	return market_order(&shopify, number);
}

static MarketOrder *
order_of(const json_t *variables, const char *path, const char *type)
{
	return order_with(shopify_number(sim_text(variables, path, ""), type));
}

/* --- orders --- */

static json_t *
time_json(double when)
{
	char buffer[40];

	return json_string(sim_time(when, 0, "%FT%TZ", buffer));
}

static const char *
status_of(const MarketOrder *order)
{
	if (order->cancelled)
		return "CANCELLED";
	if (market_is_done(order))
		return "CLOSED";
	if (*order->hold || json_object_size(order->ours) > 0)
		return "ON_HOLD";
	return market_is_whole(order) ? "OPEN" : "IN_PROGRESS";
}

/* A page of the lines: those behind the cursor. */
static json_t *
lines_json(const MarketOrder *order, long after)
{
	json_t *nodes = json_array();
	long end = after;
	char cursor[24];

	for (long i = after; i < order->count && i < after + shopify_line_page; i++, end++)
	{
		const MarketLine *line = &order->lines[i];

		json_array_append_new(
			nodes,
			json_pack("{s:o, s:s, s:I, s:I, s:{s:o, s:s, s:{s:{s:s}}}}",
					  "id",
					  shopify_gid("FulfillmentOrderLineItem", line->id),
					  "sku",
					  line->sku,
					  "totalQuantity",
					  (json_int_t) (order->cancelled ? 0 : line->quantity),
					  "remainingQuantity",
					  (json_int_t) (order->cancelled ? 0 : line->quantity - line->shipped),
					  "lineItem",
					  "id",
					  shopify_gid("LineItem", line->id),
					  "name",
					  line->sku,
					  "discountedUnitPriceAfterAllDiscountsSet",
					  "shopMoney",
					  "amount",
					  "24.95"));
	}
	snprintf(cursor, sizeof cursor, "line-%ld", end);
	return json_pack("{s:o, s:{s:b, s:s}}",
					 "nodes",
					 nodes,
					 "pageInfo",
					 "hasNextPage",
					 end < order->count,
					 "endCursor",
					 cursor);
}

static json_t *
holds_json(const MarketOrder *order)
{
	json_t *holds = json_array();
	const char *handle;
	json_t *id;

	json_object_foreach(order->ours, handle, id) json_array_append_new(
		holds,
		json_pack("{s:o, s:s, s:s, s:b}",
				  "id",
				  shopify_gid("FulfillmentHold", (long) json_integer_value(id)),
				  "handle",
				  handle,
				  "reason",
				  "OTHER",
				  "heldByRequestingApp",
				  1));
	if (*order->hold)
		json_array_append_new(holds,
							  json_pack("{s:o, s:n, s:s, s:s, s:b}",
										"id",
										shopify_gid("FulfillmentHold", order->id),
										"handle",
										"reason",
										"OTHER",
										"reasonNotes",
										order->hold,
										"heldByRequestingApp",
										0));
	return holds;
}

static json_t *
fulfillments_json(const MarketOrder *order)
{
	json_t *list = json_array();
	size_t i;
	json_t *parcel;

	json_array_foreach(order->parcels, i, parcel)
	{
		json_t *nodes = json_array();
		size_t k;
		json_t *item;

		json_array_foreach(json_object_get(parcel, "items"), k, item) json_array_append_new(
			nodes,
			json_pack("{s:O, s:{s:o}}",
					  "quantity",
					  json_object_get(item, "quantity"),
					  "lineItem",
					  "id",
					  shopify_gid("LineItem", (long) sim_real(item, "line", 0))));
		json_array_append_new(list,
							  json_pack("{s:o, s:s, s:[{s:O, s:O}], s:{s:o}}",
										"id",
										shopify_gid("Fulfillment", order->id * 10 + (long) i),
										"status",
										"SUCCESS",
										"trackingInfo",
										"company",
										json_object_get(parcel, "carrier"),
										"number",
										json_object_get(parcel, "number"),
										"fulfillmentLineItems",
										"nodes",
										nodes));
	}
	return list;
}

static json_t *
order_json(const MarketOrder *order)
{
	char name[60];
	json_t *part = json_pack("{s:o, s:s, s:s, s:{s:{s:s}}, s:o, s:o}",
							 "id",
							 shopify_gid("FulfillmentOrder", order->id),
							 "status",
							 status_of(order),
							 "requestStatus",
							 "UNSUBMITTED",
							 "assignedLocation",
							 "location",
							 "id",
							 SHOPIFY_LOCATION,
							 "fulfillmentHolds",
							 holds_json(order),
							 "lineItems",
							 lines_json(order, 0));
	json_t *json;

	snprintf(name, sizeof name, "#%s", order->number);
	json = json_pack(
		"{s:o, s:s, s:o, s:o, s:s, s:s, s:s, s:{s:s}, s:{s:s, s:s}, s:o, s:{s:[o], s:{s:b}}}",
		"id",
		shopify_gid("Order", order->id),
		"name",
		name,
		"createdAt",
		time_json(order->created),
		"updatedAt",
		time_json(order->updated),
		"email",
		"jo@example.com",
		"currencyCode",
		"USD",
		"displayFinancialStatus",
		"PAID",
		"risk",
		"recommendation",
		"ACCEPT",
		"shippingLine",
		"code",
		"standard",
		"title",
		"Standard",
		"fulfillments",
		fulfillments_json(order),
		"fulfillmentOrders",
		"nodes",
		part,
		"pageInfo",
		"hasNextPage",
		0);
	json_object_set_new(json,
						"shippingAddress",
						json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}",
								  "name",
								  "Jo Ray",
								  "address1",
								  "9 Elm St",
								  "city",
								  "Austin",
								  "provinceCode",
								  "TX",
								  "zip",
								  "78701",
								  "countryCodeV2",
								  "US",
								  "phone",
								  "+15125550199"));
	json_object_set_new(
		json, "cancelledAt", order->cancelled ? time_json(order->updated) : json_null());
	return json;
}

/* Changes since a time, or orders that are open; a cursor is the change it stands behind. */
static void
fetch_orders(SimRequest *request, const json_t *variables)
{
	const char *query = sim_text(variables, "q", "");
	const char *since = strstr(query, "updated_at:>='");
	const char *after = sim_text(variables, "after", "");
	long first = (long) sim_real(variables, "first", 0);
	char time[40] = "";
	double from = 0;
	double behind = 0;
	bool zoned;
	json_t *nodes = json_array();
	MarketOrder **orders;
	size_t count;
	bool more = false;
	char cursor[40];

	if (since)
		snprintf(time, sizeof time, "%.20s", since + strlen("updated_at:>='"));
	if (strncmp(after, "change-", 7) == 0)
		behind = strtod(after + 7, NULL);
	if (first < 1 || first > 250 || (since && !sim_parse_time(time, &from, &zoned)) ||
		!strstr(query, "status:"))
	{
		sim_refuse(request, NULL, "value", "q", "The page or the search is wrong.");
		json_decref(nodes);
		return;
	}
	orders = market_changed(&shopify, &count);
	snprintf(cursor, sizeof cursor, "change-%.0f", behind);
	for (size_t i = 0; i < count; i++)
	{
		if (orders[i]->updated < from || orders[i]->updated <= behind ||
			(!since && (orders[i]->cancelled || market_is_done(orders[i]))))
			continue;
		more = (long) json_array_size(nodes) == first;
		if (more)
			break;
		json_array_append_new(nodes, order_json(orders[i]));
		snprintf(cursor, sizeof cursor, "change-%.0f", orders[i]->updated);
	}
	free(orders);
	shopify_data(request,
				 json_pack("{s:{s:{s:b, s:s}, s:o}}",
						   "orders",
						   "pageInfo",
						   "hasNextPage",
						   more,
						   "endCursor",
						   cursor,
						   "nodes",
						   nodes));
}

static void
more_lines(SimRequest *request, const json_t *variables)
{
	const MarketOrder *order = order_of(variables, "id", "FulfillmentOrder");
	const char *after = sim_text(variables, "after", "");
	long place = strncmp(after, "line-", 5) == 0 ? strtol(after + 5, NULL, 10) : 0;

	shopify_data(
		request,
		order ? json_pack("{s:{s:o}}", "fulfillmentOrder", "lineItems", lines_json(order, place))
			  : json_pack("{s:n}", "fulfillmentOrder"));
}

static void
show_order(SimRequest *request, const json_t *variables)
{
	const MarketOrder *order = order_of(variables, "id", "Order");

	shopify_data(request,
				 order ? json_pack("{s:o}", "order", order_json(order))
					   : json_pack("{s:n}", "order"));
}

/* --- shipments --- */

/* The items of one fulfillment order; NULL when they are of none, or of none that is open. */
static json_t *
read_items(const json_t *part, MarketOrder **order, char why[200])
{
	json_t *items = json_array();
	size_t i;
	json_t *item;

	*order = order_of(part, "fulfillmentOrderId", "FulfillmentOrder");
	if (!*order ||
		(strcmp(status_of(*order), "OPEN") != 0 && strcmp(status_of(*order), "IN_PROGRESS") != 0))
	{
		snprintf(why,
				 200,
				 "Fulfillment order %ld has an unfulfillable status= %s.",
				 *order ? (*order)->id : 0,
				 *order ? status_of(*order) : "missing");
		json_decref(items);
		return NULL;
	}
	json_array_foreach(json_object_get(part, "fulfillmentOrderLineItems"), i, item)
		json_array_append_new(items,
							  json_pack("{s:I, s:O}",
										"line",
										(json_int_t) shopify_number(sim_text(item, "id", ""),
																	"FulfillmentOrderLineItem"),
										"quantity",
										json_object_get(item, "quantity")));
	return items;
}

static void
ship(SimRequest *request, const json_t *variables)
{
	const json_t *fulfillment = json_object_get(variables, "fulfillment");
	const json_t *parts = json_object_get(fulfillment, "lineItemsByFulfillmentOrder");
	const json_t *tracking = json_object_get(fulfillment, "trackingInfo");
	const json_t *numbers = json_object_get(tracking, "numbers");
	const char *number = sim_text(tracking, "number", "");
	MarketOrder *order = NULL;
	char why[200] = "";
	json_t *items;

	if (numbers && *number)
		sim_offence(request, false, "value", "trackingInfo", "number and numbers stand together.");
	if (numbers)
		number = json_string_value(json_array_get(numbers, 0));
	items = json_array_size(parts) == 1 ? read_items(json_array_get(parts, 0), &order, why) : NULL;
	if (!items || !market_ship(request,
							   order,
							   number ? number : "",
							   sim_text(tracking, "company", ""),
							   "",
							   "",
							   items,
							   why))
	{
		shopify_user_error(request, "fulfillmentCreate", "userErrors", NULL, "fulfillment", why);
		return;
	}
	if (json_is_true(json_object_get(fulfillment, "notifyCustomer")))
		order->notified++;
	shopify_data(request,
				 json_pack("{s:{s:{s:o, s:s}, s:[]}}",
						   "fulfillmentCreate",
						   "fulfillment",
						   "id",
						   shopify_gid("Fulfillment", order->id * 10),
						   "status",
						   "SUCCESS",
						   "userErrors"));
}

/* --- holds and cancellations --- */

static void
hold(SimRequest *request, const json_t *variables)
{
	MarketOrder *order = order_of(variables, "id", "FulfillmentOrder");
	const char *handle = sim_text(variables, "h.handle", "");

	if (!order || market_is_done(order) || order->cancelled)
		shopify_user_error(request,
						   "fulfillmentOrderHold",
						   "userErrors",
						   "FULFILLMENT_ORDER_NOT_FOUND",
						   "id",
						   "The fulfillment order could not be found.");
	else if (json_object_get(order->ours, handle))
		shopify_user_error(request,
						   "fulfillmentOrderHold",
						   "userErrors",
						   "DUPLICATE_FULFILLMENT_HOLD_HANDLE",
						   "handle",
						   "The handle is already in use.");
	else
	{
		json_object_set_new(order->ours, handle, json_integer(shopify.next++));
		market_touch(order);
		shopify_data(request, json_pack("{s:{s:[]}}", "fulfillmentOrderHold", "userErrors"));
	}
}

static void
release(SimRequest *request, const json_t *variables)
{
	MarketOrder *order = order_of(variables, "id", "FulfillmentOrder");
	size_t i;
	json_t *id;

	if (!order)
	{
		shopify_user_error(request,
						   "fulfillmentOrderReleaseHold",
						   "userErrors",
						   "FULFILLMENT_ORDER_NOT_FOUND",
						   "id",
						   "The fulfillment order could not be found.");
		return;
	}
	json_array_foreach(json_object_get(variables, "holds"), i, id)
	{
		long number = shopify_number(json_string_value(id), "FulfillmentHold");
		const char *handle;
		json_t *known;
		void *next;

		json_object_foreach_safe(order->ours, next, handle, known)
		{
			if (json_integer_value(known) == number)
				json_object_del(order->ours, handle);
		}
	}
	market_touch(order);
	shopify_data(request, json_pack("{s:{s:[]}}", "fulfillmentOrderReleaseHold", "userErrors"));
}

static void
cancel(SimRequest *request, const json_t *variables)
{
	MarketOrder *order = order_of(variables, "id", "Order");

	if (!order || !market_is_whole(order))
	{
		shopify_user_error(request,
						   "orderCancel",
						   "orderCancelUserErrors",
						   order ? "INVALID" : "NOT_FOUND",
						   "orderId",
						   "The order cannot be cancelled.");
		return;
	}
	if (order->cancelled)
		sim_offence(
			request, false, "repeated", "orderId", "Order %.30s is cancelled.", order->number);
	order->cancelled = true;
	market_touch(order);
	shopify_data(request,
				 json_pack("{s:{s:{s:s, s:b}, s:[]}}",
						   "orderCancel",
						   "job",
						   "id",
						   "gid://shopify/Job/1",
						   "done",
						   0,
						   "orderCancelUserErrors"));
}

static void
show_shop(SimRequest *request, const json_t *variables)
{
	json_t *data = json_pack("{s:{s:s}}", "shop", "name", "Demo");

	if (json_object_get(variables, "id"))
		json_object_set_new(data,
							"location",
							strcmp(sim_text(variables, "id", ""), SHOPIFY_LOCATION) == 0
								? json_pack("{s:s, s:b}", "id", SHOPIFY_LOCATION, "isActive", 1)
								: json_null());
	shopify_data(request, data);
}

const ShopifyOperation shopify_operations[] = {
	{"FetchOrders", fetch_orders, {"q", "first"}},
	{"MoreLines", more_lines, {"id", "after"}},
	{"Fulfillments", show_order, {"id"}},
	{"OrderState", show_order, {"id"}},
	{"Ship", ship, {"fulfillment.lineItemsByFulfillmentOrder"}},
	{"Hold", hold, {"id", "h.reason", "h.handle"}},
	{"Release", release, {"id", "holds"}},
	{"Cancel", cancel, {"id", "reason", "restock"}},
	{"SkuToItem", shopify_find_items, {"q"}},
	{"SetQty", shopify_set_levels, {"input.name", "input.reason", "input.quantities", "key"}},
	{"Test", show_shop, {NULL}},
	{0}};
