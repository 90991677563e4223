/*
 * take_over.c
 *
 * What dead workers left behind: their leases are found by comparing them with
 * the living, taken over, and go the way of any call whose answer was lost.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "pg/spi.h"
#include "workers/errands.h"
#include "workers/slots.h"
#include "workers/turn.h"

#define LEASE_TIME      60000 /* ms in which what was taken over is written down */
#define TAKE_OVER_LIMIT 500   /* leases taken over in one go */

/* A copy that lives as long as the current context. */
static FfClaimedTask
copy_task(const FfClaimedTask *task)
{
	FfClaimedTask copy = *task;

	copy.subject_kind = pstrdup(task->subject_kind);
	copy.idempotency_key = pstrdup(task->idempotency_key);
	copy.payload = ff_json_from_datum(ff_json_to_datum(task->payload));
	if (task->progress != NULL)
		copy.progress = ff_json_from_datum(ff_json_to_datum(task->progress));
	return copy;
}

/*
 * Tasks of one connection become errands of one batch; answers how many.  What
 * a call of an unknown connector has come to, nobody can say: it stays leased,
 * and is looked at again when the lease has ended.
 */
static int
adopt(FfClaimedTask *tasks, int count, FfClaimResult *result)
{
	FfEndpoint *endpoint =
		ff_endpoint_read(tasks[0].merchant_id, tasks[0].connection_id, TopMemoryContext);
	FfBatch *batch;
	FfErrand **errands;

	if (endpoint == NULL || endpoint->connector == NULL)
	{
		if (endpoint != NULL)
			ff_endpoint_let_go(endpoint);
		return 0;
	}
	batch = ff_batch_make(endpoint);
	MemoryContextSwitchTo(batch->context);
	errands = ff_errands_make(batch, tasks, count);
	for (int i = 0; i < count; i++)
	{
		errands[i]->task = copy_task(&tasks[i]);
		if (errands[i]->problem == NULL)
			errands[i]->lost = "The worker that made the call died before its answer was recorded.";
		errands[i]->ended = true; /* its allowance went with the one who died */
		slist_push_head(&result->finished, &errands[i]->node);
	}
	return count;
}

static int
by_connection(const void *a, const void *b)
{
	const FfClaimedTask *left = a;
	const FfClaimedTask *right = b;

	return left->connection_id < right->connection_id ? -1
													  : left->connection_id > right->connection_id;
}

static void
take_over(int32 merchant_id, TimestampTz now, FfClaimResult *result)
{
	int dead_count;
	int64 *dead = ff_tasks_holders(merchant_id, &dead_count);
	int count;
	int end;
	FfClaimedTask *tasks;

	/* in this order: whoever holds a lease has had a slot before, so without one it is dead */
	dead_count = ff_slots_keep_dead(dead, dead_count);
	tasks = ff_tasks_take_over(merchant_id,
							   dead,
							   dead_count,
							   now,
							   TAKE_OVER_LIMIT,
							   ff_lease_next(),
							   TimestampTzPlusMilliseconds(now, LEASE_TIME),
							   &count);

	result->more = count == TAKE_OVER_LIMIT;
	qsort(tasks, count, sizeof(FfClaimedTask), by_connection);
	for (int first = 0; first < count; first = end)
	{
		for (end = first; end < count && tasks[end].connection_id == tasks[first].connection_id;)
			end++;
		result->claimed += adopt(tasks + first, end - first, result);
	}
}

bool
ff_errands_take_over(int32 merchant_id, TimestampTz now, FfClaimResult *result)
{
	MemoryContext context = CurrentMemoryContext;

	slist_init(&result->to_send);
	slist_init(&result->finished);
	result->claimed = 0;
	result->more = false;
	if (!ff_turn_begin(FF_TURN_ACT, context))
		return false;
	PG_TRY();
	{
		ff_spi_begin();
		MemoryContextSwitchTo(context);
		take_over(merchant_id, now, result);
		ff_spi_end();
		ff_turn_commit();
	}
	PG_CATCH();
	{
		while (!slist_is_empty(&result->finished))
			ff_errand_free(slist_container(FfErrand, node, slist_pop_head_node(&result->finished)));
		PG_RE_THROW();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	return true;
}
