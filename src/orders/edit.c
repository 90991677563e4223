/*
 * edit.c
 *
 * What differs between two versions of an order becomes edits of its lines and
 * shipments.  Units that have left are never taken back: an edit that would
 * is refused as a whole.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "orders/parts.h"
#include "pg/spi.h"
#include "shipping/shipment.h"

static FfStatement change_line = FF_STATEMENT(
	"update fulfillment.order_lines set quantity = quantity + $4, name = coalesce($5, name),"
	"       unit_price = coalesce($6::numeric, unit_price), group_key = $7,"
	"       channel_line_id = coalesce($8, channel_line_id)"
	" where merchant_id = $1 and order_id = $2 and line = $3",
	INT4OID, INT8OID, INT4OID, INT4OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID);

static FfStatement add_line = FF_STATEMENT(
	"insert into fulfillment.order_lines (merchant_id, order_id, line, item_id, sku, name,"
	"       quantity, unit_price, channel_line_id, group_key)"
	" select $1, $2, case when exists (select 1 from fulfillment.order_lines x"
	"               where x.merchant_id = $1 and x.order_id = $2 and x.line = $3)"
	"             then (select max(x.line) + 1 from fulfillment.order_lines x"
	"                    where x.merchant_id = $1 and x.order_id = $2) else $3 end,"
	"        $4, $5, $6, $7, $8::numeric, $9, $10",
	INT4OID, INT8OID, INT4OID, INT8OID, TEXTOID, TEXTOID, INT4OID, TEXTOID, TEXTOID, TEXTOID);

static FfOrderDifference *
difference(const FfOrder *order, const FfOrderRequest *request)
{
	FfFieldReader reader = {0};

	return ff_order_document_compare(ff_order_document_read(order->document, &reader),
									 request->document);
}

/* Our line that a line of a document means. */
static FfLine *
line_of(FfOrder *order, const FfOrderLine *line)
{
	for (int i = 0; line->channel_line_id != NULL && i < order->line_count; i++)
		if (order->lines[i].channel_line_id != NULL &&
			strcmp(order->lines[i].channel_line_id, line->channel_line_id) == 0)
			return &order->lines[i];
	return ff_order_line(order, line->line);
}

static bool
other_item(const FfLineDifference *change)
{
	return change->change == FF_LINE_OTHER &&
		   strcmp(change->before->sku ? change->before->sku : "",
				  change->after->sku ? change->after->sku : "") != 0;
}

/* How many more units are wanted; all of them go when the line is removed or becomes another. */
static int32
units_more(const FfLineDifference *change, const FfLine *line)
{
	if (change->change == FF_LINE_REMOVED || other_item(change))
		return -(line->quantity - line->cancelled - line->shipped);
	return change->after->quantity - change->before->quantity;
}

bool
ff_edit_touches_shipped(FfOrder *order, const FfOrderRequest *request)
{
	FfOrderDifference *changes = difference(order, request);
	int64 open = 0;

	for (int i = 0; i < order->line_count; i++)
		open += order->lines[i].quantity - order->lines[i].cancelled - order->lines[i].shipped;
	if (open == 0 && (ff_order_difference_has(changes, "ship_to") ||
					  ff_order_difference_has(changes, "service")))
		return true;
	for (int i = 0; i < changes->line_count; i++)
	{
		const FfLineDifference *change = &changes->lines[i];
		FfLine *line = change->before ? line_of(order, change->before) : NULL;

		if (line == NULL)
			continue;
		if ((change->change == FF_LINE_REMOVED || other_item(change)) && line->shipped > 0)
			return true;
		if (-units_more(change, line) > line->quantity - line->cancelled - line->shipped)
			return true;
	}
	return false;
}

static int64
item_of(const FfOrderRequest *request, const FfOrderLine *line)
{
	for (int i = 0; i < request->document->line_count; i++)
		if (&request->document->lines[i] == line)
			return request->resolved->item_ids[i];
	return 0;
}

