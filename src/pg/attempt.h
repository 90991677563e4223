/*
 * attempt.h
 *
 * Does something that may fail without taking its surroundings along: inside
 * a subtransaction, which is rolled back when an error is thrown.
 */
#ifndef FF_PG_ATTEMPT_H
#define FF_PG_ATTEMPT_H

#include "postgres.h"

typedef void (*FfAttempt)(void *argument);

/*
 * Runs the function between ff_spi_begin and ff_spi_end of its own, in the
 * current memory context.  Answers true when it returned; else false with
 * *error, palloc'd there.
 */
extern bool ff_attempt(FfAttempt function, void *argument, ErrorData **error);

/* "message: detail" of an error, for a person or a row; palloc'd. */
extern char *ff_error_sentence(const ErrorData *error);

/* Whether the same might succeed if it were simply done again: deadlocks, locks, resources. */
extern bool ff_error_is_passing(const ErrorData *error);

#endif
