/*
 * webhooks.c
 *
 * Applies webhooks that came in: the connector says what one means, and each
 * part of that goes to the room it concerns.  Every webhook has a
 * subtransaction of its own; one that cannot be applied is tried a few times
 * and then put in front of a person, and stops nobody.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "connectors/call.h"
#include "model/time.h"
#include "notifications/messages.h"
#include "orders/intake.h"
#include "orders/settle.h"
#include "pg/attempt.h"
#include "pg/errors.h"
#include "pg/spi.h"
#include "returns/returns.h"
#include "shipping/shipment.h"
#include "shipping/tracking.h"
#include "tasks/task.h"
#include "workers/endpoint.h"
#include "workers/sync.h"
#include "workers/turn.h"
#include "workers/webhook.h"
#include "workers/webhooks.h"

#define GROUP_SIZE 50
#define MAX_TRIES  5

static FfStatement merchants_with_webhooks =
	FF_STATEMENT("select merchant_id, min(due_at) from fulfillment.inbox"
				 " where state = 'new' and merchant_id > $1 group by merchant_id order by 2",
				 INT4OID);

static FfStatement claim_webhooks = FF_STATEMENT(
	"select inbox_id, connection_id, headers, body, attempts, received_at from fulfillment.inbox"
	" where merchant_id = $1 and state = 'new' and due_at <= $2 order by inbox_id limit $3"
	" for update skip locked",
	INT4OID, TIMESTAMPTZOID, INT4OID);

static FfStatement end_webhook = FF_STATEMENT(
	"update fulfillment.inbox set state = $3, attempts = attempts + 1, error = $4, due_at = $5,"
	"  applied_at = case when $3 in ('applied', 'ignored') then $5 end"
	" where merchant_id = $1 and inbox_id = $2",
	INT4OID, INT8OID, TEXTOID, TEXTOID, TIMESTAMPTZOID);

static FfStatement shipments_to_read = FF_STATEMENT(
	"select s.shipment_id, s.order_id from fulfillment.shipments s"
	" join fulfillment.providers p on p.merchant_id = $1 and p.provider_id = s.provider_id"
	"  and p.connection_id = $2"
	" where s.merchant_id = $1"
	"  and (s.reference in (select jsonb_array_elements_text($3))"
	"   or s.provider_reference in (select jsonb_array_elements_text($3)))"
	"  and not exists (select 1 from fulfillment.tasks t where t.merchant_id = $1"
	"   and t.subject_kind = 'shipment' and t.subject_id = s.shipment_id"
	"   and t.operation = 'get_shipment' and t.state = 'ready')",
	INT4OID, INT8OID, JSONBOID);

static FfStatement locations_to_read =
	FF_STATEMENT("select l.location_id from fulfillment.locations l"
				 " join fulfillment.providers p on p.merchant_id = $1"
				 "  and p.provider_id = l.provider_id and p.connection_id = $2"
				 " where l.merchant_id = $1 and l.active",
				 INT4OID, INT8OID);

static FfStatement channel_of_connection = FF_STATEMENT(
	"select code from fulfillment.channels where merchant_id = $1 and connection_id = $2"
	" order by channel_id limit 1",
	INT4OID, INT8OID);

static void
translate(FfWebhook *webhook)
{
	FfJsonWriter document;
	FfOutcome outcome;
	char *text;

	ff_write_init(&document);
	ff_write_object(&document, NULL);
	ff_write_text(&document, "now", ff_time_iso(GetCurrentTimestamp()));
	ff_write_json(&document, "config", webhook->endpoint->config);
	ff_write_finish(&document);
	ff_connector_receive(webhook->endpoint->connector,
						 ff_json_parse(document.text.data, document.text.len, NULL),
						 webhook->message,
						 &outcome);
	text = ff_outcome_finish(&outcome);
	webhook->result = outcome.result;
	webhook->outcome = ff_json_parse(text, strlen(text), NULL);
}

static void
take_orders(const FfWebhook *webhook)
{
	FfJson *orders = ff_json_get(webhook->outcome, "orders");
	FfRows channel;
	int count;

	if (ff_json_count(orders) == 0)
		return;
	channel = ff_run(&channel_of_connection,
					 ff_int4(webhook->merchant_id),
					 ff_int8(webhook->endpoint->key.connection_id));
	ff_orders_submit(webhook->merchant_id,
					 orders,
					 channel.count > 0 ? ff_row_text(&channel, 0, 1) : NULL,
					 true,
					 webhook->cause,
					 &count);
}

static void
take_shipment(FfWebhook *webhook, const FfJson *said)
{
	const FfJson *line = ff_json_get(said, "file_line");

	webhook->reports++;
	if (ff_webhook_take_shipment(
			webhook->merchant_id, webhook->endpoint->key.connection_id, said, webhook->cause))
		webhook->known_reports++;
	else if (line != NULL)
		ff_webhook_note_row(
			webhook,
			line,
			psprintf("Order \"%s\" is none of ours.",
					 ff_json_text_or(
						 said, "reference", ff_json_text_or(said, "provider_reference", ""))));
}

static void
take_shipments(FfWebhook *webhook)
{
	static const char *const members[] = {"shipment", "shipments"};

	for (int m = 0; m < (int) lengthof(members); m++)
	{
		FfJson *list = ff_json_get(webhook->outcome, members[m]);

		for (int i = 0; i < ff_json_count(list); i++)
			take_shipment(webhook, ff_json_at(list, i));
	}
}

static void
take_tracking(FfWebhook *webhook)
{
	FfJson *tracking = ff_json_get(webhook->outcome, "tracking");

	for (int i = 0; i < ff_json_count(tracking); i++)
	{
		FfTrackingResult result =
			ff_tracking_report(webhook->merchant_id, ff_json_at(tracking, i), webhook->cause);

		webhook->reports++;
		if (result.order_id == 0)
			continue;
		webhook->known_reports++;
		ff_order_settle(webhook->merchant_id, result.order_id, webhook->cause);
	}
}

/* What became of a message; one that is not known yet may be in the making just now. */
static void
take_message(FfWebhook *webhook)
{
	FfJson *said = ff_json_get(webhook->outcome, "message");
	FfMessageNews news = {.merchant_id = webhook->merchant_id,
						  .connection_id = webhook->endpoint->key.connection_id,
						  .reference = ff_json_text(said, "provider_reference"),
						  .state = ff_json_text(said, "state"),
						  .code = ff_json_text(said, "code"),
						  .message = ff_json_text(said, "message"),
						  .suppress = ff_json_bool(said, "suppress", false),
						  .lift = ff_json_bool(said, "lift", false),
						  .recipient = ff_json_text(said, "recipient"),
						  .medium = ff_json_text(said, "medium")};

	if (said == NULL || ff_message_news(&news))
		return;
	if (webhook->attempts + 1 < MAX_TRIES)
		ereport(ERROR,
				(errcode(FF_ERR_UNKNOWN_OBJECT),
				 errmsg("there is no message \"%s\"", news.reference ? news.reference : ""),
				 errdetail("Its news came before the answer to the call, or it is not ours.")));
	webhook->ignored = true;
}

