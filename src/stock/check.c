/*
 * check.c
 *
 * The self-check of stock: what the ledger and the open shipments say, computed
 * anew, against what the levels say; and the repair of a drift.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "pg/session.h"
#include "pg/spi.h"
#include "stock/ledger.h"
#include "tasks/history.h"

/* A level may lack altogether: the ledger or a shipment knows of it still. */
static FfStatement find_drift = FF_BULK_STATEMENT(
	"select d.location_id, d.item_id, l.code, i.sku, d.on_hand, d.ledger_on_hand, d.reserved,"
	"       d.ledger_reserved, d.open, d.quarantine, d.ledger_quarantine, d.damaged,"
	"       d.ledger_damaged"
	"  from (select location_id, item_id, coalesce(s.on_hand, 0) as on_hand,"
	"               coalesce(m.on_hand, 0) as ledger_on_hand, coalesce(s.reserved, 0) as reserved,"
	"               coalesce(m.reserved, 0) as ledger_reserved, coalesce(r.reserved, 0) as open,"
	"               coalesce(s.quarantine, 0) as quarantine,"
	"               coalesce(m.quarantine, 0) as ledger_quarantine,"
	"               coalesce(s.damaged, 0) as damaged, coalesce(m.damaged, 0) as ledger_damaged"
	"          from (select location_id, item_id, on_hand, reserved, quarantine, damaged"
	"                  from fulfillment.stock_levels where merchant_id = $1) s"
	"          full join (select location_id, item_id, sum(on_hand_delta) as on_hand,"
	"                       sum(reserved_delta) as reserved, sum(quarantine_delta) as quarantine,"
	"                       sum(damaged_delta) as damaged"
	"                  from fulfillment.stock_movements where merchant_id = $1"
	"                 group by location_id, item_id) m using (location_id, item_id)"
	"          full join (select h.location_id, n.item_id,"
	"                       sum(n.quantity - n.shipped - n.short) as reserved"
	"                  from fulfillment.shipments h"
	"                  join fulfillment.shipment_lines n"
	"                    on n.merchant_id = $1 and n.shipment_id = h.shipment_id"
	"                 where h.merchant_id = $1 and h.state in ('draft', 'queued', 'submitting',"
	"                       'unknown', 'accepted', 'cancel_requested', 'attention')"
	"                 group by h.location_id, n.item_id) r using (location_id, item_id)) d"
	"  join fulfillment.locations l on l.merchant_id = $1 and l.location_id = d.location_id"
	"  join fulfillment.items i on i.merchant_id = $1 and i.item_id = d.item_id"
	" where d.on_hand <> d.ledger_on_hand or d.reserved <> d.ledger_reserved"
	"    or d.reserved <> d.open or d.quarantine <> d.ledger_quarantine"
	"    or d.damaged <> d.ledger_damaged"
	" order by l.code, i.sku",
	INT4OID);

/* Whoever moves stock waits, so that what is found below is still so when it is mended. */
static FfStatement lock_levels =
	FF_STATEMENT("select 1 from fulfillment.stock_levels where merchant_id = $1"
				 " order by location_id, item_id for update",
				 INT4OID);

static FfStatement repair_level = FF_STATEMENT(
	"insert into fulfillment.stock_levels (merchant_id, location_id, item_id, on_hand, reserved,"
	"       quarantine, damaged, changed_at)"
	" values ($1, $2, $3, $4, $5, $6, $7, $8)"
	" on conflict (merchant_id, location_id, item_id) do update"
	"   set on_hand = excluded.on_hand, reserved = excluded.reserved,"
	"       quarantine = excluded.quarantine, damaged = excluded.damaged,"
	"       changed_at = excluded.changed_at",
	INT4OID, INT8OID, INT8OID, INT4OID, INT4OID, INT4OID, INT4OID, TIMESTAMPTZOID);

static FfStatement repair_ledger = FF_STATEMENT(
	"insert into fulfillment.stock_movements (merchant_id, moved_at, location_id, item_id, kind,"
	"       on_hand_delta, reserved_delta, quarantine_delta, damaged_delta, cause, actor)"
	" values ($1, $8, $2, $3, 'adjust', $4, $5, $6, $7, 'drift repaired by check_stock', $9)",
	INT4OID, INT8OID, INT8OID, INT4OID, INT4OID, INT4OID, INT4OID, TIMESTAMPTZOID, TEXTOID);

/* Columns of find_drift. */
enum
{
	LOCATION_ID = 1,
	ITEM_ID,
	LOCATION,
	SKU,
	ON_HAND,
	LEDGER_ON_HAND,
	RESERVED,
	LEDGER_RESERVED,
	OPEN_RESERVATIONS,
	QUARANTINE,
	LEDGER_QUARANTINE,
	DAMAGED,
	LEDGER_DAMAGED
};

#define ANSWERED (LEDGER_DAMAGED - LOCATION + 2) /* columns, with "repaired" */

/*
 * What a level is to be: the ledger says what is on hand and beside it, the
 * open shipments what is reserved; and by how much the ledger must be mended
 * for that.
 */
