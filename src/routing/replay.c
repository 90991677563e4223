/*
 * replay.c
 *
 * Past orders once more.  They are taken in the order in which they came, each
 * with its own time: days and promises are what they were, while stock is what
 * is there now and what these orders themselves took.  So what happened is one
 * of the ways it can go, and two replays differ by their rules alone.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "pg/errors.h"
#include "pg/spi.h"
#include "routing/candidates.h"
#include "routing/replay.h"

static FfStatement past_orders = FF_STATEMENT(
	"select order_id, received_at from fulfillment.orders"
	" where merchant_id = $1 and received_at >= $2 and received_at < $3 and state <> 'invalid'"
	" order by received_at, order_id limit $4",
	INT4OID, TIMESTAMPTZOID, TIMESTAMPTZOID, INT4OID);

/*
 * The first member that says nothing: a misspelled one would otherwise change
 * nothing, and a replay that finds no difference would be believed.
 */
static FfStatement unknown_member = FF_STATEMENT(
	"with entry (place, relation, own, row) as ("
	" select 'settings', 'routing_settings', '{}'::text[], $2 -> 'settings'"
	" union all select 'locations.' || key, 'locations', '{}', value"
	"   from jsonb_each($2 -> 'locations')"
	" union all select 'rules[' || n - 1 || ']', 'routing_rules', '{location,provider}', value"
	"   from jsonb_array_elements($2 -> 'rules') with ordinality r (value, n)"
	" union all select 'prices[' || n - 1 || ']', 'service_prices', '{service,provider,location}', value"
	"   from jsonb_array_elements($2 -> 'prices') with ordinality r (value, n)"
	"), wrong (rank, place, what) as ("
	" select 1, key, 'is no part of the changes' from jsonb_object_keys($2) key"
	"  where key not in ('settings', 'locations', 'rules', 'prices')"
	" union all select 2, e.place || '.' || key, 'is no column of ' || e.relation"
	"   from entry e, jsonb_object_keys(e.row) key where key <> all (e.own)"
	"    and not exists (select from pg_attribute a where a.attname = key and a.attnum > 0"
	"          and a.attrelid = ('fulfillment.' || e.relation)::regclass)"
	" union all select 3, 'locations.' || key, 'is no location' from jsonb_object_keys($2 -> 'locations') key"
	"  where not exists (select from fulfillment.locations l where l.merchant_id = $1 and l.code = key)"
	" union all select 3, e.place || '.location', 'is no location' from entry e"
	"  where 'location' = any (e.own) and e.row ? 'location' and not exists ("
	"    select from fulfillment.locations l where l.merchant_id = $1 and l.code = e.row ->> 'location')"
	" union all select 3, e.place || '.provider', 'is no provider' from entry e"
	"  where 'provider' = any (e.own) and e.row ? 'provider' and not exists ("
	"    select from fulfillment.providers p where p.merchant_id = $1 and p.code = e.row ->> 'provider')"
	" union all select 3, e.place || '.service', 'is no service' from entry e"
	"  where 'service' = any (e.own) and not exists ("
	"    select from fulfillment.services s where s.merchant_id = $1 and s.code = e.row ->> 'service')"
	" union all select 3, e.place || '.effect', 'must be allow, deny, prefer or penalise' from entry e"
	"  where e.relation = 'routing_rules'"
	"    and coalesce(e.row ->> 'effect', '') not in ('allow', 'deny', 'prefer', 'penalise')"
	") select place, what from wrong order by rank, place limit 1",
	INT4OID, JSONBOID);

typedef struct Member
{
	const char *name;
	bool list;
} Member;

static const Member members[] = {
	{"settings", false},
	{"locations", false},
	{"rules", true},
	{"prices", true},
};

static void
refuse(const char *place, const char *what)
{
	ereport(ERROR,
			(errcode(FF_ERR_INVALID_DOCUMENT),
			 errmsg("could not simulate the changes: \"%s\" %s", place, what),
			 errhint("Changes are {\"settings\": {}, \"locations\": {\"CODE\": {}}, \"rules\": [], "
					 "\"prices\": []}, with columns of their tables; see docs/routing.md.")));
}

static void
check_changes(int32 merchant_id, const FfJson *changes)
{
	FfRows rows;

	if (!ff_json_is_object(changes))
		refuse("rules", "must be an object");
	for (int m = 0; m < (int) lengthof(members); m++)
	{
		const FfJson *value = ff_json_member(changes, members[m].name);

		if (value == NULL)
			continue;
		if (members[m].list ? !ff_json_is_array(value) : !ff_json_is_object(value))
			refuse(members[m].name, members[m].list ? "must be a list" : "must be an object");
	}
	rows = ff_run(&unknown_member, ff_int4(merchant_id), ff_json(changes));
	if (rows.count > 0)
		refuse(ff_row_text(&rows, 0, 1), ff_row_text(&rows, 0, 2));
}

