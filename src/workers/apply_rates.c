/*
 * apply_rates.c
 *
 * Questions for prices: the call from what was written down when it was asked,
 * the answer into the cache, and who waited for it is assigned.  A price is
 * never worth a person's time: what cannot be had is written down, and the
 * price table counts.
 */
#include "postgres.h"

#include "orders/assign.h"
#include "routing/rates.h"
#include "workers/documents.h"
#include "workers/parcels.h"
#include "workers/verbs.h"

/* Parcels as the service that takes the smallest wants them, for all are asked at once. */
static FfStatement read_requests = FF_STATEMENT(
	"select w.position, jsonb_strip_nulls(jsonb_build_object("
	"  'reference', o.number, 'order_number', o.number, 'location', l.provider_code,"
	"  'ship_from', l.address || jsonb_build_object('country', l.country, 'postcode', l.postcode,"
	"    'name', coalesce(l.address ->> 'name', l.name)),"
	"  'ship_to', o.ship_to || jsonb_build_object('email', coalesce(o.ship_to ->> 'email', o.email),"
	"    'phone', coalesce(o.ship_to ->> 'phone', o.phone)),"
	"  'lines', (select jsonb_agg(jsonb_build_object('line', n.line, 'sku', i.sku,"
	"      'name', coalesce(nullif(i.name, ''), ol.name, i.sku), 'quantity', n.quantity,"
	"      'unit_price', coalesce(ol.unit_price, i.value), 'currency', coalesce(o.currency, i.currency),"
	"      'weight_g', i.weight_g, 'length_mm', i.length_mm, 'width_mm', i.width_mm,"
	"      'height_mm', i.height_mm, 'hs_code', i.hs_code, 'origin_country', i.origin_country)"
	"      order by n.line)"
	"    from jsonb_to_recordset(r.contents) as n (line int, quantity int)"
	"    join fulfillment.order_lines ol on ol.merchant_id = $1 and ol.order_id = r.order_id"
	"     and ol.line = n.line"
	"    join fulfillment.items i on i.merchant_id = $1 and i.item_id = ol.item_id),"
	"  'customs', case when o.ship_to ->> 'country' <> l.country then"
	"    jsonb_build_object('contents', 'merchandise', 'incoterm', 'DAP')"
	"    || coalesce(o.attributes -> 'customs', '{}') end)),"
	" coalesce((select min(v.parcel_limit_g) from fulfillment.services v where v.merchant_id = $1"
	"    and v.provider_id = r.provider_id and v.active), p.max_weight_g, 30000)"
	" from unnest($2, $3) with ordinality as w (subject_id, payload, position)"
	" join fulfillment.rate_requests r on r.merchant_id = $1"
	"  and r.rate_request_id = (w.payload ->> 'rate_request_id')::bigint"
	" join fulfillment.orders o on o.merchant_id = $1 and o.order_id = r.order_id"
	" join fulfillment.locations l on l.merchant_id = $1 and l.location_id = r.location_id"
	" join fulfillment.providers p on p.merchant_id = $1 and p.provider_id = r.provider_id",
	INT4OID, INT8ARRAYOID, JSONBARRAYOID);

FfJson **
ff_load_rate_requests(FfErrand **errands, int count)
{
	return ff_load_parcelled(&read_requests, errands, count);
}

static int64
request_of(const FfSettling *settling)
{
	return ff_json_int64_or(settling->errand->task.payload, "rate_request_id", 0);
}

static const char *
reason_of(const FfSettling *settling, const char *otherwise)
{
	return settling->message != NULL ? settling->message : otherwise;
}

/* Orders that waited for prices are assigned at once. */
static void
assign(const FfSettling *settling, int64 *orders, int count)
{
	qsort(orders, count, sizeof(int64), ff_compare_ids);
	ff_due_assign(settling->errand->task.merchant_id, orders, count, settling->cause);
}

static void
answer(FfSettling *settling, const FfJson *rates, const char *problem)
{
	int count;
	int64 *orders = ff_rates_answer(settling->errand->task.merchant_id,
									request_of(settling),
									rates,
									problem,
									settling->now,
									&count);

	assign(settling, orders, count);
}

void
ff_apply_rates(FfSettling *settling)
{
	answer(settling, ff_json_get(settling->outcome, "rates"), NULL);
}

/* Nobody carries this, says the carrier; that is an answer, too. */
void
ff_apply_rates_refused(FfSettling *settling)
{
	answer(settling, NULL, reason_of(settling, "refused"));
}

/* It is asked again with some later order. */
void
ff_apply_rates_given_up(FfSettling *settling)
{
	int count;
	int64 *orders = ff_rates_fail(settling->errand->task.merchant_id,
								  request_of(settling),
								  reason_of(settling, "no answer"),
								  settling->now,
								  &count);

	settling->end.end = FF_TASK_DONE;
	assign(settling, orders, count);
}
