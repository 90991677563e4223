/*
 * json_writer.c
 *
 * Appends JSON text in the caller's order; see json.h for the contract.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/json.h"

#include "pg/json.h"

void
ff_write_init(FfJsonWriter *writer)
{
	initStringInfo(&writer->text);
	writer->depth = 0;
	writer->member[0] = false;
}

/* Most texts, and the long ones among them, have nothing to escape and are copied as they are. */
static void
quote(StringInfo target, const char *text)
{
	const char *end = text;

	while ((unsigned char) *end >= ' ' && *end != '"' && *end != '\\')
		end++;
	if (*end != '\0')
	{
		escape_json(target, text);
		return;
	}
	appendStringInfoChar(target, '"');
	appendBinaryStringInfo(target, text, (int) (end - text));
	appendStringInfoChar(target, '"');
}

/* Comma and key before a value. */
static void
lead(FfJsonWriter *writer, const char *key)
{
	if (writer->member[writer->depth])
		appendStringInfoChar(&writer->text, ',');
	writer->member[writer->depth] = true;
	if (key != NULL)
	{
		quote(&writer->text, key);
		appendStringInfoChar(&writer->text, ':');
	}
}

static void
open_container(FfJsonWriter *writer, const char *key, char opening, char closing)
{
	lead(writer, key);
	if (writer->depth >= FF_JSON_DEPTH)
		elog(ERROR, "JSON document is nested too deeply");
	appendStringInfoChar(&writer->text, opening);
	writer->depth++;
	writer->member[writer->depth] = false;
	writer->closing[writer->depth] = closing;
}

void
ff_write_object(FfJsonWriter *writer, const char *key)
{
	open_container(writer, key, '{', '}');
}

void
ff_write_array(FfJsonWriter *writer, const char *key)
{
	open_container(writer, key, '[', ']');
}

void
ff_write_end(FfJsonWriter *writer)
{
	Assert(writer->depth > 0);
	appendStringInfoChar(&writer->text, writer->closing[writer->depth]);
	writer->depth--;
}

void
ff_write_text(FfJsonWriter *writer, const char *key, const char *value)
{
	if (value == NULL)
		return;
	lead(writer, key);
	quote(&writer->text, value);
}

void
ff_write_text_max(FfJsonWriter *writer, const char *key, const char *value, int max_chars)
{
	int length;

	if (value == NULL)
		return;
	length = (int) strlen(value);
	if (length > max_chars)
		value = pnstrdup(value,
						 pg_encoding_mbcliplen(
							 PG_UTF8, value, length, pg_mbcharcliplen(value, length, max_chars)));
	ff_write_text(writer, key, value);
}

void
ff_write_number(FfJsonWriter *writer, const char *key, const char *decimal_text)
{
	if (decimal_text == NULL)
		return;
	lead(writer, key);
	appendStringInfoString(&writer->text, decimal_text);
}

void
ff_write_int(FfJsonWriter *writer, const char *key, int64 value)
{
	char digits[MAXINT8LEN + 1];

	lead(writer, key);
	appendBinaryStringInfo(&writer->text, digits, pg_lltoa(value, digits));
}

void
ff_write_bool(FfJsonWriter *writer, const char *key, bool value)
{
	lead(writer, key);
	appendStringInfoString(&writer->text, value ? "true" : "false");
}

void
ff_write_null(FfJsonWriter *writer, const char *key)
{
	lead(writer, key);
	appendStringInfoString(&writer->text, "null");
}

void
ff_write_json(FfJsonWriter *writer, const char *key, const FfJson *value)
{
	if (value == NULL)
		return;
	ff_write_raw(writer, key, ff_json_dump(value));
}

void
ff_write_raw(FfJsonWriter *writer, const char *key, const char *json_text)
{
	if (json_text == NULL)
		return;
	lead(writer, key);
	appendStringInfoString(&writer->text, json_text);
}

char *
ff_write_finish(FfJsonWriter *writer)
{
	while (writer->depth > 0)
		ff_write_end(writer);
	return writer->text.data;
}
