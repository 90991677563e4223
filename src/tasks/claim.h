/*
 * claim.h
 *
 * Takes due tasks under a lease.  Claiming waits for nobody: what another
 * session has locked is left for later.  A task is not taken while an earlier
 * one of the same subject and connection is live (a parked one waits for a
 * person and holds nobody up).
 */
#ifndef FF_TASKS_CLAIM_H
#define FF_TASKS_CLAIM_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "model/operation.h"
#include "pg/json.h"

typedef struct FfClaimedTask
{
	int32 merchant_id;
	int64 task_id;
	int64 connection_id;
	FfOperation operation; /* FF_OPERATION_COUNT: none of ours */
	char *subject_kind;
	int64 subject_id;
	int64 order_id; /* 0: none */
	int64 lease;
	TimestampTz due_at;
	TimestampTz sent_at; /* when the call in doubt was made; 0: none */
	bool in_doubt;
	int attempts; /* this one included */
	int crashes;
	char *idempotency_key;
	FfJson *progress; /* NULL: none */
	FfJson *payload;
} FfClaimedTask;

/* Where a scan of the queue has come to: everything up to here was taken or passed over. */
typedef struct FfQueuePlace
{
	TimestampTz due_at; /* DT_NOBEGIN: at the beginning */
	int64 task_id;
} FfQueuePlace;

/*
 * Claims at most limit tasks of a connection that are due at now, the oldest
 * first, from behind the place on; moves the place behind the last one.
 * suspects: only tasks with which workers have died more than once, else only
 * others.  Rows and their texts are in the current context.
 */
extern FfClaimedTask *ff_tasks_claim(int32 merchant_id, int64 connection_id, FfQueuePlace *place,
									 TimestampTz now, int limit, bool suspects, int64 lease,
									 TimestampTz leased_until, int *count);

/* Gives leased tasks back as they were before, to be due at a time. */
extern void ff_tasks_unclaim(int32 merchant_id, const int64 *task_ids, int count, int64 lease,
							 TimestampTz due_at);

/* The incarnations of workers (the lease without its lower bits) that hold leases; palloc'd. */
extern int64 *ff_tasks_holders(int32 merchant_id, int *count);

/*
 * Takes over the leases of dead workers and those that have ended, at most
 * limit of them.  Counts a crash where the worker died.
 */
extern FfClaimedTask *ff_tasks_take_over(int32 merchant_id, const int64 *dead, int dead_count,
										 TimestampTz now, int limit, int64 lease,
										 TimestampTz leased_until, int *count);

#define FF_LEASE_BITS 20 /* of a lease that number the claims of one incarnation */

/* One connection with work. */
typedef struct FfQueueHead
{
	int32 merchant_id;
	int64 connection_id;
	TimestampTz due_at; /* of its first task that waits; DT_NOEND: none waits */
} FfQueueHead;

/* All connections that have tasks; does not look at more rows than there are heads and leases. */
extern FfQueueHead *ff_tasks_heads(int *count);

#endif
