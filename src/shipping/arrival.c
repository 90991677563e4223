/*
 * arrival.c
 *
 * What becomes of goods that are on their way: they arrive, come back, or turn
 * up after all.  Returns are only expected here; what is done about them is
 * another room's.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"

#include "pg/spi.h"
#include "shipping/parts.h"

/* One open return per shipment and package. */
static FfStatement expect_return = FF_STATEMENT(
	"insert into fulfillment.returns (merchant_id, order_id, shipment_id, package_id, kind, state,"
	"       reason, location_id, tracking_number, created_at)"
	" select $1, $2, $3, $4, 'rts', 'expected', $5, $6,"
	"        (select p.tracking_number from fulfillment.packages p"
	"          where p.merchant_id = $1 and p.package_id = $4), $7"
	"  where not exists (select 1 from fulfillment.returns r where r.merchant_id = $1"
	"           and r.order_id = $2 and r.shipment_id = $3 and r.package_id is not distinct from $4"
	"           and r.ended_at is null)"
	" returning return_id",
	INT4OID, INT8OID, INT8OID, INT8OID, TEXTOID, INT8OID, TIMESTAMPTZOID);

/* The package's contents, or all that left with the shipment. */
static FfStatement expect_lines = FF_STATEMENT(
	"insert into fulfillment.return_lines (merchant_id, return_id, line, item_id, quantity)"
	" select $1, $2, n.line, n.item_id, coalesce(c.quantity, n.shipped + n.over_shipped)"
	"   from fulfillment.shipment_lines n"
	"   left join (select (x ->> 'line')::int as line, sum((x ->> 'quantity')::int)::int as quantity"
	"                from fulfillment.packages p, jsonb_array_elements(p.contents) x"
	"               where p.merchant_id = $1 and p.package_id = $4 group by 1) c on c.line = n.line"
	"  where n.merchant_id = $1 and n.shipment_id = $3 and n.shipped + n.over_shipped > 0"
	"    and (c.line is not null or $4 is null or not exists ("
	"          select 1 from fulfillment.packages p where p.merchant_id = $1 and p.package_id = $4"
	"             and p.contents <> '[]'))",
	INT4OID, INT8OID, INT8OID, INT8OID);

/* The order is open and no more of the shipment's lines has left than was ordered. */
static FfStatement left_within_order = FF_STATEMENT(
	"select 1 from fulfillment.orders o"
	" where o.merchant_id = $1 and o.order_id = $2 and o.state = 'open' and not exists ("
	"       select 1 from fulfillment.shipment_lines n"
	"         join fulfillment.order_lines l on l.merchant_id = $1 and l.order_id = $2"
	"          and l.line = n.line"
	"        where n.merchant_id = $1 and n.shipment_id = $3 and l.quantity < ("
	"              select sum(x.shipped + x.over_shipped) from fulfillment.shipment_lines x"
	"               where x.merchant_id = $1 and x.order_id = $2 and x.line = n.line))",
	INT4OID, INT8OID, INT8OID);

/* Nothing came back of it, and nothing will. */
static FfStatement expect_nothing = FF_STATEMENT(
	"update fulfillment.returns set state = 'cancelled', ended_at = $3"
	" where merchant_id = $1 and shipment_id = $2 and kind = 'rts' and state = 'expected'",
	INT4OID, INT8OID, TIMESTAMPTZOID);

static FfStatement clear_estimate =
	FF_STATEMENT("update fulfillment.shipments set estimated_delivery_at = null"
				 " where merchant_id = $1 and shipment_id = $2",
				 INT4OID, INT8OID);

/* Everything when the shipment is delivered, else what is in the packages that are. */
static FfStatement count_delivered = FF_STATEMENT(
	"update fulfillment.shipment_lines n set delivered = d.units"
	"  from unnest($2) as u(shipment_id)"
	"  join fulfillment.shipments s on s.merchant_id = $1 and s.shipment_id = u.shipment_id"
	"  join fulfillment.shipment_lines l on l.merchant_id = $1 and l.shipment_id = u.shipment_id"
	" cross join lateral ("
	"       select least(l.shipped + l.over_shipped,"
	"              case when s.state = 'delivered' then l.shipped + l.over_shipped"
	"                   else coalesce((select sum((x ->> 'quantity')::int)"
	"                             from fulfillment.packages p, jsonb_array_elements(p.contents) x"
	"                            where p.merchant_id = $1 and p.shipment_id = u.shipment_id"
	"                              and p.status = 'delivered'"
	"                              and (x ->> 'line')::int = l.line), 0) end) as units) d"
	" where n.merchant_id = $1 and n.shipment_id = l.shipment_id and n.line = l.line"
	"   and n.delivered <> d.units",
	INT4OID, INT8ARRAYOID);

void
ff_close_claim(void *subject, const void *payload)
{
	static const char *const claims[] = {"lost", "return_to_sender"};
	FfShipment *shipment = subject;

	for (int i = 0; i < (int) lengthof(claims); i++)
		ff_attention_close(shipment->merchant_id,
						   claims[i],
						   shipment->order_id,
						   shipment->shipment_id,
						   "it arrived after all");
	ff_run(&expect_nothing,
		   ff_int4(shipment->merchant_id),
		   ff_int8(shipment->shipment_id),
		   ff_time(GetCurrentTransactionStartTimestamp()));
}

/* A cancelled shipment whose goods the customer still waits for is no loss that it left. */
static bool
goods_are_wanted(const FfShipment *shipment)
{
	return ff_run(&left_within_order,
				  ff_int4(shipment->merchant_id),
				  ff_int8(shipment->order_id),
				  ff_int8(shipment->shipment_id))
			   .count > 0;
}

void
ff_expect_return(void *subject, const void *payload)
{
	FfShipment *shipment = subject;
	const FfShipmentReport *report = payload;
	FfRows rows;

	if (shipment->event != FF_SHIPMENT_EVENT_RETURN_TO_SENDER && goods_are_wanted(shipment))
		return;
	rows = ff_run(&expect_return,
				  ff_int4(shipment->merchant_id),
				  ff_int8(shipment->order_id),
				  ff_int8(shipment->shipment_id),
				  ff_id(report->package_id),
				  ff_text(report->cause),
				  ff_int8(shipment->location_id),
				  ff_time(GetCurrentTransactionStartTimestamp()));
	if (rows.count == 0)
		return;
	ff_run(&expect_lines,
		   ff_int4(shipment->merchant_id),
		   ff_int8(ff_row_int8(&rows, 0, 1)),
		   ff_int8(shipment->shipment_id),
		   ff_id(report->package_id));
	if (shipment->event == FF_SHIPMENT_EVENT_RETURN_TO_SENDER)
		ff_alert(shipment, report);
}

void
ff_clear_estimate(void *subject, const void *payload)
{
	FfShipment *shipment = subject;

	ff_run(&clear_estimate, ff_int4(shipment->merchant_id), ff_int8(shipment->shipment_id));
}

void
ff_count_delivered(void **subjects, const void **payloads, int count)
{
	FfShipment **shipments = (FfShipment **) subjects;
	int64 *ids = palloc(sizeof(int64) * count);

	for (int i = 0; i < count; i++)
		ids[i] = shipments[i]->shipment_id;
	ff_run(&count_delivered, ff_int4(shipments[0]->merchant_id), ff_ids(ids, count));
}
