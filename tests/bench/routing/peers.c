/*
 * peers.c
 *
 * Other systems' rules on a day of the workload, from what they publish of
 * them: for comparison, and nowhere but here.
 *
 *     peers FOLDER RULE > plan.csv
 *
 * Orders come one after the other, each seeing what earlier ones left.  Rules
 * say which units come from where; everybody ships them by the service that is
 * cheapest with its lateness, asks no location that may not ship an item or
 * has no slot left, and has a counter of slots.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tables.h"

#define MAX_LINES     16
#define MAX_LOCATIONS 32

static Tables day;
static int slots[MAX_LOCATIONS];

/* An order in the making. */
static const Order *order;
static const Line *lines;
static int nlines;
static double km[MAX_LOCATIONS];
static int have[MAX_LOCATIONS][MAX_LINES]; /* what a location could ship, at most what is ordered */
static int rest[MAX_LINES];                /* what nobody ships yet */
static int taken[MAX_LOCATIONS][MAX_LINES];

static void
open_order(int o)
{
	order = &day.orders[o];
	lines = &day.lines[order->first_line];
	nlines = order->line_count;
	memset(taken, 0, sizeof(taken));
	for (int i = 0; i < nlines; i++)
		rest[i] = lines[i].quantity;
	for (int l = 0; l < day.location_count; l++)
	{
		const Location *from = &day.locations[l];
		bool open =
			slots[l] > 0 && (from->ships_abroad || strcmp(from->country, order->country) == 0);

		km[l] = hypot(from->x - order->x, from->y - order->y);
		for (int i = 0; i < nlines; i++)
		{
			int stock = *tables_stock(&day, l, lines[i].item);

			if (!open || (day.items[lines[i].item].hazmat && !from->hazmat_allowed))
				stock = 0;
			have[l][i] = stock < lines[i].quantity ? stock : lines[i].quantity;
		}
	}
}

static void
take(int l, int i)
{
	int units = have[l][i] < rest[i] ? have[l][i] : rest[i];

	taken[l][i] += units;
	rest[i] -= units;
}

/* ---- orders of locations: negative when a goes before b ---- */

/* The workload numbers locations by their priority. */
static int
by_priority(const void *a, const void *b)
{
	return *(const int *) a - *(const int *) b;
}

static int
by_distance(const void *a, const void *b)
{
	double left = km[*(const int *) a];
	double right = km[*(const int *) b];

	return left < right ? -1 : left > right ? 1 : by_priority(a, b);
}

/* Lines that a location could ship whole. */
static int
coverage(int l)
{
	int covered = 0;

	for (int i = 0; i < nlines; i++)
		covered += have[l][i] == lines[i].quantity;
	return covered;
}

static int
by_coverage_and_priority(const void *a, const void *b)
{
	int more = coverage(*(const int *) b) - coverage(*(const int *) a);

	return more != 0 ? more : by_priority(a, b);
}

static int
by_coverage_and_distance(const void *a, const void *b)
{
	int more = coverage(*(const int *) b) - coverage(*(const int *) a);

	return more != 0 ? more : by_distance(a, b);
}

static int stock_item;

static int
by_stock(const void *a, const void *b)
{
	int more = *tables_stock(&day, *(const int *) b, stock_item) -
			   *tables_stock(&day, *(const int *) a, stock_item);

	return more != 0 ? more : by_priority(a, b);
}

static void
sort(int *sequence, int (*compare)(const void *, const void *))
{
	for (int l = 0; l < day.location_count; l++)
		sequence[l] = l;
	qsort(sequence, (size_t) day.location_count, sizeof(int), compare);
}

/* One location after the other ships what it has. */
static void
walk(int (*compare)(const void *, const void *))
{
	int sequence[MAX_LOCATIONS];

	sort(sequence, compare);
	for (int n = 0; n < day.location_count; n++)
		for (int i = 0; i < nlines; i++)
			take(sequence[n], i);
}

/* ---- the rules ---- */

static void
magento_priority(void)
{
	walk(by_priority);
}

static void
magento_distance(void)
{
	walk(by_distance);
}

static void
spree(void)
{
	walk(by_coverage_and_priority);
}

static void
shopify(void)
{
	walk(by_coverage_and_distance);
}

/* Every line by itself, from where there is most. */
static void
saleor(void)
{
	int sequence[MAX_LOCATIONS];

	for (int i = 0; i < nlines; i++)
	{
		stock_item = lines[i].item;
		sort(sequence, by_stock);
		for (int n = 0; n < day.location_count; n++)
			take(sequence[n], i);
	}
}

/* The closest that has everything; else in parts by distance. */
static void
hotwax(void)
{
	int sequence[MAX_LOCATIONS];

	sort(sequence, by_distance);
	for (int n = 0; n < day.location_count; n++)
		if (coverage(sequence[n]) == nlines)
		{
			for (int i = 0; i < nlines; i++)
				take(sequence[n], i);
			return;
		}
	walk(by_distance);
}

