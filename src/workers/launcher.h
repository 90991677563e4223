/*
 * launcher.h
 *
 * The process that keeps the workers of every database running.
 */
#ifndef FF_WORKERS_LAUNCHER_H
#define FF_WORKERS_LAUNCHER_H

#include "postgres.h"

/* Registers it; only from _PG_init of a preloaded library. */
extern void ff_launcher_init(void);

/* Entry points by which the server starts the processes. */
extern PGDLLEXPORT void fulfillment_launcher_main(Datum argument);
extern PGDLLEXPORT void fulfillment_worker_main(Datum argument);

#endif
