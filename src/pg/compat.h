/*
 * compat.h
 *
 * What differs between PostgreSQL 15 and 18, and nothing else.
 */
#ifndef FF_PG_COMPAT_H
#define FF_PG_COMPAT_H

#include "postgres.h"

#include "catalog/pg_database.h"
#include "catalog/pg_proc.h"
#include "storage/proc.h"
#include "utils/acl.h"
#include "utils/backend_status.h"

#if PG_VERSION_NUM >= 170000
#define FF_LOCAL_TRANSACTION (MyProc->vxid.lxid)
#else
#define FF_LOCAL_TRANSACTION (MyProc->lxid)
#endif

#if PG_VERSION_NUM >= 160000
#define ff_owns_database(database, role) object_ownercheck(DatabaseRelationId, database, role)
#define ff_may_execute(function, role) \
	(object_aclcheck(ProcedureRelationId, function, role, ACL_EXECUTE) == ACLCHECK_OK)
#else
#define ff_owns_database(database, role) pg_database_ownercheck(database, role)
#define ff_may_execute(function, role) \
	(pg_proc_aclcheck(function, role, ACL_EXECUTE) == ACLCHECK_OK)
#endif

/* The n-th backend, from 1; NULL when it has gone. */
static inline const PgBackendStatus *
ff_backend_status(int n)
{
#if PG_VERSION_NUM >= 160000
	LocalPgBackendStatus *local = pgstat_get_local_beentry_by_index(n);
#else
	LocalPgBackendStatus *local = pgstat_fetch_stat_local_beentry(n);
#endif

	return local == NULL ? NULL : &local->backendStatus;
}

#endif
