/*
 * secret.c
 *
 * Reading, finding, writing and wiping the secrets of one connection; see
 * secret.h.  Decides how a value is quoted in the place it is put into.
 * Refuses to know where secrets come from (vault.c) and which schemes use
 * them (auth.c).
 */
#include "postgres.h"

#include <string.h>

#include "utils/memutils.h"

#include "pg/errors.h"
#include "pg/json.h"
#include "transport/message.h"
#include "transport/secret.h"

#define PLACEHOLDER  "{{secret:"
#define LONGEST_NAME 63
/* the widest quoting of one byte: &#38; in a query */
#define WIDEST_BYTE 11

static void
refuse(const char *problem)
{
	ereport(ERROR,
			(errcode(FF_ERR_CONNECTION),
			 errmsg("could not read the secrets of the connection"),
			 errdetail("%s", problem),
			 errhint("Set them again with fulfillment.set_secret.")));
}

/* The text of one secret; a list becomes lines. */
static char *
value_text(const FfJson *value)
{
	StringInfoData lines;
	int count;

	if (ff_json_is_object(value))
		refuse("A secret is an object; only texts and lists of texts are secrets.");
	if (!ff_json_is_array(value))
		return ff_json_text(value, "");
	count = ff_json_count(value);
	initStringInfo(&lines);
	for (int i = 0; i < count; i++)
	{
		char *line = ff_json_text(ff_json_at(value, i), "");

		if (line == NULL)
			refuse("A secret is a list that holds something else than texts.");
		if (i > 0)
			appendStringInfoChar(&lines, '\n');
		appendStringInfoString(&lines, line);
		ff_wipe_text(line);
	}
	return lines.data;
}

void
ff_secrets_read(FfSecrets *secrets, const char *text)
{
	FfJson *document;
	FfJson *value;
	char *name;
	void *state = NULL;

	memset(secrets, 0, sizeof(FfSecrets));
	if (text == NULL)
		return;
	document = ff_json_parse(text, strlen(text), NULL);
	if (!ff_json_is_object(document))
		refuse("They are not one JSON object.");
	while (ff_json_each(document, &state, &name, &value))
	{
		char *copy;

		if (ff_json_is_null(value))
			continue;
		if (secrets->count == FF_MAX_SECRETS)
			refuse(psprintf("There are more than %d.", FF_MAX_SECRETS));
		copy = value_text(value);
		if (ff_json_is_string(value))
			explicit_bzero(value->val.string.val, value->val.string.len);
		secrets->items[secrets->count].name = name;
		secrets->items[secrets->count].value = copy;
		secrets->count++;
	}
}

const char *
ff_secret_find(const FfSecrets *secrets, const char *name)
{
	if (secrets == NULL || name == NULL)
		return NULL;
	for (int i = 0; i < secrets->count; i++)
	{
		if (strcmp(secrets->items[i].name, name) == 0)
			return secrets->items[i].value;
	}
	return NULL;
}

void
ff_secrets_wipe(FfSecrets *secrets)
{
	for (int i = 0; i < secrets->count; i++)
		ff_wipe_text(secrets->items[i].value);
	secrets->count = 0;
}

void
ff_wipe_text(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
}

void
ff_wipe_string(StringInfo string)
{
	if (string->data)
		explicit_bzero(string->data, string->maxlen);
	string->len = 0;
}

bool
ff_secret_each(const char **cursor, const char **line, size_t *length)
{
	while (**cursor == '\n' || **cursor == '\r')
		(*cursor)++;
	if (**cursor == '\0')
		return false;
	*line = *cursor;
	*length = strcspn(*cursor, "\r\n");
	*cursor += *length;
	return true;
}

FfQuoting
ff_quoting_of(const char *content_type)
{
	static const struct
	{
		const char *word;
		FfQuoting quoting;
	} known[] = {
		{"json", FF_QUOTE_JSON},
		{"x-www-form-urlencoded", FF_QUOTE_FORM},
		{"xml", FF_QUOTE_XML},
	};

	for (size_t i = 0; content_type && i < lengthof(known); i++)
	{
		if (strcasestr(content_type, known[i].word))
			return known[i].quoting;
	}
	return FF_QUOTE_NONE;
}

