/*
 * mime.c
 *
 * Writes e-mails; see mime.h.  Decides what may stand as it is and what must be
 * encoded; knows nothing of what the parts mean.
 */
#include "postgres.h"

#include <ctype.h>

#include "connectors/mime.h"

#define WORD_BYTES     39 /* of an encoded word, which then is at most 64 characters long */
#define LONGEST_TEXT   400
#define LONGEST_LINE   76
#define LONGEST_PLAIN  60
#define LONGEST_LOCAL  64
#define LONGEST_DOMAIN 190

static bool
is_domain(const char *text)
{
	size_t length = strlen(text);

	if (length == 0 || length > LONGEST_DOMAIN || strchr(text, '.') == NULL ||
		strstr(text, "..") != NULL || strchr(".-", text[0]) != NULL ||
		strchr(".-", text[length - 1]) != NULL)
		return false;
	for (const char *c = text; *c != '\0'; c++)
		if (!isalnum((unsigned char) *c) && strchr(".-", *c) == NULL && !IS_HIGHBIT_SET(*c))
			return false;
	return true;
}

bool
ff_mime_is_address(const char *text)
{
	const char *at = strrchr(text, '@');
	size_t local = at != NULL ? at - text : 0;

	if (local == 0 || local > LONGEST_LOCAL || text[0] == '.' || at[-1] == '.')
		return false;
	for (const char *c = text; c < at; c++)
		if (!isalnum((unsigned char) *c) && strchr(".!#$%&'*+-/=?^_`|~", *c) == NULL &&
			!IS_HIGHBIT_SET(*c))
			return false;
	return strstr(text, "..") == NULL && is_domain(at + 1);
}

/* The text in one line, without control characters, and not endless. */
static char *
one_line(const char *text)
{
	StringInfoData line;

	initStringInfo(&line);
	for (; *text != '\0'; text++)
	{
		bool blank = (unsigned char) *text <= ' ' || *text == 0x7f;

		if (line.len >= LONGEST_TEXT && (*text & 0xC0) != 0x80)
			break;
		if (!blank)
			appendStringInfoChar(&line, *text);
		else if (line.len > 0 && line.data[line.len - 1] != ' ')
			appendStringInfoChar(&line, ' ');
	}
	while (line.len > 0 && line.data[line.len - 1] == ' ')
		line.data[--line.len] = '\0';
	return line.data;
}

static bool
is_plain(const char *text)
{
	if (strlen(text) > LONGEST_PLAIN || strstr(text, "=?") != NULL)
		return false;
	for (; *text != '\0'; text++)
		if ((unsigned char) *text < ' ' || (unsigned char) *text > '~')
			return false;
	return true;
}

static void
append_base64(StringInfo mail, const unsigned char *bytes, size_t length)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < length; i += 3)
	{
		size_t left = length - i;
		uint32 group = (uint32) bytes[i] << 16 | (left > 1 ? bytes[i + 1] << 8 : 0) |
					   (left > 2 ? bytes[i + 2] : 0);

		appendStringInfoChar(mail, digits[group >> 18]);
		appendStringInfoChar(mail, digits[group >> 12 & 63]);
		appendStringInfoChar(mail, left > 1 ? digits[group >> 6 & 63] : '=');
		appendStringInfoChar(mail, left > 2 ? digits[group & 63] : '=');
	}
}

/* Encoded words (RFC 2047), each a line of its own, none ending within a character. */
static void
append_words(StringInfo mail, const char *text)
{
	size_t length = strlen(text);

	while (length > 0)
	{
		size_t size = Min(length, WORD_BYTES);

		while (size < length && size > 0 && (text[size] & 0xC0) == 0x80)
			size--;
		appendStringInfoString(mail, "=?UTF-8?B?");
		append_base64(mail, (const unsigned char *) text, size);
		appendStringInfoString(mail, size < length ? "?=\r\n " : "?=");
		text += size;
		length -= size;
	}
}

