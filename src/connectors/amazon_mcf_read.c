/*
 * amazon_mcf_read.c
 *
 * Orders as Amazon tells them: one order becomes many shipments and packages,
 * and each package is tracked by a number of its own, one request each.
 * Statuses are compared without case; Amazon adds values without notice, so
 * unknown ones change nothing.
 */
#include "postgres.h"

#include "utils/formatting.h"

#include "connectors/amazon_mcf.h"
#include "connectors/decimal.h"
#include "connectors/unknown.h"

#define FRESH_S 60

static const struct
{
	const char *status;
	const char *state;
	bool holds; /* on_hold when the order's action is Hold */
} states[] = {
	{"New", "submitted", false},
	{"Received", "accepted", true},
	{"Planning", "accepted", true},
	{"Processing", "picking", false},
	{"Complete", "shipped", false},
	{"CompletePartialled", "shipped", false},
	{"Complete_Partialled", "shipped", false},
	{"Unfulfillable", "failed", false},
	{"Invalid", "rejected", false},
	{"Cancelled", "cancelled", false},
};

static const struct
{
	const char *status;
	const char *names;
} tracking[] = {
	{"in_transit", "IN_TRANSIT"},
	{"out_for_delivery", "OUT_FOR_DELIVERY"},
	{"delivered", "DELIVERED"},
	{"attempted", "DELIVERY_ATTEMPTED"},
	{"delayed", "DELAYED"},
	{"ready_for_pickup", "AVAILABLE_FOR_PICKUP"},
	{"exception", "CUSTOMER_ACTION"},
	{"lost", "UNDELIVERABLE"},
	{"returning",
	 "RETURNING PICKUP_SCHEDULED PICKUP_ATTEMPTED RETURN_REQUEST_ACCEPTED PICKUP_SUCCESSFUL"},
	{"returned", "RETURNED RETURN_RECEIVED_IN_FC REFUND_ISSUED"},
	{"cancelled", "PICKUP_CANCELLED"},
};

static const struct
{
	const char *status;
	const char *codes;
} events[] = {
	{"label_created", "101"},
	{"in_transit", "102 201 202 203 204 205 206 306 307 414 415 417"},
	{"out_for_delivery", "302"},
	{"attempted", "304"},
	{"delayed", "402 404 418 419"},
	{"ready_for_pickup", "308 801"},
	{"delivered", "301 804"},
	{"returning", "407 408 413 416"},
	{"returned", "309"},
	{"exception", "401 403 405 406 411 412"},
	{"lost", "409"},
};

const char *
ff_mcf_state(const char *status, const char *action)
{
	for (int i = 0; status != NULL && i < (int) lengthof(states); i++)
	{
		if (pg_strcasecmp(states[i].status, status) != 0)
			continue;
		return states[i].holds && action && pg_strcasecmp(action, "Hold") == 0 ? "on_hold"
																			   : states[i].state;
	}
	return NULL;
}

static bool
is_status(const FfJson *shipment, const char *status)
{
	return pg_strcasecmp(ff_json_text_or(shipment, "fulfillmentShipmentStatus", ""), status) == 0;
}

/* A status of a shipment that we do not know; NULL when there is none. */
static const char *
unknown_part(const FfJson *shipments)
{
	static const char *const known[] = {
		"PENDING", "SHIPPED", "CANCELLED_BY_FULFILLER", "CANCELLED_BY_SELLER"};

	for (int i = 0; i < ff_json_count(shipments); i++)
	{
		const FfJson *shipment = ff_json_at(shipments, i);
		bool found = ff_json_text_or(shipment, "fulfillmentShipmentStatus", NULL) == NULL;

		for (int j = 0; j < (int) lengthof(known); j++)
			found |= is_status(shipment, known[j]);
		if (!found)
			return ff_json_text(shipment, "fulfillmentShipmentStatus");
	}
	return NULL;
}

/* Whether every shipment that was not replanned has left. */
static bool
all_shipped(const FfJson *shipments)
{
	int shipped = 0;

	for (int i = 0; i < ff_json_count(shipments); i++)
	{
		const FfJson *shipment = ff_json_at(shipments, i);

		if (is_status(shipment, "PENDING"))
			return false;
		shipped += is_status(shipment, "SHIPPED") ? 1 : 0;
	}
	return shipped > 0;
}

