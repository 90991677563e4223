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

static FfStatement find_channels = FF_STATEMENT(
	"select code, channel_id, currency, create_items, services from fulfillment.channels"
	" where merchant_id = $1 and code = any ($2) and active",
	INT4OID, TEXTARRAYOID);

static FfStatement known_services =
	FF_STATEMENT("select distinct code from fulfillment.services"
				 " where merchant_id = $1 and code = any ($2) and active",
				 INT4OID, TEXTARRAYOID);

/* A listing's SKU goes before an item's: the channel may use another's code. */
static FfStatement find_items =
	FF_STATEMENT("select u.position, coalesce("
				 "         (select g.item_id from fulfillment.listings g where g.merchant_id = $1"
				 "             and g.channel_id = u.channel_id and g.channel_sku = u.sku),"
				 "         (select i.item_id from fulfillment.items i where i.merchant_id = $1"
				 "             and i.sku = u.sku and i.active))"
				 "  from unnest($2, $3) with ordinality as u(channel_id, sku, position)"
				 " order by u.position",
				 INT4OID, INT8ARRAYOID, TEXTARRAYOID);

static FfStatement add_items =
	FF_STATEMENT("insert into fulfillment.items (merchant_id, sku, name, value)"
				 " select $1, u.sku, max(coalesce(u.name, '')), max(coalesce(u.price::numeric, 0))"
				 "   from unnest($2, $3, $4) as u(sku, name, price) group by u.sku order by u.sku"
				 " on conflict do nothing",
				 INT4OID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID);

static FfStatement add_orders = FF_STATEMENT(
	"insert into fulfillment.orders (merchant_id, channel_id, number, channel_order_id, version,"
	"       state, placed_at, currency, email, phone, language, ship_to, bill_to, service,"
	"       promised_by, ship_complete, not_before, auto_cancel_at, payment, attributes, document,"
	"       errors, received_at, next_routing_at)"
	" select $1, u.channel_id, u.number, u.channel_order_id, u.version, u.state,"
	"        coalesce(u.placed_at, $2), u.currency, u.email, u.phone, u.language, u.ship_to,"
	"        u.bill_to, u.service, u.promised_by, u.ship_complete, u.not_before, u.auto_cancel_at,"
	"        u.payment, u.attributes, u.document, u.errors, $2,"
	"        case when u.state = 'open' then greatest(u.not_before, $2) end"
	"   from unnest($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,"
	"               $20, $21, $22, $23)"
	"     as u(channel_id, number, channel_order_id, version, state, placed_at, currency, email,"
	"          phone, language, ship_to, bill_to, service, promised_by, ship_complete, not_before,"
	"          auto_cancel_at, payment, attributes, document, errors)"
	" on conflict (merchant_id, channel_id, number) do nothing"
	" returning order_id, channel_id, number",
	INT4OID, TIMESTAMPTZOID, INT8ARRAYOID, TEXTARRAYOID, TEXTARRAYOID, INT8ARRAYOID, TEXTARRAYOID,
	TIMESTAMPTZARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, JSONBARRAYOID,
	JSONBARRAYOID, TEXTARRAYOID, TIMESTAMPTZARRAYOID, BOOLARRAYOID, TIMESTAMPTZARRAYOID,
	TIMESTAMPTZARRAYOID, JSONBARRAYOID, JSONBARRAYOID, JSONBARRAYOID, JSONBARRAYOID);

static FfStatement add_lines = FF_STATEMENT(
	"insert into fulfillment.order_lines (merchant_id, order_id, line, item_id, sku, name,"
	"       quantity, unit_price, channel_line_id, group_key, attributes)"
	" select $1, u.order_id, u.line, u.item_id, u.sku, u.name, u.quantity, u.price::numeric,"
	"        u.channel_line_id, u.group_key, coalesce(u.attributes, '{}')"
	"   from unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
	"     as u(order_id, line, item_id, sku, name, quantity, price, channel_line_id, group_key,"
	"          attributes)",
	INT4OID, INT8ARRAYOID, INT4ARRAYOID, INT8ARRAYOID, TEXTARRAYOID, TEXTARRAYOID, INT4ARRAYOID,
	TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, JSONBARRAYOID);

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

