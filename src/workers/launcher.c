/*
 * launcher.c
 *
 * Reads fulfillment.databases and keeps fulfillment.workers dynamic workers in
 * each.  Decides when a worker is started, started again and ended; refuses to
 * know what it does.  Runs on a primary only: it is started when recovery has
 * finished, so a standby has none until it is promoted.
 *
 * Nothing here is ever given up: a database that is not there yet, a server
 * without a free process, a worker that dies at once are tried again, later
 * and later, and said once in the log.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

#include "pg/errors.h"
#include "pg/guc.h"
#include "workers/launcher.h"
#include "workers/slots.h"

#define LIBRARY       "fulfillment"
#define FIRST_PAUSE   1000  /* ms until a worker that ended is started again */
#define LONGEST_PAUSE 60000 /* ms */
#define GOOD_LIFE     10000 /* ms after which an end is no reason to wait longer */

typedef struct Charge
{
	char database[NAMEDATALEN];
	int number;
	bool wanted;
	BackgroundWorkerHandle *handle; /* NULL: none is running */
	TimestampTz started_at;
	TimestampTz next_try;
	int pause;             /* ms */
	const char *complaint; /* the last one logged, a static string; NULL: all is well */
} Charge;

static Charge *charges = NULL; /* in TopMemoryContext; entries that are not wanted and not running
								   are reused */
static int charge_count = 0;
static char *role_in_use = NULL;

static Charge *
charge_of(const char *database, int number)
{
	Charge *unused = NULL;

	for (int i = 0; i < charge_count; i++)
	{
		if (strcmp(charges[i].database, database) == 0 && charges[i].number == number)
			return &charges[i];
		if (!charges[i].wanted && charges[i].handle == NULL)
			unused = &charges[i];
	}
	if (unused == NULL)
	{
		Size size = sizeof(Charge) * (charge_count + 1);

		charges =
			charges == NULL ? MemoryContextAlloc(TopMemoryContext, size) : repalloc(charges, size);
		unused = &charges[charge_count++];
	}
	memset(unused, 0, sizeof(Charge));
	strlcpy(unused->database, database, NAMEDATALEN);
	unused->number = number;
	unused->pause = FIRST_PAUSE;
	return unused;
}

/* Brings the list of charges up to date with the settings. */
static void
read_settings(void)
{
	char *text = pstrdup(ff_guc_databases);
	List *names = NIL;
	ListCell *cell;
	bool other_role = role_in_use != NULL && strcmp(role_in_use, ff_guc_worker_role) != 0;

	if (!SplitIdentifierString(text, ',', &names))
	{
		ereport(LOG,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("could not read setting \"fulfillment.databases\""),
				 errdetail("It is not a list of names separated by commas.")));
		names = NIL;
	}
	for (int i = 0; i < charge_count; i++)
		charges[i].wanted = false;
	foreach (cell, names)
		for (int number = 1; number <= ff_guc_workers; number++)
			charge_of(lfirst(cell), number)->wanted = true;
	for (int i = 0; i < charge_count; i++)
		if (charges[i].handle != NULL && (!charges[i].wanted || other_role))
			TerminateBackgroundWorker(charges[i].handle);
	if (role_in_use == NULL || other_role)
		role_in_use = MemoryContextStrdup(TopMemoryContext, ff_guc_worker_role);
	list_free(names);
	pfree(text);
}

/* Logs a complaint unless it is the one logged before, and waits longer. */
static void
postpone(Charge *charge, const char *complaint, int sqlstate, const char *detail, const char *hint)
{
	if (complaint != NULL && charge->complaint != complaint)
		ereport(LOG,
				(errcode(sqlstate),
				 errmsg("could not start worker %d of database \"%s\"",
						charge->number,
						charge->database),
				 errdetail_internal("%s", detail),
				 errhint("%s", hint)));
	charge->complaint = complaint;
	charge->next_try = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), charge->pause);
	charge->pause = Min(charge->pause * 2, LONGEST_PAUSE);
}

/*
 * Reads the catalog of databases as autovacuum's launcher does: a process
 * without a database has no index to look it up by.
 */
