/*
 * shopify.c
 *
 * Shopify by its GraphQL Admin API: the settings of a shop, how it
 * authenticates, and the test of a connection.
 *
 * Requests and answers stand in shopify_graphql.c, orders in several pages in
 * shopify_pieces.c; they are read in shopify_orders.c, fetched in
 * shopify_fetch.c and told of by webhooks in shopify_receive.c.  Shipments are
 * confirmed in shopify_confirm.c after shopify_plan.c; states stand in
 * shopify_update.c, levels in shopify_stock.c, refunds in shopify_return.c.
 */
#include "postgres.h"

#include "connectors/carrier.h"
#include "connectors/shopify.h"

static const char test_query[] = "query Test{shop{name myshopifyDomain currencyCode}}";
static const char test_location_query[] =
	"query Test($id:ID){shop{name myshopifyDomain currencyCode} location(id:$id){id isActive}}";

static const FfSetting settings[] = {
	{"base_url",
	 "url",
	 true,
	 false,
	 NULL,
	 "Address of the shop, such as https://demo.myshopify.com."},
	{"api_version",
	 "text",
	 false,
	 false,
	 SHOPIFY_API,
	 "Version of the API, a quarter such as 2026-07."},
	{"token_url", "url", false, false, SHOPIFY_TOKENS, "Where tokens come from."},
	{"location_id",
	 "text",
	 false,
	 false,
	 NULL,
	 "The shop's location whose stock is pushed, as a number or gid://shopify/Location/…."},
	{"location_ids",
	 "text",
	 false,
	 false,
	 NULL,
	 "Locations whose fulfillment orders are ours to ship, with commas between; all without it."},
	{"page_size",
	 "integer",
	 false,
	 false,
	 "20",
	 "Orders in one query; fewer when the shop says that a query costs too much."},
	{"notify_customer",
	 "boolean",
	 false,
	 false,
	 "true",
	 "Whether the shop tells the customer about shipments, cancellations and refunds."},
	{"carriers",
	 "object",
	 false,
	 false,
	 "{}",
	 "Names of Shopify's list by our carriers, such as {\"postnord\": \"PostNord DK\"}, beside the "
	 "known ones."},
	{"hold_test_orders",
	 "boolean",
	 false,
	 false,
	 "true",
	 "Whether orders that were made with a test payment are held."},
	{"pay_on_delivery_gateways",
	 "object",
	 false,
	 false,
	 "[\"Cash on Delivery (COD)\"]",
	 "Names of payment gateways that are paid on delivery, so that pending orders may leave."},
	{"activate_items",
	 "boolean",
	 false,
	 false,
	 "true",
	 "Whether an item that the location does not stock yet is stocked there when its level comes."},
	{"cancel_refund",
	 "boolean",
	 false,
	 false,
	 "true",
	 "Whether a cancelled order is paid back to the payments it came from."},
	{"cancel_restock",
	 "boolean",
	 false,
	 false,
	 "true",
	 "Whether the goods of a cancelled order go back to the shop's stock."},
	{"refund_money",
	 "boolean",
	 false,
	 false,
	 "true",
	 "Whether a refund moves money through the shop's payments; false only books it."},
	{"refund_restock",
	 "boolean",
	 false,
	 false,
	 "false",
	 "Whether a refund puts the goods back to the stock of location_id."},
	{"access_token", "text", false, true, NULL, "Access token of a custom app, shpat_…."},
	{"client_id", "text", false, true, NULL, "Client id of the app, without an access token."},
	{"client_secret",
	 "text",
	 false,
	 true,
	 NULL,
	 "Client secret of the app: for tokens, and what webhooks are signed with."},
	{NULL}};

static const FfAuth by_client = {.kind = FF_AUTH_OAUTH2_CLIENT,
								 .user = "client_id",
								 .password = "client_secret",
								 .header = "X-Shopify-Access-Token",
								 .token_url = "token_url",
								 .token_default = SHOPIFY_TOKENS};

