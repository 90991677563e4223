/*
 * market.c
 *
 * The memory of the sales channels' peers; see market.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "market.h"

static void
release_order(void *value)
{
	MarketOrder *order = value;

	json_decref(order->ours);
	json_decref(order->parcels);
	json_decref(order->refunds);
	free(order);
}

static void
release_levels(void *value)
{
	json_decref(value);
}

void
market_reset(Market *market)
{
	depot_reset(&market->door);
	sim_map_clear(&market->orders, release_order);
	sim_map_clear(&market->stock, release_levels);
	market->next = 5550001;
}

MarketOrder *
market_order(const Market *market, const char *number)
{
	return number ? sim_map_get(&market->orders, number) : NULL;
}

MarketOrder *
market_order_at(const Market *market, size_t index)
{
	return sim_map_at(&market->orders, index);
}

static int
compare_changes(const void *left, const void *right)
{
	const MarketOrder *a = *(MarketOrder *const *) left;
	const MarketOrder *b = *(MarketOrder *const *) right;

	if (a->updated != b->updated)
		return a->updated < b->updated ? -1 : 1;
	return a->id < b->id ? -1 : 1;
}

MarketOrder **
market_changed(const Market *market, size_t *count)
{
	MarketOrder **list = sim_alloc(sizeof(MarketOrder *) * (market->orders.count + 1));

	*count = market->orders.count;
	for (size_t i = 0; i < *count; i++)
		list[i] = market_order_at(market, i);
	qsort(list, *count, sizeof(MarketOrder *), compare_changes);
	return list;
}

/* Channels date changes by the second, and tests make many in one: each gets its own. */
static double
next_second(void)
{
	static double last;
	double now = (double) (long) sim_now();

	last = now > last ? now : last + 1;
	return last;
}

void
market_touch(MarketOrder *order)
{
	order->updated = next_second();
}

MarketLine *
market_line(MarketOrder *order, long id)
{
	for (int i = 0; i < order->count; i++)
		if (order->lines[i].id == id)
			return &order->lines[i];
	return NULL;
}

bool
market_is_whole(const MarketOrder *order)
{
	for (int i = 0; i < order->count; i++)
		if (order->lines[i].shipped > 0)
			return false;
	return true;
}

bool
market_is_done(const MarketOrder *order)
{
	for (int i = 0; i < order->count; i++)
		if (order->lines[i].shipped < order->lines[i].quantity)
			return false;
	return true;
}

/* Whether the order has goods enough for a parcel. */
static bool
has_goods(MarketOrder *order, const json_t *items, char why[200])
{
	size_t i;
	json_t *item;

	json_array_foreach(items, i, item)
	{
		MarketLine *line = market_line(order, (long) sim_real(item, "line", 0));
		long quantity = (long) sim_real(item, "quantity", 0);

		if (!line || quantity < 1 || line->shipped + quantity > line->quantity)
		{
			snprintf(why,
					 200,
					 "Line %ld of order %.30s: %ld are to be shipped, %ld are left.",
					 line ? line->id : 0,
					 order->number,
					 quantity,
					 line ? line->quantity - line->shipped : 0);
			return false;
		}
	}
	return true;
}

bool
market_ship(SimRequest *request, MarketOrder *order, const char *number, const char *carrier,
			const char *reference, const char *shipped_at, json_t *items, char why[200])
{
	size_t i;
	json_t *item;
	json_t *parcel;

	json_array_foreach(order->parcels, i, parcel)
	{
		if (*number && strcmp(sim_text(parcel, "number", ""), number) == 0)
			sim_offence(request,
						false,
						"repeated",
						"trackingNumber",
						"Order %.30s was already told of %.60s.",
						order->number,
						number);
	}
	if (order->cancelled || !has_goods(order, items, why))
	{
		if (order->cancelled)
			snprintf(why, 200, "Order %.30s is cancelled.", order->number);
		json_decref(items);
		return false;
	}
	json_array_foreach(items, i, item) market_line(order, (long) sim_real(item, "line", 0))
		->shipped += (long) sim_real(item, "quantity", 0);
	json_array_append_new(order->parcels,
						  json_pack("{s:s, s:s, s:s, s:s, s:o}",
									"number",
									number,
									"carrier",
									carrier,
									"reference",
									reference,
									"shipped_at",
									shipped_at,
									"items",
									items));
	market_touch(order);
	return true;
}

