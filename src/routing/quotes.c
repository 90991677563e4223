/*
 * quotes.c
 *
 * Base prices of states.c, copied once; with what is left and the prices of
 * scarce things they become the best part of every content, which cover.c
 * puts together.  A content fits a place when none of its digits is greater
 * than the place's, which one subtraction shows.  Plain C.
 */
#include "routing/quotes.h"

#include "routing/cover.h"

#define MAX_CELLS      32768
#define MAX_EFFORT     INT64_C(100000)
#define DEAR_EFFORT    INT64_C(1000)
#define MAX_DIMENSIONS 16
#define MAX_BUNDLES    7 /* in four bits, of which the highest is free */
#define HIGH_BITS      UINT64_C(0x8888888888888888)

static void *
keep_copy(FfArena *keep, const void *what, size_t size)
{
	return memcpy(ff_arena_take(keep, size), what, size);
}

static uint64_t
pack(const int *bundles, int ndimensions)
{
	uint64_t packed = 0;

	for (int d = 0; d < ndimensions; d++)
		packed |= (uint64_t) bundles[d] << (4 * d);
	return packed;
}

static inline bool
fits(uint64_t content, uint64_t most)
{
	return (((most | HIGH_BITS) - content) & HIGH_BITS) == HIGH_BITS;
}

static bool
few_enough(const FfSpace *space)
{
	if (space->ndimensions > MAX_DIMENSIONS || ff_states_effort(space) > MAX_EFFORT)
		return false;
	for (int d = 0; d < space->ndimensions; d++)
		if (space->dimensions[d].count > MAX_BUNDLES)
			return false;
	return true;
}

/* What describes the order's lines, out of the scratch memory it was made in. */
static void
keep_lines(FfQuotes *quotes, const FfProblem *problem, const int *items, FfArena *keep)
{
	FfSpace *space = &quotes->space;
	size_t nlines = (size_t) problem->nlines;

	quotes->problem = *problem;
	quotes->problem.lines = NULL;
	quotes->problem.locations = NULL;
	quotes->problem.tariffs = NULL;
	quotes->item = keep_copy(keep, items, sizeof(int) * nlines);
	quotes->lot = ff_arena_array(keep, int, nlines);
	quotes->ahead = ff_arena_zeros(keep, int, nlines);
	for (size_t line = 0; line < nlines; line++)
	{
		quotes->lot[line] = problem->lines[line].lot;
		for (size_t other = 0; other < line; other++)
			if (items[other] == items[line])
				quotes->ahead[line] += problem->lines[other].quantity;
	}
	space->problem = &quotes->problem;
	space->dimensions =
		keep_copy(keep, space->dimensions, sizeof(FfDimension) * (size_t) space->ndimensions);
	space->next_line = keep_copy(keep, space->next_line, sizeof(int) * nlines);
}

static void
keep_prices(FfQuotes *quotes, const FfPlace *places, const int *locations, FfArena *keep)
{
	FfStates *states = &quotes->states;
	int ndimensions = quotes->space.ndimensions;
	int nplaces = quotes->space.nplaces;
	size_t row = sizeof(FfCost) * (size_t) states->nstates;
	FfCost **cost = ff_arena_array(keep, FfCost *, nplaces);
	int bundles[MAX_DIMENSIONS];

	quotes->location = ff_arena_array(keep, int, nplaces);
	quotes->most = ff_arena_array(keep, uint64_t, nplaces);
	for (int p = 0; p < nplaces; p++)
	{
		cost[p] = keep_copy(keep, states->cost[p], row);
		quotes->location[p] = locations[places[p].location];
		quotes->most[p] = pack(places[p].available, ndimensions);
	}
	states->cost = cost;
	states->stride = keep_copy(keep, states->stride, sizeof(int) * (size_t) ndimensions);
	states->penalty = keep_copy(keep, states->penalty, row);
	quotes->digits = ff_arena_array(keep, uint64_t, states->nstates);
	for (int s = 0; s < states->nstates; s++)
	{
		ff_states_digits(states, s, bundles);
		quotes->digits[s] = pack(bundles, ndimensions);
	}
}

