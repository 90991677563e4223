/*
 * ups_rate.c
 *
 * UPS's services, where they go, what they cost and how long they take.  Prices
 * are invented but monotonous (faster, heavier and farther cost more), the same
 * for the same request, and contract prices are 65 % of published ones.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ups.h"

static const UpsService services[] = {{"01", "UPS Next Day Air", "dc", 42.00, 1.60, 1},
									  {"02", "UPS 2nd Day Air", "dc", 24.00, 1.10, 2},
									  {"03", "UPS Ground", "d", 10.50, 0.45, 4},
									  {"12", "UPS 3 Day Select", "dc", 18.00, 0.80, 3},
									  {"13", "UPS Next Day Air Saver", "dc", 38.00, 1.50, 1},
									  {"14", "UPS Next Day Air Early", "dc", 72.00, 1.70, 1},
									  {"59", "UPS 2nd Day Air A.M.", "d", 29.00, 1.20, 2},
									  {"92", "UPS Ground Saver", "d", 7.90, 0.30, 6},
									  {"93", "UPS Ground Saver", "d", 8.60, 0.32, 6},
									  {"07", "UPS Worldwide Express", "ex", 88.00, 4.20, 2},
									  {"08", "UPS Worldwide Expedited", "ex", 64.00, 3.10, 4},
									  {"11", "UPS Standard", "cex", 13.00, 0.70, 3},
									  {"54", "UPS Worldwide Express Plus", "ex", 120.00, 4.50, 1},
									  {"65", "UPS Worldwide Saver", "ex", 74.00, 3.60, 2},
									  {"17", "UPS Worldwide Economy DDU", "x", 31.00, 2.00, 9},
									  {"72", "UPS Worldwide Economy DDP", "x", 34.00, 2.10, 9},
									  {"70", "UPS Access Point Economy", "e", 7.50, 0.50, 4},
									  {"74", "UPS Express 12:00", "e", 30.00, 1.40, 1},
									  {"M4", "UPS Expedited Mail Innovations", "dx", 6.10, 0.60, 8},
									  {"M5", "UPS Priority Mail Innovations", "x", 12.20, 1.10, 10},
									  {"M6", "UPS Economy Mail Innovations", "x", 9.90, 0.90, 14},
									  {0}};

/* UPS Standard crosses borders inside Europe and inside North America only. */
static const char europe[] = "AT BE BG CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IT LI LT LU LV MC "
							 "MT NL NO PL PT RO SE SI SK";

const UpsService *
ups_service(const char *code)
{
	for (const UpsService *service = services; service->code; service++)
	{
		if (strcmp(service->code, code) == 0)
			return service;
	}
	return NULL;
}

bool
ups_is_american(const char *country)
{
	return strcmp(country, "US") == 0 || strcmp(country, "PR") == 0;
}

char
ups_lane(const char *from, const char *to)
{
	if (ups_is_american(from) && ups_is_american(to))
		return 'd';
	if (strcmp(from, to) != 0)
		return 'x';
	return strcmp(from, "CA") == 0 ? 'c' : 'e';
}

bool
ups_service_serves(const UpsService *service, const char *from, const char *to)
{
	char lane = ups_lane(from, to);

	if (!strchr(service->lanes, lane))
		return false;
	if (strcmp(service->code, "11") == 0 && lane == 'x')
		return (sim_is_one_of(from, europe, ' ') && sim_is_one_of(to, europe, ' ')) ||
			   (sim_is_one_of(from, "US CA MX", ' ') && sim_is_one_of(to, "US CA MX", ' '));
	return true;
}

double
ups_price(const UpsService *service, const char *from, const char *to, double pounds, int packages)
{
	double zone = ups_lane(from, to) != 'x'                                            ? 1
				  : sim_is_one_of(from, europe, ' ') && sim_is_one_of(to, europe, ' ') ? 1.1
																					   : 1.6;
	double extra = ceil(pounds > packages ? pounds - packages : 0) * service->per_pound;

	return round(100 * zone * (service->base * (0.4 + 0.6 * packages) + extra)) / 100;
}

