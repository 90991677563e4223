/*
 * webhook_files.c
 *
 * Files that came in are applied like webhooks, row by row: a row that is
 * wrong is named with its line, and a file that is not applied as a whole is
 * put in front of a person.  Each parcel is told alone, once.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "orders/settle.h"
#include "pg/spi.h"
#include "shipping/shipment.h"
#include "tasks/task.h"
#include "workers/webhook.h"
#include "workers/webhooks.h"

#define MAX_ROW_ERRORS 2000 /* characters of them that are kept */

static FfStatement find_shipment =
	FF_STATEMENT("select s.shipment_id from fulfillment.shipments s"
				 " join fulfillment.providers p on p.merchant_id = $1"
				 "  and p.provider_id = s.provider_id and p.connection_id = $2"
				 " where s.merchant_id = $1 and (s.reference = $3 or s.provider_reference = $4)"
				 " order by s.reference = $3 desc, s.shipment_id desc limit 1",
				 INT4OID, INT8OID, TEXTOID, TEXTOID);

/*
 * Where each parcel is told alone, it is one of what has not left yet: of the
 * shipment that is named, or of what remained of it.
 */
static FfStatement find_by_file = FF_STATEMENT(
	"with named as (select s.order_id, s.provider_id, s.shipment_id, s.provider_reference"
	"  from fulfillment.shipments s join fulfillment.providers p on p.merchant_id = $1"
	"   and p.provider_id = s.provider_id and p.connection_id = $2"
	"  where s.merchant_id = $1 and (s.reference = $3 or s.provider_reference in ($3, $4)"
	"   or s.order_id in (select o.order_id from fulfillment.orders o where o.merchant_id = $1"
	"    and o.number = $5)))"
	" select s.shipment_id from fulfillment.shipments s join named n"
	"  on n.order_id = s.order_id and n.provider_id = s.provider_id"
	"  and (n.shipment_id = s.shipment_id or n.provider_reference = s.provider_reference)"
	" where s.merchant_id = $1"
	" order by s.state in ('accepted', 'cancel_requested') desc, s.reference = $3 desc,"
	"  s.shipment_id desc limit 1",
	INT4OID, INT8OID, TEXTOID, TEXTOID, TEXTOID);

static FfStatement what_is_new =
	FF_STATEMENT("select fulfillment.added_report($2, $3, $1)", INT4OID, INT8OID, JSONBOID);

static FfStatement take_stock_file =
	FF_STATEMENT("select fulfillment.take_stock_file($2, $3, $4, $5, $1)", INT4OID, INT8OID,
				 JSONBOID, JSONBOID, TIMESTAMPTZOID);

bool
ff_webhook_take_shipment(int32 merchant_id, int64 connection_id, const FfJson *said,
						 const char *cause)
{
	bool from_file = ff_json_get(said, "file_line") != NULL;
	FfArgument reference = ff_text(ff_json_text(said, "reference"));
	FfArgument theirs = ff_text(ff_json_text(said, "provider_reference"));
	FfShipment *shipment;
	FfRows rows;

	if (from_file)
		rows = ff_run(&find_by_file,
					  ff_int4(merchant_id),
					  ff_int8(connection_id),
					  reference,
					  theirs,
					  ff_text(ff_json_text(said, "order_number")));
	else
		rows =
			ff_run(&find_shipment, ff_int4(merchant_id), ff_int8(connection_id), reference, theirs);
	if (rows.count == 0)
		return false;
	shipment = ff_shipment_lock(merchant_id, ff_row_int8(&rows, 0, 1));
	if (from_file)
	{
		rows = ff_run(
			&what_is_new, ff_int4(merchant_id), ff_int8(shipment->shipment_id), ff_json(said));
		if (ff_row_null(&rows, 0, 1))
			return true; /* all of it is known */
		said = ff_row_json(&rows, 0, 1);
	}
	ff_shipments_hear(&(FfSaid){.shipment = shipment, .report = said, .cause = cause}, 1);
	ff_order_settle(merchant_id, shipment->order_id, cause);
	return true;
}

/* A row of a file that was not applied; the others are. */
void
ff_webhook_note_row(FfWebhook *webhook, const FfJson *line, const char *error)
{
	char *number = ff_json_text(line, "");

	if (webhook->errors == NULL)
		webhook->errors = makeStringInfo();
	if (webhook->errors->len < MAX_ROW_ERRORS)
		appendStringInfo(webhook->errors,
						 "%sline %s: %s",
						 webhook->errors->len > 0 ? "\n" : "",
						 number ? number : "?",
						 error);
}

bool
ff_webhook_is_file(const FfWebhook *webhook)
{
	return ff_reply_header(webhook->message, "File-Name") != NULL;
}

/* The rows of a file of stock; those that cannot be applied are named. */
void
ff_webhook_take_stock(FfWebhook *webhook)
{
	FfJson *inventory = ff_json_get(webhook->outcome, "inventory");
	FfRows rows;
	FfJson *bad;

	if (inventory == NULL)
		return;
	rows = ff_run(&take_stock_file,
				  ff_int4(webhook->merchant_id),
				  ff_int8(webhook->endpoint->key.connection_id),
				  ff_json(inventory),
				  ff_json(ff_json_get(webhook->outcome, "stock_file")),
				  ff_time(webhook->received_at));
	bad = ff_row_json(&rows, 0, 1);
	for (int i = 0; i < ff_json_count(bad); i++)
		ff_webhook_note_row(webhook,
							ff_json_get(ff_json_at(bad, i), "line"),
							ff_json_text_or(ff_json_at(bad, i), "error", "It was not applied."));
}

/* Rows that the connector could not read. */
void
ff_webhook_take_rejected(FfWebhook *webhook)
{
	FfJson *rejected = ff_json_get(webhook->outcome, "rejected");

	for (int i = 0; i < ff_json_count(rejected); i++)
		ff_webhook_note_row(
			webhook,
			ff_json_get(ff_json_at(rejected, i), "line"),
			ff_json_text_or(ff_json_at(rejected, i), "error", "It cannot be read."));
}

static void
tell_of_file(const FfWebhook *webhook, const char *kind, const char *error)
{
	ff_attention_open_connection(
		webhook->merchant_id,
		kind,
		webhook->endpoint->key.connection_id,
		psprintf("file %s of connection %s: %s",
				 ff_reply_header(webhook->message, "File-Name"),
				 webhook->endpoint->code,
				 error),
		psprintf("When the reason is gone: SELECT fulfillment.replay_webhook(" INT64_FORMAT ")",
				 webhook->inbox_id));
}

void
ff_webhook_refuse_file(const FfWebhook *webhook, const char *error, TimestampTz now)
{
	ff_webhook_end(webhook, "failed", error, now);
	tell_of_file(webhook, "file_refused", error);
}

/* A file that could not be applied, or not all of it, is put in front of a person. */
void
ff_webhook_end_file(const FfWebhook *webhook, TimestampTz now)
{
	if (webhook->ignored)
		ff_webhook_refuse_file(
			webhook, ff_json_text_or(webhook->outcome, "error.message", "ignored"), now);
	else
		ff_webhook_end(webhook, "applied", webhook->errors ? webhook->errors->data : NULL, now);
	if (!webhook->ignored && webhook->errors != NULL)
		tell_of_file(webhook, "file_rows", webhook->errors->data);
}
