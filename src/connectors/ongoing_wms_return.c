/*
 * ongoing_wms_return.c
 *
 * Returns: announce_return puts a return order under our number, get_return
 * reads what came back.  Their numbers of return statuses mean something else
 * in every warehouse, so quantities decide: nothing returned is expected, some
 * is receiving, all is received; what was removed by inventory was not put
 * back on the shelf.
 *
 * A return line names the id of the order line it belongs to.  When the call
 * does not tell the ids, the order is read first.
 */
#include "postgres.h"

#include "connectors/decimal.h"
#include "connectors/ongoing_wms.h"

static const FfJson *
the_return(const FfCall *call)
{
	return ff_json_get(call->document, "return");
}

/* Their id of the order that the goods were sent with. */
static char *
sent_order_id(const FfCall *call)
{
	char *id = ff_json_number(the_return(call), "shipment_provider_reference");

	return id ? id : ff_json_number(call->state, "order_id");
}

/* Their id of an order line: told by the call, or learned from the order. */
static char *
sent_line_id(const FfCall *call, const FfJson *line)
{
	const FfJson *learned = ff_json_get(call->state, "lines");
	const char *row = ff_json_text_or(line, "line", "");
	const char *sku = ff_json_text_or(line, "sku", "");
	char *id = ff_json_number(line, "provider_line");
	char *by_sku = NULL;

	for (int i = 0; id == NULL && i < ff_json_count(learned); i++)
	{
		const FfJson *entry = ff_json_at(learned, i);

		if (*row != '\0' && strcmp(ff_json_text_or(entry, "line", ""), row) == 0)
			id = ff_json_number(entry, "id");
		else if (by_sku == NULL && strcmp(ff_json_text_or(entry, "sku", ""), sku) == 0)
			by_sku = ff_json_number(entry, "id");
	}
	return id ? id : by_sku;
}

/* Whether everything the return order has to name is known. */
static bool
is_complete(const FfCall *call)
{
	const FfJson *lines = ff_json_get(the_return(call), "lines");

	for (int i = 0; i < ff_json_count(lines); i++)
		if (sent_line_id(call, ff_json_at(lines, i)) == NULL)
			return false;
	return sent_order_id(call) != NULL;
}

static void
ask_for_order(const FfCall *call, FfMessage *message)
{
	char *id = sent_order_id(call);

	ff_ongoing_begin(call, message, "GET", "/orders");
	if (id != NULL)
	{
		ff_message_path(message, "/");
		ff_message_segment(message, id);
		return;
	}
	ff_ongoing_owner_query(call, message);
	ff_message_query(message,
					 "orderNumber",
					 ff_connector_need(ONGOING,
									   call,
									   "return.shipment_reference",
									   "Give the reference of the shipment the goods went with."));
}

static void
write_return_line(FfJsonWriter *writer, const FfCall *call, int index)
{
	const FfJson *line = ff_json_at(ff_json_get(the_return(call), "lines"), index);
	const char *row = ff_json_text_or(line, "line", psprintf("%d", index + 1));
	const char *cause =
		ff_json_text_or(line, "reason", ff_json_text_or(call->config, "return_cause", NULL));
	char *quantity = ff_json_number(line, "quantity");
	char *id = sent_line_id(call, line);

	if (quantity == NULL)
		ff_connector_fail(
			ONGOING, psprintf("return.lines.%d.quantity", index), "Give how many come back.");
	if (id == NULL)
		ff_connector_fail(
			ONGOING, psprintf("return.lines.%d.line", index), "The order has no such line.");
	ff_write_object(writer, NULL);
	ff_write_text(writer, "returnOrderRowNumber", row);
	ff_write_object(writer, "customerOrderLine");
	ff_write_number(writer, "orderLineId", id);
	ff_write_end(writer);
	ff_write_number(writer, "toBeReturnedNumberOfItems", ff_decimal_trim(quantity));
	if (cause != NULL)
	{
		ff_write_object(writer, "returnCause");
		ff_write_text(writer, "code", cause);
		ff_write_text(writer, "name", ff_json_text_or(line, "reason_text", cause));
		ff_write_end(writer);
	}
	ff_write_end(writer);
}