/* Amazon Logistics' own number stands in for a carrier's. */
static char *
number_of(const FfJson *package)
{
	char *number = ff_carrier_text(package, "trackingNumber", 40);

	return number ? number : ff_carrier_text(package, "amazonFulfillmentTrackingNumber", 40);
}

static void
write_packages(FfJsonWriter *writer, const FfJson *shipments)
{
	int count = 0;

	ff_write_array(writer, "packages");
	for (int i = 0; i < ff_json_count(shipments); i++)
	{
		const FfJson *packages =
			ff_json_get(ff_json_at(shipments, i), "fulfillmentShipmentPackage");

		for (int j = 0; j < ff_json_count(packages); j++)
		{
			const FfJson *package = ff_json_at(packages, j);
			char *carrier = ff_carrier_text(package, "carrierCode", 40);

			if (number_of(package) == NULL)
				continue;
			if (carrier != NULL)
				carrier = asc_tolower(carrier, strlen(carrier));
			ff_write_object(writer, NULL);
			ff_write_int(writer, "number", ++count);
			ff_write_text(writer, "tracking_number", number_of(package));
			ff_write_text(writer, "carrier", carrier);
			ff_write_text(writer, "provider_reference", ff_json_text(package, "packageNumber"));
			ff_write_end(writer);
		}
	}
	ff_write_end(writer);
}

/* What of an item's quantity has left in shipments. */
static char *
shipped_of(const FfJson *shipments, const char *id)
{
	char *sum = pstrdup("0");

	for (int i = 0; i < ff_json_count(shipments); i++)
	{
		const FfJson *shipment = ff_json_at(shipments, i);
		const FfJson *items = ff_json_get(shipment, "fulfillmentShipmentItem");

		for (int j = 0; is_status(shipment, "SHIPPED") && j < ff_json_count(items); j++)
		{
			const FfJson *item = ff_json_at(items, j);

			if (strcmp(ff_json_text_or(item, "sellerFulfillmentOrderItemId", ""), id) == 0)
				sum = ff_decimal_add(sum, ff_json_number(item, "quantity"));
		}
	}
	return sum;
}

static void
write_lines(FfJsonWriter *writer, const FfJson *items, const FfJson *shipments)
{
	ff_write_array(writer, "lines");
	for (int i = 0; i < ff_json_count(items); i++)
	{
		const FfJson *item = ff_json_at(items, i);
		const char *id = ff_json_text_or(item, "sellerFulfillmentOrderItemId", "");
		char *lacking = ff_decimal_add(ff_json_number(item, "cancelledQuantity"),
									   ff_json_number(item, "unfulfillableQuantity"));
		int64 number;

		ff_write_object(writer, NULL);
		if (ff_json_int64(item, "sellerFulfillmentOrderItemId", &number))
			ff_write_int(writer, "line", number);
		else
			ff_write_text(writer, "line", id);
		ff_write_text(writer, "sku", ff_json_text(item, "sellerSku"));
		ff_write_number(writer, "shipped", shipped_of(shipments, id));
		ff_write_number(writer, "short", lacking);
		ff_write_end(writer);
	}
	ff_write_end(writer);
}

/* The first time of shipping. */
static char *
first_shipped(const FfJson *shipments)
{
	TimestampTz first = FF_NO_TIME;

	for (int i = 0; i < ff_json_count(shipments); i++)
	{
		const FfJson *shipment = ff_json_at(shipments, i);
		TimestampTz time;

		if (is_status(shipment, "SHIPPED") &&
			ff_time_parse(ff_json_text(shipment, "shippingDate"), &time) &&
			(first == FF_NO_TIME || time < first))
			first = time;
	}
	return first == FF_NO_TIME ? NULL : ff_time_iso(first);
}

