/*
 * errand.h
 *
 * One claimed task on its way: what is called, what came back, what became of
 * it.  An errand lives in memory only; a worker that dies leaves the leased
 * task behind, from which another takes it up.
 */
#ifndef FF_WORKERS_ERRAND_H
#define FF_WORKERS_ERRAND_H

#include "postgres.h"

#include "lib/ilist.h"

#include "connectors/connector.h"
#include "tasks/claim.h"
#include "tasks/settle.h"
#include "transport/wire.h"
#include "workers/endpoint.h"

/* What one claim has in common; freed with the last of its errands. */
typedef struct FfBatch
{
	MemoryContext context; /* tasks, documents and messages stand here */
	FfEndpoint *endpoint;
	int errands;
} FfBatch;

typedef struct FfErrand
{
	slist_node node;      /* of the list it waits in */
	dlist_node wire_node; /* while it is on the wire */
	FfBatch *batch;
	FfClaimedTask task;
	FfOperation calling; /* the task's operation, or the look-up that comes before it */
	FfJson *document;    /* the canonical call */
	TimestampTz started_at;
	TimestampTz give_up_at; /* well before its lease ends, whatever the wire is doing with it */
	bool on_wire;           /* it was given to the wire; else it never left the house */
	bool going_on;          /* its call has begun: an earlier request of it was answered */
	FfTransfer transfer;

	/*
	 * Set instead of a call when there is none to make: problem when it cannot
	 * be made (an error here), put_off when it could not be made just now, lost
	 * when it may have been made already and its answer will never come.
	 */
	const char *problem;
	const char *put_off;
	const char *lost;

	/* the connection's limits know how it ended */
	bool ended;
	int settle_tries;
	TimestampTz settle_at;
} FfErrand;

/* Whether the call may be made again although it may have happened. */
extern bool ff_errand_repeatable(const FfErrand *errand);

/* A token for the tasks of one claim, used once. */
extern int64 ff_lease_next(void);
/* When a lease ends by itself, and until when its call may be under way. */
extern TimestampTz ff_lease_end(const FfEndpoint *endpoint, TimestampTz now);
extern TimestampTz ff_lease_give_up(TimestampTz lease_end);

/* Takes over the caller's hold on the endpoint. */
extern FfBatch *ff_batch_make(FfEndpoint *endpoint);
/* Drops a batch that came to nothing. */
extern void ff_batch_drop(FfBatch *batch);

/*
 * Errands for tasks of the batch's connection, in the current context.  One
 * whose call cannot be made has a problem; one in doubt that can neither be
 * looked up nor repeated is lost.
 */
extern FfErrand **ff_errands_make(FfBatch *batch, const FfClaimedTask *tasks, int count);
/* Lets go of an errand and, with the last one, of its batch. */
extern void ff_errand_free(FfErrand *errand);

#endif
