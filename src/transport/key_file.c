/*
 * key_file.c
 *
 * Reads and makes the file of the vault's keys; see key_file.h.  The file is
 * read anew for every use, so a replaced key counts at once and no key stays
 * in memory.  Reading is one function that answers a problem; both the error
 * and doctor's sentence are made from it.
 */
#include "postgres.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/xlog.h"
#include "miscadmin.h"
#include "storage/fd.h"

#include "pg/errors.h"
#include "pg/guc.h"
#include "transport/key_file.h"

#define LINE_SIZE    (2 * FF_KEY_SIZE + 1)
#define LARGEST_FILE (FF_MAX_KEYS * (LINE_SIZE + 1))

static char *
key_path(void)
{
	if (is_absolute_path(ff_guc_key_file))
		return pstrdup(ff_guc_key_file);
	return psprintf("%s/%s", DataDir, ff_guc_key_file);
}

/* One line's key; false when it is none. */
static bool
read_line(FfKey *key, const char *line, size_t length)
{
	uint8 digest[SHA256_DIGEST_LENGTH];

	if (length != 2 * FF_KEY_SIZE)
		return false;
	for (int i = 0; i < FF_KEY_SIZE; i++)
	{
		int high = OPENSSL_hexchar2int((unsigned char) line[2 * i]);
		int low = OPENSSL_hexchar2int((unsigned char) line[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		key->bytes[i] = (uint8) (high << 4 | low);
	}
	if (SHA256(key->bytes, FF_KEY_SIZE, digest) == NULL)
		return false;
	memcpy(key->id, digest, FF_KEY_ID_SIZE);
	return true;
}

/* Reads all lines; NULL, or what is wrong with the text. */
static char *
read_lines(FfKeys *keys, const char *text)
{
	while (*text != '\0')
	{
		size_t length = strcspn(text, "\r\n");

		if (length > 0)
		{
			if (keys->count == FF_MAX_KEYS)
				return psprintf("It holds more than %d keys.", FF_MAX_KEYS);
			if (!read_line(&keys->items[keys->count], text, length))
				return psprintf("Line %d is not a key of %d hexadecimal digits.",
								keys->count + 1,
								2 * FF_KEY_SIZE);
			keys->count++;
		}
		text += length;
		text += strspn(text, "\r\n");
	}
	return keys->count > 0 ? NULL : pstrdup("It is empty.");
}

/* Reads the file; NULL, or a sentence.  *missing tells that it does not exist. */
static char *
read_file(FfKeys *keys, const char *path, bool *missing)
{
	char text[LARGEST_FILE + 1];
	struct stat status;
	char *problem;
	ssize_t size;
	int file = OpenTransientFile(path, O_RDONLY | PG_BINARY);

	keys->count = 0;
	*missing = file < 0 && errno == ENOENT;
	if (file < 0)
		return psprintf("It could not be opened: %s.", strerror(errno));
	if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
		problem = pstrdup("It is not a regular file.");
	else if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		problem = psprintf("Its mode is %03o, so others than its owner may use it.",
						   (unsigned) status.st_mode & 0777);
	else if ((size = read(file, text, LARGEST_FILE)) < 0)
		problem = psprintf("It could not be read: %s.", strerror(errno));
	else
	{
		text[size] = '\0';
		problem = read_lines(keys, text);
	}
	CloseTransientFile(file);
	explicit_bzero(text, sizeof(text));
	if (problem)
		ff_keys_wipe(keys);
	return problem;
}

/* Writes a new key beside the path; errno is set when that fails. */
static bool
write_key(const char *path)
{
	uint8 bytes[FF_KEY_SIZE];
	char line[LINE_SIZE + 1];
	bool done;
	int file;

	if (!pg_strong_random(bytes, sizeof(bytes)))
	{
		errno = EIO;
		return false;
	}
	for (int i = 0; i < FF_KEY_SIZE; i++)
		snprintf(line + 2 * i, 3, "%02x", bytes[i]);
	line[LINE_SIZE - 1] = '\n';
	file = OpenTransientFilePerm(path, O_WRONLY | O_CREAT | O_EXCL | PG_BINARY, S_IRUSR | S_IWUSR);
	done = file >= 0 && write(file, line, LINE_SIZE) == LINE_SIZE && pg_fsync(file) == 0;
	if (file >= 0)
		done = CloseTransientFile(file) == 0 && done;
	explicit_bzero(bytes, sizeof(bytes));
	explicit_bzero(line, sizeof(line));
	return done;
}

/*
 * Makes the file whole or not at all: it is written under another name and
 * linked into place, which fails when another session was faster; its key is
 * as good as ours then.
 */
static void
create_file(const char *path)
{
	char *draft = psprintf("%s.%d.new", path, MyProcPid);
	char *folder = pstrdup(path);
	bool done;
	int problem;

	(void) unlink(draft);
	done = write_key(draft) && (link(draft, path) == 0 || errno == EEXIST);
	problem = errno;
	(void) unlink(draft);
	if (!done)
	{
		errno = problem;
		ereport(ERROR,
				(errcode(FF_ERR_NOT_READY),
				 errmsg("could not create key file \"%s\": %m", path),
				 errhint("Set fulfillment.key_file to a file the server may write, or make the "
						 "file yourself: one line of %d random hexadecimal digits, mode 0600.",
						 2 * FF_KEY_SIZE)));
	}
	/* a key that a crash takes away takes every secret with it */
	get_parent_directory(folder);
	(void) fsync_fname_ext(*folder ? folder : ".", true, true, WARNING);
	ereport(LOG,
			(errmsg("created key file \"%s\"", path),
			 errhidestmt(true), /* it sets a secret */
			 errhint("Keep a copy of it apart from the database's backups: without it no secret "
					 "can be decrypted.")));
}

void
ff_keys_read(FfKeys *keys, bool create)
{
	char *path = key_path();
	bool missing;
	char *problem = read_file(keys, path, &missing);

	if (missing && create && !RecoveryInProgress())
	{
		create_file(path);
		problem = read_file(keys, path, &missing);
	}
	if (problem)
		ereport(ERROR,
				(errcode(FF_ERR_NOT_READY),
				 errmsg("could not use key file \"%s\"", path),
				 errdetail("%s", problem),
				 errhint("Put the file with the right keys there, owned by the server's user, "
						 "mode 0600.")));
	pfree(path);
}

const FfKey *
ff_keys_find(const FfKeys *keys, const uint8 *id)
{
	for (int i = 0; i < keys->count; i++)
	{
		if (memcmp(keys->items[i].id, id, FF_KEY_ID_SIZE) == 0)
			return &keys->items[i];
	}
	return NULL;
}

void
ff_keys_wipe(FfKeys *keys)
{
	explicit_bzero(keys, sizeof(*keys));
}

char *
ff_keys_problem(void)
{
	FfKeys keys;
	bool missing;
	char *path = key_path();
	char *problem = read_file(&keys, path, &missing);

	ff_keys_wipe(&keys);
	if (problem == NULL)
		return NULL;
	if (missing)
		return psprintf("Key file \"%s\" does not exist; it is made when the first secret is set.",
						path);
	return psprintf("Key file \"%s\" cannot be used. %s", path, problem);
}
