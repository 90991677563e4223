/*
 * bound.c
 *
 * What an order too large for states costs at least.  Leaving goods out of a
 * plan never makes it dearer, so the exact cost of some of the dimensions,
 * with some of their bundles, is a bound; every dimension left out still costs
 * its picking somewhere or its penalty.  What could make the smaller plan
 * impossible or dearer (a part's minimum value, tables that charge less for
 * more) is left out too.  Plain C.
 */
#include "routing/cover.h"
#include "routing/search.h"

/* Steps the exact part may take. */
#define BOUND_EFFORT INT64_C(100000)

/* The dearest to leave out come first. */
static void
sort_dimensions(const FfSpace *space, int *order)
{
	for (int d = 0; d < space->ndimensions; d++)
	{
		const FfDimension *row = &space->dimensions[d];
		int i = d;

		for (; i > 0; i--)
		{
			const FfDimension *other = &space->dimensions[order[i - 1]];

			if (other->weight_g * other->count >= row->weight_g * row->count)
				break;
			order[i] = order[i - 1];
		}
		order[i] = d;
	}
}

/* What a dimension that is left out costs wherever its first bundle goes. */
static FfCost
floor_of(const FfSpace *space, int d)
{
	FfCost least = space->dimensions[d].penalty;

	for (int p = 0; p < space->nplaces; p++)
	{
		const FfPlace *place = &space->places[p];
		FfCost pick = place->row->pick * space->dimensions[d].nlines;

		if (place->available[d] > 0 && pick < least)
			least = pick;
	}
	return least;
}

/* A place that sees only the dimensions kept. */
static void
restrict_place(const FfSpace *whole, FfSpace *part, const int *kept, int p)
{
	const FfPlace *from = &whole->places[p];
	FfPlace *to = &part->places[p];
	FfArena *arena = whole->arena;

	*to = *from;
	to->available = ff_arena_array(arena, int, part->ndimensions);
	to->refused = ff_arena_zeros(arena, uint64_t *, from->row->noptions);
	if (from->unit_price != NULL)
		to->unit_price = ff_arena_array(arena, FfCost, part->ndimensions);
	for (int o = 0; o < from->row->noptions; o++)
		if (from->refused[o] != NULL)
			to->refused[o] = ff_arena_zeros(arena, uint64_t, 1);
	for (int d = 0; d < part->ndimensions; d++)
	{
		int count = part->dimensions[d].count;

		to->available[d] = from->available[kept[d]] < count ? from->available[kept[d]] : count;
		if (from->unit_price != NULL)
			to->unit_price[d] = from->unit_price[kept[d]];
		for (int o = 0; o < from->row->noptions; o++)
			if (from->refused[o] && (from->refused[o][kept[d] / 64] >> (kept[d] % 64) & 1))
				to->refused[o][0] |= UINT64_C(1) << d;
	}
}

static void
restrict_space(const FfSpace *whole, FfSpace *part, int *kept)
{
	int *order = ff_arena_array(whole->arena, int, whole->ndimensions);

	*part = *whole;
	part->dimensions = ff_arena_array(whole->arena, FfDimension, whole->ndimensions);
	part->ndimensions = 0;
	part->nwords = 1;
	part->all_penalty = 0;
	part->part_minimum = 0;
	part->price = ff_tariff_floor;
	sort_dimensions(whole, order);
	for (int i = 0; i < whole->ndimensions && part->ndimensions < 32; i++)
	{
		int n = part->ndimensions++;

		kept[n] = order[i];
		part->dimensions[n] = whole->dimensions[order[i]];
		while (part->dimensions[n].count > 0 && ff_states_effort(part) > BOUND_EFFORT)
			part->dimensions[n].count /= 2;
		if (part->dimensions[n].count == 0)
			part->ndimensions--;
		else
			part->all_penalty += part->dimensions[n].count * part->dimensions[n].penalty;
	}
	part->places = ff_arena_array(whole->arena, FfPlace, whole->nplaces);
	for (int p = 0; p < whole->nplaces; p++)
		restrict_place(whole, part, kept, p);
}

FfCost
ff_search_bound(const FfSpace *space)
{
	int *kept = ff_arena_array(space->arena, int, space->ndimensions + 1);
	FfCost bound = space->lost;
	FfSpace part;
	FfStates states;
	FfCover cover;
	int ignored;

	restrict_space(space, &part, kept);
	for (int d = 0; d < space->ndimensions; d++)
	{
		bool left_out = true;

		for (int i = 0; i < part.ndimensions; i++)
			left_out &= kept[i] != d;
		if (left_out)
			bound += floor_of(space, d);
	}
	if (part.ndimensions == 0 || !ff_states_build(&states, &part))
		return bound;
	ff_cover_build(&cover, &states);
	bound += ff_cover_total(&cover, &ignored);
	return bound < space->all_penalty + space->lost ? bound : space->all_penalty + space->lost;
}
