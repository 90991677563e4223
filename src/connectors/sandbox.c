/*
 * sandbox.c
 *
 * A carrier and fulfillment center that exists nowhere: no network, no
 * credentials, no memory.  Each outcome is computed from its call, so the
 * whole workflow can be tried, and every failure be provoked, on any machine.
 *
 * Here a shipment is priced, accepted and found.  What happens, and the names
 * that make it happen, stand in sandbox_story.c (for users in docs/sandbox.md),
 * the label in sandbox_label.c, the rest in sandbox_progress.c, sandbox_return.c
 * and sandbox_stock.c.  Since nothing is remembered, a shipment that was held or
 * cancelled goes on when it is asked for again.
 */
#include "postgres.h"

#include "connectors/sandbox.h"

#define NAME          "sandbox"
#define RETRY_AFTER_S 5
#define LIGHTEST_G    100 /* of a package whose weight nobody knows */

static const FfSetting settings[] = {
	{"clock_seconds",
	 "integer",
	 false,
	 false,
	 "60",
	 "Seconds between two steps of a shipment (picking, packed, shipped, …); 0: all at once."},
	{"label_format",
	 "text",
	 false,
	 false,
	 "pdf",
	 "Format of labels, pdf or zpl, when the shipment does not ask for one."},
	{"currency", "text", false, false, "EUR", "Currency of prices."},
	{"fault",
	 "text",
	 false,
	 false,
	 NULL,
	 "A trigger for every call of the connection, such as \"unauthorized\" or \"rate-limit\"."},
	{"inventory",
	 "object",
	 false,
	 false,
	 NULL,
	 "Stock to report, as {\"SKU\": quantity} or as a list of inventory rows."},
	{"location",
	 "text",
	 false,
	 false,
	 "SANDBOX",
	 "The sandbox's code of its location, reported with its stock."},
	{NULL}};

/* The services and what they cost, relative to the standard one. */
static const struct
{
	const char *service;
	const char *name;
	int price_percent;
	int days;
} services[] = {
	{"standard", "Sandbox Standard", 100, 2},
	{"express", "Sandbox Express", 200, 1},
};

static FfJson *
shipment_of(const FfCall *call)
{
	return ff_json_get(call->document, "shipment");
}

/* Nothing is sent; the message says what was asked. */
static void
local_request(const FfCall *call, FfMessage *message)
{
	if (shipment_of(call) != NULL && ff_json_get(shipment_of(call), "provider_reference") == NULL)
		ff_connector_need(NAME, call, "shipment.reference", "Give the reference of the shipment.");
	ff_message_begin(message, "LOCAL", NAME ":", ff_operation_name(call->operation));
}

static void
return_request(const FfCall *call, FfMessage *message)
{
	ff_connector_need(NAME, call, "return.number", "Give the number of the return.");
	local_request(call, message);
}

static void
create_request(const FfCall *call, FfMessage *message)
{
	ff_connector_need(NAME, call, "shipment.reference", "Give the reference of the shipment.");
	ff_connector_need(NAME, call, "shipment.ship_to.country", "Give the recipient's country.");
	local_request(call, message);
}

bool
ff_sandbox_refuses(const FfCall *call, FfOutcome *outcome)
{
	int triggers = ff_sandbox_triggers(call);
	bool creates = call->operation == FF_OP_CREATE_SHIPMENT;
	bool everywhere = !ff_json_is_null(ff_json_get(call->config, "fault"));

	if (!creates && !everywhere)
		return false;
	if (triggers & SANDBOX_UNAUTHORIZED)
		ff_outcome_set(outcome,
					   FF_RESULT_UNAUTHORIZED,
					   "unauthorized",
					   "The sandbox refuses the credentials, as it was asked to.",
					   NULL);
	else if ((triggers & SANDBOX_RATE_LIMIT) &&
			 ff_json_int64_or(shipment_of(call), "attempt", 1) <= 1)
	{
		outcome->retry_after_s = RETRY_AFTER_S;
		ff_outcome_set(outcome,
					   FF_RESULT_RETRY,
					   "rate_limit",
					   "The sandbox takes no more calls just now, as it was asked to.",
					   NULL);
	}
	else
		return false;
	return true;
}

int
ff_sandbox_package_count(const FfCall *call)
{
	return Max(1, ff_json_count(ff_json_get(shipment_of(call), "packages")));
}

static FfJson *
package_at(const FfCall *call, int index)
{
	return ff_json_at(ff_json_get(shipment_of(call), "packages"), index);
}

static int
package_number(const FfCall *call, int index)
{
	return (int) ff_json_int64_or(package_at(call, index), "number", index + 1);
}

/* The number that the shipment has already, else the one the sandbox gives it. */
const char *
ff_sandbox_package_tracking(const FfCall *call, int index)
{
	const char *known = ff_json_text_or(package_at(call, index), "tracking_number", NULL);

	return known ? known : ff_sandbox_tracking_number(call, package_number(call, index));
}

