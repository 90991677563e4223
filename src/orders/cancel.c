/*
 * cancel.c
 *
 * Effects of cancelling.  Shipments that hold units to be cancelled are
 * cancelled or asked back as a whole; then the lines are written.  What of such
 * a shipment was not to be cancelled is assigned again, once it is certain that
 * it does not leave.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "orders/parts.h"
#include "pg/spi.h"
#include "shipping/shipment.h"

/* As if nothing stood in the way; the recount takes back what does. */
static FfStatement cancel_units =
	FF_STATEMENT("update fulfillment.order_lines l set cancelled = l.cancelled + u.units,"
				 "       assigned = least(l.assigned, l.quantity - l.cancelled - u.units),"
				 "       submitted = least(l.submitted, l.quantity - l.cancelled - u.units)"
				 "  from unnest($3, $4) as u(line, units)"
				 " where l.merchant_id = $1 and l.order_id = $2 and l.line = u.line",
				 INT4OID, INT8OID, INT4ARRAYOID, INT4ARRAYOID);

static FfStatement keep_reason = FF_STATEMENT(
	"update fulfillment.orders set cancel_reason = $3 where merchant_id = $1 and order_id = $2",
	INT4OID, INT8OID, TEXTOID);

static FfStatement flag_shipped_anyway = FF_STATEMENT(
	"update fulfillment.orders set shipped_anyway = true where merchant_id = $1 and order_id = $2",
	INT4OID, INT8OID);

/* Shipments are asked in the order in which stopping them costs least. */
static const FfShipmentState stoppable[] = {
	FF_SHIPMENT_DRAFT,
	FF_SHIPMENT_QUEUED,
	FF_SHIPMENT_REJECTED,
	FF_SHIPMENT_ACCEPTED,
	FF_SHIPMENT_SUBMITTING,
	FF_SHIPMENT_UNKNOWN,
	FF_SHIPMENT_ATTENTION,
};

/* Units of an order's line that a shipment holds or has shipped. */
static int32
units_in(const FfShipment *shipment, int32 line)
{
	for (int i = 0; i < shipment->line_count; i++)
		if (shipment->lines[i].line == line)
			return shipment->lines[i].quantity - shipment->lines[i].short_quantity;
	return 0;
}

static bool
holds_wanted(const FfShipment *shipment, const FfOrder *order, const int32 *wanted)
{
	for (int j = 0; j < order->line_count; j++)
		if (wanted[j] > 0 && units_in(shipment, order->lines[j].line) > 0)
			return true;
	return false;
}

static void
take_off(const FfShipment *shipment, const FfOrder *order, int32 *wanted)
{
	for (int j = 0; j < order->line_count; j++)
		wanted[j] -= units_in(shipment, order->lines[j].line);
}

/* Stops shipments until none of them holds units that are to be taken off. */
static void
stop(FfOrder *order, FfShipment **shipments, int count, int32 *wanted, const char *cause)
{
	FfShipmentReport report = {.cause = cause};

	for (int s = 0; s < (int) lengthof(stoppable); s++)
		for (int i = 0; i < count; i++)
			if (shipments[i]->state == stoppable[s] && holds_wanted(shipments[i], order, wanted))
			{
				take_off(shipments[i], order, wanted);
				ff_shipment_apply(shipments[i], FF_SHIPMENT_EVENT_CANCEL, &report);
			}
}

/* Before the lines are written: what a shipment holds is not free to be cancelled. */
void
ff_cancel_shipments(void *subject, const void *payload)
{
	FfOrder *order = subject;
	const FfOrderRequest *request = payload;
	int32 *wanted = palloc0(sizeof(int32) * Max(order->line_count, 1));
	FfShipment **shipments;
	int count;

	/* units that stand in no shipment need none to be stopped */
	for (int i = 0; i < order->line_count; i++)
		wanted[i] = ff_units_to_cancel(request, &order->lines[i]) -
					Max(ff_units_to_assign(&order->lines[i]), 0);
	shipments = ff_shipments_of_order(order->merchant_id, order->order_id, &count);
	stop(order, shipments, count, wanted, request->cause);
	ff_order_refresh(order);
}

