/*
 * ongoing_wms.c
 *
 * Ongoing WMS (Goods Owner REST API v1), the warehouse system of many Nordic
 * third-party warehouses: orders, returns, articles and stock of one goods
 * owner.  This file holds the connector's struct, its settings and the head
 * of every message; each operation stands in a file beside it, and
 * ongoing_wms.h lists them.
 *
 * The server works on one write per goods owner at a time and asks its
 * clients for one call at a time.  Writing an order twice writes it once, yet
 * a success that names no order is looked up by our number before it is
 * repeated: the warehouse may have begun to pick, and refuse the repetition.
 */
#include "postgres.h"

#include "connectors/ongoing_wms.h"

#define API_PATH   "/api/v1"
#define TIMEOUT_MS 60000
#define GRACE_S    60

static const FfSetting settings[] = {
	{"base_url",
	 "url",
	 true,
	 false,
	 NULL,
	 "Address of the instance, such as https://api.ongoingsystems.se/INSTANCE/api/v1."},
	{"goods_owner_id", "integer", true, false, NULL, "Number of the goods owner."},
	{"warehouse_id",
	 "integer",
	 false,
	 false,
	 NULL,
	 "Warehouse that orders and returns are meant for, when there are several."},
	{"warehouses",
	 "text",
	 false,
	 false,
	 NULL,
	 "Numbers of the warehouses whose stock is read one by one, with commas between."},
	{"services",
	 "object",
	 false,
	 false,
	 NULL,
	 "Per service of ours {way_of_delivery, name, transporter, transporter_service}, as the "
	 "warehouse calls them."},
	{"statuses",
	 "object",
	 false,
	 false,
	 NULL,
	 "What order statuses of this warehouse mean, such as {\"310\": \"picking\"}."},
	{"collected_is_delivered",
	 "boolean",
	 false,
	 false,
	 "false",
	 "Status 500 means that the customer collected the order, not the carrier."},
	{"hold_status",
	 "integer",
	 false,
	 false,
	 NULL,
	 "Order status that stops an order; without it this warehouse holds nothing by itself."},
	{"order_type", "text", false, false, NULL, "Code of the order type."},
	{"return_cause", "text", false, false, NULL, "Code of the return cause when none is named."},
	{"notify_email", "boolean", false, false, "true", "Let the carrier mail the receiver."},
	{"notify_sms", "boolean", false, false, "true", "Let the carrier text the receiver."},
	{"unit_code", "text", false, false, NULL, "Unit of the articles, such as st."},
	{"weight_unit_g", "number", false, false, "1000", "Grams of one unit of articles' weight."},
	{"length_unit_mm",
	 "number",
	 false,
	 false,
	 "1000",
	 "Millimetres of one unit of articles' length."},
	{"page_size", "integer", false, false, "500", "Articles asked for at once."},
	{"user", "text", true, true, NULL, "Name of the API user that the warehouse made."},
	{"password", "text", true, true, NULL, "Password of the API user."},
	{"webhook_token",
	 "text",
	 false,
	 true,
	 NULL,
	 "Secret that webhooks carry in X-Auth-Token, as set in the warehouse system."},
	{NULL},
};

void
ff_ongoing_begin(const FfCall *call, FfMessage *message, const char *method, const char *path)
{
	const char *base = ff_json_text_or(call->config, "base_url", "");
	size_t length = strlen(base);

	while (length > 0 && base[length - 1] == '/')
		length--;
	base = pnstrdup(base, length);
	ff_message_begin(message, method, base, strstr(base, "/api/v") ? "" : API_PATH);
	ff_message_path(message, path);
	ff_message_header(message, "Accept", "application/json");
}

static int64
owner(const FfCall *call)
{
	int64 id;

	if (!ff_json_int64(call->config, "goods_owner_id", &id))
		ff_connector_fail(
			ONGOING, "config.goods_owner_id", "Set it to the number of the goods owner.");
	return id;
}

void
ff_ongoing_owner(FfJsonWriter *writer, const FfCall *call)
{
	ff_write_int(writer, "goodsOwnerId", owner(call));
}

void
ff_ongoing_owner_query(const FfCall *call, FfMessage *message)
{
	ff_message_query(message, "goodsOwnerId", psprintf(INT64_FORMAT, owner(call)));
}

/* Reading one article proves the login and the right to this goods owner. */
static void
test_request(const FfCall *call, FfMessage *message)
{
	ff_ongoing_begin(call, message, "GET", "/articles");
	ff_ongoing_owner_query(call, message);
	ff_message_query(message, "maxArticlesToGet", "1");
}

static void
test_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *json;

	(void) ff_ongoing_reply(call, reply, outcome, &json);
}

static const char *
event_id(const FfReply *webhook, const FfJson *body)
{
	return ff_json_text(body, "webhookEventId");
}

const FfConnector ff_connector_ongoing_wms = {
	.name = ONGOING,
	.title = "Ongoing WMS",
	.roles = "fulfillment_center",
	.credentials =
		"The warehouse makes an API user for the goods owner and tells its name, password, "
		"instance and goods owner number; it also sets the address and the token of "
		"webhooks.",
	.auth = {.kind = FF_AUTH_BASIC, .user = "user", .password = "password"},
	.settings = settings,
	.max_concurrency = 1,
	.timeout_ms = TIMEOUT_MS,
	.find_is_authoritative = true,
	.find_grace_s = GRACE_S,
	.operations =
		{
			[FF_OP_CREATE_SHIPMENT] = {ff_ongoing_create_request,
									   ff_ongoing_create_outcome,
									   FF_REPEAT_AFTER_FIND},
			[FF_OP_FIND_SHIPMENT] = {ff_ongoing_get_request,
									 ff_ongoing_get_outcome,
									 FF_REPEAT_SAFE},
			[FF_OP_GET_SHIPMENT] = {ff_ongoing_get_request, ff_ongoing_get_outcome, FF_REPEAT_SAFE},
			[FF_OP_UPDATE_SHIPMENT] = {ff_ongoing_update_request,
									   ff_ongoing_update_outcome,
									   FF_REPEAT_SAFE},
			[FF_OP_HOLD_SHIPMENT] = {ff_ongoing_hold_request,
									 ff_ongoing_hold_outcome,
									 FF_REPEAT_SAFE},
			[FF_OP_CANCEL_SHIPMENT] = {ff_ongoing_cancel_request,
									   ff_ongoing_cancel_outcome,
									   FF_REPEAT_SAFE},
			[FF_OP_ANNOUNCE_RETURN] = {ff_ongoing_announce_request,
									   ff_ongoing_announce_outcome,
									   FF_REPEAT_SAFE},
			[FF_OP_GET_RETURN] = {ff_ongoing_return_request,
								  ff_ongoing_return_outcome,
								  FF_REPEAT_SAFE},
			[FF_OP_GET_INVENTORY] = {ff_ongoing_inventory_request,
									 ff_ongoing_inventory_outcome,
									 FF_REPEAT_SAFE},
			[FF_OP_PUT_ITEMS] = {ff_ongoing_items_request,
								 ff_ongoing_items_outcome,
								 FF_REPEAT_SAFE},
			[FF_OP_TEST_CONNECTION] = {test_request, test_outcome, FF_REPEAT_SAFE},
		},
	.receive = {.verify = {FF_VERIFY_SHARED_SECRET, "X-Auth-Token", "webhook_token"},
				.event_id = event_id,
				.translate = ff_ongoing_receive},
};
