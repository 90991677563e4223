/*
 * field.h
 *
 * Reading the fields of a document that came from outside, and the list of
 * what is wrong with them.  What is read is said in a table per document; here
 * is the one way in which text, numbers and times are taken from it.  Nothing
 * throws because of what a document holds.
 *
 * Text for people (names, streets) is cleaned: line breaks and blanks become
 * one blank, other control and direction-changing characters go, because such
 * a character is a pasting accident and no reason to stop an order.  An
 * identifier (order number, SKU) with one is an error instead, because two
 * different identifiers must never become one.
 */
#ifndef FF_MODEL_FIELD_H
#define FF_MODEL_FIELD_H

#include "postgres.h"

#include "nodes/pg_list.h"

#include "model/time.h"
#include "pg/json.h"

typedef enum FfSeverity
{
	FF_SEVERITY_NOTE,    /* was read in a lenient way, or is not needed */
	FF_SEVERITY_INVALID, /* to be corrected: the order is parked */
	FF_SEVERITY_REFUSED  /* cannot be stored at all */
} FfSeverity;

extern const char *ff_severity_name(FfSeverity severity);

typedef struct FfFieldError
{
	FfSeverity severity;
	const char *code; /* "missing", "wrong_type", "too_long", … */
	char *field;      /* "lines[2].quantity" (the first is lines[0]), "ship_to.postcode" */
	int line;         /* number of the order line, 0 for none */
	char *message;    /* for people: no capital, no full stop */
} FfFieldError;

#define FF_MAX_ERRORS 100

/* Where a reader stands and what it has found so far. */
typedef struct FfFieldReader
{
	List *errors;       /* of FfFieldError, in the order of reading; at most FF_MAX_ERRORS */
	FfSeverity worst;   /* of all that were found; NOTE when there was none */
	const char *prefix; /* "ship_to." or "lines[2]."; "" at the top */
	int line;           /* of the order line being read, 0 outside */
	bool lenient;       /* what would be invalid is only noted here */
} FfFieldReader;

extern void ff_field_error(FfFieldReader *reader, FfSeverity severity, const char *code,
						   const char *field, const char *message, ...) pg_attribute_printf(5, 6);

/* Whether something is said of this field already. */
extern bool ff_field_has_error(const FfFieldReader *reader, const char *field);

/* The errors as JSON text: [{severity, code, field, line, message}]. */
extern char *ff_field_errors_json(const FfFieldReader *reader);

typedef enum FfFieldKind
{
	FF_FIELD_TEXT,       /* char *, cleaned */
	FF_FIELD_IDENTIFIER, /* char *, as it is but trimmed */
	FF_FIELD_KEY,        /* the same, and that it is missing is an error too */
	FF_FIELD_EMAIL,      /* char * */
	FF_FIELD_MONEY,      /* char *, exact decimal text, not negative */
	FF_FIELD_TIME,       /* TimestampTz, FF_NO_TIME when absent */
	FF_FIELD_BOOL,       /* bool, false when absent */
	FF_FIELD_MAYBE,      /* int: 0, 1, or -1 when absent */
	FF_FIELD_DOCUMENT,   /* const FfJson *, an object kept as it is */
	FF_FIELD_OTHER       /* read elsewhere; here only known by name */
} FfFieldKind;

typedef struct FfFieldSpec
{
	const char *name;
	FfFieldKind kind;
	size_t offset;    /* of the member in the struct that is filled */
	int max_chars;    /* of text and identifiers */
	FfSeverity wrong; /* how bad it is when the content (not the type) is wrong */
} FfFieldSpec;

/*
 * Fills a struct from the object's fields: absent, null, empty and wrong ones
 * are NULL, FF_NO_TIME, false or -1 in it.  A field of the wrong JSON type is
 * refused; a member that the table does not name is noted.
 */
extern void ff_fields_read(FfFieldReader *reader, const FfJson *object, const FfFieldSpec *specs,
						   int count, void *target);

/* The same for one field that has no table. */
extern void ff_field_read(FfFieldReader *reader, const FfJson *object, const FfFieldSpec *spec,
						  void *target);

/* Whether a table has a field of this name. */
extern bool ff_field_named(const FfFieldSpec *specs, int count, const char *name);

/* Whether a field is the same in two such structs; not for FF_FIELD_OTHER. */
extern bool ff_field_equal(const FfFieldSpec *spec, const void *left, const void *right);

/* A whole number; the fallback when absent or wrong. */
extern int64 ff_field_whole(FfFieldReader *reader, const FfJson *object, const char *field,
							int64 minimum, int64 maximum, int64 fallback, FfSeverity wrong);

#endif
