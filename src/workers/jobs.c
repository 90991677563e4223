/*
 * jobs.c
 *
 * The table of jobs and their clock.  A job writes tasks or asks a room for
 * what time brings; it calls nobody itself and is over in a moment.  One that
 * fails says so in its row and is tried again when it is due next.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "orders/clock.h"
#include "pg/attempt.h"
#include "pg/errors.h"
#include "pg/session.h"
#include "pg/spi.h"
#include "routing/learn.h"
#include "tasks/task.h"
#include "workers/jobs.h"
#include "workers/sync.h"
#include "workers/turn.h"

#define ORDERS_AT_ONCE 200

typedef struct Job
{
	const char *name;
	const char *every; /* default interval */
	const char *cron;  /* the same for pg_cron, which knows minutes */
	void (*run)(int32 merchant_id);
	FfStatement *soonest; /* when there may be something to do before that; NULL: not known */
} Job;

static FfStatement run_maintenance =
	FF_STATEMENT("select fulfillment.maintain_storage($1)", INT4OID);

static FfStatement next_job = FF_STATEMENT(
	"select min(next_at) from fulfillment.schedules where not by_cron and merchant_id > $1",
	INT4OID);

static FfStatement due_jobs =
	FF_STATEMENT("select merchant_id, job from fulfillment.schedules"
				 " where not by_cron and merchant_id > $1 and next_at <= $2 order by next_at",
				 INT4OID, TIMESTAMPTZOID);

static FfStatement claim_job = FF_STATEMENT(
	"select 1 from fulfillment.schedules where merchant_id = $1 and job = $2 and not by_cron"
	" and next_at <= $3 for update skip locked",
	INT4OID, TEXTOID, TIMESTAMPTZOID);

static FfStatement hold_job = FF_STATEMENT(
	"select 1 from fulfillment.schedules where merchant_id = $1 and job = $2 for update", INT4OID,
	TEXTOID);

/*
 * A clock that was stopped does not catch up with what it missed.  A job that
 * knows when there will be something to do ($5) is run then, if that is sooner.
 */
static FfStatement end_job =
	FF_STATEMENT("update fulfillment.schedules set last_at = $3, last_error = $4,"
				 "  next_at = least($3 + every, case when $5 is not null"
				 "   then greatest($5, $3 + interval '1 second') end)"
				 " where merchant_id = $1 and job = $2",
				 INT4OID, TEXTOID, TIMESTAMPTZOID, TEXTOID, TIMESTAMPTZOID);

static FfStatement next_poll = FF_STATEMENT(
	"select least((select min(poll_at) from fulfillment.shipments where merchant_id = $1"
	"   and poll_at is not null), (select min(poll_at) from fulfillment.packages"
	"   where merchant_id = $1 and poll_at is not null), (select min(poll_at)"
	"   from fulfillment.returns where merchant_id = $1 and poll_at is not null))",
	INT4OID);

static FfStatement bring_poll_forward =
	FF_STATEMENT("update fulfillment.schedules s set next_at = n.at from ("
				 " select greatest(least((select min(poll_at) from fulfillment.shipments"
				 "   where merchant_id = $1 and poll_at is not null), (select min(poll_at)"
				 "   from fulfillment.packages where merchant_id = $1 and poll_at is not null)),"
				 "   (select last_at + interval '1 second' from fulfillment.schedules"
				 "    where merchant_id = $1 and job = $2)) as at) n"
				 " where s.merchant_id = $1 and s.job = $2 and not s.by_cron and s.next_at > n.at",
				 INT4OID, TEXTOID);

static FfStatement next_expiry =
	FF_STATEMENT("select least((select min(until) from fulfillment.holds where merchant_id = $1"
				 "   and released_at is null and until is not null),"
				 "  (select min(auto_cancel_at) from fulfillment.orders where merchant_id = $1"
				 "   and auto_cancel_at is not null and state in ('received', 'open')),"
				 "  (select min(stop_deadline) from fulfillment.shipments where merchant_id = $1"
				 "   and stop_deadline is not null),"
				 "  (select min(next_routing_at) from fulfillment.orders where merchant_id = $1"
				 "   and next_routing_at is not null))",
				 INT4OID);

static FfStatement keep_job =
	FF_STATEMENT("insert into fulfillment.schedules (merchant_id, job, every, by_cron)"
				 " values ($1, $2, $3::interval, $4)"
				 " on conflict (merchant_id, job) do update set by_cron = excluded.by_cron,"
				 "  next_at = now()",
				 INT4OID, TEXTOID, TEXTOID, BOOLOID);

