/*
 * assign.c
 *
 * The wave: decide, take slots, reserve, ship, record; see assign.h.  Every
 * step is set-based over the orders of the wave.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"

#include "model/machine.h"
#include "orders/assign.h"
#include "orders/parts.h"
#include "pg/batch.h"
#include "pg/trial.h"
#include "routing/decide.h"
#include "shipping/shipment.h"
#include "stock/ledger.h"
#include "tasks/history.h"
#include "tasks/task.h"

/* How often an order that lost its race is decided again before it is left for its next turn. */
#define MAX_ROUNDS 5

/*
 * The guards of `route`, asked of all orders at once; the most urgent promise
 * is served first.  The state is compared behind the join, or the index of all
 * orders that live would be read instead of the rows asked for.
 */
static FfStatement routable =
	FF_STATEMENT("select o.order_id, o.next_routing_at, o.routing_reason,"
				 "       coalesce(o.payment ->> 'state', '') not in ('pending', 'failed'),"
				 "       (select coalesce(max(s.number), 0) from fulfillment.shipments s"
				 "         where s.merchant_id = $1 and s.order_id = o.order_id)"
				 "  from unnest($2) as u (order_id)"
				 "  cross join lateral (select x.* from fulfillment.orders x"
				 "         where x.merchant_id = $1 and x.order_id = u.order_id offset 0) o"
				 " where o.state = 'open' and coalesce(o.not_before, $3) <= $3"
				 "   and not exists (select 1 from fulfillment.holds h where h.merchant_id = $1"
				 "          and h.order_id = o.order_id and h.released_at is null)"
				 "   and exists (select 1 from fulfillment.order_lines l where l.merchant_id = $1"
				 "          and l.order_id = o.order_id and l.assigned + l.cancelled < l.quantity)"
				 " order by coalesce(o.promised_by, 'infinity'), o.order_id",
				 INT4OID, INT8ARRAYOID, TIMESTAMPTZOID);

/* What cannot be routed is not due either: not before its date, or when what stops it ends. */
static FfStatement park = FF_STATEMENT(
	"update fulfillment.orders o"
	"   set next_routing_at = case when p.reason = 'not_before' then o.not_before end,"
	"       routing_reason = p.reason"
	"  from (select x.order_id, case when exists (select 1 from fulfillment.order_lines l"
	"                      where l.merchant_id = $1 and l.order_id = x.order_id"
	"                        and l.assigned + l.cancelled < l.quantity)"
	"               then case when x.state <> 'open' then null"
	"                         when x.not_before > $3 then 'not_before' else 'held' end end as reason"
	"          from fulfillment.orders x where x.merchant_id = $1 and x.order_id = any ($2)"
	"           and x.order_id <> all ($4)) p"
	" where o.merchant_id = $1 and o.order_id = p.order_id",
	INT4OID, INT8ARRAYOID, TIMESTAMPTZOID, INT8ARRAYOID);

static FfShape turns_to_come = FF_SHAPE("turns_to_come", {"order_id", INT8OID},
										{"retry_at", TIMESTAMPTZOID}, {"reason", TEXTOID});

static FfStatement save_outcome = FF_STATEMENT(
	"update fulfillment.orders o set next_routing_at = n.retry_at, routing_reason = n.reason"
	"  from turns_to_come n where o.merchant_id = $1 and o.order_id = n.order_id",
	INT4OID);

/* How an order stands before it is decided: when it was to be tried next and why, … */
typedef struct Turn
{
	TimestampTz next; /* 0: nothing waits */
	const char *reason;
	bool ready;    /* … whether its shipments may go out, … */
	int shipments; /* … the number of the last one it had */
} Turn;

/* Routings and, side by side with them, the shipments they become. */
typedef struct Wave
{
	int32 merchant_id;
	const Turn *turns;  /* of its orders, until now */
	FfNewOrder **fresh; /* whose lines are not written yet; NULL: all are */
	FfRouting *routings;
	FfWaveReport report;
	int count;
	FfPlannedShipment *planned; /* of all routings, in their order */
	int *owner;                 /* index of the routing each belongs to */
	int planned_count;
} Wave;

static FfShipmentLine *
lines_of(const FfRoutedPart *part)
{
	FfShipmentLine *lines = palloc0(sizeof(FfShipmentLine) * Max(part->line_count, 1));

	for (int i = 0; i < part->line_count; i++)
		lines[i] = (FfShipmentLine){.line = part->lines[i].line,
									.item_id = part->lines[i].item_id,
									.quantity = part->lines[i].quantity};
	return lines;
}

