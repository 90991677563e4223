/*
 * receive.c
 *
 * Goods that came back: each receipt a row, its stock by disposition, and the
 * quantities of order and return that follow from the receipts.  Physics wins:
 * what was not announced is received, too, and shows as a surplus.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"

#include "pg/session.h"
#include "returns/parts.h"
#include "stock/act.h"
#include "tasks/task.h"

/* An item the return does not name gets a line behind all those of the order. */
static FfStatement add_receipts = FF_STATEMENT(
	"with said as ("
	"  select u.*, row_number() over () as n"
	"    from unnest($3, $4, $5, $6, $7) as u (line, item_id, quantity, condition, disposition)),"
	" placed as ("
	"  select s.*, coalesce((select min(l.line) from fulfillment.return_lines l"
	"           where l.merchant_id = $1 and l.return_id = $2 and l.item_id = s.item_id"
	"             and (s.line = 0 or l.line = s.line)),"
	"         nullif(s.line, 0), 100000 + (s.item_id % 2000000000)::int) as place from said s),"
	" lines as ("
	"  insert into fulfillment.return_lines as l (merchant_id, return_id, line, item_id, quantity,"
	"         received, missing, reason)"
	"  select $1, $2, p.place, min(p.item_id), sum(p.quantity),"
	"         sum(p.quantity) filter (where p.disposition <> 'missing'),"
	"         coalesce(sum(p.quantity) filter (where p.disposition = 'missing'), 0),"
	"         'not announced'"
	"    from placed p group by p.place"
	"  on conflict (merchant_id, return_id, line) do update"
	"     set received = l.received + excluded.received, missing = l.missing + excluded.missing)"
	" insert into fulfillment.receipts (merchant_id, return_id, line, quantity, condition,"
	"        disposition, reference, received_at, received_by)"
	" select $1, $2, p.place, p.quantity, p.condition, p.disposition,"
	"        case when count(*) over (partition by p.place) > 1 then $8 || '#' || p.n else $8 end,"
	"        $9, $10"
	"   from placed p",
	INT4OID, INT8OID, INT4ARRAYOID, INT8ARRAYOID, INT4ARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTOID,
	TIMESTAMPTZOID, TEXTOID);

static FfStatement recount_returned = FF_STATEMENT(
	"update fulfillment.order_lines l"
	"   set returned = least(l.shipped + l.over_shipped, (select coalesce(sum(n.received), 0)::int"
	"         from fulfillment.returns r"
	"         join fulfillment.return_lines n on n.merchant_id = $1 and n.return_id = r.return_id"
	"        where r.merchant_id = $1 and r.order_id = $2 and n.line = l.line"
	"          and n.item_id = l.item_id))"
	" where l.merchant_id = $1 and l.order_id = $2",
	INT4OID, INT8OID);

static FfStatement set_location =
	FF_STATEMENT("update fulfillment.returns set location_id = $3"
				 " where merchant_id = $1 and return_id = $2 and location_id is null",
				 INT4OID, INT8OID, INT8OID);

static FfStatement flag_late = FF_STATEMENT("update fulfillment.returns set late = true"
											" where merchant_id = $1 and return_id = $2",
											INT4OID, INT8OID);

/* Into which stock each disposition leads: what will not be sold is isolated first. */
static const struct
{
	const char *disposition;
	FfMovementKind kinds[2];
	int count;
} ways[] = {
	{"restock", {FF_MOVE_RESTOCK}, 1},
	{"quarantine", {FF_MOVE_ISOLATE}, 1},
	{"scrap", {FF_MOVE_ISOLATE, FF_MOVE_CONDEMN}, 2},
};

