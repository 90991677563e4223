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
	"       channel_line_id = coalesce($8, channel_line_id), attributes = coalesce($9, attributes)"
	" where merchant_id = $1 and order_id = $2 and line = $3",
	INT4OID, INT8OID, INT4OID, INT4OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, JSONBOID);

static FfStatement add_line = FF_STATEMENT(
	"insert into fulfillment.order_lines (merchant_id, order_id, line, item_id, sku, name,"
	"       quantity, unit_price, channel_line_id, group_key, attributes, kit_line, kit_sku, lot)"
	" select $1, $2, case when exists (select 1 from fulfillment.order_lines x"
	"               where x.merchant_id = $1 and x.order_id = $2 and x.line = $3)"
	"             then (select max(x.line) + 1 from fulfillment.order_lines x"
	"                    where x.merchant_id = $1 and x.order_id = $2) else $3 end,"
	"        $4, $5, $6, $7, $8::numeric, $9, $10, coalesce($11, '{}'), $12, $13, $14",
	INT4OID, INT8OID, INT4OID, INT8OID, TEXTOID, TEXTOID, INT4OID, TEXTOID, TEXTOID, TEXTOID,
	JSONBOID, INT4OID, TEXTOID, INT4OID);

static const FfOrderDocument *
stored_document(const FfOrder *order)
{
	FfFieldReader reader = {0};

	return ff_kits_compose(order, ff_order_document_read(order->document, &reader), NULL);
}

static const FfOrderDocument *
wanted_document(const FfOrder *order, const FfOrderRequest *request)
{
	const FfNewOrder *resolved = request->resolved; /* NULL: it is only asked what is possible */

	if (resolved == NULL || resolved->said == NULL)
		return ff_kits_compose(order, request->document, NULL);
	return ff_kits_compose(order, resolved->said, request->document);
}

/* Whether the channel's id of the line, or where one has none its number, is the same. */
static bool
same_place(const FfLine *line, const FfOrderLine *said)
{
	if (line->channel_line_id != NULL && said->channel_line_id != NULL)
		return strcmp(line->channel_line_id, said->channel_line_id) == 0;
	return line->line == said->line;
}

static bool
same_sku(const FfLine *line, const FfOrderLine *said)
{
	if (said->kit_line != line->kit_line ||
		(said->kit_line != 0 && strcmp(line->kit_sku, said->kit_sku) != 0))
		return false;
	return said->sku != NULL && strcmp(line->sku, said->sku) == 0;
}

static bool
has_line_at(const FfOrderDocument *document, const FfLine *line)
{
	for (int i = 0; i < document->line_count; i++)
		if (same_place(line, &document->lines[i]) && same_sku(line, &document->lines[i]))
			return true;
	return false;
}

/*
 * Our line that a line of the stored document means.  One that became another
 * item has a number of its own here: then it is the newest of that item that
 * no line of the document claims by its place.
 */
static FfLine *
line_of(FfOrder *order, const FfOrderDocument *document, const FfOrderLine *said)
{
	FfLine *found = NULL;

	for (int i = 0; i < order->line_count; i++)
	{
		FfLine *line = &order->lines[i];

		if (same_sku(line, said) && same_place(line, said))
			return line;
		if (same_sku(line, said) && !has_line_at(document, line))
			found = line;
	}
	return found;
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
		return -ff_units_unshipped(line);
	return change->after->quantity - change->before->quantity;
}

bool
ff_edit_touches_shipped(FfOrder *order, const FfOrderRequest *request)
{
	const FfOrderDocument *before = stored_document(order);
	FfOrderDifference *changes = ff_order_document_compare(before, wanted_document(order, request));
	int64 open = 0;

	for (int i = 0; i < order->line_count; i++)
		open += ff_units_unshipped(&order->lines[i]);
	if (open == 0 && (ff_order_difference_has(changes, "ship_to") ||
					  ff_order_difference_has(changes, "service")))
		return true;
	for (int i = 0; i < changes->line_count; i++)
	{
		const FfLineDifference *change = &changes->lines[i];
		FfLine *line = change->before ? line_of(order, before, change->before) : NULL;

		if (line == NULL)
			continue;
		if ((change->change == FF_LINE_REMOVED || other_item(change)) && line->shipped > 0)
			return true;
		if (-units_more(change, line) > ff_units_unshipped(line))
			return true;
	}
	return false;
}

static int64
item_of(const FfOrderRequest *request, const FfOrderLine *line)
{
	for (int i = 0; i < request->document->line_count; i++)
		if (request->document->lines[i].line == line->line &&
			request->document->lines[i].sku == line->sku)
			return request->resolved->item_ids[i];
	return 0;
}

static void
change(FfOrder *order, const FfLine *line, const FfOrderLine *said, int32 more)
{
	ff_run(&change_line,
		   ff_int4(order->merchant_id),
		   ff_int8(order->order_id),
		   ff_int4(line->line),
		   ff_int4(Max(more, 0)),
		   ff_text(said->name),
		   ff_text(said->unit_price),
		   ff_text(said->group),
		   ff_text(said->channel_line_id),
		   ff_json(said->attributes));
}

/* A line that was taken off before comes back as more of the same line. */
static void
put_line(FfOrder *order, const FfOrderRequest *request, const FfOrderLine *said)
{
	for (int i = 0; i < order->line_count; i++)
		if (same_place(&order->lines[i], said) && same_sku(&order->lines[i], said))
		{
			change(order, &order->lines[i], said, said->quantity);
			return;
		}
	ff_run(&add_line,
		   ff_int4(order->merchant_id),
		   ff_int8(order->order_id),
		   ff_int4(said->line),
		   ff_int8(item_of(request, said)),
		   ff_text(said->sku),
		   ff_text(said->name),
		   ff_int4(said->quantity),
		   ff_text(said->unit_price),
		   ff_text(said->channel_line_id),
		   ff_text(said->group),
		   ff_json(said->attributes),
		   said->kit_line == 0 ? ff_null() : ff_int4(said->kit_line),
		   ff_text(said->kit_sku),
		   said->kit_line == 0 ? ff_null() : ff_int4(said->lot));
}

void
ff_edit_lines(void *subject, const void *payload)
{
	FfOrder *order = subject;
	const FfOrderRequest *request = payload;
	const FfOrderDocument *before = stored_document(order);
	FfOrderDifference *changes = ff_order_document_compare(before, wanted_document(order, request));
	FfLineQuantity *less = palloc(sizeof(FfLineQuantity) * Max(changes->line_count, 1));
	FfOrderRequest cancel = {
		.cause = request->cause, .cancel = less, .cancel_reason = "edited", .from_channel = true};

	for (int i = 0; i < changes->line_count; i++)
	{
		const FfLineDifference *next = &changes->lines[i];
		FfLine *line = next->before ? line_of(order, before, next->before) : NULL;
		int32 more = line ? units_more(next, line) : 0;

		if (next->after != NULL && (line == NULL || other_item(next)))
			put_line(order, request, next->after);
		else if (next->after != NULL)
			change(order, line, next->after, more);
		if (more < 0)
			less[cancel.cancel_count++] = (FfLineQuantity){.line = line->line, .quantity = -more};
	}
	ff_order_refresh(order);
	if (cancel.cancel_count > 0)
	{
		ff_cancel_shipments(order, &cancel);
		ff_cancel_lines(order, &cancel);
	}
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
	FfOrderDifference *changes =
		ff_order_document_compare(stored_document(order), wanted_document(order, request));
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
	ff_order_rewrite(order, request->resolved, Max(request->version, order->version));
}
