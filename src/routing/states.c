/*
 * states.c
 *
 * Sums and prices of all states.  A carrier's price depends on the content and
 * the tariff, not on the place, so it is computed once per tariff and content;
 * a place then only adds and compares.  Plain C.
 */
#include "routing/states.h"

/* 8 bytes each: prices by place and by tariff. */
#define MAX_CELLS  (1 << 21)
#define MAX_STATES (1 << 16)

typedef struct Sums
{
	int64_t *weight_g;
	int64_t *volume_mm3;
	FfCost *value;
	uint32_t *dimensions;
	int *nlines;
} Sums;

int64_t
ff_states_effort(const FfSpace *space)
{
	double pairs = 1;

	for (int d = 0; d < space->ndimensions; d++)
	{
		double count = space->dimensions[d].count;

		pairs *= (count + 1) * (count + 2) / 2;
	}
	return pairs < 1e18 ? (int64_t) pairs : INT64_MAX;
}

static bool
number_states(FfStates *states)
{
	const FfSpace *space = states->space;
	int64_t nstates = 1;

	states->stride = ff_arena_array(space->arena, int, space->ndimensions);
	for (int d = 0; d < space->ndimensions; d++)
	{
		states->stride[d] = (int) nstates;
		nstates *= space->dimensions[d].count + 1;
		if (nstates > MAX_STATES)
			return false;
	}
	states->nstates = (int) nstates;
	return nstates * (space->nplaces + space->problem->ntariffs) <= MAX_CELLS;
}

int
ff_states_box(const FfStates *states, int first, const int *limits, int *list)
{
	int n = 1;

	list[0] = 0;
	for (int d = first; d < states->space->ndimensions; d++)
	{
		int stride = states->stride[d];
		int block = n;

		for (int digit = 1; digit <= limits[d]; digit++)
			for (int i = 0; i < block; i++)
				list[n++] = list[i] + digit * stride;
	}
	return n;
}

void
ff_states_digits(const FfStates *states, int state, int *digits)
{
	for (int d = 0; d < states->space->ndimensions; d++)
		digits[d] = ff_state_digit(states, state, d);
}

/* Every state is a smaller one and a bundle of its highest dimension. */
static void
add_up(FfStates *states, Sums *sums)
{
	const FfSpace *space = states->space;
	int n = states->nstates;

	sums->weight_g = ff_arena_array(space->arena, int64_t, n);
	sums->volume_mm3 = ff_arena_array(space->arena, int64_t, n);
	sums->value = ff_arena_array(space->arena, FfCost, n);
	sums->dimensions = ff_arena_array(space->arena, uint32_t, n);
	sums->nlines = ff_arena_array(space->arena, int, n);
	states->penalty = ff_arena_array(space->arena, FfCost, n);
	sums->weight_g[0] = sums->volume_mm3[0] = sums->value[0] = states->penalty[0] = 0;
	sums->dimensions[0] = 0;
	sums->nlines[0] = 0;
	for (int d = 0, state = 1; d < space->ndimensions; d++)
	{
		const FfDimension *row = &space->dimensions[d];
		uint32_t bit = UINT32_C(1) << d;

		for (int end = states->stride[d] * (row->count + 1); state < end; state++)
		{
			int less = state - states->stride[d];

			sums->weight_g[state] = sums->weight_g[less] + row->weight_g;
			sums->volume_mm3[state] = sums->volume_mm3[less] + row->volume_mm3;
			sums->value[state] = sums->value[less] + row->value;
			states->penalty[state] = states->penalty[less] + row->penalty;
			sums->dimensions[state] = sums->dimensions[less] | bit;
			sums->nlines[state] =
				sums->nlines[less] + ((sums->dimensions[less] & bit) ? 0 : row->nlines);
		}
	}
}

static const FfCost *
tariff_prices(const FfStates *states, const Sums *sums, int tariff)
{
	const FfSpace *space = states->space;
	FfCost *prices = ff_arena_array(space->arena, FfCost, states->nstates);

	for (int s = 0; s < states->nstates; s++)
		prices[s] = space->price(&space->problem->tariffs[tariff],
								 sums->weight_g[s],
								 sums->volume_mm3[s],
								 sums->value[s]);
	return prices;
}

/* The cheapest option of a place for every content in the list. */
static void
price_options(const FfStates *states, const Sums *sums, const FfCost **tariffs, int p,
			  const int *list, int n)
{
	const FfPlace *place = &states->space->places[p];
	FfCost *cost = states->cost[p];

	for (int o = 0; o < place->row->noptions; o++)
	{
		const FfRouteOption *option = &place->row->options[o];
		FfCost extra = ff_option_extra(option) + ff_place_fixed(place);
		uint32_t refused = place->refused[o] ? (uint32_t) place->refused[o][0] : 0;
		const FfCost *prices;

		if (tariffs[option->tariff] == NULL)
			tariffs[option->tariff] = tariff_prices(states, sums, option->tariff);
		prices = tariffs[option->tariff];
		for (int i = 1; i < n; i++)
		{
			int s = list[i];

			if ((sums->dimensions[s] & refused) == 0 && prices[s] + extra < cost[s])
				cost[s] = prices[s] + extra;
		}
	}
}

static void
price_place(FfStates *states, const Sums *sums, const FfCost **tariffs, int p, int *list)
{
	const FfSpace *space = states->space;
	const FfPlace *place = &space->places[p];
	FfCost *cost = ff_arena_array(space->arena, FfCost, states->nstates);
	int n = ff_states_box(states, 0, place->available, list);

	states->cost[p] = cost;
	for (int s = 0; s < states->nstates; s++)
		cost[s] = FF_COST_NEVER;
	price_options(states, sums, tariffs, p, list, n);
	for (int i = 1; i < n; i++)
	{
		int s = list[i];

		if (cost[s] == FF_COST_NEVER)
			continue;
		if (sums->value[s] < space->part_minimum)
		{
			cost[s] = FF_COST_NEVER;
			continue;
		}
		cost[s] += sums->nlines[s] * place->row->pick;
		if (place->unit_price != NULL)
			for (int d = 0; d < space->ndimensions; d++)
				cost[s] += ff_state_digit(states, s, d) * place->unit_price[d];
		if (cost[s] < states->best[s])
		{
			states->best[s] = cost[s];
			states->place[s] = (uint16_t) p;
		}
	}
}

bool
ff_states_build(FfStates *states, const FfSpace *space)
{
	Sums sums;
	const FfCost **tariffs;
	int *list;

	states->space = space;
	if (!number_states(states))
		return false;
	add_up(states, &sums);
	tariffs = ff_arena_zeros(space->arena, const FfCost *, space->problem->ntariffs);
	list = ff_arena_array(space->arena, int, states->nstates);
	states->cost = ff_arena_array(space->arena, FfCost *, space->nplaces);
	states->best = ff_arena_array(space->arena, FfCost, states->nstates);
	states->place = ff_arena_zeros(space->arena, uint16_t, states->nstates);
	for (int s = 0; s < states->nstates; s++)
		states->best[s] = FF_COST_NEVER;
	for (int p = 0; p < space->nplaces; p++)
		price_place(states, &sums, tariffs, p, list);
	return true;
}
