/*
 * kits.c
 *
 * Reads the parts of kits, for any number of items by one statement.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "pg/spi.h"
#include "stock/kits.h"

/* Prices have six decimals. */
#define PRICE_SCALE 6

static FfStatement parts_of_kits = FF_STATEMENT(
	"select k.kit_item_id, k.component_item_id, i.sku, i.name, k.quantity,"
	"       round(case when w.value > 0 then i.value / w.value else 1.0 / w.units end, 12)"
	"  from fulfillment.kit_components k"
	"  join fulfillment.items i on i.merchant_id = $1 and i.item_id = k.component_item_id"
	"  cross join lateral ("
	"       select sum(x.quantity * y.value) as value, sum(x.quantity) as units"
	"         from fulfillment.kit_components x"
	"         join fulfillment.items y on y.merchant_id = $1 and y.item_id = x.component_item_id"
	"        where x.merchant_id = $1 and x.kit_item_id = k.kit_item_id) w"
	" where k.merchant_id = $1 and k.kit_item_id = any ($2)"
	" order by k.kit_item_id, k.component_item_id",
	INT4OID, INT8ARRAYOID);

FfKitPart *
ff_kit_parts(int32 merchant_id, const int64 *item_ids, int item_count, int *count)
{
	FfColumn items;
	FfKitPart *parts;
	FfRows rows;

	ff_column_init(&items, INT8OID);
	for (int i = 0; i < item_count; i++)
		ff_column_add(&items, ff_int8(item_ids[i]));
	*count = 0;
	if (items.count == 0)
		return NULL;
	rows = ff_run(&parts_of_kits, ff_int4(merchant_id), ff_column(&items));
	parts = palloc(sizeof(FfKitPart) * (rows.count + 1));
	*count = (int) rows.count;
	for (int i = 0; i < *count; i++)
		parts[i] = (FfKitPart){.kit_item_id = ff_row_int8(&rows, i, 1),
							   .item_id = ff_row_int8(&rows, i, 2),
							   .sku = ff_row_text(&rows, i, 3),
							   .name = ff_row_text(&rows, i, 4),
							   .quantity = ff_row_int4(&rows, i, 5),
							   .share = ff_row_text(&rows, i, 6)};
	return parts;
}

static Datum
numeric_of(const char *decimal)
{
	return DirectFunctionCall3(
		numeric_in, CStringGetDatum(decimal), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

char *
ff_kit_unit_price(const char *kit_price, const FfKitPart *part)
{
	Datum price;

	if (kit_price == NULL)
		return NULL;
	price = DirectFunctionCall2(numeric_mul, numeric_of(kit_price), numeric_of(part->share));
	return DatumGetCString(DirectFunctionCall1(
		numeric_out, DirectFunctionCall2(numeric_round, price, Int32GetDatum(PRICE_SCALE))));
}
