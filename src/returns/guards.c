/*
 * guards.c
 *
 * The guards of the return machine.  Each answers one question about the
 * locked return and the request, and changes nothing.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"

#include "payments/payments.h"
#include "returns/parts.h"

/*
 * Lines of which more would come back than left and is not back or on its way
 * already; a return that is over holds only what came with it.
 */
static FfStatement exceeding = FF_STATEMENT(
	"select 1 from unnest($3, $4) as w (line, units)"
	"  left join fulfillment.order_lines l on l.merchant_id = $1 and l.order_id = $2"
	"   and l.line = w.line"
	" where w.units > coalesce(l.shipped + l.over_shipped, 0) - (select coalesce(sum("
	"         case when r.ended_at is null then greatest(n.quantity - n.missing, n.received)"
	"              else n.received end), 0)"
	"         from fulfillment.returns r"
	"         join fulfillment.return_lines n on n.merchant_id = $1 and n.return_id = r.return_id"
	"        where r.merchant_id = $1 and r.order_id = $2 and n.line = w.line)",
	INT4OID, INT8OID, INT4ARRAYOID, INT4ARRAYOID);

/* The channel's days (attribute return_days) count from the delivery of the last parcel. */
static FfStatement window_is_over = FF_STATEMENT(
	"select 1 from fulfillment.orders o"
	"  join fulfillment.channels c on c.merchant_id = $1 and c.channel_id = o.channel_id"
	" where o.merchant_id = $1 and o.order_id = $2 and c.attributes ->> 'return_days' ~ '^\\d{1,5}$'"
	"   and (select max(s.delivered_at) from fulfillment.shipments s where s.merchant_id = $1"
	"           and s.order_id = $2) + make_interval(days => (c.attributes ->> 'return_days')::int)"
	"       < $3",
	INT4OID, INT8OID, TIMESTAMPTZOID);

static FfStatement receipt_is_known =
	FF_STATEMENT("select 1 from fulfillment.receipts"
				 " where merchant_id = $1 and return_id = $2"
				 "   and (reference = $3 or starts_with(reference, $3 || '#')) limit 1",
				 INT4OID, INT8OID, TEXTOID);

static bool
returnable_quantity(void *argument, const void *payload)
{
	FfReturn *subject = argument;
	const FfReturnRequest *request = payload;
	FfColumn lines;
	FfColumn units;

	ff_column_init(&lines, INT4OID);
	ff_column_init(&units, INT4OID);
	for (int i = 0; i < request->line_count; i++)
	{
		ff_column_add(&lines, ff_int4(request->lines[i].line));
		ff_column_add(&units, ff_int4(request->lines[i].quantity));
	}
	return request->line_count > 0 && ff_run(&exceeding,
											 ff_int4(subject->merchant_id),
											 ff_int8(subject->order_id),
											 ff_column(&lines),
											 ff_column(&units))
											  .count == 0;
}

static bool
within_return_window(void *argument, const void *payload)
{
	FfReturn *subject = argument;

	return ((const FfReturnRequest *) payload)->override ||
		   ff_run(&window_is_over,
				  ff_int4(subject->merchant_id),
				  ff_int8(subject->order_id),
				  ff_time(GetCurrentTransactionStartTimestamp()))
				   .count == 0;
}

static bool
new_receipt(void *argument, const void *payload)
{
	FfReturn *subject = argument;
	const FfReturnRequest *request = payload;

	return request->reference == NULL || ff_run(&receipt_is_known,
												ff_int4(subject->merchant_id),
												ff_int8(subject->return_id),
												ff_text(request->reference))
												 .count == 0;
}

static bool
all_accounted(void *argument, const void *payload)
{
	FfReturn *subject = argument;

	for (int i = 0; i < subject->line_count; i++)
		if (subject->lines[i].received + subject->lines[i].missing < subject->lines[i].quantity)
			return false;
	return true;
}

/* Goods that are only on their way are not paid. */
static bool
refund_on_scan(void *argument, const void *payload)
{
	return false;
}

static bool
within_refundable(void *argument, const void *payload)
{
	return !ff_is_zero(ff_return_open_amount(argument, payload));
}

static bool
nothing_to_refund(void *argument, const void *payload)
{
	return ff_is_zero(ff_return_open_amount(argument, payload));
}

static bool
nothing_received(void *argument, const void *payload)
{
	FfReturn *subject = argument;

	for (int i = 0; i < subject->line_count; i++)
		if (subject->lines[i].received > 0)
			return false;
	return true;
}

const FfGuardFunction ff_return_guards[FF_GUARD_COUNT] = {
	[FF_GUARD_RETURNABLE_QUANTITY] = returnable_quantity,
	[FF_GUARD_WITHIN_RETURN_WINDOW] = within_return_window,
	[FF_GUARD_NEW_RECEIPT] = new_receipt,
	[FF_GUARD_ALL_ACCOUNTED] = all_accounted,
	[FF_GUARD_REFUND_ON_SCAN] = refund_on_scan,
	[FF_GUARD_WITHIN_REFUNDABLE] = within_refundable,
	[FF_GUARD_NOTHING_TO_REFUND] = nothing_to_refund,
	[FF_GUARD_NOTHING_RECEIVED] = nothing_received,
};
