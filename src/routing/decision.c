/*
 * decision.c
 *
 * Decisions as JSON, and into their table.  A plan is
 * {total, split, backorder, shipments: [{location, location_id, provider,
 * service, lines: [{line, sku, quantity}], weight_g, parcels, price_source, quoted_at,
 * estimated_delivery_at, days_late, cost: {handling, …, total}}]}; a rejection
 * is {reason, locations} with dearer or rule where there is one; what waits is
 * {line, sku, quantity, reason}.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type_d.h"
#include "utils/timestamp.h"

#include "model/time.h"
#include "pg/batch.h"
#include "routing/cost.h"
#include "routing/decide.h"
#include "routing/decision.h"
#include "routing/watch.h"

static FfShape new_decisions = FF_SHAPE(
	"new_decisions", {"order_id", INT8OID}, {"cost", TEXTOID}, {"exact", BOOLOID}, {"gap", TEXTOID},
	{"chosen", JSONOID}, {"alternatives", JSONOID}, {"rejected", JSONOID}, {"waiting", JSONOID});

static FfStatement insert_decisions = FF_STATEMENT(
	"insert into fulfillment.decisions (merchant_id, wave_id, order_id, cause, cost, exact, gap,"
	" chosen, alternatives, rejected, waiting)"
	" select $1, $3, n.order_id, $2, n.cost::numeric, n.exact, n.gap::numeric, n.chosen,"
	" n.alternatives, n.rejected, n.waiting from new_decisions n",
	INT4OID, TEXTOID, INT8OID);

static FfStatement insert_wave = FF_STATEMENT(
	"insert into fulfillment.waves (merchant_id, cause, started_at, ended_at, orders, decided, cost,"
	" bound, rounds, passes, in_time)"
	" values ($1, $2, $3, $4, $5, $6, $7::numeric, $8::numeric, $9, $10, $11) returning wave_id",
	INT4OID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID, INT4OID, INT4OID, TEXTOID, TEXTOID, INT4OID,
	INT4OID, BOOLOID);

static void
write_cost(FfJsonWriter *writer, const char *key, FfCost cost)
{
	ff_write_number(writer, key, ff_cost_text(cost));
}

/* Offsets in FfPartCost, by the names they have for people. */
static const struct
{
	const char *name;
	size_t offset;
} cost_parts[] = {
	{"handling", offsetof(FfPartCost, handling)},
	{"picking", offsetof(FfPartCost, picking)},
	{"shipping", offsetof(FfPartCost, shipping)},
	{"surcharge", offsetof(FfPartCost, surcharge)},
	{"late", offsetof(FfPartCost, late)},
	{"preference", offsetof(FfPartCost, preference)},
	{"scarcity", offsetof(FfPartCost, scarcity)},
};

static void
write_part_cost(FfJsonWriter *writer, const FfPartCost *cost)
{
	FfCost total = 0;

	ff_write_object(writer, "cost");
	for (size_t i = 0; i < lengthof(cost_parts); i++)
	{
		FfCost part = *(const FfCost *) ((const char *) cost + cost_parts[i].offset);

		total += part;
		if (part != 0)
			write_cost(writer, cost_parts[i].name, part);
	}
	write_cost(writer, "total", total);
	ff_write_end(writer);
}

static void
write_line(FfJsonWriter *writer, const FfDemandLine *line, int quantity)
{
	ff_write_int(writer, "line", line->line);
	ff_write_text(writer, "sku", line->sku);
	ff_write_int(writer, "quantity", quantity);
}

/* Where the price is from, when the carrier's own would count. */
static void
write_source(FfJsonWriter *writer, const FfCandidates *candidates, const FfOffer *offer,
			 const FfPart *part)
{
	const FfRate *rate;
	int64 volume_mm3 = 0;

	if (!offer->service->live)
		return;
	for (int i = 0; i < candidates->demand->nlines; i++)
		volume_mm3 += candidates->demand->lines[i].volume_mm3 * part->quantity[i];
	rate = ff_offer_rate(offer, part->weight_g, volume_mm3);
	ff_write_text(writer, "price_source", rate != NULL ? "quote" : "table");
	if (rate != NULL)
		ff_write_text(writer, "quoted_at", ff_time_iso(rate->quoted_at));
}

