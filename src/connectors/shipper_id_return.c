/*
 * shipper_id_return.c
 *
 * Announcing a return: an inbound order of type RT under our number.  What was
 * received is told by the warehouse in a way that no public page describes.
 */
#include "postgres.h"

#include "connectors/decimal.h"
#include "connectors/shipper_id.h"

static const FfJson *
the_return(const FfCall *call)
{
	return ff_json_get(call->document, "return");
}

static char *
return_number(const FfCall *call)
{
	return ff_shipper_number(
		ff_connector_need(SHIPPER_ID,
						  call,
						  "return.number",
						  "Give the return's number, which the parcel is known by."));
}

static void
write_line(FfJsonWriter *writer, const FfCall *call, int index)
{
	const FfJson *line = ff_json_at(ff_json_get(the_return(call), "lines"), index);
	const char *sku = ff_json_text_or(line, "sku", NULL);
	char *quantity = ff_json_number(line, "quantity");

	if (sku == NULL || quantity == NULL)
		ff_connector_fail(SHIPPER_ID,
						  psprintf("return.lines.%d.%s", index, sku ? "quantity" : "sku"),
						  "Every line needs a SKU and how many of it come back.");
	ff_write_object(writer, NULL);
	ff_write_int(writer, "line_no", ff_json_int64_or(line, "line", index + 1));
	ff_write_text(writer, "sku", sku);
	ff_write_number(writer, "ordered_qty", ff_decimal_trim(quantity));
	ff_write_text(writer,
				  "customer_id",
				  ff_carrier_need_setting(
					  call, "customer_id", "Set it to Shipper's id of the goods' owner."));
	ff_shipper_write(writer, "notes", ff_json_text_or(line, "reason", NULL), 200);
	ff_write_end(writer);
}

void
ff_shipper_return_request(const FfCall *call, FfMessage *message)
{
	const FfJson *document = the_return(call);
	const char *order = ff_json_text_or(document, "shipment_provider_reference", NULL);
	const char *comment = ff_json_text_or(document, "comment", NULL);
	TimestampTz expected;
	FfJsonWriter writer;

	if (order == NULL && ff_json_text_or(document, "shipment_reference", NULL) != NULL)
		order = ff_shipper_number(ff_json_text(document, "shipment_reference"));
	if (!ff_time_parse(ff_json_text(document, "expected_at"), &expected))
		expected = call->now;
	ff_shipper_begin(call, message, "POST", "/v3/fulfillment/inbound");
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_object(&writer, "data");
	ff_write_object(&writer, "inbound");
	ff_write_text(&writer, "warehouse_id", ff_shipper_warehouse(call));
	ff_write_text(&writer, "po_type", "RT");
	ff_write_text_max(&writer, "doc_no", return_number(call), 40);
	ff_write_text(&writer, "po_creation_time", ff_time_iso(call->now));
	ff_write_text(&writer, "expected_arrive_time_1", ff_time_iso(expected));
	ff_write_text(&writer, "supplier_id", ff_json_text_or(call->config, "supplier_id", ""));
	ff_shipper_write(&writer,
					 "notes",
					 order && comment ? psprintf("%s %s", order, comment)
					 : order          ? order
									  : comment,
					 500);
	ff_write_array(&writer, "details");
	for (int i = 0; i < ff_json_count(ff_json_get(document, "lines")); i++)
		write_line(&writer, call, i);
	ff_message_json(message, &writer);
}

void
ff_shipper_return_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *data;

	if (!ff_shipper_reply(call, reply, FF_REPEAT_SAFE, outcome, &data))
		return;
	ff_write_object(&outcome->body, "return");
	ff_write_text(&outcome->body, "number", ff_json_text(the_return(call), "number"));
	ff_write_text(
		&outcome->body, "provider_reference", ff_json_text_or(data, "inbound.doc_no", NULL));
	ff_write_text(&outcome->body, "state", "expected");
	ff_write_end(&outcome->body);
}