static void *
allocate(void *context, size_t size)
{
	return MemoryContextAllocHuge(context, size);
}

static void
add_part_cost(FfPartCost *sum, const FfPartCost *cost)
{
	sum->handling += cost->handling;
	sum->picking += cost->picking;
	sum->shipping += cost->shipping;
	sum->surcharge += cost->surcharge;
	sum->late += cost->late;
	sum->preference += cost->preference;
	sum->scarcity += cost->scarcity;
}

static void
count_order(FfReplay *replay, const FfCandidates *candidates, const FfPlan *plan)
{
	int64 waiting = 0;
	bool late = false;

	for (int i = 0; i < candidates->demand->nlines; i++)
	{
		replay->units += candidates->demand->lines[i].quantity;
		waiting += plan->backorder[i];
	}
	for (int p = 0; p < plan->nparts; p++)
	{
		const FfPart *part = &plan->parts[p];

		add_part_cost(&replay->parts, &part->cost);
		late |= candidates->offers[part->location].offers[part->option].days_late > 0;
	}
	replay->orders++;
	replay->shipped_orders += plan->nparts > 0;
	replay->split_orders += plan->nparts > 1;
	replay->late_orders += late;
	replay->full_orders += waiting == 0;
	replay->shipments += plan->nparts;
	replay->waiting_units += waiting;
	replay->split += plan->split;
	replay->waiting += plan->backorder_cost;
}

/* The promise as it was, not moved to now. */
static FfDemand *
load_demands(int32 merchant_id, const FfRows *orders, TimestampTz now)
{
	FfRoutingRequest *requests = palloc0(sizeof(FfRoutingRequest) * (orders->count + 1));
	FfDemand *demands;

	for (uint64 i = 0; i < orders->count; i++)
		requests[i] = (FfRoutingRequest){.order_id = ff_row_int8(orders, i, 1), .anew = true};
	demands = ff_demands_load(merchant_id, requests, (int) orders->count, now);
	for (uint64 i = 0; i < orders->count; i++)
		if (demands[i].promised_by != 0)
			demands[i].promised_by -= now - ff_row_time(orders, i, 2);
	return demands;
}

/* One order after the other, from dawn on each day. */
static void
play(FfReplay *replay, FfNetwork *network, FfPool *pool, const FfDemand *demands,
	 const FfRows *orders)
{
	FfArena arena = {.allocate = allocate, .release = pfree, .context = CurrentMemoryContext};
	MemoryContext scratch =
		AllocSetContextCreate(CurrentMemoryContext, "routing of one order", ALLOCSET_DEFAULT_SIZES);
	MemoryContext before = MemoryContextSwitchTo(scratch);

	ff_network_open_days(network);
	for (uint64 i = 0; i < orders->count; i++)
	{
		FfCandidates *candidates;
		FfSolution solution;

		CHECK_FOR_INTERRUPTS();
		if (demands[i].nlines == 0)
			continue;
		ff_network_move(network, ff_row_time(orders, i, 2));
		ff_supply_count_slots(pool, network);
		ff_supply_price_slots(pool, network);
		candidates = ff_candidates_build(network, pool, &demands[i], 0);
		candidates->problem.plan_only = true;
		ff_arena_reset(&arena);
		ff_solve(&candidates->problem, &arena, &solution);
		ff_candidates_take(candidates, network, pool, &solution.plan);
		count_order(replay, candidates, &solution.plan);
		MemoryContextReset(scratch);
	}
	MemoryContextSwitchTo(before);
	MemoryContextDelete(scratch);
	ff_arena_release(&arena);
}

FfReplay
ff_routing_replay(int32 merchant_id, const FfJson *changes, TimestampTz from, TimestampTz to)
{
	FfReplay replay = {0};
	FfDemand *demands;
	FfNetwork *network;
	FfSupply *supply;
	FfColumn ids;
	FfRows orders;

	ff_spi_begin();
	if (changes != NULL)
		check_changes(merchant_id, changes);
	orders = ff_run(&past_orders,
					ff_int4(merchant_id),
					ff_time(from),
					ff_time(to),
					ff_int4(FF_MOST_REPLAYED + 1));
	if (orders.count > FF_MOST_REPLAYED)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("could not simulate more than %d orders", FF_MOST_REPLAYED),
				 errhint("Choose a shorter time.")));
	if (orders.count > 0)
	{
		TimestampTz first = ff_row_time(&orders, 0, 2);

		ff_column_init(&ids, INT8OID);
		for (uint64 i = 0; i < orders.count; i++)
			ff_column_add(&ids, ff_int8(ff_row_int8(&orders, i, 1)));
		demands = load_demands(merchant_id, &orders, first);
		network = ff_network_for(merchant_id, demands, (int) orders.count, first, changes);
		supply = ff_supply_load(network, demands, (int) orders.count);
		ff_supply_give_back(supply, network, ff_column(&ids));
		play(&replay, network, &supply->pool, demands, &orders);
	}
	ff_spi_end();
	return replay;
}
