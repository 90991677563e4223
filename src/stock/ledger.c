/*
 * ledger.c
 *
 * Moves stock; see ledger.h for the contract.  The levels that a call touches
 * are locked and read (level.c), the movements are played on them in memory
 * group by group, and what came of it is written.
 */
#include "postgres.h"

#include "access/xact.h"
#include "common/int.h"

#include "pg/errors.h"
#include "pg/spi.h"
#include "stock/ledger.h"
#include "stock/level.h"

static FfStatement lock_items =
	FF_STATEMENT("select 1 from fulfillment.stock_levels s"
				 " where s.merchant_id = $1 and s.item_id in ("
				 "   select l.item_id from fulfillment.order_lines l"
				 "    where l.merchant_id = $1 and l.order_id = any ($2)"
				 "   union select i.item_id from unnest($3) i(item_id))"
				 " order by s.location_id, s.item_id"
				 "   for update of s",
				 INT4OID, INT8ARRAYOID, INT8ARRAYOID);

static FfStatement names_of_level = FF_STATEMENT(
	"select l.code, i.sku from fulfillment.locations l, fulfillment.items i"
	" where l.merchant_id = $1 and l.location_id = $2 and i.merchant_id = $1 and i.item_id = $3",
	INT4OID, INT8OID, INT8OID);

/* What a kind does with its quantity. */
typedef struct Kind
{
	const char *name;
	int units[FF_BUCKETS]; /* sign of its effect on each bucket */
	bool available;        /* takes only what is available */
	bool promises;         /* safety stock and channel buffer count, too */
} Kind;

static const Kind kinds[FF_MOVEMENT_KINDS] = {
	[FF_MOVE_RECEIVE] = {"receive", {1}},
	[FF_MOVE_ADJUST] = {"adjust", {1}},
	[FF_MOVE_COUNT] = {"count", {1}},
	[FF_MOVE_TRANSFER_OUT] = {"transfer_out", {-1}, .available = true},
	[FF_MOVE_TRANSFER_IN] = {"transfer_in", {1}},
	[FF_MOVE_RESERVE] = {"reserve", {0, 1}, .available = true, .promises = true},
	[FF_MOVE_RELEASE] = {"release", {0, -1}},
	[FF_MOVE_SHIP] = {"ship", {-1, -1}},
	[FF_MOVE_UNSHIP] = {"unship", {1, 1}},
	[FF_MOVE_FOUND] = {"found", {1}},
	[FF_MOVE_RESTOCK] = {"restock", {1}},
	[FF_MOVE_RECONCILE] = {"reconcile", {1}},
	[FF_MOVE_QUARANTINE] = {"quarantine", {-1, 0, 1}, .available = true},
	[FF_MOVE_CLEAR] = {"clear", {1, 0, -1}},
	[FF_MOVE_DAMAGE] = {"damage", {-1, 0, 0, 1}, .available = true},
	[FF_MOVE_CONDEMN] = {"condemn", {0, 0, -1, 1}},
	[FF_MOVE_SCRAP] = {"scrap", {0, 0, 0, -1}},
	[FF_MOVE_ISOLATE] = {"isolate", {0, 0, 1}},
};

FfMovementKind
ff_movement_kind(const char *name)
{
	int kind = 0;

	while (kind < FF_MOVEMENT_KINDS && strcmp(kinds[kind].name, name) != 0)
		kind++;
	return kind;
}

/* The bucket a movement takes its units from; shipping never lacks any, it finds. */
static FfBucket
source_of(const FfMovement *movement)
{
	const Kind *kind = &kinds[movement->kind];

	for (int bucket = FF_BUCKET_QUARANTINE; bucket < FF_BUCKETS; bucket++)
		if (kind->units[bucket] < 0)
			return bucket;
	return FF_BUCKET_ON_HAND;
}

/* How many units the movement may take from the level. */
static int32
takeable(const FfStockLevel *level, const FfMovement *movement)
{
	const Kind *kind = &kinds[movement->kind];
	int32 units = level->units[source_of(movement)];

	if (kind->available)
		units -= level->units[FF_BUCKET_RESERVED];
	if (kind->promises)
		units -= level->safety + movement->keep_back;
	return Max(units, 0);
}

/* Whether the movement takes more than there is. */
static bool
falls_short(const FfStockLevel *level, const FfMovement *movement)
{
	const Kind *kind = &kinds[movement->kind];

	if (kind->available || source_of(movement) != FF_BUCKET_ON_HAND)
		return movement->quantity > takeable(level, movement);
	return kind->units[FF_BUCKET_ON_HAND] > 0 && movement->quantity < 0 &&
		   -movement->quantity > level->units[FF_BUCKET_ON_HAND];
}

