/*
 * json_builder.c
 *
 * Puts jsonb objects together from parts; see json.h for the contract.
 */
#include "postgres.h"

#include "pg/json.h"

void
ff_build_begin(FfJsonBuilder *builder)
{
	builder->state = NULL;
	(void) pushJsonbValue(&builder->state, WJB_BEGIN_OBJECT, NULL);
}

static FfJson
string_of(const char *text)
{
	return (FfJson){.type = jbvString,
					.val.string = {.len = (int) strlen(text), .val = unconstify(char *, text)}};
}

void
ff_build_json(FfJsonBuilder *builder, const char *key, const FfJson *value)
{
	FfJson name;

	if (value == NULL)
		return;
	name = string_of(key);
	(void) pushJsonbValue(&builder->state, WJB_KEY, &name);
	(void) pushJsonbValue(&builder->state, WJB_VALUE, unconstify(FfJson *, value));
}

void
ff_build_text(FfJsonBuilder *builder, const char *key, const char *value)
{
	FfJson text;

	if (value == NULL)
		return;
	text = string_of(value);
	ff_build_json(builder, key, &text);
}

void
ff_build_members(FfJsonBuilder *builder, const FfJson *object)
{
	void *state = NULL;
	char *key;
	FfJson *value;

	while (ff_json_each(object, &state, &key, &value))
		ff_build_json(builder, key, value);
}

FfJson *
ff_build_end(FfJsonBuilder *builder)
{
	FfJson *object = pushJsonbValue(&builder->state, WJB_END_OBJECT, NULL);

	return ff_json_from_datum(JsonbPGetDatum(JsonbValueToJsonb(object)));
}
