/*
 * documents.c
 *
 * The order document in SQL: what is wrong with one, and what differs between
 * two.  Arguments in, rows out; the work is done in order_document.c.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "model/order_document.h"
#include "pg/errors.h"

PG_FUNCTION_INFO_V1(fulfillment_check_order);
PG_FUNCTION_INFO_V1(fulfillment_compare_orders);

static const char *const line_changes[] = {
	[FF_LINE_ADDED] = "added",
	[FF_LINE_REMOVED] = "removed",
	[FF_LINE_MORE] = "more",
	[FF_LINE_LESS] = "less",
	[FF_LINE_OTHER] = "changed",
};

Datum
fulfillment_check_order(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rows = (ReturnSetInfo *) fcinfo->resultinfo;
	FfFieldReader reader;
	ListCell *cell;

	(void) ff_order_document_read(ff_json_from_datum(PG_GETARG_DATUM(0)), &reader);
	InitMaterializedSRF(fcinfo, 0);
	foreach (cell, reader.errors)
	{
		const FfFieldError *error = lfirst(cell);
		Datum values[5];
		bool nulls[5] = {false};

		values[0] = CStringGetTextDatum(ff_severity_name(error->severity));
		values[1] = CStringGetTextDatum(error->code);
		values[2] = CStringGetTextDatum(error->field);
		values[3] = Int32GetDatum(error->line);
		nulls[3] = error->line == 0;
		values[4] = CStringGetTextDatum(error->message);
		tuplestore_putvalues(rows->setResult, rows->setDesc, values, nulls);
	}
	return (Datum) 0;
}

static FfOrderDocument *
document_argument(FunctionCallInfo fcinfo, int position)
{
	FfFieldReader reader;
	FfOrderDocument *document =
		ff_order_document_read(ff_json_from_datum(PG_GETARG_DATUM(position)), &reader);

	if (document == NULL)
	{
		const FfFieldError *error = linitial(reader.errors);

		ereport(ERROR,
				(errcode(FF_ERR_INVALID_DOCUMENT),
				 errmsg("could not read the order document"),
				 errdetail("The document %s.", error->message)));
	}
	return document;
}

static void
put_difference(ReturnSetInfo *rows, const char *field, int line, const char *change)
{
	Datum values[3];
	bool nulls[3] = {false};

	values[0] = CStringGetTextDatum(field);
	values[1] = Int32GetDatum(line);
	nulls[1] = line == 0;
	values[2] = CStringGetTextDatum(change);
	tuplestore_putvalues(rows->setResult, rows->setDesc, values, nulls);
}

Datum
fulfillment_compare_orders(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rows = (ReturnSetInfo *) fcinfo->resultinfo;
	FfOrderDifference *difference =
		ff_order_document_compare(document_argument(fcinfo, 0), document_argument(fcinfo, 1));
	ListCell *cell;

	InitMaterializedSRF(fcinfo, 0);
	foreach (cell, difference->fields)
		if (strcmp(lfirst(cell), "lines") != 0)
			put_difference(rows, lfirst(cell), 0, "changed");
	for (int i = 0; i < difference->line_count; i++)
	{
		const FfLineDifference *line = &difference->lines[i];

		put_difference(rows,
					   "lines",
					   line->after != NULL ? line->after->line : line->before->line,
					   line_changes[line->change]);
	}
	return (Datum) 0;
}
