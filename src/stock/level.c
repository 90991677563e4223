/*
 * level.c
 *
 * Levels and the ledger as rows: one statement locks and reads what a call
 * touches, two write what became of it.  Whether a movement may happen is the
 * ledger's to say (ledger.c).
 */
#include "postgres.h"

#include "pg/batch.h"
#include "pg/session.h"
#include "stock/level.h"

/*
 * What locks and changes levels has two forms with the same arguments, as arrays
 * for many rows and as they are for one: for the one row that most calls are
 * about, taking arrays apart and sorting costs more than the row.
 */
typedef struct Forms
{
	FfStatement one;
	FfStatement many;
} Forms;

#define READ_LEVELS                                                                         \
	"select s.location_id, s.item_id, coalesce(s.safety_stock, l.safety_stock), s.on_hand," \
	"       s.reserved, s.quarantine, s.damaged"                                            \
	"  from fulfillment.stock_levels s"                                                     \
	"  join fulfillment.locations l on l.merchant_id = $1 and l.location_id = s.location_id"

/* Locks in the order of the sort; a row that another session changed is read anew. */
static Forms lock_levels = {
	.one = FF_STATEMENT(
		READ_LEVELS
		" where s.merchant_id = $1 and s.location_id = $2 and s.item_id = $3 for update of s",
		INT4OID, INT8OID, INT8OID),
	.many =
		FF_STATEMENT(READ_LEVELS "  join unnest($2, $3) as k(location_id, item_id)"
								 "    on s.location_id = k.location_id and s.item_id = k.item_id"
								 " where s.merchant_id = $1"
								 " order by s.location_id, s.item_id"
								 "   for update of s",
					 INT4OID, INT8ARRAYOID, INT8ARRAYOID)};

static FfStatement add_levels = FF_STATEMENT(
	"insert into fulfillment.stock_levels (merchant_id, location_id, item_id)"
	" select $1, k.location_id, k.item_id from unnest($2, $3) as k(location_id, item_id)"
	"  order by 2, 3"
	" on conflict do nothing",
	INT4OID, INT8ARRAYOID, INT8ARRAYOID);

static Forms change_levels = {
	.one = FF_STATEMENT(
		"update fulfillment.stock_levels"
		"   set on_hand = on_hand + $4, reserved = reserved + $5, quarantine = quarantine + $6,"
		"       damaged = damaged + $7, changed_at = $8"
		" where merchant_id = $1 and location_id = $2 and item_id = $3",
		INT4OID, INT8OID, INT8OID, INT4OID, INT4OID, INT4OID, INT4OID, TIMESTAMPTZOID),
	.many = FF_STATEMENT(
		"update fulfillment.stock_levels s"
		"   set on_hand = s.on_hand + k.on_hand, reserved = s.reserved + k.reserved,"
		"       quarantine = s.quarantine + k.quarantine, damaged = s.damaged + k.damaged,"
		"       changed_at = $8"
		"  from unnest($2, $3, $4, $5, $6, $7)"
		"    as k(location_id, item_id, on_hand, reserved, quarantine, damaged)"
		" where s.merchant_id = $1 and s.location_id = k.location_id and s.item_id = k.item_id",
		INT4OID, INT8ARRAYOID, INT8ARRAYOID, INT4ARRAYOID, INT4ARRAYOID, INT4ARRAYOID, INT4ARRAYOID,
		TIMESTAMPTZOID)};

static FfShape new_movements = FF_SHAPE(
	"new_movements", {"location_id", INT8OID}, {"item_id", INT8OID}, {"kind", TEXTOID},
	{"order_id", INT8OID}, {"shipment_id", INT8OID}, {"line", INT4OID}, {"cause", TEXTOID},
	{"on_hand", INT4OID}, {"reserved", INT4OID}, {"quarantine", INT4OID}, {"damaged", INT4OID});

static FfStatement add_movements = FF_STATEMENT(
	"insert into fulfillment.stock_movements (merchant_id, moved_at, location_id, item_id, kind,"
	"       order_id, shipment_id, line, cause, on_hand_delta, reserved_delta, quarantine_delta,"
	"       damaged_delta, actor)"
	" select $1, $2, n.location_id, n.item_id, n.kind::fulfillment.movement_kind, n.order_id,"
	"        n.shipment_id, n.line, n.cause, n.on_hand, n.reserved, n.quarantine, n.damaged, $3"
	"   from new_movements n",
	INT4OID, TIMESTAMPTZOID, TEXTOID);

/* The statement for so many rows. */
static FfStatement *
form_for(Forms *forms, int count)
{
	return count == 1 ? &forms->one : &forms->many;
}

/* A column as the form for its rows takes it. */
static FfArgument
cells(const FfColumn *column)
{
	return column->count == 1 ? (FfArgument){.value = column->values[0], .null = column->nulls[0]}
							  : ff_column(column);
}

static int
compare_levels(const void *a, const void *b)
{
	const FfStockLevel *left = a;
	const FfStockLevel *right = b;

	if (left->location_id != right->location_id)
		return left->location_id < right->location_id ? -1 : 1;
	if (left->item_id != right->item_id)
		return left->item_id < right->item_id ? -1 : 1;
	return 0;
}

