/*
 * resolve.c
 *
 * What the names in documents stand for: channels by their code, services and
 * items by the channel's word for them or our own.  Set-based; what is unknown becomes an error
 * of its field.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

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
	FF_STATEMENT("select f.position, f.item_id, exists (select 1 from fulfillment.kit_components k"
				 "         where k.merchant_id = $1 and k.kit_item_id = f.item_id)"
				 "  from (select u.position, coalesce("
				 "         (select g.item_id from fulfillment.listings g where g.merchant_id = $1"
				 "             and g.channel_id = u.channel_id and g.channel_sku = u.sku),"
				 "         (select i.item_id from fulfillment.items i where i.merchant_id = $1"
				 "             and i.sku = u.sku and i.active)) as item_id"
				 "  from unnest($2, $3) with ordinality as u(channel_id, sku, position)) f"
				 " order by f.position",
				 INT4OID, INT8ARRAYOID, TEXTARRAYOID);

static FfStatement add_items =
	FF_STATEMENT("insert into fulfillment.items (merchant_id, sku, name, value)"
				 " select $1, u.sku, max(coalesce(u.name, '')), max(coalesce(u.price::numeric, 0))"
				 "   from unnest($2, $3, $4) as u(sku, name, price) group by u.sku order by u.sku"
				 " on conflict do nothing",
				 INT4OID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID);

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
	int64 *kits;
	int kit_count = 0;

	ff_column_init(&channels, INT8OID);
	ff_column_init(&skus, TEXTOID);
	for (int i = 0; i < count; i++)
		for (int j = 0; j < orders[i]->document->line_count; j++)
		{
			ff_column_add(&channels, ff_int8(orders[i]->channel_id));
			ff_column_add(&skus, ff_text(orders[i]->document->lines[j].sku));
		}
	rows = ff_run(&find_items, ff_int4(merchant_id), ff_column(&channels), ff_column(&skus));
	kits = palloc(sizeof(int64) * (rows.count + 1));
	for (int i = 0; i < count; i++)
	{
		const FfOrderDocument *document = orders[i]->document;

		orders[i]->item_ids = palloc0(sizeof(int64) * Max(document->line_count, 1));
		for (int j = 0; j < document->line_count; j++, row++)
		{
			orders[i]->item_ids[j] = ff_row_int8(&rows, row, 2);
			if (ff_row_bool(&rows, row, 3))
				kits[kit_count++] = orders[i]->item_ids[j];
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
	if (kit_count > 0)
		ff_kits_explode(merchant_id, orders, count, kits, kit_count);
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
