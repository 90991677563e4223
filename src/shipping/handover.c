/*
 * handover.c
 *
 * Effects that ask the provider or the channel for something: the tasks a
 * shipment needs.  A provider without a connection is worked by hand and gets
 * no task; its shipments are the work list.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"

#include "pg/spi.h"
#include "shipping/parts.h"

static FfStatement take_up_parked = FF_STATEMENT(
	"update fulfillment.tasks set state = 'ready', due_at = $3, in_doubt = false, attempts = 0,"
	"       crashes = 0, idempotency_key = $4"
	" where merchant_id = $1 and subject_kind = 'shipment' and subject_id = $2"
	"   and operation = 'create_shipment' and state = 'parked'",
	INT4OID, INT8OID, TIMESTAMPTZOID, TEXTOID);

static FfStatement create_is_written = FF_STATEMENT(
	"select 1 from fulfillment.tasks where merchant_id = $1 and subject_kind = 'shipment'"
	"   and subject_id = $2 and operation = 'create_shipment'",
	INT4OID, INT8OID);

static FfStatement connection_of = FF_STATEMENT(
	"select connection_id from fulfillment.providers where merchant_id = $1 and provider_id = $2",
	INT4OID, INT8OID);

/* A channel that takes no parts is told by orders/ when nothing is left to ship, and corrected
 * here. */
static FfStatement channels_of_orders = FF_STATEMENT(
	"select u.position, c.connection_id, c.partial_updates or not exists ("
	"         select 1 from fulfillment.order_lines l where l.merchant_id = $1"
	"            and l.order_id = u.order_id and l.shipped + l.cancelled < l.quantity)"
	"  from unnest($2) with ordinality as u(order_id, position)"
	"  join fulfillment.orders o on o.merchant_id = $1 and o.order_id = u.order_id"
	"  join fulfillment.channels c on c.merchant_id = $1 and c.channel_id = o.channel_id"
	" where c.connection_id is not null",
	INT4OID, INT8ARRAYOID);

/* Of these shipments, as long as nobody has begun to make the call. */
static FfStatement take_back_confirmations =
	FF_STATEMENT("delete from fulfillment.tasks where merchant_id = $1 and task_id in ("
				 "  select t.task_id from unnest($2, $3) as u(order_id, shipment_id)"
				 "    join fulfillment.tasks t on t.merchant_id = $1 and t.subject_kind = 'order'"
				 "     and t.subject_id = u.order_id and t.operation = 'confirm_shipment'"
				 "     and (t.payload ->> 'shipment_id')::bigint = u.shipment_id"
				 "   where t.state = 'ready' and not t.in_doubt for update of t skip locked)"
				 " returning (payload ->> 'shipment_id')::bigint",
				 INT4OID, INT8ARRAYOID, INT8ARRAYOID);

FfTask
ff_create_task(int32 merchant_id, int64 connection_id, int64 order_id, int64 shipment_id,
			   int32 attempt)
{
	return (FfTask){.merchant_id = merchant_id,
					.connection_id = connection_id,
					.operation = FF_OP_CREATE_SHIPMENT,
					.subject_kind = "shipment",
					.subject_id = shipment_id,
					.order_id = order_id,
					.idempotency_key = psprintf("%lld:%d", (long long) shipment_id, attempt)};
}

void
ff_shipment_task(FfShipment *shipment, FfOperation operation)
{
	FfTask task = {.merchant_id = shipment->merchant_id,
				   .connection_id = shipment->connection_id,
				   .operation = operation,
				   .subject_kind = "shipment",
				   .subject_id = shipment->shipment_id,
				   .order_id = shipment->order_id};

	if (shipment->connection_id != 0)
		ff_tasks_add(&task, 1);
}

/*
 * One task per hand-over: the one that is there goes on (a worker may hold it
 * just now), a parked one is taken up again, else a new one is written.  What a
 * provider refused gave its stock back and must find it again.
 */
void
ff_enqueue_create(void *subject, const void *payload)
{
	FfShipment *shipment = subject;
	const FfShipmentReport *report = payload;
	FfTask task = ff_create_task(shipment->merchant_id,
								 shipment->connection_id,
								 shipment->order_id,
								 shipment->shipment_id,
								 shipment->attempt);

	if (shipment->from == FF_SHIPMENT_REJECTED)
		ff_reserve_again(shipment, report->cause);
	if (shipment->connection_id == 0)
		return;
	ff_run(&take_up_parked,
		   ff_int4(shipment->merchant_id),
		   ff_int8(shipment->shipment_id),
		   ff_time(GetCurrentTransactionStartTimestamp()),
		   ff_text(task.idempotency_key));
	if (ff_run(&create_is_written, ff_int4(shipment->merchant_id), ff_int8(shipment->shipment_id))
			.count == 0)
		ff_tasks_add(&task, 1);
}

