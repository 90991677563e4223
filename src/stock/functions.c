/*
 * functions.c
 *
 * The SQL functions of stock: receive, adjust, count, transfer.  They
 * turn names into movements; the rules of the ledger stand in ledger.c.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"

#include "pg/errors.h"
#include "pg/session.h"
#include "pg/spi.h"
#include "stock/act.h"
#include "stock/ledger.h"
#include "stock/lookup.h"

static FfStatement read_on_hand =
	FF_STATEMENT("select on_hand from fulfillment.stock_levels"
				 " where merchant_id = $1 and location_id = $2 and item_id = $3 for update",
				 INT4OID, INT8OID, INT8OID);

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
