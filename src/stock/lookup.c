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

static FfStatement find_both = FF_STATEMENT(
	"select (select location_id from fulfillment.locations where merchant_id = $1 and code = $2),"
	"       (select item_id from fulfillment.items where merchant_id = $1 and sku = $3)",
	INT4OID, TEXTOID, TEXTOID);

static int64
expect(int64 id, int32 merchant_id, const char *what, const char *table, const char *name)
{
	if (id == 0)
		ereport(ERROR,
				(errcode(FF_ERR_UNKNOWN_OBJECT),
				 errmsg("unknown %s \"%s\"", what, name),
				 errdetail("Merchant %d has no %s of this name.", merchant_id, what),
				 errhint("Add a row to fulfillment.%s.", table)));
	return id;
}

static int64
find(FfStatement *statement, int32 merchant_id, const char *name)
{
	FfRows rows = ff_run(statement, ff_int4(merchant_id), ff_text(name));

	return rows.count == 0 ? 0 : ff_row_int8(&rows, 0, 1);
}

int64
ff_location_id(int32 merchant_id, const char *code)
{
	return expect(
		find(&find_location, merchant_id, code), merchant_id, "location", "locations", code);
}

int64
ff_item_id(int32 merchant_id, const char *sku)
{
	return expect(find(&find_item, merchant_id, sku), merchant_id, "SKU", "items", sku);
}

void
ff_level_ids(int32 merchant_id, const char *code, const char *sku, int64 *location_id,
			 int64 *item_id)
{
	FfRows rows = ff_run(&find_both, ff_int4(merchant_id), ff_text(code), ff_text(sku));

	*location_id = expect(ff_row_int8(&rows, 0, 1), merchant_id, "location", "locations", code);
	*item_id = expect(ff_row_int8(&rows, 0, 2), merchant_id, "SKU", "items", sku);
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
