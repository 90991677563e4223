/*
 * amazon_mcf_order.c
 *
 * What is asked of Amazon: previews with fees, orders, changes of orders that
 * are held, and cancellations.  A success says nothing but that it is one.
 * Money is decimal text in both directions.
 */
#include "postgres.h"

#include "connectors/amazon_mcf.h"
#include "connectors/decimal.h"

#define COMMENT    750
#define SKU        50
#define GIFT       512
#define EMAIL      64
#define DISPLAY    40
#define LINE_NOTE  250
#define ITEMS_MOST 100
#define UNITS_MOST 250

static const FfCarrierCode speeds[] = {
	{"Standard", "standard|ground|economy"},
	{"Expedited", "expedited|two day|2 day"},
	{"Priority", "priority|express|next day|overnight"},
	{"ScheduledDelivery", "scheduled|scheduled delivery"},
};

static const char *const feature_names[] = {
	"BLOCK_AMZL", "BLANK_BOX", "OVERBOX", "PACKING_SLIP", "SIGNATURE_CONFIRMATION"};

static const char *
speed_of(const FfCall *call, const char *service)
{
	int row = service ? FF_CARRIER_CODE(speeds, "amazon", service) : -1;

	return row >= 0 ? speeds[row].code : ff_carrier_setting(call, "speed");
}

static void
write_address(FfJsonWriter *writer, const char *key, const FfJson *address)
{
	const char *country = ff_carrier_country(address);
	char *name = ff_carrier_text(address, "name", 50);
	char *company = ff_carrier_text(address, "company", 60);
	char *lines[3];
	int count = ff_carrier_street(address, 60, lines, company && name ? 2 : 3);
	int line = 1;

	ff_write_object(writer, key);
	ff_write_text(writer, "name", name ? name : company);
	if (company && name && count > 0)
		ff_write_text(writer, psprintf("addressLine%d", line++), company);
	for (int i = 0; i < count; i++)
		ff_write_text(writer, psprintf("addressLine%d", line++), lines[i]);
	/* Japan's addresses have none */
	if (country == NULL || strcmp(country, "JP") != 0)
		ff_write_text(writer, "city", ff_carrier_text(address, "city", 50));
	ff_write_text(writer, "stateOrRegion", ff_carrier_text(address, "region", 50));
	ff_write_text(writer, "postalCode", ff_carrier_text(address, "postcode", 20));
	ff_write_text(writer, "countryCode", country);
	ff_write_text(writer, "phone", ff_carrier_text(address, "phone", 20));
	ff_write_end(writer);
}

/* The id of a line at Amazon is our number of it. */
static char *
item_id(const FfJson *line, int index)
{
	char *id = ff_carrier_text(line, "line", MCF_ITEM);

	return id ? id : psprintf("%d", index + 1);
}

static void
write_items(FfJsonWriter *writer, const FfCall *call, const FfJson *lines, bool shipping)
{
	const char *currency = ff_carrier_currency(ff_carrier_subject(call));
	double units = 0;

	if (ff_json_count(lines) == 0 || ff_json_count(lines) > ITEMS_MOST)
		ff_carrier_fail(call, "lines", "Amazon takes one to a hundred lines.");
	ff_write_array(writer, "items");
	for (int i = 0; i < ff_json_count(lines); i++)
	{
		const FfJson *line = ff_json_at(lines, i);
		char *price = ff_json_number(line, "unit_price");
		char *sku = ff_carrier_text(line, "sku", SKU);

		if (sku == NULL)
			ff_carrier_fail(call, psprintf("lines.%d.sku", i), "Give the seller's SKU.");
		units += ff_json_double_or(line, "quantity", 1);
		ff_write_object(writer, NULL);
		ff_write_text(writer, "sellerSku", sku);
		ff_write_text(writer, "sellerFulfillmentOrderItemId", item_id(line, i));
		ff_write_number(writer, "quantity", ff_carrier_quantity(line));
		if (shipping)
		{
			ff_write_text(writer, "giftMessage", ff_carrier_text(line, "gift_message", GIFT));
			ff_write_text(
				writer, "displayableComment", ff_carrier_text(line, "comment", LINE_NOTE));
		}
		if (price != NULL && ff_json_text_or(line, "currency", currency))
		{
			ff_write_object(writer, "perUnitDeclaredValue");
			ff_write_text(writer, "currencyCode", ff_json_text_or(line, "currency", currency));
			ff_write_text(writer, "value", ff_decimal_money(price));
			ff_write_end(writer);
		}
		ff_write_end(writer);
	}
	ff_write_end(writer);
	if (units > UNITS_MOST)
		ff_carrier_fail(call, "lines", "Amazon takes 250 units in one order.");
}