/* channel of each order, with its default currency; create_items as a bit */
static void
resolve_channels(int32 merchant_id, FfNewOrder **orders, int count, bool *creates)
{
	FfColumn codes;
	FfRows rows;

	ff_column_init(&codes, TEXTOID);
	for (int i = 0; i < count; i++)
		ff_column_add(&codes, ff_text(orders[i]->document->channel));
	rows = ff_run(&find_channels, ff_int4(merchant_id), ff_column(&codes));
	for (int i = 0; i < count; i++)
	{
		const char *code = orders[i]->document->channel;

		creates[i] = false;
		for (uint64 row = 0; code != NULL && row < rows.count; row++)
			if (strcmp(ff_row_text(&rows, row, 1), code) == 0)
			{
				orders[i]->channel_id = ff_row_int8(&rows, row, 2);
				orders[i]->currency = ff_row_text(&rows, row, 3);
				creates[i] = ff_row_bool(&rows, row, 4);
				orders[i]->service = ff_json_text(
					ff_json_member(ff_row_json(&rows, row, 5), orders[i]->document->service), NULL);
			}
		if (code != NULL && orders[i]->channel_id == 0)
			ff_field_error(orders[i]->reader,
						   FF_SEVERITY_REFUSED,
						   "unknown_channel",
						   "channel",
						   "there is no active channel \"%s\"",
						   code);
	}
}

/* What a channel calls a service is ours when it is mapped or has our name; else any will do. */
static void
resolve_services(int32 merchant_id, FfNewOrder **orders, int count)
{
	FfColumn wanted;
	FfRows rows;

	ff_column_init(&wanted, TEXTOID);
	for (int i = 0; i < count; i++)
	{
		if (orders[i]->service == NULL)
			orders[i]->service = orders[i]->document->service;
		if (orders[i]->service != NULL)
			ff_column_add(&wanted, ff_text(orders[i]->service));
	}
	if (wanted.count == 0)
		return;
	rows = ff_run(&known_services, ff_int4(merchant_id), ff_column(&wanted));
	for (int i = 0; i < count; i++)
	{
		bool known = orders[i]->service == NULL;

		for (uint64 row = 0; !known && row < rows.count; row++)
			known = strcmp(ff_row_text(&rows, row, 1), orders[i]->service) == 0;
		if (known)
			continue;
		ff_field_error(orders[i]->reader,
					   FF_SEVERITY_NOTE,
					   "unknown_service",
					   "service",
					   "there is no service \"%s\"; any will do",
					   orders[i]->service);
		orders[i]->service = NULL;
	}
}

static void
create_missing_items(int32 merchant_id, FfNewOrder **orders, int count, const bool *creates)
{
	FfColumn skus;
	FfColumn names;
	FfColumn prices;

	ff_column_init(&skus, TEXTOID);
	ff_column_init(&names, TEXTOID);
	ff_column_init(&prices, TEXTOID);
	for (int i = 0; i < count; i++)
		for (int j = 0; creates[i] && j < orders[i]->document->line_count; j++)
		{
			const FfOrderLine *line = &orders[i]->document->lines[j];

			if (line->sku == NULL || orders[i]->reader->worst == FF_SEVERITY_REFUSED)
				continue;
			ff_column_add(&skus, ff_text(line->sku));
			ff_column_add(&names, ff_text(line->name));
			ff_column_add(&prices, ff_text(line->unit_price));
		}
	if (skus.count > 0)
		ff_run(&add_items,
			   ff_int4(merchant_id),
			   ff_column(&skus),
			   ff_column(&names),
			   ff_column(&prices));
}

