/*
 * webhook.c
 *
 * Our own webhooks in both directions, after the Standard Webhooks
 * specification 1.0.0.
 *
 * Out: events as {type, timestamp, schema, tenant, sequence, data}; what is
 * larger than 20 kB goes in the thin form, ids and an address to fetch the
 * rest from.  Only 410 is final, anything else may be repaired by the
 * receiver and is tried again.  The receiver drops repetitions by webhook-id.
 *
 * In: the generic channel of a shop without a platform of its own,
 * order.submitted, order.cancel_requested and return.announced.
 *
 * Signing and verifying is the work of the auth scheme, not of this file.
 */
#include "postgres.h"

#include <ctype.h>

#include "connectors/connector.h"

#define NAME         "webhook"
#define LARGEST_BODY 20000
#define LONGEST_ID   200

static const FfSetting settings[] = {
	{"base_url",
	 "url",
	 true,
	 false,
	 NULL,
	 "Address of the endpoint that receives the events; https, or http on the loopback address."},
	{"fetch_url",
	 "url",
	 false,
	 false,
	 NULL,
	 "Where a receiver fetches an event that was too large to send; the event's id is appended."},
	{"headers",
	 "object",
	 false,
	 false,
	 NULL,
	 "More headers for every request, such as {\"X-Api-Key\": \"{{secret:api_key}}\"}."},
	{"signing_secret",
	 "text",
	 true,
	 true,
	 NULL,
	 "The shared secret, whsec_ and base64; during a rotation the new and the old one, with a blank "
	 "between them."},
	{"api_key", "text", false, true, NULL, "A key that setting headers may name."},
	{NULL}};

/* Whether text consists of letters, digits and the given marks, and is not empty. */
static bool
consists_of(const char *text, const char *marks)
{
	const char *c = text;

	while (*c != '\0' && ((unsigned char) *c < 0x80 && (isalnum(*c) || strchr(marks, *c) != NULL)))
		c++;
	return c > text && *c == '\0';
}

/* The endpoint and its static headers. */
static void
begin(const FfCall *call, FfMessage *message)
{
	char *url = ff_json_text(call->config, "base_url");
	FfJson *headers = ff_json_get(call->config, "headers");
	void *state = NULL;
	char *key;
	FfJson *value;

	if (!ff_url_is_safe(url))
		ff_connector_fail(NAME, "config.base_url", "Give an address that begins with https://.");
	ff_message_init(message);
	message->method = "POST";
	appendStringInfoString(&message->url, url);
	while (ff_json_each(headers, &state, &key, &value))
	{
		if (!consists_of(key, "-_") || pg_strncasecmp(key, "webhook-", 8) == 0)
			ff_connector_fail(NAME,
							  "config.headers",
							  "Give names of letters, digits and dashes that are not webhook-….");
		ff_message_header(message, key, ff_json_text(value, ""));
	}
	message->secrets = FF_SECRETS_IN_HEADERS;
}

/* Event types are words with dots between them: "shipment.goods_issued". */
static bool
is_event_type(const char *type)
{
	return consists_of(type, "._") && type[0] != '.' && type[strlen(type) - 1] != '.' &&
		   strstr(type, "..") == NULL;
}

/* When the event happened, in UTC; now when the message does not say. */
static char *
event_time(const FfCall *call)
{
	char *given = ff_json_text(call->document, "message.timestamp");
	TimestampTz time;

	if (given == NULL)
		return ff_time_iso(call->now);
	if (!ff_time_parse(given, &time))
		ff_connector_fail(NAME, "message.timestamp", "Give an ISO 8601 time.");
	return given[strlen(given) - 1] == 'Z' ? given : ff_time_iso(time);
}

/* "id", "order_number" and the like: what a receiver looks the rest up by. */
static bool
identifies(const char *key)
{
	static const char *const endings[] = {"id", "number"};

	for (int i = 0; i < (int) lengthof(endings); i++)
	{
		size_t length = strlen(endings[i]);
		size_t all = strlen(key);

		if (all >= length && strcmp(key + all - length, endings[i]) == 0 &&
			(all == length || key[all - length - 1] == '_'))
			return true;
	}
	return false;
}

/* The thin form of data: identifiers and an address. */
static void
write_thin(FfJsonWriter *writer, const FfCall *call, const char *id, const FfJson *data)
{
	void *state = NULL;
	char *key;
	FfJson *value;
	const char *url = ff_json_text(data, "url");
	const char *base = ff_json_text(call->config, "fetch_url");

	ff_write_object(writer, "data");
	while (ff_json_each(data, &state, &key, &value))
	{
		char *text = ff_json_text(value, "");

		if (text != NULL && strlen(text) <= LONGEST_ID && identifies(key))
			ff_write_json(writer, key, value);
	}
	if (url == NULL && base != NULL)
		url = psprintf("%s%s%s", base, base[strlen(base) - 1] == '/' ? "" : "/", id);
	ff_write_text(writer, "url", url);
	ff_write_end(writer);
}

