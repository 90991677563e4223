/*
 * compat.h
 *
 * What differs between PostgreSQL 15 and 18, and nothing else.
 */
#ifndef FF_PG_COMPAT_H
#define FF_PG_COMPAT_H

#include "postgres.h"

#include "storage/proc.h"

#if PG_VERSION_NUM >= 170000
#define FF_LOCAL_TRANSACTION (MyProc->vxid.lxid)
#else
#define FF_LOCAL_TRANSACTION (MyProc->lxid)
#endif

#endif
