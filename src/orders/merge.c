/*
 * merge.c
 *
 * Three documents of one order become one: as people left it here, as its
 * channel sent it before, as its channel sends it now.  A member that the
 * channel did not change stays as people left it.  Objects are compared member
 * by member; a list, such as the lines, is one thing.
 */
#include "postgres.h"

#include "orders/parts.h"

static bool
same(const FfJson *a, const FfJson *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return strcmp(ff_json_dump(a), ff_json_dump(b)) == 0;
}

static void write_merged(FfJsonWriter *writer, const char *key, const FfJson *ours,
						 const FfJson *before, const FfJson *after);

static void
write_members(FfJsonWriter *writer, const FfJson *ours, const FfJson *before, const FfJson *after)
{
	void *state = NULL;
	char *key;
	FfJson *value;

	while (ff_json_each(after, &state, &key, &value))
		write_merged(writer, key, ff_json_member(ours, key), ff_json_member(before, key), value);
	/* what only we have: added here by people; what the channel took away goes */
	state = NULL;
	while (ff_json_each(ours, &state, &key, &value))
		if (ff_json_member(after, key) == NULL && ff_json_member(before, key) == NULL)
			ff_write_json(writer, key, value);
}

static void
write_merged(FfJsonWriter *writer, const char *key, const FfJson *ours, const FfJson *before,
			 const FfJson *after)
{
	if (ff_json_is_object(ours) && ff_json_is_object(before) && ff_json_is_object(after))
	{
		ff_write_object(writer, key);
		write_members(writer, ours, before, after);
		ff_write_end(writer);
	}
	else if (ours != NULL && same(before, after))
		ff_write_json(writer, key, ours);
	else
		ff_write_json(writer, key, after);
}

FfJson *
ff_merge_documents(const FfJson *ours, const FfJson *before, const FfJson *after)
{
	FfJsonWriter writer;
	char *text;

	ff_write_init(&writer);
	write_merged(&writer, NULL, ours, before, after);
	text = ff_write_finish(&writer);
	return ff_json_parse(text, strlen(text), NULL);
}
