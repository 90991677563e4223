/*
 * amazon.c
 *
 * The Selling Partner API, as far as it is the same for everything it does;
 * see amazon.h.
 */
#include "postgres.h"

#include <math.h>

#include "utils/formatting.h"

#include "connectors/amazon.h"
#include "connectors/carrier.h"

void
ff_amazon_begin(const FfCall *call, FfMessage *message, const char *method, const char *path)
{
	ff_message_begin(message, method, ff_carrier_setting(call, "base_url"), path);
	ff_message_header(message, "Accept", "application/json");
	ff_message_header(message, "user-agent", ff_carrier_setting(call, "user_agent"));
	ff_message_header(message, "x-amz-date", ff_time_format(call->now, "%Y%m%dT%H%M%SZ"));
}

const char *
ff_amazon_marketplace(const FfCall *call)
{
	return ff_carrier_need_setting(
		call, "marketplace_id", "Set marketplace_id to that of the marketplace.");
}

static const char *
field_of(const FfAmazonWord *words, int count, const char *message, const char *details)
{
	char *text = psprintf("%s %s", message ? message : "", details ? details : "");

	text = asc_tolower(text, strlen(text));
	for (int i = 0; i < count; i++)
		if (strstr(text, words[i].word))
			return words[i].field;
	return NULL;
}

/* Seconds until there is room for one call more at the rate that is allowed; -1 unknown. */
static int
wait_for_room(const FfReply *reply)
{
	const char *limit = ff_reply_header(reply, "x-amzn-RateLimit-Limit");
	double rate = limit != NULL ? strtod(limit, NULL) : 0;

	return rate > 0.0001 ? (int) ceil(1 / rate) : -1;
}

bool
ff_amazon_reply(const FfCall *call, const FfReply *reply, FfRepeat repeat,
				const FfAmazonWord *words, int word_count, FfOutcome *outcome, FfJson **json)
{
	bool success = ff_outcome_http(call, reply, repeat, outcome);
	const FfJson *error;

	/* some calls succeed with nothing to say */
	if (success && reply->length == 0)
	{
		*json = ff_json_parse("{}", 2, NULL);
		return true;
	}
	*json = ff_outcome_json(reply, outcome);
	error = ff_json_at(ff_json_get(*json, "errors"), 0);
	if (reply->status == 429 && outcome->retry_after_s < 0)
		outcome->retry_after_s = wait_for_room(reply);
	if (error == NULL)
	{
		if (reply->status == 403)
			outcome->result = FF_RESULT_UNAUTHORIZED;
		return success && *json != NULL;
	}
	ff_outcome_set(outcome,
				   success ? FF_RESULT_REFUSED : outcome->result,
				   ff_json_text_or(error, "code", NULL),
				   ff_json_text_or(error, "message", ff_json_text_or(error, "details", NULL)),
				   NULL);
	if (reply->status == 403 || (outcome->code && strcmp(outcome->code, "Unauthorized") == 0))
		outcome->result = FF_RESULT_UNAUTHORIZED;
	else if (outcome->code && strcmp(outcome->code, "QuotaExceeded") == 0)
		outcome->result = FF_RESULT_RETRY;
	else if (outcome->result == FF_RESULT_REFUSED)
		outcome->field =
			field_of(words, word_count, outcome->message, ff_json_text(error, "details"));
	return false;
}
