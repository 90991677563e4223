/*
 * candidates.c
 *
 * Filters: what a location may not handle is not available there, what a
 * service may not carry it refuses line by line, each with its reason.  What
 * is left is for the solver to weigh.
 */
#include "postgres.h"

#include <math.h>

#include "routing/candidates.h"

static FfRouteLine *
make_lines(const FfNetwork *network, const FfDemand *demand)
{
	const FfRoutingSettings *settings = &network->settings;
	FfRouteLine *lines = palloc(sizeof(FfRouteLine) * (demand->nlines + 1));

	for (int i = 0; i < demand->nlines; i++)
	{
		const FfDemandLine *line = &demand->lines[i];

		lines[i] =
			(FfRouteLine){.quantity = line->quantity,
						  .lot = line->lot,
						  .group = line->group,
						  .weight_g = line->weight_g,
						  .volume_mm3 = line->volume_mm3,
						  .value = line->value,
						  .backorder_penalty = settings->backorder_penalty +
											   (FfCost) rint(settings->backorder_value_share *
															 (double) line->value)};
	}
	return lines;
}

/* What limits of its size and nature keep a unit from being carried by a service. */
static FfReason
not_carried(const FfService *service, const FfDemandLine *line)
{
	if (line->hazmat && !service->hazmat)
		return FF_REASON_HAZMAT;
	if (service->max_weight_g > 0 && line->weight_g > service->max_weight_g)
		return FF_REASON_WEIGHT;
	if ((service->max_length_mm > 0 && line->length_mm > service->max_length_mm) ||
		(service->max_girth_mm > 0 && line->girth_mm > service->max_girth_mm))
		return FF_REASON_DIMENSIONS;
	if (service->max_value > 0 && line->value > service->max_value)
		return FF_REASON_VALUE;
	return FF_REASON_NONE;
}

static void
refuse_lines(const FfCandidates *candidates, const FfLocation *location, FfOffers *offers)
{
	const FfDemand *demand = candidates->demand;

	for (int o = 0; o < offers->count; o++)
	{
		const FfService *service = offers->offers[o].service;
		uint8_t *refused = palloc(demand->nlines + 1);
		bool any = false;

		for (int i = 0; i < demand->nlines; i++)
		{
			refused[i] = not_carried(service, &demand->lines[i]);
			if (refused[i] == FF_REASON_NONE &&
				ff_rules_forbid(candidates->matches, location, service, i) != NULL)
				refused[i] = FF_REASON_RULE;
			any |= refused[i] != FF_REASON_NONE;
		}
		offers->options[o].refused = any ? refused : NULL;
		offers->options[o].preference = ff_rules_preference(candidates->matches, location, service);
	}
}

/* Units of a line to be had, and why there are not more; earlier lines of its item go first. */
static int
available(const FfDemand *demand, const FfLocation *location, const FfDemandLine *line,
		  const FfStock *stock, uint8_t *refused)
{
	int64 units = (int64) stock->free - stock->safety - demand->keep_back - line->ahead;

	*refused = FF_REASON_NONE;
	if (line->hazmat && !location->hazmat)
	{
		*refused = FF_REASON_HAZMAT;
		return 0;
	}
	if (units >= line->quantity)
		return line->quantity;
	*refused = stock->free > 0 && units <= 0 ? FF_REASON_SAFETY_STOCK : FF_REASON_NO_STOCK;
	return (int) Max(units, 0);
}

static FfReason
excluded(const FfDemand *demand, const FfLocation *location)
{
	if (ff_numbers_have(&demand->failed, location->location_id))
		return FF_REASON_FAILED;
	if (!location->ships_abroad && demand->country != NULL &&
		strcmp(demand->country, location->country) != 0)
		return FF_REASON_COUNTRY;
	return FF_REASON_NONE;
}

static const FfCost *
unit_prices(const FfCandidates *candidates, int l)
{
	int nlines = candidates->demand->nlines;
	FfCost *prices;

	if (candidates->pool->stock_price == NULL)
		return NULL;
	prices = palloc(sizeof(FfCost) * (nlines + 1));
	for (int i = 0; i < nlines; i++)
		prices[i] = ff_pool_unit_price(candidates->pool, ff_candidate_cell(candidates, l, i));
	return prices;
}

static void
fill_location(FfCandidates *candidates, int l, FfTariffs *tariffs, FfRouteLocation *row)
{
	const FfDemand *demand = candidates->demand;
	const FfLocation *location = ff_candidate_location(candidates, l);
	FfOffers *offers = &candidates->offers[l];
	const FfPool *pool = candidates->pool;
	int slots = pool->slots[candidates->locations[l]];
	int *units = palloc(sizeof(int) * (demand->nlines + 1));
	uint8_t *refused = palloc(demand->nlines + 1);

	for (int i = 0; i < demand->nlines; i++)
		units[i] = available(demand,
							 location,
							 &demand->lines[i],
							 &pool->stock[ff_candidate_cell(candidates, l, i)],
							 &refused[i]);
	ff_offers_make(candidates->network, location, demand, tariffs, offers);
	refuse_lines(candidates, location, offers);
	*row = (FfRouteLocation){.excluded = excluded(demand, location),
							 .handling = location->handling,
							 .pick = location->pick,
							 .shadow_price = pool->slot_price[candidates->locations[l]],
							 .capacity = slots == FF_ANY_SLOTS ? -1 : Max(slots, 0),
							 .available = units,
							 .refused = refused,
							 .unit_price = unit_prices(candidates, l),
							 .noptions = offers->count,
							 .options = offers->options};
	if (row->excluded == FF_REASON_NONE && offers->count == 0)
		row->excluded = offers->otherwise;
}

