/*
 * fedex_track.c
 *
 * Where parcels are: get_shipment asks for up to thirty tracking numbers at a
 * time, or for our reference when no number is known; webhooks bring the same
 * objects in an envelope that FedEx does not describe, so they are looked for
 * at any depth.  Scans become events; fedex_status.c says what they mean.
 *
 * FedEx uses tracking numbers again: of several parcels with one number the
 * one with the newest scan counts.  Times carry their offset; one that does
 * not is local to its place.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "connectors/fedex.h"

#define NUMBERS_AT_ONCE 30
#define DEEPEST         10
#define SEARCH_DAYS     14 /* how far back a shipment without a date is looked for */

static char *
day_of(TimestampTz time, int more)
{
	return ff_time_format(time + more * USECS_PER_DAY, "%Y-%m-%d");
}

/* By our reference at our account, from the day before it was asked for on. */
void
ff_fedex_track_reference(const FfCall *call, FfMessage *message)
{
	const FfJson *subject = ff_carrier_subject(call);
	const char *reference = ff_carrier_reference(subject, FEDEX_REFERENCE);
	TimestampTz since;
	FfJsonWriter writer;

	if (reference == NULL)
		ff_connector_fail("fedex", "tracking_numbers", "Give at least one tracking number.");
	if (!ff_time_parse(ff_json_text(subject, "created_at"), &since))
		since = call->now - SEARCH_DAYS * USECS_PER_DAY;
	ff_fedex_begin(call, message, "POST", "/track/v1/referencenumbers");
	message->auth = &ff_fedex_tracking;
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_bool(&writer, "includeDetailedScans", true);
	ff_write_object(&writer, "referencesInformation");
	ff_write_text(&writer, "type", "CUSTOMER_REFERENCE");
	ff_write_text(&writer, "value", reference);
	ff_write_text(&writer,
				  "accountNumber",
				  ff_carrier_need_setting(call,
										  "account_number",
										  "Set account_number to the nine digits of the account."));
	ff_write_text(&writer, "shipDateBegin", day_of(since, -1));
	ff_write_text(&writer, "shipDateEnd", day_of(call->now, 1));
	ff_message_json(message, &writer);
}

void
ff_fedex_track_request(const FfCall *call, FfMessage *message)
{
	int first = ff_carrier_track_place(call);
	FfJsonWriter writer;

	if (ff_carrier_tracking_number(call, first) == NULL)
	{
		ff_fedex_track_reference(call, message);
		return;
	}
	ff_fedex_begin(call, message, "POST", "/track/v1/trackingnumbers");
	message->auth = &ff_fedex_tracking;
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_bool(&writer, "includeDetailedScans", true);
	ff_write_array(&writer, "trackingInfo");
	for (int i = first; i < first + NUMBERS_AT_ONCE; i++)
	{
		char *number = ff_carrier_tracking_number(call, i);

		if (number == NULL)
			break;
		ff_write_object(&writer, NULL);
		ff_write_object(&writer, "trackingNumberInfo");
		ff_write_text(&writer, "trackingNumber", number);
		ff_write_end(&writer);
		ff_write_end(&writer);
	}
	ff_message_json(message, &writer);
}

/* When a parcel was last heard of. */
static TimestampTz
last_scan(const FfJson *result)
{
	const FfJson *scans = ff_fedex_scans(result);
	TimestampTz newest = FF_NO_TIME;

	for (int i = 0; i < ff_json_count(scans); i++)
	{
		TimestampTz at;

		if (ff_time_parse(ff_json_text(ff_json_at(scans, i), "date"), &at) && at > newest)
			newest = at;
	}
	return newest;
}

const FfJson *
ff_fedex_newest_result(const FfJson *complete)
{
	const FfJson *results = ff_json_get(complete, "trackResults");
	const FfJson *chosen = NULL;

	for (int i = 0; i < ff_json_count(results); i++)
	{
		const FfJson *result = ff_json_at(results, i);

		if (ff_json_is_object(ff_json_get(result, "error")))
			continue;
		if (chosen == NULL || last_scan(result) > last_scan(chosen))
			chosen = result;
	}
	return chosen;
}

static void
write_event(FfJsonWriter *writer, const FfJson *scan)
{
	const FfJson *place = ff_json_get(scan, "scanLocation");
	char *text = ff_carrier_text(scan, "eventDescription", 200);
	char *why = ff_carrier_text(scan, "exceptionDescription", 200);

	if (text == NULL)
		text = ff_carrier_text(scan, "derivedStatus", 200);
	if (text != NULL && why != NULL && strcmp(text, why) != 0)
		text = psprintf("%s: %s", text, why);
	ff_write_object(writer, NULL);
	ff_write_text(writer, "at", ff_carrier_time(ff_json_text(scan, "date")));
	ff_carrier_write_status(writer, ff_fedex_event_status(scan));
	ff_write_text(writer,
				  "code",
				  ff_json_text_or(scan, "eventType", ff_json_text(scan, "derivedStatusCode")));
	ff_write_text(writer, "description", text ? text : why);
	ff_write_text(writer, "city", ff_carrier_text(place, "city", 100));
	ff_write_text(writer, "region", ff_carrier_text(place, "stateOrProvinceCode", 100));
	ff_write_text(writer, "postcode", ff_carrier_text(place, "postalCode", 20));
	ff_write_text(writer, "country", ff_carrier_text(place, "countryCode", 2));
	ff_write_end(writer);
}

