/*
 * space.c
 *
 * Lines into dimensions, locations into places, loads into prices.  What no
 * location has is dropped here once, with its penalty, so that the methods
 * only see what can be decided.  Plain C.
 */
#include "routing/space.h"

/* Groups gather around their first line; a loose line is its own dimension. */
static void
gather_lines(FfSpace *space)
{
	const FfProblem *problem = space->problem;
	int *last_line = ff_arena_array(space->arena, int, problem->nlines);

	space->dimensions = ff_arena_zeros(space->arena, FfDimension, problem->nlines);
	space->next_line = ff_arena_array(space->arena, int, problem->nlines);
	space->ndimensions = 0;
	for (int line = 0; line < problem->nlines; line++)
	{
		const FfRouteLine *row = &problem->lines[line];
		int d = space->ndimensions;
		FfDimension *dimension;

		if (row->group != 0)
			for (d = 0; d < space->ndimensions; d++)
				if (problem->lines[space->dimensions[d].first_line].group == row->group)
					break;
		dimension = &space->dimensions[d];
		if (d == space->ndimensions)
		{
			space->ndimensions++;
			dimension->first_line = line;
			dimension->count = row->quantity / row->lot;
		}
		else
			space->next_line[last_line[d]] = line;
		last_line[d] = line;
		space->next_line[line] = -1;
		dimension->nlines++;
		dimension->weight_g += row->weight_g * row->lot;
		dimension->volume_mm3 += row->volume_mm3 * row->lot;
		dimension->value += row->value * row->lot;
		dimension->penalty += row->backorder_penalty * row->lot;
	}
}

/* Bundles of a dimension a location has: as many as its scarcest line. */
static int
bundles_at(const FfSpace *space, const FfRouteLocation *location, const FfDimension *dimension)
{
	int bundles = dimension->count;

	for (int line = dimension->first_line; line >= 0; line = space->next_line[line])
	{
		int here = location->available[line] / space->problem->lines[line].lot;

		if (here < bundles)
			bundles = here;
	}
	return bundles < 0 ? 0 : bundles;
}

static bool
usable(const FfRouteLocation *location)
{
	return location->excluded == FF_REASON_NONE && location->capacity != 0 &&
		   location->noptions > 0;
}

/* Fewer bundles than the order wants when all locations together have fewer. */
static void
drop_unavailable(FfSpace *space)
{
	const FfProblem *problem = space->problem;
	int kept = 0;

	space->whole = true;
	for (int d = 0; d < space->ndimensions; d++)
	{
		FfDimension *dimension = &space->dimensions[d];
		int wanted = dimension->count;
		int64_t supply = 0;

		for (int l = 0; l < problem->nlocations && supply < wanted; l++)
			if (usable(&problem->locations[l]))
				supply += bundles_at(space, &problem->locations[l], dimension);
		if (supply < wanted)
		{
			space->whole = false;
			space->lost += (wanted - supply) * dimension->penalty;
			dimension->count = (int) supply;
		}
		space->all_penalty += dimension->count * dimension->penalty;
		if (supply > 0)
			space->dimensions[kept++] = *dimension;
	}
	space->ndimensions = kept;
	space->nwords = (kept + 63) / 64;
}

static uint64_t *
refused_dimensions(const FfSpace *space, const FfRouteOption *option)
{
	uint64_t *set;

	if (option->refused == NULL)
		return NULL;
	set = ff_arena_zeros(space->arena, uint64_t, space->nwords);
	for (int d = 0; d < space->ndimensions; d++)
		for (int line = space->dimensions[d].first_line; line >= 0; line = space->next_line[line])
			if (option->refused[line] != FF_REASON_NONE)
				set[d / 64] |= UINT64_C(1) << (d % 64);
	return set;
}