static FfTask
task_of(const FfWebhook *webhook, FfOperation operation, const char *kind, int64 subject_id)
{
	return (FfTask){.merchant_id = webhook->merchant_id,
					.connection_id = webhook->endpoint->key.connection_id,
					.operation = operation,
					.subject_kind = kind,
					.subject_id = subject_id};
}

/* Something has changed, and the webhook does not say everything about it: ask. */
static void
reread_shipments(const FfWebhook *webhook, const FfJson *references)
{
	FfRows rows;

	if (!ff_json_is_array(references))
		return;
	rows = ff_run(&shipments_to_read,
				  ff_int4(webhook->merchant_id),
				  ff_int8(webhook->endpoint->key.connection_id),
				  ff_json(references));
	for (uint64 i = 0; i < rows.count; i++)
	{
		FfTask task = task_of(webhook, FF_OP_GET_SHIPMENT, "shipment", ff_row_int8(&rows, i, 1));

		task.order_id = ff_row_int8(&rows, i, 2);
		ff_tasks_add(&task, 1);
	}
}

static void
reread_inventory(const FfWebhook *webhook, const FfJson *skus)
{
	FfRows rows = ff_run(&locations_to_read,
						 ff_int4(webhook->merchant_id),
						 ff_int8(webhook->endpoint->key.connection_id));
	FfJsonWriter payload;

	ff_write_init(&payload);
	ff_write_object(&payload, NULL);
	if (skus != NULL)
		ff_write_json(&payload, "skus", skus);
	ff_write_finish(&payload);
	for (uint64 i = 0; i < rows.count; i++)
	{
		FfTask task = task_of(webhook, FF_OP_GET_INVENTORY, "location", ff_row_int8(&rows, i, 1));

		task.payload = payload.text.data;
		ff_tasks_add(&task, 1);
	}
}

/* What changed while orders are being fetched is found by the next fetch at the latest. */
static void
reread_orders(const FfWebhook *webhook)
{
	FfRows channel = ff_run(&channel_of_connection,
							ff_int4(webhook->merchant_id),
							ff_int8(webhook->endpoint->key.connection_id));

	if (channel.count > 0)
		ff_sync_orders(webhook->merchant_id, ff_row_text(&channel, 0, 1));
}

