/*
 * documents_payment.c
 *
 * The call documents about money: the step to make, how the order's payment
 * stands, and for a capture or refund the goods it pays.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "pg/spi.h"
#include "workers/documents.h"

/*
 * "captured" counts the captures that are through without this one; "final":
 * nothing of the order will be captured after it.
 */
static FfStatement read_payments = FF_STATEMENT(
	"select w.position, jsonb_strip_nulls(jsonb_build_object("
	"  'payment', jsonb_build_object('id', p.payment_id, 'kind', p.kind,"
	"    'reference', p.reference, 'amount', p.amount, 'currency', p.currency,"
	"    'order_reference', o.payment ->> 'reference',"
	"    'authorized', (o.payment ->> 'amount')::numeric,"
	"    'captured', (select coalesce(sum(x.amount), 0) from fulfillment.payments x"
	"      where x.merchant_id = $1 and x.order_id = p.order_id and x.kind = 'capture'"
	"       and x.state = 'done' and x.payment_id <> p.payment_id),"
	"    'capture_reference', c.reference, 'capture_id', c.provider_reference,"
	"    'final', not exists (select 1 from fulfillment.order_lines l where l.merchant_id = $1"
	"      and l.order_id = p.order_id and l.shipped + l.cancelled < l.quantity)"
	"     and not exists (select 1 from fulfillment.payments x where x.merchant_id = $1"
	"      and x.order_id = p.order_id and x.kind = 'capture' and x.state = 'pending'"
	"      and x.payment_id <> p.payment_id),"
	"    'lines', coalesce("
	"      (select jsonb_agg(jsonb_build_object('line', n.line, 'sku', ol.sku,"
	"          'name', coalesce(ol.name, ol.sku), 'quantity', n.shipped,"
	"          'unit_price', ol.unit_price) order by n.line)"
	"        from fulfillment.shipment_lines n"
	"        join fulfillment.order_lines ol on ol.merchant_id = $1"
	"         and ol.order_id = n.order_id and ol.line = n.line"
	"        where p.kind = 'capture' and n.merchant_id = $1 and n.shipment_id = p.shipment_id"
	"         and n.shipped > 0 and ol.unit_price is not null),"
	"      (select jsonb_agg(jsonb_build_object('line', n.line, 'sku', ol.sku,"
	"          'name', coalesce(ol.name, ol.sku), 'quantity', n.quantity,"
	"          'unit_price', ol.unit_price) order by n.line)"
	"        from fulfillment.return_lines n"
	"        join fulfillment.order_lines ol on ol.merchant_id = $1"
	"         and ol.order_id = p.order_id and ol.line = n.line"
	"        where p.kind = 'refund' and n.merchant_id = $1 and n.return_id = p.return_id"
	"         and n.received > 0 and ol.unit_price is not null))),"
	"  'order', jsonb_build_object('number', o.number, 'channel_order_id', o.channel_order_id),"
	"  'shipment', case when p.kind = 'capture' then jsonb_build_object('reference', s.reference,"
	"    'service', v.code, 'shipped_at', s.shipped_at,"
	"    'packages', (select jsonb_agg(jsonb_build_object('number', k.number,"
	"        'tracking_number', k.tracking_number, 'carrier', k.carrier,"
	"        'tracking_url', k.tracking_url) order by k.number)"
	"      from fulfillment.packages k where k.merchant_id = $1"
	"       and k.shipment_id = p.shipment_id and k.tracking_number is not null)) end))"
	" from unnest($2, $3) with ordinality as w (subject_id, payload, position)"
	" join fulfillment.payments p on p.merchant_id = $1 and p.order_id = w.subject_id"
	"  and p.payment_id = (w.payload ->> 'payment_id')::bigint and p.state <> 'cancelled'"
	" join fulfillment.orders o on o.merchant_id = $1 and o.order_id = p.order_id"
	" left join fulfillment.payments c on c.merchant_id = $1 and c.payment_id = p.capture_id"
	" left join fulfillment.shipments s on s.merchant_id = $1 and s.shipment_id = p.shipment_id"
	" left join fulfillment.services v on v.merchant_id = $1 and v.service_id = s.service_id",
	INT4OID, INT8ARRAYOID, JSONBARRAYOID);

FfJson **
ff_load_payments(FfErrand **errands, int count)
{
	return ff_load_by(&read_payments, errands, count);
}