void
ff_mcf_shipment(FfJsonWriter *writer, const FfJson *payload)
{
	const FfJson *order = ff_json_get(payload, "fulfillmentOrder");
	const FfJson *shipments = ff_json_get(payload, "fulfillmentShipments");
	const FfJson *items = ff_json_get(payload, "fulfillmentOrderItems");
	const char *status = ff_json_text(order, "fulfillmentOrderStatus");
	const char *state = ff_mcf_state(status, ff_json_text(order, "fulfillmentAction"));
	char *shipped = first_shipped(shipments);

	/* parts that left before the rest */
	bool partial = state && strcmp(state, "picking") == 0 && shipped != NULL;

	if (state && strcmp(state, "picking") == 0 && all_shipped(shipments))
	{
		state = "shipped";
		partial = false;
	}
	ff_write_object(writer, "shipment");
	ff_write_text(writer, "provider_reference", ff_json_text(order, "sellerFulfillmentOrderId"));
	ff_write_text(writer, "state", state);
	if (partial)
		ff_write_bool(writer, "partial", true);
	ff_write_text(writer, "provider_state", status);
	if (state == NULL)
		ff_write_unknown(writer, status, NULL);
	else
		ff_write_unknown(writer, unknown_part(shipments), "Status of a shipment of the order");
	ff_write_text(writer, "shipped_at", shipped);
	ff_write_text(writer,
				  "estimated_delivery_at",
				  ff_carrier_time(ff_json_text(ff_json_at(items, 0), "estimatedArrivalDate")));
	write_packages(writer, shipments);
	write_lines(writer, items, shipments);
	ff_write_end(writer);
}

void
ff_mcf_find_request(const FfCall *call, FfMessage *message)
{
	ff_mcf_begin_order(call, message, "GET", ff_mcf_id(call));
}

void
ff_mcf_find_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *json;

	if (ff_mcf_reply(call, reply, FF_REPEAT_SAFE, outcome, &json))
		ff_mcf_shipment(&outcome->body, ff_json_get(json, "payload"));
	else if (reply->status == 400 || reply->status == 404)
	{
		outcome->result = FF_RESULT_ABSENT;
		outcome->field = NULL;
	}
}

static const FfJson *
packages_to_track(const FfCall *call)
{
	return ff_json_get(call->state, "packages");
}

static int
place(const FfCall *call)
{
	return (int) ff_json_int64_or(call->state, "at", 0);
}

void
ff_mcf_get_request(const FfCall *call, FfMessage *message)
{
	if (ff_json_count(packages_to_track(call)) == 0)
	{
		ff_mcf_find_request(call, message);
		return;
	}
	ff_amazon_begin(call, message, "GET", MCF_OUTBOUND "/tracking");
	ff_message_query(message,
					 "packageNumber",
					 ff_json_text(ff_json_at(packages_to_track(call), place(call)), ""));
}

static const char *
event_status(const char *code)
{
	const char *digits = code && pg_strncasecmp(code, "EVENT_", 6) == 0 ? code + 6 : code;

	for (int i = 0; digits != NULL && i < (int) lengthof(events); i++)
		if (ff_carrier_among(digits, events[i].codes))
			return events[i].status;
	return "unknown";
}

static const char *
current_status(const FfJson *payload)
{
	char *current = ff_carrier_upper(ff_carrier_text(payload, "currentStatus", 40));

	for (int i = 0; current != NULL && i < (int) lengthof(tracking); i++)
		if (ff_carrier_among(current, tracking[i].names))
			return tracking[i].status;
	return "unknown";
}

