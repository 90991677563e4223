/*
 * limiter.c
 *
 * Token bucket, count of calls in flight and circuit breaker of every
 * connection, in a hash table of fixed size in shared memory; see limiter.h.
 * Decides when a connection may be called; refuses to know who calls it, and
 * with what.
 *
 * When the table is full, the entry that has been idle longest and is in good
 * health gives way.
 */
#include "postgres.h"

#include "storage/ipc.h"
#include "utils/timestamp.h"

#include "pg/guc.h"
#include "pg/shared.h"
#include "workers/limiter.h"
#include "workers/slots.h"

#define MAX_CONNECTIONS 1024
#define BURST_SECONDS   0.05  /* how much of the rate may be saved up */
#define FIRST_OPEN      2000  /* ms a breaker stays open at first */
#define LONGEST_OPEN    60000 /* ms */

typedef struct Entry
{
	FfLimiterState state;
	bool used;
	double tokens;
	TimestampTz filled_at;
	TimestampTz touched_at;
	int open_ms; /* how long the breaker was opened last */
	bool probing;
	uint16 taken[FF_MAX_WORKERS]; /* allowance held by each worker, by slot */
} Entry;

typedef struct Shared
{
	Entry entries[MAX_CONNECTIONS];
} Shared;

static Shared *shared = NULL;
static LWLock *lock;

static const FfSharedPiece piece = {
	"fulfillment_limits", sizeof(Shared), (void **) &shared, &lock, NULL};

void
ff_limiter_init(void)
{
	ff_shared_add(&piece);
}

static bool
same_key(const FfLimiterKey *a, const FfLimiterKey *b)
{
	return a->database == b->database && a->merchant_id == b->merchant_id &&
		   a->connection_id == b->connection_id;
}

static uint32
place_of(const FfLimiterKey *key)
{
	uint64 mixed = (uint64) key->connection_id * UINT64CONST(0x9E3779B97F4A7C15) +
				   (uint64) key->merchant_id * UINT64CONST(0xC2B2AE3D27D4EB4F) + key->database;

	return (uint32) ((mixed ^ (mixed >> 29)) % MAX_CONNECTIONS);
}

/*
 * Entries are never taken out, so a chain of used entries has no holes: a
 * look-up ends at the first free one.  An entry that gives way is replaced in
 * place by the new key, which a look-up then finds by walking on.
 */
static Entry *
find(const FfLimiterKey *key)
{
	uint32 place = place_of(key);

	for (int i = 0; i < MAX_CONNECTIONS; i++)
	{
		Entry *entry = &shared->entries[(place + i) % MAX_CONNECTIONS];

		if (!entry->used)
			return NULL;
		if (same_key(&entry->state.key, key))
			return entry;
	}
	return NULL;
}

static bool
may_give_way(const Entry *entry, const Entry *candidate)
{
	return entry->state.in_flight == 0 && entry->state.breaker == FF_BREAKER_CLOSED &&
		   (candidate == NULL || entry->touched_at < candidate->touched_at);
}

/* Finds the entry or makes it; NULL when the table is full of busy ones. */
static Entry *
obtain(const FfLimiterKey *key, TimestampTz now)
{
	uint32 place = place_of(key);
	Entry *entry = find(key);
	Entry *made = NULL;

	if (entry != NULL)
		return entry;
	for (int i = 0; i < MAX_CONNECTIONS; i++)
	{
		entry = &shared->entries[(place + i) % MAX_CONNECTIONS];
		if (!entry->used)
		{
			made = entry;
			break;
		}
		if (may_give_way(entry, made))
			made = entry;
	}
	if (made == NULL)
		return NULL;
	memset(made, 0, sizeof(Entry));
	made->used = true;
	made->state.key = *key;
	made->filled_at = now;
	made->tokens = 1;
	return made;
}

/* How many calls may be made at once after a pause. */
static double
burst_of(const FfLimit *limit)
{
	return limit->burst > 0 ? limit->burst : Max(1.0, limit->rate * BURST_SECONDS);
}

