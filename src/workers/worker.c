/*
 * worker.c
 *
 * The loop of a worker.  Each round: take what the wire has finished, write it
 * down, claim what is due and allowed, give it to the wire, and sleep until
 * a socket, a commit or the next due time.  With nothing due it runs no
 * statement at all.
 *
 * Whatever goes wrong in a round ends its transaction and is logged; the calls
 * on the wire go on, and the next round comes a little later.
 */
#include "postgres.h"

#include <signal.h>

#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "pg/guc.h"
#include "pg/session.h"
#include "pg/spi.h"
#include "tasks/wake.h"
#include "transport/token.h"
#include "workers/errands.h"
#include "workers/finish.h"
#include "workers/jobs.h"
#include "workers/lanes.h"
#include "workers/launcher.h"
#include "workers/limiter.h"
#include "workers/slots.h"
#include "workers/turn.h"
#include "workers/under_way.h"
#include "workers/webhooks.h"
#include "workers/worker.h"
#include "workers/yield.h"

#define WORTHWHILE     60    /* room that is worth a claim, or half of all there is */
#define FIRST_PAUSE    1000  /* ms after a round that failed */
#define LONGEST_PAUSE  60000 /* ms */
#define GRACE          1000  /* ms for calls on the wire when the worker is told to leave */
#define GATHER         20000 /* µs calls that ended may wait for others to be written down with */
#define CALL_OFF_EVERY 5000  /* ms */
#define SHARE_PAUSE    5000  /* µs until a lane that has its share of the wire asks for more */
#define SUSPECT_PAUSE  200   /* ms until a suspect is looked for again beside other work */
#define LOOK_SHARE     10    /* a look may take one part in so many of the time */

typedef struct Worker
{
	slist_head finished;      /* calls that ended and are not written down yet */
	TimestampTz gather_since; /* the oldest of them; 0: there is none */
	int64 write_time;         /* µs the last writing down took */
	bool look;                /* the queue must be looked at */
	TimestampTz look_at;      /* … not before this */
	TimestampTz poll_at;      /* … and at the latest then */
	TimestampTz call_off_at;  /* when calls under way are looked through for overdue ones */
	TimestampTz jobs_at;      /* the clock's next job */
	TimestampTz webhooks_at;  /* the next webhook to apply */
	bool take_over;           /* leases of the dead may be waiting */
	uint64 ended_seen;
	bool allowed;  /* the last round was allowed to act here */
	int64 suspect; /* the suspect in hand: a task workers have died with; 0: none */
	int pause;     /* ms; 0: the last round went well */
	MemoryContext round;
} Worker;

static Worker worker;

/* Settings of the session that the work relies on, whatever the server's are. */
static const struct
{
	const char *name;
	const char *value;
} session_settings[] = {
	{"search_path", "pg_catalog, fulfillment, pg_temp"},
	{"timezone", "UTC"},
	{"datestyle", "ISO"},
	{"default_transaction_isolation", "read committed"},
	{"statement_timeout", "0"},
	{"idle_in_transaction_session_timeout", "0"},
	/* one locked order must not hold up the others */
	{"lock_timeout", "2s"},
	/* a worker can simply try again, so it is the one that gives way */
	{"deadlock_timeout", "100ms"},
	/* queues are small now and large the next moment; their indexes are always right */
	{"enable_seqscan", "off"},
	{"jit", "off"},
#ifdef USE_LZ4
	/* bodies and labels of some kilobytes, written once and hardly ever read */
	{"default_toast_compression", "lz4"},
#endif
};

