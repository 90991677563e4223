/*
 * settle.c
 *
 * The conclusions; see settle.h.  Each is an event that is only applied when
 * the law would take it, so settling twice changes nothing.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"

#include "orders/assign.h"
#include "orders/parts.h"
#include "orders/settle.h"
#include "pg/spi.h"
#include "shipping/shipment.h"

static FfStatement return_is_open =
	FF_STATEMENT("select 1 from fulfillment.returns where merchant_id = $1 and order_id = $2"
				 "   and ended_at is null limit 1",
				 INT4OID, INT8OID);

static FfStatement stop_waiting =
	FF_STATEMENT("update fulfillment.orders set next_routing_at = null, routing_reason = null"
				 " where merchant_id = $1 and order_id = $2",
				 INT4OID, INT8OID);

static FfStatement lock_orders =
	FF_STATEMENT("select 1 from fulfillment.orders where merchant_id = $1 and order_id = any ($2)"
				 " order by order_id for update",
				 INT4OID, INT8ARRAYOID);

/*
 * Orders that something may follow for, and whether that is only their end.  Of
 * an open one that waits for nothing, of which every unit stands in a shipment
 * and none was taken back, nothing else does, whichever state its shipments are
 * in but these two; unless its channel wants to hear of all that left at once.
 */
static FfStatement may_conclude = FF_STATEMENT(
	"select o.order_id, x.follows"
	"  from fulfillment.orders o"
	"  join fulfillment.channels c on c.merchant_id = $1 and c.channel_id = o.channel_id"
	" cross join lateral ("
	"       select not exists (select 1 from fulfillment.order_lines l where l.merchant_id = $1"
	"                 and l.order_id = o.order_id and l.shipped + l.cancelled < l.quantity) as left,"
	"              exists (select 1 from fulfillment.order_lines l where l.merchant_id = $1"
	"                 and l.order_id = o.order_id"
	"                 and (l.assigned <> l.quantity or l.cancelled > 0 or l.over_shipped > 0"
	"                      or l.quantity < (select coalesce(sum(n.quantity - n.short), 0)"
	"                           from fulfillment.shipment_lines n where n.merchant_id = $1"
	"                            and n.order_id = o.order_id and n.line = l.line))) as odd) l"
	" cross join lateral ("
	"       select count(*) filter (where s.state in ('draft', 'rejected')) > 0 as waiting,"
	"              count(*) filter (where s.state not in"
	"                ('cancelled', 'delivered', 'returning', 'lost')) = 0 as ended"
	"         from fulfillment.shipments s where s.merchant_id = $1 and s.order_id = o.order_id) s"
	" cross join lateral ("
	"       select o.state <> 'open' or o.next_routing_at is not null or s.waiting or l.odd"
	"              or (l.left and c.connection_id is not null and not c.partial_updates)"
	"                as follows) x"
	" where o.merchant_id = $1 and o.order_id = any ($2)"
	"   and (x.follows or l.left and s.ended"
	"        and not exists (select 1 from fulfillment.returns r where r.merchant_id = $1"
	"               and r.order_id = o.order_id and r.ended_at is null))"
	" order by o.order_id",
	INT4OID, INT8ARRAYOID);

static void
conclude(FfOrder *order, FfOrderEvent event, FfOrderRequest *request)
{
	if (ff_order_may(order, event, request))
		ff_order_apply(order, event, request);
}

/*
 * Drafts that nothing forbids go out.  What a provider refused makes room for
 * its successor, unless a hold keeps the order where it is; of an order that is
 * cancelled it just ends.  What is too much is stopped.
 */
static void
move_shipments(FfOrder *order, const char *cause)
{
	FfShipmentReport report = {.cause = cause};
	int count;
	FfShipment **shipments = ff_shipments_of_order(order->merchant_id, order->order_id, &count);
	bool open = order->state == FF_ORDER_OPEN;
	bool moved = ff_stop_excess(order, shipments, count, cause);

	for (int i = 0; i < count; i++)
	{
		int event = FF_EVENT_NONE;

		if (open && shipments[i]->state == FF_SHIPMENT_DRAFT &&
			ff_shipment_may(shipments[i], FF_SHIPMENT_EVENT_READY, &report))
			event = FF_SHIPMENT_EVENT_READY;
		else if (shipments[i]->state == FF_SHIPMENT_REJECTED && (!open || order->active_holds == 0))
			event = FF_SHIPMENT_EVENT_ABANDON;
		if (event == FF_EVENT_NONE)
			continue;
		ff_shipment_apply(shipments[i], event, &report);
		moved = true;
	}
	if (moved)
		ff_order_refresh(order);
}

