/*
 * outcome.h
 *
 * From what came back to what becomes of the task: the connector says what the
 * reply means, the verb applies it, and what is left is done, tried again or
 * put in front of a person.
 */
#ifndef FF_WORKERS_OUTCOME_H
#define FF_WORKERS_OUTCOME_H

#include "workers/verbs.h"

/*
 * Reads the reply of an errand and fills in result, outcome, error and kind of
 * failure.  Throws what a connector throws; needs a transaction, writes
 * nothing.
 */
extern void ff_outcome_read(FfSettling *settling);

/* Applies it; throws what the rooms throw.  Run it inside a subtransaction. */
extern void ff_outcome_apply(FfSettling *settling);

/* The same for many that came back well, of operations whose answers are applied together. */
extern void ff_outcome_apply_together(FfSettling **settlings, int count);

/* The reply could not be read or applied: the task is parked with the reason. */
extern void ff_outcome_failed(FfSettling *settling, const char *reason);

/* Tells the limits of the connection, once per errand. */
extern void ff_outcome_end_call(FfSettling *settling);

#endif
