/*
 * sandbox_progress.c
 *
 * The life of a shipment in the sandbox after its acceptance: how far the
 * warehouse and the parcels have come, and whether it can still be changed,
 * held or cancelled.  The clock and the ways are those of sandbox_story.c.
 */
#include "postgres.h"

#include "connectors/sandbox.h"

static FfJson *
shipment_of(const FfCall *call)
{
	return ff_json_get(call->document, "shipment");
}

/* Nothing new happens before the clock's next step. */
static void
write_next_poll(FfJsonWriter *writer, const FfCall *call)
{
	TimestampTz next = ff_sandbox_time(call, call->now, 1);

	ff_write_int(writer, "poll_after_s", Max((next - call->now) / USECS_PER_SEC, 1));
}

/* One parcel's tracking as far as it has come. */
static void
write_tracking(FfJsonWriter *writer, const FfCall *call, const char *number, int triggers,
			   TimestampTz start)
{
	int steps = ff_sandbox_steps(call, start);
	int delivery = ff_sandbox_delivery(triggers);
	const char *status = "unknown";
	const SandboxEvent *event = ff_sandbox_timeline(triggers);

	ff_write_object(writer, NULL);
	ff_write_text(writer, "tracking_number", number);
	ff_write_array(writer, "events");
	for (int i = 1; event->step >= 0 && event->step <= steps; event++, i++)
	{
		FfJson *place =
			ff_json_get(shipment_of(call), event->at_recipient ? "ship_to" : "ship_from");

		status = event->status;
		ff_write_object(writer, NULL);
		ff_write_text(writer, "id", psprintf("%s-%d", number, i));
		ff_write_text(writer, "at", ff_time_iso(ff_sandbox_time(call, start, event->step)));
		ff_write_text(writer, "status", event->status);
		ff_write_text(writer, "code", event->code);
		ff_write_text(writer, "description", event->description);
		ff_write_text(writer, "city", ff_json_text(place, "city"));
		ff_write_text(writer, "postcode", ff_json_text(place, "postcode"));
		ff_write_text(writer, "country", ff_json_text(place, "country"));
		ff_write_end(writer);
	}
	ff_write_end(writer);
	ff_write_text(writer, "status", status);
	if (delivery >= 0)
		ff_write_text(
			writer, "estimated_delivery_at", ff_time_iso(ff_sandbox_time(call, start, delivery)));
	write_next_poll(writer, call);
	ff_write_end(writer);
}

/* Numbers without their shipment tell themselves what becomes of them. */
static void
write_bare_tracking(FfJsonWriter *writer, const FfCall *call)
{
	FfJson *numbers = ff_json_get(call->document, "tracking_numbers");

	for (int i = 0; i < ff_json_count(numbers); i++)
	{
		char *number = ff_json_text(ff_json_at(numbers, i), "");
		TimestampTz start;
		int triggers;

		if (number == NULL)
			continue;
		if (ff_sandbox_read_number(call, number, &triggers, &start))
			write_tracking(writer, call, number, triggers, start);
		else
		{
			ff_write_object(writer, NULL);
			ff_write_text(writer, "tracking_number", number);
			ff_write_text(writer, "status", "unknown");
			ff_write_end(writer);
		}
	}
}

/* The line that lacks a unit: the one whose SKU says so, else the first. */
static int
short_line(const FfCall *call)
{
	FfJson *lines = ff_json_get(shipment_of(call), "lines");

	for (int i = 0; i < ff_json_count(lines); i++)
		if (ff_sandbox_trigger(ff_json_text(ff_json_at(lines, i), "sku")) == SANDBOX_SHORT)
			return i;
	return 0;
}

