/*
 * recount.c
 *
 * The quantities of order lines, recomputed from their shipments in one
 * statement.  They are never counted up and down, so they cannot drift.
 *
 * What is being cancelled counts as cancelled, until the provider says that it
 * is too late or the goods leave: then cancelled gives way, never the goods.
 * What left beyond the order stands in over_shipped.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "pg/spi.h"
#include "shipping/parts.h"

/* Line by line through the indexes: the plan must not depend on how many orders there are. */
static FfStatement recount = FF_STATEMENT(
	"update fulfillment.order_lines l"
	"   set assigned = n.assigned, cancelled = n.cancelled, submitted = n.submitted,"
	"       shipped = n.shipped, over_shipped = n.gone - n.shipped, delivered = n.delivered"
	"  from (select c.order_id, c.line, c.assigned, c.submitted, c.gone,"
	"               least(c.was_cancelled, c.quantity - c.assigned) as cancelled,"
	"               least(c.gone, c.submitted) as shipped, least(c.delivered, c.gone) as delivered"
	"          from (select a.order_id, a.line, a.quantity, a.cancelled as was_cancelled, s.gone,"
	"                       s.delivered, least(s.living, a.quantity) as assigned,"
	"                       least(s.at_provider, s.living, a.quantity) as submitted"
	"                  from fulfillment.order_lines a"
	"                 cross join lateral ("
	"                       select coalesce(sum(i.quantity - i.short) filter (where h.state not in"
	"                              ('cancelled', 'rejected', 'cancel_requested')"
	"                              and not h.cancel_pending), 0)::int as living,"
	"                              coalesce(sum(i.quantity - i.short) filter (where h.state in"
	"                              ('accepted', 'shipped', 'delivered', 'returning', 'lost')"
	"                              and not h.cancel_pending), 0)::int as at_provider,"
	"                              coalesce(sum(i.shipped + i.over_shipped), 0)::int as gone,"
	"                              coalesce(sum(i.delivered), 0)::int as delivered"
	"                         from fulfillment.shipment_lines i"
	"                         join fulfillment.shipments h on h.merchant_id = $1"
	"                          and h.shipment_id = i.shipment_id"
	"                        where i.merchant_id = $1 and i.order_id = a.order_id"
	"                          and i.line = a.line) s"
	"                 where a.merchant_id = $1 and a.order_id = any ($2)) c) n"
	" where l.merchant_id = $1 and l.order_id = n.order_id and l.line = n.line"
	"   and (l.assigned, l.cancelled, l.submitted, l.shipped, l.over_shipped, l.delivered)"
	"       is distinct from (n.assigned, n.cancelled, n.submitted, n.shipped,"
	"                         n.gone - n.shipped, n.delivered)",
	INT4OID, INT8ARRAYOID);

void
ff_lines_recount(int32 merchant_id, const int64 *order_ids, int count)
{
	FfColumn orders;

	ff_column_init(&orders, INT8OID);
	for (int i = 0; i < count; i++)
		ff_column_add(&orders, ff_int8(order_ids[i]));
	ff_run(&recount, ff_int4(merchant_id), ff_column(&orders));
}
