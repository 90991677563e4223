/*
 * sync.c
 *
 * Finds whom to ask or tell, and writes the tasks.  Whether somebody can be
 * asked is the connector's to say; whether it is time, the rows'.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"

#include "connectors/call.h"
#include "pg/errors.h"
#include "pg/session.h"
#include "pg/spi.h"
#include "tasks/task.h"
#include "workers/sync.h"

/* (id, connection_id, connector, order_id, payload) of channels; $2 NULL: all, $3: the operation.
 */
static FfStatement channels_to_ask = FF_STATEMENT(
	"select c.channel_id, c.connection_id, k.connector, 0::bigint, null::text"
	" from fulfillment.channels c join fulfillment.connections k on k.merchant_id = $1"
	"  and k.connection_id = c.connection_id"
	" where c.merchant_id = $1 and c.active and ($2 is null or c.code = $2)"
	"  and not exists (select 1 from fulfillment.tasks t where t.merchant_id = $1"
	"   and t.subject_kind = 'channel' and t.subject_id = c.channel_id and t.operation = $3"
	"   and t.state <> 'parked')"
	" order by c.channel_id",
	INT4OID, TEXTOID, TEXTOID);

/* Once a night everything is asked for, else what changed; that stays so from page to page. */
static FfStatement locations_to_ask = FF_STATEMENT(
	"select l.location_id, k.connection_id, k.connector, 0::bigint, jsonb_strip_nulls("
	"  jsonb_build_object('began_at', now(), 'complete', (coalesce(l.inventory_complete_at,"
	"   '-infinity') < now() - interval '20 hours') or null))::text"
	" from fulfillment.locations l join fulfillment.providers p on p.merchant_id = $1"
	"  and p.provider_id = l.provider_id"
	" join fulfillment.connections k on k.merchant_id = $1 and k.connection_id = p.connection_id"
	" where l.merchant_id = $1 and l.active and ($2 is null or $2 in (l.code, p.code))"
	"  and not exists (select 1 from fulfillment.tasks t where t.merchant_id = $1"
	"   and t.subject_kind = 'location' and t.subject_id = l.location_id and t.operation = $3"
	"   and t.state <> 'parked')"
	" order by l.location_id",
	INT4OID, TEXTOID, TEXTOID);

/*
 * Shipments and packages whose time has come.  The time moves on at once, so
 * that nothing is asked twice; the answer sets it anew.
 */
static FfStatement returns_to_ask = FF_STATEMENT(
	"with due as (update fulfillment.returns r set poll_at = $2 + interval '15 minutes'"
	"  where r.merchant_id = $1 and r.poll_at <= $2"
	" returning r.return_id, r.connection_id, r.order_id, r.state)"
	" select d.return_id, k.connection_id, k.connector, d.order_id, null::text"
	"  from due d join fulfillment.connections k on k.merchant_id = $1"
	"   and k.connection_id = d.connection_id"
	"  where d.state in ('expected', 'in_transit', 'receiving')"
	"   and not exists (select 1 from fulfillment.tasks t where t.merchant_id = $1"
	"    and t.subject_kind = 'return' and t.subject_id = d.return_id"
	"    and t.operation = 'get_return' and t.state <> 'parked')",
	INT4OID, TIMESTAMPTZOID);

static FfStatement shipments_to_ask = FF_STATEMENT(
	"with due as ("
	" select shipment_id from fulfillment.shipments where merchant_id = $1 and poll_at <= $2"
	" union select shipment_id from fulfillment.packages where merchant_id = $1 and poll_at <= $2"
	" limit 1000),"
	" asked as (update fulfillment.shipments s set poll_at = $2 + interval '15 minutes'"
	"  from due where s.merchant_id = $1 and s.shipment_id = due.shipment_id and s.poll_at <= $2),"
	" tracked as (update fulfillment.packages p set poll_at = $2 + interval '15 minutes'"
	"  from due where p.merchant_id = $1 and p.shipment_id = due.shipment_id and p.poll_at <= $2)"
	" select s.shipment_id, k.connection_id, k.connector, s.order_id, null::text"
	"  from due join fulfillment.shipments s on s.merchant_id = $1"
	"   and s.shipment_id = due.shipment_id"
	"  join fulfillment.providers p on p.merchant_id = $1 and p.provider_id = s.provider_id"
	"  join fulfillment.connections k on k.merchant_id = $1 and k.connection_id = p.connection_id"
	"  where not exists (select 1 from fulfillment.tasks t where t.merchant_id = $1"
	"   and t.subject_kind = 'shipment' and t.subject_id = s.shipment_id"
	"   and t.operation = 'get_shipment' and t.state <> 'parked')",
	INT4OID, TIMESTAMPTZOID);

