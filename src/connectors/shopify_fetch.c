/*
 * shopify_fetch.c
 *
 * Orders that changed, page by page in the order of their change.  Shopify's
 * index is a little behind, so the next run begins some minutes before the
 * last change this one saw; what comes twice has the version it had.
 *
 * An order whose fulfillment orders or lines need more pages waits in the
 * state until they are there.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "connectors/channel.h"
#include "connectors/shopify.h"

#define OVERLAP (5 * USECS_PER_MINUTE)

#define ADDRESS                                                                 \
	"{name firstName lastName company address1 address2 city provinceCode zip " \
	"countryCodeV2 phone}"

static const char orders_query[] =
	"query FetchOrders($first:Int!,$after:String,$q:String!){"
	"orders(first:$first,after:$after,query:$q,sortKey:UPDATED_AT){" SHOPIFY_PAGE " nodes{"
	"id name createdAt processedAt updatedAt cancelledAt cancelReason test email phone note tags "
	"currencyCode displayFinancialStatus displayFulfillmentStatus paymentGatewayNames "
	"customAttributes{key value} risk{recommendation} currentTotalPriceSet{shopMoney{amount}} "
	"shippingLine{code title source} shippingAddress" ADDRESS " billingAddress" ADDRESS
	" " SHOPIFY_FULFILLMENT_ORDERS "}}}";

/* When a run begins: a time of ours, or NULL for all orders that are open. */
static char *
begin_of(const FfCall *call)
{
	TimestampTz begin;

	if (call->state != NULL)
		return ff_json_text(call->state, "from");
	return ff_channel_begin(call, "updated_from", &begin) ? ff_time_iso(begin) : NULL;
}

static const FfJson *
waiting_order(const FfCall *call)
{
	return ff_json_at(ff_json_get(call->state, "waiting"), 0);
}

void
ff_shopify_fetch_request(const FfCall *call, FfMessage *message)
{
	const FfJson *waiting = waiting_order(call);
	const char *after = ff_json_text_or(call->state, "after", NULL);
	char *from = begin_of(call);
	FfJsonWriter writer;

	if (waiting != NULL)
	{
		ff_shopify_piece_request(call, message, waiting);
		return;
	}
	ff_shopify_begin(call, message, &writer, orders_query);
	ff_write_int(
		&writer, "first", Max(1, Min(ff_json_int64_or(call->config, "page_size", 20), 250)));
	if (after != NULL)
		ff_write_text(&writer, "after", after);
	else
		ff_write_null(&writer, "after");
	ff_write_text(&writer,
				  "q",
				  from != NULL ? psprintf("updated_at:>='%s' status:any", from) : "status:open");
	ff_message_json(message, &writer);
}

/* The last change among these orders and what was seen before. */
static const char *
last_change(const FfJson *orders, const char *before)
{
	TimestampTz last;
	bool known = ff_time_parse(before, &last);

	for (int i = 0; i < ff_shopify_count(orders); i++)
	{
		TimestampTz time;

		if (ff_time_parse(ff_json_text(ff_shopify_at(orders, i), "updatedAt"), &time) &&
			(!known || time > last))
		{
			last = time;
			known = true;
		}
	}
	return known ? ff_time_iso(last) : NULL;
}

/* Where the next run begins: never before this one did. */
static char *
next_begin(const FfCall *call, const char *last)
{
	char *from = begin_of(call);
	TimestampTz begin = call->now - OVERLAP;
	TimestampTz before;

	if (last == NULL && from != NULL)
		return from;
	if (last == NULL)
		(void) ff_time_parse(ff_json_text(call->state, "began"), &begin);
	else
	{
		(void) ff_time_parse(last, &begin);
		begin -= OVERLAP;
	}
	if (ff_time_parse(from, &before) && before > begin)
		begin = before;
	return ff_time_iso(begin);
}

/* Ends the run, or goes on with the state of the waiting orders and of the next page. */
static void
go_on(const FfCall *call, FfOutcome *outcome, FfJsonWriter *waiting, int count, const char *last,
	  const char *after)
{
	FfJsonWriter next;

	ff_write_init(&next);
	ff_write_object(&next, NULL);
	if (count == 0 && after == NULL)
		ff_write_text(&next, "updated_from", next_begin(call, last));
	else
	{
		ff_write_text(&next, "from", begin_of(call));
		ff_write_text(&next,
					  "began",
					  ff_json_text_or(call->state, "began", ff_time_iso(call->now - OVERLAP)));
		ff_write_text(&next, "after", after);
		ff_write_text(&next, "last", last);
		ff_write_raw(&next, "waiting", ff_write_finish(waiting));
		outcome->result = FF_RESULT_CONTINUE;
	}
	outcome->next = ff_write_finish(&next);
}

