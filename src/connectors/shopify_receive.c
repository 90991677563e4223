/*
 * shopify_receive.c
 *
 * Webhooks are hints: they are shaped like the old REST API, come more than
 * once and out of order.  That something changed is passed on, and the orders
 * are read again; only a cancellation, which is for ever, is believed at once.
 *
 * One app's secret signs for all its shops, so a webhook of another shop is
 * authentic and still not for this connection.
 */
#include "postgres.h"

#include "connectors/carrier.h"
#include "connectors/shopify.h"

typedef enum News
{
	NEWS_ORDER,       /* the body is an order */
	NEWS_CANCELLED,   /* and it is cancelled */
	NEWS_ORDER_ID,    /* the body names an order */
	NEWS_FULFILLMENT, /* the body is about a fulfillment order, which does not name its order */
	NEWS_RETURN
} News;

/* By topic, or by what it begins with; everything else is of no use here. */
static const struct
{
	const char *topic;
	News news;
} topics[] = {
	{"orders/cancelled", NEWS_CANCELLED},
	{"orders/delete", NEWS_CANCELLED},
	{"orders/edited", NEWS_ORDER_ID},
	{"orders/risk_assessment_changed", NEWS_ORDER_ID},
	{"orders/", NEWS_ORDER},
	{"fulfillment_orders/", NEWS_FULFILLMENT},
	{"refunds/create", NEWS_ORDER_ID},
	{"returns/request", NEWS_RETURN},
	{"returns/approve", NEWS_RETURN},
};

/* The host of an address; "" when it has none. */
static char *
host_of(const char *url)
{
	const char *start = strstr(url, "://");
	size_t length;

	start = start != NULL ? start + 3 : url;
	length = strcspn(start, ":/?");
	return pnstrdup(start, length);
}

static bool
is_for_us(const FfCall *call, const FfReply *webhook)
{
	const char *domain = ff_reply_header(webhook, "X-Shopify-Shop-Domain");
	char *host = host_of(ff_json_text_or(call->config, "base_url", ""));
	const char *ending = strstr(host, ".myshopify.com");

	return domain == NULL || ending == NULL || ending[strlen(".myshopify.com")] != '\0' ||
		   pg_strcasecmp(domain, host) == 0;
}

static const char *
order_id(const FfJson *body)
{
	static const char *const paths[] = {
		"admin_graphql_api_order_id",
		"order_id",
		"order_edit.order_id",
		"order.admin_graphql_api_id",
		"order.id",
		"fulfillment_order.order_id",
	};
	const char *id = NULL;

	for (int i = 0; i < (int) lengthof(paths) && id == NULL; i++)
		id = ff_json_text_or(body, paths[i], NULL);
	return ff_shopify_gid("Order", id);
}

static const char *
own_id(const FfJson *body)
{
	return ff_shopify_gid(
		"Order", ff_json_text_or(body, "admin_graphql_api_id", ff_json_text_or(body, "id", NULL)));
}

/* The orders are to be read again; reference NULL when the news do not name one. */
static void
read_again(FfOutcome *outcome, const char *reference)
{
	ff_write_object(&outcome->body, "reread");
	ff_write_text(&outcome->body, "operation", "fetch_orders");
	ff_write_array(&outcome->body, "references");
	if (reference != NULL)
		ff_write_text(&outcome->body, NULL, reference);
	ff_write_end(&outcome->body);
	ff_write_end(&outcome->body);
}

static void
write_cancelled(const FfJson *body, FfOutcome *outcome)
{
	ff_write_array(&outcome->body, "orders");
	ff_write_object(&outcome->body, NULL);
	ff_write_text(&outcome->body, "number", ff_json_text_or(body, "name", NULL));
	ff_write_text(&outcome->body, "channel_order_id", own_id(body));
	ff_write_text(&outcome->body, "cancel", ff_json_text_or(body, "cancel_reason", "cancelled"));
	ff_write_end(&outcome->body);
	ff_write_end(&outcome->body);
}

