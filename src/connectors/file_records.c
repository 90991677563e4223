/*
 * file_records.c
 *
 * Files that come in, row by row, under our own names: delimited and fixed
 * text by columns, XML and JSON by paths, of which the inner ones are looked
 * for first.  What a file is written in shows in its first character; a layout
 * of the connection's own may say it instead.  A row that cannot be read is an
 * error of that row; a file that cannot be read, of the file.
 */
#include "postgres.h"

#include <ctype.h>

#include "mb/pg_wchar.h"

#include "connectors/decimal.h"
#include "connectors/file_exchange.h"
#include "pg/xml.h"

#define DEEPEST_LIST 5
#define MOST_CELLS   500
#define MOST_ROWS    2000000

typedef struct Reading
{
	const FfCall *call;
	const FfJson *layout;
	const FfJson *columns; /* [[our name, their place], …] */
	FfFileRecords *records;
	int room;
} Reading;

static FfFileRecord *
add_record(Reading *reading, int line)
{
	FfFileRecords *records = reading->records;
	FfFileRecord *record;

	if (records->count == reading->room)
	{
		reading->room = Max(64, reading->room * 2);
		records->rows = records->rows == NULL
							? palloc(sizeof(FfFileRecord) * reading->room)
							: repalloc_huge(records->rows, sizeof(FfFileRecord) * reading->room);
	}
	record = &records->rows[records->count++];
	record->line = line;
	record->values = NULL;
	record->error = NULL;
	return record;
}

static FfJson *
written(FfJsonWriter *writer)
{
	FfJson *json;

	ff_write_finish(writer);
	json = ff_json_parse(writer->text.data, writer->text.len, NULL);
	pfree(writer->text.data);
	return json;
}

static char *
trimmed(const char *text, size_t length)
{
	while (length > 0 && isspace((unsigned char) *text))
	{
		text++;
		length--;
	}
	while (length > 0 && isspace((unsigned char) text[length - 1]))
		length--;
	return pnstrdup(text, length);
}

/* Delimited text. */

typedef struct Row
{
	char *cells[MOST_CELLS];
	int count;
	int line;
	bool broken; /* a quote does not end, or there are too many cells */
} Row;

/* A quoted cell that begins at text; answers what follows it. */
static const char *
read_quoted(const char *text, char quote, StringInfo cell, int *lines, bool *broken)
{
	for (;; text++)
	{
		if (*text == '\0')
		{
			*broken = true;
			return text;
		}
		if (*text == '\n')
			(*lines)++;
		if (*text == quote && text[1] != quote)
			return text + 1;
		if (*text == quote)
			text++;
		appendStringInfoChar(cell, *text);
	}
}

/* The next row; answers what follows it. */
static const char *
read_row(const char *text, char separator, char quote, Row *row, int *line)
{
	row->count = 0;
	row->line = *line;
	row->broken = false;
	for (;;)
	{
		StringInfoData cell;
		bool quoted;

		initStringInfo(&cell);
		while (*text == ' ' && separator != ' ')
			text++;
		quoted = quote != '\0' && *text == quote;
		if (quoted)
			text = read_quoted(text + 1, quote, &cell, line, &row->broken);
		while (*text != '\0' && *text != separator && *text != '\n')
			appendStringInfoChar(&cell, *text++);
		if (row->count == MOST_CELLS)
			row->broken = true;
		else
			row->cells[row->count++] = quoted ? cell.data : trimmed(cell.data, cell.len);
		if (*text == separator)
		{
			text++;
			continue;
		}
		if (*text == '\n')
			text++;
		(*line)++;
		return text;
	}
}

static bool
is_empty(const Row *row)
{
	for (int i = 0; i < row->count; i++)
		if (*row->cells[i] != '\0')
			return false;
	return true;
}

/* Where each column of the layout stands: by the name in the header, else by its number or order.
 */
static void
place_columns(const Reading *reading, const Row *header, int *places)
{
	for (int i = 0; i < ff_json_count(reading->columns) && i < MOST_CELLS; i++)
	{
		const char *theirs = ff_json_text_or(ff_json_at(reading->columns, i), "1", "");
		bool number = *theirs != '\0' && strspn(theirs, "0123456789") == strlen(theirs);

		places[i] = number ? atoi(theirs) - 1 : header == NULL ? i : -1;
		for (int c = 0; header != NULL && !number && c < header->count; c++)
			if (pg_strcasecmp(header->cells[c], theirs) == 0)
				places[i] = c;
	}
}

