/*
 * available.c
 *
 * What may be sold of many items, as shops ask it while people shop.  Says what
 * the view available_stock says, but reads every level once and adds up here:
 * for a thousand items at twenty places the executor's joins and groups, and
 * even its scan, take longer than the rows.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "pg/keyed_rows.h"
#include "pg/session.h"
#include "pg/spi.h"

/* Joined, for "= any" would first sort the SKUs by the rules of the collation. */
static FfStatement read_items =
	FF_STATEMENT("select i.item_id, i.sku from unnest($2) as k(sku)"
				 "  join fulfillment.items i on i.merchant_id = $1 and i.sku = k.sku",
				 INT4OID, TEXTARRAYOID);

static FfStatement read_places =
	FF_STATEMENT("select location_id, safety_stock from fulfillment.locations"
				 " where merchant_id = $1 and active order by location_id",
				 INT4OID);

/* What the other side says is missing is not for sale. */
static FfStatement read_missing = FF_STATEMENT(
	"select item_id, location_id, expected - reported from fulfillment.discrepancies"
	" where merchant_id = $1 and item_id = any ($2) and state = 'open' and kind = 'snapshot'"
	"   and expected > reported order by 1, 2",
	INT4OID, INT8ARRAYOID);

static const FfKeyedRead levels = {
	.table = "stock_levels",
	.index = "stock_levels_item",
	.columns = {"item_id", "location_id", "on_hand", "reserved", "safety_stock"}};

static FfStatement has_kits =
	FF_STATEMENT("select from fulfillment.kit_components where merchant_id = $1 limit 1", INT4OID);

static FfStatement read_kits =
	FF_STATEMENT("select item_id, sum(available)::bigint from fulfillment.available_stock"
				 " where merchant_id = $1 and item_id = any ($2) and kit group by item_id",
				 INT4OID, INT8ARRAYOID);

typedef struct Asked
{
	int64 item_id;
	int64 available;
	char *sku;
} Asked;

typedef struct Place
{
	int64 location_id;
	int32 safety;
} Place;

typedef struct Missing
{
	int64 item_id;
	int64 location_id;
	int32 units;
} Missing;

/* Everything is sorted by its ids. */
typedef struct Shelf
{
	Asked *items;
	int item_count;
	Place *places;
	int place_count;
	Missing *missing;
	int missing_count;
	Asked *last;           /* levels of an item often come one after the other */
	MemoryContext context; /* for what outlives the row it came with */
} Shelf;

static int
compare(int64 left, int64 right)
{
	return left < right ? -1 : left > right;
}

static int
compare_items(const void *a, const void *b)
{
	return compare(((const Asked *) a)->item_id, ((const Asked *) b)->item_id);
}

static int
compare_places(const void *a, const void *b)
{
	return compare(((const Place *) a)->location_id, ((const Place *) b)->location_id);
}

static int
compare_missing(const void *a, const void *b)
{
	const Missing *left = a;
	const Missing *right = b;
	int items = compare(left->item_id, right->item_id);

	return items != 0 ? items : compare(left->location_id, right->location_id);
}

static Asked *
find_item(Shelf *shelf, int64 item_id)
{
	Asked key = {.item_id = item_id};

	if (shelf->last == NULL || shelf->last->item_id != item_id)
		shelf->last = bsearch(&key, shelf->items, shelf->item_count, sizeof(Asked), compare_items);
	return shelf->last;
}

static int32
missing_at(const Shelf *shelf, int64 item_id, int64 location_id)
{
	Missing key = {.item_id = item_id, .location_id = location_id};
	Missing *found =
		shelf->missing_count == 0
			? NULL
			: bsearch(&key, shelf->missing, shelf->missing_count, sizeof(Missing), compare_missing);

	return found == NULL ? 0 : found->units;
}

static void
add_level(void *state, const Datum *values, const bool *nulls)
{
	Shelf *shelf = state;
	Place key = {.location_id = DatumGetInt64(values[1])};
	Place *place = bsearch(&key, shelf->places, shelf->place_count, sizeof(Place), compare_places);
	Asked *item = find_item(shelf, DatumGetInt64(values[0]));
	int64 units;

	if (place == NULL || item == NULL) /* not active, or not asked for */
		return;
	units = (int64) DatumGetInt32(values[2]) - DatumGetInt32(values[3]) -
			(nulls[4] ? place->safety : DatumGetInt32(values[4])) -
			missing_at(shelf, item->item_id, place->location_id);
	item->available += Max(units, 0);
}

