/*
 * text.c
 *
 * Small translations every connector needs: weights and lengths in a peer's
 * unit, text that is fit to be shown to people, and JSON as a message's body.
 * (Times as text and back: model/time.h.)  Pure functions; no peer is named here.
 */
#include "postgres.h"

#include <ctype.h>
#include <math.h>

#include "common/unicode_norm.h"
#include "mb/pg_wchar.h"

#include "connectors/connector.h"

char *
ff_grams_to(int64 grams, double unit_grams, int decimals)
{
	double scale = pow(10, decimals);
	double value = rint((double) grams / unit_grams * scale) / scale;

	/* a light parcel still weighs something */
	if (grams > 0 && value <= 0)
		value = 1 / scale;
	return psprintf("%.*f", decimals, value);
}

char *
ff_millimetres_to(int64 millimetres, double unit_mm)
{
	char *text = psprintf("%.2f", (double) millimetres / unit_mm);
	char *end = text + strlen(text);

	while (end[-1] == '0')
		*--end = '\0';
	if (end[-1] == '.')
		end[-1] = '\0';
	return text;
}

bool
ff_url_is_safe(const char *url)
{
	static const char *const loopback[] = {"localhost", "127.0.0.1", "[::1]"};

	if (pg_strncasecmp(url, "https://", 8) == 0)
		return true;
	if (pg_strncasecmp(url, "http://", 7) != 0)
		return false;
	for (int i = 0; i < (int) lengthof(loopback); i++)
	{
		size_t length = strlen(loopback[i]);

		/* what follows the host; strchr finds the end of the text as well */
		if (pg_strncasecmp(url + 7, loopback[i], length) == 0 &&
			strchr(":/?#", url[7 + length]) != NULL)
			return true;
	}
	return false;
}

char *
ff_base64(const char *bytes, size_t length)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *in = (const unsigned char *) bytes;
	StringInfoData text;

	initStringInfo(&text);
	for (size_t i = 0; i < length; i += 3)
	{
		size_t left = length - i;
		uint32 group =
			(uint32) in[i] << 16 | (left > 1 ? in[i + 1] << 8 : 0) | (left > 2 ? in[i + 2] : 0);

		appendStringInfoChar(&text, digits[group >> 18]);
		appendStringInfoChar(&text, digits[group >> 12 & 63]);
		appendStringInfoChar(&text, left > 1 ? digits[group >> 6 & 63] : '=');
		appendStringInfoChar(&text, left > 2 ? digits[group & 63] : '=');
	}
	return text.data;
}

/* The few entities that error texts really hold. */
static const struct
{
	const char *entity;
	const char *text;
} entities[] = {
	{"&amp;", "&"},
	{"&lt;", "<"},
	{"&gt;", ">"},
	{"&quot;", "\""},
	{"&#39;", "'"},
	{"&#039;", "'"},
	{"&apos;", "'"},
	{"&nbsp;", " "},
	{"&hellip;", "…"},
	{"&#8217;", "’"},
};

/* Steps over a tag that begins at text, with the content of scripts and styles. */
static const char *
after_tag(const char *text)
{
	static const char *const silent[] = {"script", "style"};
	const char *close = strchr(text, '>');

	if (close == NULL)
		return text + strlen(text);
	for (int i = 0; i < (int) lengthof(silent); i++)
	{
		size_t length = strlen(silent[i]);
		const char *c;

		if (pg_strncasecmp(text + 1, silent[i], length) != 0 ||
			isalnum((unsigned char) text[1 + length]))
			continue;
		for (c = close; *c != '\0'; c++)
			if (c[0] == '<' && c[1] == '/' && pg_strncasecmp(c + 2, silent[i], length) == 0)
				return after_tag(c);
		return c;
	}
	return close + 1;
}

