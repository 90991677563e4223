/*
 * field.c
 *
 * Reads single fields of documents from outside; see field.h for what is
 * taken and what is an error.  Knows no document: which fields there are is
 * said in the tables of address.c and order_document.c.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "model/field.h"
#include "model/text.h"

static const char *const severities[] = {
	[FF_SEVERITY_NOTE] = "note",
	[FF_SEVERITY_INVALID] = "invalid",
	[FF_SEVERITY_REFUSED] = "refused",
};

/* Depth to which an object that is kept as it is may nest. */
#define MAX_DEPTH 32

const char *
ff_severity_name(FfSeverity severity)
{
	return severities[severity];
}

void
ff_field_error(FfFieldReader *reader, FfSeverity severity, const char *code, const char *field,
			   const char *message, ...)
{
	FfFieldError *error;
	StringInfoData text;

	if (reader->lenient && severity == FF_SEVERITY_INVALID)
		severity = FF_SEVERITY_NOTE;
	reader->worst = Max(reader->worst, severity);
	if (list_length(reader->errors) >= FF_MAX_ERRORS)
		return;
	initStringInfo(&text);
	for (;;)
	{
		va_list arguments;
		int missing;

		va_start(arguments, message);
		missing = appendStringInfoVA(&text, message, arguments);
		va_end(arguments);
		if (missing == 0)
			break;
		enlargeStringInfo(&text, missing);
	}
	error = palloc(sizeof(FfFieldError));
	error->severity = severity;
	error->code = code;
	error->field = psprintf("%s%s", reader->prefix, field);
	error->line = reader->line;
	error->message = text.data;
	reader->errors = lappend(reader->errors, error);
}

bool
ff_field_has_error(const FfFieldReader *reader, const char *field)
{
	const char *path = psprintf("%s%s", reader->prefix, field);
	ListCell *cell;

	foreach (cell, reader->errors)
		if (strcmp(((FfFieldError *) lfirst(cell))->field, path) == 0)
			return true;
	return false;
}

char *
ff_field_errors_json(const FfFieldReader *reader)
{
	FfJsonWriter writer;
	ListCell *cell;

	ff_write_init(&writer);
	ff_write_array(&writer, NULL);
	foreach (cell, reader->errors)
	{
		const FfFieldError *error = lfirst(cell);

		ff_write_object(&writer, NULL);
		ff_write_text(&writer, "severity", ff_severity_name(error->severity));
		ff_write_text(&writer, "code", error->code);
		ff_write_text(&writer, "field", error->field);
		if (error->line > 0)
			ff_write_int(&writer, "line", error->line);
		ff_write_text(&writer, "message", error->message);
		ff_write_end(&writer);
	}
	return ff_write_finish(&writer);
}

static void
refuse_type(FfFieldReader *reader, const char *field, const char *wanted)
{
	ff_field_error(reader, FF_SEVERITY_REFUSED, "wrong_type", field, "must be %s", wanted);
}

static char *
miss_key(FfFieldReader *reader, const FfFieldSpec *spec)
{
	ff_field_error(reader, spec->wrong, "missing", spec->name, "must be given");
	return NULL;
}

static char *
read_text(FfFieldReader *reader, const FfFieldSpec *spec, const FfJson *value)
{
	bool cleaned = spec->kind == FF_FIELD_TEXT || spec->kind == FF_FIELD_EMAIL;
	char *text;

	/* numbers are taken, since shops give them for order numbers and SKUs */
	if (!ff_json_is_string(value) && !ff_json_is_number(value))
	{
		refuse_type(reader, spec->name, "text");
		return NULL;
	}
	text = cleaned ? ff_text_clean(ff_json_text(value, NULL))
				   : ff_text_identifier(ff_json_text(value, NULL));
	if (text == NULL)
		ff_field_error(reader,
					   spec->wrong,
					   "control_character",
					   spec->name,
					   "holds a character that cannot be seen");
	else if (pg_mbstrlen(text) > spec->max_chars)
		ff_field_error(reader,
					   spec->wrong,
					   "too_long",
					   spec->name,
					   "has %d characters, at most %d are taken",
					   pg_mbstrlen(text),
					   spec->max_chars);
	else if (spec->kind == FF_FIELD_EMAIL && *text != '\0' && !ff_text_is_email(text))
		ff_field_error(reader,
					   spec->wrong,
					   "bad_email",
					   spec->name,
					   "\"%s\" is no e-mail address",
					   ff_text_excerpt(text));
	else if (*text != '\0')
		return text;
	else if (spec->kind == FF_FIELD_KEY)
		return miss_key(reader, spec);
	return NULL;
}

