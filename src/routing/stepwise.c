/*
 * stepwise.c
 *
 * supply: what it costs one place to ship exactly a content, in one part, two
 * parts, and so on while more parts help.  shipped: what it costs the places
 * seen so far to ship exactly a content; with max_parts there is one layer per
 * number of parts, otherwise a single one.  All costs here hold the split
 * penalty for every part; the first part's is taken off at the end.  Plain C.
 */
#include "routing/stepwise.h"

typedef struct Supply
{
	int nparts;    /* at most so many parts are worth while */
	FfCost **cost; /* per number of parts less one, per state */
	int **part;    /* the part to begin with */
} Supply;

typedef struct Step
{
	int content; /* what the place ships; 0: nothing */
	int parts;
} Step;

typedef struct Stepwise
{
	const FfStates *states;
	int nlayers;
	Supply *supplies; /* per place */
	Step **steps;     /* per place, per layer and state */
	FfCost *shipped;  /* per layer and state */
	int *list;
	int *digits;
} Stepwise;

static int
most_parts(const FfStates *states, const FfPlace *place)
{
	int most = 0;

	for (int d = 0; d < states->space->ndimensions; d++)
		most += place->available[d];
	if (place->row->capacity >= 0 && place->row->capacity < most)
		most = place->row->capacity;
	if (states->space->problem->max_parts > 0 && states->space->problem->max_parts < most)
		most = states->space->problem->max_parts;
	return most;
}

/* Box of a state in dimensions, cut down to limits when those are given. */
static int
parts_of(Stepwise *run, int state, const int *limits)
{
	const FfStates *states = run->states;

	ff_states_digits(states, state, run->digits);
	if (limits != NULL)
		for (int d = 0; d < states->space->ndimensions; d++)
			if (limits[d] < run->digits[d])
				run->digits[d] = limits[d];
	return ff_states_box(states, 0, run->digits, run->list);
}

/* One part more than the supply has so far; false when that makes nothing cheaper. */
static bool
add_part(Stepwise *run, Supply *supply, int p, const int *box, int nbox)
{
	const FfStates *states = run->states;
	FfArena *arena = states->space->arena;
	FfCost split = states->space->problem->split_penalty;
	const FfCost *single = states->cost[p];
	int n = supply->nparts;
	FfCost *cost = ff_arena_array(arena, FfCost, states->nstates);
	int *part = ff_arena_zeros(arena, int, states->nstates);
	bool better = false;

	for (int s = 0; s < states->nstates; s++)
		cost[s] = FF_COST_NEVER;
	for (int b = 1; b < nbox; b++)
	{
		int content = box[b];
		FfCost least = FF_COST_NEVER;
		int count = n == 0 ? 0 : parts_of(run, content, NULL);

		if (n == 0 && single[content] < FF_COST_NEVER)
		{
			cost[content] = single[content] + split;
			part[content] = content;
			better = true;
			continue;
		}
		for (int m = 0; m < n; m++)
			if (supply->cost[m][content] < least)
				least = supply->cost[m][content];
		for (int i = 1; i < count; i++)
		{
			int first = run->list[i];
			FfCost total = single[first] + split + supply->cost[n - 1][content - first];

			if (first != content && total < least)
			{
				least = cost[content] = total;
				part[content] = first;
				better = true;
			}
		}
	}
	supply->cost[n] = cost;
	supply->part[n] = part;
	return better;
}

static void
build_supply(Stepwise *run, int p)
{
	const FfStates *states = run->states;
	FfArena *arena = states->space->arena;
	const FfPlace *place = &states->space->places[p];
	Supply *supply = &run->supplies[p];
	int most = most_parts(states, place);
	int *box = ff_arena_array(arena, int, states->nstates);
	int nbox = ff_states_box(states, 0, place->available, box);

	supply->cost = ff_arena_array(arena, FfCost *, most);
	supply->part = ff_arena_array(arena, int *, most);
	while (supply->nparts < most && add_part(run, supply, p, box, nbox))
		supply->nparts++;
}

/* The best way to have a state shipped when place p joins in, or must. */
static void
join_state(Stepwise *run, int p, bool must, int state)
{
	const FfStates *states = run->states;
	const Supply *supply = &run->supplies[p];
	int n = states->nstates;
	int count = parts_of(run, state, states->space->places[p].available);

	for (int layer = run->nlayers - 1; layer >= 0; layer--)
	{
		FfCost *shipped = &run->shipped[layer * n + state];
		Step *step = &run->steps[p][layer * n + state];

		if (must)
			*shipped = FF_COST_NEVER;
		for (int parts = 1; parts <= supply->nparts; parts++)
		{
			int before = run->nlayers == 1 ? 0 : layer - parts;

			if (before < 0)
				break;
			for (int i = 1; i < count; i++)
			{
				int content = run->list[i];
				FfCost cost =
					supply->cost[parts - 1][content] + run->shipped[before * n + state - content];

				if (cost < *shipped)
				{
					*shipped = cost;
					*step = (Step){content, parts};
				}
			}
		}
	}
}

