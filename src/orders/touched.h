/*
 * touched.h
 *
 * Which rows of attached tables a transaction has written to, until its commit
 * takes them.  Savepoints are respected: what was taken and then rolled back
 * is to be taken again, unless the row went the same way.
 */
#ifndef FF_ORDERS_TOUCHED_H
#define FF_ORDERS_TOUCHED_H

#include "postgres.h"

#include "nodes/pg_list.h"

/* Of one attachment; lives until the transaction ends. */
typedef struct FfTouched
{
	int64 attachment_id;
	Oid table;   /* whose triggers said so */
	List *noted; /* keys (char *) that are still to be taken */
	List *taken; /* keys that were, with the subtransaction in which */
} FfTouched;

extern FfTouched *ff_touched(int64 attachment_id, Oid table);
/* A row without a key is none of ours. */
extern void ff_touched_note(FfTouched *rows, const char *key);
/* The keys that were noted, which count as taken from now on. */
extern char **ff_touched_take(FfTouched *rows, int *count);

#endif
