/*
 * redact.h
 *
 * What of a call may be kept and shown: headers, URLs and bodies with every
 * secret masked as "***".  Masked are the values of the given secrets wherever
 * they stand (also percent-encoded or escaped), headers known to carry
 * credentials, query and form parameters, JSON members and XML elements whose
 * names sound like a secret.  Works on text that is broken or cut.
 *
 * Results are palloc'd valid text; what is no text becomes a note of its size.
 */
#ifndef FF_TRANSPORT_REDACT_H
#define FF_TRANSPORT_REDACT_H

#include "postgres.h"

#include "transport/message.h"
#include "transport/secret.h"

/* Where a name stands: some words are secret in one place and harmless in another. */
typedef enum FfRedactPlace
{
	FF_REDACT_HEADER = 1,
	FF_REDACT_PARAMETER = 2, /* of a query or form */
	FF_REDACT_MEMBER = 4     /* of JSON or XML */
} FfRedactPlace;

/* True for names like password, client_secret, X-Shop-Token, Authorization, Cookie. */
extern bool ff_redact_is_secret_name(const char *name, size_t length, FfRedactPlace place);

/* secrets may be NULL everywhere. */
extern char *ff_redact_url(const char *url, const FfSecrets *secrets);
extern char *ff_redact_header(const char *name, const char *value, const FfSecrets *secrets);
/* All headers as JSON text: an object, repeated names joined by ", ". */
extern char *ff_redact_headers(const FfHeader *headers, int count, const FfSecrets *secrets);
/* At most max_bytes of the body, with a note of the full size behind when it was cut. */
extern char *ff_redact_body(const char *body, size_t length, int max_bytes,
							const FfSecrets *secrets);

#endif
