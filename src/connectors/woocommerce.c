/*
 * woocommerce.c
 *
 * WooCommerce, REST API v3: the settings of a shop, the addresses of its API
 * and what its answers mean.  Every shop is hosted by somebody else: PHP
 * warnings stand before the JSON, proxies and maintenance pages answer in
 * HTML, PUT may be blocked.  All operations begin by looking, so each of them
 * may be repeated from its beginning.
 *
 * Orders are read in woocommerce_orders.c and fetched in woocommerce_fetch.c;
 * shipments are confirmed in woocommerce_confirm.c in one of the ways of
 * woocommerce_ways.c; states, notes and refunds stand in woocommerce_update.c,
 * stock in woocommerce_stock.c.
 */
#include "postgres.h"

#include "connectors/woocommerce.h"

static const FfSetting settings[] = {
	{"base_url",
	 "url",
	 true,
	 false,
	 NULL,
	 "Address of the shop, such as https://shop.example or https://shop.example/?rest_route= when "
	 "it has no pretty permalinks."},
	{"authentication",
	 "text",
	 false,
	 false,
	 NULL,
	 "How the key is shown: basic (the Authorization header), query (for hosts that keep that header "
	 "to themselves) or oauth1 (signed, over plain http). Left out: basic over https, oauth1 over "
	 "http."},
	{"statuses",
	 "text",
	 false,
	 false,
	 "processing,on-hold,cancelled,refunded",
	 "Statuses of orders to fetch, with commas between them; custom ones too."},
	{"order_by",
	 "text",
	 false,
	 false,
	 "modified",
	 "Order in which orders are fetched: modified, or id for WooCommerce before 6."},
	{"confirm_with",
	 "text",
	 false,
	 false,
	 "note",
	 "How shipments are confirmed: fulfillments (the core API), shipment_tracking or "
	 "advanced_shipment_tracking (plugins), or note (a note to the customer)."},
	{"notify_customer",
	 "boolean",
	 false,
	 false,
	 "true",
	 "Whether the shop tells the customer about a fulfillment or a note."},
	{"complete_orders",
	 "boolean",
	 false,
	 false,
	 "true",
	 "Whether an order is set to completed when everything is shipped; many payment plugins then "
	 "capture."},
	{"authorized_methods",
	 "object",
	 false,
	 false,
	 "[]",
	 "Payment methods whose money is only authorized when the shop calls it paid, such as "
	 "[\"kco\"]."},
	{"pay_on_delivery_methods",
	 "object",
	 false,
	 false,
	 "[\"cod\"]",
	 "Payment methods that are paid on delivery."},
	{"gateways",
	 "object",
	 false,
	 false,
	 "{}",
	 "Names of payment gateways by payment method, such as {\"kco\": \"klarna\"}, beside the known "
	 "ones."},
	{"pickup_point_key",
	 "text",
	 false,
	 false,
	 NULL,
	 "The meta key of the shipping line or order that holds the id of the pickup point."},
	{"manage_stock",
	 "boolean",
	 false,
	 false,
	 "false",
	 "Whether pushing stock also switches on the product's stock management."},
	{"api_refund",
	 "boolean",
	 false,
	 false,
	 "false",
	 "Whether a refund moves money through the shop's payment gateway; false only books it."},
	{"api_restock",
	 "boolean",
	 false,
	 false,
	 "false",
	 "Whether a refund puts the goods back into the shop's stock."},
	{"method_override",
	 "boolean",
	 false,
	 false,
	 "false",
	 "Whether PUT is sent as POST with X-HTTP-Method-Override, for hosts that block it."},
	{"consumer_key", "text", true, true, NULL, "Consumer key, ck_…, with read and write rights."},
	{"consumer_secret", "text", true, true, NULL, "Consumer secret, cs_…."},
	{"webhook_secret", "text", false, true, NULL, "Secret of the shop's webhooks."},
	{NULL}};

/* The shop's REST root: .../wp-json, or .../?rest_route= without pretty permalinks. */
static char *
rest_root(const FfCall *call)
{
	static const char *const tails[] = {"/", "/wc/v3", "/wp-json"};
	char *base = ff_json_text(call->config, "base_url");

	for (int i = 0; i < (int) lengthof(tails); i++)
	{
		size_t length = strlen(tails[i]);

		while (strlen(base) > length && strcmp(base + strlen(base) - length, tails[i]) == 0)
			base[strlen(base) - length] = '\0';
	}
	return strstr(base, "rest_route=") != NULL ? base : psprintf("%s/wp-json", base);
}

static const FfAuth basic_auth = {
	.kind = FF_AUTH_BASIC, .user = "consumer_key", .password = "consumer_secret"};
static const FfAuth query_auth = {
	.kind = FF_AUTH_QUERY, .user = "consumer_key", .password = "consumer_secret"};
