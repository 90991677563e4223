/*
 * shipment.c
 *
 * Locks and loads shipments and moves them by the transition table; see
 * shipment.h.  What an event does stands in the files that parts.h names; this
 * one only brings state, save, record and the arrays together.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/timestamp.h"

#include "pg/errors.h"
#include "pg/spi.h"
#include "shipping/parts.h"
#include "tasks/history.h"

static FfStatement lock_order =
	FF_STATEMENT("select o.order_id, o.state, coalesce(o.not_before, '-infinity'),"
				 "       exists (select 1 from fulfillment.holds h where h.merchant_id = $1"
				 "                  and h.order_id = o.order_id and h.released_at is null),"
				 "       coalesce(o.payment ->> 'state', '') not in ('pending', 'failed'),"
				 "       exists (select 1 from fulfillment.order_lines l where l.merchant_id = $1"
				 "                  and l.order_id = o.order_id"
				 "                  and l.assigned + l.cancelled < l.quantity)"
				 "  from fulfillment.orders o"
				 " where o.merchant_id = $1 and o.order_id = $2"
				 "   for update of o",
				 INT4OID, INT8OID);

static FfStatement find_order = FF_STATEMENT(
	"select order_id from fulfillment.shipments where merchant_id = $1 and shipment_id = $2",
	INT4OID, INT8OID);

static FfStatement lock_shipments = FF_STATEMENT(
	"select s.shipment_id, s.number, s.reference, s.provider_id, s.location_id, s.service_id,"
	"       s.state, s.provider_reference, s.cancel_pending, s.attempt, s.stop_deadline,"
	"       p.integration, p.connection_id, l.provider_id is null, s.capacity_day, s.progress,"
	"       s.stop, p.stop_within, s.shipped_after_cancel, s.shipped_at"
	"  from fulfillment.shipments s"
	"  join fulfillment.providers p on p.merchant_id = $1 and p.provider_id = s.provider_id"
	"  join fulfillment.locations l on l.merchant_id = $1 and l.location_id = s.location_id"
	" where s.merchant_id = $1 and s.order_id = $2 and ($3 is null or s.shipment_id = $3)"
	" order by s.shipment_id"
	"   for update of s",
	INT4OID, INT8OID, INT8OID);

static FfStatement read_lines = FF_STATEMENT(
	"select shipment_id, line, item_id, quantity, shipped, short, over_shipped from fulfillment.shipment_lines"
	" where merchant_id = $1 and order_id = $2 order by shipment_id, line",
	INT4OID, INT8OID);

/* $4: when it happened, $5: now, $6: the state ends the shipment */
static FfStatement save_state = FF_STATEMENT(
	"update fulfillment.shipments set state = $3,"
	"  submitted_at = case when $3 = 'submitting' then $5 else submitted_at end,"
	"  accepted_at = case when $3 = 'accepted' then coalesce(accepted_at, $5) else accepted_at end,"
	"  shipped_at = case when $3 = 'shipped' then coalesce(shipped_at, $4)"
	"                    when $3 = 'accepted' then null else shipped_at end,"
	"  delivered_at = case when $3 = 'delivered' then $4 else delivered_at end,"
	"  poll_at = case when $3 in ('accepted', 'cancel_requested') then $5 end, polls = 0,"
	"  ended_at = case when $6 then coalesce(ended_at, $4) end"
	" where merchant_id = $1 and shipment_id = $2",
	INT4OID, INT8OID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID, BOOLOID);

TimestampTz
ff_report_time(const FfShipmentReport *report)
{
	return report->at != 0 ? report->at : GetCurrentTransactionStartTimestamp();
}

FfShipmentLine *
ff_shipment_line(FfShipment *shipment, int32 line)
{
	for (int i = 0; i < shipment->line_count; i++)
		if (shipment->lines[i].line == line)
			return &shipment->lines[i];
	return NULL;
}

int32
ff_reported_units(const FfShipmentReport *report, const FfShipmentLine *line, bool shortage)
{
	if (report->lines == NULL)
		return open_units(line);
	for (int i = 0; i < report->line_count; i++)
		if (report->lines[i].line == line->line)
			return shortage ? report->lines[i].short_quantity : report->lines[i].shipped;
	return 0;
}