FfStockLevel *
ff_level_find(FfStockLevel *levels, int count, int64 location_id, int64 item_id)
{
	FfStockLevel key = {.location_id = location_id, .item_id = item_id};

	return bsearch(&key, levels, count, sizeof(FfStockLevel), compare_levels);
}

/* The distinct levels the movements touch, in lock order. */
static FfStockLevel *
levels_of(const FfMovement *movements, int count, int *level_count)
{
	FfStockLevel *levels = palloc0(sizeof(FfStockLevel) * count);
	int distinct = 0;

	for (int i = 0; i < count; i++)
	{
		levels[i].location_id = movements[i].location_id;
		levels[i].item_id = movements[i].item_id;
	}
	qsort(levels, count, sizeof(FfStockLevel), compare_levels);
	for (int i = 0; i < count; i++)
		if (distinct == 0 || compare_levels(&levels[distinct - 1], &levels[i]) != 0)
			levels[distinct++] = levels[i];
	*level_count = distinct;
	return levels;
}

static void
lock_and_read(int32 merchant_id, FfStockLevel *levels, int count)
{
	FfStatement *lock = form_for(&lock_levels, count);
	FfColumn locations;
	FfColumn items;
	FfRows rows;

	ff_column_init(&locations, INT8OID);
	ff_column_init(&items, INT8OID);
	for (int i = 0; i < count; i++)
	{
		ff_column_add(&locations, ff_int8(levels[i].location_id));
		ff_column_add(&items, ff_int8(levels[i].item_id));
	}
	rows = ff_run(lock, ff_int4(merchant_id), cells(&locations), cells(&items));
	if (rows.count < (uint64) count)
	{
		ff_run(&add_levels, ff_int4(merchant_id), ff_column(&locations), ff_column(&items));
		rows = ff_run(lock, ff_int4(merchant_id), cells(&locations), cells(&items));
	}
	for (uint64 i = 0; i < rows.count; i++)
	{
		FfStockLevel *level =
			ff_level_find(levels, count, ff_row_int8(&rows, i, 1), ff_row_int8(&rows, i, 2));

		level->safety = ff_row_int4(&rows, i, 3);
		for (int bucket = 0; bucket < FF_BUCKETS; bucket++)
			level->units[bucket] = level->before[bucket] = ff_row_int4(&rows, i, 4 + bucket);
	}
}

FfStockLevel *
ff_levels_lock(int32 merchant_id, const FfMovement *movements, int count, int *level_count)
{
	FfStockLevel *levels = levels_of(movements, count, level_count);

	lock_and_read(merchant_id, levels, *level_count);
	return levels;
}

void
ff_levels_write(int32 merchant_id, const FfStockLevel *levels, int count, TimestampTz now)
{
	FfColumn locations;
	FfColumn items;
	FfColumn units[FF_BUCKETS];

	ff_column_init(&locations, INT8OID);
	ff_column_init(&items, INT8OID);
	for (int bucket = 0; bucket < FF_BUCKETS; bucket++)
		ff_column_init(&units[bucket], INT4OID);
	for (int i = 0; i < count; i++)
	{
		const FfStockLevel *level = &levels[i];

		if (memcmp(level->units, level->before, sizeof(level->units)) == 0)
			continue;
		ff_column_add(&locations, ff_int8(level->location_id));
		ff_column_add(&items, ff_int8(level->item_id));
		for (int bucket = 0; bucket < FF_BUCKETS; bucket++)
			ff_column_add(&units[bucket], ff_int4(level->units[bucket] - level->before[bucket]));
	}
	if (locations.count > 0)
		ff_run(form_for(&change_levels, locations.count),
			   ff_int4(merchant_id),
			   cells(&locations),
			   cells(&items),
			   cells(&units[FF_BUCKET_ON_HAND]),
			   cells(&units[FF_BUCKET_RESERVED]),
			   cells(&units[FF_BUCKET_QUARANTINE]),
			   cells(&units[FF_BUCKET_DAMAGED]),
			   ff_time(now));
}

void
ff_entries_write(int32 merchant_id, const FfEntry *entries, int count, TimestampTz now)
{
	FfBatch *batch = ff_batch_begin(&new_movements);

	for (int i = 0; i < count; i++)
	{
		const FfMovement *movement = entries[i].movement;

		ff_batch_add(batch,
					 ff_int8(movement->location_id),
					 ff_int8(movement->item_id),
					 ff_text(entries[i].kind),
					 ff_id(movement->order_id),
					 ff_id(movement->shipment_id),
					 movement->line == 0 ? ff_null() : ff_int4(movement->line),
					 ff_text(movement->cause),
					 ff_int4(entries[i].units[FF_BUCKET_ON_HAND]),
					 ff_int4(entries[i].units[FF_BUCKET_RESERVED]),
					 ff_int4(entries[i].units[FF_BUCKET_QUARANTINE]),
					 ff_int4(entries[i].units[FF_BUCKET_DAMAGED]));
	}
	ff_run_batch(&add_movements, batch, ff_int4(merchant_id), ff_time(now), ff_text(ff_actor()));
}
