/*
 * task.h
 *
 * Durable calls to make: written by the transaction that wants them, claimed
 * by workers under a lease, gone when their outcome is recorded.  This room
 * knows rows; it does not know HTTP, nor what an operation means.
 */
#ifndef FF_TASKS_TASK_H
#define FF_TASKS_TASK_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "model/operation.h"
#include "pg/spi.h"

typedef struct FfTask
{
	int32 merchant_id;
	int64 connection_id;
	FfOperation operation;
	const char
		*subject_kind; /* order, shipment, return, channel, location, connection, event, item */
	int64 subject_id;
	int64 order_id;              /* 0: none */
	TimestampTz due_at;          /* 0: now */
	const char *idempotency_key; /* NULL: made from operation, subject and task id */
	const char *payload;         /* JSON text; NULL is {} */
	int64 task_id;               /* set by ff_tasks_add */
} FfTask;

/* Whether the connection's connector can do it at all, with the settings the connection has. */
extern bool ff_connection_can(int32 merchant_id, int64 connection_id, FfOperation operation);

/*
 * Writes the tasks, all of one merchant, in one statement and wakes the
 * workers of this database at commit.  Needs no running worker.
 */
extern void ff_tasks_add(FfTask *tasks, int count);

/*
 * Deletes tasks of a subject that are not on the wire now; answers how many.
 * FF_OPERATION_COUNT stands for every operation.  A leased task is left: its
 * worker re-checks the subject when it applies.
 */
extern int ff_tasks_withdraw(int32 merchant_id, const char *subject_kind, int64 subject_id,
							 FfOperation operation);

/* Wakes the workers of this database when the transaction commits (any commit, also prepared). */
extern void ff_tasks_wake_at_commit(void);
/* The same, and lets them forget why they left connections alone. */
extern void ff_tasks_wake_afresh_at_commit(void);

/*
 * Opens an attention row unless the same (kind, order, shipment, task) is open
 * already: then counts it.  hint may be NULL.
 */
extern void ff_attention_open(int32 merchant_id, const char *kind, int64 order_id,
							  int64 shipment_id, int64 task_id, const char *message,
							  const char *hint);
/*
 * Closes what has resolved itself, of one shipment or (0) of the order and all
 * its shipments.
 */
extern void ff_attention_close(int32 merchant_id, const char *kind, int64 order_id,
							   int64 shipment_id, const char *resolution);

/* The same about a connection as a whole; and its end, when the reason is gone. */
extern void ff_attention_open_connection(int32 merchant_id, const char *kind, int64 connection_id,
										 const char *message, const char *hint);
extern void ff_attention_close_connection(int32 merchant_id, const char *kind, int64 connection_id,
										  const char *resolution);

/* The same about what is no row of ours; detail is JSON text or NULL. */
extern void ff_attention_open_subject(int32 merchant_id, const char *kind, const char *subject,
									  const char *message, const char *hint, const char *detail);
extern void ff_attention_close_subjects(int32 merchant_id, const char *kind,
										const FfColumn *subjects, const char *resolution);

#endif
