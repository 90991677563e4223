/*
 * woocommerce_fetch.c
 *
 * Orders that come in, by asking and by webhook.
 *
 * Pages by number shift while orders change, so each request restarts from
 * the last change it saw, less one second, and skips what it has seen; page
 * numbers are used only within a second that holds more orders than a page.
 * An order does not say which of its lines were refunded: orders with partial
 * refunds wait in the state until their refunds have been read.
 */
#include "postgres.h"

#include "nodes/pg_list.h"
#include "utils/timestamp.h"

#include "connectors/woocommerce.h"

#define PER_PAGE   100
#define MOST_PAGES 1000 /* of one second; a shop that has more of them repeats itself */
#define GMT_FORMAT "%Y-%m-%dT%H:%M:%S"

/* Where the next request starts; also what stays for the next run. */
typedef struct Cursor
{
	const char *after; /* GMT without zone; NULL from the beginning */
	int page;
	const char *order_by; /* modified or id */
	FfJson *seen;         /* keys of orders at the edge that were handed on already */
} Cursor;

/* The cursor as an object; it may also be kept as text, or be a time. */
static FfJson *
cursor_document(const FfCall *call)
{
	FfJson *cursor = ff_json_get(call->document, "cursor");
	char *text = ff_json_text(cursor, "");

	if (call->state != NULL)
		return ff_json_get(call->state, "cursor");
	return text != NULL && *text == '{' ? ff_json_parse(text, strlen(text), NULL) : cursor;
}

static char *
gmt_of(const char *text)
{
	TimestampTz time;

	return ff_time_parse(text, &time) ? ff_time_format(time, GMT_FORMAT) : NULL;
}

static Cursor
read_cursor(const FfCall *call)
{
	FfJson *document = cursor_document(call);
	Cursor cursor;

	cursor.after = gmt_of(ff_json_is_object(document) ? ff_json_text(document, "modified_after")
													  : ff_json_text(document, ""));
	if (cursor.after == NULL)
		cursor.after = gmt_of(ff_json_text(call->document, "since"));
	cursor.page = (int) Max(1, Min(ff_json_int64_or(document, "page", 1), MOST_PAGES));
	cursor.order_by = ff_json_text_or(
		document, "order_by", ff_json_text_or(call->config, "order_by", "modified"));
	cursor.seen = ff_json_get(document, "seen");
	return cursor;
}

static void
write_cursor(FfJsonWriter *writer, const char *key, const Cursor *cursor, List *seen)
{
	ListCell *cell;

	ff_write_object(writer, key);
	ff_write_text(writer, "modified_after", cursor->after);
	if (cursor->page > 1)
		ff_write_int(writer, "page", cursor->page);
	if (strcmp(cursor->order_by, "modified") != 0)
		ff_write_text(writer, "order_by", cursor->order_by);
	ff_write_array(writer, "seen");
	foreach (cell, seen)
		ff_write_text(writer, NULL, lfirst(cell));
	ff_write_end(writer);
	ff_write_end(writer);
}

/* The order whose refunds are to be read next; NULL when there is none. */
static FfJson *
waiting_order(const FfCall *call)
{
	return ff_json_at(ff_json_get(call->state, "waiting"), 0);
}

void
ff_woo_fetch_request(const FfCall *call, FfMessage *message)
{
	Cursor cursor = read_cursor(call);
	FfJson *waiting = waiting_order(call);

	if (waiting != NULL)
	{
		ff_woo_begin(call, message, "GET", "/wc/v3/orders/");
		ff_message_segment(message, ff_json_text_or(waiting, "id", ""));
		ff_message_path(message, "/refunds");
		ff_message_query(message, "per_page", psprintf("%d", PER_PAGE));
		return;
	}
	ff_woo_begin(call, message, "GET", "/wc/v3/orders");
	ff_message_query(message, "modified_after", cursor.after);
	ff_message_query(message, "dates_are_gmt", "true");
	ff_message_query(message, "status", ff_json_text(call->config, "statuses"));
	ff_message_query(message, "orderby", cursor.order_by);
	ff_message_query(message, "order", "asc");
	ff_message_query(message, "per_page", psprintf("%d", PER_PAGE));
	if (cursor.page > 1)
		ff_message_query(message, "page", psprintf("%d", cursor.page));
}

/* What tells one version of an order from another. */
static char *
order_key(const FfJson *order)
{
	return psprintf(
		"%s@%s", ff_json_text_or(order, "id", ""), ff_json_text_or(order, "date_modified_gmt", ""));
}