static void
start(void)
{
	const char *role = *ff_guc_worker_role != '\0' ? ff_guc_worker_role : NULL;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, SignalHandlerForShutdownRequest);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(MyBgworkerEntry->bgw_extra, role, 0);
	for (int i = 0; i < (int) lengthof(session_settings); i++)
		SetConfigOption(
			session_settings[i].name, session_settings[i].value, PGC_SUSET, PGC_S_OVERRIDE);
	pgstat_report_appname(MyBgworkerEntry->bgw_name);
	ff_actor_is_worker();
	if (ff_slot_take(MyDatabaseId, DatumGetInt32(MyBgworkerEntry->bgw_main_arg)) == NULL)
		ereport(FATAL,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("too many fulfillment workers"),
				 errdetail("The server has room for %d.", FF_MAX_WORKERS)));
	ff_wake_listen(MyDatabaseId);
	ff_lanes_init();
	slist_init(&worker.finished);
	worker.round =
		AllocSetContextCreate(TopMemoryContext, "fulfillment round", ALLOCSET_DEFAULT_SIZES);
	ff_under_way_init();
	worker.webhooks_at = worker.jobs_at = DT_NOEND;
	worker.look = true;
	worker.take_over = true;
}

static void
append(slist_head *list, slist_head *more)
{
	while (!slist_is_empty(more))
		slist_push_head(list, slist_pop_head_node(more));
}

static void
drop_suspect(void)
{
	worker.suspect = 0;
	ff_slot_drop_suspect();
}

/* Lanes whose calls have ended may be claimed from at once; true when the suspect's has. */
static bool
stir_lanes(void)
{
	bool suspect = false;
	slist_iter iter;

	slist_foreach (iter, &worker.finished)
	{
		const FfErrand *errand = slist_container(FfErrand, node, iter.cur);
		FfLane *lane = ff_lane_find(errand->task.merchant_id, errand->task.connection_id);

		suspect |= errand->task.task_id == worker.suspect;
		if (lane == NULL || lane->pause == 0)
			continue;
		lane->pause = 0;
		lane->not_before = DT_NOBEGIN;
	}
	return suspect;
}

/*
 * While more calls are under way, those that ended are gathered for about as
 * long as writing them down takes, so that a commit is shared by many.
 */
static TimestampTz
write_at(void)
{
	TimestampTz next = ff_finish_next(&worker.finished);

	if (next == DT_NOEND || ff_under_way_count() == 0)
		return next;
	return Max(next, worker.gather_since + Min(worker.write_time, GATHER));
}

/* Writing down may be what kills: until it is done nobody takes another suspect in hand. */
static void
write_down(TimestampTz now)
{
	bool suspect;

	if (slist_is_empty(&worker.finished))
		return;
	if (worker.gather_since == 0)
		worker.gather_since = now;
	if (write_at() > now)
		return;
	suspect = stir_lanes();
	if (suspect)
		worker.suspect = 0; /* after an error, too, the next one may be taken */
	if (ff_finish(&worker.finished, now))
		worker.look = true;
	if (suspect)
		ff_slot_drop_suspect();
	worker.gather_since = 0;
	worker.write_time = GetCurrentTimestamp() - now;
}

/* Reads the heads of the queue; false when no work is allowed here. */
static bool
look(void)
{
	FfQueueHead *heads;
	TimestampTz began = GetCurrentTimestamp();
	TimestampTz ended;
	int count;

	if (!ff_turn_begin(FF_TURN_ACT, worker.round))
		return false;
	heads = ff_tasks_heads(&count);
	ff_lanes_update(heads, count);
	worker.webhooks_at = ff_webhooks_next();
	worker.jobs_at = ff_jobs_next();
	if (worker.take_over)
	{
		bool more = false;

		ff_turn_commit();
		for (int i = 0; i < count; i++)
		{
			FfClaimResult result;

			if (i > 0 && heads[i].merchant_id == heads[i - 1].merchant_id)
				continue;
			if (!ff_errands_take_over(heads[i].merchant_id, began, &result))
				return false;
			append(&worker.finished, &result.finished);
			more |= result.more;
		}
		worker.take_over = more;
	}
	else
		ff_turn_commit();
	ended = GetCurrentTimestamp();
	worker.look = worker.take_over;
	worker.look_at = ended + LOOK_SHARE * (ended - began);
	worker.poll_at = TimestampTzPlusMilliseconds(ended, ff_guc_poll_interval * INT64CONST(1000));
	return true;
}

static void
take_claimed(FfLane *lane, FfClaimResult *result, TimestampTz now)
{
	if (result->claimed > 0)
		ff_slot_mine()->worked_at = now;
	ff_slot_mine()->calls += result->claimed;
	ff_under_way_send(lane, &result->to_send);
	append(&worker.finished, &result->finished);
}

