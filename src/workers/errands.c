/*
 * errands.c
 *
 * The claim of a worker, one connection and so one merchant per transaction;
 * see errands.h.  It never waits for a lock: an order somebody works on is
 * left for a moment later, so a claim can be part of no deadlock.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "pg/attempt.h"
#include "pg/guc.h"
#include "pg/spi.h"
#include "tasks/task.h"
#include "workers/errands.h"
#include "workers/prepare.h"
#include "workers/turn.h"
#include "workers/verbs.h"

#define BATCH_SIZE    250
#define SHORT_PAUSE   10    /* ms until a lane is looked at again where nothing could be claimed */
#define LONG_PAUSE    1000  /* ms */
#define PROBLEM_PAUSE 60000 /* ms until a connection that cannot be used is looked at again */
#define YOUTH         60000 /* ms a worker's claims are always on disk before anything is sent */

static FfStatement lock_orders = FF_STATEMENT("select order_id from fulfillment.orders"
											  " where merchant_id = $1 and order_id = any ($2)"
											  " order by order_id for update skip locked",
											  INT4OID, INT8ARRAYOID);

/* Everything of one claim, so that an error can take all of it back. */
typedef struct Claim
{
	FfLane *lane;
	FfBatch *batch;
	FfErrand **errands;
	int count;
	int granted; /* allowance taken from the limits */
	int64 lease;
} Claim;

static bool
needs_admission(const FfErrand *errand)
{
	return errand->problem == NULL && ff_verb_of(errand->calling)->admits && !errand->task.in_doubt;
}