static void
right_level(const FfRows *rows, uint64 row, int64 right[FF_BUCKETS], int64 ledger[FF_BUCKETS])
{
	static const int columns[FF_BUCKETS] = {
		[FF_BUCKET_ON_HAND] = LEDGER_ON_HAND,
		[FF_BUCKET_RESERVED] = LEDGER_RESERVED,
		[FF_BUCKET_QUARANTINE] = LEDGER_QUARANTINE,
		[FF_BUCKET_DAMAGED] = LEDGER_DAMAGED,
	};

	for (int bucket = 0; bucket < FF_BUCKETS; bucket++)
	{
		int64 units = ff_row_int8(rows, row, columns[bucket]);

		right[bucket] = bucket == FF_BUCKET_RESERVED ? ff_row_int8(rows, row, OPEN_RESERVATIONS)
													 : Max(units, 0);
		ledger[bucket] = right[bucket] - units;
	}
}

/* Makes a drifted level right again and says so in ledger and history. */
static void
repair(int32 merchant_id, const FfRows *rows, uint64 row)
{
	FfArgument now = ff_time(GetCurrentTransactionStartTimestamp());
	FfArgument location = ff_int8(ff_row_int8(rows, row, LOCATION_ID));
	FfArgument item = ff_int8(ff_row_int8(rows, row, ITEM_ID));
	FfHistory history = {.merchant_id = merchant_id,
						 .subject_kind = "stock",
						 .subject_id = ff_row_int8(rows, row, ITEM_ID),
						 .event = "repair",
						 .cause = "check_stock"};
	int64 right[FF_BUCKETS];
	int64 ledger[FF_BUCKETS];
	FfArgument levels[FF_BUCKETS];
	FfArgument deltas[FF_BUCKETS];

	right_level(rows, row, right, ledger);
	for (int bucket = 0; bucket < FF_BUCKETS; bucket++)
	{
		levels[bucket] = ff_int4((int32) right[bucket]);
		deltas[bucket] = ff_int4((int32) ledger[bucket]);
	}
	ff_run(&repair_level,
		   ff_int4(merchant_id),
		   location,
		   item,
		   levels[FF_BUCKET_ON_HAND],
		   levels[FF_BUCKET_RESERVED],
		   levels[FF_BUCKET_QUARANTINE],
		   levels[FF_BUCKET_DAMAGED],
		   now);
	ff_run(&repair_ledger,
		   ff_int4(merchant_id),
		   location,
		   item,
		   deltas[FF_BUCKET_ON_HAND],
		   deltas[FF_BUCKET_RESERVED],
		   deltas[FF_BUCKET_QUARANTINE],
		   deltas[FF_BUCKET_DAMAGED],
		   now,
		   ff_text(ff_actor()));
	history.before = psprintf("{\"location\": %lld, \"on_hand\": %d, \"reserved\": %d,"
							  " \"quarantine\": %d, \"damaged\": %d}",
							  (long long) ff_row_int8(rows, row, LOCATION_ID),
							  ff_row_int4(rows, row, ON_HAND),
							  ff_row_int4(rows, row, RESERVED),
							  ff_row_int4(rows, row, QUARANTINE),
							  ff_row_int4(rows, row, DAMAGED));
	history.after = psprintf("{\"on_hand\": %lld, \"reserved\": %lld, \"quarantine\": %lld,"
							 " \"damaged\": %lld}",
							 (long long) right[FF_BUCKET_ON_HAND],
							 (long long) right[FF_BUCKET_RESERVED],
							 (long long) right[FF_BUCKET_QUARANTINE],
							 (long long) right[FF_BUCKET_DAMAGED]);
	ff_history_add(&history, 1);
}

/* A row of the answer; its first two columns are text, the others numbers as they were read. */
static void
answer(ReturnSetInfo *result, const FfRows *rows, uint64 row, bool repaired)
{
	Datum values[ANSWERED];
	bool nulls[ANSWERED] = {false};

	values[0] = CStringGetTextDatum(ff_row_text(rows, row, LOCATION));
	values[1] = CStringGetTextDatum(ff_row_text(rows, row, SKU));
	for (int column = ON_HAND; column <= LEDGER_DAMAGED; column++)
		values[column - LOCATION] = ff_row_datum(rows, row, column, &nulls[column - LOCATION]);
	values[ANSWERED - 1] = BoolGetDatum(repaired);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

PG_FUNCTION_INFO_V1(fulfillment_check_stock);

/* check_stock(repair, merchant_id) → the levels that are not what ledger and shipments say */
Datum
fulfillment_check_stock(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	bool wanted = PG_GETARG_BOOL(0);
	int32 merchant_id = PG_GETARG_INT32(1);
	MemoryContext outer;
	FfRows rows;

	ff_require(wanted ? FF_LEVEL_ADMIN : FF_LEVEL_VIEWER, merchant_id);
	InitMaterializedSRF(fcinfo, 0);
	outer = ff_spi_begin();
	if (wanted)
		ff_run(&lock_levels, ff_int4(merchant_id));
	rows = ff_run(&find_drift, ff_int4(merchant_id));
	for (uint64 i = 0; i < rows.count; i++)
	{
		MemoryContext inner = MemoryContextSwitchTo(outer);

		answer(result, &rows, i, wanted);
		MemoryContextSwitchTo(inner);
		if (wanted)
			repair(merchant_id, &rows, i);
	}
	ff_spi_end();
	return (Datum) 0;
}