/* The text of a number, or of text that holds one; NULL when it is none or beyond all measure. */
static char *
read_number(FfFieldReader *reader, const FfJson *value, const char *field, const char *wanted,
			FfSeverity wrong)
{
	char *text = ff_json_number(value, NULL);

	if (text == NULL && ff_json_is_number(value))
		ff_field_error(reader, wrong, "out_of_range", field, "has too many digits");
	else if (text == NULL)
		refuse_type(reader, field, wanted);
	return text;
}

/* Up to 12 digits, and up to 6 more behind a point. */
static char *
read_money(FfFieldReader *reader, const FfFieldSpec *spec, const FfJson *value)
{
	char *text = read_number(reader, value, spec->name, "a decimal number", spec->wrong);
	int whole;
	int fraction = 0;

	if (text == NULL)
		return NULL;
	if (*text == '+')
		text++;
	if (*text == '-')
	{
		ff_field_error(reader, spec->wrong, "negative", spec->name, "must not be negative");
		return NULL;
	}
	whole = strspn(text, "0123456789");
	if (text[whole] == '.')
	{
		fraction = strspn(text + whole + 1, "0123456789");
		/* zeros behind the sixth decimal say nothing */
		while (fraction > 6 && text[whole + fraction] == '0' && text[whole + fraction + 1] == '\0')
			text[whole + fraction--] = '\0';
	}
	if (whole == 0 || whole > 12 || fraction > 6 ||
		text[whole + (text[whole] == '.' ? fraction + 1 : 0)] != '\0')
	{
		ff_field_error(reader,
					   spec->wrong,
					   "out_of_range",
					   spec->name,
					   "\"%s\" is no amount of at most 12 digits and 6 decimals",
					   ff_text_excerpt(text));
		return NULL;
	}
	return text;
}

static TimestampTz
read_time(FfFieldReader *reader, const FfFieldSpec *spec, const FfJson *value)
{
	TimestampTz time;
	char *text;

	if (!ff_json_is_string(value))
	{
		refuse_type(reader, spec->name, "a time as text");
		return FF_NO_TIME;
	}
	text = ff_text_clean(ff_json_text(value, NULL));
	if (*text == '\0')
		return FF_NO_TIME;
	if (!ff_time_parse(text, &time))
	{
		ff_field_error(reader,
					   spec->wrong,
					   "bad_time",
					   spec->name,
					   "\"%s\" is no time in ISO 8601, such as 2026-01-31T12:00:00+01:00",
					   ff_text_excerpt(text));
		return FF_NO_TIME;
	}
	/* a day alone needs no zone; a time of day does */
	if (strlen(text) > 10 && strpbrk(text + 10, "Zz+-") == NULL)
		ff_field_error(reader,
					   FF_SEVERITY_NOTE,
					   "no_zone",
					   spec->name,
					   "has no time zone and was read as UTC");
	return time;
}

static bool
read_bool(FfFieldReader *reader, const FfFieldSpec *spec, const FfJson *value)
{
	/* what answers the same whatever the fallback is clear */
	if (ff_json_bool(value, NULL, false) != ff_json_bool(value, NULL, true))
		refuse_type(reader, spec->name, "true or false");
	return ff_json_bool(value, NULL, false);
}

/* How deep objects and arrays nest, or a little more than MAX_DEPTH. */
static int
nesting(const FfJson *value)
{
	JsonbIterator *iterator = JsonbIteratorInit(value->val.binary.data);
	JsonbIteratorToken token;
	JsonbValue ignored;
	int depth = 0;
	int deepest = 0;

	while ((token = JsonbIteratorNext(&iterator, &ignored, false)) != WJB_DONE)
	{
		if (token == WJB_BEGIN_OBJECT || token == WJB_BEGIN_ARRAY)
			deepest = Max(deepest, ++depth);
		else if (token == WJB_END_OBJECT || token == WJB_END_ARRAY)
			depth--;
		if (deepest > MAX_DEPTH)
			break;
	}
	return deepest;
}

