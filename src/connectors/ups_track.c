/*
 * ups_track.c
 *
 * Where packages are: get_shipment asks for one tracking number after the
 * other, or for our reference when no number is known; Track Alert tells one
 * scan at a time.  Scans become events; ups_status.c says what they mean.
 *
 * A package's status is that of its newest scan that means anything, but
 * after a delivery only a return changes it: claims that follow do not undo
 * what happened.
 */
#include "postgres.h"

#include "connectors/ups.h"

#define NOT_FOUND "TW0001"

/* How the two APIs call the parts of a scan. */
typedef struct ScanNames
{
	const char *gmt_date;
	const char *gmt_time;
	const char *date;
	const char *time;
	const char *offset;
	const char *status;
	const char *address;
} ScanNames;

static const ScanNames tracked = {
	"gmtDate", "gmtTime", "date", "time", "gmtOffset", "status", "location.address"};
static const ScanNames alerted = {"gmtActivityDate",
								  "gmtActivityTime",
								  "localActivityDate",
								  "localActivityTime",
								  "gmtOffset",
								  "activityStatus",
								  "activityLocation"};

/* By our reference, from the day it was asked for on. */
static void
track_reference(const FfCall *call, FfMessage *message)
{
	const FfJson *subject = ff_carrier_subject(call);
	const char *reference = ff_carrier_reference(subject, UPS_REFERENCE);
	TimestampTz since;

	if (reference == NULL)
		ff_connector_fail("ups", "tracking_numbers", "Give at least one tracking number.");
	ff_ups_begin(call, message, "GET", "/track/v1/reference/details/");
	ff_message_segment(message, reference);
	ff_message_query(message, "locale", ff_carrier_setting(call, "locale"));
	if (ff_time_parse(ff_json_text(subject, "created_at"), &since))
	{
		ff_message_query(message, "fromPickUpDate", ff_time_format(since, "%Y%m%d"));
		ff_message_query(message, "toPickUpDate", ff_time_format(call->now, "%Y%m%d"));
	}
	ff_message_query(message, "refNumType", "SmallPackage");
	ff_message_query(message, "shipperNum", ff_carrier_setting(call, "account_number"));
}

void
ff_ups_track_request(const FfCall *call, FfMessage *message)
{
	char *number = ff_carrier_tracking_number(call, ff_carrier_track_place(call));

	if (number == NULL)
	{
		track_reference(call, message);
		return;
	}
	ff_ups_begin(call, message, "GET", "/track/v1/details/");
	ff_message_segment(message, number);
	ff_message_query(message, "locale", ff_carrier_setting(call, "locale"));
	ff_message_query(message, "returnSignature", "false");
	ff_message_query(message, "returnMilestones", "false");
	ff_message_query(message, "returnPOD", "false");
}

static const char *
status_of(const FfJson *status)
{
	return ff_ups_status(ff_json_text(status, "type"),
						 ff_json_text(status, "code"),
						 ff_json_text(status, "statusCode"));
}

/* In UTC when the scan tells it or its offset; else as the local clock showed it. */
static char *
scan_time(const FfJson *scan, const ScanNames *names)
{
	char *date = ff_json_text(scan, names->date);
	char *time = ff_json_text(scan, names->time);
	char *at = ff_ups_utc_time(
		ff_json_text(scan, names->gmt_date), ff_json_text(scan, names->gmt_time), "+00:00");

	if (at == NULL)
		at = ff_ups_utc_time(date, time, ff_json_text(scan, names->offset));
	return at ? at : ff_ups_local_time(date, time);
}

static void
write_place(FfJsonWriter *writer, const FfJson *address)
{
	char *country = ff_carrier_text(address, "countryCode", 2);

	ff_write_text(writer, "city", ff_carrier_text(address, "city", 100));
	ff_write_text(writer, "region", ff_carrier_text(address, "stateProvince", 100));
	ff_write_text(writer, "postcode", ff_carrier_text(address, "postalCode", 20));
	ff_write_text(writer, "country", country ? country : ff_carrier_text(address, "country", 2));
}

static void
write_event(FfJsonWriter *writer, const FfJson *scan, const ScanNames *names)
{
	const FfJson *status = ff_json_get(scan, names->status);
	const char *canonical = status_of(status);
	const char *code = ff_json_text_or(status, "code", ff_json_text(status, "statusCode"));

	ff_write_object(writer, NULL);
	ff_write_text(writer, "at", scan_time(scan, names));
	ff_carrier_write_status(writer, canonical);
	ff_write_text(writer, "code", code);
	ff_write_text(writer, "description", ff_carrier_text(status, "description", 200));
	write_place(writer, ff_json_get(scan, names->address));
	ff_write_end(writer);
}

/* The package's status; see the head of this file. */
static const char *
package_status(const FfJson *package)
{
	const FfJson *activity = ff_json_get(package, "activity");
	const FfJson *current = ff_json_get(package, "currentStatus");
	const char *status = ff_json_is_object(current) ? status_of(current) : NULL;
	bool delivered = false;

	for (int i = 0; i < ff_json_count(activity); i++)
	{
		const char *scanned = status_of(ff_json_get(ff_json_at(activity, i), tracked.status));

		if (scanned == NULL)
			continue;
		if (status == NULL || strcmp(status, "unknown") == 0)
			status = scanned;
		delivered = delivered || strcmp(scanned, "delivered") == 0;
	}
	if (status == NULL)
		return "unknown";
	if (delivered && strcmp(status, "returning") != 0 && strcmp(status, "returned") != 0)
		return "delivered";
	return status;
}

