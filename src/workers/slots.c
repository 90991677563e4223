/*
 * slots.c
 *
 * Keeps the table of living workers; see slots.h.  A worker writes only its
 * own slot, and gives it back when it exits, however it does.  When a process
 * is killed the server starts all over and with it this table, empty: every
 * lease of before is then one of the dead.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/ipc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "pg/shared.h"
#include "tasks/claim.h"
#include "tasks/wake.h"
#include "workers/slots.h"

#define MAX_SUSPENDED 16

typedef struct Suspended
{
	Oid database;
	TimestampTz until;
} Suspended;

typedef struct Shared
{
	pg_atomic_uint64 ended;
	FfWorkerSlot slots[FF_MAX_WORKERS];
	Suspended suspended[MAX_SUSPENDED];
} Shared;

static Shared *shared = NULL;
static LWLock *lock;
static FfWorkerSlot *mine = NULL;

static void
start(void *memory)
{
	pg_atomic_init_u64(&((Shared *) memory)->ended, 0);
}

static const FfSharedPiece piece = {
	"fulfillment_workers", sizeof(Shared), (void **) &shared, &lock, start};

void
ff_slots_init(void)
{
	ff_shared_add(&piece);
}

static void
give_back(int code, Datum argument)
{
	Oid database = mine->database;

	LWLockAcquire(lock, LW_EXCLUSIVE);
	memset(mine, 0, sizeof(FfWorkerSlot));
	LWLockRelease(lock);
	mine = NULL;
	pg_atomic_fetch_add_u64(&shared->ended, 1);
	ff_wake_database(database);
}

/* What fits above the lower bits of a lease; no clock and no counter, which a crash sets back. */
static int64
new_incarnation(void)
{
	uint64 random;

	if (!pg_strong_random(&random, sizeof(random)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate a random number for a worker")));
	return (int64) (random >> (FF_LEASE_BITS + 1));
}

FfWorkerSlot *
ff_slot_take(Oid database, int number)
{
	int64 incarnation = new_incarnation();

	Assert(mine == NULL);
	LWLockAcquire(lock, LW_EXCLUSIVE);
	for (int i = 0; i < FF_MAX_WORKERS && mine == NULL; i++)
		if (!OidIsValid(shared->slots[i].database))
			mine = &shared->slots[i];
	if (mine != NULL)
	{
		mine->database = database;
		mine->pid = MyProcPid;
		mine->number = number;
		mine->incarnation = incarnation;
		mine->started_at = GetCurrentTimestamp();
		strlcpy(mine->state, "starting", FF_STATE_LENGTH);
	}
	LWLockRelease(lock);
	if (mine != NULL)
		before_shmem_exit(give_back, (Datum) 0);
	return mine;
}

FfWorkerSlot *
ff_slot_mine(void)
{
	return mine;
}

int
ff_slot_index(void)
{
	return (int) (mine - shared->slots);
}

void
ff_slot_state(const char *state)
{
	LWLockAcquire(lock, LW_EXCLUSIVE);
	strlcpy(mine->state, state, FF_STATE_LENGTH);
	LWLockRelease(lock);
}

bool
ff_slot_take_suspect(void)
{
	bool taken = false;

	LWLockAcquire(lock, LW_EXCLUSIVE);
	for (int i = 0; i < FF_MAX_WORKERS; i++)
		taken |= shared->slots[i].suspect;
	if (!taken)
		mine->suspect = true;
	LWLockRelease(lock);
	return !taken;
}

void
ff_slot_drop_suspect(void)
{
	LWLockAcquire(lock, LW_EXCLUSIVE);
	mine->suspect = false;
	LWLockRelease(lock);
}

bool
ff_slots_exist(void)
{
	return shared != NULL;
}

FfWorkerSlot *
ff_slots_copy(int *count)
{
	FfWorkerSlot *copy = palloc(sizeof(FfWorkerSlot) * FF_MAX_WORKERS);

	*count = 0;
	if (shared == NULL)
		return copy;
	LWLockAcquire(lock, LW_SHARED);
	for (int i = 0; i < FF_MAX_WORKERS; i++)
		if (OidIsValid(shared->slots[i].database))
			copy[(*count)++] = shared->slots[i];
	LWLockRelease(lock);
	return copy;
}

static bool
is_alive(int64 incarnation)
{
	for (int i = 0; i < FF_MAX_WORKERS; i++)
		if (OidIsValid(shared->slots[i].database) && shared->slots[i].incarnation == incarnation)
			return true;
	return false;
}

int
ff_slots_keep_dead(int64 *incarnations, int count)
{
	int kept = 0;

	LWLockAcquire(lock, LW_SHARED);
	for (int i = 0; i < count; i++)
		if (!is_alive(incarnations[i]))
			incarnations[kept++] = incarnations[i];
	LWLockRelease(lock);
	return kept;
}

uint64
ff_slots_ended(void)
{
	return pg_atomic_read_u64(&shared->ended);
}

void
ff_database_suspend(Oid database, int seconds)
{
	TimestampTz now = GetCurrentTimestamp();
	Suspended *place = NULL;

	if (shared == NULL)
		return;
	LWLockAcquire(lock, LW_EXCLUSIVE);
	for (int i = 0; i < MAX_SUSPENDED; i++)
	{
		Suspended *entry = &shared->suspended[i];

		if (entry->database == database)
		{
			place = entry;
			break;
		}
		if (place == NULL && entry->until <= now)
			place = entry;
	}
	if (place != NULL)
	{
		place->database = database;
		place->until = TimestampTzPlusMilliseconds(now, seconds * INT64CONST(1000));
	}
	LWLockRelease(lock);
	ff_wake_database(database);
}

bool
ff_database_suspended(Oid database)
{
	TimestampTz now = GetCurrentTimestamp();
	bool found = false;

	LWLockAcquire(lock, LW_SHARED);
	for (int i = 0; i < MAX_SUSPENDED && !found; i++)
		found = shared->suspended[i].database == database && shared->suspended[i].until > now;
	LWLockRelease(lock);
	return found;
}
