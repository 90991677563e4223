/*
 * reference.c
 *
 * The definition in solver.h once more, written to be obviously right: prices
 * by counting, plans checked rule by rule, and every possible plan tried.
 */
#include "reference.h"

#define MAX_LINES     10
#define MAX_LOCATIONS 4

static FfCost
shipping_price(const FfTariff *t, int64_t weight, int64_t volume, FfCost value)
{
	int64_t parcels = 0;
	int64_t charged = 0;

	if (t->max_value != 0 && value > t->max_value)
		return FF_COST_NEVER;
	while (t->volume_divisor != 0 && weight * t->volume_divisor < volume)
		weight++;
	while (charged < weight)
		charged += t->step_g;
	do
		parcels++;
	while ((t->parcel_limit_g != 0 && parcels * t->parcel_limit_g < weight) ||
		   (t->parcel_mm3 != 0 && parcels * t->parcel_mm3 < volume));
	if (t->max_parcels != 0 && parcels > t->max_parcels)
		return FF_COST_NEVER;
	for (int i = 0; i < t->nquotes; i++)
		if (t->quotes[i].from_g <= weight && weight < t->quotes[i].to_g &&
			t->quotes[i].parcels == parcels)
			return t->quotes[i].amount;
	for (int i = 0; i < t->nbands; i++)
		if (t->bands[i].from_g <= weight && weight < t->bands[i].to_g)
			return parcels * t->bands[i].per_parcel + (charged * t->bands[i].per_kg + 500) / 1000;
	return FF_COST_NEVER;
}

static FfCost
order_value(const FfProblem *p)
{
	FfCost value = 0;

	for (int i = 0; i < p->nlines; i++)
		value += p->lines[i].quantity * p->lines[i].value;
	return value;
}

static FfCost
part_price(const FfProblem *p, int location, const int *quantity, int only_option)
{
	const FfRouteLocation *l = &p->locations[location];
	FfCost best = FF_COST_NEVER;
	FfCost value = 0;
	FfCost scarcity = 0;
	int64_t weight = 0;
	int64_t volume = 0;
	int lines = 0;

	for (int i = 0; i < p->nlines; i++)
	{
		value += quantity[i] * p->lines[i].value;
		weight += quantity[i] * p->lines[i].weight_g;
		volume += quantity[i] * p->lines[i].volume_mm3;
		lines += quantity[i] > 0;
		if (l->unit_price)
			scarcity += quantity[i] * l->unit_price[i];
	}
	if (value < p->min_part_value && value < order_value(p))
		return FF_COST_NEVER;
	for (int o = 0; o < l->noptions; o++)
	{
		const FfRouteOption *option = &l->options[o];
		bool carries = only_option < 0 || only_option == o;
		FfCost price;

		for (int i = 0; i < p->nlines && option->refused; i++)
			if (quantity[i] > 0 && option->refused[i])
				carries = false;
		if (!carries)
			continue;
		price = shipping_price(&p->tariffs[option->tariff], weight, volume, value);
		if (price == FF_COST_NEVER)
			continue;
		price += option->surcharge + option->late + option->preference + l->handling +
				 lines * l->pick + l->preference + l->shadow_price + scarcity;
		if (price < best)
			best = price;
	}
	return best;
}

/* ---- a plan obeys the rules and costs what it says ---- */

static const char *
check_lots(const FfProblem *p, const int *quantity)
{
	for (int i = 0; i < p->nlines; i++)
	{
		if (quantity[i] < 0 || quantity[i] % p->lines[i].lot != 0)
			return "a lot is parted";
		for (int j = 0; j < i; j++)
			if (p->lines[i].group != 0 && p->lines[i].group == p->lines[j].group &&
				quantity[i] / p->lines[i].lot != quantity[j] / p->lines[j].lot)
				return "a group is parted";
	}
	return NULL;
}

static const char *
check_location(const FfProblem *p, const FfPlan *plan, int location)
{
	const FfRouteLocation *l = &p->locations[location];
	int parts = 0;

	for (int i = 0; i < p->nlines; i++)
	{
		int taken = 0;

		for (int k = 0; k < plan->nparts; k++)
			if (plan->parts[k].location == location)
				taken += plan->parts[k].quantity[i];
		if (taken > l->available[i])
			return "more is taken than available";
	}
	for (int k = 0; k < plan->nparts; k++)
		parts += plan->parts[k].location == location;
	if (parts > 0 && (l->excluded || (l->capacity >= 0 && parts > l->capacity)))
		return "a location ships more parts than it may";
	return NULL;
}