/* The body of one event; built once, so that the signature fits it. */
static StringInfo
event_body(const FfCall *call, const char *id, const char *type, bool thin)
{
	FfJsonWriter *writer = palloc(sizeof(FfJsonWriter));
	FfJson *event = ff_json_get(call->document, "message");
	FfJson *data = ff_json_get(event, "data");
	int64 sequence;

	ff_write_init(writer);
	ff_write_object(writer, NULL);
	ff_write_text(writer, "type", type);
	ff_write_text(writer, "timestamp", event_time(call));
	ff_write_int(writer, "schema", ff_json_int64_or(event, "schema", 1));
	ff_write_text(
		writer, "tenant", ff_json_text_or(event, "merchant", ff_json_text(event, "tenant")));
	if (ff_json_int64(event, "sequence", &sequence))
		ff_write_int(writer, "sequence", sequence);
	if (thin)
		write_thin(writer, call, id, data);
	else if (ff_json_is_object(data))
		ff_write_json(writer, "data", data);
	else
		ff_write_raw(writer, "data", "{}");
	ff_write_finish(writer);
	return &writer->text;
}

static void
write_event(const FfCall *call, FfMessage *message, const char *id, const char *type)
{
	StringInfo body = event_body(call, id, type, false);

	if (body->len > LARGEST_BODY)
		body = event_body(call, id, type, true);
	begin(call, message);
	ff_message_header(message, "webhook-id", id);
	ff_message_body(message, "application/json; charset=utf-8", body->data, body->len);
}

static void
send_request(const FfCall *call, FfMessage *message)
{
	char *id = ff_connector_need(NAME, call, "message.id", "Give the id of the event.");
	char *type = ff_connector_need(
		NAME, call, "message.type", "Give the type of the event, such as order.received.");

	if (!consists_of(id, "_-"))
		ff_connector_fail(NAME, "message.id", "Use letters, digits, \"_\" and \"-\" only.");
	if (!is_event_type(type))
		ff_connector_fail(
			NAME, "message.type", "Use words of letters, digits and \"_\" with dots between them.");
	write_event(call, message, id, type);
}

static void
test_request(const FfCall *call, FfMessage *message)
{
	write_event(call,
				message,
				psprintf("msg_test_%s", ff_time_format(call->now, "%Y%m%d%H%M%S")),
				"webhook.test");
}

static void
send_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	if (ff_outcome_http(call, reply, FF_REPEAT_WITH_KEY, outcome))
	{
		if (call->operation == FF_OP_SEND_MESSAGE)
		{
			ff_write_object(&outcome->body, "message");
			ff_write_text(&outcome->body, "id", ff_json_text(call->document, "message.id"));
			ff_write_end(&outcome->body);
		}
	}
	else if (reply->status == 410)
		ff_outcome_set(
			outcome,
			FF_RESULT_REFUSED,
			"endpoint_gone",
			"The endpoint says that it is gone (410): disable it or correct its address.",
			NULL);
	else
		outcome->result = FF_RESULT_RETRY;
}

/* Copies the members that are there. */
static void
copy_members(FfJsonWriter *writer, const FfJson *from, const char *const *names)
{
	for (; *names != NULL; names++)
	{
		FfJson *value = ff_json_get(from, *names);

		if (!ff_json_is_null(value))
			ff_write_json(writer, *names, value);
	}
}

static void
write_order_lines(FfJsonWriter *writer, const FfJson *lines)
{
	static const char *const names[] = {
		"channel_line_id", "sku", "name", "quantity", "unit_price", "group", "attributes", NULL};

	ff_write_array(writer, "lines");
	for (int i = 0; i < ff_json_count(lines); i++)
	{
		FfJson *line = ff_json_at(lines, i);
		FfJson *number = ff_json_get(line, "line");

		ff_write_object(writer, NULL);
		if (ff_json_is_null(number))
			ff_write_int(writer, "line", i + 1);
		else
			ff_write_json(writer, "line", number);
		copy_members(writer, line, names);
		ff_write_end(writer);
	}
	ff_write_end(writer);
}

static void
write_payment(FfJsonWriter *writer, const FfJson *payment)
{
	static const char *const names[] = {"state", "reference", "amount", NULL};

	if (!ff_json_is_object(payment))
		return;
	ff_write_object(writer, "payment");
	copy_members(writer, payment, names);
	ff_write_text(
		writer, "gateway", ff_json_text_or(payment, "gateway", ff_json_text(payment, "provider")));
	ff_write_end(writer);
}