static FfPlannedShipment
shipment_of(const Wave *wave, int routing, int part)
{
	const FfRoutedPart *from = &wave->routings[routing].parts[part];

	return (FfPlannedShipment){.order_id = wave->routings[routing].order_id,
							   .number = wave->turns[routing].shipments + part + 1,
							   .ready = wave->turns[routing].ready,
							   .connection_id = from->connection_id,
							   .provider_id = from->provider_id,
							   .location_id = from->location_id,
							   .service_id = from->service_id,
							   .planned_cost = from->planned_cost,
							   .currency = from->currency,
							   .capacity_day = from->capacity_day,
							   .estimated_delivery_at = from->estimated_delivery_at,
							   .line_count = from->line_count,
							   .lines = lines_of(from)};
}

static void
plan_shipments(Wave *wave)
{
	int parts = 0;

	for (int i = 0; i < wave->count; i++)
		parts += wave->routings[i].part_count;
	wave->planned = palloc0(sizeof(FfPlannedShipment) * Max(parts, 1));
	wave->owner = palloc(sizeof(int) * Max(parts, 1));
	wave->planned_count = 0;
	for (int i = 0; i < wave->count; i++)
		for (int j = 0; j < wave->routings[i].part_count; j++)
		{
			wave->owner[wave->planned_count] = i;
			wave->planned[wave->planned_count++] = shipment_of(wave, i, j);
		}
	if (wave->planned_count > 0)
		ff_shipments_number(wave->merchant_id, wave->planned, wave->planned_count);
}

/* Movements of all planned lines of the routings that are wanted. */
static int
movements_of(const Wave *wave, FfMovementKind kind, const bool *wanted, const char *cause,
			 FfMovement **movements)
{
	int lines = 0;
	int count = 0;
	int part = 0;

	for (int i = 0; i < wave->planned_count; i++)
		lines += wave->planned[i].line_count;
	*movements = palloc(sizeof(FfMovement) * Max(lines, 1));
	for (int i = 0; i < wave->planned_count; i++)
	{
		const FfPlannedShipment *planned = &wave->planned[i];
		const FfRouting *routing = &wave->routings[wave->owner[i]];

		part = i > 0 && wave->owner[i] == wave->owner[i - 1] ? part + 1 : 0;
		for (int j = 0; wanted[wave->owner[i]] && j < planned->line_count; j++)
			(*movements)[count++] = (FfMovement){.kind = kind,
												 .location_id = planned->location_id,
												 .item_id = planned->lines[j].item_id,
												 .quantity = planned->lines[j].quantity,
												 .keep_back = routing->parts[part].keep_back,
												 .group = wave->owner[i],
												 .order_id = planned->order_id,
												 .shipment_id = planned->shipment_id,
												 .line = planned->lines[j].line,
												 .cause = cause};
	}
	return count;
}

/* Reserves the stock of every shipment; an order gets all of its parts or none. */
static void
reserve(Wave *wave, const char *cause)
{
	bool *all = palloc(sizeof(bool) * wave->count);
	FfMovement *movements;
	FfShortage *shortages;
	int count;
	int failed;

	memset(all, true, sizeof(bool) * wave->count);
	count = movements_of(wave, FF_MOVE_RESERVE, all, cause, &movements);
	failed = ff_stock_move(wave->merchant_id, movements, count, &shortages);
	for (int i = 0; i < failed; i++)
		wave->routings[shortages[i].group].lost = true;
}

/* Takes the slots of those that have their stock; who finds none gives the stock back. */
static void
take_slots(Wave *wave)
{
	bool *slotless = palloc0(sizeof(bool) * wave->count);
	FfMovement *movements;
	FfShortage *shortages;
	int count;

	for (int i = 0; i < wave->count; i++)
		slotless[i] = !wave->routings[i].lost;
	if (ff_capacity_take(wave->merchant_id, wave->routings, wave->count) == 0)
		return;
	for (int i = 0; i < wave->count; i++)
		slotless[i] &= wave->routings[i].lost;
	count = movements_of(wave, FF_MOVE_RELEASE, slotless, "no slot of the day is left", &movements);
	ff_stock_move(wave->merchant_id, movements, count, &shortages);
}

/* Drops the shipments of routings that lost their race. */
static void
keep_winners(Wave *wave)
{
	int kept = 0;

	for (int i = 0; i < wave->planned_count; i++)
		if (!wave->routings[wave->owner[i]].lost)
		{
			wave->planned[kept] = wave->planned[i];
			wave->owner[kept++] = wave->owner[i];
		}
	wave->planned_count = kept;
}

static FfHistory
route_row(int32 merchant_id, const FfRouting *routing, const char *cause)
{
	return (FfHistory){.merchant_id = merchant_id,
					   .subject_kind = "order",
					   .subject_id = routing->order_id,
					   .order_id = routing->order_id,
					   .event = ff_event_name(FF_MACHINE_ORDER, FF_ORDER_EVENT_ROUTE),
					   .from_state = ff_state_name(FF_MACHINE_ORDER, FF_ORDER_OPEN),
					   .to_state = ff_state_name(FF_MACHINE_ORDER, FF_ORDER_OPEN),
					   .cause = cause,
					   .after = psprintf("{\"shipments\": %d, \"waiting\": %d}",
										 routing->part_count,
										 routing->waiting_count)};
}

