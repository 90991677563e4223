/*
 * ups_journey.c
 *
 * A parcel's way through UPS on the simulated clock.  A journey is a table of
 * scans with their hour after the label was made; what has happened is
 * computed from the clock when it is asked for, so a parcel nobody tracks costs
 * nothing.  Scans that a test has added, with any time, are merged in.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ups.h"

#define LABEL                                                                                      \
	{                                                                                              \
		0, "M", "MP", "003", "Shipper created a label, UPS has not received the package yet.", 'o' \
	}
#define ORIGIN                                  \
	{                                           \
		8, "I", "OR", "005", "Origin Scan", 'o' \
	}
#define DEPARTED                                            \
	{                                                       \
		12, "I", "DP", "005", "Departed from Facility", 'o' \
	}
#define ARRIVED                                          \
	{                                                    \
		30, "I", "AR", "005", "Arrived at Facility", 'h' \
	}
#define NEARBY                                        \
	{                                                 \
		44, "I", "DS", "005", "Destination Scan", 'd' \
	}
#define OUT                                                 \
	{                                                       \
		50, "I", "OT", "006", "Out For Delivery Today", 'd' \
	}

static const UpsJourney journeys[] = {
	{"delivered",
	 {LABEL, ORIGIN, DEPARTED, ARRIVED, NEARBY, OUT, {56, "D", "FS", "011", "DELIVERED", 'd'}}},
	{"attempted",
	 {LABEL,
	  ORIGIN,
	  DEPARTED,
	  ARRIVED,
	  NEARBY,
	  OUT,
	  {55,
	   "X",
	   "48",
	   "022",
	   "The receiver was not available for delivery. We'll make a second "
	   "attempt the next business day.",
	   'd'},
	  {74, "I", "OT", "006", "Out For Delivery Today", 'd'},
	  {79, "D", "FS", "011", "DELIVERED", 'd'}}},
	{"delayed",
	 {LABEL,
	  ORIGIN,
	  DEPARTED,
	  {26, "X", "DJ", "046", "Severe weather conditions have delayed delivery.", 'h'},
	  {54, "I", "AR", "005", "Arrived at Facility", 'h'},
	  {70, "I", "OT", "006", "Out For Delivery Today", 'd'},
	  {76, "D", "FS", "011", "DELIVERED", 'd'}}},
	{"exception",
	 {LABEL,
	  ORIGIN,
	  DEPARTED,
	  ARRIVED,
	  NEARBY,
	  OUT,
	  {54,
	   "X",
	   "A7",
	   "013",
	   "The receiver has moved. We're attempting to obtain a new delivery "
	   "address for this receiver.",
	   'd'}}},
	{"returned",
	 {LABEL,
	  ORIGIN,
	  DEPARTED,
	  ARRIVED,
	  NEARBY,
	  OUT,
	  {54,
	   "X",
	   "A7",
	   "013",
	   "The receiver has moved. We're attempting to obtain a new delivery "
	   "address for this receiver.",
	   'd'},
	  {80, "X", "UF", "035", "We're in the process of returning this package to the sender.", 'd'},
	  {128, "D", "B0", "034", "Package Delivered To Original Sender", 'o'}}},
	{"ready_for_pickup",
	 {LABEL,
	  ORIGIN,
	  DEPARTED,
	  ARRIVED,
	  NEARBY,
	  OUT,
	  {56, "D", "2Q", "017", "Delivered To UPS Access Point™", 'd'}}},
	{"lost",
	 {LABEL,
	  ORIGIN,
	  DEPARTED,
	  ARRIVED,
	  {240, "X", "S9", "068", "We've sent the package to UPS lost and found.", 'h'}}},
	{"stuck", {LABEL, ORIGIN, DEPARTED, ARRIVED}},
	{"label_only", {LABEL}},
	{0}};

double ups_transit_scale;
long ups_manifest_delay_s;
char ups_gmt_style[SIM_TEXT_SIZE];
char ups_alert_credential[SIM_TEXT_SIZE];
char ups_default_journey[SIM_TEXT_SIZE];

const UpsJourney *
ups_journey(const char *name)
{
	for (const UpsJourney *journey = journeys; journey->name; journey++)
	{
		if (strcmp(journey->name, name) == 0)
			return journey;
	}
	return NULL;
}

const UpsJourney *
ups_journey_of(const UpsPackage *package)
{
	const UpsJourney *journey =
		package->journey ? package->journey : ups_journey(ups_default_journey);

	return journey ? journey : &journeys[0];
}

double
ups_scan_time(const UpsPackage *package, const UpsScan *scan)
{
	return package->shipment->created + scan->hour * 3600 * ups_transit_scale;
}

/* Minutes east of Greenwich: one zone per country is enough to tell local from UTC. */
int
ups_zone(const char *country)
{
	return sim_is_one_of(country, "US CA PR MX", ' ')            ? -300
		   : sim_is_one_of(country, "GB IE PT", ' ')             ? 0
		   : sim_is_one_of(country, "FI EE LV LT GR RO BG", ' ') ? 120
																 : 60;
}