/* What was picked of each line, once the picking has begun. */
static void
write_lines(FfJsonWriter *writer, const FfCall *call, bool shipped)
{
	FfJson *lines = ff_json_get(shipment_of(call), "lines");
	int lacking = ff_sandbox_triggers(call) & SANDBOX_SHORT ? short_line(call) : -1;

	ff_write_array(writer, "lines");
	for (int i = 0; i < ff_json_count(lines); i++)
	{
		FfJson *line = ff_json_at(lines, i);
		int64 quantity = ff_json_int64_or(line, "quantity", 1);
		int64 missing = i == lacking ? Min(quantity, 1) : 0;

		ff_write_object(writer, NULL);
		ff_write_json(writer, "line", ff_json_get(line, "line"));
		ff_write_text(writer, "sku", ff_json_text(line, "sku"));
		ff_write_int(writer, "shipped", shipped ? quantity - missing : 0);
		ff_write_int(writer, "short", missing);
		ff_write_end(writer);
	}
	ff_write_end(writer);
	if (lacking < 0 || lacking >= ff_json_count(lines))
		return;
	ff_write_array(writer, "short");
	ff_write_object(writer, NULL);
	ff_write_json(writer, "line", ff_json_get(ff_json_at(lines, lacking), "line"));
	ff_write_text(writer, "sku", ff_json_text(ff_json_at(lines, lacking), "sku"));
	ff_write_int(writer, "quantity", 1);
	ff_write_end(writer);
	ff_write_end(writer);
}

static void
write_shipment(FfJsonWriter *writer, const FfCall *call, TimestampTz start)
{
	static const char *const states[] = {"accepted", "picking", "packed", "shipped"};
	int steps = ff_sandbox_steps(call, start);
	int delivery = ff_sandbox_delivery(ff_sandbox_triggers(call));
	bool shipped = steps >= SANDBOX_SHIPPED;

	ff_write_object(writer, "shipment");
	ff_write_text(writer, "provider_reference", ff_sandbox_reference(call));
	ff_write_text(writer,
				  "state",
				  delivery >= 0 && steps >= delivery ? "delivered"
													 : states[Min(steps, SANDBOX_SHIPPED)]);
	if (steps >= SANDBOX_PICKING && !shipped)
		ff_write_text(writer, "progress", states[steps]);
	if (shipped)
		ff_write_text(
			writer, "shipped_at", ff_time_iso(ff_sandbox_time(call, start, SANDBOX_SHIPPED)));
	ff_sandbox_write_packages(writer, call);
	if (steps >= SANDBOX_PICKING)
		write_lines(writer, call, shipped);
	write_next_poll(writer, call);
	ff_write_end(writer);
}

void
ff_sandbox_get(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	TimestampTz start = ff_sandbox_start(call);

	if (ff_sandbox_refuses(call, outcome))
		return;
	if (shipment_of(call) != NULL)
		write_shipment(&outcome->body, call, start);
	ff_write_array(&outcome->body, "tracking");
	if (shipment_of(call) == NULL)
		write_bare_tracking(&outcome->body, call);
	else
		for (int i = 0; i < ff_sandbox_package_count(call); i++)
			write_tracking(&outcome->body,
						   call,
						   ff_sandbox_package_tracking(call, i),
						   ff_sandbox_triggers(call),
						   start);
	ff_write_end(&outcome->body);
}

/*
 * A change of what was accepted: done with the state that follows, or refused
 * from the given step on.
 */
static void
change(const FfCall *call, FfOutcome *outcome, int too_late, const char *state)
{
	if (ff_sandbox_refuses(call, outcome))
		return;
	if (ff_sandbox_steps(call, ff_sandbox_start(call)) >= too_late)
	{
		ff_outcome_set(outcome,
					   FF_RESULT_REFUSED,
					   "too_late",
					   psprintf("The shipment is %s already.",
								too_late == SANDBOX_PACKED ? "packed" : "shipped"),
					   NULL);
		return;
	}
	ff_write_object(&outcome->body, "shipment");
	ff_write_text(&outcome->body, "provider_reference", ff_sandbox_reference(call));
	ff_write_text(&outcome->body, "state", state);
	ff_write_end(&outcome->body);
}

void
ff_sandbox_update(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	if (ff_sandbox_triggers(call) & SANDBOX_BAD_ADDRESS)
		ff_outcome_set(outcome,
					   FF_RESULT_REFUSED,
					   "invalid_address",
					   "The sandbox does not know the postcode, as it was asked to.",
					   "ship_to.postcode");
	else
		change(call, outcome, SANDBOX_PACKED, "accepted");
}

void
ff_sandbox_hold(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	change(call, outcome, SANDBOX_SHIPPED, "on_hold");
}

void
ff_sandbox_cancel(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	if (ff_sandbox_triggers(call) & SANDBOX_NO_CANCEL)
		ff_outcome_set(outcome,
					   FF_RESULT_REFUSED,
					   "cancel_refused",
					   "The sandbox does not cancel, as it was asked to.",
					   NULL);
	else
		change(call, outcome, SANDBOX_SHIPPED, "cancelled");
}
