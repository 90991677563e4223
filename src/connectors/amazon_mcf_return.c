/*
 * amazon_mcf_return.c
 *
 * Returns: one element of a request is one unit, named by our number, line
 * and count, and says which of Amazon's shipments it came with; so the order
 * is read first.  A success may still refuse single units.  How far a return
 * has come stands in the order.
 */
#include "postgres.h"

#include "connectors/amazon_mcf.h"

#define ITEM_LONGEST 80
#define COMMENT      1000
#define UNITS_MOST   250

static const FfCarrierCode reasons[] = {
	{"CR-UNWANTED_ITEM", "unwanted|unwanted item|changed mind|no longer needed|other"},
	{"CR-DEFECTIVE", "defective|broken|does not work"},
	{"CR-ORDERED_WRONG_ITEM", "ordered wrong|ordered wrong item|wrong size"},
	{"CR-FOUND_BETTER_PRICE", "better price|found better price"},
	{"CR-DAMAGED_BY_FC", "damaged|damaged by warehouse"},
	{"CR-DAMAGED_BY_CARRIER", "damaged in transit|damaged by carrier"},
	{"CR-MISSING_PARTS", "missing parts|incomplete"},
	{"CR-MISSED_ESTIMATED_DELIVERY", "late|too late|arrived late"},
	{"CR-SWITCHEROO", "wrong item|wrong item sent"},
	{"AMZ-PG-BAD-DESC", "not as described|bad description"},
};

static const FfJson *
our_return(const FfCall *call)
{
	return ff_json_get(call->document, "return");
}

/* The number of the order the units came with. */
static char *
order_of(const FfCall *call)
{
	char *id = ff_carrier_text(our_return(call), "shipment_reference", MCF_ID);

	if (id == NULL)
		id = ff_carrier_text(our_return(call), "shipment_provider_reference", MCF_ID);
	if (id == NULL)
		ff_connector_fail(call->connector,
						  "return.shipment_reference",
						  "Give the reference of the shipment the units came with.");
	return id;
}

static const char *
reason_of(const FfCall *call, const FfJson *line)
{
	const char *reason =
		ff_json_text_or(line, "reason", ff_json_text_or(our_return(call), "reason", NULL));
	int row = reason ? FF_CARRIER_CODE(reasons, "amazon", reason) : -1;

	return row >= 0 ? reasons[row].code : ff_carrier_setting(call, "return_reason");
}

/* Our line's id at Amazon. */
static char *
item_of(const FfJson *line, int index)
{
	char *id = ff_carrier_text(line, "provider_line", MCF_ITEM);

	if (id == NULL)
		id = ff_carrier_text(line, "line", MCF_ITEM);
	return id ? id : psprintf("%d", index + 1);
}

static void
write_units(FfJsonWriter *writer, const FfCall *call, const FfJson *line, int index)
{
	char *item = item_of(line, index);
	/* what the order told stands in the state by item */
	char *shipment = NULL;
	const FfJson *known = ff_json_get(call->state, "shipments");
	int64 units = Min(UNITS_MOST, ff_json_int64_or(line, "quantity", 1));

	for (int i = 0; shipment == NULL && i < ff_json_count(known); i++)
		if (strcmp(ff_json_text_or(ff_json_at(known, i), "item", ""), item) == 0)
			shipment = ff_json_text(ff_json_at(known, i), "shipment");
	for (int64 unit = 1; unit <= units; unit++)
	{
		ff_write_object(writer, NULL);
		ff_write_text_max(
			writer,
			"sellerReturnItemId",
			psprintf(
				"%s-%s-" INT64_FORMAT, ff_json_text_or(our_return(call), "number", ""), item, unit),
			ITEM_LONGEST);
		ff_write_text(writer, "sellerFulfillmentOrderItemId", item);
		ff_write_text(writer, "amazonShipmentId", shipment);
		ff_write_text(writer, "returnReasonCode", reason_of(call, line));
		ff_write_text(
			writer, "returnComment", ff_carrier_text(our_return(call), "comment", COMMENT));
		ff_write_end(writer);
	}
}

void
ff_mcf_return_request(const FfCall *call, FfMessage *message)
{
	const FfJson *lines = ff_json_get(our_return(call), "lines");
	FfJsonWriter writer;

	if (ff_json_text_or(our_return(call), "number", NULL) == NULL)
		ff_connector_fail(call->connector, "return.number", "Give the number of the return.");
	if (ff_json_count(ff_json_get(call->state, "shipments")) == 0)
	{
		ff_mcf_begin_order(call, message, "GET", order_of(call));
		return;
	}
	ff_mcf_begin_order(call, message, "PUT", order_of(call));
	ff_message_path(message, "/return");
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_array(&writer, "items");
	for (int i = 0; i < ff_json_count(lines); i++)
		write_units(&writer, call, ff_json_at(lines, i), i);
	ff_message_json(message, &writer);
}

