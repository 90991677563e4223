/*
 * dhl_parcel_de_find.c
 *
 * find_shipment: after an answer was lost the parcels are looked for by our
 * reference, which tracking knows once DHL has their data, so for half an hour
 * it is asked again; and their labels are asked for again by number.  That none
 * is there proves nothing.
 */
#include "postgres.h"

#include "connectors/dhl_parcel_de.h"

#define PATIENCE_MIN 30
#define PAUSE_S      120

/* The numbers to ask labels of: those found, or those the call knows. */
static char *
number_at(const FfCall *call, int index)
{
	const FfJson *found = ff_json_get(call->state, "numbers");

	return found ? ff_json_text(ff_json_at(found, index), "")
				 : ff_carrier_tracking_number(call, index);
}

void
ff_pde_find_request(const FfCall *call, FfMessage *message)
{
	char *number = number_at(call, 0);

	if (number == NULL)
	{
		ff_pde_reference_request(call, message);
		return;
	}
	ff_pde_begin(call, message, "GET", PDE_SHIPPING, "/orders");
	for (int i = 0; number != NULL; number = number_at(call, ++i))
		ff_message_query(message, "shipment", number);
	ff_pde_paper(call, message);
	ff_message_query(message, "combine", ff_carrier_setting(call, "combine"));
}

/* As many parcels as were asked for are the shipment; anything else is a person's business. */
static void
take_numbers(const FfCall *call, FfOutcome *outcome, const char *numbers, int found)
{
	int wanted = ff_carrier_package_count(call);

	if (found == wanted)
		ff_outcome_continue(outcome, psprintf("{\"numbers\": %s}", numbers));
	else
		ff_outcome_set(
			outcome,
			FF_RESULT_REFUSED,
			found > wanted ? "several_shipments" : "incomplete",
			psprintf("Parcels of this reference at DHL: %d instead of %d; take back what "
					 "is not wanted.",
					 found,
					 wanted),
			"reference");
}

/* DHL's tracking hears of parcels some minutes after they were made. */
static void
be_patient(const FfCall *call, FfOutcome *outcome)
{
	TimestampTz made;

	if (outcome->result != FF_RESULT_ABSENT ||
		!ff_time_parse(ff_json_text(ff_carrier_subject(call), "created_at"), &made) ||
		call->now - made > PATIENCE_MIN * USECS_PER_MINUTE)
		return;
	outcome->result = FF_RESULT_RETRY;
	outcome->retry_after_s = PAUSE_S;
}

/* Labels that DHL no longer gives do not undo the parcels. */
static void
write_numbers(FfJsonWriter *writer, const FfCall *call)
{
	char *number;

	ff_write_object(writer, "shipment");
	ff_write_text(writer, "provider_reference", number_at(call, 0));
	ff_write_text(writer, "state", "accepted");
	ff_write_array(writer, "packages");
	for (int i = 0; (number = number_at(call, i)) != NULL; i++)
		ff_pde_package(writer, ff_carrier_package_number(call, i), number);
	ff_write_end(writer);
	ff_write_end(writer);
	ff_write_text(writer, "warning", "DHL gives the labels of these parcels no longer.");
}

void
ff_pde_find_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJsonWriter numbers;
	const FfJson *items;
	FfJson *json;
	bool all = true;
	int found;

	if (number_at(call, 0) == NULL)
	{
		ff_write_init(&numbers);
		ff_write_array(&numbers, NULL);
		found = ff_pde_reference_outcome(call, reply, outcome, &numbers);
		if (found > 0)
			take_numbers(call, outcome, ff_write_finish(&numbers), found);
		else
			be_patient(call, outcome);
		return;
	}
	if (!ff_pde_reply(call, reply, FF_REPEAT_SAFE, outcome, &json) &&
		outcome->result != FF_RESULT_REFUSED)
		return;
	items = ff_json_get(json, "items");
	for (int i = 0; i < ff_json_count(items); i++)
		all = all && ff_pde_item(call, ff_json_at(items, i), i).result == FF_RESULT_OK;
	if (outcome->result == FF_RESULT_OK && all && ff_json_count(items) > 0)
		ff_pde_write_made(&outcome->body, call, items);
	else if (call->state != NULL)
	{
		ff_outcome_ok(outcome);
		write_numbers(&outcome->body, call);
	}
	else
		ff_outcome_set(
			outcome, FF_RESULT_ABSENT, "no_shipment", "DHL has no label of this number.", NULL);
}
