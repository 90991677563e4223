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

static FfStatement recount = FF_STATEMENT(
	"update fulfillment.order_lines l"
	"   set assigned = n.assigned, cancelled = n.cancelled, submitted = n.submitted,"
	"       shipped = n.shipped, over_shipped = n.gone - n.shipped,"
	"       delivered = least(n.delivered, n.gone)"
	"  from (select c.*, least(c.gone, c.submitted) as shipped"
	"          from (select b.*, least(b.at_provider, b.assigned) as submitted,"
	"                       least(b.was_cancelled, b.quantity - b.assigned) as cancelled"
	"                  from (select a.order_id, a.line, a.quantity, a.cancelled as was_cancelled,"
	"                               least(coalesce(sum(s.planned) filter (where s.lives), 0),"
	"                                     a.quantity)::int as assigned,"
	"                               coalesce(sum(s.planned) filter (where s.accepted),"
	"                                        0)::int as at_provider,"
	"                               coalesce(sum(s.gone), 0)::int as gone,"
	"                               coalesce(sum(s.delivered), 0)::int as delivered"
	"                          from fulfillment.order_lines a"
	"                          join (select i.order_id, i.line, i.quantity - i.short as planned,"
	"                                       i.shipped + i.over_shipped as gone, i.delivered,"
	"                                       h.state not in ('cancelled', 'rejected',"
	"                                         'cancel_requested') and not h.cancel_pending"
	"                                         as lives,"
	"                                       h.state in ('accepted', 'shipped', 'delivered',"
	"                                         'returning', 'lost') and not h.cancel_pending"
	"                                         as accepted"
	"                                  from fulfillment.shipment_lines i"
	"                                  join fulfillment.shipments h on h.merchant_id = $1"
	"                                   and h.shipment_id = i.shipment_id"
	"                                 where i.merchant_id = $1 and i.order_id = any ($2)) s"
	"                            on s.order_id = a.order_id and s.line = a.line"
	"                         where a.merchant_id = $1 and a.order_id = any ($2)"
	"                         group by a.order_id, a.line, a.quantity, a.cancelled) b) c) n"
	" where l.merchant_id = $1 and l.order_id = n.order_id and l.line = n.line"
	"   and (l.assigned, l.cancelled, l.submitted, l.shipped, l.over_shipped, l.delivered)"
	"       is distinct from (n.assigned, n.cancelled, n.submitted, n.shipped,"
	"                         n.gone - n.shipped, least(n.delivered, n.gone))",
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
