/*
 * learn.c
 *
 * The orders of a few past days are taken as what today may bring: each day
 * competes, as one wave, for the stock of now and the slots of a day, and the
 * mean of the prices that come out is what a unit or a slot is worth to orders
 * nobody knows yet.  Days are those of today's weekday; the last days whatever
 * they were where there are not enough of them.
 *
 * A price is never so high that goods would rather wait than be shipped: at
 * most a fifth of what it costs to let a unit wait.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "pg/spi.h"
#include "routing/contest.h"
#include "routing/learn.h"

/* Orders of one day that are looked at, and what is too little to be worth a row. */
#define MOST_ORDERS "20000"
#define LEAST_PRICE (FF_COST_UNIT / 100)

/* What happened on other days counts a little less than what is known. */
#define TRUST        0.8
#define WAITING_PART 5

/* The last four days of today's weekday, or when there were not two the last four of any. */
static FfStatement days_to_learn_from = FF_STATEMENT(
	"with days as ("
	" select received_at::date as day, count(*) as orders from fulfillment.orders"
	"  where merchant_id = $1 and received_at >= $2::timestamptz - interval '35 days'"
	"    and received_at < date_trunc('day', $2::timestamptz) and state <> 'invalid' group by 1"
	"), alike as ("
	" select * from days where date_part('isodow', day) = date_part('isodow', $2::timestamptz)"
	"  order by day desc limit 4"
	")"
	" select day from alike where (select count(*) from alike) >= 2"
	" union all"
	" (select day from days where (select count(*) from alike) < 2 order by day desc limit 4)"
	" order by 1",
	INT4OID, TIMESTAMPTZOID);

static FfStatement orders_of_day = FF_STATEMENT(
	"select order_id from fulfillment.orders where merchant_id = $1"
	"   and received_at >= $2::date and received_at < $2::date + 1 and state <> 'invalid'"
	" order by order_id limit " MOST_ORDERS,
	INT4OID, DATEOID);

static FfStatement forget_prices =
	FF_STATEMENT("with slots as (delete from fulfillment.slot_prices where merchant_id = $1)"
				 " delete from fulfillment.stock_prices where merchant_id = $1",
				 INT4OID);

static FfStatement add_stock_prices =
	FF_STATEMENT("insert into fulfillment.stock_prices (merchant_id, item_id, location_id, price)"
				 " select $1, u.* from unnest($2, $3, $4) as u (item_id, location_id, price)",
				 INT4OID, INT8ARRAYOID, INT8ARRAYOID, FLOAT8ARRAYOID);

static FfStatement add_slot_prices =
	FF_STATEMENT("insert into fulfillment.slot_prices (merchant_id, location_id, price)"
				 " select $1, u.* from unnest($2, $3) as u (location_id, price)",
				 INT4OID, INT8ARRAYOID, FLOAT8ARRAYOID);

static FfStatement save_lesson = FF_STATEMENT(
	"insert into fulfillment.lessons (merchant_id, learned_at, days, orders, expected_shipments)"
	" select $1, $2, $3, $4, (select round(avg(d.used)) from (select sum(used) as used"
	"          from fulfillment.location_days where merchant_id = $1 and day = any ($3) group by day) d)"
	" on conflict (merchant_id) do update set learned_at = excluded.learned_at,"
	"  days = excluded.days, orders = excluded.orders,"
	"  expected_shipments = excluded.expected_shipments",
	INT4OID, TIMESTAMPTZOID, DATEARRAYOID, INT4OID);

/* Sums of what the days taught, by item and location. */
typedef struct Lesson
{
	int32 merchant_id;
	FfNetwork *network;
	int days;
	int orders;
	double *slots; /* per location of the network */
	int nitems;
	int64 *items;   /* by id */
	double *prices; /* per item and location */
} Lesson;

static FfDemand *
demands_of_day(int32 merchant_id, Datum day, TimestampTz now, int *count)
{
	FfRows rows = ff_run(&orders_of_day, ff_int4(merchant_id), ff_datum(day));
	FfRoutingRequest *requests = palloc0(sizeof(FfRoutingRequest) * (rows.count + 1));

	*count = (int) rows.count;
	for (int i = 0; i < *count; i++)
		requests[i] = (FfRoutingRequest){.order_id = ff_row_int8(&rows, i, 1), .anew = true};
	return ff_demands_load(merchant_id, requests, *count, now);
}

/* Today as it begins: no slot is taken yet. */
static FfNetwork *
network_at_dawn(int32 merchant_id, const FfDemand *demands, int count, TimestampTz now)
{
	FfNetwork *network = ff_network_for(merchant_id, demands, count, now, NULL);

	network->settings.wave_ms = INT_MAX;
	ff_network_open_days(network);
	return network;
}

