/*
 * activation.c
 *
 * Compares the rows of table activations with what this database is: the
 * cluster's system identifier and the database's oid, which no dump, template
 * or other cluster shares.  A standby that is promoted shares both and goes on.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"

#include "pg/session.h"
#include "pg/spi.h"
#include "tasks/task.h"
#include "workers/activation.h"

static FfStatement read_activations =
	FF_STATEMENT("select coalesce(bool_or(system_identifier = $2 and database_oid = $3), false),"
				 " coalesce(bool_or(system_identifier <> $2 or database_oid <> $3), false)"
				 " from fulfillment.activations where merchant_id = $1",
				 INT4OID, INT8OID, OIDOID);

static FfStatement forget_others =
	FF_STATEMENT("delete from fulfillment.activations where merchant_id = $1"
				 " and (system_identifier <> $2 or database_oid <> $3)",
				 INT4OID, INT8OID, OIDOID);

static FfStatement add_this =
	FF_STATEMENT("insert into fulfillment.activations (merchant_id, system_identifier,"
				 "  database_oid, activated_by) values ($1, $2, $3, $4) on conflict do nothing",
				 INT4OID, INT8OID, OIDOID, TEXTOID);

FfActivation
ff_activation_read(void)
{
	FfActivation activation;
	FfRows rows;

	ff_spi_begin();
	rows = ff_run(&read_activations,
				  ff_int4(0),
				  ff_int8((int64) GetSystemIdentifier()),
				  ff_datum(ObjectIdGetDatum(MyDatabaseId)));
	activation.here = ff_row_bool(&rows, 0, 1);
	activation.elsewhere = ff_row_bool(&rows, 0, 2);
	ff_spi_end();
	return activation;
}

PG_FUNCTION_INFO_V1(fulfillment_resume_workers);

/* resume_workers() */
Datum
fulfillment_resume_workers(PG_FUNCTION_ARGS)
{
	FfArgument system = ff_int8((int64) GetSystemIdentifier());
	FfArgument database = ff_datum(ObjectIdGetDatum(MyDatabaseId));

	ff_require(FF_LEVEL_ADMIN, 0);
	ff_spi_begin();
	ff_run(&forget_others, ff_int4(0), system, database);
	ff_run(&add_this, ff_int4(0), system, database, ff_text(ff_actor()));
	ff_spi_end();
	ff_tasks_wake_at_commit();
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(fulfillment_wake_workers);

/* wake_workers() */
Datum
fulfillment_wake_workers(PG_FUNCTION_ARGS)
{
	ff_tasks_wake_at_commit();
	PG_RETURN_VOID();
}