char *
ff_plain_text(const char *text, int max_chars)
{
	StringInfoData plain;
	bool valid = pg_verify_mbstr(PG_UTF8, text, (int) strlen(text), true);
	bool blank = false;
	int chars = 0;

	initStringInfo(&plain);
	while (*text != '\0' && chars < max_chars)
	{
		unsigned char c = (unsigned char) *text;
		const char *piece = text;
		int length = valid ? pg_utf_mblen((const unsigned char *) text) : 1;
		const char *after = text + length;

		if (c == '<' && (isalpha((unsigned char) text[1]) || text[1] == '/' || text[1] == '!'))
		{
			blank = true;
			text = after_tag(text);
			continue;
		}
		for (int i = 0; c == '&' && i < (int) lengthof(entities); i++)
		{
			if (strncmp(text, entities[i].entity, strlen(entities[i].entity)) == 0)
			{
				after = text + strlen(entities[i].entity);
				piece = entities[i].text;
				length = (int) strlen(piece);
				break;
			}
		}
		text = after;
		if ((unsigned char) *piece <= ' ' || *piece == 0x7f)
		{
			blank = true;
			continue;
		}
		if (blank && plain.len > 0 && ++chars < max_chars)
			appendStringInfoChar(&plain, ' ');
		blank = false;
		if (chars++ < max_chars)
			appendBinaryStringInfo(&plain, !valid && c >= 0x80 ? "?" : piece, length);
	}
	return plain.data;
}

/* Letters and signs that are not a plain letter with an accent. */
static const struct
{
	pg_wchar code;
	const char *plain;
} plain_forms[] = {
	{0x00C6, "AE"}, {0x00D0, "D"},  {0x00D8, "O"},  {0x00DE, "TH"}, {0x00DF, "ss"}, {0x00E6, "ae"},
	{0x00F0, "d"},  {0x00F8, "o"},  {0x00FE, "th"}, {0x0110, "D"},  {0x0111, "d"},  {0x0131, "i"},
	{0x0141, "L"},  {0x0142, "l"},  {0x0152, "OE"}, {0x0153, "oe"}, {0x1E9E, "SS"}, {0x2010, "-"},
	{0x2011, "-"},  {0x2013, "-"},  {0x2014, "-"},  {0x2018, "'"},  {0x2019, "'"},  {0x201C, "\""},
	{0x201D, "\""}, {0x201E, "\""}, {0x2044, "/"},
};

/* The plain form of a character: of the table, or the letter below its accents; NULL for none. */
static const char *
plain_form(pg_wchar code)
{
	pg_wchar alone[2] = {code, 0};
	pg_wchar *parts;
	StringInfoData letters;

	for (int i = 0; i < (int) lengthof(plain_forms); i++)
		if (plain_forms[i].code == code)
			return plain_forms[i].plain;
	initStringInfo(&letters);
	parts = unicode_normalize(UNICODE_NFKD, alone);
	for (int i = 0; parts[i] != 0; i++)
	{
		bool accent = parts[i] >= 0x0300 && parts[i] <= 0x036F;

		if (parts[i] < 0x80)
			appendStringInfoChar(&letters, (char) parts[i]);
		else if (!accent)
			return NULL;
	}
	return letters.data;
}

char *
ff_ascii(const char *text)
{
	StringInfoData plain;

	if (!pg_verify_mbstr(PG_UTF8, text, (int) strlen(text), true))
		return pstrdup(text);
	initStringInfo(&plain);
	for (const char *c = text; *c != '\0';)
	{
		const unsigned char *byte = (const unsigned char *) c;
		int length = pg_utf_mblen(byte);
		const char *letters = length > 1 ? plain_form(utf8_to_unicode(byte)) : NULL;

		if (letters != NULL)
			appendStringInfoString(&plain, letters);
		else
			appendBinaryStringInfo(&plain, c, length);
		c += length;
	}
	return plain.data;
}

void
ff_message_json(FfMessage *message, FfJsonWriter *writer)
{
	char *text = ff_write_finish(writer);

	ff_message_body(message, "application/json", text, strlen(text));
}
