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

#include "orders/settle.h"
#include "pg/attempt.h"
#include "pg/spi.h"
#include "workers/finish.h"
#include "workers/jobs.h"
#include "workers/journal.h"
#include "workers/outcome.h"
#include "workers/slots.h"
#include "workers/turn.h"

#define GROUP_SIZE    250
#define GROUP_BYTES   (8 * 1024 * 1024) /* answers that are read side by side */
#define MAX_WRITERS   60    /* subtransactions that write; the server remembers 64 without effort */
#define FIRST_PAUSE   500   /* ms until an errand that could not be written is tried again */
#define LONGEST_PAUSE 30000 /* ms */
#define MAX_TRIES     20

static void
read_and_apply(void *argument)
{
	FfSettling *settling = argument;

	if (settling->outcome == NULL)
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

/* What a group has in common with the tasks it came from. */
typedef struct Gathering
{
	FfErrand **errands;
	FfSettling *settlings;
	bool *held;  /* the task is still ours */
	bool *ready; /* came back well, and may be applied together with others */
	bool *taken; /* was applied together with others */
	int count;
} Gathering;

/* Those of a group that are applied together, each of another order. */
typedef struct Company
{
	const Gathering *group;
	FfSettling **settlings;
	int *places;
	int count;
} Company;

static void
read_group(void *argument)
{
	Gathering *group = argument;

	for (int i = 0; i < group->count; i++)
		if (group->ready[i])
			ff_outcome_read(&group->settlings[i]);
}

/*
 * Reads what may be applied together, in one go unless an answer cannot be
 * read: that is read again when its turn comes, and fails there.
 */
static void
find_ready(Gathering *group)
{
	ErrorData *error;
	bool read;

	for (int i = 0; i < group->count; i++)
		group->ready[i] =
			group->held[i] && ff_verb_of(group->errands[i]->calling)->ok_together != NULL;
	read = ff_attempt(read_group, group, &error);
	for (int i = 0; i < group->count; i++)
	{
		FfSettling *settling = &group->settlings[i];

		if (!group->ready[i])
			continue;
		if (!read && !ff_attempt(read_only, settling, &error))
			settling->outcome = NULL;
		group->ready[i] = settling->outcome != NULL && settling->result == FF_RESULT_OK;
	}
}

/* Those that are ready, of the operations of the first of them. */
static void
find_company(Company *company)
{
	const Gathering *group = company->group;
	FfApplyTogether together = NULL;
	int64 last_order = 0;

	company->count = 0;
	for (int i = 0; i < group->count; i++)
	{
		const FfErrand *errand = group->errands[i];
		FfApplyTogether its = ff_verb_of(errand->calling)->ok_together;

		/* they are sorted by order */
		if (!group->ready[i] || (together != NULL && its != together) ||
			(company->count > 0 && errand->task.order_id == last_order))
			continue;
		together = its;
		last_order = errand->task.order_id;
		company->places[company->count] = i;
		company->settlings[company->count++] = &group->settlings[i];
	}
}

static void
apply_company(void *argument)
{
	Company *company = argument;
	const Gathering *group = company->group;
	int64 *orders = palloc(sizeof(int64) * group->count);
	int order_count = 0;

	/* whoever comes after it in the group must not wait for an order with a lower number */
	for (int i = 0; i < group->count; i++)
		if (group->held[i] && group->errands[i]->task.order_id != 0 &&
			ff_verb_writes(group->errands[i]->calling))
			orders[order_count++] = group->errands[i]->task.order_id;
	ff_orders_lock(group->errands[0]->task.merchant_id, orders, order_count);
	ff_outcome_apply_together(company->settlings, company->count);
}

/*
 * What came back well from operations that many can be applied of at once is;
 * should that fail, each goes its own way after it, as one that is alone does.
 */
static void
apply_together(Gathering *group)
{
	Company company = {.group = group,
					   .settlings = palloc(sizeof(FfSettling *) * group->count),
					   .places = palloc(sizeof(int) * group->count)};
	ErrorData *error;

	find_ready(group);
	for (find_company(&company); company.count > 0; find_company(&company))
	{
		bool applied = company.count > 1 && ff_attempt(apply_company, &company, &error);

		for (int i = 0; i < company.count; i++)
		{
			group->ready[company.places[i]] = false;
			group->taken[company.places[i]] = applied;
			if (applied)
				ff_outcome_end_call(company.settlings[i]);
		}
	}
}

static Gathering
make_group(FfErrand **errands, int count, TimestampTz now)
{
	Gathering group = {.errands = errands,
					   .settlings = palloc0(sizeof(FfSettling) * count),
					   .held = palloc(sizeof(bool) * count),
					   .ready = palloc0(sizeof(bool) * count),
					   .taken = palloc0(sizeof(bool) * count),
					   .count = count};
	int64 *ids = palloc(sizeof(int64) * count);
	int64 *leases = palloc(sizeof(int64) * count);

	for (int i = 0; i < count; i++)
	{
		ids[i] = errands[i]->task.task_id;
		leases[i] = errands[i]->task.lease;
		group.settlings[i].errand = errands[i];
		group.settlings[i].now = now;
		group.settlings[i].end.task_id = ids[i];
	}
	ff_tasks_hold(errands[0]->task.merchant_id, ids, leases, count, group.held);
	return group;
}

/*
 * Writes a group down; answers whether the queue or the clock is worth a look.  The work is done
 * in the order of the orders, which everybody locks in that order.
 */
static bool
write_group(FfErrand **errands, int count, TimestampTz now)
{
	int32 merchant_id = errands[0]->task.merchant_id;
	FfSettlement *ends = palloc0(sizeof(FfSettlement) * count);
	FfCallRecord *records = palloc0(sizeof(FfCallRecord) * count);
	int end_count = 0;
	int record_count = 0;
	bool shipments = false;
	bool again = false;
	Gathering group;

	qsort(errands, count, sizeof(FfErrand *), by_order);
	group = make_group(errands, count, now);
	apply_together(&group);
	for (int i = 0; i < count; i++)
	{
		FfSettling *settling = &group.settlings[i];

		if (group.held[i])
		{
			if (!group.taken[i])
				apply_alone(settling);
			ends[end_count++] = settling->end;
			again |= settling->end.end == FF_TASK_AGAIN;
			shipments |= strcmp(errands[i]->task.subject_kind, "shipment") == 0;
		}
		else
			read_for_record(settling);
		if (ff_journal_wants(errands[i]))
			ff_journal_record(&records[record_count++], settling, group.held[i]);
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

static bool
writes_alone(const FfErrand *errand)
{
	const FfVerb *verb = ff_verb_of(errand->calling);

	return verb->ok != NULL && verb->ok_together == NULL;
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
		size_t bytes = 0;
		slist_mutable_iter iter;

		slist_foreach_modify (iter, errands)
		{
			FfErrand *errand = slist_container(FfErrand, node, iter.cur);

			if (errand->settle_at > now ||
				(count > 0 && errand->task.merchant_id != group[0]->task.merchant_id))
				continue;
			slist_delete_current(&iter);
			group[count++] = errand;
			bytes += errand->transfer.reply.length;
			writers += writes_alone(errand);
			if (count == GROUP_SIZE || writers == MAX_WRITERS || bytes > GROUP_BYTES)
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
