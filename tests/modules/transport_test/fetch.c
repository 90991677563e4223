/*
 * fetch.c
 *
 * Drives a wire from a session: transport_fetch starts every request as soon
 * as there is room, waits, and reports what came back in that order.  The wire
 * stays for the session, so that kept connections can be tested; an error or
 * an interrupt ends it.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "pg/json.h"
#include "transport/token.h"
#include "transport/wire.h"

PG_FUNCTION_INFO_V1(transport_fetch);
PG_FUNCTION_INFO_V1(transport_forget);
PG_FUNCTION_INFO_V1(transport_token_look_up);
PG_FUNCTION_INFO_V1(transport_token_store);
PG_FUNCTION_INFO_V1(transport_token_fail);

static FfWire *wire;

/* Asks for a grant where the settings say, with the body they hold. */
static void
request_grant(const FfJson *config, FfMessage *message)
{
	char *body = ff_json_text(config, "grant_body");

	ff_message_begin(message,
					 "POST",
					 ff_json_text_or(config, "base_url", ""),
					 ff_json_text_or(config, "grant_path", "/"));
	ff_message_body(message, "application/json", body, strlen(body));
}

static FfGrant *
read_grant(const FfJson *json)
{
	FfGrant *grant = palloc0(sizeof(FfGrant));

	grant->request = request_grant;
	grant->member = ff_json_text(json, "member");
	grant->header = ff_json_text(json, "header");
	grant->lifetime_s = (int) ff_json_int64_or(json, "lifetime_s", 0);
	return grant;
}

static FfSigning *
read_signing(const FfJson *json)
{
	FfSigning *signing;

	if (!ff_json_is_object(json))
		return NULL;
	signing = palloc0(sizeof(FfSigning));
	signing->private_key = ff_json_text(json, "private_key");
	signing->public_key = ff_json_text(json, "public_key");
	signing->header = ff_json_text(json, "header");
	return signing;
}

static FfAuth *
read_auth(const FfJson *json)
{
	static const char *const kinds[] = {
		"none", "basic", "bearer", "header", "oauth2", "standard", "query", "oauth1"};
	FfAuth *auth = palloc0(sizeof(FfAuth));
	const char *kind = ff_json_text_or(json, "kind", "none");

	for (size_t i = 0; i < lengthof(kinds); i++)
	{
		if (strcmp(kinds[i], kind) == 0)
			auth->kind = (FfAuthKind) i;
	}
	auth->user = ff_json_text(json, "user");
	auth->password = ff_json_text(json, "password");
	auth->header = ff_json_text(json, "header");
	auth->word = ff_json_text(json, "word");
	auth->signing = read_signing(ff_json_get(json, "signing"));
	auth->token_url = ff_json_text(json, "token_url");
	auth->token_default = ff_json_text(json, "token_default");
	auth->scope = ff_json_text(json, "scope");
	auth->basic_token = ff_json_bool(json, "basic_token", false);
	auth->account_header = ff_json_text(json, "account_header");
	auth->account_setting = ff_json_text(json, "account_setting");
	auth->form = ff_json_text(json, "form");
	auth->token_headers = ff_json_text(json, "token_headers");
	auth->needs = ff_json_text(json, "needs");
	auth->apart = ff_json_bool(json, "apart", false);
	if (ff_json_get(json, "otherwise"))
		auth->otherwise = read_auth(ff_json_get(json, "otherwise"));
	if (ff_json_get(json, "grant"))
		auth->grant = read_grant(ff_json_get(json, "grant"));
	return auth;
}

static FfTransfer *
read_transfer(const FfJson *json, int position)
{
	FfTransfer *transfer = palloc0(sizeof(FfTransfer));
	FfMessage *message = &transfer->message;
	FfSecrets *secrets = palloc0(sizeof(FfSecrets));
	FfJson *headers = ff_json_get(json, "headers");
	FfJson *value;
	void *state = NULL;
	char *name;

	message->method = ff_json_text_or(json, "method", "GET");
	initStringInfo(&message->url);
	appendStringInfoString(&message->url, ff_json_text_or(json, "url", ""));
	while (headers && ff_json_each(headers, &state, &name, &value))
	{
		message->headers[message->header_count].name = name;
		message->headers[message->header_count].value = ff_json_text(value, "");
		message->header_count++;
	}
	message->body = ff_json_text(json, "body");
	message->body_length = message->body ? strlen(message->body) : 0;
	/* where names of secrets are meant, as bits; everywhere unless it is told */
	message->secrets = (int) ff_json_int64_or(
		json, "secrets_in", FF_SECRETS_IN_HEADERS | FF_SECRETS_IN_BODY | FF_SECRETS_IN_QUERY);
	if (ff_json_get(json, "secrets"))
		ff_secrets_read(secrets, ff_json_dump(ff_json_get(json, "secrets")));
	transfer->secrets = secrets;
	transfer->auth = read_auth(ff_json_get(json, "auth"));
	transfer->config = ff_json_get(json, "config");
	transfer->merchant_id = 1;
	transfer->connection_id = ff_json_int64_or(json, "connection", 1);
	transfer->limits.timeout_ms = (int) ff_json_int64_or(json, "timeout_ms", 0);
	transfer->limits.connect_timeout_ms = (int) ff_json_int64_or(json, "connect_timeout_ms", 0);
	transfer->limits.max_body_bytes = (int) ff_json_int64_or(json, "max_body", 0);
	transfer->limits.max_header_bytes = (int) ff_json_int64_or(json, "max_header", 0);
	transfer->context = CurrentMemoryContext;
	transfer->owner = (void *) (intptr_t) position;
	return transfer;
}