static void
take_row(Reading *reading, const Row *row, const int *places)
{
	FfFileRecord *record = add_record(reading, row->line);
	FfJsonWriter writer;

	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	for (int i = 0; i < ff_json_count(reading->columns) && i < MOST_CELLS; i++)
	{
		const FfJson *column = ff_json_at(reading->columns, i);
		const char *theirs = ff_json_text_or(column, "1", "");

		if (*theirs == '=')
			ff_write_text(&writer, ff_json_text(column, "0"), theirs + 1);
		else if (places[i] >= 0 && places[i] < row->count)
			ff_write_text(&writer, ff_json_text(column, "0"), row->cells[places[i]]);
	}
	record->values = written(&writer);
	if (row->broken)
		record->error = "A quote does not end, or there are too many columns.";
}

static bool
has_place(const int *places, int count)
{
	for (int i = 0; i < count; i++)
		if (places[i] >= 0)
			return true;
	return false;
}

static void
read_delimited(Reading *reading, const char *text)
{
	const FfJson *config = reading->call->config;
	const char *set = ff_json_text_or(config, "delimiter", ";");
	const char *quoting = ff_json_text_or(config, "quote", "\"");
	char separator = pg_strcasecmp(set, "tab") == 0 ? '\t' : *set;
	char quote = pg_strcasecmp(quoting, "none") == 0 ? '\0' : *quoting;
	bool has_header = ff_json_bool(config, "header", true);
	int count = Min(ff_json_count(reading->columns), MOST_CELLS);
	int *places = palloc0(sizeof(int) * (count + 1));
	Row *row = palloc(sizeof(Row));
	int line = 1;

	if (has_header && *text != '\0')
	{
		text = read_row(text, separator, quote, row, &line);
		place_columns(reading, row, places);
		if (!has_place(places, count))
		{
			reading->records->problem = "Its first row names none of the columns of its layout.";
			return;
		}
	}
	else
		place_columns(reading, NULL, places);
	while (*text != '\0' && reading->records->count < MOST_ROWS)
	{
		text = read_row(text, separator, quote, row, &line);
		if (!is_empty(row))
			take_row(reading, row, places);
	}
}

/* Fixed text: each field at its place, counted in characters. */

static char *
cut(const char *line, int start, int length)
{
	const char *from = line;
	const char *to;

	for (int i = 1; i < start && *from != '\0'; i++)
		from += Min(pg_utf_mblen((unsigned char *) from), (int) strlen(from));
	to = from;
	for (int i = 0; i < length && *to != '\0'; i++)
		to += Min(pg_utf_mblen((unsigned char *) to), (int) strlen(to));
	return trimmed(from, to - from);
}

static void
read_fixed(Reading *reading, const char *text)
{
	const FfJson *fields = ff_json_get(reading->layout, "fields");
	char *rest = pstrdup(text);
	int number = 0;

	for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n"))
	{
		FfJsonWriter writer;

		line[strcspn(line, "\r")] = '\0';
		number++;
		if (line[strspn(line, " ")] == '\0')
			continue;
		ff_write_init(&writer);
		ff_write_object(&writer, NULL);
		for (int i = 0; i < ff_json_count(fields); i++)
		{
			const FfJson *field = ff_json_at(fields, i);

			ff_write_text(&writer,
						  ff_json_text(field, "name"),
						  cut(line,
							  (int) ff_json_int64_or(field, "start", 1),
							  (int) ff_json_int64_or(field, "length", 0)));
		}
		add_record(reading, number)->values = written(&writer);
	}
}

/* XML and JSON: lists within lists. */

typedef struct Scope
{
	const FfJson *levels[DEEPEST_LIST + 1];
	int depth;
} Scope;

static const FfJson *
in_scope(const Scope *scope, const char *path)
{
	for (int i = scope->depth; i >= 0; i--)
	{
		const FfJson *value = ff_json_get(scope->levels[i], path);

		if (value != NULL)
			return value;
	}
	return NULL;
}

/* An element with attributes is an object whose text is a member. */
static char *
scalar(const FfJson *value)
{
	return ff_json_text(value, ff_json_is_object(value) ? "#text" : "");
}

/* The list at the first of the ways "a.b|c|." that leads to one. */
static const FfJson *
list_at(const FfJson *level, const char *ways)
{
	char *rest = pstrdup(ways);

	for (char *way = strsep(&rest, "|"); way != NULL; way = strsep(&rest, "|"))
	{
		const FfJson *list = strcmp(way, ".") == 0 ? level : ff_json_get(level, way);

		if (list != NULL)
			return list;
	}
	return NULL;
}

