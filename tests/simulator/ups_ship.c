/*
 * ups_ship.c
 *
 * Labels: made, voided, found again.  UPS sells a new label for every ship
 * call it accepts (there is no idempotency), and so does this file; it
 * remembers each by number and by reference, so a test can ask how often a
 * reference was really shipped.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ups.h"

static long serial;

char ups_account[SIM_TEXT_SIZE];
long ups_label_bytes;
long ups_void_window_s;
bool ups_refuse_duplicates;
bool ups_single_objects;

UpsShipment *
ups_shipment(const char *id)
{
	return sim_map_get(&ups_memory.shipments, id);
}

UpsPackage *
ups_package(const char *number)
{
	return sim_map_get(&ups_memory.packages, number);
}

UpsShipment **
ups_shipments_by_reference(const char *reference)
{
	UpsReference *list = sim_map_get(&ups_memory.references, reference);

	return list ? list->shipments : NULL;
}

/* --- ship --- */

static void
collect_references(UpsShipment *shipment, const json_t *request)
{
	size_t i;
	json_t *package;

	for (size_t n = 0; n < 2; n++)
	{
		json_t *value =
			sim_get(json_array_get(json_object_get(request, "ReferenceNumber"), n), "Value");

		if (value)
			json_array_append(shipment->references, value);
	}
	json_array_foreach(json_object_get(request, "Package"), i, package)
	{
		for (size_t n = 0; n < 2; n++)
		{
			json_t *value =
				sim_get(json_array_get(json_object_get(package, "ReferenceNumber"), n), "Value");
			bool known = !value;

			for (size_t k = 0; k < json_array_size(shipment->references); k++)
				known |= json_equal(value, json_array_get(shipment->references, k));
			if (!known)
				json_array_append(shipment->references, value);
		}
	}
}

static void
index_references(UpsShipment *shipment)
{
	for (size_t i = 0; i < json_array_size(shipment->references); i++)
	{
		const char *reference = json_string_value(json_array_get(shipment->references, i));
		UpsReference *list = sim_map_get(&ups_memory.references, reference);

		if (!list)
		{
			list = sim_alloc(sizeof(UpsReference));
			sim_map_put(&ups_memory.references, reference, list);
		}
		list->shipments = sim_realloc(list->shipments, (list->count + 2) * sizeof(UpsShipment *));
		list->shipments[list->count++] = shipment;
		list->shipments[list->count] = NULL;
	}
}

static void
copy(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from);
}

static void
make_packages(UpsShipment *shipment, const json_t *list)
{
	size_t i;
	json_t *package;

	shipment->package_count = (int) json_array_size(list);
	shipment->packages = sim_alloc((size_t) shipment->package_count * sizeof(UpsPackage));
	json_array_foreach(list, i, package)
	{
		UpsPackage *made = &shipment->packages[i];

		ups_number(shipment->account, shipment->service, ++serial, made->number);
		made->shipment = shipment;
		shipment->weight += sim_real(package, "PackageWeight.Weight", 0);
		copy(shipment->weight_unit,
			 sizeof shipment->weight_unit,
			 sim_text(package, "PackageWeight.UnitOfMeasurement.Code", "LBS"));
		sim_map_put(&ups_memory.packages, made->number, made);
	}
	copy(shipment->id, sizeof shipment->id, shipment->packages[0].number);
}

