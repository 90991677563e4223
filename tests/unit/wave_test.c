/*
 * wave_test.c
 *
 * Waves of a few small orders against every way to serve them: plans must obey
 * stock and slots, the bound must not lie above the optimum, and the
 * wave must come close to it.  The same wave must get the same answer twice.
 *
 *     wave_test [waves] [seed]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "routing/wave.h"

#define ORDERS    4
#define LINES     2
#define LOCATIONS 3
#define ITEMS     3
#define ROUNDS    30
#define WAYS      16 /* of one order: every line at a location or nowhere */

typedef struct Order
{
	FfProblem problem;
	FfRouteLine lines[LINES];
	FfRouteLocation locations[LOCATIONS];
	FfRouteOption options[LOCATIONS];
	int available[LOCATIONS][LINES];
	FfCost unit_price[LOCATIONS][LINES];
	int items[LINES];
} Order;

typedef struct Day
{
	Order orders[ORDERS];
	FfTariff tariffs[2];
	FfTariffBand bands[2];
	FfStock stock[ITEMS * LOCATIONS];
	int slots[LOCATIONS];
} Day;

static Day day;
static FfStock stock[ITEMS * LOCATIONS];
static int slots[LOCATIONS];
static FfCost no_prices[LOCATIONS];
static uint64_t random_state;

static int
below(int n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (int) ((random_state >> 11) % (uint64_t) n);
}

static FfCost
cents(int least, int most)
{
	return (least + below(most - least + 1)) * (FF_COST_UNIT / 100);
}

static void *
allocate(void *context, size_t size)
{
	(void) context;
	return malloc(size);
}

static void
random_order(Order *order)
{
	FfProblem *problem = &order->problem;

	*order = (Order){0};
	*problem = (FfProblem){.nlines = 1 + below(LINES),
						   .lines = order->lines,
						   .nlocations = LOCATIONS,
						   .locations = order->locations,
						   .ntariffs = 2,
						   .tariffs = day.tariffs,
						   .split_penalty = cents(0, 200),
						   .ship_complete = below(10) == 0,
						   .plan_only = true};
	for (int i = 0; i < problem->nlines; i++)
	{
		order->items[i] = i == 0 ? below(ITEMS) : (order->items[0] + 1 + below(ITEMS - 1)) % ITEMS;
		order->lines[i] = (FfRouteLine){.quantity = 1,
										.lot = 1,
										.weight_g = 100 * (1 + below(50)),
										.value = cents(100, 5000),
										.backorder_penalty = cents(1500, 4000)};
	}
	for (int l = 0; l < LOCATIONS; l++)
	{
		order->options[l] =
			(FfRouteOption){.tariff = below(2), .late = below(4) ? 0 : cents(400, 400)};
		order->locations[l] = (FfRouteLocation){.handling = cents(50, 300),
												.pick = cents(10, 80),
												.available = order->available[l],
												.unit_price = order->unit_price[l],
												.noptions = 1,
												.options = &order->options[l]};
	}
}

static void
random_day(void)
{
	for (int t = 0; t < 2; t++)
	{
		day.bands[t] = (FfTariffBand){0, INT64_MAX, cents(200, 900), cents(0, 200)};
		day.tariffs[t] = (FfTariff){.step_g = 500, .nbands = 1, .bands = &day.bands[t]};
	}
	for (int o = 0; o < ORDERS; o++)
		random_order(&day.orders[o]);
	for (int cell = 0; cell < ITEMS * LOCATIONS; cell++)
		day.stock[cell] = (FfStock){.free = below(3), .safety = below(10) == 0};
	for (int l = 0; l < LOCATIONS; l++)
		day.slots[l] = below(3) ? below(4) : FF_ANY_SLOTS;
}

/* An order's problem before a pool. */
static void
look_at(Order *order, const FfPool *pool, const FfPool *prices, bool freely)
{
	for (int l = 0; l < LOCATIONS; l++)
	{
		FfRouteLocation *location = &order->locations[l];

		location->capacity = pool->slots[l] == FF_ANY_SLOTS ? -1 : pool->slots[l];
		if (freely && location->capacity > 0)
			location->capacity = -1;
		location->shadow_price = prices->slot_price[l];
		for (int i = 0; i < order->problem.nlines; i++)
		{
			int cell = ff_pool_cell(pool, order->items[i], l);
			int units = ff_pool_units(pool, cell, 0);

			order->available[l][i] = units < order->lines[i].quantity ? units : 1;
			order->unit_price[l][i] = ff_pool_unit_price(prices, cell);
		}
	}
}

