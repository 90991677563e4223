/*
 * shortage.c
 *
 * Where a warehouse's report differs from our plan: units that could not be
 * found leave the shipment and our books, units that left beyond the plan are
 * put on record.  Either way one discrepancy has the value.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "pg/spi.h"
#include "shipping/parts.h"
#include "stock/ledger.h"

/*
 * $10: the figures are those of the whole shipment, so that a difference which
 * stands open already is brought up to date instead of standing twice.
 */
static FfStatement add_discrepancies = FF_STATEMENT(
	"with u as (select d.item_id, sum(d.expected)::int as expected, sum(d.reported)::int as reported"
	"             from unnest($7, $8, $9) as d(item_id, expected, reported) group by d.item_id),"
	" grown as ("
	"  update fulfillment.discrepancies d"
	"     set expected = u.expected, reported = u.reported, last_seen_at = now(),"
	"         value = abs(u.reported - u.expected) * i.value, times_seen = d.times_seen + 1"
	"    from u join fulfillment.items i on i.merchant_id = $1 and i.item_id = u.item_id"
	"   where $10 and d.merchant_id = $1 and d.location_id = $2 and d.item_id = u.item_id"
	"     and d.kind = $3 and d.shipment_id = $6 and d.state = 'open'"
	"  returning d.item_id)"
	" insert into fulfillment.discrepancies (merchant_id, location_id, item_id, kind, expected,"
	"       reported, value, cause, order_id, shipment_id)"
	" select $1, $2, u.item_id, $3, u.expected, u.reported,"
	"        abs(u.reported - u.expected) * i.value, $4, $5, $6"
	"   from u join fulfillment.items i on i.merchant_id = $1 and i.item_id = u.item_id"
	"  where u.item_id not in (select item_id from grown)",
	INT4OID, INT8OID, TEXTOID, TEXTOID, INT8OID, INT8OID, INT8ARRAYOID, INT4ARRAYOID, INT4ARRAYOID,
	BOOLOID);

static FfStatement on_hand_of_items =
	FF_STATEMENT("select item_id, on_hand from fulfillment.stock_levels"
				 " where merchant_id = $1 and location_id = $2 and item_id = any ($3)"
				 " order by item_id for update",
				 INT4OID, INT8OID, INT8ARRAYOID);

/* Differences of one report, side by side. */
typedef struct Differences
{
	FfColumn items;
	FfColumn expected;
	FfColumn reported;
} Differences;

static void
init(Differences *differences)
{
	ff_column_init(&differences->items, INT8OID);
	ff_column_init(&differences->expected, INT4OID);
	ff_column_init(&differences->reported, INT4OID);
}

static void
add(Differences *differences, int64 item_id, int32 expected, int32 reported)
{
	ff_column_add(&differences->items, ff_int8(item_id));
	ff_column_add(&differences->expected, ff_int4(expected));
	ff_column_add(&differences->reported, ff_int4(reported));
}

static void
put_on_record(const FfShipment *shipment, const char *kind, const char *cause,
			  const Differences *differences, bool whole)
{
	if (differences->items.count > 0)
		ff_run(&add_discrepancies,
			   ff_int4(shipment->merchant_id),
			   ff_int8(shipment->location_id),
			   ff_text(kind),
			   ff_text(cause),
			   ff_int8(shipment->order_id),
			   ff_int8(shipment->shipment_id),
			   ff_column(&differences->items),
			   ff_column(&differences->expected),
			   ff_column(&differences->reported),
			   ff_bool(whole));
}

void
ff_reduce_lines(void *subject, const void *payload)
{
	FfShipment *shipment = subject;
	const FfShipmentReport *report = payload;
	FfMovement *movements = palloc(sizeof(FfMovement) * Max(shipment->line_count, 1));
	int count = 0;

	for (int i = 0; i < shipment->line_count; i++)
	{
		FfShipmentLine *line = &shipment->lines[i];

		line->missing = Max(ff_reported_units(report, line, true), 0);
		if (line->missing == 0)
			continue;
		movements[count++] =
			ff_shipment_movement(shipment, FF_MOVE_RELEASE, line, line->missing, report->cause);
		line->short_quantity += line->missing;
	}
	ff_shipment_move_stock(shipment, movements, count);
	ff_shipments_save_lines(&shipment, 1);
}

/* What of an item is on hand at the shipment's location; locks it. */
static FfRows
read_on_hand(const FfShipment *shipment)
{
	FfColumn items;

	ff_column_init(&items, INT8OID);
	for (int i = 0; i < shipment->line_count; i++)
		ff_column_add(&items, ff_int8(shipment->lines[i].item_id));
	return ff_run(&on_hand_of_items,
				  ff_int4(shipment->merchant_id),
				  ff_int8(shipment->location_id),
				  ff_column(&items));
}

/* Units of the item that earlier lines of the shipment took out of the books. */
static int32
taken_before(const FfShipment *shipment, int line)
{
	int32 units = 0;

	for (int i = 0; i < line; i++)
		if (shipment->lines[i].item_id == shipment->lines[line].item_id)
			units += shipment->lines[i].missing;
	return units;
}

/*
 * What the warehouse could not find is not on hand: out of the books it goes,
 * as far as it still stands there.
 */
void
ff_record_shortage(void *subject, const void *payload)
{
	FfShipment *shipment = subject;
	const FfShipmentReport *report = payload;
	FfMovement *movements = palloc(sizeof(FfMovement) * Max(shipment->line_count, 1));
	FfRows rows = read_on_hand(shipment);
	Differences differences;
	int count = 0;

	init(&differences);
	for (int i = 0; i < shipment->line_count; i++)
	{
		FfShipmentLine *line = &shipment->lines[i];
		int32 on_hand = -taken_before(shipment, i);

		if (line->missing == 0)
			continue;
		for (uint64 row = 0; row < rows.count; row++)
			if (ff_row_int8(&rows, row, 1) == line->item_id)
				on_hand += ff_row_int4(&rows, row, 2);
		if (on_hand > 0)
			movements[count++] = ff_shipment_movement(
				shipment, FF_MOVE_ADJUST, line, -Min(line->missing, on_hand), report->cause);
		add(&differences, line->item_id, line->missing, 0);
	}
	ff_shipment_move_stock(shipment, movements, count);
	put_on_record(shipment, "short_pick", report->cause, &differences, false);
}

void
ff_record_over_ship(void *subject, const void *payload)
{
	FfShipment *shipment = subject;
	const FfShipmentReport *report = payload;
	Differences differences;

	init(&differences);
	for (int i = 0; i < shipment->line_count; i++)
	{
		const FfShipmentLine *line = &shipment->lines[i];

		if (line->over_shipped > 0)
			add(&differences, line->item_id, line->shipped, line->shipped + line->over_shipped);
	}
	put_on_record(shipment, "over_ship", report->cause, &differences, true);
	ff_attention_open(shipment->merchant_id,
					  "over_shipped",
					  shipment->order_id,
					  shipment->shipment_id,
					  0,
					  psprintf("more left with %s than was planned", shipment->reference),
					  "Ask the customer to keep it or to send it back.");
}
