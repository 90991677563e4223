/*
 * calendar.h
 *
 * Days in the time of a location: when goods leave, when they arrive.
 */
#ifndef FF_ROUTING_CALENDAR_H
#define FF_ROUTING_CALENDAR_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "pgtime.h"
#include "utils/date.h"

#include "routing/lists.h"

/*
 * The first day on which goods leave that are assigned now: today until the
 * cut-off (seconds after midnight), if it is a working day and not closed.
 */
extern DateADT ff_ship_day(TimestampTz now, pg_tz *time_zone, int cutoff,
						   const FfNumbers *working_days, const FfNumbers *closed_days);

/* The cut-off of that day: the moment by which goods taken now have left. */
extern TimestampTz ff_ship_by(TimestampTz now, pg_tz *time_zone, int cutoff,
							  const FfNumbers *working_days, const FfNumbers *closed_days);

/* So many working days later, at the end of business. */
extern TimestampTz ff_arrival(DateADT ship_day, int transit_days, pg_tz *time_zone,
							  const FfNumbers *working_days);

/* Begun days between a promise and what comes after it; 0 when it is kept. */
extern int ff_days_late(TimestampTz promised_by, TimestampTz arrival);

extern char *ff_day_text(DateADT day);

#endif
