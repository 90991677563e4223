/*
 * snapshots.c
 *
 * How far a snapshot is that a session compares, for other sessions to see
 * while it runs (pg/progress.h).  The comparison itself is SQL: reconcile.sql.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "pg/progress.h"
#include "pg/session.h"

/* The numbers it shows. */
enum
{
	MERCHANT,
	LOCATION,
	STEP,
	ITEMS,
	SINCE
};

static const char *const steps[] = {
	"waiting",
	"comparing",
	"weighing",
	"writing differences",
	"settling",
	"noting",
	"adopting",
	"reporting",
};

PG_FUNCTION_INFO_V1(fulfillment_snapshot_step);

/* snapshot_step(step, location_id, items, merchant_id): the first begins, none ends it */
Datum
fulfillment_snapshot_step(PG_FUNCTION_ARGS)
{
	int32 step = PG_GETARG_INT32(0);

	if (step < 0 || step >= (int32) lengthof(steps))
		ff_progress_end();
	else
	{
		if (step == 0)
		{
			ff_progress_begin(FF_PROGRESS_OF_SNAPSHOT);
			ff_progress_set(LOCATION, PG_GETARG_INT64(1));
			ff_progress_set(MERCHANT, PG_GETARG_INT32(3));
			ff_progress_set(SINCE, GetCurrentTimestamp());
		}
		ff_progress_set(ITEMS, PG_GETARG_INT64(2));
		ff_progress_set(STEP, step);
	}
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(fulfillment_snapshot_steps);

/* snapshot_steps() → (pid, merchant_id, location_id, started_at, step, steps, doing, items) */
Datum
fulfillment_snapshot_steps(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rows = (ReturnSetInfo *) fcinfo->resultinfo;
	int count;
	FfProgress *snapshots = ff_progress_read(FF_PROGRESS_OF_SNAPSHOT, &count);

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < count; i++)
	{
		const int64 *numbers = snapshots[i].numbers;
		int step = Min(Max(numbers[STEP], 0), (int) lengthof(steps) - 1);
		Datum values[] = {Int32GetDatum(snapshots[i].pid),
						  Int32GetDatum((int32) numbers[MERCHANT]),
						  Int64GetDatum(numbers[LOCATION]),
						  TimestampTzGetDatum(numbers[SINCE]),
						  Int32GetDatum(step + 1),
						  Int32GetDatum((int32) lengthof(steps)),
						  CStringGetTextDatum(steps[step]),
						  Int64GetDatum(numbers[ITEMS])};
		bool nulls[lengthof(values)] = {false};

		if (ff_access_level((int32) numbers[MERCHANT]) != FF_LEVEL_NONE)
			tuplestore_putvalues(rows->setResult, rows->setDesc, values, nulls);
	}
	return (Datum) 0;
}
