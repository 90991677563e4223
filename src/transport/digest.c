/*
 * digest.c
 *
 * HMAC-SHA256 and the two ways in which digests are written; see digest.h.
 */
#include "postgres.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "transport/digest.h"

#define DIGEST_BASE64 44

bool
ff_digest_hmac(FfDigest *digest, const void *key, size_t key_length, const char *text,
			   size_t length)
{
	unsigned int size = 0;

	return HMAC(EVP_sha256(),
				key,
				(int) key_length,
				(const unsigned char *) text,
				length,
				digest->bytes,
				&size) != NULL &&
		   size == FF_DIGEST_SIZE;
}

char *
ff_hmac_sha1_base64(const char *key, const char *text, size_t length)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int size = 0;
	char *base64 = palloc(EVP_MAX_MD_SIZE * 2);

	if (HMAC(EVP_sha1(),
			 key,
			 (int) strlen(key),
			 (const unsigned char *) text,
			 length,
			 digest,
			 &size) == NULL)
		return NULL;
	EVP_EncodeBlock((unsigned char *) base64, digest, (int) size);
	return base64;
}

bool
ff_digest_same(const FfDigest *digest, const FfDigest *other)
{
	return CRYPTO_memcmp(digest->bytes, other->bytes, FF_DIGEST_SIZE) == 0;
}

int
ff_base64_decode(unsigned char *target, const char *text, size_t length)
{
	int size;
	int padding = 0;

	if (length == 0 || length % 4 != 0)
		return -1;
	while (padding < 2 && text[length - 1 - padding] == '=')
		padding++;
	size = EVP_DecodeBlock(target, (const unsigned char *) text, (int) length);
	return size < 0 ? -1 : size - padding;
}

bool
ff_digest_from_base64(FfDigest *digest, const char *text, size_t length)
{
	unsigned char bytes[DIGEST_BASE64];

	if (length != DIGEST_BASE64 || ff_base64_decode(bytes, text, length) != FF_DIGEST_SIZE)
		return false;
	memcpy(digest->bytes, bytes, FF_DIGEST_SIZE);
	return true;
}

bool
ff_digest_from_hex(FfDigest *digest, const char *text, size_t length)
{
	if (length != 2 * FF_DIGEST_SIZE)
		return false;
	for (int i = 0; i < FF_DIGEST_SIZE; i++)
	{
		int high = OPENSSL_hexchar2int((unsigned char) text[2 * i]);
		int low = OPENSSL_hexchar2int((unsigned char) text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		digest->bytes[i] = (unsigned char) (high << 4 | low);
	}
	return true;
}
