/*
 * blind.c
 *
 * A parcel that nobody announced: the orders it may belong to, ranked by what
 * stands on it, and what it becomes when a person says whose it is.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "returns/parts.h"

/*
 * Best first: the number of a return or parcel of ours, the number of the
 * order, the same goods sent to the same postcode.
 */
static FfStatement rank_candidates = FF_STATEMENT(
	"update fulfillment.returns r set candidates = c.list, tracking_number = $3 ->> 'tracking_number',"
	"       attributes = r.attributes || jsonb_build_object('hints', $3)"
	"  from (select coalesce(jsonb_agg(jsonb_build_object('order_id', o.order_id,"
	"            'number', o.number, 'shipment_id', f.shipment_id, 'why', f.why, 'score', f.score)"
	"            order by f.score desc, o.order_id desc), '[]') as list"
	"          from (select distinct on (order_id) order_id, shipment_id, why, score from ("
	"            select k.order_id, k.shipment_id, 'number of the return' as why, 100 as score"
	"              from fulfillment.returns k where k.merchant_id = $1"
	"               and k.tracking_number = $3 ->> 'tracking_number' and k.return_id <> $2"
	"               and k.order_id is not null"
	"            union all"
	"            select s.order_id, s.shipment_id, 'number of the parcel', 90"
	"              from fulfillment.packages p"
	"              join fulfillment.shipments s on s.merchant_id = $1"
	"               and s.shipment_id = p.shipment_id"
	"             where p.merchant_id = $1 and p.tracking_number = $3 ->> 'tracking_number'"
	"            union all"
	"            select s.order_id, s.shipment_id, 'reference of the shipment', 90"
	"              from fulfillment.shipments s where s.merchant_id = $1"
	"               and s.reference = $3 ->> 'reference'"
	"            union all"
	"            select o.order_id, null, 'number of the order', 80 from fulfillment.orders o"
	"              join fulfillment.channels c on c.merchant_id = $1 and c.channel_id = o.channel_id"
	"             where o.merchant_id = $1 and o.number = $3 ->> 'order_number'"
	"            union all"
	"            (select o.order_id, null, 'goods and postcode', 50"
	"              from fulfillment.return_lines n"
	"              join fulfillment.order_lines l on l.merchant_id = $1 and l.item_id = n.item_id"
	"               and l.shipped + l.over_shipped > l.returned"
	"              join fulfillment.orders o on o.merchant_id = $1 and o.order_id = l.order_id"
	"               and translate(upper(o.ship_to ->> 'postcode'), ' -', '')"
	"                   = translate(upper($3 ->> 'postcode'), ' -', '')"
	"             where n.merchant_id = $1 and n.return_id = $2"
	"             order by o.order_id desc limit 20)) found"
	"            order by order_id, score desc, shipment_id) f"
	"          join fulfillment.orders o on o.merchant_id = $1 and o.order_id = f.order_id) c"
	" where r.merchant_id = $1 and r.return_id = $2",
	INT4OID, INT8OID, JSONBOID);

/* The lines take the numbers that the order gives their items; the shipment is the candidate's. */
static FfStatement bind_return = FF_STATEMENT(
	"update fulfillment.returns r set order_id = $3, kind = case when s.state in ('returning',"
	"         'shipped') then 'rts' else r.kind end, shipment_id = s.shipment_id"
	"  from (select 1) x"
	"  left join lateral (select s.shipment_id, s.state from fulfillment.returns k,"
	"         jsonb_array_elements(coalesce(k.candidates, '[]')) e"
	"         join fulfillment.shipments s on s.merchant_id = $1"
	"          and s.shipment_id = (e ->> 'shipment_id')::bigint and s.order_id = $3"
	"        where k.merchant_id = $1 and k.return_id = $2 limit 1) s on true"
	" where r.merchant_id = $1 and r.return_id = $2",
	INT4OID, INT8OID, INT8OID);

/* First out of the way of the numbers they are to get. */
static FfStatement free_numbers = FF_STATEMENT("update fulfillment.return_lines set line = -line"
											   " where merchant_id = $1 and return_id = $2",
											   INT4OID, INT8OID);

static FfStatement number_lines = FF_STATEMENT(
	"update fulfillment.return_lines n"
	"   set line = coalesce((select min(l.line) from fulfillment.order_lines l"
	"          where l.merchant_id = $1 and l.order_id = $3 and l.item_id = n.item_id),"
	"        100000 + (n.item_id % 2000000000)::int)"
	" where n.merchant_id = $1 and n.return_id = $2",
	INT4OID, INT8OID, INT8OID);

static FfStatement forget_candidates = FF_STATEMENT(
	"update fulfillment.returns set candidates = null where merchant_id = $1 and return_id = $2",
	INT4OID, INT8OID);

void
ff_rank_candidates(void *argument, const void *payload)
{
	FfReturn *subject = argument;
	const FfReturnRequest *request = payload;

	ff_run(&rank_candidates,
		   ff_int4(subject->merchant_id),
		   ff_int8(subject->return_id),
		   request->hints != NULL ? ff_json(request->hints) : ff_json_from_text("{}"));
}

void
ff_bind_return(void *argument, const void *payload)
{
	FfReturn *subject = argument;
	const FfReturnRequest *request = payload;

	ff_run(&bind_return,
		   ff_int4(subject->merchant_id),
		   ff_int8(subject->return_id),
		   ff_int8(request->order_id));
	ff_run(&free_numbers, ff_int4(subject->merchant_id), ff_int8(subject->return_id));
	ff_run(&number_lines,
		   ff_int4(subject->merchant_id),
		   ff_int8(subject->return_id),
		   ff_int8(request->order_id));
	ff_run(&forget_candidates, ff_int4(subject->merchant_id), ff_int8(subject->return_id));
	ff_return_refresh(subject);
}
