/*
 * dhl_tracking.c
 *
 * The peer of DHL's unified tracking: one key, one number at a time, and the
 * parcels of the other DHL peers.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "dhl.h"

static Depot depot; /* only its settings: the parcels are those of the divisions */

static void
answer_problem(SimRequest *request, int status, const char *title, const char *detail)
{
	sim_reply(request,
			  status,
			  json_pack("{s:s, s:i, s:s, s:s}",
						"title",
						title,
						"status",
						status,
						"detail",
						detail,
						"instance",
						"/shipment/sim"));
}

static void
refuse(SimRequest *request, const SimFailure *failures, int count)
{
	(void) count;
	answer_problem(
		request, strcmp(failures->rule, "route") == 0 ? 404 : 400, "Bad request", failures->detail);
}

static void
fail(SimRequest *request, int status)
{
	answer_problem(request,
				   status,
				   status == 401   ? "Unauthorized"
				   : status == 429 ? "Too Many Requests"
								   : "Server error",
				   "Something is wrong.");
}

static bool
authorize(SimRequest *request)
{
	const char *key = sim_header(request, "DHL-API-Key");

	if (!depot_allows(request, &depot))
		fail(request, 429);
	else if (!depot_knows(request, &depot, key ? key : "", key ? key : ""))
		fail(request, 401);
	else
		return true;
	return false;
}

/* --- what DHL calls what happens --- */

static const DepotWords words[DEPOT_STEP_COUNT] = {
	[DEPOT_LABEL] = {"pre-transit",
					 "The instruction data for this shipment have been provided by the sender to "
					 "DHL electronically",
					 NULL},
	[DEPOT_PICKED_UP] = {"transit", "The shipment has been picked up", NULL},
	[DEPOT_DEPARTED] = {"transit",
						"The shipment has been processed in the parcel center of origin",
						NULL},
	[DEPOT_ARRIVED] = {"transit",
					   "The shipment has been processed in the destination parcel center",
					   NULL},
	[DEPOT_OUT] = {"transit", "The shipment has been loaded onto the delivery vehicle", NULL},
	[DEPOT_DELIVERED] = {"delivered", "The shipment has been successfully delivered", NULL},
	[DEPOT_ATTEMPTED] = {"failure", "The shipment could not be delivered", NULL},
	[DEPOT_DELAYED] = {"transit", "The shipment is delayed", NULL},
	[DEPOT_HELD] = {"transit", "The shipment is ready for pick-up at the Packstation", NULL},
	[DEPOT_EXCEPTION] = {"failure", "The shipment was damaged", NULL},
	[DEPOT_RETURNING] = {"failure", "The shipment is being returned", NULL},
	[DEPOT_RETURNED] = {"delivered", "The shipment was returned to the sender", NULL},
	[DEPOT_UNHEARD_OF] = {"airborne", "Seen by a drone", NULL},
};

static const struct
{
	const char *service;
	Depot *depot;
	const char *country; /* whose clock the scans show; NULL: they name their zone */
} divisions[] = {{"parcel-de", &sim_dhl_parcel_de_depot, "DE"},
				 {"express", &sim_dhl_express_depot, NULL}};

/* The last Sunday of a month, at one o'clock UTC. */
static double
last_sunday(int year, int month)
{
	struct tm day = {.tm_year = year, .tm_mon = month + 1, .tm_mday = 0, .tm_hour = 1};
	time_t last = timegm(&day);

	gmtime_r(&last, &day);
	return (double) last - day.tm_wday * 86400.0;
}

/* Germany's clock, which DHL does not name. */
int
sim_dhl_german_minutes(double at)
{
	time_t second = (time_t) at;
	struct tm day;

	gmtime_r(&second, &day);
	return at >= last_sunday(day.tm_year, 2) && at < last_sunday(day.tm_year, 9) ? 120 : 60;
}

static json_t *
event_json(const DepotEvent *event, bool german)
{
	char at[40];

	sim_time(
		event->at, german ? sim_dhl_german_minutes(event->at) : 0, german ? "%FT%T" : "%FT%TZ", at);
	return json_pack("{s:s, s:{s:{s:s}}, s:s, s:s, s:s}",
					 "timestamp",
					 at,
					 "location",
					 "address",
					 "addressLocality",
					 "Feucht, Germany",
					 "statusCode",
					 words[event->step].code,
					 "status",
					 words[event->step].text,
					 "description",
					 words[event->step].text);
}

static json_t *
parcel_json(const SimRequest *request, int division, const DepotPackage *package)
{
	DepotEvent events[10];
	int count = depot_events(divisions[division].depot, package, events);
	json_t *list = json_array();

	for (int i = count - 1; i >= 0; i--)
		json_array_append_new(list, event_json(&events[i], divisions[division].country));
	return json_pack("{s:s, s:s, s:O, s:{s:i}, s:o}",
					 "id",
					 package->number,
					 "service",
					 divisions[division].service,
					 "status",
					 json_array_get(list, 0),
					 "details",
					 "totalNumberOfPieces",
					 package->shipment->count,
					 "events",
					 depot_spoil(request, list));
}

void
sim_dhl_track(SimRequest *request)
{
	const char *number = sim_query(request, "trackingNumber");
	const char *service = sim_query(request, "service");
	const char *language = sim_query(request, "language");
	json_t *found = json_array();

	if (!number || (language && strlen(language) != 2))
	{
		json_decref(found);
		sim_refuse(request,
				   NULL,
				   number ? "form" : "required",
				   number ? "language" : "trackingNumber",
				   "%s",
				   number ? "A language has two letters." : "It is missing.");
		return;
	}
	for (int i = 0; i < (int) (sizeof divisions / sizeof *divisions); i++)
	{
		const Depot *parcels = divisions[i].depot;
		DepotPackage *package = depot_package(parcels, number);
		DepotShipment *shipment = package ? package->shipment : depot_shipment(parcels, number);

		if (shipment && !shipment->voided &&
			(!service || strcmp(service, divisions[i].service) == 0))
			json_array_append_new(
				found, parcel_json(request, i, package ? package : &shipment->packages[0]));
	}
	if (json_array_size(found))
		sim_reply(request, 200, json_pack("{s:o}", "shipments", found));
	else
	{
		json_decref(found);
		answer_problem(request, 404, "No result found", "No shipment with given tracking number.");
	}
}

/* --- the peer --- */

static void
reset(void)
{
	depot_reset(&depot);
}

static const SimSetting settings[] = {DEPOT_SETTINGS(depot), {0}};

static const SimRoute routes[] = {
	{"GET", "/track/shipments", sim_dhl_track, NULL, DHL_TRACK_QUERY, 0}, {0}};

static const SimRoute controls[] = {DEPOT_CONTROLS, {0}};

const SimPeer sim_peer_dhl_tracking = {.name = "dhl_tracking",
									   .routes = routes,
									   .controls = controls,
									   .settings = settings,
									   .authorize = authorize,
									   .refuse = refuse,
									   .fail = fail,
									   .reset = reset,
									   .depot = &depot};
