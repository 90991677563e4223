/*
 * dhl_parcel_de_visit.c
 *
 * What happens at a customer's or a sender's door: return labels, pickups,
 * and whether DHL's machines can read an address there, which a dry run of an
 * order tells for German addresses alone.
 */
#include "postgres.h"

#include "connectors/decimal.h"
#include "connectors/dhl_parcel_de.h"
#include "utils/formatting.h"

#define REFERENCE        50
#define PICKUP_REFERENCE 20
#define COMMENT          100
#define ITEM_DESCRIPTION 50
#define DRY_RUN_GRAMS    1000
#define CUSTOMS_VALUES   "EUR GBP CHF"

/* Returns whose weight nobody told go without. */
static bool
is_weighed(const FfCall *call)
{
	const FfJson *subject = ff_carrier_subject(call);
	const FfJson *lines = ff_json_get(subject, "lines");

	for (int i = 0; i < ff_json_count(lines); i++)
		if (ff_json_double_or(ff_json_at(lines, i), "weight_g", 0) <= 0)
			return ff_json_double_or(ff_carrier_package(call, 0), "weight_g", 0) > 0;
	return ff_json_count(lines) > 0 ||
		   ff_json_double_or(ff_carrier_package(call, 0), "weight_g", 0) > 0;
}

/* The receiver of returns stands in the portal, by country of who sends. */
static const char *
return_receiver(const FfCall *call, const char *country)
{
	const char *given = ff_json_text_or(ff_carrier_subject(call),
										"options.return_receiver",
										ff_carrier_setting(call, "return_receiver"));

	return given ? given : asc_tolower(country, strlen(country));
}

void
ff_pde_return_request(const FfCall *call, FfMessage *message)
{
	const FfJson *subject = ff_carrier_subject(call);
	const FfJson *customer = ff_carrier_need_role(call, FF_SHIP_FROM);
	const char *country = ff_pde_country(ff_carrier_country(customer));
	const char *currency = ff_carrier_currency(subject);
	char *value = ff_carrier_goods_value(subject, ff_json_get(subject, "lines"));
	FfJsonWriter writer;

	if (country == NULL)
		ff_carrier_fail(call, "ship_from.country", "Give the country as two letters.");
	ff_pde_begin(call, message, "POST", PDE_RETURNS, "/orders");
	ff_message_query(message,
					 "labelType",
					 ff_json_text_or(subject,
									 "options.return_label_type",
									 ff_carrier_setting(call, "return_label_type")));
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_text(&writer, "receiverId", return_receiver(call, country));
	ff_write_text(&writer, "customerReference", ff_carrier_reference(subject, REFERENCE));
	ff_write_text(
		&writer, "shipmentReference", ff_carrier_text(subject, "shipment_reference", REFERENCE));
	ff_write_object(&writer, "shipper");
	ff_pde_address(&writer, customer, PDE_WITH_HOUSE | PDE_WITH_NAME3);
	ff_write_text(&writer, "phone", ff_carrier_text(customer, "phone", 20));
	ff_write_text(&writer, "email", ff_carrier_email(customer, 80));
	ff_write_end(&writer);
	if (is_weighed(call))
		ff_pde_weight(&writer, "itemWeight", ff_carrier_total_grams(call));
	if (value != NULL && currency && ff_carrier_among(currency, CUSTOMS_VALUES))
		ff_pde_value(&writer, "itemValue", value, currency);
	if (!ff_carrier_in_eu(ff_carrier_country(customer)))
	{
		ff_write_object(&writer, "customsDetails");
		ff_pde_items(&writer, call, 0, ITEM_DESCRIPTION);
		ff_write_end(&writer);
	}
	ff_message_json(message, &writer);
}

