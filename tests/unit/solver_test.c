/*
 * solver_test.c
 *
 * The solver against reference.c on random small orders, without a server:
 * every plan is checked against stock, capacity and the order's rules, priced
 * anew, and compared with the cheapest plan that exists.  The bounded search is
 * checked on the same orders, and the exact methods are timed on orders of the
 * usual size.
 *
 *     solver_test [orders] [seed]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "reference.h"

#define MAX_LINES     10
#define MAX_LOCATIONS 200
#define MAX_OPTIONS   3
#define MAX_TARIFFS   10
#define MAX_BANDS     4
#define MAX_QUOTES    3

typedef struct Case
{
	FfProblem problem;
	FfRouteLine lines[MAX_LINES];
	FfRouteLocation locations[MAX_LOCATIONS];
	FfRouteOption options[MAX_LOCATIONS][MAX_OPTIONS];
	FfTariff tariffs[MAX_TARIFFS];
	FfTariffBand bands[MAX_TARIFFS][MAX_BANDS];
	FfTariffQuote quotes[MAX_TARIFFS][MAX_QUOTES];
	int available[MAX_LOCATIONS][MAX_LINES];
	FfCost unit_price[MAX_LOCATIONS][MAX_LINES];
	uint8_t refused[MAX_LOCATIONS][MAX_OPTIONS][MAX_LINES];
} Case;

static uint64_t random_state;

static int
below(int n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (int) ((random_state >> 11) % (uint64_t) n);
}

static bool
chance(int percent)
{
	return below(100) < percent;
}

static FfCost
cents(int least, int most)
{
	return (least + below(most - least + 1)) * (FF_COST_UNIT / 100);
}

static void
fail(const Case *c, int number, const char *what)
{
	printf("not ok - order %d: %s\n", number, what);
	for (int i = 0; i < c->problem.nlines; i++)
		fprintf(stderr,
				"  line %d: quantity %d, lot %d, group %d\n",
				i,
				c->lines[i].quantity,
				c->lines[i].lot,
				c->lines[i].group);
	for (int l = 0; l < c->problem.nlocations && l < 10; l++)
	{
		fprintf(stderr,
				"  location %d: excluded %d, capacity %d, available",
				l,
				(int) c->locations[l].excluded,
				c->locations[l].capacity);
		for (int i = 0; i < c->problem.nlines; i++)
			fprintf(stderr, " %d", c->available[l][i]);
		fprintf(stderr, "\n");
	}
	fprintf(stderr,
			"  ship_complete %d, max_parts %d, min_part_value %" PRId64 "\n",
			c->problem.ship_complete,
			c->problem.max_parts,
			c->problem.min_part_value);
	exit(1);
}

/* ---- random orders ---- */

static void
random_tariff(FfTariff *t, FfTariffBand *bands)
{
	int64_t weight = 0;

	*t = (FfTariff){.nbands = 1 + below(MAX_BANDS), .bands = bands};
	for (int i = 0; i < t->nbands; i++)
	{
		bands[i] = (FfTariffBand){weight, weight + 500 * (1 + below(12)), cents(100, 900), 0};
		weight = bands[i].to_g;
		if (i == t->nbands - 1 && chance(80))
			bands[i].to_g = INT64_MAX;
		if (chance(60))
			bands[i].per_kg = cents(0, 300);
		if (chance(5))
			weight += 500;
	}
	t->step_g = chance(30) ? 1 : 250 * (1 + below(6));
	if (chance(50))
		t->parcel_limit_g = 500 * (1 + below(12));
	if (chance(20))
		t->parcel_mm3 = 500000 * (1 + below(8));
	if (t->parcel_limit_g > 0 && chance(40))
		t->max_parcels = 1 + below(3);
	if (chance(15))
		t->volume_divisor = 1000 * (1 + below(5));
	if (chance(10))
		t->max_value = cents(1000, 8000);
}

/* Some weights have a price of their own, or none. */
static void
random_quotes(FfTariff *t, FfTariffQuote *quotes)
{
	t->quotes = quotes;
	t->nquotes = 1 + below(MAX_QUOTES);
	for (int i = 0; i < t->nquotes; i++)
	{
		int64_t from = 500 * below(16);

		quotes[i] = (FfTariffQuote){from,
									from + 500 * (1 + below(8)),
									1 + below(3),
									chance(20) ? FF_COST_NEVER : cents(50, 1200)};
	}
}

