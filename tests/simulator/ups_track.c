/*
 * ups_track.c
 *
 * Tracking by number, reference and shipment, track alerts, and the controls
 * with which a test changes a parcel's journey or adds scans of its own.
 * Subscribed parcels push each scan as a Track Alert when its time comes.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ups.h"

/* The package's delivery, if the newest D scan is one. */
static const json_t *
delivery_of(const json_t *list)
{
	size_t i;
	json_t *activity;

	json_array_foreach(list, i, activity)
	{
		if (strcmp(sim_text(activity, "status.statusCode", ""), "011") == 0)
			return activity;
	}
	return NULL;
}

/* Misbehaviour: the last scan twice, the list in the wrong order. */
static json_t *
spoilt_list(const SimRequest *request, json_t *list)
{
	if (request->duplicate_events && json_array_size(list))
		json_array_insert(list, 0, json_array_get(list, 0));
	if (request->reorder_events)
	{
		json_t *wrong = json_array();

		for (size_t i = json_array_size(list); i-- > 0;)
			json_array_append(wrong, json_array_get(list, i));
		json_decref(list);
		return wrong;
	}
	return list;
}

/* The simulator's own member "at" stays inside: the wire does not have it. */
static json_t *
wire_list(const json_t *list)
{
	json_t *wire = json_array();
	size_t i;
	json_t *activity;

	json_array_foreach((json_t *) list, i, activity)
	{
		json_t *copy = json_copy(activity);

		json_object_del(copy, "at");
		json_array_append_new(wire, copy);
	}
	return wire;
}

static json_t *
package_json(const SimRequest *request, const UpsPackage *package)
{
	const UpsShipment *shipment = package->shipment;
	json_t *list = ups_activities(package);
	const json_t *delivery = delivery_of(list);
	const json_t *newest = json_array_get(list, 0);
	double expected = shipment->created + 56 * 3600 * ups_transit_scale;
	char date[40];
	char weight[32];
	json_t *json;

	snprintf(weight, sizeof weight, "%.2f", shipment->weight);
	json = json_pack("{s:s, s:[{s:s, s:s}], s:{s:s}, s:{s:s, s:s}, s:i, s:{s:s}}",
					 "trackingNumber",
					 package->number,
					 "deliveryDate",
					 "type",
					 delivery ? "DEL" : "SDD",
					 "date",
					 delivery ? sim_text(delivery, "date", "")
							  : sim_time(expected, ups_zone(shipment->to_country), "%Y%m%d", date),
					 "deliveryTime",
					 "type",
					 delivery ? "DEL" : "EOD",
					 "weight",
					 "unitOfMeasurement",
					 strcmp(shipment->weight_unit, "KGS") == 0 ? "KGS" : "LBS",
					 "weight",
					 weight,
					 "packageCount",
					 shipment->package_count,
					 "service",
					 "description",
					 ups_service(shipment->service) ? ups_service(shipment->service)->name : "");
	if (newest)
		json_object_set(json, "currentStatus", json_object_get(newest, "status"));
	if (delivery)
	{
		json_object_set_new(
			json,
			"deliveryInformation",
			json_pack("{s:s, s:s}", "receivedBy", "RECEIVER", "location", "Front Door"));
		json_object_set(
			json_object_get(json, "deliveryTime"), "endTime", json_object_get(delivery, "time"));
	}
	json_object_set_new(json, "referenceNumber", json_array());
	for (size_t i = 0; i < json_array_size(shipment->references); i++)
		json_array_append_new(json_object_get(json, "referenceNumber"),
							  json_pack("{s:s, s:O}",
										"type",
										"SHIPMENT",
										"number",
										json_array_get(shipment->references, i)));
	list = spoilt_list(request, list);
	json_object_set_new(json, "activity", wire_list(list));
	json_decref(list);
	return json;
}

/* --- the calls --- */

/* Tracking demands two headers that the other APIs only recommend. */
static bool
has_headers(SimRequest *request)
{
	static const char *const names[] = {"transId", "transactionSrc"};

	for (int i = 0; i < 2; i++)
	{
		const char *value = sim_header(request, names[i]);

		if (value && *value)
			continue;
		sim_refuse(request, NULL, "header", names[i], "Tracking requires the header %s.", names[i]);
		return false;
	}
	return true;
}

static bool
is_visible(const UpsPackage *package)
{
	return sim_now() >= package->shipment->created + (double) ups_manifest_delay_s;
}

static void
answer_packages(SimRequest *request, const char *inquiry, json_t *packages)
{
	json_t *shipment = json_pack("{s:s, s:o}", "inquiryNumber", inquiry, "package", packages);

	sim_reply(request, 200, json_pack("{s:{s:[o]}}", "trackResponse", "shipment", shipment));
}

