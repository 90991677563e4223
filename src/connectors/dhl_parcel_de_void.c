/*
 * dhl_parcel_de_void.c
 *
 * Before the day's end: taking labels back, and handing them over for good
 * with a manifest.  Both answer for each number.  A number that DHL does not
 * know is taken back only when an earlier answer of ours was lost.
 */
#include "postgres.h"

#include "connectors/dhl_parcel_de.h"

#define NUMBERS_MOST 30

void
ff_pde_void(const FfCall *call, FfMessage *message)
{
	ff_pde_begin(call, message, "DELETE", PDE_SHIPPING, "/orders");
	ff_message_query(message, "profile", ff_carrier_setting(call, "profile"));
}

void
ff_pde_cancel_request(const FfCall *call, FfMessage *message)
{
	char *number = ff_carrier_tracking_number(call, 0);

	if (number == NULL)
		ff_carrier_fail(call, "provider_reference", "Give the number of the parcel.");
	ff_pde_void(call, message);
	for (int i = 0; number != NULL && i < NUMBERS_MOST;
		 number = ff_carrier_tracking_number(call, ++i))
		ff_message_query(message, "shipment", number);
}

static bool
is_unknown_number(const char *message)
{
	return message != NULL &&
		   (strstr(message, "nknown shipment") || strstr(message, "nbekannte Sendung"));
}

void
ff_pde_cancel_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	bool asked = ff_json_bool(call->state, "asked", false) ||
				 strcmp(ff_json_text_or(ff_carrier_subject(call), "state", ""), "cancelled") == 0;
	const FfJson *items;
	FfJson *json;

	(void) ff_pde_reply(call, reply, FF_REPEAT_SAFE, outcome, &json);
	/* it may be done although the answer is lost */
	if (outcome->result == FF_RESULT_RETRY || outcome->result == FF_RESULT_UNKNOWN)
	{
		if (reply->status != 429)
			outcome->next = "{\"asked\": true}";
		return;
	}
	items = ff_json_get(json, "items");
	if (outcome->result == FF_RESULT_OK && ff_json_count(items) == 0)
		ff_outcome_unreadable(
			outcome, FF_RESULT_RETRY, "The answer does not say whether the labels are void.");
	if (outcome->result == FF_RESULT_REFUSED && ff_json_count(items) == 0 && asked &&
		is_unknown_number(outcome->message))
		ff_outcome_init(outcome);
	for (int i = 0; i < ff_json_count(items); i++)
	{
		FfPdeFailure failure = ff_pde_item(call, ff_json_at(items, i), i);
		bool gone = failure.result == FF_RESULT_OK || (asked && is_unknown_number(failure.message));

		if (i == 0 && gone)
			ff_outcome_init(outcome);
		if (!gone)
		{
			ff_outcome_set(outcome, failure.result, failure.code, failure.message, failure.field);
			break;
		}
	}
	if (outcome->result == FF_RESULT_OK)
		ff_carrier_write_cancelled(&outcome->body, ff_carrier_known_number(call));
}

void
ff_pde_manifest_request(const FfCall *call, FfMessage *message)
{
	const char *done = ff_json_text_or(call->state, "date", NULL);
	const char *billing = ff_json_text_or(
		call->document, "manifest.billing_number", ff_carrier_setting(call, "billing_number"));
	char *number = ff_carrier_manifest_number(call, 0);
	FfJsonWriter writer;

	ff_pde_begin(call, message, done ? "GET" : "POST", PDE_SHIPPING, "/manifests");
	if (done != NULL)
	{
		ff_message_query(message, "date", done);
		ff_message_query(message, "includeDocs", "include");
		return;
	}
	if (number == NULL)
		ff_message_query(message, "all", "true");
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_text(&writer, "profile", ff_carrier_setting(call, "profile"));
	if (number != NULL)
	{
		ff_write_array(&writer, "shipmentNumbers");
		for (int i = 0; number != NULL; number = ff_carrier_manifest_number(call, ++i))
			ff_write_text(&writer, NULL, number);
		ff_write_end(&writer);
	}
	ff_write_text(&writer, "billingNumber", billing);
	ff_message_json(message, &writer);
}

