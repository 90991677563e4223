/*
 * order.c
 *
 * Locks and loads orders and moves them by the transition table; see order.h.
 * What an event does stands in the files that parts.h names.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"

#include "orders/parts.h"
#include "pg/errors.h"
#include "pg/session.h"
#include "pg/spi.h"
#include "tasks/history.h"

static FfStatement lock_orders = FF_STATEMENT(
	"select o.channel_id, c.code, c.connection_id, o.number, o.channel_order_id, o.version,"
	"       o.state, o.not_before, o.next_routing_at,"
	"       coalesce(o.payment ->> 'state', '') not in ('pending', 'failed'), o.shipped_anyway,"
	"       o.document, o.delivered, o.errors, c.partial_updates,"
	"       o.payment ->> 'state' = 'authorized', o.order_id"
	"  from fulfillment.orders o"
	"  join fulfillment.channels c on c.merchant_id = $1 and c.channel_id = o.channel_id"
	" where o.merchant_id = $1 and o.order_id = any ($2)"
	" order by o.order_id"
	"   for update of o",
	INT4OID, INT8ARRAYOID);

static FfStatement read_lines = FF_STATEMENT(
	"select order_id, line, item_id, sku, channel_line_id, quantity, cancelled, assigned, shipped,"
	"       over_shipped, kit_line, kit_sku, lot"
	"  from fulfillment.order_lines where merchant_id = $1 and order_id = any ($2)"
	" order by order_id, line",
	INT4OID, INT8ARRAYOID);

static FfStatement count_holds =
	FF_STATEMENT("select order_id, count(*) from fulfillment.holds"
				 " where merchant_id = $1 and order_id = any ($2) and released_at is null"
				 " group by order_id",
				 INT4OID, INT8ARRAYOID);

static FfStatement save_states =
	FF_STATEMENT("update fulfillment.orders set state = $3,"
				 "       next_routing_at = case when $3 = 'open' then next_routing_at end,"
				 "       closed_at = case $3 when 'closed' then $4 when 'open' then null"
				 "                   else closed_at end"
				 " where merchant_id = $1 and order_id = any ($2)",
				 INT4OID, INT8ARRAYOID, TEXTOID, TIMESTAMPTZOID);

/* What ends is not held any more; what only waits for its end is held by that. */
static FfStatement end_holds =
	FF_STATEMENT("update fulfillment.holds set released_at = $3, released_by = $4"
				 " where merchant_id = $1 and order_id = any ($2) and released_at is null",
				 INT4OID, INT8ARRAYOID, TIMESTAMPTZOID, TEXTOID);

FfLine *
ff_order_line(FfOrder *order, int32 line)
{
	for (int i = 0; i < order->line_count; i++)
		if (order->lines[i].line == line)
			return &order->lines[i];
	return NULL;
}

int32
ff_units_to_assign(const FfLine *line)
{
	return line->quantity - line->cancelled - line->assigned;
}

int32
ff_units_unshipped(const FfLine *line)
{
	return line->quantity - line->cancelled - line->shipped;
}

int64
ff_order_sum_shipped(const FfOrder *order)
{
	int64 sum = 0;

	for (int i = 0; i < order->line_count; i++)
		sum += order->lines[i].shipped + order->lines[i].over_shipped;
	return sum;
}

int64
ff_order_sum_to_assign(const FfOrder *order)
{
	int64 sum = 0;

	for (int i = 0; i < order->line_count; i++)
		sum += ff_units_to_assign(&order->lines[i]);
	return sum;
}

static FfArgument
ids_of(FfOrder *const *orders, int count)
{
	FfColumn ids;

	ff_column_init(&ids, INT8OID);
	for (int i = 0; i < count; i++)
		ff_column_add(&ids, ff_int8(orders[i]->order_id));
	return ff_column(&ids);
}

