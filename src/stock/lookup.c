/*
 * lookup.c
 *
 * Location codes and SKUs; see lookup.h.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "pg/errors.h"
#include "pg/spi.h"
#include "stock/lookup.h"

static FfStatement find_location = FF_STATEMENT(
	"select location_id from fulfillment.locations where merchant_id = $1 and code = $2", INT4OID,
	TEXTOID);
static FfStatement find_item = FF_STATEMENT(
	"select item_id from fulfillment.items where merchant_id = $1 and sku = $2", INT4OID, TEXTOID);

static int64
find(FfStatement *statement, int32 merchant_id, const char *what, const char *table,
	 const char *name)
{
	FfRows rows = ff_run(statement, ff_int4(merchant_id), ff_text(name));

	if (rows.count == 0)
		ereport(ERROR,
				(errcode(FF_ERR_UNKNOWN_OBJECT),
				 errmsg("unknown %s \"%s\"", what, name),
				 errdetail("Merchant %d has no %s of this name.", merchant_id, what),
				 errhint("Add a row to fulfillment.%s.", table)));
	return ff_row_int8(&rows, 0, 1);
}

int64
ff_location_id(int32 merchant_id, const char *code)
{
	return find(&find_location, merchant_id, "location", "locations", code);
}

int64
ff_item_id(int32 merchant_id, const char *sku)
{
	return find(&find_item, merchant_id, "SKU", "items", sku);
}

static Datum
id_by_name(FunctionCallInfo fcinfo, int64 (*look_up)(int32 merchant_id, const char *name))
{
	int64 id;

	ff_spi_begin();
	id = look_up(PG_GETARG_INT32(1), text_to_cstring(PG_GETARG_TEXT_PP(0)));
	ff_spi_end();
	PG_RETURN_INT64(id);
}

PG_FUNCTION_INFO_V1(fulfillment_location_id);

/* location_id(code, merchant_id) */
Datum
fulfillment_location_id(PG_FUNCTION_ARGS)
{
	return id_by_name(fcinfo, ff_location_id);
}

PG_FUNCTION_INFO_V1(fulfillment_item_id);

/* item_id(sku, merchant_id) */
Datum
fulfillment_item_id(PG_FUNCTION_ARGS)
{
	return id_by_name(fcinfo, ff_item_id);
}
