/*
 * fedex_track.c
 *
 * What FedEx tells of parcels, by their number or by our reference.
 */
#include <stdio.h>
#include <string.h>

#include "fedex.h"

long fedex_visible_after_s;

static const DepotWords words[DEPOT_STEP_COUNT] = {
	[DEPOT_LABEL] = {"OC", "Shipment information sent to FedEx", NULL},
	[DEPOT_PICKED_UP] = {"PU", "Picked up", NULL},
	[DEPOT_DEPARTED] = {"DP", "Left FedEx origin facility", NULL},
	[DEPOT_ARRIVED] = {"AR", "Arrived at FedEx location", NULL},
	[DEPOT_OUT] = {"OD", "On FedEx vehicle for delivery", NULL},
	[DEPOT_DELIVERED] = {"DL", "Delivered", NULL},
	[DEPOT_ATTEMPTED] = {"DE", "Delivery exception", "07"},
	[DEPOT_DELAYED] = {"DY", "Delay", NULL},
	[DEPOT_HELD] = {"HL", "Ready for recipient pickup", NULL},
	[DEPOT_EXCEPTION] = {"SE", "Shipment exception", NULL},
	[DEPOT_RETURNING] = {"RS", "Returning package to shipper", NULL},
	[DEPOT_RETURNED] = {"DL", "Delivered", NULL},
	[DEPOT_UNHEARD_OF] = {"ZQ", "Seen by a drone", NULL},
};

static json_t *
scan_json(const DepotPackage *package, const DepotEvent *event)
{
	const json_t *to =
		sim_get(package->shipment->request, "requestedShipment.recipients.0.address");
	char at[40];
	char date[48];

	sim_time(event->at, -360, "%FT%T", at);
	snprintf(date, sizeof date, "%s-06:00", at);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:{s:s, s:s}}",
					 "date",
					 date,
					 "eventType",
					 words[event->step].code,
					 "eventDescription",
					 words[event->step].text,
					 "derivedStatusCode",
					 words[event->step].code,
					 "exceptionCode",
					 words[event->step].status ? words[event->step].status : "",
					 "scanLocation",
					 "city",
					 sim_text(to, "city", ""),
					 "countryCode",
					 sim_text(to, "countryCode", ""));
}

static json_t *
track_result(const SimRequest *request, const DepotPackage *package)
{
	DepotEvent events[10];
	int count = depot_events(&fedex_depot, package, events);
	const DepotWords *last = &words[events[count - 1].step];
	json_t *scans = json_array();
	char sequence[16];

	for (int i = count - 1; i >= 0; i--)
		json_array_append_new(scans, scan_json(package, &events[i]));
	snprintf(sequence, sizeof sequence, "%d", package->sequence);
	return json_pack("{s:s, s:[{s:{s:s}, s:{s:s, s:s, s:s, s:[{s:s}]}, s:o, s:{s:s}}]}",
					 "trackingNumber",
					 package->number,
					 "trackResults",
					 "trackingNumberInfo",
					 "trackingNumber",
					 package->number,
					 "latestStatusDetail",
					 "code",
					 package->shipment->voided ? "CA" : last->code,
					 "derivedCode",
					 package->shipment->voided ? "CA" : last->code,
					 "statusByLocale",
					 package->shipment->voided ? "Cancelled" : last->text,
					 "ancillaryDetails",
					 "reason",
					 last->status ? last->status : "",
					 "scanEvents",
					 depot_spoil(request, scans),
					 "packageDetails",
					 "sequenceNumber",
					 sequence);
}

static json_t *
not_found(const char *number)
{
	return json_pack("{s:s, s:[{s:{s:s}, s:{s:s, s:s}}]}",
					 "trackingNumber",
					 number,
					 "trackResults",
					 "trackingNumberInfo",
					 "trackingNumber",
					 number,
					 "error",
					 "code",
					 "TRACKING.TRACKINGNUMBER.NOTFOUND",
					 "message",
					 "Tracking number cannot be found. Please correct the tracking number.");
}

void
fedex_track_numbers(SimRequest *request)
{
	json_t *results = json_array();
	size_t i;
	json_t *wanted;

	json_array_foreach(json_object_get(request->json, "trackingInfo"), i, wanted)
	{
		const char *number = sim_text(wanted, "trackingNumberInfo.trackingNumber", "");
		const DepotPackage *package = depot_package(&fedex_depot, number);

		json_array_append_new(results,
							  package ? track_result(request, package) : not_found(number));
	}
	sim_reply(request, 200, fedex_output(json_pack("{s:o}", "completeTrackResults", results)));
}

void
fedex_track_reference(SimRequest *request)
{
	const json_t *wanted = json_object_get(request->json, "referencesInformation");
	const char *reference = sim_text(wanted, "value", "");
	DepotShipment **found = depot_by_reference(&fedex_depot, reference);
	json_t *results = json_array();
	char day[40];

	if (!sim_get(wanted, "accountNumber") && !sim_get(wanted, "destinationPostalCode"))
	{
		sim_refuse(request,
				   NULL,
				   "required",
				   "referencesInformation.accountNumber",
				   "The account or the destination is needed.");
		json_decref(results);
		return;
	}
	for (; found && *found; found++)
	{
		sim_time((*found)->created, -360, "%F", day);
		if (strcmp(day, sim_text(wanted, "shipDateBegin", "")) < 0 ||
			strcmp(day, sim_text(wanted, "shipDateEnd", "9999")) > 0 ||
			(*found)->created + (double) fedex_visible_after_s > sim_now())
			continue;
		for (int i = 0; i < (*found)->count; i++)
			json_array_append_new(results, track_result(request, &(*found)->packages[i]));
	}
	if (!json_array_size(results))
		json_array_append_new(results, not_found(reference));
	sim_reply(request, 200, fedex_output(json_pack("{s:o}", "completeTrackResults", results)));
}
