/*
 * decide.c
 *
 * Demands one after the other through candidates, solver and decision; what
 * one takes is taken from the pool before the next.  Those of a wave compete
 * for it first (contest.h), behind those that waited for stock: they come
 * before, one after the other.  See decide.h for what the caller does with it.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "pg/errors.h"
#include "pg/spi.h"
#include "routing/calendar.h"
#include "routing/contest.h"
#include "routing/cost.h"
#include "routing/decide.h"
#include "routing/decision.h"
#include "routing/rates.h"
#include "routing/watch.h"

#define ALTERNATIVES 3

/* Shipments that can still be had for another price, and what is left of the order. */
static FfStatement unsent_shipments =
	FF_STATEMENT("select shipment_id, location_id from fulfillment.shipments"
				 " where merchant_id = $1 and order_id = $2 and state in ('draft', 'queued')"
				 " order by shipment_id",
				 INT4OID, INT8OID);

static FfStatement find_order = FF_STATEMENT(
	"select 1 from fulfillment.orders where merchant_id = $1 and order_id = $2", INT4OID, INT8OID);

static void *
allocate(void *context, size_t size)
{
	return MemoryContextAllocHuge(context, size);
}

/* What the solver thinks of a demand; memory of the current context, and of the arena. */
static FfCandidates *
solve(const FfNetwork *network, const FfPool *pool, const FfDemand *demand, FfArena *arena,
	  FfSolution *solution)
{
	FfCandidates *candidates = ff_candidates_build(network, pool, demand, ALTERNATIVES);

	ff_arena_reset(arena);
	ff_solve(&candidates->problem, arena, solution);
	return candidates;
}

static void
fill_part(const FfCandidates *candidates, const FfPart *part, FfRoutedPart *routed)
{
	const FfDemand *demand = candidates->demand;
	const FfLocation *location = ff_candidate_location(candidates, part->location);
	const FfOffer *offer = &candidates->offers[part->location].offers[part->option];

	routed->location_id = location->location_id;
	routed->provider_id = offer->service->provider_id;
	routed->service_id = offer->service->service_id;
	routed->connection_id = offer->service->connection_id;
	routed->keep_back = demand->keep_back;
	routed->capacity_day = location->daily_capacity >= 0 ? ff_day_text(location->ship_day) : NULL;
	routed->new_day = location->new_day;
	routed->pace = location->pace;
	routed->clock = candidates->network->clock;
	routed->planned_cost = ff_cost_text(part->cost.shipping + part->cost.surcharge);
	routed->currency = pstrdup(candidates->network->settings.currency);
	routed->estimated_delivery_at = offer->arrival;
	routed->lines = palloc(sizeof(FfRoutedLine) * demand->nlines);
	for (int i = 0; i < demand->nlines; i++)
		if (part->quantity[i] > 0)
			routed->lines[routed->line_count++] =
				(FfRoutedLine){demand->lines[i].line, demand->lines[i].item_id, part->quantity[i]};
}

/* Why a line waits for which there is stock: another line's reason says more. */
static bool
is_consequence(FfReason reason)
{
	return reason == FF_REASON_SPLIT || reason == FF_REASON_DEARER;
}

/* The order's reason is the first line's that is more than a consequence of another's. */
static void
fill_waiting(const FfCandidates *candidates, const FfSolution *solution, FfRouting *routing)
{
	const FfDemand *demand = candidates->demand;

	FfReason first = FF_REASON_NONE;

	routing->waiting = palloc(sizeof(FfWaitingLine) * demand->nlines);
	for (int i = 0; i < demand->nlines; i++)
	{
		FfReason reason;

		if (solution->plan.backorder[i] == 0)
			continue;
		reason = ff_candidates_waiting(candidates, solution, i);
		routing->waiting[routing->waiting_count++] = (FfWaitingLine){demand->lines[i].line,
																	 demand->lines[i].item_id,
																	 solution->plan.backorder[i],
																	 ff_reason_name(reason)};
		if (first == FF_REASON_NONE || is_consequence(first))
			first = reason;
	}
	if (routing->waiting_count == 0)
		return;
	routing->reason = ff_reason_name(first);
	routing->retry_at = DatumGetTimestampTz(
		DirectFunctionCall2(timestamptz_pl_interval,
							TimestampTzGetDatum(candidates->network->now),
							IntervalPGetDatum(&candidates->network->settings.retry_after)));
}

