/*
 * dhl_parcel_de_ship.c
 *
 * create_shipment: one element of an order per parcel, each with a number of
 * its own.  DHL may make some and refuse others; then the made ones are taken
 * back, so that a refusal leaves nothing behind, and the refusal is told.
 */
#include "postgres.h"

#include "connectors/decimal.h"
#include "connectors/dhl_parcel_de.h"

#define PARCELS_MOST 30

/* ZPL only by that name; everything else is PDF. */
static const char *
label_format(const FfCall *call)
{
	const char *wish = ff_json_text_or(
		ff_carrier_subject(call), "options.label_format", ff_carrier_setting(call, "label_format"));

	return pg_strncasecmp(wish, "ZPL", 3) == 0 ? "ZPL2" : "PDF";
}

void
ff_pde_paper(const FfCall *call, FfMessage *message)
{
	ff_message_query(message, "docFormat", label_format(call));
	ff_message_query(message, "printFormat", ff_carrier_setting(call, "print_format"));
	ff_message_query(
		message, "retourePrintFormat", ff_carrier_setting(call, "return_print_format"));
	ff_message_query(message, "includeDocs", "include");
}

static void
write_parcel(FfJsonWriter *writer, const FfCall *call, const FfPdeLane *lane, int index)
{
	int64 sides[3];

	ff_write_object(writer, NULL);
	ff_write_text(writer, "product", lane->product);
	ff_write_text(writer, "billingNumber", ff_pde_billing_number(call, lane->product));
	ff_write_text(writer, "refNo", ff_pde_reference(call));
	ff_write_text(writer, "costCenter", ff_carrier_setting(call, "cost_center"));
	ff_write_text(writer, "shipDate", ff_pde_ship_date(call));
	ff_pde_shipper(
		writer,
		call,
		ff_carrier_setting(call, "shipper_ref") ? NULL : ff_carrier_need_role(call, FF_SHIPPER));
	ff_pde_consignee(writer, call, ff_carrier_role(call, FF_SHIP_TO));
	ff_write_object(writer, "details");
	if (ff_carrier_sides(ff_carrier_package(call, index), FF_MM_PER_CENTIMETRE, sides))
	{
		ff_write_object(writer, "dim");
		ff_write_text(writer, "uom", "cm");
		ff_write_int(writer, "length", sides[0]);
		ff_write_int(writer, "width", sides[1]);
		ff_write_int(writer, "height", sides[2]);
		ff_write_end(writer);
	}
	ff_pde_weight(writer, "weight", ff_carrier_grams(call, index));
	ff_write_end(writer);
	ff_pde_services(writer, call, lane, index);
	ff_pde_customs(writer, call, lane, index);
	ff_write_end(writer);
}

void
ff_pde_ship_request(const FfCall *call, FfMessage *message)
{
	const FfJson *taken_back = ff_json_get(call->state, "void");
	int count = ff_carrier_package_count(call);
	FfJsonWriter writer;
	FfPdeLane lane;

	if (ff_json_count(taken_back) > 0)
	{
		ff_pde_void(call, message);
		for (int i = 0; i < ff_json_count(taken_back); i++)
			ff_message_query(message, "shipment", ff_json_text(ff_json_at(taken_back, i), ""));
		return;
	}
	if (ff_carrier_is_return(call))
	{
		ff_pde_return_request(call, message);
		return;
	}
	if (count > PARCELS_MOST)
		ff_carrier_fail(call, "packages", "DHL takes thirty parcels in one call.");
	ff_pde_lane(call, &lane);
	ff_pde_begin(call, message, "POST", PDE_SHIPPING, "/orders");
	ff_pde_paper(call, message);
	ff_message_query(
		message, "mustEncode", ff_json_bool(call->config, "must_encode", true) ? "true" : "false");
	ff_message_query(message, "combine", ff_carrier_setting(call, "combine"));

	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_text(&writer, "profile", ff_carrier_setting(call, "profile"));
	ff_write_array(&writer, "shipments");
	for (int i = 0; i < count; i++)
		write_parcel(&writer, call, &lane, i);
	ff_write_end(&writer);
	ff_message_json(message, &writer);
}