const char *
ups_currency(const char *country)
{
	static const char *const own[][2] = {{"SE", "SEK"},
										 {"NO", "NOK"},
										 {"DK", "DKK"},
										 {"GB", "GBP"},
										 {"CH", "CHF"},
										 {"PL", "PLN"},
										 {"CZ", "CZK"},
										 {"CA", "CAD"},
										 {"US", "USD"},
										 {"PR", "USD"}};

	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
	{
		if (strcmp(own[i][0], country) == 0)
			return own[i][1];
	}
	return sim_is_one_of(country, europe, ' ') ? "EUR" : "USD";
}

json_t *
ups_money(const char *currency, double amount)
{
	char text[32];

	snprintf(text, sizeof text, "%.2f", amount);
	return json_pack("{s:s, s:s}", "CurrencyCode", currency, "MonetaryValue", text);
}

json_t *
ups_weight(const char *unit, double weight)
{
	char text[32];

	snprintf(text, sizeof text, "%.1f", weight);
	return json_pack("{s:{s:s, s:s}, s:s}",
					 "UnitOfMeasurement",
					 "Code",
					 unit,
					 "Description",
					 strcmp(unit, "KGS") == 0 ? "Kilograms" : "Pounds",
					 "Weight",
					 text);
}

/* --- rates --- */

typedef struct Parcel
{
	const char *from;
	const char *to;
	const char *unit;
	double weight;
	double pounds;
	int packages;
	bool negotiated;
	bool with_days;
	double pickup;
} Parcel;

static Parcel
read_parcel(const json_t *shipment)
{
	Parcel parcel = {
		.from = ups_from_country(shipment), .to = ups_to_country(shipment), .unit = "LBS"};
	size_t i;
	json_t *package;
	const char *date = sim_text(shipment, "DeliveryTimeInformation.Pickup.Date", "");
	int year;
	int month;
	int day;

	json_array_foreach(json_object_get(shipment, "Package"), i, package)
	{
		parcel.unit = sim_text(package, "PackageWeight.UnitOfMeasurement.Code", "LBS");
		parcel.weight += sim_real(package, "PackageWeight.Weight", 0);
		parcel.packages++;
	}
	parcel.pounds = strcmp(parcel.unit, "KGS") == 0   ? parcel.weight * 2.2046
					: strcmp(parcel.unit, "OZS") == 0 ? parcel.weight / 16
													  : parcel.weight;
	parcel.negotiated =
		sim_get(shipment, "ShipmentRatingOptions.NegotiatedRatesIndicator") != NULL &&
		*sim_text(shipment, "Shipper.ShipperNumber", "");
	parcel.pickup = sim_now();
	if (sscanf(date, "%4d%2d%2d", &year, &month, &day) == 3)
	{
		char iso[32];

		snprintf(iso, sizeof iso, "%04d-%02d-%02d", year, month, day);
		sim_parse_time(iso, &parcel.pickup, NULL);
	}
	return parcel;
}

/* Adds working days to a time. */
static double
working_days_after(double when, int days)
{
	while (days > 0)
	{
		int weekday;

		when += 86400;
		weekday = (int) (((long) (when / 86400) + 4) % 7);
		if (weekday != 0 && weekday != 6)
			days--;
	}
	return when;
}

static json_t *
transit_json(const Parcel *parcel, const UpsService *service)
{
	int days = service->days + (ups_lane(parcel->from, parcel->to) == 'x' ? 1 : 0);
	double arrival = working_days_after(parcel->pickup, days);
	char pickup[40];
	char date[40];
	char weekday[40];
	char business[8];
	char total[8];

	snprintf(business, sizeof business, "%d", days);
	snprintf(total, sizeof total, "%d", (int) ((arrival - parcel->pickup) / 86400));
	sim_time(parcel->pickup, 0, "%Y%m%d", pickup);
	sim_time(arrival, 0, "%a", weekday);
	for (char *c = weekday; *c; c++)
		*c = (char) (*c & ~0x20);
	return json_pack("{s:s, s:s, s:{s:{s:s}, s:{s:{s:s, s:s}, s:s, s:s, s:{s:s}, s:s}}}",
					 "PickupDate",
					 pickup,
					 "PackageBillType",
					 "03",
					 "ServiceSummary",
					 "Service",
					 "Description",
					 service->name,
					 "EstimatedArrival",
					 "Arrival",
					 "Date",
					 sim_time(arrival, 0, "%Y%m%d", date),
					 "Time",
					 service->days == 1 ? "103000" : "233000",
					 "BusinessDaysInTransit",
					 business,
					 "TotalTransitDays",
					 total,
					 "Pickup",
					 "Date",
					 pickup,
					 "DayOfWeek",
					 weekday);
}

