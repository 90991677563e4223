/*
 * return.c
 *
 * Locks and loads returns and moves them by the transition table.  What an
 * event does stands in the files that parts.h names; this one brings state,
 * save, record and the arrays together.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"

#include "orders/settle.h"
#include "pg/errors.h"
#include "returns/parts.h"
#include "tasks/history.h"

/* The order is locked before the return; a parcel nobody announced has none. */
static FfStatement lock_order =
	FF_STATEMENT("select o.order_id from fulfillment.returns r"
				 "  join fulfillment.orders o on o.merchant_id = $1 and o.order_id = r.order_id"
				 " where r.merchant_id = $1 and r.return_id = $2 for update of o",
				 INT4OID, INT8OID);

static FfStatement lock_return =
	FF_STATEMENT("select r.order_id, r.shipment_id, r.kind, r.state, r.location_id,"
				 "       m.reference_prefix || '-R' || r.return_id, r.late,"
				 "       r.refund_asked"
				 "  from fulfillment.returns r"
				 "  join fulfillment.merchants m on m.merchant_id = $1"
				 " where r.merchant_id = $1 and r.return_id = $2 for update of r",
				 INT4OID, INT8OID);

static FfStatement read_lines =
	FF_STATEMENT("select line, item_id, quantity, received, missing from fulfillment.return_lines"
				 " where merchant_id = $1 and return_id = $2 order by line",
				 INT4OID, INT8OID);

static FfStatement insert_return = FF_STATEMENT(
	"insert into fulfillment.returns as r (merchant_id, order_id, shipment_id, kind, state, reason,"
	"       location_id, created_at)"
	" values ($1, $2, $3, $4, $5, $6, $7, $8)"
	" returning r.return_id, (select m.reference_prefix from fulfillment.merchants m"
	"                          where m.merchant_id = $1) || '-R' || r.return_id",
	INT4OID, INT8OID, INT8OID, TEXTOID, TEXTOID, TEXTOID, INT8OID, TIMESTAMPTZOID);

static FfStatement save_state =
	FF_STATEMENT("update fulfillment.returns set state = $3, ended_at = $4"
				 " where merchant_id = $1 and return_id = $2",
				 INT4OID, INT8OID, TEXTOID, TIMESTAMPTZOID);

void
ff_return_refresh(FfReturn *subject)
{
	FfRows rows = ff_run(&read_lines, ff_int4(subject->merchant_id), ff_int8(subject->return_id));

	subject->lines = palloc0(sizeof(FfReturnLine) * Max(rows.count, 1));
	subject->line_count = (int) rows.count;
	for (uint64 i = 0; i < rows.count; i++)
		subject->lines[i] = (FfReturnLine){.line = ff_row_int4(&rows, i, 1),
										   .item_id = ff_row_int8(&rows, i, 2),
										   .quantity = ff_row_int4(&rows, i, 3),
										   .received = ff_row_int4(&rows, i, 4),
										   .missing = ff_row_int4(&rows, i, 5)};
	rows = ff_run(&lock_return, ff_int4(subject->merchant_id), ff_int8(subject->return_id));
	subject->order_id = ff_row_int8(&rows, 0, 1);
	subject->shipment_id = ff_row_int8(&rows, 0, 2);
	subject->kind = ff_row_text(&rows, 0, 3);
	subject->state = ff_state_from_name(FF_MACHINE_RETURN, ff_row_text(&rows, 0, 4));
	subject->location_id = ff_row_int8(&rows, 0, 5);
	subject->number = ff_row_text(&rows, 0, 6);
	subject->late = ff_row_bool(&rows, 0, 7);
	subject->asked = ff_row_text(&rows, 0, 8);
}

FfReturn *
ff_return_lock(int32 merchant_id, int64 return_id)
{
	FfReturn *subject = palloc0(sizeof(FfReturn));

	ff_run(&lock_order, ff_int4(merchant_id), ff_int8(return_id));
	if (ff_run(&lock_return, ff_int4(merchant_id), ff_int8(return_id)).count == 0)
		ereport(ERROR,
				(errcode(FF_ERR_UNKNOWN_OBJECT),
				 errmsg("unknown return %lld", (long long) return_id),
				 errdetail("Merchant %d has no such return.", merchant_id),
				 errhint("Look at the table fulfillment.returns.")));
	subject->merchant_id = merchant_id;
	subject->return_id = return_id;
	ff_return_refresh(subject);
	return subject;
}

FfReturn *
ff_return_new(int32 merchant_id, int64 order_id, const char *kind)
{
	FfReturn *subject = palloc0(sizeof(FfReturn));

	subject->merchant_id = merchant_id;
	subject->order_id = order_id;
	subject->kind = kind;
	subject->from_nothing = true;
	subject->asked = "0";
	return subject;
}

static int
state(void *argument)
{
	FfReturn *subject = argument;

	return subject->from_nothing ? FF_STATE_NONE : (int) subject->state;
}

static void
save(void *argument, int to)
{
	FfReturn *subject = argument;
	const char *name = ff_state_name(FF_MACHINE_RETURN, to);
	TimestampTz now = GetCurrentTransactionStartTimestamp();
	FfRows rows;

	subject->state = to;
	if (!subject->from_nothing)
	{
		ff_run(&save_state,
			   ff_int4(subject->merchant_id),
			   ff_int8(subject->return_id),
			   ff_text(name),
			   ff_state_is_final(FF_MACHINE_RETURN, to) ? ff_time(now) : ff_null());
		return;
	}
	rows = ff_run(&insert_return,
				  ff_int4(subject->merchant_id),
				  ff_id(subject->order_id),
				  ff_id(subject->shipment_id),
				  ff_text(subject->kind),
				  ff_text(name),
				  ff_null(),
				  ff_id(subject->location_id),
				  ff_time(now));
	subject->from_nothing = false;
	subject->return_id = ff_row_int8(&rows, 0, 1);
	subject->number = ff_row_text(&rows, 0, 2);
}