static FfStatement forget_jobs =
	FF_STATEMENT("delete from fulfillment.schedules where merchant_id = $1", INT4OID);

static FfStatement cron_is_here = FF_STATEMENT(
	"select exists (select 1 from pg_catalog.pg_extension where extname = $1)", TEXTOID);

/* Prepared only where pg_cron is. */
static FfStatement add_cron_job =
	FF_STATEMENT("select cron.schedule($1, $2, $3)", TEXTOID, TEXTOID, TEXTOID);
static FfStatement drop_cron_jobs =
	FF_STATEMENT("select cron.unschedule(jobid) from cron.job where jobname like $1", TEXTOID);

static void
fetch_orders(int32 merchant_id)
{
	ff_sync_orders(merchant_id, NULL);
}

static void
sync_inventory(int32 merchant_id)
{
	ff_sync_inventory(merchant_id, NULL);
}

static void
fetch_files(int32 merchant_id)
{
	ff_sync_files(merchant_id, NULL);
	ff_chase_confirmations(merchant_id);
}

static void
push_inventory(int32 merchant_id)
{
	ff_push_inventory(merchant_id, NULL);
}

static void
poll_tracking(int32 merchant_id)
{
	ff_poll_tracking(merchant_id);
}

static void
expire(int32 merchant_id)
{
	ff_orders_clock(merchant_id, ORDERS_AT_ONCE);
}

static void
maintain(int32 merchant_id)
{
	ff_run(&run_maintenance, ff_int4(merchant_id));
}

static void
learn_prices(int32 merchant_id)
{
	ff_routing_learn(merchant_id, GetCurrentTransactionStartTimestamp());
}

static const Job jobs[] = {
	{"fetch_orders", "2 minutes", "*/2 * * * *", fetch_orders},
	{"poll_tracking", "1 minute", "* * * * *", poll_tracking, &next_poll},
	{"sync_inventory", "15 minutes", "*/15 * * * *", sync_inventory},
	{"fetch_files", "5 minutes", "*/5 * * * *", fetch_files},
	{"push_inventory", "1 minute", "* * * * *", push_inventory},
	{"expire", "1 minute", "* * * * *", expire, &next_expiry},
	{"learn_prices", "1 day", "23 2 * * *", learn_prices},
	{"retention", "1 day", "17 3 * * *", maintain},
};

static const Job *
job_named(const char *name)
{
	for (int i = 0; i < (int) lengthof(jobs); i++)
		if (strcmp(jobs[i].name, name) == 0)
			return &jobs[i];
	return NULL;
}

typedef struct Run
{
	const Job *job;
	int32 merchant_id;
} Run;

static void
run(void *argument)
{
	Run *run = argument;

	run->job->run(run->merchant_id);
}

/* Runs a job and writes down that it ran; an error is the job's own. */
static void
run_and_note(int32 merchant_id, const char *name)
{
	Run running = {.job = job_named(name), .merchant_id = merchant_id};
	const char *problem = NULL;
	FfArgument soonest = ff_null();
	ErrorData *error;

	if (running.job == NULL)
		problem = "There is no such job.";
	else if (!ff_attempt(run, &running, &error))
		problem = ff_error_sentence(error);
	else if (running.job->soonest != NULL)
	{
		FfRows rows = ff_run(running.job->soonest, ff_int4(merchant_id));

		soonest.value = ff_row_datum(&rows, 0, 1, &soonest.null);
	}
	ff_run(&end_job,
		   ff_int4(merchant_id),
		   ff_text(name),
		   ff_time(GetCurrentTransactionStartTimestamp()),
		   ff_text(problem),
		   soonest);
}

bool
ff_jobs_poll_sooner(int32 merchant_id)
{
	return ff_run(&bring_poll_forward, ff_int4(merchant_id), ff_text("poll_tracking")).count > 0;
}

TimestampTz
ff_jobs_next(void)
{
	TimestampTz next;
	FfRows rows;

	ff_spi_begin();
	rows = ff_run(&next_job, ff_int4(0));
	next = ff_row_null(&rows, 0, 1) ? DT_NOEND : ff_row_time(&rows, 0, 1);
	ff_spi_end();
	return next;
}

static void
run_claimed(int32 merchant_id, const char *name, TimestampTz now)
{
	if (ff_run(&claim_job, ff_int4(merchant_id), ff_text(name), ff_time(now)).count > 0)
		run_and_note(merchant_id, name);
}

