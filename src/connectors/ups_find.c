/*
 * ups_find.c
 *
 * find_shipment: label recovery by our reference, after an answer was lost.
 * Recovery may name several candidates; each is looked at by its own number,
 * voided ones are passed over, and the packages of one shipment are put
 * together.  Live labels of more than one shipment are a person's business:
 * one of them was bought twice.
 */
#include "postgres.h"

#include "connectors/ups.h"

#define MAX_CANDIDATES 20
#define FOUND_NONE     "300007"
#define FOUND_VOIDED   "300033"

void
ff_ups_find_request(const FfCall *call, FfMessage *message)
{
	const char *number = ff_json_text(call->state, "candidates.0");
	const char *reference = ff_carrier_reference(ff_carrier_subject(call), UPS_REFERENCE);
	FfJsonWriter writer;

	if (number == NULL)
		number = ff_carrier_known_number(call);
	if (number == NULL && reference == NULL)
		ff_connector_fail("ups",
						  ff_carrier_field(call, "reference"),
						  "Give the reference the label was asked for with.");
	ff_ups_begin(call, message, "POST", "/labels/v1/recovery");

	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_object(&writer, "LabelRecoveryRequest");
	ff_write_object(&writer, "Request");
	ff_ups_context(&writer, call);
	ff_write_end(&writer);
	ff_ups_label_specification(&writer, call);
	if (number != NULL)
		ff_write_text(&writer, "TrackingNumber", number);
	else
	{
		ff_write_object(&writer, "ReferenceValues");
		ff_write_object(&writer, "ReferenceNumber");
		ff_write_text(&writer, "Value", reference);
		ff_write_end(&writer);
		ff_write_text(&writer, "ShipperNumber", ff_ups_account(call));
	}
	ff_message_json(message, &writer);
}

static bool
has_label(const FfJson *labels, const char *tracking_number)
{
	for (int i = 0; i < ff_json_count(labels); i++)
	{
		char *number = ff_json_text(ff_json_at(labels, i), "tracking_number");

		if (number && strcmp(number, tracking_number) == 0)
			return true;
	}
	return false;
}

/*
 * What is found so far, {shipment, labels[], forms}, as one more answer
 * extends it.  Answers false when the answer belongs to another shipment.
 */
static bool
extend_found(const FfJson *answer, const FfJson *found, FfJson **extended)
{
	const FfJson *results = ff_json_get(answer, "LabelResults");
	const FfJson *labels = ff_json_get(found, "labels");
	const char *before = ff_json_text(found, "shipment");
	const char *id = ff_json_text_or(answer, "ShipmentIdentificationNumber", NULL);
	const FfJson *forms = ff_json_get(answer, "Form");
	FfJsonWriter writer;

	if (id == NULL)
		id = ff_json_text_or(ff_json_at(results, 0), "TrackingNumber", before);
	if (before && id && strcmp(before, id) != 0)
		return false;
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_text(&writer, "shipment", id);
	ff_write_array(&writer, "labels");
	for (int i = 0; i < ff_json_count(labels); i++)
		ff_write_json(&writer, NULL, ff_json_at(labels, i));
	for (int i = 0; i < ff_json_count(results); i++)
	{
		const FfJson *result = ff_json_at(results, i);
		const char *number = ff_json_text_or(result, "TrackingNumber", i == 0 ? id : NULL);

		if (number == NULL || has_label(labels, number))
			continue;
		ff_write_object(&writer, NULL);
		ff_write_text(&writer, "tracking_number", number);
		ff_write_text(&writer, "format", ff_json_text(result, "LabelImage.LabelImageFormat.Code"));
		ff_write_text(&writer, "content", ff_json_text_or(result, "LabelImage.GraphicImage", NULL));
		ff_write_text(&writer, "url", ff_json_text_or(result, "LabelImage.URL", NULL));
		ff_write_end(&writer);
	}
	ff_write_end(&writer);
	ff_write_json(&writer, "forms", ff_json_is_null(forms) ? ff_json_get(found, "forms") : forms);
	ff_write_finish(&writer);
	*extended = ff_json_parse(writer.text.data, writer.text.len, NULL);
	return true;
}

static void
write_found(FfJsonWriter *writer, const FfCall *call, const FfJson *found)
{
	const FfJson *labels = ff_json_get(found, "labels");
	const char *kind = ff_carrier_is_return(call) ? "return_label" : "label";

	ff_write_object(writer, "shipment");
	ff_write_text(writer, "provider_reference", ff_json_text(found, "shipment"));
	ff_write_text(writer, "state", "accepted");
	ff_write_array(writer, "packages");
	for (int i = 0; i < ff_json_count(labels); i++)
		ff_ups_labelled(writer,
						ff_carrier_package_number(call, i),
						ff_json_text(ff_json_at(labels, i), "tracking_number"));
	ff_write_end(writer);
	ff_write_array(writer, "documents");
	for (int i = 0; i < ff_json_count(labels); i++)
	{
		const FfJson *label = ff_json_at(labels, i);

		ff_carrier_write_document(writer,
								  kind,
								  ff_json_text(label, "format"),
								  ff_json_text(label, "content"),
								  ff_json_text(label, "url"),
								  ff_carrier_package_number(call, i));
	}
	ff_ups_forms(writer, ff_json_get(found, "forms"));
	ff_write_end(writer);
	ff_write_end(writer);
}

