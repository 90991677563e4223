/*
 * read.c
 *
 * Named values of an answer: by jsonpath in JSON, by XPath in XML.
 *
 *   "name": path                        the first value it finds
 *   "name": [path, path]                of the first path that finds any
 *   "name": {"path": …, "pick": last}   or least, greatest, count, all
 *   "name": {"each": path, "read": …}   a list with an object of named values each
 */
#include "postgres.h"

#include "own/parts.h"
#include "pg/json_path.h"
#include "pg/xml_path.h"

#define DEEPEST 8

/* Where paths begin: a value of JSON, or a node of XML. */
typedef struct Place
{
	const FfJson *json;
	FfXml *xml;
	void *node;
	const FfJson *variables;
	int depth;
} Place;

/* What a path has found: values of JSON, or texts and nodes of XML. */
typedef struct Found
{
	int count;
	FfJson *values;
	FfXmlFound xml;
} Found;

static Found
follow(const Place *place, const char *path)
{
	Found found = {.count = 0};

	if (place->xml != NULL)
	{
		found.xml = ff_xml_find(place->xml, place->node, path);
		found.count = found.xml.count;
	}
	else if (place->json != NULL)
	{
		found.values = ff_json_path_all(place->json, path, place->variables);
		found.count = ff_json_count(found.values);
	}
	return found;
}

/* Of the first path that finds anything; specification is a text or a list of texts. */
static Found
follow_any(const Place *place, const FfJson *paths)
{
	Found found = {.count = 0};

	for (int i = 0; i < ff_json_count(paths) && found.count == 0; i++)
		found = follow(place, ff_json_text_or(ff_json_at(paths, i), "", ""));
	return found;
}

static const char *
text_at(const Found *found, int index)
{
	const char *text = found->values != NULL ? ff_json_text(ff_json_at(found->values, index), "")
											 : found->xml.texts[index];

	return text != NULL ? text : "";
}

static void
write_at(FfJsonWriter *writer, const char *name, const Found *found, int index)
{
	if (found->values == NULL)
		ff_write_text(
			writer, name, *found->xml.texts[index] != '\0' ? found->xml.texts[index] : NULL);
	else if (!ff_json_is_null(ff_json_at(found->values, index)))
		ff_write_json(writer, name, ff_json_at(found->values, index));
}

static int
extreme(const Found *found, int sign)
{
	int best = 0;

	for (int i = 1; i < found->count; i++)
		if (sign * strcmp(text_at(found, i), text_at(found, best)) > 0)
			best = i;
	return best;
}

static void
write_first(FfJsonWriter *writer, const char *name, const Found *found)
{
	if (found->count > 0)
		write_at(writer, name, found, 0);
}

static void
write_last(FfJsonWriter *writer, const char *name, const Found *found)
{
	if (found->count > 0)
		write_at(writer, name, found, found->count - 1);
}

static void
write_least(FfJsonWriter *writer, const char *name, const Found *found)
{
	if (found->count > 0)
		write_at(writer, name, found, extreme(found, -1));
}

static void
write_greatest(FfJsonWriter *writer, const char *name, const Found *found)
{
	if (found->count > 0)
		write_at(writer, name, found, extreme(found, 1));
}

static void
write_count(FfJsonWriter *writer, const char *name, const Found *found)
{
	ff_write_int(writer, name, found->count);
}

static void
write_all(FfJsonWriter *writer, const char *name, const Found *found)
{
	ff_write_array(writer, name);
	for (int i = 0; i < found->count; i++)
		write_at(writer, NULL, found, i);
	ff_write_end(writer);
}

static const struct
{
	const char *name;
	void (*write)(FfJsonWriter *writer, const char *name, const Found *found);
} picks[] = {{"first", write_first},
			 {"last", write_last},
			 {"least", write_least},
			 {"greatest", write_greatest},
			 {"count", write_count},
			 {"all", write_all}};

bool
ff_own_pick_is_known(const char *pick)
{
	for (int i = 0; i < (int) lengthof(picks); i++)
		if (strcmp(picks[i].name, pick) == 0)
			return true;
	return false;
}

static void write_read(FfJsonWriter *writer, const FfJson *read, const Place *place);

static void
write_each(FfJsonWriter *writer, const char *name, const FfJson *entry, const Place *place)
{
	Found found = follow_any(place, ff_json_member(entry, "each"));

	ff_write_array(writer, name);
	for (int i = 0; i < found.count; i++)
	{
		Place inner = *place;

		inner.depth++;
		if (found.values != NULL)
			inner.json = ff_json_at(found.values, i);
		else
			inner.node = found.xml.nodes[i];
		if (inner.depth > DEEPEST || (found.values == NULL && inner.node == NULL))
			continue;
		ff_write_object(writer, NULL);
		write_read(writer, ff_json_member(entry, "read"), &inner);
		ff_write_end(writer);
	}
	ff_write_end(writer);
}

static void
write_entry(FfJsonWriter *writer, const char *name, const FfJson *entry, const Place *place)
{
	const char *pick = "first";
	Found found;

	if (ff_json_is_object(entry) && ff_json_member(entry, "each") != NULL)
	{
		write_each(writer, name, entry, place);
		return;
	}
	if (ff_json_is_object(entry))
	{
		pick = ff_json_text_or(entry, "pick", "first");
		entry = ff_json_member(entry, "path");
	}
	found = follow_any(place, entry);
	for (int i = 0; i < (int) lengthof(picks); i++)
		if (strcmp(picks[i].name, pick) == 0)
			picks[i].write(writer, name, &found);
}

static void
write_read(FfJsonWriter *writer, const FfJson *read, const Place *place)
{
	void *state = NULL;
	char *name;
	FfJson *entry;

	while (ff_json_each(read, &state, &name, &entry))
		write_entry(writer, name, entry, place);
}

/* Those of the whole definition that the operation has not of its own. */
static void
write_common(FfJsonWriter *writer, const FfJson *common, const FfJson *except, const Place *place)
{
	void *state = NULL;
	char *name;
	FfJson *entry;

	while (ff_json_each(common, &state, &name, &entry))
		if (ff_json_member(except, name) == NULL)
			write_entry(writer, name, entry, place);
}

char *
ff_own_read(const FfCall *call, const FfReply *reply, const FfOwnAnswer *answer,
			const FfJson *variables)
{
	const FfOwn *own = call->own;
	const FfJson *read = ff_json_member(ff_own_part(call), "read");
	Place place = {.json = answer->document, .variables = variables};
	FfJsonWriter writer;
	void *state = NULL;
	char *name;
	FfJson *value;

	if (answer->xml)
	{
		place.json = NULL;
		place.xml = answer->document != NULL ? ff_xml_open(reply->body, reply->length, NULL) : NULL;
		while (place.xml != NULL && ff_json_each(variables, &state, &name, &value))
			ff_xml_variable(place.xml, name, ff_json_text_or(value, "", ""));
	}
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	if (place.json != NULL || place.xml != NULL)
	{
		write_common(&writer, ff_json_member(own->definition, "read"), read, &place);
		write_read(&writer, read, &place);
	}
	return ff_write_finish(&writer);
}