static void
load_lines(FfShipment **shipments, int count, int32 merchant_id, int64 order_id)
{
	FfRows rows = ff_run(&read_lines, ff_int4(merchant_id), ff_int8(order_id));

	for (int i = 0; i < count; i++)
		shipments[i]->lines = palloc(sizeof(FfShipmentLine) * Max(rows.count, 1));
	for (uint64 row = 0; row < rows.count; row++)
		for (int i = 0; i < count; i++)
			if (shipments[i]->shipment_id == ff_row_int8(&rows, row, 1))
				shipments[i]->lines[shipments[i]->line_count++] =
					(FfShipmentLine){.line = ff_row_int4(&rows, row, 2),
									 .item_id = ff_row_int8(&rows, row, 3),
									 .quantity = ff_row_int4(&rows, row, 4),
									 .shipped = ff_row_int4(&rows, row, 5),
									 .short_quantity = ff_row_int4(&rows, row, 6),
									 .over_shipped = ff_row_int4(&rows, row, 7)};
}

static FfShipment *
load_row(const FfRows *rows, uint64 row)
{
	FfShipment *shipment = palloc0(sizeof(FfShipment));

	shipment->shipment_id = ff_row_int8(rows, row, 1);
	shipment->number = ff_row_int4(rows, row, 2);
	shipment->reference = ff_row_text(rows, row, 3);
	shipment->provider_id = ff_row_int8(rows, row, 4);
	shipment->location_id = ff_row_int8(rows, row, 5);
	shipment->service_id = ff_row_int8(rows, row, 6);
	shipment->state = ff_state_from_name(FF_MACHINE_SHIPMENT, ff_row_text(rows, row, 7));
	shipment->provider_reference = ff_row_text(rows, row, 8);
	shipment->cancel_pending = ff_row_bool(rows, row, 9);
	shipment->attempt = ff_row_int4(rows, row, 10);
	shipment->stop_deadline = ff_row_time(rows, row, 11);
	shipment->integration = ff_row_text(rows, row, 12);
	shipment->connection_id = ff_row_int8(rows, row, 13);
	shipment->own_location = ff_row_bool(rows, row, 14);
	shipment->capacity_day = ff_row_text(rows, row, 15);
	shipment->progress = ff_row_text(rows, row, 16);
	shipment->stop = ff_row_text(rows, row, 17);
	shipment->stop_within = ff_row_text(rows, row, 18);
	shipment->shipped_after_cancel = ff_row_bool(rows, row, 19);
	shipment->shipped_at = ff_row_time(rows, row, 20);
	return shipment;
}

static FfShipment **
lock(int32 merchant_id, int64 order_id, int64 shipment_id, int *count)
{
	FfRows order = ff_run(&lock_order, ff_int4(merchant_id), ff_int8(order_id));
	char *order_state = ff_row_text(&order, 0, 2);
	TimestampTz not_before = ff_row_time(&order, 0, 3);
	bool held = ff_row_bool(&order, 0, 4);
	bool payment_ready = ff_row_bool(&order, 0, 5);
	bool order_waits = ff_row_bool(&order, 0, 6);
	FfRows rows =
		ff_run(&lock_shipments, ff_int4(merchant_id), ff_int8(order_id), ff_id(shipment_id));
	FfShipment **shipments = palloc(sizeof(FfShipment *) * Max(rows.count, 1));

	for (uint64 i = 0; i < rows.count; i++)
	{
		shipments[i] = load_row(&rows, i);
		shipments[i]->merchant_id = merchant_id;
		shipments[i]->order_id = order_id;
		shipments[i]->order_state = order_state;
		shipments[i]->not_before = not_before;
		shipments[i]->held = held;
		shipments[i]->payment_ready = payment_ready;
		shipments[i]->order_waits = order_waits;
	}
	*count = (int) rows.count;
	load_lines(shipments, *count, merchant_id, order_id);
	return shipments;
}

