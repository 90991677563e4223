/*
 * dhl_parcel_de_track.c
 *
 * Where parcels are, by DHL Parcel DE's own tracking: XML in a query, user and
 * password inside it, twenty numbers at a time.  It tells every scan with its
 * event, reason and standard event, which dhl_parcel_de_status.c explains, and
 * knows parcels by our reference.  Events stand oldest first and show
 * Germany's clock.
 */
#include "postgres.h"

#include "connectors/dhl_parcel_de.h"
#include "model/country.h"
#include "pg/xml.h"

#define NUMBERS_AT_ONCE 20
#define PATIENCE_S      60
#define REQUEST         "d-get-piece-detail"

/* Parcels are known by their SSCC with or without the identifier before it. */
static const char *
plain_number(const char *number)
{
	return number != NULL && strlen(number) == 20 && strncmp(number, "00", 2) == 0 ? number + 2
																				   : number;
}

static void
attribute(StringInfo xml, const char *name, const char *value)
{
	appendStringInfo(xml, " %s=\"%s\"", name, ff_xml_escape(value));
}

/* The head of a request, which ff_pde_send_xml ends. */
static void
begin_xml(const FfCall *call, StringInfo xml)
{
	const char *language = ff_carrier_setting(call, "language");
	const char *user = ff_carrier_need_setting(
		call,
		"tracking_user",
		"Set it to the user of DHL's tracking, and secret tracking_password.");

	initStringInfo(xml);
	appendStringInfoString(xml,
						   "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?><data");
	attribute(xml, "appname", user);
	appendStringInfoString(xml, " password=\"{{secret:tracking_password}}\"");
	attribute(xml, "request", REQUEST);
	attribute(xml, "language-code", language ? pnstrdup(language, 2) : "en");
}

static const FfAuth application = {
	.kind = FF_AUTH_BASIC, .user = "client_id", .password = "client_secret"};

static void
send_xml(const FfCall *call, FfMessage *message, StringInfo xml)
{
	appendStringInfoString(xml, "/>");
	ff_message_begin(message, "GET", ff_carrier_setting(call, "base_url"), PDE_TRACKING);
	ff_message_path(message, "/shipments");
	ff_message_query_xml(message, "xml", xml->data);
	ff_message_header(message, "Accept", "application/xml");
	message->auth = &application;
}

void
ff_pde_track_request(const FfCall *call, FfMessage *message)
{
	int first = ff_carrier_track_place(call);
	StringInfoData numbers;
	StringInfoData xml;

	initStringInfo(&numbers);
	for (int i = first; i < first + NUMBERS_AT_ONCE; i++)
	{
		char *number = ff_carrier_tracking_number(call, i);

		if (number == NULL)
			break;
		appendStringInfo(&numbers, "%s%s", numbers.len > 0 ? ";" : "", number);
	}
	if (numbers.len == 0)
		ff_connector_fail(
			call->connector, "tracking_numbers", "Give at least one tracking number.");
	begin_xml(call, &xml);
	attribute(&xml, "piece-code", numbers.data);
	send_xml(call, message, &xml);
}

void
ff_pde_reference_request(const FfCall *call, FfMessage *message)
{
	char *reference = ff_pde_reference(call);
	TimestampTz since;
	StringInfoData xml;

	if (reference == NULL)
		ff_carrier_fail(call, "reference", "Give the reference the label was asked for with.");
	if (!ff_time_parse(ff_json_text(ff_carrier_subject(call), "created_at"), &since))
		since = call->now;
	begin_xml(call, &xml);
	attribute(&xml, "piece-customer-reference", reference);
	attribute(&xml, "from-date", ff_time_format(since - USECS_PER_DAY, "%Y-%m-%d"));
	attribute(&xml, "to-date", ff_time_format(call->now + USECS_PER_DAY, "%Y-%m-%d"));
	send_xml(call, message, &xml);
}

/* What the code of an answer means; any other but 0 is a refusal. */
static const struct
{
	int code;
	FfResult result;
	const char *field;
	const char *message;
} codes[] = {
	{5, FF_RESULT_UNAUTHORIZED, "config.tracking_user", "DHL refuses the user of its tracking."},
	{6, FF_RESULT_RETRY, NULL, "DHL has seen too many logins."},
	{41, FF_RESULT_REFUSED, "tracking_number", "The number cannot be one of DHL's."},
	{45, FF_RESULT_REFUSED, "tracking_number", "No number was asked for."},
	{62, FF_RESULT_UNAUTHORIZED, "config.tracking_user", "The user may not ask for this."},
	{100, FF_RESULT_ABSENT, NULL, "DHL knows nothing of it."},
	{200, FF_RESULT_ABSENT, NULL, "DHL has no data of it yet."},
};

