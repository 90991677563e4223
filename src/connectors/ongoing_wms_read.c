/*
 * ongoing_wms_read.c
 *
 * Reading orders: find_shipment and get_shipment, and what the order webhook
 * has of an order.  The status numbers are set by each warehouse, so a setting may say what one
 * means; the usual numbers and, for others, the range they lie in follow.
 *
 * Ongoing knows neither deliveries nor scans: what left the house is tracked
 * at the carrier by the tracking number.  Parcels and numbers marked as
 * return are pre-printed return labels and never the outbound parcel.
 */
#include "postgres.h"

#include <math.h>

#include "utils/formatting.h"

#include "connectors/decimal.h"
#include "connectors/ongoing_wms.h"
#include "connectors/unknown.h"

#define COLLECTED 500

static const struct
{
	int from;
	int to;
	const char *state;
	const char *tracking;
	bool partial;
} statuses[] = {
	{150, 150, "on_hold", NULL, false}, /* an error that the warehouse has to look at */
	{200, 200, "accepted", NULL, false},
	{300, 300, "picking", NULL, false},
	{320, 320, "picking", NULL, false},
	{400, 400, "packed", NULL, false},
	{425, 425, "shipped", NULL, true},
	{450, 450, "shipped", NULL, false},
	{451, 451, "shipped", "ready_for_pickup", false},
	{475, 475, "shipped", NULL, false},
	{COLLECTED, COLLECTED, "shipped", NULL, false},
	{1000, 1000, "cancelled", NULL, false},
	/* numbers of a warehouse's own, by the stage they lie in */
	{PG_INT32_MIN, 199, "pending", NULL, false},
	{200, 299, "accepted", NULL, false},
	{300, 399, "picking", NULL, false},
	{400, 449, "packed", NULL, false},
	{450, 999, "shipped", NULL, false},
	{1000, PG_INT32_MAX, "cancelled", NULL, false},
};

FfOngoingStatus
ff_ongoing_status(const FfCall *call, const FfJson *number)
{
	FfOngoingStatus status = {NULL};
	const char *configured;
	int64 value;

	if (!ff_json_int64(number, "", &value))
		return status;
	for (int i = 0; i < (int) lengthof(statuses); i++)
	{
		if (value < statuses[i].from || value > statuses[i].to)
			continue;
		status.state = statuses[i].state;
		status.tracking = statuses[i].tracking;
		status.partial = statuses[i].partial;
		if (statuses[i].from != statuses[i].to)
			status.unknown = psprintf(INT64_FORMAT, value);
		break;
	}
	if (value == COLLECTED && ff_json_bool(call->config, "collected_is_delivered", false))
	{
		status.state = "delivered";
		status.tracking = "delivered";
	}
	configured = ff_json_text_or(call->config, psprintf("statuses." INT64_FORMAT, value), NULL);
	if (configured != NULL)
	{
		status.state = configured;
		status.unknown = NULL;
	}
	return status;
}

void
ff_ongoing_look_up(const FfCall *call, FfMessage *message)
{
	char *id = ff_ongoing_order_id(call);

	ff_ongoing_begin(call, message, "GET", "/orders");
	if (id != NULL)
	{
		ff_message_path(message, "/");
		ff_message_segment(message, id);
		return;
	}
	ff_ongoing_owner_query(call, message);
	ff_message_query(message, "orderNumber", ff_ongoing_order_number(call));
}

FfJson *
ff_ongoing_found(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	const char *number = ff_json_text(ff_ongoing_shipment(call), "reference");
	FfJson *json;
	FfJson *found = NULL;

	if (!ff_ongoing_reply(call, reply, outcome, &json))
	{
		if (reply->status == 404)
			outcome->result = FF_RESULT_ABSENT;
		return NULL;
	}
	for (int i = 0; i < ff_json_count(json); i++)
	{
		FfJson *order = ff_json_at(json, i);
		const char *theirs = ff_json_text_or(order, "orderInfo.orderNumber", "");

		if (ff_json_number(order, "orderInfo.orderId") == NULL)
			continue;
		if (found == NULL || (number && strcmp(theirs, number) == 0))
			found = order;
	}
	if (found == NULL)
		ff_outcome_set(outcome,
					   FF_RESULT_ABSENT,
					   "no_order",
					   "The warehouse has no order of this number.",
					   NULL);
	return found;
}

