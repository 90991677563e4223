/*
 * fedex_package.c
 *
 * The packages of a shipment as the Rate and Ship APIs take them, and what is
 * asked of FedEx beside transport: signature and insured value by package;
 * Saturday, collect on delivery, a place to hold the parcel, a return and
 * electronic documents by shipment.  Empty lists and objects are refused in
 * places, so nothing is written that holds nothing.
 */
#include "postgres.h"

#include "connectors/decimal.h"
#include "connectors/fedex.h"

#define LARGEST_SIDE 999
#define REASON       60
#define LOCATION     20

char *
ff_fedex_weight_text(bool pounds, int64 grams)
{
	return ff_decimal_trim(
		ff_grams_to(grams, pounds ? FF_GRAMS_PER_POUND : FF_GRAMS_PER_KILOGRAM, 2));
}

void
ff_fedex_weight(FfJsonWriter *writer, const char *key, bool pounds, int64 grams)
{
	ff_write_object(writer, key);
	ff_write_text(writer, "units", pounds ? "LB" : "KG");
	ff_write_number(writer, "value", ff_fedex_weight_text(pounds, grams));
	ff_write_end(writer);
}

static void
dimensions(FfJsonWriter *writer, const FfJson *package, bool pounds)
{
	static const char *const names[] = {"length", "width", "height"};
	int64 sides[3];

	if (!ff_carrier_sides(package, pounds ? FF_MM_PER_INCH : FF_MM_PER_CENTIMETRE, sides))
		return;
	ff_write_object(writer, "dimensions");
	for (int i = 0; i < 3; i++)
		ff_write_int(writer, names[i], Min(sides[i], LARGEST_SIDE));
	ff_write_text(writer, "units", pounds ? "IN" : "CM");
	ff_write_end(writer);
}

static const FfCarrierCode signatures[] = {
	{"NO_SIGNATURE_REQUIRED", "no signature"},
	{"SERVICE_DEFAULT", "default"},
	{"INDIRECT", "neighbour|neighbor"},
	{"ADULT", "adult signature"},
	{"DIRECT", "true|yes|required|signature"},
};

/* Nobody signs for what comes back. */
static void
signature(FfJsonWriter *writer, const FfCall *call, const FfFedexLane *lane)
{
	const FfJson *subject = ff_carrier_subject(call);
	const char *wish = ff_json_text_or(subject, "options.signature", "");
	int row = FF_CARRIER_CODE(signatures, "fedex", wish);
	bool adult;

	if (lane->is_return || !ff_carrier_signature(subject, &adult))
		return;
	ff_write_object(writer, "packageSpecialServices");
	ff_write_raw(writer, "specialServiceTypes", "[\"SIGNATURE_OPTION\"]");
	if (row >= 0)
		ff_write_text(writer, "signatureOptionType", signatures[row].code);
	else
		ff_write_text(writer, "signatureOptionType", adult ? "ADULT" : "DIRECT");
	ff_write_end(writer);
}

static void
reference(FfJsonWriter *writer, const char *type, const char *value)
{
	if (value == NULL)
		return;
	ff_write_object(writer, NULL);
	ff_write_text(writer, "customerReferenceType", type);
	ff_write_text(writer, "value", value);
	ff_write_end(writer);
}

/* By the first of them a shipment is found whose label was lost. */
static void
references(FfJsonWriter *writer, const FfCall *call, const FfFedexLane *lane)
{
	const FfJson *subject = ff_carrier_subject(call);
	const char *ours = ff_carrier_reference(subject, FEDEX_REFERENCE);

	ff_write_array(writer, "customerReferences");
	reference(writer, "CUSTOMER_REFERENCE", ours);
	if (lane->is_return)
		reference(writer, "RMA_ASSOCIATION", ff_carrier_text(subject, "number", FEDEX_REFERENCE));
	ff_write_end(writer);
}

void
ff_fedex_packages(FfJsonWriter *writer, const FfCall *call, const FfFedexLane *lane)
{
	bool rating = call->operation == FF_OP_QUOTE_RATES;

	ff_write_array(writer, "requestedPackageLineItems");
	for (int i = 0; i < ff_carrier_package_count(call); i++)
	{
		const char *currency;
		char *insured = ff_carrier_insured(call, i, &currency);

		ff_write_object(writer, NULL);
		if (!rating)
			ff_write_int(writer, "sequenceNumber", i + 1);
		ff_fedex_weight(writer, "weight", lane->pounds, ff_carrier_grams(call, i));
		dimensions(writer, ff_carrier_package(call, i), lane->pounds);
		ff_carrier_write_money(writer, "declaredValue", insured, currency);
		if (!rating)
			references(writer, call, lane);
		signature(writer, call, lane);
		ff_write_end(writer);
	}
	ff_write_end(writer);
}

