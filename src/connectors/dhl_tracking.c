/*
 * dhl_tracking.c
 *
 * Tracking of every division of DHL, by its unified API (pull 1.4, push 1.2).
 * It makes no labels: connections of dhl_express and dhl_parcel_de do.  One
 * request asks for one number, and a new key has 250 requests a day, so the
 * division is told whenever it is known and pushes are welcome.
 *
 * Pushes are not signed.  The subscription names a header and a token that
 * DHL sends with each; the connector's header is x-our-token.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "connectors/dhl_tracking.h"

#define DHL_HOST     "https://api-eu.dhl.com"
#define DHL_PROBE    "00340434161094000007"
#define DHL_PATIENCE 5

static const FfSetting settings[] = {
	{"base_url",
	 "url",
	 false,
	 false,
	 DHL_HOST,
	 "Host of the API; https://api-test.dhl.com is the one for tests."},
	{"service",
	 "text",
	 false,
	 false,
	 NULL,
	 "Division of all parcels, such as express, parcel-de, ecommerce or parcel-nl."},
	{"language", "text", false, false, "en", "Language of texts, as two letters of ISO 639-1."},
	{"requester_country", "text", false, false, NULL, "Country of who asks, as two letters."},
	{"origin_country",
	 "text",
	 false,
	 false,
	 NULL,
	 "Country parcels come from, when a shipment does not tell it; division dsc needs one."},
	{"api_key", "text", true, true, NULL, "Consumer key of the application at developer.dhl.com."},
	{"webhook_token",
	 "text",
	 false,
	 true,
	 NULL,
	 "Token that pushes carry in header x-our-token, as given in the subscription."},
	{NULL},
};

/* Our names of carriers whose division is known. */
static const FfCarrierCode services[] = {
	{"express", "express|dhl express|mydhl"},
	{"parcel-de", "parcel de|paket|dhl paket|dhl germany"},
	{"parcel-nl", "parcel nl|parcel netherlands"},
	{"parcel-pl", "parcel pl|parcel poland"},
	{"parcel-uk", "parcel uk"},
	{"ecommerce", "ecommerce|ecommerce us|ecommerce americas|ecs"},
	{"ecommerce-europe", "ecommerce europe|parcel connect"},
	{"freight", "freight"},
	{"dgf", "global forwarding"},
	{"dsc", "supply chain"},
	{"post-de", "deutsche post|post"},
	{"post-international", "post international"},
	{"sameday", "same day"},
	{"svb", "svb"},
};

/* The division of a number: told by the connection, or by who carries the package. */
static const char *
find_service(const FfCall *call)
{
	static const char *const members[] = {"packages.0.service", "packages.0.carrier", "carrier"};
	const char *service = ff_carrier_setting(call, "service");

	for (int i = 0; service == NULL && i < (int) lengthof(members); i++)
	{
		char *name = ff_json_text(ff_carrier_subject(call), members[i]);
		int row = name ? FF_CARRIER_CODE(services, "dhl", name) : -1;

		if (row >= 0)
			service = services[row].code;
	}
	return service;
}

static void
begin_track(const FfCall *call, FfMessage *message, const char *number, const char *service)
{
	const FfJson *receiver = ff_carrier_role(call, FF_SHIP_TO);
	const char *origin = ff_carrier_country(ff_carrier_role(call, FF_SHIP_FROM));
	char *postcode = ff_carrier_text(receiver, "postcode", 20);

	ff_message_begin(message, "GET", ff_carrier_setting(call, "base_url"), "/track/shipments");
	ff_message_query(message, "trackingNumber", number);
	ff_message_query(message, "service", service);
	ff_message_query(
		message, "requesterCountryCode", ff_carrier_setting(call, "requester_country"));
	if (service && strcmp(service, "dsc") == 0 && origin != NULL)
		ff_message_query(message, "originCountryCode", origin);
	else
		ff_message_query(message, "originCountryCode", ff_carrier_setting(call, "origin_country"));
	/* with the postcode these divisions tell all they know */
	if (service && ff_carrier_among(service, "parcel-de parcel-nl"))
		ff_message_query(message, "recipientPostalCode", postcode);
	ff_message_query(message, "language", ff_carrier_setting(call, "language"));
	ff_message_header(message, "Accept", "application/json");
}

static void
track_request(const FfCall *call, FfMessage *message)
{
	char *number = ff_carrier_tracking_number(call, ff_carrier_track_place(call));

	if (number == NULL)
		ff_connector_fail(
			call->connector, "tracking_numbers", "Give at least one tracking number.");
	begin_track(call, message, number, find_service(call));
}

/* Seconds to the next midnight UTC, when daily quotas begin anew. */
static int
until_midnight(TimestampTz now)
{
	int64 passed = now % USECS_PER_DAY;

	if (passed < 0)
		passed += USECS_PER_DAY;
	return (int) ((USECS_PER_DAY - passed + USECS_PER_SEC - 1) / USECS_PER_SEC);
}

/* Which part of the request a refusal complains of. */
static const char *
refused_field(const char *detail)
{
	static const struct
	{
		const char *word;
		const char *field;
	} words[] = {
		{"language", "config.language"},
		{"service", "config.service"},
		{"origincountry", "config.origin_country"},
		{"requestercountry", "config.requester_country"},
		{"postal", "ship_to.postcode"},
		{"tracking", "tracking_number"},
	};
	char *squeezed = ff_carrier_squeeze(detail, strlen(detail), "\n");

	for (int i = 0; i < (int) lengthof(words); i++)
		if (strstr(squeezed, words[i].word))
			return words[i].field;
	return NULL;
}