static void
random_lines(Case *c)
{
	static const int sizes[] = {5, 5, 3, 2};
	int most;

	c->problem.nlines = 1 + below(4);
	most = chance(2) ? 5 : sizes[c->problem.nlines - 1];
	for (int i = 0; i < c->problem.nlines; i++)
	{
		FfRouteLine *line = &c->lines[i];

		*line = (FfRouteLine){.quantity = 1 + below(most), .lot = 1};
		line->weight_g = 100 * below(40);
		line->volume_mm3 = 1000 * below(4000);
		line->value = cents(100, 4000);
		line->backorder_penalty = chance(20) ? cents(0, 500) : cents(1500, 4000);
		if (chance(10))
			line->lot = line->quantity;
		if (i > 0 && chance(25))
		{
			int count = c->lines[i - 1].quantity / c->lines[i - 1].lot;

			if (c->lines[i - 1].group == 0)
				c->lines[i - 1].group = i;
			line->group = c->lines[i - 1].group;
			line->lot = count > 2 ? 1 : 1 + below(2);
			line->quantity = line->lot * count;
		}
	}
}

static void
random_location(Case *c, int l)
{
	FfRouteLocation *location = &c->locations[l];

	*location = (FfRouteLocation){.excluded = chance(5) ? FF_REASON_RULE : FF_REASON_NONE,
								  .handling = cents(0, 300),
								  .pick = cents(0, 100),
								  .preference = chance(20) ? cents(0, 300) : 0,
								  .shadow_price = chance(20) ? cents(0, 300) : 0,
								  .capacity = chance(60) ? -1 : below(4),
								  .available = c->available[l],
								  .noptions = chance(3) ? 0 : 1 + below(MAX_OPTIONS),
								  .options = c->options[l]};
	for (int i = 0; i < c->problem.nlines; i++)
	{
		c->available[l][i] = chance(15) ? 0 : below(c->lines[i].quantity + 1);
		if (chance(25))
			c->available[l][i] = c->lines[i].quantity + below(2);
		c->unit_price[l][i] = cents(0, 100);
	}
	if (chance(20))
		location->unit_price = c->unit_price[l];
	for (int o = 0; o < location->noptions; o++)
	{
		FfRouteOption *option = &c->options[l][o];

		*option = (FfRouteOption){.tariff = below(c->problem.ntariffs),
								  .surcharge = chance(30) ? cents(0, 400) : 0,
								  .late = chance(30) ? cents(400, 400) : 0,
								  .preference = chance(10) ? cents(0, 300) : 0};
		for (int i = 0; i < c->problem.nlines; i++)
			c->refused[l][o][i] = chance(20) ? FF_REASON_HAZMAT : FF_REASON_NONE;
		if (chance(25))
			option->refused = c->refused[l][o];
	}
}

static void
random_order(Case *c)
{
	FfProblem *p = &c->problem;

	*p = (FfProblem){.lines = c->lines, .locations = c->locations, .tariffs = c->tariffs};
	random_lines(c);
	p->ntariffs = 1 + below(3);
	for (int t = 0; t < p->ntariffs; t++)
	{
		random_tariff(&c->tariffs[t], c->bands[t]);
		if (chance(25))
			random_quotes(&c->tariffs[t], c->quotes[t]);
	}
	p->nlocations = 1 + below(4);
	for (int l = 0; l < p->nlocations; l++)
		random_location(c, l);
	p->split_penalty = chance(20) ? 0 : cents(0, 400);
	p->ship_complete = chance(20);
	p->max_parts = chance(25) ? 1 + below(3) : 0;
	p->min_part_value = chance(20) ? cents(500, 4000) : 0;
	p->alternatives = 3;
}

/* ---- the comparison ---- */

typedef struct Tally
{
	int orders;
	int split;
	int backordered;
	int grouped;   /* keep two lines together */
	int complete;  /* all or nothing, of several units */
	int full;      /* the plan takes the last slot of a location */
	int partly;    /* a location has some units of a line and not all */
	int quoted;    /* some weights have a price of their own */
	int unshipped; /* nothing at all could ship */
	double search_excess;
	double search_total;
} Tally;

