/*
 * supply.c
 *
 * One statement for all items of all demands; slots are the network's.
 */
#include "postgres.h"

#include <math.h>

#include "utils/builtins.h"

#include "routing/supply.h"

static FfStatement stock_of_items = FF_STATEMENT(
	"select item_id, location_id, on_hand - reserved, safety_stock from fulfillment.stock_levels"
	" where merchant_id = $1 and item_id = any ($2) and on_hand > reserved",
	INT4OID, INT8ARRAYOID);

FfNetwork *
ff_network_for(int32 merchant_id, const FfDemand *demands, int count, TimestampTz now,
			   const FfJson *changes)
{
	FfColumn countries;

	ff_column_init(&countries, TEXTOID);
	for (int d = 0; d < count; d++)
	{
		bool known = demands[d].country == NULL;

		for (int c = 0; c < countries.count && !known; c++)
			known = strcmp(TextDatumGetCString(countries.values[c]), demands[d].country) == 0;
		if (!known)
			ff_column_add(&countries, ff_text(demands[d].country));
	}
	return ff_network_load(merchant_id, &countries, now, changes);
}

/* A unit that was short is nowhere, and a shipment that was refused took none. */
static FfStatement units_of_orders = FF_STATEMENT(
	"select n.item_id, s.location_id, sum(n.quantity - n.short)::int,"
	"       (select v.safety_stock from fulfillment.stock_levels v where v.merchant_id = $1"
	"           and v.location_id = s.location_id and v.item_id = n.item_id)"
	"  from fulfillment.shipments s join fulfillment.shipment_lines n"
	"    on n.merchant_id = s.merchant_id and n.shipment_id = s.shipment_id"
	" where s.merchant_id = $1 and s.order_id = any ($2) and s.state not in ('cancelled', 'rejected')"
	" group by n.item_id, s.location_id",
	INT4OID, INT8ARRAYOID);

static FfStatement learned_prices =
	FF_STATEMENT("select item_id, location_id, price from fulfillment.stock_prices"
				 " where merchant_id = $1 and item_id = any ($2)",
				 INT4OID, INT8ARRAYOID);

static int
compare_items(const void *left, const void *right)
{
	int64 a = *(const int64 *) left;
	int64 b = *(const int64 *) right;

	return a < b ? -1 : a > b;
}

static int
item_index(const FfSupply *supply, int64 item_id)
{
	const int64 *found =
		bsearch(&item_id, supply->items, supply->pool.nitems, sizeof(int64), compare_items);

	return found == NULL ? -1 : (int) (found - supply->items);
}

/* Every item once, by id. */
static void
collect_items(FfSupply *supply, FfDemand *demands, int count)
{
	int n = 0;
	int kept = 0;

	for (int d = 0; d < count; d++)
		n += demands[d].nlines;
	supply->items = palloc(sizeof(int64) * (n + 1));
	n = 0;
	for (int d = 0; d < count; d++)
		for (int i = 0; i < demands[d].nlines; i++)
			supply->items[n++] = demands[d].lines[i].item_id;
	qsort(supply->items, n, sizeof(int64), compare_items);
	for (int i = 0; i < n; i++)
		if (i == 0 || supply->items[i] != supply->items[kept - 1])
			supply->items[kept++] = supply->items[i];
	supply->pool.nitems = kept;
	for (int d = 0; d < count; d++)
		for (int i = 0; i < demands[d].nlines; i++)
			demands[d].lines[i].stock = item_index(supply, demands[d].lines[i].item_id);
}

/* The cell of a row's item and location; -1: the location is not active, or nobody asks for it. */
static int
cell_of_row(const FfSupply *supply, const FfNetwork *network, const FfRows *rows, uint64 row)
{
	FfLocation *location = ff_network_location(network, ff_row_int8(rows, row, 2));
	int item = item_index(supply, ff_row_int8(rows, row, 1));

	if (location == NULL || item < 0)
		return -1;
	return ff_pool_cell(&supply->pool, item, (int) (location - network->locations));
}

/* Units more of each row's cell. */
static void
read_stock(FfSupply *supply, const FfNetwork *network, const FfRows *rows)
{
	for (uint64 row = 0; row < rows->count; row++)
	{
		int cell = cell_of_row(supply, network, rows, row);
		FfStock *stock = &supply->pool.stock[Max(cell, 0)];

		if (cell < 0)
			continue;
		stock->free += ff_row_int4(rows, row, 3);
		stock->safety = ff_row_null(rows, row, 4)
							? network->locations[cell % supply->pool.nlocations].safety_stock
							: ff_row_int4(rows, row, 4);
	}
}

/* What was learned of the worth of units, for merchants who want that counted. */
static void
read_prices(FfSupply *supply, const FfNetwork *network, const FfRows *rows)
{
	FfPool *pool = &supply->pool;

	if (rows->count == 0)
		return;
	pool->stock_price = palloc_extended(sizeof(FfCost) * (Size) pool->nitems * pool->nlocations,
										MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (uint64 row = 0; row < rows->count; row++)
	{
		int cell = cell_of_row(supply, network, rows, row);

		if (cell >= 0)
			pool->stock_price[cell] = (FfCost) rint(ff_row_float8(rows, row, 3) * FF_COST_UNIT);
	}
}

void
ff_supply_price_slots(FfPool *pool, const FfNetwork *network)
{
	for (int l = 0; l < network->nlocations; l++)
		pool->slot_price[l] = (FfCost) rint(
			ff_pace_price(&network->locations[l].pace, network->clock) * FF_COST_UNIT);
}

void
ff_supply_count_slots(FfPool *pool, const FfNetwork *network)
{
	for (int l = 0; l < network->nlocations; l++)
	{
		const FfLocation *location = &network->locations[l];

		pool->slots[l] = location->daily_capacity < 0
							 ? FF_ANY_SLOTS
							 : Max(location->daily_capacity - location->used, 0);
	}
}

FfSupply *
ff_supply_load(const FfNetwork *network, FfDemand *demands, int count)
{
	FfSupply *supply = palloc0(sizeof(FfSupply));
	FfPool *pool = &supply->pool;
	FfColumn ids;
	FfRows rows;

	collect_items(supply, demands, count);
	pool->nlocations = network->nlocations;
	pool->stock = palloc_extended(sizeof(FfStock) * ((Size) pool->nitems * pool->nlocations + 1),
								  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	pool->slots = palloc(sizeof(int) * (network->nlocations + 1));
	pool->slot_price = palloc(sizeof(FfCost) * (network->nlocations + 1));
	ff_supply_count_slots(pool, network);
	ff_supply_price_slots(pool, network);
	ff_column_init(&ids, INT8OID);
	for (int i = 0; i < pool->nitems; i++)
		ff_column_add(&ids, ff_int8(supply->items[i]));
	if (ids.count == 0)
		return supply;
	rows = ff_run(&stock_of_items, ff_int4(network->merchant_id), ff_column(&ids));
	read_stock(supply, network, &rows);
	if (network->settings.learned_prices)
	{
		rows = ff_run(&learned_prices, ff_int4(network->merchant_id), ff_column(&ids));
		read_prices(supply, network, &rows);
	}
	return supply;
}

void
ff_supply_give_back(FfSupply *supply, const FfNetwork *network, FfArgument order_ids)
{
	FfRows rows = ff_run(&units_of_orders, ff_int4(network->merchant_id), order_ids);

	read_stock(supply, network, &rows);
}
