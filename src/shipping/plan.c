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

static FfStatement next_ids = FF_STATEMENT(
	"select nextval('fulfillment.shipment_id_seq') from generate_series(1, $1)", INT4OID);

/*
 * ready: everything the guards of `ready` ask of the order, of which the caller
 * holds the lock.  ordinal: its place among the new shipments of its order.
 */
static FfStatement add_shipments = FF_STATEMENT(
	"insert into fulfillment.shipments as s (merchant_id, shipment_id, order_id, number, reference,"
	"       provider_id, location_id, service_id, state, planned_cost, currency, capacity_day,"
	"       estimated_delivery_at, created_at)"
	" select $1, p.shipment_id, p.order_id, n.last + p.ordinal,"
	"        (select m.reference_prefix from fulfillment.merchants m where m.merchant_id = $1)"
	"        || '-' || p.order_id || '-' || n.last + p.ordinal,"
	"        p.provider_id, p.location_id, p.service_id, case when n.ready then $13 else $12 end,"
	"        p.planned_cost::numeric, p.currency, p.capacity_day::date, p.estimated, $14"
	"   from unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
	"     as p(shipment_id, order_id, provider_id, location_id, service_id, planned_cost, currency,"
	"          capacity_day, estimated, ordinal)"
	"  cross join lateral ("
	"        select (select coalesce(max(x.number), 0) from fulfillment.shipments x"
	"                 where x.merchant_id = $1 and x.order_id = p.order_id) as last,"
	"               o.state = 'open' and coalesce(o.not_before, $14) <= $14"
	"               and coalesce(o.payment ->> 'state', '') not in ('pending', 'failed')"
	"               and not exists (select 1 from fulfillment.holds h where h.merchant_id = $1"
	"                      and h.order_id = p.order_id and h.released_at is null) as ready"
	"          from fulfillment.orders o"
	"         where o.merchant_id = $1 and o.order_id = p.order_id) n"
	" returning s.shipment_id, s.order_id, s.state,"
	"   (select v.connection_id from fulfillment.providers v"
	"     where v.merchant_id = s.merchant_id and v.provider_id = s.provider_id), s.reference",
	INT4OID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, TEXTARRAYOID,
	TEXTARRAYOID, TEXTARRAYOID, TIMESTAMPTZARRAYOID, INT4ARRAYOID, TEXTOID, TEXTOID,
	TIMESTAMPTZOID);

static FfStatement add_lines = FF_STATEMENT(
	"insert into fulfillment.shipment_lines (merchant_id, shipment_id, line, order_id, item_id,"
	"       quantity)"
	" select $1, l.* from unnest($2, $3, $4, $5, $6)"
	"     as l(shipment_id, line, order_id, item_id, quantity)",
	INT4OID, INT8ARRAYOID, INT4ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT4ARRAYOID);

void
ff_shipments_number(FfPlannedShipment *planned, int count)
{
	FfRows rows = ff_run(&next_ids, ff_int4(count));

	for (int i = 0; i < count; i++)
		planned[i].shipment_id = ff_row_int8(&rows, i, 1);
}

/* The name of the state an event leads to when nothing forbids it. */
static const char *
target(int from, FfShipmentEvent event)
{
	const FfTransition *row = ff_machine_next(FF_MACHINE_SHIPMENT, from, event, FF_ALL_GUARDS);

	return ff_state_name(FF_MACHINE_SHIPMENT, ff_transition_target(row, from));
}

