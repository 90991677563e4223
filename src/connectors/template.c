/*
 * template.c
 *
 * Fills templates; see template.h for what one may say.  Pure: the result
 * follows from the text and the values alone, and its size has an end.
 */
#include "postgres.h"

#include "connectors/connector.h"
#include "connectors/template.h"
#include "pg/xml.h"

typedef struct Filling
{
	StringInfoData text;
	FfEscape escape;
	FfTemplateScope scope;
	char **problem;
} Filling;

static bool
wrong(Filling *filling, char *sentence)
{
	if (filling->problem != NULL)
		*filling->problem = sentence;
	return false;
}

const FfJson *
ff_template_look_up(const FfTemplateScope *scope, const char *path)
{
	if (strcmp(path, ".") == 0)
		return scope->values[scope->depth];
	for (int i = scope->depth; i >= 0; i--)
	{
		const FfJson *value = ff_json_get(scope->values[i], path);

		if (value != NULL)
			return value;
	}
	return NULL;
}

bool
ff_template_enter(FfTemplateScope *scope, const FfJson *value, int number)
{
	if (scope->depth + 1 >= FF_TEMPLATE_DEPTH)
		return false;
	scope->depth++;
	scope->values[scope->depth] = value;
	scope->numbers[scope->depth] = number;
	return true;
}

/* The text of a place "path|filter|filter:argument". */
static char *
value_of(const FfTemplateScope *scope, const char *place, bool *as_is, char **problem)
{
	char *rest = pstrdup(place);
	char *path = strsep(&rest, "|");
	const FfJson *value;
	char *filter;
	char *text;

	if (strcmp(path, "@number") == 0)
		text = psprintf("%d", scope->numbers[scope->depth]);
	else if (strcmp(path, "@comma") == 0)
		text = pstrdup(scope->numbers[scope->depth] > 1 ? "," : "");
	else
	{
		value = ff_template_look_up(scope, path);
		text = ff_json_text(value, "");
		if (rest != NULL && strcmp(rest, "json") == 0)
		{
			*as_is = true;
			return value != NULL ? ff_json_dump(value) : pstrdup("null");
		}
		if (rest != NULL && strncmp(rest, "sum:", 4) == 0)
			text = ff_template_sum(value, strsep(&rest, "|") + 4);
	}
	text = text ? text : pstrdup("");
	while (text != NULL && (filter = strsep(&rest, "|")) != NULL)
		text = ff_template_filter(scope, filter, text, problem);
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
			/* "." and ".." would climb out of the path */
			if (strcmp(value, ".") == 0 || strcmp(value, "..") == 0)
				appendStringInfoString(&filling->text, value[1] == '\0' ? "%2E" : "%2E%2E");
			else
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

	for (int i = 0; i < count && done; i++)
	{
		if (!ff_template_enter(
				&filling->scope, ff_json_is_array(value) ? ff_json_at(value, i) : value, i + 1))
			return wrong(filling, pstrdup("Its sections are nested too deeply."));
		done = fill(filling, text, end);
		filling->scope.depth--;
	}
	return done;
}

/* A section; *at moves behind it. */
static bool
section(Filling *filling, char kind, const char *name, const char **at, const char *end)
{
	const char *stop = section_end(*at, name);
	const char *begin = *at;
	const FfJson *value = ff_template_look_up(&filling->scope, name);

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
		value = value_of(&filling->scope, place + (*place == '&'), &as_is, filling->problem);
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
ff_template_fill_in(const char *text, const FfTemplateScope *scope, FfEscape escape, char **problem)
{
	Filling filling = {.scope = *scope, .escape = escape, .problem = problem};

	initStringInfo(&filling.text);
	return fill(&filling, text, text + strlen(text)) ? filling.text.data : NULL;
}

char *
ff_template_fill(const char *text, const FfJson *values, FfEscape escape, char **problem)
{
	FfTemplateScope scope = {.values = {values}};

	return ff_template_fill_in(text, &scope, escape, problem);
}

char *
ff_template_place(const char *place, const FfTemplateScope *scope, char **problem)
{
	bool as_is = false;

	return value_of(scope, place, &as_is, problem);
}

char *
ff_template_value(const char *place, const FfJson *values, const FfJson *inner, int number,
				  char **problem)
{
	FfTemplateScope scope = {.values = {values}};

	if (inner != NULL)
		(void) ff_template_enter(&scope, inner, number);
	return ff_template_place(place, &scope, problem);
}
