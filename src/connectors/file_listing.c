/*
 * file_listing.c
 *
 * The lists of files that servers give, in the three ways they do: the facts
 * of MLSD, the long lines of Unix, those of DOS.  Directories and links are no
 * files, and neither is what has a name that could mean something else than a
 * name.  Files whose names say that they are not complete yet are passed over.
 */
#include "postgres.h"

#include <ctype.h>

#include "connectors/file_exchange.h"

static const char *const unfinished[] = {".part", ".tmp", ".filepart", ".done"};

static const struct
{
	FfFileKind kind;
	const char *name;
} kinds_in[] = {
	{FF_FILE_STATUS, "status"},
	{FF_FILE_ACK, "ack"},
	{FF_FILE_STOCK, "stock"},
	{FF_FILE_RECEIPT, "receipt"},
};

/* "type=file;size=12;modify=…; name" */
static bool
read_facts(char *line, FfFileEntry *entry)
{
	char *name = strchr(line, ' ');
	char *size = strstr(line, "size=");

	if (name == NULL || strchr(line, '=') == NULL || name[-1] != ';')
		return false;
	*name++ = '\0';
	entry->name = name;
	entry->size = size ? strtoll(size + 5, NULL, 10) : -1;
	return true;
}

static bool
is_file(const char *facts)
{
	const char *type = strstr(facts, "type=");

	return type == NULL || pg_strncasecmp(type + 5, "file", 4) == 0;
}

/* The n-th word of a line, and in *rest what follows it. */
static char *
word_at(char *line, int n, char **rest)
{
	char *at = line;

	for (int i = 0;; i++)
	{
		char *end;

		at += strspn(at, " \t");
		end = at + strcspn(at, " \t");
		if (*at == '\0')
			return NULL;
		if (i == n)
		{
			*rest = end + strspn(end, " \t");
			return pnstrdup(at, end - at);
		}
		at = end;
	}
}

/* "-rw-r--r-- 1 user group 123 Mar  5 14:10 name": the size is the number before the month. */
static bool
read_unix(char *line, FfFileEntry *entry)
{
	if (strlen(line) < 10 || strchr("-dlbcps", *line) == NULL || strchr("r-", line[1]) == NULL)
		return false;
	for (int i = 2; i < 8; i++)
	{
		char *rest = NULL;
		char *size = word_at(line, i, &rest);
		char *after;
		char *month = word_at(line, i + 1, &after);

		if (size == NULL || month == NULL)
			return false;
		if (strspn(size, "0123456789") != strlen(size) || !isalpha((unsigned char) *month) ||
			strlen(month) != 3)
			continue;
		if (word_at(line, i + 3, &rest) == NULL)
			return false;
		entry->name = pstrdup(rest);
		entry->size = strtoll(size, NULL, 10);
		return true;
	}
	return false;
}

/* "03-05-24  02:10PM  123 name" */
static bool
read_dos(char *line, FfFileEntry *entry)
{
	char *rest = NULL;
	char *size = word_at(line, 2, &rest);

	if (strlen(line) < 17 || !isdigit((unsigned char) line[0]) || line[2] != '-' ||
		line[5] != '-' || size == NULL)
		return false;
	entry->size = strspn(size, "0123456789") == strlen(size) ? strtoll(size, NULL, 10) : -1;
	entry->name = pstrdup(rest);
	return true;
}

static bool
is_unfinished(const char *name)
{
	size_t length = strlen(name);

	for (int i = 0; i < (int) lengthof(unfinished); i++)
	{
		size_t end = strlen(unfinished[i]);

		if (length > end && strcmp(name + length - end, unfinished[i]) == 0)
			return true;
	}
	return false;
}

/* One line; true when it is one of a listing, with a name when it is a file. */
static bool
read_line(char *line, FfFileEntry *entry)
{
	entry->name = NULL;
	if (strncmp(line, "total ", 6) == 0)
		return true;
	if (read_unix(line, entry))
	{
		if (*line != '-')
			entry->name = NULL;
		return true;
	}
	if (read_dos(line, entry))
	{
		if (entry->size < 0)
			entry->name = NULL;
		return true;
	}
	if (!read_facts(line, entry))
		return false;
	if (!is_file(line))
		entry->name = NULL;
	return true;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const FfFileEntry *) a)->name, ((const FfFileEntry *) b)->name);
}

bool
ff_files_listing(const char *text, size_t length, FfFileEntry **entries, int *count)
{
	char *rest = pnstrdup(text, length);
	int room = 64;

	*entries = palloc(sizeof(FfFileEntry) * room);
	*count = 0;
	for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n"))
	{
		FfFileEntry entry;
		size_t end = strlen(line);

		if (end > 0 && line[end - 1] == '\r')
			line[end - 1] = '\0';
		if (*line == '\0')
			continue;
		if (!read_line(line, &entry))
			return false;
		if (entry.name == NULL || !ff_files_name_is_safe(entry.name))
			continue;
		if (*count == room)
			*entries = repalloc(*entries, sizeof(FfFileEntry) * (room *= 2));
		(*entries)[(*count)++] = entry;
	}
	qsort(*entries, *count, sizeof(FfFileEntry), by_name);
	return true;
}

const FfFileEntry *
ff_files_find(const FfFileEntry *entries, int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (strcmp(entries[i].name, name) == 0)
			return &entries[i];
	return NULL;
}

bool
ff_files_match(const char *pattern, const char *name)
{
	for (; *pattern != '\0'; pattern++, name++)
	{
		if (*pattern == '*')
		{
			while (pattern[1] == '*')
				pattern++;
			for (;; name++)
			{
				if (ff_files_match(pattern + 1, name))
					return true;
				if (*name == '\0')
					return false;
			}
		}
		if (*name == '\0' || (*pattern != '?' && *pattern != *name))
			return false;
	}
	return *name == '\0';
}

FfFileKind
ff_files_kind_of(const FfCall *call, const char *name)
{
	if (!ff_files_name_is_safe(name) || is_unfinished(name))
		return FF_FILE_KIND_COUNT;
	for (int i = 0; i < (int) lengthof(kinds_in); i++)
	{
		const char *pattern =
			ff_json_text_or(call->config, psprintf("patterns.%s", kinds_in[i].name), NULL);

		if (pattern != NULL && ff_files_match(pattern, name))
			return kinds_in[i].kind;
	}
	return FF_FILE_KIND_COUNT;
}