static UpsShipment *
make_shipment(const json_t *body)
{
	const json_t *request = json_object_get(body, "Shipment");
	UpsShipment *shipment = sim_alloc(sizeof(UpsShipment));
	const char *origin =
		json_object_get(request, "ShipFrom") ? "ShipFrom.Address" : "Shipper.Address";
	const json_t *from = sim_get(request, origin);
	double pounds;

	copy(shipment->account,
		 sizeof shipment->account,
		 sim_text(request, "Shipper.ShipperNumber", ""));
	copy(shipment->service, sizeof shipment->service, sim_text(request, "Service.Code", ""));
	copy(shipment->label_format,
		 sizeof shipment->label_format,
		 sim_text(body, "LabelSpecification.LabelImageFormat.Code", ""));
	shipment->created = sim_now();
	shipment->cross_border = strcmp(ups_from_country(request), ups_to_country(request)) != 0;
	shipment->is_return = ups_is_return(request);
	shipment->customs_form = sim_get(request, "ShipmentServiceOptions.InternationalForms") != NULL;
	shipment->context =
		sim_strdup(sim_text(body, "Request.TransactionReference.CustomerContext", ""));
	shipment->to_name = sim_strdup(sim_text(request, "ShipTo.Name", ""));
	shipment->to_city = sim_strdup(sim_text(request, "ShipTo.Address.City", ""));
	copy(shipment->to_state,
		 sizeof shipment->to_state,
		 sim_text(request, "ShipTo.Address.StateProvinceCode", ""));
	copy(shipment->to_postcode,
		 sizeof shipment->to_postcode,
		 sim_text(request, "ShipTo.Address.PostalCode", ""));
	copy(shipment->to_country, sizeof shipment->to_country, ups_to_country(request));
	shipment->from_city = sim_strdup(sim_text(from, "City", ""));
	copy(
		shipment->from_state, sizeof shipment->from_state, sim_text(from, "StateProvinceCode", ""));
	copy(shipment->from_country, sizeof shipment->from_country, ups_from_country(request));
	copy(shipment->currency, sizeof shipment->currency, ups_currency(shipment->from_country));
	shipment->references = json_array();
	make_packages(shipment, json_object_get(request, "Package"));
	pounds = shipment->weight * (strcmp(shipment->weight_unit, "KGS") == 0   ? 2.2046
								 : strcmp(shipment->weight_unit, "OZS") == 0 ? 1 / 16.0
																			 : 1);
	shipment->charge = ups_price(ups_service(shipment->service),
								 shipment->from_country,
								 shipment->to_country,
								 pounds,
								 shipment->package_count);
	collect_references(shipment, request);
	index_references(shipment);
	sim_map_put(&ups_memory.shipments, shipment->id, shipment);
	return shipment;
}

static json_t *
ship_results(const UpsShipment *shipment, bool negotiated, char **images)
{
	json_t *labels = json_array();
	json_t *results;

	for (int i = 0; i < shipment->package_count; i++)
	{
		json_array_append_new(
			labels,
			json_pack("{s:s, s:o, s:o}",
					  "TrackingNumber",
					  shipment->packages[i].number,
					  "ServiceOptionsCharges",
					  ups_money(shipment->currency, 0),
					  "ShippingLabel",
					  ups_label(shipment, i, shipment->label_format, ups_label_bytes, &images[i])));
	}
	results = json_pack("{s:o, s:{s:o, s:o, s:o}, s:s}",
						"BillingWeight",
						ups_weight(strcmp(shipment->weight_unit, "KGS") == 0 ? "KGS" : "LBS",
								   ceil(shipment->weight)),
						"ShipmentCharges",
						"TransportationCharges",
						ups_money(shipment->currency, shipment->charge),
						"ServiceOptionsCharges",
						ups_money(shipment->currency, 0),
						"TotalCharges",
						ups_money(shipment->currency, shipment->charge),
						"ShipmentIdentificationNumber",
						shipment->id);
	if (negotiated)
		json_object_set_new(
			results,
			"NegotiatedRateCharges",
			json_pack("{s:o}",
					  "TotalCharge",
					  ups_money(shipment->currency, round(shipment->charge * 65) / 100)));
	if (ups_single_objects && shipment->package_count == 1)
	{
		/* The older shape: one result is an object, not an array of one. */
		json_object_set(results, "PackageResults", json_array_get(labels, 0));
		json_decref(labels);
	}
	else
		json_object_set_new(results, "PackageResults", labels);
	if (shipment->customs_form)
		json_object_set_new(results, "Form", ups_invoice(shipment));
	return results;
}

/* Things UPS accepts that are surely not meant. */
static void
note_doubts(SimRequest *request, const json_t *body)
{
	const json_t *shipment = json_object_get(body, "Shipment");
	const char *format = sim_text(body, "LabelSpecification.LabelImageFormat.Code", "");

	if (strcmp(format, "GIF") == 0 && !sim_get(body, "LabelSpecification.HTTPUserAgent"))
		sim_offence(request,
					false,
					"required",
					"ShipmentRequest.LabelSpecification.HTTPUserAgent",
					"GIF labels want HTTPUserAgent \"Mozilla/4.5\".");
	if (strcmp(format, "GIF") != 0 && !sim_get(body, "LabelSpecification.LabelStockSize"))
		sim_offence(request,
					false,
					"required",
					"ShipmentRequest.LabelSpecification.LabelStockSize",
					"Thermal labels need a stock size.");
	if (!sim_get(shipment, "ReferenceNumber") && !sim_get(shipment, "Package.0.ReferenceNumber"))
		sim_offence(request,
					false,
					"required",
					"ShipmentRequest.Shipment.ReferenceNumber",
					"Without a reference a lost answer cannot be looked up.");
}

