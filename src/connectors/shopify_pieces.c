/*
 * shopify_pieces.c
 *
 * An order's fulfillment orders and their lines come in pages inside the
 * order, and cost the more the longer the pages are.  Short ones are asked
 * for; what lies behind them is fetched one by one and joined to the order.
 */
#include "postgres.h"

#include "connectors/shopify.h"

static const char more_lines[] =
	"query MoreLines($id:ID!,$after:String){fulfillmentOrder(id:$id){"
	"lineItems(first:100,after:$after){" SHOPIFY_PAGE " nodes{" SHOPIFY_LINE "}}}}";
static const char more_orders[] =
	"query MoreFulfillmentOrders($id:ID!,$after:String){order(id:$id){"
	"fulfillmentOrders(first:5,after:$after){" SHOPIFY_PAGE " nodes{" SHOPIFY_FULFILLMENT_ORDER
	"}}}}";

/* A list comes bare, or as a connection with nodes, or with edges that hold them. */
static FfJson *
elements(const FfJson *list)
{
	FfJson *nodes = ff_json_get(list, "nodes");

	if (ff_json_is_array(list))
		return unconstify(FfJson *, list);
	return nodes != NULL ? nodes : ff_json_get(list, "edges");
}

int
ff_shopify_count(const FfJson *list)
{
	return ff_json_count(elements(list));
}

FfJson *
ff_shopify_at(const FfJson *list, int index)
{
	FfJson *element = ff_json_at(elements(list), index);
	FfJson *node = ff_json_get(element, "node");

	return node != NULL ? node : element;
}

/* Where the next page of a list begins; NULL when it has none. */
static const char *
next_page(const FfJson *list)
{
	return ff_json_bool(list, "pageInfo.hasNextPage", false)
			   ? ff_json_text_or(list, "pageInfo.endCursor", NULL)
			   : NULL;
}

/* The first fulfillment order with lines missing; -1 when there is none. */
static int
short_of_lines(const FfJson *order)
{
	const FfJson *list = ff_json_get(order, "fulfillmentOrders");

	for (int i = 0; i < ff_shopify_count(list); i++)
		if (next_page(ff_json_get(ff_shopify_at(list, i), "lineItems")) != NULL)
			return i;
	return -1;
}

bool
ff_shopify_is_partial(const FfJson *order)
{
	return next_page(ff_json_get(order, "fulfillmentOrders")) != NULL || short_of_lines(order) >= 0;
}

void
ff_shopify_piece_request(const FfCall *call, FfMessage *message, const FfJson *order)
{
	int place = short_of_lines(order);
	const FfJson *list = ff_json_get(order, "fulfillmentOrders");
	const FfJson *part = ff_shopify_at(list, place);
	FfJsonWriter writer;

	ff_shopify_begin(call, message, &writer, place >= 0 ? more_lines : more_orders);
	ff_write_text(&writer, "id", ff_json_text(place >= 0 ? part : order, "id"));
	ff_write_text(&writer, "after", next_page(place >= 0 ? ff_json_get(part, "lineItems") : list));
	ff_message_json(message, &writer);
}

/* A list and the page behind it as one connection. */
static void
write_joined(FfJsonWriter *writer, const char *key, const FfJson *list, const FfJson *page)
{
	const char *before = next_page(list);
	const char *after = next_page(page);

	ff_write_object(writer, key);
	ff_write_array(writer, "nodes");
	for (int i = 0; i < ff_shopify_count(list); i++)
		ff_write_json(writer, NULL, ff_shopify_at(list, i));
	for (int i = 0; i < ff_shopify_count(page); i++)
		ff_write_json(writer, NULL, ff_shopify_at(page, i));
	ff_write_end(writer);
	/* a page that does not step forward is the last one */
	if (after != NULL && before != NULL && strcmp(before, after) != 0)
		ff_write_json(writer, "pageInfo", ff_json_get(page, "pageInfo"));
	ff_write_end(writer);
}

static void
write_with_lines(FfJsonWriter *writer, const FfJson *part, const FfJson *page)
{
	void *state = NULL;
	char *key;
	FfJson *value;

	ff_write_object(writer, NULL);
	while (ff_json_each(part, &state, &key, &value))
	{
		if (strcmp(key, "lineItems") == 0)
			write_joined(writer, key, value, page);
		else
			ff_write_json(writer, key, value);
	}
	ff_write_end(writer);
}

FfJson *
ff_shopify_piece_join(const FfJson *order, const FfJson *data)
{
	int place = short_of_lines(order);
	FfJsonWriter writer;
	void *state = NULL;
	char *key;
	FfJson *value;
	char *text;

	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	while (ff_json_each(order, &state, &key, &value))
	{
		if (strcmp(key, "fulfillmentOrders") != 0)
			ff_write_json(&writer, key, value);
		else if (place < 0)
			write_joined(&writer, key, value, ff_json_get(data, "order.fulfillmentOrders"));
		else
		{
			ff_write_object(&writer, key);
			if (ff_json_get(value, "pageInfo") != NULL)
				ff_write_json(&writer, "pageInfo", ff_json_get(value, "pageInfo"));
			ff_write_array(&writer, "nodes");
			for (int i = 0; i < ff_shopify_count(value); i++)
			{
				if (i == place)
					write_with_lines(&writer,
									 ff_shopify_at(value, i),
									 ff_json_get(data, "fulfillmentOrder.lineItems"));
				else
					ff_write_json(&writer, NULL, ff_shopify_at(value, i));
			}
			ff_write_end(&writer);
			ff_write_end(&writer);
		}
	}
	text = ff_write_finish(&writer);
	return ff_json_parse(text, strlen(text), NULL);
}
