/*
 * clock.c
 *
 * The duties of time, as a table: which rows are due, and the event each of
 * them gets.  See clock.h.
 *
 * Many orders in one transaction must not make others wait in a circle: orders
 * somebody works on are left to the next round, and the stock they may come to
 * need is locked before the first of them moves.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"

#include "orders/assign.h"
#include "orders/clock.h"
#include "orders/parts.h"
#include "orders/settle.h"
#include "pg/attempt.h"
#include "pg/session.h"
#include "pg/spi.h"
#include "shipping/shipment.h"
#include "stock/ledger.h"
#include "tasks/task.h"

/* Each answers (id, order_id) of what is due at $2, at most $3 of them. */
static FfStatement holds_due = FF_STATEMENT(
	"select hold_id, order_id from fulfillment.holds"
	" where merchant_id = $1 and released_at is null and until <= $2 order by until limit $3",
	INT4OID, TIMESTAMPTZOID, INT4OID);

static FfStatement orders_expired = FF_STATEMENT(
	"select order_id, order_id from fulfillment.orders"
	" where merchant_id = $1 and auto_cancel_at <= $2 and state in ('received', 'open')"
	" order by auto_cancel_at limit $3",
	INT4OID, TIMESTAMPTZOID, INT4OID);

static FfStatement stops_overdue =
	FF_STATEMENT("select shipment_id, order_id from fulfillment.shipments"
				 " where merchant_id = $1 and stop_deadline <= $2 order by stop_deadline limit $3",
				 INT4OID, TIMESTAMPTZOID, INT4OID);

static FfStatement deliveries_assumed = FF_STATEMENT(
	"select s.shipment_id, s.order_id from fulfillment.providers p"
	"  join fulfillment.shipments s on s.merchant_id = $1 and s.provider_id = p.provider_id"
	" where p.merchant_id = $1 and p.assume_delivered_after is not null and s.state = 'shipped'"
	"   and s.shipped_at + p.assume_delivered_after <= $2"
	" order by s.shipped_at limit $3",
	INT4OID, TIMESTAMPTZOID, INT4OID);

/* The date is over, whatever could be cancelled. */
static FfStatement forget_expiry = FF_STATEMENT(
	"update fulfillment.orders set auto_cancel_at = null where merchant_id = $1 and order_id = $2",
	INT4OID, INT8OID);

static FfStatement lock_idle = FF_STATEMENT("select order_id from fulfillment.orders"
											" where merchant_id = $1 and order_id = any ($2)"
											" order by order_id for update skip locked",
											INT4OID, INT8ARRAYOID);

/* What no longer waits for an answer has no time to give one. */
static FfStatement forget_deadline =
	FF_STATEMENT("update fulfillment.shipments set stop_deadline = null"
				 " where merchant_id = $1 and shipment_id = $2",
				 INT4OID, INT8OID);

static FfStatement mark_delivered = FF_STATEMENT(
	"update fulfillment.packages set status = 'delivered', status_at = $3, delivered_at = $3,"
	"       poll_at = null"
	" where merchant_id = $1 and shipment_id = $2",
	INT4OID, INT8OID, TIMESTAMPTZOID);

typedef struct Duty
{
	int32 merchant_id;
	int64 id;
	int64 order_id;
	void (*perform)(void *duty);
} Duty;

static void
end_hold(void *argument)
{
	Duty *duty = argument;
	FfOrder *order = ff_order_lock(duty->merchant_id, duty->order_id);
	FfOrderRequest request = {.cause = "the hold's time is over", .hold_id = duty->id};

	if (ff_order_may(order, FF_ORDER_EVENT_RELEASE, &request))
		ff_order_apply(order, FF_ORDER_EVENT_RELEASE, &request);
	ff_order_settle(duty->merchant_id, duty->order_id, request.cause);
}

static void
expire_order(void *argument)
{
	Duty *duty = argument;
	FfOrder *order = ff_order_lock(duty->merchant_id, duty->order_id);
	FfOrderRequest request = {.cause = "auto_cancel_at was reached", .cancel_reason = "expired"};

	if (ff_order_may(order, FF_ORDER_EVENT_EXPIRE, &request))
		ff_order_apply(order, FF_ORDER_EVENT_EXPIRE, &request);
	ff_run(&forget_expiry, ff_int4(duty->merchant_id), ff_int8(duty->order_id));
	ff_order_settle(duty->merchant_id, duty->order_id, request.cause);
}

static void
give_up_stop(void *argument)
{
	Duty *duty = argument;
	FfShipment *shipment = ff_shipment_lock(duty->merchant_id, duty->id);
	FfShipmentReport report = {.cause = "the stop was not answered in time"};

	if (ff_shipment_may(shipment, FF_SHIPMENT_EVENT_DEADLINE, &report))
		ff_shipment_apply(shipment, FF_SHIPMENT_EVENT_DEADLINE, &report);
	else
		ff_run(&forget_deadline, ff_int4(duty->merchant_id), ff_int8(duty->id));
	ff_order_settle(duty->merchant_id, duty->order_id, report.cause);
}