static void
answer_not_found(SimRequest *request, const char *inquiry)
{
	sim_reply(request,
			  200,
			  json_pack("{s:{s:[{s:s, s:[{s:s, s:s}]}]}}",
						"trackResponse",
						"shipment",
						"inquiryNumber",
						inquiry,
						"warnings",
						"code",
						"TW0001",
						"message",
						"Tracking Information Not Found"));
}

void
ups_track(SimRequest *request)
{
	const char *number = request->argument[0];
	const UpsPackage *package = ups_package(number);

	if (!has_headers(request))
		return;
	if (!ups_number_is_valid(number) || !package)
	{
		if (!ups_number_is_valid(number))
			sim_offence(request,
						true,
						"form",
						"inquiryNumber",
						"\"%.40s\" is no valid 1Z number (check digit).",
						number);
		ups_error(request,
				  ups_number_is_valid(number) ? 404 : 400,
				  ups_number_is_valid(number) ? "TW0001" : "TV1002",
				  ups_number_is_valid(number) ? "Tracking Information Not Found"
											  : "Invalid inquiry number");
	}
	else if (!is_visible(package))
		answer_not_found(request, number);
	else
		answer_packages(request, number, json_pack("[o]", package_json(request, package)));
}

void
ups_track_shipment(SimRequest *request)
{
	const UpsPackage *package = ups_package(request->argument[0]);
	long offset = sim_query_int(request, "offset", 0);
	long count = sim_query_int(request, "count", 50);
	json_t *list;

	if (!has_headers(request))
		return;
	if (!package)
	{
		ups_error(request, 404, "TW0001", "Tracking Information Not Found");
		return;
	}
	list = json_array();
	for (long i = offset; i < package->shipment->package_count && i < offset + count; i++)
		json_array_append_new(list, package_json(request, &package->shipment->packages[i]));
	answer_packages(request, package->shipment->id, list);
}

static double
date8(const char *text, double fallback)
{
	char iso[16];
	double when;

	if (!text || !sim_is_date8(text))
		return fallback;
	snprintf(iso, sizeof iso, "%.4s-%.2s-%.2s", text, text + 4, text + 6);
	return sim_parse_time(iso, &when, NULL) ? when : fallback;
}

void
ups_track_reference(SimRequest *request)
{
	double from = date8(sim_query(request, "fromPickUpDate"), sim_now() - 14 * 86400);
	double to = date8(sim_query(request, "toPickUpDate"), sim_now()) + 86400;
	UpsShipment **shipments = ups_shipments_by_reference(request->argument[0]);
	json_t *list;

	if (!has_headers(request))
		return;
	if (!sim_query(request, "refNumType"))
		sim_offence(request,
					false,
					"required",
					"refNumType",
					"The query should say refNumType=SmallPackage.");
	list = json_array();
	for (; shipments && *shipments; shipments++)
	{
		for (int i = 0; i < (*shipments)->package_count; i++)
		{
			const UpsPackage *package = &(*shipments)->packages[i];

			if (is_visible(package) && (*shipments)->created >= from &&
				(*shipments)->created < to && !package->voided)
				json_array_append_new(list, package_json(request, package));
		}
	}
	if (json_array_size(list))
		answer_packages(request, request->argument[0], list);
	else
	{
		json_decref(list);
		ups_error(request, 404, "TW0001", "Tracking Information Not Found");
	}
}

/* --- track alert --- */

static void
alert(const UpsPackage *package, const json_t *activity)
{
	json_t *body = json_pack(
		"{s:s, s:O, s:O, s:{s:O, s:O, s:s, s:O}, s:{s:O, s:O, s:O}, s:s, s:s, s:s, s:O, s:O}",
		"trackingNumber",
		package->number,
		"localActivityDate",
		json_object_get(activity, "date"),
		"localActivityTime",
		json_object_get(activity, "time"),
		"activityLocation",
		"city",
		sim_get(activity, "location.address.city"),
		"stateProvince",
		sim_get(activity, "location.address.stateProvince"),
		"postalCode",
		"",
		"country",
		sim_get(activity, "location.address.country"),
		"activityStatus",
		"type",
		sim_get(activity, "status.type"),
		"code",
		sim_get(activity, "status.code"),
		"description",
		sim_get(activity, "status.description"),
		"scheduledDeliveryDate",
		"",
		"actualDeliveryDate",
		strcmp(sim_text(activity, "status.type", ""), "D") == 0 ? sim_text(activity, "date", "")
																: "",
		"actualDeliveryTime",
		strcmp(sim_text(activity, "status.type", ""), "D") == 0 ? sim_text(activity, "time", "")
																: "",
		"gmtActivityDate",
		json_object_get(activity, "gmtDate"),
		"gmtActivityTime",
		json_object_get(activity, "gmtTime"));
	char offset[8];
	char *text;

	/* The alert's offset uses a dot where the track answer has a colon. */
	snprintf(offset, sizeof offset, "%s", sim_text(activity, "gmtOffset", "+00:00"));
	offset[3] = '.';
	json_object_set_new(body, "gmtOffset", json_string(offset));
	text = json_dumps(body, SIM_WIRE);
	sim_emit(&sim_peer_ups,
			 "track_alert",
			 json_pack("{s:s, s:s, s:s}",
					   "Content-Type",
					   "application/json",
					   "credential",
					   ups_alert_credential,
					   "User-Agent",
					   "UPSPubSubTrackingService"),
			 text);
	free(text);
	json_decref(body);
}