static bool
same_turn(const Turn *a, const Turn *b)
{
	if (a->next != b->next || (a->reason == NULL) != (b->reason == NULL))
		return false;
	return a->reason == NULL || strcmp(a->reason, b->reason) == 0;
}

static void
record_outcome(const Wave *wave, const char *cause)
{
	TimestampTz next_turn = GetCurrentTransactionStartTimestamp() + 1;
	FfRouting *settled = palloc(sizeof(FfRouting) * wave->count);
	FfHistory *history = palloc0(sizeof(FfHistory) * wave->count);
	FfBatch *batch = ff_batch_begin(&turns_to_come);
	int count = 0;

	for (int i = 0; i < wave->count; i++)
	{
		const FfRouting *routing = &wave->routings[i];
		/* who lost is due at once, but in another transaction: this one holds what others want */
		Turn turn = {.next = routing->lost ? next_turn : routing->retry_at,
					 .reason = routing->lost ? "busy" : routing->reason};

		if (!same_turn(&turn, &wave->turns[i]))
			ff_batch_add(batch,
						 ff_int8(routing->order_id),
						 ff_time_or_null(turn.next),
						 ff_text(turn.reason));
		if (routing->lost)
		{
			ff_tasks_wake_at_commit();
			continue;
		}
		settled[count] = *routing;
		history[count++] = route_row(wave->merchant_id, routing, cause);
	}
	if (ff_batch_count(batch) > 0) /* a new order that found its place is not written once more */
		ff_run_batch(&save_outcome, batch, ff_int4(wave->merchant_id));
	ff_routing_record(
		wave->merchant_id, settled, count, cause, wave->count > 1 ? &wave->report : NULL);
	ff_history_add(history, count);
}

static void
decide(Wave *wave, const FfRoutingRequest *requests)
{
	wave->routings = ff_routing_decide(wave->merchant_id,
									   requests,
									   wave->count,
									   GetCurrentTransactionStartTimestamp(),
									   wave->count > 1 ? &wave->report : NULL);
	plan_shipments(wave);
}

/*
 * Takes what the orders need.  Answers how many lost their race; what those had
 * taken is given back, but their locks are not.
 */
static int
take(Wave *wave, const char *cause)
{
	int lost = 0;

	reserve(wave, cause);
	take_slots(wave);
	for (int i = 0; i < wave->count; i++)
		if (wave->routings[i].lost)
			lost++;
	return lost;
}

/* Units of every line of a new order that its shipments hold. */
static void
note_assigned(FfNewOrder *order, const FfPlannedShipment *planned)
{
	for (int i = 0; i < planned->line_count; i++)
		for (int j = 0; j < order->document->line_count; j++)
			if (order->document->lines[j].line == planned->lines[i].line)
				order->assigned[j] += planned->lines[i].quantity;
}

/* Lines of new orders, in the one version that they need. */
static void
write_lines(const Wave *wave)
{
	for (int i = 0; i < wave->count; i++)
		wave->fresh[i]->assigned =
			palloc0(sizeof(int32) * Max(wave->fresh[i]->document->line_count, 1));
	for (int i = 0; i < wave->planned_count; i++)
		note_assigned(wave->fresh[wave->owner[i]], &wave->planned[i]);
	ff_order_lines_insert(wave->merchant_id, wave->fresh, wave->count);
}

/* Lines of orders that are there already. */
static void
count_lines(const Wave *wave)
{
	int64 *again = palloc(sizeof(int64) * Max(wave->planned_count, 1));
	int count = 0;

	ff_lines_assign(wave->merchant_id, wave->planned, wave->planned_count);
	for (int i = 0; i < wave->planned_count; i++)
		if (wave->turns[wave->owner[i]].shipments > 0 &&
			(count == 0 || again[count - 1] != wave->planned[i].order_id))
			again[count++] = wave->planned[i].order_id;
	if (count > 0)
		ff_lines_recount(wave->merchant_id, again, count);
}

static void
write_winners(Wave *wave, const char *cause)
{
	keep_winners(wave);
	if (wave->fresh != NULL)
		write_lines(wave);
	ff_shipments_create(wave->merchant_id, wave->planned, wave->planned_count, cause);
	if (wave->fresh == NULL)
		count_lines(wave);
	record_outcome(wave, cause);
}

typedef struct SingleOrder
{
	Wave wave;
	FfRoutingRequest request;
	const char *cause;
} SingleOrder;

/*
 * Stock and slots come last: who else wants them waits for no more than the
 * commit.  When they are gone, what was written is, too.
 */
