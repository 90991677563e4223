/*
 * hold.c
 *
 * Effects of holds: rows that stop everything, each with a reason and an end,
 * and what goes on when the last one ends.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"

#include "orders/parts.h"
#include "pg/session.h"
#include "pg/spi.h"
#include "shipping/shipment.h"
#include "tasks/task.h"

static FfStatement insert_hold = FF_STATEMENT(
	"insert into fulfillment.holds (merchant_id, order_id, reason, until, placed_at, placed_by,"
	"       from_channel)"
	" values ($1, $2, $3, $4, $5, $6, $7) returning hold_id",
	INT4OID, INT8OID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID, BOOLOID);

static FfStatement remove_hold =
	FF_STATEMENT("update fulfillment.holds set released_at = $3, released_by = $4"
				 " where merchant_id = $1 and hold_id = $2",
				 INT4OID, INT8OID, TIMESTAMPTZOID, TEXTOID);

/* Not before its date; the worker's clock finds it then. */
static FfStatement enqueue_routing = FF_STATEMENT(
	"update fulfillment.orders set next_routing_at = greatest($3, not_before)"
	" where merchant_id = $1 and order_id = $2 and state in ('received', 'invalid', 'open')",
	INT4OID, INT8OID, TIMESTAMPTZOID);

void
ff_insert_hold(void *subject, const void *payload)
{
	FfOrder *order = subject;
	FfOrderRequest *request = unconstify(FfOrderRequest *, (const FfOrderRequest *) payload);
	FfRows rows = ff_run(&insert_hold,
						 ff_int4(order->merchant_id),
						 ff_int8(order->order_id),
						 ff_text(request->hold_reason),
						 ff_time_or_null(request->hold_until),
						 ff_time(GetCurrentTransactionStartTimestamp()),
						 ff_text(ff_actor()),
						 ff_bool(request->by_document));

	request->hold_id = ff_row_int8(&rows, 0, 1);
	order->active_holds++;
}

void
ff_remove_hold(void *subject, const void *payload)
{
	FfOrder *order = subject;
	const FfOrderRequest *request = payload;

	ff_run(&remove_hold,
		   ff_int4(order->merchant_id),
		   ff_int8(request->hold_id),
		   ff_time(GetCurrentTransactionStartTimestamp()),
		   ff_text(ff_actor()));
	order->active_holds--;
}

static void
apply_to_shipments(FfOrder *order, FfShipmentEvent event, const char *cause)
{
	FfShipmentReport report = {.cause = cause};
	int count;
	FfShipment **shipments = ff_shipments_of_order(order->merchant_id, order->order_id, &count);

	for (int i = 0; i < count; i++)
		ff_shipment_apply(shipments[i], event, &report);
}

void
ff_hold_shipments(void *subject, const void *payload)
{
	apply_to_shipments(subject, FF_SHIPMENT_EVENT_HOLD, ((const FfOrderRequest *) payload)->cause);
}

void
ff_enqueue_routing(void *subject, const void *payload)
{
	FfOrder *order = subject;

	ff_run(&enqueue_routing,
		   ff_int4(order->merchant_id),
		   ff_int8(order->order_id),
		   ff_time(GetCurrentTransactionStartTimestamp()));
	order->next_routing_at = GetCurrentTransactionStartTimestamp();
	ff_tasks_wake_at_commit();
}

void
ff_resume(void *subject, const void *payload)
{
	FfOrder *order = subject;

	if (order->active_holds > 0)
		return;
	apply_to_shipments(order, FF_SHIPMENT_EVENT_RELEASE, ((const FfOrderRequest *) payload)->cause);
	ff_enqueue_routing(order, payload);
}
