/*
 * file_text.c
 *
 * Characters of files: UTF-8, UTF-16, Latin-1 and windows-1252, both ways.  A
 * byte order mark says more than a setting.  What cannot be read is a problem
 * with a place, never a guess; what cannot be written is written in ASCII,
 * never left out.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "connectors/file_exchange.h"

/* windows-1252 from 0x80 to 0x9f; 0 where it has no character. */
static const pg_wchar windows[32] = {
	0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
	0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
	0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};

static void
append_character(StringInfo text, pg_wchar character)
{
	unsigned char bytes[8];

	unicode_to_utf8(character, bytes);
	appendBinaryStringInfo(text, (char *) bytes, pg_utf_mblen(bytes));
}

/* One byte a character. */
static char *
decode_bytes(const char *bytes, size_t length, bool is_windows, const char **problem)
{
	StringInfoData text;

	initStringInfo(&text);
	for (size_t i = 0; i < length; i++)
	{
		pg_wchar character = (unsigned char) bytes[i];

		if (is_windows && character >= 0x80 && character < 0xa0)
			character = windows[character - 0x80];
		if (character == 0)
		{
			*problem = psprintf("Byte %zu is no character.", i + 1);
			return NULL;
		}
		append_character(&text, character);
	}
	return text.data;
}

static char *
decode_utf16(const char *bytes, size_t length, bool little, const char **problem)
{
	const unsigned char *in = (const unsigned char *) bytes;
	StringInfoData text;

	initStringInfo(&text);
	for (size_t i = 0; i + 1 < length; i += 2)
	{
		pg_wchar character = little ? in[i] | in[i + 1] << 8 : in[i] << 8 | in[i + 1];

		if (character >= 0xd800 && character < 0xdc00 && i + 3 < length)
		{
			pg_wchar second = little ? in[i + 2] | in[i + 3] << 8 : in[i + 2] << 8 | in[i + 3];

			if (second >= 0xdc00 && second < 0xe000)
			{
				character = 0x10000 + ((character - 0xd800) << 10) + (second - 0xdc00);
				i += 2;
			}
		}
		if (character == 0 || (character >= 0xd800 && character < 0xe000))
		{
			*problem = psprintf("Byte %zu is no character.", i + 1);
			return NULL;
		}
		append_character(&text, character);
	}
	if (length % 2 == 1)
	{
		*problem = "It ends within a character.";
		return NULL;
	}
	return text.data;
}

static char *
decode_utf8(const FfCall *call, const char *bytes, size_t length, const char **problem)
{
	int valid = pg_encoding_verifymbstr(PG_UTF8, bytes, (int) length);

	if (valid == (int) length)
		return pnstrdup(bytes, length);
	if (ff_json_bool(call->config, "encoding_fallback", false))
		return decode_bytes(bytes, length, true, problem);
	*problem = psprintf("Byte %d is no UTF-8.", valid + 1);
	return NULL;
}

char *
ff_files_decode(const FfCall *call, const char *bytes, size_t length, const char **problem)
{
	if (length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0)
		return decode_utf8(call, bytes + 3, length - 3, problem);
	if (length >= 2 && memcmp(bytes, "\xFF\xFE", 2) == 0)
		return decode_utf16(bytes + 2, length - 2, true, problem);
	if (length >= 2 && memcmp(bytes, "\xFE\xFF", 2) == 0)
		return decode_utf16(bytes + 2, length - 2, false, problem);
	if (ff_files_setting_is(call, "encoding", "utf-16le"))
		return decode_utf16(bytes, length, true, problem);
	if (ff_files_setting_is(call, "encoding", "utf-16be"))
		return decode_utf16(bytes, length, false, problem);
	if (ff_files_setting_is(call, "encoding", "iso-8859-1") ||
		ff_files_setting_is(call, "encoding", "latin1"))
		return decode_bytes(bytes, length, false, problem);
	if (ff_files_setting_is(call, "encoding", "windows-1252"))
		return decode_bytes(bytes, length, true, problem);
	return decode_utf8(call, bytes, length, problem);
}

/* A character as one byte of the encoding; 0 when it has none. */
static unsigned char
as_byte(pg_wchar character, bool is_windows)
{
	if (character < 0x80 || (character >= 0xa0 && character < 0x100))
		return (unsigned char) character;
	for (int i = 0; is_windows && i < 32; i++)
		if (windows[i] == character)
			return (unsigned char) (0x80 + i);
	return 0;
}

static char *
encode_bytes(const char *text, bool is_windows, size_t *length)
{
	StringInfoData bytes;

	initStringInfo(&bytes);
	for (const char *c = text; *c != '\0'; c += pg_utf_mblen((unsigned char *) c))
	{
		unsigned char byte = as_byte(utf8_to_unicode((unsigned char *) c), is_windows);
		char *plain = NULL;

		if (byte == 0)
			plain = ff_ascii(pnstrdup(c, pg_utf_mblen((unsigned char *) c)));
		if (byte != 0)
			appendStringInfoChar(&bytes, (char) byte);
		else if (plain[0] != '\0' && !IS_HIGHBIT_SET(plain[0]))
			appendStringInfoString(&bytes, plain);
		else
			appendStringInfoChar(&bytes, '?');
	}
	*length = bytes.len;
	return bytes.data;
}

static char *
encode_utf16(const char *text, bool little, size_t *length)
{
	StringInfoData bytes;

	initStringInfo(&bytes);
	appendBinaryStringInfo(&bytes, little ? "\xFF\xFE" : "\xFE\xFF", 2);
	for (const char *c = text; *c != '\0'; c += pg_utf_mblen((unsigned char *) c))
	{
		pg_wchar character = utf8_to_unicode((unsigned char *) c);
		pg_wchar units[2] = {character, 0};
		int count = 1;

		if (character >= 0x10000)
		{
			units[0] = 0xd800 + ((character - 0x10000) >> 10);
			units[1] = 0xdc00 + ((character - 0x10000) & 0x3ff);
			count = 2;
		}
		for (int i = 0; i < count; i++)
		{
			appendStringInfoChar(&bytes, (char) (little ? units[i] : units[i] >> 8));
			appendStringInfoChar(&bytes, (char) (little ? units[i] >> 8 : units[i]));
		}
	}
	*length = bytes.len;
	return bytes.data;
}

char *
ff_files_encode(const FfCall *call, const char *text, size_t *length)
{
	char *copy;

	if (ff_files_setting_is(call, "encoding", "iso-8859-1") ||
		ff_files_setting_is(call, "encoding", "latin1"))
		return encode_bytes(text, false, length);
	if (ff_files_setting_is(call, "encoding", "windows-1252"))
		return encode_bytes(text, true, length);
	if (ff_files_setting_is(call, "encoding", "utf-16le"))
		return encode_utf16(text, true, length);
	if (ff_files_setting_is(call, "encoding", "utf-16be"))
		return encode_utf16(text, false, length);
	copy = ff_files_setting_is(call, "encoding", "utf-8-bom") ? psprintf("\xEF\xBB\xBF%s", text)
															  : pstrdup(text);
	*length = strlen(copy);
	return copy;
}
