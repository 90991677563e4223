/*
 * wake.h
 *
 * Who is to be woken when there is work in a database: workers enlist here
 * with their latch, and whoever commits work sets it.  A wake-up is a hint:
 * nothing depends on it but the time until the work is seen.
 *
 * Lives in shared memory; without it (the library is not preloaded, so there
 * is no worker) every call does nothing.
 */
#ifndef FF_TASKS_WAKE_H
#define FF_TASKS_WAKE_H

#include "postgres.h"

/* Asks for shared memory and watches COMMIT PREPARED; only from _PG_init of a preloaded library. */
extern void ff_wake_init(void);

/* Enlists this process for its database, until it exits. */
extern void ff_wake_listen(Oid database);
/* Why somebody was woken; a set of these. */
#define FF_WAKE_WORK   1 /* there may be work */
#define FF_WAKE_AFRESH 2 /* a connection was mended: what failed before may succeed now */

/* The wake-ups since the last call, 0: none.  Ask before looking for work, never after. */
extern uint32 ff_wake_taken(void);

/* Wakes every listener of a database now. */
extern void ff_wake_database(Oid database);

#endif
