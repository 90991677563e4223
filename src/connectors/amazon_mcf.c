/*
 * amazon_mcf.c
 *
 * Amazon's Multi-Channel Fulfillment by the Selling Partner API: Fulfillment
 * Outbound 2020-07-01 and FBA Inventory v1.  This file holds the connector's
 * struct, its settings, the head every message has and what errors mean.
 *
 * Our number is the order's key for ever: after a lost answer the order is
 * read by it, and only when Amazon has none is it made again, with the same
 * number.  Amazon may need a minute until it can be read.
 */
#include "postgres.h"

#include "connectors/amazon_mcf.h"

#define MCF_GRACE_S 60

static const FfSetting settings[] = {
	{"base_url",
	 "url",
	 false,
	 false,
	 AMAZON_HOST,
	 "Host of the region: sellingpartnerapi-na, -eu or -fe, with sandbox. before it for tests."},
	{"token_url", "url", false, false, AMAZON_TOKENS, "Where tokens come from."},
	{"marketplace_id", "text", true, false, NULL, "Marketplace, such as ATVPDKIKX0DER (USA)."},
	{"speed",
	 "text",
	 false,
	 false,
	 "Standard",
	 "Speed of orders whose service names none: Standard, Expedited or Priority."},
	{"policy",
	 "text",
	 false,
	 false,
	 "FillOrKill",
	 "What a lack of stock means: FillOrKill, FillAll or FillAllAvailable."},
	{"comment", "text", false, false, "Thank you for your order.", "Text on the packing slip."},
	{"features",
	 "text",
	 false,
	 false,
	 NULL,
	 "Features all orders require: any of BLOCK_AMZL, BLANK_BOX, OVERBOX, PACKING_SLIP."},
	{"ship_from_country", "text", false, false, NULL, "Country to ship from, as two letters."},
	{"notify", "boolean", false, false, "false", "Let Amazon mail the receiver."},
	{"return_reason",
	 "text",
	 false,
	 false,
	 "CR-UNWANTED_ITEM",
	 "Amazon's reason of returns whose own reason it does not have."},
	AMAZON_SETTINGS,
	{NULL},
};

void
ff_mcf_begin_order(const FfCall *call, FfMessage *message, const char *method, const char *id)
{
	ff_amazon_begin(call, message, method, MCF_OUTBOUND "/fulfillmentOrders/");
	ff_message_segment(message, id);
}

const char *
ff_mcf_id(const FfCall *call)
{
	const FfJson *subject = ff_carrier_subject(call);
	const char *id = ff_carrier_reference(subject, MCF_ID + 1);

	if (id == NULL)
		id = ff_carrier_text(subject, "provider_reference", MCF_ID + 1);
	if (id == NULL || strlen(id) > MCF_ID)
		ff_carrier_fail(call, "reference", "Give the reference, of forty characters at most.");
	return id;
}

/* What a message of Amazon is about; the first word found decides. */
static const FfAmazonWord words[] = {
	{"postalcode", "ship_to.postcode"},
	{"postal code", "ship_to.postcode"},
	{"stateorregion", "ship_to.region"},
	{"addressline1", "ship_to.street1"},
	{"countrycode", "ship_to.country"},
	{"destinationaddress.name", "ship_to.name"},
	{"phone", "ship_to.phone"},
	{"city", "ship_to.city"},
	{"address", "ship_to"},
	{"sellersku", "lines.0.sku"},
	{"seller sku", "lines.0.sku"},
	{"quantity", "lines.0.quantity"},
	{"shippingspeed", "service"},
	{"marketplace", "config.marketplace_id"},
	{"notificationemail", "ship_to.email"},
	{"sellerfulfillmentorderid", "reference"},
};

bool
ff_mcf_reply(const FfCall *call, const FfReply *reply, FfRepeat repeat, FfOutcome *outcome,
			 FfJson **json)
{
	return ff_amazon_reply(call, reply, repeat, words, lengthof(words), outcome, json);
}

static void
test_request(const FfCall *call, FfMessage *message)
{
	ff_amazon_begin(call, message, "GET", MCF_INVENTORY "/summaries");
	ff_message_query(message, "granularityType", "Marketplace");
	ff_message_query(message, "granularityId", ff_amazon_marketplace(call));
	ff_message_query(message, "marketplaceIds", ff_amazon_marketplace(call));
}

static void
test_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *json;

	(void) ff_mcf_reply(call, reply, FF_REPEAT_SAFE, outcome, &json);
}

static const char *
event_id(const FfReply *webhook, const FfJson *body)
{
	return ff_json_text(body, "NotificationMetadata.NotificationId");
}

const FfConnector ff_connector_amazon_mcf = {
	.name = "amazon_mcf",
	.title = "Amazon Multi-Channel Fulfillment",
	.roles = "fulfillment_center",
	.credentials =
		"Make a private application in Seller Central with the role Amazon Fulfillment, "
		"which shows client id and secret, and authorize it for the seller, which shows the "
		"refresh token. Notifications come through a queue (SQS): a bridge of yours posts "
		"them with webhook_secret.",
	.auth = AMAZON_AUTH,
	.settings = settings,
	.rate_per_second = 2,
	.find_is_authoritative = true,
	.find_grace_s = MCF_GRACE_S,
	.operations =
		{
			[FF_OP_QUOTE_RATES] = {ff_mcf_quote_request, ff_mcf_quote_outcome, FF_REPEAT_SAFE},
			[FF_OP_CREATE_SHIPMENT] = {ff_mcf_create_request,
									   ff_mcf_create_outcome,
									   FF_REPEAT_AFTER_FIND},
			[FF_OP_FIND_SHIPMENT] = {ff_mcf_find_request, ff_mcf_find_outcome, FF_REPEAT_SAFE},
			[FF_OP_GET_SHIPMENT] = {ff_mcf_get_request, ff_mcf_get_outcome, FF_REPEAT_SAFE},
			[FF_OP_UPDATE_SHIPMENT] = {ff_mcf_update_request,
									   ff_mcf_update_outcome,
									   FF_REPEAT_SAFE},
			[FF_OP_CANCEL_SHIPMENT] = {ff_mcf_cancel_request,
									   ff_mcf_cancel_outcome,
									   FF_REPEAT_SAFE},
			[FF_OP_ANNOUNCE_RETURN] = {ff_mcf_return_request,
									   ff_mcf_return_outcome,
									   FF_REPEAT_SAFE},
			[FF_OP_GET_RETURN] = {ff_mcf_get_return_request,
								  ff_mcf_get_return_outcome,
								  FF_REPEAT_SAFE},
			[FF_OP_GET_INVENTORY] = {ff_mcf_stock_request, ff_mcf_stock_outcome, FF_REPEAT_SAFE},
			[FF_OP_TEST_CONNECTION] = {test_request, test_outcome, FF_REPEAT_SAFE},
		},
	.receive = {.verify = {FF_VERIFY_SHARED_SECRET, "x-webhook-secret", "webhook_secret"},
				.event_id = event_id,
				.translate = ff_mcf_receive},
};