/* Whether its units count: not those of what is cancelled, refused or being asked back. */
static bool
is_meant(const FfShipment *shipment)
{
	return shipment->state != FF_SHIPMENT_CANCELLED && shipment->state != FF_SHIPMENT_REJECTED &&
		   shipment->state != FF_SHIPMENT_CANCEL_REQUESTED && !shipment->cancel_pending;
}

/*
 * What was cancelled and assigned anew may leave all the same.  Then the order
 * has more units in shipments than were ordered, and what can still be stopped
 * of them is; where it was too late once it is not asked again.
 */
bool
ff_stop_excess(FfOrder *order, FfShipment **shipments, int count, const char *cause)
{
	int32 *excess = palloc0(sizeof(int32) * Max(order->line_count, 1));
	FfShipment **candidates = palloc(sizeof(FfShipment *) * Max(count, 1));
	int candidate_count = 0;
	bool any = false;

	for (int i = 0; i < count; i++)
		if (is_meant(shipments[i]))
		{
			for (int j = 0; j < order->line_count; j++)
				excess[j] += units_in(shipments[i], order->lines[j].line);
			if (shipments[i]->stop == NULL || strcmp(shipments[i]->stop, "too_late") != 0)
				candidates[candidate_count++] = shipments[i];
		}
	for (int j = 0; j < order->line_count; j++)
	{
		excess[j] -= order->lines[j].quantity;
		any |= excess[j] > 0;
	}
	if (any)
		stop(order, candidates, candidate_count, excess, cause);
	return any;
}

static void
write_cancelled(FfOrder *order, const int32 *units)
{
	FfColumn lines;
	FfColumn cancelled;

	ff_column_init(&lines, INT4OID);
	ff_column_init(&cancelled, INT4OID);
	for (int i = 0; i < order->line_count; i++)
	{
		int32 possible = Min(units[i], ff_units_unshipped(&order->lines[i]));

		if (possible <= 0)
			continue;
		ff_column_add(&lines, ff_int4(order->lines[i].line));
		ff_column_add(&cancelled, ff_int4(possible));
	}
	if (lines.count > 0)
	{
		ff_run(&cancel_units,
			   ff_int4(order->merchant_id),
			   ff_int8(order->order_id),
			   ff_column(&lines),
			   ff_column(&cancelled));
		ff_lines_recount(order->merchant_id, &order->order_id, 1);
	}
	ff_order_refresh(order);
}

void
ff_cancel_lines(void *subject, const void *payload)
{
	FfOrder *order = subject;
	const FfOrderRequest *request = payload;
	int32 *units = palloc(sizeof(int32) * Max(order->line_count, 1));

	for (int i = 0; i < order->line_count; i++)
		units[i] = ff_units_to_cancel(request, &order->lines[i]);
	write_cancelled(order, units);
	ff_run(&keep_reason,
		   ff_int4(order->merchant_id),
		   ff_int8(order->order_id),
		   ff_text(request->cancel_reason));
	ff_enqueue_routing(order, request);
}

/* After a shipment left anyway: what is still free stays cancelled, the rest never was assigned. */
void
ff_cancel_rest(void *subject, const void *payload)
{
	FfOrder *order = subject;
	int32 *units = palloc(sizeof(int32) * Max(order->line_count, 1));

	for (int i = 0; i < order->line_count; i++)
		units[i] = ff_units_to_assign(&order->lines[i]);
	write_cancelled(order, units);
}

void
ff_expire_lines(void *subject, const void *payload)
{
	FfOrder *order = subject;

	ff_cancel_rest(order, payload);
	ff_run(&keep_reason, ff_int4(order->merchant_id), ff_int8(order->order_id), ff_text("expired"));
}

/* The recount of the lines has given the units back already; here it is only said. */
void
ff_mark_uncancellable(void *subject, const void *payload)
{
	FfOrder *order = subject;

	ff_run(&flag_shipped_anyway, ff_int4(order->merchant_id), ff_int8(order->order_id));
	order->shipped_anyway = true;
}