void
ff_pde_return_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJsonWriter *writer = &outcome->body;
	FfPdeFailure failure;
	const char *number;
	const char *link;
	FfJson *json;

	if (!ff_pde_reply(call, reply, FF_REPEAT_NEVER, outcome, &json))
		return;
	failure = ff_pde_item(call, json, 0);
	number =
		ff_json_text_or(json, "shipmentNo", ff_json_text_or(json, "internationalShipmentNo", NULL));
	if (failure.result != FF_RESULT_OK && number == NULL &&
		ff_json_is_object(ff_json_get(json, "sstatus")))
	{
		ff_outcome_set(outcome, failure.result, failure.code, failure.message, failure.field);
		return;
	}
	if (number == NULL)
	{
		ff_outcome_unreadable(outcome, FF_RESULT_UNKNOWN, "The answer names no return.");
		return;
	}
	link = ff_json_text_or(json, "qrLink", NULL);
	ff_write_object(writer, "shipment");
	ff_write_text(writer, "provider_reference", number);
	ff_write_text(writer, "state", "accepted");
	ff_write_array(writer, "packages");
	ff_pde_package(writer, ff_carrier_package_number(call, 0), number);
	ff_write_end(writer);
	ff_write_array(writer, "documents");
	ff_pde_document(writer, "return_label", ff_json_get(json, "label"), 0);
	ff_carrier_write_document(
		writer, "return_label", "png", ff_json_text_or(json, "qrLabel.b64", NULL), link, 0);
	ff_write_end(writer);
	ff_write_end(writer);
}

static void
write_location(FfJsonWriter *writer, const FfCall *call)
{
	const char *known = ff_json_text_or(
		call->document, "pickup.location", ff_carrier_setting(call, "pickup_location"));
	const FfJson *address = ff_carrier_pickup_address(call);

	ff_write_object(writer, "pickupLocation");
	ff_write_text(writer, "type", known ? "Id" : "Address");
	ff_write_text(writer, "asId", known);
	if (known == NULL)
	{
		if (!ff_json_is_object(address))
			ff_connector_fail(call->connector, "pickup.address", "Give the address.");
		ff_write_object(writer, "pickupAddress");
		ff_pde_address(writer, address, PDE_WITH_HOUSE | PDE_WITH_ALPHA2);
		ff_write_end(writer);
	}
	ff_write_end(writer);
}

static void
write_contact(FfJsonWriter *writer, const FfJson *address)
{
	char *name = ff_carrier_text(address, "name", PDE_NAME);
	char *phone = ff_carrier_text(address, "phone", PDE_NAME);
	char *email = ff_carrier_email(address, 250);

	if (phone == NULL && email == NULL)
		return;
	ff_write_array(writer, "contactPerson");
	ff_write_object(writer, NULL);
	ff_write_text(writer, "name", name ? name : ff_carrier_text(address, "company", PDE_NAME));
	ff_write_text(writer, "phone", phone);
	ff_write_text(writer, "email", email);
	ff_write_end(writer);
	ff_write_end(writer);
}

void
ff_pde_pickup_request(const FfCall *call, FfMessage *message)
{
	const FfJson *pickup = ff_json_get(call->document, "pickup");
	TimestampTz ready = ff_carrier_local_clock(call, "ready_at");
	TimestampTz close = ff_carrier_local_clock(call, "close_at");
	int64 grams = ff_carrier_pickup_grams(call);
	FfJsonWriter writer;

	ff_pde_begin(call, message, "POST", PDE_PICKUP, "/orders");
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_object(&writer, "customerDetails");
	ff_write_text(&writer, "billingNumber", ff_pde_billing_number(call, "V01PAK"));
	ff_write_end(&writer);
	write_location(&writer, call);
	ff_write_array(&writer, "businessHours");
	ff_write_object(&writer, NULL);
	ff_write_text(&writer, "timeFrom", ff_time_format(ready, "%H:%M"));
	ff_write_text(&writer, "timeUntil", ff_time_format(close, "%H:%M"));
	ff_write_end(&writer);
	ff_write_end(&writer);
	write_contact(&writer, ff_carrier_pickup_address(call));
	ff_write_object(&writer, "pickupDetails");
	ff_write_object(&writer, "pickupDate");
	ff_write_text(&writer, "type", "Date");
	ff_write_text(&writer, "value", ff_time_format(ready, "%Y-%m-%d"));
	ff_write_end(&writer);
	if (grams > 0)
		ff_pde_weight(&writer, "totalWeight", grams);
	ff_write_text(&writer, "comment", ff_carrier_text(pickup, "note", COMMENT));
	ff_write_end(&writer);
	ff_write_object(&writer, "shipmentDetails");
	ff_write_array(&writer, "shipments");
	for (int64 i = 0; i < ff_carrier_pickup_count(call); i++)
	{
		ff_write_object(&writer, NULL);
		ff_write_text(&writer, "transportationType", "PAKET");
		ff_write_text(&writer, "shipmentNo", ff_carrier_tracking_number(call, (int) i));
		ff_write_text(
			&writer, "customerReference", ff_carrier_text(pickup, "reference", PICKUP_REFERENCE));
		ff_write_end(&writer);
	}
	ff_message_json(message, &writer);
}

