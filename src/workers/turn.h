/*
 * turn.h
 *
 * The transactions of a worker.  Each begins by making sure that our tables
 * may be used: the extension is there, is of the library's version, and will
 * not be dropped before the transaction ends.
 */
#ifndef FF_WORKERS_TURN_H
#define FF_WORKERS_TURN_H

#include "postgres.h"

#include "utils/elog.h"

typedef enum FfPurpose
{
	FF_TURN_RECORD, /* write down what has happened: always allowed */
	FF_TURN_ACT     /* begin something new: only where the workers were let go */
} FfPurpose;

/*
 * Begins a transaction with a snapshot, in the given memory context.  False
 * when there is nothing to be done here: no transaction is open then, and
 * the worker's slot and, once, the log say why.
 */
extern bool ff_turn_begin(FfPurpose purpose, MemoryContext context);
extern void ff_turn_commit(void);
/* Ends it after an error was caught; the error is the caller's. */
extern void ff_turn_abort(void);

#endif