static const FfAuth oauth1_auth = {
	.kind = FF_AUTH_OAUTH1, .user = "consumer_key", .password = "consumer_secret"};

static const struct
{
	const char *name;
	const FfAuth *auth;
} authentications[] = {
	{"basic", &basic_auth},
	{"query", &query_auth},
	{"oauth1", &oauth1_auth},
};

/* A shop takes the key itself over https only; over http it wants a signature. */
static void
choose_authentication(const FfCall *call, FfMessage *message)
{
	bool safe = ff_url_is_safe(ff_json_text(call->config, "base_url"));
	const char *name = ff_json_text_or(call->config, "authentication", safe ? "basic" : "oauth1");

	for (int i = 0; i < (int) lengthof(authentications); i++)
		if (pg_strcasecmp(authentications[i].name, name) == 0)
			message->auth = authentications[i].auth;
	if (message->auth == NULL)
		ff_connector_fail(WOO_NAME, "config.authentication", "Choose basic, query or oauth1.");
	if (!safe && message->auth != &oauth1_auth)
		ff_connector_fail(WOO_NAME,
						  "config.authentication",
						  "Over plain http only oauth1 keeps the secret: choose it, or give an "
						  "address that begins with https://.");
	message->plain_allowed = !safe;
}

void
ff_woo_begin(const FfCall *call, FfMessage *message, const char *method, const char *path)
{
	const char *base = ff_json_text_or(call->config, "base_url", "");

	if (pg_strncasecmp(base, "https://", 8) != 0 && pg_strncasecmp(base, "http://", 7) != 0)
		ff_connector_fail(
			WOO_NAME, "config.base_url", "Give an address that begins with https://.");
	ff_message_init(message);
	choose_authentication(call, message);
	if (strcmp(method, "PUT") == 0 && ff_json_bool(call->config, "method_override", false))
	{
		ff_message_begin(message, "POST", rest_root(call), path);
		ff_message_header(message, "X-HTTP-Method-Override", method);
	}
	else
		ff_message_begin(message, method, rest_root(call), path);
}

void
ff_woo_begin_order(const FfCall *call, FfMessage *message, const char *method, const char *space,
				   const char *rest)
{
	/* the shop's id is left out where it is the number */
	const char *id = ff_json_text_or(
		call->document, "order.channel_order_id", ff_json_text(call->document, "order.number"));

	if (id == NULL || *id == '\0')
		ff_connector_fail(WOO_NAME, "order.channel_order_id", "Give the shop's id of the order.");
	ff_woo_begin(call, message, method, psprintf("/%s/orders/", space));
	ff_message_segment(message, id);
	ff_message_path(message, rest);
}

void
ff_woo_note(const FfCall *call, FfMessage *message, const char *text, bool to_customer)
{
	FfJsonWriter writer;

	ff_woo_begin_order(call, message, "POST", "wc/v3", "/notes");
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_text(&writer, "note", text);
	ff_write_bool(&writer, "customer_note", to_customer);
	ff_message_json(message, &writer);
}

/* Warnings that PHP printed stand before the JSON, which begins at some "{" or "[". */
#define MOST_TRIES 20

FfJson *
ff_woo_parse(const FfReply *reply)
{
	const char *end = reply->body + reply->length;
	FfOutcome ignored;
	int tries = 0;

	ff_outcome_init(&ignored);
	for (const char *c = reply->body; c < end && tries < MOST_TRIES; c++)
	{
		FfReply rest = *reply;
		FfJson *json;

		if (*c != '{' && *c != '[')
			continue;
		tries++;
		rest.body = c;
		rest.length = (size_t) (end - c);
		json = ff_outcome_json(&rest, &ignored);
		if (json != NULL)
			return json;
	}
	return NULL;
}

/* Codes that say more than their status does. */
static const struct
{
	const char *code;
	FfResult result;
} codes[] = {
	{"woocommerce_rest_authentication_error", FF_RESULT_UNAUTHORIZED},
	{"woocommerce_rest_cannot_create_order_refund", FF_RESULT_REFUSED},
};

/* Parameters of the API and the fields of ours that they were made from. */
static const struct
{
	const char *parameter;
	const char *field;
} fields[] = {
	{"status", "order.state"},
	{"note", "order.note"},
	{"amount", "return.amount"},
	{"reason", "return.number"},
	{"line_items", "return.lines"},
	{"meta_data", "shipment.packages"},
	{"tracking_number", "shipment.packages"},
	{"modified_after", "since"},
};

