/*
 * mime.h
 *
 * An e-mail as it travels: RFC 5322 with MIME, in ASCII, with CRLF, no line
 * longer than 78 characters.  Pure text; whatever stands in the values, no
 * header and no part can come of it.
 */
#ifndef FF_CONNECTORS_MIME_H
#define FF_CONNECTORS_MIME_H

#include "postgres.h"

#include "lib/stringinfo.h"

/* Whether it is an address that may stand in an envelope; its name part may be UTF-8. */
extern bool ff_mime_is_address(const char *text);

/* "Subject: …", a text for people, encoded where it must be. */
extern void ff_mime_text_header(StringInfo mail, const char *name, const char *text);
/* "From: Name <address>"; the name may be NULL, the address must be one. */
extern void ff_mime_party_header(StringInfo mail, const char *header, const char *name,
								 const char *address);

/* A part's headers and body: text as quoted-printable, without a charset but UTF-8. */
extern void ff_mime_text_part(StringInfo mail, const char *type, const char *text);
/* A part that is a file, from its bytes in base64. */
extern void ff_mime_file_part(StringInfo mail, const char *type, const char *name,
							  const char *base64);

#endif