static json_t *
rated_json(const Parcel *parcel, const UpsService *service)
{
	const char *currency = ups_currency(parcel->from);
	double price = ups_price(service, parcel->from, parcel->to, parcel->pounds, parcel->packages);
	json_t *rated = json_pack(
		"{s:{s:s, s:s}, s:[], s:o, s:o, s:o, s:[{s:o}], s:o}",
		"Service",
		"Code",
		service->code,
		"Description",
		service->name,
		"RatedShipmentAlert",
		"BillingWeight",
		ups_weight(strcmp(parcel->unit, "KGS") == 0 ? "KGS" : "LBS", ceil(parcel->weight)),
		"TransportationCharges",
		ups_money(currency, price),
		"ServiceOptionsCharges",
		ups_money(currency, 0),
		"RatedPackage",
		"TotalCharges",
		ups_money(currency, price),
		"TotalCharges",
		ups_money(currency, price));

	if (parcel->negotiated)
		json_object_set_new(
			rated,
			"NegotiatedRateCharges",
			json_pack("{s:o}", "TotalCharge", ups_money(currency, round(price * 65) / 100)));
	if (parcel->with_days)
		json_object_set_new(rated, "TimeInTransit", transit_json(parcel, service));
	else if (service->days <= 3)
	{
		char days[16];

		snprintf(days, sizeof days, "%d", service->days);
		json_object_set_new(
			rated,
			"GuaranteedDelivery",
			json_pack("{s:s, s:s}", "BusinessDaysInTransit", days, "DeliveryByTime", "11:30 P.M."));
	}
	return rated;
}

static bool
is_sold(const UpsService *service, const Parcel *parcel)
{
	if (!ups_service_serves(service, parcel->from, parcel->to) || service->code[0] == 'M')
		return false;
	return strcmp(service->code, "92") == 0   ? parcel->pounds >= 1
		   : strcmp(service->code, "93") == 0 ? parcel->pounds < 1
											  : true;
}

void
ups_rate(SimRequest *request)
{
	static const char options[] = "rate|shop|ratetimeintransit|shoptimeintransit";
	const json_t *body = sim_get(request->json, "RateRequest");
	const json_t *shipment = json_object_get(body, "Shipment");
	const char *wanted = sim_text(shipment, "Service.Code", NULL);
	const char *option = request->argument[0];
	json_t *rated = json_array();
	char lower[40];
	Parcel parcel;

	snprintf(lower, sizeof lower, "%s", option);
	for (char *c = lower; *c; c++)
		*c = (char) (*c | 0x20);
	if (!sim_is_one_of(lower, options, '|'))
		ups_error(request, 400, "111002", "Invalid request option %s", option);
	else if (strncmp(lower, "rate", 4) == 0 && !wanted)
		sim_refuse(request,
				   NULL,
				   "required",
				   "RateRequest.Shipment.Service.Code",
				   "Option %s needs one service.",
				   option);
	else if (ups_obeys(request, ups_rate_laws, shipment))
	{
		if (strncasecmp(sim_text(body, "Request.RequestOption", option), option, 4) != 0)
			sim_offence(request,
						false,
						"value",
						"RateRequest.Request.RequestOption",
						"It is \"%s\", the path says \"%s\".",
						sim_text(body, "Request.RequestOption", ""),
						option);
		parcel = read_parcel(shipment);
		parcel.with_days =
			strstr(lower, "timeintransit") ||
			strcmp(sim_query(request, "additionalinfo") ? sim_query(request, "additionalinfo") : "",
				   "timeintransit") == 0;
		for (const UpsService *service = services; service->code; service++)
		{
			if (is_sold(service, &parcel) &&
				(strncmp(lower, "shop", 4) == 0 || strcmp(wanted, service->code) == 0))
				json_array_append_new(rated, rated_json(&parcel, service));
		}
		if (json_array_size(rated) == 0)
			ups_error(request,
					  400,
					  wanted ? "111210" : "111100",
					  "The requested service is unavailable between the selected locations.");
		else
			sim_reply(request,
					  200,
					  json_pack("{s:{s:o, s:O}}",
								"RateResponse",
								"Response",
								ups_success(request),
								"RatedShipment",
								rated));
	}
	json_decref(rated);
}
