/*
 * assignment.c
 *
 * The SQL functions of assignment: one order, a wave, a shipment that a person
 * wants from elsewhere.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"

#include "orders/assign.h"
#include "orders/parts.h"
#include "orders/settle.h"
#include "pg/errors.h"
#include "pg/session.h"
#include "pg/spi.h"
#include "routing/decide.h"
#include "shipping/shipment.h"
#include "stock/lookup.h"

static FfStatement waiting_orders = FF_STATEMENT(
	"select order_id from fulfillment.orders"
	" where merchant_id = $1 and next_routing_at <= $2"
	" order by coalesce(promised_by, 'infinity'), order_id limit $3 for update skip locked",
	INT4OID, TIMESTAMPTZOID, INT4OID);

/* A wave leaves nothing to conclude of an order that had no shipment before it. */
static FfStatement with_older_shipments =
	FF_STATEMENT("select u.order_id from unnest($2) as u (order_id)"
				 " where exists (select 1 from fulfillment.shipments s where s.merchant_id = $1"
				 "                  and s.order_id = u.order_id and s.created_at < $3)"
				 " order by u.order_id",
				 INT4OID, INT8ARRAYOID, TIMESTAMPTZOID);

static FfStatement shipments_of =
	FF_STATEMENT("select count(*) from fulfillment.shipments"
				 " where merchant_id = $1 and order_id = $2 and state <> 'cancelled'",
				 INT4OID, INT8OID);

static FfStatement lift_exclusions = FF_STATEMENT(
	"update fulfillment.orders set excluded_locations = array_remove(excluded_locations, $3)"
	" where merchant_id = $1 and order_id = $2",
	INT4OID, INT8OID, INT8OID);

int
ff_compare_ids(const void *a, const void *b)
{
	int64 left = *(const int64 *) a;
	int64 right = *(const int64 *) b;

	return left < right ? -1 : left > right;
}

void
ff_route_order(void *subject, const void *payload)
{
	FfOrder *order = subject;

	ff_orders_assign(
		order->merchant_id, &order->order_id, 1, ((const FfOrderRequest *) payload)->cause);
}

PG_FUNCTION_INFO_V1(fulfillment_assign_order);

/* assign_order(order_id, merchant_id) → live shipments of the order */
Datum
fulfillment_assign_order(PG_FUNCTION_ARGS)
{
	int64 order_id = PG_GETARG_INT64(0);
	int32 merchant_id = PG_GETARG_INT32(1);
	FfOrderRequest request = {.cause = "assign_order"};
	FfOrder *order;
	FfRows rows;
	int32 count;

	ff_require(FF_LEVEL_OPERATOR, merchant_id);
	ff_spi_begin();
	order = ff_order_lock(merchant_id, order_id);
	ff_order_demand(order, FF_ORDER_EVENT_ROUTE, &request);
	ff_order_settle(merchant_id, order_id, request.cause);
	rows = ff_run(&shipments_of, ff_int4(merchant_id), ff_int8(order_id));
	count = (int32) ff_row_int8(&rows, 0, 1);
	ff_spi_end();
	PG_RETURN_INT32(count);
}

int64 *
ff_due_lock(int32 merchant_id, int max_orders, int *count)
{
	FfRows rows = ff_run(&waiting_orders,
						 ff_int4(merchant_id),
						 ff_time(GetCurrentTransactionStartTimestamp()),
						 ff_int4(max_orders));
	int64 *ids = palloc(sizeof(int64) * Max(rows.count, 1));

	*count = (int) rows.count;
	for (int i = 0; i < *count; i++)
		ids[i] = ff_row_int8(&rows, i, 1);
	qsort(ids, *count, sizeof(int64), ff_compare_ids);
	return ids;
}

int
ff_due_assign(int32 merchant_id, const int64 *order_ids, int count, const char *cause)
{
	int shipments;
	FfColumn ids;
	FfRows rows;

	if (count == 0)
		return 0;
	shipments = ff_orders_assign(merchant_id, order_ids, count, cause);
	ff_column_init(&ids, INT8OID);
	for (int i = 0; i < count; i++)
		ff_column_add(&ids, ff_int8(order_ids[i]));
	rows = ff_run(&with_older_shipments,
				  ff_int4(merchant_id),
				  ff_column(&ids),
				  ff_time(GetCurrentTransactionStartTimestamp()));
	for (uint64 row = 0; row < rows.count; row++)
		ff_order_settle(merchant_id, ff_row_int8(&rows, row, 1), cause);
	return shipments;
}