/* Candidates that go where our shipment goes, or all when none is said to. */
static void
write_candidates(FfJsonWriter *writer, const FfCall *call, const FfJson *candidates)
{
	char *postcode = ff_carrier_postcode(ff_carrier_role(call, FF_SHIP_TO), UPS_POSTCODE);
	bool chosen[MAX_CANDIDATES] = {false};
	bool any = false;
	int count = Min(ff_json_count(candidates), MAX_CANDIDATES);

	for (int i = 0; i < count; i++)
	{
		char *theirs = ff_json_text(ff_json_at(candidates, i), "DestinationPostalCode");

		chosen[i] = postcode && theirs && strncmp(theirs, postcode, strlen(theirs)) == 0;
		any = any || chosen[i];
	}
	ff_write_array(writer, "candidates");
	for (int i = 0; i < count; i++)
		if (chosen[i] || !any)
			ff_write_text(writer, NULL, ff_json_text(ff_json_at(candidates, i), "TrackingNumber"));
	ff_write_end(writer);
}

/* Ends the look-up, or goes on with the candidates whose labels are not there yet. */
static void
finish_or_continue(const FfCall *call, FfOutcome *outcome, const FfJson *found)
{
	const FfJson *candidates = ff_json_get(call->state, "candidates");
	const FfJson *labels = ff_json_get(found, "labels");
	FfJsonWriter next;
	int left = 0;

	ff_write_init(&next);
	ff_write_object(&next, NULL);
	ff_write_array(&next, "candidates");
	for (int i = 1; i < ff_json_count(candidates); i++)
	{
		char *number = ff_json_text(ff_json_at(candidates, i), "");

		if (number == NULL || has_label(labels, number))
			continue;
		ff_write_text(&next, NULL, number);
		left++;
	}
	ff_write_end(&next);
	ff_write_json(&next, "found", found);
	ff_write_finish(&next);
	if (left > 0)
	{
		ff_outcome_continue(outcome, next.text.data);
	}
	else if (ff_json_count(labels) > 0)
	{
		ff_outcome_ok(outcome);
		write_found(&outcome->body, call, found);
	}
	else
		ff_outcome_set(
			outcome, FF_RESULT_ABSENT, FOUND_NONE, "No live label has this reference.", NULL);
}

/* Whether the code says that there is no live label behind the number or reference. */
static bool
says_none(const char *code)
{
	return code && (strcmp(code, FOUND_NONE) == 0 || strcmp(code, FOUND_VOIDED) == 0);
}

static void
take_labels(const FfCall *call, FfOutcome *outcome, const FfJson *answer)
{
	const FfJson *found = ff_json_get(call->state, "found");
	FfJson *extended;

	if (extend_found(answer, found, &extended))
		finish_or_continue(call, outcome, extended);
	else
		ff_outcome_set(outcome,
					   FF_RESULT_REFUSED,
					   "several_shipments",
					   psprintf("Shipments %s and %s both carry this reference; void one.",
								ff_json_text(found, "shipment"),
								ff_json_text_or(answer, "ShipmentIdentificationNumber", "?")),
					   "reference");
}

static void
take_candidates(const FfCall *call, FfOutcome *outcome, const FfJson *candidates)
{
	FfJsonWriter next;

	ff_write_init(&next);
	ff_write_object(&next, NULL);
	write_candidates(&next, call, candidates);
	ff_outcome_continue(outcome, ff_write_finish(&next));
}

void
ff_ups_find_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	const FfJson *answer;
	const FfJson *candidates;
	FfJson *json;
	bool ok = ff_ups_reply(call, reply, FF_REPEAT_SAFE, outcome, &json);

	answer = ff_json_get(json, "LabelRecoveryResponse");
	candidates = ff_json_get(answer, "TrackingCandidate");
	if (ff_json_count(ff_json_get(answer, "LabelResults")) > 0)
		take_labels(call, outcome, answer);
	else if (ff_json_count(candidates) > 0 && call->state == NULL)
		take_candidates(call, outcome, candidates);
	else if (says_none(outcome->code) && call->state != NULL)
		finish_or_continue(call, outcome, ff_json_get(call->state, "found"));
	else if (says_none(outcome->code))
		outcome->result = FF_RESULT_ABSENT;
	else if (ok)
		ff_outcome_set(outcome,
					   FF_RESULT_RETRY,
					   "unreadable_answer",
					   "The answer holds neither labels nor candidates.",
					   NULL);
}