static void
read_level(Reading *reading, Scope *scope, int level)
{
	const FfJson *each = ff_json_get(reading->layout, "each");
	const FfJson *list;
	FfJsonWriter writer;

	if (level >= ff_json_count(each) || level >= DEEPEST_LIST)
	{
		ff_write_init(&writer);
		ff_write_object(&writer, NULL);
		for (int i = 0; i < ff_json_count(reading->columns); i++)
		{
			const FfJson *column = ff_json_at(reading->columns, i);
			const char *theirs = ff_json_text_or(column, "1", "");

			ff_write_text(&writer,
						  ff_json_text(column, "0"),
						  *theirs == '=' ? theirs + 1 : scalar(in_scope(scope, theirs)));
		}
		add_record(reading, reading->records->count + 1)->values = written(&writer);
		return;
	}
	list = list_at(scope->levels[scope->depth], ff_json_text_or(ff_json_at(each, level), "", ""));
	if (list == NULL || ff_json_count(list) == 0)
	{
		if (level > 0)
			read_level(reading, scope, level + 1);
		return;
	}
	for (int i = 0; i < ff_json_count(list) && reading->records->count < MOST_ROWS; i++)
	{
		scope->levels[++scope->depth] = ff_json_at(list, i);
		read_level(reading, scope, level + 1);
		scope->depth--;
	}
}

static void
read_tree(Reading *reading, const FfJson *root, const char *problem)
{
	Scope scope = {.levels = {root}};

	if (root == NULL)
		reading->records->problem = problem;
	else
	{
		read_level(reading, &scope, 0);
		if (reading->records->count == 0)
			reading->records->problem = "It has none of the elements of its layout.";
	}
}

static const char *
format_of(const char *text)
{
	text += strspn(text, " \t\r\n");
	return *text == '<' ? "xml" : *text == '{' || *text == '[' ? "json" : "csv";
}

void
ff_files_read(const FfCall *call, FfFileKind kind, const char *bytes, size_t length,
			  FfFileRecords *records)
{
	Reading reading = {.call = call, .records = records};
	const char *problem = NULL;
	char *text = ff_files_decode(call, bytes, length, &problem);
	char *tree_problem = NULL;
	FfJson *tree;
	const char *format;

	memset(records, 0, sizeof(FfFileRecords));
	/* an XML file says itself in which encoding it is */
	format = text ? format_of(text) : length > 0 && *bytes == '<' ? "xml" : "csv";
	reading.layout = ff_files_layout(call, kind, format);
	reading.columns = ff_json_get(reading.layout, "columns");
	format = ff_json_text_or(reading.layout, "format", format);
	if (pg_strcasecmp(format, "xml") == 0)
	{
		tree = ff_xml_parse(bytes, length, &tree_problem);
		read_tree(&reading, tree, tree_problem);
	}
	else if (text == NULL)
		records->problem = problem;
	else if (pg_strcasecmp(format, "json") == 0)
	{
		tree = ff_json_parse(text, strlen(text), &tree_problem);
		read_tree(&reading, tree, tree_problem);
	}
	else if (pg_strcasecmp(format, "fixed") == 0)
		read_fixed(&reading, text);
	else
		read_delimited(&reading, text);
}

const char *
ff_record_text(const FfFileRecord *record, const char *name)
{
	const char *text = ff_json_text_or(record->values, name, NULL);

	return text ? trimmed(text, strlen(text)) : NULL;
}

bool
ff_record_units(const FfCall *call, const FfFileRecord *record, const char *name, int64 *units)
{
	const char *text = ff_record_text(record, name);
	char *number = text ? pstrdup(text) : NULL;
	char *mark;
	char *end;

	if (number == NULL || *number == '\0')
		return false;
	/* the other mark stands between thousands */
	mark = strchr(number, *ff_json_text_or(call->config, "decimal_mark", "."));
	if (mark != NULL)
	{
		if (mark[1 + strspn(mark + 1, "0")] != '\0')
			return false;
		*mark = '\0';
	}
	errno = 0;
	*units = strtoll(number, &end, 10);
	return errno == 0 && end != number && *end == '\0' && *units <= PG_INT32_MAX &&
		   *units >= PG_INT32_MIN;
}

const char *
ff_record_time(const FfCall *call, const FfFileRecord *record)
{
	const char *text = ff_record_text(record, "timestamp");
	TimestampTz time;

	if (text == NULL || !ff_time_parse(text, &time))
		return NULL;
	/* a zone or a Z of its own stands behind the date and time */
	if (strlen(text) <= 10 || strpbrk(text + 10, "Zz+-") == NULL)
		time -= ff_json_int64_or(call->config, "time_zone_minutes", 0) * USECS_PER_MINUTE;
	return ff_time_iso(time);
}