static void
fill(Entry *entry, const FfLimit *limit, TimestampTz now)
{
	double seconds = (double) Max(0, now - entry->filled_at) / USECS_PER_SEC;

	entry->tokens = Min(burst_of(limit), entry->tokens + seconds * limit->rate);
	entry->filled_at = now;
}

static int
take(Entry *entry, const FfLimit *limit, int wanted, TimestampTz now, TimestampTz *again)
{
	FfLimiterState *state = &entry->state;
	int granted = wanted;

	*again = DT_NOEND;
	if (state->blocked_until > now)
	{
		*again = state->blocked_until;
		return 0;
	}
	if (state->breaker == FF_BREAKER_OPEN && state->open_until > now)
	{
		*again = state->open_until;
		return 0;
	}
	if (state->breaker != FF_BREAKER_CLOSED)
	{
		if (entry->probing)
			return 0;
		granted = 1;
	}
	if (limit->concurrency > 0)
		granted = Min(granted, Max(0, limit->concurrency - state->in_flight));
	if (limit->rate > 0 && granted > 0)
	{
		fill(entry, limit, now);
		if (granted > (int) entry->tokens)
		{
			double missing = Min((double) granted, burst_of(limit));

			*again =
				now + (TimestampTz) ((missing - entry->tokens) / limit->rate * USECS_PER_SEC) + 1;
			granted = (int) entry->tokens;
		}
		entry->tokens -= granted;
	}
	if (granted > 0 && state->breaker != FF_BREAKER_CLOSED)
	{
		state->breaker = FF_BREAKER_HALF_OPEN;
		entry->probing = true;
	}
	return granted;
}

/* What this worker has taken comes back. */
static void
release(Entry *entry)
{
	int slot = ff_slot_index();

	if (entry->taken[slot] == 0)
		return;
	entry->state.in_flight -= entry->taken[slot];
	entry->taken[slot] = 0;
	entry->probing = false;
}

static void
release_all(int code, Datum argument)
{
	LWLockAcquire(lock, LW_EXCLUSIVE);
	for (int i = 0; i < MAX_CONNECTIONS; i++)
		if (shared->entries[i].used)
			release(&shared->entries[i]);
	LWLockRelease(lock);
}

int
ff_limiter_take(const FfLimiterKey *key, const FfLimit *limit, int wanted, TimestampTz now,
				TimestampTz *again)
{
	static bool registered = false;
	Entry *entry;
	int granted = wanted;

	if (!registered)
	{
		before_shmem_exit(release_all, (Datum) 0);
		registered = true;
	}
	*again = DT_NOEND;
	LWLockAcquire(lock, LW_EXCLUSIVE);
	entry = obtain(key, now);
	if (entry != NULL)
	{
		granted = take(entry, limit, wanted, now, again);
		entry->touched_at = now;
		entry->state.in_flight += granted;
		entry->taken[ff_slot_index()] += granted;
	}
	LWLockRelease(lock);
	return granted;
}

/* Takes a call off the counts; false when it was not on them. */
static bool
take_off(Entry *entry, int count)
{
	uint16 *taken = &entry->taken[ff_slot_index()];

	count = Min(count, *taken);
	*taken -= count;
	entry->state.in_flight -= count;
	return count > 0;
}

void
ff_limiter_return(const FfLimiterKey *key, int count)
{
	Entry *entry;

	if (count <= 0)
		return;
	LWLockAcquire(lock, LW_EXCLUSIVE);
	entry = find(key);
	if (entry != NULL && take_off(entry, count))
	{
		entry->tokens += count;
		entry->probing = false;
	}
	LWLockRelease(lock);
}

