/*
 * receive.c
 *
 * A webhook comes in: its signature is verified over the raw bytes, it is
 * stored once, and answered; nothing else happens in the sender's time.  A
 * worker applies it.
 *
 * The answer is an HTTP status.  Who is not authentic learns nothing: neither
 * whether the connection exists nor what was wrong.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/cryptohash.h"
#include "common/sha2.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "connectors/call.h"
#include "pg/errors.h"
#include "pg/guc.h"
#include "pg/session.h"
#include "pg/spi.h"
#include "tasks/task.h"
#include "transport/redact.h"
#include "transport/signature.h"
#include "workers/endpoint.h"
#include "workers/webhooks.h"

#define ANSWER_OK           200
#define ANSWER_UNAUTHORIZED 401
#define ANSWER_TOO_LARGE    413

static FfStatement find_connection = FF_STATEMENT(
	"select connection_id from fulfillment.connections where merchant_id = $1 and code = $2",
	INT4OID, TEXTOID);

static FfStatement count_refusal =
	FF_STATEMENT("update fulfillment.connections set webhooks_refused = webhooks_refused + 1"
				 " where merchant_id = $1 and connection_id = $2",
				 INT4OID, INT8OID);

static FfStatement store_webhook =
	FF_STATEMENT("insert into fulfillment.inbox as i (merchant_id, connection_id, event_id,"
				 "  headers, body) values ($1, $2, $3, $4, $5)"
				 " on conflict (merchant_id, connection_id, event_id)"
				 " do update set repeated = i.repeated + 1 returning i.repeated",
				 INT4OID, INT8OID, TEXTOID, JSONBOID, BYTEAOID);

static FfStatement replay_webhook =
	FF_STATEMENT("update fulfillment.inbox set state = 'new', due_at = now(), attempts = 0,"
				 "  error = null, applied_at = null where merchant_id = $1 and inbox_id = $2",
				 INT4OID, INT8OID);

void
ff_webhook_headers(FfReply *webhook, const FfJson *headers)
{
	void *state = NULL;
	char *key;
	FfJson *value;

	while (ff_json_each(headers, &state, &key, &value) && webhook->header_count < FF_MAX_HEADERS)
	{
		char *text = ff_json_text(value, "");

		if (text == NULL)
			continue;
		webhook->headers[webhook->header_count].name = key;
		webhook->headers[webhook->header_count].value = text;
		webhook->header_count++;
	}
}

/* A sender without ids of its own is told apart by what it sends. */
static char *
hash_of(const FfReply *webhook)
{
	uint8 digest[PG_SHA256_DIGEST_LENGTH];
	pg_cryptohash_ctx *context = pg_cryptohash_create(PG_SHA256);
	char *text = palloc0(2 * PG_SHA256_DIGEST_LENGTH + 1);

	if (context == NULL || pg_cryptohash_init(context) < 0 ||
		pg_cryptohash_update(context, (const uint8 *) webhook->body, webhook->length) < 0 ||
		pg_cryptohash_final(context, digest, sizeof(digest)) < 0)
		elog(ERROR, "could not hash a webhook");
	pg_cryptohash_free(context);
	hex_encode((char *) digest, sizeof(digest), text);
	return text;
}

static bool
is_authentic(const FfEndpoint *endpoint, const FfReply *webhook)
{
	const FfVerify *verify = &endpoint->connector->receive.verify;
	const char *reason = NULL;
	int64 now = (int64) timestamptz_to_time_t(GetCurrentTimestamp());

	/* what the peer does not sign the connection has to allow */
	if (verify->kind == FF_VERIFY_NONE ||
		(verify->partial && !ff_signature_present(verify, webhook)))
		return ff_json_bool(endpoint->config, "allow_unsigned", false);
	return ff_signature_verify(verify, &endpoint->secrets, webhook, now, &reason);
}

