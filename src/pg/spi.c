/*
 * spi.c
 *
 * Prepared statements with checked results; see spi.h.  Nothing here knows a
 * table.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "nodes/params.h"
#include "tcop/dest.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "pg/planning.h"
#include "pg/spi.h"

MemoryContext
ff_spi_begin(void)
{
	MemoryContext outer = CurrentMemoryContext;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to the query interface");
	return outer;
}

void
ff_spi_end(void)
{
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "could not leave the query interface");
}

static void
prepare(FfStatement *statement)
{
	SPIPlanPtr plan = SPI_prepare_cursor(statement->sql,
										 statement->arguments,
										 statement->types,
										 statement->bulk ? 0 : CURSOR_OPT_GENERIC_PLAN);

	if (plan == NULL)
		elog(ERROR,
			 "could not prepare a statement: %s: %s",
			 SPI_result_code_string(SPI_result),
			 statement->sql);
	if (SPI_keepplan(plan) != 0)
		elog(ERROR, "could not keep a statement: %s", statement->sql);
	statement->plan = plan;
}

static void
execute(FfStatement *statement, const FfArgument *arguments, int count, DestReceiver *receiver)
{
	SPIExecuteOptions options = {.params = makeParamList(count), .dest = receiver};
	FfPlanning before;
	int code = 0;

	Assert(count == statement->arguments);
	if (statement->plan == NULL)
		prepare(statement);
	for (int i = 0; i < count; i++)
		options.params->params[i] = (ParamExternData){.value = arguments[i].value,
													  .isnull = arguments[i].null,
													  .pflags = PARAM_FLAG_CONST,
													  .ptype = statement->types[i]};
	before = ff_planning_begin(!statement->bulk);
	PG_TRY();
	{
		code = SPI_execute_plan_extended(statement->plan, &options);
	}
	PG_FINALLY();
	{
		ff_planning_end(before);
	}
	PG_END_TRY();
	if (code < 0)
		elog(ERROR,
			 "could not run a statement: %s: %s",
			 SPI_result_code_string(code),
			 statement->sql);
}

FfRows
ff_run_arguments(FfStatement *statement, const FfArgument *arguments, int count)
{
	MemoryContext context = CurrentMemoryContext;
	FfRows rows;

	execute(statement, arguments, count, NULL);
	rows.table = SPI_tuptable;
	rows.count = SPI_processed;
	MemoryContextSwitchTo(context); /* SPI leaves its own behind */
	return rows;
}

/* Where rows go that are not kept. */
typedef struct Passage
{
	DestReceiver receiver;
	FfRowTaker take;
	void *state;
} Passage;

static bool
pass_on(TupleTableSlot *slot, DestReceiver *receiver)
{
	Passage *passage = (Passage *) receiver;

	slot_getallattrs(slot);
	passage->take(passage->state, slot->tts_values, slot->tts_isnull);
	return true;
}

static void
begin_passage(DestReceiver *receiver, int operation, TupleDesc columns)
{
}

static void
end_passage(DestReceiver *receiver)
{
}

uint64
ff_run_through(FfStatement *statement, const FfArgument *arguments, int count, FfRowTaker take,
			   void *state)
{
	MemoryContext context = CurrentMemoryContext;
	Passage passage = {.receiver = {.receiveSlot = pass_on,
									.rStartup = begin_passage,
									.rShutdown = end_passage,
									.rDestroy = end_passage,
									.mydest = DestNone},
					   .take = take,
					   .state = state};

	execute(statement, arguments, count, &passage.receiver);
	MemoryContextSwitchTo(context);
	return SPI_processed;
}

FfArgument
ff_datum(Datum value)
{
	return (FfArgument){.value = value};
}

FfArgument
ff_null(void)
{
	return (FfArgument){.null = true};
}

FfArgument
ff_int4(int32 value)
{
	return ff_datum(Int32GetDatum(value));
}

FfArgument
ff_int8(int64 value)
{
	return ff_datum(Int64GetDatum(value));
}

FfArgument
ff_id(int64 value)
{
	return value == 0 ? ff_null() : ff_int8(value);
}

FfArgument
ff_bool(bool value)
{
	return ff_datum(BoolGetDatum(value));
}

FfArgument
ff_float8(double value)
{
	return ff_datum(Float8GetDatum(value));
}

FfArgument
ff_text(const char *value)
{
	return value == NULL ? ff_null() : ff_datum(CStringGetTextDatum(value));
}

