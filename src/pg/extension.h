/*
 * extension.h
 *
 * Whether the extension is there, for processes that outlive it: a background
 * worker must not touch our tables while they are created, changed or dropped.
 */
#ifndef FF_PG_EXTENSION_H
#define FF_PG_EXTENSION_H

#include "postgres.h"

typedef enum FfPresence
{
	FF_EXTENSION_READY,
	FF_EXTENSION_MISSING,
	FF_EXTENSION_OTHER_VERSION /* the objects are of another version than the library */
} FfPresence;

/*
 * Looks, and when it is ready locks the extension against being dropped until
 * the transaction ends.  Sets its version and its owner, as far as it is there.
 */
extern FfPresence ff_extension_lock(char **version, Oid *owner);

#endif
