/*
 * parcels.h
 *
 * How goods are put into parcels when nobody has packed them yet.  Pure.
 */
#ifndef FF_WORKERS_PARCELS_H
#define FF_WORKERS_PARCELS_H

#include "pg/json.h"

/*
 * Writes packages[{number, weight_g, lines[{line, quantity}]}], and the size
 * where a parcel is one unit.  Units are packed in the order of the lines; a
 * parcel is full at the limit, and a unit heavier than it goes alone.
 */
extern void ff_parcels_write(FfJsonWriter *writer, const FfJson *lines, int32 limit_g);

#endif
