/*
 * shared.h
 *
 * Pieces of shared memory, each with a lock of its own.  A room describes its
 * piece once, from _PG_init of a preloaded library; the hooks are kept here.
 */
#ifndef FF_PG_SHARED_H
#define FF_PG_SHARED_H

#include "postgres.h"

#include "storage/lwlock.h"

typedef struct FfSharedPiece
{
	const char *name; /* also the name of its lock's tranche */
	Size size;
	void **address;           /* where to put it; NULL stays there when not preloaded */
	LWLock **lock;            /* where to put its lock */
	void (*start)(void *new); /* called once per start of the server, on zeroed memory; may be NULL
							   */
} FfSharedPiece;

/* The description must live as long as the process. */
extern void ff_shared_add(const FfSharedPiece *piece);

#endif
