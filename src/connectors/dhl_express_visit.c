/*
 * dhl_express_visit.c
 *
 * Places without a shipment: validate_address, which tells whether DHL
 * delivers to a city and postcode (it does not look at streets), and
 * schedule_pickup.  Times of a pickup are those of the clock at the place.
 */
#include "postgres.h"

#include "connectors/dhl_express.h"

void
ff_dhx_address_request(const FfCall *call, FfMessage *message)
{
	const FfJson *address = ff_json_get(call->document, "address");
	const char *country = ff_carrier_country(address);

	if (country == NULL)
		ff_connector_fail(call->connector, "address.country", "Give the country as two letters.");
	ff_dhx_begin(call, message, "GET", "/address-validate");
	ff_message_query(message, "type", "delivery");
	ff_message_query(message, "countryCode", country);
	ff_message_query(message, "postalCode", ff_carrier_text(address, "postcode", 12));
	ff_message_query(message, "cityName", ff_carrier_text(address, "city", 45));
	ff_message_query(message, "strictValidation", "true");
}

static void
write_place(FfJsonWriter *writer, const char *key, const FfJson *place)
{
	ff_write_object(writer, key);
	ff_write_text(writer, "city", ff_carrier_text(place, "cityName", 45));
	ff_write_text(writer, "postcode", ff_carrier_text(place, "postalCode", 12));
	ff_write_text(writer, "country", ff_carrier_text(place, "countryCode", 2));
	ff_write_end(writer);
}

void
ff_dhx_address_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJsonWriter *writer = &outcome->body;
	const FfJson *places;
	const char *field = "postcode";
	FfJson *json;

	if (!ff_dhx_reply(call, reply, FF_REPEAT_SAFE, outcome, &json))
	{
		bool judged = outcome->field && strncmp(outcome->field, "ship_", 5) == 0;

		/* a refusal of the place is the answer to the question */
		if (outcome->result != FF_RESULT_REFUSED || (!judged && reply->status != 404))
			return;
		if (judged && strchr(outcome->field, '.') != NULL)
			field = strchr(outcome->field, '.') + 1;
		ff_write_text(
			writer, "warning", outcome->message ? ff_plain_text(outcome->message, 200) : NULL);
		ff_outcome_ok(outcome);
	}
	places = ff_json_get(json, "address");
	ff_write_object(writer, "address");
	ff_write_bool(writer, "valid", ff_json_count(places) > 0);
	if (ff_json_count(places) > 0)
		write_place(writer, "suggestion", ff_json_at(places, 0));
	else
		ff_write_text(writer, "field", field);
	if (ff_json_count(places) > 1)
	{
		ff_write_array(writer, "candidates");
		for (int i = 0; i < ff_json_count(places); i++)
			write_place(writer, NULL, ff_json_at(places, i));
		ff_write_end(writer);
	}
	ff_write_end(writer);
	if (reply->status < 300)
		ff_write_text(writer, "warning", ff_dhx_warnings(json));
}

/* The parcels of a call that has some; else as many of equal weight as the pickup tells. */
static void
write_parcels(FfJsonWriter *writer, const FfCall *call, bool pounds)
{
	int64 count = ff_carrier_pickup_count(call);
	int64 grams = ff_carrier_pickup_grams(call);

	if (ff_json_count(ff_json_get(ff_carrier_subject(call), "packages")) > 0)
	{
		ff_dhx_packages(writer, call, pounds);
		return;
	}
	if (grams <= 0)
		ff_connector_fail(call->connector, "pickup.weight_g", "Give the weight of all parcels.");
	ff_write_array(writer, "packages");
	for (int64 i = 0; i < count; i++)
	{
		ff_write_object(writer, NULL);
		ff_dhx_weight(writer, "weight", grams / count, pounds);
		ff_write_end(writer);
	}
	ff_write_end(writer);
}

/* What the clock there shows, with its zone. */
static char *
planned_time(const FfCall *call, const char *country)
{
	TimestampTz ready = ff_carrier_local_clock(call, "ready_at");
	char *local = ff_time_format(ready, "%Y-%m-%dT%H:%M:%S");
	char *utc = ff_carrier_zoned_time(local, ff_dhx_zone(call, country));

	if (!ff_time_parse(utc, &ready))
		return psprintf("%sGMT+00:00", local);
	return ff_dhx_time(call, ready, country);
}

void
ff_dhx_pickup_request(const FfCall *call, FfMessage *message)
{
	const FfJson *pickup = ff_json_get(call->document, "pickup");
	const FfJson *address = ff_carrier_pickup_address(call);
	const char *country = ff_carrier_country(address);
	const char *product = ff_json_text_or(pickup, "service", ff_dhx_product(call));
	char *note = ff_carrier_text(pickup, "note", 80);
	bool pounds = country && ff_carrier_pounds(country);
	FfJsonWriter writer;

	if (country == NULL)
		ff_connector_fail(
			call->connector, "pickup.address.country", "Give the country as two letters.");
	ff_dhx_begin(call, message, "POST", "/pickups");
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_text(&writer, "plannedPickupDateAndTime", planned_time(call, country));
	ff_write_text(
		&writer, "closeTime", ff_time_format(ff_carrier_local_clock(call, "close_at"), "%H:%M"));
	ff_write_text(&writer, "location", ff_carrier_text(pickup, "location", 80));
	ff_write_text(&writer,
				  "locationType",
				  ff_json_bool(address, "residential", false) ? "residence" : "business");
	ff_write_array(&writer, "accounts");
	ff_write_object(&writer, NULL);
	ff_write_text(&writer, "typeCode", "shipper");
	ff_write_text(&writer, "number", ff_dhx_account(call));
	ff_write_end(&writer);
	ff_write_end(&writer);
	if (note != NULL)
	{
		ff_write_array(&writer, "specialInstructions");
		ff_write_object(&writer, NULL);
		ff_write_text(&writer, "value", note);
		ff_write_end(&writer);
		ff_write_end(&writer);
	}
	ff_write_object(&writer, "customerDetails");
	ff_write_object(&writer, "shipperDetails");
	ff_dhx_party(&writer, call, address, "pickup.address");
	ff_write_end(&writer);
	ff_write_end(&writer);
	ff_write_array(&writer, "shipmentDetails");
	ff_write_object(&writer, NULL);
	ff_write_text(&writer, "productCode", product ? product : "P");
	ff_write_bool(&writer, "isCustomsDeclarable", false);
	ff_dhx_units(&writer, pounds);
	ff_write_text(&writer,
				  "shipmentTrackingNumber",
				  ff_carrier_text(ff_carrier_subject(call), "provider_reference", 40));
	write_parcels(&writer, call, pounds);
	ff_message_json(message, &writer);
}

void
ff_dhx_pickup_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	char *number;
	FfJson *json;

	if (!ff_dhx_reply(call, reply, FF_REPEAT_NEVER, outcome, &json))
		return;
	number = ff_json_text(ff_json_at(ff_json_get(json, "dispatchConfirmationNumbers"), 0), "");
	if (number == NULL)
	{
		ff_outcome_unreadable(outcome, FF_RESULT_UNKNOWN, "The answer names no pickup.");
		return;
	}
	ff_write_object(&outcome->body, "pickup");
	ff_write_text(&outcome->body, "provider_reference", number);
	ff_write_text(&outcome->body, "date", ff_json_text(json, "nextPickupDate"));
	ff_write_text(&outcome->body, "ready_by", ff_json_text(json, "readyByTime"));
	ff_write_end(&outcome->body);
	ff_write_text(&outcome->body, "warning", ff_dhx_warnings(json));
}
