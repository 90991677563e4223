/*
 * dispatch.c
 *
 * Goods that leave, or are taken back as a mistake: the movements of stock and
 * the quantities of shipment lines.  Physics wins: whatever was reported is
 * written, what exceeds the plan is written apart.  What is not there, or left
 * too much, is put on record in shortage.c.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"

#include "payments/payments.h"
#include "pg/spi.h"
#include "shipping/parts.h"
#include "tasks/history.h"

static FfStatement write_lines = FF_STATEMENT(
	"update fulfillment.shipment_lines l set quantity = u.quantity, shipped = u.shipped,"
	"       short = u.short, over_shipped = u.over_shipped"
	"  from unnest($2, $3, $4, $5, $6, $7)"
	"    as u(shipment_id, line, quantity, shipped, short, over_shipped)"
	" where l.merchant_id = $1 and l.shipment_id = u.shipment_id and l.line = u.line",
	INT4OID, INT8ARRAYOID, INT4ARRAYOID, INT4ARRAYOID, INT4ARRAYOID, INT4ARRAYOID, INT4ARRAYOID);

static FfStatement release_slot =
	FF_STATEMENT("with released as (update fulfillment.shipments set capacity_day = null"
				 "                   where merchant_id = $1 and shipment_id = $2)"
				 " update fulfillment.location_days set used = greatest(used - 1, 0)"
				 "  where merchant_id = $1 and location_id = $3 and day = $4::date",
				 INT4OID, INT8OID, INT8OID, TEXTOID);

static FfStatement move_shipment = FF_STATEMENT(
	"update fulfillment.shipments set location_id = $3, provider_id = $4, service_id = $5,"
	"       planned_cost = $6::numeric, capacity_day = $7::date, estimated_delivery_at = $8"
	" where merchant_id = $1 and shipment_id = $2",
	INT4OID, INT8OID, INT8OID, INT8OID, INT8OID, TEXTOID, TEXTOID, TIMESTAMPTZOID);

FfMovement
ff_shipment_movement(const FfShipment *shipment, FfMovementKind kind, const FfShipmentLine *line,
					 int32 quantity, const char *cause)
{
	return (FfMovement){.kind = kind,
						.location_id = shipment->location_id,
						.item_id = line->item_id,
						.quantity = quantity,
						.order_id = shipment->order_id,
						.shipment_id = shipment->shipment_id,
						.line = line->line,
						.cause = cause};
}

static void
lock_stock_of_order(const FfShipment *shipment)
{
	ff_stock_lock(shipment->merchant_id, &shipment->order_id, 1, NULL, 0);
}

/*
 * Units that come free, and units that waited, are assigned anew in the same
 * transaction, from wherever: only of what leaves as planned nothing follows.
 */
static bool
more_may_follow(const FfShipment *shipment, const FfMovement *movements, int count)
{
	for (int i = 0; i < count; i++)
		if (movements[i].kind != FF_MOVE_SHIP)
			return true;
	return shipment->order_waits;
}

void
ff_shipment_move_stock(const FfShipment *shipment, const FfMovement *movements, int count)
{
	FfShortage *shortages;

	if (more_may_follow(shipment, movements, count))
		lock_stock_of_order(shipment);
	if (ff_stock_move(shipment->merchant_id, movements, count, &shortages) > 0)
		ff_stock_refuse(shipment->merchant_id, &shortages[0]);
}

void
ff_shipments_save_lines(FfShipment *const *shipments, int count)
{
	FfColumn shipment_ids;
	FfColumn columns[5];

	ff_column_init(&shipment_ids, INT8OID);
	for (int i = 0; i < (int) lengthof(columns); i++)
		ff_column_init(&columns[i], INT4OID);
	for (int s = 0; s < count; s++)
		for (int i = 0; i < shipments[s]->line_count; i++)
		{
			const FfShipmentLine *line = &shipments[s]->lines[i];

			ff_column_add(&shipment_ids, ff_int8(shipments[s]->shipment_id));
			ff_column_add(&columns[0], ff_int4(line->line));
			ff_column_add(&columns[1], ff_int4(line->quantity));
			ff_column_add(&columns[2], ff_int4(line->shipped));
			ff_column_add(&columns[3], ff_int4(line->short_quantity));
			ff_column_add(&columns[4], ff_int4(line->over_shipped));
		}
	ff_run(&write_lines,
		   ff_int4(shipments[0]->merchant_id),
		   ff_column(&shipment_ids),
		   ff_column(&columns[0]),
		   ff_column(&columns[1]),
		   ff_column(&columns[2]),
		   ff_column(&columns[3]),
		   ff_column(&columns[4]));
}

