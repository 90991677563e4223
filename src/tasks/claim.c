/*
 * claim.c
 *
 * The statements by which tasks are taken; see claim.h.  Each is of one
 * merchant except the one that looks who has work at all.
 *
 * Claiming changes no indexed column, so the new version of the row stays on
 * its page and the index is left alone; the place where the last scan ended
 * spares the next one the index entries of tasks that have left since.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "pg/spi.h"
#include "tasks/claim.h"

#define CLAIMED_COLUMNS                                                             \
	"t.task_id, t.operation, t.subject_kind, t.subject_id, t.order_id, t.due_at,"   \
	" t.sent_at, t.in_doubt, t.attempts, t.crashes, t.idempotency_key, t.progress," \
	" t.payload, t.connection_id"

#define CLAIM(which)                                                                        \
	FF_STATEMENT(                                                                           \
		"with due as materialized ("                                                        \
		" select w.task_id from fulfillment.tasks w"                                        \
		"  where w.merchant_id = $1 and w.connection_id = $2"                               \
		"    and (w.due_at, w.task_id) > ($3, $4)"                                          \
		"    and w.due_at <= $5 and w.state = 'ready' and " which                           \
		"    and not exists (select 1 from fulfillment.tasks e where e.merchant_id = $1"    \
		"      and e.subject_kind = w.subject_kind and e.subject_id = w.subject_id"         \
		"      and e.connection_id = $2 and e.task_id < w.task_id and e.state <> 'parked')" \
		"  order by w.due_at, w.task_id limit $6 for update skip locked)"                   \
		" update fulfillment.tasks t set state = 'leased', lease = $7, leased_until = $8,"  \
		"  attempts = t.attempts + 1"                                                       \
		" from due where t.merchant_id = $1 and t.task_id = due.task_id"                    \
		" returning " CLAIMED_COLUMNS,                                                      \
		INT4OID,                                                                            \
		INT8OID,                                                                            \
		TIMESTAMPTZOID,                                                                     \
		INT8OID,                                                                            \
		TIMESTAMPTZOID,                                                                     \
		INT4OID,                                                                            \
		INT8OID,                                                                            \
		TIMESTAMPTZOID)

static FfStatement claim_tasks = CLAIM("w.crashes <= 1");

/* As index tasks_suspects says it; not while another one is leased, which would die along. */
static FfStatement claim_suspects =
	CLAIM("w.crashes > 1 and not exists (select 1 from fulfillment.tasks o"
		  "  where o.merchant_id = $1 and o.crashes > 1 and o.state = 'leased')");

static FfStatement unclaim_tasks =
	FF_STATEMENT("update fulfillment.tasks set state = 'ready', lease = null, leased_until = null,"
				 "  attempts = attempts - 1, due_at = $4"
				 " where merchant_id = $1 and task_id = any ($2) and lease = $3",
				 INT4OID, INT8ARRAYOID, INT8OID, TIMESTAMPTZOID);

static FfStatement read_holders = FF_STATEMENT("select distinct lease >> $2 from fulfillment.tasks"
											   " where merchant_id = $1 and state = 'leased'",
											   INT4OID, INT4OID);

static FfStatement take_over_tasks =
	FF_STATEMENT("with dead as materialized ("
				 " select task_id, lease >> $7 = any ($2) as crashed"
				 "   from fulfillment.tasks where merchant_id = $1 and state = 'leased'"
				 "    and (lease >> $7 = any ($2) or leased_until <= $3)"
				 "  limit $6 for update skip locked)"
				 " update fulfillment.tasks t set lease = $4, leased_until = $5,"
				 "  crashes = t.crashes + dead.crashed::int"
				 " from dead where t.merchant_id = $1 and t.task_id = dead.task_id"
				 " returning " CLAIMED_COLUMNS,
				 INT4OID, INT8ARRAYOID, TIMESTAMPTZOID, INT8OID, TIMESTAMPTZOID, INT4OID, INT4OID);

/*
 * Steps from one connection to the next along the index instead of reading
 * all tasks.  The only statement about tasks of every merchant: a hint where
 * to look, which decides nothing.
 */
static FfStatement read_heads = FF_STATEMENT(
	"with recursive head (merchant_id, connection_id) as ("
	" (select merchant_id, connection_id from fulfillment.tasks"
	"   order by merchant_id, connection_id limit 1)"
	" union all"
	" select n.merchant_id, n.connection_id from head h cross join lateral ("
	"  select merchant_id, connection_id from fulfillment.tasks"
	"   where (merchant_id, connection_id) > (h.merchant_id, h.connection_id)"
	"   order by merchant_id, connection_id limit 1) n)"
	" select h.merchant_id, h.connection_id,"
	"  coalesce((select due_at from fulfillment.tasks t where t.merchant_id = h.merchant_id"
	"    and t.connection_id = h.connection_id and t.state = 'ready'"
	"    order by due_at, task_id limit 1), 'infinity')"
	" from head h where h.merchant_id > $1",
	INT4OID);

