/*
 * lanes.h
 *
 * The connections that have tasks, as one worker sees them: which is due when,
 * and how far its queue has been read.  A hint in memory, built anew from the
 * rows whenever in doubt; forgetting it loses nothing but a look.
 */
#ifndef FF_WORKERS_LANES_H
#define FF_WORKERS_LANES_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "tasks/claim.h"

typedef struct FfLaneKey
{
	int32 merchant_id;
	int32 unused; /* keeps the key free of holes */
	int64 connection_id;
} FfLaneKey;

typedef struct FfLane
{
	FfLaneKey key;
	FfQueuePlace place;      /* claims go on behind it */
	TimestampTz due_at;      /* of its first task that waits; DT_NOEND: none */
	TimestampTz not_before;  /* limits, blocks or a blocked subject: no use to look before */
	TimestampTz suspects_at; /* suspects are not looked for before */
	int pause;               /* ms: how long it was left alone when nothing could be claimed */
	int in_flight;           /* calls of ours on the wire */
	bool seen;               /* by the last look */
} FfLane;

extern void ff_lanes_init(void);

/* Brings all lanes up to date with the heads of the queue. */
extern void ff_lanes_update(const FfQueueHead *heads, int count);

/* Somebody has mended a connection: none is left alone any more. */
extern void ff_lanes_let_go(void);

/* The lane to look at next at this time, round and round; NULL when none is due. */
extern FfLane *ff_lanes_next_due(TimestampTz now);
/* When the next lane is due; DT_NOEND: never. */
extern TimestampTz ff_lanes_next_time(void);

/*
 * How many calls of this lane may go on the wire now.  A lane never has all of
 * it, and where several have work no more than its share, so that a peer that
 * does not answer takes nothing from the others.
 */
extern int ff_lane_room(const FfLane *lane, int room, int capacity, TimestampTz now);

extern FfLane *ff_lane_find(int32 merchant_id, int64 connection_id);

#endif
