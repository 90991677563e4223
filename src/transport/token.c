/*
 * token.c
 *
 * The table of access tokens; see token.h for what it promises.  Keys stand
 * apart from the tokens so that a look-up reads little memory.  One lock
 * guards everything and is held for a look-up or a copy, never longer.
 *
 * Time and the process that fetches are all that is judged here; how a token
 * is fetched is known to auth.c and wire.c.
 */
#include "postgres.h"

#include <signal.h>

#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/procarray.h"
#include "storage/shmem.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "transport/token.h"

#define TOKENS  512
#define TRANCHE "fulfillment_tokens"

/* A fetch that takes longer is given to somebody else. */
#define FETCH_LIMIT_MS     60000
#define UNKNOWN_LIFETIME_S 300
#define LONGEST_LEAD_S     1800
#define LONGEST_MARGIN_S   10
#define FIRST_PAUSE_S      5
#define LONGEST_PAUSE_S    600
/* how long a token that was refused right after its fetch is not fetched again */
#define REFUSED_PAUSE_S 60

typedef struct Token
{
	char text[FF_TOKEN_SIZE];
	uint64 generation;
	TimestampTz stored_at;
	TimestampTz renew_at;
	TimestampTz ends_at;
	TimestampTz used_at;
	int fetcher; /* pid of the process that fetches; 0 none */
	TimestampTz fetch_began_at;
	TimestampTz not_before; /* after a failure: no fetch before this time */
	int failures;           /* in a row */
	bool unauthorized;
	char error[FF_TOKEN_ERROR_SIZE];
} Token;

typedef struct TokenTable
{
	uint64 last_generation;
	FfTokenKey keys[TOKENS]; /* database InvalidOid: free */
	Token tokens[TOKENS];
} TokenTable;

static TokenTable *table;
static LWLock *lock; /* NULL: the table is this process's own */
static bool exit_registered;

static shmem_request_hook_type previous_request_hook;
static shmem_startup_hook_type previous_startup_hook;

static void
request_memory(void)
{
	if (previous_request_hook)
		previous_request_hook();
	RequestAddinShmemSpace(sizeof(TokenTable));
	RequestNamedLWLockTranche(TRANCHE, 1);
}

static void
attach_memory(void)
{
	bool found;

	if (previous_startup_hook)
		previous_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	table = ShmemInitStruct("fulfillment tokens", sizeof(TokenTable), &found);
	if (!found)
		memset(table, 0, sizeof(TokenTable));
	lock = &GetNamedLWLockTranche(TRANCHE)->lock;
	LWLockRelease(AddinShmemInitLock);
}

void
ff_token_shmem_init(void)
{
	previous_request_hook = shmem_request_hook;
	shmem_request_hook = request_memory;
	previous_startup_hook = shmem_startup_hook;
	shmem_startup_hook = attach_memory;
}

static void
enter(void)
{
	if (lock)
		LWLockAcquire(lock, LW_EXCLUSIVE);
	else if (table == NULL)
		table = MemoryContextAllocZero(TopMemoryContext, sizeof(TokenTable));
}

static void
leave(void)
{
	if (lock)
		LWLockRelease(lock);
}

static bool
same_connection(const FfTokenKey *one, const FfTokenKey *other)
{
	return one->connection_id == other->connection_id && one->merchant_id == other->merchant_id &&
		   one->database == other->database;
}

static bool
same_place(const FfTokenKey *one, const FfTokenKey *other)
{
	return same_connection(one, other) && one->place == other->place;
}

/* The token of a place; NULL when there is none. */
static Token *
find(const FfTokenKey *key)
{
	for (int i = 0; i < TOKENS; i++)
	{
		if (same_place(&table->keys[i], key))
			return &table->tokens[i];
	}
	return NULL;
}

/* The same when it was made with the same credentials. */
static Token *
find_same(const FfTokenKey *key)
{
	Token *token = find(key);

	if (token && memcmp(table->keys[token - table->tokens].credentials,
						key->credentials,
						FF_TOKEN_DIGEST_SIZE) != 0)
		return NULL;
	return token;
}

/* A clean place for a connection: its own, a free one, or the one unused for longest. */
static Token *
take_place(const FfTokenKey *key)
{
	Token *token = find(key);

	if (token == NULL)
	{
		token = &table->tokens[0];
		for (int i = 0; i < TOKENS; i++)
		{
			if (!OidIsValid(table->keys[i].database))
			{
				token = &table->tokens[i];
				break;
			}
			if (table->tokens[i].used_at < token->used_at)
				token = &table->tokens[i];
		}
	}
	explicit_bzero(token, sizeof(Token));
	table->keys[token - table->tokens] = *key;
	return token;
}

static bool
being_fetched(const Token *token, TimestampTz now)
{
	return token->fetcher != 0 &&
		   !TimestampDifferenceExceeds(token->fetch_began_at, now, FETCH_LIMIT_MS) &&
		   (lock == NULL || BackendPidGetProc(token->fetcher) != NULL);
}

/* A process that goes leaves no fetch behind for others to wait for. */
static void
release_all(int code, Datum argument)
{
	enter();
	for (int i = 0; i < TOKENS; i++)
	{
		if (table->tokens[i].fetcher == MyProcPid)
			table->tokens[i].fetcher = 0;
	}
	leave();
}