void
ff_pde_pickup_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	const FfJson *order;
	const char *number;
	FfJson *json;

	if (!ff_pde_reply(call, reply, FF_REPEAT_NEVER, outcome, &json))
		return;
	order = ff_json_get(json, "confirmation.value");
	number = ff_json_text_or(order, "orderID", NULL);
	if (number == NULL)
	{
		ff_outcome_unreadable(outcome, FF_RESULT_UNKNOWN, "The answer names no pickup.");
		return;
	}
	ff_write_object(&outcome->body, "pickup");
	ff_write_text(&outcome->body, "provider_reference", number);
	ff_write_text(&outcome->body, "date", ff_json_text(order, "pickupDate"));
	ff_write_end(&outcome->body);
}

void
ff_pde_address_request(const FfCall *call, FfMessage *message)
{
	const FfJson *address = ff_json_get(call->document, "address");
	const FfJson *sender = ff_json_get(call->config, "shipper");
	const char *country = ff_carrier_country(address);
	FfJsonWriter writer;

	if (country == NULL || strcmp(country, "DE") != 0)
		ff_connector_fail(
			call->connector, "address.country", "DHL Parcel DE checks German addresses only.");
	ff_pde_begin(call, message, "POST", PDE_SHIPPING, "/orders");
	ff_message_query(message, "validate", "true");
	ff_message_query(message, "mustEncode", "true");
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_text(&writer, "profile", ff_carrier_setting(call, "profile"));
	ff_write_array(&writer, "shipments");
	ff_write_object(&writer, NULL);
	ff_write_text(&writer, "product", "V01PAK");
	ff_write_text(&writer, "billingNumber", ff_pde_billing_number(call, "V01PAK"));
	ff_write_text(&writer, "shipDate", ff_pde_ship_date(call));
	ff_pde_shipper(&writer, call, ff_json_is_object(sender) ? sender : address);
	ff_pde_consignee(&writer, call, address);
	ff_write_object(&writer, "details");
	ff_pde_weight(&writer, "weight", DRY_RUN_GRAMS);
	ff_write_end(&writer);
	ff_write_end(&writer);
	ff_message_json(message, &writer);
}

void
ff_pde_address_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	static const char members[] = "street1 street2 postcode city region country name ship_to";
	FfPdeFailure failure = {FF_RESULT_OK, NULL, NULL, NULL};
	const FfJson *items;
	char *warnings;
	FfJson *json;

	if (ff_pde_reply(call, reply, FF_REPEAT_SAFE, outcome, &json))
	{
		items = ff_json_get(json, "items");
		if (ff_json_count(items) == 0)
		{
			ff_outcome_unreadable(
				outcome, FF_RESULT_RETRY, "The answer does not judge the address.");
			return;
		}
		for (int i = 0; failure.result == FF_RESULT_OK && i < ff_json_count(items); i++)
			failure = ff_pde_item(call, ff_json_at(items, i), i);
		ff_outcome_set(outcome, failure.result, failure.code, failure.message, failure.field);
	}
	items = ff_json_get(json, "items");
	warnings = ff_pde_warnings(items);
	/* a refusal of the address is the answer to the question */
	if (outcome->result != FF_RESULT_OK &&
		!(outcome->result == FF_RESULT_REFUSED && outcome->field &&
		  ff_carrier_among(outcome->field, members)))
		return;
	ff_write_object(&outcome->body, "address");
	ff_write_bool(&outcome->body, "valid", outcome->result == FF_RESULT_OK);
	if (outcome->field && strcmp(outcome->field, "ship_to") != 0)
		ff_write_text(&outcome->body, "field", outcome->field);
	ff_write_end(&outcome->body);
	ff_write_text(
		&outcome->body, "warning", outcome->result == FF_RESULT_OK ? warnings : outcome->message);
	ff_outcome_ok(outcome);
}
