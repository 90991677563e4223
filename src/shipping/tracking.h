/*
 * tracking.h
 *
 * Events of carriers about packages: each stored once, the status decided by
 * event time and rank (model/tracking.h), delivered and first scan carried
 * over to the shipment.
 */
#ifndef FF_SHIPPING_TRACKING_H
#define FF_SHIPPING_TRACKING_H

#include "postgres.h"

#include "pg/json.h"

typedef struct FfTrackingResult
{
	int64 order_id; /* 0: no package has this number */
	int64 shipment_id;
	int stored;   /* events that were new */
	bool changed; /* the package's status changed */
} FfTrackingResult;

/*
 * Takes one element of an outcome's tracking[] ({tracking_number, status,
 * estimated_delivery_at, events[]}).  Locks order, shipment, package.  A
 * number nobody knows changes nothing.  When several shipments share the
 * number, shipment_id (0: any, the newest) says which.
 */
extern FfTrackingResult ff_tracking_report(int32 merchant_id, int64 shipment_id,
										   const FfJson *tracking, const char *cause);

#endif
