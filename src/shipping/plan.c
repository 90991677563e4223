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
#include "pg/spi.h"
#include "shipping/parts.h"
#include "tasks/history.h"

static FfStatement next_ids =
	FF_STATEMENT("select nextval('fulfillment.shipment_id_seq'), p.prefix"
				 "  from (select m.reference_prefix as prefix from fulfillment.merchants m"
				 "         where m.merchant_id = $1 offset 0) p"
				 " cross join generate_series(1, $2)",
				 INT4OID, INT4OID);

static FfStatement add_shipments = FF_STATEMENT(
	"insert into fulfillment.shipments (merchant_id, shipment_id, order_id, number, reference,"
	"       provider_id, location_id, service_id, state, planned_cost, currency, capacity_day,"
	"       estimated_delivery_at, created_at)"
	" select $1, p.shipment_id, p.order_id, p.number, p.reference, p.provider_id, p.location_id,"
	"        p.service_id, case when p.ready then $15 else $14 end, p.planned_cost::numeric,"
	"        p.currency, p.capacity_day::date, p.estimated, $13"
	"   from unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $16)"
	"     as p(shipment_id, order_id, number, reference, provider_id, location_id, service_id,"
	"          planned_cost, currency, capacity_day, estimated, ready)",
	INT4OID, INT8ARRAYOID, INT8ARRAYOID, INT4ARRAYOID, TEXTARRAYOID, INT8ARRAYOID, INT8ARRAYOID,
	INT8ARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TIMESTAMPTZARRAYOID, TIMESTAMPTZOID,
	TEXTOID, TEXTOID, BOOLARRAYOID);

static FfStatement add_lines = FF_STATEMENT(
	"insert into fulfillment.shipment_lines (merchant_id, shipment_id, line, order_id, item_id,"
	"       quantity)"
	" select $1, l.* from unnest($2, $3, $4, $5, $6)"
	"     as l(shipment_id, line, order_id, item_id, quantity)",
	INT4OID, INT8ARRAYOID, INT4ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT4ARRAYOID);

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
	static const Oid types[] = {INT8OID,
								INT8OID,
								INT4OID,
								TEXTOID,
								INT8OID,
								INT8OID,
								INT8OID,
								TEXTOID,
								TEXTOID,
								TEXTOID,
								TIMESTAMPTZOID,
								BOOLOID};
	FfColumn columns[lengthof(types)];

	for (int i = 0; i < (int) lengthof(columns); i++)
		ff_column_init(&columns[i], types[i]);
	for (int i = 0; i < count; i++)
	{
		ff_column_add(&columns[0], ff_int8(planned[i].shipment_id));
		ff_column_add(&columns[1], ff_int8(planned[i].order_id));
		ff_column_add(&columns[2], ff_int4(planned[i].number));
		ff_column_add(&columns[3], ff_text(planned[i].reference));
		ff_column_add(&columns[4], ff_int8(planned[i].provider_id));
		ff_column_add(&columns[5], ff_int8(planned[i].location_id));
		ff_column_add(&columns[6], ff_id(planned[i].service_id));
		ff_column_add(&columns[7], ff_text(planned[i].planned_cost));
		ff_column_add(&columns[8], ff_text(planned[i].currency));
		ff_column_add(&columns[9], ff_text(planned[i].capacity_day));
		ff_column_add(&columns[10], ff_time_or_null(planned[i].estimated_delivery_at));
		ff_column_add(&columns[11], ff_bool(planned[i].ready));
	}
	ff_run(&add_shipments,
		   ff_int4(merchant_id),
		   ff_column(&columns[0]),
		   ff_column(&columns[1]),
		   ff_column(&columns[2]),
		   ff_column(&columns[3]),
		   ff_column(&columns[4]),
		   ff_column(&columns[5]),
		   ff_column(&columns[6]),
		   ff_column(&columns[7]),
		   ff_column(&columns[8]),
		   ff_column(&columns[9]),
		   ff_column(&columns[10]),
		   ff_time(GetCurrentTransactionStartTimestamp()),
		   ff_text(target(FF_STATE_NONE, FF_SHIPMENT_EVENT_PLAN)),
		   ff_text(target(FF_SHIPMENT_DRAFT, FF_SHIPMENT_EVENT_READY)),
		   ff_column(&columns[11]));
}

static void
insert_lines(int32 merchant_id, const FfPlannedShipment *planned, int count)
{
	static const Oid types[] = {INT8OID, INT4OID, INT8OID, INT8OID, INT4OID};
	FfColumn columns[5];

	for (int i = 0; i < (int) lengthof(columns); i++)
		ff_column_init(&columns[i], types[i]);
	for (int i = 0; i < count; i++)
		for (int j = 0; j < planned[i].line_count; j++)
		{
			ff_column_add(&columns[0], ff_int8(planned[i].shipment_id));
			ff_column_add(&columns[1], ff_int4(planned[i].lines[j].line));
			ff_column_add(&columns[2], ff_int8(planned[i].order_id));
			ff_column_add(&columns[3], ff_int8(planned[i].lines[j].item_id));
			ff_column_add(&columns[4], ff_int4(planned[i].lines[j].quantity));
		}
	ff_run(&add_lines,
		   ff_int4(merchant_id),
		   ff_column(&columns[0]),
		   ff_column(&columns[1]),
		   ff_column(&columns[2]),
		   ff_column(&columns[3]),
		   ff_column(&columns[4]));
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