static bool
any_group(const FfProblem *p)
{
	for (int i = 0; i < p->nlines; i++)
		if (p->lines[i].group != 0)
			return true;
	return false;
}

static bool
takes_last_slot(const FfProblem *p, const FfPlan *plan)
{
	for (int i = 0; i < plan->nparts; i++)
	{
		int left = p->locations[plan->parts[i].location].capacity;

		for (int j = 0; j < plan->nparts; j++)
			left -= plan->parts[j].location == plan->parts[i].location;
		if (left == 0)
			return true;
	}
	return false;
}

static bool
any_partial(const FfProblem *p)
{
	for (int l = 0; l < p->nlocations; l++)
		for (int i = 0; i < p->nlines; i++)
			if (p->locations[l].available[i] > 0 &&
				p->locations[l].available[i] < p->lines[i].quantity)
				return true;
	return false;
}

/* What kind of order it was: the proof is worth as much as there is of each. */
static void
count_kinds(const FfProblem *p, const FfPlan *plan, Tally *tally)
{
	tally->orders++;
	tally->split += plan->nparts > 1;
	tally->backordered += plan->backorder_cost > 0;
	tally->unshipped += plan->nparts == 0;
	tally->grouped += any_group(p);
	tally->complete += p->ship_complete && (p->nlines > 1 || p->lines[0].quantity > 1);
	tally->full += takes_last_slot(p, plan);
	tally->partly += any_partial(p);
	for (int t = 0; t < p->ntariffs; t++)
		if (p->tariffs[t].nquotes > 0)
		{
			tally->quoted++;
			break;
		}
}

static void
compare(Case *c, int number, FfArena *arena, Tally *tally)
{
	FfProblem *p = &c->problem;
	FfSolution solution;
	FfSolution again;
	const char *offence;

	ff_arena_reset(arena);
	ff_solve(p, arena, &solution);
	if ((offence = reference_check_plan(p, &solution.plan)) ||
		(offence = reference_check_verdicts(p, &solution)))
		fail(c, number, offence);
	if (!solution.exact || solution.gap != 0)
		fail(c, number, "a small order is not solved exactly");
	if (reference_least_cost(p, solution.plan.total) != solution.plan.total)
		fail(c, number, "there is a cheaper plan");
	p->effort = 1;
	ff_solve(p, arena, &again);
	p->effort = 0;
	if ((offence = reference_check_plan(p, &again.plan)) ||
		(offence = reference_check_verdicts(p, &again)))
		fail(c, number, offence);
	if (again.plan.total < solution.plan.total)
		fail(c, number, "the search beats the exact answer");
	if (again.plan.total - again.gap > solution.plan.total)
		fail(c, number, "the search's bound is above the exact answer");
	count_kinds(p, &solution.plan, tally);
	tally->search_total += (double) solution.plan.total;
	tally->search_excess += (double) (again.plan.total - solution.plan.total);
}

/* ---- speed on orders of the usual shape ---- */

static int
usual_lines(void)
{
	int r = below(1000);
	static const int shares[] = {520, 750, 860, 920, 955, 970, 980, 988, 995, 1000};
	int n = 1;

	while (r >= shares[n - 1])
		n++;
	return n;
}

