/*
 * solver.c
 *
 * The solver alone on a day of the workload: orders one after the other, each
 * taking its stock, slots and what the pace of the day makes of them.
 *
 *     solver FOLDER
 *
 * Prints how many orders it solves in a second of CPU, problems being put
 * together included, for the plan only and with other plans and reasons.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "routing/pacing.h"
#include "routing/solver.h"
#include "tables.h"

#define MAX_LINES     16
#define MAX_LOCATIONS 32
#define MAX_SERVICES  4

#define PACING_STEP 0.15

static Tables day;
static FfTariff tariffs[MAX_SERVICES][MAX_ZONES];
static FfTariffBand bands[MAX_SERVICES][MAX_ZONES];
static FfPace paces[MAX_LOCATIONS];
static int slots[MAX_LOCATIONS];
static int64_t shipped; /* slots taken at all locations */

typedef struct Problem
{
	FfProblem problem;
	FfRouteLine lines[MAX_LINES];
	FfRouteLocation locations[MAX_LOCATIONS];
	FfRouteOption options[MAX_LOCATIONS][MAX_SERVICES];
	int available[MAX_LOCATIONS][MAX_LINES];
	uint8_t hazmat[MAX_LINES];
} Problem;

static FfCost
money(double euro)
{
	return (FfCost) llround(euro * FF_COST_UNIT);
}

static void
make_tariffs(void)
{
	for (int s = 0; s < day.service_count; s++)
		for (int z = 0; z < day.services[s].zone_count; z++)
		{
			const Zone *zone = &day.services[s].zones[z];

			bands[s][z] = (FfTariffBand){
				0, INT64_MAX, money(zone->price_per_parcel), money(zone->price_per_kg)};
			tariffs[s][z] =
				(FfTariff){.parcel_limit_g = llround(day.parameters.parcel_limit * 1000),
						   .step_g = llround(day.parameters.weight_step * 1000),
						   .nbands = 1,
						   .bands = &bands[s][z]};
		}
}

static void
open_day(void)
{
	double capacity;

	shipped = 0;
	for (int l = 0; l < day.location_count; l++)
	{
		slots[l] = day.locations[l].daily_capacity;
		capacity = (double) slots[l] / day.order_count;
		paces[l] = (FfPace){.rise = PACING_STEP, .fall = PACING_STEP * capacity};
	}
}

static void
add_options(Problem *p, int l, const Order *order)
{
	const Location *from = &day.locations[l];
	bool abroad = strcmp(from->country, order->country) != 0;
	double km = hypot(from->x - order->x, from->y - order->y);
	int count = 0;

	for (int s = 0; s < day.service_count; s++)
	{
		const Service *service = &day.services[s];
		int z = 0;
		int days;

		while (z < service->zone_count && km >= service->zones[z].to_km)
			z++;
		days = service->zones[z].transit_days + from->cutoff_late_days +
			   (abroad ? service->extra_days_abroad : 0);
		p->options[l][count++] = (FfRouteOption){
			.tariff = s * MAX_ZONES + z,
			.surcharge = abroad ? money(service->surcharge_abroad) : 0,
			.late = days > order->promise_days ? money(day.parameters.late_penalty) : 0,
			.refused = service->hazmat_allowed ? NULL : p->hazmat};
	}
	p->locations[l].noptions = count;
	p->locations[l].options = p->options[l];
	if (abroad && !from->ships_abroad)
		p->locations[l].excluded = FF_REASON_COUNTRY;
}

static void
make_problem(Problem *p, int o, int alternatives)
{
	const Order *order = &day.orders[o];
	const Line *lines = &day.lines[order->first_line];

	memset(p->locations, 0, sizeof(p->locations));
	for (int i = 0; i < order->line_count; i++)
	{
		const Item *item = &day.items[lines[i].item];

		p->hazmat[i] = item->hazmat ? FF_REASON_HAZMAT : FF_REASON_NONE;
		p->lines[i] = (FfRouteLine){.quantity = lines[i].quantity,
									.lot = 1,
									.weight_g = llround(item->weight * 1000),
									.value = money(item->value),
									.backorder_penalty =
										money(day.parameters.backorder_penalty +
											  day.parameters.backorder_value_share * item->value)};
	}
	for (int l = 0; l < day.location_count; l++)
	{
		const Location *from = &day.locations[l];

		for (int i = 0; i < order->line_count; i++)
		{
			int stock = *tables_stock(&day, l, lines[i].item);

			if (p->hazmat[i] && !from->hazmat_allowed)
				stock = 0;
			p->available[l][i] = stock < lines[i].quantity ? stock : lines[i].quantity;
		}
		p->locations[l].handling = money(from->handling_cost);
		p->locations[l].pick = money(from->pick_cost);
		p->locations[l].shadow_price = money(ff_pace_price(&paces[l], shipped));
		p->locations[l].capacity = slots[l];
		p->locations[l].available = p->available[l];
		add_options(p, l, order);
	}
	p->problem = (FfProblem){.nlines = order->line_count,
							 .lines = p->lines,
							 .nlocations = day.location_count,
							 .locations = p->locations,
							 .ntariffs = MAX_SERVICES * MAX_ZONES,
							 .tariffs = &tariffs[0][0],
							 .split_penalty = money(day.parameters.split_penalty),
							 .alternatives = alternatives,
							 .plan_only = alternatives == 0};
}

static void
carry_out(const FfPlan *plan, int o)
{
	const Line *lines = &day.lines[day.orders[o].first_line];

	for (int p = 0; p < plan->nparts; p++)
	{
		const FfPart *part = &plan->parts[p];

		for (int i = 0; i < day.orders[o].line_count; i++)
			*tables_stock(&day, part->location, lines[i].item) -= part->quantity[i];
		ff_pace_take(&paces[part->location], shipped);
		slots[part->location]--;
		shipped++;
	}
}

static void *
allocate(void *context, size_t size)
{
	void *block = malloc(size);

	(void) context;
	if (block == NULL)
		fail("out of memory");
	return block;
}

/* Solves the day; answers the seconds of CPU.  The stock is left as it was. */
static double
solve_day(int alternatives)
{
	FfArena arena = {.allocate = allocate, .release = free};
	size_t size = sizeof(int) * (size_t) day.location_count * (size_t) day.item_count;
	int *stock = malloc(size);
	static Problem problem;
	clock_t began;

	memcpy(stock, day.stock, size);
	open_day();
	began = clock();
	for (int o = 0; o < day.order_count; o++)
	{
		FfSolution solution;

		ff_arena_reset(&arena);
		make_problem(&problem, o, alternatives);
		ff_solve(&problem.problem, &arena, &solution);
		carry_out(&solution.plan, o);
	}
	began = clock() - began;
	memcpy(day.stock, stock, size);
	free(stock);
	ff_arena_release(&arena);
	return (double) began / CLOCKS_PER_SEC;
}

int
main(int argc, char **argv)
{
	if (argc != 2)
		fail("usage: solver FOLDER");
	tables_load(&day, argv[1]);
	if (day.location_count > MAX_LOCATIONS || day.service_count > MAX_SERVICES)
		fail("more locations or services than this program has room for");
	make_tariffs();
	solve_day(0);
	printf("%.0f orders a second, ", day.order_count / solve_day(0));
	printf("%.0f with other plans and reasons\n", day.order_count / solve_day(3));
	return 0;
}
