/*
 * shipment.c
 *
 * Moves shipments by the transition table; see shipment.h.  What an event does
 * stands in the files that parts.h names; this one only brings state, save,
 * record and the arrays together.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/timestamp.h"

#include "pg/errors.h"
#include "pg/spi.h"
#include "shipping/parts.h"
#include "tasks/history.h"

/*
 * $4: now, $5: the state ends the shipment, $6: attempts more; u: when it
 * happened, and what the provider said of it
 */
static FfStatement save_states = FF_STATEMENT(
	"update fulfillment.shipments s set state = $3,"
	"  submitted_at = case when $3 = 'submitting' then $4 else s.submitted_at end,"
	"  accepted_at = case when $3 = 'accepted' then coalesce(s.accepted_at, $4)"
	"                     else s.accepted_at end,"
	"  shipped_at = case when $3 = 'shipped' then coalesce(s.shipped_at, u.at)"
	"                    when $3 = 'accepted' then null else s.shipped_at end,"
	"  delivered_at = case when $3 = 'delivered' then coalesce("
	"                        (select max(p.delivered_at) from fulfillment.packages p"
	"                          where p.merchant_id = $1 and p.shipment_id = s.shipment_id), u.at)"
	"                      else s.delivered_at end,"
	"  tracking_status = case when $3 = 'delivered' then 'delivered' else s.tracking_status end,"
	"  poll_at = case when $3 in ('accepted', 'cancel_requested') then $4 end, polls = 0,"
	"  ended_at = case when $5 then coalesce(s.ended_at, u.at) end, attempt = s.attempt + $6,"
	"  provider_reference = coalesce(u.reference, s.provider_reference),"
	"  cost = coalesce(u.cost::numeric, s.cost), currency = coalesce(u.currency, s.currency),"
	"  estimated_delivery_at = coalesce(u.estimate::timestamptz, s.estimated_delivery_at),"
	"  confirmed_at = coalesce(s.confirmed_at, case when u.confirmed then $4 end),"
	"  error_code = case when u.said then null else s.error_code end,"
	"  error_message = case when u.said then null else s.error_message end"
	" from unnest($2, $7, $8, $9, $10, $11, $12, $13)"
	"   as u(shipment_id, at, said, reference, cost, currency, estimate, confirmed)"
	" where s.merchant_id = $1 and s.shipment_id = u.shipment_id",
	INT4OID, INT8ARRAYOID, TEXTOID, TIMESTAMPTZOID, BOOLOID, INT4OID, TIMESTAMPTZARRAYOID,
	BOOLARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, BOOLARRAYOID);

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

static bool
has_effect(const FfTransition *row, FfEffect effect)
{
	for (int i = 0; i < FF_MAX_EFFECTS; i++)
		if (row->effects[i] == effect)
			return true;
	return false;
}

/*
 * What may come with a state is written in the same version of the row, as a
 * second one in the same transaction costs all its foreign keys again: another
 * attempt, what the provider said, and that it arrived.
 */
static void
save(void **subjects, const FfTransition *row, int to, const void **payloads, int count)
{
	FfShipment **shipments = (FfShipment **) subjects;
	bool hears =
		has_effect(row, FF_EFFECT_STORE_ACCEPTANCE) || has_effect(row, FF_EFFECT_SHIP_STOCK);
	int attempts = has_effect(row, FF_EFFECT_STAMP_ATTEMPT) ? 1 : 0;
	FfColumn said[FF_SAID_COLUMNS];
	FfColumn at;

	ff_said_columns(said, shipments, hears ? (const FfShipmentReport **) payloads : NULL, count);
	ff_column_init(&at, TIMESTAMPTZOID);
	for (int i = 0; i < count; i++)
	{
		FfShipment *shipment = shipments[i];

		ff_column_add(&at, ff_time(shipment->event_at));
		shipment->state = to;
		shipment->attempt += attempts;
		if (to == FF_SHIPMENT_SHIPPED && shipment->shipped_at == 0)
			shipment->shipped_at = shipment->event_at;
		else if (to == FF_SHIPMENT_ACCEPTED)
			shipment->shipped_at = 0;
	}
	ff_run(&save_states,
		   ff_int4(shipments[0]->merchant_id),
		   ff_column(&said[0]),
		   ff_text(ff_state_name(FF_MACHINE_SHIPMENT, to)),
		   ff_time(GetCurrentTransactionStartTimestamp()),
		   ff_bool(ff_state_is_final(FF_MACHINE_SHIPMENT, to)),
		   ff_int4(attempts),
		   ff_column(&at),
		   ff_column(&said[1]),
		   ff_column(&said[2]),
		   ff_column(&said[3]),
		   ff_column(&said[4]),
		   ff_column(&said[5]),
		   ff_column(&said[6]));
}

/* Effects that save() has written with the state. */
static void
written_with_state(void **subjects, const void **payloads, int count)
{
}

/* The line of history about the event that was just applied. */
static FfHistory
step_of(const FfShipment *shipment, int from, const FfShipmentReport *report)
{
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
	return row;
}

static void
record(void **subjects, const FfTransition *transition, int from, const void **payloads, int count)
{
	FfHistory *rows = palloc(sizeof(FfHistory) * count);

	for (int i = 0; i < count; i++)
		rows[i] = step_of(subjects[i], from, payloads[i]);
	ff_history_add(rows, count);
}

