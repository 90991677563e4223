/*
 * usps_track.c
 *
 * Where parcels are: get_shipment asks for one tracking number by the older
 * API, or for up to 35 by the one that applications are moved to; the older
 * refuses those that were.  Webhooks bring the same objects, in an envelope
 * whose payload is JSON once more.  Events become events; usps_status.c says
 * what they mean.
 *
 * A number nobody has scanned is answered like an unknown one.  Times of
 * events have no zone, whatever they say: either UTC stands beside them, or
 * the offset, or they are local to their place.
 */
#include "postgres.h"

#include "connectors/usps.h"

#define NUMBERS_AT_ONCE 35
#define DEEPEST         8
#define MOVED           "v3r2"

/* Whether a single number is asked for the older way. */
static bool
asks_singly(const FfCall *call)
{
	const char *version = ff_json_text_or(
		call->state, "version", ff_json_text_or(call->config, "tracking_version", ""));

	return strcmp(version, MOVED) != 0 && ff_usps_known_number(call, 1) == NULL;
}

void
ff_usps_track_request(const FfCall *call, FfMessage *message)
{
	int first = ff_carrier_track_place(call);
	char *number = ff_usps_known_number(call, first);
	FfJsonWriter writer;

	if (number == NULL)
		ff_connector_fail(
			call->connector, "tracking_numbers", "Give at least one tracking number.");
	if (asks_singly(call))
	{
		ff_usps_begin(call, message, "GET", "/tracking/v3/tracking");
		ff_usps_about(message, number);
		ff_message_query(message, "expand", "DETAIL");
		return;
	}
	ff_usps_begin(call, message, "POST", "/tracking/v3r2/tracking");
	ff_write_init(&writer);
	ff_write_array(&writer, NULL);
	for (int i = first; i < first + NUMBERS_AT_ONCE && number != NULL; i++)
	{
		ff_write_object(&writer, NULL);
		ff_write_text(&writer, "trackingNumber", number);
		ff_write_end(&writer);
		number = ff_usps_known_number(call, i + 1);
	}
	ff_message_json(message, &writer);
}

/* Text of a time without the Z that older answers put behind local ones. */
static char *
local_clock(const FfJson *json, const char *member)
{
	char *text = ff_json_text(json, member);
	size_t length = text ? strlen(text) : 0;

	if (length > 0 && (text[length - 1] == 'Z' || text[length - 1] == 'z'))
		text[length - 1] = '\0';
	return text;
}

/* "-05:00", or as many minutes as "-300" says; NULL for neither. */
static char *
offset_of(const FfJson *event)
{
	const char *text = ff_json_text_or(event, "GMTOffset", NULL);
	int64 minutes;

	if (text == NULL || strchr(text, ':') != NULL)
		return text && (*text == '-' || *text == '+') ? pstrdup(text) : NULL;
	if (!ff_json_int64(event, "GMTOffset", &minutes))
		return NULL;
	return psprintf(
		"%c%02d:%02d", minutes < 0 ? '-' : '+', abs((int) minutes) / 60, abs((int) minutes) % 60);
}

static char *
event_time(const FfJson *event)
{
	char *utc = local_clock(event, "GMTTimestamp");
	char *local = local_clock(event, "eventTimestamp");
	char *offset = offset_of(event);

	if (utc != NULL && *utc != '\0')
		return ff_carrier_time(psprintf("%sZ", utc));
	if (local != NULL && offset != NULL && strchr(local, 'T') != NULL)
		return ff_carrier_time(psprintf("%s%s", local, offset));
	return ff_carrier_time(local);
}

static void
write_event(FfJsonWriter *writer, const FfJson *event, const char *expected)
{
	const char *country = ff_json_text_or(event, "eventCountry", "US");

	ff_write_object(writer, NULL);
	ff_write_text(writer, "at", event_time(event));
	ff_carrier_write_status(writer, ff_usps_event_status(event, expected));
	ff_write_text(writer, "code", ff_json_text_or(event, "eventCode", NULL));
	ff_write_text(writer, "description", ff_carrier_text(event, "eventType", 200));
	ff_write_text(writer, "city", ff_carrier_text(event, "eventCity", 100));
	ff_write_text(writer, "region", ff_carrier_text(event, "eventState", 100));
	ff_write_text(writer, "postcode", ff_carrier_text(event, "eventZIP", 20));
	ff_write_text(writer, "country", ff_usps_country_code(country));
	ff_write_end(writer);
}

/* When it should arrive, by the clock there; the first that is told. */
static char *
planned_delivery(const FfJson *parcel)
{
	static const char *const members[] = {
		"expectedDeliveryTimeStamp",
		"expectedDeliveryDate",
		"predictedDeliveryTimeStamp",
		"predictedDeliveryDate",
		"guaranteedDeliveryTimeStamp",
	};
	char *time = NULL;

	for (int i = 0; time == NULL && i < (int) lengthof(members); i++)
		time = ff_carrier_time(local_clock(parcel, members[i]));
	return time;
}

/* Who took the parcel: the name on the newest event that has one. */
static char *
signer(const FfJson *events)
{
	char *name = NULL;

	for (int i = 0; name == NULL && i < ff_json_count(events); i++)
		name = ff_carrier_text(ff_json_at(events, i), "name", 100);
	return name;
}

