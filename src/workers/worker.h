/*
 * worker.h
 *
 * One worker process: the loop in which claims, the wire, answers, the inbox
 * and the clock take turns.
 */
#ifndef FF_WORKERS_WORKER_H
#define FF_WORKERS_WORKER_H

#include "postgres.h"

/* The room's part of _PG_init, for a preloaded library. */
extern void ff_workers_init(void);

#endif