static void
test_request(const FfCall *call, FfMessage *message)
{
	const char *location = ff_carrier_setting(call, "location_id");
	FfJsonWriter writer;

	ff_shopify_begin(call, message, &writer, location != NULL ? test_location_query : test_query);
	if (location != NULL)
		ff_write_text(&writer, "id", ff_shopify_gid("Location", location));
	ff_message_json(message, &writer);
}

static void
test_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	const char *asked = ff_json_text_or(call->config, "api_version", SHOPIFY_API);
	const char *used = ff_reply_header(reply, "X-Shopify-API-Version");
	FfJson *data = ff_shopify_read(call, reply, outcome);

	if (data == NULL && reply->status == 404)
		ff_outcome_set(outcome,
					   FF_RESULT_REFUSED,
					   NULL,
					   "There is no such shop: check base_url.",
					   "config.base_url");
	else if (data == NULL && reply->status == 402)
		outcome->message = "The shop is frozen: its plan has to be paid.";
	else if (data == NULL && outcome->result == FF_RESULT_UNAUTHORIZED)
		outcome->message = "The shop does not know the access token, or the app was uninstalled.";
	if (data == NULL)
		return;
	if (ff_json_get(data, "location") != NULL && (ff_json_is_null(ff_json_get(data, "location")) ||
												  !ff_json_bool(data, "location.isActive", true)))
		ff_outcome_set(outcome,
					   FF_RESULT_REFUSED,
					   "location",
					   "The shop has no active location with this location_id.",
					   "config.location_id");
	else if (used != NULL && strcmp(used, asked) != 0)
		ff_write_text(&outcome->body,
					  "warning",
					  psprintf("The shop answers with API version %s instead of %s.", used, asked));
}

static const char *
event_id(const FfReply *webhook, const FfJson *body)
{
	return ff_reply_header(webhook, "X-Shopify-Webhook-Id");
}

const FfConnector ff_connector_shopify = {
	.name = SHOPIFY_NAME,
	.title = "Shopify",
	.roles = "channel",
	.auth = {.kind = FF_AUTH_HEADER,
			 .password = "access_token",
			 .header = "X-Shopify-Access-Token",
			 .needs = "access_token",
			 .otherwise = &by_client},
	.settings = settings,
	.credentials =
		"In Shopify's Dev Dashboard create an app with the scopes read_orders, write_orders, "
		"read_ and write_merchant_managed_fulfillment_orders, read_ and "
		"write_third_party_fulfillment_orders, read_inventory, write_inventory, read_locations, "
		"read_returns and write_returns, install it in the shop, and keep its client id and secret; "
		"an older custom app has an access token instead.  Names and addresses take Shopify's "
		"approval for protected customer data.  The client secret also signs the webhooks.",
	.rate_per_second = 4,
	.max_concurrency = 2,
	.operations =
		{
			[FF_OP_FETCH_ORDERS] = {ff_shopify_fetch_request,
									ff_shopify_fetch_outcome,
									FF_REPEAT_SAFE},
			[FF_OP_CONFIRM_SHIPMENT] = {ff_shopify_confirm_request,
										ff_shopify_confirm_outcome,
										FF_REPEAT_SAFE},
			[FF_OP_PUSH_INVENTORY] = {ff_shopify_stock_request,
									  ff_shopify_stock_outcome,
									  FF_REPEAT_SAFE},
			[FF_OP_UPDATE_ORDER] = {ff_shopify_update_request,
									ff_shopify_update_outcome,
									FF_REPEAT_SAFE},
			[FF_OP_PUSH_RETURN] = {ff_shopify_return_request,
								   ff_shopify_return_outcome,
								   FF_REPEAT_SAFE},
			[FF_OP_TEST_CONNECTION] = {test_request, test_outcome, FF_REPEAT_SAFE},
		},
	.receive = {.verify = {FF_VERIFY_HMAC_SHA256_BASE64, "X-Shopify-Hmac-Sha256", "client_secret"},
				.event_id = event_id,
				.translate = ff_shopify_receive},
};
