/*
 * directory.c
 *
 * Files in a directory of this machine, for partners with a shared mount and
 * for tests; the methods are those of url.h.  The directory must lie in one
 * that the server's setting fulfillment.file_directories lists, after all
 * links in its path were followed; a name is one name, and a link is no file.
 * What a PUT wrote is on the disk when it is answered.
 */
#include "postgres.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pg/guc.h"
#include "transport/slot.h"

#define DONE      250
#define CARRIED   226
#define LATER     450
#define NO_SPACE  452
#define NOT_THERE 550
#define REFUSED   553
#define MODE      0640
#define CHUNK     65536

/* A name in an opened directory. */
typedef struct Place
{
	int directory;
	char name[NAME_MAX + 1]; /* "" stands for the directory itself */
} Place;

static int
status_of(int problem)
{
	switch (problem)
	{
		case ENOENT:
			return NOT_THERE;
		case ENOSPC:
		case EDQUOT:
			return NO_SPACE;
		case EACCES:
		case EPERM:
		case EEXIST:
		case ELOOP:
		case EISDIR:
		case ENOTDIR:
		case EROFS:
			return REFUSED;
		default:
			return LATER;
	}
}

/* Whether a path without links lies in a directory of the list. */
static bool
is_inside(const char *path)
{
	const char *at = ff_guc_file_directories;

	while (*at != '\0')
	{
		size_t length = strcspn(at, ",");
		char listed[PATH_MAX];
		char real[PATH_MAX];
		size_t skip = strspn(at, " ");

		if (length > skip && length - skip < sizeof(listed))
		{
			strlcpy(listed, at + skip, length - skip + 1);
			while (*listed != '\0' && listed[strlen(listed) - 1] == ' ')
				listed[strlen(listed) - 1] = '\0';
			if (*listed == '/' && realpath(listed, real) != NULL)
			{
				size_t depth = strlen(real);

				if (strncmp(path, real, depth) == 0 &&
					(path[depth] == '/' || path[depth] == '\0' || depth == 1))
					return true;
			}
		}
		at += length;
		at += *at == ',';
	}
	return false;
}

