/*
 * dhl_tracking.h
 *
 * What the files of the DHL tracking connector share, and nobody else
 * includes.  The exported struct stands in dhl_tracking.c.
 */
#ifndef FF_CONNECTORS_DHL_TRACKING_H
#define FF_CONNECTORS_DHL_TRACKING_H

#include "connectors/dhl.h"

/* dhl_tracking_read.c: a shipment as the unified API tells it */

/* Writes one element of tracking; the number asked for, or the shipment's own. */
extern void ff_dhl_tracking_write(FfJsonWriter *writer, const FfJson *shipment, const char *number);
/*
 * The shipment that is meant: numbers are used again, so of all that fit what
 * the call knows (division, destination, day of shipping) it is the newest.
 * NULL when none fits.
 */
extern const FfJson *ff_dhl_tracking_choose(const FfCall *call, const FfJson *shipments,
											const char *service);

#endif
