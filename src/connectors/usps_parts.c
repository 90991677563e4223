/*
 * usps_parts.c
 *
 * Labels and forms are answered as JSON with images inside, or, when USPS does
 * not heed what we accept, in several parts: metadata as JSON and each image
 * as base64 or, against the description, as bytes.  Here both look alike: a
 * value has a name and is an object or an image.
 */
#include "postgres.h"

#include <ctype.h>

#include "connectors/usps.h"

typedef struct Part
{
	const char *name; /* NULL when its head does not tell */
	const char *text;
	size_t length;
} Part;

/* Where a text stands first between two places; NULL when it does not. */
static const char *
find_text(const char *start, const char *end, const char *text)
{
	size_t length = strlen(text);

	for (; end - start >= (ptrdiff_t) length; start++)
		if (memcmp(start, text, length) == 0)
			return start;
	return NULL;
}

/* The line between parts: the first of the body, unless something stands before it. */
static char *
divider_of(const FfReply *reply)
{
	const char *type = ff_reply_header(reply, "Content-Type");
	const char *named = type ? strstr(type, "boundary=") : NULL;
	const char *start = reply->body;
	const char *end = reply->body + reply->length;

	while (start < end && isspace((unsigned char) *start))
		start++;
	if (end - start > 2 && strncmp(start, "--", 2) == 0)
	{
		const char *stop = start;

		while (stop < end && !isspace((unsigned char) *stop))
			stop++;
		return pnstrdup(start, stop - start);
	}
	if (named == NULL)
		return NULL;
	named += strlen("boundary=");
	named += *named == '"' ? 1 : 0;
	return psprintf("--%s", pnstrdup(named, strcspn(named, "\"; \t")));
}

/* Behind the first empty line; NULL without one. */
static const char *
behind_head(const char *start, const char *end)
{
	for (; end - start > 1; start++)
	{
		if (start[0] != '\n')
			continue;
		if (start[1] == '\n')
			return start + 2;
		if (end - start > 2 && start[1] == '\r' && start[2] == '\n')
			return start + 3;
	}
	return NULL;
}

/* name=, but not filename= */
static char *
name_in_head(const char *head, const char *end)
{
	const char *found = head;

	while ((found = find_text(found + 1, end, "name=")) != NULL)
	{
		if (isalpha((unsigned char) found[-1]))
			continue;
		found += strlen("name=");
		found += *found == '"' ? 1 : 0;
		return pnstrdup(found, strcspn(found, "\";\r\n"));
	}
	return NULL;
}

/* The part behind *at, which moves on to the divider after it. */
static bool
next_part(const FfReply *reply, const char *divider, const char **at, Part *part)
{
	const char *end = reply->body + reply->length;
	const char *head = find_text(*at, end, divider);
	const char *stop;

	head = head ? head + strlen(divider) : NULL;
	/* the last divider has dashes behind it too */
	if (head == NULL || (end - head > 1 && strncmp(head, "--", 2) == 0))
		return false;
	part->text = behind_head(head, end);
	if (part->text == NULL)
		return false;
	part->name = name_in_head(head, part->text);
	stop = find_text(part->text, end, divider);
	stop = stop ? stop : end;
	*at = stop;
	/* the line break before a divider belongs to it */
	if (stop > part->text && stop[-1] == '\n')
		stop--;
	if (stop > part->text && stop[-1] == '\r')
		stop--;
	part->length = stop - part->text;
	return true;
}

static bool
is_json(const Part *part)
{
	return part->length > 0 && *part->text == '{';
}

/* Whether a part without a name is the one that is wanted: the only metadata, the first image. */
static bool
could_be(const Part *part, const char *name)
{
	bool image = strstr(name, "Image") != NULL;

	return part->name == NULL && image != is_json(part) && strncmp(name, "return", 6) != 0;
}

static bool
find_part(const FfReply *reply, const char *name, Part *part)
{
	const char *divider = divider_of(reply);
	const char *at = reply->body;

	while (divider != NULL && next_part(reply, divider, &at, part))
		if (part->name ? pg_strcasecmp(part->name, name) == 0 : could_be(part, name))
			return true;
	return false;
}

FfJson *
ff_usps_object(const FfReply *reply, const FfJson *json, const char *name)
{
	FfJson *member = ff_json_get(json, name);
	Part part;

	if (ff_json_is_object(member))
		return member;
	if (ff_json_is_string(member))
	{
		char *text = ff_json_text(member, "");

		return ff_json_parse(text, strlen(text), NULL);
	}
	return json == NULL && find_part(reply, name, &part)
			   ? ff_json_parse(part.text, part.length, NULL)
			   : NULL;
}

static bool
is_base64(char c)
{
	return !IS_HIGHBIT_SET(c) && (isalnum((unsigned char) c) || c == '+' || c == '/');
}

/* Base64 begins with a character of its own, and has no others but padding and blanks. */
static bool
is_raw(const Part *part)
{
	if (!is_base64(*part->text))
		return true;
	for (size_t i = 0; i < part->length; i++)
		if (!is_base64(part->text[i]) && part->text[i] != '=' &&
			!isspace((unsigned char) part->text[i]))
			return true;
	return false;
}

static char *
without_blanks(const char *text, size_t length)
{
	char *result = palloc(length + 1);
	char *end = result;

	for (size_t i = 0; i < length; i++)
		if (!isspace((unsigned char) text[i]))
			*end++ = text[i];
	*end = '\0';
	return result;
}

char *
ff_usps_image(const FfReply *reply, const FfJson *json, const char *name)
{
	const char *text = ff_json_text_or(json, name, NULL);
	Part part;

	if (text != NULL)
		return without_blanks(text, strlen(text));
	if (json != NULL || !find_part(reply, name, &part) || part.length == 0)
		return NULL;
	return is_raw(&part) ? ff_base64(part.text, part.length)
						 : without_blanks(part.text, part.length);
}

/* How images begin, in base64. */
static const struct
{
	const char *begins;
	const char *format;
} formats[] = {
	{"JVBER", "pdf"},
	{"XlhB", "zpl"},
	{"iVBOR", "png"},
	{"R0lG", "gif"},
	{"/9j/", "jpg"},
	{"SUkq", "tiff"},
	{"TU0A", "tiff"},
	{"PHN2", "svg"},
	{"PD94", "svg"},
};

const char *
ff_usps_image_format(const char *image, const char *type)
{
	for (int i = 0; image != NULL && i < (int) lengthof(formats); i++)
		if (strncmp(image, formats[i].begins, strlen(formats[i].begins)) == 0)
			return formats[i].format;
	/* ZPL203DPI and its like are languages with a resolution */
	return pnstrdup(type, strcspn(type, "0123456789"));
}
