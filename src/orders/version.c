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
	FF_STATEMENT("update fulfillment.orders set version = $3, errors = $4,"
				 "       delivered = coalesce($5, delivered)"
				 " where merchant_id = $1 and order_id = $2",
				 INT4OID, INT8OID, INT8OID, JSONBOID, JSONBOID);

static FfStatement holds_of_document =
	FF_STATEMENT("select hold_id, reason from fulfillment.holds"
				 " where merchant_id = $1 and order_id = $2 and from_channel"
				 "   and released_at is null order by hold_id",
				 INT4OID, INT8OID);

/* The hold that a version which is not valid puts on an order. */
#define INVALID_UPDATE "invalid_update"

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
		   ff_errors_or_null(request->reader),
		   ff_json(request->resolved->delivered));
	order->version = request->version;
}

/* A part of a version that came too late: the answer names it, and a person hears of it. */
static void
note_refused(FfOrder *order, FfOrderRequest *request, const char *field, FfVerdict verdict)
{
	if (verdict.step != FF_STEP_REFUSED)
		return;
	ff_field_error(
		request->reader, FF_SEVERITY_NOTE, "refused", field, "came too late: %s", verdict.reason);
	ff_attention_open(order->merchant_id,
					  "update_refused",
					  order->order_id,
					  0,
					  0,
					  psprintf("a part of a newer version of order %s came too late: %s",
							   order->number,
							   verdict.reason),
					  "Tell the customer what could not be changed.");
}

/*
 * Holds the order for this reason, or for none, and ends what earlier documents
 * held it for: never both at once, or it would go on in between.
 */
static void
hold_as_document(FfOrder *order, FfOrderRequest *request, const char *reason, TimestampTz until)
{
	FfRows rows = ff_run(&holds_of_document, ff_int4(order->merchant_id), ff_int8(order->order_id));
	FfOrderRequest wish = {
		.cause = request->cause, .from_channel = request->from_channel, .by_document = true};
	bool held = false;

	for (uint64 i = 0; reason != NULL && i < rows.count; i++)
		held |= strcmp(ff_row_text(&rows, i, 2), reason) == 0;
	if (reason != NULL && !held)
	{
		wish.hold_reason = reason;
		wish.hold_until = until;
		note_refused(order, request, "hold", ff_order_apply(order, FF_ORDER_EVENT_HOLD, &wish));
	}
	wish.hold_reason = NULL;
	for (uint64 i = 0; i < rows.count; i++)
	{
		if (reason != NULL && strcmp(ff_row_text(&rows, i, 2), reason) == 0)
			continue;
		wish.hold_id = ff_row_int8(&rows, i, 1);
		ff_order_apply(order, FF_ORDER_EVENT_RELEASE, &wish);
	}
}

/* What the document wants of the order beside its goods: cancelled, held, or neither. */
static void
follow_document(FfOrder *order, FfOrderRequest *request)
{
	const FfOrderDocument *document = request->document;
	FfOrderRequest wish = {.cause = request->cause,
						   .from_channel = request->from_channel,
						   .cancel_reason = document->cancel_reason};

	if (document->cancel_reason != NULL)
		note_refused(order, request, "cancel", ff_order_apply(order, FF_ORDER_EVENT_CANCEL, &wish));
	else
		hold_as_document(order, request, document->hold_reason, document->hold_until);
}

/*
 * One that is not valid stops the order, because shipping what is known to be
 * outdated helps nobody; a person or the next version resolves it.  The channel
 * hears of the hold with the errors.
 */
static void
stop_for_errors(FfOrder *order, FfOrderRequest *request)
{
	FfOrderRequest quiet = *request;

	store_version(order, request);
	ff_report_errors(order, request);
	quiet.from_channel = true;
	hold_as_document(order, &quiet, INVALID_UPDATE, 0);
}

void
ff_apply_update(void *subject, const void *payload)
{
	FfOrder *order = subject;
	FfOrderRequest *request = unconstify(FfOrderRequest *, (const FfOrderRequest *) payload);
	bool cancels = request->document->cancel_reason != NULL;
	FfVerdict edited = {.step = FF_STEP_IGNORED};

	if (order->state == FF_ORDER_INVALID && !cancels)
	{
		ff_order_apply(order, FF_ORDER_EVENT_CORRECT, request);
		follow_document(order, request);
		return;
	}
	if (order->state == FF_ORDER_OPEN && !cancels)
	{
		if (request->reader->worst >= FF_SEVERITY_INVALID)
		{
			stop_for_errors(order, request);
			return;
		}
		edited = ff_order_apply(order, FF_ORDER_EVENT_EDIT, request);
		ff_attention_close(order->merchant_id, "invalid_order", order->order_id, 0, "corrected");
	}
	store_version(order, request);
	note_refused(order, request, "", edited);
	follow_document(order, request);
}

/*
 * The channel was told that the order cannot be fulfilled and put it on hold;
 * that may have come back as a hold.  Now that a person has corrected it here,
 * both end.
 */
static void
end_own_report(FfOrder *order, const FfOrderRequest *request)
{
	FfOrderRequest release = {.cause = request->cause};

	if (ff_run(&holds_of_document, ff_int4(order->merchant_id), ff_int8(order->order_id)).count > 0)
		hold_as_document(order, &release, NULL, 0);
	else
		ff_report_corrected(order, request);
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
	ff_order_rewrite(order, &version, Max(request->version, order->version));
	if (!version.valid)
		return;
	ff_order_lines_insert(order->merchant_id, versions, 1);
	ff_order_refresh(order);
	ff_attention_close(order->merchant_id, "invalid_order", order->order_id, 0, "corrected");
	if (version.by_hand)
		end_own_report(order, request);
}
