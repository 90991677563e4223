/*
 * crossing.c
 *
 * What crosses from packages to their shipments: the first scan, delivered,
 * returning, lost.  See package.h.
 */
#include "postgres.h"

#include "shipping/package.h"

/* What happens to shipments next, each at most once. */
typedef struct Crossing
{
	FfShipment **shipments;
	FfShipmentReport *reports;
	int count;
} Crossing;

/* False when the shipment stands there already, for another package. */
static bool
cross(Crossing *crossing, const FfPackage *package, TimestampTz at, int64 package_id)
{
	/* packages of a shipment stand side by side */
	if (crossing->count > 0 && crossing->shipments[crossing->count - 1] == package->shipment)
		return false;
	crossing->shipments[crossing->count] = package->shipment;
	crossing->reports[crossing->count++] = (FfShipmentReport){
		.cause = package->cause, .by_provider = true, .at = at, .package_id = package_id};
	return true;
}

static void
move(Crossing *crossing, FfShipmentEvent event)
{
	FfVerdict *verdicts = palloc(sizeof(FfVerdict) * Max(crossing->count, 1));

	if (crossing->count > 0)
		ff_shipments_move(crossing->shipments, event, crossing->reports, crossing->count, verdicts);
	crossing->count = 0;
}

/* A carrier's first scan says that the goods have left. */
static void
carry_scans(const FfPackages *packages, Crossing *crossing)
{
	for (int p = 0; p < packages->count; p++)
	{
		FfPackage *package = &packages->items[p];

		if (package->said == NULL)
			continue;
		for (int i = 0; i < package->fresh_count && package->shipment->shipped_at == 0; i++)
			if (ff_package_is_physical(package->fresh[i].status))
			{
				(void) cross(crossing, package, package->fresh[i].at, 0);
				break;
			}
	}
	move(crossing, FF_SHIPMENT_EVENT_SHIP);
}

/* Several packages of a shipment follow each other. */
void
ff_packages_cross(const FfPackages *packages)
{
	static const struct
	{
		FfPackageStatus status;
		FfShipmentEvent event;
	} crossings[] = {
		{FF_PACKAGE_DELIVERED, FF_SHIPMENT_EVENT_DELIVERED},
		{FF_PACKAGE_RETURNING, FF_SHIPMENT_EVENT_RETURN_TO_SENDER},
		{FF_PACKAGE_RETURNED, FF_SHIPMENT_EVENT_RETURN_TO_SENDER},
		{FF_PACKAGE_LOST, FF_SHIPMENT_EVENT_LOST},
	};
	Crossing crossing = {.shipments = palloc(sizeof(FfShipment *) * Max(packages->count, 1)),
						 .reports = palloc(sizeof(FfShipmentReport) * Max(packages->count, 1))};

	carry_scans(packages, &crossing);
	for (int i = 0; i < (int) lengthof(crossings); i++)
		do
		{
			move(&crossing, crossings[i].event);
			for (int p = 0; p < packages->count; p++)
			{
				FfPackage *package = &packages->items[p];

				if (!package->carried && ff_package_changed(package) &&
					package->tracking.status == crossings[i].status)
					package->carried =
						cross(&crossing, package, package->tracking.at, package->package_id);
			}
		} while (crossing.count > 0);
}
