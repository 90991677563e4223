/*
 * wave.c
 *
 * Placing and taking out; prices are scarcity.c's.  While orders are placed,
 * the price of slots goes on moving (pacing.h's walk with the orders as the
 * clock), so that a price that is a little too low does not leave the last
 * orders without a slot.  Plain C.
 */
#include "routing/wave.h"

/* The rise of a slot's price with every one taken, while orders are placed: so much of an order. */
#define PLACING_STEP 25
#define PLACINGS     4

void
ff_wave_init(FfWave *wave)
{
	const FfPool *pool = wave->pool;

	ff_pool_copy(&wave->start, pool, wave->keep);
	memcpy(wave->start.slot_price, pool->slot_price, sizeof(FfCost) * (size_t) pool->nlocations);
	if (pool->stock_price != NULL)
		memcpy(wave->start.stock_price,
			   pool->stock_price,
			   sizeof(FfCost) * (size_t) (pool->nitems * pool->nlocations));
	wave->changes = 0;
	wave->freed_slot = 0;
	wave->scale = FF_COST_UNIT;
	wave->freed_items = ff_arena_zeros(wave->keep, int, pool->nitems);
	for (int c = 0; c < wave->count; c++)
		memset(&wave->contenders[c].outcome, 0, sizeof(FfOutcome));
}

/* At the prices of the pool; exactly, or as well as coarse quotes tell. */
static void
solve(FfWave *wave, int c, const FfPool *pool, bool freely, bool exactly, FfOutcome *outcome)
{
	const FfContender *contender = &wave->contenders[c];

	ff_arena_reset(wave->scratch);
	if (contender->quotes == NULL || (exactly && contender->coarse) ||
		!ff_quotes_solve(contender->quotes, pool, freely, wave->scratch, outcome))
		wave->ask(wave, c, pool, freely, outcome);
}

/* Out of scratch memory; room that is too small is left behind. */
static void
keep_outcome(FfWave *wave, FfContender *contender, const FfOutcome *outcome)
{
	FfOutcome *kept = &contender->outcome;
	int *slots = kept->slots;
	FfTaken *taken = kept->taken;

	if (outcome->nslots > contender->room_slots)
	{
		contender->room_slots = 2 * outcome->nslots;
		slots = ff_arena_array(wave->keep, int, contender->room_slots);
	}
	if (outcome->ntaken > contender->room_taken)
	{
		contender->room_taken = 2 * outcome->ntaken;
		taken = ff_arena_array(wave->keep, FfTaken, contender->room_taken);
	}
	*kept = *outcome;
	kept->slots = slots;
	kept->taken = taken;
	if (outcome->nslots > 0)
		memcpy(slots, outcome->slots, sizeof(int) * (size_t) outcome->nslots);
	if (outcome->ntaken > 0)
		memcpy(taken, outcome->taken, sizeof(FfTaken) * (size_t) outcome->ntaken);
}

void
ff_wave_wish(FfWave *wave, int contender)
{
	FfOutcome outcome;

	solve(wave, contender, &wave->start, true, false, &outcome);
	keep_outcome(wave, &wave->contenders[contender], &outcome);
}

/*
 * Every order by itself at the prices of the start, less what all there is
 * costs at them: whoever obeys the limits pays at least that.
 */
FfCost
ff_wave_bound(FfWave *wave)
{
	const FfPool *start = &wave->start;
	FfCost bound = 0;

	for (int c = 0; c < wave->count; c++)
	{
		FfOutcome outcome;

		solve(wave, c, start, true, true, &outcome);
		bound += outcome.least;
	}
	for (int l = 0; l < start->nlocations; l++)
		if (start->slots[l] != FF_ANY_SLOTS)
			bound -= start->slots[l] * start->slot_price[l];
	for (int cell = 0; cell < start->nitems * start->nlocations; cell++)
		if (start->stock_price[cell] > 0)
			bound -= ff_pool_units(start, cell, 0) * start->stock_price[cell];
	return bound > 0 ? bound : 0;
}

FfCost
ff_wave_cost(const FfWave *wave)
{
	FfCost cost = 0;

	for (int c = 0; c < wave->count; c++)
		cost += wave->contenders[c].outcome.cost;
	return cost;
}

/* Slots rise where one was taken, and fall everywhere by what an order may count on. */
static void
pace(const FfWave *wave, const FfOutcome *outcome, FfPool *prices)
{
	FfCost step = wave->scale / PLACING_STEP;

	for (int l = 0; l < prices->nlocations; l++)
		if (wave->wanted[l] != FF_ANY_SLOTS)
		{
			prices->slot_price[l] -= step * wave->wanted[l] / wave->count;
			if (prices->slot_price[l] < 0)
				prices->slot_price[l] = 0;
		}
	for (int s = 0; s < outcome->nslots; s++)
		if (wave->wanted[outcome->slots[s]] != FF_ANY_SLOTS)
			prices->slot_price[outcome->slots[s]] += step;
}

