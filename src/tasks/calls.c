/*
 * calls.c
 *
 * Writes what was sent and answered: one insert for any number of calls.
 * Decides nothing; what stands in the texts was redacted before.
 */
#include "postgres.h"

#include "utils/array.h"

#include "pg/spi.h"
#include "tasks/settle.h"

static FfStatement insert_calls = FF_STATEMENT(
	"insert into fulfillment.calls (merchant_id, task_id, connection_id, operation, subject_kind,"
	"  subject_id, order_id, attempt, started_at, method, url, request, status, response, result,"
	"  error, timings)"
	" select $1, u.task_id, u.connection_id, u.operation, u.subject_kind, u.subject_id,"
	"  u.order_id, u.attempt, u.started_at, u.method, u.url, u.request, u.status, u.response,"
	"  u.result, u.error, u.timings::int[]"
	" from unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"
	"  as u (task_id, connection_id, operation, subject_kind, subject_id, order_id, attempt,"
	"   started_at, method, url, request, status, response, result, error, timings)",
	INT4OID, INT8ARRAYOID, INT8ARRAYOID, TEXTARRAYOID, TEXTARRAYOID, INT8ARRAYOID, INT8ARRAYOID,
	INT4ARRAYOID, TIMESTAMPTZARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, INT4ARRAYOID,
	TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID);

#define COLUMNS 16

static const Oid column_types[COLUMNS] = {INT8OID,
										  INT8OID,
										  TEXTOID,
										  TEXTOID,
										  INT8OID,
										  INT8OID,
										  INT4OID,
										  TIMESTAMPTZOID,
										  TEXTOID,
										  TEXTOID,
										  TEXTOID,
										  INT4OID,
										  TEXTOID,
										  TEXTOID,
										  TEXTOID,
										  TEXTOID};

/* An array of arrays cannot be unnested into arrays, so timings travel as text. */
static FfArgument
timings(const FfCallRecord *record)
{
	const int *t = record->timings;

	if (!record->timed)
		return ff_null();
	return ff_text(psprintf("{%d,%d,%d,%d,%d}", t[0], t[1], t[2], t[3], t[4]));
}

static void
add_record(FfColumn *columns, const FfCallRecord *record)
{
	FfArgument cells[COLUMNS] = {
		ff_int8(record->task_id),
		ff_int8(record->connection_id),
		ff_text(ff_operation_name(record->operation)),
		ff_text(record->subject_kind),
		ff_int8(record->subject_id),
		ff_id(record->order_id),
		ff_int4(record->attempt),
		ff_time(record->started_at),
		ff_text(record->method),
		ff_text(record->url),
		ff_text(record->request),
		record->status == 0 ? ff_null() : ff_int4(record->status),
		ff_text(record->response),
		ff_text(record->result),
		ff_text(record->error),
		timings(record),
	};

	for (int i = 0; i < COLUMNS; i++)
		ff_column_add(&columns[i], cells[i]);
}

void
ff_calls_add(int32 merchant_id, const FfCallRecord *records, int count)
{
	FfColumn columns[COLUMNS];
	FfArgument arguments[COLUMNS + 1];

	if (count == 0)
		return;
	ff_spi_begin();
	for (int i = 0; i < COLUMNS; i++)
		ff_column_init(&columns[i], column_types[i]);
	for (int i = 0; i < count; i++)
		add_record(columns, &records[i]);
	arguments[0] = ff_int4(merchant_id);
	for (int i = 0; i < COLUMNS; i++)
		arguments[i + 1] = ff_column(&columns[i]);
	ff_run_arguments(&insert_calls, arguments, COLUMNS + 1);
	ff_spi_end();
}
