/*
 * verdict.c
 *
 * The plans worth showing are the best ones that begin with a given location:
 * with whichever part suits it best, and with as much as it can ship at once.
 * That answers "why not from there?" and "why split at all?".  Plans from the
 * same set of locations count as one, the cheapest.  Plain C.
 */
#include "routing/verdict.h"

#include "routing/stepwise.h"

/* Steps that may be spent on plans worth showing. */
#define MAX_EFFORT INT64_C(40000)

static const struct
{
	const char *name;
	const char *sentence;
} reasons[] = {
#define FF_REASON(symbol, name, sentence) {name, sentence},
#include "routing/reasons.h"
#undef FF_REASON
};

const char *
ff_reason_name(FfReason reason)
{
	return reasons[reason].name;
}

const char *
ff_reason_sentence(FfReason reason)
{
	return reasons[reason].sentence;
}

/* Goods of groups it has in part only, or the first line's reason; lack of stock speaks last. */
static FfReason
missing(const FfProblem *problem, const FfRouteLocation *location)
{
	for (int line = 0; line < problem->nlines; line++)
		if (location->available[line] > 0)
			return FF_REASON_SPLIT;
	if (location->refused != NULL)
		for (int line = 0; line < problem->nlines; line++)
			if (location->refused[line] != FF_REASON_NONE &&
				location->refused[line] != FF_REASON_NO_STOCK)
				return location->refused[line];
	return FF_REASON_NO_STOCK;
}

/* Why no option of a place takes even one bundle of what it has. */
static FfReason
not_carried(const FfSpace *space, const FfPlace *place)
{
	FfReason reason = FF_REASON_NO_SERVICE;
	int d = 0;

	while (place->available[d] == 0)
		d++;
	for (int o = 0; o < place->row->noptions; o++)
	{
		const FfRouteOption *option = &place->row->options[o];
		const FfTariff *tariff = &space->problem->tariffs[option->tariff];
		const FfDimension *row = &space->dimensions[d];

		if (place->refused[o] && (place->refused[o][d / 64] >> (d % 64) & 1))
		{
			for (int line = row->first_line; line >= 0; line = space->next_line[line])
				if (option->refused[line] != FF_REASON_NONE)
					return option->refused[line];
		}
		else if (tariff->max_value > 0 && row->value > tariff->max_value)
			reason = FF_REASON_VALUE;
		else if (ff_tariff_price(tariff, row->weight_g, row->volume_mm3, row->value) ==
				 FF_COST_NEVER)
			reason = FF_REASON_WEIGHT;
		else
			return FF_REASON_SPLIT;
	}
	return reason;
}

static bool
ships(const FfPlan *plan, int location)
{
	for (int p = 0; p < plan->nparts; p++)
		if (plan->parts[p].location == location)
			return true;
	return false;
}

/* One bundle of something it has, by any option. */
static bool
carries_something(const FfSpace *space, const FfPlace *place)
{
	for (int d = 0; d < space->ndimensions; d++)
	{
		FfLoad load = {.dimensions = ff_arena_zeros(space->arena, uint64_t, space->nwords)};
		int option;

		if (place->available[d] == 0)
			continue;
		for (int bundles = 1; bundles <= place->available[d]; bundles *= 2)
		{
			ff_load_add(space, place, &load, d, bundles / 2, bundles - bundles / 2);
			if (ff_place_price(space, place, &load, &option) < FF_COST_NEVER)
				return true;
		}
	}
	return false;
}

void
ff_verdict_reasons(const FfSpace *space, FfSolution *solution)
{
	const FfProblem *problem = space->problem;
	int p = 0;

	solution->verdicts = ff_arena_zeros(space->arena, FfRouteVerdict, problem->nlocations);
	for (int l = 0; l < problem->nlocations; l++)
	{
		const FfRouteLocation *location = &problem->locations[l];
		const FfPlace *place = p < space->nplaces ? &space->places[p] : NULL;
		FfRouteVerdict *verdict = &solution->verdicts[l];

		if (place != NULL && place->location == l)
		{
			p++;
			if (ships(&solution->plan, l))
				continue;
			verdict->reason =
				problem->ship_complete && !space->whole ? FF_REASON_SPLIT : FF_REASON_DEARER;
			verdict->dearer = FF_COST_NEVER;
			if (!carries_something(space, place))
				verdict->reason = not_carried(space, place);
		}
		else if (location->excluded != FF_REASON_NONE)
			verdict->reason = location->excluded;
		else if (location->capacity == 0)
			verdict->reason = FF_REASON_CAPACITY;
		else if (location->noptions == 0)
			verdict->reason = FF_REASON_NO_SERVICE;
		else
			verdict->reason = missing(problem, location);
	}
}

/* A part that a plan may begin with, and the least that plan can cost. */
typedef struct Start
{
	FfCost total;
	int place;
	int part;
	bool alone; /* the rest unassigned: no better rest is allowed */
} Start;

static bool
same_locations(const FfPlan *a, const FfPlan *b)
{
	for (int p = 0; p < a->nparts; p++)
		if (!ships(b, a->parts[p].location))
			return false;
	for (int p = 0; p < b->nparts; p++)
		if (!ships(a, b->parts[p].location))
			return false;
	return true;
}