static void
record(void *argument, const FfTransition *transition, int from, const void *payload)
{
	FfReturn *subject = argument;
	const FfReturnRequest *request = payload;
	FfHistory row = {.merchant_id = subject->merchant_id,
					 .subject_kind = "return",
					 .subject_id = subject->return_id,
					 .order_id = subject->order_id,
					 .event = ff_event_name(FF_MACHINE_RETURN, subject->event),
					 .from_state = ff_state_name(FF_MACHINE_RETURN, from),
					 .to_state = ff_state_name(FF_MACHINE_RETURN, subject->state),
					 .cause = request->reason == NULL
								  ? request->cause
								  : psprintf("%s: %s", request->cause, request->reason)};

	ff_history_add(&row, 1);
}

static FfMachineDriver driver = {
	.machine = FF_MACHINE_RETURN,
	.effects =
		{
			[FF_EFFECT_NOTIFY] = ff_return_notify,
			[FF_EFFECT_UPDATE_CHANNEL] = ff_return_update_channel,
			[FF_EFFECT_RAISE_ATTENTION] = ff_refund_attention,
			[FF_EFFECT_STORE_RETURN] = ff_store_return,
			[FF_EFFECT_CHOOSE_RETURN_LOCATION] = ff_choose_return_location,
			[FF_EFFECT_ENQUEUE_ANNOUNCE] = ff_enqueue_announce,
			[FF_EFFECT_PLAN_REPLACEMENT] = ff_plan_replacement,
			[FF_EFFECT_STORE_RECEIPT] = ff_store_receipt,
			[FF_EFFECT_FLAG_LATE] = ff_flag_late,
			[FF_EFFECT_RELEASE_REPLACEMENT] = ff_release_replacement,
			[FF_EFFECT_SETTLE_REPLACEMENT] = ff_settle_replacement,
			[FF_EFFECT_COMPUTE_REFUND] = ff_compute_refund,
			[FF_EFFECT_ENQUEUE_REFUND] = ff_enqueue_refund,
			[FF_EFFECT_CANCEL_ANNOUNCEMENT] = ff_cancel_announcement,
			[FF_EFFECT_RANK_CANDIDATES] = ff_rank_candidates,
			[FF_EFFECT_BIND_RETURN] = ff_bind_return,
		},
	.state = state,
	.save = save,
	.record = record,
};

static const FfMachineDriver *
the_driver(void)
{
	if (driver.guards[FF_GUARD_NEW_RECEIPT] == NULL)
		memcpy(driver.guards, ff_return_guards, sizeof(driver.guards));
	return &driver;
}

bool
ff_return_may(FfReturn *subject, FfReturnEvent event, const FfReturnRequest *request)
{
	const FfTransition *row = ff_machine_would(the_driver(), subject, event, request);

	return row != NULL && row->step == FF_STEP_CHANGED;
}

FfVerdict
ff_return_apply(FfReturn *subject, FfReturnEvent event, const FfReturnRequest *request)
{
	FfReturnEvent outer = subject->event;
	FfVerdict verdict;

	subject->event = event;
	verdict = ff_machine_apply(the_driver(), subject, event, request);
	if (verdict.step == FF_STEP_CHANGED)
		ff_return_refresh(subject);
	subject->event = outer;
	return verdict;
}

void
ff_return_demand(FfReturn *subject, FfReturnEvent event, const FfReturnRequest *request)
{
	FfVerdict verdict = ff_return_apply(subject, event, request);

	if (verdict.step == FF_STEP_REFUSED)
		ereport(ERROR,
				(errcode(FF_ERR_REFUSED_EVENT),
				 subject->return_id != 0
					 ? errmsg("cannot %s return %lld",
							  ff_event_name(FF_MACHINE_RETURN, event),
							  (long long) subject->return_id)
					 : errmsg("cannot %s a return", ff_event_name(FF_MACHINE_RETURN, event)),
				 errdetail("The %s.", verdict.reason),
				 errhint("View fulfillment.lifecycle tells what can happen to a return in each "
						 "state.")));
}

void
ff_return_go_on(FfReturn *subject, const FfReturnRequest *request)
{
	if (ff_return_may(subject, FF_RETURN_EVENT_ACCOUNTED, request))
		ff_return_apply(subject, FF_RETURN_EVENT_ACCOUNTED, request);
	if (ff_return_may(subject, FF_RETURN_EVENT_NO_REFUND, request))
		ff_return_apply(subject, FF_RETURN_EVENT_NO_REFUND, request);
	else if (subject->state == FF_RETURN_RECEIVED && !request->by_person &&
			 ff_refund_needs_word(subject))
		ff_refund_attention(subject, request);
	else if (ff_return_may(subject, FF_RETURN_EVENT_REFUND, request))
		ff_return_apply(subject, FF_RETURN_EVENT_REFUND, request);
	if (subject->order_id != 0)
		ff_order_settle(subject->merchant_id, subject->order_id, request->cause);
}

void
ff_return_paid(int32 merchant_id, int64 return_id, bool paid, const char *amount, const char *cause)
{
	FfReturn *subject = ff_return_lock(merchant_id, return_id);
	FfReturnRequest request = {.cause = cause};

	ff_refund_ended(subject, paid, amount);
	ff_return_apply(
		subject, paid ? FF_RETURN_EVENT_REFUNDED : FF_RETURN_EVENT_REFUND_FAILED, &request);
	if (subject->order_id != 0)
		ff_order_settle(merchant_id, subject->order_id, cause);
}
