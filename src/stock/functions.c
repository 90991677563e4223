/*
 * functions.c
 *
 * The SQL functions of stock: receive, adjust, count, transfer, check.  They
 * turn names into movements; the rules of the ledger stand in ledger.c.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "pg/errors.h"
#include "pg/session.h"
#include "pg/spi.h"
#include "stock/act.h"
#include "stock/ledger.h"
#include "stock/lookup.h"
#include "tasks/history.h"

static FfStatement read_on_hand =
	FF_STATEMENT("select on_hand from fulfillment.stock_levels"
				 " where merchant_id = $1 and location_id = $2 and item_id = $3 for update",
				 INT4OID, INT8OID, INT8OID);

static FfStatement find_drift = FF_BULK_STATEMENT(
	"select l.code, i.sku, s.on_hand, coalesce(m.on_hand, 0), s.reserved, coalesce(m.reserved, 0),"
	"       coalesce(r.reserved, 0), s.location_id, s.item_id"
	"  from fulfillment.stock_levels s"
	"  join fulfillment.locations l on l.merchant_id = $1 and l.location_id = s.location_id"
	"  join fulfillment.items i on i.merchant_id = $1 and i.item_id = s.item_id"
	"  left join (select location_id, item_id, sum(on_hand_delta) as on_hand,"
	"                    sum(reserved_delta) as reserved"
	"               from fulfillment.stock_movements where merchant_id = $1"
	"              group by location_id, item_id) m"
	"    on m.location_id = s.location_id and m.item_id = s.item_id"
	"  left join (select h.location_id, n.item_id, sum(n.quantity - n.shipped - n.short) as reserved"
	"               from fulfillment.shipments h"
	"               join fulfillment.shipment_lines n"
	"                 on n.merchant_id = $1 and n.shipment_id = h.shipment_id"
	"              where h.merchant_id = $1 and h.state in ('draft', 'queued', 'submitting',"
	"                    'unknown', 'accepted', 'cancel_requested', 'attention')"
	"              group by h.location_id, n.item_id) r"
	"    on r.location_id = s.location_id and r.item_id = s.item_id"
	" where s.merchant_id = $1 and (s.on_hand <> coalesce(m.on_hand, 0)"
	"    or s.reserved <> coalesce(m.reserved, 0) or s.reserved <> coalesce(r.reserved, 0))"
	" order by l.code, i.sku",
	INT4OID);

/* Whoever moves stock waits, so that what is found below is still so when it is mended. */
static FfStatement lock_levels =
	FF_STATEMENT("select 1 from fulfillment.stock_levels where merchant_id = $1"
				 " order by location_id, item_id for update",
				 INT4OID);

/* The ledger says what is on hand, the open shipments what is reserved. */
static FfStatement repair_level = FF_STATEMENT(
	"update fulfillment.stock_levels set on_hand = greatest($4, 0), reserved = $5, changed_at = $6"
	" where merchant_id = $1 and location_id = $2 and item_id = $3",
	INT4OID, INT8OID, INT8OID, INT4OID, INT4OID, TIMESTAMPTZOID);

static FfStatement repair_ledger = FF_STATEMENT(
	"insert into fulfillment.stock_movements (merchant_id, moved_at, location_id, item_id, kind,"
	"       on_hand_delta, reserved_delta, cause, actor)"
	" values ($1, $2, $3, $4, 'adjust', greatest(-$5, 0), $6, 'drift repaired by check_stock', $7)",
	INT4OID, TIMESTAMPTZOID, INT8OID, INT8OID, INT4OID, INT4OID, TEXTOID);

static int32
on_hand_of(int32 merchant_id, int64 location_id, int64 item_id)
{
	FfRows rows =
		ff_run(&read_on_hand, ff_int4(merchant_id), ff_int8(location_id), ff_int8(item_id));

	return rows.count == 0 ? 0 : ff_row_int4(&rows, 0, 1);
}

PG_FUNCTION_INFO_V1(fulfillment_receive_stock);

