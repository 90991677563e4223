/*
 * relation.c
 *
 * Looks tables of users up in the catalog; see relation.h.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/sysattr.h"
#include "catalog/namespace.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_type.h"
#include "nodes/bitmapset.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/typcache.h"
#include "utils/varlena.h"

#include "pg/relation.h"

char *
ff_relation_name(Oid relation)
{
	char *name = get_rel_name(relation);

	if (name == NULL)
		return NULL;
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation)), name);
}

bool
ff_relation_is_table(Oid relation)
{
	char kind = get_rel_relkind(relation);

	return (kind == RELKIND_RELATION || kind == RELKIND_PARTITIONED_TABLE) &&
		   !get_rel_relispartition(relation);
}

Oid
ff_relation_root(Oid relation)
{
	List *ancestors;

	if (!get_rel_relispartition(relation))
		return relation;
	ancestors = get_partition_ancestors(relation);
	return ancestors == NIL ? relation : llast_oid(ancestors);
}

Oid
ff_relation_find(const char *name, Oid beside)
{
	List *parts = textToQualifiedNameList(cstring_to_text(name));

	if (list_length(parts) == 1)
		return get_relname_relid(strVal(linitial(parts)), get_rel_namespace(beside));
	return RangeVarGetRelid(makeRangeVarFromNameList(parts), NoLock, true);
}

Oid
ff_column_type(Oid relation, const char *column)
{
	AttrNumber number = get_attnum(relation, column);

	return number > 0 ? get_atttype(relation, number) : InvalidOid;
}

char *
ff_key_column(Oid relation)
{
	Oid constraint;
	Bitmapset *columns = get_primary_key_attnos(relation, true, &constraint);

	if (bms_num_members(columns) != 1)
		return NULL;
	return get_attname(
		relation, bms_singleton_member(columns) + FirstLowInvalidHeapAttributeNumber, false);
}

char *
ff_tuple_text(HeapTuple row, TupleDesc shape, const char *column)
{
	for (int i = 0; i < shape->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(shape, i);
		Oid output;
		bool varlena;
		bool null;
		Datum value;

		if (attribute->attisdropped || strcmp(NameStr(attribute->attname), column) != 0)
			continue;
		value = heap_getattr(row, i + 1, shape, &null);
		if (null)
			return NULL;
		getTypeOutputInfo(attribute->atttypid, &output, &varlena);
		return OidOutputFunctionCall(output, value);
	}
	return NULL;
}

char *
ff_type_name(Oid type)
{
	return format_type_be_qualified(type);
}

bool
ff_type_is_json(Oid type)
{
	return getBaseType(type) == JSONBOID || getBaseType(type) == JSONOID;
}

bool
ff_type_is_local_time(Oid type)
{
	return getBaseType(type) == TIMESTAMPOID || getBaseType(type) == DATEOID;
}

bool
ff_type_has_equality(Oid type)
{
	return OidIsValid(lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr);
}
