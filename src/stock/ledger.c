/*
 * ledger.c
 *
 * Moves stock; see ledger.h for the contract.  The levels that a call touches
 * are locked and read in one statement, the movements are played on them in
 * memory group by group, and what came of it is written in two statements.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "common/int.h"

#include "pg/errors.h"
#include "pg/session.h"
#include "pg/spi.h"
#include "stock/ledger.h"

/* Locks in the order of the sort; a row that another session changed is read anew. */
static FfStatement lock_levels = FF_STATEMENT(
	"select s.location_id, s.item_id, s.on_hand, s.reserved,"
	"       coalesce(s.safety_stock, l.safety_stock)"
	"  from fulfillment.stock_levels s"
	"  join fulfillment.locations l on l.merchant_id = $1 and l.location_id = s.location_id"
	"  join unnest($2, $3) as k(location_id, item_id)"
	"    on s.location_id = k.location_id and s.item_id = k.item_id"
	" where s.merchant_id = $1"
	" order by s.location_id, s.item_id"
	"   for update of s",
	INT4OID, INT8ARRAYOID, INT8ARRAYOID);

static FfStatement add_levels = FF_STATEMENT(
	"insert into fulfillment.stock_levels (merchant_id, location_id, item_id)"
	" select $1, k.location_id, k.item_id from unnest($2, $3) as k(location_id, item_id)"
	"  order by 2, 3"
	" on conflict do nothing",
	INT4OID, INT8ARRAYOID, INT8ARRAYOID);

static FfStatement change_levels = FF_STATEMENT(
	"update fulfillment.stock_levels s"
	"   set on_hand = s.on_hand + k.on_hand, reserved = s.reserved + k.reserved, changed_at = $6"
	"  from unnest($2, $3, $4, $5) as k(location_id, item_id, on_hand, reserved)"
	" where s.merchant_id = $1 and s.location_id = k.location_id and s.item_id = k.item_id",
	INT4OID, INT8ARRAYOID, INT8ARRAYOID, INT4ARRAYOID, INT4ARRAYOID, TIMESTAMPTZOID);

static FfStatement add_movements = FF_STATEMENT(
	"insert into fulfillment.stock_movements (merchant_id, moved_at, location_id, item_id, kind,"
	"       on_hand_delta, reserved_delta, order_id, shipment_id, line, cause, actor)"
	" select $1, $2, m.* , $12"
	"   from unnest($3, $4, $5, $6, $7, $8, $9, $10, $11)"
	"     as m(location_id, item_id, kind, on_hand, reserved, order_id, shipment_id, line, cause)",
	INT4OID, TIMESTAMPTZOID, INT8ARRAYOID, INT8ARRAYOID, TEXTARRAYOID, INT4ARRAYOID, INT4ARRAYOID,
	INT8ARRAYOID, INT8ARRAYOID, INT4ARRAYOID, TEXTARRAYOID, TEXTOID);

static FfStatement names_of_level = FF_STATEMENT(
	"select l.code, i.sku from fulfillment.locations l, fulfillment.items i"
	" where l.merchant_id = $1 and l.location_id = $2 and i.merchant_id = $1 and i.item_id = $3",
	INT4OID, INT8OID, INT8OID);

/* What a kind does with its quantity. */
typedef struct Kind
{
	const char *name;
	int on_hand;    /* sign of its effect on on_hand */
	int reserved;   /* sign of its effect on reserved */
	bool available; /* takes only what is available */
	bool promises;  /* safety stock and channel buffer count, too */
} Kind;

