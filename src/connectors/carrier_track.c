/*
 * carrier_track.c
 *
 * Tracking by one request per number, or per batch of them: which number it is
 * now, and what comes after it.  One number that the carrier does not know says nothing about the
 * others, so the whole is absent only when all are.
 */
#include "postgres.h"

#include "connectors/carrier.h"

int
ff_carrier_track_place(const FfCall *call)
{
	return (int) ff_json_int64_or(call->state, "at", 0);
}

void
ff_carrier_track_next(const FfCall *call, FfOutcome *outcome, bool found)
{
	ff_carrier_track_next_batch(call, outcome, found, 1);
}

void
ff_carrier_track_next_batch(const FfCall *call, FfOutcome *outcome, bool found, int count)
{
	int place = ff_carrier_track_place(call);

	found = found || ff_json_bool(call->state, "found", false);
	if (outcome->result != FF_RESULT_OK && outcome->result != FF_RESULT_ABSENT &&
		outcome->result != FF_RESULT_REFUSED)
		return;
	if (ff_carrier_tracking_number(call, place) && ff_carrier_tracking_number(call, place + count))
	{
		outcome->result = FF_RESULT_CONTINUE;
		outcome->next =
			psprintf("{\"at\": %d, \"found\": %s}", place + count, found ? "true" : "false");
	}
	else if (found)
		outcome->result = FF_RESULT_OK;
	if (outcome->result == FF_RESULT_OK || outcome->result == FF_RESULT_CONTINUE)
		outcome->code = outcome->message = outcome->field = NULL;
}
