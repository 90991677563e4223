/*
 * remainder.c
 *
 * What of a shipment did not leave with the rest becomes a shipment of its own;
 * tracking belongs to packages and is never copied.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"

#include "pg/spi.h"
#include "shipping/parts.h"
#include "tasks/history.h"

static FfStatement drop_empty_lines =
	FF_STATEMENT("delete from fulfillment.shipment_lines"
				 " where merchant_id = $1 and shipment_id = $2 and line = any ($3)",
				 INT4OID, INT8OID, INT4ARRAYOID);

/* What remains, as a shipment of its own beside the first, whose slot was for all of it; $3: its
 * state, $4: the provider has it */
static FfStatement copy_shipment = FF_STATEMENT(
	"insert into fulfillment.shipments as n (merchant_id, order_id, number, reference, provider_id,"
	"       location_id, service_id, state, currency, provider_reference, attempt, submitted_at,"
	"       accepted_at, created_at)"
	" select s.merchant_id, s.order_id, m.number, "
	"        (select x.reference_prefix from fulfillment.merchants x where x.merchant_id = $1)"
	"        || '-' || s.order_id || '-' || m.number,"
	"        s.provider_id, s.location_id, s.service_id, $3, s.currency,"
	"        case when $4 then s.provider_reference end, case when $4 then s.attempt else 0 end,"
	"        case when $4 then s.submitted_at end, case when $4 then s.accepted_at end, $5"
	"   from fulfillment.shipments s"
	"  cross join lateral (select max(x.number) + 1 as number from fulfillment.shipments x"
	"                       where x.merchant_id = $1 and x.order_id = s.order_id) m"
	"  where s.merchant_id = $1 and s.shipment_id = $2"
	" returning n.shipment_id",
	INT4OID, INT8OID, TEXTOID, BOOLOID, TIMESTAMPTZOID);

static FfStatement copy_lines = FF_STATEMENT(
	"insert into fulfillment.shipment_lines (merchant_id, shipment_id, line, order_id, item_id,"
	"       quantity)"
	" select $1, $2, u.line, $3, u.item_id, u.quantity"
	"   from unnest($4, $5, $6) as u(line, item_id, quantity)",
	INT4OID, INT8OID, INT8OID, INT4ARRAYOID, INT8ARRAYOID, INT4ARRAYOID);

/* Takes the units that did not leave off the shipment; lines with none left go. */
static int
take_off_remainder(FfShipment *shipment, FfShipmentLine *remainder)
{
	FfColumn empty;
	int count = 0;
	int kept = 0;

	ff_column_init(&empty, INT4OID);
	for (int i = 0; i < shipment->line_count; i++)
	{
		FfShipmentLine line = shipment->lines[i];
		int32 open = open_units(&line);

		if (open > 0)
		{
			remainder[count] = line;
			remainder[count++].quantity = open;
			line.quantity -= open;
		}
		if (line.quantity > 0)
			shipment->lines[kept++] = line;
		else
			ff_column_add(&empty, ff_int4(line.line));
	}
	shipment->line_count = kept;
	if (empty.count > 0)
		ff_run(&drop_empty_lines,
			   ff_int4(shipment->merchant_id),
			   ff_int8(shipment->shipment_id),
			   ff_column(&empty));
	ff_shipments_save_lines(&shipment, 1);
	return count;
}

static bool
something_remains(const FfShipment *shipment)
{
	for (int i = 0; i < shipment->line_count; i++)
		if (open_units(&shipment->lines[i]) > 0)
			return true;
	return false;
}

/*
 * A fulfillment center that shipped a part still has the rest of the same
 * order in hand: its remainder stays with it, under the same reference, and is
 * not asked for a second time.  Everywhere else the remainder is a draft.
 */
static void
split(FfShipment *shipment, const FfShipmentReport *report)
{
	FfShipmentLine *remainder = palloc(sizeof(FfShipmentLine) * Max(shipment->line_count, 1));
	bool stays = report->by_provider && !shipment->own_location && shipment->connection_id != 0;
	FfShipmentState state = stays ? FF_SHIPMENT_ACCEPTED : FF_SHIPMENT_DRAFT;
	const char *state_name = ff_state_name(FF_MACHINE_SHIPMENT, state);
	int count = take_off_remainder(shipment, remainder);
	FfColumn lines;
	FfColumn items;
	FfColumn quantities;
	FfRows rows;
	FfHistory row;

	rows = ff_run(&copy_shipment,
				  ff_int4(shipment->merchant_id),
				  ff_int8(shipment->shipment_id),
				  ff_text(state_name),
				  ff_bool(stays),
				  ff_time(GetCurrentTransactionStartTimestamp()));
	ff_column_init(&lines, INT4OID);
	ff_column_init(&items, INT8OID);
	ff_column_init(&quantities, INT4OID);
	for (int i = 0; i < count; i++)
	{
		ff_column_add(&lines, ff_int4(remainder[i].line));
		ff_column_add(&items, ff_int8(remainder[i].item_id));
		ff_column_add(&quantities, ff_int4(remainder[i].quantity));
	}
	row = (FfHistory){.merchant_id = shipment->merchant_id,
					  .subject_kind = "shipment",
					  .subject_id = ff_row_int8(&rows, 0, 1),
					  .order_id = shipment->order_id,
					  .event = ff_event_name(FF_MACHINE_SHIPMENT, FF_SHIPMENT_EVENT_PLAN),
					  .to_state = state_name,
					  .cause = psprintf("what remained of %s", shipment->reference)};
	ff_run(&copy_lines,
		   ff_int4(shipment->merchant_id),
		   ff_int8(row.subject_id),
		   ff_int8(shipment->order_id),
		   ff_column(&lines),
		   ff_column(&items),
		   ff_column(&quantities));
	ff_history_add(&row, 1);
}

void
ff_split_remainder(void **subjects, const void **payloads, int count)
{
	for (int i = 0; i < count; i++)
		if (something_remains(subjects[i]))
			split(subjects[i], payloads[i]);
}
