/*
 * lanes.c
 *
 * A small table in the worker's own memory; see lanes.h.
 */
#include "postgres.h"

#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "workers/lanes.h"

#define LEAST_SHARE 8

static HTAB *lanes = NULL;
static FfLaneKey last = {0}; /* the lane looked at last: the next one comes first */

void
ff_lanes_init(void)
{
	HASHCTL control = {0};

	control.keysize = sizeof(FfLaneKey);
	control.entrysize = sizeof(FfLane);
	control.hcxt = TopMemoryContext;
	lanes = hash_create("fulfillment lanes", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

FfLane *
ff_lane_find(int32 merchant_id, int64 connection_id)
{
	FfLaneKey key = {.merchant_id = merchant_id, .connection_id = connection_id};

	return hash_search(lanes, &key, HASH_FIND, NULL);
}

static void
update_lane(const FfQueueHead *head)
{
	FfLaneKey key = {.merchant_id = head->merchant_id, .connection_id = head->connection_id};
	bool found;
	FfLane *lane = hash_search(lanes, &key, HASH_ENTER, &found);

	if (!found)
	{
		memset((char *) lane + sizeof(FfLaneKey), 0, sizeof(FfLane) - sizeof(FfLaneKey));
		lane->not_before = DT_NOBEGIN;
	}
	lane->due_at = head->due_at;
	lane->place = (FfQueuePlace){.due_at = DT_NOBEGIN};
	lane->seen = true;
}

void
ff_lanes_update(const FfQueueHead *heads, int count)
{
	HASH_SEQ_STATUS scan;
	FfLane *lane;

	hash_seq_init(&scan, lanes);
	while ((lane = hash_seq_search(&scan)) != NULL)
	{
		lane->seen = false;
		lane->due_at = DT_NOEND;
	}
	for (int i = 0; i < count; i++)
		update_lane(&heads[i]);
	hash_seq_init(&scan, lanes);
	while ((lane = hash_seq_search(&scan)) != NULL)
		if (!lane->seen && lane->in_flight == 0)
			hash_search(lanes, &lane->key, HASH_REMOVE, NULL);
}

void
ff_lanes_let_go(void)
{
	HASH_SEQ_STATUS scan;
	FfLane *lane;

	hash_seq_init(&scan, lanes);
	while ((lane = hash_seq_search(&scan)) != NULL)
	{
		lane->not_before = DT_NOBEGIN;
		lane->pause = 0;
	}
}

static TimestampTz
time_of(const FfLane *lane)
{
	return Max(lane->due_at, lane->not_before);
}

static bool
comes_before(const FfLaneKey *a, const FfLaneKey *b)
{
	if (a->merchant_id != b->merchant_id)
		return a->merchant_id < b->merchant_id;
	return a->connection_id < b->connection_id;
}

FfLane *
ff_lanes_next_due(TimestampTz now)
{
	HASH_SEQ_STATUS scan;
	FfLane *lane;
	FfLane *after = NULL; /* the first behind the last one */
	FfLane *first = NULL; /* the first of all */

	hash_seq_init(&scan, lanes);
	while ((lane = hash_seq_search(&scan)) != NULL)
	{
		if (time_of(lane) > now)
			continue;
		if (first == NULL || comes_before(&lane->key, &first->key))
			first = lane;
		if (comes_before(&last, &lane->key) &&
			(after == NULL || comes_before(&lane->key, &after->key)))
			after = lane;
	}
	if (after == NULL)
		after = first;
	if (after != NULL)
		last = after->key;
	return after;
}

TimestampTz
ff_lanes_next_time(void)
{
	HASH_SEQ_STATUS scan;
	FfLane *lane;
	TimestampTz next = DT_NOEND;

	hash_seq_init(&scan, lanes);
	while ((lane = hash_seq_search(&scan)) != NULL)
		next = Min(next, time_of(lane));
	return next;
}

int
ff_lane_room(const FfLane *lane, int room, int capacity, TimestampTz now)
{
	HASH_SEQ_STATUS scan;
	FfLane *other;
	int busy = 0;
	int most = capacity - capacity / 4;

	hash_seq_init(&scan, lanes);
	while ((other = hash_seq_search(&scan)) != NULL)
		busy += other->in_flight > 0 || time_of(other) <= now;
	if (busy > 1)
		most = Min(most, Max(LEAST_SHARE, capacity / busy));
	if (lane->in_flight > most / 2)
		return 0; /* a few at a time are not worth a transaction */
	return Min(room, most - lane->in_flight);
}
