/*
 * time.c
 *
 * ISO 8601 and timestamptz; see time.h for the contract.  PostgreSQL's own
 * parser is not used because it throws, reads words such as "tomorrow", and
 * depends on the session's DateStyle and TimeZone.
 */
#include "postgres.h"

#include <ctype.h>

#include "lib/stringinfo.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "model/time.h"

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