/* Carriers by a word of the transporter's name. */
static const struct
{
	const char *word;
	const char *carrier;
} carriers[] = {
	{"postnord", "postnord"},
	{"dhl express", "dhl_express"},
	{"dhl", "dhl"},
	{"ups", "ups"},
	{"fedex", "fedex"},
	{"schenker", "schenker"},
	{"dsv", "dsv"},
	{"bring", "bring"},
	{"posten", "bring"},
	{"posti", "posti"},
	{"gls", "gls"},
	{"dpd", "dpd"},
	{"budbee", "budbee"},
	{"instabox", "instabox"},
	{"airmee", "airmee"},
	{"early bird", "early_bird"},
};

static const char *
carrier_of(const FfJson *order)
{
	const char *name = ff_json_text_or(
		order, "transporter.transporterName", ff_json_text(order, "transporter.name"));
	char *lower = name ? asc_tolower(name, strlen(name)) : NULL;

	for (int i = 0; lower && i < (int) lengthof(carriers); i++)
		if (strstr(lower, carriers[i].word) != NULL)
			return carriers[i].carrier;
	return name;
}

/* The link that the order's tracking list has for a number, or the only link there is. */
static const char *
link_of(const FfJson *order, const char *number)
{
	const FfJson *list = ff_json_get(order, "tracking");

	for (int i = 0; i < ff_json_count(list); i++)
	{
		const FfJson *entry = ff_json_at(list, i);
		const char *waybill = ff_json_text_or(entry, "waybill", "");

		if (strcmp(waybill, number) == 0 && !ff_json_bool(entry, "isReturn", false))
			return ff_json_text_or(entry, "trackingUrl", NULL);
	}
	return NULL;
}

typedef struct Parcel
{
	const char *number;
	const char *url;
} Parcel;

/*
 * The parcel of a place: from parcels[], else from tracking[], else the
 * order's own waybill.  Entries for returns and without a number do not count.
 */
static bool
parcel_at(const FfJson *order, int place, Parcel *parcel)
{
	const FfJson *parcels = ff_json_get(order, "parcels");
	const FfJson *tracking = ff_json_get(order, "tracking");
	int seen = 0;

	for (int i = 0; i < ff_json_count(parcels); i++)
	{
		const FfJson *entry = ff_json_at(parcels, i);
		const char *number = ff_json_text_or(
			entry, "tracking.waybill", ff_json_text_or(entry, "parcelNumber", NULL));

		if (number == NULL || ff_json_bool(entry, "isReturnParcel", false) || seen++ != place)
			continue;
		parcel->number = number;
		parcel->url = ff_json_text_or(entry, "tracking.trackingUrl", link_of(order, number));
		return true;
	}
	for (int i = 0; seen == 0 && i < ff_json_count(tracking); i++)
	{
		const FfJson *entry = ff_json_at(tracking, i);

		parcel->number = ff_json_text_or(entry, "waybill", NULL);
		parcel->url = ff_json_text_or(entry, "trackingUrl", NULL);
		if (parcel->number != NULL && !ff_json_bool(entry, "isReturn", false) &&
			!ff_json_bool(entry, "isReturnTracking", false))
			return place == 0;
	}
	parcel->number = ff_json_text_or(order, "orderInfo.wayBill", NULL);
	parcel->url = NULL;
	return seen == 0 && place == 0 && parcel->number != NULL;
}

void
ff_ongoing_packages(FfJsonWriter *writer, const FfJson *order)
{
	Parcel parcel;

	ff_write_array(writer, "packages");
	for (int i = 0; parcel_at(order, i, &parcel); i++)
	{
		ff_write_object(writer, NULL);
		ff_write_int(writer, "number", i + 1);
		ff_write_text(writer, "tracking_number", parcel.number);
		ff_write_text(writer, "carrier", carrier_of(order));
		ff_write_text(writer, "tracking_url", parcel.url);
		ff_write_end(writer);
	}
	ff_write_end(writer);
}

void
ff_ongoing_tracking(FfJsonWriter *writer, const FfJson *order, const FfOngoingStatus *status)
{
	Parcel parcel;

	if (status->tracking == NULL || !parcel_at(order, 0, &parcel))
		return;
	ff_write_array(writer, "tracking");
	for (int i = 0; parcel_at(order, i, &parcel); i++)
	{
		ff_write_object(writer, NULL);
		ff_write_text(writer, "tracking_number", parcel.number);
		ff_write_text(writer, "status", status->tracking);
		ff_write_array(writer, "events");
		ff_write_end(writer);
		ff_write_end(writer);
	}
	ff_write_end(writer);
}