const char *
reference_check_plan(const FfProblem *p, const FfPlan *plan)
{
	FfCost total = 0;
	bool whole = true;

	for (int k = 0; k < plan->nparts; k++)
	{
		const FfPart *part = &plan->parts[k];
		const FfPartCost *cost = &part->cost;
		FfCost price = part_price(p, part->location, part->quantity, part->option);
		bool empty = true;

		for (int i = 0; i < p->nlines; i++)
			empty &= part->quantity[i] == 0;
		if (empty)
			return "a part is empty";
		if (check_lots(p, part->quantity))
			return check_lots(p, part->quantity);
		if (price == FF_COST_NEVER)
			return "a part cannot be shipped by its option";
		if (price != cost->handling + cost->picking + cost->shipping + cost->surcharge +
						 cost->late + cost->preference + cost->scarcity)
			return "a part's cost is wrong";
		total += price + (k > 0 ? p->split_penalty : 0);
	}
	for (int l = 0; l < p->nlocations; l++)
		if (check_location(p, plan, l))
			return check_location(p, plan, l);
	for (int i = 0; i < p->nlines; i++)
	{
		int shipped = 0;

		for (int k = 0; k < plan->nparts; k++)
			shipped += plan->parts[k].quantity[i];
		if (plan->backorder[i] < 0 || shipped + plan->backorder[i] != p->lines[i].quantity)
			return "quantities do not add up";
		whole &= plan->backorder[i] == 0;
		total += plan->backorder[i] * p->lines[i].backorder_penalty;
	}
	if (plan->nparts > 0 && p->ship_complete && !whole)
		return "a complete order is shipped in part";
	if (p->max_parts > 0 && plan->nparts > p->max_parts)
		return "too many parts";
	return total == plan->total ? NULL : "the total is wrong";
}

const char *
reference_check_verdicts(const FfProblem *p, const FfSolution *solution)
{
	for (int l = 0; l < p->nlocations; l++)
	{
		bool ships = false;

		for (int k = 0; k < solution->plan.nparts; k++)
			ships |= solution->plan.parts[k].location == l;
		if (ships != (solution->verdicts[l].reason == FF_REASON_NONE))
			return "a location has no reason, or a needless one";
	}
	for (int a = 0; a < solution->nalternatives; a++)
	{
		if (reference_check_plan(p, &solution->alternatives[a]))
			return reference_check_plan(p, &solution->alternatives[a]);
		if (solution->exact && solution->alternatives[a].total < solution->plan.total)
			return "an alternative is cheaper";
	}
	return NULL;
}

/* ---- exhaustive search ---- */

typedef struct Search
{
	const FfProblem *p;
	int remaining[MAX_LINES];
	int left[MAX_LOCATIONS][MAX_LINES];
	FfCost best;
} Search;

static void search_location(Search *s, int location, const int *last, int here, int parts,
							FfCost cost);

/* Every content of one more part at a location that does not come after the last one there. */
static void
search_part(Search *s, int location, const int *last, bool below_last, int line, int *quantity,
			int here, int parts, FfCost cost)
{
	const FfProblem *p = s->p;
	int most;

	if (line == p->nlines)
	{
		FfCost price;
		bool empty = true;

		for (int i = 0; i < p->nlines; i++)
			empty &= quantity[i] == 0;
		if (empty || check_lots(p, quantity))
			return;
		price = part_price(p, location, quantity, -1) + (parts > 0 ? p->split_penalty : 0);
		if (cost + price >= s->best)
			return;
		for (int i = 0; i < p->nlines; i++)
		{
			s->remaining[i] -= quantity[i];
			s->left[location][i] -= quantity[i];
		}
		search_location(s, location, quantity, here + 1, parts + 1, cost + price);
		for (int i = 0; i < p->nlines; i++)
		{
			s->remaining[i] += quantity[i];
			s->left[location][i] += quantity[i];
		}
		return;
	}
	most =
		s->remaining[line] < s->left[location][line] ? s->remaining[line] : s->left[location][line];
	if (last && !below_last && last[line] < most)
		most = last[line];
	for (int q = 0; q <= most; q += p->lines[line].lot)
	{
		quantity[line] = q;
		search_part(s,
					location,
					last,
					below_last || (last && q < last[line]),
					line + 1,
					quantity,
					here,
					parts,
					cost);
	}
}

static void
search_location(Search *s, int location, const int *last, int here, int parts, FfCost cost)
{
	const FfProblem *p = s->p;
	int quantity[MAX_LINES];

	if (location == p->nlocations)
	{
		bool whole = true;

		for (int i = 0; i < p->nlines; i++)
		{
			whole &= s->remaining[i] == 0;
			cost += s->remaining[i] * p->lines[i].backorder_penalty;
		}
		if (cost < s->best && (whole || parts == 0 || !p->ship_complete))
			s->best = cost;
		return;
	}
	search_location(s, location + 1, NULL, 0, parts, cost);
	if (p->locations[location].excluded || here == p->locations[location].capacity ||
		(p->max_parts > 0 && parts == p->max_parts))
		return;
	search_part(s, location, last, false, 0, quantity, here, parts, cost);
}

/* The least cost there is when it is not above limit, else limit + 1. */
FfCost
reference_least_cost(const FfProblem *p, FfCost limit)
{
	static Search s;

	s.p = p;
	s.best = limit + 1;
	for (int i = 0; i < p->nlines; i++)
	{
		s.remaining[i] = p->lines[i].quantity;
		for (int l = 0; l < p->nlocations; l++)
			s.left[l][i] = p->locations[l].available[i];
	}
	search_location(&s, 0, NULL, 0, 0, 0);
	return s.best;
}
