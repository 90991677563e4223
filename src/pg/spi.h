/*
 * spi.h
 *
 * The one way this extension reads and writes rows: statements prepared once
 * per process, run with typed arguments, their result code checked.
 *
 *     static FfStatement find_item = FF_STATEMENT(
 *         "select item_id from fulfillment.items where merchant_id = $1 and sku = $2",
 *         INT4OID, TEXTOID);
 *
 *     FfRows rows = ff_run(&find_item, ff_int4(merchant_id), ff_text(sku));
 *     if (rows.count == 1)
 *         item_id = ff_row_int8(&rows, 0, 1);
 *
 * Statements of a file stand at its top.  Callers are between ff_spi_begin and
 * ff_spi_end; results live until ff_spi_end.  Sets travel as arrays: build them
 * with FfColumn and unnest them, instead of running a statement per row.
 */
#ifndef FF_PG_SPI_H
#define FF_PG_SPI_H

#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "datatype/timestamp.h"
#include "executor/spi.h"

#include "pg/json.h"

#define FF_MAX_ARGUMENTS 32

/*
 * A statement is planned once, without looking at its arguments, and as for
 * large tables (planning.h), so that no plan depends on when a session began.
 * A statement that is meant to read whole tables says bulk, and is planned
 * like any other.
 */
typedef struct FfStatement
{
	const char *sql;
	int arguments;
	Oid types[FF_MAX_ARGUMENTS];
	bool bulk;
	SPIPlanPtr plan; /* kept for the life of the process */
} FfStatement;

#define FF_STATEMENT(text, ...)                                                              \
	{                                                                                        \
		.sql = text, .arguments = lengthof(((Oid[]){__VA_ARGS__})), .types = { __VA_ARGS__ } \
	}

#define FF_BULK_STATEMENT(text, ...)                                                        \
	{                                                                                       \
		.sql = text, .arguments = lengthof(((Oid[]){__VA_ARGS__})), .types = {__VA_ARGS__}, \
		.bulk = true                                                                        \
	}

typedef struct FfArgument
{
	Datum value;
	bool null;
} FfArgument;

extern FfArgument ff_null(void);
extern FfArgument ff_int4(int32 value);
extern FfArgument ff_int8(int64 value);
/* 0 is NULL: ids start at 1 */
extern FfArgument ff_id(int64 value);
extern FfArgument ff_bool(bool value);
extern FfArgument ff_float8(double value);
/* NULL is NULL; also for numeric, written as "$3::numeric" over a text argument */
extern FfArgument ff_text(const char *value);
extern FfArgument ff_time(TimestampTz value);
/* 0 and -infinity are NULL */
extern FfArgument ff_time_or_null(TimestampTz value);
extern FfArgument ff_bytes(const char *data, size_t length);
/* a jsonb argument from a value (NULL is NULL) or from JSON text (throws when it is none) */
extern FfArgument ff_json(const FfJson *value);
extern FfArgument ff_json_from_text(const char *text);
extern FfArgument ff_datum(Datum value);

typedef struct FfRows
{
	SPITupleTable *table;
	uint64 count; /* rows returned, or rows written when nothing is returned */
} FfRows;

#define ff_run(statement, ...) \
	ff_run_arguments(          \
		statement, ((FfArgument[]){__VA_ARGS__}), lengthof(((FfArgument[]){__VA_ARGS__})))
extern FfRows ff_run_arguments(FfStatement *statement, const FfArgument *arguments, int count);

/*
 * Hands each row to a function as it is read, and keeps none: for results of
 * many rows of which little is wanted.  Values live until it returns; it may
 * run no statement.  Answers the number of rows.
 */
typedef void (*FfRowTaker)(void *state, const Datum *values, const bool *nulls);
extern uint64 ff_run_through(FfStatement *statement, const FfArgument *arguments, int count,
							 FfRowTaker take, void *state);

/* Nestable.  The context to allocate results in that must outlive ff_spi_end. */
extern MemoryContext ff_spi_begin(void);
extern void ff_spi_end(void);

/* Cells: row from 0, column from 1, as SPI numbers them.  Text and values are copies in the current
 * context; NULL reads as NULL, 0 or false. */
extern bool ff_row_null(const FfRows *rows, uint64 row, int column);
extern int32 ff_row_int4(const FfRows *rows, uint64 row, int column);
extern int64 ff_row_int8(const FfRows *rows, uint64 row, int column);
extern bool ff_row_bool(const FfRows *rows, uint64 row, int column);
extern double ff_row_float8(const FfRows *rows, uint64 row, int column);
extern TimestampTz ff_row_time(const FfRows *rows, uint64 row, int column);
/* any type, through its output function */
extern char *ff_row_text(const FfRows *rows, uint64 row, int column);
extern FfJson *ff_row_json(const FfRows *rows, uint64 row, int column);
extern Datum ff_row_datum(const FfRows *rows, uint64 row, int column, bool *null);

/* One array argument in the making. */
typedef struct FfColumn
{
	Oid type;
	int count;
	int capacity;
	Datum *values;
	bool *nulls;
} FfColumn;

extern void ff_column_init(FfColumn *column, Oid element_type);
extern void ff_column_add(FfColumn *column, FfArgument value);
extern FfArgument ff_column(const FfColumn *column);
/* An array of ids that are there already. */
extern FfArgument ff_ids(const int64 *ids, int count);

#endif
