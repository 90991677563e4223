/*
 * activation.h
 *
 * Where workers may act: only in the database they were let go in.  A copy of
 * it (a restored dump, a database made from a template) carries the row of its
 * origin, and must never ship for real: it waits until somebody says that it
 * is the one to go on, with fulfillment.resume_workers().
 */
#ifndef FF_WORKERS_ACTIVATION_H
#define FF_WORKERS_ACTIVATION_H

#include "postgres.h"

typedef struct FfActivation
{
	bool here;      /* they were let go in this database */
	bool elsewhere; /* … or in another one, of which this is a copy */
} FfActivation;

extern FfActivation ff_activation_read(void);

#endif
