/*
 * dhl_express_track.c
 *
 * Where shipments are: get_shipment asks for waybills, many at a time.  A
 * waybill's events are those of all its pieces unless a piece tells its own;
 * they stand oldest first, with the local clock and mostly its offset.
 */
#include "postgres.h"

#include "connectors/dhl_express.h"
#include "model/country.h"

#define NUMBERS_AT_ONCE 200

/* A waybill has ten digits; pieces cannot be asked for. */
static bool
is_waybill(const char *number)
{
	return number != NULL && strlen(number) == 10 && strspn(number, "0123456789") == 10;
}

void
ff_dhx_track_request(const FfCall *call, FfMessage *message)
{
	char *waybill = ff_carrier_text(ff_carrier_subject(call), "provider_reference", 40);
	StringInfoData numbers;

	initStringInfo(&numbers);
	if (is_waybill(waybill))
		appendStringInfoString(&numbers, waybill);
	for (int i = 0; numbers.len == 0 || !is_waybill(waybill); i++)
	{
		char *number = i < NUMBERS_AT_ONCE ? ff_carrier_tracking_number(call, i) : NULL;

		if (number == NULL)
			break;
		appendStringInfo(&numbers, "%s%s", numbers.len > 0 ? "," : "", number);
	}
	if (numbers.len == 0)
		ff_connector_fail(
			call->connector, "tracking_numbers", "Give at least one tracking number.");
	ff_dhx_begin(call, message, "GET", "/tracking");
	ff_message_query(message, "shipmentTrackingNumber", numbers.data);
	ff_message_query(message, "trackingView", "all-checkpoints");
	ff_message_query(message, "levelOfDetail", "all");
}

/* NULL leaves the status as it is. */
static const char *
status_of(const FfJson *event)
{
	char *code = ff_json_text(event, "typeCode");
	char *text = ff_carrier_upper(ff_carrier_text(event, "description", 200));
	const char *status;

	if (!ff_dhl_code("express", code, &status))
		return "unknown";
	/* CC also says that somebody merely was told */
	if (pg_strcasecmp(code, "CC") == 0 && (text == NULL || strstr(text, "COLLECT") == NULL))
		return "in_transit";
	return status;
}

/* "STOCKHOLM - SE" or "SYDNEY-AU"; what follows the dash may also be a country's name. */
static void
write_place(FfJsonWriter *writer, const FfJson *event)
{
	char *place =
		ff_carrier_text(ff_json_at(ff_json_get(event, "serviceArea"), 0), "description", 100);
	size_t length = place ? strlen(place) : 0;
	char *country = NULL;
	char *dash = NULL;

	for (char *at = place; at != NULL && (at = strstr(at, " - ")) != NULL; at += 3)
	{
		dash = at;
		country = at + 3;
	}
	if (dash == NULL && length > 3 && place[length - 3] == '-' &&
		ff_country_read(place + length - 2) != NULL)
	{
		dash = place + length - 3;
		country = dash + 1;
	}
	ff_write_text(writer, "city", dash ? pnstrdup(place, dash - place) : place);
	if (country != NULL && strlen(country) == 2)
		ff_write_text(writer, "country", country);
}

static char *
event_time(const FfJson *event)
{
	char *date = ff_json_text(event, "date");
	char *clock = ff_json_text(event, "time");
	char *offset = ff_carrier_text(event, "GMTOffset", 8);

	if (date == NULL)
		return ff_carrier_time(ff_json_text(event, "timestamp"));
	if (clock == NULL)
		return ff_carrier_time(date);
	if (offset != NULL && strncmp(offset, "GMT", 3) == 0)
		offset += 3;
	return ff_carrier_time(psprintf("%sT%s%s", date, clock, offset ? offset : ""));
}

static void
write_event(FfJsonWriter *writer, const FfJson *event)
{
	ff_write_object(writer, NULL);
	ff_write_text(writer, "at", event_time(event));
	ff_carrier_write_status(writer, status_of(event));
	ff_write_text(writer, "code", ff_json_text(event, "typeCode"));
	ff_write_text(writer, "description", ff_carrier_text(event, "description", 200));
	write_place(writer, event);
	ff_write_end(writer);
}

