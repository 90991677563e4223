/*
 * watch.c
 *
 * The numbers of a wave among those that sessions show (pg/progress.h), and
 * the function that reads them.
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "pg/progress.h"
#include "pg/session.h"
#include "routing/cost.h"
#include "routing/watch.h"

enum
{
	MERCHANT,
	ORDERS,
	PHASE,
	DONE,
	COST,
	BOUND,
	SINCE
};

void
ff_watch_begin(int32 merchant_id, int orders)
{
	ff_progress_begin(FF_PROGRESS_OF_WAVE);
	ff_progress_set(ORDERS, orders);
	ff_progress_set(SINCE, GetCurrentTimestamp());
	ff_progress_set(MERCHANT, merchant_id);
}

void
ff_watch_phase(FfWavePhase phase)
{
	ff_progress_set(DONE, 0);
	ff_progress_set(PHASE, phase);
}

void
ff_watch_done(int64 done)
{
	ff_progress_set(DONE, done);
}

void
ff_watch_costs(FfCost cost, FfCost bound)
{
	ff_progress_set(COST, cost);
	ff_progress_set(BOUND, bound);
}

void
ff_watch_end(void)
{
	ff_progress_end();
}

static const char *
phase_name(int64 phase)
{
	static const char *const names[] = {
		[FF_WAVE_READING] = "reading",
		[FF_WAVE_QUOTING] = "quoting",
		[FF_WAVE_PRICING] = "pricing",
		[FF_WAVE_PLACING] = "placing",
		[FF_WAVE_IMPROVING] = "improving",
		[FF_WAVE_EXPLAINING] = "explaining",
		[FF_WAVE_WRITING] = "writing",
	};

	return phase >= 0 && phase < (int64) lengthof(names) ? names[phase] : "?";
}

static Datum
amount(int64 cost, bool *null)
{
	*null = cost == 0;
	return DirectFunctionCall3(numeric_in,
							   CStringGetDatum(ff_cost_text(cost)),
							   ObjectIdGetDatum(InvalidOid),
							   Int32GetDatum(-1));
}

PG_FUNCTION_INFO_V1(fulfillment_wave_progress);

/* wave_progress() returns (pid, merchant_id, started_at, orders, phase, done, cost, bound) */
Datum
fulfillment_wave_progress(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rows = (ReturnSetInfo *) fcinfo->resultinfo;
	int count;
	FfProgress *waves = ff_progress_read(FF_PROGRESS_OF_WAVE, &count);

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < count; i++)
	{
		const int64 *numbers = waves[i].numbers;
		Datum values[8];
		bool nulls[8] = {false};

		if (ff_access_level((int32) numbers[MERCHANT]) == FF_LEVEL_NONE)
			continue;
		values[0] = Int32GetDatum(waves[i].pid);
		values[1] = Int32GetDatum((int32) numbers[MERCHANT]);
		values[2] = TimestampTzGetDatum(numbers[SINCE]);
		values[3] = Int32GetDatum((int32) numbers[ORDERS]);
		values[4] = CStringGetTextDatum(phase_name(numbers[PHASE]));
		values[5] = Int32GetDatum((int32) numbers[DONE]);
		values[6] = amount(numbers[COST], &nulls[6]);
		values[7] = amount(numbers[BOUND], &nulls[7]);
		tuplestore_putvalues(rows->setResult, rows->setDesc, values, nulls);
	}
	return (Datum) 0;
}