static void
write_features(FfJsonWriter *writer, const FfCall *call)
{
	bool adult;
	bool sign = ff_carrier_signature(ff_carrier_subject(call), &adult);
	bool any = false;

	for (int i = 0; i < (int) lengthof(feature_names); i++)
	{
		bool wanted = ff_carrier_lists(call, "features", feature_names[i]) ||
					  (sign && strcmp(feature_names[i], "SIGNATURE_CONFIRMATION") == 0);

		if (!wanted)
			continue;
		if (!any)
			ff_write_array(writer, "featureConstraints");
		any = true;
		ff_write_object(writer, NULL);
		ff_write_text(writer, "featureName", feature_names[i]);
		ff_write_text(writer, "featureFulfillmentPolicy", "Required");
		ff_write_end(writer);
	}
	if (any)
		ff_write_end(writer);
}

void
ff_mcf_quote_request(const FfCall *call, FfMessage *message)
{
	const FfJson *subject = ff_carrier_subject(call);
	const char *service = ff_json_text_or(subject, "service", NULL);
	FfJsonWriter writer;

	ff_amazon_begin(call, message, "POST", MCF_OUTBOUND "/fulfillmentOrders/preview");
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_text(&writer, "marketplaceId", ff_amazon_marketplace(call));
	write_address(&writer, "address", ff_carrier_need_role(call, FF_SHIP_TO));
	write_items(&writer, call, ff_json_get(subject, "lines"), false);
	if (service != NULL)
	{
		ff_write_array(&writer, "shippingSpeedCategories");
		ff_write_text(&writer, NULL, speed_of(call, service));
		ff_write_end(&writer);
	}
	write_features(&writer, call);
	ff_message_json(message, &writer);
}

/* The sum of all fees; NULL where Amazon tells none. */
static char *
sum_fees(const FfJson *preview, const char **currency)
{
	const FfJson *fees = ff_json_get(preview, "estimatedFees");
	char *sum = NULL;

	for (int i = 0; i < ff_json_count(fees); i++)
	{
		const FfJson *amount = ff_json_get(ff_json_at(fees, i), "amount");
		char *value = ff_json_number(amount, "value");

		if (value == NULL)
			continue;
		sum = sum ? ff_decimal_add(sum, value) : value;
		*currency = ff_json_text(amount, "currencyCode");
	}
	return sum;
}

static void
write_rate(FfJsonWriter *writer, const FfJson *preview)
{
	const FfJson *shipments = ff_json_get(preview, "fulfillmentPreviewShipments");
	const char *speed = ff_json_text(preview, "shippingSpeedCategory");
	const char *currency = NULL;
	char *amount = sum_fees(preview, &currency);
	TimestampTz latest = FF_NO_TIME;

	for (int i = 0; i < ff_json_count(shipments); i++)
	{
		TimestampTz time;

		if (ff_time_parse(ff_json_text(ff_json_at(shipments, i), "latestArrivalDate"), &time) &&
			time > latest)
			latest = time;
	}
	ff_write_object(writer, NULL);
	ff_write_text(writer, "service", speed);
	ff_write_text(writer, "name", psprintf("Amazon %s", speed ? speed : ""));
	ff_write_number(writer, "amount", amount);
	ff_write_text(writer, "currency", currency);
	if (latest != FF_NO_TIME)
		ff_write_text(writer, "estimated_delivery_at", ff_time_iso(latest));
	ff_write_end(writer);
}

