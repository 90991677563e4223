/*
 * usps_ask.c
 *
 * What a shop asks USPS beside labels: tracking in both versions, rates,
 * addresses, pickups and SCAN forms.
 */
#include <stdio.h>
#include <string.h>

#include "usps.h"

static long forms;
static long pickups;

void
usps_ask_reset(void)
{
	forms = pickups = 0;
}

/* --- tracking --- */

static const DepotWords words[DEPOT_STEP_COUNT] = {
	[DEPOT_LABEL] = {"GX", "Shipping Label Created, USPS Awaiting Item", "Pre-Shipment"},
	[DEPOT_PICKED_UP] = {"03", "Accepted at USPS Origin Facility", "Accepted"},
	[DEPOT_DEPARTED] = {"EF", "Departed USPS Regional Facility", "In Transit"},
	[DEPOT_ARRIVED] = {"10", "Arrived at USPS Facility", "In Transit"},
	[DEPOT_OUT] = {"OF", "Out for Delivery", "Out for Delivery"},
	[DEPOT_DELIVERED] = {"01", "Delivered, In/At Mailbox", "Delivered"},
	[DEPOT_ATTEMPTED] = {"02",
						 "Notice Left (No Authorized Recipient Available)",
						 "Delivery Attempt"},
	[DEPOT_DELAYED] = {"08", "Missent", "In Transit, Arriving Late"},
	[DEPOT_HELD] = {"16", "Available for Pickup", "Available for Pickup"},
	[DEPOT_EXCEPTION] = {"05", "Undeliverable as Addressed", "Alert"},
	[DEPOT_RETURNING] = {"09", "Return to Sender Processed", "Alert"},
	[DEPOT_RETURNED] = {"01", "Delivered, To Original Sender", "Delivered, To Original Sender"},
	[DEPOT_UNHEARD_OF] = {"ZQ", "Seen by a drone", "In Transit"},
};

static json_t *
track_json(const SimRequest *request, const DepotPackage *package)
{
	DepotEvent events[10];
	int count = depot_events(&usps_depot, package, events);
	json_t *list = json_array();

	for (int i = count - 1; i >= 0; i--)
	{
		char local[40];
		char utc[40];

		json_array_append_new(
			list,
			json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:n}",
					  "eventType",
					  words[events[i].step].text,
					  "eventCode",
					  words[events[i].step].code,
					  "eventTimestamp",
					  sim_time(events[i].at, -360, "%FT%T", local),
					  "GMTTimestamp",
					  sim_time(events[i].at, 0, "%FT%TZ", utc),
					  "GMTOffset",
					  "-06:00",
					  "eventCity",
					  sim_text(package->shipment->request, "toAddress.city", ""),
					  "eventState",
					  sim_text(package->shipment->request, "toAddress.state", ""),
					  "eventZIP",
					  sim_text(package->shipment->request, "toAddress.ZIPCode", ""),
					  "eventCountry"));
	}
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}",
					 "trackingNumber",
					 package->number,
					 "mailClass",
					 "Priority Mail<SUP>&reg;</SUP>",
					 "status",
					 words[events[count - 1].step].text,
					 "statusCategory",
					 words[events[count - 1].step].status,
					 "statusSummary",
					 words[events[count - 1].step].text,
					 "trackingEvents",
					 depot_spoil(request, list));
}

#define NOT_YET "The tracking number may be incorrect or the status update is not yet available."

void
usps_track(SimRequest *request)
{
	const DepotPackage *package = depot_package(&usps_depot, request->argument[0]);

	if (package && !package->shipment->voided)
		sim_reply(request, 200, track_json(request, package));
	else
		usps_error(request, 404, "150001", NOT_YET, "trackingNumber");
}

void
usps_track_many(SimRequest *request)
{
	json_t *list = json_array();
	bool whole = true;
	size_t i;
	json_t *wanted;

	if (!json_is_array(request->json) || json_array_size(request->json) > 35)
		sim_refuse(request, NULL, "length", "", "It is no list of at most 35 numbers.");
	json_array_foreach(request->json, i, wanted)
	{
		const char *number = sim_text(wanted, "trackingNumber", "");
		const DepotPackage *package = depot_package(&usps_depot, number);

		if (json_object_size(wanted) != 1)
			sim_offence(request, true, "unknown", "[]", "Only trackingNumber may be there.");
		if (package && !package->shipment->voided)
			json_array_append_new(list, track_json(request, package));
		else
		{
			whole = false;
			json_array_append_new(list,
								  json_pack("{s:s, s:{s:s, s:s}}",
											"trackingNumber",
											number,
											"error",
											"code",
											"404",
											"message",
											NOT_YET));
		}
	}
	if (json_is_array(request->json) && json_array_size(request->json) <= 35)
		sim_reply(request, whole ? 200 : 207, list);
	else
		json_decref(list);
}

