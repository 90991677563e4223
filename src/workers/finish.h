/*
 * finish.h
 *
 * Writes down what became of errands whose calls have ended: several in one
 * transaction, together where their operation can do that for many, else each
 * in a subtransaction of its own, so that one bad answer fails alone.
 */
#ifndef FF_WORKERS_FINISH_H
#define FF_WORKERS_FINISH_H

#include "workers/errand.h"

/*
 * Takes the errands of a list that are due to be written down.  What could not
 * be written now (somebody holds a lock, the disk is full) stays in the list
 * for later.  Answers true when the queue or the clock is worth a look.
 */
extern bool ff_finish(slist_head *errands, TimestampTz now);

/* When the next errand of the list is due to be written down; DT_NOEND: the list is empty. */
extern TimestampTz ff_finish_next(slist_head *errands);

#endif