static FfCost *
bundle_prices(const FfSpace *space, const FfRouteLocation *location)
{
	FfCost *prices;

	if (location->unit_price == NULL)
		return NULL;
	prices = ff_arena_zeros(space->arena, FfCost, space->ndimensions);
	for (int d = 0; d < space->ndimensions; d++)
		for (int line = space->dimensions[d].first_line; line >= 0; line = space->next_line[line])
			prices[d] += location->unit_price[line] * space->problem->lines[line].lot;
	return prices;
}

static void
open_places(FfSpace *space)
{
	const FfProblem *problem = space->problem;
	int *available = ff_arena_array(space->arena, int, space->ndimensions);

	space->places = ff_arena_array(space->arena, FfPlace, problem->nlocations);
	space->nplaces = 0;
	for (int l = 0; l < problem->nlocations; l++)
	{
		const FfRouteLocation *row = &problem->locations[l];
		FfPlace *place = &space->places[space->nplaces];
		bool something = false;

		if (!usable(row))
			continue;
		for (int d = 0; d < space->ndimensions; d++)
		{
			available[d] = bundles_at(space, row, &space->dimensions[d]);
			something |= available[d] > 0;
		}
		if (!something)
			continue;
		space->nplaces++;
		place->location = l;
		place->row = row;
		place->available = available;
		place->unit_price = bundle_prices(space, row);
		place->refused = ff_arena_array(space->arena, uint64_t *, row->noptions);
		for (int o = 0; o < row->noptions; o++)
			place->refused[o] = refused_dimensions(space, &row->options[o]);
		available = ff_arena_array(space->arena, int, space->ndimensions);
	}
}

void
ff_space_build(FfSpace *space, const FfProblem *problem, FfArena *arena)
{
	FfCost value = 0;

	memset(space, 0, sizeof(*space));
	space->problem = problem;
	space->arena = arena;
	space->price = ff_tariff_price;
	for (int line = 0; line < problem->nlines; line++)
		value += problem->lines[line].value * problem->lines[line].quantity;
	space->part_minimum = problem->min_part_value < value ? problem->min_part_value : value;
	gather_lines(space);
	drop_unavailable(space);
	open_places(space);
}

void
ff_load_add(const FfSpace *space, const FfPlace *place, FfLoad *load, int dimension, int before,
			int bundles)
{
	const FfDimension *row = &space->dimensions[dimension];
	uint64_t bit = UINT64_C(1) << (dimension % 64);

	load->weight_g += bundles * row->weight_g;
	load->volume_mm3 += bundles * row->volume_mm3;
	load->value += bundles * row->value;
	if (place->unit_price != NULL)
		load->scarcity += bundles * place->unit_price[dimension];
	if (before == 0 && bundles > 0)
	{
		load->nlines += row->nlines;
		load->dimensions[dimension / 64] |= bit;
	}
	else if (before > 0 && before + bundles == 0)
	{
		load->nlines -= row->nlines;
		load->dimensions[dimension / 64] &= ~bit;
	}
}

static bool
carries(const FfSpace *space, const uint64_t *refused, const FfLoad *load)
{
	if (refused != NULL)
		for (int w = 0; w < space->nwords; w++)
			if ((refused[w] & load->dimensions[w]) != 0)
				return false;
	return true;
}

FfCost
ff_place_price(const FfSpace *space, const FfPlace *place, const FfLoad *load, int *option)
{
	FfCost best = FF_COST_NEVER;

	if (load->value < space->part_minimum)
		return FF_COST_NEVER;
	for (int o = 0; o < place->row->noptions; o++)
	{
		const FfRouteOption *row = &place->row->options[o];
		FfCost price;

		if (!carries(space, place->refused[o], load))
			continue;
		price = ff_tariff_price(
			&space->problem->tariffs[row->tariff], load->weight_g, load->volume_mm3, load->value);
		if (price == FF_COST_NEVER || price + ff_option_extra(row) >= best)
			continue;
		best = price + ff_option_extra(row);
		*option = o;
	}
	if (best == FF_COST_NEVER)
		return FF_COST_NEVER;
	return best + ff_place_fixed(place) + load->nlines * place->row->pick + load->scarcity;
}