static void
quote_json(StringInfo target, unsigned char byte)
{
	if (byte == '"' || byte == '\\')
		appendStringInfoChar(target, '\\');
	if (byte < 0x20)
		appendStringInfo(target, "\\u%04x", byte);
	else
		appendStringInfoChar(target, byte);
}

static void
quote_xml(StringInfo target, unsigned char byte)
{
	if (strchr("&<>\"'", byte))
		appendStringInfo(target, "&#%d;", byte);
	else
		appendStringInfoChar(target, byte);
}

void
ff_secret_quote(StringInfo target, const char *value, size_t length, FfQuoting quoting)
{
	/* ample room at once: a buffer that moves leaves the secret behind in the old place */
	enlargeStringInfo(target, (int) (length * WIDEST_BYTE + 1));
	if (quoting == FF_QUOTE_NONE)
		appendBinaryStringInfo(target, value, (int) length);
	else if (quoting == FF_QUOTE_QUERY)
	{
		StringInfoData xml;

		initStringInfo(&xml);
		ff_secret_quote(&xml, value, length, FF_QUOTE_XML);
		ff_secret_quote(target, xml.data, xml.len, FF_QUOTE_FORM);
		ff_wipe_string(&xml);
		pfree(xml.data);
	}
	else if (quoting == FF_QUOTE_FORM)
	{
		char *copy = pnstrdup(value, length);

		ff_percent_encode(target, copy);
		ff_wipe_text(copy);
		pfree(copy);
	}
	else
	{
		for (size_t i = 0; i < length; i++)
		{
			if (quoting == FF_QUOTE_JSON)
				quote_json(target, (unsigned char) value[i]);
			else
				quote_xml(target, (unsigned char) value[i]);
		}
	}
}

/* The next {{secret:name}} in text; NULL when there is none. */
static const char *
next_placeholder(const char *text, size_t length, char *name, size_t *size)
{
	const char *end = text + length;
	const char *start = text;

	while ((start = memmem(start, end - start, PLACEHOLDER, strlen(PLACEHOLDER))) != NULL)
	{
		const char *word = start + strlen(PLACEHOLDER);
		const char *close = memmem(word, end - word, "}}", 2);

		if (close && close > word && close - word <= LONGEST_NAME)
		{
			memcpy(name, word, close - word);
			name[close - word] = '\0';
			*size = close + 2 - start;
			return start;
		}
		start = word;
	}
	return NULL;
}

bool
ff_secret_wanted(const char *text, size_t length)
{
	char name[LONGEST_NAME + 1];
	size_t size;

	return text != NULL && next_placeholder(text, length, name, &size) != NULL;
}

bool
ff_secret_expand(StringInfo target, const char *text, size_t length, const FfSecrets *secrets,
				 FfQuoting quoting, const char **missing)
{
	const char *end = text + length;
	const char *place;
	char name[LONGEST_NAME + 1];
	size_t size;
	size_t room = length;

	for (place = text; (place = next_placeholder(place, end - place, name, &size)) != NULL;
		 place += size)
	{
		const char *value = ff_secret_find(secrets, name);

		if (value == NULL)
		{
			*missing = pstrdup(name);
			return false;
		}
		room += strlen(value) * WIDEST_BYTE;
	}
	enlargeStringInfo(target, (int) Min(room, MaxAllocSize));
	while ((place = next_placeholder(text, end - text, name, &size)) != NULL)
	{
		const char *value = ff_secret_find(secrets, name);

		appendBinaryStringInfo(target, text, (int) (place - text));
		ff_secret_quote(target, value, strlen(value), quoting);
		text = place + size;
	}
	appendBinaryStringInfo(target, text, (int) (end - text));
	return true;
}