/*
 * Whether goods of the order may be assigned anew in the same transaction, from
 * wherever: a part does not leave, or units of it wait.
 */
static bool
leaves_work(const FfShipment *shipment, const FfShipmentReport *report)
{
	if (shipment->unreserved || shipment->order_waits)
		return true;
	for (int i = 0; i < shipment->line_count; i++)
		if (ff_reported_units(report, &shipment->lines[i], false) < open_units(&shipment->lines[i]))
			return true;
	return false;
}

/* The lines of a shipment as they leave, and the movements of that. */
static void
take_units(FfShipment *shipment, const FfShipmentReport *report, FfMovement *movements, int *count)
{
	for (int i = 0; i < shipment->line_count; i++)
	{
		FfShipmentLine *line = &shipment->lines[i];
		int32 units = ff_reported_units(report, line, false);
		int32 planned = Min(units, open_units(line));

		if (units > 0)
		{
			FfMovement *movement = &movements[(*count)++];

			*movement = ff_shipment_movement(shipment, FF_MOVE_SHIP, line, units, report->cause);
			movement->reserved = shipment->unreserved ? 0 : planned;
			line->shipped += planned;
			line->over_shipped += units - planned;
		}
		if (shipment->unreserved) /* the rest was given up, and stays so */
			line->short_quantity += open_units(line);
	}
}

/* All the stock that may be needed is locked in one go. */
void
ff_ship_stock(void **subjects, const void **payloads, int count)
{
	FfShipment **shipments = (FfShipment **) subjects;
	const FfShipmentReport **reports = (const FfShipmentReport **) payloads;
	int64 *orders = palloc(sizeof(int64) * count);
	bool more = false;
	int line_count = 0;
	int moved = 0;
	FfMovement *movements;
	FfShortage *shortages;

	for (int i = 0; i < count; i++)
	{
		orders[i] = shipments[i]->order_id;
		more |= leaves_work(shipments[i], reports[i]);
		line_count += shipments[i]->line_count;
	}
	if (more)
		ff_stock_lock(shipments[0]->merchant_id, orders, count, NULL, 0);
	movements = palloc(sizeof(FfMovement) * Max(line_count, 1));
	for (int i = 0; i < count; i++)
		take_units(shipments[i], reports[i], movements, &moved);
	if (ff_stock_move(shipments[0]->merchant_id, movements, moved, &shortages) > 0)
		ff_stock_refuse(shipments[0]->merchant_id, &shortages[0]);
	ff_shipments_save_lines(shipments, count);
	ff_store_acceptance(subjects, payloads, count);
}

/* Ends the reservation of what is open; the lines keep it as not shipped. */
static void
release_open(FfShipment *shipment, const char *cause, bool shorten)
{
	FfMovement *movements = palloc(sizeof(FfMovement) * Max(shipment->line_count, 1));
	int count = 0;

	for (int i = 0; i < shipment->line_count; i++)
	{
		FfShipmentLine *line = &shipment->lines[i];

		if (open_units(line) == 0)
			continue;
		movements[count++] =
			ff_shipment_movement(shipment, FF_MOVE_RELEASE, line, open_units(line), cause);
		if (shorten)
			line->short_quantity += open_units(line);
	}
	ff_shipment_move_stock(shipment, movements, count);
}

void
ff_release_remainder(void *subject, const void *payload)
{
	FfShipment *shipment = subject;
	const FfShipmentReport *report = payload;

	release_open(shipment, report->cause, true);
	ff_shipments_save_lines(&shipment, 1);
}

/* After the stock: slots are locked last. */
static void
give_slot_back(FfShipment *shipment)
{
	if (shipment->capacity_day == NULL)
		return;
	ff_run(&release_slot,
		   ff_int4(shipment->merchant_id),
		   ff_int8(shipment->shipment_id),
		   ff_int8(shipment->location_id),
		   ff_text(shipment->capacity_day));
	shipment->capacity_day = NULL;
}

