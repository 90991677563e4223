/*
 * ups_time.c
 *
 * UPS's dates and times: digits without separators most of the time, with
 * colons in some answers, without leading zeros in others, and offsets with a
 * colon or a dot.  Something that is no time becomes NULL, never an error.
 */
#include "postgres.h"

#include <ctype.h>

#include "connectors/ups.h"

/* UPS takes shipments so many days ahead. */
#define DAYS_AHEAD 7

/* The digits of text, with zeros before them up to a width; NULL for too many or none. */
static char *
digits_of(const char *text, int width)
{
	char digits[16];
	int length = 0;

	for (; text != NULL && *text != '\0'; text++)
	{
		if (!isdigit((unsigned char) *text))
			continue;
		if (length >= width)
			return NULL;
		digits[length++] = *text;
	}
	digits[length] = '\0';
	if (length == 0)
		return NULL;
	return psprintf("%.*s%s", width - length, "00000000", digits);
}

char *
ff_ups_local_time(const char *date, const char *time)
{
	char *day = digits_of(date, 8);
	char *clock = digits_of(time, 6);
	char *text;
	TimestampTz parsed;

	if (day == NULL)
		return NULL;
	text = psprintf("%.4s-%.2s-%.2s", day, day + 4, day + 6);
	if (clock != NULL)
	{
		char *full = psprintf("%sT%.2s:%.2s:%.2s", text, clock, clock + 2, clock + 4);

		if (ff_time_parse(full, &parsed))
			return full;
	}
	return ff_time_parse(text, &parsed) ? text : NULL;
}

char *
ff_ups_utc_time(const char *date, const char *time, const char *offset)
{
	char *local = ff_ups_local_time(date, time);
	bool minutes = offset && strpbrk(offset, ":.") != NULL;
	char *zone = offset ? digits_of(offset, 4) : NULL;
	TimestampTz parsed;

	if (local == NULL || strchr(local, 'T') == NULL || zone == NULL)
		return NULL;
	/* "-5" and "-05" are hours; "-0530" and "-05:30" have minutes */
	if (!minutes && strncmp(zone, "00", 2) == 0)
		zone = psprintf("%s00", zone + 2);
	if (!ff_time_parse(psprintf("%s%c%.2s:%.2s", local, *offset == '-' ? '-' : '+', zone, zone + 2),
					   &parsed))
		return NULL;
	return ff_time_iso(parsed);
}

char *
ff_ups_ship_date(const FfCall *call)
{
	char *last = ff_time_format(call->now + DAYS_AHEAD * USECS_PER_DAY, "%Y%m%d");
	char *day = digits_of(ff_carrier_ship_date(call), 8);

	return strcmp(day, last) < 0 ? day : last;
}
