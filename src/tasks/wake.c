/*
 * wake.c
 *
 * The list of listening workers in shared memory, and the callback by which a
 * commit sets their latches.  Decides who is woken and when; refuses to know
 * what for.  See wake.h.
 *
 * The flag of a listener is raised before its latch is set, and a listener
 * lowers it before it looks, so no wake-up is lost between the two.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "port/atomics.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "tcop/utility.h"

#include "pg/shared.h"
#include "tasks/task.h"
#include "tasks/wake.h"

#define MAX_LISTENERS 128

typedef struct Listener
{
	Oid database; /* InvalidOid: free */
	Latch *latch;
	pg_atomic_uint32 raised;
} Listener;

typedef struct Shared
{
	Listener listeners[MAX_LISTENERS];
} Shared;

static Shared *shared = NULL;
static LWLock *lock;
static Listener *mine = NULL;
static uint32 wanted = 0; /* what this transaction wakes for */

static ProcessUtility_hook_type earlier_utility = NULL;

static void
wake(Oid database, uint32 reasons)
{
	if (shared == NULL)
		return;
	LWLockAcquire(lock, LW_SHARED);
	for (int i = 0; i < MAX_LISTENERS; i++)
	{
		Listener *listener = &shared->listeners[i];

		if (listener->database != database)
			continue;
		pg_atomic_fetch_or_u32(&listener->raised, reasons);
		pg_memory_barrier();
		SetLatch(listener->latch);
	}
	LWLockRelease(lock);
}

void
ff_wake_database(Oid database)
{
	wake(database, FF_WAKE_WORK);
}

static void
at_end(XactEvent event, void *argument)
{
	if (wanted == 0)
		return;
	switch (event)
	{
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_PARALLEL_COMMIT:
			wake(MyDatabaseId, wanted);
			wanted = 0;
			break;
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PARALLEL_ABORT:
		case XACT_EVENT_PREPARE: /* COMMIT PREPARED wakes, see below */
			wanted = 0;
			break;
		default:
			break;
	}
}

static void
want(uint32 reasons)
{
	static bool registered = false;

	if (!registered)
	{
		RegisterXactCallback(at_end, NULL);
		registered = true;
	}
	wanted |= reasons;
}

void
ff_tasks_wake_at_commit(void)
{
	want(FF_WAKE_WORK);
}

void
ff_tasks_wake_afresh_at_commit(void)
{
	want(FF_WAKE_WORK | FF_WAKE_AFRESH);
}

/* What a prepared transaction wrote is unknown here, so its end wakes in any case. */
static void
after_utility(PlannedStmt *statement, const char *text, bool read_only,
			  ProcessUtilityContext context, ParamListInfo parameters,
			  QueryEnvironment *environment, DestReceiver *receiver, QueryCompletion *completion)
{
	bool prepared =
		IsA(statement->utilityStmt, TransactionStmt) &&
		castNode(TransactionStmt, statement->utilityStmt)->kind == TRANS_STMT_COMMIT_PREPARED;
	ProcessUtility_hook_type next =
		earlier_utility != NULL ? earlier_utility : standard_ProcessUtility;

	next(statement, text, read_only, context, parameters, environment, receiver, completion);
	if (prepared)
		wake(MyDatabaseId, FF_WAKE_WORK | FF_WAKE_AFRESH);
}

static void
leave(int code, Datum argument)
{
	if (mine == NULL)
		return;
	LWLockAcquire(lock, LW_EXCLUSIVE);
	mine->database = InvalidOid;
	mine->latch = NULL;
	LWLockRelease(lock);
	mine = NULL;
}

void
ff_wake_listen(Oid database)
{
	if (shared == NULL || mine != NULL)
		return;
	LWLockAcquire(lock, LW_EXCLUSIVE);
	for (int i = 0; i < MAX_LISTENERS && mine == NULL; i++)
	{
		Listener *listener = &shared->listeners[i];

		if (OidIsValid(listener->database))
			continue;
		listener->database = database;
		listener->latch = MyLatch;
		pg_atomic_write_u32(&listener->raised, FF_WAKE_WORK);
		mine = listener;
	}
	LWLockRelease(lock);
	if (mine != NULL)
		before_shmem_exit(leave, (Datum) 0);
}

uint32
ff_wake_taken(void)
{
	return mine == NULL ? 0 : pg_atomic_exchange_u32(&mine->raised, 0);
}

static void
start(void *memory)
{
	for (int i = 0; i < MAX_LISTENERS; i++)
		pg_atomic_init_u32(&((Shared *) memory)->listeners[i].raised, 0);
}

static const FfSharedPiece piece = {
	"fulfillment_wake", sizeof(Shared), (void **) &shared, &lock, start};

void
ff_wake_init(void)
{
	ff_shared_add(&piece);
	earlier_utility = ProcessUtility_hook;
	ProcessUtility_hook = after_utility;
}
