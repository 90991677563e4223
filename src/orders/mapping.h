/*
 * mapping.h
 *
 * From the columns of a shop's tables to order documents: a mapping, as users
 * write it, becomes one statement that reads any number of orders with their
 * lines.
 *
 * A member of the document is given by the name of a column, by {"value": …}
 * for a constant, or by {"column": …, "path": "a.b"} for a part of a JSON
 * column; an address, the payment and the attributes also by an object of
 * such.  Lines are a JSON column, or {"table", "key", "references", and the
 * members of a line}.  Members beside the document's: "key", the column that
 * tells rows apart (the primary key if it is one column), and "on_error".
 */
#ifndef FF_ORDERS_MAPPING_H
#define FF_ORDERS_MAPPING_H

#include "postgres.h"

#include "nodes/pg_list.h"

#include "pg/spi.h"

typedef struct FfMapping
{
	char *source;       /* quoted and qualified */
	char *key;          /* column of the source, not quoted */
	Oid lines_relation; /* InvalidOid: lines are a column */
	bool must_succeed;  /* on_error is "fail": the shop's transaction fails with the order */
	List *columns;      /* names of the source's columns that the document is made of */
	FfColumn constants; /* jsonb, in the order of their use */
	/*
	 * Keys text[] $1, version int8 $2, constants jsonb[] $3 → one row: the
	 * documents as a jsonb array, and their keys text[] beside them.
	 */
	char *statement;
} FfMapping;

/* ereport(ERROR, FF_ERR_INVALID_DOCUMENT), naming the member, when it fits neither tables nor
 * documents. */
extern FfMapping *ff_mapping_compile(Oid source, const FfJson *mapping);

#endif