/* Everyone once; the slots' prices are afterwards what they were on the way, in the mean. */
static void
place_all(FfWave *wave, FfPool *prices, FfCost *sums)
{
	memset(sums, 0, sizeof(FfCost) * (size_t) prices->nlocations);
	for (int c = 0; c < wave->count; c++)
	{
		FfOutcome outcome;

		solve(wave, c, prices, false, false, &outcome);
		keep_outcome(wave, &wave->contenders[c], &outcome);
		ff_pool_take(wave->pool, &outcome, 1);
		pace(wave, &outcome, prices);
		for (int l = 0; l < prices->nlocations; l++)
			sums[l] += prices->slot_price[l];
	}
	for (int l = 0; l < prices->nlocations; l++)
		prices->slot_price[l] = sums[l] / wave->count;
}

/*
 * A price that was too low at first leaves the last orders without slots; the
 * mean of what it became is a better one to begin with.  So all are placed
 * once more while that saves something worth while.
 */
void
ff_wave_place(FfWave *wave)
{
	FfPool prices = *wave->pool;
	FfCost *sums = ff_arena_array(wave->keep, FfCost, prices.nlocations);
	FfCost before;
	FfCost cost = INT64_MAX;
	int times = 0;

	prices.stock_price = wave->start.stock_price;
	prices.slot_price = ff_arena_array(wave->keep, FfCost, prices.nlocations);
	memcpy(prices.slot_price, wave->start.slot_price, sizeof(FfCost) * (size_t) prices.nlocations);
	do
	{
		for (int c = 0; c < wave->count && times > 0; c++)
			ff_pool_take(wave->pool, &wave->contenders[c].outcome, -1);
		before = cost;
		place_all(wave, &prices, sums);
		cost = ff_wave_cost(wave);
	} while (++times < PLACINGS && cost < before - before / 500 && wave->go_on(wave, times));
}

/* Whether something it could use was given back since it was last looked at. */
static bool
worth_looking(const FfWave *wave, const FfContender *contender)
{
	if (wave->freed_slot >= contender->solved_at)
		return true;
	for (int line = 0; line < contender->nlines; line++)
		if (wave->freed_items[contender->items[line]] >= contender->solved_at)
			return true;
	return false;
}

static void
note_freed(FfWave *wave, const FfOutcome *before)
{
	wave->changes++;
	for (int s = 0; s < before->nslots; s++)
		if (wave->pool->slots[before->slots[s]] > 0)
			wave->freed_slot = wave->changes;
	for (int t = 0; t < before->ntaken; t++)
		wave->freed_items[before->taken[t].cell / wave->pool->nlocations] = wave->changes;
}

/* Takes a contender out and solves it again; true when it is better off. */
static bool
improve(FfWave *wave, int c)
{
	FfContender *contender = &wave->contenders[c];
	FfOutcome before = contender->outcome;
	FfOutcome outcome;
	bool better;

	ff_pool_take(wave->pool, &before, -1);
	solve(wave, c, wave->pool, false, true, &outcome);
	better = outcome.priced < before.priced;
	if (better)
	{
		note_freed(wave, &before);
		keep_outcome(wave, contender, &outcome);
	}
	ff_pool_take(wave->pool, &contender->outcome, 1);
	contender->solved_at = wave->changes + 1;
	return better;
}

/* What plans are priced at now that only the prices of the pool itself count. */
static void
price_again(FfWave *wave)
{
	const FfPool *pool = wave->pool;

	for (int c = 0; c < wave->count; c++)
	{
		FfOutcome *outcome = &wave->contenders[c].outcome;

		outcome->priced = outcome->cost;
		for (int s = 0; s < outcome->nslots; s++)
			outcome->priced += pool->slot_price[outcome->slots[s]];
		for (int t = 0; t < outcome->ntaken; t++)
			outcome->priced +=
				outcome->taken[t].units * ff_pool_unit_price(pool, outcome->taken[t].cell);
	}
}

int
ff_wave_improve(FfWave *wave)
{
	int better = 0;

	price_again(wave);
	for (int c = 0; c < wave->count; c++)
	{
		/* who was placed coarsely is asked exactly in the end anyway */
		if (wave->contenders[c].coarse || !worth_looking(wave, &wave->contenders[c]))
			continue;
		better += improve(wave, c);
		if (!wave->go_on(wave, c + 1))
			break;
	}
	return better;
}