static void
write_tracking(FfJsonWriter *writer, const FfJson *packages)
{
	ff_write_array(writer, "tracking");
	for (int i = 0; i < ff_json_count(packages); i++)
	{
		const FfJson *package = ff_json_at(packages, i);
		const char *number = ff_json_text_or(package, "tracking_number", NULL);

		if (number == NULL)
			continue;
		ff_write_object(writer, NULL);
		ff_write_text(writer, "waybill", number);
		ff_write_text(writer, "trackingUrl", ff_json_text_or(package, "tracking_url", NULL));
		ff_write_end(writer);
	}
	ff_write_end(writer);
}

static char *
return_number(const FfCall *call)
{
	return ff_connector_need(ONGOING, call, "return.number", "Give the number of the return.");
}

void
ff_ongoing_announce_request(const FfCall *call, FfMessage *message)
{
	const FfJson *document = the_return(call);
	const FfJson *packages = ff_json_get(document, "packages");
	char *number = return_number(call);
	FfJsonWriter writer;
	TimestampTz expected;
	int64 warehouse;

	if (!is_complete(call) && call->state == NULL)
	{
		ask_for_order(call, message);
		return;
	}
	ff_ongoing_begin(call, message, "PUT", "/returnOrders");
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_ongoing_owner(&writer, call);
	ff_write_text(&writer, "returnOrderNumber", number);
	ff_write_object(&writer, "customerOrder");
	ff_write_number(&writer, "orderId", sent_order_id(call));
	ff_write_end(&writer);
	ff_write_text(&writer, "comment", ff_json_text_or(document, "comment", NULL));
	if (ff_time_parse(ff_json_text(document, "expected_at"), &expected))
		ff_write_text(&writer, "inDate", ff_time_format(expected, "%Y-%m-%d"));
	if (ff_json_int64(call->config, "warehouse_id", &warehouse))
		ff_write_int(&writer, "warehouseId", warehouse);
	if (ff_json_text_or(ff_json_at(packages, 0), "tracking_number", NULL) != NULL)
		write_tracking(&writer, packages);
	ff_write_array(&writer, "returnOrderLines");
	for (int i = 0; i < ff_json_count(ff_json_get(document, "lines")); i++)
		write_return_line(&writer, call, i);
	ff_write_end(&writer);
	ff_message_json(message, &writer);
}

/* What the order tells: its id and those of its lines, as the state of the next request. */
static void
learn_order(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	const FfJson *order = ff_ongoing_found(call, reply, outcome);
	const FfJson *lines = ff_json_get(order, "orderLines");
	FfJsonWriter next;

	if (order == NULL)
	{
		/* a return of goods that the warehouse never sent */
		if (outcome->result == FF_RESULT_ABSENT)
			ff_outcome_set(outcome, FF_RESULT_REFUSED, NULL, NULL, "shipment_reference");
		return;
	}
	ff_write_init(&next);
	ff_write_object(&next, NULL);
	ff_write_number(&next, "order_id", ff_json_number(order, "orderInfo.orderId"));
	ff_write_array(&next, "lines");
	for (int i = 0; i < ff_json_count(lines); i++)
	{
		const FfJson *line = ff_json_at(lines, i);

		ff_write_object(&next, NULL);
		ff_write_text(&next, "line", ff_json_text(line, "rowNumber"));
		ff_write_text(&next, "sku", ff_json_text(line, "article.articleNumber"));
		ff_write_number(&next, "id", ff_json_number(line, "id"));
		ff_write_end(&next);
	}
	outcome->result = FF_RESULT_CONTINUE;
	outcome->next = ff_write_finish(&next);
}

void
ff_ongoing_announce_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	char *id;

	if (!is_complete(call) && call->state == NULL)
	{
		learn_order(call, reply, outcome);
		return;
	}
	id = ff_ongoing_written(call, reply, outcome, "returnOrderId");
	if (id == NULL)
		return;
	ff_write_object(&outcome->body, "return");
	ff_write_text(&outcome->body, "number", ff_json_text(the_return(call), "number"));
	ff_write_text(&outcome->body, "provider_reference", id);
	ff_write_text(&outcome->body, "state", "expected");
	ff_write_end(&outcome->body);
}

void
ff_ongoing_return_request(const FfCall *call, FfMessage *message)
{
	char *id = ff_json_number(the_return(call), "provider_reference");

	ff_ongoing_begin(call, message, "GET", "/returnOrders");
	if (id != NULL)
	{
		ff_message_path(message, "/");
		ff_message_segment(message, id);
		return;
	}
	ff_ongoing_owner_query(call, message);
	ff_message_query(message, "returnOrderNumbers", return_number(call));
}