static void
take(const FfCall *call, const FfJson *order, FfOutcome *outcome, FfJsonWriter *waiting, int *count)
{
	if (ff_shopify_is_partial(order))
	{
		ff_write_json(waiting, NULL, order);
		(*count)++;
	}
	else if (ff_shopify_is_wanted(call, order))
		ff_shopify_write_order(&outcome->body, call, order);
}

static void
read_page(const FfCall *call, const FfJson *orders, FfOutcome *outcome)
{
	const char *before = ff_json_text_or(call->state, "after", "");
	const char *after = ff_json_bool(orders, "pageInfo.hasNextPage", false)
							? ff_json_text_or(orders, "pageInfo.endCursor", NULL)
							: NULL;
	FfJsonWriter waiting;
	int count = 0;

	/* a page that does not step forward is the last one */
	if (after != NULL && (strcmp(after, before) == 0 || ff_shopify_count(orders) == 0))
		after = NULL;
	ff_write_init(&waiting);
	ff_write_array(&waiting, NULL);
	ff_write_array(&outcome->body, "orders");
	for (int i = 0; i < ff_shopify_count(orders); i++)
		take(call, ff_shopify_at(orders, i), outcome, &waiting, &count);
	ff_write_end(&outcome->body);
	go_on(call,
		  outcome,
		  &waiting,
		  count,
		  last_change(orders, ff_json_text(call->state, "last")),
		  after);
}

/* One page more of the first waiting order. */
static void
read_piece(const FfCall *call, const FfJson *data, FfOutcome *outcome)
{
	const FfJson *list = ff_json_get(call->state, "waiting");
	FfJsonWriter waiting;
	int count = 0;

	ff_write_init(&waiting);
	ff_write_array(&waiting, NULL);
	ff_write_array(&outcome->body, "orders");
	take(call, ff_shopify_piece_join(waiting_order(call), data), outcome, &waiting, &count);
	ff_write_end(&outcome->body);
	for (int i = 1; i < ff_json_count(list); i++, count++)
		ff_write_json(&waiting, NULL, ff_json_at(list, i));
	go_on(call,
		  outcome,
		  &waiting,
		  count,
		  ff_json_text_or(call->state, "last", NULL),
		  ff_json_text_or(call->state, "after", NULL));
}

/* Cursors do not live for ever: then the pages are read from the first one again. */
static bool
cursor_is_refused(const FfCall *call, const FfOutcome *outcome)
{
	return outcome->result == FF_RESULT_REFUSED &&
		   ff_json_text_or(call->state, "after", NULL) != NULL && outcome->message != NULL &&
		   strstr(outcome->message, "cursor") != NULL;
}

void
ff_shopify_fetch_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *data = ff_shopify_read(call, reply, outcome);
	FfJson *orders = ff_json_get(data, "orders");
	FfJsonWriter none;

	if (data == NULL)
	{
		if (cursor_is_refused(call, outcome))
		{
			ff_outcome_ok(outcome);
			ff_write_init(&none);
			ff_write_object(&none, NULL);
			ff_write_text(&none, "from", begin_of(call));
			ff_write_text(&none, "began", ff_json_text(call->state, "began"));
			ff_outcome_continue(outcome, ff_write_finish(&none));
		}
		else if (outcome->result == FF_RESULT_RETRY && call->state != NULL)
			outcome->next = ff_json_dump(call->state);
	}
	else if (waiting_order(call) != NULL)
		read_piece(call, data, outcome);
	else if (ff_json_is_null(orders) && ff_json_get(data, "order") != NULL)
	{
		/* one order, asked for by its id */
		ff_write_array(&outcome->body, "orders");
		if (ff_shopify_is_wanted(call, ff_json_get(data, "order")))
			ff_shopify_write_order(&outcome->body, call, ff_json_get(data, "order"));
		ff_write_end(&outcome->body);
	}
	else if (ff_json_is_null(orders))
		ff_outcome_unreadable(outcome, FF_RESULT_RETRY, "The shop answered without orders.");
	else
		read_page(call, orders, outcome);
}
