/*
 * amazon_orders_fetch.c
 *
 * Orders that changed, page by page.  Each answer says up to when it is
 * complete, and the next run begins there; the first page's word counts, since
 * the later ones are read by its token.  A token lives for a day: when it is
 * refused the pages are read from the first one again.
 *
 * What the queue tells is a hint: the orders are read.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "connectors/amazon_orders.h"
#include "connectors/carrier.h"
#include "connectors/channel.h"

#define OVERLAP  (5 * USECS_PER_MINUTE)
#define INCLUDED "BUYER,RECIPIENT,PROCEEDS,FULFILLMENT,CANCELLATION"

/* How long to leave a search alone that says nothing about its limit: one in three minutes. */
#define SEARCH_WAIT_S 180

/* When the run begins. */
static char *
begin_of(const FfCall *call)
{
	int64 days = Max(1, Min(ff_json_int64_or(call->config, "days_back", 14), 700));
	TimestampTz begin;

	if (ff_json_text(call->state, "from") != NULL)
		return ff_json_text(call->state, "from");
	if (!ff_channel_begin(call, "updated_from", &begin))
		begin = call->now - days * USECS_PER_DAY;
	return ff_time_iso(begin);
}

void
ff_amazon_orders_fetch_request(const FfCall *call, FfMessage *message)
{
	ff_amazon_begin(call, message, "GET", AMAZON_ORDERS);
	ff_message_query(message, "lastUpdatedAfter", begin_of(call));
	ff_message_query(message, "marketplaceIds", ff_amazon_marketplace(call));
	ff_message_query(message, "fulfilledBy", "MERCHANT");
	ff_message_query(message, "fulfillmentStatuses", ff_carrier_setting(call, "statuses"));
	ff_message_query(message, "maxResultsPerPage", "100");
	ff_message_query(message, "includedData", INCLUDED);
	ff_message_query(message, "paginationToken", ff_json_text_or(call->state, "token", NULL));
}

/* The last change among the orders and what was seen before. */
static const char *
last_change(const FfCall *call, const FfJson *orders)
{
	TimestampTz last;
	TimestampTz time;
	bool known = ff_time_parse(ff_json_text(call->state, "last"), &last);

	for (int i = 0; i < ff_json_count(orders); i++)
		if (ff_time_parse(ff_json_text(ff_json_at(orders, i), "lastUpdatedTime"), &time) &&
			(!known || time > last))
		{
			last = time;
			known = true;
		}
	return known ? ff_time_iso(last) : NULL;
}

/* Where the next run begins: where this one is complete, else minutes before the last change. */
static char *
next_begin(const FfCall *call, const char *complete, const char *last)
{
	TimestampTz begin;
	TimestampTz before;

	if (ff_time_parse(complete, &begin))
		return ff_time_iso(begin);
	if (!ff_time_parse(last, &begin))
		return begin_of(call);
	begin -= OVERLAP;
	if (ff_time_parse(begin_of(call), &before))
		begin = Max(begin, before);
	return ff_time_iso(begin);
}

static void
read_page(const FfCall *call, const FfJson *page, FfOutcome *outcome)
{
	const FfJson *orders = ff_json_get(page, "orders");
	const char *token = ff_json_text_or(page, "pagination.nextToken", NULL);
	const char *last = last_change(call, orders);
	const char *complete =
		ff_json_text_or(call->state, "complete", ff_json_text_or(page, "lastUpdatedBefore", NULL));
	FfJsonWriter next;

	/* a token that leads to its own page is no way forward */
	if (token != NULL && strcmp(token, ff_json_text_or(call->state, "token", "")) == 0)
		token = NULL;
	ff_write_array(&outcome->body, "orders");
	for (int i = 0; i < ff_json_count(orders); i++)
		if (ff_amazon_orders_wanted(ff_json_at(orders, i)))
			ff_amazon_orders_write(&outcome->body, call, ff_json_at(orders, i));
	ff_write_end(&outcome->body);
	ff_write_init(&next);
	ff_write_object(&next, NULL);
	if (token == NULL)
		ff_write_text(&next, "updated_from", next_begin(call, complete, last));
	else
	{
		ff_write_text(&next, "from", begin_of(call));
		ff_write_text(&next, "token", token);
		ff_write_text(&next, "complete", complete);
		ff_write_text(&next, "last", last);
		outcome->result = FF_RESULT_CONTINUE;
	}
	outcome->next = ff_write_finish(&next);
}

static bool
token_is_refused(const FfCall *call, const FfReply *reply, const FfOutcome *outcome)
{
	return reply->status == 400 && ff_json_text_or(call->state, "token", NULL) != NULL &&
		   outcome->message != NULL && strcasestr(outcome->message, "token") != NULL;
}

void
ff_amazon_orders_fetch_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJsonWriter again;
	FfJson *json;

	if (ff_amazon_orders_reply(call, reply, outcome, &json))
	{
		if (ff_json_is_object(ff_json_get(json, "order")))
		{
			/* one order, asked for by its id */
			ff_write_array(&outcome->body, "orders");
			if (ff_amazon_orders_wanted(ff_json_get(json, "order")))
				ff_amazon_orders_write(&outcome->body, call, ff_json_get(json, "order"));
			ff_write_end(&outcome->body);
		}
		else if (!ff_json_is_array(ff_json_get(json, "orders")))
			ff_outcome_unreadable(outcome, FF_RESULT_RETRY, "Amazon answered without orders.");
		else
			read_page(call, json, outcome);
	}
	else if (token_is_refused(call, reply, outcome))
	{
		ff_write_init(&again);
		ff_write_object(&again, NULL);
		ff_write_text(&again, "from", begin_of(call));
		ff_outcome_continue(outcome, ff_write_finish(&again));
	}
	if (reply->status == 429 && outcome->retry_after_s < 0)
		outcome->retry_after_s = SEARCH_WAIT_S;
	if (outcome->result == FF_RESULT_RETRY && call->state != NULL)
		outcome->next = ff_json_dump(call->state);
}

void
ff_amazon_orders_receive(const FfCall *call, const FfReply *webhook, FfOutcome *outcome)
{
	FfJson *body = ff_json_parse(webhook->body, webhook->length, NULL);
	const char *type =
		ff_json_text_or(body, "NotificationType", ff_json_text_or(body, "notificationType", NULL));
	const char *id = ff_json_text_or(body, "Payload.OrderChangeNotification.AmazonOrderId", NULL);

	if (!ff_json_is_object(body))
		ff_outcome_set(
			outcome, FF_RESULT_REFUSED, "unreadable_event", "The body is not an event.", NULL);
	else if (type == NULL || strcmp(type, "ORDER_CHANGE") != 0)
		ff_write_text(&outcome->body, "ignored", type != NULL ? type : "unknown");
	else if (strcmp(ff_json_text_or(
						body, "Payload.OrderChangeNotification.Summary.FulfillmentType", "MFN"),
					"AFN") == 0)
		ff_write_text(&outcome->body, "ignored", "ORDER_CHANGE of an order that Amazon fulfills");
	else
	{
		ff_write_object(&outcome->body, "reread");
		ff_write_text(&outcome->body, "operation", "fetch_orders");
		ff_write_array(&outcome->body, "references");
		if (id != NULL)
			ff_write_text(&outcome->body, NULL, id);
		ff_write_end(&outcome->body);
		ff_write_end(&outcome->body);
	}
}
