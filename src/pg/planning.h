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

/* While it is on, every table and index counts as large.  Answers what it was. */
extern bool ff_plan_as_large(bool on);

#endif
