/*
 * tell.c
 *
 * Who hears of a return: the customer and the platforms as a fact, the channel
 * by push_return once it is settled, a person about the replacement of what is
 * exchanged.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "notifications/notify.h"
#include "returns/parts.h"
#include "tasks/task.h"

static FfStatement describe = FF_STATEMENT(
	"select jsonb_strip_nulls(jsonb_build_object('return_id', r.return_id, 'number', $3,"
	"         'kind', r.kind, 'state', r.state, 'reason', r.reason, 'order_number', o.number,"
	"         'channel', c.code, 'channel_order_id', o.channel_order_id, 'location', l.code,"
	"         'tracking_number', r.tracking_number, 'refunded', nullif(r.refunded, 0),"
	"         'currency', o.currency,"
	"         'label_url', (select d.url from fulfillment.documents d where d.merchant_id = $1"
	"             and d.shipment_id = r.shipment_id and d.kind = 'return_label'"
	"             and d.voided_at is null and d.url is not null order by d.document_id desc limit 1),"
	"         'lines', (select jsonb_agg(jsonb_build_object('line', n.line, 'sku', i.sku,"
	"              'quantity', n.quantity, 'received', n.received) order by n.line)"
	"             from fulfillment.return_lines n"
	"             join fulfillment.items i on i.merchant_id = $1 and i.item_id = n.item_id"
	"            where n.merchant_id = $1 and n.return_id = $2)))::text"
	"  from fulfillment.returns r"
	"  left join fulfillment.orders o on o.merchant_id = $1 and o.order_id = r.order_id"
	"  left join fulfillment.channels c on c.merchant_id = $1 and c.channel_id = o.channel_id"
	"  left join fulfillment.locations l on l.merchant_id = $1 and l.location_id = r.location_id"
	" where r.merchant_id = $1 and r.return_id = $2",
	INT4OID, INT8OID, TEXTOID);

static FfStatement channel_of = FF_STATEMENT(
	"select v.connection_id from fulfillment.orders o"
	"  join fulfillment.channels c on c.merchant_id = $1 and c.channel_id = o.channel_id"
	"  join fulfillment.connections v on v.merchant_id = $1 and v.connection_id = c.connection_id"
	"  join fulfillment.connector_list() k on k.name = v.connector"
	"   and 'push_return' = any (k.operations)"
	" where o.merchant_id = $1 and o.order_id = $2",
	INT4OID, INT8OID);

/* The channel hears of what it does not know yet: its own refund it knows. */
static FfStatement told_amount = FF_STATEMENT(
	"select r.refunded from fulfillment.returns r where r.merchant_id = $1 and r.return_id = $2"
	"   and not exists (select 1 from fulfillment.tasks t where t.merchant_id = $1"
	"          and t.subject_kind = 'return' and t.subject_id = $2 and t.operation = 'push_return')"
	"   and not exists (select 1 from fulfillment.calls t where t.merchant_id = $1"
	"          and t.subject_kind = 'return' and t.subject_id = $2 and t.operation = 'push_return')"
	"   and exists (select 1 from fulfillment.return_lines n where n.merchant_id = $1"
	"          and n.return_id = $2 and n.received > 0)",
	INT4OID, INT8OID);

bool
ff_push_return(const FfReturn *subject, const char *amount, bool refund)
{
	FfRows rows = ff_run(&channel_of, ff_int4(subject->merchant_id), ff_int8(subject->order_id));
	FfTask task = {.merchant_id = subject->merchant_id,
				   .operation = FF_OP_PUSH_RETURN,
				   .subject_kind = "return",
				   .subject_id = subject->return_id,
				   .order_id = subject->order_id};

	if (rows.count == 0)
		return false;
	task.connection_id = ff_row_int8(&rows, 0, 1);
	task.payload = psprintf("{\"amount\": %s, \"refund\": %s}", amount, refund ? "true" : "false");
	ff_tasks_add(&task, 1);
	return true;
}

void
ff_return_update_channel(void *argument, const void *payload)
{
	FfReturn *subject = argument;
	FfRows rows;

	if (subject->order_id == 0)
		return;
	rows = ff_run(&told_amount, ff_int4(subject->merchant_id), ff_int8(subject->return_id));
	if (rows.count > 0)
		ff_push_return(subject, ff_row_text(&rows, 0, 1), false);
}

void
ff_return_notify(void *argument, const void *payload)
{
	static const struct
	{
		FfReturnEvent event;
		const char *type;
	} types[] = {
		{FF_RETURN_EVENT_DECLINE, "return.declined"},
		{FF_RETURN_EVENT_ANNOUNCE, "return.announced"},
		{FF_RETURN_EVENT_REFUNDED, "return.refunded"},
		{FF_RETURN_EVENT_NO_REFUND, "return.resolved"},
	};
	FfReturn *subject = argument;
	const FfReturnRequest *request = payload;
	FfRows rows = ff_run(&describe,
						 ff_int4(subject->merchant_id),
						 ff_int8(subject->return_id),
						 ff_text(subject->number));
	FfFact fact = {.merchant_id = subject->merchant_id,
				   .order_id = subject->order_id,
				   .shipment_id = subject->shipment_id,
				   .data = ff_row_text(&rows, 0, 1)};

	for (int i = 0; i < (int) lengthof(types); i++)
		if (types[i].event == subject->event)
			fact.type = types[i].type;
	/* the customer is told when there is a label to send it with */
	if (subject->event == FF_RETURN_EVENT_ANNOUNCE && !request->announced &&
		ff_return_is_announced(subject))
		return;
	if (fact.type != NULL)
		ff_notify(&fact, 1);
}

/* A replacement is an order of its own, which a person submits: prices and addresses change. */
static void
tell_replacement(const FfReturn *subject, const char *message, const char *hint)
{
	ff_attention_open(subject->merchant_id,
					  "replacement",
					  subject->order_id,
					  subject->shipment_id,
					  0,
					  psprintf(message, subject->number),
					  hint);
}

void
ff_plan_replacement(void *argument, const void *payload)
{
	tell_replacement(argument,
					 "return %s is an exchange",
					 "Submit an order for the replacement, held until the goods are back or at "
					 "once.");
}

void
ff_release_replacement(void *argument, const void *payload)
{
	FfReturn *subject = argument;

	if (strcmp(subject->kind, "exchange") == 0)
		tell_replacement(subject,
						 "the goods of return %s are back: its replacement may go",
						 "Release the hold of the replacement's order.");
}

void
ff_settle_replacement(void *argument, const void *payload)
{
	FfReturn *subject = argument;

	if (strcmp(subject->kind, "exchange") == 0)
		tell_replacement(subject,
						 "return %s will not come: its replacement is not to go",
						 "Cancel the replacement's order, or charge it.");
}