static void
insert_line(FfOrder *order, const FfOrderRequest *request, const FfOrderLine *line)
{
	ff_run(&add_line,
		   ff_int4(order->merchant_id),
		   ff_int8(order->order_id),
		   ff_int4(line->line),
		   ff_int8(item_of(request, line)),
		   ff_text(line->sku),
		   ff_text(line->name),
		   ff_int4(line->quantity),
		   ff_text(line->unit_price),
		   ff_text(line->channel_line_id),
		   ff_text(line->group));
}

void
ff_edit_lines(void *subject, const void *payload)
{
	FfOrder *order = subject;
	const FfOrderRequest *request = payload;
	FfOrderDifference *changes = difference(order, request);
	FfLineQuantity *less = palloc(sizeof(FfLineQuantity) * Max(changes->line_count, 1));
	FfOrderRequest cancel = {
		.cause = request->cause, .cancel = less, .cancel_reason = "edited", .from_channel = true};

	for (int i = 0; i < changes->line_count; i++)
	{
		const FfLineDifference *change = &changes->lines[i];
		FfLine *line = change->before ? line_of(order, change->before) : NULL;
		int32 more = line ? units_more(change, line) : 0;

		if (line == NULL || other_item(change))
			insert_line(order, request, change->after);
		else if (change->after != NULL)
			ff_run(&change_line,
				   ff_int4(order->merchant_id),
				   ff_int8(order->order_id),
				   ff_int4(line->line),
				   ff_int4(Max(more, 0)),
				   ff_text(change->after->name),
				   ff_text(change->after->unit_price),
				   ff_text(change->after->group),
				   ff_text(change->after->channel_line_id));
		if (more < 0)
			less[cancel.cancel_count++] = (FfLineQuantity){.line = line->line, .quantity = -more};
	}
	ff_order_refresh(order);
	if (cancel.cancel_count > 0)
		ff_cancel_lines(order, &cancel);
}

/* Where it goes or how fast decides who ships it: such a shipment is planned anew. */
static bool
changes_route(const FfOrder *order, const FfOrderRequest *request, FfOrderDifference *changes)
{
	static const char *const members[] = {"ship_to.country", "ship_to.postcode"};

	if (ff_order_difference_has(changes, "service"))
		return true;
	for (int i = 0; i < (int) lengthof(members); i++)
		if (strcmp(ff_json_text_or(order->document, members[i], ""),
				   ff_json_text_or(request->raw, members[i], "")) != 0)
			return true;
	return false;
}

void
ff_edit_shipments(void *subject, const void *payload)
{
	FfOrder *order = subject;
	const FfOrderRequest *request = payload;
	FfOrderDifference *changes = difference(order, request);
	bool anew = changes_route(order, request, changes);
	FfShipmentReport report = {.cause = request->cause};
	int count;
	FfShipment **shipments;

	if (anew || ff_order_difference_has(changes, "ship_to"))
	{
		shipments = ff_shipments_of_order(order->merchant_id, order->order_id, &count);
		for (int i = 0; i < count; i++)
		{
			bool gone = shipments[i]->shipped_at != 0 ||
						ff_state_is_final(FF_MACHINE_SHIPMENT, shipments[i]->state);

			if (gone)
				continue;
			if (!anew && ff_shipment_may(shipments[i], FF_SHIPMENT_EVENT_EDIT, &report))
				ff_shipment_apply(shipments[i], FF_SHIPMENT_EVENT_EDIT, &report);
			else
				ff_shipment_apply(shipments[i], FF_SHIPMENT_EVENT_CANCEL, &report);
		}
	}
	/* last, since the comparison above needs the document as it was */
	ff_order_rewrite(order,
					 request->resolved,
					 Max(request->version, order->version),
					 request->reader->errors == NIL ? NULL : ff_field_errors_json(request->reader));
}