FfQuotes *
ff_quotes_make(const FfProblem *problem, const int *items, const int *locations, int keep_back,
			   FfArena *scratch, FfArena *keep)
{
	FfQuotes *quotes;
	FfSpace space;
	FfStates states = {0};

	ff_space_build(&space, problem, scratch);
	if (space.nplaces > 0 && (!problem->ship_complete || space.whole))
	{
		if (!few_enough(&space) || !ff_states_build(&states, &space) ||
			(int64_t) states.nstates * space.nplaces > MAX_CELLS)
			return NULL;
	}
	else
		space.nplaces = 0;
	quotes = ff_arena_zeros(keep, FfQuotes, 1);
	quotes->space = space;
	quotes->states = states;
	quotes->states.space = &quotes->space;
	quotes->keep_back = keep_back;
	quotes->all_lost = space.lost + space.all_penalty;
	quotes->dear = ff_states_effort(&space) > DEAR_EFFORT;
	keep_lines(quotes, problem, items, keep);
	if (space.nplaces > 0)
		keep_prices(quotes, space.places, locations, keep);
	quotes->space.places = NULL;
	quotes->space.arena = NULL;
	return quotes;
}

/* Bundles a place has now: no more than at the beginning, when others may have had less. */
static uint64_t
bundles_left(const FfQuotes *quotes, const FfPool *pool, int p)
{
	const FfSpace *space = &quotes->space;
	int bundles[MAX_DIMENSIONS];

	for (int d = 0; d < space->ndimensions; d++)
	{
		bundles[d] = (int) (quotes->most[p] >> (4 * d) & MAX_BUNDLES);
		for (int line = space->dimensions[d].first_line; line >= 0; line = space->next_line[line])
		{
			int cell = ff_pool_cell(pool, quotes->item[line], quotes->location[p]);
			int units = ff_pool_units(pool, cell, quotes->keep_back + quotes->ahead[line]) /
						quotes->lot[line];

			if (units < bundles[d])
				bundles[d] = units;
		}
	}
	return pack(bundles, space->ndimensions);
}

/* What a bundle of a dimension is worth to others at a place. */
static FfCost
bundle_price(const FfQuotes *quotes, const FfPool *pool, int p, int d)
{
	const FfSpace *space = &quotes->space;
	FfCost price = 0;

	for (int line = space->dimensions[d].first_line; line >= 0; line = space->next_line[line])
		price +=
			quotes->lot[line] *
			ff_pool_unit_price(pool, ff_pool_cell(pool, quotes->item[line], quotes->location[p]));
	return price;
}

/* Of every content, what it is worth to others at a place, with the slot; the first is nothing. */
static void
add_up_prices(const FfQuotes *quotes, const FfPool *pool, int p, FfCost *prices)
{
	const FfStates *states = &quotes->states;

	prices[0] = pool->slot_price[quotes->location[p]];
	for (int d = 0, state = 1; d < quotes->space.ndimensions; d++)
	{
		int stride = states->stride[d];
		FfCost price = bundle_price(quotes, pool, p, d);

		for (int end = stride * (quotes->space.dimensions[d].count + 1); state < end; state++)
			prices[state] = prices[state - stride] + price;
	}
}

