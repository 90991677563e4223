/*
 * version.c
 *
 * An order that comes again: counted, compared, corrected, or too late.  See
 * the rows of `receive` and `correct` in the transition table.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "orders/parts.h"
#include "pg/spi.h"
#include "tasks/task.h"

static FfStatement count_redelivery =
	FF_STATEMENT("update fulfillment.orders set redelivered = redelivered + 1"
				 " where merchant_id = $1 and order_id = $2",
				 INT4OID, INT8OID);

static FfStatement count_late =
	FF_STATEMENT("update fulfillment.orders set late_updates = late_updates + 1"
				 " where merchant_id = $1 and order_id = $2",
				 INT4OID, INT8OID);

static FfStatement keep_version =
	FF_STATEMENT("update fulfillment.orders set version = $3, errors = $4"
				 " where merchant_id = $1 and order_id = $2",
				 INT4OID, INT8OID, INT8OID, JSONBOID);

static FfStatement hold_of_channel =
	FF_STATEMENT("select hold_id from fulfillment.holds where merchant_id = $1 and order_id = $2"
				 "   and from_channel and released_at is null order by hold_id",
				 INT4OID, INT8OID);

static FfStatement resolve_invalid =
	FF_STATEMENT("update fulfillment.attention set resolved_at = now(), resolved_by = $3,"
				 "       resolution = 'corrected'"
				 " where merchant_id = $1 and order_id = $2 and kind = 'invalid_order'"
				 "   and resolved_at is null",
				 INT4OID, INT8OID, TEXTOID);

void
ff_count_duplicate(void *subject, const void *payload)
{
	FfOrder *order = subject;

	ff_run(&count_redelivery, ff_int4(order->merchant_id), ff_int8(order->order_id));
}

void
ff_log_ignored(void *subject, const void *payload)
{
	const FfOrderRequest *request = payload;
	FfOrder *order = subject;

	ff_order_note(order,
				  "receive_ignored",
				  request->cause,
				  psprintf("{\"version\": %lld}", (long long) order->version),
				  psprintf("{\"version\": %lld}", (long long) request->version));
}

void
ff_late_update(void *subject, const void *payload)
{
	FfOrder *order = subject;
	FfOrderRequest *request = unconstify(FfOrderRequest *, (const FfOrderRequest *) payload);

	ff_run(&count_late, ff_int4(order->merchant_id), ff_int8(order->order_id));
	ff_order_apply(order, FF_ORDER_EVENT_LATE_UPDATE, request);
}

void
ff_alert_if_goods_wanted(void *subject, const void *payload)
{
	FfOrder *order = subject;
	const FfOrderRequest *request = payload;

	if (request->document->cancel_reason != NULL || request->document->line_count == 0)
		return;
	ff_attention_open(
		order->merchant_id,
		"late_update",
		order->order_id,
		0,
		0,
		psprintf("order %s is over, and its channel sent a newer version", order->number),
		"Submit it under another number when the customer still wants the goods.");
}

static void
store_version(FfOrder *order, const FfOrderRequest *request)
{
	ff_run(&keep_version,
		   ff_int4(order->merchant_id),
		   ff_int8(order->order_id),
		   ff_int8(request->version),
		   ff_json_from_text(ff_field_errors_json(request->reader)));
	order->version = request->version;
}

/* What the channel wants of the order beside its goods: held, released, cancelled. */
static void
follow_channel(FfOrder *order, const FfOrderRequest *request)
{
	const FfOrderDocument *document = request->document;
	FfRows rows = ff_run(&hold_of_channel, ff_int4(order->merchant_id), ff_int8(order->order_id));
	FfOrderRequest wish = {.cause = request->cause, .from_channel = request->from_channel};

	if (document->cancel_reason != NULL)
	{
		wish.cancel_reason = document->cancel_reason;
		ff_order_apply(order, FF_ORDER_EVENT_CANCEL, &wish);
		return;
	}
	if (document->hold_reason != NULL && rows.count == 0)
	{
		wish.hold_reason = document->hold_reason;
		wish.hold_until = document->hold_until;
		ff_order_apply(order, FF_ORDER_EVENT_HOLD, &wish);
	}
	for (uint64 i = 0; document->hold_reason == NULL && i < rows.count; i++)
	{
		wish.hold_id = ff_row_int8(&rows, i, 1);
		ff_order_apply(order, FF_ORDER_EVENT_RELEASE, &wish);
	}
}

/*
 * A newer version.  One that is not valid stops the order, because shipping
 * what is known to be outdated helps nobody; a person or the next version
 * resolves it.
 */
void
ff_apply_update(void *subject, const void *payload)
{
	FfOrder *order = subject;
	FfOrderRequest *request = unconstify(FfOrderRequest *, (const FfOrderRequest *) payload);
	FfVerdict verdict;

	if (order->state == FF_ORDER_INVALID && request->document->cancel_reason == NULL)
	{
		ff_order_apply(order, FF_ORDER_EVENT_CORRECT, request);
		return;
	}
	if (order->state == FF_ORDER_OPEN && request->document->cancel_reason == NULL)
	{
		if (request->reader->worst >= FF_SEVERITY_INVALID)
		{
			FfOrderRequest hold = {.cause = request->cause, .hold_reason = "invalid_update"};

			store_version(order, request);
			ff_report_errors(order, request);
			ff_order_apply(order, FF_ORDER_EVENT_HOLD, &hold);
			return;
		}
		verdict = ff_order_apply(order, FF_ORDER_EVENT_EDIT, request);
		if (verdict.step == FF_STEP_REFUSED)
			ff_attention_open(order->merchant_id,
							  "edit_refused",
							  order->order_id,
							  0,
							  0,
							  psprintf("a newer version of order %s came too late: %s",
									   order->number,
									   verdict.reason),
							  "Tell the customer what could not be changed.");
	}
	store_version(order, request);
	follow_channel(order, request);
}

void
ff_store_correction(void *subject, const void *payload)
{
	FfOrder *order = subject;
	const FfOrderRequest *request = payload;
	FfNewOrder version = *request->resolved;
	FfNewOrder *versions[] = {&version};

	version.order_id = order->order_id;
	version.valid = request->reader->worst < FF_SEVERITY_INVALID;
	ff_order_rewrite(order,
					 &version,
					 Max(request->version, order->version),
					 request->reader->errors == NIL ? NULL : ff_field_errors_json(request->reader));
	if (!version.valid)
		return;
	ff_order_lines_insert(order->merchant_id, versions, 1);
	ff_order_refresh(order);
	ff_run(&resolve_invalid,
		   ff_int4(order->merchant_id),
		   ff_int8(order->order_id),
		   ff_text(request->cause));
}
