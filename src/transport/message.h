/*
 * message.h
 *
 * One request to a peer and one reply from it, as plain data.  Connectors
 * build and read these; transport/ carries them; nobody else sees the wire.
 *
 * A message never holds a secret: the auth scheme of its connector adds
 * credentials at the last moment, and names of secrets may stand in header
 * values, bodies and the query as {{secret:name}} where an API wants them
 * elsewhere.  They mean something only where the connector says that it wrote
 * them (secrets): what a customer types must never become a secret.
 */
#ifndef FF_TRANSPORT_MESSAGE_H
#define FF_TRANSPORT_MESSAGE_H

#include "postgres.h"

#include "lib/stringinfo.h"

typedef struct FfHeader
{
	const char *name;
	const char *value;
} FfHeader;

#define FF_MAX_HEADERS 64

/* Where a connector wrote names of secrets; what else stands there must be escaped. */
#define FF_SECRETS_IN_HEADERS (1 << 0)
#define FF_SECRETS_IN_BODY    (1 << 1)
#define FF_SECRETS_IN_QUERY   (1 << 2) /* by ff_message_query_xml alone */

typedef struct FfMessage
{
	const char *method; /* "GET", "POST", …; a static string */
	StringInfoData url; /* absolute, already percent-encoded */
	FfHeader headers[FF_MAX_HEADERS];
	int header_count;
	const char *body; /* NULL when there is none */
	size_t body_length;
	int max_answer;            /* bytes an answer may have; 0: fulfillment.max_body */
	bool plain_allowed;        /* the connection's settings allow a scheme without encryption */
	int query_parts;           /* parameters written behind the url so far */
	int secrets;               /* set of FF_SECRETS_IN_* */
	const struct FfAuth *auth; /* NULL: as its connector authenticates */
} FfMessage;

typedef struct FfReply
{
	int status; /* HTTP status; 0 when no answer came */
	FfHeader headers[FF_MAX_HEADERS];
	int header_count;
	const char *body; /* "" when empty; not NUL-safe, see length */
	size_t length;
} FfReply;

extern void ff_message_init(FfMessage *message);
/* base must come from the connection's settings; a trailing slash is dropped. */
extern void ff_message_begin(FfMessage *message, const char *method, const char *base,
							 const char *path);
/* Appends to the path: literal text, or one percent-encoded segment. */
extern void ff_message_path(FfMessage *message, const char *literal);
extern void ff_message_segment(FfMessage *message, const char *segment);
/* Appends name=value to the query; a NULL value appends nothing. */
extern void ff_message_query(FfMessage *message, const char *name, const char *value);
/* The same for XML that names secrets; other text in it was escaped by ff_xml_escape. */
extern void ff_message_query_xml(FfMessage *message, const char *name, const char *xml);
extern void ff_message_header(FfMessage *message, const char *name, const char *value);
/* Sets body and its Content-Type; body must live as long as the message. */
extern void ff_message_body(FfMessage *message, const char *content_type, const char *body,
							size_t length);
/* Percent-encodes everything but the unreserved characters of RFC 3986. */
extern void ff_percent_encode(StringInfo target, const char *text);

/* Value of a message's header, case-insensitively; NULL when absent. */
extern const char *ff_message_find_header(const FfMessage *message, const char *name);

/* A name or value of a form, without its encoding; palloc'd. */
extern char *ff_form_decode(const char *text, size_t length);

/* Value of a reply's header, case-insensitively; NULL when absent. */
extern const char *ff_reply_header(const FfReply *reply, const char *name);
/* Seconds of a Retry-After header, as a number or as an HTTP date relative to now (unix seconds);
 * -1 when absent. */
extern int ff_reply_retry_after(const FfReply *reply, int64 now);

#endif
