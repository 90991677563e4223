/*
 * tracking.h
 *
 * The one rule by which a carrier's events become the status of a package,
 * whatever order they arrive in: the newest event time wins, rank decides a
 * tie, delivered is final except for a newer return, unknown never overwrites.
 * It walks the package rows of the transition table.
 *
 * Also how the statuses of packages become the one of their shipment, and by
 * which key an event is stored once.  Storing is the shipping room's work.
 */
#ifndef FF_MODEL_TRACKING_H
#define FF_MODEL_TRACKING_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "model/state.h"

/* What a package's row holds.  Before any event: FF_PACKAGE_UNKNOWN. */
typedef struct FfTracking
{
	FfPackageStatus status;
	TimestampTz at;     /* time of the event the status is from; ignored while unknown */
	bool contradictory; /* the carrier has contradicted itself at some time */
} FfTracking;

/*
 * What the row holds after an event; the event itself is stored in any case.
 * applied says whether the event is now what the package shows (else its
 * place and text are history only); that the status is another one is
 * tracking.status != current->status.
 */
extern FfTracking ff_package_track(const FfTracking *current, FfPackageStatus reported,
								   TimestampTz at, bool *applied);

/* counts[status] = packages of the shipment in that status. */
extern FfPackageStatus ff_shipment_tracking(const int counts[FF_PACKAGE_STATUS_COUNT]);

/*
 * Key under which an event is stored once: the carrier's id when it has one,
 * else a hash of code, time and place.  Any part may be NULL; palloc'd.
 */
extern char *ff_tracking_event_key(const char *carrier_id, const char *code, TimestampTz at,
								   const char *city, const char *region, const char *postcode,
								   const char *country);

#endif
