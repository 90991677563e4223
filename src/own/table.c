/*
 * table.c
 *
 * The rows of fulfillment.own_connectors: read for everybody who asks for a
 * connector, written by register_connector and unregister_connector.
 *
 * They are read with the rights of the extension's owner, because the functions
 * that ask have none of their own, and whatever the search_path of the session.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "own/own.h"
#include "own/parts.h"
#include "pg/errors.h"
#include "pg/guc.h"
#include "pg/guest.h"
#include "pg/session.h"
#include "pg/spi.h"

#define SCHEMA "fulfillment"
#define TABLE  "own_connectors"
#define LEAST  2
#define MOST   (NAMEDATALEN - 1)

static FfStatement read_one =
	FF_STATEMENT("select name, definition, request_function, outcome_function, run_as"
				 " from fulfillment.own_connectors where merchant_id operator(pg_catalog.=) 0"
				 " and name operator(pg_catalog.=) $1",
				 TEXTOID);

static FfStatement read_all =
	FF_STATEMENT("select name, definition, request_function, outcome_function, run_as"
				 " from fulfillment.own_connectors where merchant_id operator(pg_catalog.=) $1"
				 " order by name using operator(pg_catalog.<)",
				 INT4OID);

static FfStatement write_one = FF_STATEMENT(
	"insert into fulfillment.own_connectors as o (name, definition, request_function,"
	"  outcome_function, run_as, registered_by) values ($1, $2, $3, $4, $5, $6)"
	" on conflict (merchant_id, name) do update set definition = excluded.definition,"
	"  request_function = excluded.request_function, outcome_function = excluded.outcome_function,"
	"  run_as = excluded.run_as, registered_by = excluded.registered_by, registered_at = now()",
	TEXTOID, JSONBOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID);

static FfStatement user_of =
	FF_STATEMENT("select code, merchant_id from fulfillment.connections where connector = $1"
				 " order by merchant_id, code limit 1",
				 TEXTOID);

static FfStatement delete_one = FF_STATEMENT(
	"delete from fulfillment.own_connectors where merchant_id = 0 and name = $1", TEXTOID);

/* The objects may be older than the library, or not be there. */
static bool
is_there(void)
{
	Oid schema = get_namespace_oid(SCHEMA, true);

	return OidIsValid(schema) && OidIsValid(get_relname_relid(TABLE, schema));
}

/* NULL for a row that says nothing any more, as one restored from a later version may. */
static FfConnector *
take_row(const FfRows *rows, uint64 row)
{
	FfOwnProblem problem;
	FfOwn own;

	own.name = ff_row_text(rows, row, 1);
	own.definition = ff_row_json(rows, row, 2);
	own.request = ff_row_text(rows, row, 3);
	own.outcome = ff_row_text(rows, row, 4);
	own.run_as = ff_row_text(rows, row, 5);
	return ff_own_compile(&own, &problem);
}

static const FfConnector *
find(const char *name)
{
	FfConnector *found = NULL;
	MemoryContext outer;
	FfIdentity ours;
	FfRows rows;

	if (!is_there())
		return NULL;
	ours = ff_identity_take(ff_role_owner());
	outer = ff_spi_begin();
	rows = ff_run(&read_one, ff_text(name));
	MemoryContextSwitchTo(outer);
	if (rows.count > 0)
		found = take_row(&rows, 0);
	ff_spi_end();
	ff_identity_give_back(ours);
	return found;
}

static const FfConnector **
all(int *count)
{
	const FfConnector **list;
	MemoryContext outer;
	FfIdentity ours;
	FfRows rows;

	*count = 0;
	if (!is_there())
		return NULL;
	ours = ff_identity_take(ff_role_owner());
	outer = ff_spi_begin();
	rows = ff_run(&read_all, ff_int4(0));
	MemoryContextSwitchTo(outer);
	list = palloc(sizeof(FfConnector *) * (rows.count + 1));
	for (uint64 i = 0; i < rows.count; i++)
	{
		const FfConnector *connector = take_row(&rows, i);

		if (connector != NULL)
			list[(*count)++] = connector;
	}
	ff_spi_end();
	ff_identity_give_back(ours);
	return list;
}

void
ff_own_init(void)
{
	static const FfConnectorSource source = {.find = find, .all = all};

	ff_connector_source_set(&source);
}

static void
refuse(const char *name, const char *detail, const char *hint)
{
	ereport(ERROR,
			(errcode(FF_ERR_INVALID_DOCUMENT),
			 errmsg("could not register connector \"%s\"", name),
			 errdetail_internal("%s", detail),
			 hint != NULL ? errhint("%s", hint) : 0));
}

static void
check_name(const char *name)
{
	size_t length = strlen(name);

	if (length < LEAST || length > MOST || name[0] < 'a' || name[0] > 'z' ||
		strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != length)
		refuse(name,
			   "The name is wrong.",
			   "Give 2 to 63 small letters, digits and underscores, a letter first.");
	if (ff_connector_built_in(name) != NULL)
		refuse(name, "A connector of this name is built in.", "Choose another name.");
}