static bool
was_seen(const FfJson *seen, const char *key)
{
	for (int i = 0; i < ff_json_count(seen); i++)
	{
		char *text = ff_json_text(ff_json_at(seen, i), "");

		if (text != NULL && strcmp(text, key) == 0)
			return true;
	}
	return false;
}

static List *
remembered(const Cursor *cursor)
{
	List *keys = NIL;

	for (int i = 0; i < ff_json_count(cursor->seen); i++)
		keys = lappend(keys, ff_json_text(ff_json_at(cursor->seen, i), ""));
	return keys;
}

/* Where to go on behind a page, and the keys of its orders that will come again there. */
static List *
advance(const FfCall *call, const FfJson *orders, bool more, Cursor *cursor)
{
	List *seen = NIL;
	char *last = NULL;
	char *restart;
	TimestampTz time;

	for (int i = 0; i < ff_json_count(orders); i++)
	{
		char *changed = gmt_of(ff_json_text(ff_json_at(orders, i), "date_modified_gmt"));

		if (changed != NULL && (last == NULL || strcmp(changed, last) > 0))
			last = changed;
	}
	if (last == NULL)
	{
		cursor->page = more ? cursor->page + 1 : 1;
		return remembered(cursor);
	}
	(void) ff_time_parse(last, &time);
	restart = ff_time_format(time - USECS_PER_SEC, GMT_FORMAT);
	if (more && (strcmp(cursor->order_by, "modified") != 0 ||
				 (cursor->after != NULL && strcmp(restart, cursor->after) <= 0)))
	{
		/* no step forward in time: turn the page, and remember what the first one held */
		cursor->page++;
		seen = remembered(cursor);
	}
	else
	{
		cursor->page = 1;
		if (cursor->after == NULL || strcmp(restart, cursor->after) > 0)
			cursor->after = restart;
	}
	for (int i = 0; i < ff_json_count(orders); i++)
	{
		FfJson *order = ff_json_at(orders, i);
		char *changed = gmt_of(ff_json_text(order, "date_modified_gmt"));

		if (changed != NULL && strcmp(changed, last) == 0 &&
			(cursor->page == 1 || !was_seen(cursor->seen, order_key(order))))
			seen = lappend(seen, order_key(order));
	}
	return seen;
}

/* Whether another page follows: the header says it, else a full page does. */
static bool
more_follow(const FfReply *reply, const FfJson *orders, int page)
{
	const char *pages = ff_reply_header(reply, "X-WP-TotalPages");

	return ff_json_count(orders) > 0 && page < MOST_PAGES &&
		   (pages != NULL ? atoi(pages) > page : ff_json_count(orders) >= PER_PAGE);
}

/* A page of orders: hands on those that are complete, and keeps the others waiting. */
static void
read_page(const FfCall *call, const FfReply *reply, const FfJson *orders, FfOutcome *outcome)
{
	Cursor cursor = read_cursor(call);
	FfJson *seen = cursor.seen;
	bool more = more_follow(reply, orders, cursor.page);
	FfJsonWriter next;
	int waiting = 0;
	List *edge;

	ff_write_init(&next);
	ff_write_object(&next, NULL);
	ff_write_array(&next, "waiting");
	ff_write_array(&outcome->body, "orders");
	for (int i = 0; i < ff_json_count(orders); i++)
	{
		FfJson *order = ff_json_at(orders, i);

		if (ff_json_get(order, "id") == NULL || was_seen(seen, order_key(order)) ||
			!ff_woo_is_wanted(call, order))
			continue;
		if (ff_woo_refunds_unknown(call, order))
		{
			ff_write_json(&next, NULL, order);
			waiting++;
		}
		else
			ff_woo_write_order(&outcome->body, call, order, NULL);
	}
	ff_write_end(&outcome->body);
	ff_write_end(&next);
	edge = advance(call, orders, more, &cursor);
	if (more || waiting > 0)
	{
		write_cursor(&next, "cursor", &cursor, edge);
		ff_write_bool(&next, "more", more);
		outcome->result = FF_RESULT_CONTINUE;
	}
	else
	{
		ff_write_init(&next);
		write_cursor(&next, NULL, &cursor, edge);
	}
	outcome->next = ff_write_finish(&next);
}

