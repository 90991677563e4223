/*
 * level.h
 *
 * The levels a call of the ledger touches, and the rows it writes.  Only the
 * ledger may call this (ledger.h is what everybody else calls).
 */
#ifndef FF_STOCK_LEVEL_H
#define FF_STOCK_LEVEL_H

#include "postgres.h"

#include "stock/ledger.h"

typedef struct FfStockLevel
{
	int64 location_id;
	int64 item_id;
	int32 safety;
	int32 units[FF_BUCKETS];
	int32 before[FF_BUCKETS];
	int32 at_group[FF_BUCKETS]; /* to go back to when the group fails */
} FfStockLevel;

/* A row of the ledger to be. */
typedef struct FfEntry
{
	const FfMovement *movement;
	const char *kind;
	int32 units[FF_BUCKETS]; /* change of each bucket */
} FfEntry;

/* The distinct levels the movements touch, locked in the order (location, item) and read. */
extern FfStockLevel *ff_levels_lock(int32 merchant_id, const FfMovement *movements, int count,
									int *level_count);
extern FfStockLevel *ff_level_find(FfStockLevel *levels, int count, int64 location_id,
								   int64 item_id);

extern void ff_levels_write(int32 merchant_id, const FfStockLevel *levels, int count,
							TimestampTz now);
extern void ff_entries_write(int32 merchant_id, const FfEntry *entries, int count, TimestampTz now);

#endif
