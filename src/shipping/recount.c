/*
 * recount.c
 *
 * The quantities of order lines, recomputed from their shipments in one
 * statement.  They are never counted up and down, so they cannot drift.  Only
 * of an order's first shipments it is known without looking at any.
 *
 * A unit in a shipment whose cancellation is not answered yet counts as
 * cancelled as far as the order gave it up, and as assigned as far as it did
 * not: nobody else ships it before the answer.  When it is too late, or the
 * goods leave, cancelled gives way, never the goods.  What left beyond the
 * order stands in over_shipped.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "pg/batch.h"
#include "shipping/parts.h"

/* Line by line through the indexes: the plan must not depend on how many orders there are. */
static FfStatement recount = FF_STATEMENT(
	"update fulfillment.order_lines l"
	"   set assigned = n.assigned, cancelled = n.cancelled, submitted = n.submitted,"
	"       shipped = n.shipped, over_shipped = n.gone - n.shipped, delivered = n.delivered"
	"  from fulfillment.order_lines a"
	" cross join lateral ("
	"       select coalesce(sum(h.units) filter (where h.answered), 0)::int as living,"
	"              coalesce(sum(h.units), 0)::int as planned,"
	"              coalesce(sum(h.units) filter (where h.accepted), 0)::int as at_provider,"
	"              coalesce(sum(h.gone), 0)::int as gone,"
	"              coalesce(sum(h.delivered), 0)::int as delivered"
	"         from (select i.shipped + i.over_shipped as gone, i.delivered,"
	"                      case when s.state not in ('cancelled', 'rejected')"
	"                           then i.quantity - i.short end as units,"
	"                      s.state <> 'cancel_requested' and not (s.cancel_pending and s.state in"
	"                        ('submitting', 'unknown', 'accepted', 'attention')) as answered,"
	"                      s.state in ('accepted', 'cancel_requested', 'shipped', 'delivered',"
	"                        'returning', 'lost') as accepted"
	"                 from fulfillment.shipment_lines i"
	"                 join fulfillment.shipments s on s.merchant_id = $1"
	"                  and s.shipment_id = i.shipment_id"
	"                where i.merchant_id = $1 and i.order_id = a.order_id and i.line = a.line) h) s"
	" cross join lateral ("
	"       select least(a.cancelled, a.quantity - least(s.living, a.quantity)) as cancelled) c"
	" cross join lateral ("
	"       select c.cancelled, least(s.planned, a.quantity - c.cancelled) as assigned,"
	"              least(s.at_provider, a.quantity - c.cancelled) as submitted,"
	"              least(s.at_provider, a.quantity - c.cancelled, s.gone) as shipped,"
	"              s.gone, least(s.delivered, s.gone) as delivered) n"
	" where a.merchant_id = $1 and a.order_id = any ($2)"
	"   and l.merchant_id = $1 and l.order_id = a.order_id and l.line = a.line"
	"   and (l.assigned, l.cancelled, l.submitted, l.shipped, l.over_shipped, l.delivered)"
	"       is distinct from (n.assigned, n.cancelled, n.submitted, n.shipped,"
	"                         n.gone - n.shipped, n.delivered)",
	INT4OID, INT8ARRAYOID);

void
ff_lines_recount(int32 merchant_id, const int64 *order_ids, int count)
{
	ff_run(&recount, ff_int4(merchant_id), ff_ids(order_ids, count));
}

static FfShape first_lines =
	FF_SHAPE("first_lines", {"order_id", INT8OID}, {"line", INT4OID}, {"assigned", INT4OID});

/* Without shipments before nothing was assigned, so the new ones' units are all that is. */
static FfStatement assign_lines =
	FF_STATEMENT("update fulfillment.order_lines l set assigned = n.assigned from first_lines n"
				 " where l.merchant_id = $1 and l.order_id = n.order_id and l.line = n.line",
				 INT4OID);

/* Units of all shipments of an order, which stand side by side, by line. */
static int
add_up_lines(const FfPlannedShipment *planned, int count, FfShipmentLine **sums)
{
	int lines = 0;
	int most = 0;

	for (int i = 0; i < count; i++)
		most += planned[i].line_count;
	*sums = palloc(sizeof(FfShipmentLine) * Max(most, 1));
	for (int i = 0; i < count; i++)
		for (int j = 0; j < planned[i].line_count; j++)
		{
			int at = 0;

			while (at < lines && (*sums)[at].line != planned[i].lines[j].line)
				at++;
			if (at == lines)
				(*sums)[lines++] = planned[i].lines[j];
			else
				(*sums)[at].quantity += planned[i].lines[j].quantity;
		}
	return lines;
}

void
ff_lines_assign(int32 merchant_id, const FfPlannedShipment *planned, int count)
{
	FfBatch *batch = ff_batch_begin(&first_lines);
	int end;

	for (int first = 0; first < count; first = end)
	{
		FfShipmentLine *sums;
		int sum_count;

		for (end = first + 1; end < count && planned[end].order_id == planned[first].order_id;)
			end++;
		if (planned[first].number > 1)
			continue;
		sum_count = add_up_lines(&planned[first], end - first, &sums);
		for (int i = 0; i < sum_count; i++)
			ff_batch_add(batch,
						 ff_int8(planned[first].order_id),
						 ff_int4(sums[i].line),
						 ff_int4(sums[i].quantity));
	}
	if (ff_batch_count(batch) > 0)
		ff_run_batch(&assign_lines, batch, ff_int4(merchant_id));
}
