/*
 * connections.c
 *
 * What people do to a connection: secrets, pause, resume, test.  Every step
 * leaves a line in the history, never with a secret in it.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "utils/builtins.h"

#include "connectors/connector.h"
#include "pg/errors.h"
#include "pg/session.h"
#include "pg/spi.h"
#include "tasks/history.h"
#include "tasks/task.h"
#include "transport/secret.h"
#include "transport/token.h"
#include "transport/vault.h"
#include "workers/connections.h"
#include "workers/endpoint.h"
#include "workers/limiter.h"

static FfStatement find_connection =
	FF_STATEMENT("select connection_id, connector from fulfillment.connections"
				 " where merchant_id = $1 and (code = $2 or connection_id::text = $2)"
				 " order by code = $2 desc limit 1",
				 INT4OID, TEXTOID);

static FfStatement resume_row =
	FF_STATEMENT("update fulfillment.connections set state = 'active', paused_reason = null"
				 " where merchant_id = $1 and connection_id = $2 and state = 'paused'",
				 INT4OID, INT8OID);

/* Calls that wait because of what was mended need not wait longer. */
static FfStatement make_due =
	FF_STATEMENT("update fulfillment.tasks set due_at = now() where merchant_id = $1"
				 " and connection_id = $2 and state = 'ready' and due_at > now() and attempts > 0",
				 INT4OID, INT8OID);

static FfStatement keep_secret = FF_STATEMENT(
	"insert into fulfillment.secrets (merchant_id, connection_id, ciphertext, names, set_at, set_by)"
	" values ($1, $2, $3, $4, now(), $5)"
	" on conflict (merchant_id, connection_id) do update set ciphertext = excluded.ciphertext,"
	"  names = excluded.names, set_at = excluded.set_at, set_by = excluded.set_by",
	INT4OID, INT8OID, BYTEAOID, TEXTARRAYOID, TEXTOID);

static FfRows
find(int32 merchant_id, const char *name)
{
	FfRows rows = ff_run(&find_connection, ff_int4(merchant_id), ff_text(name));

	if (rows.count == 0)
		ereport(ERROR,
				(errcode(FF_ERR_UNKNOWN_OBJECT),
				 errmsg("connection \"%s\" does not exist", name),
				 errdetail("Merchant %d has no connection with this code or id.", merchant_id),
				 errhint("Table fulfillment.connections holds the connections there are.")));
	return rows;
}

int64
ff_connection_named(int32 merchant_id, const char *name)
{
	FfRows rows = find(merchant_id, name);

	return ff_row_int8(&rows, 0, 1);
}

static void
note(int32 merchant_id, int64 connection_id, const char *event, const char *cause)
{
	FfHistory row = {.merchant_id = merchant_id,
					 .subject_kind = "connection",
					 .subject_id = connection_id,
					 .event = event,
					 .cause = cause};

	ff_history_add(&row, 1);
}

/* What workers remember of earlier failures does not count any more. */
static void
start_afresh(int32 merchant_id, int64 connection_id)
{
	FfLimiterKey key = {MyDatabaseId, merchant_id, connection_id};

	ff_token_forget(MyDatabaseId, merchant_id, connection_id, 0);
	ff_limiter_reset(&key);
	ff_run(&make_due, ff_int4(merchant_id), ff_int8(connection_id));
	ff_tasks_wake_afresh_at_commit();
}

PG_FUNCTION_INFO_V1(fulfillment_pause_connection);

/* pause_connection(connection, reason, merchant_id) */
Datum
fulfillment_pause_connection(PG_FUNCTION_ARGS)
{
	int32 merchant_id = PG_GETARG_INT32(2);

	ff_require(FF_LEVEL_OPERATOR, merchant_id);
	ff_spi_begin();
	ff_endpoint_pause(merchant_id,
					  ff_connection_named(merchant_id, text_to_cstring(PG_GETARG_TEXT_PP(0))),
					  text_to_cstring(PG_GETARG_TEXT_PP(1)));
	ff_spi_end();
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(fulfillment_resume_connection);

/* resume_connection(connection, merchant_id) */
Datum
fulfillment_resume_connection(PG_FUNCTION_ARGS)
{
	int32 merchant_id = PG_GETARG_INT32(1);
	int64 connection_id;

	ff_require(FF_LEVEL_OPERATOR, merchant_id);
	ff_spi_begin();
	connection_id = ff_connection_named(merchant_id, text_to_cstring(PG_GETARG_TEXT_PP(0)));
	if (ff_run(&resume_row, ff_int4(merchant_id), ff_int8(connection_id)).count > 0)
		note(merchant_id, connection_id, "resume", NULL);
	ff_attention_close_connection(merchant_id, "connection_paused", connection_id, "resumed");
	start_afresh(merchant_id, connection_id);
	ff_spi_end();
	PG_RETURN_VOID();
}

static bool
is_secret_of(const FfConnector *connector, const char *name)
{
	for (const FfSetting *setting = connector->settings; setting->name != NULL; setting++)
		if (setting->secret && strcmp(setting->name, name) == 0)
			return true;
	return false;
}

static void
refuse_secret(const char *detail, const FfConnector *connector)
{
	StringInfoData names;

	initStringInfo(&names);
	for (const FfSetting *setting = connector->settings; setting->name != NULL; setting++)
		if (setting->secret)
			appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "", setting->name);
	ereport(
		ERROR,
		(errcode(FF_ERR_INVALID_DOCUMENT),
		 errmsg("could not set the secrets of a connection of \"%s\"", connector->name),
		 errdetail_internal("%s", detail),
		 errhint("Give an object with these members: %s.", names.len > 0 ? names.data : "none")));
}

