/*
 * endpoint.c
 *
 * Reads rows of connections and secrets; see endpoint.h.  The only place where
 * a worker opens secrets; nothing here may put one into a message.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "pg/session.h"
#include "pg/spi.h"
#include "tasks/history.h"
#include "tasks/task.h"
#include "transport/vault.h"
#include "workers/endpoint.h"

static FfStatement read_connection = FF_STATEMENT(
	"select c.code, c.connector, c.config, c.state = 'paused', c.rate_per_second::float8,"
	"  c.max_concurrency, c.timeout_ms, s.ciphertext"
	" from fulfillment.connections c left join fulfillment.secrets s"
	"  on s.merchant_id = $1 and s.connection_id = c.connection_id"
	" where c.merchant_id = $1 and c.connection_id = $2",
	INT4OID, INT8OID);

static FfStatement pause_connection =
	FF_STATEMENT("update fulfillment.connections set state = 'paused', paused_reason = $3"
				 " where merchant_id = $1 and connection_id = $2 and state <> 'paused'",
				 INT4OID, INT8OID, TEXTOID);

static void
read_row(FfEndpoint *endpoint, const FfRows *rows)
{
	const FfConnector *connector;
	Datum sealed;
	bool null;

	endpoint->code = ff_row_text(rows, 0, 1);
	endpoint->connector_name = ff_row_text(rows, 0, 2);
	endpoint->config = ff_row_json(rows, 0, 3);
	endpoint->paused = ff_row_bool(rows, 0, 4);
	endpoint->limit.rate = ff_row_float8(rows, 0, 5);
	endpoint->limit.concurrency = ff_row_int4(rows, 0, 6);
	endpoint->wire_limits.timeout_ms = ff_row_int4(rows, 0, 7);
	sealed = ff_row_datum(rows, 0, 8, &null);
	if (!null)
		endpoint->sealed = DatumGetByteaPCopy(sealed);
	connector = endpoint->connector = ff_connector_find(endpoint->connector_name);
	if (connector == NULL)
		return;
	if (endpoint->limit.rate == 0)
	{
		endpoint->limit.rate = connector->rate_per_second;
		endpoint->limit.burst = connector->burst;
	}
	if (endpoint->limit.concurrency == 0)
		endpoint->limit.concurrency = connector->max_concurrency;
	if (endpoint->wire_limits.timeout_ms == 0)
		endpoint->wire_limits.timeout_ms = connector->timeout_ms;
}

FfEndpoint *
ff_endpoint_read(int32 merchant_id, int64 connection_id, MemoryContext parent)
{
	MemoryContext context;
	MemoryContext inner;
	FfEndpoint *endpoint;
	FfRows rows;

	ff_spi_begin();
	rows = ff_run(&read_connection, ff_int4(merchant_id), ff_int8(connection_id));
	if (rows.count == 0)
	{
		ff_spi_end();
		return NULL;
	}
	context = AllocSetContextCreate(parent, "fulfillment endpoint", ALLOCSET_SMALL_SIZES);
	inner = MemoryContextSwitchTo(context);
	endpoint = palloc0(sizeof(FfEndpoint));
	endpoint->context = context;
	endpoint->users = 1;
	endpoint->key.database = MyDatabaseId;
	endpoint->key.merchant_id = merchant_id;
	endpoint->key.connection_id = connection_id;
	read_row(endpoint, &rows);
	MemoryContextSwitchTo(inner);
	ff_spi_end();
	return endpoint;
}

void
ff_endpoint_unlock(FfEndpoint *endpoint)
{
	MemoryContext before;
	char *text;

	if (endpoint->sealed == NULL)
		return;
	before = MemoryContextSwitchTo(endpoint->context);
	text = ff_vault_open(endpoint->key.merchant_id,
						 endpoint->key.connection_id,
						 endpoint->sealed,
						 endpoint->context);
	ff_secrets_read(&endpoint->secrets, text);
	ff_wipe_text(text);
	MemoryContextSwitchTo(before);
}

void
ff_endpoint_hold(FfEndpoint *endpoint)
{
	endpoint->users++;
}

void
ff_endpoint_let_go(FfEndpoint *endpoint)
{
	if (--endpoint->users > 0)
		return;
	ff_secrets_wipe(&endpoint->secrets);
	MemoryContextDelete(endpoint->context);
}

void
ff_endpoint_pause(int32 merchant_id, int64 connection_id, const char *reason)
{
	FfHistory row = {.merchant_id = merchant_id,
					 .subject_kind = "connection",
					 .subject_id = connection_id,
					 .event = "pause",
					 .from_state = "active",
					 .to_state = "paused",
					 .cause = reason};

	ff_spi_begin();
	if (ff_run(&pause_connection, ff_int4(merchant_id), ff_int8(connection_id), ff_text(reason))
			.count > 0)
		ff_history_add(&row, 1);
	ff_spi_end();
}