bool
ff_jobs_run_due(TimestampTz now)
{
	MemoryContext context = CurrentMemoryContext;
	int count = 0;
	int32 *merchants;
	char **names;
	FfRows rows;

	if (!ff_turn_begin(FF_TURN_ACT, context))
		return false;
	ff_spi_begin();
	MemoryContextSwitchTo(context);
	rows = ff_run(&due_jobs, ff_int4(0), ff_time(now));
	merchants = palloc(sizeof(int32) * (rows.count + 1));
	names = palloc(sizeof(char *) * (rows.count + 1));
	for (; (uint64) count < rows.count; count++)
	{
		merchants[count] = ff_row_int4(&rows, count, 1);
		names[count] = ff_row_text(&rows, count, 2);
	}
	ff_spi_end();
	ff_turn_commit();
	for (int i = 0; i < count; i++)
	{
		if (!ff_turn_begin(FF_TURN_ACT, context))
			return false;
		ff_spi_begin();
		MemoryContextSwitchTo(context);
		run_claimed(merchants[i], names[i], now);
		ff_spi_end();
		ff_turn_commit();
	}
	return true;
}

PG_FUNCTION_INFO_V1(fulfillment_run_job);

/* run_job(job, merchant_id) */
Datum
fulfillment_run_job(PG_FUNCTION_ARGS)
{
	char *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	int32 merchant_id = PG_GETARG_INT32(1);

	ff_require(FF_LEVEL_OPERATOR, merchant_id);
	if (job_named(name) == NULL)
		ereport(ERROR,
				(errcode(FF_ERR_UNKNOWN_OBJECT),
				 errmsg("job \"%s\" does not exist", name),
				 errhint("SELECT fulfillment.schedule_jobs() shows the jobs there are.")));
	ff_spi_begin();
	/* first, as the workers do: a job takes locks of its own, and would meet one of them crosswise
	 */
	ff_run(&hold_job, ff_int4(merchant_id), ff_text(name));
	run_and_note(merchant_id, name);
	ff_spi_end();
	PG_RETURN_VOID();
}

/* "fulfillment fetch_orders 1", and with a percent sign for every job of a merchant. */
static char *
cron_name(const char *job, int32 merchant_id)
{
	return psprintf("fulfillment %s %d", job, merchant_id);
}

static bool
has_cron(void)
{
	FfRows rows = ff_run(&cron_is_here, ff_text("pg_cron"));

	return ff_row_bool(&rows, 0, 1);
}

PG_FUNCTION_INFO_V1(fulfillment_schedule_jobs);

/* schedule_jobs(merchant_id) → who keeps the clock: pg_cron or the workers */
Datum
fulfillment_schedule_jobs(PG_FUNCTION_ARGS)
{
	int32 merchant_id = PG_GETARG_INT32(0);
	bool by_cron;

	ff_require(FF_LEVEL_ADMIN, merchant_id);
	ff_spi_begin();
	by_cron = has_cron();
	for (int i = 0; i < (int) lengthof(jobs); i++)
	{
		const Job *job = &jobs[i];

		ff_run(&keep_job,
			   ff_int4(merchant_id),
			   ff_text(job->name),
			   ff_text(job->every),
			   ff_bool(by_cron));
		if (by_cron)
			ff_run(
				&add_cron_job,
				ff_text(cron_name(job->name, merchant_id)),
				ff_text(job->cron),
				ff_text(psprintf("SELECT fulfillment.run_job('%s', %d)", job->name, merchant_id)));
	}
	ff_tasks_wake_at_commit();
	ff_spi_end();
	PG_RETURN_TEXT_P(cstring_to_text(by_cron ? "pg_cron" : "workers"));
}

PG_FUNCTION_INFO_V1(fulfillment_unschedule_jobs);

/* unschedule_jobs(merchant_id) */
Datum
fulfillment_unschedule_jobs(PG_FUNCTION_ARGS)
{
	int32 merchant_id = PG_GETARG_INT32(0);

	ff_require(FF_LEVEL_ADMIN, merchant_id);
	ff_spi_begin();
	ff_run(&forget_jobs, ff_int4(merchant_id));
	if (has_cron())
		ff_run(&drop_cron_jobs, ff_text(cron_name("%", merchant_id)));
	ff_spi_end();
	PG_RETURN_VOID();
}
