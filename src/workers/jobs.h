/*
 * jobs.h
 *
 * Work that comes with time: what runs how often, by pg_cron where it is
 * installed, else by the workers.
 */
#ifndef FF_WORKERS_JOBS_H
#define FF_WORKERS_JOBS_H

#include "postgres.h"

#include "datatype/timestamp.h"

/* When the workers' next job is due; DT_NOEND: they have none. */
extern TimestampTz ff_jobs_next(void);

/* Runs the jobs that are due, each in a transaction of its own.  False when no work is allowed. */
extern bool ff_jobs_run_due(TimestampTz now);

/*
 * Something about shipments was written down: where it says that there will be
 * news before the next poll, the poll comes sooner.  True when it does.
 */
extern bool ff_jobs_poll_sooner(int32 merchant_id);

#endif
