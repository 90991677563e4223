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

static FfStatement lock_order = FF_STATEMENT(
	"select o.channel_id, c.code, c.connection_id, o.number, o.channel_order_id, o.version,"
	"       o.state, o.not_before, o.next_routing_at,"
	"       coalesce(o.payment ->> 'state', '') not in ('pending', 'failed'), o.shipped_anyway,"
	"       o.document, o.delivered, o.errors, c.partial_updates"
	"  from fulfillment.orders o"
	"  join fulfillment.channels c on c.merchant_id = $1 and c.channel_id = o.channel_id"
	" where o.merchant_id = $1 and o.order_id = $2"
	"   for update of o",
	INT4OID, INT8OID);

static FfStatement read_lines = FF_STATEMENT(
	"select line, item_id, sku, channel_line_id, quantity, cancelled, assigned, shipped,"
	"       over_shipped, kit_line, kit_sku, lot"
	"  from fulfillment.order_lines where merchant_id = $1 and order_id = $2 order by line",
	INT4OID, INT8OID);

static FfStatement count_holds =
	FF_STATEMENT("select count(*) from fulfillment.holds"
				 " where merchant_id = $1 and order_id = $2 and released_at is null",
				 INT4OID, INT8OID);

static FfStatement save_state =
	FF_STATEMENT("update fulfillment.orders set state = $3,"
				 "       next_routing_at = case when $3 = 'open' then next_routing_at end"
				 " where merchant_id = $1 and order_id = $2",
				 INT4OID, INT8OID, TEXTOID);

/* What ends is not held any more; what only waits for its end is held by that. */
static FfStatement end_holds =
	FF_STATEMENT("update fulfillment.holds set released_at = $3, released_by = $4"
				 " where merchant_id = $1 and order_id = $2 and released_at is null",
				 INT4OID, INT8OID, TIMESTAMPTZOID, TEXTOID);

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

void
ff_order_refresh(FfOrder *order)
{
	FfRows rows = ff_run(&read_lines, ff_int4(order->merchant_id), ff_int8(order->order_id));

	order->lines = palloc(sizeof(FfLine) * Max(rows.count, 1));
	order->line_count = (int) rows.count;
	for (uint64 i = 0; i < rows.count; i++)
		order->lines[i] = (FfLine){.line = ff_row_int4(&rows, i, 1),
								   .item_id = ff_row_int8(&rows, i, 2),
								   .sku = ff_row_text(&rows, i, 3),
								   .channel_line_id = ff_row_text(&rows, i, 4),
								   .quantity = ff_row_int4(&rows, i, 5),
								   .cancelled = ff_row_int4(&rows, i, 6),
								   .assigned = ff_row_int4(&rows, i, 7),
								   .shipped = ff_row_int4(&rows, i, 8),
								   .over_shipped = ff_row_int4(&rows, i, 9),
								   .kit_line = ff_row_int4(&rows, i, 10),
								   .kit_sku = ff_row_text(&rows, i, 11),
								   .lot = ff_row_int4(&rows, i, 12)};
	rows = ff_run(&count_holds, ff_int4(order->merchant_id), ff_int8(order->order_id));
	order->active_holds = (int) ff_row_int8(&rows, 0, 1);
}

FfOrder *
ff_order_lock(int32 merchant_id, int64 order_id)
{
	FfRows rows = ff_run(&lock_order, ff_int4(merchant_id), ff_int8(order_id));
	FfOrder *order = palloc0(sizeof(FfOrder));

	if (rows.count == 0)
		ereport(ERROR,
				(errcode(FF_ERR_UNKNOWN_OBJECT),
				 errmsg("unknown order %lld", (long long) order_id),
				 errdetail("Merchant %d has no such order.", merchant_id),
				 errhint("Look at the view fulfillment.order_status.")));
	order->merchant_id = merchant_id;
	order->order_id = order_id;
	order->channel_id = ff_row_int8(&rows, 0, 1);
	order->channel = ff_row_text(&rows, 0, 2);
	order->channel_connection_id = ff_row_int8(&rows, 0, 3);
	order->number = ff_row_text(&rows, 0, 4);
	order->channel_order_id = ff_row_text(&rows, 0, 5);
	order->version = ff_row_int8(&rows, 0, 6);
	order->state = ff_state_from_name(FF_MACHINE_ORDER, ff_row_text(&rows, 0, 7));
	order->not_before = ff_row_time(&rows, 0, 8);
	order->next_routing_at = ff_row_time(&rows, 0, 9);
	order->payment_ready = ff_row_bool(&rows, 0, 10);
	order->shipped_anyway = ff_row_bool(&rows, 0, 11);
	order->document = ff_row_json(&rows, 0, 12);
	order->delivered = ff_row_json(&rows, 0, 13);
	order->errors = ff_row_json(&rows, 0, 14);
	order->channel_takes_parts = ff_row_bool(&rows, 0, 15);
	ff_order_refresh(order);
	return order;
}

static int
state(void *subject)
{
	return ((FfOrder *) subject)->state;
}

static void
save(void *subject, int to)
{
	FfOrder *order = subject;

	ff_run(&save_state,
		   ff_int4(order->merchant_id),
		   ff_int8(order->order_id),
		   ff_text(ff_state_name(FF_MACHINE_ORDER, to)));
	order->state = to;
	if (order->active_holds > 0 &&
		(to == FF_ORDER_CANCELLING || ff_state_is_final(FF_MACHINE_ORDER, to)))
	{
		ff_run(&end_holds,
			   ff_int4(order->merchant_id),
			   ff_int8(order->order_id),
			   ff_time(GetCurrentTransactionStartTimestamp()),
			   ff_text(ff_actor()));
		order->active_holds = 0;
	}
}

static void
record(void *subject, const FfTransition *transition, int from, const void *payload)
{
	FfOrder *order = subject;
	FfHistory row = {.merchant_id = order->merchant_id,
					 .subject_kind = "order",
					 .subject_id = order->order_id,
					 .order_id = order->order_id,
					 .event = ff_event_name(FF_MACHINE_ORDER, order->event),
					 .from_state = ff_state_name(FF_MACHINE_ORDER, from),
					 .to_state = ff_state_name(FF_MACHINE_ORDER, order->state),
					 .cause = ((const FfOrderRequest *) payload)->cause};

	if (order->event != FF_ORDER_EVENT_ROUTE) /* the wave records it, with what came of it */
		ff_history_add(&row, 1);
}

static FfMachineDriver driver = {
	.machine = FF_MACHINE_ORDER,
	.effects =
		{
			[FF_EFFECT_NOTIFY] = ff_order_notify,
			[FF_EFFECT_UPDATE_CHANNEL] = ff_order_update_channel,
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
			[FF_EFFECT_CAPTURE_REMAINDER] = ff_capture_remainder,
			[FF_EFFECT_CLOSE_ORDER] = ff_close_order,
			[FF_EFFECT_REOPEN_ORDER] = ff_reopen_order,
		},
	.state = state,
	.save = save,
	.record = record,
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

FfVerdict
ff_order_apply(FfOrder *order, FfOrderEvent event, FfOrderRequest *request)
{
	FfOrderEvent outer = order->event;
	FfVerdict verdict;

	order->event = event;
	verdict = ff_machine_apply(the_driver(), order, event, request);
	if (verdict.step == FF_STEP_REFUSED)
		ff_order_note(order,
					  psprintf("%s_refused", ff_event_name(FF_MACHINE_ORDER, event)),
					  psprintf("%s: %s", request->cause, verdict.reason),
					  NULL,
					  NULL);
	order->event = outer;
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
