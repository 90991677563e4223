/*
 * cover.c
 *
 * rest[M] = the least of: leave a bundle of M's first dimension unassigned, or
 * ship a part of M that holds such a bundle and dispose of the remainder.
 * Asking for the first dimension means every set of parts is met once.  Each
 * part but an order's first pays the split penalty, so the first part is
 * chosen apart (ff_cover_total).  Plain C.
 */
#include "routing/cover.h"

static int
first_dimension(const FfStates *states, int state)
{
	int d = 0;

	while (ff_state_digit(states, state, d) == 0)
		d++;
	return d;
}

/* The digits of the next state; answers the first dimension that has some. */
static int
count_up(const FfStates *states, int *digits)
{
	int d = 0;

	while (digits[d] == states->space->dimensions[d].count)
		digits[d++] = 0;
	digits[d]++;
	return digits[0] > 0 ? 0 : d;
}

/* The cheapest way to begin disposing of a state, of which d is the first dimension, into cover. */
static void
dispose(FfCover *cover, int state, int d, const int *digits, int *list)
{
	const FfStates *states = cover->states;
	const FfProblem *problem = states->space->problem;
	int stride = states->stride[d];
	FfCost best = states->best[state] + problem->split_penalty;
	int part = state;
	int n = ff_states_box(states, d + 1, digits, list);

	for (int i = 0; i < n; i++)
		for (int digit = 1; digit <= digits[d]; digit++)
		{
			int candidate = list[i] + digit * stride;
			FfCost cost =
				states->best[candidate] + problem->split_penalty + cover->rest[state - candidate];

			if (cost < best)
			{
				best = cost;
				part = candidate;
			}
		}
	if (!problem->ship_complete)
	{
		FfCost cost = states->space->dimensions[d].penalty + cover->rest[state - stride];

		if (cost < best)
		{
			best = cost;
			part = 0;
		}
	}
	cover->rest[state] = best < FF_COST_NEVER ? best : FF_COST_NEVER;
	cover->part[state] = part;
}

void
ff_cover_build(FfCover *cover, const FfStates *states)
{
	FfArena *arena = states->space->arena;
	int *digits = ff_arena_zeros(arena, int, states->space->ndimensions);
	int *list = ff_arena_array(arena, int, states->nstates);

	cover->states = states;
	cover->rest = ff_arena_array(arena, FfCost, states->nstates);
	cover->part = ff_arena_array(arena, int, states->nstates);
	cover->rest[0] = 0;
	cover->part[0] = 0;
	for (int state = 1; state < states->nstates; state++)
	{
		int d = count_up(states, digits);

		dispose(cover, state, d, digits, list);
	}
}

FfCost
ff_cover_total(const FfCover *cover, int *part)
{
	const FfStates *states = cover->states;
	int all = states->nstates - 1;
	FfCost best = states->space->all_penalty;

	*part = 0;
	for (int state = all; state > 0; state--)
	{
		FfCost cost = states->best[state] + cover->rest[all - state];

		if (cost < best || (cost == best && *part == 0))
		{
			best = cost;
			*part = state;
		}
	}
	return best;
}

static void
add_pick(const FfStates *states, FfPick *pick, int place, int part)
{
	pick->place = place;
	pick->bundles = ff_arena_array(states->space->arena, int, states->space->ndimensions);
	ff_states_digits(states, part, pick->bundles);
}

int
ff_cover_picks(const FfCover *cover, int place, int part, FfPick **picks)
{
	const FfStates *states = cover->states;
	int state = states->nstates - 1 - part;
	int npicks = 1;
	int bundles = 1;

	for (int s = state; s > 0; bundles++)
		s -= cover->part[s] > 0 ? cover->part[s] : states->stride[first_dimension(states, s)];
	*picks = ff_arena_array(states->space->arena, FfPick, bundles);
	add_pick(states, &(*picks)[0], place, part);
	while (state > 0)
	{
		part = cover->part[state];
		if (part > 0)
			add_pick(states, &(*picks)[npicks++], states->place[part], part);
		else
			part = states->stride[first_dimension(states, state)];
		state -= part;
	}
	return npicks;
}