/* The names of the secrets; each must be one the connector knows. */
static FfArgument
names_of(const FfJson *secret, const FfConnector *connector)
{
	FfColumn names;
	void *state = NULL;
	char *key;
	FfJson *value;

	ff_column_init(&names, TEXTOID);
	while (ff_json_each(secret, &state, &key, &value))
	{
		if (!is_secret_of(connector, key))
			refuse_secret(psprintf("Member \"%s\" is no secret of this connector.", key),
						  connector);
		ff_column_add(&names, ff_text(key));
	}
	return ff_column(&names);
}

static void
set_secret(int32 merchant_id, const char *name, const FfJson *secret)
{
	const FfConnector *connector;
	FfSecrets checked;
	int64 connection_id;
	char *plain;
	FfRows rows;

	ff_require(FF_LEVEL_ADMIN, merchant_id);
	ff_spi_begin();
	rows = find(merchant_id, name);
	connection_id = ff_row_int8(&rows, 0, 1);
	connector = ff_connector_find(ff_row_text(&rows, 0, 2));
	if (connector == NULL)
		ereport(ERROR,
				(errcode(FF_ERR_CONNECTION),
				 errmsg("connector \"%s\" does not exist", ff_row_text(&rows, 0, 2)),
				 errhint("The view fulfillment.connectors shows the connectors there are.")));
	if (!ff_json_is_object(secret))
		refuse_secret("The secrets are not a JSON object.", connector);
	plain = ff_json_dump(secret);
	ff_secrets_read(&checked, plain);
	ff_secrets_wipe(&checked);
	ff_run(&keep_secret,
		   ff_int4(merchant_id),
		   ff_int8(connection_id),
		   ff_datum(PointerGetDatum(ff_vault_seal(merchant_id, connection_id, plain))),
		   names_of(secret, connector),
		   ff_text(ff_actor()));
	ff_wipe_text(plain);
	note(merchant_id, connection_id, "set_secret", NULL);
	start_afresh(merchant_id, connection_id);
	ff_spi_end();
}

PG_FUNCTION_INFO_V1(fulfillment_set_secret);

/*
 * set_secret(connection, secret, merchant_id)
 *
 * The secret stands in the statement, which others would read in
 * pg_stat_activity, and in the log next to an error.
 */
Datum
fulfillment_set_secret(PG_FUNCTION_ARGS)
{
	MemoryContext context = CurrentMemoryContext;

	pgstat_report_activity(STATE_RUNNING, "SELECT fulfillment.set_secret(...)");
	PG_TRY();
	{
		set_secret(PG_GETARG_INT32(2),
				   text_to_cstring(PG_GETARG_TEXT_PP(0)),
				   ff_json_from_datum(PG_GETARG_DATUM(1)));
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		error->hide_stmt = error->hide_ctx = true;
		ReThrowError(error);
	}
	PG_END_TRY();
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(fulfillment_test_connection);

/* test_connection(connection, merchant_id) → task_id */
Datum
fulfillment_test_connection(PG_FUNCTION_ARGS)
{
	int32 merchant_id = PG_GETARG_INT32(1);
	FfTask task = {.merchant_id = merchant_id,
				   .operation = FF_OP_TEST_CONNECTION,
				   .subject_kind = "connection"};

	ff_require(FF_LEVEL_OPERATOR, merchant_id);
	ff_spi_begin();
	task.connection_id = task.subject_id =
		ff_connection_named(merchant_id, text_to_cstring(PG_GETARG_TEXT_PP(0)));
	ff_tasks_withdraw(merchant_id, "connection", task.connection_id, FF_OP_TEST_CONNECTION);
	ff_tasks_add(&task, 1);
	ff_spi_end();
	PG_RETURN_INT64(task.task_id);
}
