/*
 * trial.h
 *
 * Does something that may turn out not to have worked, and then as if it had
 * never been tried: rows written are gone and row locks taken are free again.
 */
#ifndef FF_PG_TRIAL_H
#define FF_PG_TRIAL_H

#include "postgres.h"

typedef bool (*FfTrial)(void *argument);

/*
 * Runs the function in a subtransaction, which is rolled back when it answers
 * false.  Errors pass through.  Memory it allocates in the caller's context
 * stays; results of statements do not survive a rollback.
 */
extern bool ff_trial(FfTrial function, void *argument);

#endif