/*
 * What carriers are to be asked about the shipments of all plans that were
 * weighed.  Answers how long waiting for them is worth.
 */
static int64
question(const FfCandidates *candidates, const FfSolution *solution, bool all,
		 FfRateQuestions *questions)
{
	int64 longest = 0;

	for (int a = -1; a < solution->nalternatives; a++)
	{
		const FfPlan *plan = a < 0 ? &solution->plan : &solution->alternatives[a];

		for (int p = 0; p < plan->nparts; p++)
		{
			int64 wait =
				ff_rates_question(candidates->network,
								  ff_candidate_location(candidates, plan->parts[p].location),
								  candidates->demand,
								  plan->parts[p].quantity,
								  all,
								  questions);

			longest = Max(longest, wait);
		}
	}
	return longest;
}

static void
fill_routing(const FfCandidates *candidates, const FfSolution *solution, FfRouting *routing)
{
	const FfPlan *plan = &solution->plan;

	if (candidates->network->rates != NULL)
	{
		routing->questions = palloc0(sizeof(FfRateQuestions));
		question(candidates, solution, false, routing->questions);
	}
	routing->part_count = plan->nparts;
	routing->parts = palloc0(sizeof(FfRoutedPart) * (plan->nparts + 1));
	for (int p = 0; p < plan->nparts; p++)
		fill_part(candidates, &plan->parts[p], &routing->parts[p]);
	fill_waiting(candidates, solution, routing);
	routing->decision = ff_decision_make(candidates, solution);
}

/* Demands that are decided together, or each by itself. */
typedef struct Hearing
{
	FfNetwork *network;
	FfPool *pool;
	FfArena arena;
	MemoryContext outer;   /* of what is answered */
	MemoryContext scratch; /* of one order */
	FfCost cost;           /* of the plans of a wave, without prices of scarce things */
	int64 done;
} Hearing;

static FfCost
cost_of(const FfPlan *plan)
{
	FfCost cost = plan->total;

	for (int p = 0; p < plan->nparts; p++)
		cost -= plan->parts[p].cost.scarcity;
	return cost;
}

/* What is best for one demand now, and taken. */
static void
hear(Hearing *hearing, const FfDemand *demand, FfRouting *routing)
{
	FfCandidates *candidates;
	FfSolution solution;
	MemoryContext before;

	CHECK_FOR_INTERRUPTS();
	routing->order_id = demand->request.order_id;
	if (demand->nlines > 0)
	{
		before = MemoryContextSwitchTo(hearing->scratch);
		candidates = solve(hearing->network, hearing->pool, demand, &hearing->arena, &solution);
		MemoryContextSwitchTo(hearing->outer);
		fill_routing(candidates, &solution, routing);
		ff_candidates_take(candidates, hearing->network, hearing->pool, &solution.plan);
		hearing->cost += cost_of(&solution.plan);
		MemoryContextSwitchTo(before);
		MemoryContextReset(hearing->scratch);
	}
	ff_watch_done(++hearing->done);
}

/* Nothing ships yet; what was weighed so far stands as alternatives. */
static void
adjourn(FfCandidates *candidates, const FfSolution *solution, FfRouting *routing, int64 wait)
{
	const FfProblem *problem = &candidates->problem;
	FfSolution nothing = {.nalternatives = solution->nalternatives + 1,
						  .alternatives = palloc(sizeof(FfPlan) * (solution->nalternatives + 1)),
						  .verdicts = palloc0(sizeof(FfRouteVerdict) * (problem->nlocations + 1)),
						  .exact = true};

	nothing.plan.backorder = palloc(sizeof(int) * problem->nlines);
	for (int i = 0; i < problem->nlines; i++)
		nothing.plan.backorder[i] = problem->lines[i].quantity;
	nothing.alternatives[0] = solution->plan;
	for (int a = 0; a < solution->nalternatives; a++)
		nothing.alternatives[a + 1] = solution->alternatives[a];
	candidates->awaits_rates = true;
	fill_routing(candidates, &nothing, routing);
	routing->retry_at = candidates->network->now + wait;
}

/*
 * An order waits once, and not for long, until the carriers of its plans have
 * told their prices; its units are anybody's until then.
 */
