/*
 * standard_key.h
 *
 * The keys of Standard Webhooks and what they sign: "whsec_…" (or the bare
 * base64) for HMAC-SHA256, version v1; "whsk_…" and "whpk_…", private and
 * public, for Ed25519, version v1a.
 */
#ifndef FF_TRANSPORT_STANDARD_KEY_H
#define FF_TRANSPORT_STANDARD_KEY_H

#include "postgres.h"

#include "lib/stringinfo.h"

/* Appends "version,base64"; false when the value is no key that signs. */
extern bool ff_standard_key_sign(StringInfo target, const char *value, size_t value_length,
								 const char *text, size_t length);

/* True when an entry "version,base64" is this key's signature of text. */
extern bool ff_standard_key_verify(const char *value, size_t value_length, const char *entry,
								   size_t entry_length, const char *text, size_t length);

#endif
