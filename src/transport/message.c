/*
 * message.c
 *
 * Builds the one request and reads the one reply of message.h: addresses,
 * percent-encoding, headers, Retry-After.  It refuses what could smuggle a
 * second header or a second host into a message, and knows no peer, no
 * secret and no socket.  Connectors call it; see connectors/connector.h.
 */
#include "postgres.h"

#include <ctype.h>
#include <math.h>

#include "utils/datetime.h"

#include "transport/message.h"

/* Longer waits are asked for again: a peer cannot park our work for weeks. */
#define LONGEST_WAIT_S (24 * 60 * 60)

void
ff_message_init(FfMessage *message)
{
	memset(message, 0, sizeof(FfMessage));
	message->method = "GET";
	initStringInfo(&message->url);
}

void
ff_message_begin(FfMessage *message, const char *method, const char *base, const char *path)
{
	size_t length = strlen(base);

	while (length > 0 && base[length - 1] == '/')
		length--;
	message->method = method;
	resetStringInfo(&message->url);
	appendBinaryStringInfo(&message->url, base, (int) length);
	appendStringInfoString(&message->url, path);
	/* a base may bring a query of its own, as https://shop.example/?rest_route=/wc/v3 does */
	message->query_parts = strchr(message->url.data, '?') != NULL ? 1 : 0;
}

void
ff_message_path(FfMessage *message, const char *literal)
{
	appendStringInfoString(&message->url, literal);
}

void
ff_message_segment(FfMessage *message, const char *segment)
{
	/* "." and ".." would climb out of the path even when nothing else is special in them */
	if (strcmp(segment, ".") == 0)
		appendStringInfoString(&message->url, "%2E");
	else if (strcmp(segment, "..") == 0)
		appendStringInfoString(&message->url, "%2E%2E");
	else
		ff_percent_encode(&message->url, segment);
}

void
ff_message_query(FfMessage *message, const char *name, const char *value)
{
	if (value == NULL)
		return;
	appendStringInfoChar(&message->url, message->query_parts++ == 0 ? '?' : '&');
	ff_percent_encode(&message->url, name);
	appendStringInfoChar(&message->url, '=');
	ff_percent_encode(&message->url, value);
}

void
ff_message_query_xml(FfMessage *message, const char *name, const char *xml)
{
	ff_message_query(message, name, "");
	while (*xml != '\0')
	{
		const char *place = strstr(xml, "{{");
		const char *close = place ? strstr(place, "}}") : NULL;
		const char *end = close ? place : xml + strlen(xml);

		ff_percent_encode(&message->url, pnstrdup(xml, end - xml));
		xml = end;
		if (close != NULL)
		{
			appendBinaryStringInfo(&message->url, place, (int) (close + 2 - place));
			xml = close + 2;
		}
	}
	message->secrets |= FF_SECRETS_IN_QUERY;
}

void
ff_message_header(FfMessage *message, const char *name, const char *value)
{
	char *safe;

	if (value == NULL)
		return;
	if (message->header_count >= FF_MAX_HEADERS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("could not add a header to a message"),
				 errdetail("A message holds at most %d headers.", FF_MAX_HEADERS)));

	/* a line break in a value would begin a header of somebody else's choice */
	safe = pstrdup(value);
	for (char *c = safe; *c != '\0'; c++)
		if ((unsigned char) *c < 0x20 || *c == 0x7f)
			*c = ' ';
	message->headers[message->header_count].name = name;
	message->headers[message->header_count].value = safe;
	message->header_count++;
}

void
ff_message_body(FfMessage *message, const char *content_type, const char *body, size_t length)
{
	ff_message_header(message, "Content-Type", content_type);
	message->body = body;
	message->body_length = length;
}

