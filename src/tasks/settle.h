/*
 * settle.h
 *
 * Ends of claimed tasks, many per statement, and the record of the calls made.
 * Only the holder of the lease may settle: what ff_tasks_hold does not answer
 * belongs to somebody else by now.
 */
#ifndef FF_TASKS_SETTLE_H
#define FF_TASKS_SETTLE_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "model/operation.h"

typedef enum FfTaskEnd
{
	FF_TASK_DONE,  /* it leaves */
	FF_TASK_AGAIN, /* it is called again at due_at */
	FF_TASK_PARKED /* a person decides */
} FfTaskEnd;

typedef struct FfSettlement
{
	int64 task_id;
	FfTaskEnd end;
	TimestampTz due_at;   /* AGAIN */
	int attempts;         /* AGAIN, PARKED: the new count */
	int crashes;          /* … */
	bool in_doubt;        /* … */
	TimestampTz sent_at;  /* … when the call in doubt was made; 0: none */
	const char *progress; /* … JSON text or NULL */
	const char *error;    /* … for people, or NULL */
} FfSettlement;

/*
 * Locks the tasks among these that still have the lease they were claimed
 * with; held[i] tells.  Waits for nobody but sessions that change these tasks.
 */
extern void ff_tasks_hold(int32 merchant_id, const int64 *task_ids, const int64 *leases, int count,
						  bool *held);

/* Settles tasks that are held, or whose lease is checked by the caller's own statement. */
extern void ff_tasks_settle(int32 merchant_id, const FfSettlement *settlements, int count);

typedef struct FfCallRecord
{
	int64 task_id;
	int64 connection_id;
	FfOperation operation;
	const char *subject_kind;
	int64 subject_id;
	int64 order_id; /* 0: none */
	int attempt;
	TimestampTz started_at;
	const char *method; /* NULL: nothing was sent */
	const char *url;
	const char *request;  /* redacted and capped text, or NULL */
	int status;           /* 0: no answer */
	const char *response; /* redacted and capped text, or NULL */
	const char *result;
	const char *error; /* or NULL */
	bool timed;        /* timings are known */
	int timings[5];    /* ms: name, connection, TLS, first byte, end */
} FfCallRecord;

extern void ff_calls_add(int32 merchant_id, const FfCallRecord *records, int count);

#endif