static void
load_line(FfLine *line, const FfRows *rows, uint64 row)
{
	*line = (FfLine){.line = ff_row_int4(rows, row, 2),
					 .item_id = ff_row_int8(rows, row, 3),
					 .sku = ff_row_text(rows, row, 4),
					 .channel_line_id = ff_row_text(rows, row, 5),
					 .quantity = ff_row_int4(rows, row, 6),
					 .cancelled = ff_row_int4(rows, row, 7),
					 .assigned = ff_row_int4(rows, row, 8),
					 .shipped = ff_row_int4(rows, row, 9),
					 .over_shipped = ff_row_int4(rows, row, 10),
					 .kit_line = ff_row_int4(rows, row, 11),
					 .kit_sku = ff_row_text(rows, row, 12),
					 .lot = ff_row_int4(rows, row, 13)};
}

/* Lines and holds of orders, which rise by id. */
static void
refresh(FfOrder *const *orders, int count)
{
	int32 merchant_id = orders[0]->merchant_id;
	FfArgument ids = ids_of(orders, count);
	FfRows rows = ff_run(&read_lines, ff_int4(merchant_id), ids);
	FfLine *lines = palloc(sizeof(FfLine) * Max(rows.count, 1));
	uint64 row = 0;

	for (int i = 0; i < count; i++)
	{
		orders[i]->lines = &lines[row];
		orders[i]->line_count = 0;
		orders[i]->active_holds = 0;
		for (; row < rows.count && ff_row_int8(&rows, row, 1) == orders[i]->order_id; row++)
			load_line(&orders[i]->lines[orders[i]->line_count++], &rows, row);
	}
	rows = ff_run(&count_holds, ff_int4(merchant_id), ids);
	for (row = 0; row < rows.count; row++)
		for (int i = 0; i < count; i++)
			if (orders[i]->order_id == ff_row_int8(&rows, row, 1))
				orders[i]->active_holds = (int) ff_row_int8(&rows, row, 2);
}

void
ff_order_refresh(FfOrder *order)
{
	refresh(&order, 1);
}

static FfOrder *
load_order(int32 merchant_id, const FfRows *rows, uint64 row)
{
	FfOrder *order = palloc0(sizeof(FfOrder));

	order->merchant_id = merchant_id;
	order->channel_id = ff_row_int8(rows, row, 1);
	order->channel = ff_row_text(rows, row, 2);
	order->channel_connection_id = ff_row_int8(rows, row, 3);
	order->number = ff_row_text(rows, row, 4);
	order->channel_order_id = ff_row_text(rows, row, 5);
	order->version = ff_row_int8(rows, row, 6);
	order->state = ff_state_from_name(FF_MACHINE_ORDER, ff_row_text(rows, row, 7));
	order->not_before = ff_row_time(rows, row, 8);
	order->next_routing_at = ff_row_time(rows, row, 9);
	order->payment_ready = ff_row_bool(rows, row, 10);
	order->shipped_anyway = ff_row_bool(rows, row, 11);
	order->document = ff_row_json(rows, row, 12);
	order->delivered = ff_row_json(rows, row, 13);
	order->errors = ff_row_json(rows, row, 14);
	order->channel_takes_parts = ff_row_bool(rows, row, 15);
	order->authorized = ff_row_bool(rows, row, 16);
	order->order_id = ff_row_int8(rows, row, 17);
	return order;
}

FfOrder **
ff_orders_load(int32 merchant_id, FfArgument order_ids, int *count)
{
	FfRows rows = ff_run(&lock_orders, ff_int4(merchant_id), order_ids);
	FfOrder **orders = palloc(sizeof(FfOrder *) * Max(rows.count, 1));

	*count = (int) rows.count;
	for (int i = 0; i < *count; i++)
		orders[i] = load_order(merchant_id, &rows, i);
	if (*count > 0)
		refresh(orders, *count);
	return orders;
}