const char *
ff_sandbox_reference(const FfCall *call)
{
	const char *known = ff_json_text_or(shipment_of(call), "provider_reference", NULL);

	return known ? known : psprintf("SBX-%s", ff_json_text_or(shipment_of(call), "reference", ""));
}

void
ff_sandbox_write_packages(FfJsonWriter *writer, const FfCall *call)
{
	ff_write_array(writer, "packages");
	for (int i = 0; i < ff_sandbox_package_count(call); i++)
	{
		const char *number = ff_sandbox_package_tracking(call, i);

		ff_write_object(writer, NULL);
		ff_write_int(writer, "number", package_number(call, i));
		ff_write_text(writer, "tracking_number", number);
		ff_write_text(writer, "carrier", NAME);
		ff_write_text(writer, "tracking_url", psprintf("https://tracking.example/%s", number));
		ff_write_end(writer);
	}
	ff_write_end(writer);
}

static void
write_labels(FfJsonWriter *writer, const FfCall *call)
{
	const char *wanted = ff_json_text_or(shipment_of(call),
										 "options.label_format",
										 ff_json_text_or(call->config, "label_format", "pdf"));
	const char *format = pg_strcasecmp(wanted, "zpl") == 0 ? "zpl" : "pdf";

	ff_write_array(writer, "documents");
	for (int i = 0; i < ff_sandbox_package_count(call); i++)
	{
		size_t length;
		char *label = ff_sandbox_label(
			format, shipment_of(call), ff_sandbox_package_tracking(call, i), &length);

		ff_write_object(writer, NULL);
		ff_write_text(writer, "kind", "label");
		ff_write_text(writer, "format", format);
		ff_write_int(writer, "package", package_number(call, i));
		ff_write_text(writer, "content_base64", ff_base64(label, length));
		ff_write_end(writer);
	}
	ff_write_end(writer);
}

/* The price in hundredths: a start and a sum for each begun kilogram, twice that abroad. */
static int64
price_of(const FfCall *call, int percent)
{
	FfJson *shipment = shipment_of(call);
	const char *from = ff_json_text_or(shipment, "ship_from.country", "");
	const char *to = ff_json_text_or(shipment, "ship_to.country", from);
	int64 price = 0;

	for (int i = 0; i < ff_sandbox_package_count(call); i++)
	{
		int64 grams = ff_json_int64_or(package_at(call, i), "weight_g", LIGHTEST_G);

		price += 490 + 120 * ((Max(0, Min(grams, 1000000)) + 999) / 1000);
	}
	if (*from != '\0' && pg_strcasecmp(from, to) != 0)
		price *= 2;
	return price * percent / 100;
}

static void
write_money(FfJsonWriter *writer, const FfCall *call, int64 hundredths)
{
	ff_write_text(
		writer, "amount", psprintf("%d.%02d", (int) (hundredths / 100), (int) (hundredths % 100)));
	ff_write_text(writer, "currency", ff_json_text_or(call->config, "currency", "EUR"));
}

static int
service_index(const FfCall *call)
{
	const char *service = ff_json_text_or(shipment_of(call), "service", "standard");

	for (int i = 0; i < (int) lengthof(services); i++)
		if (strcmp(services[i].service, service) == 0)
			return i;
	return 0;
}

/* The shipment as it was accepted: the answer to create_shipment and to find_shipment. */
static void
write_accepted(FfJsonWriter *writer, const FfCall *call)
{
	TimestampTz start = ff_sandbox_start(call);
	int delivery = ff_sandbox_delivery(0);

	ff_write_object(writer, "shipment");
	ff_write_text(writer, "provider_reference", ff_sandbox_reference(call));
	ff_write_text(writer, "state", "accepted");
	ff_sandbox_write_packages(writer, call);
	write_labels(writer, call);
	ff_write_object(writer, "cost");
	write_money(writer, call, price_of(call, services[service_index(call)].price_percent));
	ff_write_end(writer);
	ff_write_text(
		writer, "estimated_delivery_at", ff_time_iso(ff_sandbox_time(call, start, delivery)));
	ff_write_end(writer);
}

/* A shipment made in steps: the first goes on, the second waits, and the third is the last. */
static bool
goes_on(const FfCall *call, FfOutcome *outcome)
{
	int64 step = ff_json_int64_or(call->state, "step", 0);

	if (step >= 2)
		return false;
	if (step == 0)
		ff_outcome_continue(outcome, "{\"step\": 1}");
	else
	{
		ff_outcome_set(outcome, FF_RESULT_RETRY, "unfinished", "The sandbox takes its time.", NULL);
		outcome->retry_after_s = 1;
		outcome->next = "{\"step\": 2}";
	}
	return true;
}