/* The newest event that means anything; after a delivery only a return changes it. */
static const char *
status_of_events(const FfJson *events)
{
	const char *status = "label_created";

	for (int i = 0; i < ff_json_count(events); i++)
	{
		const char *next = status_of(ff_json_at(events, i));

		/* what DHL adds to its list still moves */
		if (next != NULL && strcmp(next, "unknown") == 0)
			next = "in_transit";
		if (next != NULL && (strcmp(status, "delivered") != 0 || strcmp(next, "returned") == 0))
			status = next;
	}
	return status;
}

static char *
planned_delivery(const FfJson *shipment)
{
	char *time = ff_json_text(shipment, "estimatedDeliveryDate.estimatedDeliveryDate");

	return ff_carrier_time(time ? time : ff_json_text(shipment, "estimatedDeliveryDate"));
}

static void
write_tracked(FfJsonWriter *writer, const FfJson *shipment, const FfJson *events,
			  const char *number)
{
	const char *status = status_of_events(events);
	const char *name = NULL;

	ff_write_object(writer, NULL);
	ff_write_text(writer, "tracking_number", number);
	ff_write_text(writer, "status", status);
	if (!ff_carrier_is_final(status))
		ff_write_text(writer, "estimated_delivery_at", planned_delivery(shipment));
	for (int i = 0; i < ff_json_count(events); i++)
	{
		char *signer = ff_carrier_text(ff_json_at(events, i), "signedBy", 100);

		name = signer ? signer : name;
	}
	ff_write_text(writer, "signed_by", name);
	ff_write_array(writer, "events");
	for (int i = 0; i < ff_json_count(events); i++)
		write_event(writer, ff_json_at(events, i));
	ff_write_end(writer);
	ff_write_end(writer);
}

/* Whether the call knows a package by this number. */
static bool
is_known(const FfCall *call, const char *number)
{
	char *known;

	for (int i = 0; (known = ff_carrier_tracking_number(call, i)) != NULL; i++)
		if (number && strcmp(known, number) == 0)
			return true;
	return false;
}

/*
 * Under the numbers the call knows: its pieces, if it was told those; else
 * the waybill; and a shipment whose pieces DHL does not tell shares the news.
 */
static void
write_shipment(FfJsonWriter *writer, const FfCall *call, const FfJson *shipment)
{
	const FfJson *pieces = ff_json_get(shipment, "pieces");
	const FfJson *events = ff_json_get(shipment, "events");
	const char *waybill = ff_json_text(shipment, "shipmentTrackingNumber");
	char *known = ff_carrier_text(ff_carrier_subject(call), "provider_reference", 40);
	int written = 0;
	char *number;

	for (int i = 0; i < ff_json_count(pieces); i++)
	{
		const FfJson *piece = ff_json_at(pieces, i);
		const FfJson *own = ff_json_get(piece, "events");

		number = ff_json_text(piece, "trackingNumber");
		if (!is_known(call, number))
			continue;
		write_tracked(writer, shipment, ff_json_count(own) > 0 ? own : events, number);
		written++;
	}
	if (written > 0)
		return;
	if (known != NULL && waybill != NULL && strcmp(known, waybill) == 0)
	{
		for (; (number = ff_carrier_tracking_number(call, written)) != NULL; written++)
			write_tracked(writer, shipment, events, number);
	}
	if (written == 0)
		write_tracked(writer, shipment, events, waybill);
}

void
ff_dhx_track_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	const FfJson *shipments;
	FfJson *json;
	int found = 0;

	if (!ff_dhx_reply(call, reply, FF_REPEAT_SAFE, outcome, &json))
	{
		if (reply->status == 404)
			outcome->result = FF_RESULT_ABSENT;
		return;
	}
	shipments = ff_json_get(json, "shipments");
	ff_write_array(&outcome->body, "tracking");
	for (int i = 0; i < ff_json_count(shipments); i++)
	{
		const FfJson *shipment = ff_json_at(shipments, i);

		if (ff_json_text_or(shipment, "shipmentTrackingNumber", NULL) == NULL)
			continue;
		write_shipment(&outcome->body, call, shipment);
		found++;
	}
	ff_write_end(&outcome->body);
	if (found == 0)
		ff_outcome_set(
			outcome, FF_RESULT_ABSENT, "no_shipment", "DHL knows nothing of this number.", NULL);
}