static void
assume_delivered(void *argument)
{
	Duty *duty = argument;
	FfShipment *shipment = ff_shipment_lock(duty->merchant_id, duty->id);
	FfShipmentReport report = {.cause = "assumed, since its provider cannot be asked"};

	ff_run(&mark_delivered,
		   ff_int4(duty->merchant_id),
		   ff_int8(duty->id),
		   ff_time(GetCurrentTransactionStartTimestamp()));
	ff_shipment_apply(shipment, FF_SHIPMENT_EVENT_DELIVERED, &report);
	ff_order_settle(duty->merchant_id, duty->order_id, report.cause);
}

static const struct
{
	FfStatement *due;
	void (*perform)(void *duty);
} duties[] = {
	{&holds_due, end_hold},
	{&orders_expired, expire_order},
	{&stops_overdue, give_up_stop},
	{&deliveries_assumed, assume_delivered},
};

/* One bad row costs itself only: it is put in front of a person and tried again next time. */
static bool
perform(Duty *duty)
{
	ErrorData *error;

	if (ff_attempt(duty->perform, duty, &error))
		return true;
	ff_attention_open(duty->merchant_id,
					  "clock",
					  duty->order_id,
					  0,
					  0,
					  ff_error_sentence(error),
					  "Mend what it names; it is tried again every minute.");
	return false;
}

/* All that is due, at most max of each kind. */
static Duty *
find_duties(int32 merchant_id, int max, int *count)
{
	TimestampTz now = GetCurrentTransactionStartTimestamp();
	Duty *found = palloc(sizeof(Duty) * lengthof(duties) * Max(max, 1));

	*count = 0;
	for (int i = 0; i < (int) lengthof(duties); i++)
	{
		FfRows rows = ff_run(duties[i].due, ff_int4(merchant_id), ff_time(now), ff_int4(max));

		for (uint64 row = 0; row < rows.count; row++)
			found[(*count)++] = (Duty){.merchant_id = merchant_id,
									   .id = ff_row_int8(&rows, row, 1),
									   .order_id = ff_row_int8(&rows, row, 2),
									   .perform = duties[i].perform};
	}
	return found;
}

/* Locks the orders of duties that nobody works on; answers them, rising. */
static int64 *
lock_orders(int32 merchant_id, const Duty *due, int count, int *locked)
{
	FfColumn orders;
	FfRows rows;
	int64 *ids;

	ff_column_init(&orders, INT8OID);
	for (int i = 0; i < count; i++)
		ff_column_add(&orders, ff_int8(due[i].order_id));
	rows = ff_run(&lock_idle, ff_int4(merchant_id), ff_column(&orders));
	ids = palloc(sizeof(int64) * Max(rows.count, 1));
	for (uint64 i = 0; i < rows.count; i++)
		ids[i] = ff_row_int8(&rows, i, 1);
	*locked = (int) rows.count;
	return ids;
}

int
ff_orders_clock(int32 merchant_id, int max)
{
	int due_count;
	int waiting_count;
	int locked;
	int done = 0;
	Duty *due = find_duties(merchant_id, max, &due_count);
	int64 *orders = lock_orders(merchant_id, due, due_count, &locked);
	int64 *waiting = ff_due_lock(merchant_id, max, &waiting_count);

	if (locked > 0) /* a wave alone locks what it takes, in one go */
	{
		int64 *all = palloc(sizeof(int64) * (locked + waiting_count));

		memcpy(all, orders, sizeof(int64) * locked);
		memcpy(all + locked, waiting, sizeof(int64) * waiting_count);
		ff_stock_lock(merchant_id, all, locked + waiting_count, NULL, 0);
	}
	for (int i = 0; i < due_count; i++)
		if (bsearch(&due[i].order_id, orders, locked, sizeof(int64), ff_compare_ids) != NULL)
			done += perform(&due[i]);
	ff_due_assign(merchant_id, waiting, waiting_count, "due");
	return done + waiting_count;
}

PG_FUNCTION_INFO_V1(fulfillment_expire_due);

/* expire_due(max, merchant_id) → things done */
Datum
fulfillment_expire_due(PG_FUNCTION_ARGS)
{
	int32 merchant_id = PG_GETARG_INT32(1);
	int done;

	ff_require(FF_LEVEL_OPERATOR, merchant_id);
	ff_spi_begin();
	done = ff_orders_clock(merchant_id, PG_GETARG_INT32(0));
	ff_spi_end();
	PG_RETURN_INT32(done);
}