FfOrder *
ff_order_lock(int32 merchant_id, int64 order_id)
{
	int count;
	FfOrder **orders = ff_orders_load(merchant_id, ff_ids(&order_id, 1), &count);

	if (count == 0)
		ereport(ERROR,
				(errcode(FF_ERR_UNKNOWN_OBJECT),
				 errmsg("unknown order %lld", (long long) order_id),
				 errdetail("Merchant %d has no such order.", merchant_id),
				 errhint("Look at the view fulfillment.order_status.")));
	return orders[0];
}

static int
state(void *subject)
{
	return ((FfOrder *) subject)->state;
}

static void
release_all(FfOrder **orders, int count)
{
	FfColumn held;

	ff_column_init(&held, INT8OID);
	for (int i = 0; i < count; i++)
	{
		if (orders[i]->active_holds > 0)
			ff_column_add(&held, ff_int8(orders[i]->order_id));
		orders[i]->active_holds = 0;
	}
	if (held.count > 0)
		ff_run(&end_holds,
			   ff_int4(orders[0]->merchant_id),
			   ff_column(&held),
			   ff_time(GetCurrentTransactionStartTimestamp()),
			   ff_text(ff_actor()));
}

/* That an order is closed or open again is written with its state. */
static void
save(void **subjects, const FfTransition *transition, int to, const void **payloads, int count)
{
	FfOrder **orders = (FfOrder **) subjects;

	ff_run(&save_states,
		   ff_int4(orders[0]->merchant_id),
		   ids_of(orders, count),
		   ff_text(ff_state_name(FF_MACHINE_ORDER, to)),
		   ff_time(GetCurrentTransactionStartTimestamp()));
	for (int i = 0; i < count; i++)
		orders[i]->state = to;
	if (to == FF_ORDER_CANCELLING || ff_state_is_final(FF_MACHINE_ORDER, to))
		release_all(orders, count);
}

static void
written_with_state(void **subjects, const void **payloads, int count)
{
}

static void
record(void **subjects, const FfTransition *transition, int from, const void **payloads, int count)
{
	FfHistory *rows = palloc(sizeof(FfHistory) * count);

	for (int i = 0; i < count; i++)
	{
		const FfOrder *order = subjects[i];

		rows[i] = (FfHistory){.merchant_id = order->merchant_id,
							  .subject_kind = "order",
							  .subject_id = order->order_id,
							  .order_id = order->order_id,
							  .event = ff_event_name(FF_MACHINE_ORDER, order->event),
							  .from_state = ff_state_name(FF_MACHINE_ORDER, from),
							  .to_state = ff_state_name(FF_MACHINE_ORDER, order->state),
							  .cause = ((const FfOrderRequest *) payloads[i])->cause};
	}
	/* the wave records a routing, with what came of it */
	if (((const FfOrder *) subjects[0])->event != FF_ORDER_EVENT_ROUTE)
		ff_history_add(rows, count);
}

static FfMachineDriver driver = {
	.machine = FF_MACHINE_ORDER,
	.effects =
		{
			[FF_EFFECT_NOTIFY] = ff_order_notify,
			[FF_EFFECT_COUNT_DUPLICATE] = ff_count_duplicate,
			[FF_EFFECT_LOG_IGNORED] = ff_log_ignored,
			[FF_EFFECT_APPLY_UPDATE] = ff_apply_update,
			[FF_EFFECT_LATE_UPDATE] = ff_late_update,
			[FF_EFFECT_ALERT_IF_GOODS_WANTED] = ff_alert_if_goods_wanted,
			[FF_EFFECT_STORE_CORRECTION] = ff_store_correction,
			[FF_EFFECT_REPORT_ERRORS] = ff_report_errors,
			[FF_EFFECT_ENQUEUE_ROUTING] = ff_enqueue_routing,
			[FF_EFFECT_ROUTE] = ff_route_order,
			[FF_EFFECT_INSERT_HOLD] = ff_insert_hold,
			[FF_EFFECT_REMOVE_HOLD] = ff_remove_hold,
			[FF_EFFECT_HOLD_SHIPMENTS] = ff_hold_shipments,
			[FF_EFFECT_RESUME] = ff_resume,
			[FF_EFFECT_EDIT_LINES] = ff_edit_lines,
			[FF_EFFECT_EDIT_SHIPMENTS] = ff_edit_shipments,
			[FF_EFFECT_CANCEL_LINES] = ff_cancel_lines,
			[FF_EFFECT_CANCEL_SHIPMENTS] = ff_cancel_shipments,
			[FF_EFFECT_CANCEL_REST] = ff_cancel_rest,
			[FF_EFFECT_EXPIRE_LINES] = ff_expire_lines,
			[FF_EFFECT_MARK_UNCANCELLABLE] = ff_mark_uncancellable,
			[FF_EFFECT_REFUND] = ff_order_refund,
		},
	.shared =
		{
			[FF_EFFECT_UPDATE_CHANNEL] = ff_order_update_channel,
			[FF_EFFECT_CAPTURE_REMAINDER] = ff_capture_remainder,
			[FF_EFFECT_CLOSE_ORDER] = written_with_state,
			[FF_EFFECT_REOPEN_ORDER] = written_with_state,
		},
	.state = state,
	.save_all = save,
	.record_all = record,
};

