/*
 * fulfillment.c
 *
 * The door of the library: the module magic and one line per room that needs
 * something at load time.  Everything else lives in the rooms.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"

#include "own/own.h"
#include "pg/guc.h"
#include "pg/planning.h"
#include "workers/worker.h"

PG_MODULE_MAGIC;

void _PG_init(void);

void
_PG_init(void)
{
	ff_guc_init();
	ff_planning_init();
	ff_own_init();
	if (process_shared_preload_libraries_in_progress)
		ff_workers_init();
}
