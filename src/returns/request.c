/*
 * request.c
 *
 * A return before goods come: written down, given a place to come to,
 * announced to the warehouse that will unpack it or the carrier that brings
 * it, or given up.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "returns/parts.h"
#include "tasks/task.h"

static FfStatement add_lines = FF_STATEMENT(
	"insert into fulfillment.return_lines (merchant_id, return_id, line, item_id, quantity, reason)"
	" select $1, $2, u.line, u.item_id, u.quantity, u.reason"
	"   from unnest($3, $4, $5, $6) as u (line, item_id, quantity, reason)",
	INT4OID, INT8OID, INT4ARRAYOID, INT8ARRAYOID, INT4ARRAYOID, TEXTARRAYOID);

static FfStatement set_reason = FF_STATEMENT("update fulfillment.returns set reason = $3"
											 " where merchant_id = $1 and return_id = $2",
											 INT4OID, INT8OID, TEXTOID);

/* The given location, else the one that most of the units came from. */
static FfStatement choose_location = FF_STATEMENT(
	"update fulfillment.returns r set fee = coalesce($4::numeric, r.fee),"
	"       location_id = coalesce($3, r.location_id, (select s.location_id"
	"         from fulfillment.return_lines n"
	"         join fulfillment.shipment_lines x on x.merchant_id = $1 and x.order_id = r.order_id"
	"          and x.line = n.line and x.shipped + x.over_shipped > 0"
	"         join fulfillment.shipments s on s.merchant_id = $1 and s.shipment_id = x.shipment_id"
	"        where n.merchant_id = $1 and n.return_id = $2"
	"        group by s.location_id order by sum(x.shipped) desc, s.location_id limit 1)),"
	"       shipment_id = coalesce(r.shipment_id, (select max(x.shipment_id)"
	"         from fulfillment.return_lines n"
	"         join fulfillment.shipment_lines x on x.merchant_id = $1 and x.order_id = r.order_id"
	"          and x.line = n.line and x.shipped + x.over_shipped > 0"
	"        where n.merchant_id = $1 and n.return_id = $2))"
	" where r.merchant_id = $1 and r.return_id = $2",
	INT4OID, INT8OID, INT8OID, TEXTOID);

/* The fulfillment center that runs the location, else the carrier that brought the goods. */
static FfStatement who_waits = FF_STATEMENT(
	"select v.connection_id, v.connector from fulfillment.returns r"
	"  join fulfillment.locations l on l.merchant_id = $1 and l.location_id = r.location_id"
	"  left join fulfillment.shipments s on s.merchant_id = $1 and s.shipment_id = r.shipment_id"
	"  join fulfillment.providers p on p.merchant_id = $1"
	"   and p.provider_id = coalesce(l.provider_id, s.provider_id)"
	"  join fulfillment.connections v on v.merchant_id = $1 and v.connection_id = p.connection_id"
	" where r.merchant_id = $1 and r.return_id = $2"
	"   and exists (select 1 from fulfillment.connector_list() c where c.name = v.connector"
	"          and 'announce_return' = any (c.operations))",
	INT4OID, INT8OID);

static FfStatement set_connection = FF_STATEMENT("update fulfillment.returns set connection_id = $3"
												 " where merchant_id = $1 and return_id = $2",
												 INT4OID, INT8OID, INT8OID);

static FfStatement void_label = FF_STATEMENT(
	"update fulfillment.documents d set voided_at = now() from fulfillment.returns r"
	" where r.merchant_id = $1 and r.return_id = $2 and d.merchant_id = $1"
	"   and d.shipment_id = r.shipment_id and d.kind = 'return_label' and d.voided_at is null",
	INT4OID, INT8OID);

static FfStatement was_announced = FF_STATEMENT(
	"select connection_id from fulfillment.returns where merchant_id = $1 and return_id = $2"
	"   and connection_id is not null",
	INT4OID, INT8OID);

static FfStatement keep_announcement = FF_STATEMENT(
	"update fulfillment.returns set provider_reference = coalesce($3, provider_reference),"
	"       tracking_number = coalesce($4, tracking_number)"
	" where merchant_id = $1 and return_id = $2",
	INT4OID, INT8OID, TEXTOID, TEXTOID);

/* Labels stand with the shipment whose goods come back; the same is stored once. */
static FfStatement keep_label = FF_STATEMENT(
	"insert into fulfillment.documents (merchant_id, shipment_id, kind, format, content, url,"
	"       sha256)"
	" select $1, r.shipment_id, $3, $4, d.content, $6, sha256(d.content)"
	"   from fulfillment.returns r"
	"  cross join (select decode(translate($5, E'\\r\\n\\t ', ''), 'base64') as content) d"
	"  where r.merchant_id = $1 and r.return_id = $2 and r.shipment_id is not null"
	"    and not exists (select 1 from fulfillment.documents o where o.merchant_id = $1"
	"           and o.shipment_id = r.shipment_id and o.kind = $3 and o.voided_at is null"
	"           and o.sha256 is not distinct from sha256(d.content)"
	"           and o.url is not distinct from $6)",
	INT4OID, INT8OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID);

