/*
 * buckets.c
 *
 * SQL functions for units that are not for sale, and for movements that
 * reports bring in great number.  The kinds of movements and what they do
 * stand in ledger.c.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "pg/errors.h"
#include "pg/session.h"
#include "pg/spi.h"
#include "stock/act.h"
#include "stock/lookup.h"

static FfStatement read_movements = FF_STATEMENT(
	"select l.location_id, i.item_id, r.value ->> 'movement',"
	"   case when r.value ->> 'quantity' ~ '^-?[0-9]{1,9}$'"
	"    then (r.value ->> 'quantity')::int else 0 end, r.value ->> 'cause'"
	"  from jsonb_array_elements($2) with ordinality as r (value, n)"
	"  left join fulfillment.locations l on l.merchant_id = $1 and l.code = r.value ->> 'location'"
	"  left join fulfillment.items i on i.merchant_id = $1 and i.sku = r.value ->> 'sku'"
	" order by r.n",
	INT4OID, JSONBOID);

PG_FUNCTION_INFO_V1(fulfillment_move_bucket);

/* move_bucket(location, sku, movement, quantity, cause, merchant_id) */
Datum
fulfillment_move_bucket(PG_FUNCTION_ARGS)
{
	char *name = text_to_cstring(PG_GETARG_TEXT_PP(2));
	int32 merchant_id = PG_GETARG_INT32(5);
	FfMovement movement = {.kind = ff_movement_kind(name),
						   .quantity = PG_GETARG_INT32(3),
						   .cause = text_to_cstring(PG_GETARG_TEXT_PP(4))};

	ff_require(FF_LEVEL_OPERATOR, merchant_id);
	if (movement.kind < FF_MOVE_QUARANTINE || movement.kind >= FF_MOVEMENT_KINDS)
		ereport(ERROR,
				(errcode(FF_ERR_INVALID_DOCUMENT),
				 errmsg("no movement between buckets is called \"%s\"", name),
				 errhint("Say quarantine, clear, damage, condemn, scrap or isolate.")));
	ff_expect_quantity(movement.quantity, 1);
	ff_expect_cause(movement.cause);
	ff_spi_begin();
	ff_level_ids(merchant_id,
				 text_to_cstring(PG_GETARG_TEXT_PP(0)),
				 text_to_cstring(PG_GETARG_TEXT_PP(1)),
				 &movement.location_id,
				 &movement.item_id);
	ff_stock_act(merchant_id, &movement, 1);
	ff_spi_end();
	PG_RETURN_VOID();
}

static Datum *
elements_of(ArrayType *array, Oid type, int16 length, int *count)
{
	Datum *elements;

	deconstruct_array(array, type, length, true, length == 8 ? 'd' : 'i', &elements, NULL, count);
	return elements;
}

PG_FUNCTION_INFO_V1(fulfillment_reconcile_levels);

/* reconcile_levels(location_id, item_ids, changes, cause, merchant_id) → items that stay as they
 * are
 */
Datum
fulfillment_reconcile_levels(PG_FUNCTION_ARGS)
{
	int32 merchant_id = PG_GETARG_INT32(4);
	int count;
	int changes;
	Datum *items = elements_of(PG_GETARG_ARRAYTYPE_P(1), INT8OID, 8, &count);
	Datum *quantities = elements_of(PG_GETARG_ARRAYTYPE_P(2), INT4OID, 4, &changes);
	FfMovement *movements = palloc0(sizeof(FfMovement) * (count + 1));
	Datum *left = palloc(sizeof(Datum) * (count + 1));
	MemoryContext outer;
	FfShortage *shortages;
	ArrayType *result;
	int failed;

	ff_require(FF_LEVEL_OPERATOR, merchant_id);
	if (count != changes)
		ereport(ERROR,
				(errcode(FF_ERR_INVALID_DOCUMENT),
				 errmsg("every item needs one change"),
				 errdetail("There are %d items and %d changes.", count, changes)));
	for (int i = 0; i < count; i++)
		movements[i] = (FfMovement){.kind = FF_MOVE_RECONCILE,
									.location_id = PG_GETARG_INT64(0),
									.item_id = DatumGetInt64(items[i]),
									.quantity = DatumGetInt32(quantities[i]),
									.group = i,
									.cause = text_to_cstring(PG_GETARG_TEXT_PP(3))};
	outer = ff_spi_begin();
	failed = ff_stock_try(merchant_id, movements, count, &shortages);
	for (int i = 0; i < failed; i++)
		left[i] = Int64GetDatum(shortages[i].item_id);
	MemoryContextSwitchTo(outer);
	result = construct_array(left, failed, INT8OID, 8, true, 'd');
	ff_spi_end();
	PG_RETURN_ARRAYTYPE_P(result);
}

