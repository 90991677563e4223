/*
 * json_path.c
 *
 * Calls of PostgreSQL's jsonpath functions; see json_path.h.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"

#include "pg/json_path.h"

static Datum
compile(const char *path)
{
	return DirectFunctionCall1(jsonpath_in, CStringGetDatum(path));
}

FfJson *
ff_json_path_all(const FfJson *json, const char *path, const FfJson *variables)
{
	return ff_json_from_datum(DirectFunctionCall4(jsonb_path_query_array,
												  ff_json_to_datum(json),
												  compile(path),
												  ff_json_to_datum(variables),
												  BoolGetDatum(true)));
}

bool
ff_json_path_holds(const FfJson *json, const char *path, const FfJson *variables)
{
	const FfJson *first = ff_json_at(ff_json_path_all(json, path, variables), 0);

	return !ff_json_is_null(first) && (first->type != jbvBool || first->val.boolean);
}

/*
 * A variable that is missing would only be noticed by the first value it is
 * compared with, so they are looked for in the text: "$" and a name, but not in
 * quotes.  NULL when all are known.
 */
static char *
unknown_variable(const char *path, const FfJson *variables)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
	bool quoted = false;

	for (const char *c = path; *c != '\0'; c++)
	{
		bool in_quotes = c[0] == '$' && c[1] == '"';
		size_t length;
		char *name;

		if (*c == '\\' && c[1] != '\0')
			c++;
		else if (*c == '"')
			quoted = !quoted;
		if (*c != '$' || quoted)
			continue;
		length = in_quotes ? strcspn(c + 2, "\"") : strspn(c + 1, letters);
		name = pnstrdup(c + 1 + in_quotes, length);
		if (length > 0 && ff_json_member(variables, name) == NULL)
			return name;
	}
	return NULL;
}

bool
ff_json_path_check(const char *path, const FfJson *variables, char **problem)
{
	MemoryContext context = CurrentMemoryContext;
	volatile bool fine = true;
	char *name;

	/* it takes no lock and opens nothing, so no subtransaction is needed around it */
	PG_TRY();
	{
		FfJson *nothing = ff_json_parse("{}", 2, NULL);

		(void) ff_json_path_all(nothing, path, variables);
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		if (error->sqlerrcode == ERRCODE_QUERY_CANCELED ||
			error->sqlerrcode == ERRCODE_OUT_OF_MEMORY ||
			error->sqlerrcode == ERRCODE_ADMIN_SHUTDOWN)
			PG_RE_THROW();
		FlushErrorState();
		*problem = psprintf("It is no jsonpath: %s.", error->message);
		fine = false;
	}
	PG_END_TRY();
	name = fine ? unknown_variable(path, variables) : NULL;
	if (name == NULL)
		return fine;
	*problem = psprintf("There is no variable \"%s\" in let.", name);
	return false;
}