/* One thing after the other as they came out of the parcel. */
static void
write_receipts(FfJsonWriter *writer, const FfJson *items)
{
	ff_write_array(writer, "receipts");
	for (int i = 0; i < ff_json_count(items); i++)
	{
		const FfJson *item = ff_json_at(items, i);
		char *quantity = ff_json_number(item, "numberOfItems");
		TimestampTz at;

		ff_write_object(writer, NULL);
		ff_write_number(writer, "quantity", quantity ? ff_decimal_trim(quantity) : NULL);
		if (ff_time_parse(ff_json_text(item, "returnTime"), &at))
			ff_write_text(writer, "at", ff_time_iso(at));
		ff_write_bool(
			writer, "restocked", !ff_json_bool(item, "isReturnRemovedByInventory", false));
		ff_write_text(writer, "reason", ff_json_text_or(item, "returnCause.code", NULL));
		ff_write_text(writer, "condition", ff_json_text_or(item, "articleItemStatus.code", NULL));
		ff_write_text(writer, "serial", ff_json_text_or(item, "serial", NULL));
		ff_write_text(writer, "batch", ff_json_text_or(item, "batch", NULL));
		ff_write_text(writer, "comment", ff_json_text_or(item, "returnComment", NULL));
		ff_write_end(writer);
	}
	ff_write_end(writer);
}

static char *
quantity_of(const FfJson *line, const char *path)
{
	char *quantity = ff_json_number(line, path);

	return quantity ? ff_decimal_trim(quantity) : pstrdup("0");
}

static void
write_lines(FfJsonWriter *writer, const FfJson *lines)
{
	ff_write_array(writer, "lines");
	for (int i = 0; i < ff_json_count(lines); i++)
	{
		const FfJson *line = ff_json_at(lines, i);
		char *received = quantity_of(line, "returnedNumberOfItems");
		char *removed = quantity_of(line, "returnedRemovedByInventoryNumberOfItems");

		ff_write_object(writer, NULL);
		ff_write_text(writer, "line", ff_json_text(line, "returnOrderRowNumber"));
		ff_write_text(writer, "sku", ff_json_text(line, "article.articleNumber"));
		ff_write_number(writer, "expected", quantity_of(line, "toBeReturnedNumberOfItems"));
		ff_write_number(writer, "received", received);
		ff_write_number(
			writer, "restocked", ff_decimal_trim(ff_decimal_subtract(received, removed)));
		ff_write_text(writer, "reason", ff_json_text_or(line, "returnCause.code", NULL));
		write_receipts(writer, ff_json_get(line, "returnedArticleItems"));
		ff_write_end(writer);
	}
	ff_write_end(writer);
}

static const char *
return_state(const FfJson *lines)
{
	bool some = false;
	bool all = ff_json_count(lines) > 0;

	for (int i = 0; i < ff_json_count(lines); i++)
	{
		const FfJson *line = ff_json_at(lines, i);
		char *received = quantity_of(line, "returnedNumberOfItems");

		some = some || ff_decimal_positive(received);
		if (ff_decimal_compare(received, quantity_of(line, "toBeReturnedNumberOfItems")) < 0)
			all = false;
	}
	if (all && some)
		return "received";
	return some ? "receiving" : "expected";
}

void
ff_ongoing_return_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJsonWriter *writer = &outcome->body;
	const FfJson *found;
	const FfJson *lines;
	FfJson *json;

	if (!ff_ongoing_reply(call, reply, outcome, &json))
	{
		if (reply->status == 404)
			outcome->result = FF_RESULT_ABSENT;
		return;
	}
	found = ff_json_at(json, 0);
	if (ff_json_number(found, "returnOrderInfo.returnOrderId") == NULL)
	{
		ff_outcome_set(outcome,
					   FF_RESULT_ABSENT,
					   "no_return",
					   "The warehouse has no return of this number.",
					   NULL);
		return;
	}
	lines = ff_json_get(found, "returnOrderLines");
	ff_write_object(writer, "return");
	ff_write_text(writer, "number", ff_json_text(found, "returnOrderInfo.returnOrderNumber"));
	ff_write_text(
		writer, "provider_reference", ff_json_text(found, "returnOrderInfo.returnOrderId"));
	ff_write_text(writer, "state", return_state(lines));
	ff_write_text(
		writer, "provider_state", ff_json_text(found, "returnOrderInfo.returnOrderStatus.text"));
	ff_write_text(
		writer, "shipment_reference", ff_json_text(found, "customerOrderInfo.orderNumber"));
	write_lines(writer, lines);
	ff_write_end(writer);
}
