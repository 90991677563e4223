/*
 * file_write.c
 *
 * Files that go out: a call's values are put where the layout says, as XML,
 * JSON, delimited or fixed text, in the encoding of the partner.  A layout is
 * a template as a whole (xml, json) or a list of columns for each row.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "connectors/decimal.h"
#include "connectors/file_exchange.h"
#include "connectors/template.h"

#define WIDEST_ROW 10000

static const char *
wrong_layout(FfFileKind kind, const char *problem)
{
	ff_connector_fail(FILE_EXCHANGE,
					  psprintf("config.layouts.%s", ff_files_kind_name(kind)),
					  problem ? problem : "Give it a format and a template, or columns.");
}

static FfJson *
written(FfJsonWriter *writer)
{
	ff_write_finish(writer);
	return ff_json_parse(writer->text.data, writer->text.len, NULL);
}

/* The shipment with what an update changed. */
static void
write_shipment(FfJsonWriter *writer, const FfJson *shipment)
{
	const FfJson *changes = ff_json_get(shipment, "changes");
	void *state = NULL;
	char *key;
	FfJson *value;

	ff_write_object(writer, "shipment");
	while (ff_json_each(shipment, &state, &key, &value))
	{
		const FfJson *changed = ff_json_member(changes, key);

		if (strcmp(key, "changes") != 0)
			ff_write_json(writer, key, ff_json_is_null(changed) ? value : changed);
	}
	ff_write_end(writer);
}

static char *
lines_total(const FfJson *lines)
{
	char *total = pstrdup("0");

	for (int i = 0; i < ff_json_count(lines); i++)
	{
		char *price = ff_json_number(ff_json_at(lines, i), "unit_price");
		char *quantity = ff_json_number(ff_json_at(lines, i), "quantity");

		if (price != NULL && quantity != NULL)
			total = ff_decimal_add(total, ff_decimal_multiply(price, quantity));
	}
	return ff_decimal_money(total);
}

/* The pick-up point: an id, or an address that has one. */
static char *
service_point(const FfJson *shipment)
{
	const FfJson *point = ff_json_get(shipment, "options.service_point");

	return ff_json_is_object(point) ? ff_json_text(point, "id") : ff_json_text(point, "");
}

FfJson *
ff_files_values(const FfCall *call, const char *action)
{
	static const char *const members[] = {"return", "items", "order"};
	const FfJson *shipment = ff_json_get(call->document, "shipment");
	const FfJson *lines = ff_json_get(shipment, "lines");
	bool private = ff_json_text_or(shipment, "ship_to.company", NULL) == NULL;
	FfJsonWriter writer;

	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_text(&writer, "action", action);
	ff_write_text(&writer, "now", ff_time_iso(call->now));
	ff_write_text(&writer, "reference", ff_files_reference(call));
	ff_write_text(&writer,
				  "encoding",
				  ff_files_setting_is(call, "encoding", "utf-8-bom") ? "UTF-8"
				  : strncmp(ff_json_text_or(call->config, "encoding", ""), "utf", 3) == 0
					  ? strstr(ff_json_text(call->config, "encoding"), "16") ? "UTF-16" : "UTF-8"
					  : ff_json_text_or(call->config, "encoding", "UTF-8"));
	ff_write_text(&writer, "currency", ff_json_text(ff_json_at(lines, 0), "currency"));
	ff_write_text(&writer, "consignee_type", private ? "private" : "business");
	ff_write_text(&writer, "service_point", service_point(shipment));
	ff_write_text(&writer, "lines_total", lines_total(lines));
	ff_write_text(&writer,
				  "tracking_number",
				  ff_json_text(call->document, "return.packages.0.tracking_number"));
	ff_write_text(&writer, "carrier", ff_json_text(call->document, "return.packages.0.carrier"));
	if (shipment != NULL)
		write_shipment(&writer, shipment);
	for (int i = 0; i < (int) lengthof(members); i++)
		if (ff_json_get(call->document, members[i]) != NULL)
			ff_write_json(&writer, members[i], ff_json_get(call->document, members[i]));
	return written(&writer);
}

char *
ff_files_reference(const FfCall *call)
{
	const char *place = ff_json_text_or(call->config, "reference_format", "shipment.reference");
	char *problem = NULL;
	char *reference;

	if (ff_json_get(call->document, "return") != NULL)
	{
		const char *number =
			ff_json_text_or(call->document, "return.shipment_provider_reference", NULL);

		return pstrdup(number ? number
							  : ff_json_text_or(call->document, "return.shipment_reference", ""));
	}
	reference = ff_template_value(place, call->document, NULL, 0, &problem);
	if (reference == NULL)
		ff_connector_fail(FILE_EXCHANGE, "config.reference_format", problem);
	return reference;
}