static void
write_order(FfJsonWriter *writer, const FfJson *order)
{
	static const char *const names[] = {"version",
										"placed_at",
										"currency",
										"email",
										"phone",
										"language",
										"ship_to",
										"bill_to",
										"promised_by",
										"ship_complete",
										"not_before",
										"auto_cancel_at",
										"attributes",
										NULL};
	const char *number = ff_json_text(order, "number");

	ff_write_text(writer, "number", number);
	ff_write_text(writer, "channel_order_id", ff_json_text_or(order, "channel_order_id", number));
	copy_members(writer, order, names);
	ff_write_text(writer,
				  "service",
				  ff_json_text_or(order, "service", ff_json_text(order, "shipping_service")));
	write_order_lines(writer, ff_json_get(order, "lines"));
	write_payment(writer, ff_json_get(order, "payment"));
	ff_write_text(writer, "hold", ff_json_text_or(order, "hold", NULL));
}

static void
write_cancel(FfJsonWriter *writer, const FfJson *order)
{
	const char *number = ff_json_text(order, "number");

	ff_write_text(writer, "number", number);
	ff_write_text(writer, "channel_order_id", ff_json_text_or(order, "channel_order_id", number));
	ff_write_text(writer, "cancel", ff_json_text_or(order, "reason", "cancelled by the client"));
}

static void
write_return(FfJsonWriter *writer, const FfJson *announced)
{
	static const char *const names[] = {
		"order_number", "channel_order_id", "reason", "lines", "tracking_number", NULL};

	ff_write_text(writer,
				  "number",
				  ff_json_text_or(announced, "number", ff_json_text(announced, "return_id")));
	copy_members(writer, announced, names);
}

/* The events we take, what each must name, and how it is written down. */
static const struct
{
	const char *type;
	const char *needs;
	const char *member; /* of the outcome */
	bool list;
	void (*write)(FfJsonWriter *writer, const FfJson *data);
} events[] = {
	{"order.submitted", "number", "orders", true, write_order},
	{"order.cancel_requested", "number", "orders", true, write_cancel},
	{"return.announced", "order_number", "return", false, write_return},
};

static void
receive(const FfCall *call, const FfReply *webhook, FfOutcome *outcome)
{
	FfJson *event = ff_json_parse(webhook->body, webhook->length, NULL);
	FfJson *data = ff_json_get(event, "data");
	const char *type = ff_json_text_or(event, "type", "");

	if (!ff_json_is_object(event))
	{
		ff_outcome_set(
			outcome, FF_RESULT_REFUSED, "unreadable_event", "The body is not an event.", NULL);
		return;
	}
	for (int i = 0; i < (int) lengthof(events); i++)
	{
		if (strcmp(type, events[i].type) != 0)
			continue;
		for (int j = 0; j < Max(ff_json_count(data), 1); j++)
		{
			if (*ff_json_text_or(ff_json_at(data, j), events[i].needs, "") == '\0')
			{
				ff_outcome_set(outcome,
							   FF_RESULT_REFUSED,
							   "invalid_document",
							   psprintf("The event names no %s.", events[i].needs),
							   events[i].needs);
				return;
			}
		}
		if (events[i].list)
			ff_write_array(&outcome->body, events[i].member);
		for (int j = 0; j < (events[i].list ? ff_json_count(data) : 1); j++)
		{
			ff_write_object(&outcome->body, events[i].list ? NULL : events[i].member);
			events[i].write(&outcome->body, ff_json_at(data, j));
			ff_write_end(&outcome->body);
		}
		return;
	}

	/* an event we have no use for is taken all the same, or it would be sent for days */
	ff_write_text(&outcome->body, "ignored", *type != '\0' ? type : "unknown");
}

static const char *
event_id(const FfReply *webhook, const FfJson *body)
{
	return ff_reply_header(webhook, "webhook-id");
}

const FfConnector ff_connector_webhook = {
	.name = NAME,
	.title = "Webhooks (Standard Webhooks)",
	.roles = "messenger channel",
	.credentials =
		"The receiver gives out signing_secret (whsec_ and base64), or takes the one you "
		"make.",
	.auth = {.kind = FF_AUTH_STANDARD_WEBHOOKS, .password = "signing_secret"},
	.settings = settings,
	.max_concurrency = 4,
	.timeout_ms = 20000,
	.operations = {[FF_OP_SEND_MESSAGE] = {send_request, send_outcome, FF_REPEAT_WITH_KEY},
				   [FF_OP_TEST_CONNECTION] = {test_request, send_outcome, FF_REPEAT_SAFE}},
	.receive = {.verify = {FF_VERIFY_STANDARD_WEBHOOKS, "webhook-signature", "signing_secret"},
				.event_id = event_id,
				.translate = receive},
};
