/*
 * dhl_tracking.h
 *
 * DHL's unified tracking: what the files of the connector dhl_tracking share,
 * and what dhl_parcel_de tracks its parcels by.  The exported struct stands in
 * dhl_tracking.c.
 */
#ifndef FF_CONNECTORS_DHL_TRACKING_H
#define FF_CONNECTORS_DHL_TRACKING_H

#include "connectors/dhl.h"

/* dhl_track.c: one request per number */
extern void ff_dhl_track(const FfCall *call, FfMessage *message, const char *number,
						 const char *service);
/* True for an answer; else the outcome says what DHL's error means. */
extern bool ff_dhl_track_reply(const FfCall *call, const FfReply *reply, FfOutcome *outcome,
							   FfJson **json);
/* get_shipment of parcels of a division; NULL when it is not known. */
extern void ff_dhl_track_request(const FfCall *call, FfMessage *message, const char *service);
extern void ff_dhl_track_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome,
								 const char *service);

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
