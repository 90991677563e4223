/*
 * public_key.c
 *
 * Signatures by keys of two halves; see public_key.h.
 */
#include "postgres.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "transport/digest.h"
#include "transport/public_key.h"
#include "transport/secret.h"

#define FRAME             "-----"
#define ED25519_SIGNATURE 64
#define BASE64_SIZE(n)    (((n) + 2) / 3 * 4 + 1)

/* The bytes of base64 that may be broken into lines; -1 when it is none.  The caller frees them. */
static int
decode(unsigned char **bytes, const char *text, size_t length)
{
	char *packed = palloc(length + 1);
	size_t count = 0;
	int size;

	for (size_t i = 0; i < length; i++)
		if (text[i] > ' ')
			packed[count++] = text[i];
	packed[count] = '\0';
	*bytes = palloc(count + 4);
	size = ff_base64_decode(*bytes, packed, count);
	explicit_bzero(packed, count);
	pfree(packed);
	return size;
}

/*
 * The next key of a text: what stands between the frames of PEM, else all of a
 * line.  false behind the last.
 */
static bool
next_key(const char **cursor, const char **key, size_t *length)
{
	const char *frame = strstr(*cursor, FRAME "BEGIN ");
	const char *end;

	if (frame == NULL)
		return ff_secret_each(cursor, key, length);
	*key = strstr(frame + strlen(FRAME), FRAME);
	end = *key != NULL ? strstr(*key + strlen(FRAME), FRAME "END ") : NULL;
	if (end == NULL)
		return false;
	*key += strlen(FRAME);
	*length = (size_t) (end - *key);
	/* behind the frame that ends it */
	end = strstr(end + strlen(FRAME), FRAME);
	*cursor = end != NULL ? end + strlen(FRAME) : *key + strlen(*key);
	return true;
}

static bool
verify_by(const char *key, size_t key_length, const unsigned char *signature, int size,
		  const EVP_MD *digest, const char *text, size_t length)
{
	unsigned char *der;
	int der_size = decode(&der, key, key_length);
	const unsigned char *place = der;
	EVP_PKEY *public = der_size > 0 ? d2i_PUBKEY(NULL, &place, der_size) : NULL;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool done;

	done = public && context && EVP_PKEY_base_id(public) == EVP_PKEY_EC &&
		   EVP_DigestVerifyInit(context, NULL, digest, NULL, public) == 1 &&
		   EVP_DigestVerify(
			   context, signature, (size_t) size, (const unsigned char *) text, length) == 1;
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(public);
	pfree(der);
	return done;
}

bool
ff_public_key_verify(const char *keys, const char *signature, const char *digest, const char *text,
					 size_t length)
{
	const EVP_MD *algorithm = NULL;
	unsigned char *bytes;
	int size = decode(&bytes, signature, strlen(signature));
	const char *key;
	size_t key_length;
	bool found = false;

	if (pg_strcasecmp(digest, "SHA1") == 0 || pg_strcasecmp(digest, "SHA-1") == 0)
		algorithm = EVP_sha1();
	else if (pg_strcasecmp(digest, "SHA256") == 0 || pg_strcasecmp(digest, "SHA-256") == 0)
		algorithm = EVP_sha256();
	while (algorithm != NULL && size > 0 && !found && next_key(&keys, &key, &key_length))
		found = verify_by(key, key_length, bytes, size, algorithm, text, length);
	pfree(bytes);
	return found;
}

/* A base64 Ed25519 signature of a text; false when the key is none. */
static bool
sign_text(const char *private_key, const StringInfoData *text, char *base64)
{
	const char *key;
	size_t key_length;
	unsigned char signature[ED25519_SIGNATURE];
	size_t size = sizeof(signature);
	unsigned char *der;
	const unsigned char *place;
	int der_size;
	EVP_PKEY *private;
	EVP_MD_CTX *context;
	bool done;

	if (!next_key(&private_key, &key, &key_length))
		return false;
	der_size = decode(&der, key, key_length);
	place = der;
	private = der_size > 0 ? d2i_AutoPrivateKey(NULL, &place, der_size) : NULL;
	context = EVP_MD_CTX_new();
	done = private && context && EVP_PKEY_base_id(private) == EVP_PKEY_ED25519 &&
		   EVP_DigestSignInit(context, NULL, NULL, NULL, private) == 1 &&
		   EVP_DigestSign(
			   context, signature, &size, (const unsigned char *) text->data, text->len) == 1;
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(private);
	if (der_size > 0)
		explicit_bzero(der, der_size);
	pfree(der);
	if (done)
		EVP_EncodeBlock((unsigned char *) base64, signature, (int) size);
	return done;
}

/* The path of the request's URL without its query, as it goes on the wire. */
static char *
path_of(const FfRequest *request)
{
	const char *host = strstr(request->url, "://");
	const char *path = host != NULL ? strpbrk(host + 3, "/?#") : NULL;

	return path != NULL && *path == '/' ? pnstrdup(path, strcspn(path, "?#")) : pstrdup("/");
}

/* The host in small letters, with its port where that does not go without saying. */
static char *
authority_of(const FfRequest *request)
{
	char *host = pstrdup(request->host);

	for (char *c = host; *c != '\0'; c++)
		*c = pg_tolower((unsigned char) *c);
	return request->port == request->scheme->port ? host : psprintf("%s:%d", host, request->port);
}

bool
ff_request_sign(FfRequest *request, const char *private_key, const char *public_key,
				const char *header, int64 now, char *error)
{
	unsigned char digest[SHA256_DIGEST_LENGTH];
	char digest64[BASE64_SIZE(SHA256_DIGEST_LENGTH)];
	char signature[BASE64_SIZE(ED25519_SIGNATURE)];
	char *content_digest = NULL;
	StringInfoData parameters;
	StringInfoData text;

	initStringInfo(&text);
	initStringInfo(&parameters);
	appendStringInfoChar(&parameters, '(');
	if (request->body != NULL && request->body_length > 0)
	{
		SHA256((const unsigned char *) request->body, request->body_length, digest);
		EVP_EncodeBlock((unsigned char *) digest64, digest, sizeof(digest));
		content_digest = psprintf("sha-256=:%s:", digest64);
		appendStringInfo(&text, "\"content-digest\": %s\n", content_digest);
		appendStringInfoString(&parameters, "\"content-digest\" ");
	}
	appendStringInfo(&parameters,
					 "\"%s\" \"@method\" \"@path\" \"@authority\");created=" INT64_FORMAT,
					 header,
					 now);
	appendStringInfo(&text,
					 "\"%s\": %s\n\"@method\": %s\n\"@path\": %s\n\"@authority\": %s\n"
					 "\"@signature-params\": %s",
					 header,
					 public_key,
					 request->method,
					 path_of(request),
					 authority_of(request),
					 parameters.data);
	if (!sign_text(private_key, &text, signature))
	{
		strlcpy(error, "the private key that signs requests is no Ed25519 key", FF_WIRE_ERROR_SIZE);
		return false;
	}
	return (content_digest == NULL ||
			ff_request_header(request, "Content-Digest", content_digest, error)) &&
		   ff_request_header(request, header, public_key, error) &&
		   ff_request_header(
			   request, "Signature-Input", psprintf("sig1=%s", parameters.data), error) &&
		   ff_request_header(request, "Signature", psprintf("sig1=:%s:", signature), error);
}
