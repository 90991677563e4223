/*
 * act.c
 *
 * What people and reports do to stock; see act.h.
 */
#include "postgres.h"

#include "access/xact.h"

#include "pg/errors.h"
#include "pg/spi.h"
#include "stock/act.h"
#include "tasks/task.h"

/*
 * Most of the time nobody waits; then this is all that is asked.  "offset 0"
 * keeps it to the lines of those who do: as a join, it would read all lines
 * that were ever ordered.
 */
static FfStatement find_waiting = FF_STATEMENT(
	"select o.order_id from fulfillment.orders o"
	" where o.merchant_id = $1 and o.next_routing_at > $3 and exists ("
	"       select 1 from fulfillment.order_lines l"
	"        where l.merchant_id = $1 and l.order_id = o.order_id and l.item_id = any ($2)"
	"       offset 0)",
	INT4OID, INT8ARRAYOID, TIMESTAMPTZOID);

/*
 * Orders that wait for what came in are tried again, and where it came in they
 * may be asked for again; one that is busy will be tried anyway.
 */
static FfStatement wake_waiting =
	FF_STATEMENT("update fulfillment.orders set next_routing_at = $3,"
				 "       excluded_locations = array(select x from unnest(excluded_locations) x"
				 "                                   where x <> all ($4))"
				 " where merchant_id = $1 and order_id in ("
				 "   select o.order_id from fulfillment.orders o"
				 "    where o.merchant_id = $1 and o.order_id = any ($2) and o.next_routing_at > $3"
				 "    order by o.order_id for update skip locked)",
				 INT4OID, INT8ARRAYOID, TIMESTAMPTZOID, INT8ARRAYOID);

void
ff_expect_quantity(int32 quantity, int32 least)
{
	if (quantity < least || quantity > FF_MAX_MOVED)
		ereport(ERROR,
				(errcode(FF_ERR_INVALID_DOCUMENT),
				 errmsg("invalid quantity %d", quantity),
				 errdetail("Field \"quantity\" must lie between %d and %d.", least, FF_MAX_MOVED),
				 errhint("Correct the quantity.")));
}

void
ff_expect_cause(const char *cause)
{
	if (*cause == '\0')
		ereport(ERROR,
				(errcode(FF_ERR_INVALID_DOCUMENT),
				 errmsg("a stock movement needs a cause"),
				 errhint("Say in \"cause\" why the stock changes.")));
}

/* Whether the movement brings units that can be promised. */
static bool
brings(const FfMovement *movement)
{
	return movement->quantity > 0 && movement->kind != FF_MOVE_TRANSFER_OUT &&
		   (movement->kind < FF_MOVE_QUARANTINE || movement->kind == FF_MOVE_CLEAR);
}

static void
wake_who_waits(int32 merchant_id, const FfColumn *items, const FfColumn *locations)
{
	FfArgument now = ff_time(GetCurrentTransactionStartTimestamp());
	FfRows rows = ff_run(&find_waiting, ff_int4(merchant_id), ff_column(items), now);
	FfColumn orders;

	if (rows.count == 0)
		return;
	ff_column_init(&orders, INT8OID);
	for (uint64 i = 0; i < rows.count; i++)
		ff_column_add(&orders, ff_int8(ff_row_int8(&rows, i, 1)));
	if (ff_run(&wake_waiting, ff_int4(merchant_id), ff_column(&orders), now, ff_column(locations))
			.count > 0)
		ff_tasks_wake_at_commit();
}

int
ff_stock_try(int32 merchant_id, const FfMovement *movements, int count, FfShortage **shortages)
{
	FfColumn items;
	FfColumn locations;

	ff_column_init(&items, INT8OID);
	ff_column_init(&locations, INT8OID);
	for (int i = 0; i < count; i++)
		if (brings(&movements[i]))
		{
			ff_column_add(&items, ff_int8(movements[i].item_id));
			ff_column_add(&locations, ff_int8(movements[i].location_id));
		}
	/* orders are locked before stock */
	if (items.count > 0)
		wake_who_waits(merchant_id, &items, &locations);
	return ff_stock_move(merchant_id, movements, count, shortages);
}

void
ff_stock_act(int32 merchant_id, const FfMovement *movements, int count)
{
	FfShortage *shortages;

	if (ff_stock_try(merchant_id, movements, count, &shortages) > 0)
		ff_stock_refuse(merchant_id, &shortages[0]);
}
