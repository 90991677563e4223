/*
 * status.c
 *
 * What the shared memory of the engine holds, as rows: the workers of this
 * database, the health of its connections, and whether the engine can run here
 * at all.  Reads only.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/dbcommands.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

#include "pg/guc.h"
#include "pg/session.h"
#include "transport/vault.h"
#include "workers/activation.h"
#include "workers/limiter.h"
#include "workers/slots.h"

static Datum
time_datum(TimestampTz time, bool *null)
{
	*null = time == 0;
	return TimestampTzGetDatum(time);
}

PG_FUNCTION_INFO_V1(fulfillment_worker_status);

/* worker_status() returns (pid, number, state, started_at, worked_at, in_flight, calls, errors) */
Datum
fulfillment_worker_status(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rows = (ReturnSetInfo *) fcinfo->resultinfo;
	int count;
	FfWorkerSlot *slots = ff_slots_copy(&count);

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < count; i++)
	{
		Datum values[8];
		bool nulls[8] = {false};

		if (slots[i].database != MyDatabaseId)
			continue;
		values[0] = Int32GetDatum(slots[i].pid);
		values[1] = Int32GetDatum(slots[i].number);
		values[2] = CStringGetTextDatum(slots[i].state);
		values[3] = time_datum(slots[i].started_at, &nulls[3]);
		values[4] = time_datum(slots[i].worked_at, &nulls[4]);
		values[5] = Int32GetDatum(slots[i].in_flight);
		values[6] = Int64GetDatum(slots[i].calls);
		values[7] = Int64GetDatum(slots[i].errors);
		tuplestore_putvalues(rows->setResult, rows->setDesc, values, nulls);
	}
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(fulfillment_connection_state);

/*
 * connection_state() returns (merchant_id, connection_id, breaker, open_until, blocked_until,
 * failures_in_row, in_flight, ok, failed, refused, busy, ok_at, failed_at, last_error)
 */
Datum
fulfillment_connection_state(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rows = (ReturnSetInfo *) fcinfo->resultinfo;
	int count;
	FfLimiterState *states = ff_limiter_copy(MyDatabaseId, &count);

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < count; i++)
	{
		const FfLimiterState *state = &states[i];
		Datum values[14];
		bool nulls[14] = {false};

		if (ff_access_level(state->key.merchant_id) == FF_LEVEL_NONE)
			continue;
		values[0] = Int32GetDatum(state->key.merchant_id);
		values[1] = Int64GetDatum(state->key.connection_id);
		values[2] = CStringGetTextDatum(ff_breaker_name(state->breaker));
		values[3] = time_datum(state->open_until, &nulls[3]);
		nulls[3] |= state->breaker == FF_BREAKER_CLOSED;
		values[4] = time_datum(state->blocked_until, &nulls[4]);
		nulls[4] |= state->blocked_until < GetCurrentTimestamp();
		values[5] = Int32GetDatum(state->failures);
		values[6] = Int32GetDatum(state->in_flight);
		values[7] = Int64GetDatum(state->ok);
		values[8] = Int64GetDatum(state->failed);
		values[9] = Int64GetDatum(state->refused);
		values[10] = Int64GetDatum(state->busy);
		values[11] = time_datum(state->ok_at, &nulls[11]);
		values[12] = time_datum(state->failed_at, &nulls[12]);
		nulls[13] = state->error[0] == '\0';
		values[13] = CStringGetTextDatum(state->error);
		tuplestore_putvalues(rows->setResult, rows->setDesc, values, nulls);
	}
	return (Datum) 0;
}

static bool
database_is_listed(void)
{
	char *text = pstrdup(ff_guc_databases);
	char *mine = get_database_name(MyDatabaseId);
	List *names = NIL;
	ListCell *cell;

	if (SplitIdentifierString(text, ',', &names))
		foreach (cell, names)
			if (strcmp(lfirst(cell), mine) == 0)
				return true;
	return false;
}

PG_FUNCTION_INFO_V1(fulfillment_engine_facts);

/* engine_facts() returns (preloaded, listed, wanted, running, activated, copied, key_problem,
 * library) */
Datum
fulfillment_engine_facts(PG_FUNCTION_ARGS)
{
	TupleDesc shape;
	Datum values[8];
	bool nulls[8] = {false};
	int count;
	int running = 0;
	char *problem = ff_vault_problem();
	FfWorkerSlot *slots = ff_slots_copy(&count);
	FfActivation activation = ff_activation_read();

	if (get_call_result_type(fcinfo, NULL, &shape) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	for (int i = 0; i < count; i++)
		running += slots[i].database == MyDatabaseId;
	values[4] = BoolGetDatum(activation.here);
	values[5] = BoolGetDatum(activation.elsewhere);
	values[0] = BoolGetDatum(ff_slots_exist());
	values[1] = BoolGetDatum(database_is_listed());
	values[2] = Int32GetDatum(ff_guc_workers);
	values[3] = Int32GetDatum(running);
	nulls[6] = problem == NULL;
	values[6] = nulls[6] ? (Datum) 0 : CStringGetTextDatum(problem);
	values[7] = CStringGetTextDatum(FF_VERSION);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(shape), values, nulls));
}
