/*
 * shape.c
 *
 * Fills JSON kept as data; see shape.h.  Templates are checked when they are
 * written down, so one that cannot be filled counts as absent here.
 */
#include "postgres.h"

#include "connectors/shape.h"

#define DEEPEST 12

/* The path of "{{#path}}"; NULL for any other key. */
static char *
repeated(const char *key)
{
	size_t length = strlen(key);

	if (length < 6 || strncmp(key, "{{#", 3) != 0 || strcmp(key + length - 2, "}}") != 0 ||
		strstr(key + 3, "{{") != NULL)
		return NULL;
	return pnstrdup(key + 3, length - 5);
}

/* The list and the shape of an object {"{{#path}}": shape}. */
static bool
is_repetition(const FfJson *shape, char **path, FfJson **inner)
{
	void *state = NULL;
	char *key;

	if (!ff_json_is_object(shape) || !ff_json_each(shape, &state, &key, inner))
		return false;
	*path = repeated(key);
	return *path != NULL;
}

/* What stands between the braces of a text that is one place and nothing else. */
static char *
only_place(const char *text)
{
	size_t length = strlen(text);

	if (length < 5 || strncmp(text, "{{", 2) != 0 || strcmp(text + length - 2, "}}") != 0 ||
		strchr("#^/&", text[2]) != NULL || strstr(text + 2, "{{") != NULL ||
		strncmp(text + 2, "secret:", 7) == 0)
		return NULL;
	return pnstrdup(text + 2, length - 4);
}

static bool
ends_with(const char *text, const char *end)
{
	size_t length = strlen(text);

	return length > strlen(end) && strcmp(text + length - strlen(end), end) == 0;
}

static bool
write_place(FfJsonWriter *writer, const char *key, const char *place, const FfTemplateScope *scope)
{
	char *problem = NULL;
	char *text;

	if (strchr(place, '|') == NULL && *place != '@')
	{
		const FfJson *value = ff_template_look_up(scope, place);

		if (ff_json_is_null(value))
			return false;
		ff_write_json(writer, key, value);
		return true;
	}
	text = ff_template_place(place, scope, &problem);
	if (text == NULL || *text == '\0')
		return false;
	if (ends_with(place, "|number") || ends_with(place, "|boolean") || ends_with(place, "|json"))
		ff_write_raw(writer, key, text);
	else
		ff_write_text(writer, key, text);
	return true;
}

static bool
write_text(FfJsonWriter *writer, const char *key, const char *text, const FfTemplateScope *scope)
{
	char *place = only_place(text);
	char *problem = NULL;
	char *filled;

	if (place != NULL)
		return write_place(writer, key, place, scope);
	filled = ff_template_fill_in(text, scope, FF_ESCAPE_NONE, &problem);
	if (filled == NULL || (*filled == '\0' && *text != '\0'))
		return false;
	ff_write_text(writer, key, filled);
	return true;
}

static void
write_repetition(FfJsonWriter *writer, const char *path, const FfJson *shape,
				 const FfTemplateScope *scope)
{
	const FfJson *list = ff_template_look_up(scope, path);

	for (int i = 0; i < ff_json_count(list); i++)
	{
		FfTemplateScope inner = *scope;

		if (ff_template_enter(&inner, ff_json_at(list, i), i + 1))
			(void) ff_shape_write(writer, NULL, shape, &inner);
	}
}

static bool
write_array(FfJsonWriter *writer, const char *key, const FfJson *shape,
			const FfTemplateScope *scope)
{
	ff_write_array(writer, key);
	for (int i = 0; i < ff_json_count(shape); i++)
	{
		const FfJson *element = ff_json_at(shape, i);
		FfJson *inner;
		char *path;

		if (is_repetition(element, &path, &inner))
			write_repetition(writer, path, inner, scope);
		else
			(void) ff_shape_write(writer, NULL, element, scope);
	}
	ff_write_end(writer);
	return true;
}

/* An object that comes to nothing is taken back. */
static bool
write_object(FfJsonWriter *writer, const char *key, const FfJson *shape,
			 const FfTemplateScope *scope)
{
	int length = writer->text.len;
	bool comma = writer->member[writer->depth];
	void *state = NULL;
	bool something = false;
	int members = 0;
	char *name;
	FfJson *value;

	ff_write_object(writer, key);
	for (; ff_json_each(shape, &state, &name, &value); members++)
		something |= ff_shape_write(writer, name, value, scope);
	ff_write_end(writer);
	if (something || members == 0)
		return true;
	writer->text.len = length;
	writer->text.data[length] = '\0';
	writer->member[writer->depth] = comma;
	return false;
}

bool
ff_shape_write(FfJsonWriter *writer, const char *key, const FfJson *shape,
			   const FfTemplateScope *scope)
{
	FfJson *inner;
	char *path;

	if (ff_json_is_string(shape))
		return write_text(writer, key, ff_json_text(shape, ""), scope);
	if (is_repetition(shape, &path, &inner))
	{
		ff_write_array(writer, key);
		write_repetition(writer, path, inner, scope);
		ff_write_end(writer);
		return true;
	}
	if (ff_json_is_object(shape))
		return write_object(writer, key, shape, scope);
	if (ff_json_is_array(shape))
		return write_array(writer, key, shape, scope);
	ff_write_json(writer, key, shape);
	return true;
}

static bool
check(const FfJson *shape, const char *here, int depth, char **path, char **problem)
{
	void *state = NULL;
	char *key;
	FfJson *value;

	*path = pstrdup(here);
	if (depth > DEEPEST)
	{
		*problem = pstrdup("It is nested too deeply.");
		return false;
	}
	if (ff_json_is_string(shape))
		return ff_template_check(ff_json_text(shape, ""), problem);
	for (int i = 0; ff_json_is_array(shape) && i < ff_json_count(shape); i++)
		if (!check(ff_json_at(shape, i), psprintf("%s.%d", here, i), depth + 1, path, problem))
			return false;
	while (ff_json_is_object(shape) && ff_json_each(shape, &state, &key, &value))
		if (!check(value, psprintf("%s.%s", here, key), depth + 1, path, problem))
			return false;
	return true;
}

bool
ff_shape_check(const FfJson *shape, char **path, char **problem)
{
	char *begin = *path;

	return check(shape, begin, 0, path, problem);
}