/* True for an answer; else the outcome says what DHL's error means. */
static bool
read_reply(const FfCall *call, const FfReply *reply, FfOutcome *outcome, FfJson **json)
{
	const char *detail;

	if (ff_outcome_http(call, reply, FF_REPEAT_SAFE, outcome))
	{
		*json = ff_outcome_json(reply, outcome);
		return *json != NULL;
	}
	*json = ff_outcome_json(reply, outcome);
	detail = ff_json_text_or(*json, "detail", ff_json_text_or(*json, "title", NULL));
	ff_outcome_set(outcome, outcome->result, NULL, detail, NULL);
	if (reply->status == 404)
		outcome->result = FF_RESULT_ABSENT;
	else if (reply->status == 401 || reply->status == 403)
		outcome->result = FF_RESULT_UNAUTHORIZED;
	else if (reply->status == 400 && detail != NULL)
		outcome->field = refused_field(detail);
	else if (reply->status == 429 && outcome->retry_after_s < 0)
	{
		bool daily =
			detail && (strstr(detail, "day") || strstr(detail, "dai") || strstr(detail, "uota"));

		outcome->retry_after_s = daily ? until_midnight(call->now) : DHL_PATIENCE;
	}
	return false;
}

static void
track_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	const FfJson *chosen = NULL;
	FfJson *json;

	if (read_reply(call, reply, outcome, &json))
	{
		chosen = ff_dhl_tracking_choose(call, ff_json_get(json, "shipments"), find_service(call));
		if (chosen == NULL)
			ff_outcome_set(outcome,
						   FF_RESULT_ABSENT,
						   "no_shipment",
						   "DHL knows no shipment of this number that is ours.",
						   NULL);
	}
	ff_write_array(&outcome->body, "tracking");
	if (chosen != NULL)
		ff_dhl_tracking_write(
			&outcome->body, chosen, ff_carrier_tracking_number(call, ff_carrier_track_place(call)));
	ff_write_end(&outcome->body);
	ff_carrier_track_next(call, outcome, chosen != NULL);
}

/* A sample number: that it is not found is good news too. */
static void
test_request(const FfCall *call, FfMessage *message)
{
	begin_track(call, message, DHL_PROBE, ff_carrier_setting(call, "service"));
}

static void
test_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *json;

	if (!read_reply(call, reply, outcome, &json) && outcome->result == FF_RESULT_ABSENT)
		ff_outcome_init(outcome);
}

/* Everything about a subscription itself: its beginning, its end, its troubles. */
static void
note_subscription(FfOutcome *outcome, const FfJson *event, const char *scope)
{
	const char *trouble =
		ff_json_text_or(event, "failure.detail", ff_json_text_or(event, "failure.title", NULL));

	ff_write_text(&outcome->body, "ignored", scope);
	if (strcmp(scope, "subscription.validate") == 0)
		trouble = "DHL waits for the subscription to be confirmed with the secret it sent.";
	ff_write_text(&outcome->body, "warning", trouble ? ff_plain_text(trouble, 200) : NULL);
}

static void
receive(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *event = ff_outcome_json(reply, outcome);
	const FfJson *shipments = ff_json_get(event, "shipments");
	const char *scope = ff_json_text_or(event, "scope", NULL);
	int count = 0;

	(void) call;
	if (event == NULL)
	{
		ff_outcome_set(
			outcome, FF_RESULT_REFUSED, "unreadable_event", "The body is not JSON.", NULL);
		return;
	}
	if (ff_json_count(shipments) == 0 && scope != NULL)
	{
		note_subscription(outcome, event, scope);
		return;
	}
	/* some deployments push the shipments without an envelope */
	if (ff_json_count(shipments) == 0)
		shipments = event;
	ff_write_array(&outcome->body, "tracking");
	for (int i = 0; i < ff_json_count(shipments); i++)
	{
		const FfJson *shipment = ff_json_at(shipments, i);

		if (ff_json_text_or(shipment, "id", ff_json_text_or(shipment, "trackingNumber", NULL)) ==
			NULL)
			continue;
		ff_dhl_tracking_write(&outcome->body, shipment, NULL);
		count++;
	}
	ff_write_end(&outcome->body);
	if (count == 0)
		ff_outcome_set(outcome,
					   FF_RESULT_REFUSED,
					   "unreadable_event",
					   "The body names no tracking number.",
					   "tracking_number");
}

const FfConnector ff_connector_dhl_tracking = {
	.name = "dhl_tracking",
	.title = "DHL tracking",
	.roles = "carrier",
	.auth = {.kind = FF_AUTH_HEADER, .password = "api_key", .header = "DHL-API-Key"},
	.settings = settings,
	.rate_per_second = 1,
	.operations =
		{
			[FF_OP_GET_SHIPMENT] = {track_request, track_outcome, FF_REPEAT_SAFE},
			[FF_OP_TEST_CONNECTION] = {test_request, test_outcome, FF_REPEAT_SAFE},
		},
	.receive = {.verify = {FF_VERIFY_SHARED_SECRET, "x-our-token", "webhook_token"},
				.translate = receive},
};