/* Opens the directory of a URL; false with a sentence, or with a code of FTP in *status. */
static bool
open_place(const char *url, Place *place, int *status, char *error)
{
	CURLU *parts = curl_url();
	char *path = NULL;
	char real[PATH_MAX] = "";
	char *slash = NULL;

	place->directory = -1;
	*status = 0;
	if (parts == NULL || curl_url_set(parts, CURLUPART_URL, url, 0) != CURLUE_OK ||
		curl_url_get(parts, CURLUPART_PATH, &path, CURLU_URLDECODE) != CURLUE_OK ||
		(slash = strrchr(path, '/')) == NULL || strlen(slash + 1) > NAME_MAX ||
		strcmp(slash + 1, ".") == 0 || strcmp(slash + 1, "..") == 0)
		strlcpy(error, "the URL names no file of a directory", FF_WIRE_ERROR_SIZE);
	else
	{
		strlcpy(place->name, slash + 1, sizeof(place->name));
		slash[slash == path ? 1 : 0] = '\0';
		/* what lies outside is not told to be there or not */
		if (realpath(path, real) == NULL && is_inside(path))
			*status = status_of(ENOENT);
		else if (!is_inside(real))
			strlcpy(error,
					"the directory is not one of fulfillment.file_directories",
					FF_WIRE_ERROR_SIZE);
		else
		{
			place->directory = open(real, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			if (place->directory < 0)
				*status = status_of(errno);
		}
	}
	curl_free(path);
	curl_url_cleanup(parts);
	return place->directory >= 0;
}

/* One line for each file, with its facts as MLSD gives them. */
static int
list(FfSlot *slot, const Place *place)
{
	int copy = dup(place->directory);
	DIR *open_directory = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;
	bool room = true;

	if (open_directory == NULL)
	{
		if (copy >= 0)
			close(copy);
		return status_of(errno);
	}
	rewinddir(open_directory);
	while (room && (entry = readdir(open_directory)) != NULL)
	{
		char line[NAME_MAX + 100];
		struct stat facts;
		struct tm when;
		int length;

		if (fstatat(place->directory, entry->d_name, &facts, AT_SYMLINK_NOFOLLOW) != 0 ||
			!S_ISREG(facts.st_mode) || gmtime_r(&facts.st_mtime, &when) == NULL)
			continue;
		length = snprintf(line,
						  sizeof(line),
						  "type=file;size=%lld;modify=%04d%02d%02d%02d%02d%02d; %s\r\n",
						  (long long) facts.st_size,
						  when.tm_year + 1900,
						  when.tm_mon + 1,
						  when.tm_mday,
						  when.tm_hour,
						  when.tm_min,
						  when.tm_sec,
						  entry->d_name);
		room = ff_slot_receive(slot, line, length);
	}
	closedir(open_directory);
	return room ? CARRIED : 0;
}

static int
get(FfSlot *slot, const Place *place)
{
	int file =
		openat(place->directory, place->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	char chunk[CHUNK];
	struct stat facts;
	ssize_t length;
	int status = CARRIED;

	if (file < 0)
		return status_of(errno);
	if (fstat(file, &facts) != 0 || !S_ISREG(facts.st_mode))
		status = REFUSED;
	while (status == CARRIED && (length = read(file, chunk, sizeof(chunk))) != 0)
	{
		if (length < 0)
			status = status_of(errno);
		else if (!ff_slot_receive(slot, chunk, length))
			status = 0;
	}
	close(file);
	return status;
}

static int
put(FfSlot *slot, const Place *place)
{
	int file = openat(place->directory,
					  place->name,
					  O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK,
					  MODE);
	size_t written = 0;
	int status = CARRIED;

	if (file < 0)
		return status_of(errno);
	while (status == CARRIED && written < slot->request.body_length)
	{
		ssize_t length =
			write(file, slot->request.body + written, slot->request.body_length - written);

		if (length < 0 && errno != EINTR)
			status = status_of(errno);
		else if (length > 0)
			written += length;
	}
	if (status == CARRIED && fsync(file) != 0)
		status = status_of(errno);
	if (close(file) != 0 && status == CARRIED)
		status = status_of(errno);
	return status;
}

/* Never onto a file that is there; not every kind of mount knows how to promise that by a rename.
 */
static bool
rename_to(const Place *from, const Place *to)
{
	if (renameat2(from->directory, from->name, to->directory, to->name, RENAME_NOREPLACE) == 0)
		return true;
	return (errno == EINVAL || errno == ENOSYS) &&
		   linkat(from->directory, from->name, to->directory, to->name, 0) == 0 &&
		   unlinkat(from->directory, from->name, 0) == 0;
}

/* Under a new name, where nothing of that name is yet. */
static int
move(FfSlot *slot, const Place *place)
{
	const char *url = ff_message_find_header(&slot->transfer->message, "Destination");
	Place target;
	int status = REFUSED;

	if (url == NULL || !open_place(url, &target, &status, slot->transfer->error))
		return status;
	status = rename_to(place, &target) && fsync(target.directory) == 0 ? DONE : status_of(errno);
	close(target.directory);
	return status;
}

static int
take_away(FfSlot *slot, const Place *place)
{
	return unlinkat(place->directory, place->name, 0) == 0 ? DONE : status_of(errno);
}

static const struct
{
	const char *method;
	int (*carry)(FfSlot *slot, const Place *place);
} methods[] = {
	{"LIST", list},
	{"GET", get},
	{"PUT", put},
	{"MOVE", move},
	{"DELETE", take_away},
};

void
ff_directory_carry(FfSlot *slot)
{
	FfTransfer *transfer = slot->transfer;
	Place place;

	slot->head.limit = slot->limits.max_header_bytes;
	slot->body.limit = slot->limits.max_body_bytes;
	slot->resolved = true;
	transfer->fate = FF_FATE_NOT_SENT;
	transfer->error[0] = '\0';
	if (open_place(slot->request.url, &place, &slot->status, transfer->error))
	{
		for (size_t i = 0; i < lengthof(methods); i++)
			if (strcmp(slot->request.method, methods[i].method) == 0)
				slot->status = methods[i].carry(slot, &place);
		close(place.directory);
	}
	if (slot->status != 0)
		transfer->fate = FF_FATE_ANSWERED;
	else if (slot->oversized || slot->out_of_memory)
	{
		transfer->fate = FF_FATE_OVERSIZED;
		strlcpy(transfer->error, "the file is larger than allowed", FF_WIRE_ERROR_SIZE);
	}
	slot->sent = transfer->fate == FF_FATE_ANSWERED;
}
