/*
 * guards.c
 *
 * The guards of the shipment machine.  Each answers one question about the
 * locked shipment and the report, and changes nothing.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"

#include "payments/payments.h"
#include "pg/spi.h"
#include "shipping/parts.h"

static FfStatement provider_takes =
	FF_STATEMENT("select p.active,"
				 "       (p.countries is null or o.ship_to ->> 'country' = any (p.countries))"
				 "       and (v.service_id is null or v.active and (v.countries is null"
				 "            or o.ship_to ->> 'country' = any (v.countries)))"
				 "  from fulfillment.orders o"
				 "  join fulfillment.providers p on p.merchant_id = $1 and p.provider_id = $3"
				 "  left join fulfillment.services v on v.merchant_id = $1 and v.service_id = $4"
				 " where o.merchant_id = $1 and o.order_id = $2",
				 INT4OID, INT8OID, INT8OID, INT8OID);

/* $3: also whether one was scanned; only shipments that have any such package */
static FfStatement packages_under_way = FF_STATEMENT(
	"select p.shipment_id,"
	"       count(*) filter (where coalesce(p.status, '') not in ('delivered', 'cancelled')),"
	"       count(*) filter (where $3 and exists (select 1 from fulfillment.tracking_events e"
	"              where e.merchant_id = $1 and e.package_id = p.package_id and e.status in"
	"              ('in_transit', 'out_for_delivery', 'ready_for_pickup', 'attempted', 'delivered',"
	"               'returning', 'returned', 'lost')))"
	"  from fulfillment.packages p where p.merchant_id = $1 and p.shipment_id = any ($2)"
	" group by p.shipment_id",
	INT4OID, INT8ARRAYOID, BOOLOID);

/* An operator's mistake may be taken back for a day. */
static FfStatement shipped_lately =
	FF_STATEMENT("select 1 from fulfillment.shipments where merchant_id = $1 and shipment_id = $2"
				 "   and shipped_at > $3 - interval '24 hours'",
				 INT4OID, INT8OID, TIMESTAMPTZOID);

/* What another room decides before it applies the event. */
static bool
decided_by_caller(void *subject, const void *payload)
{
	return true;
}

static bool
not_held(void *subject, const void *payload)
{
	return !((FfShipment *) subject)->held;
}

static bool
not_before_reached(void *subject, const void *payload)
{
	return ((FfShipment *) subject)->not_before <= GetCurrentTransactionStartTimestamp();
}

static bool
payment_ready(void *subject, const void *payload)
{
	return ((FfShipment *) subject)->payment_ready;
}

static FfRows
what_provider_takes(const FfShipment *shipment)
{
	return ff_run(&provider_takes,
				  ff_int4(shipment->merchant_id),
				  ff_int8(shipment->order_id),
				  ff_int8(shipment->provider_id),
				  ff_id(shipment->service_id));
}

static bool
provider_healthy(void *subject, const void *payload)
{
	FfRows rows = what_provider_takes(subject);

	return rows.count == 1 && ff_row_bool(&rows, 0, 1);
}

static bool
constraints_hold(void *subject, const void *payload)
{
	FfRows rows = what_provider_takes(subject);

	return rows.count == 1 && ff_row_bool(&rows, 0, 2);
}

static bool
cancel_pending(void *subject, const void *payload)
{
	return ((FfShipment *) subject)->cancel_pending;
}

static bool
stop_requested(void *subject, const void *payload)
{
	const char *stop = ((FfShipment *) subject)->stop;

	return stop != NULL && strcmp(stop, "requested") == 0;
}

static bool
lookup_is_proof(void *subject, const void *payload)
{
	return ((const FfShipmentReport *) payload)->lookup_is_proof;
}

static bool
grace_running(void *subject, const void *payload)
{
	return ((const FfShipmentReport *) payload)->grace_running;
}

static bool
repeat_is_safe(void *subject, const void *payload)
{
	return ((const FfShipmentReport *) payload)->repeat_is_safe;
}

static int
progress_rank(const char *progress)
{
	if (progress == NULL)
		return 0;
	return strcmp(progress, "packed") == 0 ? 2 : 1;
}

static bool
progress_rises(void *subject, const void *payload)
{
	const FfShipmentReport *report = payload;

	return progress_rank(ff_reported_progress(report)) >
		   progress_rank(((FfShipment *) subject)->progress);
}

static bool
within_open_quantity(void *subject, const void *payload)
{
	FfShipment *shipment = subject;

	for (int i = 0; i < shipment->line_count; i++)
		if (ff_reported_units(payload, &shipment->lines[i], true) > open_units(&shipment->lines[i]))
			return false;
	return true;
}

static bool
within_quantity(void *subject, const void *payload)
{
	FfShipment *shipment = subject;
	const FfShipmentReport *report = payload;

	for (int i = 0; report->lines != NULL && i < report->line_count; i++)
	{
		FfShipmentLine *line = ff_shipment_line(shipment, report->lines[i].line);

		if (line == NULL || report->lines[i].shipped > open_units(line))
			return false;
	}
	return true;
}