static void
store(const FfEndpoint *endpoint, const FfReply *webhook)
{
	const char *id = ff_connector_event_id(endpoint->connector, webhook);
	FfRows rows;

	rows = ff_run(&store_webhook,
				  ff_int4(endpoint->key.merchant_id),
				  ff_int8(endpoint->key.connection_id),
				  ff_text(id != NULL ? id : hash_of(webhook)),
				  ff_json_from_text(ff_redact_headers(
					  webhook->headers, webhook->header_count, &endpoint->secrets)),
				  ff_bytes(webhook->body, webhook->length));
	if (ff_row_int4(&rows, 0, 1) == 0)
		ff_tasks_wake_at_commit();
}

static int
receive(int32 merchant_id, const char *code, FfReply *webhook)
{
	FfRows rows = ff_run(&find_connection, ff_int4(merchant_id), ff_text(code));
	FfEndpoint *endpoint;
	int status = ANSWER_UNAUTHORIZED;

	if (webhook->length > (size_t) ff_guc_max_body * 1024)
		return ANSWER_TOO_LARGE;
	if (rows.count == 0)
		return ANSWER_UNAUTHORIZED;
	endpoint = ff_endpoint_read(merchant_id, ff_row_int8(&rows, 0, 1), CurrentMemoryContext);
	ff_endpoint_unlock(endpoint);
	if (endpoint->connector != NULL && endpoint->connector->receive.translate != NULL &&
		is_authentic(endpoint, webhook))
	{
		store(endpoint, webhook);
		status = ANSWER_OK;
	}
	else
		ff_run(&count_refusal, ff_int4(merchant_id), ff_int8(endpoint->key.connection_id));
	ff_endpoint_let_go(endpoint);
	return status;
}

PG_FUNCTION_INFO_V1(fulfillment_receive_webhook);

/* receive_webhook(connection, headers, body, merchant_id) → HTTP status */
Datum
fulfillment_receive_webhook(PG_FUNCTION_ARGS)
{
	char *code = text_to_cstring(PG_GETARG_TEXT_PP(0));
	bytea *body = PG_GETARG_BYTEA_PP(2);
	int32 merchant_id = PG_GETARG_INT32(3);
	FfReply *webhook = palloc0(sizeof(FfReply));
	char *text = palloc(VARSIZE_ANY_EXHDR(body) + 1);
	int status;

	ff_require(FF_LEVEL_OPERATOR, merchant_id);
	memcpy(text, VARDATA_ANY(body), VARSIZE_ANY_EXHDR(body));
	text[VARSIZE_ANY_EXHDR(body)] = '\0';
	webhook->status = ANSWER_OK;
	webhook->body = text;
	webhook->length = VARSIZE_ANY_EXHDR(body);
	ff_webhook_headers(webhook, ff_json_from_datum(PG_GETARG_DATUM(1)));
	ff_spi_begin();
	status = receive(merchant_id, code, webhook);
	ff_spi_end();
	PG_RETURN_INT32(status);
}

PG_FUNCTION_INFO_V1(fulfillment_replay_webhook);

/* replay_webhook(inbox_id, merchant_id) */
Datum
fulfillment_replay_webhook(PG_FUNCTION_ARGS)
{
	int64 inbox_id = PG_GETARG_INT64(0);
	int32 merchant_id = PG_GETARG_INT32(1);

	ff_require(FF_LEVEL_OPERATOR, merchant_id);
	ff_spi_begin();
	if (ff_run(&replay_webhook, ff_int4(merchant_id), ff_int8(inbox_id)).count == 0)
		ereport(ERROR,
				(errcode(FF_ERR_UNKNOWN_OBJECT),
				 errmsg("no webhook " INT64_FORMAT " came in", inbox_id),
				 errhint("Table fulfillment.inbox holds the webhooks that came in.")));
	ff_tasks_wake_at_commit();
	ff_spi_end();
	PG_RETURN_VOID();
}
