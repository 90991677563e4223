/*
 * planning.h
 *
 * Plans for tables as they will be, not as they are.  A statement that is
 * planned once while its tables are empty or not analysed yet would read them
 * whole, or along the wrong index, until something makes the plan anew: on a
 * new installation with two thousand orders one recount took seconds.
 */
#ifndef FF_PG_PLANNING_H
#define FF_PG_PLANNING_H

#include "postgres.h"

/* Chains the planner's hook; called once from _PG_init. */
extern void ff_planning_init(void);

typedef struct FfPlanning
{
	bool large; /* every table and index counts as large */
	bool jit;
	int compression;
} FfPlanning;

/*
 * From now on what is planned, by us or by the checks of foreign keys that our
 * statements set off, is planned as for large tables, and nothing is compiled
 * for it.  What they write is compressed by LZ4, where the server has that:
 * decisions, documents and bodies of some kilobytes are written once and hardly
 * ever read.  Answers what to give to ff_planning_end, which must be called on
 * every way out.
 */
extern FfPlanning ff_planning_begin(bool large);
extern void ff_planning_end(FfPlanning before);

#endif
