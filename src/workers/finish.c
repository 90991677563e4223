/*
 * finish.c
 *
 * Groups finished errands by merchant, applies each under its lease, settles
 * tasks and records calls; see finish.h.
 *
 * A group that fails as a whole (a deadlock, a lock nobody gave up, a full
 * disk) is taken apart: each errand then gets a transaction of its own, and
 * one that fails alone waits in memory, longer and longer, without holding up
 * the others.  Its lease stays; should the worker die, the call counts as
 * unknown.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "pg/attempt.h"
#include "pg/spi.h"
#include "workers/finish.h"
#include "workers/jobs.h"
#include "workers/journal.h"
#include "workers/outcome.h"
#include "workers/slots.h"
#include "workers/turn.h"

#define GROUP_SIZE    250
#define MAX_WRITERS   60    /* subtransactions that write; the server remembers 64 without effort */
#define FIRST_PAUSE   500   /* ms until an errand that could not be written is tried again */
#define LONGEST_PAUSE 30000 /* ms */
#define MAX_TRIES     20

static void
read_and_apply(void *argument)
{
	FfSettling *settling = argument;

	ff_outcome_read(settling);
	ff_outcome_end_call(settling);
	ff_outcome_apply(settling);
}

static void
read_only(void *argument)
{
	ff_outcome_read(argument);
}

/* The task was settled by somebody else: what came back is only recorded. */
static void
read_for_record(FfSettling *settling)
{
	ErrorData *error;

	if (!ff_attempt(read_only, settling, &error))
		settling->message = ff_error_sentence(error);
	ff_outcome_end_call(settling);
}

/* Throws what is not this errand's fault alone. */
static void
apply_alone(FfSettling *settling)
{
	ErrorData *error;

	if (ff_attempt(read_and_apply, settling, &error))
		return;
	if (ff_error_is_passing(error) && settling->errand->settle_tries < MAX_TRIES)
		ReThrowError(error);
	ff_outcome_end_call(settling);
	ff_outcome_failed(settling, ff_error_sentence(error));
}

static int
by_order(const void *a, const void *b)
{
	const FfClaimedTask *left = &(*(FfErrand *const *) a)->task;
	const FfClaimedTask *right = &(*(FfErrand *const *) b)->task;

	if (left->order_id != right->order_id)
		return left->order_id < right->order_id ? -1 : 1;
	return left->task_id < right->task_id ? -1 : left->task_id > right->task_id;
}

/*
 * Writes a group down; answers whether the queue or the clock is worth a look.  The work is done
 * in the order of the orders, which everybody locks in that order.
 */
static bool
write_group(FfErrand **errands, int count, TimestampTz now)
{
	int32 merchant_id = errands[0]->task.merchant_id;
	int64 *ids = palloc(sizeof(int64) * count);
	int64 *leases = palloc(sizeof(int64) * count);
	bool *held = palloc(sizeof(bool) * count);
	FfSettlement *ends = palloc0(sizeof(FfSettlement) * count);
	FfCallRecord *records = palloc0(sizeof(FfCallRecord) * count);
	int end_count = 0;
	int record_count = 0;
	bool shipments = false;
	bool again = false;

	qsort(errands, count, sizeof(FfErrand *), by_order);
	for (int i = 0; i < count; i++)
	{
		ids[i] = errands[i]->task.task_id;
		leases[i] = errands[i]->task.lease;
	}
	ff_tasks_hold(merchant_id, ids, leases, count, held);
	for (int i = 0; i < count; i++)
	{
		FfSettling settling = {.errand = errands[i], .now = now};

		settling.end.task_id = ids[i];
		if (held[i])
		{
			apply_alone(&settling);
			ends[end_count++] = settling.end;
			again |= settling.end.end == FF_TASK_AGAIN;
			shipments |= strcmp(errands[i]->task.subject_kind, "shipment") == 0;
		}
		else
			read_for_record(&settling);
		if (ff_journal_wants(errands[i]))
			ff_journal_record(&records[record_count++], &settling, held[i]);
	}
	ff_tasks_settle(merchant_id, ends, end_count);
	ff_calls_add(merchant_id, records, record_count);
	if (shipments && ff_jobs_poll_sooner(merchant_id))
		again = true;
	return again;
}

/* One transaction; false when it failed, with the error in the log. */
static bool
try_group(FfErrand **errands, int count, TimestampTz now, MemoryContext scratch, bool *again)
{
	volatile bool written = true;

	if (!ff_turn_begin(FF_TURN_RECORD, scratch))
		return true; /* the extension is gone, and with it the tasks */
	PG_TRY();
	{
		ff_spi_begin();
		MemoryContextSwitchTo(scratch);
		*again |= write_group(errands, count, now);
		ff_spi_end();
		ff_turn_commit();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(scratch);
		HOLD_INTERRUPTS();
		EmitErrorReport();
		FlushErrorState();
		ff_turn_abort();
		RESUME_INTERRUPTS();
		written = false;
	}
	PG_END_TRY();
	MemoryContextReset(scratch);
	return written;
}

static void
postpone(FfErrand *errand, slist_head *errands)
{
	int64 pause = FIRST_PAUSE;

	for (int i = 0; i < errand->settle_tries && pause < LONGEST_PAUSE; i++)
		pause *= 2;
	errand->settle_tries++;
	errand->settle_at =
		TimestampTzPlusMilliseconds(GetCurrentTimestamp(), Min(pause, LONGEST_PAUSE));
	slist_push_head(errands, &errand->node);
}

static bool
finish_group(FfErrand **group, int count, TimestampTz now, slist_head *errands)
{
	static MemoryContext scratch = NULL;
	bool again = false;

	if (scratch == NULL)
		scratch =
			AllocSetContextCreate(TopMemoryContext, "fulfillment finish", ALLOCSET_DEFAULT_SIZES);
	if (try_group(group, count, now, scratch, &again))
	{
		for (int i = 0; i < count; i++)
			ff_errand_free(group[i]);
		return again;
	}
	ff_slot_mine()->errors++;
	for (int i = 0; i < count; i++)
	{
		if (count > 1 && try_group(&group[i], 1, now, scratch, &again))
			ff_errand_free(group[i]);
		else
			postpone(group[i], errands);
	}
	return again;
}

bool
ff_finish(slist_head *errands, TimestampTz now)
{
	bool again = false;

	for (;;)
	{
		FfErrand *group[GROUP_SIZE];
		int count = 0;
		int writers = 0;
		slist_mutable_iter iter;

		slist_foreach_modify (iter, errands)
		{
			FfErrand *errand = slist_container(FfErrand, node, iter.cur);

			if (errand->settle_at > now ||
				(count > 0 && errand->task.merchant_id != group[0]->task.merchant_id))
				continue;
			slist_delete_current(&iter);
			group[count++] = errand;
			writers += ff_verb_of(errand->calling)->ok != NULL;
			if (count == GROUP_SIZE || writers == MAX_WRITERS)
				break;
		}
		if (count == 0)
			return again;
		again |= finish_group(group, count, now, errands);
	}
}

TimestampTz
ff_finish_next(slist_head *errands)
{
	TimestampTz next = DT_NOEND;
	slist_iter iter;

	slist_foreach (iter, errands)
		next = Min(next, slist_container(FfErrand, node, iter.cur)->settle_at);
	return next;
}