/* Connections that bring files, also (by $3) those of a provider, or of who runs a location. */
static FfStatement connections_to_ask = FF_STATEMENT(
	"select c.connection_id, c.connection_id, c.connector, 0::bigint, null::text"
	" from fulfillment.connections c"
	" where c.merchant_id = $1 and ($2 is null or c.code = $2)"
	"  and fulfillment.connector_can(c.connector, $4, c.config)"
	"  and exists (select 1 from fulfillment.providers p where p.merchant_id = $1"
	"   and p.connection_id = c.connection_id and p.active and ($3 is null or p.code = $3 or exists ("
	"    select 1 from fulfillment.locations l where l.merchant_id = $1"
	"     and l.provider_id = p.provider_id and l.code = $3)))"
	"  and not exists (select 1 from fulfillment.tasks t where t.merchant_id = $1"
	"   and t.subject_kind = 'connection' and t.subject_id = c.connection_id and t.operation = $4"
	"   and t.state <> 'parked')"
	" order by c.connection_id",
	INT4OID, TEXTOID, TEXTOID, TEXTOID);

/* What was handed over longer ago than its confirmation may take, where one is to come. */
static FfStatement unconfirmed = FF_STATEMENT(
	"select s.shipment_id, s.order_id, s.reference, p.code,"
	"  extract(epoch from $2 - s.accepted_at)::bigint / 60"
	" from fulfillment.connections c"
	" join fulfillment.providers p on p.merchant_id = $1 and p.connection_id = c.connection_id"
	" join fulfillment.shipments s on s.merchant_id = $1 and s.provider_id = p.provider_id"
	"  and s.state = 'accepted' and s.confirmed_at is null and s.progress is null"
	" where c.merchant_id = $1 and c.config ->> 'ack' in ('file', 'deletion')"
	"  and s.accepted_at < $2 - make_interval(mins => coalesce(case when c.config ->> 'ack' = 'deletion'"
	"   then c.config ->> 'pickup_alert_minutes' end, c.config ->> 'ack_within_minutes', '240')::int)"
	"  and not exists (select 1 from fulfillment.attention a where a.merchant_id = $1"
	"   and a.kind = 'not_confirmed' and a.shipment_id = s.shipment_id)"
	" order by s.shipment_id limit 200",
	INT4OID, TIMESTAMPTZOID);

/* What each listing should show, by the stock of now. */
static FfStatement look_at_stock = FF_BULK_STATEMENT(
	"update fulfillment.listings g set wanted = q.quantity from ("
	" select t.listing_id, fulfillment.offered(coalesce(a.available, 0)::bigint, c.stock_share,"
	"   coalesce(t.stock_buffer, c.stock_buffer), c.oversell_guard) as quantity"
	"  from fulfillment.listings t"
	"  join fulfillment.channels c on c.merchant_id = $1 and c.channel_id = t.channel_id"
	"   and c.active and ($2 is null or c.code = $2)"
	"  left join (select item_id, sum(available) as available from fulfillment.available_stock"
	"   where merchant_id = $1 group by item_id) a on a.item_id = t.item_id"
	"  where t.merchant_id = $1) q"
	" where g.merchant_id = $1 and g.listing_id = q.listing_id and g.wanted is distinct from q.quantity",
	INT4OID, TEXTOID);

/* Whether a channel lacks a level that it should show. */
static FfStatement channel_lacks_levels =
	FF_STATEMENT("select exists (select 1 from fulfillment.listings g where g.merchant_id = $1"
				 " and g.channel_id = $2 and g.published is distinct from g.wanted)",
				 INT4OID, INT8OID);

static int
add_tasks(int32 merchant_id, const FfRows *rows, FfOperation operation, const char *kind,
		  bool (*wanted)(int32 merchant_id, int64 subject_id))
{
	FfTask *tasks = palloc0(sizeof(FfTask) * (rows->count + 1));
	int count = 0;

	for (uint64 i = 0; i < rows->count; i++)
	{
		const FfConnector *connector = ff_connector_find(ff_row_text(rows, i, 3));
		FfTask *task = &tasks[count];

		/* who brings files is asked for all of them at once, not for each subject */
		if (connector == NULL || !ff_connector_supports(connector, operation) ||
			(operation != FF_OP_FETCH_FILES &&
			 ff_connector_supports(connector, FF_OP_FETCH_FILES)) ||
			(wanted != NULL && !wanted(merchant_id, ff_row_int8(rows, i, 1))))
			continue;
		task->merchant_id = merchant_id;
		task->connection_id = ff_row_int8(rows, i, 2);
		task->operation = operation;
		task->subject_kind = kind;
		task->subject_id = ff_row_int8(rows, i, 1);
		task->order_id = ff_row_int8(rows, i, 4);
		task->payload = ff_row_text(rows, i, 5);
		count++;
	}
	ff_tasks_add(tasks, count);
	return count;
}

static FfRows
find(FfStatement *statement, int32 merchant_id, const char *code, FfOperation operation)
{
	return ff_run(
		statement, ff_int4(merchant_id), ff_text(code), ff_text(ff_operation_name(operation)));
}

int
ff_sync_orders(int32 merchant_id, const char *channel)
{
	FfRows rows = find(&channels_to_ask, merchant_id, channel, FF_OP_FETCH_ORDERS);

	return add_tasks(merchant_id, &rows, FF_OP_FETCH_ORDERS, "channel", NULL);
}