/* Which shipment each item came with, as the state of the next request. */
static void
note_shipments(const FfJson *payload, FfOutcome *outcome)
{
	const FfJson *shipments = ff_json_get(payload, "fulfillmentShipments");
	FfJsonWriter state;
	int count = 0;

	ff_write_init(&state);
	ff_write_object(&state, NULL);
	ff_write_array(&state, "shipments");
	for (int i = 0; i < ff_json_count(shipments); i++)
	{
		const FfJson *shipment = ff_json_at(shipments, i);
		const FfJson *items = ff_json_get(shipment, "fulfillmentShipmentItem");
		const char *status = ff_json_text_or(shipment, "fulfillmentShipmentStatus", "");

		for (int j = 0; pg_strcasecmp(status, "SHIPPED") == 0 && j < ff_json_count(items); j++)
		{
			ff_write_object(&state, NULL);
			ff_write_text(
				&state, "item", ff_json_text(ff_json_at(items, j), "sellerFulfillmentOrderItemId"));
			ff_write_text(&state, "shipment", ff_json_text(shipment, "amazonShipmentId"));
			ff_write_end(&state);
			count++;
		}
	}
	if (count > 0)
		ff_outcome_continue(outcome, ff_write_finish(&state));
	else
		ff_outcome_set(outcome,
					   FF_RESULT_REFUSED,
					   "NoCompletedShipItems",
					   "Nothing of the order has left yet.",
					   "return.shipment_reference");
}

void
ff_mcf_return_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJsonWriter *writer = &outcome->body;
	const FfJson *payload;
	const FfJson *invalid;
	const FfJson *permit;
	const char *refusal = NULL;
	const char *words = NULL;
	int refused = 0;
	FfJson *json;

	if (!ff_mcf_reply(call, reply, FF_REPEAT_SAFE, outcome, &json))
		return;
	payload = ff_json_get(json, "payload");
	if (ff_json_count(ff_json_get(call->state, "shipments")) == 0)
	{
		note_shipments(payload, outcome);
		return;
	}
	invalid = ff_json_get(payload, "invalidReturnItems");
	for (int i = 0; i < ff_json_count(invalid); i++)
	{
		const FfJson *reason = ff_json_get(ff_json_at(invalid, i), "invalidItemReason");
		const char *code = ff_json_text_or(reason, "invalidItemReasonCode", "InvalidValues");

		/* asked for before */
		if (strcmp(code, "DuplicateRequest") == 0)
			continue;
		refused++;
		refusal = refusal ? refusal : code;
		words = words ? words : ff_json_text_or(reason, "description", code);
	}
	if (refused > 0 && ff_json_count(ff_json_get(payload, "returnItems")) == 0)
	{
		ff_outcome_set(outcome, FF_RESULT_REFUSED, refusal, words, "return.lines");
		return;
	}
	permit = ff_json_at(ff_json_get(payload, "returnAuthorizations"), 0);
	ff_write_object(writer, "return");
	ff_write_text(writer, "number", ff_json_text(our_return(call), "number"));
	ff_write_text(writer, "provider_reference", ff_json_text(permit, "returnAuthorizationId"));
	ff_write_text(writer, "state", "expected");
	ff_write_text(writer, "url", ff_json_text(permit, "rmaPageURL"));
	ff_write_end(writer);
	if (refused > 0)
		ff_write_text(writer, "warning", ff_plain_text(words, 200));
}

void
ff_mcf_get_return_request(const FfCall *call, FfMessage *message)
{
	ff_mcf_begin_order(call, message, "GET", order_of(call));
}

/* Whether a unit of Amazon's list is one of a line of ours. */
static bool
is_unit_of(const FfJson *unit, const char *number, const char *item)
{
	const char *id = ff_json_text_or(unit, "sellerReturnItemId", "");
	char *ours = psprintf("%s-", number);

	return strncmp(id, ours, strlen(ours)) == 0 &&
		   strcmp(ff_json_text_or(unit, "sellerFulfillmentOrderItemId", ""), item) == 0;
}

void
ff_mcf_get_return_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	const FfJson *lines = ff_json_get(our_return(call), "lines");
	const char *number = ff_json_text_or(our_return(call), "number", "");
	FfJsonWriter *writer = &outcome->body;
	const FfJson *units;
	int expected = 0;
	int done = 0;
	FfJson *json;

	if (!ff_mcf_reply(call, reply, FF_REPEAT_SAFE, outcome, &json))
	{
		if (reply->status == 404)
			outcome->result = FF_RESULT_ABSENT;
		return;
	}
	units = ff_json_get(json, "payload.returnItems");
	ff_write_object(writer, "return");
	ff_write_text(writer, "number", number);
	ff_write_array(writer, "lines");
	for (int i = 0; i < ff_json_count(lines); i++)
	{
		const FfJson *line = ff_json_at(lines, i);
		char *item = item_of(line, i);
		int received = 0;
		int sellable = 0;
		int asked = 0;

		for (int j = 0; j < ff_json_count(units); j++)
		{
			const FfJson *unit = ff_json_at(units, j);

			if (!is_unit_of(unit, number, item))
				continue;
			asked++;
			if (pg_strcasecmp(ff_json_text_or(unit, "status", ""), "Processed") != 0)
				continue;
			received++;
			if (pg_strcasecmp(ff_json_text_or(unit, "returnReceivedCondition", ""), "Sellable") ==
				0)
				sellable++;
		}
		ff_write_object(writer, NULL);
		ff_write_json(writer, "line", ff_json_get(line, "line"));
		ff_write_text(writer, "sku", ff_json_text(line, "sku"));
		ff_write_int(writer, "expected", asked);
		ff_write_int(writer, "received", received);
		ff_write_int(writer, "restocked", sellable);
		ff_write_end(writer);
		expected += asked;
		done += received;
	}
	ff_write_end(writer);
	ff_write_text(writer,
				  "state",
				  done == 0         ? "expected"
				  : done < expected ? "receiving"
									: "received");
	ff_write_end(writer);
}
