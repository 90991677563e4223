/*
 * store.c
 *
 * Rows of orders and lines, written set-based from documents that were read.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "orders/parts.h"
#include "pg/batch.h"

static FfShape new_orders = FF_SHAPE(
	"new_orders", {"channel_id", INT8OID}, {"number", TEXTOID}, {"channel_order_id", TEXTOID},
	{"version", INT8OID}, {"state", TEXTOID}, {"placed_at", TIMESTAMPTZOID}, {"currency", TEXTOID},
	{"email", TEXTOID}, {"phone", TEXTOID}, {"language", TEXTOID}, {"ship_to", JSONBOID},
	{"bill_to", JSONBOID}, {"service", TEXTOID}, {"promised_by", TIMESTAMPTZOID},
	{"ship_complete", BOOLOID}, {"not_before", TIMESTAMPTZOID}, {"auto_cancel_at", TIMESTAMPTZOID},
	{"payment", JSONBOID}, {"attributes", JSONBOID}, {"document", JSONBOID}, {"errors", JSONBOID},
	{"order_id", INT8OID});

static FfStatement add_orders = FF_STATEMENT(
	"insert into fulfillment.orders (merchant_id, channel_id, number, channel_order_id, version,"
	"       state, placed_at, currency, email, phone, language, ship_to, bill_to, service,"
	"       promised_by, ship_complete, not_before, auto_cancel_at, payment, attributes, document,"
	"       errors, received_at, order_id)"
	" select $1, n.channel_id, n.number, n.channel_order_id, n.version,"
	"        n.state::fulfillment.order_state, coalesce(n.placed_at, $2), n.currency, n.email,"
	"        n.phone, n.language, n.ship_to, n.bill_to, n.service, n.promised_by, n.ship_complete,"
	"        n.not_before, n.auto_cancel_at, n.payment, n.attributes, n.document, n.errors, $2,"
	"        coalesce(n.order_id, nextval('fulfillment.order_id_seq'))"
	"   from new_orders n"
	" on conflict (merchant_id, channel_id, number) do nothing"
	" returning order_id",
	INT4OID, TIMESTAMPTZOID);

static FfStatement next_ids =
	FF_STATEMENT("select nextval('fulfillment.order_id_seq') from generate_series(1, $1)", INT4OID);

static FfShape new_lines =
	FF_SHAPE("new_lines", {"order_id", INT8OID}, {"line", INT4OID}, {"item_id", INT8OID},
			 {"sku", TEXTOID}, {"name", TEXTOID}, {"quantity", INT4OID}, {"price", TEXTOID},
			 {"channel_line_id", TEXTOID}, {"group_key", TEXTOID}, {"attributes", JSONBOID},
			 {"kit_line", INT4OID}, {"kit_sku", TEXTOID}, {"lot", INT4OID}, {"assigned", INT4OID});

static FfStatement add_lines = FF_STATEMENT(
	"insert into fulfillment.order_lines (merchant_id, order_id, line, item_id, sku, name,"
	"       quantity, unit_price, channel_line_id, group_key, attributes, kit_line, kit_sku, lot,"
	"       assigned)"
	" select $1, n.order_id, n.line, n.item_id, n.sku, n.name, n.quantity, n.price::numeric,"
	"        n.channel_line_id, n.group_key, coalesce(n.attributes, '{}'), n.kit_line, n.kit_sku,"
	"        n.lot, n.assigned"
	"   from new_lines n",
	INT4OID);

static FfStatement rewrite_order = FF_STATEMENT(
	"update fulfillment.orders set version = $3, document = $4, errors = $5, currency = $6,"
	"       email = $7, phone = $8, language = $9, ship_to = $10, bill_to = $11, service = $12,"
	"       promised_by = $13, ship_complete = $14, not_before = $15, auto_cancel_at = $16,"
	"       payment = $17, attributes = $18, channel_order_id = coalesce($19, channel_order_id),"
	"       delivered = $20"
	" where merchant_id = $1 and order_id = $2",
	INT4OID, INT8OID, INT8OID, JSONBOID, JSONBOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, JSONBOID,
	JSONBOID, TEXTOID, TIMESTAMPTZOID, BOOLOID, TIMESTAMPTZOID, TIMESTAMPTZOID, JSONBOID, JSONBOID,
	TEXTOID, JSONBOID);

static FfArgument
address_json(const FfAddress *address)
{
	FfJsonWriter writer;

	if (address == NULL)
		return ff_null();
	ff_write_init(&writer);
	ff_address_write(&writer, NULL, address);
	return ff_json_from_text(ff_write_finish(&writer));
}

static FfArgument
payment_json(const FfOrderDocument *document)
{
	FfJsonWriter writer;

	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_text(&writer, "state", document->payment_state);
	ff_write_text(&writer, "gateway", document->payment_gateway);
	ff_write_text(&writer, "reference", document->payment_reference);
	ff_write_number(&writer, "amount", document->payment_amount);
	return ff_json_from_text(ff_write_finish(&writer));
}

static FfArgument
object_or_empty(const FfJson *json)
{
	return json ? ff_json(json) : ff_json_from_text("{}");
}

FfArgument
ff_errors_or_null(const FfFieldReader *reader)
{
	return ff_json_from_text(reader->errors == NIL ? NULL : ff_field_errors_json(reader));
}

/* A document and the id that its order gets when it is new; 0: any. */
typedef struct Placed
{
	FfNewOrder *order;
	int64 order_id;
} Placed;

static int
compare_placed(const void *a, const void *b)
{
	const Placed *left = a;
	const Placed *right = b;
	int by_number = strcmp(left->order->document->number, right->order->document->number);

	if (left->order->channel_id != right->order->channel_id)
		return left->order->channel_id < right->order->channel_id ? -1 : 1;
	if (by_number != 0)
		return by_number;
	return left->order_id < right->order_id ? -1 : left->order_id > right->order_id;
}

