/*
 * task.c
 *
 * Writes tasks and takes them back, for whoever wants a call made.  One
 * statement whatever the number; the workers are woken when the transaction
 * commits.  Needs no running worker.
 */
#include "postgres.h"

#include "pg/spi.h"
#include "tasks/task.h"
#include "tasks/wake.h"

static FfStatement insert_tasks =
	FF_STATEMENT("insert into fulfillment.tasks (merchant_id, task_id, connection_id, operation,"
				 "  subject_kind, subject_id, order_id, due_at, idempotency_key, payload)"
				 " select $1, n.task_id, n.connection_id, n.operation, n.subject_kind,"
				 "  n.subject_id, n.order_id, coalesce(n.due_at, now()),"
				 "  coalesce(n.key, n.operation || ':' || n.subject_id || ':' || n.task_id),"
				 "  coalesce(n.payload, '{}')"
				 " from (select nextval('fulfillment.task_id_seq') as task_id, u.*"
				 "  from unnest($2, $3, $4, $5, $6, $7, $8, $9) as u (connection_id, operation,"
				 "   subject_kind, subject_id, order_id, due_at, key, payload)) n"
				 " returning task_id",
				 INT4OID, INT8ARRAYOID, TEXTARRAYOID, TEXTARRAYOID, INT8ARRAYOID, INT8ARRAYOID,
				 TIMESTAMPTZARRAYOID, TEXTARRAYOID, JSONBARRAYOID);

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

typedef struct Columns
{
	FfColumn connection_id;
	FfColumn operation;
	FfColumn subject_kind;
	FfColumn subject_id;
	FfColumn order_id;
	FfColumn due_at;
	FfColumn key;
	FfColumn payload;
} Columns;

static void
init_columns(Columns *columns)
{
	ff_column_init(&columns->connection_id, INT8OID);
	ff_column_init(&columns->operation, TEXTOID);
	ff_column_init(&columns->subject_kind, TEXTOID);
	ff_column_init(&columns->subject_id, INT8OID);
	ff_column_init(&columns->order_id, INT8OID);
	ff_column_init(&columns->due_at, TIMESTAMPTZOID);
	ff_column_init(&columns->key, TEXTOID);
	ff_column_init(&columns->payload, JSONBOID);
}

static void
add_task(Columns *columns, const FfTask *task)
{
	ff_column_add(&columns->connection_id, ff_int8(task->connection_id));
	ff_column_add(&columns->operation, ff_text(ff_operation_name(task->operation)));
	ff_column_add(&columns->subject_kind, ff_text(task->subject_kind));
	ff_column_add(&columns->subject_id, ff_int8(task->subject_id));
	ff_column_add(&columns->order_id, ff_id(task->order_id));
	ff_column_add(&columns->due_at, ff_time_or_null(task->due_at));
	ff_column_add(&columns->key, ff_text(task->idempotency_key));
	ff_column_add(&columns->payload, ff_json_from_text(task->payload));
}

void
ff_tasks_add(FfTask *tasks, int count)
{
	Columns columns;
	FfRows rows;

	if (count == 0)
		return;
	ff_spi_begin();
	init_columns(&columns);
	for (int i = 0; i < count; i++)
	{
		Assert(tasks[i].merchant_id == tasks[0].merchant_id);
		add_task(&columns, &tasks[i]);
	}
	rows = ff_run(&insert_tasks,
				  ff_int4(tasks[0].merchant_id),
				  ff_column(&columns.connection_id),
				  ff_column(&columns.operation),
				  ff_column(&columns.subject_kind),
				  ff_column(&columns.subject_id),
				  ff_column(&columns.order_id),
				  ff_column(&columns.due_at),
				  ff_column(&columns.key),
				  ff_column(&columns.payload));
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
