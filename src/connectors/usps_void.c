/*
 * usps_void.c
 *
 * Taking labels back: cancel_shipment, one call per label, and the same for a
 * shipment of which only some labels could be made; those are void first, and
 * only then is it told what went wrong.  A label that USPS has charged already
 * is not void but disputed: its money comes back later, if at all.
 */
#include "postgres.h"

#include "connectors/usps.h"

bool
ff_usps_is_voiding(const FfCall *call)
{
	return ff_json_count(ff_json_get(call->state, "void")) > 0;
}

/* By number, or by the key the label was asked for with. */
static void
void_message(const FfCall *call, FfMessage *message, const char *number)
{
	ff_usps_begin(call, message, "DELETE", ff_usps_labels(ff_usps_is_abroad(call, number)));
	if (number != NULL)
		ff_usps_about(message, number);
	else
		ff_message_header(message, "X-Idempotency-Key", ff_usps_label_key(call, 0));
	ff_usps_pay(message);
}

/* OK also when the label was void before; note is what may be wrong all the same. */
static void
judge_void(const FfCall *call, const FfReply *reply, FfOutcome *outcome, const char **note)
{
	const char *dispute;
	const char *status;
	FfJson *json;

	*note = NULL;
	if (!ff_usps_reply(call, reply, FF_REPEAT_SAFE, outcome, &json))
	{
		if (outcome->result != FF_RESULT_REFUSED)
			return;
		if (ff_usps_says(outcome, "already"))
			ff_outcome_ok(outcome);
		else if (reply->status == 404 || ff_usps_says(outcome, "not found"))
			outcome->result = FF_RESULT_ABSENT;
		return;
	}
	status = ff_json_text_or(json, "status", "");
	dispute = ff_json_text_or(json, "disputeId", NULL);
	if (pg_strncasecmp(status, "CANCEL", 6) == 0)
		return;
	if (pg_strcasecmp(status, "DISPUTED") != 0)
	{
		ff_outcome_unreadable(
			outcome, FF_RESULT_RETRY, "The answer does not say whether the label is void.");
		return;
	}
	*note = psprintf("USPS has charged the label already and was asked for a refund%s%s.",
					 dispute ? ": dispute " : "",
					 dispute ? dispute : "");
}

void
ff_usps_cancel_request(const FfCall *call, FfMessage *message)
{
	char *number = ff_usps_known_number(call, ff_carrier_track_place(call));

	if (number == NULL && !ff_usps_has_label_key(call))
		ff_carrier_fail(
			call, "packages.0.tracking_number", "Give the tracking number of every package.");
	void_message(call, message, number);
}

/* A label USPS does not know needs no cancelling, as long as it knows another one. */
void
ff_usps_cancel_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	int next = ff_carrier_track_place(call) + 1;
	bool found = ff_json_bool(call->state, "found", false);
	const char *note;
	FfJsonWriter state;

	judge_void(call, reply, outcome, &note);
	if (outcome->result != FF_RESULT_OK && outcome->result != FF_RESULT_ABSENT)
		return;
	found = found || outcome->result == FF_RESULT_OK;
	if (note == NULL)
		note = ff_json_text(call->state, "warning");
	if (ff_usps_known_number(call, next) != NULL)
	{
		ff_write_init(&state);
		ff_write_object(&state, NULL);
		ff_write_int(&state, "at", next);
		ff_write_bool(&state, "found", found);
		ff_write_text(&state, "warning", note);
		ff_outcome_continue(outcome, ff_write_finish(&state));
	}
	else if (found)
	{
		ff_outcome_ok(outcome);
		ff_carrier_write_cancelled(&outcome->body, ff_carrier_known_number(call));
		ff_write_text(&outcome->body, "warning", note);
	}
}

void
ff_usps_void_labels(const FfCall *call, FfOutcome *outcome)
{
	const FfJson *labels = ff_json_get(call->state, "labels");
	FfJsonWriter state;

	if (ff_json_count(labels) == 0)
		return;
	ff_write_init(&state);
	ff_write_object(&state, NULL);
	ff_write_array(&state, "void");
	for (int i = 0; i < ff_json_count(labels); i++)
		ff_write_text(&state, NULL, ff_json_text(ff_json_at(labels, i), "number"));
	ff_write_end(&state);
	ff_write_text(&state, "code", outcome->code);
	ff_write_text(&state, "message", outcome->message);
	ff_write_text(&state, "field", outcome->field);
	ff_outcome_continue(outcome, ff_write_finish(&state));
}

void
ff_usps_void_request(const FfCall *call, FfMessage *message)
{
	void_message(call, message, ff_json_text(call->state, "void.0"));
}

/* The state without its first label. */
static char *
rest_of(const FfJson *state)
{
	const FfJson *numbers = ff_json_get(state, "void");
	void *walk = NULL;
	FfJsonWriter writer;
	FfJson *value;
	char *key;

	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_array(&writer, "void");
	for (int i = 1; i < ff_json_count(numbers); i++)
		ff_write_json(&writer, NULL, ff_json_at(numbers, i));
	ff_write_end(&writer);
	while (ff_json_each(state, &walk, &key, &value))
		if (strcmp(key, "void") != 0)
			ff_write_json(&writer, key, value);
	return ff_write_finish(&writer);
}

/* What USPS will not take back is paid for; the shipment is refused all the same. */
void
ff_usps_void_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	const FfJson *state = call->state;
	const char *note;

	judge_void(call, reply, outcome, &note);
	if (outcome->result == FF_RESULT_RETRY || outcome->result == FF_RESULT_UNAUTHORIZED ||
		outcome->result == FF_RESULT_UNKNOWN)
		return;
	if (ff_json_count(ff_json_get(state, "void")) > 1)
	{
		ff_outcome_continue(outcome, rest_of(state));
		return;
	}
	ff_outcome_ok(outcome);
	ff_outcome_set(outcome,
				   FF_RESULT_REFUSED,
				   ff_json_text(state, "code"),
				   ff_json_text(state, "message"),
				   ff_json_text(state, "field"));
}