void
ff_mime_text_header(StringInfo mail, const char *name, const char *text)
{
	char *line = one_line(text);

	appendStringInfo(mail, "%s: ", name);
	if (is_plain(line))
		appendStringInfoString(mail, line);
	else
		append_words(mail, line);
	appendStringInfoString(mail, "\r\n");
}

void
ff_mime_party_header(StringInfo mail, const char *header, const char *name, const char *address)
{
	char *line = one_line(name != NULL ? name : "");

	appendStringInfo(mail, "%s: ", header);
	if (*line != '\0' && is_plain(line))
	{
		appendStringInfoChar(mail, '"');
		for (const char *c = line; *c != '\0'; c++)
		{
			if (*c == '"' || *c == '\\')
				appendStringInfoChar(mail, '\\');
			appendStringInfoChar(mail, *c);
		}
		appendStringInfoChar(mail, '"');
	}
	else if (*line != '\0')
		append_words(mail, line);
	/* on a line of its own, so that neither can be too long */
	appendStringInfo(mail, "%s<%s>\r\n", *line != '\0' ? "\r\n " : "", address);
}

/* Whether a character can stand for itself in quoted-printable; a blank not at the end of a line,
 * a dot not at its beginning. */
static bool
stands_for_itself(const char *c, int column)
{
	bool last = c[1] == '\0' || c[1] == '\n' || c[1] == '\r';

	if (*c == ' ' || *c == '\t')
		return !last;
	return *c > ' ' && *c <= '~' && *c != '=' && !(*c == '.' && column == 0);
}

static void
append_quoted(StringInfo mail, const char *text)
{
	int column = 0;

	for (const char *c = text; *c != '\0'; c++)
	{
		bool itself = stands_for_itself(c, column);
		int size = itself ? 1 : 3;

		if (*c == '\r' && c[1] == '\n')
			continue;
		if (*c == '\n' || *c == '\r')
		{
			appendStringInfoString(mail, "\r\n");
			column = 0;
			continue;
		}
		if (((unsigned char) *c < ' ' && *c != '\t') || *c == 0x7f)
			continue;
		if (column + size >= LONGEST_LINE)
		{
			appendStringInfoString(mail, "=\r\n");
			column = 0;
			itself = stands_for_itself(c, column);
			size = itself ? 1 : 3;
		}
		if (itself)
			appendStringInfoChar(mail, *c);
		else
			appendStringInfo(mail, "=%02X", (unsigned char) *c);
		column += size;
	}
	appendStringInfoString(mail, "\r\n");
}

void
ff_mime_text_part(StringInfo mail, const char *type, const char *text)
{
	appendStringInfo(mail,
					 "Content-Type: %s; charset=utf-8\r\n"
					 "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
					 type);
	append_quoted(mail, text);
}

/* RFC 2231, which every name of a file can be said in. */
static void
append_file_name(StringInfo mail, const char *name)
{
	appendStringInfoString(mail, "filename*=UTF-8''");
	for (const char *c = one_line(name); *c != '\0'; c++)
	{
		if (isalnum((unsigned char) *c) || strchr("._-", *c) != NULL)
			appendStringInfoChar(mail, *c);
		else
			appendStringInfo(mail, "%%%02X", (unsigned char) *c);
	}
}

void
ff_mime_file_part(StringInfo mail, const char *type, const char *name, const char *base64)
{
	int column = 0;

	appendStringInfo(mail, "Content-Type: %s\r\nContent-Disposition: attachment;\r\n ", type);
	append_file_name(mail, name);
	appendStringInfoString(mail, "\r\nContent-Transfer-Encoding: base64\r\n\r\n");
	for (const char *c = base64; *c != '\0'; c++)
	{
		if (!isalnum((unsigned char) *c) && strchr("+/=", *c) == NULL)
			continue;
		appendStringInfoChar(mail, *c);
		if (++column % LONGEST_LINE == 0)
			appendStringInfoString(mail, "\r\n");
	}
	if (column % LONGEST_LINE != 0)
		appendStringInfoString(mail, "\r\n");
}
