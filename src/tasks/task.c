/*
 * task.c
 *
 * Writes tasks and takes them back, for whoever wants a call made.  One
 * statement whatever the number; the workers are woken when the transaction
 * commits.  Needs no running worker.
 */
#include "postgres.h"

#include "pg/batch.h"
#include "tasks/task.h"
#include "tasks/wake.h"

static FfShape new_tasks =
	FF_SHAPE("new_tasks", {"connection_id", INT8OID}, {"operation", TEXTOID},
			 {"subject_kind", TEXTOID}, {"subject_id", INT8OID}, {"order_id", INT8OID},
			 {"due_at", TIMESTAMPTZOID}, {"key", TEXTOID}, {"payload", JSONBOID});

static FfStatement insert_tasks =
	FF_STATEMENT("insert into fulfillment.tasks (merchant_id, task_id, connection_id, operation,"
				 "  subject_kind, subject_id, order_id, due_at, idempotency_key, payload)"
				 " select $1, n.task_id, n.connection_id, n.operation, n.subject_kind,"
				 "  n.subject_id, n.order_id, coalesce(n.due_at, now()),"
				 "  coalesce(n.key, n.operation || ':' || n.subject_id || ':' || n.task_id),"
				 "  coalesce(n.payload, '{}')"
				 " from (select nextval('fulfillment.task_id_seq') as task_id, t.*"
				 "  from new_tasks t) n"
				 " returning task_id",
				 INT4OID);

/* Skips what a worker has locked: a claim that is under way has come first. */
static FfStatement connector_can =
	FF_STATEMENT("select 1 from fulfillment.connections c"
				 " where c.merchant_id = $1 and c.connection_id = $2"
				 "  and fulfillment.connector_can(c.connector, $3, c.config)",
				 INT4OID, INT8OID, TEXTOID);

static FfStatement delete_tasks =
	FF_STATEMENT("delete from fulfillment.tasks where merchant_id = $1 and task_id in ("
				 " select task_id from fulfillment.tasks where merchant_id = $1"
				 " and subject_kind = $2 and subject_id = $3 and state <> 'leased'"
				 " and ($4::text is null or operation = $4)"
				 " for update skip locked)",
				 INT4OID, TEXTOID, INT8OID, TEXTOID);

void
ff_tasks_add(FfTask *tasks, int count)
{
	FfBatch *batch;
	FfRows rows;

	if (count == 0)
		return;
	ff_spi_begin();
	batch = ff_batch_begin(&new_tasks);
	for (int i = 0; i < count; i++)
	{
		Assert(tasks[i].merchant_id == tasks[0].merchant_id);
		ff_batch_add(batch,
					 ff_int8(tasks[i].connection_id),
					 ff_text(ff_operation_name(tasks[i].operation)),
					 ff_text(tasks[i].subject_kind),
					 ff_int8(tasks[i].subject_id),
					 ff_id(tasks[i].order_id),
					 ff_time_or_null(tasks[i].due_at),
					 ff_text(tasks[i].idempotency_key),
					 ff_json_from_text(tasks[i].payload));
	}
	rows = ff_run_batch(&insert_tasks, batch, ff_int4(tasks[0].merchant_id));
	for (int i = 0; i < count; i++)
		tasks[i].task_id = ff_row_int8(&rows, i, 1);
	ff_tasks_wake_at_commit();
	ff_spi_end();
}

bool
ff_connection_can(int32 merchant_id, int64 connection_id, FfOperation operation)
{
	bool can;

	if (connection_id == 0)
		return false;
	ff_spi_begin();
	can = ff_run(&connector_can,
				 ff_int4(merchant_id),
				 ff_int8(connection_id),
				 ff_text(ff_operation_name(operation)))
			  .count > 0;
	ff_spi_end();
	return can;
}

int
ff_tasks_withdraw(int32 merchant_id, const char *subject_kind, int64 subject_id,
				  FfOperation operation)
{
	FfRows rows;

	ff_spi_begin();
	rows = ff_run(&delete_tasks,
				  ff_int4(merchant_id),
				  ff_text(subject_kind),
				  ff_int8(subject_id),
				  ff_text(operation == FF_OPERATION_COUNT ? NULL : ff_operation_name(operation)));
	ff_spi_end();
	return (int) rows.count;
}
