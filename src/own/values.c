/*
 * values.c
 *
 * What functions and templates of users get to see of a call and its answer;
 * see parts.h.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "mb/pg_wchar.h"
#include "utils/formatting.h"

#include "own/parts.h"

const char *
ff_own_operation_name(const FfCall *call)
{
	return call->operation == FF_OPERATION_COUNT ? "receive" : ff_operation_name(call->operation);
}

const FfJson *
ff_own_part(const FfCall *call)
{
	const FfOwn *own = call->own;

	if (call->operation == FF_OPERATION_COUNT)
		return ff_json_member(own->definition, "receive");
	return ff_json_member(ff_json_member(own->definition, "operations"),
						  ff_operation_name(call->operation));
}

/*
 * Text of customers and peers must not become the place of a secret, which the
 * transport would fill in: braces that could begin one are set apart.  JSON
 * itself never has two of them side by side.
 */
static char *
without_places(const char *json)
{
	StringInfoData text;

	if (strstr(json, "{{") == NULL && strstr(json, "{secret:") == NULL)
		return pstrdup(json);
	initStringInfo(&text);
	for (const char *c = json; *c != '\0'; c++)
	{
		appendStringInfoChar(&text, *c);
		if (*c == '{' && (c[1] == '{' || strncmp(c + 1, "secret:", 7) == 0))
			appendStringInfoChar(&text, ' ');
	}
	return text.data;
}

static FfJson *
finish(FfJsonWriter *writer)
{
	char *text = without_places(ff_write_finish(writer));

	return ff_json_parse(text, strlen(text), NULL);
}

static void
write_call(FfJsonWriter *writer, const FfCall *call)
{
	void *state = NULL;
	char *key;
	FfJson *value;

	while (ff_json_each(call->document, &state, &key, &value))
		if (strcmp(key, "config") != 0 && strcmp(key, "operation") != 0 &&
			strcmp(key, "now") != 0 && strcmp(key, "state") != 0)
			ff_write_json(writer, key, value);
	ff_write_text(writer, "operation", ff_own_operation_name(call));
	ff_write_text(writer, "now", ff_time_iso(call->now));
	ff_write_json(writer, "config", call->config);
	ff_write_json(writer, "state", call->state);
}

FfJson *
ff_own_call_document(const FfCall *call)
{
	FfJsonWriter writer;

	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	write_call(&writer, call);
	return finish(&writer);
}

void
ff_own_write_headers(FfJsonWriter *writer, const FfReply *reply)
{
	ff_write_object(writer, "headers");
	for (int i = 0; i < reply->header_count; i++)
	{
		const FfHeader *header = &reply->headers[i];
		bool again = false;

		for (int j = 0; j < i; j++)
			again |= pg_strcasecmp(reply->headers[j].name, header->name) == 0;
		if (!again && pg_verifymbstr(header->value, (int) strlen(header->value), true))
			ff_write_text(writer,
						  str_tolower(header->name, strlen(header->name), C_COLLATION_OID),
						  header->value);
	}
	ff_write_end(writer);
}

/* Names that every path may use: those of the whole definition, then those of the operation. */
static void
write_let(FfJsonWriter *writer, const FfJson *let, const FfJson *except,
		  const FfTemplateScope *scope)
{
	void *state = NULL;
	char *name;
	FfJson *template;

	while (ff_json_each(let, &state, &name, &template))
	{
		char *problem = NULL;
		char *text;

		if (ff_json_member(except, name) != NULL)
			continue;
		text =
			ff_template_fill_in(ff_json_text_or(template, "", ""), scope, FF_ESCAPE_NONE, &problem);
		ff_write_text(writer, name, text != NULL ? text : "");
	}
}

FfJson *
ff_own_values(const FfCall *call, const FfReply *reply, const char *read, FfJson **variables)
{
	const FfOwn *own = call->own;
	const FfJson *maps = ff_json_member(own->definition, "maps");
	const FfJson *let = ff_json_member(ff_own_part(call), "let");
	FfTemplateScope scope = {.values = {ff_own_call_document(call)}};
	FfJsonWriter writer;
	FfJson *values;
	char *with_maps;

	/* maps may be used by let */
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_json(&writer, "maps", maps);
	with_maps = ff_write_finish(&writer);
	(void) ff_template_enter(&scope, ff_json_parse(with_maps, strlen(with_maps), NULL), 1);

	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	write_call(&writer, call);
	ff_write_json(&writer, "maps", maps);
	ff_write_object(&writer, "let");
	write_let(&writer, ff_json_member(own->definition, "let"), let, &scope);
	write_let(&writer, let, NULL, &scope);
	ff_write_end(&writer);
	if (reply != NULL)
	{
		ff_write_int(&writer, "status", reply->status);
		ff_own_write_headers(&writer, reply);
		ff_write_raw(&writer, "read", read);
	}
	values = finish(&writer);
	if (variables != NULL)
		*variables = ff_json_get(values, "let");
	return values;
}

FfRepeat
ff_own_repeat(const FfJson *part)
{
	static const struct
	{
		const char *name;
		FfRepeat repeat;
	} repeats[] = {{"safe", FF_REPEAT_SAFE},
				   {"with_key", FF_REPEAT_WITH_KEY},
				   {"after_find", FF_REPEAT_AFTER_FIND}};
	const char *name = ff_json_text_or(part, "repeat", "never");

	for (int i = 0; i < (int) lengthof(repeats); i++)
		if (strcmp(repeats[i].name, name) == 0)
			return repeats[i].repeat;
	return FF_REPEAT_NEVER;
}