static FfEntry
entry_of(const FfMovement *movement)
{
	const Kind *kind = &kinds[movement->kind];
	bool both = kind->units[FF_BUCKET_ON_HAND] != 0 && kind->units[FF_BUCKET_RESERVED] != 0;
	FfEntry entry = {.movement = movement, .kind = kind->name};

	for (int bucket = 0; bucket < FF_BUCKETS; bucket++)
		entry.units[bucket] = kind->units[bucket] * movement->quantity;
	if (both)
		entry.units[FF_BUCKET_RESERVED] = kind->units[FF_BUCKET_RESERVED] * movement->reserved;
	return entry;
}

static void
add_units(FfStockLevel *level, const FfEntry *entry)
{
	const FfMovement *movement = entry->movement;

	for (int bucket = 0; bucket < FF_BUCKETS; bucket++)
		if (pg_add_s32_overflow(level->units[bucket], entry->units[bucket], &level->units[bucket]))
			ereport(ERROR,
					(errcode(FF_ERR_INVALID_DOCUMENT),
					 errmsg("more stock than can be counted"),
					 errdetail("Location %lld, item %lld would hold more than %d units.",
							   (long long) movement->location_id,
							   (long long) movement->item_id,
							   PG_INT32_MAX),
					 errhint("Correct the quantity.")));
	if (level->units[FF_BUCKET_RESERVED] < 0)
		ereport(ERROR,
				(errcode(FF_ERR_NO_STOCK),
				 errmsg("could not release more stock than is reserved"),
				 errdetail("Location %lld, item %lld, shipment %lld.",
						   (long long) movement->location_id,
						   (long long) movement->item_id,
						   (long long) movement->shipment_id),
				 errhint("Run fulfillment.check_stock() to see the drift.")));
}

static void
play(FfStockLevel *level, const FfMovement *movement, FfEntry *entries, int *entry_count)
{
	int32 missing = movement->quantity - level->units[FF_BUCKET_ON_HAND];

	if (movement->kind == FF_MOVE_SHIP && missing > 0)
	{
		FfEntry found = {.movement = movement, .kind = kinds[FF_MOVE_FOUND].name};

		found.units[FF_BUCKET_ON_HAND] = missing;
		add_units(level, &found);
		entries[(*entry_count)++] = found;
	}
	entries[*entry_count] = entry_of(movement);
	add_units(level, &entries[(*entry_count)++]);
	if (movement->on_hand != NULL)
		*movement->on_hand = level->units[FF_BUCKET_ON_HAND];
}

/* Plays the movements of one group; false, with everything as before, when one falls short. */
static bool
play_group(FfStockLevel *levels, int level_count, const FfMovement *movements, int count,
		   FfEntry *entries, int *entry_count, FfShortage *shortage)
{
	int entries_before = *entry_count;
	FfStockLevel **touched = palloc(sizeof(FfStockLevel *) * count);

	for (int i = 0; i < count; i++)
	{
		touched[i] =
			ff_level_find(levels, level_count, movements[i].location_id, movements[i].item_id);
		memcpy(touched[i]->at_group, touched[i]->units, sizeof(touched[i]->units));
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
				memcpy(touched[j]->units, touched[j]->at_group, sizeof(touched[j]->units));
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
	FfStockLevel *levels;
	FfEntry *entries;
	int entry_count = 0;
	FfShortage *found;
	int failed = 0;

	if (count == 0)
		return 0;
	levels = ff_levels_lock(merchant_id, movements, count, &level_count);
	entries = palloc(sizeof(FfEntry) * count * 2); /* a shipment may find first */
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
		ff_levels_write(merchant_id, levels, level_count, now);
		ff_entries_write(merchant_id, entries, entry_count, now);
	}
	if (shortages)
		*shortages = found;
	return failed;
}

static FfArgument
array_of(const int64 *ids, int count)
{
	FfColumn column;

	ff_column_init(&column, INT8OID);
	for (int i = 0; i < count; i++)
		ff_column_add(&column, ff_int8(ids[i]));
	return ff_column(&column);
}

void
ff_stock_lock(int32 merchant_id, const int64 *order_ids, int order_count, const int64 *item_ids,
			  int item_count)
{
	ff_run(&lock_items,
		   ff_int4(merchant_id),
		   array_of(order_ids, order_count),
		   array_of(item_ids, item_count));
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
