/*
 * key_file.h
 *
 * The file of the vault's keys: one per line, 64 hexadecimal digits, the first
 * of which seals.  Made with random bytes and mode 0600 when it is asked for
 * the first time to seal; refused when anybody but its owner may read it.
 */
#ifndef FF_TRANSPORT_KEY_FILE_H
#define FF_TRANSPORT_KEY_FILE_H

#include "postgres.h"

#define FF_KEY_SIZE    32
#define FF_KEY_ID_SIZE 4
#define FF_MAX_KEYS    8

typedef struct FfKey
{
	uint8 bytes[FF_KEY_SIZE];
	uint8 id[FF_KEY_ID_SIZE]; /* the first bytes of the key's SHA-256 */
} FfKey;

typedef struct FfKeys
{
	int count;
	FfKey items[FF_MAX_KEYS];
} FfKeys;

/* At least one key, or ereport(ERROR, FF_ERR_NOT_READY).  create: make the file when it is missing.
 */
extern void ff_keys_read(FfKeys *keys, bool create);

/* NULL when there is none of that id. */
extern const FfKey *ff_keys_find(const FfKeys *keys, const uint8 *id);

extern void ff_keys_wipe(FfKeys *keys);

/* NULL when keys can be read; otherwise a palloc'd sentence. */
extern char *ff_keys_problem(void);

#endif