/*
 * How many of a line were picked; NULL when nobody says.  A set's quantities
 * may stand at its parts: as many sets as the scarcest part allows.
 */
static char *
picked_of(const FfJson *line)
{
	const FfJson *parts = ff_json_get(line, "subOrderLines");
	char *picked = ff_json_number(line, "pickedNumberOfItems");
	double ordered = ff_json_double_or(line, "orderedNumberOfItems", 0);
	double sets = ordered;

	if (ff_json_count(parts) == 0 || (picked && ff_decimal_positive(picked)))
		return picked ? ff_decimal_trim(picked) : NULL;
	for (int i = 0; i < ff_json_count(parts); i++)
	{
		const FfJson *part = ff_json_at(parts, i);
		double wanted = ff_json_double_or(part, "orderedNumberOfItems", 0);

		if (wanted > 0)
			sets = Min(
				sets,
				floor(ff_json_double_or(part, "pickedNumberOfItems", 0) * ordered / wanted + 1e-6));
	}
	return psprintf("%.0f", sets);
}

/* What left the house per line; what is missing counts as short once nothing more follows. */
static void
write_lines(FfJsonWriter *writer, const FfJson *order, bool partial)
{
	const FfJson *lines = ff_json_get(order, "orderLines");

	ff_write_array(writer, "lines");
	for (int i = 0; i < ff_json_count(lines); i++)
	{
		const FfJson *line = ff_json_at(lines, i);
		char *picked = picked_of(line);
		char *ordered = ff_json_number(line, "orderedNumberOfItems");
		char *missing = picked && ordered ? ff_decimal_subtract(ordered, picked) : NULL;

		if (picked == NULL)
			continue;
		ff_write_object(writer, NULL);
		ff_write_text(writer, "line", ff_json_text(line, "rowNumber"));
		ff_write_text(writer, "sku", ff_json_text(line, "article.articleNumber"));
		ff_write_number(writer, "shipped", picked);
		if (missing && !partial)
			ff_write_number(
				writer, "short", ff_decimal_positive(missing) ? ff_decimal_trim(missing) : "0");
		ff_write_text(writer, "provider_line", ff_json_text(line, "id"));
		ff_write_end(writer);
	}
	ff_write_end(writer);
}

void
ff_ongoing_partial(FfJsonWriter *writer, const FfOngoingStatus *status)
{
	if (status->partial)
		ff_write_bool(writer, "partial", true);
}

static bool
has_left(const char *state)
{
	return state && (strcmp(state, "shipped") == 0 || strcmp(state, "delivered") == 0);
}

void
ff_ongoing_get_request(const FfCall *call, FfMessage *message)
{
	ff_ongoing_look_up(call, message);
}

void
ff_ongoing_get_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJsonWriter *writer = &outcome->body;
	const FfJson *order = ff_ongoing_found(call, reply, outcome);
	FfOngoingStatus status;
	TimestampTz shipped_at;

	if (order == NULL)
		return;
	status = ff_ongoing_status(call, ff_json_get(order, "orderInfo.orderStatus.number"));
	ff_write_object(writer, "shipment");
	ff_write_text(writer, "reference", ff_json_text(order, "orderInfo.orderNumber"));
	ff_write_text(writer, "provider_reference", ff_json_text(order, "orderInfo.orderId"));
	ff_write_text(writer, "state", status.state ? status.state : "accepted");
	ff_write_text(writer, "provider_state", ff_json_text(order, "orderInfo.orderStatus.text"));
	ff_write_unknown(writer, status.unknown, ff_json_text(order, "orderInfo.orderStatus.text"));
	ff_ongoing_partial(writer, &status);
	if (has_left(status.state) &&
		ff_time_parse(ff_json_text(order, "orderInfo.shippedTime"), &shipped_at))
		ff_write_text(writer, "shipped_at", ff_time_iso(shipped_at));
	ff_ongoing_packages(writer, order);
	if (has_left(status.state))
		write_lines(writer, order, status.partial);
	ff_write_end(writer);
	ff_ongoing_tracking(writer, order, &status);
}