static void
resolve_items(int32 merchant_id, FfNewOrder **orders, int count)
{
	FfColumn channels;
	FfColumn skus;
	FfRows rows;
	uint64 row = 0;

	ff_column_init(&channels, INT8OID);
	ff_column_init(&skus, TEXTOID);
	for (int i = 0; i < count; i++)
		for (int j = 0; j < orders[i]->document->line_count; j++)
		{
			ff_column_add(&channels, ff_int8(orders[i]->channel_id));
			ff_column_add(&skus, ff_text(orders[i]->document->lines[j].sku));
		}
	rows = ff_run(&find_items, ff_int4(merchant_id), ff_column(&channels), ff_column(&skus));
	for (int i = 0; i < count; i++)
	{
		const FfOrderDocument *document = orders[i]->document;

		orders[i]->item_ids = palloc0(sizeof(int64) * Max(document->line_count, 1));
		for (int j = 0; j < document->line_count; j++, row++)
		{
			orders[i]->item_ids[j] = ff_row_int8(&rows, row, 2);
			if (orders[i]->item_ids[j] != 0 || document->lines[j].sku == NULL)
				continue;
			orders[i]->reader->prefix = psprintf("lines[%d].", j);
			orders[i]->reader->line = document->lines[j].line;
			ff_field_error(orders[i]->reader,
						   FF_SEVERITY_INVALID,
						   "unknown_sku",
						   "sku",
						   "there is no active item with SKU \"%s\"",
						   document->lines[j].sku);
			orders[i]->reader->prefix = "";
			orders[i]->reader->line = 0;
		}
	}
}

void
ff_orders_resolve(int32 merchant_id, FfNewOrder **orders, int count)
{
	bool *creates = palloc(sizeof(bool) * Max(count, 1));

	if (count == 0)
		return;
	resolve_channels(merchant_id, orders, count, creates);
	resolve_services(merchant_id, orders, count);
	create_missing_items(merchant_id, orders, count, creates);
	resolve_items(merchant_id, orders, count);
	for (int i = 0; i < count; i++)
		orders[i]->valid = orders[i]->reader->worst < FF_SEVERITY_INVALID;
}

FfArgument
ff_errors_or_null(const FfFieldReader *reader)
{
	return ff_json_from_text(reader->errors == NIL ? NULL : ff_field_errors_json(reader));
}

static void
add_order(FfColumn *columns, const FfNewOrder *order)
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
	};

	for (int i = 0; i < (int) lengthof(cells); i++)
		ff_column_add(&columns[i], cells[i]);
}

void
ff_orders_insert(int32 merchant_id, FfNewOrder **orders, int count)
{
	FfColumn c[21];
	FfRows rows;

	for (int i = 0; i < (int) lengthof(c); i++)
	{
		Oid element = get_element_type(add_orders.types[i + 2]);

		ff_column_init(&c[i], element);
	}
	for (int i = 0; i < count; i++)
		add_order(c, orders[i]);
	/* clang-format off */
	rows = ff_run(&add_orders, ff_int4(merchant_id), ff_time(GetCurrentTransactionStartTimestamp()),
		ff_column(&c[0]), ff_column(&c[1]), ff_column(&c[2]), ff_column(&c[3]), ff_column(&c[4]),
		ff_column(&c[5]), ff_column(&c[6]), ff_column(&c[7]), ff_column(&c[8]), ff_column(&c[9]),
		ff_column(&c[10]), ff_column(&c[11]), ff_column(&c[12]), ff_column(&c[13]),
		ff_column(&c[14]), ff_column(&c[15]), ff_column(&c[16]), ff_column(&c[17]),
		ff_column(&c[18]), ff_column(&c[19]), ff_column(&c[20]));
	/* clang-format on */
	for (uint64 row = 0, next = 0; row < rows.count; row++)
	{
		int64 channel_id = ff_row_int8(&rows, row, 2);
		char *number = ff_row_text(&rows, row, 3);

		/* rows come back in the order they went in */
		for (; next < (uint64) count; next++)
			if (orders[next]->channel_id == channel_id &&
				strcmp(orders[next]->document->number, number) == 0)
			{
				orders[next++]->order_id = ff_row_int8(&rows, row, 1);
				break;
			}
	}
}

void
ff_order_lines_insert(int32 merchant_id, FfNewOrder **orders, int count)
{
	static const Oid types[] = {
		INT8OID, INT4OID, INT8OID, TEXTOID, TEXTOID, INT4OID, TEXTOID, TEXTOID, TEXTOID, JSONBOID};
	FfColumn c[10];

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
		}
	if (c[0].count == 0)
		return;
	/* clang-format off */
	ff_run(&add_lines, ff_int4(merchant_id), ff_column(&c[0]), ff_column(&c[1]), ff_column(&c[2]),
		ff_column(&c[3]), ff_column(&c[4]), ff_column(&c[5]), ff_column(&c[6]), ff_column(&c[7]),
		ff_column(&c[8]), ff_column(&c[9]));
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
