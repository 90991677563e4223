/*
 * usps_answer.c
 *
 * Labels as USPS answers them, flat or with their metadata apart, and the
 * shipment that several of them make.  Until the last one is there, those that
 * were answered wait in the operation's state.  What a label costs is its
 * postage with all that was asked beside it and all fees.
 */
#include "postgres.h"

#include "connectors/decimal.h"
#include "connectors/usps.h"

#define DAYS_PER_WEEK 7
#define TRACKING_LINK "https://tools.usps.com/go/TrackConfirmAction?tLabels="

static const char *const images[] = {"labelImage", "returnLabelImage", "labelBrokerQR"};

/* What stands around a label's number: the answer itself, or one of its objects. */
static const FfJson *
metadata_of(const FfReply *reply, const FfJson *json)
{
	static const char *const names[] = {"labelMetadata", "returnLabelMetadata"};

	for (int i = 0; i < (int) lengthof(names); i++)
	{
		const FfJson *metadata = ff_usps_object(reply, json, names[i]);

		if (metadata != NULL)
			return metadata;
	}
	return json;
}

static char *
number_in(const FfJson *metadata)
{
	return ff_usps_number(ff_json_text_or(
		metadata, "trackingNumber", ff_json_text(metadata, "internationalTrackingNumber")));
}

static char *
cost_of(const FfJson *metadata)
{
	static const char *const lists[] = {"extraServices", "fees"};
	char *sum = ff_json_number(metadata, "postage");

	for (int list = 0; sum != NULL && list < (int) lengthof(lists); list++)
	{
		const FfJson *items = ff_json_get(metadata, lists[list]);

		for (int i = 0; i < ff_json_count(items); i++)
			sum = ff_decimal_add(sum, ff_json_number(ff_json_at(items, i), "price"));
	}
	return sum;
}

char *
ff_usps_arrival(const FfJson *metadata)
{
	return ff_carrier_time(
		ff_json_text_or(metadata,
						"commitment.expectedDeliveryDate",
						ff_json_text(metadata, "commitment.scheduleDeliveryDate")));
}

/* The label for the way back, when one was asked for with the label. */
static void
write_way_back(FfJsonWriter *writer, const FfReply *reply, const FfJson *json)
{
	const FfJson *inside = ff_json_get(json, "returnLabel");
	const FfJson *metadata = ff_usps_object(reply, json, "returnLabelMetadata");
	char *image = ff_usps_image(reply, json, "returnLabelImage");

	if (ff_json_is_object(inside))
	{
		metadata = metadata_of(reply, inside);
		image = ff_usps_image(reply, inside, "returnLabelImage");
	}
	ff_write_text(writer, "return_number", number_in(metadata));
	ff_write_text(writer, "return_image", image);
}

static char *
any_image(const FfReply *reply, const FfJson *json)
{
	char *image = NULL;

	for (int i = 0; image == NULL && i < (int) lengthof(images); i++)
		image = ff_usps_image(reply, json, images[i]);
	return image;
}

char *
ff_usps_add_label(const FfCall *call, const FfReply *reply, const FfJson *json, int index)
{
	const FfJson *metadata = metadata_of(reply, json);
	const FfJson *before = ff_json_get(call->state, "labels");
	char *number = number_in(metadata);
	FfJsonWriter writer;

	if (number == NULL)
		return NULL;
	ff_write_init(&writer);
	ff_write_array(&writer, NULL);
	for (int i = 0; i < ff_json_count(before); i++)
		ff_write_json(&writer, NULL, ff_json_at(before, i));
	ff_write_object(&writer, NULL);
	ff_write_int(&writer, "package", ff_carrier_package_number(call, index));
	ff_write_text(&writer, "number", number);
	ff_write_text(&writer, "image", any_image(reply, json));
	if (!ff_carrier_is_return(call))
		write_way_back(&writer, reply, json);
	ff_write_number(&writer, "cost", cost_of(metadata));
	ff_write_text(&writer, "arrival", ff_usps_arrival(metadata));
	return ff_write_finish(&writer);
}

static char *
state_at(const FfCall *call, int index, const char *labels, const char *date)
{
	const FfJson *before = ff_json_get(call->state, "labels");
	FfJsonWriter writer;

	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_int(&writer, "at", index);
	ff_write_text(&writer, "mailing_date", date);
	if (labels != NULL)
		ff_write_raw(&writer, "labels", labels);
	else if (before != NULL)
		ff_write_json(&writer, "labels", before);
	return ff_write_finish(&writer);
}

