/*
 * json.c
 *
 * Text that came from outside, read as JSON: it is refused with a reason, or
 * every value in it can be read in every way, and written again it is the same.
 */
#include "postgres.h"

#include "target.h"

static void
read_all_ways(const FfJson *value, const char *path)
{
	int64 whole;
	char *number = ff_json_number(value, path);

	ff_json_text(value, path);
	ff_json_text_or(value, path, "");
	ff_json_double_or(value, path, 0);
	ff_json_bool(value, path, false);
	if (ff_json_int64(value, path, &whole))
		MUST(number != NULL);
}

static void
walk(const FfJson *value)
{
	void *state = NULL;
	char *key;
	FfJson *member;

	read_all_ways(value, "");
	for (int i = 0; ff_json_is_array(value) && i < ff_json_count(value); i++)
		walk(ff_json_at(value, i));
	while (ff_json_each(value, &state, &key, &member))
	{
		MUST(ff_json_member(value, key) != NULL);
		read_all_ways(value, key);
		walk(member);
	}
}

/* The whole document, and pieces of it as a connector would put them into a body. */
static char *
written(const FfJson *root)
{
	FfJsonWriter writer;

	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_json(&writer, "all", root);
	ff_write_text(&writer, "text", ff_json_text(root, "a"));
	ff_write_text_max(&writer, "cut", ff_json_text(root, "a"), 3);
	ff_write_number(&writer, "number", ff_json_number(root, "a"));
	return ff_write_finish(&writer);
}

void
ff_fuzz_json(const char *data, size_t length)
{
	char *error;
	FfJson *root = ff_json_parse(data, length, &error);
	FfJson *again;
	char *text;

	MUST((root == NULL) == (error != NULL));
	if (root == NULL)
		return;
	walk(root);
	text = written(root);
	again = ff_json_parse(text, strlen(text), &error);
	if (again == NULL)
		ff_fuzz_broken("what was written can be read", error);
	MUST(strcmp(ff_json_dump(ff_json_member(again, "all")), ff_json_dump(root)) == 0);
}
