/*
 * amazon_orders.c
 *
 * Amazon as a sales channel, by the Selling Partner API: orders of the
 * merchant's own fulfillment (Orders 2026-01-01), their confirmation (Orders
 * v0) and the quantities of listings.
 *
 * Orders are read in amazon_orders_read.c and fetched in
 * amazon_orders_fetch.c, shipments confirmed in amazon_orders_confirm.c,
 * levels pushed in amazon_orders_stock.c; cancellations and money paid back
 * stand in amazon_orders_after.c.
 */
#include "postgres.h"

#include "connectors/amazon_orders.h"
#include "connectors/carrier.h"

static const FfSetting settings[] = {
	{"base_url",
	 "url",
	 false,
	 false,
	 AMAZON_HOST,
	 "Host of the region: sellingpartnerapi-na, -eu or -fe, with sandbox. before it for tests."},
	{"token_url", "url", false, false, AMAZON_TOKENS, "Where tokens come from."},
	{"marketplace_id", "text", true, false, NULL, "Marketplace, such as A2NODRKZP88ZB9 (Sweden)."},
	{"seller_id", "text", false, false, NULL, "The seller's id, to push stock."},
	{"statuses",
	 "text",
	 false,
	 false,
	 "UNSHIPPED,PARTIALLY_SHIPPED,CANCELLED",
	 "Fulfillment statuses of the orders to fetch; PENDING ones would come held."},
	{"days_back", "integer", false, false, "14", "How far back the first fetch goes."},
	{"carriers",
	 "object",
	 false,
	 false,
	 "{}",
	 "The marketplace's names of carriers by ours, such as {\"postnord\": \"PostNord\"}, beside the "
	 "known ones."},
	{"lead_time_days",
	 "integer",
	 false,
	 false,
	 NULL,
	 "Days until an order leaves, told with the stock of each listing."},
	{"fulfillment_channel",
	 "text",
	 false,
	 false,
	 "DEFAULT",
	 "The fulfillment channel whose quantity is pushed."},
	AMAZON_SETTINGS,
	{NULL}};

/* What a message of Amazon is about; the first word found decides. */
static const FfAmazonWord words[] = {
	{"trackingnumber", "shipment.packages.0.tracking_number"},
	{"tracking number", "shipment.packages.0.tracking_number"},
	{"carrier", "shipment.packages.0.carrier"},
	{"shipdate", "shipment.shipped_at"},
	{"ship date", "shipment.shipped_at"},
	{"packagereferenceid", "shipment.packages"},
	{"orderitem", "shipment.lines"},
	{"order item", "shipment.lines"},
	{"quantity", "shipment.lines"},
	{"marketplace", "config.marketplace_id"},
	{"sellerid", "config.seller_id"},
	{"orderid", "order.channel_order_id"},
	{"order id", "order.channel_order_id"},
};

bool
ff_amazon_orders_reply(const FfCall *call, const FfReply *reply, FfOutcome *outcome, FfJson **json)
{
	bool success =
		ff_amazon_reply(call, reply, FF_REPEAT_SAFE, words, lengthof(words), outcome, json);

	/* a page that is no JSON says nothing of what was asked */
	if (!success && outcome->result == FF_RESULT_UNKNOWN)
		outcome->result = FF_RESULT_RETRY;
	return success;
}

char *
ff_amazon_orders_time(TimestampTz time)
{
	return ff_time_format(time, "%Y-%m-%dT%H:%M:%S.000Z");
}

static void
test_request(const FfCall *call, FfMessage *message)
{
	ff_amazon_begin(call, message, "GET", AMAZON_ORDERS);
	ff_message_query(message, "createdAfter", ff_time_iso(call->now - USECS_PER_DAY));
	ff_message_query(message, "marketplaceIds", ff_amazon_marketplace(call));
	ff_message_query(message, "maxResultsPerPage", "1");
}

static void
test_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *json;

	if (!ff_amazon_orders_reply(call, reply, outcome, &json) && reply->status == 403)
		outcome->message = "Amazon refuses the application: its role for orders is missing, or the "
						   "marketplace is of another region than base_url.";
}

static const char *
event_id(const FfReply *webhook, const FfJson *body)
{
	return ff_json_text(body, "NotificationMetadata.NotificationId");
}

const FfConnector ff_connector_amazon_orders = {
	.name = "amazon_orders",
	.title = "Amazon",
	.roles = "channel",
	.credentials =
		"In Seller Central register an application for the Selling Partner API with the roles for "
		"orders, inventory and direct-to-consumer shipping, authorize it for the seller's account, "
		"and keep client id, client secret and the refresh token. The secret is to be renewed every "
		"180 days.",
	.auth = AMAZON_AUTH,
	.settings = settings,
	.rate_per_second = 2,
	.max_concurrency = 2,
	.operations =
		{
			[FF_OP_FETCH_ORDERS] = {ff_amazon_orders_fetch_request,
									ff_amazon_orders_fetch_outcome,
									FF_REPEAT_SAFE},
			[FF_OP_CONFIRM_SHIPMENT] = {ff_amazon_orders_confirm_request,
										ff_amazon_orders_confirm_outcome,
										FF_REPEAT_SAFE},
			[FF_OP_PUSH_INVENTORY] = {ff_amazon_orders_stock_request,
									  ff_amazon_orders_stock_outcome,
									  FF_REPEAT_SAFE},
			[FF_OP_UPDATE_ORDER] = {ff_amazon_orders_update_request,
									ff_amazon_orders_update_outcome,
									FF_REPEAT_SAFE},
			[FF_OP_PUSH_RETURN] = {ff_amazon_orders_return_request,
								   ff_amazon_orders_return_outcome,
								   FF_REPEAT_NEVER},
			[FF_OP_TEST_CONNECTION] = {test_request, test_outcome, FF_REPEAT_SAFE},
		},
	.receive = {.verify = {FF_VERIFY_SHARED_SECRET, "x-webhook-secret", "webhook_secret"},
				.event_id = event_id,
				.translate = ff_amazon_orders_receive},
};