char *
ff_usps_state_at(const FfCall *call, int index, const char *labels)
{
	return state_at(call, index, labels, ff_usps_mailing_date(call));
}

/* A day later than a date, but no Sunday. */
static char *
day_after(const char *date)
{
	TimestampTz day;

	if (!ff_time_parse(date, &day))
		return NULL;
	day += USECS_PER_DAY;
	/* days count from a Saturday */
	if (day / USECS_PER_DAY % DAYS_PER_WEEK == 1)
		day += USECS_PER_DAY;
	return ff_time_format(day, "%Y-%m-%d");
}

char *
ff_usps_state_later(const FfCall *call, int index)
{
	char *refused = ff_usps_mailing_date(call);
	char *wanted = ff_carrier_ship_date(call);
	char *later = NULL;

	if (strcmp(refused, wanted) < 0)
		later = wanted;
	else if (strcmp(refused, ff_time_format(call->now, "%Y-%m-%d")) == 0)
		later = day_after(refused);

	return later ? state_at(call, index, NULL, later) : NULL;
}

static void
write_documents(FfJsonWriter *writer, const FfCall *call, const FfJson *labels)
{
	bool is_return = ff_carrier_is_return(call);

	ff_write_array(writer, "documents");
	for (int i = 0; i < ff_json_count(labels); i++)
	{
		const FfJson *label = ff_json_at(labels, i);
		const char *type =
			ff_usps_image_type(call, ff_usps_is_abroad(call, ff_json_text(label, "number")));
		int64 package = ff_json_int64_or(label, "package", i + 1);
		char *image = ff_json_text(label, "image");
		char *way_back = ff_json_text(label, "return_image");

		ff_carrier_write_document(writer,
								  is_return ? "return_label" : "label",
								  ff_usps_image_format(image, type),
								  image,
								  NULL,
								  package);
		ff_carrier_write_document(
			writer, "return_label", ff_usps_image_format(way_back, type), way_back, NULL, package);
	}
	ff_write_end(writer);
}

/* The sum of what labels cost; NULL when one does not tell. */
static char *
total_cost(const FfJson *labels)
{
	char *sum = NULL;

	for (int i = 0; i < ff_json_count(labels); i++)
	{
		char *cost = ff_json_number(ff_json_at(labels, i), "cost");

		if (cost == NULL)
			return NULL;
		sum = ff_decimal_add(sum, cost);
	}
	return sum;
}

/* The day by which all are there; days of one form are in the order of their text. */
static const char *
last_arrival(const FfJson *labels)
{
	const char *last = NULL;

	for (int i = 0; i < ff_json_count(labels); i++)
	{
		const char *arrival = ff_json_text(ff_json_at(labels, i), "arrival");

		if (arrival != NULL && (last == NULL || strcmp(arrival, last) > 0))
			last = arrival;
	}
	return last;
}

static void
write_shipment(FfJsonWriter *writer, const FfCall *call, const FfJson *labels)
{
	ff_write_object(writer, "shipment");
	ff_write_text(writer, "provider_reference", ff_json_text(labels, "0.number"));
	ff_write_text(writer, "state", "accepted");
	ff_write_array(writer, "packages");
	for (int i = 0; i < ff_json_count(labels); i++)
	{
		const FfJson *label = ff_json_at(labels, i);

		ff_carrier_write_package(writer,
								 ff_json_int64_or(label, "package", i + 1),
								 ff_json_text(label, "number"),
								 "usps",
								 TRACKING_LINK);
	}
	ff_write_end(writer);
	write_documents(writer, call, labels);
	ff_carrier_write_money(writer, "cost", total_cost(labels), USPS_CURRENCY);
	ff_write_text(writer, "estimated_delivery_at", last_arrival(labels));
	ff_write_end(writer);
}

void
ff_usps_labelled(const FfCall *call, FfOutcome *outcome, char *labels, int index)
{
	if (index + 1 < ff_carrier_package_count(call))
		ff_outcome_continue(outcome, ff_usps_state_at(call, index + 1, labels));
	else
		write_shipment(&outcome->body, call, ff_json_parse(labels, strlen(labels), NULL));
}
