/*
 * scarcity.c
 *
 * What slots and units are worth to the orders of a wave.  In every round each
 * order says what it would like at the prices of the round; a cell of which
 * more is wanted than there is gets dearer, one of which less is wanted gets
 * cheaper again.  Each price has a step of its own, which grows while the price
 * keeps its direction and shrinks when it turns round (Rprop), so cells that
 * matter to two orders and slots that matter to a thousand both find their
 * price in some twenty rounds.  The prices of the later rounds are averaged.
 * Plain C.
 */
#include <stdlib.h>

#include "routing/wave.h"

/* Steps, as parts of what an order usually costs. */
#define FIRST_STEP 20
#define LEAST_STEP 1000
#define MOST_STEP  2

/* Of contenders that are dear to ask, one in so many is asked in each round. */
#define SELDOM 6

typedef struct Walk
{
	FfCost step; /* 0: it never moved */
	FfCost sum;  /* of the averaged rounds */
	int sign;
} Walk;

/*
 * Moves a price by what is wanted beyond what there is; weight is at most 1000.
 * It does not fall below what the thing is worth to others than this wave.
 */
static void
walk(FfCost *price, FfCost least, Walk *walk, FfCost scale, int64_t excess, int64_t weight)
{
	int sign = excess > 0 ? 1 : -1;

	if (excess == 0 || (excess < 0 && *price <= least))
		return;
	if (walk->step == 0)
		walk->step = scale / FIRST_STEP;
	else
		walk->step = walk->sign == sign ? walk->step * 13 / 10 : walk->step / 2;
	if (walk->step > scale / MOST_STEP)
		walk->step = scale / MOST_STEP;
	if (walk->step < scale / LEAST_STEP)
		walk->step = scale / LEAST_STEP;
	walk->sign = sign;
	*price += sign * walk->step * weight / 1000;
	if (*price < least)
		*price = least;
}

static bool
is_dear(const FfContender *contender)
{
	return contender->quotes == NULL || contender->quotes->dear;
}

/* One order says what it would like now; what it liked before is taken back. */
static void
wish_again(FfWave *wave, int c, FfPool *wishes)
{
	FfContender *contender = &wave->contenders[c];

	ff_pool_take(wishes, &contender->outcome, -1);
	ff_wave_wish(wave, c);
	ff_pool_take(wishes, &contender->outcome, 1);
}

static void
move_prices(FfWave *wave, const FfPool *wishes, Walk *cells, Walk *locations)
{
	FfPool *start = &wave->start;

	for (int cell = 0; cell < start->nitems * start->nlocations; cell++)
	{
		int64_t wanted = (int64_t) start->stock[cell].free - wishes->stock[cell].free;

		walk(&start->stock_price[cell],
			 ff_pool_unit_price(wave->pool, cell),
			 &cells[cell],
			 wave->scale,
			 wanted - ff_pool_units(start, cell, 0),
			 1000);
	}
	for (int l = 0; l < start->nlocations; l++)
	{
		int64_t excess;
		int64_t weight;

		if (wave->wanted[l] == FF_ANY_SLOTS)
			continue;
		excess = (int64_t) start->slots[l] - wishes->slots[l] - wave->wanted[l];
		/* a tenth of the slots too many is a lot */
		weight = (excess < 0 ? -excess : excess) * 10000 / (wave->wanted[l] + 1);
		walk(&start->slot_price[l],
			 wave->pool->slot_price[l],
			 &locations[l],
			 wave->scale,
			 excess,
			 weight < 1000 ? weight : 1000);
	}
}

static int
compare_costs(const void *left, const void *right)
{
	FfCost a = *(const FfCost *) left;
	FfCost b = *(const FfCost *) right;

	return a < b ? -1 : a > b;
}

/* The median of what orders cost that ship something. */
static FfCost
usual_cost(const FfWave *wave)
{
	FfCost *costs = ff_arena_array(wave->keep, FfCost, wave->count);
	int n = 0;

	for (int c = 0; c < wave->count; c++)
		if (wave->contenders[c].outcome.nslots > 0)
			costs[n++] = wave->contenders[c].outcome.cost;
	qsort(costs, (size_t) n, sizeof(FfCost), compare_costs);
	return n > 0 && costs[n / 2] > 0 ? costs[n / 2] : FF_COST_UNIT;
}

static void
average(FfCost *prices, const Walk *walks, int count, int rounds)
{
	for (int i = 0; i < count; i++)
		prices[i] = walks[i].sum / rounds;
}

static void
add_up(const FfCost *prices, Walk *walks, int count)
{
	for (int i = 0; i < count; i++)
		walks[i].sum += prices[i];
}

int
ff_wave_price(FfWave *wave, int rounds)
{
	FfPool *start = &wave->start;
	int ncells = start->nitems * start->nlocations;
	Walk *cells = ff_arena_zeros(wave->keep, Walk, ncells);
	Walk *locations = ff_arena_zeros(wave->keep, Walk, start->nlocations);
	FfPool wishes;
	int averaged = 0;
	int round;

	ff_pool_copy(&wishes, start, wave->keep);
	for (round = 0; round < rounds; round++)
	{
		for (int c = 0; c < wave->count; c++)
			if (round == 0 || (round + c) % SELDOM == 0 || !is_dear(&wave->contenders[c]))
				wish_again(wave, c, &wishes);
		if (round == 0)
			wave->scale = usual_cost(wave);
		move_prices(wave, &wishes, cells, locations);
		if (!wave->go_on(wave, round + 1))
			break;
		if (3 * round >= 2 * rounds)
		{
			add_up(start->stock_price, cells, ncells);
			add_up(start->slot_price, locations, start->nlocations);
			averaged++;
		}
	}
	if (averaged > 0)
	{
		average(start->stock_price, cells, ncells, averaged);
		average(start->slot_price, locations, start->nlocations, averaged);
	}
	return round;
}
