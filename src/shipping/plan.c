/*
 * plan.c
 *
 * From decided plans to shipments, for any number of orders with the same few
 * statements; see ff_shipments_create in shipment.h.  The states they start in
 * are what the transition table makes of `plan` and `ready`.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"

#include "notifications/notify.h"
#include "pg/batch.h"
#include "shipping/parts.h"
#include "tasks/history.h"

static FfStatement next_ids =
	FF_STATEMENT("select nextval('fulfillment.shipment_id_seq'), p.prefix"
				 "  from (select m.reference_prefix as prefix from fulfillment.merchants m"
				 "         where m.merchant_id = $1 offset 0) p"
				 " cross join generate_series(1, $2)",
				 INT4OID, INT4OID);

static FfShape new_shipments =
	FF_SHAPE("new_shipments", {"shipment_id", INT8OID}, {"order_id", INT8OID}, {"number", INT4OID},
			 {"reference", TEXTOID}, {"provider_id", INT8OID}, {"location_id", INT8OID},
			 {"service_id", INT8OID}, {"state", TEXTOID}, {"planned_cost", TEXTOID},
			 {"currency", TEXTOID}, {"capacity_day", TEXTOID}, {"estimated", TIMESTAMPTZOID});

static FfStatement add_shipments = FF_STATEMENT(
	"insert into fulfillment.shipments (merchant_id, shipment_id, order_id, number, reference,"
	"       provider_id, location_id, service_id, state, planned_cost, currency, capacity_day,"
	"       estimated_delivery_at, created_at)"
	" select $1, n.shipment_id, n.order_id, n.number, n.reference, n.provider_id, n.location_id,"
	"        n.service_id, n.state::fulfillment.shipment_state, n.planned_cost::numeric,"
	"        n.currency, n.capacity_day::date, n.estimated, $2"
	"   from new_shipments n",
	INT4OID, TIMESTAMPTZOID);

static FfShape new_shipment_lines =
	FF_SHAPE("new_shipment_lines", {"shipment_id", INT8OID}, {"line", INT4OID},
			 {"order_id", INT8OID}, {"item_id", INT8OID}, {"quantity", INT4OID});

static FfStatement add_lines = FF_STATEMENT(
	"insert into fulfillment.shipment_lines (merchant_id, shipment_id, line, order_id, item_id,"
	"       quantity)"
	" select $1, n.* from new_shipment_lines n",
	INT4OID);

void
ff_shipments_number(int32 merchant_id, FfPlannedShipment *planned, int count)
{
	FfRows rows = ff_run(&next_ids, ff_int4(merchant_id), ff_int4(count));
	char *prefix = ff_row_text(&rows, 0, 2);

	for (int i = 0; i < count; i++)
	{
		planned[i].shipment_id = ff_row_int8(&rows, i, 1);
		planned[i].reference =
			psprintf("%s-%lld-%d", prefix, (long long) planned[i].order_id, planned[i].number);
	}
}

/* The name of the state an event leads to when nothing forbids it. */
static const char *
target(int from, FfShipmentEvent event)
{
	const FfTransition *row = ff_machine_next(FF_MACHINE_SHIPMENT, from, event, FF_ALL_GUARDS);

	return ff_state_name(FF_MACHINE_SHIPMENT, ff_transition_target(row, from));
}

static void
insert_shipments(int32 merchant_id, const FfPlannedShipment *planned, int count)
{
	FfBatch *batch = ff_batch_begin(&new_shipments);
	const char *draft = target(FF_STATE_NONE, FF_SHIPMENT_EVENT_PLAN);
	const char *queued = target(FF_SHIPMENT_DRAFT, FF_SHIPMENT_EVENT_READY);

	for (int i = 0; i < count; i++)
		ff_batch_add(batch,
					 ff_int8(planned[i].shipment_id),
					 ff_int8(planned[i].order_id),
					 ff_int4(planned[i].number),
					 ff_text(planned[i].reference),
					 ff_int8(planned[i].provider_id),
					 ff_int8(planned[i].location_id),
					 ff_id(planned[i].service_id),
					 ff_text(planned[i].ready ? queued : draft),
					 ff_text(planned[i].planned_cost),
					 ff_text(planned[i].currency),
					 ff_text(planned[i].capacity_day),
					 ff_time_or_null(planned[i].estimated_delivery_at));
	ff_run_batch(&add_shipments,
				 batch,
				 ff_int4(merchant_id),
				 ff_time(GetCurrentTransactionStartTimestamp()));
}

static void
insert_lines(int32 merchant_id, const FfPlannedShipment *planned, int count)
{
	FfBatch *batch = ff_batch_begin(&new_shipment_lines);

	for (int i = 0; i < count; i++)
		for (int j = 0; j < planned[i].line_count; j++)
			ff_batch_add(batch,
						 ff_int8(planned[i].shipment_id),
						 ff_int4(planned[i].lines[j].line),
						 ff_int8(planned[i].order_id),
						 ff_int8(planned[i].lines[j].item_id),
						 ff_int4(planned[i].lines[j].quantity));
	ff_run_batch(&add_lines, batch, ff_int4(merchant_id));
}

/* History, facts and calls of shipments that were just written. */
static void
follow_up(int32 merchant_id, const FfPlannedShipment *planned, int count, const char *cause)
{
	FfHistory *history = palloc0(sizeof(FfHistory) * count * 2);
	FfTask *tasks = palloc0(sizeof(FfTask) * count);
	FfFact *facts = palloc0(sizeof(FfFact) * count);
	int events = 0;
	int calls = 0;

	for (int i = 0; i < count; i++)
	{
		const FfPlannedShipment *shipment = &planned[i];
		FfHistory row = {.merchant_id = merchant_id,
						 .subject_kind = "shipment",
						 .subject_id = shipment->shipment_id,
						 .order_id = shipment->order_id,
						 .cause = cause};

		row.event = ff_event_name(FF_MACHINE_SHIPMENT, FF_SHIPMENT_EVENT_PLAN);
		row.to_state = ff_state_name(FF_MACHINE_SHIPMENT, FF_SHIPMENT_DRAFT);
		history[events++] = row;
		if (shipment->ready)
		{
			row.event = ff_event_name(FF_MACHINE_SHIPMENT, FF_SHIPMENT_EVENT_READY);
			row.from_state = row.to_state;
			row.to_state = ff_state_name(FF_MACHINE_SHIPMENT, FF_SHIPMENT_QUEUED);
			history[events++] = row;
		}
		if (shipment->ready && shipment->connection_id != 0)
			tasks[calls++] = ff_create_task(
				merchant_id, shipment->connection_id, shipment->order_id, shipment->shipment_id, 0);
		facts[i] = (FfFact){.merchant_id = merchant_id,
							.type = "shipment.created",
							.order_id = shipment->order_id,
							.shipment_id = shipment->shipment_id,
							.data = psprintf("{\"shipment_id\": %lld, \"reference\": \"%s\"}",
											 (long long) shipment->shipment_id,
											 shipment->reference)};
	}
	ff_history_add(history, events);
	ff_tasks_add(tasks, calls);
	ff_notify(facts, count);
}

void
ff_shipments_create(int32 merchant_id, FfPlannedShipment *planned, int count, const char *cause)
{
	if (count == 0)
		return;
	insert_shipments(merchant_id, planned, count);
	insert_lines(merchant_id, planned, count);
	follow_up(merchant_id, planned, count, cause);
}
