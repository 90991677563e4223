/*
 * calendar.c
 *
 * A location's working days say both when it ships and how transit days are
 * counted; its closed days only stop it from shipping.  Goods count as
 * delivered at 18:00 of the day they arrive, in the location's time.
 */
#include "postgres.h"

#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "routing/calendar.h"

/* Nobody is closed for longer. */
#define MAX_DAYS_AHEAD  400
#define END_OF_BUSINESS 18

/* No working day at all is a mistake; then every day is one. */
static bool
working(DateADT day, const FfNumbers *working_days)
{
	int weekday = j2day(day + POSTGRES_EPOCH_JDATE); /* 0 is Sunday */

	return working_days->count == 0 || ff_numbers_have(working_days, weekday == 0 ? 7 : weekday);
}

DateADT
ff_ship_day(TimestampTz now, pg_tz *time_zone, int cutoff, const FfNumbers *working_days,
			const FfNumbers *closed_days)
{
	struct pg_tm local;
	fsec_t fraction;
	int offset;
	DateADT day;

	if (timestamp2tm(now, &offset, &local, &fraction, NULL, time_zone) != 0)
		elog(ERROR, "could not read the clock of a location");
	day = date2j(local.tm_year, local.tm_mon, local.tm_mday) - POSTGRES_EPOCH_JDATE;
	if ((local.tm_hour * 60 + local.tm_min) * 60 + local.tm_sec >= cutoff)
		day++;
	for (int i = 0; i < MAX_DAYS_AHEAD; i++, day++)
		if (working(day, working_days) && !ff_numbers_have(closed_days, day))
			break;
	return day;
}

/* So many seconds after midnight of a day, by the clock on the wall. */
static TimestampTz
moment(DateADT day, int seconds, pg_tz *time_zone)
{
	struct pg_tm local = {.tm_hour = seconds / SECS_PER_HOUR,
						  .tm_min = seconds / SECS_PER_MINUTE % MINS_PER_HOUR,
						  .tm_sec = seconds % SECS_PER_MINUTE,
						  .tm_isdst = -1};
	TimestampTz result;
	int offset;

	j2date(day + POSTGRES_EPOCH_JDATE, &local.tm_year, &local.tm_mon, &local.tm_mday);
	offset = DetermineTimeZoneOffset(&local, time_zone);
	if (tm2timestamp(&local, 0, &offset, &result) != 0)
		elog(ERROR, "could not tell a moment of day %d", day);
	return result;
}

TimestampTz
ff_ship_by(TimestampTz now, pg_tz *time_zone, int cutoff, const FfNumbers *working_days,
		   const FfNumbers *closed_days)
{
	return moment(
		ff_ship_day(now, time_zone, cutoff, working_days, closed_days), cutoff, time_zone);
}

TimestampTz
ff_arrival(DateADT ship_day, int transit_days, pg_tz *time_zone, const FfNumbers *working_days)
{
	DateADT day = ship_day;

	while (transit_days > 0)
		if (working(++day, working_days))
			transit_days--;
	return moment(day, END_OF_BUSINESS * SECS_PER_HOUR, time_zone);
}

int
ff_days_late(TimestampTz promised_by, TimestampTz arrival)
{
	if (arrival <= promised_by)
		return 0;
	return (int) ((arrival - promised_by + USECS_PER_DAY - 1) / USECS_PER_DAY);
}

char *
ff_day_text(DateADT day)
{
	int year;
	int month;
	int number;

	j2date(day + POSTGRES_EPOCH_JDATE, &year, &month, &number);
	return psprintf("%04d-%02d-%02d", year, month, number);
}
