/*
 * json.c
 *
 * Reading jsonb by path; see json.h for the contract.  The writer stands in
 * json_writer.c.  This file knows no document of the domain.
 */
#include "postgres.h"

#include <math.h>

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "pg/json.h"

static FfJson *
root_of(Jsonb *document)
{
	FfJson *root;

	if (JB_ROOT_IS_SCALAR(document))
		return getIthJsonbValueFromContainer(&document->root, 0);
	root = palloc0(sizeof(FfJson));
	root->type = jbvBinary;
	root->val.binary.data = &document->root;
	root->val.binary.len = VARSIZE(document) - VARHDRSZ;
	return root;
}

FfJson *
ff_json_from_datum(Datum jsonb)
{
	return root_of(DatumGetJsonbP(jsonb));
}

FfJson *
ff_json_parse(const char *text, size_t length, char **error)
{
	MemoryContext context = CurrentMemoryContext;
	FfJson *volatile root = NULL;
	char *copy;

	if (error)
		*error = NULL;
	if (length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
	{
		text += 3;
		length -= 3;
	}
	if (length >= MaxAllocSize / 2)
	{
		if (error)
			*error = pstrdup("the document is too large");
		return NULL;
	}
	if (memchr(text, '\0', length) != NULL || !pg_verify_mbstr(PG_UTF8, text, (int) length, true))
	{
		if (error)
			*error = pstrdup("the document is not valid UTF-8");
		return NULL;
	}
	copy = pnstrdup(text, length);

	/* jsonb_in takes no lock and opens nothing, so no subtransaction is needed around it */
	PG_TRY();
	{
		root = root_of(DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(copy))));
	}
	PG_CATCH();
	{
		ErrorData *problem;

		MemoryContextSwitchTo(context);
		problem = CopyErrorData();
		if (problem->sqlerrcode == ERRCODE_QUERY_CANCELED ||
			problem->sqlerrcode == ERRCODE_OUT_OF_MEMORY ||
			problem->sqlerrcode == ERRCODE_ADMIN_SHUTDOWN)
			PG_RE_THROW();
		FlushErrorState();
		if (error)
			*error = pstrdup(problem->detail ? problem->detail : problem->message);
		FreeErrorData(problem);
		root = NULL;
	}
	PG_END_TRY();
	pfree(copy);
	return root;
}

bool
ff_json_is_object(const FfJson *json)
{
	return json && json->type == jbvBinary && JsonContainerIsObject(json->val.binary.data);
}

bool
ff_json_is_array(const FfJson *json)
{
	return json && json->type == jbvBinary && JsonContainerIsArray(json->val.binary.data);
}

bool
ff_json_is_string(const FfJson *json)
{
	return json && json->type == jbvString;
}

bool
ff_json_is_number(const FfJson *json)
{
	return json && json->type == jbvNumeric;
}

bool
ff_json_is_null(const FfJson *json)
{
	return json == NULL || json->type == jbvNull;
}

static FfJson *
step(const FfJson *json, const char *name, int length)
{
	if (ff_json_is_object(json))
		return getKeyJsonValueFromContainer(json->val.binary.data, name, length, NULL);
	if (ff_json_is_array(json))
	{
		uint32 index = 0;

		for (int i = 0; i < length; i++)
		{
			if (name[i] < '0' || name[i] > '9' || i > 8)
				return NULL;
			index = index * 10 + (name[i] - '0');
		}
		return getIthJsonbValueFromContainer(json->val.binary.data, index);
	}
	return NULL;
}

FfJson *
ff_json_get(const FfJson *json, const char *path)
{
	FfJson *found = unconstify(FfJson *, json);

	if (path == NULL || *path == '\0')
		return found;
	while (found != NULL)
	{
		const char *dot = strchr(path, '.');

		found = step(found, path, dot ? (int) (dot - path) : (int) strlen(path));
		if (dot == NULL)
			break;
		path = dot + 1;
	}
	return found;
}

FfJson *
ff_json_member(const FfJson *object, const char *name)
{
	return name != NULL ? step(object, name, (int) strlen(name)) : NULL;
}

int
ff_json_count(const FfJson *json)
{
	if (ff_json_is_null(json))
		return 0;
	if (ff_json_is_array(json))
		return JsonContainerSize(json->val.binary.data);
	return 1;
}

FfJson *
ff_json_at(const FfJson *json, int index)
{
	if (ff_json_is_array(json))
		return getIthJsonbValueFromContainer(json->val.binary.data, index);
	return index == 0 && !ff_json_is_null(json) ? unconstify(FfJson *, json) : NULL;
}