static FfClaimedTask
read_task(const FfRows *rows, uint64 row, int32 merchant_id, int64 lease)
{
	FfClaimedTask task = {0};
	char *operation = ff_row_text(rows, row, 2);

	task.merchant_id = merchant_id;
	task.task_id = ff_row_int8(rows, row, 1);
	task.operation = ff_operation_from_name(operation);
	task.subject_kind = ff_row_text(rows, row, 3);
	task.subject_id = ff_row_int8(rows, row, 4);
	task.order_id = ff_row_int8(rows, row, 5);
	task.due_at = ff_row_time(rows, row, 6);
	task.sent_at = ff_row_time(rows, row, 7);
	task.in_doubt = ff_row_bool(rows, row, 8);
	task.attempts = ff_row_int4(rows, row, 9);
	task.crashes = ff_row_int4(rows, row, 10);
	task.idempotency_key = ff_row_text(rows, row, 11);
	task.progress = ff_row_json(rows, row, 12);
	task.payload = ff_row_json(rows, row, 13);
	task.connection_id = ff_row_int8(rows, row, 14);
	task.lease = lease;
	return task;
}

/* Leaves SPI with the rows read in the outer context. */
static FfClaimedTask *
read_tasks(const FfRows *rows, int32 merchant_id, int64 lease, MemoryContext outer, int *count)
{
	MemoryContext inner = MemoryContextSwitchTo(outer);
	FfClaimedTask *tasks = palloc(sizeof(FfClaimedTask) * (rows->count + 1));

	for (uint64 i = 0; i < rows->count; i++)
		tasks[i] = read_task(rows, i, merchant_id, lease);
	*count = (int) rows->count;
	MemoryContextSwitchTo(inner);
	return tasks;
}

static int
by_place(const void *a, const void *b)
{
	const FfClaimedTask *left = a;
	const FfClaimedTask *right = b;

	if (left->due_at != right->due_at)
		return left->due_at < right->due_at ? -1 : 1;
	return left->task_id < right->task_id ? -1 : left->task_id > right->task_id;
}

FfClaimedTask *
ff_tasks_claim(int32 merchant_id, int64 connection_id, FfQueuePlace *place, TimestampTz now,
			   int limit, bool suspects, int64 lease, TimestampTz leased_until, int *count)
{
	MemoryContext outer = ff_spi_begin();
	FfClaimedTask *tasks;
	FfRows rows = ff_run(suspects ? &claim_suspects : &claim_tasks,
						 ff_int4(merchant_id),
						 ff_int8(connection_id),
						 ff_time(place->due_at),
						 ff_int8(place->task_id),
						 ff_time(now),
						 ff_int4(limit),
						 ff_int8(lease),
						 ff_time(leased_until));

	tasks = read_tasks(&rows, merchant_id, lease, outer, count);
	ff_spi_end();
	qsort(tasks, *count, sizeof(FfClaimedTask), by_place);
	if (*count > 0)
	{
		place->due_at = tasks[*count - 1].due_at;
		place->task_id = tasks[*count - 1].task_id;
	}
	return tasks;
}

void
ff_tasks_unclaim(int32 merchant_id, const int64 *task_ids, int count, int64 lease,
				 TimestampTz due_at)
{
	FfColumn ids;

	if (count == 0)
		return;
	ff_spi_begin();
	ff_column_init(&ids, INT8OID);
	for (int i = 0; i < count; i++)
		ff_column_add(&ids, ff_int8(task_ids[i]));
	ff_run(&unclaim_tasks, ff_int4(merchant_id), ff_column(&ids), ff_int8(lease), ff_time(due_at));
	ff_spi_end();
}

int64 *
ff_tasks_holders(int32 merchant_id, int *count)
{
	MemoryContext outer = ff_spi_begin();
	FfRows rows = ff_run(&read_holders, ff_int4(merchant_id), ff_int4(FF_LEASE_BITS));
	int64 *holders = MemoryContextAlloc(outer, sizeof(int64) * (rows.count + 1));

	for (uint64 i = 0; i < rows.count; i++)
		holders[i] = ff_row_int8(&rows, i, 1);
	*count = (int) rows.count;
	ff_spi_end();
	return holders;
}

FfClaimedTask *
ff_tasks_take_over(int32 merchant_id, const int64 *dead, int dead_count, TimestampTz now, int limit,
				   int64 lease, TimestampTz leased_until, int *count)
{
	MemoryContext outer = ff_spi_begin();
	FfColumn holders;
	FfClaimedTask *tasks;
	FfRows rows;

	ff_column_init(&holders, INT8OID);
	for (int i = 0; i < dead_count; i++)
		ff_column_add(&holders, ff_int8(dead[i]));
	rows = ff_run(&take_over_tasks,
				  ff_int4(merchant_id),
				  ff_column(&holders),
				  ff_time(now),
				  ff_int8(lease),
				  ff_time(leased_until),
				  ff_int4(limit),
				  ff_int4(FF_LEASE_BITS));
	tasks = read_tasks(&rows, merchant_id, lease, outer, count);
	ff_spi_end();
	return tasks;
}

FfQueueHead *
ff_tasks_heads(int *count)
{
	MemoryContext outer = ff_spi_begin();
	FfRows rows = ff_run(&read_heads, ff_int4(0));
	FfQueueHead *heads = MemoryContextAlloc(outer, sizeof(FfQueueHead) * (rows.count + 1));

	for (uint64 i = 0; i < rows.count; i++)
	{
		heads[i].merchant_id = ff_row_int4(&rows, i, 1);
		heads[i].connection_id = ff_row_int8(&rows, i, 2);
		heads[i].due_at = ff_row_time(&rows, i, 3);
	}
	*count = (int) rows.count;
	ff_spi_end();
	return heads;
}