static bool
try_single(void *argument)
{
	SingleOrder *single = argument;

	decide(&single->wave, &single->request);
	write_winners(&single->wave, single->cause);
	return take(&single->wave, single->cause) == 0;
}

/*
 * An order alone is tried again with all locks given up, so that two losers
 * never wait for each other; and is left for its next turn after some rounds.
 */
static int
assign_single(const Wave *wave, const FfRoutingRequest *request, const char *cause)
{
	SingleOrder single = {.wave = *wave, .request = *request, .cause = cause};

	for (int round = 1; round <= MAX_ROUNDS; round++)
		if (ff_trial(try_single, &single))
			return single.wave.planned_count;
	write_winners(&single.wave, cause); /* there are none */
	return 0;
}

static int
assign_wave(Wave *wave, const FfRoutingRequest *requests, const char *cause)
{
	if (wave->count == 0)
		return 0;
	if (wave->count == 1)
		return assign_single(wave, requests, cause);
	decide(wave, requests);
	take(wave, cause);
	write_winners(wave, cause);
	return wave->planned_count;
}

/* Those of the orders that may be routed; the others are parked. */
static FfRows
find_routable(int32 merchant_id, const int64 *order_ids, int count)
{
	FfArgument now = ff_time(GetCurrentTransactionStartTimestamp());
	FfColumn ids;
	FfColumn found;
	FfRows rows;

	ff_column_init(&ids, INT8OID);
	for (int i = 0; i < count; i++)
		ff_column_add(&ids, ff_int8(order_ids[i]));
	rows = ff_run(&routable, ff_int4(merchant_id), ff_column(&ids), now);
	if (rows.count == (uint64) count)
		return rows;
	ff_column_init(&found, INT8OID);
	for (uint64 i = 0; i < rows.count; i++)
		ff_column_add(&found, ff_int8(ff_row_int8(&rows, i, 1)));
	ff_run(&park, ff_int4(merchant_id), ff_column(&ids), now, ff_column(&found));
	return rows;
}

int
ff_orders_assign(int32 merchant_id, const int64 *order_ids, int count, const char *cause)
{
	FfRows rows = find_routable(merchant_id, order_ids, count);
	FfRoutingRequest *requests = palloc0(sizeof(FfRoutingRequest) * (rows.count + 1));
	Turn *turns = palloc(sizeof(Turn) * (rows.count + 1));
	Wave wave = {.merchant_id = merchant_id, .turns = turns, .count = (int) rows.count};

	for (uint64 i = 0; i < rows.count; i++)
	{
		requests[i].order_id = ff_row_int8(&rows, i, 1);
		turns[i] = (Turn){ff_row_time(&rows, i, 2),
						  ff_row_text(&rows, i, 3),
						  ff_row_bool(&rows, i, 4),
						  ff_row_int4(&rows, i, 5)};
	}
	return assign_wave(&wave, requests, cause);
}

/* Whether goods of a new order may go out at once, as far as its payment is concerned. */
static bool
is_paid(const FfOrderDocument *document)
{
	const char *state = document->payment_state;

	return state == NULL || (strcmp(state, "pending") != 0 && strcmp(state, "failed") != 0);
}

static int
compare_promises(const void *a, const void *b)
{
	const FfNewOrder *left = *(FfNewOrder *const *) a;
	const FfNewOrder *right = *(FfNewOrder *const *) b;
	TimestampTz promised = left->document->promised_by;
	TimestampTz other = right->document->promised_by;

	if (promised != other)
	{
		if (promised == FF_NO_TIME || other == FF_NO_TIME)
			return promised == FF_NO_TIME ? 1 : -1;
		return promised < other ? -1 : 1;
	}
	return left->order_id < right->order_id ? -1 : left->order_id > right->order_id;
}

void
ff_new_orders_assign(int32 merchant_id, FfNewOrder **orders, int count, const char *cause)
{
	FfRoutingRequest *requests = palloc0(sizeof(FfRoutingRequest) * (count + 1));
	FfRoutingOrder *sources = palloc(sizeof(FfRoutingOrder) * (count + 1));
	Turn *turns = palloc0(sizeof(Turn) * (count + 1));
	Wave wave = {.merchant_id = merchant_id, .turns = turns, .fresh = orders, .count = count};

	qsort(orders, count, sizeof(FfNewOrder *), compare_promises);
	for (int i = 0; i < count; i++)
	{
		sources[i] = (FfRoutingOrder){.channel_id = orders[i]->channel_id,
									  .service = orders[i]->service,
									  .document = orders[i]->document,
									  .item_ids = orders[i]->item_ids};
		requests[i] = (FfRoutingRequest){.order_id = orders[i]->order_id, .order = &sources[i]};
		turns[i].ready = is_paid(orders[i]->document);
	}
	assign_wave(&wave, requests, cause);
}
