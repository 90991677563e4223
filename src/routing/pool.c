/*
 * pool.c
 *
 * Copies of pools, and outcomes in and out of them.  Plain C.
 */
#include "routing/pool.h"

void
ff_pool_copy(FfPool *copy, const FfPool *pool, FfArena *arena)
{
	int ncells = pool->nitems * pool->nlocations;

	*copy = *pool;
	copy->stock = ff_arena_array(arena, FfStock, ncells);
	copy->slots = ff_arena_array(arena, int, pool->nlocations);
	copy->stock_price = ff_arena_zeros(arena, FfCost, ncells);
	copy->slot_price = ff_arena_zeros(arena, FfCost, pool->nlocations);
	memcpy(copy->stock, pool->stock, sizeof(FfStock) * (size_t) ncells);
	memcpy(copy->slots, pool->slots, sizeof(int) * (size_t) pool->nlocations);
}

void
ff_pool_take(FfPool *pool, const FfOutcome *outcome, int times)
{
	for (int s = 0; s < outcome->nslots; s++)
		if (pool->slots[outcome->slots[s]] != FF_ANY_SLOTS)
			pool->slots[outcome->slots[s]] -= times;
	for (int t = 0; t < outcome->ntaken; t++)
		pool->stock[outcome->taken[t].cell].free -= times * outcome->taken[t].units;
}