/* The refunds of one waiting order: hands it on, and goes on with the next one. */
static void
read_refunds(const FfCall *call, const FfJson *refunds, FfOutcome *outcome)
{
	FfJson *waiting = ff_json_get(call->state, "waiting");
	bool more = ff_json_bool(call->state, "more", false);
	FfJsonWriter next;

	ff_write_array(&outcome->body, "orders");
	ff_woo_write_order(&outcome->body, call, waiting_order(call), refunds);
	ff_write_end(&outcome->body);
	if (ff_json_count(waiting) <= 1 && !more)
	{
		outcome->next = ff_json_dump(ff_json_get(call->state, "cursor"));
		return;
	}
	ff_write_init(&next);
	ff_write_object(&next, NULL);
	ff_write_array(&next, "waiting");
	for (int i = 1; i < ff_json_count(waiting); i++)
		ff_write_json(&next, NULL, ff_json_at(waiting, i));
	ff_write_end(&next);
	ff_write_json(&next, "cursor", ff_json_get(call->state, "cursor"));
	ff_write_bool(&next, "more", more);
	outcome->next = ff_write_finish(&next);
	outcome->result = FF_RESULT_CONTINUE;
}

/* WooCommerce before 6 cannot sort by the last change: then by id, page by page. */
static bool
fall_back(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	Cursor cursor = read_cursor(call);
	FfJsonWriter next;

	if (reply->status != 400 || strcmp(cursor.order_by, "id") == 0 ||
		ff_json_get(ff_woo_parse(reply), "data.params.orderby") == NULL)
		return false;
	cursor.order_by = "id";
	ff_outcome_init(outcome);
	ff_write_init(&next);
	ff_write_object(&next, NULL);
	write_cursor(&next, "cursor", &cursor, NIL);
	outcome->next = ff_write_finish(&next);
	outcome->result = FF_RESULT_CONTINUE;
	return true;
}

void
ff_woo_fetch_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *json = ff_woo_read(call, reply, outcome);

	if (json == NULL)
	{
		/* what was fetched so far is not fetched again */
		if (!fall_back(call, reply, outcome) && outcome->result == FF_RESULT_RETRY &&
			call->state != NULL)
			outcome->next = ff_json_dump(call->state);
	}
	else if (!ff_json_is_array(json) && ff_json_get(json, "id") == NULL)
		ff_outcome_set(outcome,
					   FF_RESULT_RETRY,
					   "unexpected_answer",
					   "The shop answered with something that is no list.",
					   NULL);
	else if (waiting_order(call) != NULL)
		read_refunds(call, json, outcome);
	else
		read_page(call, reply, json, outcome);
}

void
ff_woo_receive(const FfCall *call, const FfReply *webhook, FfOutcome *outcome)
{
	const char *topic = ff_reply_header(webhook, "X-WC-Webhook-Topic");
	FfJson *order = ff_woo_parse(webhook);
	char *id = ff_json_text(order, "id");
	bool orders =
		topic != NULL ? strncmp(topic, "order.", 6) == 0 : ff_json_get(order, "line_items") != NULL;

	/* saving a webhook sends a form, webhook_id=123, to see whether anybody answers */
	if (order == NULL && webhook->length >= 11 && strncmp(webhook->body, "webhook_id=", 11) == 0)
		ff_write_text(&outcome->body, "ignored", "ping");
	else if (order == NULL)
		ff_outcome_set(
			outcome, FF_RESULT_REFUSED, "unreadable_event", "The body is not an event.", NULL);
	else if (!orders)
		ff_write_text(&outcome->body, "ignored", topic != NULL ? topic : "unknown");
	else if (id == NULL)
		ff_outcome_set(outcome,
					   FF_RESULT_REFUSED,
					   "invalid_document",
					   "The order has no id.",
					   "channel_order_id");
	else
	{
		ff_write_array(&outcome->body, "orders");
		if (topic != NULL && strcmp(topic, "order.deleted") == 0)
		{
			/* nothing but the id is left of it */
			ff_write_object(&outcome->body, NULL);
			ff_write_text(&outcome->body, "number", ff_json_text_or(order, "number", NULL));
			ff_write_text(&outcome->body, "channel_order_id", id);
			ff_write_text(&outcome->body, "cancel", "deleted");
			ff_write_end(&outcome->body);
		}
		else if (ff_woo_is_wanted(call, order))
			ff_woo_write_order(&outcome->body, call, order, NULL);
		ff_write_end(&outcome->body);
	}
}