/* Whether people may write a movement of this kind; the others belong to orders and reports. */
static bool
is_for_people(FfMovementKind kind)
{
	return kind == FF_MOVE_RECEIVE || kind == FF_MOVE_ADJUST || kind == FF_MOVE_RESTOCK ||
		   (kind >= FF_MOVE_QUARANTINE && kind < FF_MOVEMENT_KINDS);
}

/* Why a row cannot be played, or NULL with its movement. */
static const char *
read_movement(const FfRows *rows, uint64 row, FfMovement *movement)
{
	char *kind = ff_row_text(rows, row, 3);
	char *cause = ff_row_text(rows, row, 5);

	*movement = (FfMovement){.kind = kind != NULL ? ff_movement_kind(kind) : FF_MOVEMENT_KINDS,
							 .location_id = ff_row_int8(rows, row, 1),
							 .item_id = ff_row_int8(rows, row, 2),
							 .quantity = ff_row_int4(rows, row, 4),
							 .group = (int32) row,
							 .cause = cause};
	if (movement->location_id == 0)
		return "There is no such location.";
	if (movement->item_id == 0)
		return "There is no item with this SKU.";
	if (!is_for_people(movement->kind))
		return "Its \"movement\" is none of receive, adjust, restock, quarantine, clear, damage, "
			   "condemn, scrap and isolate.";
	if (abs(movement->quantity) > FF_MAX_MOVED || movement->quantity == 0 ||
		(movement->quantity < 0 && movement->kind != FF_MOVE_ADJUST))
		return "The quantity is no whole number above zero.";
	if (cause == NULL || *cause == '\0')
		return "The row has no cause.";
	return NULL;
}

PG_FUNCTION_INFO_V1(fulfillment_record_movements);

/* record_movements(movements, merchant_id) → (position, outcome, error) of each */
Datum
fulfillment_record_movements(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int32 merchant_id = PG_GETARG_INT32(1);
	MemoryContext outer;
	FfMovement *movements;
	FfShortage *shortages = NULL;
	const char **errors;
	FfRows rows;
	int count = 0;
	int failed;

	ff_require(FF_LEVEL_OPERATOR, merchant_id);
	InitMaterializedSRF(fcinfo, 0);
	outer = ff_spi_begin();
	rows = ff_run(&read_movements, ff_int4(merchant_id), ff_datum(PG_GETARG_DATUM(0)));
	movements = palloc(sizeof(FfMovement) * (rows.count + 1));
	errors = palloc0(sizeof(char *) * (rows.count + 1));
	for (uint64 i = 0; i < rows.count; i++)
	{
		errors[i] = read_movement(&rows, i, &movements[count]);
		count += errors[i] == NULL;
	}
	failed = ff_stock_try(merchant_id, movements, count, &shortages);
	for (int i = 0; i < failed; i++)
		errors[shortages[i].group] =
			psprintf("There are %d to take, not %d.", shortages[i].available, shortages[i].wanted);
	MemoryContextSwitchTo(outer);
	for (uint64 i = 0; i < rows.count; i++)
	{
		const char *outcome = errors[i] == NULL ? "done" : "refused";
		Datum values[3] = {Int64GetDatum((int64) i + 1), CStringGetTextDatum(outcome)};
		bool nulls[3] = {false, false, errors[i] == NULL};

		if (errors[i] != NULL)
			values[2] = CStringGetTextDatum(errors[i]);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	ff_spi_end();
	return (Datum) 0;
}