static const Kind kinds[] = {
	[FF_MOVE_RECEIVE] = {"receive", 1, 0, false, false},
	[FF_MOVE_ADJUST] = {"adjust", 1, 0, false, false},
	[FF_MOVE_COUNT] = {"count", 1, 0, false, false},
	[FF_MOVE_TRANSFER_OUT] = {"transfer_out", -1, 0, true, false},
	[FF_MOVE_TRANSFER_IN] = {"transfer_in", 1, 0, false, false},
	[FF_MOVE_RESERVE] = {"reserve", 0, 1, true, true},
	[FF_MOVE_RELEASE] = {"release", 0, -1, false, false},
	[FF_MOVE_SHIP] = {"ship", -1, -1, false, false},
	[FF_MOVE_UNSHIP] = {"unship", 1, 1, false, false},
	[FF_MOVE_FOUND] = {"found", 1, 0, false, false},
	[FF_MOVE_RESTOCK] = {"restock", 1, 0, false, false},
};

typedef struct Level
{
	int64 location_id;
	int64 item_id;
	int32 on_hand;
	int32 reserved;
	int32 safety;
	int32 on_hand_before;
	int32 reserved_before;
	int32 on_hand_at_group; /* to go back to when the group fails */
	int32 reserved_at_group;
} Level;

/* A row of the ledger to be. */
typedef struct Entry
{
	const FfMovement *movement;
	FfMovementKind kind;
	int32 on_hand;
	int32 reserved;
} Entry;

static int
compare_levels(const void *a, const void *b)
{
	const Level *left = a;
	const Level *right = b;

	if (left->location_id != right->location_id)
		return left->location_id < right->location_id ? -1 : 1;
	if (left->item_id != right->item_id)
		return left->item_id < right->item_id ? -1 : 1;
	return 0;
}

static Level *
find_level(Level *levels, int count, int64 location_id, int64 item_id)
{
	Level key = {.location_id = location_id, .item_id = item_id};

	return bsearch(&key, levels, count, sizeof(Level), compare_levels);
}

/* The distinct levels the movements touch, in lock order. */
static Level *
levels_of(const FfMovement *movements, int count, int *level_count)
{
	Level *levels = palloc0(sizeof(Level) * count);
	int distinct = 0;

	for (int i = 0; i < count; i++)
	{
		levels[i].location_id = movements[i].location_id;
		levels[i].item_id = movements[i].item_id;
	}
	qsort(levels, count, sizeof(Level), compare_levels);
	for (int i = 0; i < count; i++)
		if (distinct == 0 || compare_levels(&levels[distinct - 1], &levels[i]) != 0)
			levels[distinct++] = levels[i];
	*level_count = distinct;
	return levels;
}

static void
lock_and_read(int32 merchant_id, Level *levels, int count)
{
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
	rows = ff_run(&lock_levels, ff_int4(merchant_id), ff_column(&locations), ff_column(&items));
	if (rows.count < (uint64) count)
	{
		ff_run(&add_levels, ff_int4(merchant_id), ff_column(&locations), ff_column(&items));
		rows = ff_run(&lock_levels, ff_int4(merchant_id), ff_column(&locations), ff_column(&items));
	}
	for (uint64 i = 0; i < rows.count; i++)
	{
		Level *level =
			find_level(levels, count, ff_row_int8(&rows, i, 1), ff_row_int8(&rows, i, 2));

		level->on_hand = level->on_hand_before = ff_row_int4(&rows, i, 3);
		level->reserved = level->reserved_before = ff_row_int4(&rows, i, 4);
		level->safety = ff_row_int4(&rows, i, 5);
	}
}

/* How many units the movement may take from the level. */
static int32
takeable(const Level *level, const FfMovement *movement)
{
	const Kind *kind = &kinds[movement->kind];
	int32 units = level->on_hand;

	if (kind->available)
		units -= level->reserved;
	if (kind->promises)
		units -= level->safety + movement->keep_back;
	return Max(units, 0);
}

/* Whether the movement takes more than there is; shipping never does, it finds. */
static bool
falls_short(const Level *level, const FfMovement *movement)
{
	const Kind *kind = &kinds[movement->kind];

	if (kind->available)
		return movement->quantity > takeable(level, movement);
	return kind->on_hand > 0 && movement->quantity < 0 && -movement->quantity > level->on_hand;
}

