/*
 * batch.c
 *
 * A batch is a tuplestore, and for the time of a statement a relation of SPI's,
 * as transition tables are for triggers; see batch.h.
 */
#include "postgres.h"

#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/queryenvironment.h"
#include "utils/tuplestore.h"

#include "pg/batch.h"

/* What the planner takes for the number of rows, so that no plan depends on the first batch. */
#define USUAL_ROWS 100

struct FfBatch
{
	FfShape *shape;
	Tuplestorestate *rows;
	MemoryContext cells; /* of the row that is being added */
	int count;
};

static TupleDesc
columns_of(const FfShape *shape)
{
	MemoryContext before = MemoryContextSwitchTo(TopMemoryContext);
	TupleDesc columns = CreateTemplateTupleDesc(shape->count);

	for (int i = 0; i < shape->count; i++)
		TupleDescInitEntry(
			columns, (AttrNumber) (i + 1), shape->cells[i].name, shape->cells[i].type, -1, 0);
	MemoryContextSwitchTo(before);
	return columns;
}

FfBatch *
ff_batch_begin(FfShape *shape)
{
	FfBatch *batch = palloc0(sizeof(FfBatch));

	if (shape->columns == NULL)
		shape->columns = columns_of(shape);
	batch->shape = shape;
	/* what it is made from is in memory, too, and not written to disk either */
	batch->rows = tuplestore_begin_heap(false, false, MAX_KILOBYTES);
	batch->cells =
		AllocSetContextCreate(CurrentMemoryContext, "cells of a batch", ALLOCSET_SMALL_SIZES);
	return batch;
}

void
ff_batch_add_row(FfBatch *batch, const FfArgument *cells, int count)
{
	Datum values[FF_MAX_CELLS];
	bool nulls[FF_MAX_CELLS];

	Assert(count == batch->shape->count);
	for (int i = 0; i < count; i++)
	{
		values[i] = cells[i].value;
		nulls[i] = cells[i].null;
	}
	tuplestore_putvalues(batch->rows, batch->shape->columns, values, nulls);
	batch->count++;
}

MemoryContext
ff_batch_enter(FfBatch *batch)
{
	return MemoryContextSwitchTo(batch->cells);
}

void
ff_batch_leave(FfBatch *batch, MemoryContext outside)
{
	MemoryContextSwitchTo(outside);
	MemoryContextReset(batch->cells);
}

int
ff_batch_count(const FfBatch *batch)
{
	return batch->count;
}

/*
 * SPI keeps its list of relations where we are, and it must outlive what calls
 * us.  One that an error left behind is struck off first: while an error is
 * under way SPI is not where we were.
 */
static EphemeralNamedRelation
enroll(const FfBatch *batch)
{
	MemoryContext before = MemoryContextSwitchTo(TopTransactionContext);
	EphemeralNamedRelation relation = palloc0(sizeof(EphemeralNamedRelationData));
	int code;

	relation->md.name = unconstify(char *, batch->shape->name);
	relation->md.tupdesc = batch->shape->columns;
	relation->md.enrtype = ENR_NAMED_TUPLESTORE;
	relation->md.enrtuples = USUAL_ROWS;
	relation->reldata = batch->rows;
	(void) SPI_unregister_relation(batch->shape->name);
	code = SPI_register_relation(relation);
	MemoryContextSwitchTo(before);
	if (code != SPI_OK_REL_REGISTER)
		elog(ERROR,
			 "could not register relation \"%s\": %s",
			 batch->shape->name,
			 SPI_result_code_string(code));
	return relation;
}

FfRows
ff_run_batch_arguments(FfStatement *statement, FfBatch *batch, const FfArgument *arguments,
					   int count)
{
	EphemeralNamedRelation relation = enroll(batch);
	FfRows rows = ff_run_arguments(statement, arguments, count);

	(void) SPI_unregister_relation(batch->shape->name);
	pfree(relation);
	MemoryContextDelete(batch->cells);
	tuplestore_end(batch->rows);
	pfree(batch);
	return rows;
}
