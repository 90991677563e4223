/*
 * mapping.c
 *
 * Compiles mappings; see mapping.h.  Decides which expression stands for which
 * member; refuses to know when the statement runs and with whose rights.  All
 * names are quoted, all constants are parameters.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "model/order_document.h"
#include "orders/mapping.h"
#include "pg/errors.h"
#include "pg/relation.h"

/* Members that are objects themselves and may be mapped member by member. */
static const char *const parents[] = {"ship_to", "bill_to", "payment", "attributes"};
/* What belongs to the mapping and is no member of a document. */
static const char *const options[] = {"key", "on_error"};
static const char *const line_options[] = {"table", "key", "references"};

typedef struct Compiler
{
	FfMapping *mapping;
	Oid relation; /* whose columns are named now … */
	char alias;   /* … and what the statement calls it */
} Compiler;

static bool
is_one_of(const char *name, const char *const *list, int count)
{
	for (int i = 0; i < count; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return false;
}

static void
refuse(const Compiler *compiler, const char *member, const char *problem)
{
	ereport(ERROR,
			(errcode(FF_ERR_INVALID_DOCUMENT),
			 errmsg("mapping does not fit table %s", compiler->mapping->source),
			 member == NULL ? errdetail("The mapping %s.", problem)
							: errdetail("Member \"%s\" of the mapping %s.", member, problem),
			 errhint("A member is given by a column's name, {\"value\": …} or "
					 "{\"column\": …, \"path\": …}.")));
}

/* The column, quoted, behind the alias of its table; its type beside it. */
static char *
column(Compiler *compiler, const char *member, const char *name, Oid *type)
{
	*type = ff_column_type(compiler->relation, name);
	if (!OidIsValid(*type))
		refuse(compiler,
			   member,
			   psprintf("names column \"%s\", which table %s does not have",
						name,
						ff_relation_name(compiler->relation)));
	if (compiler->alias == 's')
		compiler->mapping->columns =
			list_append_unique(compiler->mapping->columns, makeString(pstrdup(name)));
	return psprintf("%c.%s", compiler->alias, quote_identifier(name));
}

/* A column's value as JSON can hold it without losing the zone. */
static char *
plain_column(Compiler *compiler, const char *member, const char *name)
{
	Oid type;
	char *expression = column(compiler, member, name, &type);

	return ff_type_is_local_time(type) ? psprintf("%s::timestamptz", expression) : expression;
}

static char *
constant(Compiler *compiler, const FfJson *value)
{
	ff_column_add(&compiler->mapping->constants, ff_json(value));
	return psprintf("$3[%d]", compiler->mapping->constants.count);
}

/* {"column": …, "path": "a.b"} */
static char *
part_of_column(Compiler *compiler, const char *member, const FfJson *spec)
{
	char *name = ff_json_text(spec, "column");
	char *path = ff_json_text(spec, "path");
	char *expression;
	Oid type;

	if (name == NULL)
		refuse(compiler, member, "does not name a column");
	if (path == NULL)
		return plain_column(compiler, member, name);
	expression = column(compiler, member, name, &type);
	if (!ff_type_is_json(type))
		refuse(compiler, member, psprintf("takes a path of column \"%s\", which is no JSON", name));
	return psprintf(
		"%s::jsonb #> pg_catalog.string_to_array(%s, '.')", expression, quote_literal_cstr(path));
}

/* One value; NULL when the specification is an object of members. */
static char *
value(Compiler *compiler, const char *member, const FfJson *spec)
{
	if (ff_json_is_string(spec))
		return plain_column(compiler, member, ff_json_text(spec, ""));
	if (!ff_json_is_object(spec))
		refuse(compiler, member, "is neither a column's name nor an object");
	if (ff_json_get(spec, "value") != NULL)
		return constant(compiler, ff_json_get(spec, "value"));
	if (ff_json_get(spec, "column") != NULL)
		return part_of_column(compiler, member, spec);
	return NULL;
}

/*
 * jsonb_build_object over the members of a mapping.  parent is NULL for the
 * order itself; options are what the caller reads.
 */
static char *
object(Compiler *compiler, const FfJson *members, const char *parent, const char *const *options,
	   int option_count)
{
	StringInfoData text;
	const char *separator = "";
	void *state = NULL;
	char *name;
	FfJson *spec;

	initStringInfo(&text);
	appendStringInfoString(&text, "pg_catalog.jsonb_build_object(");
	while (ff_json_each(members, &state, &name, &spec))
	{
		const char *member = parent == NULL ? name : psprintf("%s.%s", parent, name);
		char *expression;

		if (is_one_of(name, options, option_count) ||
			(parent == NULL && strcmp(name, "lines") == 0))
			continue;
		if ((parent == NULL || strcmp(parent, "attributes") != 0) &&
			!ff_order_document_has(parent, name))
			refuse(compiler, member, "is no member of an order document");
		expression = value(compiler, member, spec);
		if (expression == NULL && parent == NULL && is_one_of(name, parents, lengthof(parents)))
			expression = object(compiler, spec, name, NULL, 0);
		if (expression == NULL)
			refuse(compiler, member, "has no value");
		appendStringInfo(&text, "%s%s, %s", separator, quote_literal_cstr(name), expression);
		separator = ", ";
	}
	appendStringInfoChar(&text, ')');
	return text.data;
}

static char *
required_text(Compiler *compiler, const FfJson *spec, const char *name)
{
	char *text = ff_json_text(spec, name);

	if (text == NULL)
		refuse(compiler, psprintf("lines.%s", name), "is missing");
	return text;
}

/* What lines are numbered by: the number they have, else their table's key. */
static char *
order_of_lines(Compiler *compiler, const FfJson *spec)
{
	char *key = ff_key_column(compiler->relation);
	Oid type;

	if (ff_json_get(spec, "line") != NULL)
	{
		char *number = value(compiler, "lines.line", ff_json_get(spec, "line"));

		if (number != NULL)
			return number;
	}
	if (key == NULL)
		refuse(compiler,
			   "lines.line",
			   "is needed, because the table has no primary key of one column");
	return column(compiler, "lines.line", key, &type);
}

/* The part of the statement that reads lines from their own table. */
static char *
lines_of_table(Compiler *compiler, const FfJson *spec)
{
	char *table = required_text(compiler, spec, "table");
	char *reference;
	char *members;
	Oid type;

	compiler->relation = ff_relation_find(table, compiler->relation);
	compiler->alias = 'l';
	if (!OidIsValid(compiler->relation))
		refuse(compiler, "lines.table", psprintf("names table %s, which does not exist", table));
	compiler->mapping->lines_relation = compiler->relation;
	reference = column(compiler, "lines.key", required_text(compiler, spec, "key"), &type);
	members = object(compiler, spec, "lines", line_options, lengthof(line_options));
	return psprintf(
		" lines as (select %s as reference, pg_catalog.jsonb_agg(%s order by %s) as list"
		"  from %s l where %s = any (array(select h.reference from heads h)) group by 1)",
		reference,
		members,
		order_of_lines(compiler, spec),
		ff_relation_name(compiler->relation),
		reference);
}

static void
read_options(Compiler *compiler, const FfJson *mapping)
{
	const char *on_error = ff_json_text_or(mapping, "on_error", "park");

	compiler->mapping->key = ff_json_text(mapping, "key");
	if (compiler->mapping->key == NULL)
		compiler->mapping->key = ff_key_column(compiler->relation);
	if (compiler->mapping->key == NULL)
		refuse(compiler, "key", "is needed, because the table has no primary key of one column");
	if (strcmp(on_error, "park") != 0 && strcmp(on_error, "fail") != 0)
		refuse(compiler, "on_error", "is neither \"park\" nor \"fail\"");
	compiler->mapping->must_succeed = strcmp(on_error, "fail") == 0;
}

FfMapping *
ff_mapping_compile(Oid source, const FfJson *json)
{
	FfMapping *mapping = palloc0(sizeof(FfMapping));
	Compiler compiler = {.mapping = mapping, .relation = source, .alias = 's'};
	FfJson *lines = ff_json_get(json, "lines");
	bool own_table = ff_json_get(lines, "table") != NULL;
	char *head;
	char *key;
	char *reference;
	char *list;
	Oid key_type;
	Oid type;

	mapping->source = ff_relation_name(source);
	ff_column_init(&mapping->constants, JSONBOID);
	if (!ff_json_is_object(json))
		refuse(&compiler, NULL, "is no object");
	read_options(&compiler, json);
	key = column(&compiler, "key", mapping->key, &key_type);
	reference = column(
		&compiler, "lines.references", ff_json_text_or(lines, "references", mapping->key), &type);
	head = object(&compiler, json, NULL, options, lengthof(options));
	list = own_table ? lines_of_table(&compiler, lines) : value(&compiler, "lines", lines);
	if (list == NULL)
		refuse(&compiler, "lines", "names neither a table nor a column");
	mapping->statement = psprintf(
		"with wanted as (select k.key, pg_catalog.min(k.n) as n"
		"  from pg_catalog.unnest($1) with ordinality k(key, n) group by 1),"
		" heads as materialized (select w.n, %s::text as key, %s as reference, %s || %s as head"
		"  from wanted w join %s s on %s = w.key::%s)%s"
		" select pg_catalog.jsonb_agg(pg_catalog.jsonb_strip_nulls(%s) order by h.n),"
		" pg_catalog.array_agg(h.key order by h.n) from heads h%s",
		key,
		reference,
		ff_json_get(json, "version") != NULL ? "'{}'::jsonb"
											 : "pg_catalog.jsonb_build_object('version', $2)",
		own_table ? head : psprintf("%s || pg_catalog.jsonb_build_object('lines', %s)", head, list),
		mapping->source,
		key,
		ff_type_name(key_type),
		own_table ? psprintf(",%s", list) : "",
		own_table ? "h.head || pg_catalog.jsonb_build_object('lines', l.list)" : "h.head",
		own_table ? " left join lines l on l.reference = h.reference" : "");
	return mapping;
}
