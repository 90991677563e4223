/*
 * ebay_fetch.c
 *
 * Orders that changed, page by page.  Pages are counted by offset, and an
 * order that is fulfilled meanwhile leaves the list, so that the rest moves
 * up: by as many as the total has lost the next page begins earlier.
 *
 * The next run begins minutes before the last change that was seen, and never
 * later than this run began: what changed while it was reading is read then.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "connectors/carrier.h"
#include "connectors/channel.h"
#include "connectors/ebay.h"

#define PER_PAGE 200
#define OVERLAP  (5 * USECS_PER_MINUTE)

/* When the run begins: NULL for all that eBay still has. */
static char *
begin_of(const FfCall *call)
{
	TimestampTz begin;

	if (call->state != NULL)
		return ff_json_text(call->state, "from");
	return ff_channel_begin(call, "modified_from", &begin) ? ff_ebay_time(begin) : NULL;
}

static int64
offset_of(const FfCall *call)
{
	return Max(0, ff_json_int64_or(call->state, "offset", 0));
}

void
ff_ebay_fetch_request(const FfCall *call, FfMessage *message)
{
	char *from = begin_of(call);
	char *statuses = pstrdup(ff_json_text_or(call->config, "statuses", ""));
	StringInfoData filter;

	for (char *c = statuses; *c != '\0'; c++)
		*c = *c == ',' ? '|' : *c;
	initStringInfo(&filter);
	if (from != NULL)
		appendStringInfo(&filter, "lastmodifieddate:[%s..]", from);
	if (*statuses != '\0')
		appendStringInfo(
			&filter, "%sorderfulfillmentstatus:{%s}", filter.len > 0 ? "," : "", statuses);
	ff_ebay_begin(call, message, "GET", EBAY_ORDERS);
	ff_message_query(message, "filter", filter.len > 0 ? filter.data : NULL);
	ff_message_query(message, "limit", psprintf("%d", PER_PAGE));
	ff_message_query(message, "offset", psprintf(INT64_FORMAT, offset_of(call)));
}

/* The last change among the orders and what was seen before; 0 when there is none. */
static TimestampTz
last_change(const FfCall *call, const FfJson *orders)
{
	TimestampTz last = 0;
	TimestampTz time;

	(void) ff_time_parse(ff_json_text(call->state, "last"), &last);
	for (int i = 0; i < ff_json_count(orders); i++)
		if (ff_time_parse(ff_json_text(ff_json_at(orders, i), "lastModifiedDate"), &time))
			last = Max(last, time);
	return last;
}

static TimestampTz
began_at(const FfCall *call)
{
	TimestampTz began;

	return ff_time_parse(ff_json_text(call->state, "began"), &began) ? began : call->now;
}

static char *
next_begin(const FfCall *call, TimestampTz last)
{
	TimestampTz begin = began_at(call);
	TimestampTz before;
	char *from = begin_of(call);

	if (last == 0 && from != NULL)
		return from;
	if (last != 0)
		begin = Min(begin, last);
	begin -= OVERLAP;
	if (ff_time_parse(from, &before))
		begin = Max(begin, before);
	return ff_ebay_time(begin);
}

/* Where the next page begins; -1 when this was the last one. */
static int64
next_offset(const FfCall *call, const FfJson *page)
{
	int64 count = ff_json_count(ff_json_get(page, "orders"));
	int64 total = ff_json_int64_or(page, "total", 0);
	int64 before = ff_json_int64_or(call->state, "total", total);
	int64 left = Min(Max(before - total, 0), count - 1);

	if (count == 0 || ff_json_text_or(page, "next", NULL) == NULL)
		return -1;
	return offset_of(call) + count - left;
}

static void
read_page(const FfCall *call, const FfJson *page, FfOutcome *outcome)
{
	const FfJson *orders = ff_json_get(page, "orders");
	TimestampTz last = last_change(call, orders);
	int64 offset = next_offset(call, page);
	FfJsonWriter next;

	ff_write_array(&outcome->body, "orders");
	for (int i = 0; i < ff_json_count(orders); i++)
		if (ff_ebay_is_wanted(ff_json_at(orders, i)))
			ff_ebay_write_order(&outcome->body, call, ff_json_at(orders, i));
	ff_write_end(&outcome->body);
	ff_write_init(&next);
	ff_write_object(&next, NULL);
	if (offset < 0)
		ff_write_text(&next, "modified_from", next_begin(call, last));
	else
	{
		ff_write_text(&next, "from", begin_of(call));
		ff_write_text(&next, "began", ff_time_iso(began_at(call)));
		ff_write_text(&next, "last", last != 0 ? ff_time_iso(last) : NULL);
		ff_write_int(&next, "offset", offset);
		ff_write_int(&next, "total", ff_json_int64_or(page, "total", 0));
		outcome->result = FF_RESULT_CONTINUE;
	}
	outcome->next = ff_write_finish(&next);
}

void
ff_ebay_fetch_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *json = ff_ebay_read(call, reply, outcome);

	if (json == NULL)
	{
		if (outcome->result == FF_RESULT_RETRY && call->state != NULL)
			outcome->next = ff_json_dump(call->state);
	}
	else if (ff_json_get(json, "orderId") != NULL)
	{
		/* one order, asked for by its id */
		ff_write_array(&outcome->body, "orders");
		if (ff_ebay_is_wanted(json))
			ff_ebay_write_order(&outcome->body, call, json);
		ff_write_end(&outcome->body);
	}
	else if (ff_json_get(json, "orders") == NULL && ff_json_get(json, "total") == NULL)
		ff_outcome_unreadable(outcome, FF_RESULT_RETRY, "eBay answered without orders.");
	else
		read_page(call, json, outcome);
}
