/*
 * stop.c
 *
 * Hold and cancel: every shipment answers stopped, requested or too_late, with
 * a time.  A provider is stopped by the best means its connector has: a hold,
 * else a cancellation, else a person who calls the warehouse.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"

#include "pg/spi.h"
#include "shipping/parts.h"
#include "tasks/task.h"

/* $5: how long the answer may take; NULL ends the waiting */
static FfStatement set_stop =
	FF_STATEMENT("update fulfillment.shipments set stop = $3, stop_at = $4,"
				 "       stop_deadline = $4 + $5::interval, cancel_pending = $6"
				 " where merchant_id = $1 and shipment_id = $2",
				 INT4OID, INT8OID, TEXTOID, TIMESTAMPTZOID, TEXTOID, BOOLOID);

bool
ff_provider_can(const FfShipment *shipment, FfOperation operation)
{
	return ff_connection_can(shipment->merchant_id, shipment->connection_id, operation);
}

static void
answer(FfShipment *shipment, const char *stop, const char *within)
{
	ff_run(&set_stop,
		   ff_int4(shipment->merchant_id),
		   ff_int8(shipment->shipment_id),
		   ff_text(stop),
		   ff_time(GetCurrentTransactionStartTimestamp()),
		   ff_text(within),
		   ff_bool(shipment->cancel_pending));
	shipment->stop = stop ? pstrdup(stop) : NULL;
}

static bool
is_stop(const FfShipment *shipment, const char *stop)
{
	return shipment->stop != NULL && strcmp(shipment->stop, stop) == 0;
}

/* A provider that no call can reach is called by a person. */
static void
call_warehouse(FfShipment *shipment, const char *what)
{
	ff_attention_open(shipment->merchant_id,
					  "call_provider",
					  shipment->order_id,
					  shipment->shipment_id,
					  0,
					  psprintf("%s shipment %s by hand", what, shipment->reference),
					  "Call the provider, then report with fulfillment.report_stop.");
}

/* Whatever the provider says, nobody need call it any more. */
static void
called(FfShipment *shipment)
{
	ff_attention_close(shipment->merchant_id,
					   "call_provider",
					   shipment->order_id,
					   shipment->shipment_id,
					   "answered");
}

void
ff_freeze(void *subject, const void *payload)
{
	answer(subject, "stopped", NULL);
}

void
ff_unfreeze(void *subject, const void *payload)
{
	FfShipment *shipment = subject;

	answer(shipment, NULL, NULL);
	if (shipment->state == FF_SHIPMENT_QUEUED)
		ff_enqueue_create(shipment, payload);
}

/* A provider that cannot hold a shipment is asked to cancel it: stopped all the same. */
static bool
cancel_instead(FfShipment *shipment, const FfShipmentReport *report)
{
	FfShipmentReport instead = {.cause = report->cause};

	if (shipment->state != FF_SHIPMENT_ACCEPTED ||
		!ff_provider_can(shipment, FF_OP_CANCEL_SHIPMENT))
		return false;
	ff_shipment_apply(shipment, FF_SHIPMENT_EVENT_CANCEL, &instead);
	return true;
}

void
ff_request_stop(void *subject, const void *payload)
{
	FfShipment *shipment = subject;
	const FfShipmentReport *report = payload;

	if (is_stop(shipment, "stopped"))
		return; /* for an earlier hold; it is not asked twice */
	answer(shipment, "requested", shipment->stop_within);
	if (shipment->state != FF_SHIPMENT_ACCEPTED)
		return; /* it may never have arrived: asked as soon as that is known */
	if (ff_provider_can(shipment, FF_OP_HOLD_SHIPMENT))
		ff_shipment_task(shipment, FF_OP_HOLD_SHIPMENT);
	else if (!cancel_instead(shipment, report))
		call_warehouse(shipment, "stop");
}

void
ff_withdraw_stop(void *subject, const void *payload)
{
	FfShipment *shipment = subject;
	bool was_stopped = is_stop(shipment, "stopped");
	int pending = ff_tasks_withdraw(
		shipment->merchant_id, "shipment", shipment->shipment_id, FF_OP_HOLD_SHIPMENT);

	answer(shipment, NULL, NULL);
	called(shipment);
	if (pending > 0)
		return;
	if (was_stopped && ff_provider_can(shipment, FF_OP_UPDATE_SHIPMENT))
		ff_shipment_task(shipment, FF_OP_UPDATE_SHIPMENT);
	else if (was_stopped)
		call_warehouse(shipment, "release");
}

/* The answer to a request; a shipment that was never asked to stop has none. */
void
ff_record_stopped(void *subject, const void *payload)
{
	FfShipment *shipment = subject;

	if (!is_stop(shipment, "requested"))
		return;
	answer(shipment, "stopped", NULL);
	called(shipment);
}

/* Also for what was said to have stopped and left all the same. */
void
ff_record_too_late(void **subjects, const void **payloads, int count)
{
	for (int i = 0; i < count; i++)
	{
		FfShipment *shipment = subjects[i];
		bool asked = shipment->event == FF_SHIPMENT_EVENT_HOLD || is_stop(shipment, "requested") ||
					 is_stop(shipment, "stopped") || shipment->cancel_pending;

		if (!asked)
			continue;
		shipment->cancel_pending = false;
		answer(shipment, "too_late", NULL);
		called(shipment);
	}
}

void
ff_mark_cancel_pending(void *subject, const void *payload)
{
	FfShipment *shipment = subject;

	shipment->cancel_pending = true;
	answer(shipment, "requested", shipment->stop_within);
}

void
ff_request_cancel(void *subject, const void *payload)
{
	FfShipment *shipment = subject;

	shipment->cancel_pending = false;
	answer(shipment, "requested", shipment->stop_within);
	if (ff_provider_can(shipment, FF_OP_CANCEL_SHIPMENT))
		ff_shipment_task(shipment, FF_OP_CANCEL_SHIPMENT);
	else
		call_warehouse(shipment, "cancel");
}