FfShipment *
ff_shipment_lock(int32 merchant_id, int64 shipment_id)
{
	FfRows rows = ff_run(&find_order, ff_int4(merchant_id), ff_int8(shipment_id));
	int count = 0;
	FfShipment **found = NULL;

	if (rows.count == 1)
		found = lock(merchant_id, ff_row_int8(&rows, 0, 1), shipment_id, &count);
	if (count == 0)
		ereport(ERROR,
				(errcode(FF_ERR_UNKNOWN_OBJECT),
				 errmsg("unknown shipment %lld", (long long) shipment_id),
				 errdetail("Merchant %d has no such shipment.", merchant_id),
				 errhint("Look at the view fulfillment.shipment_status.")));
	return found[0];
}

FfShipment **
ff_shipments_of_order(int32 merchant_id, int64 order_id, int *count)
{
	return lock(merchant_id, order_id, 0, count);
}

void
ff_shipment_note(FfShipment *shipment, const char *event, const char *cause, const char *before,
				 const char *after)
{
	FfHistory row = {.merchant_id = shipment->merchant_id,
					 .subject_kind = "shipment",
					 .subject_id = shipment->shipment_id,
					 .order_id = shipment->order_id,
					 .event = event,
					 .from_state = ff_state_name(FF_MACHINE_SHIPMENT, shipment->state),
					 .to_state = ff_state_name(FF_MACHINE_SHIPMENT, shipment->state),
					 .cause = cause,
					 .before = before,
					 .after = after};

	ff_history_add(&row, 1);
}

static int
state(void *subject)
{
	return ((FfShipment *) subject)->state;
}

static void
save(void *subject, int to)
{
	FfShipment *shipment = subject;

	ff_run(&save_state,
		   ff_int4(shipment->merchant_id),
		   ff_int8(shipment->shipment_id),
		   ff_text(ff_state_name(FF_MACHINE_SHIPMENT, to)),
		   ff_time(shipment->event_at),
		   ff_time(GetCurrentTransactionStartTimestamp()),
		   ff_bool(ff_state_is_final(FF_MACHINE_SHIPMENT, to)));
	shipment->state = to;
}

static void
record(void *subject, const FfTransition *transition, int from, const void *payload)
{
	FfShipment *shipment = subject;
	const FfShipmentReport *report = payload;
	FfHistory row = {.merchant_id = shipment->merchant_id,
					 .subject_kind = "shipment",
					 .subject_id = shipment->shipment_id,
					 .order_id = shipment->order_id,
					 .event = ff_event_name(FF_MACHINE_SHIPMENT, shipment->event),
					 .from_state = ff_state_name(FF_MACHINE_SHIPMENT, from),
					 .to_state = ff_state_name(FF_MACHINE_SHIPMENT, shipment->state),
					 .cause = report->cause};

	if (report->code != NULL || report->message != NULL)
	{
		FfJsonWriter after;

		ff_write_init(&after);
		ff_write_object(&after, NULL);
		ff_write_text(&after, "code", report->code);
		ff_write_text(&after, "message", report->message);
		ff_write_text(&after, "field", report->field);
		row.after = ff_write_finish(&after);
	}
	ff_history_add(&row, 1);
}

