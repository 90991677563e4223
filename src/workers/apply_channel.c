/*
 * apply_channel.c
 *
 * Orders that a channel gave us go into the intake, page by page; where the
 * last page ends is kept for the next fetch.  An order that cannot be taken
 * stops nobody: the intake says so in its own rows.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "orders/intake.h"
#include "pg/spi.h"
#include "workers/verbs.h"

static FfStatement keep_cursor = FF_STATEMENT("update fulfillment.channels set fetched_at = $3,"
											  "  order_cursor = coalesce($4, order_cursor)"
											  " where merchant_id = $1 and channel_id = $2",
											  INT4OID, INT8OID, TIMESTAMPTZOID, JSONBOID);

void
ff_apply_orders_page(FfSettling *settling)
{
	FfJson *orders = ff_json_get(settling->outcome, "orders");
	int count;

	if (ff_json_count(orders) > 0)
		ff_orders_submit(settling->errand->task.merchant_id,
						 orders,
						 ff_json_text(settling->errand->document, "channel"),
						 true,
						 settling->cause,
						 &count);
}

void
ff_apply_orders(FfSettling *settling)
{
	const FfClaimedTask *task = &settling->errand->task;
	FfJson *next = ff_json_get(settling->outcome, "next");

	ff_apply_orders_page(settling);
	ff_run(&keep_cursor,
		   ff_int4(task->merchant_id),
		   ff_int8(task->subject_id),
		   ff_time(settling->errand->started_at),
		   ff_json(next));
}