static int
find_item(const Lesson *lesson, int64 item_id)
{
	int low = 0;
	int high = lesson->nitems;

	while (low < high)
	{
		int middle = (low + high) / 2;

		if (lesson->items[middle] < item_id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Room for the items of a day that no earlier one had; both lists are by id. */
static void
add_items(Lesson *lesson, const FfSupply *supply, MemoryContext context)
{
	int nlocations = lesson->network->nlocations;
	int most = lesson->nitems + supply->pool.nitems;
	int64 *items = MemoryContextAllocHuge(context, sizeof(int64) * (most + 1));
	double *prices =
		MemoryContextAllocHuge(context, sizeof(double) * ((Size) most * nlocations + 1));
	int n = 0;

	for (int old = 0, new = 0; old < lesson->nitems || new < supply->pool.nitems; n++)
	{
		bool known = old < lesson->nitems &&
					 (new == supply->pool.nitems || lesson->items[old] <= supply->items[new]);

		items[n] = known ? lesson->items[old] : supply->items[new];
		if (new < supply->pool.nitems && supply->items[new] == items[n])
			new ++;
		if (known)
			memcpy(prices + (Size) n * nlocations,
				   lesson->prices + (Size) old++ * nlocations,
				   sizeof(double) * nlocations);
		else
			memset(prices + (Size) n * nlocations, 0, sizeof(double) * nlocations);
	}
	lesson->nitems = n;
	lesson->items = items;
	lesson->prices = prices;
}

static void
learn_day(Lesson *lesson, Datum day, TimestampTz now, MemoryContext context)
{
	int count;
	FfDemand *demands = demands_of_day(lesson->merchant_id, day, now, &count);
	FfNetwork *network = network_at_dawn(lesson->merchant_id, demands, count, now);
	FfSupply *supply = ff_supply_load(network, demands, count);
	FfPool *pool = &supply->pool;
	FfCost *slots = palloc(sizeof(FfCost) * (pool->nlocations + 1));
	FfCost *units = MemoryContextAllocHuge(
		CurrentMemoryContext, sizeof(FfCost) * ((Size) pool->nlocations * pool->nitems + 1));

	if (count == 0)
		return;
	pool->stock_price = NULL; /* what was learned before is not to teach itself */
	ff_contest_prices(network, pool, demands, count, slots, units);
	lesson->days++;
	lesson->orders += count;
	add_items(lesson, supply, context);
	for (int l = 0; l < pool->nlocations; l++)
		lesson->slots[l] += (double) slots[l];
	for (int i = 0; i < pool->nitems; i++)
	{
		double *prices =
			lesson->prices + (Size) find_item(lesson, supply->items[i]) * pool->nlocations;

		for (int l = 0; l < pool->nlocations; l++)
			prices[l] += (double) units[ff_pool_cell(pool, i, l)];
	}
}

static void
write_slot_prices(const Lesson *lesson)
{
	FfColumn locations;
	FfColumn prices;

	ff_column_init(&locations, INT8OID);
	ff_column_init(&prices, FLOAT8OID);
	for (int l = 0; l < lesson->network->nlocations; l++)
	{
		double price = lesson->slots[l] / lesson->days;

		if (price < LEAST_PRICE)
			continue;
		ff_column_add(&locations, ff_int8(lesson->network->locations[l].location_id));
		ff_column_add(&prices, ff_float8(price / FF_COST_UNIT));
	}
	if (locations.count > 0)
		ff_run(&add_slot_prices,
			   ff_int4(lesson->merchant_id),
			   ff_column(&locations),
			   ff_column(&prices));
}

static void
write_stock_prices(const Lesson *lesson)
{
	const FfNetwork *network = lesson->network;
	double most = (double) network->settings.backorder_penalty / WAITING_PART;
	FfColumn items;
	FfColumn locations;
	FfColumn prices;

	ff_column_init(&items, INT8OID);
	ff_column_init(&locations, INT8OID);
	ff_column_init(&prices, FLOAT8OID);
	for (int i = 0; i < lesson->nitems; i++)
		for (int l = 0; l < network->nlocations; l++)
		{
			double price =
				TRUST * lesson->prices[(Size) i * network->nlocations + l] / lesson->days;

			if (price < LEAST_PRICE)
				continue;
			ff_column_add(&items, ff_int8(lesson->items[i]));
			ff_column_add(&locations, ff_int8(network->locations[l].location_id));
			ff_column_add(&prices, ff_float8(Min(price, most) / FF_COST_UNIT));
		}
	if (items.count > 0)
		ff_run(&add_stock_prices,
			   ff_int4(lesson->merchant_id),
			   ff_column(&items),
			   ff_column(&locations),
			   ff_column(&prices));
}

void
ff_routing_learn(int32 merchant_id, TimestampTz now)
{
	MemoryContext context = CurrentMemoryContext;
	Lesson lesson = {.merchant_id = merchant_id};
	FfColumn learned;
	FfRows days;

	ff_spi_begin();
	MemoryContextSwitchTo(context);
	lesson.network = network_at_dawn(merchant_id, NULL, 0, now);
	lesson.slots = palloc0(sizeof(double) * (lesson.network->nlocations + 1));
	days = ff_run(&days_to_learn_from, ff_int4(merchant_id), ff_time(now));
	ff_column_init(&learned, DATEOID);
	for (uint64 d = 0; d < days.count; d++)
	{
		MemoryContext of_day =
			AllocSetContextCreate(context, "a day to learn from", ALLOCSET_DEFAULT_SIZES);
		bool null;
		Datum day = ff_row_datum(&days, d, 1, &null);

		ff_column_add(&learned, ff_datum(day));
		MemoryContextSwitchTo(of_day);
		learn_day(&lesson, day, now, context);
		MemoryContextSwitchTo(context);
		MemoryContextDelete(of_day);
	}
	ff_run(&forget_prices, ff_int4(merchant_id));
	if (lesson.days > 0)
	{
		write_slot_prices(&lesson);
		write_stock_prices(&lesson);
	}
	ff_run(&save_lesson,
		   ff_int4(merchant_id),
		   ff_time(now),
		   ff_column(&learned),
		   ff_int4(lesson.orders));
	ff_spi_end();
}