static bool
is_locked(const FfRows *orders, int64 order_id)
{
	uint64 low = 0;
	uint64 high = orders->count;

	while (low < high)
	{
		uint64 middle = (low + high) / 2;
		int64 found = ff_row_int8(orders, middle, 1);

		if (found == order_id)
			return true;
		if (found < order_id)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static FfRows
lock_orders_of(const Claim *claim)
{
	FfColumn ids;

	ff_column_init(&ids, INT8OID);
	for (int i = 0; i < claim->count; i++)
		if (needs_admission(claim->errands[i]))
			ff_column_add(&ids, ff_int8(claim->errands[i]->task.order_id));
	if (ids.count == 0)
		return (FfRows){0};
	return ff_run(&lock_orders, ff_int4(claim->lane->key.merchant_id), ff_column(&ids));
}

typedef struct Admission
{
	FfErrand *errand;
	bool admitted;
} Admission;

static void
look_again(void *argument)
{
	Admission *admission = argument;

	admission->admitted = ff_admit_shipment(admission->errand);
}

/* An error is the errand's own: it goes on as a call that could not be made. */
static bool
is_admitted(FfErrand *errand)
{
	Admission admission = {.errand = errand};
	ErrorData *error;

	if (ff_attempt(look_again, &admission, &error))
		return admission.admitted;
	errand->problem = ff_error_sentence(error);
	return true;
}

/* Those of a claim that are looked at once more, under the locks of their orders. */
typedef struct Admissions
{
	FfErrand **errands;
	bool *admitted;
	bool *decided;
	int count;
} Admissions;

static void
look_at_all(void *argument)
{
	Admissions *all = argument;

	ff_admit_shipments(all->errands, all->count, all->admitted, all->decided);
}

/* All in one go; those that this does not decide, or all when it fails, one by one. */
static void
decide(Admissions *all)
{
	ErrorData *error;

	if (all->count > 1 && !ff_attempt(look_at_all, all, &error))
		memset(all->decided, 0, sizeof(bool) * all->count);
	for (int i = 0; i < all->count; i++)
		if (!all->decided[i])
			all->admitted[i] = is_admitted(all->errands[i]);
}

/*
 * What must not be sent blindly is looked at once more, under the lock of its
 * order: a shipment that was held or cancelled meanwhile is not sent, and its
 * task leaves.
 */
static void
admit(Claim *claim, TimestampTz now)
{
	int32 merchant_id = claim->lane->key.merchant_id;
	FfRows orders = lock_orders_of(claim);
	Admissions all = {.errands = palloc(sizeof(FfErrand *) * (claim->count + 1)),
					  .admitted = palloc0(sizeof(bool) * (claim->count + 1)),
					  .decided = palloc0(sizeof(bool) * (claim->count + 1))};
	int64 *busy = palloc(sizeof(int64) * (claim->count + 1));
	FfSettlement *withdrawn = palloc0(sizeof(FfSettlement) * (claim->count + 1));
	int busy_count = 0;
	int withdrawn_count = 0;
	int kept = 0;

	for (int i = 0; i < claim->count; i++)
	{
		FfErrand *errand = claim->errands[i];

		if (!needs_admission(errand))
			claim->errands[kept++] = errand;
		else if (is_locked(&orders, errand->task.order_id))
			all.errands[all.count++] = errand;
		else
			busy[busy_count++] = errand->task.task_id;
	}
	decide(&all);
	for (int i = 0; i < all.count; i++)
		if (all.admitted[i])
			claim->errands[kept++] = all.errands[i];
		else
			withdrawn[withdrawn_count++].task_id = all.errands[i]->task.task_id;
	claim->batch->errands -= claim->count - kept;
	claim->count = kept;
	ff_tasks_unclaim(merchant_id,
					 busy,
					 busy_count,
					 claim->lease,
					 TimestampTzPlusMilliseconds(now, SHORT_PAUSE * 2));
	if (withdrawn_count > 0)
		ff_tasks_settle(merchant_id, withdrawn, withdrawn_count);
}

/* The connection cannot be used at all: it is said once, and looked at again later. */
static void
report_problem(FfLane *lane, const char *code, const char *problem, TimestampTz now)
{
	ff_attention_open_connection(lane->key.merchant_id,
								 "connection_unusable",
								 lane->key.connection_id,
								 psprintf("connection %s: %s", code, problem),
								 "Correct the connection; its tasks wait.");
	lane->not_before = TimestampTzPlusMilliseconds(now, PROBLEM_PAUSE);
}

static void
unlock(void *endpoint)
{
	ff_endpoint_unlock(endpoint);
}

/* NULL when the connection is not to be called now. */
static FfEndpoint *
usable_endpoint(FfLane *lane, TimestampTz now)
{
	FfEndpoint *endpoint =
		ff_endpoint_read(lane->key.merchant_id, lane->key.connection_id, TopMemoryContext);
	ErrorData *error;

	if (endpoint == NULL)
	{
		lane->due_at = DT_NOEND;
		return NULL;
	}
	if (endpoint->paused)
		lane->due_at = DT_NOEND; /* whoever resumes it wakes us */
	else if (endpoint->connector == NULL)
		report_problem(lane,
					   endpoint->code,
					   psprintf("there is no connector \"%s\"", endpoint->connector_name),
					   now);
	else if (!ff_attempt(unlock, endpoint, &error))
		report_problem(lane, endpoint->code, ff_error_sentence(error), now);
	else
		return endpoint;
	ff_endpoint_let_go(endpoint);
	return NULL;
}

static void
pause_lane(FfLane *lane, TimestampTz now)
{
	lane->pause = lane->pause == 0 ? SHORT_PAUSE : Min(lane->pause * 2, LONG_PAUSE);
	lane->not_before = TimestampTzPlusMilliseconds(now, lane->pause);
}

/* The transaction's work; what it claims is in *claim, for whoever must take it back. */
static void
claim_lane(Claim *claim, int room, bool suspects, TimestampTz now)
{
	FfLane *lane = claim->lane;
	FfEndpoint *endpoint = usable_endpoint(lane, now);
	FfClaimedTask *tasks;
	TimestampTz again;
	TimestampTz lease_end;
	FfQueuePlace beginning = {.due_at = DT_NOBEGIN};
	int wanted = suspects ? 1 : Min(room, BATCH_SIZE);

	if (endpoint == NULL)
		return;
	claim->batch = ff_batch_make(endpoint);
	MemoryContextSwitchTo(claim->batch->context);
	claim->granted = ff_limiter_take(&endpoint->key, &endpoint->limit, wanted, now, &again);
	if (claim->granted == 0)
	{
		if (again == DT_NOEND)
			pause_lane(lane, now);
		else
			lane->not_before = again;
		return;
	}
	claim->lease = ff_lease_next();
	lease_end = ff_lease_end(endpoint, now);
	tasks = ff_tasks_claim(lane->key.merchant_id,
						   lane->key.connection_id,
						   suspects ? &beginning : &lane->place,
						   now,
						   claim->granted,
						   suspects,
						   claim->lease,
						   lease_end,
						   &claim->count);
	if (claim->count > 0)
		lane->pause = 0;
	else if (!suspects)
		pause_lane(lane, now);
	if (claim->count < claim->granted && !suspects)
		lane->due_at = DT_NOEND; /* the next look says when there is more */
	claim->errands = ff_errands_make(claim->batch, tasks, claim->count);
	for (int i = 0; i < claim->count; i++)
		claim->errands[i]->give_up_at = ff_lease_give_up(lease_end);
	admit(claim, now);
}

static void
hand_over(Claim *claim, FfClaimResult *result)
{
	bool local;

	if (claim->batch == NULL)
		return;
	ff_limiter_return(&claim->batch->endpoint->key, claim->granted - claim->count);
	if (claim->count == 0)
	{
		ff_batch_drop(claim->batch);
		return;
	}
	local = claim->batch->endpoint->connector->local;
	for (int i = claim->count - 1; i >= 0; i--) /* so that the first due is sent first */
	{
		FfErrand *errand = claim->errands[i];
		bool sent =
			!local && errand->problem == NULL && errand->put_off == NULL && errand->lost == NULL;

		slist_push_head(sent ? &result->to_send : &result->finished, &errand->node);
	}
}

/*
 * What may be made again need not be known as claimed after the server has
 * died, so its claim does not wait for the disk.  But a worker that has just
 * started may have been started because a task ended the server: then it must
 * be known what was in whose hands.
 */
static void
spare_the_disk(const Claim *claim, TimestampTz now)
{
	if (claim->count == 0 || now < TimestampTzPlusMilliseconds(MyStartTimestamp, YOUTH))
		return;
	for (int i = 0; i < claim->count; i++)
		if (!ff_errand_repeatable(claim->errands[i]))
			return;
	(void) set_config_option(
		"synchronous_commit", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0, false);
}

bool
ff_errands_claim(FfLane *lane, int room, bool suspects, TimestampTz now, FfClaimResult *result)
{
	Claim claim = {.lane = lane};
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
		claim_lane(&claim, room, suspects, now);
		if (!suspects)
			spare_the_disk(&claim, now);
		ff_spi_end();
		ff_turn_commit();
	}
	PG_CATCH();
	{
		if (claim.batch != NULL)
		{
			ff_limiter_return(&claim.batch->endpoint->key, claim.granted);
			ff_batch_drop(claim.batch);
		}
		lane->place = (FfQueuePlace){.due_at = DT_NOBEGIN};
		lane->not_before = TimestampTzPlusMilliseconds(now, LONG_PAUSE);
		PG_RE_THROW();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	if (claim.count > 0)
		ff_errands_prepare(claim.errands, &claim.count);
	result->claimed = claim.count;
	hand_over(&claim, result);
	return true;
}