void
ff_pde_write_made(FfJsonWriter *writer, const FfCall *call, const FfJson *items)
{
	ff_write_object(writer, "shipment");
	ff_write_text(writer, "provider_reference", ff_json_text(ff_json_at(items, 0), "shipmentNo"));
	ff_write_text(writer, "state", "accepted");
	ff_write_array(writer, "packages");
	for (int i = 0; i < ff_json_count(items); i++)
		ff_pde_package(writer,
					   ff_carrier_package_number(call, i),
					   ff_json_text(ff_json_at(items, i), "shipmentNo"));
	ff_write_end(writer);
	ff_write_array(writer, "documents");
	for (int i = 0; i < ff_json_count(items); i++)
	{
		const FfJson *item = ff_json_at(items, i);
		int64 number = ff_carrier_package_number(call, i);

		ff_pde_document(writer, "label", ff_json_get(item, "label"), number);
		ff_pde_document(writer, "return_label", ff_json_get(item, "returnLabel"), number);
		ff_pde_document(writer, "customs", ff_json_get(item, "customsDoc"), number);
		ff_pde_document(writer, "label", ff_json_get(item, "codLabel"), number);
	}
	ff_write_end(writer);
	ff_write_end(writer);
	ff_write_text(writer, "warning", ff_pde_warnings(items));
}

/* Goes on by taking back what was made; state keeps what the call ends with. */
static void
take_back(FfOutcome *outcome, const FfJson *items, const FfPdeFailure *failure)
{
	FfJsonWriter state;

	ff_write_init(&state);
	ff_write_object(&state, NULL);
	ff_write_array(&state, "void");
	for (int i = 0; i < ff_json_count(items); i++)
		ff_write_text(&state, NULL, ff_json_text_or(ff_json_at(items, i), "shipmentNo", NULL));
	ff_write_end(&state);
	ff_write_text(&state, "result", ff_result_name(failure->result));
	ff_write_text(&state, "code", failure->code);
	ff_write_text(&state, "message", failure->message);
	ff_write_text(&state, "field", failure->field);
	outcome->next = ff_write_finish(&state);
	ff_outcome_set(outcome, FF_RESULT_CONTINUE, failure->code, failure->message, failure->field);
}

/* What was made is gone, or was not there: the call ends as it began to. */
static void
end_taken_back(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfResult result;
	FfJson *json;

	(void) ff_pde_reply(call, reply, FF_REPEAT_SAFE, outcome, &json);
	if (outcome->result == FF_RESULT_RETRY || outcome->result == FF_RESULT_UNAUTHORIZED ||
		outcome->result == FF_RESULT_UNKNOWN)
	{
		outcome->result = outcome->result == FF_RESULT_UNKNOWN ? FF_RESULT_RETRY : outcome->result;
		return;
	}
	if (!ff_result_from_name(ff_json_text_or(call->state, "result", ""), &result))
		result = FF_RESULT_REFUSED;
	ff_outcome_set(outcome,
				   result,
				   ff_json_text(call->state, "code"),
				   ff_json_text(call->state, "message"),
				   ff_json_text(call->state, "field"));
	if (result == FF_RESULT_RETRY)
		outcome->next = "{}";
}

void
ff_pde_ship_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfPdeFailure failure = {FF_RESULT_OK, NULL, NULL, NULL};
	const FfJson *items;
	FfJson *json;
	int made = 0;

	if (ff_json_count(ff_json_get(call->state, "void")) > 0)
	{
		end_taken_back(call, reply, outcome);
		return;
	}
	if (ff_carrier_is_return(call))
	{
		ff_pde_return_outcome(call, reply, outcome);
		return;
	}
	if (!ff_pde_reply(call, reply, FF_REPEAT_NEVER, outcome, &json))
		return;
	items = ff_json_get(json, "items");
	for (int i = 0; i < ff_json_count(items); i++)
	{
		FfPdeFailure one = ff_pde_item(call, ff_json_at(items, i), i);

		if (ff_json_text_or(ff_json_at(items, i), "shipmentNo", NULL) != NULL &&
			one.result == FF_RESULT_OK)
			made++;
		else if (failure.result == FF_RESULT_OK)
			failure = one;
	}
	if (made > 0 && made == ff_json_count(items))
		ff_pde_write_made(&outcome->body, call, items);
	else if (failure.result == FF_RESULT_OK)
		ff_outcome_set(
			outcome, FF_RESULT_UNKNOWN, "unreadable_answer", "The answer names no shipment.", NULL);
	else if (made > 0)
		take_back(outcome, items, &failure);
	else
		ff_outcome_set(outcome, failure.result, failure.code, failure.message, failure.field);
}