static int64
task_of(FfClaimResult *result)
{
	slist_head *list = slist_is_empty(&result->to_send) ? &result->finished : &result->to_send;

	return slist_container(FfErrand, node, slist_head_node(list))->task.task_id;
}

/*
 * Suspects go one at a time beside the others: when the next worker dies, the
 * one that was in hand is put aside, and what died along with it is not.
 */
static bool
claim_suspect(FfLane *lane, TimestampTz now)
{
	FfClaimResult result;

	lane->suspects_at = TimestampTzPlusMilliseconds(now, SUSPECT_PAUSE);
	if (worker.suspect != 0 || !ff_slot_take_suspect())
		return true;
	if (!ff_errands_claim(lane, 1, true, now, &result))
	{
		drop_suspect();
		return false;
	}
	if (result.claimed == 0)
		drop_suspect();
	else
		worker.suspect = task_of(&result);
	take_claimed(lane, &result, now);
	return true;
}

/* Claims from one lane; false when no work is allowed here. */
static bool
claim(FfLane *lane, TimestampTz now)
{
	int room = ff_lane_room(lane, ff_under_way_room(), ff_under_way_capacity(), now);
	FfClaimResult result;

	if (room <= 0)
	{
		lane->not_before = now + SHARE_PAUSE;
		return true;
	}
	if (!ff_errands_claim(lane, room, false, now, &result))
		return false;
	take_claimed(lane, &result, now);
	if (lane->due_at == DT_NOEND)
		worker.look = true;
	if (result.claimed == 0 || lane->suspects_at <= now)
		return claim_suspect(lane, now);
	return true;
}

/* A few tasks at a time are not worth a transaction while many calls are under way. */
static bool
room_is_worth_it(void)
{
	int room = ff_under_way_room();

	return room > 0 && (room >= WORTHWHILE || room >= ff_under_way_capacity() / 2);
}

static bool
claim_due(TimestampTz now)
{
	FfLane *lane;

	while (room_is_worth_it() && (lane = ff_lanes_next_due(now)) != NULL)
	{
		if (!claim(lane, now))
			return false;
		if (!slist_is_empty(&worker.finished))
			break; /* local answers are written down before more are made */
	}
	return true;
}

/* What comes in, and what comes with time. */
static bool
do_duties(TimestampTz now)
{
	if (worker.webhooks_at <= now)
	{
		if (!ff_webhooks_apply(now))
			return false;
		worker.webhooks_at = DT_NOEND;
		worker.look = true;
	}
	if (worker.jobs_at <= now)
	{
		if (!ff_jobs_run_due(now))
			return false;
		worker.jobs_at = DT_NOEND;
		worker.look = true;
	}
	return true;
}

static void
notice(TimestampTz now)
{
	uint64 ended = ff_slots_ended();

	uint32 woken = ff_wake_taken();

	if (woken != 0)
		worker.look = true;
	if (woken & FF_WAKE_AFRESH)
		ff_lanes_let_go();
	if (now >= worker.poll_at)
		worker.look = worker.take_over = true; /* leases may have ended by time */
	if (ended != worker.ended_seen)
	{
		worker.ended_seen = ended;
		worker.take_over = true;
		worker.look = true;
	}
}

/* ms until there is something to do; -1: until woken. */
static int
time_to_sleep(bool allowed)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz next = worker.poll_at;

	if (ff_under_way_count() > 0)
		next = Min(next, worker.call_off_at);
	next = Min(next, write_at());
	if (allowed)
	{
		next = Min(next, Min(worker.webhooks_at, worker.jobs_at));
		if (worker.look)
			next = Min(next, worker.look_at);
		if (room_is_worth_it())
			next = Min(next, ff_lanes_next_time());
	}
	if (next <= now)
		return 0;
	return (int) Min((next - now + 999) / 1000, 3600 * 1000);
}