void
ff_percent_encode(StringInfo target, const char *text)
{
	static const char digits[] = "0123456789ABCDEF";

	for (const unsigned char *c = (const unsigned char *) text; *c != '\0'; c++)
	{
		if ((*c < 0x80 && isalnum(*c)) || strchr("-._~", *c) != NULL)
			appendStringInfoChar(target, (char) *c);
		else
		{
			appendStringInfoChar(target, '%');
			appendStringInfoChar(target, digits[*c >> 4]);
			appendStringInfoChar(target, digits[*c & 15]);
		}
	}
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char *
ff_form_decode(const char *text, size_t length)
{
	char *decoded = palloc(length + 1);
	size_t filled = 0;

	for (size_t i = 0; i < length; i++)
	{
		if (text[i] == '%' && i + 2 < length && hex_digit(text[i + 1]) >= 0 &&
			hex_digit(text[i + 2]) >= 0)
		{
			decoded[filled++] = (char) (hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
			i += 2;
		}
		else
			decoded[filled++] = text[i] == '+' ? ' ' : text[i];
	}
	decoded[filled] = '\0';
	return decoded;
}

const char *
ff_message_find_header(const FfMessage *message, const char *name)
{
	for (int i = 0; i < message->header_count; i++)
		if (pg_strcasecmp(message->headers[i].name, name) == 0)
			return message->headers[i].value;
	return NULL;
}

const char *
ff_reply_header(const FfReply *reply, const char *name)
{
	for (int i = 0; i < reply->header_count; i++)
		if (pg_strcasecmp(reply->headers[i].name, name) == 0)
			return reply->headers[i].value;
	return NULL;
}

/*
 * Unix seconds of an HTTP date in any of its three forms,
 *   Sun, 06 Nov 1994 08:49:37 GMT
 *   Sunday, 06-Nov-94 08:49:37 GMT
 *   Sun Nov  6 08:49:37 1994
 */
static bool
parse_http_date(const char *text, int64 *seconds)
{
	static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";
	char name[4];
	const char *found;
	int day;
	int month;
	int year;
	int hour;
	int minute;
	int second;

	if (sscanf(text,
			   "%*[A-Za-z], %2d%*1[- ]%3[A-Za-z]%*1[- ]%4d %2d:%2d:%2d",
			   &day,
			   name,
			   &year,
			   &hour,
			   &minute,
			   &second) != 6 &&
		sscanf(text,
			   "%*[A-Za-z] %3[A-Za-z] %2d %2d:%2d:%2d %4d",
			   name,
			   &day,
			   &hour,
			   &minute,
			   &second,
			   &year) != 6)
		return false;
	for (char *c = name; *c != '\0'; c++)
		*c = pg_tolower((unsigned char) *c);
	found = strlen(name) == 3 ? strstr(months, name) : NULL;
	if (found == NULL || (found - months) % 3 != 0)
		return false;
	month = (int) (found - months) / 3 + 1;
	if (year < 100)
		year += year < 70 ? 2000 : 1900;
	if (year < 1900 || day < 1 || day > 31 || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
		second < 0 || second > 60)
		return false;
	*seconds = (int64) (date2j(year, month, day) - UNIX_EPOCH_JDATE) * SECS_PER_DAY +
			   hour * SECS_PER_HOUR + minute * SECS_PER_MINUTE + second;
	return true;
}

int
ff_reply_retry_after(const FfReply *reply, int64 now)
{
	const char *text = ff_reply_header(reply, "Retry-After");
	double seconds;
	int64 date;
	char *end;

	if (text == NULL)
		return -1;
	while (*text == ' ')
		text++;
	if (isdigit((unsigned char) *text))
	{
		seconds = ceil(strtod(text, &end));
		while (*end == ' ')
			end++;
		if (*end != '\0')
			return -1;
	}
	else if (parse_http_date(text, &date))
	{
		int64 sent;
		const char *clock = ff_reply_header(reply, "Date");

		/* the peer's own clock, when it tells, says best how far away its date is */
		if (clock != NULL && parse_http_date(clock, &sent))
			now = sent;
		seconds = (double) (date - now);
	}
	else
		return -1;
	return (int) Max(0, Min(seconds, LONGEST_WAIT_S));
}
