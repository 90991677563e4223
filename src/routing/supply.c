/*
 * supply.c
 *
 * One statement for all items of all demands.
 */
#include "postgres.h"

#include "routing/supply.h"

static FfStatement stock_of_items = FF_STATEMENT(
	"select item_id, location_id, on_hand - reserved, safety_stock from fulfillment.stock_levels"
	" where merchant_id = $1 and item_id = any ($2) and on_hand > reserved",
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
		bsearch(&item_id, supply->items, supply->nitems, sizeof(int64), compare_items);

	return (int) (found - supply->items);
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
	supply->nitems = kept;
	for (int d = 0; d < count; d++)
		for (int i = 0; i < demands[d].nlines; i++)
			demands[d].lines[i].stock = item_index(supply, demands[d].lines[i].item_id);
}

FfSupply *
ff_supply_load(const FfNetwork *network, FfDemand *demands, int count)
{
	FfSupply *supply = palloc0(sizeof(FfSupply));
	FfColumn ids;
	FfRows rows;

	collect_items(supply, demands, count);
	supply->nlocations = network->nlocations;
	supply->stock =
		palloc_extended(sizeof(FfStock) * ((Size) supply->nitems * supply->nlocations + 1),
						MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	ff_column_init(&ids, INT8OID);
	for (int i = 0; i < supply->nitems; i++)
		ff_column_add(&ids, ff_int8(supply->items[i]));
	if (ids.count == 0)
		return supply;
	rows = ff_run(&stock_of_items, ff_int4(network->merchant_id), ff_column(&ids));
	for (uint64 row = 0; row < rows.count; row++)
	{
		FfLocation *location = ff_network_location(network, ff_row_int8(&rows, row, 2));
		FfStock *stock;

		if (location == NULL)
			continue;
		stock = &supply->stock[(Size) item_index(supply, ff_row_int8(&rows, row, 1)) *
								   supply->nlocations +
							   (location - network->locations)];
		stock->free = ff_row_int4(&rows, row, 3);
		stock->safety =
			ff_row_null(&rows, row, 4) ? location->safety_stock : ff_row_int4(&rows, row, 4);
	}
	return supply;
}