static const FfMachineDriver *
the_driver(void)
{
	if (driver.guards[FF_GUARD_NOT_HELD] == NULL)
		memcpy(driver.guards, ff_order_guards, sizeof(driver.guards));
	return &driver;
}

void
ff_order_note(FfOrder *order, const char *event, const char *cause, const char *before,
			  const char *after)
{
	FfHistory row = {.merchant_id = order->merchant_id,
					 .subject_kind = "order",
					 .subject_id = order->order_id,
					 .order_id = order->order_id,
					 .event = event,
					 .from_state = ff_state_name(FF_MACHINE_ORDER, order->state),
					 .to_state = ff_state_name(FF_MACHINE_ORDER, order->state),
					 .cause = cause,
					 .before = before,
					 .after = after};

	ff_history_add(&row, 1);
}

bool
ff_order_may(FfOrder *order, FfOrderEvent event, FfOrderRequest *request)
{
	const FfTransition *row = ff_machine_would(the_driver(), order, event, request);

	return row != NULL && row->step == FF_STEP_CHANGED;
}

void
ff_orders_apply(FfOrder **orders, FfOrderEvent event, FfOrderRequest **requests, int count,
				FfVerdict *verdicts)
{
	FfOrderEvent *outer = palloc(sizeof(FfOrderEvent) * count);

	for (int i = 0; i < count; i++)
	{
		outer[i] = orders[i]->event;
		orders[i]->event = event;
	}
	ff_machine_apply_all(
		the_driver(), (void **) orders, event, (const void **) requests, count, verdicts);
	for (int i = 0; i < count; i++)
	{
		if (verdicts[i].step == FF_STEP_REFUSED)
			ff_order_note(orders[i],
						  psprintf("%s_refused", ff_event_name(FF_MACHINE_ORDER, event)),
						  psprintf("%s: %s", requests[i]->cause, verdicts[i].reason),
						  NULL,
						  NULL);
		orders[i]->event = outer[i];
	}
}

FfVerdict
ff_order_apply(FfOrder *order, FfOrderEvent event, FfOrderRequest *request)
{
	FfVerdict verdict;

	ff_orders_apply(&order, event, &request, 1, &verdict);
	return verdict;
}

void
ff_order_demand(FfOrder *order, FfOrderEvent event, FfOrderRequest *request)
{
	FfVerdict verdict = ff_order_apply(order, event, request);

	if (verdict.step == FF_STEP_REFUSED)
		ereport(ERROR,
				(errcode(FF_ERR_REFUSED_EVENT),
				 errmsg("cannot %s order \"%s\"",
						ff_event_name(FF_MACHINE_ORDER, event),
						order->number),
				 errdetail("Order %lld: %s.", (long long) order->order_id, verdict.reason),
				 errhint("Ask fulfillment.supported_actions(%lld) what is possible.",
						 (long long) order->order_id)));
}
