/*
 * redact.c
 *
 * Masks secrets in what is kept of a call; see redact.h.  One scanner walks a
 * text and tries, at each place, a few units: the value of a known secret, a
 * JSON member, a form parameter, an XML element or attribute whose name is
 * that of a secret.  It never parses, so broken and cut texts are treated
 * alike; in doubt it masks too much.  redact_names.c knows the names.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "pg/json.h"
#include "transport/redact.h"

#define MASK "***"
/* shorter values stand in too many places by chance; their names still hide them */
#define SHORTEST_VALUE 6
#define LONGEST_NAME   64

/* One form in which the value of a secret may stand in a text. */
typedef struct Needle
{
	char *text;
	size_t length;
} Needle;

typedef struct Scan
{
	const char *begin;
	const char *at;
	const char *limit; /* no unit begins here or later … */
	const char *end;   /* … but one may reach up to here */
	Needle *needles;
	int needle_count;
	bool first[256]; /* bytes some needle begins with */
	bool stops[256]; /* bytes some unit begins with or after; runs of others are copied as they are
					  */
	StringInfo target;
} Scan;

/* Adds every quoting of every line of every secret, each once. */
static void
add_needles(Scan *scan, const FfSecrets *secrets)
{
	static const FfQuoting forms[] = {FF_QUOTE_NONE, FF_QUOTE_JSON, FF_QUOTE_FORM, FF_QUOTE_XML};
	int room = 0;

	for (int i = 0; secrets && i < secrets->count; i++)
	{
		const char *cursor = secrets->items[i].value;
		const char *line;
		size_t length;

		while (ff_secret_each(&cursor, &line, &length))
		{
			for (size_t form = 0; length >= SHORTEST_VALUE && form < lengthof(forms); form++)
			{
				StringInfoData text;

				initStringInfo(&text);
				ff_secret_quote(&text, line, length, forms[form]);
				if (form > 0 && text.len == (int) length)
				{
					ff_wipe_string(&text);
					pfree(text.data);
					continue;
				}
				if (scan->needle_count == room)
				{
					room = room * 2 + 16;
					scan->needles = scan->needles ? repalloc(scan->needles, room * sizeof(Needle))
												  : palloc(room * sizeof(Needle));
				}
				scan->needles[scan->needle_count].text = text.data;
				scan->needles[scan->needle_count].length = text.len;
				scan->needle_count++;
				scan->first[(unsigned char) text.data[0]] = true;
			}
		}
	}
}

static void
free_needles(Scan *scan)
{
	for (int i = 0; i < scan->needle_count; i++)
	{
		ff_wipe_text(scan->needles[i].text);
		pfree(scan->needles[i].text);
	}
	if (scan->needles)
		pfree(scan->needles);
}

