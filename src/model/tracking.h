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

#define FF_RANK_FIRST_SCAN 20 /* of the in_transit that is a package's first physical scan */

/* What a package's row holds.  Before any event: all zero. */
typedef struct FfTracking
{
	FfPackageStatus status;
	TimestampTz at; /* time of the event the status is from; ignored while unknown */
	int rank;
	bool scanned;       /* some event proved that the goods left the house */
	bool contradictory; /* the carrier has contradicted itself */
} FfTracking;

typedef struct FfTrackingChange
{
	FfTracking tracking; /* what the row holds from now on */
	bool newest;         /* this event is what the package shows: take its place and text too */
	bool changed;        /* the status is another one */
	bool first_scan;     /* first proof that the goods left: the shipment has shipped */
	bool contradicts;    /* this event is against what the carrier had said */
} FfTrackingChange;

/* The event itself is to be stored in any case, once by its key. */
extern FfTrackingChange ff_tracking_apply(const FfTracking *current, FfPackageStatus reported,
										  TimestampTz at);

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
