/*
 * load.c
 *
 * Locks orders and their shipments and loads what guards and effects look at:
 * one shipment, all of an order, or any number; see shipment.h.  Changes
 * nothing.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "pg/errors.h"
#include "pg/spi.h"
#include "shipping/parts.h"

static FfStatement lock_orders =
	FF_STATEMENT("select o.order_id, o.state, coalesce(o.not_before, '-infinity'),"
				 "       exists (select 1 from fulfillment.holds h where h.merchant_id = $1"
				 "                  and h.order_id = o.order_id and h.released_at is null),"
				 "       coalesce(o.payment ->> 'state', '') not in ('pending', 'failed'),"
				 "       exists (select 1 from fulfillment.order_lines l where l.merchant_id = $1"
				 "                  and l.order_id = o.order_id"
				 "                  and l.assigned + l.cancelled < l.quantity)"
				 "  from fulfillment.orders o"
				 " where o.merchant_id = $1 and o.order_id = any ($2)"
				 " order by o.order_id"
				 "   for update of o",
				 INT4OID, INT8ARRAYOID);

static FfStatement find_order = FF_STATEMENT(
	"select order_id from fulfillment.shipments where merchant_id = $1 and shipment_id = $2",
	INT4OID, INT8OID);

/* $3: some of the orders' shipments; NULL: all of them */
static FfStatement lock_shipments = FF_STATEMENT(
	"select s.shipment_id, s.number, s.reference, s.provider_id, s.location_id, s.service_id,"
	"       s.state, s.provider_reference, s.cancel_pending, s.attempt, s.stop_deadline,"
	"       p.integration, p.connection_id, l.provider_id is null, s.capacity_day, s.progress,"
	"       s.stop, p.stop_within, s.shipped_after_cancel, s.shipped_at, s.order_id"
	"  from fulfillment.shipments s"
	"  join fulfillment.providers p on p.merchant_id = $1 and p.provider_id = s.provider_id"
	"  join fulfillment.locations l on l.merchant_id = $1 and l.location_id = s.location_id"
	" where s.merchant_id = $1 and s.order_id = any ($2)"
	"   and ($3 is null or s.shipment_id = any ($3))"
	" order by s.shipment_id"
	"   for update of s",
	INT4OID, INT8ARRAYOID, INT8ARRAYOID);

static FfStatement read_lines =
	FF_STATEMENT("select shipment_id, line, item_id, quantity, shipped, short, over_shipped"
				 "  from fulfillment.shipment_lines"
				 " where merchant_id = $1 and order_id = any ($2) order by shipment_id, line",
				 INT4OID, INT8ARRAYOID);

/* Both are sorted by shipment; lines of shipments that were not asked for are passed over. */
static void
load_lines(FfShipment **shipments, int count, FfArgument merchant_id, FfArgument order_ids)
{
	FfRows rows = ff_run(&read_lines, merchant_id, order_ids);
	FfShipmentLine *lines = palloc0(sizeof(FfShipmentLine) * Max(rows.count, 1));
	int at = 0;

	for (uint64 row = 0; row < rows.count; row++)
	{
		int64 shipment_id = ff_row_int8(&rows, row, 1);

		while (at < count && shipments[at]->shipment_id < shipment_id)
			at++;
		if (at == count || shipments[at]->shipment_id != shipment_id)
			continue;
		lines[row] = (FfShipmentLine){.line = ff_row_int4(&rows, row, 2),
									  .item_id = ff_row_int8(&rows, row, 3),
									  .quantity = ff_row_int4(&rows, row, 4),
									  .shipped = ff_row_int4(&rows, row, 5),
									  .short_quantity = ff_row_int4(&rows, row, 6),
									  .over_shipped = ff_row_int4(&rows, row, 7)};
		if (shipments[at]->line_count++ == 0)
			shipments[at]->lines = &lines[row];
	}
}