static bool
is_our_account(SimRequest *request, const json_t *body)
{
	const char *number = sim_text(body, "Shipment.Shipper.ShipperNumber", "");

	if (!*ups_account || strcasecmp(ups_account, number) == 0)
		return true;
	sim_offence(request,
				true,
				"value",
				"ShipmentRequest.Shipment.Shipper.ShipperNumber",
				"Account %.10s is not registered with this client, %.10s is.",
				number,
				ups_account);
	ups_error(request, 400, "120124", "Missing or invalid shipper number");
	return false;
}

void
ups_ship(SimRequest *request)
{
	const json_t *body = json_object_get(request->json, "ShipmentRequest");
	const json_t *wanted = json_object_get(body, "Shipment");
	const char *reference = sim_text(wanted,
									 "ReferenceNumber.0.Value",
									 sim_text(wanted, "Package.0.ReferenceNumber.0.Value", ""));
	UpsShipment *shipment;
	char **images;

	if (!ups_obeys(request, ups_ship_laws, wanted) || !is_our_account(request, body))
		return;
	note_doubts(request, body);
	if (ups_refuse_duplicates && sim_map_get(&ups_memory.references, reference))
	{
		ups_error(request, 400, "120021", "The same shipment was requested twice");
		return;
	}
	shipment = make_shipment(body);
	images = sim_alloc((size_t) shipment->package_count * sizeof *images);
	ups_reply_images(
		request,
		json_pack("{s:{s:o, s:o}}",
				  "ShipmentResponse",
				  "Response",
				  ups_success(request),
				  "ShipmentResults",
				  ship_results(shipment,
							   sim_get(wanted, "ShipmentRatingOptions.NegotiatedRatesIndicator"),
							   images)),
		images,
		shipment->package_count);
}

/* --- void --- */

int
ups_live_packages(const UpsShipment *shipment)
{
	int live = 0;

	for (int i = 0; i < shipment->package_count; i++)
		live += !shipment->packages[i].voided;
	return live;
}

/* The numbers of ?trackingnumber=: one, or several as the text of a JSON array; NULL: all. */
static json_t *
numbers_to_void(const SimRequest *request)
{
	const char *text = sim_query(request, "trackingnumber");

	if (!text)
		return NULL;
	return *text == '[' ? json_loads(text, 0, NULL) : json_pack("[s]", text);
}

static void
void_packages(SimRequest *request, UpsShipment *shipment, const json_t *numbers)
{
	json_t *results = json_array();

	for (int i = 0; i < shipment->package_count; i++)
	{
		UpsPackage *package = &shipment->packages[i];
		bool named = !numbers;

		for (size_t k = 0; k < json_array_size(numbers); k++)
			named |= sim_is_text(json_array_get(numbers, k), package->number);
		if (!named)
			continue;
		package->voided = true;
		json_array_append_new(results,
							  json_pack("{s:s, s:{s:s, s:s}}",
										"TrackingNumber",
										package->number,
										"Status",
										"Code",
										"1",
										"Description",
										"Voided"));
	}
	sim_reply(request,
			  200,
			  json_pack("{s:{s:o, s:{s:{s:s, s:s}}, s:o}}",
						"VoidShipmentResponse",
						"Response",
						ups_success(request),
						"SummaryResult",
						"Status",
						"Code",
						json_array_size(results) ? "1" : "0",
						"Description",
						json_array_size(results) ? "Voided" : "Not Voided",
						"PackageLevelResults",
						results));
}

void
ups_void(SimRequest *request)
{
	UpsShipment *shipment = ups_shipment(request->argument[0]);
	json_t *numbers = numbers_to_void(request);

	ups_memory.void_calls++;
	if (!ups_number_is_valid(request->argument[0]))
		sim_refuse(request,
				   NULL,
				   "form",
				   "shipmentId",
				   "\"%.40s\" is no valid upper-case 1Z number.",
				   request->argument[0]);
	else if (!shipment)
		ups_error(request, 400, "190102", "No shipment found within the allowed void period");
	else if (!ups_live_packages(shipment))
		ups_error(request, 400, "190117", "The shipment has already been voided");
	else if (sim_now() > shipment->created + (double) ups_void_window_s)
		ups_error(request, 400, "190101", "Time for voiding has expired");
	else if (numbers && (shipment->cross_border || shipment->is_return))
		ups_error(request,
				  400,
				  "190112",
				  "Packages of international and return shipments cannot be voided one by one");
	else
		void_packages(request, shipment, numbers);
	json_decref(numbers);
}

