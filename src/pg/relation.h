/*
 * relation.h
 *
 * Tables of users by their oid: names, columns and keys, ready to be written
 * into a statement.  Names come back quoted and qualified.
 */
#ifndef FF_PG_RELATION_H
#define FF_PG_RELATION_H

#include "postgres.h"

#include "access/htup.h"
#include "access/tupdesc.h"

/* A table, view or the like that can be selected from; NULL when there is none any more. */
extern char *ff_relation_name(Oid relation);
/* Whether triggers that wait for the commit can be put on it: a table, no partition of one. */
extern bool ff_relation_is_table(Oid relation);
/* The table a partition belongs to, at the top; the relation itself when it is none. */
extern Oid ff_relation_root(Oid relation);

/*
 * A table by the name people write; InvalidOid when there is none.  Without a
 * schema it stands in that of the other table.
 */
extern Oid ff_relation_find(const char *name, Oid beside);

/* The type of a column; InvalidOid when the table has no such column. */
extern Oid ff_column_type(Oid relation, const char *column);
/* The one column of the primary key; NULL when there is no such key or it has more. */
extern char *ff_key_column(Oid relation);

/* The value of a column of a row; NULL when it is NULL or there is no such column. */
extern char *ff_tuple_text(HeapTuple row, TupleDesc shape, const char *column);

extern char *ff_type_name(Oid type);
extern bool ff_type_is_json(Oid type);
/* Has no zone of its own: timestamp or date. */
extern bool ff_type_is_local_time(Oid type);
extern bool ff_type_has_equality(Oid type);

#endif