/*
 * Ids rise as the documents stand, but rows go in by channel and number: two
 * sessions with the same new orders then wait for each other in one direction
 * only.
 */
static Placed *
place(FfNewOrder **orders, int count)
{
	Placed *placed = palloc(sizeof(Placed) * count);
	FfRows ids;

	placed[0] = (Placed){orders[0], 0};
	if (count == 1)
		return placed;
	ids = ff_run(&next_ids, ff_int4(count));
	for (int i = 0; i < count; i++)
		placed[i] = (Placed){orders[i], ff_row_int8(&ids, i, 1)};
	qsort(placed, count, sizeof(Placed), compare_placed);
	return placed;
}

static void
add_order(FfBatch *batch, const FfNewOrder *order, int64 order_id)
{
	const FfOrderDocument *document = order->document;
	FfOrderState state = order->valid ? FF_ORDER_OPEN : FF_ORDER_INVALID;
	FfArgument ship_to = address_json(document->ship_to);
	FfArgument cells[] = {
		ff_int8(order->channel_id),
		ff_text(document->number),
		ff_text(document->channel_order_id),
		ff_int8(document->version),
		ff_text(ff_state_name(FF_MACHINE_ORDER, state)),
		ff_time_or_null(document->placed_at),
		ff_text(document->currency ? document->currency : order->currency),
		ff_text(document->email),
		ff_text(document->phone),
		ff_text(document->language),
		ship_to.null ? ff_json_from_text("{}") : ship_to,
		address_json(document->bill_to),
		ff_text(order->service),
		ff_time_or_null(document->promised_by),
		ff_bool(document->ship_complete),
		ff_time_or_null(document->not_before),
		ff_time_or_null(document->auto_cancel_at),
		payment_json(document),
		object_or_empty(document->attributes),
		ff_json(order->raw),
		ff_errors_or_null(order->reader),
		ff_id(order_id),
	};

	ff_batch_add_row(batch, cells, lengthof(cells));
}

void
ff_orders_insert(int32 merchant_id, FfNewOrder **orders, int count)
{
	Placed *placed = place(orders, count);
	FfBatch *batch = ff_batch_begin(&new_orders);
	FfRows rows;

	for (int i = 0; i < count; i++)
	{
		MemoryContext outside = ff_batch_enter(batch);

		add_order(batch, placed[i].order, placed[i].order_id);
		ff_batch_leave(batch, outside);
	}
	rows = ff_run_batch(
		&add_orders, batch, ff_int4(merchant_id), ff_time(GetCurrentTransactionStartTimestamp()));
	/* rows come back in the order they went in, each with the id it was given */
	for (uint64 row = 0, next = 0; row < rows.count; row++)
	{
		int64 order_id = ff_row_int8(&rows, row, 1);

		while (placed[next].order_id != 0 && placed[next].order_id != order_id)
			next++;
		placed[next++].order->order_id = order_id;
	}
}

void
ff_order_lines_insert(int32 merchant_id, FfNewOrder **orders, int count)
{
	FfBatch *batch = ff_batch_begin(&new_lines);

	for (int i = 0; i < count; i++)
		for (int j = 0; orders[i]->valid && j < orders[i]->document->line_count; j++)
		{
			const FfOrderLine *line = &orders[i]->document->lines[j];
			bool part = line->kit_line != 0;

			ff_batch_add(batch,
						 ff_int8(orders[i]->order_id),
						 ff_int4(line->line),
						 ff_int8(orders[i]->item_ids[j]),
						 ff_text(line->sku),
						 ff_text(line->name),
						 ff_int4(line->quantity),
						 ff_text(line->unit_price),
						 ff_text(line->channel_line_id),
						 ff_text(line->group),
						 ff_json(line->attributes),
						 part ? ff_int4(line->kit_line) : ff_null(),
						 ff_text(line->kit_sku),
						 part ? ff_int4(line->lot) : ff_null(),
						 ff_int4(orders[i]->assigned ? orders[i]->assigned[j] : 0));
		}
	if (ff_batch_count(batch) > 0)
		ff_run_batch(&add_lines, batch, ff_int4(merchant_id));
}

/* What the channel sent last is kept beside the document once a person has changed that. */
static const FfJson *
delivery_to_keep(const FfOrder *order, const FfNewOrder *version)
{
	if (version->by_hand)
		return order->delivered != NULL ? order->delivered : order->document;
	return version->delivered;
}

void
ff_order_rewrite(FfOrder *order, const FfNewOrder *version, int64 number)
{
	const FfOrderDocument *document = version->document;
	FfArgument ship_to = address_json(document->ship_to);

	ff_run(&rewrite_order,
		   ff_int4(order->merchant_id),
		   ff_int8(order->order_id),
		   ff_int8(number),
		   ff_json(version->raw),
		   ff_errors_or_null(version->reader),
		   ff_text(document->currency ? document->currency : version->currency),
		   ff_text(document->email),
		   ff_text(document->phone),
		   ff_text(document->language),
		   ship_to.null ? ff_json_from_text("{}") : ship_to,
		   address_json(document->bill_to),
		   ff_text(version->service),
		   ff_time_or_null(document->promised_by),
		   ff_bool(document->ship_complete),
		   ff_time_or_null(document->not_before),
		   ff_time_or_null(document->auto_cancel_at),
		   payment_json(document),
		   object_or_empty(document->attributes),
		   ff_text(document->channel_order_id),
		   ff_json(delivery_to_keep(order, version)));
	order->version = number;
}
