/*
 * fedex_find.c
 *
 * find_shipment, after an answer was lost: tracking by our reference.  FedEx
 * gives a label once and never again; so a shipment that exists but has not
 * begun to move is cancelled here, and counts as absent then: it can be made
 * anew.  One that moves already is taken as it is.  A shipment whose number we
 * know was answered to us, and is only looked at.
 */
#include "postgres.h"

#include "connectors/fedex.h"

#define MOST_PARCELS 200

typedef struct Parcel
{
	const char *number;
	const char *status;
	int64 sequence; /* its place among the pieces of a shipment */
} Parcel;

void
ff_fedex_find_request(const FfCall *call, FfMessage *message)
{
	const char *number = ff_json_text(call->state, "cancel.0");

	if (number != NULL)
		ff_fedex_cancel_body(call, message, number);
	else
		ff_fedex_track_request(call, message);
}

/* The parcels that exist and are not cancelled, the first pieces first; answers how many. */
static int
live_parcels(const FfJson *completes, Parcel *parcels)
{
	int count = 0;

	for (int i = 0; i < ff_json_count(completes) && count < MOST_PARCELS; i++)
	{
		const FfJson *complete = ff_json_at(completes, i);
		const FfJson *result = ff_fedex_newest_result(complete);
		const char *own = ff_json_text(result, "trackingNumberInfo.trackingNumber");
		Parcel parcel = {ff_json_text_or(complete, "trackingNumber", own),
						 ff_fedex_parcel_status(result),
						 ff_json_int64_or(result, "packageDetails.sequenceNumber", i + 1)};
		int at = count;

		if (result == NULL || parcel.number == NULL || strcmp(parcel.status, "cancelled") == 0)
			continue;
		for (; at > 0 && parcels[at - 1].sequence > parcel.sequence; at--)
			parcels[at] = parcels[at - 1];
		parcels[at] = parcel;
		count++;
	}
	return count;
}

static bool
is_moving(const Parcel *parcels, int count)
{
	for (int i = 0; i < count; i++)
		if (strcmp(parcels[i].status, "label_created") != 0 &&
			strcmp(parcels[i].status, "unknown") != 0)
			return true;
	return false;
}

static void
write_found(FfJsonWriter *writer, const FfCall *call, const Parcel *parcels, int count)
{
	ff_write_object(writer, "shipment");
	ff_write_text(writer, "provider_reference", parcels[0].number);
	ff_write_text(writer, "state", "accepted");
	ff_write_array(writer, "packages");
	for (int i = 0; i < count; i++)
		ff_fedex_labelled(writer, ff_carrier_package_number(call, i), parcels[i].number);
	ff_write_end(writer);
	ff_write_array(writer, "documents");
	ff_write_end(writer);
	ff_write_end(writer);
}

static void
cancel_next(FfOutcome *outcome, const char *const *numbers, int count)
{
	FfJsonWriter next;

	if (count == 0)
	{
		ff_outcome_set(outcome,
					   FF_RESULT_ABSENT,
					   "label_lost",
					   "The label was lost, so the shipment was cancelled.",
					   NULL);
		return;
	}
	ff_write_init(&next);
	ff_write_object(&next, NULL);
	ff_write_array(&next, "cancel");
	for (int i = 0; i < count; i++)
		ff_write_text(&next, NULL, numbers[i]);
	ff_outcome_continue(outcome, ff_write_finish(&next));
}

/* One was cancelled, or was gone already: the others follow. */
static void
note_cancelled(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	const FfJson *list = ff_json_get(call->state, "cancel");
	const char *numbers[MOST_PARCELS];
	int count = 0;

	ff_fedex_cancelled(call, reply, outcome);
	if (outcome->result != FF_RESULT_OK && outcome->result != FF_RESULT_ABSENT)
		return;
	for (int i = 1; i < ff_json_count(list) && count < MOST_PARCELS; i++)
		numbers[count++] = ff_json_text_or(ff_json_at(list, i), "", "");
	cancel_next(outcome, numbers, count);
}

void
ff_fedex_find_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	bool known = ff_carrier_tracking_number(call, 0) != NULL;
	Parcel parcels[MOST_PARCELS];
	const char *numbers[MOST_PARCELS];
	FfJson *json;
	int count;

	if (ff_json_text(call->state, "cancel.0") != NULL)
	{
		note_cancelled(call, reply, outcome);
		return;
	}
	if (!ff_fedex_reply(call, reply, FF_REPEAT_SAFE, outcome, &json))
	{
		if (outcome->result == FF_RESULT_REFUSED && ff_fedex_is_absence(outcome->code))
			outcome->result = FF_RESULT_ABSENT;
		return;
	}
	/* an answer that is none proves nothing */
	if (ff_json_is_null(ff_json_get(json, "output.completeTrackResults")))
	{
		ff_outcome_unreadable(outcome, FF_RESULT_RETRY, "The answer holds no parcels.");
		return;
	}
	count = live_parcels(ff_json_get(json, "output.completeTrackResults"), parcels);
	if (count == 0)
		ff_outcome_set(outcome,
					   FF_RESULT_ABSENT,
					   "not_found",
					   "FedEx has no live shipment with this reference.",
					   NULL);
	else if (known || is_moving(parcels, count))
		write_found(&outcome->body, call, parcels, count);
	else
	{
		for (int i = 0; i < count; i++)
			numbers[i] = parcels[i].number;
		cancel_next(outcome, numbers, count);
	}
}
