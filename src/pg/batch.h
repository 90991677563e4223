/*
 * batch.h
 *
 * Rows on their way into a statement, which reads them as a relation:
 *
 *     static FfShape new_lines =
 *         FF_SHAPE("new_lines", {"line", INT4OID}, {"item_id", INT8OID});
 *     static FfStatement add_lines = FF_STATEMENT(
 *         "insert into fulfillment.order_lines (merchant_id, line, item_id)"
 *         " select $1, n.line, n.item_id from new_lines n", INT4OID);
 *
 *     FfBatch *batch = ff_batch_begin(&new_lines);
 *     ff_batch_add(batch, ff_int4(line), ff_int8(item_id));
 *     ff_run_batch(&add_lines, batch, ff_int4(merchant_id));
 *
 * For what is written often: taking arrays apart (FfColumn, unnest) costs as
 * much for every cell as this does for a row.
 */
#ifndef FF_PG_BATCH_H
#define FF_PG_BATCH_H

#include "postgres.h"

#include "access/tupdesc.h"

#include "pg/spi.h"

#define FF_MAX_CELLS 24

typedef struct FfCell
{
	const char *name;
	Oid type;
} FfCell;

/* The relation's name, which is no table's, and its columns. */
typedef struct FfShape
{
	const char *name;
	int count;
	FfCell cells[FF_MAX_CELLS];
	TupleDesc columns; /* of the same; made once per process */
} FfShape;

#define FF_SHAPE(relation, ...)                                                                  \
	{                                                                                            \
		.name = relation, .count = lengthof(((FfCell[]){__VA_ARGS__})), .cells = { __VA_ARGS__ } \
	}

typedef struct FfBatch FfBatch;

/* Between ff_spi_begin and ff_spi_end; memory of the current context. */
extern FfBatch *ff_batch_begin(FfShape *shape);

/* What is made for the cells, such as ff_text's, is gone when the row is added. */
#define ff_batch_add(batch, ...)                                                            \
	do                                                                                      \
	{                                                                                       \
		MemoryContext outside_ = ff_batch_enter(batch);                                     \
		ff_batch_add_row(                                                                   \
			batch, ((FfArgument[]){__VA_ARGS__}), lengthof(((FfArgument[]){__VA_ARGS__}))); \
		ff_batch_leave(batch, outside_);                                                    \
	} while (0)
extern void ff_batch_add_row(FfBatch *batch, const FfArgument *cells, int count);
extern MemoryContext ff_batch_enter(FfBatch *batch);
extern void ff_batch_leave(FfBatch *batch, MemoryContext outside);

/* The number of rows added so far. */
extern int ff_batch_count(const FfBatch *batch);

/* Runs a statement that reads the batch, and ends the batch; there are other arguments, too. */
#define ff_run_batch(statement, batch, ...) \
	ff_run_batch_arguments(                 \
		statement, batch, ((FfArgument[]){__VA_ARGS__}), lengthof(((FfArgument[]){__VA_ARGS__})))
extern FfRows ff_run_batch_arguments(FfStatement *statement, FfBatch *batch,
									 const FfArgument *arguments, int count);

#endif