FfArgument
ff_time(TimestampTz value)
{
	return ff_datum(TimestampTzGetDatum(value));
}

FfArgument
ff_time_or_null(TimestampTz value)
{
	return value == 0 || TIMESTAMP_IS_NOBEGIN(value) ? ff_null() : ff_time(value);
}

FfArgument
ff_bytes(const char *data, size_t length)
{
	bytea *bytes = palloc(VARHDRSZ + length);

	SET_VARSIZE(bytes, VARHDRSZ + length);
	memcpy(VARDATA(bytes), data, length);
	return ff_datum(PointerGetDatum(bytes));
}

FfArgument
ff_json(const FfJson *value)
{
	return value == NULL ? ff_null() : ff_datum(ff_json_to_datum(value));
}

FfArgument
ff_json_from_text(const char *text)
{
	return text == NULL ? ff_null()
						: ff_datum(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
}

Datum
ff_row_datum(const FfRows *rows, uint64 row, int column, bool *null)
{
	Assert(row < rows->count);
	return SPI_getbinval(rows->table->vals[row], rows->table->tupdesc, column, null);
}

bool
ff_row_null(const FfRows *rows, uint64 row, int column)
{
	bool null;

	(void) ff_row_datum(rows, row, column, &null);
	return null;
}

int32
ff_row_int4(const FfRows *rows, uint64 row, int column)
{
	bool null;
	Datum value = ff_row_datum(rows, row, column, &null);

	return null ? 0 : DatumGetInt32(value);
}

int64
ff_row_int8(const FfRows *rows, uint64 row, int column)
{
	bool null;
	Datum value = ff_row_datum(rows, row, column, &null);

	return null ? 0 : DatumGetInt64(value);
}

bool
ff_row_bool(const FfRows *rows, uint64 row, int column)
{
	bool null;
	Datum value = ff_row_datum(rows, row, column, &null);

	return null ? false : DatumGetBool(value);
}

double
ff_row_float8(const FfRows *rows, uint64 row, int column)
{
	bool null;
	Datum value = ff_row_datum(rows, row, column, &null);

	return null ? 0 : DatumGetFloat8(value);
}

TimestampTz
ff_row_time(const FfRows *rows, uint64 row, int column)
{
	bool null;
	Datum value = ff_row_datum(rows, row, column, &null);

	return null ? 0 : DatumGetTimestampTz(value);
}

char *
ff_row_text(const FfRows *rows, uint64 row, int column)
{
	return SPI_getvalue(rows->table->vals[row], rows->table->tupdesc, column);
}

FfJson *
ff_row_json(const FfRows *rows, uint64 row, int column)
{
	bool null;
	Datum value = ff_row_datum(rows, row, column, &null);

	return null ? NULL : ff_json_from_datum(PointerGetDatum(PG_DETOAST_DATUM_COPY(value)));
}

void
ff_column_init(FfColumn *column, Oid element_type)
{
	column->type = element_type;
	column->count = 0;
	column->capacity = 16;
	column->values = palloc(column->capacity * sizeof(Datum));
	column->nulls = palloc(column->capacity * sizeof(bool));
}

void
ff_column_add(FfColumn *column, FfArgument value)
{
	if (column->count == column->capacity)
	{
		column->capacity *= 2;
		column->values = repalloc(column->values, column->capacity * sizeof(Datum));
		column->nulls = repalloc(column->nulls, column->capacity * sizeof(bool));
	}
	column->values[column->count] = value.value;
	column->nulls[column->count] = value.null;
	column->count++;
}

FfArgument
ff_column(const FfColumn *column)
{
	int16 length;
	bool by_value;
	char alignment;
	int dimension = column->count;
	int lower_bound = 1;

	get_typlenbyvalalign(column->type, &length, &by_value, &alignment);
	if (dimension == 0)
		return ff_datum(PointerGetDatum(construct_empty_array(column->type)));
	return ff_datum(PointerGetDatum(construct_md_array(column->values,
													   column->nulls,
													   1,
													   &dimension,
													   &lower_bound,
													   column->type,
													   length,
													   by_value,
													   alignment)));
}

FfArgument
ff_ids(const int64 *ids, int count)
{
	FfColumn column;

	ff_column_init(&column, INT8OID);
	for (int i = 0; i < count; i++)
		ff_column_add(&column, ff_int8(ids[i]));
	return ff_column(&column);
}
