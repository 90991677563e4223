/*
 * template.c
 *
 * Fills templates; see template.h for what one may say.  Pure: the result
 * follows from the text and the values alone, and its size has an end.
 */
#include "postgres.h"

#include <ctype.h>

#include "mb/pg_wchar.h"
#include "utils/formatting.h"

#include "catalog/pg_collation.h"

#include "connectors/connector.h"
#include "connectors/template.h"
#include "model/time.h"
#include "pg/xml.h"

#define DEEPEST 16

typedef struct Filling
{
	StringInfoData text;
	FfEscape escape;
	const FfJson *values[DEEPEST]; /* innermost last */
	int numbers[DEEPEST];
	int depth;
	char **problem;
} Filling;

static bool
wrong(Filling *filling, char *sentence)
{
	if (filling->problem != NULL)
		*filling->problem = sentence;
	return false;
}

static const FfJson *
look_up(const Filling *filling, const char *path)
{
	if (strcmp(path, ".") == 0)
		return filling->values[filling->depth];
	for (int i = filling->depth; i >= 0; i--)
	{
		const FfJson *value = ff_json_get(filling->values[i], path);

		if (value != NULL)
			return value;
	}
	return NULL;
}

/* The filters: each gets a text and its argument ("" for none) and gives another. */

static char *
to_upper(char *text, const char *argument)
{
	return str_toupper(text, strlen(text), C_COLLATION_OID);
}

static char *
to_lower(char *text, const char *argument)
{
	return str_tolower(text, strlen(text), C_COLLATION_OID);
}

static char *
at_most(char *text, const char *argument)
{
	int limit = atoi(argument);
	char *c = text;

	for (; *c != '\0' && limit > 0; limit--)
		c += Min(pg_utf_mblen((unsigned char *) c), (int) strlen(c));
	return pnstrdup(text, c - text);
}

static char *
only_digits(char *text, const char *argument)
{
	char *kept = pstrdup(text);
	char *end = kept;

	for (const char *c = text; *c != '\0'; c++)
		if (isdigit((unsigned char) *c))
			*end++ = *c;
	*end = '\0';
	return kept;
}

static char *
in_ascii(char *text, const char *argument)
{
	return ff_ascii(text);
}

static char *
as_time(const char *text, const char *format)
{
	TimestampTz time;

	return ff_time_parse(text, &time) ? ff_time_format(time, format) : pstrdup(text);
}

static char *
as_date(char *text, const char *argument)
{
	return as_time(text, "%Y-%m-%d");
}

static char *
as_iso(char *text, const char *argument)
{
	return as_time(text, "%Y-%m-%dT%H:%M:%SZ");
}

static char *
as_datetime(char *text, const char *argument)
{
	return as_time(text, "%Y-%m-%d %H:%M:%S");
}

static char *
with_comma(char *text, const char *argument)
{
	char *changed = pstrdup(text);
	char *dot = strchr(changed, '.');

	if (dot != NULL)
		*dot = ',';
	return changed;
}

static char *
or_default(char *text, const char *argument)
{
	return *text == '\0' ? pstrdup(argument) : text;
}

static char *
padded(char *text, int width, bool left, char fill)
{
	StringInfoData line;
	int missing = Min(width, 10000) - pg_mbstrlen(text);

	initStringInfo(&line);
	if (!left)
		appendStringInfoString(&line, text);
	for (; missing > 0; missing--)
		appendStringInfoChar(&line, fill);
	if (left)
		appendStringInfoString(&line, text);
	return line.data;
}

static char *
pad(char *text, const char *argument)
{
	return padded(at_most(text, argument), atoi(argument), false, ' ');
}

static char *
zeros(char *text, const char *argument)
{
	return padded(text, atoi(argument), true, '0');
}

static const struct
{
	const char *name;
	char *(*apply)(char *text, const char *argument);
} filters[] = {
	{"upper", to_upper},
	{"lower", to_lower},
	{"max", at_most},
	{"digits", only_digits},
	{"ascii", in_ascii},
	{"date", as_date},
	{"time", as_iso},
	{"datetime", as_datetime},
	{"comma", with_comma},
	{"default", or_default},
	{"pad", pad},
	{"zeros", zeros},
};

/* Takes the next filter off a list "max:5|upper". */
static bool
apply_filter(Filling *filling, char *filter, char **text)
{
	char *argument = strchr(filter, ':');

	if (argument != NULL)
		*argument++ = '\0';
	for (int i = 0; i < (int) lengthof(filters); i++)
	{
		if (strcmp(filters[i].name, filter) != 0)
			continue;
		*text = filters[i].apply(*text, argument ? argument : "");
		return true;
	}
	return wrong(filling, psprintf("There is no filter \"%s\".", filter));
}

/* The text of a place "path|filter|filter:argument". */
static char *
value_of(Filling *filling, const char *place, bool *as_is)
{
	char *rest = pstrdup(place);
	char *path = strsep(&rest, "|");
	const FfJson *value;
	char *filter;
	char *text;

	if (strcmp(path, "@number") == 0)
		text = psprintf("%d", filling->numbers[filling->depth]);
	else if (strcmp(path, "@comma") == 0)
		text = pstrdup(filling->numbers[filling->depth] > 1 ? "," : "");
	else
	{
		value = look_up(filling, path);
		text = ff_json_text(value, "");
		if (rest != NULL && strcmp(rest, "json") == 0)
		{
			*as_is = true;
			return value != NULL ? ff_json_dump(value) : pstrdup("null");
		}
	}
	text = text ? text : pstrdup("");
	while ((filter = strsep(&rest, "|")) != NULL)
		if (!apply_filter(filling, filter, &text))
			return NULL;
	return text;
}

