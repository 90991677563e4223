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
#include "utils/array.h"
#include "utils/builtins.h"

#include "pg/errors.h"
#include "pg/session.h"
#include "pg/spi.h"
#include "stock/act.h"
#include "stock/lookup.h"

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
	movement.location_id = ff_location_id(merchant_id, text_to_cstring(PG_GETARG_TEXT_PP(0)));
	movement.item_id = ff_item_id(merchant_id, text_to_cstring(PG_GETARG_TEXT_PP(1)));
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
