/*
 * sandbox_return.c
 *
 * Returns to the sandbox: announced with a label, on their way for four steps
 * of the clock, then unpacked and put back into stock.  The reference that the
 * sandbox gives a return holds the time of its announcement.
 */
#include "postgres.h"

#include "connectors/sandbox.h"

#define PREFIX "SBR-"

static FfJson *
the_return(const FfCall *call)
{
	return ff_json_get(call->document, "return");
}

static void
write_label(FfJsonWriter *writer, const FfCall *call, const char *number)
{
	const char *wanted = ff_json_text_or(the_return(call),
										 "options.label_format",
										 ff_json_text_or(call->config, "label_format", "pdf"));
	const char *format = pg_strcasecmp(wanted, "zpl") == 0 ? "zpl" : "pdf";
	size_t length;
	char *label = ff_sandbox_label(format, the_return(call), number, &length);

	ff_write_array(writer, "documents");
	ff_write_object(writer, NULL);
	ff_write_text(writer, "kind", "return_label");
	ff_write_text(writer, "format", format);
	ff_write_int(writer, "package", 1);
	ff_write_text(writer, "content_base64", ff_base64(label, length));
	ff_write_end(writer);
	ff_write_end(writer);
}

void
ff_sandbox_announce_return(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJsonWriter *writer = &outcome->body;
	const char *number = ff_json_text_or(the_return(call), "number", "");
	char *reference = psprintf(PREFIX "%s-%s", ff_sandbox_stamp(call->now), number);

	if (ff_sandbox_refuses(call, outcome))
		return;
	if (ff_sandbox_triggers(call) & SANDBOX_REFUSED)
	{
		ff_outcome_set(outcome,
					   FF_RESULT_REFUSED,
					   "not_accepted",
					   "The sandbox refuses the return, as it was asked to.",
					   NULL);
		return;
	}
	ff_write_object(writer, "return");
	ff_write_text(writer, "number", number);
	ff_write_text(writer, "provider_reference", reference);
	ff_write_text(writer, "state", "expected");
	ff_write_end(writer);
	ff_write_object(writer, "shipment");
	ff_write_array(writer, "packages");
	ff_write_object(writer, NULL);
	ff_write_int(writer, "number", 1);
	ff_write_text(writer, "tracking_number", reference);
	ff_write_text(writer, "carrier", "sandbox");
	ff_write_text(writer, "tracking_url", psprintf("https://tracking.example/%s", reference));
	ff_write_end(writer);
	ff_write_end(writer);
	write_label(writer, call, reference);
	ff_write_end(writer);
}

/* What has arrived of each line: all of it, but for one unit that a trigger keeps back. */
static void
write_lines(FfJsonWriter *writer, const FfCall *call, bool received)
{
	FfJson *lines = ff_json_get(the_return(call), "lines");

	ff_write_array(writer, "lines");
	for (int i = 0; i < ff_json_count(lines); i++)
	{
		FfJson *line = ff_json_at(lines, i);
		int64 expected = ff_json_int64_or(line, "quantity", 1);
		bool lacks = ff_sandbox_trigger(ff_json_text(line, "sku")) == SANDBOX_SHORT;
		int64 arrived = received ? Max(0, expected - (lacks ? 1 : 0)) : 0;

		ff_write_object(writer, NULL);
		ff_write_json(writer, "line", ff_json_get(line, "line"));
		ff_write_text(writer, "sku", ff_json_text(line, "sku"));
		ff_write_int(writer, "expected", expected);
		ff_write_int(writer, "received", arrived);
		ff_write_int(writer, "restocked", arrived);
		ff_write_text(writer, "reason", ff_json_text(line, "reason"));
		ff_write_end(writer);
	}
	ff_write_end(writer);
}

void
ff_sandbox_get_return(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	const char *reference = ff_json_text_or(the_return(call), "provider_reference", "");
	TimestampTz announced;
	int steps;

	if (ff_sandbox_refuses(call, outcome))
		return;
	if (strncmp(reference, PREFIX, strlen(PREFIX)) != 0 ||
		!ff_sandbox_read_stamp(reference + strlen(PREFIX), &announced))
	{
		ff_outcome_set(outcome,
					   FF_RESULT_ABSENT,
					   "not_found",
					   "The sandbox has no return with this reference.",
					   NULL);
		return;
	}
	steps = ff_sandbox_steps(call, announced);
	ff_write_object(&outcome->body, "return");
	ff_write_text(&outcome->body, "number", ff_json_text(the_return(call), "number"));
	ff_write_text(&outcome->body, "provider_reference", reference);
	ff_write_text(&outcome->body,
				  "state",
				  steps >= SANDBOX_RECEIVED    ? "received"
				  : steps >= SANDBOX_RECEIVING ? "receiving"
											   : "expected");
	write_lines(&outcome->body, call, steps >= SANDBOX_RECEIVED);
	ff_write_end(&outcome->body);
}