static void
write_tracking(FfJsonWriter *writer, const FfJson *payload)
{
	const FfJson *list = ff_json_get(payload, "trackingEvents");
	const char *status = current_status(payload);
	char *number = number_of(payload);

	ff_write_object(writer, NULL);
	ff_write_text(
		writer, "tracking_number", number ? number : ff_json_text(payload, "packageNumber"));
	ff_write_text(writer, "status", status);
	if (!ff_carrier_is_final(status))
		ff_write_text(writer,
					  "estimated_delivery_at",
					  ff_carrier_time(ff_json_text(payload, "estimatedArrivalDate")));
	ff_write_text(writer, "signed_by", ff_carrier_text(payload, "signedForBy", 100));
	ff_write_array(writer, "events");
	for (int i = 0; i < ff_json_count(list); i++)
	{
		const FfJson *event = ff_json_at(list, i);

		ff_write_object(writer, NULL);
		ff_write_text(writer, "at", ff_carrier_time(ff_json_text(event, "eventDate")));
		ff_write_text(writer, "status", event_status(ff_json_text(event, "eventCode")));
		ff_write_text(writer, "code", ff_json_text(event, "eventCode"));
		ff_write_text(writer, "description", ff_carrier_text(event, "eventDescription", 200));
		ff_write_text(writer, "city", ff_carrier_text(event, "eventAddress.city", 100));
		ff_write_text(writer, "region", ff_carrier_text(event, "eventAddress.state", 100));
		ff_write_text(writer, "country", ff_carrier_text(event, "eventAddress.country", 2));
		ff_write_end(writer);
	}
	ff_write_end(writer);
	ff_write_end(writer);
}

/* The numbers of packages that left, as the state of the requests that follow; NULL for none. */
static char *
numbers_to_track(const FfJson *payload)
{
	const FfJson *shipments = ff_json_get(payload, "fulfillmentShipments");
	FfJsonWriter state;
	int count = 0;

	ff_write_init(&state);
	ff_write_object(&state, NULL);
	ff_write_int(&state, "at", 0);
	ff_write_array(&state, "packages");
	for (int i = 0; i < ff_json_count(shipments); i++)
	{
		const FfJson *shipment = ff_json_at(shipments, i);
		const FfJson *packages = ff_json_get(shipment, "fulfillmentShipmentPackage");

		for (int j = 0; is_status(shipment, "SHIPPED") && j < ff_json_count(packages); j++)
		{
			int64 number = ff_json_int64_or(ff_json_at(packages, j), "packageNumber", 0);

			/* 0 is a package that is none yet */
			if (number > 0)
			{
				ff_write_int(&state, NULL, number);
				count++;
			}
		}
	}
	return count > 0 ? ff_write_finish(&state) : NULL;
}

/* One package that cannot be tracked says nothing about the others. */
static void
track_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	const FfJson *numbers = packages_to_track(call);
	FfJsonWriter state;
	FfJson *json;

	ff_write_array(&outcome->body, "tracking");
	if (ff_mcf_reply(call, reply, FF_REPEAT_SAFE, outcome, &json))
		write_tracking(&outcome->body, ff_json_get(json, "payload"));
	else if (outcome->result != FF_RESULT_REFUSED)
		return;
	ff_write_end(&outcome->body);
	ff_outcome_ok(outcome);
	if (place(call) + 1 >= ff_json_count(numbers))
		return;
	ff_write_init(&state);
	ff_write_object(&state, NULL);
	ff_write_int(&state, "at", place(call) + 1);
	ff_write_json(&state, "packages", numbers);
	ff_outcome_continue(outcome, ff_write_finish(&state));
}

/* Whether the order is so young that Amazon may not be able to tell it yet. */
static bool
is_fresh(const FfCall *call)
{
	static const char *const members[] = {"accepted_at", "created_at"};
	TimestampTz made;

	for (int i = 0; i < (int) lengthof(members); i++)
		if (ff_time_parse(ff_json_text(ff_carrier_subject(call), members[i]), &made))
			return call->now - made < FRESH_S * USECS_PER_SEC;
	return false;
}

void
ff_mcf_get_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	char *next;
	FfJson *json;

	if (ff_json_count(packages_to_track(call)) > 0)
	{
		track_outcome(call, reply, outcome);
		return;
	}
	if (!ff_mcf_reply(call, reply, FF_REPEAT_SAFE, outcome, &json))
	{
		if (reply->status == 404)
			outcome->result = is_fresh(call) ? FF_RESULT_RETRY : FF_RESULT_ABSENT;
		return;
	}
	ff_mcf_shipment(&outcome->body, ff_json_get(json, "payload"));
	next = numbers_to_track(ff_json_get(json, "payload"));
	if (next != NULL)
		ff_outcome_continue(outcome, next);
}