PG_FUNCTION_INFO_V1(fulfillment_assign_orders);

/* assign_orders(max_orders, merchant_id) → (orders, shipments) */
Datum
fulfillment_assign_orders(PG_FUNCTION_ARGS)
{
	int32 merchant_id = PG_GETARG_INT32(1);
	int shipments;
	int64 *due;
	int count;

	ff_require(FF_LEVEL_OPERATOR, merchant_id);
	ff_spi_begin();
	due = ff_due_lock(merchant_id, PG_GETARG_INT32(0), &count);
	shipments = ff_due_assign(merchant_id, due, count, "assign_orders");
	ff_spi_end();
	PG_RETURN_INT32(shipments);
}

static void
refuse_move(const FfShipment *shipment, const char *location, const char *why)
{
	ereport(
		ERROR,
		(errcode(FF_ERR_REFUSED_EVENT),
		 errmsg("cannot move shipment %lld to location \"%s\"",
				(long long) shipment->shipment_id,
				location),
		 errdetail("Shipment %s: %s.", shipment->reference, why),
		 errhint("Look at fulfillment.explain_assignment(%lld).", (long long) shipment->order_id)));
}

/* The whole shipment from there, with the cheapest provider and service that may. */
static FfPlannedShipment *
plan_move(FfShipment *shipment, const char *location, int64 location_id, FfRouting **decided)
{
	FfRoutingRequest request = {.order_id = shipment->order_id,
								.shipment_id = shipment->shipment_id,
								.location_id = location_id};
	FfRouting *routing = ff_routing_decide(
		shipment->merchant_id, &request, 1, GetCurrentTransactionStartTimestamp(), NULL);
	FfPlannedShipment *target = palloc0(sizeof(FfPlannedShipment));

	if (routing->part_count != 1 || routing->waiting_count > 0)
		refuse_move(shipment,
					location,
					routing->reason ? routing->reason : "it cannot be shipped from there");
	*target = (FfPlannedShipment){.location_id = location_id,
								  .provider_id = routing->parts[0].provider_id,
								  .service_id = routing->parts[0].service_id,
								  .planned_cost = routing->parts[0].planned_cost,
								  .capacity_day = routing->parts[0].capacity_day,
								  .estimated_delivery_at = routing->parts[0].estimated_delivery_at};
	ff_routing_record(shipment->merchant_id, routing, 1, "move_shipment", NULL);
	*decided = routing;
	return target;
}

PG_FUNCTION_INFO_V1(fulfillment_move_shipment);

/*
 * move_shipment(shipment_id, location, merchant_id): a shipment that waits to
 * be sent is taken back to a draft first.
 */
Datum
fulfillment_move_shipment(PG_FUNCTION_ARGS)
{
	int64 shipment_id = PG_GETARG_INT64(0);
	char *location = text_to_cstring(PG_GETARG_TEXT_PP(1));
	int32 merchant_id = PG_GETARG_INT32(2);
	FfShipmentReport report = {.cause = "move_shipment"};
	FfShipment *shipment;
	FfRouting *routing;
	FfVerdict verdict;
	int64 location_id;

	ff_require(FF_LEVEL_OPERATOR, merchant_id);
	ff_spi_begin();
	location_id = ff_location_id(merchant_id, location);
	shipment = ff_shipment_lock(merchant_id, shipment_id);
	ff_run(
		&lift_exclusions, ff_int4(merchant_id), ff_int8(shipment->order_id), ff_int8(location_id));
	if (shipment->location_id == location_id)
		refuse_move(shipment, location, "it is there already");
	report.target = plan_move(shipment, location, location_id, &routing);
	verdict = ff_shipment_apply(shipment, FF_SHIPMENT_EVENT_MOVE, &report);
	if (verdict.step == FF_STEP_REFUSED)
		refuse_move(shipment, location, verdict.reason);
	if (ff_capacity_take(merchant_id, routing, 1) > 0)
		refuse_move(shipment, location, "the location's slots of the day are used up");
	ff_order_settle(merchant_id, shipment->order_id, report.cause);
	ff_spi_end();
	PG_RETURN_VOID();
}