static FfMachineDriver driver = {
	.machine = FF_MACHINE_SHIPMENT,
	.effects =
		{
			[FF_EFFECT_NOTIFY] = ff_notify_shipment,
			[FF_EFFECT_UPDATE_CHANNEL] = ff_update_channel,
			[FF_EFFECT_ALERT] = ff_alert,
			[FF_EFFECT_RAISE_ATTENTION] = ff_raise_attention,
			[FF_EFFECT_ESCALATE] = ff_escalate,
			[FF_EFFECT_ENQUEUE_CREATE] = ff_enqueue_create,
			[FF_EFFECT_ENQUEUE_UPDATE] = ff_enqueue_update,
			[FF_EFFECT_DROP_TASK] = ff_drop_task,
			[FF_EFFECT_STAMP_ATTEMPT] = ff_stamp_attempt,
			[FF_EFFECT_SCHEDULE_LOOKUP] = ff_schedule_lookup,
			[FF_EFFECT_STORE_ACCEPTANCE] = ff_store_acceptance,
			[FF_EFFECT_STORE_PROGRESS] = ff_store_progress,
			[FF_EFFECT_VOID_DOCUMENTS] = ff_void_documents,
			[FF_EFFECT_REJECTION_POLICY] = ff_rejection_policy,
			[FF_EFFECT_REDUCE_LINES] = ff_reduce_lines,
			[FF_EFFECT_RECORD_SHORTAGE] = ff_record_shortage,
			[FF_EFFECT_ASSIGN_REST] = ff_assign_rest,
			[FF_EFFECT_SHIP_STOCK] = ff_ship_stock,
			[FF_EFFECT_SPLIT_REMAINDER] = ff_split_remainder,
			[FF_EFFECT_MOVE_LINES] = ff_move_lines,
			[FF_EFFECT_RELEASE_REMAINDER] = ff_release_remainder,
			[FF_EFFECT_CAPTURE] = ff_capture,
			[FF_EFFECT_RECORD_OVER_SHIP] = ff_record_over_ship,
			[FF_EFFECT_RETAKE_STOCK] = ff_retake_stock,
			[FF_EFFECT_REVERSE_SHIPPING] = ff_reverse_shipping,
			[FF_EFFECT_FLAG_SHIPPED_AFTER_CANCEL] = ff_flag_shipped_after_cancel,
			[FF_EFFECT_EXPECT_RETURN] = ff_expect_return,
			[FF_EFFECT_OFFER_RETURN] = ff_offer_return,
			[FF_EFFECT_FREEZE] = ff_freeze,
			[FF_EFFECT_UNFREEZE] = ff_unfreeze,
			[FF_EFFECT_REQUEST_STOP] = ff_request_stop,
			[FF_EFFECT_WITHDRAW_STOP] = ff_withdraw_stop,
			[FF_EFFECT_RECORD_STOPPED] = ff_record_stopped,
			[FF_EFFECT_RECORD_TOO_LATE] = ff_record_too_late,
			[FF_EFFECT_MARK_CANCEL_PENDING] = ff_mark_cancel_pending,
			[FF_EFFECT_REQUEST_CANCEL] = ff_request_cancel,
			[FF_EFFECT_RELEASE_STOCK] = ff_release_stock,
			[FF_EFFECT_RESTOCK_IF_PICKED] = ff_restock_if_picked,
			[FF_EFFECT_COUNT_DELIVERED] = ff_count_delivered,
			[FF_EFFECT_SET_DELIVERED] = ff_set_delivered,
			[FF_EFFECT_OPEN_CLAIM] = ff_open_claim,
			[FF_EFFECT_CLOSE_CLAIM] = ff_close_claim,
			[FF_EFFECT_ALERT_IF_RESHIPPED] = ff_alert_if_reshipped,
			[FF_EFFECT_EDIT_SHIPMENT] = ff_edit_shipment,
			[FF_EFFECT_CLEAR_ESTIMATE] = ff_clear_estimate,
			[FF_EFFECT_EXCLUDE_LOCATION] = ff_exclude_location,
		},
	.state = state,
	.save = save,
	.record = record,
};

static const FfMachineDriver *
the_driver(void)
{
	if (driver.guards[FF_GUARD_NOT_HELD] == NULL)
		memcpy(driver.guards, ff_shipment_guards, sizeof(driver.guards));
	return &driver;
}

bool
ff_shipment_may(FfShipment *shipment, FfShipmentEvent event, const FfShipmentReport *report)
{
	shipment->event = event;
	return ff_machine_would(the_driver(), shipment, event, report) != NULL;
}

FfVerdict
ff_shipment_apply(FfShipment *shipment, FfShipmentEvent event, const FfShipmentReport *report)
{
	FfVerdict verdict;

	shipment->event = event;
	shipment->event_at = ff_report_time(report);
	shipment->from = shipment->state;
	verdict = ff_machine_apply(the_driver(), shipment, event, report);
	if (verdict.step == FF_STEP_CHANGED)
		ff_lines_recount(shipment->merchant_id, &shipment->order_id, 1);
	if (verdict.step == FF_STEP_CHANGED && shipment->state == FF_SHIPMENT_CANCELLED)
		ff_record_stopped(shipment, report);
	if (verdict.step == FF_STEP_REFUSED)
		ff_shipment_note(shipment,
						 psprintf("%s_refused", ff_event_name(FF_MACHINE_SHIPMENT, event)),
						 psprintf("%s: %s", report->cause, verdict.reason),
						 NULL,
						 NULL);
	return verdict;
}