/* receive_stock(location, sku, quantity, cause, merchant_id) → units on hand */
Datum
fulfillment_receive_stock(PG_FUNCTION_ARGS)
{
	int32 merchant_id = PG_GETARG_INT32(4);
	FfMovement movement = {.kind = FF_MOVE_RECEIVE,
						   .quantity = PG_GETARG_INT32(2),
						   .cause = text_to_cstring(PG_GETARG_TEXT_PP(3))};
	int32 on_hand;

	ff_require(FF_LEVEL_OPERATOR, merchant_id);
	ff_expect_quantity(movement.quantity, 1);
	ff_expect_cause(movement.cause);
	movement.on_hand = &on_hand;
	ff_spi_begin();
	ff_level_ids(merchant_id,
				 text_to_cstring(PG_GETARG_TEXT_PP(0)),
				 text_to_cstring(PG_GETARG_TEXT_PP(1)),
				 &movement.location_id,
				 &movement.item_id);
	ff_stock_act(merchant_id, &movement, 1);
	ff_spi_end();
	PG_RETURN_INT32(on_hand);
}

PG_FUNCTION_INFO_V1(fulfillment_adjust_stock);

/* adjust_stock(location, sku, change, cause, merchant_id) → units on hand */
Datum
fulfillment_adjust_stock(PG_FUNCTION_ARGS)
{
	int32 merchant_id = PG_GETARG_INT32(4);
	FfMovement movement = {.kind = FF_MOVE_ADJUST,
						   .quantity = PG_GETARG_INT32(2),
						   .cause = text_to_cstring(PG_GETARG_TEXT_PP(3))};
	int32 on_hand;

	ff_require(FF_LEVEL_OPERATOR, merchant_id);
	ff_expect_quantity(movement.quantity, -FF_MAX_MOVED);
	if (movement.quantity == 0)
		ereport(ERROR,
				(errcode(FF_ERR_INVALID_DOCUMENT),
				 errmsg("invalid quantity 0"),
				 errdetail("Field \"change\" says how many units come or go."),
				 errhint("Correct the quantity.")));
	ff_expect_cause(movement.cause);
	movement.on_hand = &on_hand;
	ff_spi_begin();
	ff_level_ids(merchant_id,
				 text_to_cstring(PG_GETARG_TEXT_PP(0)),
				 text_to_cstring(PG_GETARG_TEXT_PP(1)),
				 &movement.location_id,
				 &movement.item_id);
	ff_stock_act(merchant_id, &movement, 1);
	ff_spi_end();
	PG_RETURN_INT32(on_hand);
}

PG_FUNCTION_INFO_V1(fulfillment_count_stock);

/* count_stock(location, sku, counted, cause, merchant_id) → difference to what we believed */
Datum
fulfillment_count_stock(PG_FUNCTION_ARGS)
{
	int32 merchant_id = PG_GETARG_INT32(4);
	int32 counted = PG_GETARG_INT32(2);
	FfMovement movement = {.kind = FF_MOVE_COUNT, .cause = text_to_cstring(PG_GETARG_TEXT_PP(3))};

	ff_require(FF_LEVEL_OPERATOR, merchant_id);
	ff_expect_quantity(counted, 0);
	ff_expect_cause(movement.cause);
	ff_spi_begin();
	ff_level_ids(merchant_id,
				 text_to_cstring(PG_GETARG_TEXT_PP(0)),
				 text_to_cstring(PG_GETARG_TEXT_PP(1)),
				 &movement.location_id,
				 &movement.item_id);
	/* the level stays locked, so the difference is still right when it is written */
	movement.quantity = counted - on_hand_of(merchant_id, movement.location_id, movement.item_id);
	if (movement.quantity != 0)
		ff_stock_act(merchant_id, &movement, 1);
	ff_spi_end();
	PG_RETURN_INT32(movement.quantity);
}

PG_FUNCTION_INFO_V1(fulfillment_transfer_stock);