void
ff_mcf_quote_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	const FfJson *previews;
	const char *reason = NULL;
	FfJson *json;
	int count = 0;

	if (!ff_mcf_reply(call, reply, FF_REPEAT_SAFE, outcome, &json))
		return;
	previews = ff_json_get(json, "payload.fulfillmentPreviews");
	ff_write_array(&outcome->body, "rates");
	for (int i = 0; i < ff_json_count(previews); i++)
	{
		const FfJson *preview = ff_json_at(previews, i);

		if (ff_json_bool(preview, "isFulfillable", false))
		{
			write_rate(&outcome->body, preview);
			count++;
		}
		else if (reason == NULL)
			reason = ff_json_text_or(
				preview,
				"orderUnfulfillableReasons.0",
				ff_json_text(preview, "unfulfillablePreviewItems.0.itemUnfulfillableReasons.0"));
	}
	ff_write_end(&outcome->body);
	if (count == 0 && reason != NULL)
		ff_outcome_set(outcome,
					   FF_RESULT_REFUSED,
					   reason,
					   "Amazon cannot fulfill this order.",
					   strcmp(reason, "InvalidDestinationAddress") == 0 ? "ship_to" : NULL);
}

static void
write_head(FfJsonWriter *writer, const FfCall *call, const char *id)
{
	const FfJson *subject = ff_carrier_subject(call);
	const char *displayed = ff_carrier_text(subject, "order_number", DISPLAY);
	char *note = ff_carrier_text(subject, "note", COMMENT);
	TimestampTz placed;

	if (!ff_time_parse(ff_json_text(subject, "placed_at"), &placed) &&
		!ff_time_parse(ff_json_text(subject, "created_at"), &placed))
		placed = call->now;
	ff_write_text(writer, "marketplaceId", ff_amazon_marketplace(call));
	ff_write_text(writer, "sellerFulfillmentOrderId", id);
	ff_write_text(writer, "displayableOrderId", displayed ? displayed : id);
	ff_write_text(writer, "displayableOrderDate", ff_time_iso(placed));
	ff_write_text(
		writer, "displayableOrderComment", note ? note : ff_carrier_setting(call, "comment"));
	ff_write_text(
		writer, "shippingSpeedCategory", speed_of(call, ff_json_text_or(subject, "service", NULL)));
}

void
ff_mcf_create_request(const FfCall *call, FfMessage *message)
{
	const FfJson *subject = ff_carrier_subject(call);
	const FfJson *receiver = ff_carrier_need_role(call, FF_SHIP_TO);
	const char *id = ff_mcf_id(call);
	char *email = ff_carrier_email(receiver, EMAIL);
	FfJsonWriter writer;

	if (ff_json_bool(call->state, "check", false))
	{
		ff_mcf_begin_order(call, message, "GET", id);
		return;
	}
	ff_amazon_begin(call, message, "POST", MCF_OUTBOUND "/fulfillmentOrders");
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	write_head(&writer, call, id);
	ff_write_text(&writer,
				  "fulfillmentAction",
				  ff_json_bool(subject, "options.hold", false) ? "Hold" : "Ship");
	ff_write_text(&writer, "fulfillmentPolicy", ff_carrier_setting(call, "policy"));
	ff_write_text(&writer, "shipFromCountryCode", ff_carrier_setting(call, "ship_from_country"));
	write_address(&writer, "destinationAddress", receiver);
	if (email != NULL && ff_json_bool(call->config, "notify", false))
	{
		ff_write_array(&writer, "notificationEmails");
		ff_write_text(&writer, NULL, email);
		ff_write_end(&writer);
	}
	write_features(&writer, call);
	write_items(&writer, call, ff_json_get(subject, "lines"), true);
	ff_message_json(message, &writer);
}