static const char *
newline(const FfCall *call)
{
	return ff_files_setting_is(call, "newline", "lf") ? "\n" : "\r\n";
}

static char
delimiter(const FfCall *call)
{
	const char *set = ff_json_text_or(call->config, "delimiter", ";");

	return pg_strcasecmp(set, "tab") == 0 ? '\t' : *set;
}

/* One value of a delimited row: quoted when it must be, or without what would break the row. */
static void
append_cell(const FfCall *call, StringInfo row, const char *value)
{
	const char *quote = ff_json_text_or(call->config, "quote", "\"");
	char separator = delimiter(call);

	if (pg_strcasecmp(quote, "none") == 0)
	{
		for (const char *c = value; *c != '\0'; c++)
			appendStringInfoChar(row, *c == separator || *c == '\r' || *c == '\n' ? ' ' : *c);
		return;
	}
	if (strchr(value, separator) == NULL && strpbrk(value, "\r\n") == NULL &&
		strchr(value, *quote) == NULL)
	{
		appendStringInfoString(row, value);
		return;
	}
	appendStringInfoChar(row, *quote);
	for (const char *c = value; *c != '\0'; c++)
	{
		if (*c == *quote)
			appendStringInfoChar(row, *quote);
		appendStringInfoChar(row, *c);
	}
	appendStringInfoChar(row, *quote);
}

static char *
place_value(FfFileKind kind, const char *place, const FfJson *values, const FfJson *element,
			int number)
{
	char *problem = NULL;
	char *value;

	if (place != NULL && *place == '=')
		return pstrdup(place + 1);
	value = ff_template_value(place ? place : "", values, element, number, &problem);
	if (value == NULL)
		wrong_layout(kind, problem);
	return value;
}

static void
append_delimited(const FfCall *call, FfFileKind kind, StringInfo text, const FfJson *columns,
				 const FfJson *values, const FfJson *element, int number)
{
	char separator = delimiter(call);

	for (int i = 0; i < ff_json_count(columns); i++)
	{
		const FfJson *column = ff_json_at(columns, i);

		if (i > 0)
			appendStringInfoChar(text, separator);
		if (number == 0)
			append_cell(call, text, ff_json_text_or(column, "0", ""));
		else
			append_cell(
				call, text, place_value(kind, ff_json_text(column, "1"), values, element, number));
	}
	appendStringInfoString(text, newline(call));
}

/* Puts a value into a row of fixed places; start counts characters from 1. */
static void
put_fixed(FfFileKind kind, char **row, int *width, const FfJson *field, const char *value)
{
	int start = (int) ff_json_int64_or(field, "start", 0);
	int length = (int) ff_json_int64_or(field, "length", 0);
	char fill = *ff_json_text_or(field, "pad", " ");
	bool right = strcmp(ff_json_text_or(field, "align", "left"), "right") == 0;
	int has = Min(pg_mbstrlen(value), Max(length, 0));
	StringInfoData text;

	if (start < 1 || length < 1 || start - 1 + length > WIDEST_ROW || start - 1 < *width)
		wrong_layout(kind, "Give its fields start and length, in the order of their places.");
	initStringInfo(&text);
	appendStringInfoString(&text, *row);
	for (; *width < start - 1; (*width)++)
		appendStringInfoChar(&text, ' ');
	for (int i = has; right && i < length; i++)
		appendStringInfoChar(&text, fill);
	for (const char *c = value; has > 0; has--)
	{
		appendBinaryStringInfo(&text, c, pg_utf_mblen((unsigned char *) c));
		c += pg_utf_mblen((unsigned char *) c);
	}
	for (int i = Min(pg_mbstrlen(value), length); !right && i < length; i++)
		appendStringInfoChar(&text, fill);
	*width += length;
	*row = text.data;
}

/* A line break within a value would begin another row. */
static char *
in_one_line(char *value)
{
	for (char *c = value; *c != '\0'; c++)
		if (*c == '\r' || *c == '\n')
			*c = ' ';
	return value;
}

