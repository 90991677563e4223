/*
 * oauth1.h
 *
 * OAuth 1.0a with one leg: a request over plain http is signed instead of
 * carrying the secret.  Refuses to know connections and peers; nonce and time
 * are arguments.
 */
#ifndef FF_TRANSPORT_OAUTH1_H
#define FF_TRANSPORT_OAUTH1_H

#include "postgres.h"

#include "lib/stringinfo.h"

/*
 * Appends oauth_… parameters to the query of a URL, the HMAC-SHA256 signature
 * of method, URL and all parameters last.  false when OpenSSL fails.  The URL
 * holds the key, but not the secret, afterwards.
 */
extern bool ff_oauth1_sign(StringInfo url, const char *method, const char *key, const char *secret,
						   const char *nonce, int64 now);

/* Appends one parameter to the query of a URL, percent-encoded. */
extern void ff_query_append(StringInfo url, const char *name, const char *value);

#endif
