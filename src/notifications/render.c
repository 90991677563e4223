/*
 * render.c
 *
 * Walks a template; see render.h.  Inside a section a name means the member of
 * the element, else of what stands around it.
 */
#include "postgres.h"

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "notifications/render.h"

#define DEEPEST   8
#define LONGEST   100
#define MOST      65536 /* bytes a text may grow to */
#define MOST_TAGS 10000 /* that are followed, sections once per element */

/* The elements around the place, innermost last. */
typedef struct Scope
{
	const FfJson *levels[DEEPEST];
	int depth;
	bool html;
	int tags; /* met so far: sections within sections multiply */
} Scope;

static const FfJson *
look_up(const Scope *scope, const char *name)
{
	for (int i = scope->depth - 1; i >= 0; i--)
	{
		const FfJson *value =
			strcmp(name, ".") == 0 ? scope->levels[i] : ff_json_get(scope->levels[i], name);

		if (value != NULL)
			return value;
	}
	return NULL;
}

static bool
is_there(const FfJson *value)
{
	const char *text;

	if (ff_json_is_null(value))
		return false;
	if (ff_json_is_array(value))
		return ff_json_count(value) > 0;
	text = ff_json_text(value, "");
	return text == NULL || (*text != '\0' && strcmp(text, "false") != 0);
}

/* The tag at text: its sign (0, '#', '^', '/'), its name; answers what follows it, or NULL. */
static const char *
read_tag(const char *text, const char *end, char *sign, char name[LONGEST])
{
	const char *close = text + 2;
	size_t length;

	while (close < end && strncmp(close, "}}", 2) != 0)
		close++;
	if (close >= end)
		return NULL;
	text += 2;
	*sign = *text == '#' || *text == '^' || *text == '/' ? *text++ : '\0';
	while (text < close && *text == ' ')
		text++;
	length = close - text;
	while (length > 0 && text[length - 1] == ' ')
		length--;
	if (length >= LONGEST)
		length = 0;
	memcpy(name, text, length);
	name[length] = '\0';
	return close + 2;
}

/* Where the section that was just opened is closed: the place of its closing tag. */
static const char *
find_close(const char *text, const char *end, const char *name, const char **after)
{
	int open = 1;

	for (const char *place = strstr(text, "{{"); place != NULL && place < end;
		 place = strstr(place, "{{"))
	{
		char sign;
		char found[LONGEST];
		const char *behind = read_tag(place, end, &sign, found);

		if (behind == NULL)
			return NULL;
		if (strcmp(found, name) == 0 && (sign == '#' || sign == '^'))
			open++;
		if (strcmp(found, name) == 0 && sign == '/' && --open == 0)
		{
			*after = behind;
			return place;
		}
		place = behind;
	}
	return NULL;
}

static void
append_value(StringInfo target, const char *value, bool html)
{
	static const struct
	{
		char mark;
		const char *escape;
	} escapes[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}};

	for (; *value != '\0'; value++)
	{
		const char *escape = NULL;

		for (int i = 0; html && i < (int) lengthof(escapes); i++)
			if (escapes[i].mark == *value)
				escape = escapes[i].escape;
		if (escape != NULL)
			appendStringInfoString(target, escape);
		else
			appendStringInfoChar(target, *value);
	}
}

static void render(StringInfo target, const char *text, const char *end, Scope *scope);

/* A section, once per element; sections within sections multiply, so there is an end to it. */
static void
render_elements(StringInfo target, const char *text, const char *end, Scope *scope,
				const FfJson *value)
{
	int count = scope->depth < DEEPEST ? ff_json_count(value) : 0;

	for (int i = 0; i < count && target->len < MOST && scope->tags < MOST_TAGS; i++)
	{
		scope->levels[scope->depth++] = ff_json_at(value, i);
		render(target, text, end, scope);
		scope->depth--;
	}
}

static void
render(StringInfo target, const char *text, const char *end, Scope *scope)
{
	while (text < end && target->len < MOST && ++scope->tags < MOST_TAGS)
	{
		const char *place = strstr(text, "{{");
		const char *after;
		const char *close;
		char sign;
		char name[LONGEST];
		const FfJson *value;

		CHECK_FOR_INTERRUPTS();
		if (place == NULL || place >= end || (after = read_tag(place, end, &sign, name)) == NULL)
			place = end;
		appendBinaryStringInfo(target, text, (int) (place - text));
		if (place == end)
			return;
		text = after;
		value = look_up(scope, name);
		if (sign == '\0')
			append_value(target, ff_json_text_or(value, "", ""), scope->html);
		if (sign == '\0' || sign == '/')
			continue;
		close = find_close(text, end, name, &after);
		if (close == NULL)
			continue;
		if (sign == '^' && !is_there(value))
			render(target, text, close, scope);
		if (sign == '#' && is_there(value))
			render_elements(target, text, close, scope, value);
		text = after;
	}
}

char *
ff_template_render(const char *text, const FfJson *data, bool html)
{
	StringInfoData target;
	Scope scope = {.levels = {data}, .depth = 1, .html = html};

	initStringInfo(&target);
	render(&target, text, text + strlen(text), &scope);
	return target.data;
}

PG_FUNCTION_INFO_V1(fulfillment_render_template);

/* render_template(template, data jsonb, html) → text */
Datum
fulfillment_render_template(PG_FUNCTION_ARGS)
{
	char *template = text_to_cstring(PG_GETARG_TEXT_PP(0));

	PG_RETURN_TEXT_P(cstring_to_text(
		ff_template_render(template, ff_json_from_datum(PG_GETARG_DATUM(1)), PG_GETARG_BOOL(2))));
}