static bool
awaits_rates(Hearing *hearing, const FfDemand *demand, FfRouting *routing)
{
	const FfRoutingRequest *request = &demand->request;
	FfRateQuestions questions = {0};
	FfCandidates *candidates;
	FfSolution solution;
	MemoryContext before;
	int64 wait;

	if (hearing->network->rates == NULL || demand->asked || demand->nlines == 0 ||
		request->order_id == 0 || request->shipment_id != 0)
		return false;
	before = MemoryContextSwitchTo(hearing->scratch);
	candidates = solve(hearing->network, hearing->pool, demand, &hearing->arena, &solution);
	wait = question(candidates, &solution, false, &questions);
	MemoryContextSwitchTo(hearing->outer);
	if (wait > 0)
	{
		routing->order_id = request->order_id;
		adjourn(candidates, &solution, routing, wait);
	}
	MemoryContextSwitchTo(before);
	MemoryContextReset(hearing->scratch);
	return wait > 0;
}

static void
hear_in_turn(Hearing *hearing, FfDemand **demands, int count, FfRouting **routings)
{
	ff_watch_phase(FF_WAVE_EXPLAINING);
	for (int d = 0; d < count; d++)
	{
		hear(hearing, demands[d], routings[d]);
		ff_supply_price_slots(hearing->pool, hearing->network);
	}
}

static void
fill_report(const Hearing *hearing, const FfContest *contest, FfWaveReport *report)
{
	report->orders = contest->wave.count;
	report->rounds = contest->rounds;
	report->passes = contest->passes;
	report->in_time = contest->in_time;
	report->cost = ff_cost_text(hearing->cost);
	report->bound = ff_cost_text(Min(contest->bound, hearing->cost));
}

/*
 * They compete; then each one's plan goes back once more, and what is best now
 * is at least as good.
 */
static void
hear_together(Hearing *hearing, FfDemand **demands, int count, FfRouting **routings,
			  FfWaveReport *report)
{
	FfDemand *contenders = palloc(sizeof(FfDemand) * count);
	FfContest *contest;
	MemoryContext before;

	for (int d = 0; d < count; d++)
		contenders[d] = *demands[d];
	contest = ff_contest_run(hearing->network, hearing->pool, contenders, count);
	ff_watch_phase(FF_WAVE_EXPLAINING);
	hearing->cost = 0;
	hearing->done = 0;
	for (int d = 0; d < count; d++)
	{
		ff_contest_give_back(contest, d);
		hear(hearing, &contenders[d], routings[d]);
	}
	before = MemoryContextSwitchTo(hearing->outer);
	fill_report(hearing, contest, report);
	MemoryContextSwitchTo(before);
}

/* Demands with the routings they are to get. */
typedef struct Queue
{
	int count;
	FfDemand **demands;
	FfRouting **routings;
} Queue;

static void
queue_up(Queue *queue, FfDemand *demand, FfRouting *routing)
{
	queue->demands[queue->count] = demand;
	queue->routings[queue->count++] = routing;
}

/*
 * Routings in the context outer; everything else goes away with SPI's.  Who
 * waited before is served first, in the order of the requests.
 */
static FfRouting *
decide(int32 merchant_id, FfDemand *demands, int count, TimestampTz now, MemoryContext outer,
	   FfWaveReport *report)
{
	Hearing hearing = {
		.network = ff_network_for(merchant_id, demands, count, now, NULL),
		.outer = outer,
		.arena = {.allocate = allocate, .release = pfree, .context = CurrentMemoryContext}};
	FfRouting *routings = MemoryContextAllocZero(outer, sizeof(FfRouting) * (count + 1));
	Queue queues[2];

	hearing.scratch =
		AllocSetContextCreate(CurrentMemoryContext, "routing of one order", ALLOCSET_DEFAULT_SIZES);
	ff_rates_load(hearing.network, demands, count);
	hearing.pool = &ff_supply_load(hearing.network, demands, count)->pool;
	for (int q = 0; q < 2; q++)
		queues[q] = (Queue){.demands = palloc(sizeof(FfDemand *) * (count + 1)),
							.routings = palloc(sizeof(FfRouting *) * (count + 1))};
	for (int d = 0; d < count; d++)
		if (!awaits_rates(&hearing, &demands[d], &routings[d]))
			queue_up(&queues[demands[d].waited ? 0 : 1], &demands[d], &routings[d]);
	hear_in_turn(&hearing, queues[0].demands, queues[0].count, queues[0].routings);
	if (report != NULL && queues[1].count > 1 && hearing.network->settings.wave_ms > 0)
		hear_together(&hearing, queues[1].demands, queues[1].count, queues[1].routings, report);
	else
		hear_in_turn(&hearing, queues[1].demands, queues[1].count, queues[1].routings);
	return routings;
}

