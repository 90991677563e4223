/*
 * token.h
 *
 * The access tokens (OAuth2 client credentials) of all connections, shared by
 * all processes of the server, so that one token call serves them all.  Fixed
 * size: 512 tokens of at most 4 kB; the least recently used one gives way.
 *
 * A look-up answers what to do: use this token, fetch one (the caller then
 * must report with ff_token_store, ff_token_fail or ff_token_release), wait
 * for the process that is fetching, or give up because a fetch failed lately.
 * A fetcher that died or takes longer than a minute is replaced.  A token is
 * renewed before it ends by a tenth of its life, at most 30 minutes.  Until
 * then the old one stays in use, but for the last twentieth of its life, at
 * most 10 seconds: what is sent with it then could arrive too late.
 *
 * This file knows no HTTP and no curl.  Without shared memory (the library is
 * not preloaded) the table belongs to the process.
 */
#ifndef FF_TRANSPORT_TOKEN_H
#define FF_TRANSPORT_TOKEN_H

#include "postgres.h"

#include "datatype/timestamp.h"

#define FF_TOKEN_SIZE        4096 /* with its NUL */
#define FF_TOKEN_ERROR_SIZE  160
#define FF_TOKEN_DIGEST_SIZE 16

/* Tokens that one connection may have at the same time. */
typedef enum FfTokenPlace
{
	FF_TOKEN_FIRST,
	FF_TOKEN_APART, /* of other credentials */
	FF_TOKEN_GRANT  /* fetched with the first, and ends with it */
} FfTokenPlace;

typedef struct FfTokenKey
{
	Oid database;
	int32 merchant_id;
	int64 connection_id;
	FfTokenPlace place;
	uint8 credentials[FF_TOKEN_DIGEST_SIZE]; /* digest of all that makes the token call: other
												secrets, other token */
} FfTokenKey;

typedef enum FfTokenAdvice
{
	FF_TOKEN_USE,   /* token and generation are set */
	FF_TOKEN_FETCH, /* the caller fetches; token is set too when the old one is still good */
	FF_TOKEN_WAIT,  /* another process fetches; look again soon */
	FF_TOKEN_FAILED /* the last fetch failed: error, unauthorized and retry_after_s are set */
} FfTokenAdvice;

typedef struct FfTokenAnswer
{
	char token[FF_TOKEN_SIZE]; /* "" when there is none */
	uint64 generation;
	char error[FF_TOKEN_ERROR_SIZE];
	bool unauthorized;
	int retry_after_s;
} FfTokenAnswer;

/* Asks for shared memory; only from _PG_init of a preloaded library. */
extern void ff_token_shmem_init(void);

extern FfTokenAdvice ff_token_look_up(const FfTokenKey *key, TimestampTz now,
									  FfTokenAnswer *answer);

/* The ends of a fetch.  lifetime_s below 1 counts as unknown (5 minutes). */
extern void ff_token_store(const FfTokenKey *key, const char *token, int lifetime_s,
						   TimestampTz now);
/* retry_after_s -1: 5 s, doubled with every failure in a row, at most 10 minutes. */
extern void ff_token_fail(const FfTokenKey *key, const char *error, bool unauthorized,
						  int retry_after_s, TimestampTz now);
/* The fetch was given up without a result; the next look-up may fetch. */
extern void ff_token_release(const FfTokenKey *key);

/*
 * The peer refused this token (401): the next look-up fetches, but not within a
 * minute of the last fetch.  Does nothing when another generation stands there
 * already; generation 0 matches any and may be fetched at once.  A grant that
 * was fetched with the token is forgotten with it.
 */
extern void ff_token_forget(Oid database, int merchant_id, int64 connection_id, uint64 generation);

#endif