static void
ask(FfWave *wave, int contender, const FfPool *pool, bool freely, FfOutcome *outcome)
{
	Order *order = &day.orders[contender];
	FfSolution solution;

	look_at(order, freely ? &wave->start : pool, pool, freely);
	ff_solve(&order->problem, wave->scratch, &solution);
	*outcome = (FfOutcome){.priced = solution.plan.total,
						   .cost = solution.plan.total,
						   .least = solution.plan.total - solution.gap,
						   .slots = ff_arena_array(wave->scratch, int, LINES),
						   .taken = ff_arena_array(wave->scratch, FfTaken, LINES * LINES)};
	for (int p = 0; p < solution.plan.nparts; p++)
	{
		const FfPart *part = &solution.plan.parts[p];

		outcome->slots[outcome->nslots++] = part->location;
		outcome->cost -= part->cost.scarcity;
		for (int i = 0; i < order->problem.nlines; i++)
			if (part->quantity[i] > 0)
				outcome->taken[outcome->ntaken++] = (FfTaken){
					ff_pool_cell(pool, order->items[i], part->location), part->quantity[i]};
	}
}

static bool
go_on(FfWave *wave, int done)
{
	(void) wave;
	(void) done;
	return true;
}

static const char *
check_pool(const FfPool *pool)
{
	for (int cell = 0; cell < ITEMS * LOCATIONS; cell++)
		if (pool->stock[cell].free < 0 || (pool->stock[cell].free < pool->stock[cell].safety &&
										   pool->stock[cell].free < day.stock[cell].free))
			return "units were taken that nobody may have";
	for (int l = 0; l < LOCATIONS; l++)
		if (pool->slots[l] < 0 && pool->slots[l] != FF_ANY_SLOTS)
			return "more slots were taken than there are";
	return NULL;
}

/* Quotes say what the solver says, at the prices that were found. */
static bool
quotes_agree(FfWave *wave)
{
	FfPool prices = *wave->pool;

	prices.slot_price = wave->start.slot_price;
	prices.stock_price = wave->start.stock_price;
	for (int o = 0; o < ORDERS; o++)
		for (int freely = 0; freely < 2; freely++)
		{
			FfOutcome quoted;
			FfOutcome solved;

			ff_arena_reset(wave->scratch);
			if (!ff_quotes_solve(
					wave->contenders[o].quotes, &prices, freely, wave->scratch, &quoted))
				continue;
			ask(wave, o, &prices, freely, &solved);
			if (quoted.priced != solved.priced)
				return false;
		}
	return true;
}

/* Runs the wave of the day; the pool is what is left behind it.  What is wrong, or NULL. */
static const char *
run_wave(bool by_quotes, FfPool *pool, FfCost *bound, FfCost *cost, FfArena *scratch, FfArena *keep)
{
	static const int locations[LOCATIONS] = {0, 1, 2};
	FfContender contenders[ORDERS] = {0};
	int wanted[LOCATIONS];
	FfWave wave = {.pool = pool,
				   .wanted = wanted,
				   .count = ORDERS,
				   .contenders = contenders,
				   .scratch = scratch,
				   .keep = keep,
				   .ask = ask,
				   .go_on = go_on};

	memcpy(stock, day.stock, sizeof(stock));
	memcpy(slots, day.slots, sizeof(slots));
	memcpy(wanted, day.slots, sizeof(wanted));
	*pool = (FfPool){.nitems = ITEMS,
					 .nlocations = LOCATIONS,
					 .stock = stock,
					 .slots = slots,
					 .slot_price = no_prices};
	ff_wave_init(&wave);
	for (int o = 0; o < ORDERS; o++)
	{
		Order *order = &day.orders[o];

		contenders[o].nlines = order->problem.nlines;
		contenders[o].items = order->items;
		look_at(order, &wave.start, pool, false);
		ff_arena_reset(scratch);
		if (by_quotes)
			contenders[o].quotes =
				ff_quotes_make(&order->problem, order->items, locations, 0, scratch, keep);
	}
	ff_wave_price(&wave, ROUNDS);
	*bound = ff_wave_bound(&wave);
	if (by_quotes && !quotes_agree(&wave))
		return "quotes give another answer than the solver";
	ff_wave_place(&wave);
	while (ff_wave_improve(&wave) > 0)
		;
	*cost = ff_wave_cost(&wave);
	return check_pool(pool);
}