static void
judge(const FfJson *root, FfOutcome *outcome)
{
	char *text = ff_carrier_text(root, "@error", 200);
	int64 code = ff_json_int64_or(root, "@code", 0);

	if (code == 0)
		return;
	ff_outcome_set(outcome,
				   FF_RESULT_REFUSED,
				   psprintf(INT64_FORMAT, code),
				   text ? text : "DHL refuses the question.",
				   NULL);
	for (int i = 0; i < (int) lengthof(codes); i++)
		if (codes[i].code == code)
			ff_outcome_set(
				outcome, codes[i].result, NULL, text ? text : codes[i].message, codes[i].field);
	if (outcome->result == FF_RESULT_RETRY && outcome->retry_after_s < 0)
		outcome->retry_after_s = PATIENCE_S;
}

/* The root of an answer that holds parcels; NULL when the outcome says why there are none. */
static const FfJson *
read_answer(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	const FfJson *root;

	if (!ff_outcome_http(call, reply, FF_REPEAT_SAFE, outcome))
	{
		if (reply->status == 404)
			outcome->result = FF_RESULT_ABSENT;
		return NULL;
	}
	root = ff_json_get(ff_xml_parse(reply->body, reply->length, NULL), "data");
	if (!ff_json_is_object(root))
		ff_outcome_unreadable(outcome, FF_RESULT_RETRY, "The answer is not DHL's XML.");
	else
		judge(root, outcome);
	return outcome->result == FF_RESULT_OK ? root : NULL;
}

/* An element's children of this kind; DHL calls all of them data. */
static const FfJson *
child_at(const FfJson *parent, const char *kind, int *at)
{
	const FfJson *children = ff_json_get(parent, "data");

	while (*at < ff_json_count(children))
	{
		const FfJson *child = ff_json_at(children, (*at)++);

		if (strcmp(ff_json_text_or(child, "@name", ""), kind) == 0)
			return child;
	}
	return NULL;
}

/* "17.03.2016 11:44" of Germany's clock, in UTC; NULL for anything else. */
static char *
scan_time(const char *text)
{
	int day;
	int month;
	int year;
	int hour;
	int minute;

	if (text == NULL ||
		sscanf(text, "%2d.%2d.%4d %2d:%2d", &day, &month, &year, &hour, &minute) != 5)
		return ff_carrier_zoned_time(text, ff_carrier_zone("DE"));
	return ff_carrier_zoned_time(
		psprintf("%04d-%02d-%02dT%02d:%02d:00", year, month, day, hour, minute),
		ff_carrier_zone("DE"));
}

static bool
is_on_way_back(const FfJson *scan)
{
	return ff_json_bool(scan, "@ruecksendung", false);
}

/* On the way back everything that moves a parcel brings it back. */
static const char *
turned_back(const FfJson *scan, const char *status)
{
	if (status == NULL || !is_on_way_back(scan) ||
		ff_carrier_among(status, "lost cancelled returned unknown"))
		return status;
	return strcmp(status, "delivered") == 0 ? "returned" : "returning";
}

/* False for a scan that nobody has described; then its standard event is all there is. */
static bool
find_status(const FfJson *scan, const char **status)
{
	char *ice = ff_carrier_upper(ff_carrier_text(scan, "@ice", 8));
	char *reason = ff_carrier_upper(ff_carrier_text(scan, "@ric", 8));
	char *standard = ff_carrier_upper(ff_carrier_text(scan, "@standard-event-code", 4));
	bool known =
		ice != NULL && ff_pde_scan(ice, reason ? reason : "", standard ? standard : "", status);

	if (!known && (standard == NULL || !ff_pde_standard(standard, status)))
		*status = "unknown";
	*status = turned_back(scan, *status);
	return known;
}

/* Event, reason and standard event, as far as they are told. */
static char *
code_of(const FfJson *scan)
{
	static const char *const members[] = {"@ice", "@ric", "@standard-event-code"};
	StringInfoData code;

	initStringInfo(&code);
	for (int i = 0; i < (int) lengthof(members); i++)
	{
		char *part = ff_carrier_text(scan, members[i], 8);

		if (part != NULL)
			appendStringInfo(&code, "%s%s", code.len > 0 ? "/" : "", part);
	}
	return code.len > 0 ? code.data : NULL;
}

/* A parcel without its events tells of the last one with members of other names. */
static const char *
first_of(const FfJson *scan, const char *first, const char *second)
{
	return ff_json_text_or(scan, first, ff_json_text_or(scan, second, NULL));
}