static Entry
entry_of(const FfMovement *movement)
{
	const Kind *kind = &kinds[movement->kind];
	bool both = kind->on_hand != 0 && kind->reserved != 0;

	return (Entry){.movement = movement,
				   .kind = movement->kind,
				   .on_hand = kind->on_hand * movement->quantity,
				   .reserved = kind->reserved * (both ? movement->reserved : movement->quantity)};
}

static void
play(Level *level, const FfMovement *movement, Entry *entries, int *entry_count)
{
	Entry entry = entry_of(movement);

	if (movement->kind == FF_MOVE_SHIP && movement->quantity > level->on_hand)
	{
		int32 missing = movement->quantity - level->on_hand;

		entries[(*entry_count)++] =
			(Entry){.movement = movement, .kind = FF_MOVE_FOUND, .on_hand = missing};
		level->on_hand += missing;
	}
	if (pg_add_s32_overflow(level->on_hand, entry.on_hand, &level->on_hand) ||
		pg_add_s32_overflow(level->reserved, entry.reserved, &level->reserved))
		ereport(ERROR,
				(errcode(FF_ERR_INVALID_DOCUMENT),
				 errmsg("more stock than can be counted"),
				 errdetail("Location %lld, item %lld would hold more than %d units.",
						   (long long) movement->location_id,
						   (long long) movement->item_id,
						   PG_INT32_MAX),
				 errhint("Correct the quantity.")));
	if (level->reserved < 0)
		ereport(ERROR,
				(errcode(FF_ERR_NO_STOCK),
				 errmsg("could not release more stock than is reserved"),
				 errdetail("Location %lld, item %lld, shipment %lld.",
						   (long long) movement->location_id,
						   (long long) movement->item_id,
						   (long long) movement->shipment_id),
				 errhint("Run fulfillment.check_stock() to see the drift.")));
	entries[(*entry_count)++] = entry;
}

static void
write_levels(int32 merchant_id, const Level *levels, int count, TimestampTz now)
{
	FfColumn locations;
	FfColumn items;
	FfColumn on_hand;
	FfColumn reserved;

	ff_column_init(&locations, INT8OID);
	ff_column_init(&items, INT8OID);
	ff_column_init(&on_hand, INT4OID);
	ff_column_init(&reserved, INT4OID);
	for (int i = 0; i < count; i++)
	{
		int32 on_hand_delta = levels[i].on_hand - levels[i].on_hand_before;
		int32 reserved_delta = levels[i].reserved - levels[i].reserved_before;

		if (on_hand_delta == 0 && reserved_delta == 0)
			continue;
		ff_column_add(&locations, ff_int8(levels[i].location_id));
		ff_column_add(&items, ff_int8(levels[i].item_id));
		ff_column_add(&on_hand, ff_int4(on_hand_delta));
		ff_column_add(&reserved, ff_int4(reserved_delta));
	}
	if (locations.count > 0)
		ff_run(&change_levels,
			   ff_int4(merchant_id),
			   ff_column(&locations),
			   ff_column(&items),
			   ff_column(&on_hand),
			   ff_column(&reserved),
			   ff_time(now));
}

static void
write_entries(int32 merchant_id, const Entry *entries, int count, TimestampTz now)
{
	FfColumn columns[9];
	static const Oid types[] = {
		INT8OID, INT8OID, TEXTOID, INT4OID, INT4OID, INT8OID, INT8OID, INT4OID, TEXTOID};

	for (int i = 0; i < (int) lengthof(columns); i++)
		ff_column_init(&columns[i], types[i]);
	for (int i = 0; i < count; i++)
	{
		const FfMovement *movement = entries[i].movement;

		ff_column_add(&columns[0], ff_int8(movement->location_id));
		ff_column_add(&columns[1], ff_int8(movement->item_id));
		ff_column_add(&columns[2], ff_text(kinds[entries[i].kind].name));
		ff_column_add(&columns[3], ff_int4(entries[i].on_hand));
		ff_column_add(&columns[4], ff_int4(entries[i].reserved));
		ff_column_add(&columns[5], ff_id(movement->order_id));
		ff_column_add(&columns[6], ff_id(movement->shipment_id));
		ff_column_add(&columns[7], movement->line == 0 ? ff_null() : ff_int4(movement->line));
		ff_column_add(&columns[8], ff_text(movement->cause));
	}
	ff_run(&add_movements,
		   ff_int4(merchant_id),
		   ff_time(now),
		   ff_column(&columns[0]),
		   ff_column(&columns[1]),
		   ff_column(&columns[2]),
		   ff_column(&columns[3]),
		   ff_column(&columns[4]),
		   ff_column(&columns[5]),
		   ff_column(&columns[6]),
		   ff_column(&columns[7]),
		   ff_column(&columns[8]),
		   ff_text(ff_actor()));
}

