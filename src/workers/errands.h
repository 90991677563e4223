/*
 * errands.h
 *
 * From rows to errands: claims due tasks of one connection, checks what must
 * be checked under lock, loads the calls and builds the messages, and commits
 * before anything is sent.
 */
#ifndef FF_WORKERS_ERRANDS_H
#define FF_WORKERS_ERRANDS_H

#include "workers/errand.h"
#include "workers/lanes.h"

/* What came of looking at a lane. */
typedef struct FfClaimResult
{
	slist_head to_send;  /* errands whose message goes on the wire */
	slist_head finished; /* errands that need no wire */
	int claimed;
	bool more; /* of the dead: not all was taken over in one go */
} FfClaimResult;

/*
 * Claims at most room tasks of the lane; suspects: one of those that workers
 * have died with more than once, else only others.  Sets when the lane is to be
 * looked at again.  Throws; nothing stays claimed or taken then.  False when no
 * work is allowed here.
 */
extern bool ff_errands_claim(FfLane *lane, int room, bool suspects, TimestampTz now,
							 FfClaimResult *result);

/*
 * Takes over what dead workers left behind in one merchant's queue, as
 * finished errands.  False when no work is allowed here.
 */
extern bool ff_errands_take_over(int32 merchant_id, TimestampTz now, FfClaimResult *result);

#endif