void
ff_store_return(void *argument, const void *payload)
{
	FfReturn *subject = argument;
	const FfReturnRequest *request = payload;
	FfColumn columns[4];

	ff_column_init(&columns[0], INT4OID);
	ff_column_init(&columns[1], INT8OID);
	ff_column_init(&columns[2], INT4OID);
	ff_column_init(&columns[3], TEXTOID);
	for (int i = 0; i < request->line_count; i++)
	{
		const FfReturnLine *line = &request->lines[i];

		ff_column_add(&columns[0], ff_int4(line->line != 0 ? line->line : i + 1));
		ff_column_add(&columns[1], ff_int8(line->item_id));
		ff_column_add(&columns[2], ff_int4(line->quantity));
		ff_column_add(&columns[3], ff_text(line->reason));
	}
	ff_run(&add_lines,
		   ff_int4(subject->merchant_id),
		   ff_int8(subject->return_id),
		   ff_column(&columns[0]),
		   ff_column(&columns[1]),
		   ff_column(&columns[2]),
		   ff_column(&columns[3]));
	ff_run(&set_reason,
		   ff_int4(subject->merchant_id),
		   ff_int8(subject->return_id),
		   ff_text(request->reason));
}

void
ff_choose_return_location(void *argument, const void *payload)
{
	FfReturn *subject = argument;
	const FfReturnRequest *request = payload;

	ff_run(&choose_location,
		   ff_int4(subject->merchant_id),
		   ff_int8(subject->return_id),
		   ff_id(request->location_id),
		   ff_text(request->fee));
}

void
ff_enqueue_announce(void *argument, const void *payload)
{
	FfReturn *subject = argument;
	FfRows rows = ff_run(&who_waits, ff_int4(subject->merchant_id), ff_int8(subject->return_id));
	FfTask task = {.merchant_id = subject->merchant_id,
				   .operation = FF_OP_ANNOUNCE_RETURN,
				   .subject_kind = "return",
				   .subject_id = subject->return_id,
				   .order_id = subject->order_id};

	if (rows.count == 0)
		return;
	task.connection_id = ff_row_int8(&rows, 0, 1);
	task.idempotency_key = psprintf("return:%lld", (long long) subject->return_id);
	ff_run(&set_connection,
		   ff_int4(subject->merchant_id),
		   ff_int8(subject->return_id),
		   ff_int8(task.connection_id));
	ff_tasks_add(&task, 1);
}

bool
ff_return_is_announced(const FfReturn *subject)
{
	return ff_run(&was_announced, ff_int4(subject->merchant_id), ff_int8(subject->return_id))
			   .count > 0;
}

/* No connector takes an announcement back: a person calls, unless it was not made yet. */
void
ff_cancel_announcement(void *argument, const void *payload)
{
	FfReturn *subject = argument;
	bool untold =
		ff_tasks_withdraw(
			subject->merchant_id, "return", subject->return_id, FF_OP_ANNOUNCE_RETURN) > 0;

	ff_run(&void_label, ff_int4(subject->merchant_id), ff_int8(subject->return_id));
	if (!untold && ff_return_is_announced(subject))
		ff_attention_open(subject->merchant_id,
						  "return_is_off",
						  subject->order_id,
						  subject->shipment_id,
						  0,
						  psprintf("return %s was announced and will not come", subject->number),
						  "Tell the warehouse, and cancel the label if it costs.");
}

void
ff_return_announced(int32 merchant_id, int64 return_id, const FfJson *outcome, const char *cause)
{
	FfReturn *subject = ff_return_lock(merchant_id, return_id);
	FfJson *documents = ff_json_get(outcome, "shipment.documents");

	ff_run(&keep_announcement,
		   ff_int4(merchant_id),
		   ff_int8(return_id),
		   ff_text(ff_json_text_or(outcome,
								   "return.provider_reference",
								   ff_json_text(outcome, "shipment.provider_reference"))),
		   ff_text(ff_json_text(outcome, "shipment.packages.0.tracking_number")));
	for (int i = 0; i < ff_json_count(documents); i++)
	{
		FfJson *document = ff_json_at(documents, i);
		char *content = ff_json_text(document, "content_base64");
		char *url = ff_json_text(document, "url");

		if (content != NULL || url != NULL)
			ff_run(&keep_label,
				   ff_int4(merchant_id),
				   ff_int8(return_id),
				   ff_text(ff_json_text_or(document, "kind", "return_label")),
				   ff_text(ff_json_text_or(document, "format", "pdf")),
				   ff_text(content),
				   ff_text(url));
	}
	ff_return_poll_later(merchant_id, return_id);
	/* a label in hand is what the customer waits for */
	subject->event = FF_RETURN_EVENT_ANNOUNCE;
	ff_return_refresh(subject);
	ff_return_notify(subject, &(FfReturnRequest){.cause = cause, .announced = true});
}
