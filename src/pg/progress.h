/*
 * progress.h
 *
 * How far a long statement is, for other sessions to see while it runs: a few
 * numbers in the backend's status entry, as pg_stat_progress_vacuum has them.
 * Needs neither shared memory of our own nor a commit; gone when the statement
 * ends, however it ends.
 */
#ifndef FF_PG_PROGRESS_H
#define FF_PG_PROGRESS_H

#include "postgres.h"

#define FF_PROGRESS_NUMBERS 10

/* What the statement is about; its numbers mean what the module says that knows it. */
typedef enum FfProgressOf
{
	FF_PROGRESS_OF_WAVE = 1,
	FF_PROGRESS_OF_SNAPSHOT
} FfProgressOf;

typedef struct FfProgress
{
	int pid;
	int64 numbers[FF_PROGRESS_NUMBERS];
} FfProgress;

/* All numbers are 0 then. */
extern void ff_progress_begin(FfProgressOf what);
extern void ff_progress_set(int which, int64 number);
extern void ff_progress_end(void);

/* What sessions of this database are at, palloc'd. */
extern FfProgress *ff_progress_read(FfProgressOf what, int *count);

#endif