static void
usual_order(Case *c, int nlocations)
{
	FfProblem *p = &c->problem;

	p->lines = c->lines;
	p->locations = c->locations;
	p->tariffs = c->tariffs;
	p->nlines = usual_lines();
	p->nlocations = nlocations;
	p->ntariffs = MAX_TARIFFS;
	p->split_penalty = cents(150, 150);
	p->alternatives = 3;
	for (int t = 0; t < MAX_TARIFFS; t++)
	{
		c->bands[t][0] =
			(FfTariffBand){0, INT64_MAX, cents(300 + 100 * t, 400 + 100 * t), cents(20, 60)};
		c->tariffs[t] =
			(FfTariff){.parcel_limit_g = 30000, .step_g = 500, .nbands = 1, .bands = c->bands[t]};
	}
	for (int i = 0; i < p->nlines; i++)
		c->lines[i] = (FfRouteLine){.quantity = chance(88) ? 1 : 2 + below(chance(67) ? 1 : 4),
									.lot = 1,
									.weight_g = 100 + below(5000),
									.value = cents(500, 20000),
									.backorder_penalty = cents(2500, 12000)};
	for (int l = 0; l < nlocations; l++)
	{
		int carries = l % 10 == 0 ? 85 : l % 5 == 1 ? 55 : 18;

		c->locations[l] = (FfRouteLocation){.handling = cents(110, 240),
											.pick = cents(25, 70),
											.shadow_price = cents(0, 100),
											.capacity = 100,
											.available = c->available[l],
											.noptions = 2,
											.options = c->options[l]};
		for (int o = 0; o < 2; o++)
			c->options[l][o] = (FfRouteOption){.tariff = 5 * o + below(5),
											   .late = chance(30) ? cents(400, 400) : 0};
		for (int i = 0; i < p->nlines; i++)
			c->available[l][i] = chance(carries) ? 1 + below(20) : 0;
	}
}

static double
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double) now.tv_sec + (double) now.tv_nsec * 1e-9;
}

static double
measure(int nlocations, FfArena *arena)
{
	enum
	{
		ORDERS = 1000,
		ROUNDS = 5
	};
	Case *cases = calloc(ORDERS, sizeof(Case));
	double least = 1e9;

	for (int i = 0; i < ORDERS; i++)
		usual_order(&cases[i], nlocations);
	for (int round = 0; round < ROUNDS; round++)
	{
		double start = seconds();

		for (int i = 0; i < ORDERS; i++)
		{
			FfSolution solution;

			ff_arena_reset(arena);
			ff_solve(&cases[i].problem, arena, &solution);
			if (!solution.exact)
				fail(&cases[i], i, "a usual order is not solved exactly");
		}
		if (seconds() - start < least)
			least = seconds() - start;
	}
	free(cases);
	return least / ORDERS * 1e6;
}

/* A twentieth of the orders at least is of every kind that is promised. */
static void
report_kinds(const Tally *tally)
{
	const struct
	{
		const char *name;
		int count;
	} kinds[] = {
		{"in groups", tally->grouped},
		{"complete or not at all", tally->complete},
		{"with the last slot of a location taken", tally->full},
		{"with partial availability", tally->partly},
		{"with quoted prices", tally->quoted},
		{"split", tally->split},
		{"with backorders", tally->backordered},
	};
	bool enough = true;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
	{
		printf("# %d orders %s\n", kinds[i].count, kinds[i].name);
		enough &= kinds[i].count >= tally->orders / 20;
	}
	printf("# %d orders that ship nothing\n", tally->unshipped);
	printf("%sok 2 - of every kind there are enough\n", enough ? "" : "not ");
	if (!enough)
		exit(1);
}

static void *
allocate(void *context, size_t size)
{
	(void) context;
	return malloc(size);
}

int
main(int argc, char **argv)
{
	int orders = argc > 1 ? atoi(argv[1]) : 100000;
	FfArena arena = {.allocate = allocate, .release = free};
	static Case c;
	Tally tally = {0};
	double start = seconds();

	random_state = UINT64_C(0x9E3779B97F4A7C15) * (uint64_t) (argc > 2 ? atoi(argv[2]) + 1 : 1);
	for (int number = 1; number <= orders; number++)
	{
		random_order(&c);
		compare(&c, number, &arena, &tally);
	}
	printf("ok 1 - %d random orders as cheap as exhaustive search finds, in %.1f s "
		   "(%d split, %d with backorders)\n",
		   tally.orders,
		   seconds() - start,
		   tally.split,
		   tally.backordered);
	report_kinds(&tally);
	printf("ok 3 - bounded search is feasible and within its gap, %.2f %% above the optimum\n",
		   100 * tally.search_excess / (tally.search_total > 0 ? tally.search_total : 1));
	printf(
		"ok 4 - usual orders are solved exactly, in %.1f us with 20 locations, %.1f us with 200\n",
		measure(20, &arena),
		measure(200, &arena));
	printf("1..4\n");
	ff_arena_release(&arena);
	return 0;
}
