/*
 * json.h
 *
 * The one way this extension reads and writes JSON.
 *
 * Reading: a value is an FfJson pointer into a jsonb document; NULL means
 * "absent" everywhere, so look-ups chain without checks.  Numbers keep their
 * exact decimal text (money never passes through a double).
 *
 * Writing: FfJsonWriter appends JSON text in the order given, which is the
 * order a peer receives.  All memory is palloc'd in the current context.
 */
#ifndef FF_PG_JSON_H
#define FF_PG_JSON_H

#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/jsonb.h"

typedef JsonbValue FfJson;

/* The root of a (detoasted) jsonb datum. */
extern FfJson *ff_json_from_datum(Datum jsonb);

/*
 * Parses text that came from outside.  Never throws: answers NULL and, when
 * error is not NULL, a palloc'd reason.  Length-limited, NUL and invalid
 * UTF-8 are reasons.  A byte order mark and white space before it are skipped.
 */
extern FfJson *ff_json_parse(const char *text, size_t length, char **error);

/* The member at a dotted path ("a.b.0.c"; a whole number indexes an array). */
extern FfJson *ff_json_get(const FfJson *json, const char *path);

/* The member of that very name, dots and all; NULL name: NULL. */
extern FfJson *ff_json_member(const FfJson *object, const char *name);

/* Elements of an array; an object or scalar is a list of itself, NULL and JSON null are none. */
extern int ff_json_count(const FfJson *json);
extern FfJson *ff_json_at(const FfJson *json, int index);

/* Walks the members of an object: start with *state NULL; false at the end. */
extern bool ff_json_each(const FfJson *object, void **state, char **key, FfJson **value);

extern bool ff_json_is_object(const FfJson *json);
extern bool ff_json_is_array(const FfJson *json);
extern bool ff_json_is_string(const FfJson *json);
extern bool ff_json_is_number(const FfJson *json);
/* True for an absent value and for JSON null. */
extern bool ff_json_is_null(const FfJson *json);

/* String, number or boolean at the path as text; NULL for anything else. */
extern char *ff_json_text(const FfJson *json, const char *path);
/* The same, but the fallback instead of NULL or an empty string. */
extern const char *ff_json_text_or(const FfJson *json, const char *path, const char *fallback);
/* A number, or a string that holds one, as exact decimal text; NULL otherwise. */
extern char *ff_json_number(const FfJson *json, const char *path);
/* A whole number (also "12" and 12.0); false when absent, not whole or out of range. */
extern bool ff_json_int64(const FfJson *json, const char *path, int64 *value);
extern int64 ff_json_int64_or(const FfJson *json, const char *path, int64 fallback);
extern double ff_json_double_or(const FfJson *json, const char *path, double fallback);
/* true, "true", "1", "yes", "y", 1 and the like; the fallback when absent or unclear. */
extern bool ff_json_bool(const FfJson *json, const char *path, bool fallback);
/* The value as JSON text. */
extern char *ff_json_dump(const FfJson *json);
/* The value as a jsonb datum of its own. */
extern Datum ff_json_to_datum(const FfJson *json);

/*
 * Puts an object together from values that are there already, without writing
 * and reading text: begin, members, end.  NULL is no member; of members with the
 * same name the last counts.
 */
typedef struct FfJsonBuilder
{
	struct JsonbParseState *state;
} FfJsonBuilder;

extern void ff_build_begin(FfJsonBuilder *builder);
extern void ff_build_text(FfJsonBuilder *builder, const char *key, const char *value);
extern void ff_build_json(FfJsonBuilder *builder, const char *key, const FfJson *value);
/* Every member of an object. */
extern void ff_build_members(FfJsonBuilder *builder, const FfJson *object);
extern FfJson *ff_build_end(FfJsonBuilder *builder);

#define FF_JSON_DEPTH 32

typedef struct FfJsonWriter
{
	StringInfoData text;
	int depth;
	bool member[FF_JSON_DEPTH + 1]; /* something stands at this depth already */
	char closing[FF_JSON_DEPTH + 1];
} FfJsonWriter;

/* key is NULL for the root and for elements of an array. */
extern void ff_write_init(FfJsonWriter *writer);
extern void ff_write_object(FfJsonWriter *writer, const char *key);
extern void ff_write_array(FfJsonWriter *writer, const char *key);
extern void ff_write_end(FfJsonWriter *writer);
/* NULL writes nothing: optional members are left out by passing what was read. */
extern void ff_write_text(FfJsonWriter *writer, const char *key, const char *value);
/* At most max_chars characters of value, cut at a character's edge. */
extern void ff_write_text_max(FfJsonWriter *writer, const char *key, const char *value,
							  int max_chars);
extern void ff_write_number(FfJsonWriter *writer, const char *key, const char *decimal_text);
extern void ff_write_int(FfJsonWriter *writer, const char *key, int64 value);
extern void ff_write_bool(FfJsonWriter *writer, const char *key, bool value);
extern void ff_write_null(FfJsonWriter *writer, const char *key);
extern void ff_write_json(FfJsonWriter *writer, const char *key, const FfJson *value);
/* value is JSON text already. */
extern void ff_write_raw(FfJsonWriter *writer, const char *key, const char *json_text);
/* Closes whatever is open and answers the text, owned by the writer. */
extern char *ff_write_finish(FfJsonWriter *writer);

#endif