static void
create_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	int triggers = ff_sandbox_triggers(call);
	bool first = ff_json_int64_or(shipment_of(call), "attempt", 1) <= 1;

	if (ff_sandbox_refuses(call, outcome))
		return;
	if (triggers & SANDBOX_REFUSED)
		ff_outcome_set(outcome,
					   FF_RESULT_REFUSED,
					   "not_accepted",
					   "The sandbox refuses the shipment, as it was asked to.",
					   NULL);
	else if (triggers & SANDBOX_BAD_ADDRESS)
		ff_outcome_set(outcome,
					   FF_RESULT_REFUSED,
					   "invalid_address",
					   "The sandbox does not know the postcode, as it was asked to.",
					   "ship_to.postcode");
	else if (first && (triggers & (SANDBOX_TIMEOUT_FOUND | SANDBOX_TIMEOUT_ABSENT)))
		ff_outcome_set(outcome,
					   FF_RESULT_UNKNOWN,
					   "no_answer",
					   "The sandbox's answer is lost, as it was asked to be.",
					   NULL);
	else if (!(triggers & SANDBOX_IN_STEPS) || !goes_on(call, outcome))
		write_accepted(&outcome->body, call);
}

static void
find_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	bool first = ff_json_int64_or(shipment_of(call), "attempt", 1) <= 1;

	if (ff_sandbox_refuses(call, outcome))
		return;
	if (first && (ff_sandbox_triggers(call) &
				  (SANDBOX_TIMEOUT_ABSENT | SANDBOX_REFUSED | SANDBOX_BAD_ADDRESS |
				   SANDBOX_RATE_LIMIT | SANDBOX_UNAUTHORIZED)))
		ff_outcome_set(outcome,
					   FF_RESULT_ABSENT,
					   "not_found",
					   "The sandbox has no shipment with this reference.",
					   NULL);
	else
		write_accepted(&outcome->body, call);
}

/* Each service with its price and the day it would arrive. */
static void
rates_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	if (ff_sandbox_refuses(call, outcome))
		return;
	if (ff_sandbox_triggers(call) & SANDBOX_BAD_ADDRESS)
	{
		ff_outcome_set(outcome,
					   FF_RESULT_REFUSED,
					   "invalid_address",
					   "The sandbox does not know the postcode, as it was asked to.",
					   "ship_to.postcode");
		return;
	}
	ff_write_array(&outcome->body, "rates");
	for (int i = 0; i < (int) lengthof(services); i++)
	{
		ff_write_object(&outcome->body, NULL);
		ff_write_text(&outcome->body, "service", services[i].service);
		ff_write_text(&outcome->body, "name", services[i].name);
		write_money(&outcome->body, call, price_of(call, services[i].price_percent));
		ff_write_int(&outcome->body, "transit_days", services[i].days);
		ff_write_text(&outcome->body,
					  "estimated_delivery_at",
					  ff_time_iso(call->now + services[i].days * USECS_PER_DAY));
		ff_write_end(&outcome->body);
	}
	ff_write_end(&outcome->body);
}

static void
test_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	(void) ff_sandbox_refuses(call, outcome);
}

const FfConnector ff_connector_sandbox = {
	.name = NAME,
	.title = "Sandbox",
	.roles = "carrier fulfillment_center",
	.settings = settings,
	.local = true,
	.find_is_authoritative = true,
	.operations =
		{
			[FF_OP_QUOTE_RATES] = {local_request, rates_outcome, FF_REPEAT_SAFE},
			[FF_OP_CREATE_SHIPMENT] = {create_request, create_outcome, FF_REPEAT_AFTER_FIND},
			[FF_OP_FIND_SHIPMENT] = {local_request, find_outcome, FF_REPEAT_SAFE},
			[FF_OP_GET_SHIPMENT] = {local_request, ff_sandbox_get, FF_REPEAT_SAFE},
			[FF_OP_UPDATE_SHIPMENT] = {local_request, ff_sandbox_update, FF_REPEAT_SAFE},
			[FF_OP_HOLD_SHIPMENT] = {local_request, ff_sandbox_hold, FF_REPEAT_SAFE},
			[FF_OP_CANCEL_SHIPMENT] = {local_request, ff_sandbox_cancel, FF_REPEAT_SAFE},
			[FF_OP_VALIDATE_ADDRESS] = {local_request, ff_sandbox_validate, FF_REPEAT_SAFE},
			[FF_OP_ANNOUNCE_RETURN] = {return_request, ff_sandbox_announce_return, FF_REPEAT_SAFE},
			[FF_OP_GET_RETURN] = {return_request, ff_sandbox_get_return, FF_REPEAT_SAFE},
			[FF_OP_GET_INVENTORY] = {local_request, ff_sandbox_inventory, FF_REPEAT_SAFE},
			[FF_OP_PUT_ITEMS] = {local_request, ff_sandbox_items, FF_REPEAT_SAFE},
			[FF_OP_TEST_CONNECTION] = {local_request, test_outcome, FF_REPEAT_SAFE},
		},
};
