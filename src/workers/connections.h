/*
 * connections.h
 *
 * Connections as people name them.
 */
#ifndef FF_WORKERS_CONNECTIONS_H
#define FF_WORKERS_CONNECTIONS_H

#include "postgres.h"

/* The id behind a code, or a number that is an id; ereport(ERROR, FF_ERR_UNKNOWN_OBJECT) for
 * neither. */
extern int64 ff_connection_named(int32 merchant_id, const char *name);

#endif
