/*
 * pool.h
 *
 * What orders compete for: units of every item at every location and slots of
 * every location's day, with what each of them is worth to other orders.  A
 * cell is an item at a location.  Plain C.
 */
#ifndef FF_ROUTING_POOL_H
#define FF_ROUTING_POOL_H

#include <stddef.h>

#include "routing/arena.h"
#include "routing/tariff.h"

typedef struct FfStock
{
	int32_t free;   /* on hand, not reserved; below 0 in a pool that may be overdrawn */
	int32_t safety; /* not to be promised */
} FfStock;

typedef struct FfPool
{
	int nitems;
	int nlocations;
	FfStock *stock;      /* per cell */
	int *slots;          /* per location: parts it can still ship; FF_ANY_SLOTS: any number */
	FfCost *stock_price; /* per cell: of a unit; NULL: nothing */
	FfCost *slot_price;  /* per location: of a slot */
} FfPool;

#define FF_ANY_SLOTS INT32_MIN

/* Units that a plan takes of a cell. */
typedef struct FfTaken
{
	int cell;
	int units;
} FfTaken;

/* What an order gets: its parts' slots, their units, and what that costs. */
typedef struct FfOutcome
{
	FfCost priced; /* with prices of slots and units … */
	FfCost cost;   /* … and without them */
	FfCost least;  /* no plan is priced lower */
	int nslots;
	int *slots; /* locations, one per part */
	int ntaken;
	FfTaken *taken;
} FfOutcome;

static inline int
ff_pool_cell(const FfPool *pool, int item, int location)
{
	return item * pool->nlocations + location;
}

/* Units of a cell that may be promised to somebody who must keep so many back. */
static inline int
ff_pool_units(const FfPool *pool, int cell, int keep_back)
{
	int64_t units = (int64_t) pool->stock[cell].free - pool->stock[cell].safety - keep_back;

	return units > 0 ? (int) units : 0;
}

static inline FfCost
ff_pool_unit_price(const FfPool *pool, int cell)
{
	return pool->stock_price == NULL ? 0 : pool->stock_price[cell];
}

/* The same things once more, to be taken without being gone; with prices of its own, zero. */
extern void ff_pool_copy(FfPool *copy, const FfPool *pool, FfArena *arena);

/* All that an outcome holds leaves the pool, or with -1 comes back. */
extern void ff_pool_take(FfPool *pool, const FfOutcome *outcome, int times);

#endif
