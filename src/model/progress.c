/*
 * progress.c
 *
 * How far an order is and which flags it bears; see progress.h for the law.
 * Pure: no table, no clock.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "model/progress.h"

PG_FUNCTION_INFO_V1(fulfillment_order_progress);
PG_FUNCTION_INFO_V1(fulfillment_order_flags);

static const char *const names[FF_PROGRESS_COUNT] = {
#define FF_PROGRESS(symbol, name) [symbol] = name,
	FF_PROGRESS_LIST(FF_PROGRESS)
#undef FF_PROGRESS
};

static const char *const flag_names[] = {
	"held", "at_risk", "exception", "returning", "over_shipped"};

/* What is still wanted. */
static int64
live_quantity(const FfOrderFacts *facts)
{
	return Max(facts->ordered - facts->cancelled, 0);
}

/* From the quantities alone: as far as the slowest part, but shipping and delivery name a lead. */
static FfProgress
quantity_progress(const FfOrderFacts *facts, int64 live)
{
	if (facts->delivered > 0)
		return facts->delivered >= live ? FF_PROGRESS_DELIVERED : FF_PROGRESS_PARTIALLY_DELIVERED;
	if (facts->shipped > 0)
		return facts->shipped >= live ? FF_PROGRESS_SHIPPED : FF_PROGRESS_PARTIALLY_SHIPPED;
	if (live > 0 && facts->submitted >= live)
		return FF_PROGRESS_SUBMITTED;
	if (live > 0 && facts->assigned >= live)
		return FF_PROGRESS_ASSIGNED;
	if (facts->unfillable > 0)
		return FF_PROGRESS_UNFILLABLE;
	if (facts->backordered > 0)
		return FF_PROGRESS_BACKORDERED;
	return FF_PROGRESS_UNASSIGNED;
}

FfProgress
ff_order_progress(const FfOrderFacts *facts)
{
	int64 live = live_quantity(facts);

	if (facts->state == FF_ORDER_CANCELLED ||
		(facts->ordered > 0 && live == 0 && facts->shipped == 0))
		return FF_PROGRESS_CANCELLED;
	if (facts->held)
		return FF_PROGRESS_HELD;
	if (facts->exception)
		return FF_PROGRESS_EXCEPTION;
	return quantity_progress(facts, live);
}

const char *
ff_progress_name(FfProgress progress)
{
	return names[progress];
}

/* The promise is broken while something is still on its way, or will be as far as is known. */
static bool
is_at_risk(const FfOrderFacts *facts)
{
	if (facts->promised_by == FF_NO_TIME || ff_state_is_final(FF_MACHINE_ORDER, facts->state) ||
		facts->delivered >= live_quantity(facts))
		return false;
	return facts->now > facts->promised_by ||
		   (facts->expected_at != FF_NO_TIME && facts->expected_at > facts->promised_by);
}

int
ff_order_flags(const FfOrderFacts *facts)
{
	return (facts->held ? FF_FLAG_HELD : 0) | (is_at_risk(facts) ? FF_FLAG_AT_RISK : 0) |
		   (facts->exception ? FF_FLAG_EXCEPTION : 0) | (facts->returning ? FF_FLAG_RETURNING : 0) |
		   (facts->over_shipped > 0 ? FF_FLAG_OVER_SHIPPED : 0);
}

/* SQL: what follows checks arguments, calls and returns. */

static FfOrderState
state_argument(FunctionCallInfo fcinfo)
{
	char *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	int state = ff_state_from_name(FF_MACHINE_ORDER, name);

	if (state == FF_STATE_NONE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no order state \"%s\"", name)));
	return (FfOrderState) state;
}

Datum
fulfillment_order_progress(PG_FUNCTION_ARGS)
{
	FfOrderFacts facts = {
		.state = state_argument(fcinfo),
		.ordered = PG_GETARG_INT64(1),
		.cancelled = PG_GETARG_INT64(2),
		.assigned = PG_GETARG_INT64(3),
		.submitted = PG_GETARG_INT64(4),
		.shipped = PG_GETARG_INT64(5),
		.delivered = PG_GETARG_INT64(6),
		/* 7, returned: what came back had been shipped all the same */
		.backordered = PG_GETARG_INT64(8),
		.held = PG_GETARG_BOOL(9),
		.exception = PG_GETARG_BOOL(10),
		.unfillable = PG_GETARG_INT64(11),
	};

	PG_RETURN_TEXT_P(cstring_to_text(ff_progress_name(ff_order_progress(&facts))));
}

static TimestampTz
time_argument(FunctionCallInfo fcinfo, int position)
{
	return PG_ARGISNULL(position) ? FF_NO_TIME : PG_GETARG_TIMESTAMPTZ(position);
}

Datum
fulfillment_order_flags(PG_FUNCTION_ARGS)
{
	FfOrderFacts facts = {0};
	Datum flags[lengthof(flag_names)];
	int count = 0;
	int set;

	for (int i = 0; i <= 7; i++)
		if (PG_ARGISNULL(i))
			PG_RETURN_NULL();
	facts.state = state_argument(fcinfo);
	facts.ordered = PG_GETARG_INT64(1);
	facts.cancelled = PG_GETARG_INT64(2);
	facts.over_shipped = PG_GETARG_INT64(3);
	facts.delivered = PG_GETARG_INT64(4);
	facts.held = PG_GETARG_BOOL(5);
	facts.exception = PG_GETARG_BOOL(6);
	facts.returning = PG_GETARG_BOOL(7);
	facts.promised_by = time_argument(fcinfo, 8);
	facts.expected_at = time_argument(fcinfo, 9);
	facts.now = time_argument(fcinfo, 10);
	set = ff_order_flags(&facts);
	for (int i = 0; i < (int) lengthof(flag_names); i++)
		if ((set & (1 << i)) != 0)
			flags[count++] = CStringGetTextDatum(flag_names[i]);
	PG_RETURN_ARRAYTYPE_P(construct_array(flags, count, TEXTOID, -1, false, TYPALIGN_INT));
}
