/*
 * package.h
 *
 * Private to shipping/: packages that something was told about, and the steps
 * that it takes: what was told is stored (story.c), decides what the package
 * shows (tracking.c), and is carried over to the shipment (crossing.c).
 */
#ifndef FF_SHIPPING_PACKAGE_H
#define FF_SHIPPING_PACKAGE_H

#include "shipping/parts.h"

#include "model/tracking.h"
#include "shipping/tracking.h"

typedef struct FfPackageEvent
{
	TimestampTz at;
	FfPackageStatus status;
} FfPackageEvent;

/* A package of a shipment that something was told about, of one of its packages. */
typedef struct FfPackage
{
	FfShipment *shipment;
	int64 package_id;
	char *number;
	FfTracking tracking;
	FfPackageStatus before;
	const FfJson *said; /* the element of tracking[] about it; NULL: nothing was said of it */
	const char *cause;
	FfPackageEvent *fresh; /* events that were new and mean a status */
	int fresh_count;
	int stored;
	bool carried; /* its new status has been carried over */
} FfPackage;

/* The packages of shipments, by shipment and age. */
typedef struct FfPackages
{
	int32 merchant_id;
	FfPackage *items;
	int count;
} FfPackages;

/* Whether what was told has changed what it shows. */
static inline bool
ff_package_changed(const FfPackage *package)
{
	return package->said != NULL && package->tracking.status != package->before;
}

/* story.c: events to be stored, of any number of packages */
typedef struct FfStory FfStory;
extern FfStory *ff_story_begin(void);
/* The events of one element of tracking[]. */
extern void ff_story_add(FfStory *story, FfPackage *package, const FfJson *said);
/* Stores them, each once; what was new and says a status is then fresh in its package. */
extern void ff_story_store(FfStory *story, int32 merchant_id);

/* crossing.c: what the shipments have done by what their packages show */
extern void ff_packages_cross(const FfPackages *packages);

#endif
