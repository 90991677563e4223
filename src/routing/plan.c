/*
 * plan.c
 *
 * From picks to the plan a caller reads: quantities per line, the service of
 * every part, cost parts that add up to the total, what is left unassigned.
 * It is also the referee: picks that take more than there is are refused, so
 * no method can hand out an impossible plan.  Plain C.
 */
#include "routing/space.h"

static bool
within_limits(const FfSpace *space, const FfPick *picks, int npicks)
{
	const FfProblem *problem = space->problem;

	if (problem->max_parts > 0 && npicks > problem->max_parts)
		return false;
	for (int first = 0; first < npicks; first++)
	{
		const FfPlace *place = &space->places[picks[first].place];
		int parts = 0;

		for (int p = 0; p < npicks; p++)
			parts += picks[p].place == picks[first].place;
		if (place->row->capacity >= 0 && parts > place->row->capacity)
			return false;
		for (int d = 0; d < space->ndimensions; d++)
		{
			int taken = 0;

			for (int p = 0; p < npicks; p++)
				if (picks[p].place == picks[first].place)
					taken += picks[p].bundles[d];
			if (taken > place->available[d])
				return false;
		}
	}
	return true;
}

static FfCost
sum(const FfPartCost *cost)
{
	return cost->handling + cost->picking + cost->shipping + cost->surcharge + cost->late +
		   cost->preference + cost->scarcity;
}

static void
fill_part(const FfSpace *space, const FfPick *pick, FfPart *part, int *backorder)
{
	const FfProblem *problem = space->problem;
	const FfPlace *place = &space->places[pick->place];
	FfLoad load = {.dimensions = ff_arena_zeros(space->arena, uint64_t, space->nwords)};
	const FfRouteOption *option;
	const FfTariff *tariff;

	part->location = place->location;
	part->quantity = ff_arena_zeros(space->arena, int, problem->nlines);
	for (int d = 0; d < space->ndimensions; d++)
	{
		if (pick->bundles[d] == 0)
			continue;
		ff_load_add(space, place, &load, d, 0, pick->bundles[d]);
		for (int line = space->dimensions[d].first_line; line >= 0; line = space->next_line[line])
		{
			part->quantity[line] = pick->bundles[d] * problem->lines[line].lot;
			backorder[line] -= part->quantity[line];
		}
	}
	part->option = -1;
	ff_place_price(space, place, &load, &part->option);
	option = &place->row->options[part->option];
	tariff = &problem->tariffs[option->tariff];
	part->weight_g = load.weight_g;
	part->parcels = ff_tariff_parcels(
		tariff, ff_tariff_weight(tariff, load.weight_g, load.volume_mm3), load.volume_mm3);
	part->cost = (FfPartCost){
		.handling = place->row->handling,
		.picking = load.nlines * place->row->pick,
		.shipping = ff_tariff_price(tariff, load.weight_g, load.volume_mm3, load.value),
		.surcharge = option->surcharge,
		.late = option->late,
		.preference = place->row->preference + option->preference,
		.scarcity = place->row->shadow_price + load.scarcity,
	};
}

/* By location; parts of the same location stay as they were found. */
static void
sort_picks(FfPick *picks, int npicks)
{
	for (int p = 1; p < npicks; p++)
		for (int q = p; q > 0 && picks[q].place < picks[q - 1].place; q--)
		{
			FfPick swap = picks[q];

			picks[q] = picks[q - 1];
			picks[q - 1] = swap;
		}
}

bool
ff_plan_build(const FfSpace *space, FfPick *picks, int npicks, FfPlan *plan)
{
	const FfProblem *problem = space->problem;

	if (!within_limits(space, picks, npicks))
		return false;
	sort_picks(picks, npicks);
	memset(plan, 0, sizeof(*plan));
	plan->nparts = npicks;
	plan->parts = ff_arena_array(space->arena, FfPart, npicks);
	plan->backorder = ff_arena_array(space->arena, int, problem->nlines);
	for (int line = 0; line < problem->nlines; line++)
		plan->backorder[line] = problem->lines[line].quantity;
	for (int p = 0; p < npicks; p++)
	{
		fill_part(space, &picks[p], &plan->parts[p], plan->backorder);
		plan->total += sum(&plan->parts[p].cost);
	}
	plan->split = npicks > 1 ? (npicks - 1) * problem->split_penalty : 0;
	for (int line = 0; line < problem->nlines; line++)
		plan->backorder_cost += plan->backorder[line] * problem->lines[line].backorder_penalty;
	plan->total += plan->split + plan->backorder_cost;
	return true;
}
