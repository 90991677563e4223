/*
 * field.h
 *
 * Reading one field of a document that came from outside, and the list of what
 * is wrong with it.  Nothing here throws because of what the document holds.
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

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

#include "pg/json.h"

typedef enum FfSeverity
{
	FF_SEVERITY_NOTE,    /* was read in a lenient way */
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
	char *message;    /* for people: no capital, no full stop, names what was found */
} FfFieldError;

/* Where a reader stands and what it has found so far. */
typedef struct FfFieldReader
{
	List *errors;       /* of FfFieldError, in the order of the document */
	FfSeverity worst;   /* of all errors; NOTE when there is none */
	const char *prefix; /* "ship_to." or "lines[2]."; "" at the top */
	int line;           /* of the order line being read, 0 outside */
	int count;          /* errors found; the list itself stops growing at FF_MAX_ERRORS */
} FfFieldReader;

#define FF_MAX_ERRORS 100

extern void ff_field_error(FfFieldReader *reader, FfSeverity severity, const char *code,
						   const char *field, const char *message, ...) pg_attribute_printf(5, 6);

/* Each answers the value, or NULL / the fallback when absent or wrong (and says what is wrong). */
extern char *ff_field_text(FfFieldReader *reader, const FfJson *object, const char *field,
						   int max_chars);
extern char *ff_field_identifier(FfFieldReader *reader, const FfJson *object, const char *field,
								 int max_chars, FfSeverity severity);
/* Not negative, at most 12 digits before and 6 behind the point; exact decimal text. */
extern char *ff_field_money(FfFieldReader *reader, const FfJson *object, const char *field);
/* Out of range is FF_SEVERITY_INVALID and answers 0. */
extern int64 ff_field_whole(FfFieldReader *reader, const FfJson *object, const char *field,
							int64 minimum, int64 maximum, int64 fallback);
extern bool ff_field_bool(FfFieldReader *reader, const FfJson *object, const char *field,
						  bool fallback);
/* FF_NO_TIME when absent. */
extern TimestampTz ff_field_time(FfFieldReader *reader, const FfJson *object, const char *field);
/* NULL, without an error, when absent or null. */
extern const FfJson *ff_field_object(FfFieldReader *reader, const FfJson *object,
									 const char *field);

/* Whether a text is shaped like an e-mail address one can send to. */
extern bool ff_email_is_plausible(const char *text);

#endif
