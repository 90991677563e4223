/*
 * text.c
 *
 * Small translations every connector needs: weights and lengths in a peer's
 * unit, times as text and back, and text that is fit to be shown to people.
 * Pure functions; no peer is named here.
 */
#include "postgres.h"

#include <ctype.h>
#include <math.h>

#include "mb/pg_wchar.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

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

char *
ff_time_format(TimestampTz time, const char *format)
{
	StringInfoData text;
	struct pg_tm tm;
	fsec_t fraction;

	initStringInfo(&text);
	if (timestamp2tm(time, NULL, &tm, &fraction, NULL, NULL) != 0)
		return text.data;
	for (const char *c = format; *c != '\0'; c++)
	{
		if (*c != '%' || c[1] == '\0')
		{
			appendStringInfoChar(&text, *c);
			continue;
		}
		switch (*++c)
		{
			case 'Y':
				appendStringInfo(&text, "%04d", tm.tm_year);
				break;
			case 'm':
				appendStringInfo(&text, "%02d", tm.tm_mon);
				break;
			case 'd':
				appendStringInfo(&text, "%02d", tm.tm_mday);
				break;
			case 'H':
				appendStringInfo(&text, "%02d", tm.tm_hour);
				break;
			case 'M':
				appendStringInfo(&text, "%02d", tm.tm_min);
				break;
			case 'S':
				appendStringInfo(&text, "%02d", tm.tm_sec);
				break;
			default:
				appendStringInfoChar(&text, *c);
		}
	}
	return text.data;
}

char *
ff_time_iso(TimestampTz time)
{
	return ff_time_format(time, "%Y-%m-%dT%H:%M:%SZ");
}

/* Reads exactly count digits. */
static bool
read_digits(const char **text, int count, int *value)
{
	*value = 0;
	for (int i = 0; i < count; i++, (*text)++)
	{
		if (!isdigit((unsigned char) **text))
			return false;
		*value = *value * 10 + (**text - '0');
	}
	return true;
}

/* Reads Z, +HH, +HHMM, +HH:MM or nothing, as seconds east of Greenwich. */
static bool
read_zone(const char **text, int *seconds)
{
	int sign = **text == '-' ? -1 : 1;
	int hours;
	int minutes = 0;

	*seconds = 0;
	if (**text == 'Z' || **text == 'z')
		(*text)++;
	else if (**text == '+' || **text == '-')
	{
		(*text)++;
		if (!read_digits(text, 2, &hours))
			return false;
		if (**text == ':')
			(*text)++;
		if (isdigit((unsigned char) **text) && !read_digits(text, 2, &minutes))
			return false;
		if (hours > 15 || minutes > 59)
			return false;
		*seconds = sign * (hours * SECS_PER_HOUR + minutes * SECS_PER_MINUTE);
	}
	return true;
}

/* Reads HH:MM[:SS[.fraction]] as microseconds of the day. */
static bool
read_clock(const char **text, int64 *microseconds)
{
	int hour;
	int minute;
	int second = 0;
	int digits = 0;
	int64 fraction = 0;

	if (!read_digits(text, 2, &hour) || *(*text)++ != ':' || !read_digits(text, 2, &minute))
		return false;
	if (**text == ':')
	{
		(*text)++;
		if (!read_digits(text, 2, &second))
			return false;
		if (**text == '.' || **text == ',')
			for ((*text)++; isdigit((unsigned char) **text); (*text)++)
				if (digits++ < 6)
					fraction = fraction * 10 + (**text - '0');
	}
	for (int i = digits; i < 6; i++)
		fraction *= 10;
	if (hour > 24 || minute > 59 || second > 60 || digits > 9 ||
		(hour == 24 && (minute > 0 || second > 0)))
		return false;
	*microseconds =
		hour * USECS_PER_HOUR + minute * USECS_PER_MINUTE + second * USECS_PER_SEC + fraction;
	return true;
}

bool
ff_time_parse(const char *text, TimestampTz *time)
{
	int year;
	int month;
	int day;
	int zone = 0;
	int64 clock = 0;

	if (text == NULL)
		return false;
	while (*text == ' ')
		text++;
	if (!read_digits(&text, 4, &year) || *text++ != '-' || !read_digits(&text, 2, &month) ||
		*text++ != '-' || !read_digits(&text, 2, &day))
		return false;
	if (year < 1 || month < 1 || month > 12 || day < 1 || day > day_tab[isleap(year)][month - 1])
		return false;
	if (*text == 'T' || *text == 't' || (*text == ' ' && isdigit((unsigned char) text[1])))
	{
		text++;
		if (!read_clock(&text, &clock))
			return false;
		if (*text == ' ')
			text++;
		if (!read_zone(&text, &zone))
			return false;
	}
	while (*text == ' ')
		text++;
	if (*text != '\0')
		return false;
	*time = (int64) (date2j(year, month, day) - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY + clock -
			zone * USECS_PER_SEC;
	return true;
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