static int
sync_files(int32 merchant_id, const char *connection, const char *location)
{
	FfRows rows = ff_run(&connections_to_ask,
						 ff_int4(merchant_id),
						 ff_text(connection),
						 ff_text(location),
						 ff_text(ff_operation_name(FF_OP_FETCH_FILES)));

	return add_tasks(merchant_id, &rows, FF_OP_FETCH_FILES, "connection", NULL);
}

int
ff_sync_inventory(int32 merchant_id, const char *location)
{
	FfRows rows = find(&locations_to_ask, merchant_id, location, FF_OP_GET_INVENTORY);

	return add_tasks(merchant_id, &rows, FF_OP_GET_INVENTORY, "location", NULL) +
		   sync_files(merchant_id, NULL, location);
}

int
ff_sync_files(int32 merchant_id, const char *connection)
{
	return sync_files(merchant_id, connection, NULL);
}

void
ff_chase_confirmations(int32 merchant_id)
{
	FfRows rows =
		ff_run(&unconfirmed, ff_int4(merchant_id), ff_time(GetCurrentTransactionStartTimestamp()));

	for (uint64 i = 0; i < rows.count; i++)
		ff_attention_open(merchant_id,
						  "not_confirmed",
						  ff_row_int8(&rows, i, 2),
						  ff_row_int8(&rows, i, 1),
						  0,
						  psprintf("%s has not confirmed shipment %s for " INT64_FORMAT " minutes",
								   ff_row_text(&rows, i, 4),
								   ff_row_text(&rows, i, 3),
								   ff_row_int8(&rows, i, 5)),
						  "Ask the provider whether it has the file, then report with "
						  "fulfillment.report_progress.");
}

static bool
lacks_levels(int32 merchant_id, int64 channel_id)
{
	FfRows rows = ff_run(&channel_lacks_levels, ff_int4(merchant_id), ff_int8(channel_id));

	return ff_row_bool(&rows, 0, 1);
}

int
ff_push_inventory(int32 merchant_id, const char *channel)
{
	FfRows rows;

	ff_run(&look_at_stock, ff_int4(merchant_id), ff_text(channel));
	rows = find(&channels_to_ask, merchant_id, channel, FF_OP_PUSH_INVENTORY);
	return add_tasks(merchant_id, &rows, FF_OP_PUSH_INVENTORY, "channel", lacks_levels);
}

int
ff_poll_tracking(int32 merchant_id)
{
	FfArgument now = ff_time(GetCurrentTransactionStartTimestamp());
	FfRows rows = ff_run(&shipments_to_ask, ff_int4(merchant_id), now);
	int count = add_tasks(merchant_id, &rows, FF_OP_GET_SHIPMENT, "shipment", NULL);

	rows = ff_run(&returns_to_ask, ff_int4(merchant_id), now);
	return count + add_tasks(merchant_id, &rows, FF_OP_GET_RETURN, "return", NULL);
}

/* The SQL functions: (code or NULL, merchant_id) → tasks written. */
static Datum
sync_by_code(FunctionCallInfo fcinfo, int (*sync)(int32 merchant_id, const char *code))
{
	char *code = PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0));
	int32 merchant_id = PG_GETARG_INT32(1);
	int count;

	ff_require(FF_LEVEL_OPERATOR, merchant_id);
	ff_spi_begin();
	count = sync(merchant_id, code);
	ff_spi_end();
	PG_RETURN_INT32(count);
}

PG_FUNCTION_INFO_V1(fulfillment_fetch_orders);

Datum
fulfillment_fetch_orders(PG_FUNCTION_ARGS)
{
	return sync_by_code(fcinfo, ff_sync_orders);
}

PG_FUNCTION_INFO_V1(fulfillment_sync_inventory);

Datum
fulfillment_sync_inventory(PG_FUNCTION_ARGS)
{
	return sync_by_code(fcinfo, ff_sync_inventory);
}

PG_FUNCTION_INFO_V1(fulfillment_push_inventory);

Datum
fulfillment_push_inventory(PG_FUNCTION_ARGS)
{
	return sync_by_code(fcinfo, ff_push_inventory);
}

PG_FUNCTION_INFO_V1(fulfillment_fetch_files);

Datum
fulfillment_fetch_files(PG_FUNCTION_ARGS)
{
	return sync_by_code(fcinfo, ff_sync_files);
}

PG_FUNCTION_INFO_V1(fulfillment_poll_tracking);

/* poll_tracking(merchant_id) → tasks written */
Datum
fulfillment_poll_tracking(PG_FUNCTION_ARGS)
{
	int32 merchant_id = PG_GETARG_INT32(0);
	int count;

	ff_require(FF_LEVEL_OPERATOR, merchant_id);
	ff_spi_begin();
	count = ff_poll_tracking(merchant_id);
	ff_spi_end();
	PG_RETURN_INT32(count);
}