static bool
nothing_remains(void *subject, const void *payload)
{
	FfShipment *shipment = subject;
	bool shortage = shipment->event == FF_SHIPMENT_EVENT_SHORT;

	for (int i = 0; i < shipment->line_count; i++)
		if (ff_reported_units(payload, &shipment->lines[i], shortage) <
			open_units(&shipment->lines[i]))
			return false;
	return true;
}

static bool
provider_reports(void *subject, const void *payload)
{
	return ((const FfShipmentReport *) payload)->by_provider ||
		   strcmp(((FfShipment *) subject)->integration, "manual") == 0;
}

static bool
provider_can_update(void *subject, const void *payload)
{
	return ff_provider_can(subject, FF_OP_UPDATE_SHIPMENT);
}

void
ff_count_packages(FfShipment **shipments, FfShipmentEvent event, int count)
{
	int64 *ids = palloc(sizeof(int64) * count);
	FfRows rows;

	if (event != FF_SHIPMENT_EVENT_DELIVERED && event != FF_SHIPMENT_EVENT_UNSHIP)
		return;
	for (int i = 0; i < count; i++)
		ids[i] = shipments[i]->shipment_id;
	rows = ff_run(&packages_under_way,
				  ff_int4(shipments[0]->merchant_id),
				  ff_ids(ids, count),
				  ff_bool(event == FF_SHIPMENT_EVENT_UNSHIP));
	for (int i = 0; i < count; i++)
	{
		shipments[i]->undelivered = shipments[i]->scanned = 0;
		for (uint64 row = 0; row < rows.count; row++)
		{
			if (ff_row_int8(&rows, row, 1) != ids[i])
				continue;
			shipments[i]->undelivered = ff_row_int8(&rows, row, 2);
			shipments[i]->scanned = ff_row_int8(&rows, row, 3);
		}
	}
}

static bool
all_packages_delivered(void *subject, const void *payload)
{
	return ((FfShipment *) subject)->undelivered == 0;
}

static bool
no_scan(void *subject, const void *payload)
{
	return ((FfShipment *) subject)->scanned == 0;
}

static bool
was_not_cancelled(void *subject, const void *payload)
{
	return !((FfShipment *) subject)->shipped_after_cancel;
}

static bool
no_capture(void *subject, const void *payload)
{
	FfShipment *shipment = subject;

	return !ff_payment_was_captured(shipment->merchant_id, shipment->shipment_id);
}

static bool
within_undo_window(void *subject, const void *payload)
{
	FfShipment *shipment = subject;

	return ff_run(&shipped_lately,
				  ff_int4(shipment->merchant_id),
				  ff_int8(shipment->shipment_id),
				  ff_time(GetCurrentTransactionStartTimestamp()))
			   .count == 1;
}

const FfGuardFunction ff_shipment_guards[FF_GUARD_COUNT] = {
	[FF_GUARD_STOCK_RESERVED] = decided_by_caller,
	[FF_GUARD_SAME_ORDER] = decided_by_caller,
	[FF_GUARD_TARGET_HAS_STOCK] = decided_by_caller,
	[FF_GUARD_NOT_HELD] = not_held,
	[FF_GUARD_NOT_BEFORE_REACHED] = not_before_reached,
	[FF_GUARD_PAYMENT_READY] = payment_ready,
	[FF_GUARD_CONSTRAINTS_HOLD] = constraints_hold,
	[FF_GUARD_PROVIDER_HEALTHY] = provider_healthy,
	[FF_GUARD_CANCEL_PENDING] = cancel_pending,
	[FF_GUARD_STOP_REQUESTED] = stop_requested,
	[FF_GUARD_LOOKUP_IS_PROOF] = lookup_is_proof,
	[FF_GUARD_GRACE_RUNNING] = grace_running,
	[FF_GUARD_REPEAT_IS_SAFE] = repeat_is_safe,
	[FF_GUARD_PROGRESS_RISES] = progress_rises,
	[FF_GUARD_WITHIN_OPEN_QUANTITY] = within_open_quantity,
	[FF_GUARD_NOTHING_REMAINS] = nothing_remains,
	[FF_GUARD_WITHIN_QUANTITY] = within_quantity,
	[FF_GUARD_PROVIDER_REPORTS] = provider_reports,
	[FF_GUARD_PROVIDER_CAN_UPDATE] = provider_can_update,
	[FF_GUARD_ALL_PACKAGES_DELIVERED] = all_packages_delivered,
	[FF_GUARD_NO_SCAN] = no_scan,
	[FF_GUARD_WAS_NOT_CANCELLED] = was_not_cancelled,
	[FF_GUARD_NO_CAPTURE] = no_capture,
	[FF_GUARD_WITHIN_UNDO_WINDOW] = within_undo_window,
};