/* A refusal that may mean that our own earlier call came through. */
static bool
may_be_there(const char *message)
{
	static const char *const hints[] = {"already", "uplicate", "exist", "unique"};

	for (int i = 0; message != NULL && i < (int) lengthof(hints); i++)
		if (strstr(message, hints[i]) && !strstr(message, "not exist"))
			return true;
	return false;
}

static void
write_taken(const FfCall *call, FfOutcome *outcome, const char *state)
{
	ff_write_object(&outcome->body, "shipment");
	ff_write_text(&outcome->body,
				  "provider_reference",
				  ff_carrier_reference(ff_carrier_subject(call), MCF_ID));
	ff_write_text(&outcome->body, "state", state);
	ff_write_end(&outcome->body);
}

void
ff_mcf_create_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	bool checking = ff_json_bool(call->state, "check", false);
	FfJsonWriter state;
	FfJson *json;

	if (ff_mcf_reply(call, reply, checking ? FF_REPEAT_SAFE : FF_REPEAT_AFTER_FIND, outcome, &json))
	{
		if (checking)
			ff_mcf_shipment(&outcome->body, ff_json_get(json, "payload"));
		else
			write_taken(call, outcome, "submitted");
		return;
	}
	if (checking && (outcome->result == FF_RESULT_REFUSED || reply->status == 404))
		ff_outcome_set(outcome,
					   FF_RESULT_REFUSED,
					   ff_json_text(call->state, "code"),
					   ff_json_text(call->state, "message"),
					   NULL);
	else if (!checking && reply->status == 400 && outcome->result == FF_RESULT_REFUSED &&
			 may_be_there(outcome->message))
	{
		ff_write_init(&state);
		ff_write_object(&state, NULL);
		ff_write_bool(&state, "check", true);
		ff_write_text(&state, "code", outcome->code);
		ff_write_text(&state, "message", outcome->message);
		ff_outcome_continue(outcome, ff_write_finish(&state));
	}
}

void
ff_mcf_update_request(const FfCall *call, FfMessage *message)
{
	const FfJson *subject = ff_carrier_subject(call);
	const FfJson *changes = ff_json_get(subject, "changes");
	const FfJson *address = ff_json_get(changes, "ship_to");
	const FfJson *lines = ff_json_get(changes, "lines");
	const char *service = ff_json_text_or(changes, "service", NULL);
	FfJsonWriter writer;

	ff_mcf_begin_order(call, message, "PUT", ff_mcf_id(call));
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_text(&writer, "marketplaceId", ff_amazon_marketplace(call));
	if (service != NULL)
		ff_write_text(&writer, "shippingSpeedCategory", speed_of(call, service));
	ff_write_text(&writer, "displayableOrderComment", ff_carrier_text(changes, "note", COMMENT));
	if (ff_json_is_object(address))
		write_address(&writer, "destinationAddress", address);
	/* an order that is no longer held ships */
	if (!ff_json_is_null(ff_json_get(changes, "hold")) && !ff_json_bool(changes, "hold", true))
		ff_write_text(&writer, "fulfillmentAction", "Ship");
	if (ff_json_count(lines) > 0)
		write_items(&writer, call, lines, true);
	ff_message_json(message, &writer);
}

void
ff_mcf_update_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *json;

	if (!ff_mcf_reply(call, reply, FF_REPEAT_SAFE, outcome, &json))
		return;
	ff_write_object(&outcome->body, "shipment");
	ff_write_text(&outcome->body,
				  "provider_reference",
				  ff_carrier_reference(ff_carrier_subject(call), MCF_ID));
	ff_write_end(&outcome->body);
}

void
ff_mcf_cancel_request(const FfCall *call, FfMessage *message)
{
	ff_mcf_begin_order(call, message, "PUT", ff_mcf_id(call));
	ff_message_path(message, "/cancel");
}

/* A success is a wish that was heard; the order tells later whether it was granted. */
void
ff_mcf_cancel_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *json;

	if (ff_mcf_reply(call, reply, FF_REPEAT_SAFE, outcome, &json))
		write_taken(call, outcome, "cancel_requested");
	else if (outcome->result == FF_RESULT_REFUSED)
		outcome->field = NULL;
}