static void
write_transfer(FfJsonWriter *writer, const FfTransfer *transfer)
{
	ff_write_object(writer, NULL);
	ff_write_int(writer, "position", (intptr_t) transfer->owner);
	ff_write_text(writer, "fate", ff_fate_name(transfer->fate));
	ff_write_text(writer, "error", transfer->error);
	ff_write_int(writer, "status", transfer->reply.status);
	ff_write_object(writer, "headers");
	for (int i = 0; i < transfer->reply.header_count; i++)
		ff_write_text(writer, transfer->reply.headers[i].name, transfer->reply.headers[i].value);
	ff_write_end(writer);
	ff_write_int(writer, "length", (int64) transfer->reply.length);
	ff_write_text_max(writer, "body", transfer->reply.body, 2000);
	ff_write_bool(writer, "unauthorized", transfer->unauthorized);
	ff_write_int(writer, "retry_after_s", transfer->retry_after_s);
	ff_write_int(writer, "generation", (int64) transfer->token_generation);
	ff_write_text(writer, "address", transfer->peer_address);
	ff_write_object(writer, "ms");
	ff_write_int(writer, "dns", transfer->timings.dns);
	ff_write_int(writer, "connect", transfer->timings.connect);
	ff_write_int(writer, "tls", transfer->timings.tls);
	ff_write_int(writer, "first_byte", transfer->timings.first_byte);
	ff_write_int(writer, "total", transfer->timings.total);
	ff_write_end(writer);
	ff_write_end(writer);
}

static void
write_finished(FfJsonWriter *writer, int *done)
{
	FfTransfer *transfer;

	while ((transfer = ff_wire_next_finished(wire)) != NULL)
	{
		write_transfer(writer, transfer);
		(*done)++;
	}
}

/* Takes everything back after some time, as a worker that shuts down does. */
static void
cancel_all(FfJsonWriter *writer, FfTransfer **transfers, int count, int after_ms)
{
	TimestampTz until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), after_ms);

	while (GetCurrentTimestamp() < until)
		ff_wire_wait(wire, after_ms);
	for (int i = 0; i < count; i++)
	{
		ff_wire_cancel(wire, transfers[i]);
		write_transfer(writer, transfers[i]);
	}
}

static void
run(FfJsonWriter *writer, FfTransfer **transfers, int count, int cancel_after_ms)
{
	int started = 0;
	int done = 0;

	while (done < count)
	{
		while (started < count && ff_wire_room(wire) > 0)
			ff_wire_start(wire, transfers[started++]);
		if (cancel_after_ms > 0)
		{
			cancel_all(writer, transfers, started, cancel_after_ms);
			break;
		}
		ff_wire_wait(wire, 1000);
		write_finished(writer, &done);
	}
	if (ff_wire_busy(wire) != 0)
		elog(ERROR, "%d transfers are left on the wire", ff_wire_busy(wire));
}

Datum
transport_fetch(PG_FUNCTION_ARGS)
{
	FfJson *requests = ff_json_from_datum(PG_GETARG_DATUM(0));
	FfJson *settings = ff_json_from_datum(PG_GETARG_DATUM(1));
	int count = ff_json_count(requests);
	FfTransfer **transfers = palloc0((count + 1) * sizeof(FfTransfer *));
	FfJsonWriter writer;

	for (int i = 0; i < count; i++)
		transfers[i] = read_transfer(ff_json_at(requests, i), i);
	if (wire == NULL)
		wire = ff_wire_create((int) ff_json_int64_or(settings, "capacity", 0));
	ff_write_init(&writer);
	ff_write_array(&writer, NULL);
	PG_TRY();
	{
		run(&writer, transfers, count, (int) ff_json_int64_or(settings, "cancel_after_ms", 0));
	}
	PG_CATCH();
	{
		ff_wire_destroy(wire);
		wire = NULL;
		PG_RE_THROW();
	}
	PG_END_TRY();
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(ff_write_finish(&writer)));
}

Datum
transport_forget(PG_FUNCTION_ARGS)
{
	ff_token_forget(
		MyDatabaseId, PG_GETARG_INT32(0), PG_GETARG_INT64(1), (uint64) PG_GETARG_INT64(2));
	PG_RETURN_VOID();
}

static FfTokenKey *
token_key(int64 connection)
{
	FfTokenKey *key = palloc0(sizeof(FfTokenKey));

	key->database = MyDatabaseId;
	key->merchant_id = 1;
	key->connection_id = connection;
	return key;
}

Datum
transport_token_look_up(PG_FUNCTION_ARGS)
{
	static const char *const advices[] = {"use", "fetch", "wait", "failed"};
	FfTokenAnswer answer;
	FfTokenAdvice advice =
		ff_token_look_up(token_key(PG_GETARG_INT64(0)), PG_GETARG_TIMESTAMPTZ(1), &answer);

	PG_RETURN_TEXT_P(
		cstring_to_text(psprintf("%s %s%s", advices[advice], answer.token, answer.error)));
}

Datum
transport_token_store(PG_FUNCTION_ARGS)
{
	ff_token_store(token_key(PG_GETARG_INT64(0)),
				   text_to_cstring(PG_GETARG_TEXT_PP(1)),
				   PG_GETARG_INT32(2),
				   PG_GETARG_TIMESTAMPTZ(3));
	PG_RETURN_VOID();
}

Datum
transport_token_fail(PG_FUNCTION_ARGS)
{
	ff_token_fail(token_key(PG_GETARG_INT64(0)),
				  text_to_cstring(PG_GETARG_TEXT_PP(1)),
				  false,
				  PG_GETARG_INT32(2),
				  PG_GETARG_TIMESTAMPTZ(3));
	PG_RETURN_VOID();
}
