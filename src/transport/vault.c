/*
 * vault.c
 *
 * Sealing and opening by AES-256-GCM; see vault.h for the form of a sealed
 * value.  Keys come from key_file.c and are wiped after each use.
 * Refuses to know where sealed values are kept and what stands in them.
 */
#include "postgres.h"

#include <openssl/evp.h>

#include "pg/errors.h"
#include "transport/key_file.h"
#include "transport/secret.h"
#include "transport/vault.h"

#define VERSION    1
#define NONCE_SIZE 12
#define TAG_SIZE   16

typedef struct SealedHead
{
	uint8 version;
	uint8 key_id[FF_KEY_ID_SIZE];
	uint8 nonce[NONCE_SIZE];
	uint8 tag[TAG_SIZE];
} SealedHead;

StaticAssertDecl(sizeof(SealedHead) == 1 + FF_KEY_ID_SIZE + NONCE_SIZE + TAG_SIZE,
				 "the head of a sealed value has no padding");

/* What is authenticated beside the text: a value moved to another row does not open. */
static int
place(char *text, size_t size, int merchant_id, int64 connection_id)
{
	return snprintf(text, size, "fulfillment:%d:" INT64_FORMAT, merchant_id, connection_id);
}

/* Encrypts or decrypts; false when a tag does not fit or OpenSSL fails. */
static bool
transform(bool seal, const FfKey *key, SealedHead *head, const char *associated,
		  int associated_size, const uint8 *source, int length, uint8 *target)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int size = 0;
	bool done;

	done =
		context != NULL &&
		EVP_CipherInit_ex(context, EVP_aes_256_gcm(), NULL, key->bytes, head->nonce, seal) == 1 &&
		EVP_CipherUpdate(context, NULL, &size, (const uint8 *) associated, associated_size) == 1 &&
		EVP_CipherUpdate(context, target, &size, source, length) == 1 && size == length &&
		(seal || EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, TAG_SIZE, head->tag) == 1) &&
		EVP_CipherFinal_ex(context, target + length, &size) == 1 &&
		(!seal || EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, TAG_SIZE, head->tag) == 1);
	EVP_CIPHER_CTX_free(context);
	return done;
}

bytea *
ff_vault_seal(int merchant_id, int64 connection_id, const char *text)
{
	FfKeys keys;
	SealedHead head = {.version = VERSION};
	char associated[64];
	int associated_size = place(associated, sizeof(associated), merchant_id, connection_id);
	int length = (int) strlen(text);
	bytea *sealed = palloc0(VARHDRSZ + sizeof(SealedHead) + length);
	bool done;

	ff_keys_read(&keys, true);
	memcpy(head.key_id, keys.items[0].id, FF_KEY_ID_SIZE);
	done = pg_strong_random(head.nonce, NONCE_SIZE) &&
		   transform(true,
					 &keys.items[0],
					 &head,
					 associated,
					 associated_size,
					 (const uint8 *) text,
					 length,
					 (uint8 *) VARDATA(sealed) + sizeof(SealedHead));
	ff_keys_wipe(&keys);
	if (!done)
		ereport(ERROR,
				(errcode(FF_ERR_NOT_READY),
				 errmsg("could not encrypt the secrets of connection " INT64_FORMAT, connection_id),
				 errdetail("OpenSSL offers no AES-256-GCM or no random bytes.")));
	memcpy(VARDATA(sealed), &head, sizeof(SealedHead));
	SET_VARSIZE(sealed, VARHDRSZ + sizeof(SealedHead) + length);
	return sealed;
}

static void
refuse_sealed(int64 connection_id)
{
	ereport(ERROR,
			(errcode(FF_ERR_CONNECTION),
			 errmsg("could not decrypt the secrets of connection " INT64_FORMAT, connection_id),
			 errdetail("The stored value was changed, or it belongs to another connection."),
			 errhint("Set the secrets again with fulfillment.set_secret.")));
}

char *
ff_vault_open(int merchant_id, int64 connection_id, const bytea *sealed, MemoryContext context)
{
	FfKeys keys;
	SealedHead head;
	char associated[64];
	int associated_size = place(associated, sizeof(associated), merchant_id, connection_id);
	int length = (int) VARSIZE_ANY_EXHDR(sealed) - (int) sizeof(SealedHead);
	const uint8 *bytes = (const uint8 *) VARDATA_ANY(sealed);
	const FfKey *key;
	char *text;
	bool done;

	if (length < 0)
		refuse_sealed(connection_id);
	memcpy(&head, bytes, sizeof(SealedHead));
	if (head.version != VERSION)
		refuse_sealed(connection_id);
	text = MemoryContextAllocZero(context, length + 1);
	ff_keys_read(&keys, false);
	key = ff_keys_find(&keys, head.key_id);
	done = key != NULL && transform(false,
									key,
									&head,
									associated,
									associated_size,
									bytes + sizeof(SealedHead),
									length,
									(uint8 *) text);
	ff_keys_wipe(&keys);
	if (key == NULL)
		ereport(ERROR,
				(errcode(FF_ERR_NOT_READY),
				 errmsg("could not decrypt the secrets of connection " INT64_FORMAT, connection_id),
				 errdetail("Key %02x%02x%02x%02x is not in the file that fulfillment.key_file "
						   "names.",
						   head.key_id[0],
						   head.key_id[1],
						   head.key_id[2],
						   head.key_id[3]),
				 errhint("Put the line of that key back into the file, or set the secrets again "
						 "with fulfillment.set_secret.")));
	if (!done)
	{
		explicit_bzero(text, length);
		refuse_sealed(connection_id);
	}
	return text;
}

char *
ff_vault_problem(void)
{
	return ff_keys_problem();
}
