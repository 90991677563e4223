/*
 * public_key.h
 *
 * Keys of two halves as peers hand them out, PEM or only the base64 of it:
 * verifying an ECDSA signature by the public half, signing a request by a
 * private Ed25519 one.  Refuses to know where keys come from.
 */
#ifndef FF_TRANSPORT_PUBLIC_KEY_H
#define FF_TRANSPORT_PUBLIC_KEY_H

#include "postgres.h"

#include "lib/stringinfo.h"

#include "transport/request.h"

/* Whether one of the public keys in the text verifies a base64 signature (DER) by a digest
 * ("SHA1", "SHA256"). */
extern bool ff_public_key_verify(const char *keys, const char *signature, const char *digest,
								 const char *text, size_t length);

/*
 * Adds the headers of RFC 9421 to a request: a digest of its body, the name of
 * the public key in a header of its own, and a signature over both, method,
 * path and host.  false with a sentence in error.
 */
extern bool ff_request_sign(FfRequest *request, const char *private_key, const char *public_key,
							const char *header, int64 now, char *error);

#endif