/* Opens, or opens again, for twice as long as before. */
static bool
open_breaker(Entry *entry, TimestampTz now)
{
	bool first = entry->state.breaker == FF_BREAKER_CLOSED;

	if (entry->state.breaker == FF_BREAKER_OPEN)
		return false; /* calls that were under way when it opened */
	entry->open_ms = first ? FIRST_OPEN : Min(entry->open_ms * 2, LONGEST_OPEN);
	entry->state.breaker = FF_BREAKER_OPEN;
	entry->state.open_until = TimestampTzPlusMilliseconds(now, entry->open_ms);
	return first;
}

static bool
end(Entry *entry, FfEnding ending, int retry_after_s, TimestampTz now)
{
	FfLimiterState *state = &entry->state;

	if (retry_after_s > 0)
		state->blocked_until =
			Max(state->blocked_until,
				TimestampTzPlusMilliseconds(now, retry_after_s * INT64CONST(1000)));
	switch (ending)
	{
		case FF_ENDING_UNMADE:
			entry->probing = false;
			return false;
		case FF_ENDING_FAILED:
			state->failed++;
			state->failed_at = now;
			state->failures++;
			entry->probing = false;
			if (state->failures < ff_guc_breaker_failures && state->breaker == FF_BREAKER_CLOSED)
				return false;
			return open_breaker(entry, now);
		case FF_ENDING_OK:
			state->ok++;
			state->ok_at = now;
			break;
		case FF_ENDING_UNAUTHORIZED:
		case FF_ENDING_REFUSED:
			state->refused++;
			break;
		case FF_ENDING_BUSY:
			state->busy++;
			break;
	}
	if (ending != FF_ENDING_UNAUTHORIZED)
		state->unauthorized_at = 0;
	state->failures = 0;
	state->breaker = FF_BREAKER_CLOSED;
	entry->probing = false;
	return false;
}

bool
ff_limiter_end(const FfLimiterKey *key, FfEnding ending, int retry_after_s, const char *error,
			   TimestampTz now)
{
	Entry *entry;
	bool opened = false;

	LWLockAcquire(lock, LW_EXCLUSIVE);
	entry = find(key);
	if (entry != NULL)
	{
		(void) take_off(entry, 1);
		if (error != NULL)
			strlcpy(entry->state.error, error, FF_LIMITER_ERROR_LENGTH);
		opened = end(entry, ending, retry_after_s, now);
	}
	LWLockRelease(lock);
	return opened;
}

bool
ff_limiter_unauthorized(const FfLimiterKey *key, TimestampTz started_at, TimestampTz now)
{
	Entry *entry;
	bool again = false;

	LWLockAcquire(lock, LW_EXCLUSIVE);
	entry = find(key);
	if (entry != NULL && entry->state.unauthorized_at == 0)
		entry->state.unauthorized_at = now;
	else if (entry != NULL)
		again = started_at > entry->state.unauthorized_at;
	LWLockRelease(lock);
	return again;
}

void
ff_limiter_reset(const FfLimiterKey *key)
{
	Entry *entry;

	if (shared == NULL)
		return;
	LWLockAcquire(lock, LW_EXCLUSIVE);
	entry = find(key);
	if (entry != NULL)
	{
		entry->state.breaker = FF_BREAKER_CLOSED;
		entry->state.failures = 0;
		entry->state.blocked_until = 0;
		entry->state.unauthorized_at = 0;
		entry->probing = false;
	}
	LWLockRelease(lock);
}

const char *
ff_breaker_name(FfBreaker breaker)
{
	static const char *const names[] = {"closed", "open", "half_open"};

	return names[breaker];
}

FfLimiterState *
ff_limiter_copy(Oid database, int *count)
{
	FfLimiterState *copy = palloc(sizeof(FfLimiterState) * MAX_CONNECTIONS);

	*count = 0;
	if (shared == NULL)
		return copy;
	LWLockAcquire(lock, LW_SHARED);
	for (int i = 0; i < MAX_CONNECTIONS; i++)
		if (shared->entries[i].used && shared->entries[i].state.key.database == database)
			copy[(*count)++] = shared->entries[i].state;
	LWLockRelease(lock);
	return copy;
}
