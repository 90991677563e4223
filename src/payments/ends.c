/*
 * ends.c
 *
 * How steps of payment end: taken back before anybody began, done, or refused
 * by the gateway; see payments.h.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"

#include "payments/payments.h"
#include "pg/spi.h"
#include "tasks/history.h"
#include "tasks/task.h"

static FfStatement take_back = FF_STATEMENT(
	"with gone as ("
	"  delete from fulfillment.tasks t using fulfillment.payments p"
	"   where p.merchant_id = $1 and p.shipment_id = $2 and p.kind = 'capture'"
	"     and p.state in ('pending', 'refused')"
	"     and t.merchant_id = $1 and t.subject_kind = 'order' and t.subject_id = p.order_id"
	"     and t.operation = 'capture' and (t.payload ->> 'payment_id')::bigint = p.payment_id"
	"     and t.state <> 'leased' and not t.in_doubt"
	"  returning p.payment_id)"
	" update fulfillment.payments p set state = 'cancelled', settled_at = $3 from gone"
	"  where p.merchant_id = $1 and p.payment_id = gone.payment_id",
	INT4OID, INT8OID, TIMESTAMPTZOID);

static FfStatement clear_amount = FF_STATEMENT("update fulfillment.shipments set capture_amount = 0"
											   " where merchant_id = $1 and shipment_id = $2",
											   INT4OID, INT8OID);

static FfStatement was_captured =
	FF_STATEMENT("select 1 from fulfillment.payments p"
				 " where p.merchant_id = $1 and p.shipment_id = $2 and p.kind = 'capture'"
				 "   and (p.state = 'done' or p.state = 'pending' and exists ("
				 "        select 1 from fulfillment.tasks t where t.merchant_id = $1"
				 "           and t.subject_kind = 'order' and t.subject_id = p.order_id"
				 "           and t.operation = 'capture'"
				 "           and (t.payload ->> 'payment_id')::bigint = p.payment_id"
				 "           and (t.state = 'leased' or t.in_doubt)))",
				 INT4OID, INT8OID);

static FfStatement lock_order_of =
	FF_STATEMENT("select o.order_id from fulfillment.payments p"
				 "  join fulfillment.orders o on o.merchant_id = $1 and o.order_id = p.order_id"
				 " where p.merchant_id = $1 and p.payment_id = $2 for update of o",
				 INT4OID, INT8OID);

/* A step that the gateway refused may be tried again by a person, and end otherwise. */
static FfStatement end_step =
	FF_STATEMENT("update fulfillment.payments set state = $3, settled_at = $4,"
				 "       provider_reference = coalesce($5, provider_reference),"
				 "       error_code = $6, error_message = $7"
				 " where merchant_id = $1 and payment_id = $2 and state in ('pending', 'refused')"
				 " returning order_id, kind, coalesce(return_id, 0), reference, amount, currency",
				 INT4OID, INT8OID, TEXTOID, TIMESTAMPTZOID, TEXTOID, TEXTOID, TEXTOID);

static FfStatement steps_of_return = FF_STATEMENT(
	"select count(*) filter (where state = 'pending'), count(*) filter (where state = 'refused')"
	"  from fulfillment.payments"
	" where merchant_id = $1 and order_id = $2 and return_id = $3 and kind = 'refund'",
	INT4OID, INT8OID, INT8OID);

void
ff_payment_take_back(int32 merchant_id, int64 order_id, int64 shipment_id)
{
	ff_run(&take_back,
		   ff_int4(merchant_id),
		   ff_int8(shipment_id),
		   ff_time(GetCurrentTransactionStartTimestamp()));
	ff_run(&clear_amount, ff_int4(merchant_id), ff_int8(shipment_id));
}

bool
ff_payment_was_captured(int32 merchant_id, int64 shipment_id)
{
	return ff_run(&was_captured, ff_int4(merchant_id), ff_int8(shipment_id)).count > 0;
}

static void
record(const FfPaymentEnd *end, const FfRows *step)
{
	static const struct
	{
		const char *kind;
		const char *done;
		const char *refused;
	} events[] = {
		{"capture", "captured", "capture_refused"},
		{"refund", "refunded", "refund_refused"},
		{"void", "voided", "void_refused"},
	};
	char *kind = ff_row_text(step, 0, 2);
	FfHistory row = {.merchant_id = end->merchant_id,
					 .subject_kind = "order",
					 .subject_id = end->order_id,
					 .order_id = end->order_id,
					 .cause = end->cause};
	FfJsonWriter after;

	for (int i = 0; i < (int) lengthof(events); i++)
		if (strcmp(events[i].kind, kind) == 0)
			row.event = end->done ? events[i].done : events[i].refused;
	ff_write_init(&after);
	ff_write_object(&after, NULL);
	ff_write_text(&after, "reference", ff_row_text(step, 0, 4));
	ff_write_number(&after, "amount", ff_row_text(step, 0, 5));
	ff_write_text(&after, "currency", ff_row_text(step, 0, 6));
	ff_write_text(&after, "code", end->code);
	ff_write_text(&after, "message", end->message);
	row.after = ff_write_finish(&after);
	ff_history_add(&row, 1);
}

bool
ff_payment_end(FfPaymentEnd *end)
{
	FfRows rows = ff_run(&lock_order_of, ff_int4(end->merchant_id), ff_int8(end->payment_id));

	end->order_id = rows.count > 0 ? ff_row_int8(&rows, 0, 1) : 0;
	end->return_id = 0;
	rows = ff_run(&end_step,
				  ff_int4(end->merchant_id),
				  ff_int8(end->payment_id),
				  ff_text(end->done ? "done" : "refused"),
				  ff_time(GetCurrentTransactionStartTimestamp()),
				  ff_text(end->provider_reference),
				  ff_text(end->code),
				  ff_text(end->message));
	if (rows.count == 0)
		return false;
	end->return_id = ff_row_int8(&rows, 0, 3);
	record(end, &rows);
	if (end->return_id != 0)
	{
		rows = ff_run(&steps_of_return,
					  ff_int4(end->merchant_id),
					  ff_int8(end->order_id),
					  ff_int8(end->return_id));
		end->return_settled = ff_row_int8(&rows, 0, 1) == 0;
		end->return_paid = end->return_settled && ff_row_int8(&rows, 0, 2) == 0;
	}
	ff_payment_release(end->merchant_id, end->order_id);
	return true;
}
