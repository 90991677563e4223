/*
 * under_way.h
 *
 * The errands whose calls are on the wire of this worker.
 */
#ifndef FF_WORKERS_UNDER_WAY_H
#define FF_WORKERS_UNDER_WAY_H

#include "workers/errand.h"
#include "workers/lanes.h"

extern void ff_under_way_init(void);
extern void ff_under_way_end(void);

extern int ff_under_way_count(void);
/* How many more there may be, and how many in all. */
extern int ff_under_way_room(void);
extern int ff_under_way_capacity(void);

/* Gives the errands of a list, all of one lane, to the wire; there must be room. */
extern void ff_under_way_send(FfLane *lane, slist_head *errands);

/* Waits until something happens: an answer, a wake-up, the end of the time (-1: none). */
extern void ff_under_way_wait(int timeout_ms);

/* Moves the errands whose calls have ended to a list. */
extern void ff_under_way_collect(slist_head *finished);

/*
 * Takes calls off the wire that should have ended by then; what is known of
 * them goes on from there.  The wire's own limits are shorter, but a call may
 * wait for a token or a name first, and must not be sent when others count it
 * as lost already.
 */
extern void ff_under_way_call_off(TimestampTz ended, slist_head *finished);

#endif