static void
write_return(const FfJson *body, const char *topic, FfOutcome *outcome)
{
	const FfJson *lines = ff_json_get(body, "return_line_items");
	const char *id =
		ff_json_text_or(body, "admin_graphql_api_id", ff_json_text_or(body, "id", NULL));

	ff_write_object(&outcome->body, "return");
	ff_write_text(&outcome->body, "number", ff_json_text_or(body, "name", id));
	ff_write_text(
		&outcome->body, "state", strcmp(topic, "returns/approve") == 0 ? "approved" : "requested");
	ff_write_text(&outcome->body, "order_number", ff_json_text_or(body, "order.name", NULL));
	ff_write_text(&outcome->body, "channel_order_id", order_id(body));
	ff_write_array(&outcome->body, "lines");
	for (int i = 0; i < ff_json_count(lines); i++)
	{
		const FfJson *line = ff_json_at(lines, i);

		ff_write_object(&outcome->body, NULL);
		ff_write_text(&outcome->body,
					  "sku",
					  ff_json_text_or(line, "fulfillment_line_item.line_item.sku", NULL));
		ff_write_number(&outcome->body, "quantity", ff_json_number(line, "quantity"));
		ff_write_text(&outcome->body,
					  "reason",
					  ff_json_text_or(line,
									  "return_reason_note",
									  ff_json_text_or(line, "return_reason", NULL)));
		ff_write_end(&outcome->body);
	}
	ff_write_end(&outcome->body);
	ff_write_end(&outcome->body);
}

/* Whether its lines say which goods come back. */
static bool
names_goods(const FfJson *body)
{
	const FfJson *lines = ff_json_get(body, "return_line_items");

	for (int i = 0; i < ff_json_count(lines); i++)
		if (ff_json_text_or(ff_json_at(lines, i), "fulfillment_line_item.line_item.sku", NULL) ==
			NULL)
			return false;
	return ff_json_count(lines) > 0;
}

static void
translate(News news, const char *topic, const FfJson *body, FfOutcome *outcome)
{
	switch (news)
	{
		case NEWS_CANCELLED:
			if (own_id(body) == NULL)
				ff_outcome_set(outcome,
							   FF_RESULT_REFUSED,
							   "invalid_document",
							   "The order has no id.",
							   "channel_order_id");
			else
				write_cancelled(body, outcome);
			break;
		case NEWS_ORDER:
			if (!ff_json_is_null(ff_json_get(body, "cancelled_at")) && own_id(body) != NULL)
				write_cancelled(body, outcome);
			read_again(outcome, own_id(body));
			break;
		case NEWS_RETURN:
			if (names_goods(body))
				write_return(body, topic, outcome);
			else
				read_again(outcome, order_id(body));
			break;
		case NEWS_ORDER_ID:
		case NEWS_FULFILLMENT:
			read_again(outcome, order_id(body));
	}
}

void
ff_shopify_receive(const FfCall *call, const FfReply *webhook, FfOutcome *outcome)
{
	const char *topic = ff_reply_header(webhook, "X-Shopify-Topic");
	FfJson *body = ff_json_parse(webhook->body, webhook->length, NULL);

	if (!ff_json_is_object(body))
	{
		ff_outcome_set(
			outcome, FF_RESULT_REFUSED, "unreadable_event", "The body is not an event.", NULL);
		return;
	}
	if (!is_for_us(call, webhook))
	{
		ff_outcome_set(outcome,
					   FF_RESULT_REFUSED,
					   "other_shop",
					   psprintf("The webhook is of shop %s.",
								ff_reply_header(webhook, "X-Shopify-Shop-Domain")),
					   NULL);
		return;
	}
	/* a relay may have lost the header: an order is known by what it has */
	if (topic == NULL && ff_json_get(body, "line_items") != NULL)
		topic = "orders/updated";
	for (int i = 0; topic != NULL && i < (int) lengthof(topics); i++)
		if (strncmp(topic, topics[i].topic, strlen(topics[i].topic)) == 0)
		{
			translate(topics[i].news, topic, body, outcome);
			return;
		}
	ff_write_text(&outcome->body, "ignored", topic != NULL ? topic : "unknown");
}