static void
write_part(FfJsonWriter *writer, const FfCandidates *candidates, const FfPart *part)
{
	const FfLocation *location = ff_candidate_location(candidates, part->location);
	const FfOffer *offer = &candidates->offers[part->location].offers[part->option];

	ff_write_object(writer, NULL);
	ff_write_text(writer, "location", location->code);
	ff_write_int(writer, "location_id", location->location_id);
	ff_write_text(writer, "provider", offer->service->provider);
	ff_write_text(writer, "service", offer->service->code);
	ff_write_array(writer, "lines");
	for (int i = 0; i < candidates->demand->nlines; i++)
	{
		if (part->quantity[i] == 0)
			continue;
		ff_write_object(writer, NULL);
		write_line(writer, &candidates->demand->lines[i], part->quantity[i]);
		ff_write_end(writer);
	}
	ff_write_end(writer);
	ff_write_int(writer, "weight_g", part->weight_g);
	ff_write_int(writer, "parcels", part->parcels);
	write_source(writer, candidates, offer, part);
	ff_write_text(writer, "estimated_delivery_at", ff_time_iso(offer->arrival));
	if (offer->days_late > 0)
		ff_write_int(writer, "days_late", offer->days_late);
	write_part_cost(writer, &part->cost);
	ff_write_end(writer);
}

static void
write_plan(FfJsonWriter *writer, const FfCandidates *candidates, const FfPlan *plan)
{
	ff_write_object(writer, NULL);
	write_cost(writer, "total", plan->total);
	if (plan->split != 0)
		write_cost(writer, "split", plan->split);
	if (plan->backorder_cost != 0)
		write_cost(writer, "backorder", plan->backorder_cost);
	ff_write_array(writer, "shipments");
	for (int p = 0; p < plan->nparts; p++)
		write_part(writer, candidates, &plan->parts[p]);
	ff_write_end(writer);
	ff_write_end(writer);
}

/* The rule that keeps a location from shipping the first line that one forbids. */
static const char *
forbidding_rule(const FfCandidates *candidates, int l)
{
	const FfOffers *offers = &candidates->offers[l];

	for (int i = 0; i < candidates->demand->nlines; i++)
		for (int o = 0; o < offers->count; o++)
		{
			const char *rule = ff_rules_forbid(candidates->matches,
											   ff_candidate_location(candidates, l),
											   offers->offers[o].service,
											   i);

			if (rule != NULL)
				return rule;
		}
	return NULL;
}

/* Locations that differ in more than their name stand alone. */
static void
write_rejection(FfJsonWriter *writer, const FfCandidates *candidates, const FfSolution *solution,
				FfReason reason, int first)
{
	bool alone = reason == FF_REASON_DEARER || reason == FF_REASON_RULE;

	ff_write_object(writer, NULL);
	ff_write_text(writer, "reason", ff_reason_name(reason));
	ff_write_array(writer, "locations");
	for (int l = first; l < candidates->problem.nlocations && (l == first || !alone); l++)
		if (solution->verdicts[l].reason == reason)
			ff_write_text(writer, NULL, ff_candidate_location(candidates, l)->code);
	ff_write_end(writer);
	if (reason == FF_REASON_DEARER && solution->verdicts[first].dearer != FF_COST_NEVER)
		write_cost(writer, "dearer", solution->verdicts[first].dearer);
	if (reason == FF_REASON_RULE)
		ff_write_text(writer, "rule", forbidding_rule(candidates, first));
	ff_write_end(writer);
}

static char *
rejections(const FfCandidates *candidates, const FfSolution *solution)
{
	bool written[FF_REASON_COUNT] = {false};
	FfJsonWriter writer;

	ff_write_init(&writer);
	ff_write_array(&writer, NULL);
	for (int l = 0; l < candidates->problem.nlocations; l++)
	{
		FfReason reason = solution->verdicts[l].reason;

		if (reason == FF_REASON_NONE || written[reason])
			continue;
		written[reason] = reason != FF_REASON_DEARER && reason != FF_REASON_RULE;
		write_rejection(&writer, candidates, solution, reason, l);
	}
	return ff_write_finish(&writer);
}

