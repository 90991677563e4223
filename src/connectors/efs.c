/*
 * efs.c
 *
 * eFulfillment Service (EFS), XML API v2: orders, their status, cancellations
 * and stock.  This file holds the connector's struct, its settings and the
 * head of every message; efs.h lists the other files.
 *
 * The credentials stand inside each message, and a failure is an HTTP 200.
 * One order goes in one message, because theirs stops at the first bad one.
 * An order's number is refused the second time, so a lost answer is asked for
 * by sending the order again.  What the status and cancel messages are called
 * is not on public pages: settings name them.
 */
#include "postgres.h"

#include "connectors/efs.h"
#include "pg/xml.h"

static const FfSetting settings[] = {
	{"base_url",
	 "url",
	 false,
	 false,
	 "https://fcp.efulfillmentservice.com",
	 "Address of the Fulfillment Control Panel."},
	{"merchant_id", "integer", true, false, NULL, "MerchantId, a number."},
	{"merchant_name", "text", true, false, NULL, "MerchantName as EFS knows the shop."},
	{"version", "text", false, false, "0.6", "Version of the order messages."},
	{"test_mode",
	 "boolean",
	 false,
	 false,
	 "false",
	 "Have orders checked but not made: everything that is accepted then never ships."},
	{"shipping_method", "text", false, false, NULL, "EFS's code when the order names no service."},
	{"shipping_methods",
	 "object",
	 false,
	 false,
	 NULL,
	 "EFS's code per service of ours, such as {\"standard\": \"USPS_MEDIA\"}."},
	{"status_request",
	 "text",
	 false,
	 false,
	 "OrderStatusRequest",
	 "Root element of the question about an order."},
	{"status_path", "text", false, false, "/xml/orders/", "Where that question is sent."},
	{"cancel_request",
	 "text",
	 false,
	 false,
	 "OrderCancelRequest",
	 "Root element of a cancellation."},
	{"cancel_path", "text", false, false, "/xml/orders/", "Where a cancellation is sent."},
	{"merchant_token", "text", true, true, NULL, "MerchantToken of the control panel."},
	{NULL},
};

void
ff_efs_element(StringInfo xml, const char *name, const char *text)
{
	if (text == NULL || *text == '\0')
		appendStringInfo(xml, "<%s/>", name);
	else
		appendStringInfo(xml, "<%s>%s</%s>", name, ff_xml_escape(text), name);
}

void
ff_efs_begin(StringInfo xml, const FfCall *call, const char *root, bool with_name)
{
	initStringInfo(xml);
	appendStringInfo(xml, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<%s>", root);
	if (with_name)
		ff_efs_element(xml,
					   "Version",
					   ff_json_bool(call->config, "test_mode", false)
						   ? "TEST"
						   : ff_json_text_or(call->config, "version", "0.6"));
	ff_efs_element(
		xml,
		"MerchantId",
		ff_carrier_need_setting(call, "merchant_id", "Set it to the number EFS gave the shop."));
	if (with_name)
		ff_efs_element(
			xml,
			"MerchantName",
			ff_carrier_need_setting(call, "merchant_name", "Set it to the shop's name at EFS."));
	appendStringInfoString(xml, "<MerchantToken>{{secret:merchant_token}}</MerchantToken>");
}

void
ff_efs_send(const FfCall *call, FfMessage *message, const char *path, StringInfo xml,
			const char *root)
{
	appendStringInfo(xml, "</%s>", root);
	ff_message_begin(message, "POST", ff_json_text_or(call->config, "base_url", ""), path);
	ff_message_body(message, "text/xml", xml->data, xml->len);
	message->secrets = FF_SECRETS_IN_BODY;
}

/* Asking for the stock of one SKU, known or not, shows whether the credentials are. */
static void
test_request(const FfCall *call, FfMessage *message)
{
	StringInfoData xml;

	ff_efs_begin(&xml, call, "InventoryRequest", false);
	appendStringInfoString(&xml, "<Items><Item><Sku>TEST</Sku></Item></Items>");
	ff_efs_send(call, message, "/xml/inventory/", &xml, "InventoryRequest");
}

static void
test_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	(void) ff_efs_answer(call, reply, FF_REPEAT_SAFE, outcome);
	if (outcome->result == FF_RESULT_REFUSED && ff_efs_says(outcome->message, "sku|item"))
		ff_outcome_ok(outcome);
}

const FfConnector ff_connector_efs = {
	.name = EFS,
	.title = "eFulfillment Service",
	.roles = "fulfillment_center",
	.credentials =
		"MerchantId and MerchantToken stand in the Fulfillment Control Panel under Client "
		"Info, My Settings.",
	.auth = {.kind = FF_AUTH_NONE},
	.settings = settings,
	.max_concurrency = 1,
	.operations =
		{
			[FF_OP_CREATE_SHIPMENT] = {ff_efs_create_request,
									   ff_efs_create_outcome,
									   FF_REPEAT_WITH_KEY},
			[FF_OP_GET_SHIPMENT] = {ff_efs_get_request, ff_efs_get_outcome, FF_REPEAT_SAFE},
			[FF_OP_CANCEL_SHIPMENT] = {ff_efs_cancel_request,
									   ff_efs_cancel_outcome,
									   FF_REPEAT_SAFE},
			[FF_OP_GET_INVENTORY] = {ff_efs_inventory_request,
									 ff_efs_inventory_outcome,
									 FF_REPEAT_SAFE},
			[FF_OP_TEST_CONNECTION] = {test_request, test_outcome, FF_REPEAT_SAFE},
		},
};
