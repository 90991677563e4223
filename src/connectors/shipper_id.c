/*
 * shipper_id.c
 *
 * Shipper (shipper.id, Indonesia), fulfillment API v3: warehouses that ship by
 * couriers which Shipper books.  This file holds the connector's struct, its
 * settings and the head of every message; shipper_id.h lists the other files.
 *
 * An order is acknowledged at once and taken later: the answer to it only
 * means "submitted", a webhook or a look says what became of it.  The order's
 * number is ours, so what happened to a lost answer can be looked up.
 *
 * Some names of members are not in the API's public pages (those of order
 * lines, of the tracking id); setting "members" renames any of them.
 */
#include "postgres.h"

#include "connectors/shipper_id.h"

#define GRACE_S 120

static const FfSetting settings[] = {
	{"base_url",
	 "url",
	 false,
	 false,
	 "https://merchant-api.shipper.id",
	 "Address of the API; https://merchant-api-sandbox.shipper.id for tests."},
	{"warehouse_id", "text", true, false, NULL, "Warehouse that ships, such as WH-TGR04."},
	{"customer_id", "text", true, false, NULL, "Shipper's id of the goods' owner, such as CS674."},
	{"tenant_name", "text", true, false, NULL, "Name of the shop as Shipper knows it."},
	{"platform", "text", false, false, NULL, "Where the orders come from, such as SHOPIFY."},
	{"courier", "text", false, false, NULL, "Courier's code when the order names no service."},
	{"couriers",
	 "object",
	 false,
	 false,
	 NULL,
	 "Per service of ours the courier's code, such as {\"standard\": \"JNE REG\"}."},
	{"origin_area_id",
	 "integer",
	 false,
	 false,
	 NULL,
	 "Shipper's area of the warehouse; with it couriers are priced and booked before an order is "
	 "sent."},
	{"origin_suburb_id", "integer", false, false, NULL, "Shipper's suburb of the warehouse."},
	{"areas",
	 "object",
	 false,
	 false,
	 NULL,
	 "Shipper's area of a postcode, such as {\"10310\": 4711}, where options.area_id does not "
	 "tell it."},
	{"sender_phone", "text", false, false, NULL, "Phone number that couriers see as the sender's."},
	{"item_category", "text", false, false, NULL, "Category of the goods for prices."},
	{"supplier_id", "text", false, false, NULL, "Supplier that returns are announced for."},
	{"members",
	 "object",
	 false,
	 false,
	 NULL,
	 "Other names of an order's members, such as {\"tracking_id\": \"trackingId\"}."},
	{"page_size", "integer", false, false, "100", "Rows of stock asked for at once."},
	{"allow_unsigned",
	 "boolean",
	 false,
	 false,
	 "false",
	 "Take the warehouse's webhooks, which nobody signs; give Shipper an address that cannot be "
	 "guessed."},
	{"api_key", "text", true, true, NULL, "Key that Shipper gives out."},
	{"webhook_url",
	 "text",
	 false,
	 true,
	 NULL,
	 "Address that Shipper was given for webhooks; it is a part of their signature."},
	{NULL},
};

void
ff_shipper_begin(const FfCall *call, FfMessage *message, const char *method, const char *path)
{
	ff_message_begin(message, method, ff_json_text_or(call->config, "base_url", ""), path);
	ff_message_header(message, "Accept", "application/json");
}

const char *
ff_shipper_warehouse(const FfCall *call)
{
	return ff_carrier_need_setting(call, "warehouse_id", "Set it to the warehouse that ships.");
}

/*
 * Signs between digits that could be read as one number become a letter:
 * FF-1-71 and FF-17-1 are two orders.  Before a zero there is no need: only
 * numbers of a fixed width begin with one.
 */
char *
ff_shipper_number(const char *reference)
{
	StringInfoData number;

	initStringInfo(&number);
	for (const char *at = reference; *at != '\0'; at++)
	{
		if (isalnum((unsigned char) *at) && (unsigned char) *at < 0x80)
			appendStringInfoChar(&number, *at);
		else if (number.len > 0 && isdigit((unsigned char) number.data[number.len - 1]) &&
				 at[1] >= '1' && at[1] <= '9')
			appendStringInfoChar(&number, 'N');
	}
	return number.data;
}

char *
ff_shipper_known_number(const FfCall *call)
{
	const char *known = ff_json_text_or(call->document, "shipment.provider_reference", NULL);
	const char *reference = ff_json_text_or(call->document, "shipment.reference", NULL);

	return known ? pstrdup(known) : reference ? ff_shipper_number(reference) : NULL;
}

char *
ff_shipper_order_number(const FfCall *call)
{
	char *number = ff_shipper_known_number(call);

	if (number == NULL || *number == '\0')
		ff_connector_fail(SHIPPER_ID,
						  "shipment.reference",
						  "Give the shipment's reference, from which the order's number is made.");
	return number;
}

void
ff_shipper_write(FfJsonWriter *writer, const char *key, const char *text, int max)
{
	char *plain = text ? ff_plain_text(text, max) : pstrdup("");

	ff_write_text_max(writer, key, plain, max);
}

static void
test_request(const FfCall *call, FfMessage *message)
{
	ff_shipper_begin(call, message, "GET", "/v3/fulfillment/client/information");
}

static void
test_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *data;

	(void) ff_shipper_reply(call, reply, FF_REPEAT_SAFE, outcome, &data);
}

const FfConnector ff_connector_shipper_id = {
	.name = SHIPPER_ID,
	.title = "Shipper",
	.roles = "fulfillment_center",
	.credentials =
		"Shipper's staff gives out one api_key for tests and one for the real thing, and "
		"registers the addresses of webhooks; give it one that cannot be guessed.",
	.auth = {.kind = FF_AUTH_HEADER, .password = "api_key", .header = "X-API-Key"},
	.settings = settings,
	.find_is_authoritative = true,
	.find_grace_s = GRACE_S,
	.operations =
		{
			[FF_OP_QUOTE_RATES] = {ff_shipper_quote_request,
								   ff_shipper_quote_outcome,
								   FF_REPEAT_SAFE},
			[FF_OP_CREATE_SHIPMENT] = {ff_shipper_create_request,
									   ff_shipper_create_outcome,
									   FF_REPEAT_AFTER_FIND},
			[FF_OP_FIND_SHIPMENT] = {ff_shipper_get_request,
									 ff_shipper_get_outcome,
									 FF_REPEAT_SAFE},
			[FF_OP_GET_SHIPMENT] = {ff_shipper_get_request, ff_shipper_get_outcome, FF_REPEAT_SAFE},
			[FF_OP_CANCEL_SHIPMENT] = {ff_shipper_cancel_request,
									   ff_shipper_cancel_outcome,
									   FF_REPEAT_SAFE},
			[FF_OP_ANNOUNCE_RETURN] = {ff_shipper_return_request,
									   ff_shipper_return_outcome,
									   FF_REPEAT_SAFE},
			[FF_OP_GET_INVENTORY] = {ff_shipper_inventory_request,
									 ff_shipper_inventory_outcome,
									 FF_REPEAT_SAFE},
			[FF_OP_PUT_ITEMS] = {ff_shipper_items_request,
								 ff_shipper_items_outcome,
								 FF_REPEAT_SAFE},
			[FF_OP_TEST_CONNECTION] = {test_request, test_outcome, FF_REPEAT_SAFE},
		},
	.receive = {.verify = {FF_VERIFY_MD5_MEMBER, "auth", "api_key", "webhook_url", true},
				.translate = ff_shipper_receive},
};