FfRouting *
ff_routing_decide(int32 merchant_id, const FfRoutingRequest *requests, int count, TimestampTz now,
				  FfWaveReport *report)
{
	MemoryContext outer = ff_spi_begin();
	FfDemand *demands;
	FfRouting *routings;

	if (report != NULL)
	{
		*report = (FfWaveReport){.started_at = GetCurrentTimestamp()};
		ff_watch_begin(merchant_id, count);
	}
	demands = ff_demands_load(merchant_id, requests, count, now);
	routings = decide(merchant_id, demands, count, now, outer, report);
	if (report != NULL)
		ff_watch_phase(FF_WAVE_WRITING);
	ff_spi_end();
	return routings;
}

FfRouting *
ff_routing_simulate(int32 merchant_id, const FfOrderDocument *document, TimestampTz now)
{
	MemoryContext outer = ff_spi_begin();
	FfDemand *demand = ff_demand_from_document(merchant_id, document);
	FfRouting *routing = decide(merchant_id, demand, 1, now, outer, NULL);

	ff_spi_end();
	return routing;
}

static FfRoutingRequest *
requests_of(int32 merchant_id, int64 order_id, int *count)
{
	FfRows rows = ff_run(&unsent_shipments, ff_int4(merchant_id), ff_int8(order_id));
	FfRoutingRequest *requests = palloc0(sizeof(FfRoutingRequest) * (rows.count + 1));

	if (ff_run(&find_order, ff_int4(merchant_id), ff_int8(order_id)).count == 0)
		ereport(
			ERROR,
			(errcode(FF_ERR_UNKNOWN_OBJECT),
			 errmsg("there is no order %lld of merchant %d", (long long) order_id, merchant_id)));
	for (uint64 row = 0; row < rows.count; row++)
		requests[row] = (FfRoutingRequest){.order_id = order_id,
										   .shipment_id = ff_row_int8(&rows, row, 1),
										   .location_id = ff_row_int8(&rows, row, 2)};
	requests[rows.count].order_id = order_id;
	*count = (int) rows.count + 1;
	return requests;
}

/* A shipment as it is; of what is left, the plans. */
static void
question_anew(Hearing *hearing, const FfDemand *demand, FfRateQuestions *questions)
{
	const FfLocation *location = ff_network_location(hearing->network, demand->request.location_id);
	int *quantity = palloc(sizeof(int) * (demand->nlines + 1));
	FfSolution solution;

	for (int i = 0; i < demand->nlines; i++)
		quantity[i] = demand->lines[i].quantity;
	if (location != NULL)
		ff_rates_question(hearing->network, location, demand, quantity, true, questions);
	else if (demand->nlines > 0 && demand->request.shipment_id == 0)
		question(solve(hearing->network, hearing->pool, demand, &hearing->arena, &solution),
				 &solution,
				 true,
				 questions);
}

int
ff_routing_request_rates(int32 merchant_id, int64 order_id, TimestampTz now)
{
	Hearing hearing = {.arena = {.allocate = allocate, .release = pfree}};
	FfRateQuestions questions = {0};
	FfRoutingRequest *requests;
	FfDemand *demands;
	int count;
	int asked;

	ff_spi_begin();
	hearing.arena.context = CurrentMemoryContext;
	requests = requests_of(merchant_id, order_id, &count);
	demands = ff_demands_load(merchant_id, requests, count, now);
	hearing.network = ff_network_for(merchant_id, demands, count, now, NULL);
	ff_rates_load(hearing.network, demands, count);
	hearing.pool = &ff_supply_load(hearing.network, demands, count)->pool;
	for (int d = 0; d < count; d++)
		question_anew(&hearing, &demands[d], &questions);
	asked = hearing.network->rates == NULL ? -1 : ff_rates_ask(merchant_id, &questions, now);
	ff_spi_end();
	return asked;
}