/* A way to serve an order: every line at a location, or at LOCATIONS, which is nowhere. */
static FfCost
cost_of_way(Order *order, const int *where)
{
	FfCost cost = 0;
	int parts = 0;
	bool waits = false;

	for (int i = 0; i < order->problem.nlines; i++)
		if (where[i] == LOCATIONS)
		{
			cost += order->lines[i].backorder_penalty;
			waits = true;
		}
	for (int l = 0; l < LOCATIONS; l++)
	{
		const FfRouteLocation *location = &order->locations[l];
		int64_t weight = 0;
		int lines = 0;

		for (int i = 0; i < order->problem.nlines; i++)
			if (where[i] == l)
			{
				weight += order->lines[i].weight_g;
				lines++;
			}
		if (lines == 0)
			continue;
		parts++;
		cost += location->handling + lines * location->pick + location->options[0].late +
				ff_tariff_price(&day.tariffs[location->options[0].tariff], weight, 0, 0);
	}
	if (order->problem.ship_complete && waits && parts > 0)
		return FF_COST_NEVER;
	return cost + (parts > 1 ? (parts - 1) * order->problem.split_penalty : 0);
}

/* The least cost of order o and those behind it, from what is left. */
static FfCost
least_cost(int o, FfPool *pool)
{
	FfCost least = FF_COST_NEVER;
	Order *order = &day.orders[o];

	if (o == ORDERS)
		return 0;
	for (int way = 0; way < WAYS; way++)
	{
		int where[LINES] = {way % (LOCATIONS + 1), way / (LOCATIONS + 1)};
		bool used[LOCATIONS + 1] = {false};
		bool possible = order->problem.nlines == LINES || where[1] == 0;
		FfCost cost;

		for (int i = 0; i < order->problem.nlines && possible; i++)
			if (where[i] < LOCATIONS)
			{
				used[where[i]] = true;
				possible =
					ff_pool_units(pool, ff_pool_cell(pool, order->items[i], where[i]), 0) > 0;
			}
		for (int l = 0; l < LOCATIONS; l++)
			possible &= !used[l] || pool->slots[l] == FF_ANY_SLOTS || pool->slots[l] > 0;
		cost = possible ? cost_of_way(order, where) : FF_COST_NEVER;
		if (cost >= least)
			continue;
		for (int turn = -1; turn <= 1; turn += 2) /* taken, and given back */
		{
			for (int i = 0; i < order->problem.nlines; i++)
				if (where[i] < LOCATIONS)
					pool->stock[ff_pool_cell(pool, order->items[i], where[i])].free += turn;
			for (int l = 0; l < LOCATIONS; l++)
				if (used[l] && pool->slots[l] != FF_ANY_SLOTS)
					pool->slots[l] += turn;
			if (turn < 0)
				cost += least_cost(o + 1, pool);
		}
		if (cost < least)
			least = cost;
	}
	return least;
}

int
main(int argc, char **argv)
{
	int waves = argc > 1 ? atoi(argv[1]) : 3000;
	FfArena scratch = {.allocate = allocate, .release = free};
	FfArena keep = {.allocate = allocate, .release = free};
	FfCost dearer = 0;
	FfCost optimum = 0;
	int optimal = 0;

	random_state = argc > 2 ? strtoull(argv[2], NULL, 10) : 20;
	random_state = random_state * 2 + 1;
	for (int w = 1; w <= waves; w++)
	{
		FfCost cost[3]; /* without quotes, with them, and once more */
		FfCost bound;
		FfCost least;
		FfPool pool;
		const char *wrong = NULL;

		random_day();
		for (int run = 0; run < 3 && wrong == NULL; run++)
		{
			ff_arena_reset(&keep);
			wrong = run_wave(run > 0, &pool, &bound, &cost[run], &scratch, &keep);
			if (wrong == NULL && cost[run] < bound)
				wrong = "it costs less than the bound";
		}
		memcpy(stock, day.stock, sizeof(stock));
		memcpy(slots, day.slots, sizeof(slots));
		least = least_cost(0, &pool);
		if (wrong == NULL && cost[1] != cost[2])
			wrong = "the same wave got another answer";
		if (wrong == NULL && bound > least)
			wrong = "the bound is above the optimum";
		if (wrong == NULL && (cost[0] < least || cost[1] < least))
			wrong = "it costs less than is possible";
		if (wrong != NULL)
		{
			printf("not ok 1 - wave %d: %s (cost %" PRId64 ", bound %" PRId64 ", optimum %" PRId64
				   ")\n1..1\n",
				   w,
				   wrong,
				   cost[1],
				   bound,
				   least);
			return 1;
		}
		optimal += cost[1] == least;
		dearer += cost[1] - least;
		optimum += least;
	}
	printf("ok 1 - %d random waves obey every limit, none is below its bound\n", waves);
	printf("%s 2 - %d of them are optimal, all together %.2f %% above the optimum\n1..2\n",
		   100 * dearer <= 3 * optimum ? "ok" : "not ok",
		   optimal,
		   100.0 * (double) dearer / (double) optimum);
	return 100 * dearer > 3 * optimum;
}
