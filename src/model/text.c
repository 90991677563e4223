/*
 * text.c
 *
 * What may stand in a text that came from outside; see text.h.  Works in any
 * server encoding; what only Unicode has is looked for in UTF-8 only.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "model/text.h"

/* What a character does to a line of text. */
typedef enum CharacterKind
{
	CHARACTER_PLAIN,
	CHARACTER_BLANK, /* a blank, or what separates like one */
	CHARACTER_CONTROL
} CharacterKind;

static CharacterKind
classify(const char *c, int length)
{
	const unsigned char *byte = (const unsigned char *) c;

	if (length == 1)
	{
		if (*byte == ' ' || (*byte >= '\t' && *byte <= '\r'))
			return CHARACTER_BLANK;
		return *byte < ' ' || *byte == 0x7f ? CHARACTER_CONTROL : CHARACTER_PLAIN;
	}
	if (GetDatabaseEncoding() != PG_UTF8)
		return CHARACTER_PLAIN;
	switch (utf8_to_unicode(byte))
	{
		case 0x0085: /* next line */
		case 0x00A0: /* no-break space */
		case 0x2028: /* line separator */
		case 0x2029: /* paragraph separator */
		case 0x3000: /* ideographic space */
			return CHARACTER_BLANK;
		case 0x200B: /* zero width space */
		case 0xFEFF: /* byte order mark */
			return CHARACTER_CONTROL;
	}
	if (length == 2 && byte[0] == 0xC2 && byte[1] < 0xA0)
		return CHARACTER_CONTROL;
	/* embeddings, overrides and isolates turn what stands beside them around */
	if (length == 3 && byte[0] == 0xE2 &&
		((byte[1] == 0x80 && byte[2] >= 0xAA && byte[2] <= 0xAE) ||
		 (byte[1] == 0x81 && byte[2] >= 0xA6 && byte[2] <= 0xA9)))
		return CHARACTER_CONTROL;
	return CHARACTER_PLAIN;
}

/* Text for people: one blank for any number of them, none at the ends, no control characters. */
char *
ff_text_clean(const char *text)
{
	char *cleaned = palloc(strlen(text) + 1);
	char *end = cleaned;
	bool blank = false;

	while (*text != '\0')
	{
		int length = pg_mblen(text);
		CharacterKind kind = classify(text, length);

		if (kind == CHARACTER_BLANK)
			blank = end > cleaned;
		else if (kind == CHARACTER_PLAIN)
		{
			if (blank)
				*end++ = ' ';
			blank = false;
			memcpy(end, text, length);
			end += length;
		}
		text += length;
	}
	*end = '\0';
	return cleaned;
}

/* An identifier loses blanks at its ends and nothing else; NULL when it holds what nobody can see.
 */
char *
ff_text_identifier(const char *text)
{
	int length;

	text += strspn(text, " \t\r\n");
	length = strlen(text);
	while (length > 0 && strchr(" \t\r\n", text[length - 1]) != NULL)
		length--;
	for (int i = 0; i < length;)
	{
		int width = pg_mblen(text + i);
		CharacterKind kind = classify(text + i, width);

		if (kind == CHARACTER_CONTROL || (kind == CHARACTER_BLANK && text[i] != ' '))
			return NULL;
		i += width;
	}
	return pnstrdup(text, length);
}

/* Letters, digits, dots and the like, one @, and a dot in what follows it. */
bool
ff_text_is_email(const char *text)
{
	const char *at = strchr(text, '@');

	if (at == NULL || at == text || strchr(at + 1, '@') != NULL ||
		strpbrk(text, " <>,;\"\\") != NULL)
		return false;
	return at[1] != '.' && strchr(at + 1, '.') != NULL && text[strlen(text) - 1] != '.' &&
		   strstr(text, "..") == NULL;
}

/* What a piece of foreign text is quoted as in a message: short, and fit to be shown. */
char *
ff_text_excerpt(const char *text)
{
	int length = pg_mbcliplen(text, strlen(text), 40);
	char *copy = pnstrdup(text, length);

	for (char *c = copy; *c != '\0'; c++)
		if ((unsigned char) *c < ' ' || *c == 0x7f)
			*c = '?';
	return copy;
}
