/*
 * vault.h
 *
 * Secrets at rest: AES-256-GCM with a key from a file outside the database
 * (fulfillment.key_file), so that neither a dump nor a SQL role reveals them.
 *
 * Sealed form: version byte, 4-byte key id, 12-byte nonce, 16-byte tag,
 * ciphertext.  Merchant and connection are authenticated with it, so a sealed
 * value is worth nothing in another row.
 *
 * The key file holds one key per line, 64 hexadecimal digits.  The first key
 * seals; every key opens, which is how a key is replaced: put a new line on
 * top, set the secrets again, remove the old line.  Made with mode 0600 at the
 * first seal when it does not exist; refused when others may read it.
 */
#ifndef FF_TRANSPORT_VAULT_H
#define FF_TRANSPORT_VAULT_H

#include "postgres.h"

/* Seals text for one connection; a palloc'd bytea.  ereport(ERROR, FF_ERR_NOT_READY) without a
 * usable key. */
extern bytea *ff_vault_seal(int merchant_id, int64 connection_id, const char *text);

/*
 * Opens a sealed value into a palloc'd text in the given context; wipe it with
 * ff_wipe_text.  ereport(ERROR): FF_ERR_NOT_READY when the key file lacks the
 * key, FF_ERR_CONNECTION when the value was changed or belongs elsewhere.
 */
extern char *ff_vault_open(int merchant_id, int64 connection_id, const bytea *sealed,
						   MemoryContext context);

/* NULL when the vault can open secrets; otherwise a palloc'd sentence saying why not (for doctor).
 */
extern char *ff_vault_problem(void);

#endif