/* Plays the movements of one group; false, with everything as before, when one falls short. */
static bool
play_group(Level *levels, int level_count, const FfMovement *movements, int count, Entry *entries,
		   int *entry_count, FfShortage *shortage)
{
	int entries_before = *entry_count;
	Level **touched = palloc(sizeof(Level *) * count);

	for (int i = 0; i < count; i++)
	{
		touched[i] =
			find_level(levels, level_count, movements[i].location_id, movements[i].item_id);
		touched[i]->on_hand_at_group = touched[i]->on_hand;
		touched[i]->reserved_at_group = touched[i]->reserved;
	}
	for (int i = 0; i < count; i++)
	{
		if (falls_short(touched[i], &movements[i]))
		{
			*shortage = (FfShortage){.group = movements[i].group,
									 .location_id = movements[i].location_id,
									 .item_id = movements[i].item_id,
									 .wanted = abs(movements[i].quantity),
									 .available = takeable(touched[i], &movements[i])};
			for (int j = 0; j < count; j++)
			{
				touched[j]->on_hand = touched[j]->on_hand_at_group;
				touched[j]->reserved = touched[j]->reserved_at_group;
			}
			*entry_count = entries_before;
			return false;
		}
		play(touched[i], &movements[i], entries, entry_count);
	}
	pfree(touched);
	return true;
}

int
ff_stock_move(int32 merchant_id, const FfMovement *movements, int count, FfShortage **shortages)
{
	TimestampTz now = GetCurrentTransactionStartTimestamp();
	int level_count;
	Level *levels;
	Entry *entries;
	int entry_count = 0;
	FfShortage *found;
	int failed = 0;

	if (count == 0)
		return 0;
	levels = levels_of(movements, count, &level_count);
	lock_and_read(merchant_id, levels, level_count);
	entries = palloc(sizeof(Entry) * count * 2); /* a shipment may find first */
	found = palloc0(sizeof(FfShortage) * count);
	for (int start = 0, end; start < count; start = end)
	{
		for (end = start + 1; end < count && movements[end].group == movements[start].group;)
			end++;
		if (!play_group(levels,
						level_count,
						movements + start,
						end - start,
						entries,
						&entry_count,
						&found[failed]))
			failed++;
	}
	if (entry_count > 0)
	{
		write_levels(merchant_id, levels, level_count, now);
		write_entries(merchant_id, entries, entry_count, now);
	}
	if (shortages)
		*shortages = found;
	return failed;
}

void
ff_stock_refuse(int32 merchant_id, const FfShortage *shortage)
{
	FfRows rows = ff_run(&names_of_level,
						 ff_int4(merchant_id),
						 ff_int8(shortage->location_id),
						 ff_int8(shortage->item_id));

	ereport(ERROR,
			(errcode(FF_ERR_NO_STOCK),
			 errmsg("not enough stock"),
			 errdetail("Location \"%s\" has %d of SKU \"%s\" to take, %d were asked for.",
					   rows.count ? ff_row_text(&rows, 0, 1) : "?",
					   shortage->available,
					   rows.count ? ff_row_text(&rows, 0, 2) : "?",
					   shortage->wanted),
			 errhint("Look at the view fulfillment.inventory.")));
}