/* Whose rights the functions get: those of who owns them, or of a role that is named. */
static Oid
role_to_run_as(const char *name, Oid request, const char *run_as)
{
	Oid role = run_as != NULL ? ff_role_find(run_as) : ff_guest_function_owner(request);

	if (!OidIsValid(role))
		refuse(name,
			   psprintf("Role \"%s\" does not exist.", run_as != NULL ? run_as : ""),
			   "Create it with CREATE ROLE first.");
	if (ff_role_all_powerful(role) || ff_role_find(ff_guc_worker_role) == role)
		refuse(
			name,
			psprintf("Its functions would have all rights of role \"%s\".", ff_role_name(role)),
			"Name a role that has few of them with run_as, or let such a role own the functions.");
	if (!ff_role_all_powerful(ff_caller()) && !ff_role_may_act_as(ff_caller(), role))
		ereport(ERROR,
				(errcode(FF_ERR_FORBIDDEN),
				 errmsg("could not register connector \"%s\"", name),
				 errdetail("Its functions would have the rights of role \"%s\", and you are no "
						   "member of it.",
						   ff_role_name(role)),
				 errhint("Name a role of yours with run_as.")));
	return role;
}

static void
check_function(const char *name, Oid function, Oid role, int count)
{
	char *objection = ff_guest_objection(function, role, count);

	if (objection != NULL)
		refuse(name,
			   psprintf("Function %s cannot be used: %s.", ff_guest_signature(function), objection),
			   NULL);
}

/* The two functions of a connector and their role, when it has any. */
static void
take_functions(FfOwn *own, FunctionCallInfo fcinfo)
{
	Oid request = PG_ARGISNULL(2) ? InvalidOid : PG_GETARG_OID(2);
	Oid outcome = PG_ARGISNULL(3) ? InvalidOid : PG_GETARG_OID(3);
	char *run_as = PG_ARGISNULL(4) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(4));
	Oid role;

	if (OidIsValid(request) != OidIsValid(outcome))
		refuse(own->name,
			   "It has one function.",
			   "Give both, the one for requests and the one for outcomes, or none.");
	if (!OidIsValid(request))
	{
		if (run_as != NULL)
			refuse(own->name, "It has no functions that could run as anybody.", NULL);
		return;
	}
	role = role_to_run_as(own->name, request, run_as);
	check_function(own->name, request, role, 2);
	check_function(own->name, outcome, role, 3);
	own->request = ff_guest_signature(request);
	own->outcome = ff_guest_signature(outcome);
	own->run_as = ff_role_name(role);
}

PG_FUNCTION_INFO_V1(fulfillment_register_connector);

/* register_connector(name, definition, request, outcome, run_as) */
Datum
fulfillment_register_connector(PG_FUNCTION_ARGS)
{
	FfOwn own = {.name = PG_ARGISNULL(0) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(0))};
	FfOwnProblem problem = {.field = ""};
	FfConnector *connector;

	ff_require(FF_LEVEL_ADMIN, 0);
	check_name(own.name);
	own.definition = PG_ARGISNULL(1) ? NULL : ff_json_from_datum(PG_GETARG_DATUM(1));
	take_functions(&own, fcinfo);
	connector = ff_own_compile(&own, &problem);
	if (connector == NULL || !ff_own_check(&own, connector, &problem))
		refuse(own.name,
			   *problem.field == '\0'
				   ? psprintf("The definition: %s", problem.text)
				   : psprintf("Field \"%s\" of the definition: %s", problem.field, problem.text),
			   "docs/own-connectors.md says what a definition holds.");
	ff_spi_begin();
	ff_run(&write_one,
		   ff_text(own.name),
		   ff_json(own.definition),
		   ff_text(own.request),
		   ff_text(own.outcome),
		   ff_text(own.run_as),
		   ff_text(ff_actor()));
	ff_spi_end();
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(fulfillment_unregister_connector);

/* unregister_connector(name) */
Datum
fulfillment_unregister_connector(PG_FUNCTION_ARGS)
{
	char *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	FfRows rows;

	ff_require(FF_LEVEL_ADMIN, 0);
	ff_spi_begin();
	rows = ff_run(&user_of, ff_text(name));
	if (rows.count > 0)
		ereport(ERROR,
				(errcode(FF_ERR_REFUSED_EVENT),
				 errmsg("could not unregister connector \"%s\"", name),
				 errdetail("Connection \"%s\" of merchant %d uses it.",
						   ff_row_text(&rows, 0, 1),
						   ff_row_int4(&rows, 0, 2)),
				 errhint("Delete the connections that use it first.")));
	if (ff_run(&delete_one, ff_text(name)).count == 0)
		ereport(ERROR,
				(errcode(FF_ERR_UNKNOWN_OBJECT),
				 errmsg("connector \"%s\" is not registered", name),
				 errhint("Table fulfillment.own_connectors holds those that are.")));
	ff_spi_end();
	PG_RETURN_VOID();
}