static bool
find_end(const Stepwise *run, bool must, int *best_layer, int *best_state)
{
	const FfStates *states = run->states;
	const FfSpace *space = states->space;
	int all = states->nstates - 1;
	FfCost best = must ? FF_COST_NEVER : space->all_penalty + space->problem->split_penalty;

	*best_layer = 0;
	*best_state = 0;
	for (int state = all; state > 0; state--)
	{
		if (space->problem->ship_complete && state != all)
			break;
		for (int layer = 0; layer < run->nlayers; layer++)
		{
			FfCost cost =
				run->shipped[layer * states->nstates + state] + states->penalty[all - state];

			if (cost < best || (cost == best && cost < FF_COST_NEVER && *best_state == 0))
			{
				best = cost;
				*best_layer = layer;
				*best_state = state;
			}
		}
	}
	return best < FF_COST_NEVER;
}

static int
trace(const Stepwise *run, int layer, int state, FfPick *picks)
{
	const FfStates *states = run->states;
	int npicks = 0;

	for (int p = states->space->nplaces - 1; p >= 0; p--)
	{
		Step step = run->steps[p][layer * states->nstates + state];
		int content = step.content;

		if (content == 0)
			continue;
		for (int parts = step.parts; parts > 0; parts--)
		{
			int part = run->supplies[p].part[parts - 1][content];
			FfPick *pick = &picks[npicks++];

			pick->place = p;
			pick->bundles = ff_arena_array(states->space->arena, int, states->space->ndimensions);
			ff_states_digits(states, part, pick->bundles);
			content -= part;
		}
		state -= step.content;
		if (run->nlayers > 1)
			layer -= step.parts;
	}
	return npicks;
}

/* No plan has more parts. */
static int
all_bundles(const FfSpace *space)
{
	int bundles = 0;

	for (int d = 0; d < space->ndimensions; d++)
		bundles += space->dimensions[d].count;
	return bundles;
}

static int
layers(const FfSpace *space)
{
	int limit = space->problem->max_parts;

	return limit > 0 && limit < all_bundles(space) ? limit + 1 : 1;
}

int64_t
ff_stepwise_effort(const FfSpace *space)
{
	double effort = 0;

	for (int p = 0; p < space->nplaces; p++)
	{
		double pairs = layers(space);

		for (int d = 0; d < space->ndimensions; d++)
		{
			double count = space->dimensions[d].count;
			double available = space->places[p].available[d];

			pairs *= (count + 1) * (available + 1) - available * (available + 1) / 2;
		}
		effort += pairs;
	}
	return effort < 1e18 ? (int64_t) effort : INT64_MAX;
}

bool
ff_stepwise_solve(const FfStates *states, int place, int64_t effort, FfPick **picks, int *npicks)
{
	const FfSpace *space = states->space;
	FfArena *arena = space->arena;
	Stepwise run = {.states = states};
	int cells;
	int layer;
	int state;

	if (ff_stepwise_effort(space) > effort)
		return false;
	run.nlayers = layers(space);
	cells = run.nlayers * states->nstates;
	run.supplies = ff_arena_zeros(arena, Supply, space->nplaces);
	run.steps = ff_arena_array(arena, Step *, space->nplaces);
	run.shipped = ff_arena_array(arena, FfCost, cells);
	run.list = ff_arena_array(arena, int, states->nstates);
	run.digits = ff_arena_array(arena, int, space->ndimensions);
	for (int i = 0; i < cells; i++)
		run.shipped[i] = FF_COST_NEVER;
	run.shipped[0] = 0;
	for (int p = 0; p < space->nplaces; p++)
	{
		build_supply(&run, p);
		run.steps[p] = ff_arena_zeros(arena, Step, cells);
		for (int s = states->nstates - 1; s >= 0; s--)
			join_state(&run, p, p == place, s);
	}
	if (!find_end(&run, place >= 0, &layer, &state))
		return false;
	*picks = ff_arena_array(arena, FfPick, all_bundles(space));
	*npicks = trace(&run, layer, state, *picks);
	return true;
}