/* The number as the call spells it, else as USPS does. */
static const char *
number_of(const FfCall *call, const FfJson *parcel)
{
	const char *told = ff_json_text_or(parcel, "trackingNumber", NULL);
	char *number = ff_usps_number(told);
	char *known;

	for (int i = 0; number && (known = ff_usps_known_number(call, i)) != NULL; i++)
		if (strcmp(known, number) == 0)
			return ff_carrier_tracking_number(call, i);
	if (number == NULL && ff_usps_known_number(call, 1) == NULL)
		return ff_carrier_tracking_number(call, 0);
	return number;
}

/* Nothing but "pre-shipment" and words is what USPS answers for numbers it does not know. */
static bool
is_known(const FfJson *parcel)
{
	const char *category = ff_json_text_or(parcel, "statusCategory", "Pre-Shipment");

	return ff_json_count(ff_usps_events(parcel)) > 0 ||
		   pg_strncasecmp(category, "Pre-Shipment", 12) != 0;
}

static void
write_parcel(FfJsonWriter *writer, const FfJson *parcel, const char *number)
{
	const FfJson *events = ff_usps_events(parcel);
	char *planned = planned_delivery(parcel);
	const char *status = ff_usps_parcel_status(parcel, planned);

	ff_write_object(writer, NULL);
	ff_write_text(writer, "tracking_number", number);
	ff_write_text(writer, "status", status);
	if (!ff_carrier_is_final(status))
		ff_write_text(writer, "estimated_delivery_at", planned);
	if (ff_carrier_is_final(status))
		ff_write_text(writer, "signed_by", signer(events));
	ff_write_array(writer, "events");
	for (int i = 0; i < ff_json_count(events); i++)
		write_event(writer, ff_json_at(events, i), planned);
	ff_write_end(writer);
	ff_write_end(writer);
}

static bool
is_parcel(const FfJson *value)
{
	return !ff_json_is_null(ff_usps_events(value)) ||
		   !ff_json_is_null(ff_json_get(value, "statusCategory"));
}

/*
 * Writes every parcel below a value, also in JSON that stands in a text; of
 * those asked for only what is known.  Answers how many.
 */
static int
write_parcels(FfJsonWriter *writer, const FfCall *call, const FfJson *value, bool asked, int depth)
{
	const char *text = ff_json_is_string(value) ? ff_json_text(value, "") : NULL;
	void *state = NULL;
	int count = 0;
	char *key;
	FfJson *member;

	if (depth > DEEPEST)
		return 0;
	if (text != NULL && (*text == '{' || *text == '['))
		return write_parcels(
			writer, call, ff_json_parse(text, strlen(text), NULL), asked, depth + 1);
	for (int i = 0; ff_json_is_array(value) && i < ff_json_count(value); i++)
		count += write_parcels(writer, call, ff_json_at(value, i), asked, depth + 1);
	if (!ff_json_is_object(value))
		return count;
	if (is_parcel(value))
	{
		const char *number = number_of(call, value);

		if (number == NULL || (asked && !is_known(value)))
			return 0;
		write_parcel(writer, value, number);
		return 1;
	}
	while (ff_json_each(value, &state, &key, &member))
		count += write_parcels(writer, call, member, asked, depth + 1);
	return count;
}

static void
note_missing(FfOutcome *outcome)
{
	outcome->field = NULL;
	ff_outcome_set(outcome,
				   FF_RESULT_ABSENT,
				   "not_found",
				   outcome->message ? NULL : "USPS knows nothing of this number.",
				   NULL);
}

/* What the older API says to applications that were moved. */
static bool
was_moved(const FfCall *call, const FfOutcome *outcome, const FfJson *json)
{
	return outcome->result == FF_RESULT_REFUSED && asks_singly(call) &&
		   (ff_usps_says(outcome, "oasvalidation") ||
			strstr(ff_json_text_or(json, "error.message", ""), "OASValidation") != NULL);
}

void
ff_usps_track_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	int count;
	FfJson *json;

	if (!ff_usps_reply(call, reply, FF_REPEAT_SAFE, outcome, &json))
	{
		if (was_moved(call, outcome, json))
			ff_outcome_continue(outcome, "{\"at\": 0, \"version\": \"" MOVED "\"}");
		else if (outcome->result == FF_RESULT_REFUSED &&
				 (reply->status == 404 || ff_usps_says(outcome, "not yet available")))
		{
			note_missing(outcome);
			ff_carrier_track_next_batch(call, outcome, false, NUMBERS_AT_ONCE);
		}
		return;
	}
	ff_write_array(&outcome->body, "tracking");
	count = write_parcels(&outcome->body, call, json, true, 0);
	ff_write_end(&outcome->body);
	if (count == 0)
		note_missing(outcome);
	ff_carrier_track_next_batch(call, outcome, count > 0, NUMBERS_AT_ONCE);
}

/* USPS asks once whether somebody listens; whoever received it answers with the same text. */
void
ff_usps_event_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *json = ff_outcome_json(reply, outcome);
	int count;

	if (ff_json_text(json, "challenge") != NULL)
	{
		ff_write_text(&outcome->body, "ignored", "challenge");
		return;
	}
	ff_write_array(&outcome->body, "tracking");
	count = write_parcels(&outcome->body, call, json, false, 0);
	ff_write_end(&outcome->body);
	if (count == 0)
		ff_carrier_no_parcel(outcome);
}
