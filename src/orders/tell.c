/*
 * tell.c
 *
 * Who hears of an order's events: its channel, the client platforms, a person,
 * the payment gateway.  What each event says to whom is one table.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"

#include "notifications/notify.h"
#include "orders/parts.h"
#include "payments/payments.h"
#include "pg/spi.h"
#include "tasks/task.h"

/* The last shipment that left of an order whose channel has not been told of any. */
static FfStatement untold_shipment =
	FF_STATEMENT("select max(s.shipment_id) from fulfillment.shipments s"
				 " where s.merchant_id = $1 and s.order_id = $2 and s.shipped_at is not null"
				 "   and not exists (select 1 from fulfillment.tasks t where t.merchant_id = $1"
				 "          and t.subject_kind = 'order' and t.subject_id = $2"
				 "          and t.operation = 'confirm_shipment')"
				 "   and not exists (select 1 from fulfillment.calls t where t.merchant_id = $1"
				 "          and t.subject_kind = 'order' and t.subject_id = $2"
				 "          and t.operation = 'confirm_shipment')",
				 INT4OID, INT8OID);

/* What the channel and the platforms are told after an event; NULL: nothing. */
typedef struct Telling
{
	FfOrderEvent event;
	const char *channel_state; /* update_order: on_hold, released, cancelled */
	const char *fact;
} Telling;

static const Telling tellings[] = {
	{FF_ORDER_EVENT_HOLD, "on_hold", "order.held"},
	{FF_ORDER_EVENT_RELEASE, "released", "order.released"},
	{FF_ORDER_EVENT_ALL_CANCELLED, "cancelled", "order.cancelled"},
	{FF_ORDER_EVENT_EXPIRE, "cancelled", "order.cancelled"},
	{FF_ORDER_EVENT_CANCEL, NULL, "order.changed"},
	{FF_ORDER_EVENT_SHIPPED_ANYWAY, NULL, "order.shipped_anyway"},
	{FF_ORDER_EVENT_COMPLETE, NULL, "order.closed"},
	{FF_ORDER_EVENT_VALIDATE_OK, NULL, "order.confirmed"},
	{FF_ORDER_EVENT_VALIDATE_FAIL, "on_hold", "order.rejected"},
	{FF_ORDER_EVENT_CORRECT, "on_hold", "order.rejected"},
};

static const Telling *
telling_of(FfOrderEvent event)
{
	for (int i = 0; i < (int) lengthof(tellings); i++)
		if (tellings[i].event == event)
			return &tellings[i];
	return NULL;
}

static char *
describe(const FfOrder *order, const FfOrderRequest *request)
{
	FfJsonWriter data;

	ff_write_init(&data);
	ff_write_object(&data, NULL);
	ff_write_int(&data, "order_id", order->order_id);
	ff_write_text(&data, "order_number", order->number);
	ff_write_text(&data, "channel", order->channel);
	ff_write_text(&data, "channel_order_id", order->channel_order_id);
	ff_write_text(&data, "state", ff_state_name(FF_MACHINE_ORDER, order->state));
	/* each hold is told, also the second for the same reason */
	if (request->hold_id != 0)
		ff_write_int(&data, "hold_id", request->hold_id);
	ff_write_text(&data, "reason", request->hold_reason);
	ff_write_text(&data, "reason", request->cancel_reason);
	return ff_write_finish(&data);
}

static void
tell_platforms(FfOrder *const *orders, const FfOrderRequest *const *requests, int count)
{
	const Telling *telling = telling_of(orders[0]->event);
	FfFact *facts = palloc(sizeof(FfFact) * count);

	if (telling == NULL || telling->fact == NULL ||
		!ff_is_heard(orders[0]->merchant_id, telling->fact))
		return;
	for (int i = 0; i < count; i++)
		facts[i] = (FfFact){.merchant_id = orders[i]->merchant_id,
							.type = telling->fact,
							.order_id = orders[i]->order_id,
							.data = describe(orders[i], requests[i])};
	ff_notify(facts, count);
}

/* The call tells all that left, whichever shipment it names. */
void
ff_confirm_whole(FfOrder *order)
{
	FfTask task = {.merchant_id = order->merchant_id,
				   .connection_id = order->channel_connection_id,
				   .operation = FF_OP_CONFIRM_SHIPMENT,
				   .subject_kind = "order",
				   .subject_id = order->order_id,
				   .order_id = order->order_id};
	FfRows rows;

	if (order->channel_connection_id == 0 || order->channel_takes_parts ||
		ff_order_sum_shipped(order) == 0)
		return;
	for (int i = 0; i < order->line_count; i++)
		if (ff_units_unshipped(&order->lines[i]) > 0)
			return;
	rows = ff_run(&untold_shipment, ff_int4(order->merchant_id), ff_int8(order->order_id));
	if (rows.count == 0 || ff_row_null(&rows, 0, 1))
		return;
	task.payload = psprintf("{\"shipment_id\": %lld}", (long long) ff_row_int8(&rows, 0, 1));
	task.idempotency_key = psprintf("confirm:%lld", (long long) ff_row_int8(&rows, 0, 1));
	ff_tasks_add(&task, 1);
}

