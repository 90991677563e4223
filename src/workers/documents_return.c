/*
 * documents_return.c
 *
 * The call documents about returns: announcements to warehouses and carriers,
 * and what the channel is told.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "pg/spi.h"
#include "workers/documents.h"

static FfStatement read_returns = FF_STATEMENT(
	"select w.position, jsonb_strip_nulls(jsonb_build_object("
	"  'return', jsonb_build_object('number', m.reference_prefix || '-R' || r.return_id,"
	"    'provider_reference', r.provider_reference, 'shipment_reference', s.reference,"
	"    'shipment_provider_reference', s.provider_reference, 'comment', r.reason,"
	"    'ship_from', o.ship_to || jsonb_build_object('email', coalesce(o.ship_to ->> 'email',"
	"      o.email), 'phone', coalesce(o.ship_to ->> 'phone', o.phone)),"
	"    'ship_to', l.address || jsonb_build_object('country', l.country, 'postcode', l.postcode,"
	"      'name', coalesce(l.address ->> 'name', l.name)),"
	"    'service', v.provider_code, 'options', coalesce(o.attributes -> 'options', '{}')"
	"      || jsonb_build_object('label_format', p.label_format),"
	"    'lines', (select jsonb_agg(jsonb_build_object('line', n.line, 'sku', i.sku,"
	"        'name', coalesce(nullif(i.name, ''), i.sku), 'quantity', n.quantity,"
	"        'reason', coalesce(n.reason, r.reason), 'weight_g', i.weight_g,"
	"        'unit_price', coalesce(ol.unit_price, i.value),"
	"        'currency', coalesce(o.currency, i.currency), 'hs_code', i.hs_code,"
	"        'origin_country', i.origin_country) order by n.line)"
	"      from fulfillment.return_lines n"
	"      join fulfillment.items i on i.merchant_id = $1 and i.item_id = n.item_id"
	"      left join fulfillment.order_lines ol on ol.merchant_id = $1"
	"       and ol.order_id = r.order_id and ol.line = n.line"
	"      where n.merchant_id = $1 and n.return_id = r.return_id),"
	"    'packages', jsonb_build_array(jsonb_build_object('number', 1, 'weight_g', greatest((select"
	"        sum(i.weight_g * n.quantity) from fulfillment.return_lines n"
	"        join fulfillment.items i on i.merchant_id = $1 and i.item_id = n.item_id"
	"        where n.merchant_id = $1 and n.return_id = r.return_id), 1))))))"
	" from unnest($2, $3) with ordinality as w (subject_id, payload, position)"
	" join fulfillment.returns r on r.merchant_id = $1 and r.return_id = w.subject_id"
	" join fulfillment.merchants m on m.merchant_id = $1"
	" join fulfillment.orders o on o.merchant_id = $1 and o.order_id = r.order_id"
	" join fulfillment.locations l on l.merchant_id = $1 and l.location_id = r.location_id"
	" left join fulfillment.shipments s on s.merchant_id = $1 and s.shipment_id = r.shipment_id"
	" left join fulfillment.services v on v.merchant_id = $1 and v.service_id = s.service_id"
	" left join fulfillment.providers p on p.merchant_id = $1 and p.provider_id = s.provider_id",
	INT4OID, INT8ARRAYOID, JSONBARRAYOID);

static FfStatement read_pushes = FF_STATEMENT(
	"select w.position, jsonb_strip_nulls(jsonb_build_object("
	"  'order', jsonb_build_object('number', o.number, 'channel_order_id', o.channel_order_id),"
	"  'return', jsonb_build_object('number', m.reference_prefix || '-R' || r.return_id,"
	"    'amount', (w.payload ->> 'amount')::numeric, 'currency', o.currency, 'reason', r.reason,"
	"    'refund', (w.payload ->> 'refund')::boolean, 'created_at', r.created_at,"
	"    'lines', (select jsonb_agg(jsonb_build_object('channel_line_id', ol.channel_line_id,"
	"        'sku', i.sku, 'quantity', n.received, 'unit_price', ol.unit_price)"
	"        order by n.line)"
	"      from fulfillment.return_lines n"
	"      join fulfillment.items i on i.merchant_id = $1 and i.item_id = n.item_id"
	"      left join fulfillment.order_lines ol on ol.merchant_id = $1"
	"       and ol.order_id = r.order_id and ol.line = n.line"
	"      where n.merchant_id = $1 and n.return_id = r.return_id and n.received > 0))))"
	" from unnest($2, $3) with ordinality as w (subject_id, payload, position)"
	" join fulfillment.returns r on r.merchant_id = $1 and r.return_id = w.subject_id"
	" join fulfillment.merchants m on m.merchant_id = $1"
	" join fulfillment.orders o on o.merchant_id = $1 and o.order_id = r.order_id",
	INT4OID, INT8ARRAYOID, JSONBARRAYOID);

FfJson **
ff_load_returns(FfErrand **errands, int count)
{
	return ff_load_by(&read_returns, errands, count);
}

FfJson **
ff_load_return_pushes(FfErrand **errands, int count)
{
	return ff_load_by(&read_pushes, errands, count);
}
