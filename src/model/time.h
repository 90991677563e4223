/*
 * time.h
 *
 * Points of time as the outside world writes them, read and written the same
 * way for everybody: independent of DateStyle and TimeZone, and never
 * throwing, so that what uses it may be IMMUTABLE.
 */
#ifndef FF_MODEL_TIME_H
#define FF_MODEL_TIME_H

#include "postgres.h"

#include "datatype/timestamp.h"

#define FF_NO_TIME DT_NOBEGIN /* a time that is not known */

/* "2026-01-05T20:15:00Z" from a timestamp; strftime-like with 'Y','m','d','H','M','S' behind %. */
extern char *ff_time_format(TimestampTz time, const char *format);
extern char *ff_time_iso(TimestampTz time);
/* Reads ISO 8601 with or without zone (none: UTC) and up to nine fraction digits; false when it is
 * no time. */
extern bool ff_time_parse(const char *text, TimestampTz *time);

#endif