/* What is wrong, in one line for the channel's note. */
static char *
list_errors(const FfFieldReader *reader)
{
	StringInfoData text;
	ListCell *cell;

	initStringInfo(&text);
	foreach (cell, reader->errors)
	{
		const FfFieldError *error = lfirst(cell);

		if (error->severity >= FF_SEVERITY_INVALID && text.len < 500)
			appendStringInfo(&text, "%s%s: %s", text.len ? "; " : "", error->field, error->message);
	}
	return text.data;
}

static void
tell_channel(const FfOrder *order, const char *state, const char *note)
{
	FfJsonWriter body;
	FfTask task = {.merchant_id = order->merchant_id,
				   .connection_id = order->channel_connection_id,
				   .operation = FF_OP_UPDATE_ORDER,
				   .subject_kind = "order",
				   .subject_id = order->order_id,
				   .order_id = order->order_id};

	/* a channel that cannot be told is not told: there is nothing a person could do about it */
	if (!ff_connection_can(order->merchant_id, order->channel_connection_id, FF_OP_UPDATE_ORDER))
		return;
	ff_write_init(&body);
	ff_write_object(&body, NULL);
	ff_write_text(&body, "state", state);
	ff_write_text(&body, "note", note);
	task.payload = ff_write_finish(&body);
	ff_tasks_add(&task, 1);
}

/* With the last hold only, and never back to the channel that asked for it. */
void
ff_order_update_channel(void **subjects, const void **payloads, int count)
{
	FfOrder **orders = palloc(sizeof(FfOrder *) * count);
	const FfOrderRequest **requests = palloc(sizeof(FfOrderRequest *) * count);
	const Telling *telling = telling_of(((FfOrder *) subjects[0])->event);
	int told = 0;

	for (int i = 0; i < count; i++)
	{
		FfOrder *order = subjects[i];

		if (order->event == FF_ORDER_EVENT_RELEASE && order->active_holds > 0)
			continue;
		orders[told] = order;
		requests[told++] = payloads[i];
	}
	if (told == 0)
		return;
	tell_platforms(orders, requests, told);
	for (int i = 0; i < told && telling != NULL && telling->channel_state != NULL; i++)
		if (!requests[i]->from_channel)
			tell_channel(orders[i],
						 telling->channel_state,
						 requests[i]->hold_reason ? requests[i]->hold_reason : requests[i]->cause);
}

/* Whether the same was wrong before, and so has been told. */
static bool
reported_before(const FfOrder *order, const FfFieldReader *reader)
{
	char *now = ff_field_errors_json(reader);

	return order->event == FF_ORDER_EVENT_CORRECT && order->errors != NULL &&
		   strcmp(ff_json_dump(order->errors),
				  ff_json_dump(ff_json_parse(now, strlen(now), NULL))) == 0;
}

/* The channel hears what is wrong by field, a person sees it; the customer hears nothing. */
void
ff_report_errors(void *subject, const void *payload)
{
	FfOrder *order = subject;
	const FfOrderRequest *request = payload;
	char *list = list_errors(request->reader);

	if (reported_before(order, request->reader))
		return;
	ff_attention_open(order->merchant_id,
					  "invalid_order",
					  order->order_id,
					  0,
					  0,
					  psprintf("order %s cannot be fulfilled: %s", order->number, list),
					  order->state == FF_ORDER_INVALID
						  ? "Correct it with fulfillment.edit_order."
						  : "Wait for the next version, or correct it with fulfillment.edit_order "
							"and release the hold.");
	tell_channel(order, "on_hold", psprintf("Cannot be fulfilled: %s", list));
}

void
ff_report_corrected(FfOrder *order, const FfOrderRequest *request)
{
	tell_channel(order, "released", "Corrected, and being fulfilled.");
}

void
ff_order_notify(void *subject, const void *payload)
{
	FfOrder *order = subject;
	const FfOrderRequest *request = payload;

	tell_platforms(&order, &request, 1);
}

void
ff_order_refund(void *subject, const void *payload)
{
	FfOrder *order = subject;

	if (ff_order_sum_shipped(order) == 0)
		ff_payment_undo(order->merchant_id, order->order_id);
}

/* An authorization that nothing will be captured from any more is given back. */
void
ff_capture_remainder(void **subjects, const void **payloads, int count)
{
	for (int i = 0; i < count; i++)
	{
		FfOrder *order = subjects[i];

		if (ff_order_sum_shipped(order) == 0)
			ff_order_refund(order, payloads[i]);
		else if (order->authorized)
			ff_payment_release(order->merchant_id, order->order_id);
	}
}