static void
move_stock(const FfReturn *subject, const FfReturnRequest *request, int64 location_id)
{
	FfMovement *movements = palloc0(sizeof(FfMovement) * request->line_count * 2);
	int count = 0;

	for (int i = 0; i < request->line_count; i++)
	{
		const FfReturnLine *line = &request->lines[i];

		for (int w = 0; w < (int) lengthof(ways); w++)
			for (int k = 0;
				 strcmp(ways[w].disposition, line->disposition) == 0 && k < ways[w].count;
				 k++)
				movements[count++] = (FfMovement){.kind = ways[w].kinds[k],
												  .location_id = location_id,
												  .item_id = line->item_id,
												  .quantity = line->quantity,
												  .order_id = subject->order_id,
												  .shipment_id = subject->shipment_id,
												  .line = line->line,
												  .cause = psprintf("return %lld: %s",
																	(long long) subject->return_id,
																	line->condition)};
	}
	if (count > 0)
		ff_stock_act(subject->merchant_id, movements, count);
}

static void
write_receipts(const FfReturn *subject, const FfReturnRequest *request)
{
	FfColumn columns[5];
	static const Oid types[] = {INT4OID, INT8OID, INT4OID, TEXTOID, TEXTOID};

	for (int i = 0; i < (int) lengthof(columns); i++)
		ff_column_init(&columns[i], types[i]);
	for (int i = 0; i < request->line_count; i++)
	{
		const FfReturnLine *line = &request->lines[i];

		ff_column_add(&columns[0], ff_int4(line->line));
		ff_column_add(&columns[1], ff_int8(line->item_id));
		ff_column_add(&columns[2], ff_int4(line->quantity));
		ff_column_add(&columns[3], ff_text(line->condition));
		ff_column_add(&columns[4], ff_text(line->disposition));
	}
	ff_run(&add_receipts,
		   ff_int4(subject->merchant_id),
		   ff_int8(subject->return_id),
		   ff_column(&columns[0]),
		   ff_column(&columns[1]),
		   ff_column(&columns[2]),
		   ff_column(&columns[3]),
		   ff_column(&columns[4]),
		   ff_text(request->reference),
		   ff_time(GetCurrentTransactionStartTimestamp()),
		   ff_text(ff_actor()));
}

/* A person looks at what should not be in a parcel, or is not. */
static void
tell_differences(FfReturn *subject)
{
	for (int i = 0; i < subject->line_count; i++)
	{
		const FfReturnLine *line = &subject->lines[i];

		if (line->received <= line->quantity && line->missing == 0 && line->line < 100000)
			continue;
		ff_attention_open(subject->merchant_id,
						  "return_differs",
						  subject->order_id,
						  subject->shipment_id,
						  0,
						  psprintf("return %s does not hold what was announced", subject->number),
						  "Compare fulfillment.return_lines with the parcel; tell the customer.");
		return;
	}
}

void
ff_store_receipt(void *argument, const void *payload)
{
	FfReturn *subject = argument;
	const FfReturnRequest *request = payload;
	int64 location_id = request->location_id != 0 ? request->location_id : subject->location_id;

	if (request->line_count == 0)
		return;
	if (subject->location_id == 0)
		ff_run(&set_location,
			   ff_int4(subject->merchant_id),
			   ff_int8(subject->return_id),
			   ff_int8(location_id));
	write_receipts(subject, request);
	if (subject->order_id != 0)
		ff_run(&recount_returned, ff_int4(subject->merchant_id), ff_int8(subject->order_id));
	move_stock(subject, request, location_id);
	ff_return_refresh(subject);
	if (strcmp(subject->kind, "rts") == 0)
		ff_attention_close(subject->merchant_id,
						   "return_to_sender",
						   subject->order_id,
						   subject->shipment_id,
						   "the goods are back");
	tell_differences(subject);
}

void
ff_flag_late(void *argument, const void *payload)
{
	FfReturn *subject = argument;

	ff_run(&flag_late, ff_int4(subject->merchant_id), ff_int8(subject->return_id));
	ff_attention_open(subject->merchant_id,
					  "return_late",
					  subject->order_id,
					  subject->shipment_id,
					  0,
					  psprintf("goods of return %s came although it was not approved or is over",
							   subject->number),
					  psprintf("Decide what is paid: SELECT fulfillment.close_return(%lld)",
							   (long long) subject->return_id));
}