FfTokenAdvice
ff_token_look_up(const FfTokenKey *key, TimestampTz now, FfTokenAnswer *answer)
{
	FfTokenAdvice advice;
	Token *token;
	bool usable;

	answer->token[0] = '\0';
	answer->error[0] = '\0';
	answer->generation = 0;
	answer->unauthorized = false;
	answer->retry_after_s = -1;
	if (!exit_registered)
	{
		before_shmem_exit(release_all, (Datum) 0);
		exit_registered = true;
	}
	enter();
	token = find_same(key);
	if (token == NULL)
		token = take_place(key);
	token->used_at = now;
	usable = token->text[0] != '\0' && now < token->ends_at;
	if (usable)
	{
		strlcpy(answer->token, token->text, FF_TOKEN_SIZE);
		answer->generation = token->generation;
	}
	if (usable && (now < token->renew_at || now < token->not_before || being_fetched(token, now)))
		advice = FF_TOKEN_USE;
	else if (now < token->not_before)
	{
		advice = FF_TOKEN_FAILED;
		strlcpy(answer->error, token->error, FF_TOKEN_ERROR_SIZE);
		answer->unauthorized = token->unauthorized;
		answer->retry_after_s = (int) ((token->not_before - now) / USECS_PER_SEC) + 1;
	}
	else if (being_fetched(token, now))
		advice = FF_TOKEN_WAIT;
	else
	{
		advice = FF_TOKEN_FETCH;
		token->fetcher = MyProcPid;
		token->fetch_began_at = now;
	}
	leave();
	return advice;
}

void
ff_token_store(const FfTokenKey *key, const char *text, int lifetime_s, TimestampTz now)
{
	int64 lifetime = (lifetime_s > 0 ? lifetime_s : UNKNOWN_LIFETIME_S) * USECS_PER_SEC;
	Token *token;

	enter();
	/* unless the credentials were changed while this token was fetched */
	token = find_same(key);
	if (token != NULL)
	{
		/* the peer counts from when it gave the token, not from when that was read here */
		TimestampTz given_at = token->fetcher == MyProcPid ? token->fetch_began_at : now;

		token = take_place(key);
		strlcpy(token->text, text, FF_TOKEN_SIZE);
		token->generation = ++table->last_generation;
		token->stored_at = now;
		token->renew_at = given_at + lifetime - Min(lifetime / 10, LONGEST_LEAD_S * USECS_PER_SEC);
		token->ends_at = given_at + lifetime - Min(lifetime / 20, LONGEST_MARGIN_S * USECS_PER_SEC);
		token->used_at = now;
	}
	leave();
}

void
ff_token_fail(const FfTokenKey *key, const char *error, bool unauthorized, int retry_after_s,
			  TimestampTz now)
{
	Token *token;

	enter();
	token = find_same(key);
	if (token != NULL)
	{
		int64 pause = retry_after_s;

		if (pause < 1)
			pause = Min(FIRST_PAUSE_S << Min(token->failures, 10), LONGEST_PAUSE_S);
		token->failures++;
		token->not_before = now + pause * USECS_PER_SEC;
		token->unauthorized = unauthorized;
		strlcpy(token->error, error, FF_TOKEN_ERROR_SIZE);
		token->fetcher = 0;
	}
	leave();
}

void
ff_token_release(const FfTokenKey *key)
{
	Token *token;

	enter();
	token = find_same(key);
	if (token != NULL && token->fetcher == MyProcPid)
		token->fetcher = 0;
	leave();
}

static void
forget(Token *token, bool refused, TimestampTz now)
{
	bool in_time = now < token->renew_at; /* else it ended on its way */

	explicit_bzero(token->text, FF_TOKEN_SIZE);
	token->ends_at = 0;
	if (!refused)
	{
		/* whoever says so has mended something */
		token->not_before = 0;
		token->failures = 0;
	}
	/*
	 * A fresh token that is refused is no better when fetched again at once;
	 * only a second one that is refused says something of the credentials.
	 */
	else if (in_time && !TimestampDifferenceExceeds(token->stored_at, now, REFUSED_PAUSE_S * 1000))
	{
		token->not_before = token->stored_at + REFUSED_PAUSE_S * USECS_PER_SEC;
		token->unauthorized = false;
		strlcpy(token->error,
				"the peer refused an access token that was just fetched",
				FF_TOKEN_ERROR_SIZE);
	}
}

void
ff_token_forget(Oid database, int merchant_id, int64 connection_id, uint64 generation)
{
	FfTokenKey key = {
		.database = database, .merchant_id = merchant_id, .connection_id = connection_id};
	TimestampTz now = GetCurrentTimestamp();
	Token *grant;

	if (table == NULL)
		return;
	enter();
	key.place = FF_TOKEN_GRANT;
	grant = find(&key);
	for (key.place = FF_TOKEN_FIRST; key.place <= FF_TOKEN_APART; key.place++)
	{
		Token *token = find(&key);

		/* who refuses what was forgotten already tells nothing new */
		if (token == NULL ||
			(generation != 0 && (token->generation != generation || token->text[0] == '\0')))
			continue;
		forget(token, generation != 0, now);
		if (grant != NULL && key.place == FF_TOKEN_FIRST)
			forget(grant, false, now);
	}
	leave();
}