static const char *
skip_blanks(const Scan *scan, const char *at)
{
	while (at < scan->end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n'))
		at++;
	return at;
}

static bool
is_name_byte(char byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
		   (byte >= 'A' && byte <= 'Z') || byte == '_' || byte == '-' || byte == '.' ||
		   byte == '%' || byte == '[' || byte == ']';
}

/* How many backslashes stand right before a place. */
static int
backslashes(const Scan *scan, const char *at)
{
	int count = 0;

	while (at > scan->begin && at[-1] == '\\')
	{
		at--;
		count++;
	}
	return count;
}

/*
 * The quote that closes what an opening quote with so many backslashes before
 * it began (JSON inside a JSON string has one); the end of the text when it is cut.
 */
static const char *
closing_quote(const Scan *scan, const char *at, int depth)
{
	while ((at = memchr(at, '"', scan->end - at)) != NULL)
	{
		int count = backslashes(scan, at);

		if (depth > 0 ? count <= depth : count % 2 == 0)
			return at;
		at++;
	}
	return scan->end;
}

static bool mask_known_value(Scan *scan);

/*
 * Copies up to a place, then the mask, and goes on from another.  What is
 * copied is a name and what stands around it, and the peer may have put a known
 * value even there.  Beyond the limit nothing is copied: what stands there was
 * not checked to be text.
 */
static bool
mask(Scan *scan, const char *until, const char *masked, const char *resume)
{
	while (scan->at < Min(until, scan->limit))
	{
		if (!mask_known_value(scan))
			appendStringInfoCharMacro(scan->target, *scan->at++);
	}
	if (until <= scan->limit)
		appendStringInfoString(scan->target, masked);
	scan->at = Max(scan->at, resume);
	return true;
}

static bool
mask_known_value(Scan *scan)
{
	size_t longest = 0;

	if (!scan->first[(unsigned char) *scan->at])
		return false;
	for (int i = 0; i < scan->needle_count; i++)
	{
		const Needle *needle = &scan->needles[i];

		if (needle->length > longest && needle->length <= (size_t) (scan->end - scan->at) &&
			memcmp(scan->at, needle->text, needle->length) == 0)
			longest = needle->length;
	}
	return longest > 0 && mask(scan, scan->at, MASK, scan->at + longest);
}

/* "name": value, where value is a text, a number or a list. */
static bool
mask_member(Scan *scan)
{
	int depth;
	const char *name = scan->at + 1;
	const char *close;
	const char *value;
	const char *stop;

	if (*scan->at != '"')
		return false;
	depth = backslashes(scan, scan->at);
	close = closing_quote(scan, name, depth);
	if (close == scan->end || close - name > LONGEST_NAME)
		return false;
	value = skip_blanks(scan, close + 1);
	if (value == scan->end || *value != ':' ||
		!ff_redact_is_secret_name(name, close - name, FF_REDACT_MEMBER))
		return false;
	value = skip_blanks(scan, value + 1);
	stop = value;
	while (stop < scan->end && *stop == '\\')
		stop++;
	if (stop < scan->end && *stop == '"')
	{
		value = stop + 1;
		stop = closing_quote(scan, value, depth);
		while (depth > 0 && stop > value && stop[-1] == '\\')
			stop--;
		return mask(scan, value, MASK, stop);
	}
	if (stop < scan->end && *stop == '[')
	{
		while (stop < scan->end && *stop != ']')
			stop++;
		return mask(scan, value + 1, "\"" MASK "\"", stop);
	}
	if (stop < scan->end && *stop != '-' && (*stop < '0' || *stop > '9'))
		return false;
	while (stop < scan->end && (is_name_byte(*stop) || *stop == '+'))
		stop++;
	return mask(scan, value, "\"" MASK "\"", stop);
}

/* name=value at the beginning or after ? and &. */
static bool
mask_parameter(Scan *scan)
{
	const char *at = scan->at;
	const char *stop;

	if (at > scan->begin && at[-1] != '?' && at[-1] != '&')
		return false;
	while (at < scan->end && is_name_byte(*at))
		at++;
	if (at == scan->end || *at != '=' ||
		!ff_redact_is_secret_name(scan->at, at - scan->at, FF_REDACT_PARAMETER))
		return false;
	for (stop = ++at; stop < scan->end && !strchr("& \t\r\n\"'<>#", *stop);)
		stop++;
	return mask(scan, at, MASK, stop);
}

/* <name …>text, with or without a prefix before the name. */
static bool
mask_element(Scan *scan)
{
	const char *name = scan->at + 1;
	const char *at = name;
	const char *stop;

	if (*scan->at != '<')
		return false;
	for (; at < scan->end && (is_name_byte(*at) || *at == ':'); at++)
	{
		if (*at == ':')
			name = at + 1;
	}
	if (!ff_redact_is_secret_name(name, at - name, FF_REDACT_MEMBER))
		return false;
	while (at < scan->end && *at != '>')
		at++;
	if (at == scan->end || at[-1] == '/')
		return false;
	for (stop = ++at; stop < scan->end && *stop != '<';)
		stop++;
	return mask(scan, at, MASK, stop);
}

/* name="value", as attributes and some headers have it. */
static bool
mask_attribute(Scan *scan)
{
	const char *name = scan->at;
	const char *quote = scan->at + 1;
	const char *stop;

	if (*scan->at != '=' || quote >= scan->end || (*quote != '"' && *quote != '\''))
		return false;
	while (name > scan->begin && is_name_byte(name[-1]))
		name--;
	if (!ff_redact_is_secret_name(name, scan->at - name, FF_REDACT_PARAMETER))
		return false;
	stop = memchr(quote + 1, *quote, scan->end - quote - 1);
	return mask(scan, quote + 1, MASK, stop ? stop : scan->end);
}

static bool (*const units[])(Scan *scan) = {
	mask_known_value,
	mask_member,
	mask_parameter,
	mask_element,
	mask_attribute,
};

/* Appends the text with everything secret masked that begins before limit. */
static void
redact(StringInfo target, const char *text, size_t limit, size_t length, const FfSecrets *secrets)
{
	Scan scan = {.begin = text, .at = text, .limit = text + limit, .end = text + length};

	scan.target = target;
	add_needles(&scan, secrets);
	memcpy(scan.stops, scan.first, sizeof(scan.stops));
	for (const char *byte = "\"<=?&"; *byte != '\0'; byte++)
		scan.stops[(unsigned char) *byte] = true;
	while (scan.at < scan.limit)
	{
		bool masked = false;
		const char *next = scan.at + 1;

		for (size_t i = 0; i < lengthof(units) && !masked; i++)
			masked = units[i](&scan);
		if (masked)
			continue;
		if (*scan.at != '?' && *scan.at != '&')
			while (next < scan.limit && !scan.stops[(unsigned char) *next])
				next++;
		appendBinaryStringInfo(target, scan.at, (int) (next - scan.at));
		scan.at = next;
	}
	free_needles(&scan);
}

char *
ff_redact_url(const char *url, const FfSecrets *secrets)
{
	StringInfoData target;
	const char *host = strstr(url, "://");
	const char *at;

	initStringInfo(&target);
	host = host ? host + 3 : url;
	at = memchr(host, '@', strcspn(host, "/?#"));
	if (at)
	{
		appendBinaryStringInfo(&target, url, (int) (host - url));
		appendStringInfoString(&target, MASK);
		url = at;
	}
	redact(&target, url, strlen(url), strlen(url), secrets);
	return target.data;
}

char *
ff_redact_header(const char *name, const char *value, const FfSecrets *secrets)
{
	StringInfoData target;

	if (ff_redact_is_secret_name(name, strlen(name), FF_REDACT_HEADER))
		return pstrdup(MASK);
	if (!pg_verifymbstr(value, (int) strlen(value), true))
		return psprintf("(%zu bytes that are no text)", strlen(value));
	initStringInfo(&target);
	redact(&target, value, strlen(value), strlen(value), secrets);
	return target.data;
}

char *
ff_redact_headers(const FfHeader *headers, int count, const FfSecrets *secrets)
{
	FfJsonWriter writer;

	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	for (int i = 0; i < count; i++)
	{
		StringInfoData joined;
		bool repeated = false;

		for (int before = 0; before < i && !repeated; before++)
			repeated = pg_strcasecmp(headers[before].name, headers[i].name) == 0;
		if (repeated || !pg_verifymbstr(headers[i].name, (int) strlen(headers[i].name), true))
			continue;
		initStringInfo(&joined);
		for (int other = i; other < count; other++)
		{
			if (pg_strcasecmp(headers[other].name, headers[i].name) != 0)
				continue;
			if (joined.len > 0)
				appendStringInfoString(&joined, ", ");
			appendStringInfoString(
				&joined, ff_redact_header(headers[other].name, headers[other].value, secrets));
		}
		/* a name is what the peer made of it, too */
		ff_write_text(&writer, ff_redact_header("", headers[i].name, secrets), joined.data);
	}
	return ff_write_finish(&writer);
}

char *
ff_redact_body(const char *body, size_t length, int max_bytes, const FfSecrets *secrets)
{
	StringInfoData target;
	size_t limit = Min(length, (size_t) Max(max_bytes, 0));

	if (length == 0)
		return pstrdup("");
	if (limit < length)
		limit = pg_mbcliplen(body, (int) limit + 1, (int) limit);
	if (memchr(body, '\0', limit) || !pg_verifymbstr(body, (int) limit, true))
		return psprintf("(%zu bytes that are no text)", length);
	initStringInfo(&target);
	redact(&target, body, limit, length, secrets);
	if (limit < length)
		appendStringInfo(&target, " (cut; %zu bytes in all)", length);
	return target.data;
}
