/*
 * turn.c
 *
 * Begins and ends the transactions of a worker; see turn.h.
 * Why nothing is done is said once.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "utils/snapmgr.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"

#include "pg/errors.h"
#include "pg/extension.h"
#include "workers/activation.h"
#include "workers/slots.h"
#include "workers/turn.h"

#define PATIENCE 5 /* s */

/* Runs in a signal handler, once in a second of a transaction. */
static void
look_at_clock(void)
{
	static volatile sig_atomic_t seconds = 0;

	if (!ShutdownRequestPending || ++seconds < PATIENCE)
		return;
	ProcDiePending = true;
	InterruptPending = true;
}

/*
 * A worker that is told to leave writes down what it knows.  But somebody's
 * trigger may never end, or a synchronous standby never answer: what takes
 * longer is cut off, so that neither can keep the server from stopping.
 */
static void
watch(bool open)
{
	static TimeoutId clock = MAX_TIMEOUTS;

	if (clock == MAX_TIMEOUTS)
		clock = RegisterTimeout(USER_TIMEOUT, look_at_clock);
	if (open)
		enable_timeout_every(clock, TimestampTzPlusMilliseconds(GetCurrentTimestamp(), 1000), 1000);
	else
		disable_timeout(clock, false);
}

/* Says once why nothing is done, in the log and, as long as it holds, in the slot. */
static void
explain(const char *reason, int sqlstate, const char *hint)
{
	static char last[FF_STATE_LENGTH] = "";

	if (reason == NULL)
	{
		last[0] = '\0';
		return;
	}
	ff_slot_state(reason);
	pgstat_report_activity(STATE_IDLE, reason);
	if (strcmp(last, reason) == 0)
		return;
	strlcpy(last, reason, sizeof(last));
	ereport(LOG,
			(errcode(sqlstate),
			 errmsg("fulfillment worker waits in database \"%s\"", MyBgworkerEntry->bgw_extra),
			 errdetail_internal("%s", reason),
			 errhint("%s", hint)));
}

static bool
extension_ready(Oid *owner)
{
	char *version = NULL;

	switch (ff_extension_lock(&version, owner))
	{
		case FF_EXTENSION_READY:
			return true;
		case FF_EXTENSION_MISSING:
			explain("The extension is not created here.",
					FF_ERR_NOT_READY,
					"Run CREATE EXTENSION fulfillment in this database.");
			break;
		case FF_EXTENSION_OTHER_VERSION:
			explain(psprintf("The extension is of version %s, the library of version %s.",
							 version,
							 FF_VERSION),
					FF_ERR_NOT_READY,
					"Run ALTER EXTENSION fulfillment UPDATE, or restart the server with the "
					"library of the extension.");
			break;
	}
	return false;
}

static bool
activated(void)
{
	FfActivation activation = ff_activation_read();

	if (activation.here && !activation.elsewhere)
		return true;
	explain("The database is a copy: its workers were let go in another one.",
			FF_ERR_NOT_READY,
			"Run SELECT fulfillment.resume_workers() if this is the one to go on.");
	return false;
}

/*
 * The worker's own statements run with the rights of the extension's owner, as
 * its functions do, so the role it connects as needs no right of its own.
 */
static void
act_as(Oid owner)
{
	SetUserIdAndSecContext(owner, SECURITY_LOCAL_USERID_CHANGE);
}

bool
ff_turn_begin(FfPurpose purpose, MemoryContext context)
{
	Oid owner;

	SetCurrentStatementStartTimestamp();
	watch(true);
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	MemoryContextSwitchTo(context);
	if (!extension_ready(&owner))
	{
		ff_turn_commit();
		return false;
	}

	/* what the lock waited for may have changed everything */
	PopActiveSnapshot();
	PushActiveSnapshot(GetTransactionSnapshot());
	act_as(owner);
	if (purpose == FF_TURN_ACT && !activated())
	{
		ff_turn_commit();
		return false;
	}
	if (purpose == FF_TURN_ACT)
		explain(NULL, 0, NULL);
	return true;
}

void
ff_turn_commit(void)
{
	MemoryContext context = CurrentMemoryContext;

	PopActiveSnapshot();
	SetUserIdAndSecContext(GetSessionUserId(), 0);
	CommitTransactionCommand();
	watch(false);
	MemoryContextSwitchTo(context);
	pgstat_report_stat(false);
}

void
ff_turn_abort(void)
{
	MemoryContext context = CurrentMemoryContext;

	AbortCurrentTransaction();
	watch(false);
	MemoryContextSwitchTo(context);
	pgstat_report_stat(false);
}
