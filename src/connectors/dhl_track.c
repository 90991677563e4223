/*
 * dhl_track.c
 *
 * One number asked of DHL's unified tracking, and its answer: what the
 * connector for tracking alone and that of Parcel DE have in common.  How a
 * shipment reads stands in dhl_tracking_read.c.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "connectors/dhl_tracking.h"

#define DHL_PATIENCE 5

void
ff_dhl_track(const FfCall *call, FfMessage *message, const char *number, const char *service)
{
	const FfJson *receiver = ff_carrier_role(call, FF_SHIP_TO);
	const char *origin = ff_carrier_country(ff_carrier_role(call, FF_SHIP_FROM));
	char *postcode = ff_carrier_text(receiver, "postcode", 20);
	const char *language = ff_carrier_setting(call, "language");

	ff_message_begin(
		message,
		"GET",
		ff_json_text_or(call->config, "tracking_url", ff_carrier_setting(call, "base_url")),
		"/track/shipments");
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
	ff_message_query(message, "language", language ? pnstrdup(language, 2) : NULL);
	ff_message_header(message, "Accept", "application/json");
}

void
ff_dhl_track_request(const FfCall *call, FfMessage *message, const char *service)
{
	char *number = ff_carrier_tracking_number(call, ff_carrier_track_place(call));

	if (number == NULL)
		ff_connector_fail(
			call->connector, "tracking_numbers", "Give at least one tracking number.");
	ff_dhl_track(call, message, number, service);
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

bool
ff_dhl_track_reply(const FfCall *call, const FfReply *reply, FfOutcome *outcome, FfJson **json)
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

void
ff_dhl_track_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome,
					 const char *service)
{
	const FfJson *chosen = NULL;
	FfJson *json;

	if (ff_dhl_track_reply(call, reply, outcome, &json))
	{
		chosen = ff_dhl_tracking_choose(call, ff_json_get(json, "shipments"), service);
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
