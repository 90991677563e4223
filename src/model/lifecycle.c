/*
 * lifecycle.c
 *
 * The table of transitions as SQL reads it: one row per state a transition
 * starts from, in the order in which the rows are tried.  Shows the law and
 * decides nothing.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "model/transitions.h"

PG_FUNCTION_INFO_V1(fulfillment_lifecycle_rows);

static ArrayType *
guard_names(const FfTransition *row)
{
	Datum names[FF_MAX_GUARDS];
	int count = 0;

	while (count < FF_MAX_GUARDS && row->guards[count] != FF_GUARD_NONE)
	{
		names[count] = CStringGetTextDatum(ff_guard_name(row->guards[count]));
		count++;
	}
	return construct_array(names, count, TEXTOID, -1, false, TYPALIGN_INT);
}

static ArrayType *
effect_names(const FfTransition *row)
{
	Datum names[FF_MAX_EFFECTS];
	int count = 0;

	while (count < FF_MAX_EFFECTS && row->effects[count] != FF_EFFECT_NONE)
	{
		names[count] = CStringGetTextDatum(ff_effect_name(row->effects[count]));
		count++;
	}
	return construct_array(names, count, TEXTOID, -1, false, TYPALIGN_INT);
}

static void
put_row(ReturnSetInfo *rows, int position, const FfTransition *row, int from)
{
	Datum values[9];
	bool nulls[9] = {false};

	values[0] = Int32GetDatum(position);
	values[1] = CStringGetTextDatum(ff_machine_name(row->machine));
	values[2] = CStringGetTextDatum(ff_state_name(row->machine, from));
	values[3] = CStringGetTextDatum(ff_event_name(row->machine, row->event));
	values[4] = PointerGetDatum(guard_names(row));
	values[5] =
		CStringGetTextDatum(ff_state_name(row->machine, row->to == FF_STATE_SAME ? from : row->to));
	values[6] = PointerGetDatum(effect_names(row));
	values[7] = CStringGetTextDatum(ff_step_name(row->step));
	values[8] = CStringGetTextDatum(row->description);
	tuplestore_putvalues(rows->setResult, rows->setDesc, values, nulls);
}

Datum
fulfillment_lifecycle_rows(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rows = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < ff_transition_count(); i++)
	{
		const FfTransition *row = ff_transition_at(i);

		for (int from = FF_STATE_NONE; from < ff_state_count(row->machine); from++)
			if ((row->from & FF_STATE_BIT(from)) != 0)
				put_row(rows, i + 1, row, from);
	}
	return (Datum) 0;
}
