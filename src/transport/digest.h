/*
 * digest.h
 *
 * HMAC-SHA256 and how digests are written: base64 and hexadecimal.  All
 * comparisons of secrets end in ff_digest_same, whose time tells nothing about
 * where two digests differ.
 */
#ifndef FF_TRANSPORT_DIGEST_H
#define FF_TRANSPORT_DIGEST_H

#include "postgres.h"

#define FF_DIGEST_SIZE 32

typedef struct FfDigest
{
	unsigned char bytes[FF_DIGEST_SIZE];
} FfDigest;

/* false when OpenSSL fails. */
extern bool ff_digest_hmac(FfDigest *digest, const void *key, size_t key_length, const char *text,
						   size_t length);
/* base64(HMAC-SHA1(key, text)), for peers that know nothing newer; NULL when OpenSSL fails. */
extern char *ff_hmac_sha1_base64(const char *key, const char *text, size_t length);
extern bool ff_digest_same(const FfDigest *digest, const FfDigest *other);

/* false when the text is not a whole digest. */
extern bool ff_digest_from_base64(FfDigest *digest, const char *text, size_t length);
extern bool ff_digest_from_hex(FfDigest *digest, const char *text, size_t length);

/* The decoded length, or -1; target needs three bytes for every four of the text. */
extern int ff_base64_decode(unsigned char *target, const char *text, size_t length);

#endif