static void
write_scan(FfJsonWriter *writer, const FfJson *scan)
{
	char *country = ff_carrier_text(scan, "@event-country", 60);
	const FfCountry *known = country ? ff_country_read(country) : NULL;
	const char *status;
	const char *text = first_of(scan, "@event-status", "@status");

	ff_write_object(writer, NULL);
	ff_write_text(writer, "at", scan_time(first_of(scan, "@event-timestamp", "@status-timestamp")));
	ff_carrier_write_status(writer, find_status(scan, &status) ? status : "unknown");
	ff_write_text(writer, "code", code_of(scan));
	ff_write_text(writer,
				  "description",
				  ff_plain_text(text ? text : ff_json_text_or(scan, "@event-text", ""), 200));
	ff_write_text(writer, "city", ff_carrier_text(scan, "@event-location", 100));
	ff_write_text(writer, "country", known ? known->code : NULL);
	ff_write_end(writer);
}

/* What a newer scan makes of a parcel; what is merely announced never undoes what happened. */
static const char *
after(const char *status, const FfJson *scan)
{
	const char *next;

	(void) find_status(scan, &next);
	if (next == NULL || strcmp(next, "unknown") == 0)
		return status;
	if (strcmp(next, "label_created") == 0 && strcmp(status, "unknown") != 0)
		return status;
	return next;
}

static void
write_piece(FfJsonWriter *writer, const FfJson *piece, const char *number)
{
	const FfJson *events;
	const FfJson *scan;
	const char *status = "unknown";
	bool any = false;
	int at = 0;

	events = child_at(piece, "piece-event-list", &at);
	ff_write_object(writer, NULL);
	ff_write_text(writer, "tracking_number", number);
	ff_write_array(writer, "events");
	at = 0;
	for (; (scan = child_at(events, "piece-event", &at)) != NULL; any = true)
	{
		write_scan(writer, scan);
		status = after(status, scan);
	}
	if (!any)
	{
		write_scan(writer, piece);
		status = after(status, piece);
	}
	ff_write_end(writer);
	if (strcmp(ff_json_text_or(piece, "@delivery-event-flag", "0"), "1") == 0)
		status = is_on_way_back(piece) ? "returned" : "delivered";
	ff_write_text(writer, "status", status);
	if (strcmp(status, "delivered") == 0)
		ff_write_text(writer, "signed_by", ff_carrier_text(piece, "@recipient-name", 100));
	ff_write_end(writer);
}

static const char *
number_of(const FfJson *piece)
{
	return first_of(piece, "@piece-code", "@searched-piece-code");
}

/* A parcel's number as the call spells it. */
static const char *
called_number(const FfCall *call, const FfJson *piece)
{
	const char *number = number_of(piece);
	char *known;

	for (int i = 0; number && (known = ff_carrier_tracking_number(call, i)) != NULL; i++)
		if (strcmp(plain_number(known), plain_number(number)) == 0)
			return known;
	return number;
}

/* A number that DHL does not know comes back with an error of its own. */
static bool
is_found(const FfJson *piece)
{
	return number_of(piece) != NULL && ff_json_int64_or(piece, "@error-status", 0) == 0;
}

void
ff_pde_track_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	const FfJson *root = read_answer(call, reply, outcome);
	const FfJson *piece;
	int found = 0;
	int at = 0;

	ff_write_array(&outcome->body, "tracking");
	while ((piece = child_at(root, "piece-shipment", &at)) != NULL)
	{
		if (!is_found(piece))
			continue;
		write_piece(&outcome->body, piece, called_number(call, piece));
		found++;
	}
	ff_write_end(&outcome->body);
	if (root != NULL && found == 0)
		ff_outcome_set(
			outcome, FF_RESULT_ABSENT, "no_shipment", "DHL knows nothing of this number.", NULL);
	ff_carrier_track_next_batch(call, outcome, found > 0, NUMBERS_AT_ONCE);
}

int
ff_pde_reference_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome,
						 FfJsonWriter *numbers)
{
	const FfJson *root = read_answer(call, reply, outcome);
	const FfJson *piece;
	int found = 0;
	int at = 0;

	while ((piece = child_at(root, "piece-shipment", &at)) != NULL)
	{
		/* a label for the way back has the same reference */
		if (!is_found(piece) || is_on_way_back(piece))
			continue;
		ff_write_text(numbers, NULL, number_of(piece));
		found++;
	}
	if (root != NULL && found == 0)
		ff_outcome_set(outcome,
					   FF_RESULT_ABSENT,
					   "no_shipment",
					   "DHL shows no parcel of this reference.",
					   NULL);
	return found;
}