/* Units that became free, of whatever shipment, are assigned in the same transaction. */
static void
route(FfOrder *order, FfOrderRequest *request)
{
	TimestampTz due = order->next_routing_at;

	if (ff_order_sum_to_assign(order) == 0)
	{
		if (due != 0)
			ff_run(&stop_waiting, ff_int4(order->merchant_id), ff_int8(order->order_id));
		return;
	}
	if (due <= GetCurrentTransactionStartTimestamp() &&
		ff_order_may(order, FF_ORDER_EVENT_ROUTE, request))
	{
		ff_orders_assign(order->merchant_id, &order->order_id, 1, request->cause);
		ff_order_refresh(order);
	}
}

void
ff_order_settle(int32 merchant_id, int64 order_id, const char *cause)
{
	FfOrder *order = ff_order_lock(merchant_id, order_id);
	FfOrderRequest request = {.cause = cause};

	if (order->state == FF_ORDER_OPEN || order->state == FF_ORDER_CANCELLING ||
		order->state == FF_ORDER_CANCELLED)
		move_shipments(order, cause);
	if (order->state == FF_ORDER_OPEN)
		route(order, &request);
	ff_confirm_whole(order);
	if ((order->state == FF_ORDER_CANCELLING || order->state == FF_ORDER_CANCELLED) &&
		!order->shipped_anyway && ff_order_sum_shipped(order) > 0)
		conclude(order, FF_ORDER_EVENT_SHIPPED_ANYWAY, &request);
	conclude(order, FF_ORDER_EVENT_ALL_CANCELLED, &request);
	if (order->state == FF_ORDER_OPEN)
		conclude(order, FF_ORDER_EVENT_COMPLETE, &request);
	else if (order->state == FF_ORDER_CLOSED &&
			 ff_run(&return_is_open, ff_int4(merchant_id), ff_int8(order_id)).count > 0)
		conclude(order, FF_ORDER_EVENT_REOPEN, &request);
}

void
ff_orders_lock(int32 merchant_id, const int64 *order_ids, int count)
{
	ff_run(&lock_orders, ff_int4(merchant_id), ff_ids(order_ids, count));
}

static const char *
cause_of(int64 order_id, const int64 *order_ids, const char *const *causes, int count)
{
	int i = 0;

	while (i < count - 1 && order_ids[i] != order_id)
		i++;
	return causes[i];
}

/* Orders that nothing but their end may follow for. */
static void
complete(int32 merchant_id, const FfColumn *ended, const int64 *order_ids,
		 const char *const *causes, int count)
{
	int closing;
	FfOrder **orders = ff_orders_load(merchant_id, ff_column(ended), &closing);
	FfOrderRequest *requests = palloc0(sizeof(FfOrderRequest) * Max(closing, 1));
	FfOrderRequest **pointers = palloc(sizeof(FfOrderRequest *) * Max(closing, 1));
	FfVerdict *verdicts = palloc(sizeof(FfVerdict) * Max(closing, 1));

	for (int i = 0; i < closing; i++)
	{
		orders[i]->ended = true;
		requests[i].cause = cause_of(orders[i]->order_id, order_ids, causes, count);
		pointers[i] = &requests[i];
	}
	if (closing > 0)
		ff_orders_apply(orders, FF_ORDER_EVENT_COMPLETE, pointers, closing, verdicts);
}

void
ff_orders_settle(int32 merchant_id, const int64 *order_ids, const char *const *causes, int count)
{
	FfRows rows = ff_run(&may_conclude, ff_int4(merchant_id), ff_ids(order_ids, count));
	FfColumn ended;

	ff_column_init(&ended, INT8OID);
	for (uint64 i = 0; i < rows.count; i++)
		if (!ff_row_bool(&rows, i, 2))
			ff_column_add(&ended, ff_int8(ff_row_int8(&rows, i, 1)));
	if (ended.count > 0)
		complete(merchant_id, &ended, order_ids, causes, count);
	for (uint64 i = 0; i < rows.count; i++)
	{
		int64 order_id = ff_row_int8(&rows, i, 1);

		if (ff_row_bool(&rows, i, 2))
			ff_order_settle(merchant_id, order_id, cause_of(order_id, order_ids, causes, count));
	}
}