/* Judges every number; answers how many are handed over, and lists these and the others. */
static int
judge_numbers(const FfCall *call, const FfJson *items, FfJsonWriter *taken, FfJsonWriter *rejected,
			  FfPdeFailure *first)
{
	int accepted = 0;

	for (int i = 0; i < ff_json_count(items); i++)
	{
		const FfJson *item = ff_json_at(items, i);
		FfPdeFailure failure = ff_pde_item(call, item, i);

		/* a repeated call finds its own work done */
		if (failure.result == FF_RESULT_OK ||
			(failure.message && strstr(failure.message, "already")))
		{
			ff_write_text(taken, NULL, ff_json_text(item, "shipmentNo"));
			accepted++;
			continue;
		}
		if (first->result == FF_RESULT_OK)
			*first = failure;
		ff_write_object(rejected, NULL);
		ff_write_text(rejected, "tracking_number", ff_json_text(item, "shipmentNo"));
		ff_write_text(rejected, "code", failure.code);
		ff_write_text(rejected, "message", failure.message);
		ff_write_end(rejected);
	}
	return accepted;
}

static void
note_closed(const FfCall *call, const FfJson *json, FfOutcome *outcome)
{
	const FfJson *items = ff_json_get(json, "items");
	FfPdeFailure first = {FF_RESULT_OK, NULL, NULL, NULL};
	FfJsonWriter taken;
	FfJsonWriter rejected;
	FfJsonWriter state;
	int accepted;

	ff_write_init(&taken);
	ff_write_array(&taken, NULL);
	ff_write_init(&rejected);
	ff_write_array(&rejected, NULL);
	accepted = judge_numbers(call, items, &taken, &rejected, &first);
	if (accepted == 0 && first.result != FF_RESULT_OK)
	{
		ff_outcome_set(outcome, first.result, first.code, first.message, first.field);
		return;
	}
	ff_write_init(&state);
	ff_write_object(&state, NULL);
	ff_write_text(&state, "date", ff_carrier_manifest_date(call));
	ff_write_raw(&state, "taken", ff_write_finish(&taken));
	ff_write_raw(&state, "rejected", ff_write_finish(&rejected));
	ff_outcome_continue(outcome, ff_write_finish(&state));
}

void
ff_pde_manifest_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	const char *date = ff_json_text_or(call->state, "date", NULL);
	FfJsonWriter *writer = &outcome->body;
	const FfJson *sheets;
	FfJson *json;
	bool taken = ff_pde_reply(call, reply, FF_REPEAT_SAFE, outcome, &json);

	if (date == NULL)
	{
		/* a call of which every number fails is refused as a whole, and tells of each all the same
		 */
		if (taken ||
			(outcome->result == FF_RESULT_REFUSED && ff_json_count(ff_json_get(json, "items")) > 0))
			note_closed(call, json, outcome);
		return;
	}
	if (!taken && reply->status != 404)
		return;
	ff_outcome_ok(outcome);
	sheets = ff_json_get(json, "manifest");
	ff_write_object(writer, "manifest");
	ff_write_text(writer, "date", ff_json_text_or(json, "manifestDate", date));
	ff_write_json(writer, "tracking_numbers", ff_json_get(call->state, "taken"));
	ff_write_array(writer, "documents");
	for (int i = 0; i < ff_json_count(sheets); i++)
		ff_pde_document(writer, "manifest", ff_json_at(sheets, i), 0);
	ff_write_end(writer);
	if (ff_json_count(ff_json_get(call->state, "rejected")) > 0)
		ff_write_json(writer, "rejected", ff_json_get(call->state, "rejected"));
	ff_write_end(writer);
	if (ff_json_count(sheets) == 0)
		ff_write_text(writer, "warning", "The manifest has no document yet.");
	else if (ff_json_count(ff_json_get(call->state, "rejected")) > 0)
		ff_write_text(writer, "warning", "Some parcels are not in the manifest.");
}
