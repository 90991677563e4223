/*
 * apply_files.c
 *
 * Looking for files, and keeping those that came: each becomes a row of the
 * inbox, under its name and the hash of its bytes, so that one that comes
 * twice is kept once, and is applied from there like a webhook.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "pg/spi.h"
#include "tasks/task.h"
#include "workers/verbs.h"
#include "workers/webhooks.h"

static FfStatement read_looks = FF_STATEMENT(
	"select w.position, jsonb_strip_nulls(jsonb_build_object('cursor', c.inbox_cursor,"
	"  'waiting', (select jsonb_agg(jsonb_build_object('reference', q.reference,"
	"     'order_number', q.number, 'provider_reference', q.provider_reference))"
	"   from (select s.reference, o.number, s.provider_reference from fulfillment.providers p"
	"    join fulfillment.shipments s on s.merchant_id = $1 and s.provider_id = p.provider_id"
	"     and s.state = 'accepted' and s.confirmed_at is null"
	"    join fulfillment.orders o on o.merchant_id = $1 and o.order_id = s.order_id"
	"    where p.merchant_id = $1 and p.connection_id = c.connection_id"
	"     and c.config ->> 'ack' = 'deletion' order by s.shipment_id limit 1000) q)))"
	"  || coalesce(w.payload, '{}')"
	" from unnest($2, $3) with ordinality as w (subject_id, payload, position)"
	" join fulfillment.connections c on c.merchant_id = $1 and c.connection_id = w.subject_id",
	INT4OID, INT8ARRAYOID, JSONBARRAYOID);

static FfStatement keep_file = FF_STATEMENT(
	"insert into fulfillment.inbox as i (merchant_id, connection_id, event_id, headers, body)"
	" select $1, $2, $3 || ' ' || encode(sha256(b.body), 'hex'),"
	"   jsonb_build_object('File-Name', $3), b.body from (select decode($4, 'base64') as body) b"
	" on conflict (merchant_id, connection_id, event_id)"
	" do update set repeated = i.repeated + 1 returning i.repeated",
	INT4OID, INT8OID, TEXTOID, TEXTOID);

static FfStatement keep_cursor = FF_STATEMENT(
	"update fulfillment.connections set inbox_cursor = coalesce(inbox_cursor, '{}') || $3"
	" where merchant_id = $1 and connection_id = $2",
	INT4OID, INT8OID, JSONBOID);

FfJson **
ff_load_files(FfErrand **errands, int count)
{
	return ff_load_by(&read_looks, errands, count);
}

static void
tell(FfSettling *settling, const char *kind, const char *message, const char *hint)
{
	const FfEndpoint *endpoint = settling->errand->batch->endpoint;

	ff_attention_open_connection(endpoint->key.merchant_id,
								 kind,
								 endpoint->key.connection_id,
								 psprintf("connection %s: %s", endpoint->code, message),
								 hint);
}

/* What the directory itself says of shipments: whose files were taken. */
static void
take_picked_up(FfSettling *settling)
{
	FfJson *shipments = ff_json_get(settling->outcome, "shipments");
	const FfEndpoint *endpoint = settling->errand->batch->endpoint;

	for (int i = 0; i < ff_json_count(shipments); i++)
		ff_webhook_take_shipment(endpoint->key.merchant_id,
								 endpoint->key.connection_id,
								 ff_json_at(shipments, i),
								 settling->cause);
}

void
ff_apply_files_page(FfSettling *settling)
{
	const FfEndpoint *endpoint = settling->errand->batch->endpoint;
	FfJson *files = ff_json_get(settling->outcome, "files");
	const char *warning = ff_json_text_or(settling->outcome, "warning", NULL);

	take_picked_up(settling);
	for (int i = 0; i < ff_json_count(files); i++)
	{
		FfJson *file = ff_json_at(files, i);
		FfRows rows = ff_run(&keep_file,
							 ff_int4(endpoint->key.merchant_id),
							 ff_int8(endpoint->key.connection_id),
							 ff_text(ff_json_text(file, "name")),
							 ff_text(ff_json_text(file, "content_base64")));

		if (ff_row_int4(&rows, 0, 1) == 0)
			ff_tasks_wake_at_commit();
	}
	if (warning != NULL)
		tell(settling, "file_not_put_away", warning, "Give us the right to move files there.");
}

void
ff_apply_files(FfSettling *settling)
{
	const FfEndpoint *endpoint = settling->errand->batch->endpoint;
	const char *silence = ff_json_text_or(settling->outcome, "silence", NULL);

	ff_apply_files_page(settling);
	ff_run(&keep_cursor,
		   ff_int4(endpoint->key.merchant_id),
		   ff_int8(endpoint->key.connection_id),
		   ff_json(ff_json_get(settling->outcome, "next")));
	if (silence != NULL)
		tell(settling, "files_silent", silence, "Ask the partner whether its export runs.");
	else
		ff_attention_close_connection(endpoint->key.merchant_id,
									  "files_silent",
									  endpoint->key.connection_id,
									  "a file has come");
}