/* The cheapest place of every content. */
static void
ask_places(const FfQuotes *quotes, const FfPool *pool, bool freely, FfArena *scratch,
		   FfStates *states)
{
	int nstates = states->nstates;
	FfCost *prices = ff_arena_array(scratch, FfCost, nstates);

	states->best = ff_arena_array(scratch, FfCost, nstates);
	states->place = ff_arena_zeros(scratch, uint16_t, nstates);
	for (int s = 0; s < nstates; s++)
		states->best[s] = FF_COST_NEVER;
	for (int p = 0; p < quotes->space.nplaces; p++)
	{
		const FfCost *cost = states->cost[p];
		uint64_t most;

		if (!freely && pool->slots[quotes->location[p]] <= 0 &&
			pool->slots[quotes->location[p]] != FF_ANY_SLOTS)
			continue;
		most = freely ? quotes->most[p] : bundles_left(quotes, pool, p);
		if (most == 0)
			continue;
		add_up_prices(quotes, pool, p, prices);
		for (int s = 1; s < nstates; s++)
			if (cost[s] + prices[s] < states->best[s] && fits(quotes->digits[s], most))
			{
				states->best[s] = cost[s] + prices[s];
				states->place[s] = (uint16_t) p;
			}
	}
}

/* Slots and units of the picks, and what of their price is for others. */
static void
fill_outcome(const FfQuotes *quotes, const FfPool *pool, const FfPick *picks, int npicks,
			 FfArena *scratch, FfOutcome *outcome)
{
	const FfSpace *space = &quotes->space;

	outcome->slots = ff_arena_array(scratch, int, npicks);
	outcome->taken = ff_arena_array(scratch, FfTaken, npicks * quotes->problem.nlines);
	outcome->cost = outcome->priced;
	for (int i = 0; i < npicks; i++)
	{
		int location = quotes->location[picks[i].place];

		outcome->slots[outcome->nslots++] = location;
		outcome->cost -= pool->slot_price[location];
		for (int d = 0; d < space->ndimensions; d++)
			for (int line = space->dimensions[d].first_line; line >= 0 && picks[i].bundles[d] > 0;
				 line = space->next_line[line])
			{
				int cell = ff_pool_cell(pool, quotes->item[line], location);
				int units = picks[i].bundles[d] * quotes->lot[line];

				outcome->taken[outcome->ntaken++] = (FfTaken){cell, units};
				outcome->cost -= units * ff_pool_unit_price(pool, cell);
			}
	}
}

/* Whether slots and units are there when parts of one location come together. */
static bool
possible(const FfQuotes *quotes, const FfPool *pool, const FfOutcome *outcome)
{
	if (quotes->problem.max_parts > 0 && outcome->nslots > quotes->problem.max_parts)
		return false;
	for (int i = 0; i < outcome->nslots; i++)
	{
		int left = pool->slots[outcome->slots[i]];

		for (int j = 0; j < outcome->nslots; j++)
			left -= left != FF_ANY_SLOTS && outcome->slots[j] == outcome->slots[i];
		if (left < 0 && left != FF_ANY_SLOTS)
			return false;
	}
	for (int i = 0; i < outcome->ntaken; i++)
	{
		int left = ff_pool_units(pool, outcome->taken[i].cell, quotes->keep_back);

		for (int j = 0; j < outcome->ntaken; j++)
			if (outcome->taken[j].cell == outcome->taken[i].cell)
				left -= outcome->taken[j].units;
		if (left < 0)
			return false;
	}
	return true;
}

bool
ff_quotes_solve(const FfQuotes *quotes, const FfPool *pool, bool freely, FfArena *scratch,
				FfOutcome *outcome)
{
	FfSpace space = quotes->space;
	FfStates states = quotes->states;
	FfCover cover;
	FfPick *picks;
	int npicks;
	int part;

	memset(outcome, 0, sizeof(*outcome));
	outcome->priced = outcome->cost = outcome->least = quotes->all_lost;
	if (space.nplaces == 0)
		return true;
	space.arena = scratch;
	states.space = &space;
	ask_places(quotes, pool, freely, scratch, &states);
	ff_cover_build(&cover, &states);
	outcome->priced = ff_cover_total(&cover, &part) + space.lost;
	outcome->least = outcome->priced;
	if (part == 0)
		return true;
	npicks = ff_cover_picks(&cover, states.place[part], part, &picks);
	fill_outcome(quotes, pool, picks, npicks, scratch, outcome);
	return freely || possible(quotes, pool, outcome);
}
