/*
 * compat.h
 *
 * What differs between PostgreSQL 15 and 18, and nothing else.
 */
#ifndef FF_PG_COMPAT_H
#define FF_PG_COMPAT_H

#include "postgres.h"

#include "catalog/pg_database.h"
#include "storage/proc.h"
#include "utils/acl.h"

#if PG_VERSION_NUM >= 170000
#define FF_LOCAL_TRANSACTION (MyProc->vxid.lxid)
#else
#define FF_LOCAL_TRANSACTION (MyProc->lxid)
#endif

#if PG_VERSION_NUM >= 160000
#define ff_owns_database(database, role) object_ownercheck(DatabaseRelationId, database, role)
#else
#define ff_owns_database(database, role) pg_database_ownercheck(database, role)
#endif

#endif
