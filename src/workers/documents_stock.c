/*
 * documents_stock.c
 *
 * The call documents about stock: asking a location for its levels, telling a
 * channel ours, and the items a warehouse must know.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "pg/spi.h"
#include "workers/documents.h"

static FfStatement read_wishes = FF_STATEMENT(
	"select w.position, jsonb_strip_nulls(jsonb_build_object("
	"  'locations', case when l.provider_code is not null then"
	"    jsonb_build_array(l.provider_code) end,"
	"  'cursor', case when not w.payload ? 'complete' then l.inventory_cursor end))"
	"  || w.payload"
	" from unnest($2, $3) with ordinality as w (subject_id, payload, position)"
	" join fulfillment.locations l on l.merchant_id = $1 and l.location_id = w.subject_id",
	INT4OID, INT8ARRAYOID, JSONBARRAYOID);

/*
 * Listings that are due, the longest untold first, so that what keeps changing
 * waits until everything else was told.  The figures are those of this moment,
 * so a value that has been overtaken is never sent.
 */
static FfStatement read_levels = FF_STATEMENT(
	"select w.position, jsonb_build_object('inventory', coalesce(("
	"  select jsonb_agg(jsonb_strip_nulls(jsonb_build_object('sku', x.channel_sku,"
	"     'product_id', x.product_id, 'variation_id', x.variation_id,"
	"     'quantity', x.quantity)) order by x.listing_id)"
	"   from (select g.listing_id, g.channel_sku, g.product_id, g.variation_id,"
	"       fulfillment.offered(coalesce(a.available, 0)::bigint, c.stock_share,"
	"        coalesce(g.stock_buffer, c.stock_buffer), c.oversell_guard) as quantity"
	"     from (select * from fulfillment.listings t"
	"       where t.merchant_id = $1 and t.channel_id = c.channel_id"
	"        and t.published is distinct from t.wanted"
	"       order by t.tried_at nulls first limit 100) g"
	"     cross join lateral (select sum(s.available) as available"
	"       from fulfillment.available_stock s"
	"       where s.merchant_id = $1 and s.item_id = g.item_id) a) x), '[]'))"
	" from unnest($2, $3) with ordinality as w (subject_id, payload, position)"
	" join fulfillment.channels c on c.merchant_id = $1 and c.channel_id = w.subject_id",
	INT4OID, INT8ARRAYOID, JSONBARRAYOID);

static FfStatement read_items = FF_STATEMENT(
	"select w.position, jsonb_build_object('items', coalesce(("
	"  select jsonb_agg(jsonb_strip_nulls(jsonb_build_object('sku', i.sku, 'name', i.name,"
	"     'barcode', i.barcode, 'weight_g', i.weight_g, 'length_mm', i.length_mm,"
	"     'width_mm', i.width_mm, 'height_mm', i.height_mm, 'hs_code', i.hs_code,"
	"     'origin_country', i.origin_country, 'value', i.value, 'currency', i.currency))"
	"     order by i.item_id)"
	"   from fulfillment.items i where i.merchant_id = $1 and i.item_id in ("
	"    select value::bigint from jsonb_array_elements_text(w.payload -> 'item_ids'))), '[]'))"
	" from unnest($2, $3) with ordinality as w (subject_id, payload, position)",
	INT4OID, INT8ARRAYOID, JSONBARRAYOID);

FfJson **
ff_load_inventory_wishes(FfErrand **errands, int count)
{
	return ff_load_by(&read_wishes, errands, count);
}

FfJson **
ff_load_levels(FfErrand **errands, int count)
{
	return ff_load_by(&read_levels, errands, count);
}

FfJson **
ff_load_items(FfErrand **errands, int count)
{
	return ff_load_by(&read_items, errands, count);
}