static FfRows
insert_shipments(int32 merchant_id, const FfPlannedShipment *planned, int count)
{
	static const Oid types[] = {INT8OID,
								INT8OID,
								INT8OID,
								INT8OID,
								INT8OID,
								TEXTOID,
								TEXTOID,
								TEXTOID,
								TIMESTAMPTZOID,
								INT4OID};
	FfColumn columns[10];
	int ordinal = 0;

	for (int i = 0; i < (int) lengthof(columns); i++)
		ff_column_init(&columns[i], types[i]);
	for (int i = 0; i < count; i++)
	{
		ff_column_add(&columns[0], ff_int8(planned[i].shipment_id));
		ff_column_add(&columns[1], ff_int8(planned[i].order_id));
		ff_column_add(&columns[2], ff_int8(planned[i].provider_id));
		ff_column_add(&columns[3], ff_int8(planned[i].location_id));
		ff_column_add(&columns[4], ff_id(planned[i].service_id));
		ff_column_add(&columns[5], ff_text(planned[i].planned_cost));
		ff_column_add(&columns[6], ff_text(planned[i].currency));
		ff_column_add(&columns[7], ff_text(planned[i].capacity_day));
		ff_column_add(&columns[8], ff_time_or_null(planned[i].estimated_delivery_at));
		ordinal = i > 0 && planned[i].order_id == planned[i - 1].order_id ? ordinal + 1 : 1;
		ff_column_add(&columns[9], ff_int4(ordinal));
	}
	return ff_run(&add_shipments,
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
				  ff_text(target(FF_STATE_NONE, FF_SHIPMENT_EVENT_PLAN)),
				  ff_text(target(FF_SHIPMENT_DRAFT, FF_SHIPMENT_EVENT_READY)),
				  ff_time(GetCurrentTransactionStartTimestamp()));
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
follow_up(int32 merchant_id, const FfRows *rows, const char *cause)
{
	FfHistory *history = palloc0(sizeof(FfHistory) * rows->count * 2);
	FfTask *tasks = palloc0(sizeof(FfTask) * rows->count);
	FfFact *facts = palloc0(sizeof(FfFact) * rows->count);
	int events = 0;
	int calls = 0;

	for (uint64 i = 0; i < rows->count; i++)
	{
		int64 shipment_id = ff_row_int8(rows, i, 1);
		int64 order_id = ff_row_int8(rows, i, 2);
		const char *state = ff_row_text(rows, i, 3);
		bool queued = strcmp(state, ff_state_name(FF_MACHINE_SHIPMENT, FF_SHIPMENT_QUEUED)) == 0;
		FfHistory row = {.merchant_id = merchant_id,
						 .subject_kind = "shipment",
						 .subject_id = shipment_id,
						 .order_id = order_id,
						 .cause = cause};

		row.event = ff_event_name(FF_MACHINE_SHIPMENT, FF_SHIPMENT_EVENT_PLAN);
		row.to_state = ff_state_name(FF_MACHINE_SHIPMENT, FF_SHIPMENT_DRAFT);
		history[events++] = row;
		if (queued)
		{
			row.event = ff_event_name(FF_MACHINE_SHIPMENT, FF_SHIPMENT_EVENT_READY);
			row.from_state = row.to_state;
			row.to_state = state;
			history[events++] = row;
		}
		if (queued && !ff_row_null(rows, i, 4))
			tasks[calls++] =
				ff_create_task(merchant_id, ff_row_int8(rows, i, 4), order_id, shipment_id, 0);
		facts[i] = (FfFact){.merchant_id = merchant_id,
							.type = "shipment.created",
							.order_id = order_id,
							.shipment_id = shipment_id,
							.data = psprintf("{\"shipment_id\": %lld, \"reference\": \"%s\"}",
											 (long long) shipment_id,
											 ff_row_text(rows, i, 5))};
	}
	ff_history_add(history, events);
	ff_tasks_add(tasks, calls);
	ff_notify(facts, (int) rows->count);
}

void
ff_shipments_create(int32 merchant_id, FfPlannedShipment *planned, int count, const char *cause)
{
	FfRows rows;
	int64 *order_ids;

	if (count == 0)
		return;
	rows = insert_shipments(merchant_id, planned, count);
	insert_lines(merchant_id, planned, count);
	order_ids = palloc(sizeof(int64) * count);
	for (int i = 0; i < count; i++)
		order_ids[i] = planned[i].order_id;
	ff_lines_recount(merchant_id, order_ids, count);
	follow_up(merchant_id, &rows, cause);
}
