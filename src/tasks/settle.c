/*
 * settle.c
 *
 * One delete for what is done, one update for what goes on or waits for a
 * person, however many tasks; see settle.h.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "pg/spi.h"
#include "tasks/settle.h"

static FfStatement hold_tasks =
	FF_STATEMENT("select task_id, lease from fulfillment.tasks"
				 " where merchant_id = $1 and task_id = any ($2) and lease = any ($3)"
				 " for update",
				 INT4OID, INT8ARRAYOID, INT8ARRAYOID);

static FfStatement delete_tasks =
	FF_STATEMENT("delete from fulfillment.tasks where merchant_id = $1 and task_id = any ($2)",
				 INT4OID, INT8ARRAYOID);

static FfStatement update_tasks =
	FF_STATEMENT("update fulfillment.tasks t set state = case when u.due_at = 'infinity'"
				 "   then 'parked' else 'ready' end, lease = null, leased_until = null,"
				 "  due_at = u.due_at, attempts = u.attempts, crashes = u.crashes,"
				 "  in_doubt = u.in_doubt, sent_at = u.sent_at, progress = u.progress,"
				 "  last_error = u.error"
				 " from unnest($2, $3, $4, $5, $6, $7, $8, $9) as u (task_id, due_at, attempts,"
				 "  crashes, in_doubt, sent_at, progress, error)"
				 " where t.merchant_id = $1 and t.task_id = u.task_id",
				 INT4OID, INT8ARRAYOID, TIMESTAMPTZARRAYOID, INT4ARRAYOID, INT4ARRAYOID,
				 BOOLARRAYOID, TIMESTAMPTZARRAYOID, JSONBARRAYOID, TEXTARRAYOID);

static int
by_id(const void *a, const void *b)
{
	int64 left = *(const int64 *) a;
	int64 right = *(const int64 *) b;

	return left < right ? -1 : left > right;
}

void
ff_tasks_hold(int32 merchant_id, const int64 *task_ids, const int64 *leases, int count, bool *held)
{
	FfColumn ids, tokens;
	FfRows rows;
	int64 *found;
	int found_count = 0;

	ff_spi_begin();
	ff_column_init(&ids, INT8OID);
	ff_column_init(&tokens, INT8OID);
	for (int i = 0; i < count; i++)
	{
		ff_column_add(&ids, ff_int8(task_ids[i]));
		if (i == 0 || leases[i] != leases[i - 1])
			ff_column_add(&tokens, ff_int8(leases[i]));
	}
	rows = ff_run(&hold_tasks, ff_int4(merchant_id), ff_column(&ids), ff_column(&tokens));

	/* sorted pairs of id and lease, folded into one sortable list of ids per lease */
	found = palloc(sizeof(int64) * (2 * rows.count + 1));
	for (uint64 i = 0; i < rows.count; i++)
	{
		found[found_count * 2] = ff_row_int8(&rows, i, 1);
		found[found_count * 2 + 1] = ff_row_int8(&rows, i, 2);
		found_count++;
	}
	qsort(found, found_count, 2 * sizeof(int64), by_id);
	for (int i = 0; i < count; i++)
	{
		int64 *pair = bsearch(&task_ids[i], found, found_count, 2 * sizeof(int64), by_id);

		held[i] = pair != NULL && pair[1] == leases[i];
	}
	ff_spi_end();
}

static void
finish(int32 merchant_id, const FfSettlement *settlements, int count)
{
	FfColumn ids;

	ff_column_init(&ids, INT8OID);
	for (int i = 0; i < count; i++)
		if (settlements[i].end == FF_TASK_DONE)
			ff_column_add(&ids, ff_int8(settlements[i].task_id));
	if (ids.count > 0)
		ff_run(&delete_tasks, ff_int4(merchant_id), ff_column(&ids));
}

static void
go_on(int32 merchant_id, const FfSettlement *settlements, int count)
{
	FfColumn ids, due_at, attempts, crashes, in_doubt, sent_at, progress, error;

	ff_column_init(&ids, INT8OID);
	ff_column_init(&due_at, TIMESTAMPTZOID);
	ff_column_init(&attempts, INT4OID);
	ff_column_init(&crashes, INT4OID);
	ff_column_init(&in_doubt, BOOLOID);
	ff_column_init(&sent_at, TIMESTAMPTZOID);
	ff_column_init(&progress, JSONBOID);
	ff_column_init(&error, TEXTOID);
	for (int i = 0; i < count; i++)
	{
		const FfSettlement *settlement = &settlements[i];

		if (settlement->end == FF_TASK_DONE)
			continue;
		ff_column_add(&ids, ff_int8(settlement->task_id));
		ff_column_add(&due_at,
					  ff_time(settlement->end == FF_TASK_PARKED ? DT_NOEND : settlement->due_at));
		ff_column_add(&attempts, ff_int4(settlement->attempts));
		ff_column_add(&crashes, ff_int4(settlement->crashes));
		ff_column_add(&in_doubt, ff_bool(settlement->in_doubt));
		ff_column_add(&sent_at, ff_time_or_null(settlement->sent_at));
		ff_column_add(&progress, ff_json_from_text(settlement->progress));
		ff_column_add(&error, ff_text(settlement->error));
	}
	if (ids.count > 0)
		ff_run(&update_tasks,
			   ff_int4(merchant_id),
			   ff_column(&ids),
			   ff_column(&due_at),
			   ff_column(&attempts),
			   ff_column(&crashes),
			   ff_column(&in_doubt),
			   ff_column(&sent_at),
			   ff_column(&progress),
			   ff_column(&error));
}

void
ff_tasks_settle(int32 merchant_id, const FfSettlement *settlements, int count)
{
	ff_spi_begin();
	finish(merchant_id, settlements, count);
	go_on(merchant_id, settlements, count);
	ff_spi_end();
}