static void
add_item(void *state, const Datum *values, const bool *nulls)
{
	Shelf *shelf = state;
	MemoryContext outer = MemoryContextSwitchTo(shelf->context);

	shelf->items[shelf->item_count++] =
		(Asked){.item_id = DatumGetInt64(values[0]), .sku = TextDatumGetCString(values[1])};
	MemoryContextSwitchTo(outer);
}

/* Sorts the items, each once however often it was asked for; answers their ids. */
static FfArgument
ids_of(Shelf *shelf)
{
	FfColumn ids;
	int count = 0;

	qsort(shelf->items, shelf->item_count, sizeof(Asked), compare_items);
	ff_column_init(&ids, INT8OID);
	for (int i = 0; i < shelf->item_count; i++)
		if (count == 0 || shelf->items[i].item_id != shelf->items[count - 1].item_id)
		{
			shelf->items[count++] = shelf->items[i];
			ff_column_add(&ids, ff_int8(shelf->items[i].item_id));
		}
	shelf->item_count = count;
	return ff_column(&ids);
}

/* Fills the shelf with the items asked for; answers their ids. */
static FfArgument
read_shelf(int32 merchant_id, ArrayType *skus, Shelf *shelf)
{
	FfArgument arguments[] = {ff_int4(merchant_id), ff_datum(PointerGetDatum(skus))};
	FfArgument ids;
	FfRows rows;

	shelf->context = CurrentMemoryContext;
	shelf->items = palloc(sizeof(Asked) * (ArrayGetNItems(ARR_NDIM(skus), ARR_DIMS(skus)) + 1));
	ff_run_through(&read_items, arguments, lengthof(arguments), add_item, shelf);
	ids = ids_of(shelf);

	rows = ff_run(&read_places, ff_int4(merchant_id));
	shelf->place_count = (int) rows.count;
	shelf->places = palloc(sizeof(Place) * (rows.count + 1));
	for (int i = 0; i < shelf->place_count; i++)
		shelf->places[i] =
			(Place){.location_id = ff_row_int8(&rows, i, 1), .safety = ff_row_int4(&rows, i, 2)};

	rows = ff_run(&read_missing, ff_int4(merchant_id), ids);
	shelf->missing_count = (int) rows.count;
	shelf->missing = palloc(sizeof(Missing) * (rows.count + 1));
	for (int i = 0; i < shelf->missing_count; i++)
		shelf->missing[i] = (Missing){.item_id = ff_row_int8(&rows, i, 1),
									  .location_id = ff_row_int8(&rows, i, 2),
									  .units = ff_row_int4(&rows, i, 3)};
	return ids;
}

/* Kits are as many as their parts allow, whatever stands under their own SKU. */
static void
count_kits(int32 merchant_id, FfArgument ids, Shelf *shelf)
{
	FfRows rows = ff_run(&has_kits, ff_int4(merchant_id));

	if (rows.count == 0)
		return;
	rows = ff_run(&read_kits, ff_int4(merchant_id), ids);

	for (uint64 i = 0; i < rows.count; i++)
		find_item(shelf, ff_row_int8(&rows, i, 1))->available = ff_row_int8(&rows, i, 2);
}

PG_FUNCTION_INFO_V1(fulfillment_available_to_sell);

/* available_to_sell(skus, merchant_id) → (sku, available) of those it knows */
Datum
fulfillment_available_to_sell(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int32 merchant_id = PG_GETARG_INT32(1);
	Shelf shelf = {0};
	MemoryContext outer;
	FfArgument ids;

	ff_require(FF_LEVEL_VIEWER, merchant_id);
	InitMaterializedSRF(fcinfo, 0);
	outer = ff_spi_begin();
	ids = read_shelf(merchant_id, PG_GETARG_ARRAYTYPE_P(0), &shelf);
	ff_keyed_rows(&levels, merchant_id, ids.value, add_level, &shelf);
	count_kits(merchant_id, ids, &shelf);
	MemoryContextSwitchTo(outer);
	for (int i = 0; i < shelf.item_count; i++)
	{
		Datum values[2] = {CStringGetTextDatum(shelf.items[i].sku),
						   Int64GetDatum(shelf.items[i].available)};
		bool nulls[2] = {false, false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	ff_spi_end();
	return (Datum) 0;
}