/* "Invalid parameter(s): status (status is not one of …)", and the field of the first. */
static void
read_parameters(const FfJson *parameters, FfOutcome *outcome)
{
	StringInfoData texts;
	void *state = NULL;
	char *key;
	FfJson *value;

	initStringInfo(&texts);
	while (ff_json_each(parameters, &state, &key, &value))
	{
		appendStringInfo(
			&texts, "%s%s", texts.len > 0 ? "; " : "", ff_json_text_or(value, "", key));
		for (int i = 0; i < (int) lengthof(fields) && outcome->field == NULL; i++)
			if (strcmp(fields[i].parameter, key) == 0)
				outcome->field = fields[i].field;
	}
	if (texts.len > 0)
		outcome->message = psprintf("%s (%s)", outcome->message, texts.data);
}

FfJson *
ff_woo_read(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *json = ff_woo_parse(reply);
	char *code = ff_json_text(json, "code");

	if (ff_outcome_http(call, reply, FF_REPEAT_SAFE, outcome))
	{
		if (json == NULL)
			ff_outcome_set(outcome,
						   FF_RESULT_RETRY,
						   "not_json",
						   psprintf("The shop answered with a page instead of data: %s",
									ff_plain_text(reply->body, 100)),
						   NULL);
		return json;
	}
	if (json == NULL && outcome->result == FF_RESULT_REFUSED && reply->status >= 400)
		ff_outcome_set(outcome,
					   FF_RESULT_RETRY,
					   NULL,
					   psprintf("The shop answered with a page instead of data (HTTP status %d).",
								reply->status),
					   NULL);
	if (reply->status == 409 || reply->status == 423)
		outcome->result = FF_RESULT_RETRY;
	ff_outcome_set(outcome, outcome->result, code, ff_json_text(json, "message"), NULL);
	for (int i = 0; code != NULL && i < (int) lengthof(codes); i++)
		if (strcmp(codes[i].code, code) == 0)
			outcome->result = codes[i].result;
	read_parameters(ff_json_get(json, "data.params"), outcome);
	return NULL;
}

const char *
ff_woo_step(const FfCall *call)
{
	return ff_json_text_or(call->state, "step", "first");
}

void
ff_woo_continue(FfOutcome *outcome, const char *step)
{
	outcome->result = FF_RESULT_CONTINUE;
	outcome->next = psprintf("{\"step\":\"%s\"}", step);
}

FfJson *
ff_woo_meta(const FfJson *object, const char *key)
{
	FfJson *list = ff_json_get(object, "meta_data");

	for (int i = 0; key != NULL && i < ff_json_count(list); i++)
	{
		FfJson *entry = ff_json_at(list, i);
		char *name = ff_json_text(entry, "key");

		if (name != NULL && strcmp(name, key) == 0)
			return ff_json_get(entry, "value");
	}
	return NULL;
}

/* One order is asked for: that takes the key, which the list of routes would not. */
static void
test_request(const FfCall *call, FfMessage *message)
{
	ff_woo_begin(call, message, "GET", "/wc/v3/orders");
	ff_message_query(message, "per_page", "1");
}

static void
test_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	(void) ff_woo_read(call, reply, outcome);
}

static const char *
event_id(const FfReply *webhook, const FfJson *body)
{
	return ff_reply_header(webhook, "X-WC-Webhook-Delivery-ID");
}

const FfConnector ff_connector_woocommerce = {
	.name = WOO_NAME,
	.title = "WooCommerce",
	.roles = "channel",
	.credentials =
		"Make a key with rights to read and write under WooCommerce, Settings, Advanced, "
		"REST API. Webhooks are made beside it, each with the same secret.",
	.auth = {.kind = FF_AUTH_BASIC, .user = "consumer_key", .password = "consumer_secret"},
	.settings = settings,
	.rate_per_second = 5,
	.max_concurrency = 2,
	.operations =
		{
			[FF_OP_FETCH_ORDERS] = {ff_woo_fetch_request, ff_woo_fetch_outcome, FF_REPEAT_SAFE},
			[FF_OP_CONFIRM_SHIPMENT] = {ff_woo_confirm_request,
										ff_woo_confirm_outcome,
										FF_REPEAT_SAFE},
			[FF_OP_PUSH_INVENTORY] = {ff_woo_stock_request, ff_woo_stock_outcome, FF_REPEAT_SAFE},
			[FF_OP_UPDATE_ORDER] = {ff_woo_update_request, ff_woo_update_outcome, FF_REPEAT_SAFE},
			[FF_OP_PUSH_RETURN] = {ff_woo_return_request, ff_woo_return_outcome, FF_REPEAT_SAFE},
			[FF_OP_TEST_CONNECTION] = {test_request, test_outcome, FF_REPEAT_SAFE},
		},
	.receive = {.verify = {FF_VERIFY_HMAC_SHA256_BASE64,
						   "X-WC-Webhook-Signature",
						   "webhook_secret"},
				.event_id = event_id,
				.translate = ff_woo_receive},
};
