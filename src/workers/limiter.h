/*
 * limiter.h
 *
 * How much a connection may be called: rate, number of calls at once, and the
 * breaker that leaves a failing peer alone.  One state for all workers of the
 * server, so limits hold across them.  Also the counters that
 * connection_health shows.
 *
 * Before a worker claims tasks it takes allowance, and gives back what it did
 * not use; every call made is ended with its ending.  The allowance of a
 * worker that dies comes back by itself.
 */
#ifndef FF_WORKERS_LIMITER_H
#define FF_WORKERS_LIMITER_H

#include "postgres.h"

#include "datatype/timestamp.h"

#define FF_LIMITER_ERROR_LENGTH 128

typedef struct FfLimiterKey
{
	Oid database;
	int32 merchant_id;
	int64 connection_id;
} FfLimiterKey;

/* The connection's limits, its own or its connector's; 0: none. */
typedef struct FfLimit
{
	double rate; /* calls per second */
	int burst;   /* calls at once after a pause; 0: what the rate gives in a moment */
	int concurrency;
} FfLimit;

typedef enum FfBreaker
{
	FF_BREAKER_CLOSED,
	FF_BREAKER_OPEN,     /* no call until it half-opens */
	FF_BREAKER_HALF_OPEN /* one call is tried */
} FfBreaker;

/* How a call ended, as far as the limits care. */
typedef enum FfEnding
{
	FF_ENDING_OK,
	FF_ENDING_REFUSED, /* the peer answered no: it is well */
	FF_ENDING_UNAUTHORIZED,
	FF_ENDING_BUSY,   /* the peer asked to come later: not a failure */
	FF_ENDING_FAILED, /* the peer or the way to it failed */
	FF_ENDING_UNMADE  /* it was never made */
} FfEnding;

typedef struct FfLimiterState
{
	FfLimiterKey key;
	FfBreaker breaker;
	TimestampTz open_until;
	TimestampTz blocked_until;   /* the peer asked not to be called before */
	TimestampTz unauthorized_at; /* since when it refuses the credentials; 0: it does not */
	int failures;                /* in a row */
	int in_flight;
	int64 ok;
	int64 failed;
	int64 refused;
	int64 busy;
	TimestampTz ok_at;
	TimestampTz failed_at;
	char error[FF_LIMITER_ERROR_LENGTH]; /* the last failure or refusal; never a secret */
} FfLimiterState;

/* Only from _PG_init of a preloaded library. */
extern void ff_limiter_init(void);

/*
 * Takes allowance for at most wanted calls and answers for how many.  When it
 * is for fewer, *again is when to ask again: a time, or DT_NOEND when a call
 * of this connection must end first.
 */
extern int ff_limiter_take(const FfLimiterKey *key, const FfLimit *limit, int wanted,
						   TimestampTz now, TimestampTz *again);
/* Gives back allowance for calls that are not made after all. */
extern void ff_limiter_return(const FfLimiterKey *key, int count);
/*
 * Ends one call.  retry_after_s > 0: the peer asked not to be called before,
 * whatever about.  Answers true when this opened the breaker.
 */
extern bool ff_limiter_end(const FfLimiterKey *key, FfEnding ending, int retry_after_s,
						   const char *error, TimestampTz now);
/*
 * Whether credentials were refused for good: a call that began after another
 * one was refused was refused too, and none was accepted in between.  The
 * first refusal may mean no more than that a token was too old.
 */
extern bool ff_limiter_unauthorized(const FfLimiterKey *key, TimestampTz started_at,
									TimestampTz now);
/* Closes the breaker and forgets a block: a person has resumed the connection. */
extern void ff_limiter_reset(const FfLimiterKey *key);

extern const char *ff_breaker_name(FfBreaker breaker);
/* A copy of what is known about a database's connections; palloc'd. */
extern FfLimiterState *ff_limiter_copy(Oid database, int *count);

#endif