void
market_set_stock(Market *market, const char *sku, long quantity)
{
	json_t *levels = sim_map_get(&market->stock, sku);

	if (!levels)
	{
		levels = json_array();
		sim_map_put(&market->stock, sku, levels);
	}
	json_array_append_new(levels, json_integer(quantity));
}

bool
market_has_sku(const char *sku)
{
	return strncmp(sku, "NONE-", 5) != 0;
}

/* --- control --- */

static Market *
market_of(const SimRequest *request)
{
	return (Market *) request->about->depot;
}

/* {"lines": [{sku, quantity}], "hold"}: an order of Jo Ray in Austin. */
void
market_control_create(SimRequest *request)
{
	Market *market = market_of(request);
	MarketOrder *order = sim_alloc(sizeof *order);
	size_t i;
	json_t *line;

	memset(order, 0, sizeof *order);
	order->id = market->next++;
	snprintf(order->number, sizeof order->number, "%ld", order->id);
	order->created = order->updated = next_second();
	order->ours = json_object();
	order->parcels = json_array();
	order->refunds = json_array();
	snprintf(order->hold, sizeof order->hold, "%.60s", sim_text(request->json, "hold", ""));
	json_array_foreach(json_object_get(request->json, "lines"), i, line)
	{
		MarketLine *next = &order->lines[order->count];

		if (order->count == MARKET_LINES)
			break;
		next->id = order->id * 10 + order->count++;
		next->quantity = (long) sim_real(line, "quantity", 1);
		snprintf(next->sku, sizeof next->sku, "%.60s", sim_text(line, "sku", "MUG"));
	}
	sim_map_put(&market->orders, order->number, order);
	sim_reply(request, 200, json_pack("{s:s}", "number", order->number));
}

/* {"number", "hold": reason or "", "cancel": true}: what the customer or the channel does. */
void
market_control_change(SimRequest *request)
{
	MarketOrder *order = market_order(market_of(request), sim_text(request->json, "number", ""));

	if (!order)
	{
		sim_control_error(request, "There is no such order.");
		return;
	}
	if (json_is_string(json_object_get(request->json, "hold")))
		snprintf(order->hold, sizeof order->hold, "%.60s", sim_text(request->json, "hold", ""));
	if (json_is_true(json_object_get(request->json, "cancel")))
		order->cancelled = true;
	market_touch(order);
	sim_reply(request, 200, json_pack("{s:s}", "number", order->number));
}

static json_t *
order_json(const MarketOrder *order)
{
	json_t *lines = json_array();

	for (int i = 0; i < order->count; i++)
		json_array_append_new(lines,
							  json_pack("{s:s, s:I, s:I}",
										"sku",
										order->lines[i].sku,
										"quantity",
										(json_int_t) order->lines[i].quantity,
										"shipped",
										(json_int_t) order->lines[i].shipped));
	return json_pack("{s:s, s:b, s:s, s:O, s:O, s:O, s:I, s:o}",
					 "number",
					 order->number,
					 "cancelled",
					 order->cancelled,
					 "hold",
					 order->hold,
					 "our_holds",
					 order->ours,
					 "parcels",
					 order->parcels,
					 "refunds",
					 order->refunds,
					 "notified",
					 (json_int_t) order->notified,
					 "lines",
					 lines);
}

void
market_control_orders(SimRequest *request)
{
	const Market *market = market_of(request);
	const char *number = sim_query(request, "number");
	json_t *list = json_array();

	for (size_t i = 0; i < market->orders.count; i++)
	{
		const MarketOrder *order = market_order_at(market, i);

		if (!number || strcmp(order->number, number) == 0)
			json_array_append_new(list, order_json(order));
	}
	sim_reply(request, 200, json_pack("{s:o}", "orders", list));
}

void
market_control_stock(SimRequest *request)
{
	const Market *market = market_of(request);
	json_t *levels = json_object();

	for (size_t i = 0; i < market->stock.count; i++)
		json_object_set(levels, market->stock.entries[i].key, market->stock.entries[i].value);
	sim_reply(request, 200, json_pack("{s:o}", "levels", levels));
}
