/*
 * store.c
 *
 * Rows of orders and lines, written set-based from documents that were read.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "orders/parts.h"
#include "pg/spi.h"

static FfStatement add_orders = FF_STATEMENT(
	"insert into fulfillment.orders (merchant_id, channel_id, number, channel_order_id, version,"
	"       state, placed_at, currency, email, phone, language, ship_to, bill_to, service,"
	"       promised_by, ship_complete, not_before, auto_cancel_at, payment, attributes, document,"
	"       errors, received_at, order_id)"
	" select $1, u.channel_id, u.number, u.channel_order_id, u.version, u.state,"
	"        coalesce(u.placed_at, $2), u.currency, u.email, u.phone, u.language, u.ship_to,"
	"        u.bill_to, u.service, u.promised_by, u.ship_complete, u.not_before, u.auto_cancel_at,"
	"        u.payment, u.attributes, u.document, u.errors, $2,"
	"        coalesce(u.order_id, nextval('fulfillment.order_id_seq'))"
	"   from unnest($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,"
	"               $20, $21, $22, $23, $24)"
	"     as u(channel_id, number, channel_order_id, version, state, placed_at, currency, email,"
	"          phone, language, ship_to, bill_to, service, promised_by, ship_complete, not_before,"
	"          auto_cancel_at, payment, attributes, document, errors, order_id)"
	" on conflict (merchant_id, channel_id, number) do nothing"
	" returning order_id",
	INT4OID, TIMESTAMPTZOID, INT8ARRAYOID, TEXTARRAYOID, TEXTARRAYOID, INT8ARRAYOID, TEXTARRAYOID,
	TIMESTAMPTZARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, JSONBARRAYOID,
	JSONBARRAYOID, TEXTARRAYOID, TIMESTAMPTZARRAYOID, BOOLARRAYOID, TIMESTAMPTZARRAYOID,
	TIMESTAMPTZARRAYOID, JSONBARRAYOID, JSONBARRAYOID, JSONBARRAYOID, JSONBARRAYOID, INT8ARRAYOID);

static FfStatement next_ids =
	FF_STATEMENT("select nextval('fulfillment.order_id_seq') from generate_series(1, $1)", INT4OID);

static FfStatement add_lines = FF_STATEMENT(
	"insert into fulfillment.order_lines (merchant_id, order_id, line, item_id, sku, name,"
	"       quantity, unit_price, channel_line_id, group_key, attributes, kit_line, kit_sku, lot, assigned)"
	" select $1, u.order_id, u.line, u.item_id, u.sku, u.name, u.quantity, u.price::numeric,"
	"        u.channel_line_id, u.group_key, coalesce(u.attributes, '{}'), u.kit_line, u.kit_sku,"
	"        u.lot, u.assigned"
	"   from unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
	"     as u(order_id, line, item_id, sku, name, quantity, price, channel_line_id, group_key,"
	"          attributes, kit_line, kit_sku, lot, assigned)",
	INT4OID, INT8ARRAYOID, INT4ARRAYOID, INT8ARRAYOID, TEXTARRAYOID, TEXTARRAYOID, INT4ARRAYOID,
	TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, JSONBARRAYOID, INT4ARRAYOID, TEXTARRAYOID,
	INT4ARRAYOID, INT4ARRAYOID);

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
add_order(FfColumn *columns, const FfNewOrder *order, int64 order_id)
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

	for (int i = 0; i < (int) lengthof(cells); i++)
		ff_column_add(&columns[i], cells[i]);
}

void
ff_orders_insert(int32 merchant_id, FfNewOrder **orders, int count)
{
	Placed *placed = place(orders, count);
	FfColumn c[22];
	FfRows rows;

	for (int i = 0; i < (int) lengthof(c); i++)
	{
		Oid element = get_element_type(add_orders.types[i + 2]);

		ff_column_init(&c[i], element);
	}
	for (int i = 0; i < count; i++)
		add_order(c, placed[i].order, placed[i].order_id);
	/* clang-format off */
	rows = ff_run(&add_orders, ff_int4(merchant_id), ff_time(GetCurrentTransactionStartTimestamp()),
		ff_column(&c[0]), ff_column(&c[1]), ff_column(&c[2]), ff_column(&c[3]), ff_column(&c[4]),
		ff_column(&c[5]), ff_column(&c[6]), ff_column(&c[7]), ff_column(&c[8]), ff_column(&c[9]),
		ff_column(&c[10]), ff_column(&c[11]), ff_column(&c[12]), ff_column(&c[13]),
		ff_column(&c[14]), ff_column(&c[15]), ff_column(&c[16]), ff_column(&c[17]),
		ff_column(&c[18]), ff_column(&c[19]), ff_column(&c[20]), ff_column(&c[21]));
	/* clang-format on */
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
	static const Oid types[] = {INT8OID,
								INT4OID,
								INT8OID,
								TEXTOID,
								TEXTOID,
								INT4OID,
								TEXTOID,
								TEXTOID,
								TEXTOID,
								JSONBOID,
								INT4OID,
								TEXTOID,
								INT4OID,
								INT4OID};
	FfColumn c[14];

	for (int i = 0; i < (int) lengthof(c); i++)
		ff_column_init(&c[i], types[i]);
	for (int i = 0; i < count; i++)
		for (int j = 0; orders[i]->valid && j < orders[i]->document->line_count; j++)
		{
			const FfOrderLine *line = &orders[i]->document->lines[j];

			ff_column_add(&c[0], ff_int8(orders[i]->order_id));
			ff_column_add(&c[1], ff_int4(line->line));
			ff_column_add(&c[2], ff_int8(orders[i]->item_ids[j]));
			ff_column_add(&c[3], ff_text(line->sku));
			ff_column_add(&c[4], ff_text(line->name));
			ff_column_add(&c[5], ff_int4(line->quantity));
			ff_column_add(&c[6], ff_text(line->unit_price));
			ff_column_add(&c[7], ff_text(line->channel_line_id));
			ff_column_add(&c[8], ff_text(line->group));
			ff_column_add(&c[9], ff_json(line->attributes));
			ff_column_add(&c[10], line->kit_line == 0 ? ff_null() : ff_int4(line->kit_line));
			ff_column_add(&c[11], ff_text(line->kit_sku));
			ff_column_add(&c[12], line->kit_line == 0 ? ff_null() : ff_int4(line->lot));
			ff_column_add(&c[13], ff_int4(orders[i]->assigned ? orders[i]->assigned[j] : 0));
		}
	if (c[0].count == 0)
		return;
	/* clang-format off */
	ff_run(&add_lines, ff_int4(merchant_id), ff_column(&c[0]), ff_column(&c[1]), ff_column(&c[2]),
		ff_column(&c[3]), ff_column(&c[4]), ff_column(&c[5]), ff_column(&c[6]), ff_column(&c[7]),
		ff_column(&c[8]), ff_column(&c[9]), ff_column(&c[10]), ff_column(&c[11]),
		ff_column(&c[12]), ff_column(&c[13]));
	/* clang-format on */
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