/* ---- the smallest set of locations that has all there is, of these the closest ---- */

static int chosen[MAX_LOCATIONS];
static int best[MAX_LOCATIONS];
static double best_km;
static int wanted[MAX_LINES]; /* of each line, what all locations together have */

static bool
covers(const int *set, int size)
{
	for (int i = 0; i < nlines; i++)
	{
		int units = 0;

		for (int n = 0; n < size; n++)
			units += have[set[n]][i];
		if (units < wanted[i])
			return false;
	}
	return true;
}

static void
search(int size, int count, int from, double sum)
{
	if (count == size)
	{
		if (sum / size < best_km && covers(chosen, size))
		{
			best_km = sum / size;
			memcpy(best, chosen, sizeof(best));
		}
		return;
	}
	for (int l = from; l < day.location_count; l++)
	{
		chosen[count] = l;
		search(size, count + 1, l + 1, sum + km[l]);
	}
}

static void
salesforce(void)
{
	bool any = false;

	for (int i = 0; i < nlines; i++)
	{
		int units = 0;

		for (int l = 0; l < day.location_count; l++)
			units += have[l][i];
		wanted[i] = units < lines[i].quantity ? units : lines[i].quantity;
		any = any || wanted[i] > 0;
	}
	best_km = INFINITY;
	for (int size = 1; any && size <= day.location_count && best_km == INFINITY; size++)
	{
		search(size, 0, 0, 0);
		if (best_km == INFINITY)
			continue;
		qsort(best, (size_t) size, sizeof(int), by_distance);
		for (int n = 0; n < size; n++)
			for (int i = 0; i < nlines; i++)
				take(best[n], i);
	}
}

static const struct
{
	const char *name;
	void (*apply)(void);
} rules[] = {
	{"saleor", saleor},
	{"magento_priority", magento_priority},
	{"magento_distance", magento_distance},
	{"spree", spree},
	{"hotwax", hotwax},
	{"shopify", shopify},
	{"salesforce", salesforce},
};

/* ---- what is shipped ---- */

/* The cheapest service for what a location ships, its lateness counted; -1: it ships nothing. */
static int
choose_service(int l)
{
	const Location *from = &day.locations[l];
	bool abroad = strcmp(from->country, order->country) != 0;
	double weight = 0;
	bool hazmat = false;
	bool any = false;
	int service = -1;
	double least = INFINITY;

	for (int i = 0; i < nlines; i++)
	{
		const Item *item = &day.items[lines[i].item];

		weight += taken[l][i] * item->weight;
		hazmat = hazmat || (taken[l][i] > 0 && item->hazmat);
		any = any || taken[l][i] > 0;
	}
	for (int s = 0; any && s < day.service_count; s++)
	{
		const Service *by = &day.services[s];
		const Zone *zone = by->zones;
		double parcels = fmax(1, ceil(weight / day.parameters.parcel_limit));
		double billable = ceil(weight / day.parameters.weight_step) * day.parameters.weight_step;
		double cost;
		int days;

		while (km[l] >= zone->to_km)
			zone++;
		days = zone->transit_days + from->cutoff_late_days + (abroad ? by->extra_days_abroad : 0);
		cost = parcels * zone->price_per_parcel + billable * zone->price_per_kg +
			   (abroad ? by->surcharge_abroad : 0) +
			   (days > order->promise_days ? day.parameters.late_penalty : 0);
		if ((by->hazmat_allowed || !hazmat) && cost < least)
		{
			least = cost;
			service = s;
		}
	}
	return service;
}

static void
ship(void)
{
	for (int l = 0; l < day.location_count; l++)
	{
		int service = choose_service(l);

		if (service < 0)
			continue;
		slots[l]--;
		for (int i = 0; i < nlines; i++)
			if (taken[l][i] > 0)
			{
				*tables_stock(&day, l, lines[i].item) -= taken[l][i];
				printf("%s,%s,%s,%s,%s,%d\n",
					   order->number,
					   day.locations[l].code,
					   day.locations[l].code,
					   day.services[service].name,
					   day.items[lines[i].item].sku,
					   taken[l][i]);
			}
	}
}

int
main(int argc, char **argv)
{
	size_t rule = 0;

	if (argc != 3)
		fail("usage: peers FOLDER RULE");
	while (rule < sizeof(rules) / sizeof(rules[0]) && strcmp(rules[rule].name, argv[2]) != 0)
		rule++;
	if (rule == sizeof(rules) / sizeof(rules[0]))
		fail("there is no rule %s", argv[2]);
	tables_load(&day, argv[1]);
	if (day.location_count > MAX_LOCATIONS)
		fail("more locations than this program has room for");
	for (int l = 0; l < day.location_count; l++)
		slots[l] = day.locations[l].daily_capacity;
	printf("order,shipment,location,service,sku,quantity\n");
	for (int o = 0; o < day.order_count; o++)
	{
		open_order(o);
		rules[rule].apply();
		ship();
	}
	return 0;
}
