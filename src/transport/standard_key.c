/*
 * standard_key.c
 *
 * Signing and verifying by one key of Standard Webhooks; see standard_key.h.
 * A table by the key's prefix; a prefix that is not in it is no key.
 */
#include "postgres.h"

#include <openssl/evp.h>

#include "transport/digest.h"
#include "transport/standard_key.h"

#define LONGEST_TEXT      256
#define ED25519_KEY       32
#define ED25519_SIGNATURE 64
#define LONGEST_SIGNATURE ED25519_SIGNATURE

typedef struct Key
{
	unsigned char bytes[LONGEST_TEXT];
	int length;
} Key;

/* The length of the signature; 0 when it fails. */
static size_t
sign_hmac(const Key *key, const char *text, size_t length, unsigned char *signature)
{
	FfDigest digest;

	if (!ff_digest_hmac(&digest, key->bytes, key->length, text, length))
		return 0;
	memcpy(signature, digest.bytes, FF_DIGEST_SIZE);
	return FF_DIGEST_SIZE;
}

static bool
verify_hmac(const Key *key, const char *text, size_t length, const unsigned char *signature,
			size_t size)
{
	FfDigest digest;
	FfDigest claimed;

	if (size != FF_DIGEST_SIZE || !ff_digest_hmac(&digest, key->bytes, key->length, text, length))
		return false;
	memcpy(claimed.bytes, signature, FF_DIGEST_SIZE);
	return ff_digest_same(&digest, &claimed);
}

static size_t
sign_ed25519(const Key *key, const char *text, size_t length, unsigned char *signature)
{
	size_t size = ED25519_SIGNATURE;
	EVP_PKEY *private;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool done;

	/* the private key is the first half of 64 bytes, or all of 32 */
	private = key->length >= ED25519_KEY
				  ? EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key->bytes, ED25519_KEY)
				  : NULL;
	done = private && context && EVP_DigestSignInit(context, NULL, NULL, NULL, private) == 1 &&
		   EVP_DigestSign(context, signature, &size, (const unsigned char *) text, length) == 1;
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(private);
	return done ? size : 0;
}

static bool
verify_ed25519(const Key *key, const char *text, size_t length, const unsigned char *signature,
			   size_t size)
{
	EVP_PKEY *public;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool done;

	public = key->length == ED25519_KEY
				 ? EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key->bytes, ED25519_KEY)
				 : NULL;
	done = public && context && EVP_DigestVerifyInit(context, NULL, NULL, NULL, public) == 1 &&
		   EVP_DigestVerify(context, signature, size, (const unsigned char *) text, length) == 1;
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(public);
	return done;
}

typedef struct Kind
{
	const char *prefix;
	const char *version;
	size_t (*sign)(const Key *key, const char *text, size_t length, unsigned char *signature);
	bool (*verify)(const Key *key, const char *text, size_t length, const unsigned char *signature,
				   size_t size);
} Kind;

/* The last one, without a prefix, takes what the others do not. */
static const Kind kinds[] = {
	{"whsk_", "v1a,", sign_ed25519, NULL},
	{"whpk_", "v1a,", NULL, verify_ed25519},
	{"whsec_", "v1,", sign_hmac, verify_hmac},
	{"", "v1,", sign_hmac, verify_hmac},
};

/* Decodes a key; NULL when the value is none. */
static const Kind *
read_key(Key *key, const char *value, size_t length)
{
	const Kind *kind = kinds;
	size_t prefix;

	while (length < strlen(kind->prefix) || memcmp(value, kind->prefix, strlen(kind->prefix)) != 0)
		kind++;
	prefix = strlen(kind->prefix);
	if (length - prefix > LONGEST_TEXT)
		return NULL;
	key->length = ff_base64_decode(key->bytes, value + prefix, length - prefix);
	return key->length > 0 ? kind : NULL;
}

bool
ff_standard_key_sign(StringInfo target, const char *value, size_t value_length, const char *text,
					 size_t length)
{
	unsigned char signature[LONGEST_SIGNATURE];
	unsigned char base64[(LONGEST_SIGNATURE + 2) / 3 * 4 + 1];
	Key key;
	const Kind *kind = read_key(&key, value, value_length);
	size_t size = kind && kind->sign ? kind->sign(&key, text, length, signature) : 0;

	explicit_bzero(&key, sizeof(key));
	if (size == 0)
		return false;
	EVP_EncodeBlock(base64, signature, (int) size);
	appendStringInfo(target, "%s%s", kind->version, (char *) base64);
	return true;
}

bool
ff_standard_key_verify(const char *value, size_t value_length, const char *entry,
					   size_t entry_length, const char *text, size_t length)
{
	unsigned char signature[LONGEST_TEXT];
	Key key;
	const Kind *kind = read_key(&key, value, value_length);
	size_t version = kind ? strlen(kind->version) : 0;
	bool done = false;

	if (kind && kind->verify && entry_length > version && entry_length - version <= LONGEST_TEXT &&
		memcmp(entry, kind->version, version) == 0)
	{
		int size = ff_base64_decode(signature, entry + version, entry_length - version);

		done = size > 0 && kind->verify(&key, text, length, signature, size);
	}
	explicit_bzero(&key, sizeof(key));
	return done;
}