static void
append_escaped(Filling *filling, const char *value)
{
	FfJsonWriter writer;

	switch (filling->escape)
	{
		case FF_ESCAPE_NONE:
			appendStringInfoString(&filling->text, value);
			break;
		case FF_ESCAPE_XML:
			appendStringInfoString(&filling->text, ff_xml_escape(value));
			break;
		case FF_ESCAPE_URL:
			ff_percent_encode(&filling->text, value);
			break;
		case FF_ESCAPE_JSON:
			ff_write_init(&writer);
			ff_write_text(&writer, NULL, value);
			/* without its quotes */
			appendBinaryStringInfo(&filling->text, writer.text.data + 1, writer.text.len - 2);
			break;
	}
}

static bool
is_something(const FfJson *value)
{
	char *text = ff_json_text(value, "");

	if (ff_json_is_null(value))
		return false;
	if (ff_json_is_array(value))
		return ff_json_count(value) > 0;
	return text == NULL || (*text != '\0' && strcmp(text, "false") != 0);
}

/* The end of the section of this name that begins at text: where its closing tag begins. */
static const char *
section_end(const char *text, const char *name)
{
	size_t length = strlen(name);
	int open = 1;

	for (const char *tag = strstr(text, "{{"); tag != NULL; tag = strstr(tag + 2, "{{"))
	{
		if (strncmp(tag + 3, name, length) != 0 || strncmp(tag + 3 + length, "}}", 2) != 0)
			continue;
		if (tag[2] == '#' || tag[2] == '^')
			open++;
		else if (tag[2] == '/' && --open == 0)
			return tag;
	}
	return NULL;
}

static bool fill(Filling *filling, const char *text, const char *end);

static bool
fill_section(Filling *filling, const char *text, const char *end, const FfJson *value)
{
	int count = ff_json_is_array(value) ? ff_json_count(value) : 1;
	bool done = true;

	if (filling->depth + 1 >= DEEPEST)
		return wrong(filling, pstrdup("Its sections are nested too deeply."));
	filling->depth++;
	for (int i = 0; i < count && done; i++)
	{
		filling->values[filling->depth] = ff_json_is_array(value) ? ff_json_at(value, i) : value;
		filling->numbers[filling->depth] = i + 1;
		done = fill(filling, text, end);
	}
	filling->depth--;
	return done;
}

/* A section; *at moves behind it. */
static bool
section(Filling *filling, char kind, const char *name, const char **at, const char *end)
{
	const char *stop = section_end(*at, name);
	const char *begin = *at;
	const FfJson *value = look_up(filling, name);

	if (stop == NULL || stop > end)
		return wrong(filling, psprintf("Section \"%s\" does not end.", name));
	*at = strstr(stop, "}}") + 2;
	if (kind == '^')
		return is_something(value) || fill(filling, begin, stop);
	return !is_something(value) || fill_section(filling, begin, stop, value);
}

static bool
fill(Filling *filling, const char *text, const char *end)
{
	while (text < end)
	{
		const char *tag = strstr(text, "{{");
		const char *close = tag && tag < end ? strstr(tag, "}}") : NULL;
		bool as_is = false;
		char *place;
		char *value;

		if (tag == NULL || tag >= end)
			tag = end;
		appendBinaryStringInfo(&filling->text, text, (int) (tag - text));
		if (filling->text.len > FF_TEMPLATE_BYTES)
			return wrong(filling, pstrdup("What it makes is too large."));
		if (tag == end)
			return true;
		if (close == NULL || close >= end)
			return wrong(filling, pstrdup("A \"{{\" has no \"}}\"."));
		place = pnstrdup(tag + 2, close - tag - 2);
		text = close + 2;
		if (strncmp(place, "secret:", 7) == 0)
		{
			appendBinaryStringInfo(&filling->text, tag, (int) (text - tag));
			continue;
		}
		if (*place == '#' || *place == '^')
		{
			if (!section(filling, *place, place + 1, &text, end))
				return false;
			continue;
		}
		if (*place == '/')
			return wrong(filling, psprintf("Section \"%s\" was not begun.", place + 1));
		if (*place == '&')
			as_is = true;
		value = value_of(filling, place + (*place == '&'), &as_is);
		if (value == NULL)
			return false;
		if (as_is)
			appendStringInfoString(&filling->text, value);
		else
			append_escaped(filling, value);
	}
	return true;
}

char *
ff_template_fill(const char *text, const FfJson *values, FfEscape escape, char **problem)
{
	Filling filling = {.escape = escape, .problem = problem};

	initStringInfo(&filling.text);
	filling.values[0] = values;
	return fill(&filling, text, text + strlen(text)) ? filling.text.data : NULL;
}

char *
ff_template_value(const char *place, const FfJson *values, const FfJson *inner, int number,
				  char **problem)
{
	Filling filling = {.problem = problem};
	bool as_is = false;

	filling.values[0] = values;
	if (inner != NULL)
	{
		filling.values[++filling.depth] = inner;
		filling.numbers[filling.depth] = number;
	}
	return value_of(&filling, place, &as_is);
}