FfCandidates *
ff_candidates_build(const FfNetwork *network, const FfPool *pool, const FfDemand *demand,
					int alternatives)
{
	FfCandidates *candidates = palloc0(sizeof(FfCandidates));
	FfProblem *problem = &candidates->problem;
	int64 only = demand->request.location_id;
	FfRouteLocation *locations = palloc(sizeof(FfRouteLocation) * (network->nlocations + 1));
	FfTariffs tariffs;

	candidates->network = network;
	candidates->pool = pool;
	candidates->demand = demand;
	candidates->matches = ff_rules_match(network->rules, demand);
	candidates->locations = palloc(sizeof(int) * (network->nlocations + 1));
	candidates->offers = palloc(sizeof(FfOffers) * (network->nlocations + 1));
	ff_tariffs_init(&tariffs);
	for (int l = 0; l < network->nlocations; l++)
	{
		if (only != 0 && network->locations[l].location_id != only)
			continue;
		candidates->locations[problem->nlocations] = l;
		fill_location(candidates, problem->nlocations, &tariffs, &locations[problem->nlocations]);
		problem->nlocations++;
	}
	problem->nlines = demand->nlines;
	problem->lines = make_lines(network, demand);
	problem->locations = locations;
	problem->ntariffs = tariffs.count;
	problem->tariffs = tariffs.tariffs;
	problem->split_penalty = network->settings.split_penalty;
	problem->min_part_value = network->settings.min_part_value;
	problem->max_parts = only != 0 ? 1 : network->settings.max_splits;
	problem->ship_complete = demand->ship_complete || only != 0;
	problem->alternatives = alternatives;
	return candidates;
}

void
ff_candidates_take(const FfCandidates *candidates, FfNetwork *network, FfPool *pool,
				   const FfPlan *plan)
{
	for (int p = 0; p < plan->nparts; p++)
	{
		const FfPart *part = &plan->parts[p];
		int location = candidates->locations[part->location];

		ff_network_take_slot(network, &network->locations[location]);
		if (pool->slots[location] != FF_ANY_SLOTS)
			pool->slots[location]--;
		for (int i = 0; i < candidates->demand->nlines; i++)
			pool->stock[ff_candidate_cell(candidates, part->location, i)].free -= part->quantity[i];
	}
}

/* Units of a line that the plan could use, whether it does or not. */
static int64
usable_units(const FfCandidates *candidates, const FfSolution *solution, int line)
{
	int64 units = 0;

	for (int l = 0; l < candidates->problem.nlocations; l++)
	{
		FfReason reason = solution->verdicts[l].reason;

		if (reason == FF_REASON_NONE || reason == FF_REASON_DEARER || reason == FF_REASON_SPLIT)
			units += candidates->problem.locations[l].available[line];
	}
	return units;
}

/* Why a location does not offer all it has of a line, FF_REASON_NONE when it does. */
static FfReason
withheld(const FfCandidates *candidates, const FfSolution *solution, int l, int line)
{
	const FfRouteLocation *location = &candidates->problem.locations[l];
	int free = candidates->pool->stock[ff_candidate_cell(candidates, l, line)].free;
	FfReason reason = solution->verdicts[l].reason;

	if (free <= 0)
		return FF_REASON_NONE;
	if (location->excluded != FF_REASON_NONE || location->capacity == 0)
		return reason;
	if (location->available[line] == 0)
		return location->refused[line];
	if (location->available[line] < Min(free, candidates->demand->lines[line].quantity))
		return FF_REASON_SAFETY_STOCK;
	return reason == FF_REASON_DEARER || reason == FF_REASON_SPLIT ? FF_REASON_NONE : reason;
}

/*
 * Where there is enough, the order's rules or the cost are against it.  Where
 * there is not, the first location that withholds some says why; when none
 * does, there is no stock.
 */
FfReason
ff_candidates_waiting(const FfCandidates *candidates, const FfSolution *solution, int line)
{
	const FfProblem *problem = &candidates->problem;

	if (candidates->awaits_rates)
		return FF_REASON_RATES;
	if (usable_units(candidates, solution, line) >= candidates->demand->lines[line].quantity)
	{
		if (problem->max_parts > 0 && solution->plan.nparts >= problem->max_parts)
			return FF_REASON_SPLIT;
		for (int l = 0; l < problem->nlocations; l++)
			if (problem->locations[l].available[line] > 0 &&
				solution->verdicts[l].reason == FF_REASON_DEARER)
				return FF_REASON_DEARER;
		return FF_REASON_SPLIT;
	}
	for (int l = 0; l < problem->nlocations; l++)
	{
		FfReason reason = withheld(candidates, solution, l, line);

		if (reason != FF_REASON_NONE)
			return reason;
	}
	return FF_REASON_NO_STOCK;
}