static FfMachineDriver driver = {
	.machine = FF_MACHINE_SHIPMENT,
	.effects =
		{
			[FF_EFFECT_ALERT] = ff_alert,
			[FF_EFFECT_RAISE_ATTENTION] = ff_raise_attention,
			[FF_EFFECT_ESCALATE] = ff_escalate,
			[FF_EFFECT_ENQUEUE_CREATE] = ff_enqueue_create,
			[FF_EFFECT_ENQUEUE_UPDATE] = ff_enqueue_update,
			[FF_EFFECT_DROP_TASK] = ff_drop_task,
			[FF_EFFECT_SCHEDULE_LOOKUP] = ff_schedule_lookup,
			[FF_EFFECT_STORE_PROGRESS] = ff_store_progress,
			[FF_EFFECT_VOID_DOCUMENTS] = ff_void_documents,
			[FF_EFFECT_REJECTION_POLICY] = ff_rejection_policy,
			[FF_EFFECT_REDUCE_LINES] = ff_reduce_lines,
			[FF_EFFECT_RECORD_SHORTAGE] = ff_record_shortage,
			[FF_EFFECT_ASSIGN_REST] = ff_assign_rest,
			[FF_EFFECT_MOVE_LINES] = ff_move_lines,
			[FF_EFFECT_RELEASE_REMAINDER] = ff_release_remainder,
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
			[FF_EFFECT_MARK_CANCEL_PENDING] = ff_mark_cancel_pending,
			[FF_EFFECT_REQUEST_CANCEL] = ff_request_cancel,
			[FF_EFFECT_RELEASE_STOCK] = ff_release_stock,
			[FF_EFFECT_RESTOCK_IF_PICKED] = ff_restock_if_picked,
			[FF_EFFECT_OPEN_CLAIM] = ff_open_claim,
			[FF_EFFECT_CLOSE_CLAIM] = ff_close_claim,
			[FF_EFFECT_ALERT_IF_RESHIPPED] = ff_alert_if_reshipped,
			[FF_EFFECT_EDIT_SHIPMENT] = ff_edit_shipment,
			[FF_EFFECT_CLEAR_ESTIMATE] = ff_clear_estimate,
			[FF_EFFECT_EXCLUDE_LOCATION] = ff_exclude_location,
		},
	.shared =
		{
			[FF_EFFECT_NOTIFY] = ff_notify_shipment,
			[FF_EFFECT_UPDATE_CHANNEL] = ff_update_channel,
			[FF_EFFECT_STAMP_ATTEMPT] = written_with_state,
			[FF_EFFECT_STORE_ACCEPTANCE] = ff_store_acceptance,
			[FF_EFFECT_SHIP_STOCK] = ff_ship_stock,
			[FF_EFFECT_SPLIT_REMAINDER] = ff_split_remainder,
			[FF_EFFECT_CAPTURE] = ff_capture,
			[FF_EFFECT_RECORD_TOO_LATE] = ff_record_too_late,
			[FF_EFFECT_COUNT_DELIVERED] = ff_count_delivered,
			[FF_EFFECT_SET_DELIVERED] = written_with_state,
		},
	.state = state,
	.save_all = save,
	.record_all = record,
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
	ff_count_packages(&shipment, event, 1);
	return ff_machine_would(the_driver(), shipment, event, report) != NULL;
}

/* A refusal is history, too. */
static void
note_refusal(FfShipment *shipment, FfShipmentEvent event, const FfShipmentReport *report,
			 const char *reason)
{
	ff_shipment_note(shipment,
					 psprintf("%s_refused", ff_event_name(FF_MACHINE_SHIPMENT, event)),
					 psprintf("%s: %s", report->cause, reason),
					 NULL,
					 NULL);
}

void
ff_shipments_move(FfShipment **shipments, FfShipmentEvent event, const FfShipmentReport *reports,
				  int count, FfVerdict *verdicts)
{
	const void **payloads = palloc(sizeof(void *) * count);

	for (int i = 0; i < count; i++)
	{
		payloads[i] = &reports[i];
		shipments[i]->event = event;
		shipments[i]->event_at = ff_report_time(&reports[i]);
		shipments[i]->from = shipments[i]->state;
	}
	ff_count_packages(shipments, event, count);
	ff_machine_apply_all(the_driver(), (void **) shipments, event, payloads, count, verdicts);
	for (int i = 0; i < count; i++)
	{
		if (verdicts[i].step == FF_STEP_CHANGED && shipments[i]->state == FF_SHIPMENT_CANCELLED)
			ff_record_stopped(shipments[i], &reports[i]);
		if (verdicts[i].step == FF_STEP_REFUSED)
			note_refusal(shipments[i], event, &reports[i], verdicts[i].reason);
	}
}

void
ff_shipments_recount(FfShipment **shipments, int count)
{
	int64 *orders = palloc(sizeof(int64) * count);

	for (int i = 0; i < count; i++)
		orders[i] = shipments[i]->order_id;
	if (count > 0)
		ff_lines_recount(shipments[0]->merchant_id, orders, count);
}

void
ff_shipments_apply(FfShipment **shipments, FfShipmentEvent event, const FfShipmentReport *reports,
				   int count, FfVerdict *verdicts)
{
	FfShipment **changed = palloc(sizeof(FfShipment *) * count);
	int changed_count = 0;

	ff_shipments_move(shipments, event, reports, count, verdicts);
	for (int i = 0; i < count; i++)
		if (verdicts[i].step == FF_STEP_CHANGED)
			changed[changed_count++] = shipments[i];
	ff_shipments_recount(changed, changed_count);
}

FfVerdict
ff_shipment_apply(FfShipment *shipment, FfShipmentEvent event, const FfShipmentReport *report)
{
	FfVerdict verdict;

	ff_shipments_apply(&shipment, event, report, 1, &verdict);
	return verdict;
}
