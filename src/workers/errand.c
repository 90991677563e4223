/*
 * errand.c
 *
 * Makes errands from claimed tasks and frees them; knows which call a task
 * leads to, and neither rows nor the wire.
 */
#include "postgres.h"

#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "connectors/call.h"
#include "pg/guc.h"
#include "workers/errand.h"
#include "workers/slots.h"
#include "workers/verbs.h"

#define LEASE_MARGIN \
	30000 /* ms a lease outlives the longest call; in the second half none is under way */

int64
ff_lease_next(void)
{
	static int64 claims = 0;

	claims = (claims + 1) & ((INT64CONST(1) << FF_LEASE_BITS) - 1);
	return (ff_slot_mine()->incarnation << FF_LEASE_BITS) | claims;
}

TimestampTz
ff_lease_end(const FfEndpoint *endpoint, TimestampTz now)
{
	int timeout_ms = endpoint->wire_limits.timeout_ms;

	if (timeout_ms <= 0)
		timeout_ms = ff_guc_call_timeout;
	return TimestampTzPlusMilliseconds(now, timeout_ms + ff_guc_connect_timeout + LEASE_MARGIN);
}

TimestampTz
ff_lease_give_up(TimestampTz lease_end)
{
	return TimestampTzPlusMilliseconds(lease_end, -LEASE_MARGIN / 2);
}

FfBatch *
ff_batch_make(FfEndpoint *endpoint)
{
	MemoryContext context =
		AllocSetContextCreate(TopMemoryContext, "fulfillment batch", ALLOCSET_DEFAULT_SIZES);
	FfBatch *batch = MemoryContextAllocZero(context, sizeof(FfBatch));

	batch->context = context;
	batch->endpoint = endpoint;
	return batch;
}

/* A batch that came to nothing. */
void
ff_batch_drop(FfBatch *batch)
{
	ff_endpoint_let_go(batch->endpoint);
	MemoryContextDelete(batch->context);
}

bool
ff_errand_repeatable(const FfErrand *errand)
{
	const FfConnector *connector = errand->batch->endpoint->connector;
	FfRepeat repeat = connector->operations[errand->calling].repeat;

	return repeat == FF_REPEAT_SAFE || repeat == FF_REPEAT_WITH_KEY;
}

FfErrand **
ff_errands_make(FfBatch *batch, const FfClaimedTask *tasks, int count)
{
	FfErrand **errands = palloc(sizeof(FfErrand *) * Max(count, 1));

	for (int i = 0; i < count; i++)
	{
		FfErrand *errand = errands[i] = palloc0(sizeof(FfErrand));

		errand->batch = batch;
		errand->task = tasks[i];
		errand->calling = tasks[i].operation;
		errand->started_at = GetCurrentTimestamp();
		if (tasks[i].in_doubt && ff_verb_of(tasks[i].operation)->look != 0 &&
			ff_connector_able(batch->endpoint->connector,
							  ff_verb_of(tasks[i].operation)->look,
							  batch->endpoint->config))
			errand->calling = ff_verb_of(tasks[i].operation)->look;
		else if (tasks[i].in_doubt && tasks[i].operation < FF_OPERATION_COUNT &&
				 !ff_errand_repeatable(errand))
			errand->lost = "The answer to an earlier call was lost.";
		if (errand->calling == FF_OPERATION_COUNT)
		{
			/* written by hand or by another version: refused like any call nobody can make */
			errand->calling = FF_OP_TEST_CONNECTION;
			errand->problem = "There is no such operation.";
		}
		else if (!ff_connector_supports(batch->endpoint->connector, errand->calling))
			errand->problem = psprintf("Connector \"%s\" does not support operation \"%s\".",
									   batch->endpoint->connector_name,
									   ff_operation_name(errand->calling));
	}
	batch->errands = count;
	return errands;
}

void
ff_errand_free(FfErrand *errand)
{
	FfBatch *batch = errand->batch;

	if (!errand->ended)
		ff_limiter_return(&batch->endpoint->key, 1);
	if (errand->transfer.context != NULL)
		MemoryContextDelete(errand->transfer.context);
	if (--batch->errands > 0)
		return;
	ff_endpoint_let_go(batch->endpoint);
	MemoryContextDelete(batch->context);
}
