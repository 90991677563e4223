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
#include "shipping/shipment.h"

typedef struct FfTrackingResult
{
	int64 order_id; /* 0: no package has this number */
	int64 shipment_id;
	int stored;   /* events that were new */
	bool changed; /* the package's status changed */
} FfTrackingResult;

/* One element of an outcome's tracking[] ({tracking_number, status, estimated_delivery_at,
 * events[]}) about a package of a shipment that is locked. */
typedef struct FfTracked
{
	FfShipment *shipment;
	const FfJson *tracking;
	const char *cause;
	FfTrackingResult result; /* set by ff_tracking_take */
} FfTracked;

/*
 * Takes what is told of packages; elements of a shipment stand side by side, and
 * no two shipments are of the same order.  A number that no package of the
 * shipment has changes nothing.  The quantities of the orders' lines are left to
 * the caller.
 */
extern void ff_tracking_take(FfTracked *tracked, int count);

/* The same for the package that had the number last, of whichever shipment; locks its order,
 * shipment and lines. */
extern FfTrackingResult ff_tracking_report(int32 merchant_id, const FfJson *tracking,
										   const char *cause);

#endif
