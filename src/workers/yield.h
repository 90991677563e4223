/*
 * yield.h
 *
 * Workers stand in nobody's way: a command that needs a database without
 * sessions (DROP, RENAME, SET TABLESPACE, copying it) makes them leave first.
 */
#ifndef FF_WORKERS_YIELD_H
#define FF_WORKERS_YIELD_H

/* Only from _PG_init of a preloaded library. */
extern void ff_yield_init(void);

#endif