/* The time of a kind among the dates of a parcel. */
static char *
dated(const FfJson *result, const char *type)
{
	const FfJson *dates = ff_json_get(result, "dateAndTimes");

	for (int i = 0; i < ff_json_count(dates); i++)
	{
		const FfJson *date = ff_json_at(dates, i);

		if (strcmp(ff_json_text_or(date, "type", ""), type) == 0)
			return ff_carrier_time(ff_json_text(date, "dateTime"));
	}
	return NULL;
}

/* The end of the estimated window, else an estimated date, else what was promised. */
static char *
planned_delivery(const FfJson *result)
{
	char *time = ff_carrier_time(ff_json_text(result, "estimatedDeliveryTimeWindow.window.ends"));

	if (time == NULL)
		time = dated(result, "ESTIMATED_DELIVERY");
	if (time == NULL)
		time = ff_carrier_time(ff_json_text(result, "standardTransitTimeWindow.window.ends"));
	return time ? time : dated(result, "COMMITMENT");
}

static void
write_tracked(FfJsonWriter *writer, const FfJson *result, const char *number)
{
	const FfJson *scans = ff_fedex_scans(result);
	const char *status = ff_fedex_parcel_status(result);
	const FfJson *delivery = ff_json_get(result, "deliveryDetails");
	char *signer = ff_carrier_text(delivery, "signedByName", 100);

	ff_write_object(writer, NULL);
	ff_write_text(writer, "tracking_number", number);
	ff_write_text(writer, "status", status);
	if (!ff_carrier_is_final(status))
		ff_write_text(writer, "estimated_delivery_at", planned_delivery(result));
	ff_write_text(
		writer, "signed_by", signer ? signer : ff_carrier_text(delivery, "receivedByName", 100));
	ff_write_array(writer, "events");
	for (int i = 0; i < ff_json_count(scans); i++)
		write_event(writer, ff_json_at(scans, i));
	ff_write_end(writer);
	ff_write_end(writer);
}

/* Writes what is known of the numbers asked for; answers of how many. */
static int
write_results(const FfCall *call, FfOutcome *outcome, const FfJson *completes,
			  const FfJson **problem)
{
	int count = 0;

	*problem = NULL;
	ff_write_array(&outcome->body, "tracking");
	for (int i = 0; i < ff_json_count(completes); i++)
	{
		const FfJson *complete = ff_json_at(completes, i);
		const FfJson *result = ff_fedex_newest_result(complete);
		const char *own = ff_json_text(result, "trackingNumberInfo.trackingNumber");
		const char *number = ff_json_text_or(complete, "trackingNumber", own);

		if (result == NULL)
			*problem = ff_json_get(ff_json_at(ff_json_get(complete, "trackResults"), 0), "error");
		else if (number != NULL)
		{
			write_tracked(&outcome->body, result, number);
			count++;
		}
	}
	ff_write_end(&outcome->body);
	return count;
}

/* Nothing is known of any number: an absence, unless FedEx names another reason. */
static void
note_missing(const FfCall *call, FfOutcome *outcome, const FfJson *problem)
{
	const char *code = ff_json_text_or(problem, "code", "NOT.FOUND");

	outcome->result = FF_RESULT_REFUSED;
	ff_fedex_judge(call,
				   outcome,
				   code,
				   ff_json_text_or(problem, "message", "FedEx knows nothing of this number."));
	if (ff_fedex_is_absence(code))
	{
		outcome->result = FF_RESULT_ABSENT;
		outcome->field = NULL;
	}
}

void
ff_fedex_track_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	const FfJson *problem;
	FfJson *json;
	int count;

	if (!ff_fedex_reply(call, reply, FF_REPEAT_SAFE, outcome, &json))
	{
		if (outcome->result == FF_RESULT_REFUSED && ff_fedex_is_absence(outcome->code))
			outcome->result = FF_RESULT_ABSENT;
		return;
	}
	count =
		write_results(call, outcome, ff_json_get(json, "output.completeTrackResults"), &problem);
	if (count == 0)
		note_missing(call, outcome, problem);
	ff_carrier_track_next_batch(call, outcome, count > 0, NUMBERS_AT_ONCE);
}

/*
 * Writes every parcel below a value: an object that has scans or a status, and
 * a number of its own or of what it stands in.
 */
static int
write_parcels(FfJsonWriter *writer, const FfJson *value, const char *number, int depth)
{
	const FfJson *own = ff_json_get(value, "trackingNumberInfo");
	void *state = NULL;
	char *key;
	FfJson *member;
	int count = 0;

	if (depth > DEEPEST)
		return 0;
	for (int i = 0; ff_json_is_array(value) && i < ff_json_count(value); i++)
		count += write_parcels(writer, ff_json_at(value, i), number, depth + 1);
	if (!ff_json_is_object(value))
		return count;
	number =
		ff_json_text_or(own, "trackingNumber", ff_json_text_or(value, "trackingNumber", number));
	if (number != NULL && (!ff_json_is_null(ff_fedex_scans(value)) ||
						   ff_json_is_object(ff_json_get(value, "latestStatusDetail"))))
	{
		write_tracked(writer, value, number);
		return 1;
	}
	while (ff_json_each(value, &state, &key, &member))
		count += write_parcels(writer, member, number, depth + 1);
	return count;
}

void
ff_fedex_event_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *json = ff_outcome_json(reply, outcome);
	int count;

	ff_write_array(&outcome->body, "tracking");
	count = write_parcels(&outcome->body, json, NULL, 0);
	ff_write_end(&outcome->body);
	if (count == 0)
		ff_carrier_no_parcel(outcome);
}