/* --- what else a shop asks --- */

static json_t *
rate_options(const char *mail_class)
{
	return json_pack("[{s:f, s:[{s:s, s:s, s:f, s:s, s:s, s:s, s:s, s:s, s:[]}], s:{s:s}}]",
					 "totalBasePrice",
					 9.85,
					 "rates",
					 "SKU",
					 "DPXX0XXXXC05030",
					 "description",
					 mail_class,
					 "price",
					 9.85,
					 "priceType",
					 "COMMERCIAL",
					 "mailClass",
					 mail_class,
					 "processingCategory",
					 "MACHINABLE",
					 "rateIndicator",
					 "SP",
					 "destinationEntryFacilityType",
					 "NONE",
					 "fees",
					 "commitment",
					 "name",
					 "2 Days");
}

void
usps_quote(SimRequest *request)
{
	sim_reply(request,
			  200,
			  json_pack("{s:s, s:s, s:[{s:[{s:s, s:o}, {s:s, s:o}]}]}",
						"originZIPCode",
						sim_text(request->json, "originZIPCode", ""),
						"destinationZIPCode",
						sim_text(request->json, "destinationZIPCode", ""),
						"pricingOptions",
						"shippingOptions",
						"mailClass",
						"PRIORITY_MAIL",
						"rateOptions",
						rate_options("PRIORITY_MAIL"),
						"mailClass",
						"USPS_GROUND_ADVANTAGE",
						"rateOptions",
						rate_options("USPS_GROUND_ADVANTAGE")));
}

void
usps_quote_abroad(SimRequest *request)
{
	sim_reply(request,
			  200,
			  json_pack("{s:o}", "rateOptions", rate_options("PRIORITY_MAIL_INTERNATIONAL")));
}

void
usps_check_address(SimRequest *request)
{
	const char *zip = sim_query(request, "ZIPCode");
	const char *state = sim_query(request, "state");
	const char *street = sim_query(request, "streetAddress");
	const char *city = sim_query(request, "city");

	if (!street || !state || (!city && !zip))
		sim_refuse(
			request, NULL, "required", "state", "Street, state, and city or ZIP are needed.");
	else if (strcmp(street, "Nowhere 1") == 0)
		usps_error(request, 404, "010002", "Address Not Found", "streetAddress");
	else
		sim_reply(request,
				  200,
				  json_pack("{s:{s:s, s:s, s:s, s:s, s:s}, s:{s:s, s:s, s:s}, s:[{s:s}]}",
							"address",
							"streetAddress",
							street,
							"city",
							city ? city : "AUSTIN",
							"state",
							state,
							"ZIPCode",
							zip ? zip : "78701",
							"ZIPPlus4",
							"1234",
							"additionalInfo",
							"DPVConfirmation",
							"Y",
							"business",
							"N",
							"vacant",
							"N",
							"matches",
							"code",
							"31"));
}

void
usps_name_city(SimRequest *request)
{
	sim_reply(
		request,
		200,
		json_pack("{s:s, s:s, s:s}", "city", "WASHINGTON", "state", "DC", "ZIPCode", "20260"));
}

void
usps_pick_up(SimRequest *request)
{
	char number[32];

	snprintf(number, sizeof number, "WTC%09ld", ++pickups);
	sim_reply_header(request, "ETag", "\"%ld\"", pickups);
	sim_reply(request,
			  200,
			  json_pack("{s:s, s:s}",
						"confirmationNumber",
						number,
						"pickupDate",
						sim_text(request->json, "pickupDate", "")));
}

void
usps_scan_form(SimRequest *request)
{
	json_t *numbers = sim_get(request->json, "shipment.trackingNumbers");
	char form[32];
	size_t i;
	json_t *number;

	json_array_foreach(numbers, i, number)
	{
		DepotPackage *package = depot_package(&usps_depot, json_string_value(number));

		if (!package || package->shipment->voided || package->shipment->closed)
		{
			sim_refuse(request,
					   NULL,
					   "value",
					   "shipment.trackingNumbers",
					   "%.40s is not ready for a form.",
					   json_string_value(number));
			return;
		}
		package->shipment->closed = true;
	}
	snprintf(form, sizeof form, "9275%018ld", ++forms);
	sim_reply(request,
			  200,
			  json_pack("{s:{s:s, s:O?}, s:o}",
						"SCANFormMetaData",
						"manifestNumber",
						form,
						"trackingNumbers",
						numbers,
						"SCANFormImage",
						depot_document(&usps_depot, "PDF", form)));
}