/* A refused shipment gave its stock back when it was refused. */
void
ff_release_stock(void *subject, const void *payload)
{
	FfShipment *shipment = subject;
	const FfShipmentReport *report = payload;

	if (shipment->from == FF_SHIPMENT_REJECTED || shipment->unreserved)
		return;
	release_open(shipment, report->cause, false);
	give_slot_back(shipment);
}

void
ff_reserve_again(FfShipment *shipment, const char *cause)
{
	FfMovement *movements = palloc(sizeof(FfMovement) * Max(shipment->line_count, 1));
	int count = 0;

	for (int i = 0; i < shipment->line_count; i++)
		if (open_units(&shipment->lines[i]) > 0)
			movements[count++] = ff_shipment_movement(shipment,
													  FF_MOVE_RESERVE,
													  &shipment->lines[i],
													  open_units(&shipment->lines[i]),
													  cause);
	ff_shipment_move_stock(shipment, movements, count);
}

/* Cancelled or refused, and gone all the same: nothing is reserved for it any more. */
void
ff_retake_stock(void *subject, const void *payload)
{
	((FfShipment *) subject)->unreserved = true;
}

void
ff_reverse_shipping(void *subject, const void *payload)
{
	FfShipment *shipment = subject;
	const FfShipmentReport *report = payload;
	FfMovement *movements = palloc(sizeof(FfMovement) * Max(shipment->line_count, 1));
	int count = 0;

	for (int i = 0; i < shipment->line_count; i++)
	{
		FfShipmentLine *line = &shipment->lines[i];
		int32 units = line->shipped + line->over_shipped;

		if (units == 0)
			continue;
		movements[count] =
			ff_shipment_movement(shipment, FF_MOVE_UNSHIP, line, units, report->cause);
		movements[count++].reserved = line->shipped;
		line->shipped = 0;
		line->over_shipped = 0;
	}
	ff_shipment_move_stock(shipment, movements, count);
	ff_shipments_save_lines(&shipment, 1);
	if (shipment->connection_id == 0) /* a provider's labels stay what they are */
		ff_strip_packages(shipment, report->cause);
	ff_payment_take_back(shipment->merchant_id, shipment->order_id, shipment->shipment_id);
}

/* What was ordered of what left; what left beyond it is a gift until somebody says otherwise. */
void
ff_capture(void **subjects, const void **payloads, int count)
{
	FfShipment **shipments = (FfShipment **) subjects;
	int64 *orders = palloc(sizeof(int64) * count);
	int64 *ids = palloc(sizeof(int64) * count);

	for (int i = 0; i < count; i++)
	{
		orders[i] = shipments[i]->order_id;
		ids[i] = shipments[i]->shipment_id;
	}
	ff_payment_capture(shipments[0]->merchant_id, orders, ids, count);
}

/* Released here and reserved there as one group: both or neither. */
void
ff_move_lines(void *subject, const void *payload)
{
	FfShipment *shipment = subject;
	const FfShipmentReport *report = payload;
	const FfPlannedShipment *target = report->target;
	FfMovement *movements = palloc(sizeof(FfMovement) * shipment->line_count * 2);
	int count = 0;

	for (int i = 0; i < shipment->line_count; i++)
	{
		FfShipmentLine *line = &shipment->lines[i];

		movements[count++] =
			ff_shipment_movement(shipment, FF_MOVE_RELEASE, line, open_units(line), report->cause);
		movements[count] =
			ff_shipment_movement(shipment, FF_MOVE_RESERVE, line, open_units(line), report->cause);
		movements[count++].location_id = target->location_id;
	}
	ff_shipment_move_stock(shipment, movements, count);
	give_slot_back(shipment);
	ff_run(&move_shipment,
		   ff_int4(shipment->merchant_id),
		   ff_int8(shipment->shipment_id),
		   ff_int8(target->location_id),
		   ff_int8(target->provider_id),
		   ff_id(target->service_id),
		   ff_text(target->planned_cost),
		   ff_text(target->capacity_day),
		   ff_time_or_null(target->estimated_delivery_at));
	shipment->location_id = target->location_id;
	shipment->provider_id = target->provider_id;
	if (shipment->state == FF_SHIPMENT_QUEUED)
		ff_hand_over_anew(shipment);
}