static void
take_hints(FfWebhook *webhook)
{
	FfJson *reread = ff_json_get(webhook->outcome, "reread");
	const char *operation = ff_json_text_or(reread, "operation", "");

	if (strcmp(operation, "fetch_orders") == 0)
		reread_orders(webhook);
	if (strcmp(operation, "get_shipment") == 0)
		reread_shipments(webhook, ff_json_get(reread, "references"));
	if (strcmp(operation, "get_inventory") == 0)
		reread_inventory(webhook, ff_json_get(reread, "skus"));
	if (ff_webhook_is_file(webhook))
		ff_webhook_take_stock(webhook);
	else if (ff_json_count(ff_json_get(webhook->outcome, "inventory")) > 0)
		reread_inventory(webhook, NULL);
}

/* A return that is told of; which one it is here, 0: none. */
typedef struct ToldReturn
{
	const FfWebhook *webhook;
	const FfJson *said;
	int position;
	int64 return_id;
} ToldReturn;

static void
take_return(void *argument)
{
	ToldReturn *told = argument;
	const FfWebhook *webhook = told->webhook;
	int64 connection_id = webhook->endpoint->key.connection_id;

	told->return_id =
		ff_webhook_is_file(webhook)
			? ff_return_of_file(
				  webhook->merchant_id,
				  connection_id,
				  told->said,
				  psprintf("file " INT64_FORMAT ".%d", webhook->inbox_id, told->position),
				  webhook->cause)
			: ff_return_of_channel(webhook->merchant_id, connection_id, told->said, webhook->cause);
}

/* One that cannot be taken is put in front of a person, and stops nothing else. */
static void
take_returns(FfWebhook *webhook)
{
	static const char *const members[] = {"return", "returns"};
	ToldReturn told = {.webhook = webhook};

	for (int m = 0; m < (int) lengthof(members); m++)
	{
		FfJson *list = ff_json_get(webhook->outcome, members[m]);

		for (int i = 0; i < ff_json_count(list); i++)
		{
			ErrorData *error = NULL;

			told.said = ff_json_at(list, i);
			told.position++;
			told.return_id = 0;
			if (!ff_attempt(take_return, &told, &error) && ff_error_is_passing(error))
				ReThrowError(error);
			if (told.return_id != 0)
				continue;
			ff_attention_open_connection(
				webhook->merchant_id,
				"return_announced",
				webhook->endpoint->key.connection_id,
				psprintf("%s tells of return %s, which could not be taken: %s",
						 webhook->cause,
						 ff_json_text_or(told.said, "number", "without a number"),
						 error != NULL ? ff_error_sentence(error)
									   : "it belongs to no order or place that is known"),
				"Table fulfillment.inbox holds what it says; request_return and receive_return "
				"write it down.");
		}
	}
}

static void
apply(void *argument)
{
	FfWebhook *webhook = argument;

	translate(webhook);
	webhook->ignored = webhook->result != FF_RESULT_OK ||
					   ff_json_get(webhook->outcome, "ignored") != NULL ||
					   ff_json_get(webhook->outcome, "error") != NULL;
	if (webhook->ignored)
		return;
	take_orders(webhook);
	take_shipments(webhook);
	take_tracking(webhook);
	take_message(webhook);
	take_hints(webhook);
	take_returns(webhook);
	ff_webhook_take_rejected(webhook);
}

void
ff_webhook_end(const FfWebhook *webhook, const char *state, const char *error, TimestampTz due_at)
{
	ff_run(&end_webhook,
		   ff_int4(webhook->merchant_id),
		   ff_int8(webhook->inbox_id),
		   ff_text(state),
		   ff_text(error),
		   ff_time(due_at));
}

/*
 * It goes wrong here, not there: tried again, longer and longer apart.  Unless
 * the reason passes by itself, a person is told in the end.
 */
static void
fail(const FfWebhook *webhook, const char *error, bool passing, TimestampTz now)
{
	int64 pause = INT64CONST(1000) << Min(webhook->attempts * 2, 12);

	if (passing || webhook->attempts + 1 < MAX_TRIES)
	{
		ff_webhook_end(webhook, "new", error, TimestampTzPlusMilliseconds(now, pause));
		return;
	}
	ff_webhook_end(webhook, "failed", error, now);
	ff_attention_open_connection(
		webhook->merchant_id,
		"webhook_failed",
		webhook->endpoint->key.connection_id,
		psprintf("webhook " INT64_FORMAT " could not be applied: %s", webhook->inbox_id, error),
		psprintf("When the reason is gone: SELECT fulfillment.replay_webhook(" INT64_FORMAT ")",
				 webhook->inbox_id));
}