static const char *
gmt_format(void)
{
	return strcmp(ups_gmt_style, "plain") == 0   ? "%H%M%S"
		   : strcmp(ups_gmt_style, "short") == 0 ? "%-H%M%S"
												 : "%H:%M:%S";
}

json_t *
ups_activity_json(double at, const char *country, const char *state, const char *city,
				  const char *type, const char *code, const char *status, const char *description)
{
	int zone = ups_zone(country);
	char date[40];
	char time[40];
	char gmt_date[40];
	char gmt_time[40];
	char offset[8];

	snprintf(offset,
			 sizeof offset,
			 "%c%02d:%02d",
			 zone < 0 ? '-' : '+',
			 abs(zone) / 60 % 24,
			 abs(zone) % 60);
	return json_pack(
		"{s:{s:{s:s, s:s, s:s, s:s}}, s:{s:s, s:s, s:s, s:s*}, s:s, s:s, s:s, s:s, s:s, s:f}",
		"location",
		"address",
		"city",
		city,
		"stateProvince",
		state,
		"countryCode",
		country,
		"country",
		country,
		"status",
		"type",
		type,
		"description",
		description,
		"code",
		code,
		"statusCode",
		status,
		"date",
		sim_time(at, zone, "%Y%m%d", date),
		"time",
		sim_time(at, zone, "%H%M%S", time),
		"gmtDate",
		sim_time(at, 0, "%Y%m%d", gmt_date),
		"gmtTime",
		sim_time(at, 0, gmt_format(), gmt_time),
		"gmtOffset",
		offset,
		"at",
		at);
}

json_t *
ups_scan_json(const UpsPackage *package, const UpsScan *scan)
{
	const UpsShipment *shipment = package->shipment;
	bool origin = scan->place == 'o';

	return ups_activity_json(ups_scan_time(package, scan),
							 origin ? shipment->from_country : shipment->to_country,
							 origin ? shipment->from_state : shipment->to_state,
							 scan->place == 'h' ? "Hub"
							 : origin           ? shipment->from_city
												: shipment->to_city,
							 scan->type,
							 scan->code,
							 scan->status,
							 scan->description);
}

static int
newest_first(const void *a, const void *b)
{
	double x = sim_real(*(json_t *const *) a, "at", 0);
	double y = sim_real(*(json_t *const *) b, "at", 0);

	return x < y ? 1 : x > y ? -1 : 0;
}

/* Everything that has happened until now, newest first. */
json_t *
ups_activities(const UpsPackage *package)
{
	json_t *sorted[64];
	size_t count = 0;
	json_t *list = json_array();
	size_t i;
	json_t *reported;

	for (const UpsScan *scan = ups_journey_of(package)->scans; scan->type; scan++)
	{
		if (ups_scan_time(package, scan) <= sim_now() && !package->voided)
			sorted[count++] = ups_scan_json(package, scan);
	}
	if (package->voided)
	{
		sorted[count++] = ups_scan_json(package, &journeys[0].scans[0]);
		sorted[count++] = ups_activity_json(sim_now(),
											package->shipment->from_country,
											"",
											"",
											"MV",
											"VP",
											"007",
											"Shipment Information Voided");
	}
	json_array_foreach(package->reported, i, reported)
	{
		if (sim_real(reported, "at", 0) <= sim_now() && count < 64)
			sorted[count++] = json_incref(reported);
	}
	qsort(sorted, count, sizeof *sorted, newest_first);
	for (i = 0; i < count; i++)
		json_array_append_new(list, sorted[i]);
	return list;
}
