/*
 * shipped.c
 *
 * Some channels count in an order's lines only what is left to ship, and tell
 * apart what has left, by whomever.  When our own shipments make their lines
 * shorter nothing less is wanted: a later version is put back to the start of
 * the first one, whose own "shipped" is what had left before we knew of it.
 */
#include "postgres.h"

#include "orders/parts.h"

/* Units of a line in a list of {channel_line_id, quantity}; 0 when it is not there. */
static int64
units_in(const FfJson *list, const char *id)
{
	for (int i = 0; i < ff_json_count(list); i++)
		if (strcmp(ff_json_text_or(ff_json_at(list, i), "channel_line_id", ""), id) == 0)
			return ff_json_int64_or(ff_json_at(list, i), "quantity", 0);
	return 0;
}

static const char *
id_of(const FfJson *line)
{
	return ff_json_text_or(line, "channel_line_id", "");
}

/* A line with another quantity; none when nothing is left of it. */
static void
write_line(FfJsonWriter *writer, const FfJson *line, int64 quantity)
{
	void *state = NULL;
	char *key;
	FfJson *value;

	if (quantity <= 0)
		return;
	ff_write_object(writer, NULL);
	while (ff_json_each(line, &state, &key, &value))
		if (strcmp(key, "quantity") != 0)
			ff_write_json(writer, key, value);
	ff_write_int(writer, "quantity", quantity);
	ff_write_end(writer);
}

static void
write_lines(FfJsonWriter *writer, const FfJson *before, const FfJson *after)
{
	const FfJson *lines = ff_json_get(after, "lines");
	const FfJson *known = ff_json_get(before, "lines");
	const FfJson *gone = ff_json_get(after, "shipped");
	const FfJson *gone_before = ff_json_get(before, "shipped");

	ff_write_array(writer, "lines");
	for (int i = 0; i < ff_json_count(lines); i++)
	{
		const FfJson *line = ff_json_at(lines, i);
		int64 since = units_in(gone, id_of(line)) - units_in(gone_before, id_of(line));
		int64 quantity;

		/* what is wrong with it is for the intake to say */
		if (*id_of(line) != '\0' && ff_json_int64(line, "quantity", &quantity))
			write_line(writer, line, quantity + since);
		else
			ff_write_json(writer, NULL, line);
	}
	/* lines of which all has left */
	for (int i = 0; i < ff_json_count(known); i++)
	{
		const FfJson *line = ff_json_at(known, i);
		bool listed = *id_of(line) == '\0';

		for (int j = 0; j < ff_json_count(lines); j++)
			listed |= strcmp(id_of(ff_json_at(lines, j)), id_of(line)) == 0;
		if (!listed)
			write_line(
				writer, line, units_in(gone, id_of(line)) - units_in(gone_before, id_of(line)));
	}
	ff_write_end(writer);
}

FfJson *
ff_count_from_start(const FfJson *before, const FfJson *after)
{
	FfJsonWriter writer;
	void *state = NULL;
	char *key;
	FfJson *value;
	char *text;

	if (!ff_json_is_array(ff_json_get(after, "shipped")) &&
		!ff_json_is_array(ff_json_get(before, "shipped")))
		return NULL;
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	while (ff_json_each(after, &state, &key, &value))
		if (strcmp(key, "lines") != 0 && strcmp(key, "shipped") != 0)
			ff_write_json(&writer, key, value);
	/* a version without lines, such as a cancellation, stays without */
	if (ff_json_is_array(ff_json_get(after, "lines")))
		write_lines(&writer, before, after);
	ff_write_json(&writer, "shipped", ff_json_get(before, "shipped"));
	text = ff_write_finish(&writer);
	return ff_json_parse(text, strlen(text), NULL);
}