static char *
waiting_lines(const FfCandidates *candidates, const FfSolution *solution)
{
	FfJsonWriter writer;

	ff_write_init(&writer);
	ff_write_array(&writer, NULL);
	for (int i = 0; i < candidates->demand->nlines; i++)
	{
		if (solution->plan.backorder[i] == 0)
			continue;
		ff_write_object(&writer, NULL);
		write_line(&writer, &candidates->demand->lines[i], solution->plan.backorder[i]);
		ff_write_text(
			&writer, "reason", ff_reason_name(ff_candidates_waiting(candidates, solution, i)));
		ff_write_end(&writer);
	}
	return ff_write_finish(&writer);
}

FfDecision *
ff_decision_make(const FfCandidates *candidates, const FfSolution *solution)
{
	FfDecision *decision = palloc(sizeof(FfDecision));
	FfJsonWriter writer;

	decision->cost = ff_cost_text(solution->plan.total);
	decision->gap = ff_cost_text(solution->gap);
	decision->exact = solution->exact;
	ff_write_init(&writer);
	write_plan(&writer, candidates, &solution->plan);
	decision->chosen = ff_write_finish(&writer);
	ff_write_init(&writer);
	ff_write_array(&writer, NULL);
	for (int a = 0; a < solution->nalternatives; a++)
		write_plan(&writer, candidates, &solution->alternatives[a]);
	decision->alternatives = ff_write_finish(&writer);
	decision->rejected = rejections(candidates, solution);
	decision->waiting = waiting_lines(candidates, solution);
	return decision;
}

/* 0 when it was no wave. */
static int64
record_wave(int32 merchant_id, int decided, const char *cause, const FfWaveReport *report)
{
	FfRows rows;

	if (report == NULL || report->orders == 0)
		return 0;
	rows = ff_run(&insert_wave,
				  ff_int4(merchant_id),
				  ff_text(cause),
				  ff_time(report->started_at),
				  ff_time(GetCurrentTimestamp()),
				  ff_int4(report->orders),
				  ff_int4(decided),
				  ff_text(report->cost),
				  ff_text(report->bound),
				  ff_int4(report->rounds),
				  ff_int4(report->passes),
				  ff_bool(report->in_time));
	return ff_row_int8(&rows, 0, 1);
}

static void
record_decisions(int32 merchant_id, int64 wave_id, const FfRouting *routings, int count,
				 const char *cause)
{
	FfBatch *batch = ff_batch_begin(&new_decisions);

	for (int r = 0; r < count; r++)
	{
		const FfDecision *decision = routings[r].decision;

		if (decision != NULL)
			ff_batch_add(batch,
						 ff_int8(routings[r].order_id),
						 ff_text(decision->cost),
						 ff_bool(decision->exact),
						 ff_text(decision->gap),
						 ff_text(decision->chosen),
						 ff_text(decision->alternatives),
						 ff_text(decision->rejected),
						 ff_text(decision->waiting));
	}
	if (ff_batch_count(batch) > 0)
		ff_run_batch(
			&insert_decisions, batch, ff_int4(merchant_id), ff_text(cause), ff_id(wave_id));
}

/* All that the decisions left open, in one go. */
static void
ask_for_rates(int32 merchant_id, const FfRouting *routings, int count)
{
	FfRateQuestions all = {0};

	for (int r = 0; r < count; r++)
		all.capacity += routings[r].questions != NULL ? routings[r].questions->count : 0;
	if (all.capacity == 0)
		return;
	all.questions = palloc(sizeof(FfRateQuestion) * all.capacity);
	for (int r = 0; r < count; r++)
		for (int q = 0; routings[r].questions != NULL && q < routings[r].questions->count; q++)
			all.questions[all.count++] = routings[r].questions->questions[q];
	ff_rates_ask(merchant_id, &all, GetCurrentTransactionStartTimestamp());
}

void
ff_routing_record(int32 merchant_id, const FfRouting *routings, int count, const char *cause,
				  const FfWaveReport *report)
{
	int64 wave_id = record_wave(merchant_id, count, cause, report);

	record_decisions(merchant_id, wave_id, routings, count, cause);
	ask_for_rates(merchant_id, routings, count);
	if (report != NULL)
		ff_watch_end();
}
