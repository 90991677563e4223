/*
 * history.h
 *
 * Who did what, when and why: one statement for any number of rows.
 */
#ifndef FF_TASKS_HISTORY_H
#define FF_TASKS_HISTORY_H

#include "postgres.h"

typedef struct FfHistory
{
	int32 merchant_id;
	const char *subject_kind; /* order, shipment, package, stock, connection, … */
	int64 subject_id;
	int64 order_id; /* 0: none */
	const char *event;
	const char *from_state; /* NULL: none */
	const char *to_state;
	const char *cause;
	const char *before; /* JSON text or NULL */
	const char *after;
} FfHistory;

/* Writes the rows, all of one merchant, in one statement; the actor is the session's. */
extern void ff_history_add(const FfHistory *rows, int count);

#endif
