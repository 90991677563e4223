/*
 * ups_label.c
 *
 * Shipments as UPS's Ship API answers them: numbers, labels, customs forms and
 * the price; and the void that takes a shipment back.  How packages and
 * documents are written is shared with ups_find.c, which recovers labels
 * after an answer was lost.
 */
#include "postgres.h"

#include "connectors/ups.h"

#define ALREADY_VOID  "190117"
#define TRACKING_LINK "https://www.ups.com/track?tracknum="

void
ff_ups_forms(FfJsonWriter *writer, const FfJson *forms)
{
	for (int i = 0; i < ff_json_count(forms); i++)
	{
		const FfJson *form = ff_json_at(forms, i);
		const char *code = ff_json_text_or(form, "Code", "01");

		ff_carrier_write_document(writer,
								  strcmp(code, "01") == 0 ? "invoice" : "customs",
								  ff_json_text_or(form, "Image.ImageFormat.Code", "PDF"),
								  ff_json_text_or(form, "Image.GraphicImage", NULL),
								  NULL,
								  0);
	}
}

void
ff_ups_labelled(FfJsonWriter *writer, int64 number, const char *tracking_number)
{
	ff_carrier_write_package(writer, number, tracking_number, "ups", TRACKING_LINK);
}

static void
write_cost(FfJsonWriter *writer, const FfJson *results)
{
	const FfJson *price = ff_ups_price(ff_json_at(ff_json_get(results, "NegotiatedRateCharges"), 0),
									   ff_json_at(ff_json_get(results, "ShipmentCharges"), 0));

	ff_carrier_write_money(writer,
						   "cost",
						   ff_json_number(price, "MonetaryValue"),
						   ff_json_text(price, "CurrencyCode"));
}

static void
write_created(FfJsonWriter *writer, const FfCall *call, const FfJson *results, const char *id)
{
	const FfJson *packages = ff_json_get(results, "PackageResults");
	const char *kind = ff_carrier_is_return(call) ? "return_label" : "label";

	ff_write_object(writer, "shipment");
	ff_write_text(writer, "provider_reference", id);
	ff_write_text(writer, "state", "accepted");
	ff_write_array(writer, "packages");
	for (int i = 0; i < ff_json_count(packages); i++)
	{
		const char *number =
			ff_json_text_or(ff_json_at(packages, i), "TrackingNumber", i == 0 ? id : NULL);

		if (number != NULL)
			ff_ups_labelled(writer, ff_carrier_package_number(call, i), number);
	}
	if (ff_json_count(packages) == 0)
		ff_ups_labelled(writer, ff_carrier_package_number(call, 0), id);
	ff_write_end(writer);
	ff_write_array(writer, "documents");
	for (int i = 0; i < ff_json_count(packages); i++)
	{
		const FfJson *label = ff_json_get(ff_json_at(packages, i), "ShippingLabel");

		ff_carrier_write_document(writer,
								  kind,
								  ff_json_text(label, "ImageFormat.Code"),
								  ff_json_text_or(label, "GraphicImage", NULL),
								  ff_json_text_or(label, "URL", NULL),
								  ff_carrier_package_number(call, i));
	}
	ff_carrier_write_document(
		writer, kind, NULL, NULL, ff_json_text_or(results, "LabelURL", NULL), 0);
	ff_ups_forms(writer, ff_json_get(results, "Form"));
	ff_write_end(writer);
	write_cost(writer, results);
	ff_write_end(writer);
}

void
ff_ups_ship_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	const FfJson *results;
	const char *id;
	FfJson *json;

	if (!ff_ups_reply(call, reply, FF_REPEAT_AFTER_FIND, outcome, &json))
		return;
	results = ff_json_at(ff_json_get(json, "ShipmentResponse.ShipmentResults"), 0);
	id = ff_json_text_or(results, "ShipmentIdentificationNumber", NULL);
	if (id == NULL)
		id = ff_json_text_or(
			ff_json_at(ff_json_get(results, "PackageResults"), 0), "TrackingNumber", NULL);
	if (id == NULL)
	{
		ff_outcome_set(
			outcome, FF_RESULT_UNKNOWN, "unreadable_answer", "The answer names no shipment.", NULL);
		return;
	}
	write_created(&outcome->body, call, results, id);
	ff_write_text(
		&outcome->body, "warning", ff_ups_warnings(ff_json_get(json, "ShipmentResponse")));
}

void
ff_ups_void_request(const FfCall *call, FfMessage *message)
{
	char *number = ff_carrier_known_number(call);

	if (number == NULL)
		ff_connector_fail("ups",
						  ff_carrier_field(call, "provider_reference"),
						  "Give the tracking number of the shipment's first package.");
	ff_ups_begin(call, message, "DELETE", "/shipments/v2409/void/cancel/");
	ff_message_segment(message, number);
}

/* Whether the answer says that the shipment, or every package of it, is voided. */
static bool
is_voided(const FfJson *answer)
{
	const FfJson *packages = ff_json_get(answer, "PackageLevelResults");
	const char *status = ff_json_text_or(answer, "SummaryResult.Status.Code", "");
	int voided = 0;

	for (int i = 0; i < ff_json_count(packages); i++)
		if (strcmp(ff_json_text_or(ff_json_at(packages, i), "Status.Code", ""), "1") == 0)
			voided++;
	return strcmp(status, "1") == 0 || (voided > 0 && voided == ff_json_count(packages));
}

void
ff_ups_void_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	const FfJson *answer;
	FfJson *json;

	if (ff_ups_reply(call, reply, FF_REPEAT_SAFE, outcome, &json))
	{
		answer = ff_json_get(json, "VoidShipmentResponse");
		if (!ff_json_is_object(ff_json_get(answer, "SummaryResult")))
			ff_outcome_set(outcome,
						   FF_RESULT_RETRY,
						   "unreadable_answer",
						   "The answer does not say whether the shipment is voided.",
						   NULL);
		else if (!is_voided(answer))
			ff_outcome_set(outcome,
						   FF_RESULT_REFUSED,
						   "not_voided",
						   ff_json_text_or(answer,
										   "SummaryResult.Status.Description",
										   "UPS did not void the shipment."),
						   NULL);
	}
	else if (outcome->code && strcmp(outcome->code, ALREADY_VOID) == 0)
		ff_outcome_ok(outcome);
	if (outcome->result == FF_RESULT_OK)
		ff_carrier_write_cancelled(&outcome->body, ff_carrier_known_number(call));
}