static void
append_fixed(const FfCall *call, FfFileKind kind, StringInfo text, const FfJson *fields,
			 const FfJson *values, const FfJson *element, int number)
{
	char *row = pstrdup("");
	int width = 0;

	for (int i = 0; i < ff_json_count(fields); i++)
	{
		const FfJson *field = ff_json_at(fields, i);
		char *value = place_value(kind, ff_json_text(field, "value"), values, element, number);

		put_fixed(kind, &row, &width, field, in_one_line(value));
	}
	appendStringInfo(text, "%s%s", row, newline(call));
}

/* A row for each element of the layout's list; one row alone when it names none. */
static char *
write_rows(const FfCall *call, FfFileKind kind, const FfJson *layout, const FfJson *values,
		   bool fixed)
{
	const char *each = ff_json_text_or(layout, "each", NULL);
	const FfJson *list = each ? ff_json_get(values, each) : NULL;
	const FfJson *columns = ff_json_get(layout, fixed ? "fields" : "columns");
	StringInfoData text;

	if (!ff_json_is_array(columns))
		wrong_layout(kind, NULL);
	initStringInfo(&text);
	if (!fixed && ff_json_bool(call->config, "header", true))
		append_delimited(call, kind, &text, columns, values, NULL, 0);
	for (int i = 0; i < (each ? ff_json_count(list) : 1); i++)
		(fixed ? append_fixed : append_delimited)(
			call, kind, &text, columns, values, each ? ff_json_at(list, i) : NULL, i + 1);
	return text.data;
}

static char *
write_template(const FfCall *call, FfFileKind kind, const FfJson *layout, const FfJson *values)
{
	const char *format = ff_json_text_or(layout, "format", "");
	const char *template = ff_json_text_or(layout, "template", NULL);
	FfEscape escape = pg_strcasecmp(format, "xml") == 0    ? FF_ESCAPE_XML
					  : pg_strcasecmp(format, "json") == 0 ? FF_ESCAPE_JSON
														   : FF_ESCAPE_NONE;
	char *problem = NULL;
	char *text = template ? ff_template_fill(template, values, escape, &problem) : NULL;

	if (text == NULL)
		wrong_layout(kind, problem);
	return text;
}

static const FfJson *
layout_of(const FfCall *call, FfFileKind kind)
{
	return ff_files_layout(call, kind, ff_json_text_or(call->config, "format", "xml"));
}

char *
ff_files_write(const FfCall *call, FfFileKind kind, const char *action, size_t *length)
{
	const FfJson *layout = layout_of(call, kind);
	const char *format = ff_json_text_or(layout, "format", "csv");
	FfJson *values = ff_files_values(call, action);
	char *text;

	if (ff_json_get(layout, "template") != NULL)
		text = write_template(call, kind, layout, values);
	else
		text = write_rows(call, kind, layout, values, pg_strcasecmp(format, "fixed") == 0);
	return ff_files_encode(call, text, length);
}

static const char *
ending_of(const FfJson *layout)
{
	static const char *const known[] = {"xml", "json", "csv"};
	const char *format = ff_json_text_or(layout, "format", "");

	for (int i = 0; i < (int) lengthof(known); i++)
		if (pg_strcasecmp(format, known[i]) == 0)
			return known[i];
	return "txt";
}

/* Only the characters that mean nothing to any file system. */
static char *
safe(char *name)
{
	for (char *c = name; *c != '\0'; c++)
		if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-", *c) == NULL)
			*c = '_';
	if (*name == '.')
		*name = '_';
	return strlen(name) > 90 ? pnstrdup(name, 90) : name;
}

char *
ff_files_name(const FfCall *call, FfFileKind kind, const char *action)
{
	const char *template = ff_json_text_or(call->config, "file_name", NULL);
	const FfJson *layout = layout_of(call, kind);
	const char *ending = ending_of(layout);
	char *problem = NULL;
	char *name;

	if (kind == FF_FILE_RETURN)
		return safe(
			psprintf("return_%s.%s", ff_json_text_or(call->document, "return.number", ""), ending));
	if (kind == FF_FILE_ITEM)
		return safe(psprintf("items_%s.%s", ff_time_format(call->now, "%Y%m%dT%H%M%SZ"), ending));
	if (template == NULL)
		return safe(psprintf("order_%s%s%s.%s",
							 ff_files_reference(call),
							 strcmp(action, "new") == 0 ? "" : "_",
							 strcmp(action, "new") == 0 ? "" : action,
							 ending));
	name = ff_template_fill(template, ff_files_values(call, action), FF_ESCAPE_NONE, &problem);
	if (name == NULL || *name == '\0')
		ff_connector_fail(FILE_EXCHANGE, "config.file_name", problem);
	return safe(name);
}