bool
ff_json_each(const FfJson *object, void **state, char **key, FfJson **value)
{
	JsonbIterator *iterator = *state;
	JsonbValue found;

	if (iterator == NULL)
	{
		if (!ff_json_is_object(object))
			return false;
		iterator = JsonbIteratorInit(object->val.binary.data);
		(void) JsonbIteratorNext(&iterator, &found, true);
		*state = iterator;
	}
	if (JsonbIteratorNext(&iterator, &found, true) != WJB_KEY)
		return false;
	*key = pnstrdup(found.val.string.val, found.val.string.len);
	*value = palloc(sizeof(FfJson));
	(void) JsonbIteratorNext(&iterator, *value, true);
	*state = iterator;
	return true;
}

static char *
scalar_text(const FfJson *json)
{
	if (json == NULL)
		return NULL;
	switch (json->type)
	{
		case jbvString:
			return pnstrdup(json->val.string.val, json->val.string.len);
		case jbvNumeric:
			return DatumGetCString(
				DirectFunctionCall1(numeric_out, NumericGetDatum(json->val.numeric)));
		case jbvBool:
			return pstrdup(json->val.boolean ? "true" : "false");
		default:
			return NULL;
	}
}

char *
ff_json_text(const FfJson *json, const char *path)
{
	return scalar_text(ff_json_get(json, path));
}

const char *
ff_json_text_or(const FfJson *json, const char *path, const char *fallback)
{
	char *text = ff_json_text(json, path);

	return text != NULL && *text != '\0' ? text : fallback;
}

/* Whether text is a plain decimal number: [+-] digits [. digits] [e [+-] digits]. */
static bool
looks_decimal(const char *text)
{
	int digits = 0;

	if (*text == '+' || *text == '-')
		text++;
	for (; *text >= '0' && *text <= '9'; text++)
		digits++;
	if (*text == '.')
		for (text++; *text >= '0' && *text <= '9'; text++)
			digits++;
	if (digits == 0 || digits > 100)
		return false;
	if (*text == 'e' || *text == 'E')
	{
		int exponent = 0;

		text++;
		if (*text == '+' || *text == '-')
			text++;
		for (; *text >= '0' && *text <= '9'; text++)
			exponent++;
		if (exponent == 0 || exponent > 2)
			return false;
	}
	return *text == '\0';
}

char *
ff_json_number(const FfJson *json, const char *path)
{
	FfJson *found = ff_json_get(json, path);
	char *text;

	if (!ff_json_is_number(found) && !ff_json_is_string(found))
		return NULL;
	text = scalar_text(found);
	if (!looks_decimal(text))
		return NULL;
	if (ff_json_is_number(found))
		return text;
	/* "+5", ".5" and "007" are numbers to people and not to JSON: write them as JSON does */
	return DatumGetCString(DirectFunctionCall1(
		numeric_out,
		DirectFunctionCall3(
			numeric_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1))));
}

bool
ff_json_int64(const FfJson *json, const char *path, int64 *value)
{
	char *text = ff_json_number(json, path);
	double real;
	char *end;
	int64 whole;

	if (text == NULL)
		return false;
	errno = 0;
	whole = strtoll(text, &end, 10);
	if (*end == '\0' && errno == 0)
	{
		*value = whole;
		return true;
	}
	real = strtod(text, NULL);
	if (real != rint(real) || fabs(real) > 9007199254740992.0)
		return false;
	*value = (int64) real;
	return true;
}

int64
ff_json_int64_or(const FfJson *json, const char *path, int64 fallback)
{
	int64 value;

	return ff_json_int64(json, path, &value) ? value : fallback;
}

double
ff_json_double_or(const FfJson *json, const char *path, double fallback)
{
	char *text = ff_json_number(json, path);

	return text != NULL ? strtod(text, NULL) : fallback;
}

bool
ff_json_bool(const FfJson *json, const char *path, bool fallback)
{
	char *text = scalar_text(ff_json_get(json, path));
	bool value;

	if (text != NULL && parse_bool(text, &value))
		return value;
	return fallback;
}

char *
ff_json_dump(const FfJson *json)
{
	if (ff_json_is_null(json))
		return pstrdup("null");
	if (json->type == jbvBinary)
		return JsonbToCString(NULL, json->val.binary.data, json->val.binary.len);
	if (json->type == jbvString)
	{
		StringInfoData quoted;

		initStringInfo(&quoted);
		escape_json(&quoted, scalar_text(json));
		return quoted.data;
	}
	return scalar_text(json);
}

Datum
ff_json_to_datum(const FfJson *json)
{
	JsonbValue null_value = {.type = jbvNull};

	return JsonbPGetDatum(JsonbValueToJsonb(json ? unconstify(FfJson *, json) : &null_value));
}
