/*
 * retry.h
 *
 * When a call that did not succeed is made again, and when a person is asked
 * instead: one row of a table per kind of failure.  Pure; chance is an
 * argument.
 */
#ifndef FF_TASKS_RETRY_H
#define FF_TASKS_RETRY_H

#include "postgres.h"

typedef enum FfFailure
{
	FF_FAILURE_NOT_SENT,      /* the peer could not be reached: nothing happened */
	FF_FAILURE_BUSY,          /* the peer asked to come later: nothing happened */
	FF_FAILURE_PEER,          /* the peer failed, and the call may be repeated */
	FF_FAILURE_UNKNOWN,       /* it may have happened: look it up */
	FF_FAILURE_NOT_FOUND_YET, /* the look-up cannot prove anything yet */
	FF_FAILURE_UNAUTHORIZED,  /* credentials or token refused */
	FF_FAILURE_DIED,          /* a worker died with it in hand */
	FF_FAILURE_OURS,          /* we could not make the call or take its answer: an error here */
	FF_FAILURE_COUNT
} FfFailure;

/*
 * Milliseconds until the next attempt, or -1 when it was the last one.
 * attempts counts those made, the failed one included; chance is in [0, 1);
 * retry_after_s is what the peer asked for, -1 for nothing.
 */
extern int64 ff_retry_delay(FfFailure failure, int attempts, int max_attempts, int retry_after_s,
							double chance);

extern const char *ff_failure_name(FfFailure failure);

#endif