static const FfJson *
read_document(FfFieldReader *reader, const FfFieldSpec *spec, const FfJson *value)
{
	if (!ff_json_is_object(value))
		refuse_type(reader, spec->name, "an object");
	else if (nesting(value) > MAX_DEPTH)
		ff_field_error(reader,
					   FF_SEVERITY_REFUSED,
					   "too_deep",
					   spec->name,
					   "nests deeper than %d levels",
					   MAX_DEPTH);
	else
		return value;
	return NULL;
}

void
ff_field_read(FfFieldReader *reader, const FfJson *object, const FfFieldSpec *spec, void *target)
{
	const FfJson *value = ff_json_get(object, spec->name);
	char *member = (char *) target + spec->offset;
	bool absent = ff_json_is_null(value);

	switch (spec->kind)
	{
		case FF_FIELD_KEY:
			*(char **) member = absent ? miss_key(reader, spec) : read_text(reader, spec, value);
			break;
		case FF_FIELD_TEXT:
		case FF_FIELD_IDENTIFIER:
		case FF_FIELD_EMAIL:
			*(char **) member = absent ? NULL : read_text(reader, spec, value);
			break;
		case FF_FIELD_MONEY:
			*(char **) member = absent ? NULL : read_money(reader, spec, value);
			break;
		case FF_FIELD_TIME:
			*(TimestampTz *) member = absent ? FF_NO_TIME : read_time(reader, spec, value);
			break;
		case FF_FIELD_BOOL:
			*(bool *) member = absent ? false : read_bool(reader, spec, value);
			break;
		case FF_FIELD_MAYBE:
			*(int *) member = absent ? -1 : read_bool(reader, spec, value);
			break;
		case FF_FIELD_DOCUMENT:
			*(const FfJson **) member = absent ? NULL : read_document(reader, spec, value);
			break;
		case FF_FIELD_OTHER:
			break;
	}
}

bool
ff_field_named(const FfFieldSpec *specs, int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (strcmp(specs[i].name, name) == 0)
			return true;
	return false;
}

/* A member nobody reads is most likely a misspelt one. */
static void
note_unknown(FfFieldReader *reader, const FfJson *object, const FfFieldSpec *specs, int count)
{
	void *state = NULL;
	char *name;
	FfJson *value;

	while (ff_json_each(object, &state, &name, &value))
		if (!ff_field_named(specs, count, name))
			ff_field_error(reader,
						   FF_SEVERITY_NOTE,
						   "unknown_field",
						   ff_text_excerpt(name),
						   "is not a field of this document and was not read");
}

void
ff_fields_read(FfFieldReader *reader, const FfJson *object, const FfFieldSpec *specs, int count,
			   void *target)
{
	for (int i = 0; i < count; i++)
		ff_field_read(reader, object, &specs[i], target);
	note_unknown(reader, object, specs, count);
}

static bool
same_text(const char *left, const char *right)
{
	return left == NULL || right == NULL ? left == right : strcmp(left, right) == 0;
}

bool
ff_field_equal(const FfFieldSpec *spec, const void *left, const void *right)
{
	const char *a = (const char *) left + spec->offset;
	const char *b = (const char *) right + spec->offset;

	switch (spec->kind)
	{
		case FF_FIELD_TIME:
			return *(const TimestampTz *) a == *(const TimestampTz *) b;
		case FF_FIELD_BOOL:
			return *(const bool *) a == *(const bool *) b;
		case FF_FIELD_MAYBE:
			return *(const int *) a == *(const int *) b;
		case FF_FIELD_DOCUMENT:
			/* jsonb has one text for one value */
			return same_text(ff_json_dump(*(FfJson *const *) a),
							 ff_json_dump(*(FfJson *const *) b));
		case FF_FIELD_OTHER:
			return true;
		default:
			return same_text(*(char *const *) a, *(char *const *) b);
	}
}

int64
ff_field_whole(FfFieldReader *reader, const FfJson *object, const char *field, int64 minimum,
			   int64 maximum, int64 fallback, FfSeverity wrong)
{
	const FfJson *value = ff_json_get(object, field);
	int64 whole;
	char *text;

	if (ff_json_is_null(value))
		return fallback;
	text = read_number(reader, value, field, "a whole number", wrong);
	if (text == NULL)
		return fallback;
	if (ff_json_int64(value, NULL, &whole) && whole >= minimum && whole <= maximum)
		return whole;
	ff_field_error(reader,
				   wrong,
				   "out_of_range",
				   field,
				   "%s is no whole number from " INT64_FORMAT " to " INT64_FORMAT,
				   ff_text_excerpt(text),
				   minimum,
				   maximum);
	return fallback;
}