/* --- label recovery --- */

static void
answer_labels(SimRequest *request, const UpsShipment *shipment)
{
	json_t *labels = json_array();
	char **images = sim_alloc((size_t) shipment->package_count * sizeof *images);
	const char *format = sim_text(request->json,
								  "LabelRecoveryRequest.LabelSpecification.LabelImageFormat.Code",
								  shipment->label_format);

	for (int i = 0; i < shipment->package_count; i++)
	{
		json_t *label = ups_label(shipment, i, format, ups_label_bytes, &images[i]);

		json_array_append_new(labels,
							  json_pack("{s:s, s:{s:O, s:O}}",
										"TrackingNumber",
										shipment->packages[i].number,
										"LabelImage",
										"LabelImageFormat",
										json_object_get(label, "ImageFormat"),
										"GraphicImage",
										json_object_get(label, "GraphicImage")));
		json_decref(label);
	}
	ups_reply_images(request,
					 json_pack("{s:{s:o, s:s, s:o}}",
							   "LabelRecoveryResponse",
							   "Response",
							   ups_success(request),
							   "ShipmentIdentificationNumber",
							   shipment->id,
							   "LabelResults",
							   labels),
					 images,
					 shipment->package_count);
}

static void
answer_candidates(SimRequest *request, UpsShipment **list)
{
	json_t *candidates = json_array();
	char date[40];

	for (; *list; list++)
	{
		sim_time((*list)->created, 0, "%Y%m%d", date);
		for (int i = 0; i < (*list)->package_count; i++)
			json_array_append_new(candidates,
								  json_pack("{s:s, s:s, s:{s:s, s:s}}",
											"TrackingNumber",
											(*list)->packages[i].number,
											"DestinationPostalCode",
											(*list)->to_postcode,
											"PickupDateRange",
											"BeginDate",
											date,
											"EndDate",
											date));
	}
	sim_reply(request,
			  200,
			  json_pack("{s:{s:o, s:o}}",
						"LabelRecoveryResponse",
						"Response",
						ups_success(request),
						"TrackingCandidate",
						candidates));
}

void
ups_recover_label(SimRequest *request)
{
	const json_t *body = json_object_get(request->json, "LabelRecoveryRequest");
	const char *number = sim_text(body, "TrackingNumber", NULL);
	const char *reference = sim_text(body, "ReferenceValues.ReferenceNumber.Value", NULL);
	UpsPackage *package = number ? ups_package(number) : NULL;
	UpsShipment **list = reference ? ups_shipments_by_reference(reference) : NULL;
	UpsShipment *live = NULL;
	int found = 0;

	if (!number && !reference)
	{
		sim_refuse(request,
				   NULL,
				   "required",
				   "LabelRecoveryRequest.ReferenceValues",
				   "Either TrackingNumber or ReferenceValues is needed.");
		return;
	}
	if (package && !package->voided)
		live = package->shipment;
	for (UpsShipment **at = list; at && *at; at++)
	{
		if (strcasecmp((*at)->account, sim_text(body, "ReferenceValues.ShipperNumber", "")) != 0 ||
			!ups_live_packages(*at))
			continue;
		found++;
		live = *at;
	}
	if (found > 1)
		answer_candidates(request, list);
	else if (live)
		answer_labels(request, live);
	else if (package || list)
		ups_error(request, 400, "300033", "The shipment was voided");
	else
		ups_error(request, 400, "300007", "No label was found for the given criteria");
}

static void
free_shipment(void *subject)
{
	UpsShipment *shipment = subject;

	for (int i = 0; i < shipment->package_count; i++)
		json_decref(shipment->packages[i].reported);
	free(shipment->packages);
	json_decref(shipment->references);
	free(shipment->context);
	free(shipment->to_name);
	free(shipment->to_city);
	free(shipment->from_city);
	free(shipment);
}

static void
free_references(void *subject)
{
	UpsReference *list = subject;

	free(list->shipments);
	free(list);
}

void
ups_ship_reset(void)
{
	sim_map_clear(&ups_memory.references, free_references);
	sim_map_clear(&ups_memory.packages, NULL);
	sim_map_clear(&ups_memory.shipments, free_shipment);
	ups_memory.void_calls = 0;
	serial = 0;
}