/* The day a delivery is planned for: rescheduled before scheduled; NULL once it is made. */
static char *
planned_delivery(const FfJson *package)
{
	static const char *const types[] = {"RDD", "SDD"};
	const FfJson *dates = ff_json_get(package, "deliveryDate");
	char *time = ff_json_text(package, "deliveryTime.endTime");

	if (strcmp(ff_json_text_or(package, "deliveryTime.type", ""), "DEL") == 0)
		time = NULL;
	for (int type = 0; type < (int) lengthof(types); type++)
	{
		for (int i = 0; i < ff_json_count(dates); i++)
		{
			const FfJson *date = ff_json_at(dates, i);

			if (strcmp(ff_json_text_or(date, "type", ""), types[type]) == 0)
				return ff_ups_local_time(ff_json_text(date, "date"), time);
		}
	}
	return NULL;
}

static void
write_tracked(FfJsonWriter *writer, const FfJson *package, const char *asked)
{
	const FfJson *activity = ff_json_get(package, "activity");
	const char *status = package_status(package);

	ff_write_object(writer, NULL);
	ff_write_text(writer, "tracking_number", ff_json_text_or(package, "trackingNumber", asked));
	ff_write_text(writer, "status", status);
	if (!ff_carrier_is_final(status))
		ff_write_text(writer, "estimated_delivery_at", planned_delivery(package));
	ff_write_text(
		writer, "signed_by", ff_carrier_text(package, "deliveryInformation.receivedBy", 100));
	ff_write_array(writer, "events");
	for (int i = 0; i < ff_json_count(activity); i++)
		write_event(writer, ff_json_at(activity, i), &tracked);
	ff_write_end(writer);
	ff_write_end(writer);
}

/* Writes the packages of an answer; answers how many there were. */
static int
write_packages(const FfCall *call, FfOutcome *outcome, const FfJson *shipments)
{
	char *asked = ff_carrier_tracking_number(call, ff_carrier_track_place(call));
	int count = 0;

	ff_write_array(&outcome->body, "tracking");
	for (int i = 0; i < ff_json_count(shipments); i++)
	{
		const FfJson *shipment = ff_json_at(shipments, i);
		const FfJson *packages = ff_json_get(shipment, "package");
		const char *inquiry = ff_json_text_or(shipment, "inquiryNumber", asked);

		for (int j = 0; j < ff_json_count(packages); j++, count++)
			write_tracked(&outcome->body, ff_json_at(packages, j), inquiry);
	}
	ff_write_end(&outcome->body);
	return count;
}

/* Nothing known of the number: a warning in an answer without packages, or an error. */
static void
note_missing(const FfReply *reply, const FfJson *shipments, FfOutcome *outcome)
{
	const FfJson *warning = ff_json_at(ff_json_get(ff_json_at(shipments, 0), "warnings"), 0);

	if (reply->status == 404)
		outcome->result = FF_RESULT_ABSENT;
	else if (outcome->result == FF_RESULT_OK)
		ff_outcome_set(outcome,
					   FF_RESULT_ABSENT,
					   ff_json_text_or(warning, "code", NOT_FOUND),
					   ff_json_text_or(warning, "message", "UPS knows nothing of this number."),
					   NULL);
	else if (outcome->code && strcmp(outcome->code, NOT_FOUND) == 0)
		outcome->result = FF_RESULT_ABSENT;
	else if (outcome->code && strcmp(outcome->code, "TV1002") == 0)
		outcome->field = "tracking_number";
}

void
ff_ups_track_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	const FfJson *shipments;
	FfJson *json;
	int count = 0;

	(void) ff_ups_reply(call, reply, FF_REPEAT_SAFE, outcome, &json);
	shipments = ff_json_get(json, "trackResponse.shipment");
	if (outcome->result == FF_RESULT_OK)
		count = write_packages(call, outcome, shipments);
	if (count == 0)
		note_missing(reply, shipments, outcome);
	ff_carrier_track_next(call, outcome, count > 0);
}

static void
write_alert(FfJsonWriter *writer, const FfJson *alert)
{
	const char *status = status_of(ff_json_get(alert, alerted.status));

	ff_write_object(writer, NULL);
	ff_write_text(writer, "tracking_number", ff_json_text(alert, "trackingNumber"));
	if (status != NULL)
		ff_write_text(writer, "status", status);
	if (status == NULL || !ff_carrier_is_final(status))
		ff_write_text(writer,
					  "estimated_delivery_at",
					  ff_ups_local_time(ff_json_text(alert, "scheduledDeliveryDate"),
										ff_json_text(alert, "deliveryEndTime")));
	ff_write_text(writer, "signed_by", ff_carrier_text(alert, "receivedBy", 100));
	ff_write_array(writer, "events");
	write_event(writer, alert, &alerted);
	ff_write_end(writer);
	ff_write_end(writer);
}

void
ff_ups_alert_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *json = ff_outcome_json(reply, outcome);
	int count = 0;

	ff_write_array(&outcome->body, "tracking");
	for (int i = 0; i < ff_json_count(json); i++)
	{
		const FfJson *alert = ff_json_at(json, i);

		if (ff_json_text_or(alert, "trackingNumber", NULL) == NULL)
			continue;
		write_alert(&outcome->body, alert);
		count++;
	}
	ff_write_end(&outcome->body);
	if (count == 0)
		ff_carrier_no_parcel(outcome);
}