static FfShipment *
load_row(const FfRows *rows, uint64 row)
{
	FfShipment *shipment = palloc0(sizeof(FfShipment));

	shipment->shipment_id = ff_row_int8(rows, row, 1);
	shipment->number = ff_row_int4(rows, row, 2);
	shipment->reference = ff_row_text(rows, row, 3);
	shipment->provider_id = ff_row_int8(rows, row, 4);
	shipment->location_id = ff_row_int8(rows, row, 5);
	shipment->service_id = ff_row_int8(rows, row, 6);
	shipment->state = ff_state_from_name(FF_MACHINE_SHIPMENT, ff_row_text(rows, row, 7));
	shipment->provider_reference = ff_row_text(rows, row, 8);
	shipment->cancel_pending = ff_row_bool(rows, row, 9);
	shipment->attempt = ff_row_int4(rows, row, 10);
	shipment->stop_deadline = ff_row_time(rows, row, 11);
	shipment->integration = ff_row_text(rows, row, 12);
	shipment->connection_id = ff_row_int8(rows, row, 13);
	shipment->own_location = ff_row_bool(rows, row, 14);
	shipment->capacity_day = ff_row_text(rows, row, 15);
	shipment->progress = ff_row_text(rows, row, 16);
	shipment->stop = ff_row_text(rows, row, 17);
	shipment->stop_within = ff_row_text(rows, row, 18);
	shipment->shipped_after_cancel = ff_row_bool(rows, row, 19);
	shipment->shipped_at = ff_row_time(rows, row, 20);
	shipment->order_id = ff_row_int8(rows, row, 21);
	return shipment;
}

/* What the shipments need to know of their orders. */
static void
load_orders(FfShipment **shipments, int count, const FfRows *orders)
{
	for (int i = 0; i < count; i++)
	{
		FfShipment *shipment = shipments[i];
		uint64 low = 0;
		uint64 high = orders->count;

		while (high - low > 1)
		{
			uint64 middle = (low + high) / 2;

			if (ff_row_int8(orders, middle, 1) <= shipment->order_id)
				low = middle;
			else
				high = middle;
		}
		shipment->order_state = ff_row_text(orders, low, 2);
		shipment->not_before = ff_row_time(orders, low, 3);
		shipment->held = ff_row_bool(orders, low, 4);
		shipment->payment_ready = ff_row_bool(orders, low, 5);
		shipment->order_waits = ff_row_bool(orders, low, 6);
	}
}

static FfShipment **
lock(int32 merchant_id, FfArgument order_ids, FfArgument shipment_ids, int *count)
{
	FfRows orders = ff_run(&lock_orders, ff_int4(merchant_id), order_ids);
	FfRows rows = ff_run(&lock_shipments, ff_int4(merchant_id), order_ids, shipment_ids);
	FfShipment **shipments = palloc(sizeof(FfShipment *) * Max(rows.count, 1));

	*count = (int) rows.count;
	for (int i = 0; i < *count; i++)
	{
		shipments[i] = load_row(&rows, i);
		shipments[i]->merchant_id = merchant_id;
	}
	load_orders(shipments, *count, &orders);
	load_lines(shipments, *count, ff_int4(merchant_id), order_ids);
	return shipments;
}

FfShipment *
ff_shipment_lock(int32 merchant_id, int64 shipment_id)
{
	FfRows rows = ff_run(&find_order, ff_int4(merchant_id), ff_int8(shipment_id));
	int count = 0;
	FfShipment **found = NULL;
	int64 order_id;

	if (rows.count == 1)
	{
		order_id = ff_row_int8(&rows, 0, 1);
		found = lock(merchant_id, ff_ids(&order_id, 1), ff_ids(&shipment_id, 1), &count);
	}
	if (count == 0)
		ereport(ERROR,
				(errcode(FF_ERR_UNKNOWN_OBJECT),
				 errmsg("unknown shipment %lld", (long long) shipment_id),
				 errdetail("Merchant %d has no such shipment.", merchant_id),
				 errhint("Look at the view fulfillment.shipment_status.")));
	return found[0];
}

FfShipment **
ff_shipments_of_order(int32 merchant_id, int64 order_id, int *count)
{
	return lock(merchant_id, ff_ids(&order_id, 1), ff_null(), count);
}

FfShipment **
ff_shipments_lock(int32 merchant_id, const int64 *order_ids, const int64 *shipment_ids, int count)
{
	FfShipment **shipments = palloc0(sizeof(FfShipment *) * Max(count, 1));
	int found_count;
	FfShipment **found =
		lock(merchant_id, ff_ids(order_ids, count), ff_ids(shipment_ids, count), &found_count);

	for (int i = 0; i < count; i++)
	{
		int low = 0;
		int high = found_count;

		while (low < high)
		{
			int middle = (low + high) / 2;

			if (found[middle]->shipment_id < shipment_ids[i])
				low = middle + 1;
			else
				high = middle;
		}
		if (low < found_count && found[low]->shipment_id == shipment_ids[i])
			shipments[i] = found[low];
	}
	return shipments;
}