/* Why goods come back, in the words of the call. */
static char *
return_reason(const FfJson *subject)
{
	static const char *const paths[] = {
		"options.return_reason", "lines.0.reason", "comment", "reason"};
	char *reason = NULL;

	for (int i = 0; reason == NULL && i < (int) lengthof(paths); i++)
		reason = ff_carrier_text(subject, paths[i], REASON);
	return reason ? reason : pstrdup("Return");
}

/* A return names the shipment it brings back, when FedEx brought it. */
static void
return_detail(FfJsonWriter *writer, const FfCall *call)
{
	const FfJson *subject = ff_carrier_subject(call);
	char *number = ff_carrier_text(subject, "shipment_provider_reference", FEDEX_REFERENCE);

	ff_write_object(writer, "returnShipmentDetail");
	ff_write_text(writer, "returnType", "PRINT_RETURN_LABEL");
	if (call->operation != FF_OP_QUOTE_RATES)
	{
		ff_write_object(writer, "rma");
		ff_write_text(writer, "reason", return_reason(subject));
		ff_write_end(writer);
		if (number != NULL)
		{
			ff_write_object(writer, "returnAssociationDetail");
			ff_write_text(writer, "trackingNumber", number);
			ff_write_end(writer);
		}
	}
	ff_write_end(writer);
}

/* The id of a place that holds the parcel for its receiver; NULL when none is wished. */
static char *
holding_place(const FfJson *subject)
{
	const FfJson *point = ff_json_get(subject, "options.service_point");

	return ff_carrier_text(point, ff_json_is_object(point) ? "id" : "", LOCATION);
}

static bool
electronic(const FfCall *call, const FfFedexLane *lane)
{
	return call->operation != FF_OP_QUOTE_RATES && ff_fedex_prints_invoice(call, lane) &&
		   ff_json_bool(call->config, "electronic_documents", false);
}

void
ff_fedex_special_services(FfJsonWriter *writer, const FfCall *call, const FfFedexLane *lane)
{
	const FfJson *subject = ff_carrier_subject(call);
	const char *currency;
	char *cod = lane->is_return ? NULL : ff_carrier_amount(subject, "options.cod", &currency);
	char *place = lane->is_return ? NULL : holding_place(subject);
	const struct
	{
		const char *type;
		bool wanted;
	} wishes[] = {
		{"SATURDAY_DELIVERY", ff_json_bool(subject, "options.saturday", false)},
		{"FEDEX_ONE_RATE", ff_json_bool(subject, "options.one_rate", false)},
		{"COD", cod != NULL},
		{"HOLD_AT_LOCATION", place != NULL},
		{"RETURN_SHIPMENT", lane->is_return},
		{"ELECTRONIC_TRADE_DOCUMENTS", electronic(call, lane)},
	};
	bool any = false;

	for (int i = 0; i < (int) lengthof(wishes); i++)
	{
		if (!wishes[i].wanted)
			continue;
		if (!any)
		{
			ff_write_object(writer, "shipmentSpecialServices");
			ff_write_array(writer, "specialServiceTypes");
		}
		any = true;
		ff_write_text(writer, NULL, wishes[i].type);
	}
	if (!any)
		return;
	ff_write_end(writer);
	if (cod != NULL)
	{
		ff_write_object(writer, "shipmentCODDetail");
		ff_write_text(writer, "codCollectionType", "ANY");
		ff_carrier_write_money(writer, "codCollectionAmount", cod, currency);
		ff_write_end(writer);
	}
	if (place != NULL)
	{
		ff_write_object(writer, "holdAtLocationDetail");
		ff_write_text(writer, "locationId", place);
		ff_write_end(writer);
	}
	if (lane->is_return)
		return_detail(writer, call);
	if (electronic(call, lane))
		ff_write_raw(writer, "etdDetail", "{\"requestedDocumentTypes\":[\"COMMERCIAL_INVOICE\"]}");
	ff_write_end(writer);
}