/* A scan is due at a subscribed package: push it unless the journey has changed since. */
static void
push_scan(void *subject, int64_t index)
{
	const UpsPackage *package = subject;
	const UpsScan *scan = &ups_journey_of(package)->scans[index];
	json_t *activity;

	if (!scan->type || package->voided || ups_scan_time(package, scan) > sim_now() + 1 ||
		sim_now() > package->subscribed_until)
		return;
	activity = ups_scan_json(package, scan);
	alert(package, activity);
	json_decref(activity);
}

static void
schedule_scans(UpsPackage *package)
{
	const UpsScan *scans = ups_journey_of(package)->scans;

	for (int i = 0; scans[i].type; i++)
	{
		if (ups_scan_time(package, &scans[i]) > sim_now())
			sim_at(ups_scan_time(package, &scans[i]), push_scan, package, i);
	}
}

void
ups_subscribe(SimRequest *request)
{
	json_t *valid = json_array();
	json_t *invalid = json_array();
	size_t i;
	json_t *number;

	json_array_foreach(json_object_get(request->json, "trackingNumberList"), i, number)
	{
		UpsPackage *package = ups_package(json_string_value(number));

		json_array_append(package ? valid : invalid, number);
		if (!package)
			continue;
		if (package->subscribed_until < sim_now())
			schedule_scans(package);
		package->subscribed_until = sim_now() + 14 * 86400;
	}
	sim_reply(
		request,
		200,
		json_pack("{s:o, s:o}", "validTrackingNumbers", valid, "invalidTrackingNumbers", invalid));
}

/* --- control --- */

static UpsPackage *
controlled_package(SimRequest *request)
{
	const char *number = sim_text(request->json, "tracking_number", "");
	UpsPackage *package = ups_package(number);

	if (!package)
		sim_control_error(request, "UPS made no label with number \"%s\".", number);
	return package;
}

json_t *
ups_package_state(const UpsPackage *package)
{
	json_t *list = ups_activities(package);
	json_t *state = json_pack("{s:s, s:b, s:s, s:b, s:o}",
							  "tracking_number",
							  package->number,
							  "voided",
							  package->voided,
							  "journey",
							  ups_journey_of(package)->name,
							  "subscribed",
							  package->subscribed_until > sim_now(),
							  "activity",
							  wire_list(list));

	json_decref(list);
	return state;
}

void
ups_control_journey(SimRequest *request)
{
	const char *name = sim_text(request->json, "journey", "");
	const UpsJourney *journey = ups_journey(name);
	UpsPackage *package = controlled_package(request);

	if (!package)
		return;
	if (!journey)
	{
		sim_control_error(request,
						  "There is no journey \"%s\": delivered, attempted, delayed, "
						  "exception, returned, ready_for_pickup, lost, stuck, label_only.",
						  name);
		return;
	}
	package->journey = journey;
	if (package->subscribed_until > sim_now())
		schedule_scans(package);
	sim_reply(request, 200, ups_package_state(package));
}

/* Adds a scan that a test invents; "emit" also pushes it. */
void
ups_control_activity(SimRequest *request)
{
	const json_t *json = request->json;
	UpsPackage *package = controlled_package(request);
	double at = sim_now();
	json_t *activity;

	if (!package)
		return;
	if (sim_get(json, "at") && !sim_parse_time(sim_text(json, "at", ""), &at, NULL))
	{
		sim_control_error(request, "\"at\" must be an ISO 8601 time.");
		return;
	}
	at += sim_real(json, "offset_s", 0);
	activity = ups_activity_json(at,
								 sim_text(json, "country", package->shipment->to_country),
								 sim_text(json, "state", package->shipment->to_state),
								 sim_text(json, "city", package->shipment->to_city),
								 sim_text(json, "type", "I"),
								 sim_text(json, "code", "AR"),
								 sim_text(json, "status_code", NULL),
								 sim_text(json, "description", "Arrived at Facility"));
	if (!package->reported)
		package->reported = json_array();
	json_array_append(package->reported, activity);
	if (json_is_true(json_object_get(json, "emit")))
		alert(package, activity);
	json_decref(activity);
	sim_reply(request, 200, ups_package_state(package));
}