/* transfer_stock(from_location, to_location, sku, quantity, cause, merchant_id) */
Datum
fulfillment_transfer_stock(PG_FUNCTION_ARGS)
{
	int32 merchant_id = PG_GETARG_INT32(5);
	char *cause = text_to_cstring(PG_GETARG_TEXT_PP(4));
	FfMovement movements[2] = {
		{.kind = FF_MOVE_TRANSFER_OUT, .quantity = PG_GETARG_INT32(3), .cause = cause},
		{.kind = FF_MOVE_TRANSFER_IN, .quantity = PG_GETARG_INT32(3), .cause = cause}};

	ff_require(FF_LEVEL_OPERATOR, merchant_id);
	ff_expect_quantity(movements[0].quantity, 1);
	ff_expect_cause(cause);
	ff_spi_begin();
	movements[0].location_id = ff_location_id(merchant_id, text_to_cstring(PG_GETARG_TEXT_PP(0)));
	movements[1].location_id = ff_location_id(merchant_id, text_to_cstring(PG_GETARG_TEXT_PP(1)));
	movements[0].item_id = movements[1].item_id =
		ff_item_id(merchant_id, text_to_cstring(PG_GETARG_TEXT_PP(2)));
	if (movements[0].location_id == movements[1].location_id)
		ereport(ERROR,
				(errcode(FF_ERR_INVALID_DOCUMENT),
				 errmsg("cannot transfer stock to the location it is at"),
				 errhint("Name two different locations.")));
	ff_stock_act(merchant_id, movements, 2);
	ff_spi_end();
	PG_RETURN_VOID();
}

/* Makes a drifted level right again and says so in ledger and history. */
static void
repair(int32 merchant_id, const FfRows *rows, uint64 row)
{
	TimestampTz now = GetCurrentTransactionStartTimestamp();
	int64 ledger_on_hand = ff_row_int8(rows, row, 4);
	int64 open = ff_row_int8(rows, row, 7);
	FfHistory history = {.merchant_id = merchant_id,
						 .subject_kind = "stock",
						 .subject_id = ff_row_int8(rows, row, 9),
						 .event = "repair",
						 .cause = "check_stock"};

	history.before = psprintf("{\"location\": %lld, \"on_hand\": %d, \"reserved\": %d}",
							  (long long) ff_row_int8(rows, row, 8),
							  ff_row_int4(rows, row, 3),
							  ff_row_int4(rows, row, 5));
	history.after = psprintf("{\"on_hand\": %lld, \"reserved\": %lld}",
							 (long long) Max(ledger_on_hand, 0),
							 (long long) open);
	ff_run(&repair_level,
		   ff_int4(merchant_id),
		   ff_int8(ff_row_int8(rows, row, 8)),
		   ff_int8(ff_row_int8(rows, row, 9)),
		   ff_int4((int32) ledger_on_hand),
		   ff_int4((int32) open),
		   ff_time(now));
	ff_run(&repair_ledger,
		   ff_int4(merchant_id),
		   ff_time(now),
		   ff_int8(ff_row_int8(rows, row, 8)),
		   ff_int8(ff_row_int8(rows, row, 9)),
		   ff_int4((int32) ledger_on_hand),
		   ff_int4((int32) (open - ff_row_int8(rows, row, 6))),
		   ff_text(ff_actor()));
	ff_history_add(&history, 1);
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
		Datum values[8];
		bool nulls[8] = {false};
		MemoryContext inner = MemoryContextSwitchTo(outer);

		values[0] = CStringGetTextDatum(ff_row_text(&rows, i, 1));
		values[1] = CStringGetTextDatum(ff_row_text(&rows, i, 2));
		values[2] = Int32GetDatum(ff_row_int4(&rows, i, 3));
		values[3] = Int64GetDatum(ff_row_int8(&rows, i, 4));
		values[4] = Int32GetDatum(ff_row_int4(&rows, i, 5));
		values[5] = Int64GetDatum(ff_row_int8(&rows, i, 6));
		values[6] = Int64GetDatum(ff_row_int8(&rows, i, 7));
		values[7] = BoolGetDatum(wanted);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		MemoryContextSwitchTo(inner);
		if (wanted)
			repair(merchant_id, &rows, i);
	}
	ff_spi_end();
	return (Datum) 0;
}
