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

#include "connectors/dhl_tracking.h"

#define DHL_HOST  "https://api-eu.dhl.com"
#define DHL_PROBE "00340434161094000007"

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
track_request(const FfCall *call, FfMessage *message)
{
	ff_dhl_track_request(call, message, find_service(call));
}

static void
track_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	ff_dhl_track_outcome(call, reply, outcome, find_service(call));
}

/* A sample number: that it is not found is good news too. */
static void
test_request(const FfCall *call, FfMessage *message)
{
	ff_dhl_track(call, message, DHL_PROBE, ff_carrier_setting(call, "service"));
}

static void
test_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *json;

	if (!ff_dhl_track_reply(call, reply, outcome, &json) && outcome->result == FF_RESULT_ABSENT)
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
	.credentials =
		"Make an application at developer.dhl.com with Shipment Tracking - Unified; it shows "
		"the consumer key. For pushes make a subscription with a token of your own in header "
		"x-our-token.",
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
