/*
 * documents_channel.c
 *
 * The call documents for sales channels: confirmations, news about orders,
 * fetches.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "pg/spi.h"
#include "workers/documents.h"

/*
 * Lines as the channel ordered them, of a shipment or of all: of a kit as many
 * as are complete with this shipment and were not before it.
 */
#define SHIPPED_LINES                                                                           \
	"  select n.line, ol.channel_line_id, ol.sku, sum(n.shipped) as quantity"                   \
	"    from fulfillment.shipment_lines n"                                                     \
	"    join fulfillment.order_lines ol on ol.merchant_id = $1 and ol.order_id = n.order_id"   \
	"     and ol.line = n.line"                                                                 \
	"   where n.merchant_id = $1 and n.order_id = t.order_id and n.shipped > 0"                 \
	"     and ol.kit_line is null and (n.shipment_id = t.shipment_id or not t.partial_updates)" \
	"   group by n.line, ol.channel_line_id, ol.sku"                                            \
	"  union all"                                                                               \
	"  select k.kit_line, k.channel_line_id, k.kit_sku,"                                        \
	"         min((k.before + k.now) / k.lot) - min(k.before / k.lot)"                          \
	"    from (select ol.kit_line, ol.channel_line_id, ol.kit_sku, ol.lot,"                     \
	"             coalesce(sum(n.shipped) filter (where not t.partial_updates"                  \
	"               or n.shipment_id = t.shipment_id), 0) as now,"                              \
	"             coalesce(sum(n.shipped) filter (where t.partial_updates"                      \
	"               and (s.shipped_at, s.shipment_id) < (t.shipped_at, t.shipment_id)), 0)"     \
	"               as before"                                                                  \
	"            from fulfillment.order_lines ol"                                               \
	"            left join fulfillment.shipment_lines n on n.merchant_id = $1"                  \
	"             and n.order_id = t.order_id and n.line = ol.line"                             \
	"            left join fulfillment.shipments s on s.merchant_id = $1"                       \
	"             and s.shipment_id = n.shipment_id"                                            \
	"           where ol.merchant_id = $1 and ol.order_id = t.order_id"                         \
	"             and ol.kit_line is not null"                                                  \
	"           group by ol.line, ol.kit_line, ol.channel_line_id, ol.kit_sku, ol.lot) k"       \
	"   group by k.kit_line, k.channel_line_id, k.kit_sku"                                      \
	"  having min((k.before + k.now) / k.lot) > min(k.before / k.lot)"

/* A channel that takes no parts hears of everything that was shipped at once. */
static FfStatement read_confirmations = FF_STATEMENT(
	"with told as ("
	" select w.position, o.order_id, o.number, o.channel_order_id, s.shipment_id, s.reference,"
	"   s.shipped_at, c.partial_updates"
	"  from unnest($2, $3) with ordinality as w (subject_id, payload, position)"
	"  join fulfillment.orders o on o.merchant_id = $1 and o.order_id = w.subject_id"
	"  join fulfillment.channels c on c.merchant_id = $1 and c.channel_id = o.channel_id"
	"  join fulfillment.shipments s on s.merchant_id = $1"
	"   and s.shipment_id = (w.payload ->> 'shipment_id')::bigint)"
	" select t.position, jsonb_strip_nulls(jsonb_build_object("
	"  'order', jsonb_build_object('number', t.number, 'channel_order_id', t.channel_order_id,"
	"   'complete', not exists (select 1 from fulfillment.order_lines l where l.merchant_id = $1"
	"     and l.order_id = t.order_id and l.shipped + l.cancelled < l.quantity)),"
	"  'shipment', jsonb_build_object('reference', t.reference, 'shipped_at', t.shipped_at,"
	"   'lines', (select jsonb_agg(jsonb_build_object('line', x.line,"
	"       'channel_line_id', x.channel_line_id, 'sku', x.sku, 'quantity', x.quantity)"
	"       order by x.line)"
	"     from (" SHIPPED_LINES ") x),"
	"   'packages', (select jsonb_agg(jsonb_build_object('number', p.number,"
	"       'tracking_number', p.tracking_number, 'carrier', p.carrier,"
	"       'tracking_url', p.tracking_url) order by s.shipment_id, p.number)"
	"     from fulfillment.shipments s"
	"     join fulfillment.packages p on p.merchant_id = $1 and p.shipment_id = s.shipment_id"
	"     where s.merchant_id = $1 and s.order_id = t.order_id"
	"      and (s.shipment_id = t.shipment_id"
	"       or not t.partial_updates and s.shipped_at is not null)))))"
	" from told t",
	INT4OID, INT8ARRAYOID, JSONBARRAYOID);

static FfStatement read_orders = FF_STATEMENT(
	"select w.position, jsonb_build_object('order', jsonb_strip_nulls(jsonb_build_object("
	"  'number', o.number, 'channel_order_id', o.channel_order_id)) || w.payload)"
	" from unnest($2, $3) with ordinality as w (subject_id, payload, position)"
	" join fulfillment.orders o on o.merchant_id = $1 and o.order_id = w.subject_id",
	INT4OID, INT8ARRAYOID, JSONBARRAYOID);

static FfStatement read_fetches = FF_STATEMENT(
	"select w.position, jsonb_strip_nulls(jsonb_build_object('channel', c.code,"
	"  'since', c.fetched_at, 'cursor', c.order_cursor)) || w.payload"
	" from unnest($2, $3) with ordinality as w (subject_id, payload, position)"
	" join fulfillment.channels c on c.merchant_id = $1 and c.channel_id = w.subject_id",
	INT4OID, INT8ARRAYOID, JSONBARRAYOID);

FfJson **
ff_load_confirmations(FfErrand **errands, int count)
{
	return ff_load_by(&read_confirmations, errands, count);
}

FfJson **
ff_load_orders(FfErrand **errands, int count)
{
	return ff_load_by(&read_orders, errands, count);
}

FfJson **
ff_load_fetches(FfErrand **errands, int count)
{
	return ff_load_by(&read_fetches, errands, count);
}