/* One round; answers how long may be slept after it. */
static int
play_round(void)
{
	TimestampTz now = GetCurrentTimestamp();
	bool looks;
	bool allowed = true;

	ff_under_way_collect(&worker.finished);
	if (now >= worker.call_off_at)
	{
		ff_under_way_call_off(now, &worker.finished);
		worker.call_off_at = TimestampTzPlusMilliseconds(now, CALL_OFF_EVERY);
	}
	write_down(now);
	notice(now);
	looks = worker.look && now >= worker.look_at;
	if (looks)
		allowed = look();
	if (allowed)
		allowed = do_duties(now);
	if (allowed)
		allowed = claim_due(now);
	if (!allowed)
	{
		/* whoever lets us go wakes us; the rest is for the next poll */
		worker.look = false;
		worker.webhooks_at = worker.jobs_at = DT_NOEND;
		worker.poll_at = TimestampTzPlusMilliseconds(now, ff_guc_poll_interval * INT64CONST(1000));
		ff_lanes_update(NULL, 0);
	}
	/* a round that did not look, because something else woke it, has nothing new to say of it */
	worker.allowed = allowed && (looks || worker.allowed);
	ff_slot_mine()->in_flight = ff_under_way_count();
	return time_to_sleep(allowed);
}

/* Where it may not act, the turn has said so, and that stays. */
static void
report_state(bool sleeps)
{
	static bool slept = false;
	const char *state = sleeps ? "waiting for work" : "working";

	if (!worker.allowed)
		slept = false;
	if (!worker.allowed || (sleeps && slept))
		return;
	if (sleeps != slept)
		ff_slot_state(state);
	pgstat_report_activity(sleeps ? STATE_IDLE : STATE_RUNNING, state);
	slept = sleeps;
}

/* A round that threw: its transaction ends, everything else stays as it is, and comes later. */
static void
recover(void)
{
	HOLD_INTERRUPTS();
	EmitErrorReport();
	FlushErrorState();
	ff_turn_abort();
	RESUME_INTERRUPTS();
	ff_slot_mine()->errors++;
	if (worker.suspect == 0)
		ff_slot_drop_suspect();
	worker.look = true;
	worker.pause = worker.pause == 0 ? FIRST_PAUSE : Min(worker.pause * 2, LONGEST_PAUSE);
	worker.look_at = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), worker.pause);
	ff_lanes_update(NULL, 0);
}

/* A round and the sleep behind it. */
static void
safe_round(void)
{
	volatile int sleep = 0;

	MemoryContextSwitchTo(worker.round);
	PG_TRY();
	{
		sleep = play_round();
		worker.pause = 0;
		report_state(sleep > 0 && ff_under_way_count() == 0);
		ff_under_way_wait(sleep);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(worker.round);
		recover();
	}
	PG_END_TRY();
	MemoryContextReset(worker.round);
}

static void
reload(void)
{
	if (!ConfigReloadPending)
		return;
	ConfigReloadPending = false;
	ProcessConfigFile(PGC_SIGHUP);
	worker.look = true;
}

/* Calls still on the wire get a moment; then what is known of them is written down. */
static void
leave(void)
{
	TimestampTz until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), GRACE);
	slist_iter iter;

	ff_slot_state("leaving");
	while (ff_under_way_count() > 0 && GetCurrentTimestamp() < until)
	{
		ff_under_way_wait(50);
		ff_under_way_collect(&worker.finished);
	}
	ff_under_way_call_off(DT_NOEND, &worker.finished);
	slist_foreach (iter, &worker.finished)
		slist_container(FfErrand, node, iter.cur)->settle_at = 0;
	MemoryContextSwitchTo(worker.round);
	(void) ff_finish(&worker.finished, GetCurrentTimestamp());
	ff_under_way_end();
	proc_exit(0); /* the launcher starts the next one when there is to be one */
}

void
fulfillment_worker_main(Datum argument)
{
	start();
	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		reload();
		if (ShutdownRequestPending || ff_database_suspended(MyDatabaseId))
			leave();
		safe_round();
	}
}

void
ff_workers_init(void)
{
	ff_wake_init();
	ff_slots_init();
	ff_limiter_init();
	ff_token_shmem_init();
	ff_launcher_init();
	ff_yield_init();
}