static void
apply_one(FfWebhook *webhook, TimestampTz now)
{
	ErrorData *error = NULL;

	if (!ff_attempt(apply, webhook, &error) && ff_webhook_is_file(webhook) &&
		!ff_error_is_passing(error))
		ff_webhook_refuse_file(webhook, ff_error_sentence(error), now);
	else if (error != NULL)
		fail(webhook, ff_error_sentence(error), ff_error_is_passing(error), now);
	else if (ff_webhook_is_file(webhook))
		ff_webhook_end_file(webhook, now);
	else if (webhook->reports > 0 && webhook->known_reports == 0)
		ff_webhook_end(webhook, "ignored", "It is about no shipment of ours.", now);
	else
		ff_webhook_end(webhook,
					   webhook->ignored ? "ignored" : "applied",
					   ff_json_text(webhook->outcome, "error.message"),
					   now);
}

static FfReply *
message_of(const FfRows *rows, uint64 row)
{
	FfReply *message = palloc0(sizeof(FfReply));
	bool null;
	bytea *body = DatumGetByteaPP(ff_row_datum(rows, row, 4, &null));
	char *text = palloc(VARSIZE_ANY_EXHDR(body) + 1);

	memcpy(text, VARDATA_ANY(body), VARSIZE_ANY_EXHDR(body));
	text[VARSIZE_ANY_EXHDR(body)] = '\0';
	message->status = 200;
	message->body = text;
	message->length = VARSIZE_ANY_EXHDR(body);
	ff_webhook_headers(message, ff_row_json(rows, row, 3));
	return message;
}

static void
apply_group(int32 merchant_id, TimestampTz now)
{
	FfRows rows = ff_run(&claim_webhooks, ff_int4(merchant_id), ff_time(now), ff_int4(GROUP_SIZE));

	for (uint64 i = 0; i < rows.count; i++)
	{
		FfEndpoint *endpoint =
			ff_endpoint_read(merchant_id, ff_row_int8(&rows, i, 2), CurrentMemoryContext);
		FfWebhook webhook = {.merchant_id = merchant_id,
							 .inbox_id = ff_row_int8(&rows, i, 1),
							 .attempts = ff_row_int4(&rows, i, 5),
							 .received_at = ff_row_time(&rows, i, 6),
							 .message = message_of(&rows, i),
							 .endpoint = endpoint,
							 .cause = psprintf("webhook " INT64_FORMAT " of connection %s",
											   ff_row_int8(&rows, i, 1),
											   endpoint->code)};

		if (endpoint->connector == NULL || endpoint->connector->receive.translate == NULL)
			fail(&webhook, "the connector takes no webhooks", false, now);
		else
			apply_one(&webhook, now);
		ff_endpoint_let_go(endpoint);
	}
}

TimestampTz
ff_webhooks_next(void)
{
	TimestampTz next = DT_NOEND;
	FfRows rows;

	ff_spi_begin();
	rows = ff_run(&merchants_with_webhooks, ff_int4(0));
	if (rows.count > 0)
		next = ff_row_time(&rows, 0, 2);
	ff_spi_end();
	return next;
}

/* The merchants that have something due; palloc'd in the given context. */
static int32 *
due_merchants(TimestampTz now, MemoryContext context, int *count)
{
	FfRows rows;
	int32 *merchants;

	*count = 0;
	ff_spi_begin();
	rows = ff_run(&merchants_with_webhooks, ff_int4(0));
	merchants = MemoryContextAlloc(context, sizeof(int32) * (rows.count + 1));
	for (uint64 i = 0; i < rows.count; i++)
		if (ff_row_time(&rows, i, 2) <= now)
			merchants[(*count)++] = ff_row_int4(&rows, i, 1);
	ff_spi_end();
	return merchants;
}

bool
ff_webhooks_apply(TimestampTz now)
{
	MemoryContext context = CurrentMemoryContext;
	int32 *merchants;
	int count;

	if (!ff_turn_begin(FF_TURN_ACT, context))
		return false;
	merchants = due_merchants(now, context, &count);
	ff_turn_commit();
	for (int i = 0; i < count; i++)
	{
		if (!ff_turn_begin(FF_TURN_ACT, context))
			return false;
		ff_spi_begin();
		MemoryContextSwitchTo(context);
		apply_group(merchants[i], now);
		ff_spi_end();
		ff_turn_commit();
	}
	return true;
}