static Oid
database_oid(const char *name)
{
	Oid database = InvalidOid;
	Relation catalog;
	TableScanDesc scan;
	HeapTuple row;

	StartTransactionCommand();
	(void) GetTransactionSnapshot();
	catalog = table_open(DatabaseRelationId, AccessShareLock);
	scan = table_beginscan_catalog(catalog, 0, NULL);
	while (HeapTupleIsValid(row = heap_getnext(scan, ForwardScanDirection)))
	{
		Form_pg_database form = (Form_pg_database) GETSTRUCT(row);

		if (strcmp(NameStr(form->datname), name) == 0)
			database = form->oid;
	}
	table_endscan(scan);
	table_close(catalog, AccessShareLock);
	CommitTransactionCommand();
	return database;
}

static void
start_worker(Charge *charge)
{
	static const char *const missing = "missing";
	static const char *const full = "full";
	BackgroundWorker worker = {0};
	Oid database = database_oid(charge->database);

	if (!OidIsValid(database))
	{
		postpone(charge,
				 missing,
				 ERRCODE_UNDEFINED_DATABASE,
				 "The database does not exist.",
				 "Create it, or take it out of fulfillment.databases.");
		return;
	}
	if (ff_database_suspended(database))
	{
		postpone(charge, NULL, 0, NULL, NULL);
		return;
	}
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	strlcpy(worker.bgw_library_name, LIBRARY, BGW_MAXLEN);
	strlcpy(worker.bgw_function_name, "fulfillment_worker_main", BGW_MAXLEN);
	strlcpy(worker.bgw_type, "fulfillment worker", BGW_MAXLEN);
	snprintf(worker.bgw_name,
			 BGW_MAXLEN,
			 "fulfillment worker %d of database %s",
			 charge->number,
			 charge->database);
	strlcpy(worker.bgw_extra, charge->database, BGW_EXTRALEN);
	worker.bgw_main_arg = Int32GetDatum(charge->number);
	worker.bgw_notify_pid = MyProcPid;
	if (!RegisterDynamicBackgroundWorker(&worker, &charge->handle))
	{
		charge->handle = NULL;
		postpone(charge,
				 full,
				 ERRCODE_CONFIGURATION_LIMIT_EXCEEDED,
				 "All background processes of the server are in use.",
				 "Increase max_worker_processes.");
		return;
	}
	charge->complaint = NULL;
	charge->started_at = GetCurrentTimestamp();
}

/* Notes that a worker has ended and when to start the next. */
static void
look_after(Charge *charge, TimestampTz now)
{
	pid_t pid;

	if (charge->handle == NULL || GetBackgroundWorkerPid(charge->handle, &pid) != BGWH_STOPPED)
		return;
	pfree(charge->handle);
	charge->handle = NULL;
	if (TimestampDifferenceExceeds(charge->started_at, now, GOOD_LIFE))
		charge->pause = FIRST_PAUSE;
	postpone(charge, NULL, 0, NULL, NULL);
}

/* Starts what is due; answers how many ms may pass until something is, -1 for ever. */
static long
tend(void)
{
	TimestampTz now = GetCurrentTimestamp();
	long wait = -1;

	for (int i = 0; i < charge_count; i++)
	{
		Charge *charge = &charges[i];

		look_after(charge, now);
		if (!charge->wanted || charge->handle != NULL)
			continue;
		if (charge->next_try <= now)
			start_worker(charge);
		if (charge->handle == NULL)
		{
			long until =
				TimestampDifferenceMilliseconds(GetCurrentTimestamp(), charge->next_try) + 1;

			wait = wait < 0 ? until : Min(wait, until);
		}
	}
	return wait;
}

void
fulfillment_launcher_main(Datum argument)
{
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, SignalHandlerForShutdownRequest);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	read_settings();
	while (!ShutdownRequestPending)
	{
		long wait = tend();

		(void) WaitLatch(MyLatch,
						 WL_LATCH_SET | WL_EXIT_ON_PM_DEATH | (wait < 0 ? 0 : WL_TIMEOUT),
						 wait,
						 PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
			read_settings();
			for (int i = 0; i < charge_count; i++)
				charges[i].next_try = 0;
		}
	}
	proc_exit(1);
}

void
ff_launcher_init(void)
{
	BackgroundWorker worker = {0};

	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = 5;
	strlcpy(worker.bgw_library_name, LIBRARY, BGW_MAXLEN);
	strlcpy(worker.bgw_function_name, "fulfillment_launcher_main", BGW_MAXLEN);
	strlcpy(worker.bgw_name, "fulfillment launcher", BGW_MAXLEN);
	strlcpy(worker.bgw_type, "fulfillment launcher", BGW_MAXLEN);
	RegisterBackgroundWorker(&worker);
}