/* The best beginnings of a place: any part, the largest part, a part alone.  Answers how many. */
static int
find_starts(const FfCover *cover, int place, Start *starts)
{
	const FfStates *states = cover->states;
	const FfProblem *problem = states->space->problem;
	int all = states->nstates - 1;
	FfCost lost = states->space->lost;
	Start any = {FF_COST_NEVER, place, 0, false};
	Start largest = any;
	Start alone = {FF_COST_NEVER, place, 0, true};
	int n = 0;

	for (int part = all; part > 0; part--)
	{
		FfCost cost = states->cost[place][part];

		if (cost == FF_COST_NEVER)
			continue;
		if (cost + cover->rest[all - part] + lost < any.total)
			any = (Start){cost + cover->rest[all - part] + lost, place, part, false};
		if (largest.part == 0 && cover->rest[all - part] < FF_COST_NEVER)
			largest = (Start){cost + cover->rest[all - part] + lost, place, part, false};
		if (!problem->ship_complete && cost + states->penalty[all - part] + lost < alone.total)
			alone = (Start){cost + states->penalty[all - part] + lost, place, part, true};
	}
	if (any.part > 0)
		starts[n++] = any;
	if (largest.part > 0 && largest.part != any.part)
		starts[n++] = largest;
	if (alone.part > 0 && problem->max_parts > 0)
		starts[n++] = alone;
	return n;
}

static void
sort_starts(Start *starts, int n)
{
	for (int i = 1; i < n; i++)
	{
		Start start = starts[i];
		int j = i;

		for (; j > 0 && starts[j - 1].total > start.total; j--)
			starts[j] = starts[j - 1];
		starts[j] = start;
	}
}

/*
 * The plan of a start.  Its rest may want goods of its place that it has not
 * got; for a place that ships nothing in the solution that is worth the
 * stepwise answer, as long as the effort lasts.
 */
static bool
build_start(const FfCover *cover, const Start *start, bool rejected, int64_t *effort, FfPlan *plan)
{
	const FfSpace *space = cover->states->space;
	FfPick *picks;
	int npicks = ff_cover_picks(cover, start->place, start->part, &picks);

	if (ff_plan_build(space, picks, start->alone ? 1 : npicks, plan))
		return true;
	if (!rejected || *effort <= 0)
		return false;
	*effort -= ff_stepwise_effort(space);
	return *effort > 0 &&
		   ff_stepwise_solve(cover->states, start->place, *effort, &picks, &npicks) &&
		   ff_plan_build(space, picks, npicks, plan);
}

/* Keeps the cheapest plans of different sets of locations, the cheapest first. */
static void
add_alternative(FfSolution *solution, int wanted, const FfPlan *plan)
{
	FfPlan *plans = solution->alternatives;
	int i;

	if (same_locations(&solution->plan, plan))
		return;
	for (i = 0; i < solution->nalternatives; i++)
		if (same_locations(&plans[i], plan))
			break;
	if (i == solution->nalternatives)
	{
		if (i < wanted)
			solution->nalternatives++;
		else if (i == 0 || plans[--i].total <= plan->total)
			return;
	}
	else if (plans[i].total <= plan->total)
		return;
	for (; i > 0 && plans[i - 1].total > plan->total; i--)
		plans[i] = plans[i - 1];
	plans[i] = *plan;
}

/* How much dearer a location is, the first time a plan with it is met. */
static void
note(FfRouteVerdict *verdict, const FfSolution *solution, FfCost total)
{
	if (verdict->reason != FF_REASON_DEARER || verdict->dearer != FF_COST_NEVER)
		return;
	verdict->dearer = total > solution->plan.total ? total - solution->plan.total : 0;
}

void
ff_verdict_alternatives(const FfCover *cover, FfSolution *solution)
{
	const FfSpace *space = cover->states->space;
	Start *starts = ff_arena_array(space->arena, Start, 3 * space->nplaces);
	int wanted = space->problem->alternatives;
	int64_t effort = MAX_EFFORT;
	int n = 0;

	for (int p = 0; p < space->nplaces; p++)
	{
		FfRouteVerdict *verdict = &solution->verdicts[space->places[p].location];
		int found = find_starts(cover, p, starts + n);

		/* It could ship something, but no plan may have that part. */
		if (found == 0 && verdict->reason == FF_REASON_DEARER)
			verdict->reason = FF_REASON_SPLIT;
		n += found;
	}
	sort_starts(starts, n);
	solution->alternatives = ff_arena_array(space->arena, FfPlan, wanted + 1);
	for (int i = 0; i < n; i++)
	{
		FfRouteVerdict *verdict = &solution->verdicts[space->places[starts[i].place].location];
		bool shown = solution->nalternatives < wanted ||
					 (wanted > 0 && starts[i].total < solution->alternatives[wanted - 1].total);
		FfPlan plan;

		if (shown &&
			build_start(cover, &starts[i], verdict->reason == FF_REASON_DEARER, &effort, &plan))
		{
			note(verdict, solution, plan.total);
			add_alternative(solution, wanted, &plan);
		}
		else if (!shown)
			note(verdict, solution, starts[i].total);
	}
	/* A plan for it was looked for and there is none. */
	for (int p = 0; p < space->nplaces && effort > 0; p++)
	{
		FfRouteVerdict *verdict = &solution->verdicts[space->places[p].location];

		if (verdict->reason == FF_REASON_DEARER && verdict->dearer == FF_COST_NEVER)
			verdict->reason = FF_REASON_SPLIT;
	}
}