/* Another provider means another connection: the old call goes, a new one is written. */
void
ff_hand_over_anew(FfShipment *shipment)
{
	FfShipmentReport report = {.cause = "moved"};
	FfRows rows =
		ff_run(&connection_of, ff_int4(shipment->merchant_id), ff_int8(shipment->provider_id));

	ff_drop_task(shipment, &report);
	shipment->connection_id = ff_row_int8(&rows, 0, 1);
	ff_enqueue_create(shipment, &report);
}

void
ff_enqueue_update(void *subject, const void *report)
{
	ff_shipment_task(subject, FF_OP_UPDATE_SHIPMENT);
}

void
ff_drop_task(void *subject, const void *report)
{
	FfShipment *shipment = subject;

	ff_tasks_withdraw(
		shipment->merchant_id, "shipment", shipment->shipment_id, FF_OP_CREATE_SHIPMENT);
}

/*
 * The look-up needs no task of its own: the create task stays, in doubt, and
 * asks before it repeats (tasks.in_doubt).
 */
void
ff_schedule_lookup(void *subject, const void *report)
{
	ff_tasks_wake_at_commit();
}

static bool
contains(const FfRows *rows, int64 id)
{
	for (uint64 i = 0; i < rows->count; i++)
		if (ff_row_int8(rows, i, 1) == id)
			return true;
	return false;
}

/* A channel cannot be told that goods have not left after all. */
static void
tell_not_left(const FfShipment *shipment)
{
	ff_attention_open(shipment->merchant_id,
					  "channel_was_told",
					  shipment->order_id,
					  shipment->shipment_id,
					  0,
					  psprintf("the channel was told that %s left", shipment->reference),
					  "Take it back there by hand.");
}

static FfTask
confirmation_of(const FfShipment *shipment, int64 connection_id)
{
	return (FfTask){.merchant_id = shipment->merchant_id,
					.connection_id = connection_id,
					.operation = FF_OP_CONFIRM_SHIPMENT,
					.subject_kind = "order",
					.subject_id = shipment->order_id,
					.order_id = shipment->order_id,
					.payload =
						psprintf("{\"shipment_id\": %lld}", (long long) shipment->shipment_id),
					.idempotency_key = psprintf("confirm:%lld", (long long) shipment->shipment_id)};
}

/*
 * The call reads what it tells when it is made, so one that still waits is
 * replaced.  A channel hears that goods left; that they arrived is told as a
 * fact.
 */
void
ff_update_channel(void **subjects, const void **payloads, int count)
{
	FfShipment **shipments = (FfShipment **) subjects;
	int32 merchant_id = shipments[0]->merchant_id;
	FfTask *tasks = palloc(sizeof(FfTask) * count);
	FfColumn orders;
	FfColumn ids;
	FfRows channels;
	FfRows untold;
	int task_count = 0;

	if (shipments[0]->event == FF_SHIPMENT_EVENT_DELIVERED)
		return;
	ff_column_init(&orders, INT8OID);
	ff_column_init(&ids, INT8OID);
	for (int i = 0; i < count; i++)
	{
		ff_column_add(&orders, ff_int8(shipments[i]->order_id));
		ff_column_add(&ids, ff_int8(shipments[i]->shipment_id));
	}
	channels = ff_run(&channels_of_orders, ff_int4(merchant_id), ff_column(&orders));
	if (channels.count == 0)
		return;
	untold =
		ff_run(&take_back_confirmations, ff_int4(merchant_id), ff_column(&orders), ff_column(&ids));
	for (uint64 row = 0; row < channels.count; row++)
	{
		const FfShipment *shipment = shipments[ff_row_int8(&channels, row, 1) - 1];

		if (shipment->event == FF_SHIPMENT_EVENT_UNSHIP)
		{
			if (!contains(&untold, shipment->shipment_id))
				tell_not_left(shipment);
		}
		else if (ff_row_bool(&channels, row, 3))
			tasks[task_count++] = confirmation_of(shipment, ff_row_int8(&channels, row, 2));
	}
	ff_tasks_add(tasks, task_count);
}
