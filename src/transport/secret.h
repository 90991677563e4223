/*
 * secret.h
 *
 * The secrets of one connection in memory: names and values, read from the
 * text that the vault opened.  They live for one call and are wiped after it.
 *
 * A value may be a list (an array in set_secret): its entries stand one per
 * line, newest first, which is how two signing secrets overlap during a
 * rotation.  Numbers and booleans count as their text; objects are refused.
 */
#ifndef FF_TRANSPORT_SECRET_H
#define FF_TRANSPORT_SECRET_H

#include "postgres.h"

#include "lib/stringinfo.h"

#define FF_MAX_SECRETS 24

typedef struct FfSecret
{
	const char *name;
	char *value;
} FfSecret;

typedef struct FfSecrets
{
	int count;
	FfSecret items[FF_MAX_SECRETS];
} FfSecrets;

/* Reads the JSON object of a connection's secrets; ereport(ERROR) when it is none.  NULL text: no
 * secrets. */
extern void ff_secrets_read(FfSecrets *secrets, const char *text);

/* The value of a secret; NULL when there is none of that name.  secrets may be NULL. */
extern const char *ff_secret_find(const FfSecrets *secrets, const char *name);

/* Overwrites every value and empties the list; harmless when repeated. */
extern void ff_secrets_wipe(FfSecrets *secrets);

/* Overwrites memory in a way the compiler keeps: a C string (NULL allowed), or a whole StringInfo.
 */
extern void ff_wipe_text(char *text);
extern void ff_wipe_string(StringInfo string);

/* How a secret is written where it stands, so that no value can break out of its place. */
typedef enum FfQuoting
{
	FF_QUOTE_NONE, /* headers, plain text */
	FF_QUOTE_JSON, /* inside a JSON string */
	FF_QUOTE_FORM, /* percent-encoded */
	FF_QUOTE_XML,  /* entities */
	FF_QUOTE_QUERY /* entities, percent-encoded: XML in a query */
} FfQuoting;

extern FfQuoting ff_quoting_of(const char *content_type);

/*
 * Appends text with every {{secret:name}} replaced.  Answers false, with the
 * missing name in *missing, when a secret does not exist.  The target holds
 * secrets afterwards: end its life with ff_wipe_string.
 */
extern bool ff_secret_expand(StringInfo target, const char *text, size_t length,
							 const FfSecrets *secrets, FfQuoting quoting, const char **missing);

/* True when {{secret: stands somewhere in text. */
extern bool ff_secret_wanted(const char *text, size_t length);

/* Appends one value in the given quoting. */
extern void ff_secret_quote(StringInfo target, const char *value, size_t length, FfQuoting quoting);

/* Walks the lines of a value: start with *cursor at the value; false at its end. */
extern bool ff_secret_each(const char **cursor, const char **line, size_t *length);

#endif
