/*
 * carrier_zone.c
 *
 * Clocks of places: a time that a carrier tells without a zone is turned into
 * UTC where the zone is certain, and a point of time into what the clock at a
 * place shows.  Countries with several zones have none here: a time there
 * stays as it was told.
 */
#include "postgres.h"

#include "pgtime.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "connectors/carrier.h"

static const struct
{
	const char *zone;
	const char *countries;
} zones[] = {
	{"Africa/Johannesburg", "ZA"}, {"Asia/Bangkok", "TH"},        {"Asia/Dubai", "AE"},
	{"Asia/Hong_Kong", "HK"},      {"Asia/Jerusalem", "IL"},      {"Asia/Kolkata", "IN"},
	{"Asia/Seoul", "KR"},          {"Asia/Shanghai", "CN"},       {"Asia/Singapore", "SG"},
	{"Asia/Taipei", "TW"},         {"Asia/Tokyo", "JP"},          {"Atlantic/Reykjavik", "IS"},
	{"Europe/Athens", "GR"},       {"Europe/Berlin", "DE"},       {"Europe/Brussels", "BE"},
	{"Europe/Bucharest", "RO"},    {"Europe/Budapest", "HU"},     {"Europe/Dublin", "IE"},
	{"Europe/Helsinki", "FI"},     {"Europe/Istanbul", "TR"},     {"Europe/London", "GB"},
	{"Europe/Luxembourg", "LU"},   {"Europe/Oslo", "NO"},         {"Europe/Paris", "FR MC"},
	{"Europe/Prague", "CZ SK"},    {"Europe/Riga", "LV"},         {"Europe/Rome", "IT MT SM VA"},
	{"Europe/Sofia", "BG"},        {"Europe/Stockholm", "SE DK"}, {"Europe/Tallinn", "EE"},
	{"Europe/Vienna", "AT"},       {"Europe/Vilnius", "LT"},      {"Europe/Warsaw", "PL"},
	{"Europe/Zagreb", "HR SI RS"}, {"Europe/Zurich", "CH LI"},    {"Europe/Amsterdam", "NL"},
};

const char *
ff_carrier_zone(const char *country)
{
	for (int i = 0; country != NULL && i < (int) lengthof(zones); i++)
		if (ff_carrier_among(country, zones[i].countries))
			return zones[i].zone;
	return NULL;
}

/* Seconds that the zone's clock is behind UTC at a time its clock shows. */
static bool
seconds_behind(TimestampTz local, const char *zone, int *seconds)
{
	pg_tz *known = zone ? pg_tzset(zone) : NULL;
	struct pg_tm tm;
	fsec_t fraction;

	if (known == NULL || timestamp2tm(local, NULL, &tm, &fraction, NULL, NULL) != 0)
		return false;
	*seconds = DetermineTimeZoneOffset(&tm, known);
	return true;
}

char *
ff_carrier_zoned_time(const char *text, const char *zone)
{
	char *time = ff_carrier_time(text);
	TimestampTz local;
	int seconds;

	/* already in UTC, a mere day, or the clock of an unknown place */
	if (time == NULL || strpbrk(time, "Tt ") == NULL || time[strlen(time) - 1] == 'Z' ||
		!ff_time_parse(time, &local) || !seconds_behind(local, zone, &seconds))
		return time;
	return ff_time_iso(local + seconds * USECS_PER_SEC);
}

char *
ff_carrier_clock(TimestampTz time, const char *zone, const char **offset)
{
	pg_tz *known = zone ? pg_tzset(zone) : NULL;
	const char *name;
	struct pg_tm tm;
	fsec_t fraction;
	int behind;

	if (known == NULL || timestamp2tm(time, &behind, &tm, &fraction, &name, known) != 0)
		behind = 0;
	*offset = psprintf("%c%02d:%02d",
					   behind > 0 ? '-' : '+',
					   abs(behind) / SECS_PER_HOUR,
					   abs(behind) / SECS_PER_MINUTE % MINS_PER_HOUR);
	return ff_time_format(time - behind * USECS_PER_SEC, "%Y-%m-%dT%H:%M:%S");
}
