/*
 * woocommerce.c
 *
 * The WooCommerce peer's door: routes, settings, controls, authorization by
 * consumer key, errors in WordPress's shape and paging headers.  What the
 * routes do is in the woo_*.c files, the shop it opens with and its customers
 * in woo_seed.c.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "woo.h"

Woo woo;
long woo_site_zone;
long woo_held_back;
char woo_currency[SIM_TEXT_SIZE];

static char consumer_key[SIM_TEXT_SIZE];
static char consumer_secret[SIM_TEXT_SIZE];
static bool php_warning;

static const char warning[] =
	"<br />\n<b>Warning</b>:  Undefined array key \"foo\" in "
	"<b>/var/www/wp-content/plugins/x/x.php</b> on line <b>12</b><br />\n";

/* --- answers --- */

void
woo_reply_bytes(SimRequest *request, int status, const char *text, size_t size)
{
	if (!php_warning)
		sim_reply_text(request, status, "application/json; charset=UTF-8", text, size);
	else
	{
		char *both = sim_format("%s%s", warning, text);

		sim_reply_text(request, status, "application/json; charset=UTF-8", both, strlen(both));
		free(both);
	}
}

void
woo_reply(SimRequest *request, int status, json_t *json)
{
	char *text = json_dumps(json, SIM_WIRE);

	woo_reply_bytes(request, status, text, strlen(text));
	free(text);
	json_decref(json);
}

void
woo_error(SimRequest *request, int status, const char *code, const char *format, ...)
{
	va_list arguments;
	char message[400];

	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	woo_reply(
		request,
		status,
		json_pack(
			"{s:s, s:s, s:{s:i}}", "code", code, "message", message, "data", "status", status));
}

static void
invalid_param(SimRequest *request, const char *name, const char *detail)
{
	char *message = sim_format("Invalid parameter(s): %s", name);

	woo_reply(request,
			  400,
			  json_pack("{s:s, s:s, s:{s:i, s:{s:s}, s:{s:{s:s, s:s, s:n}}}}",
						"code",
						"rest_invalid_param",
						"message",
						message,
						"data",
						"status",
						400,
						"params",
						name,
						detail,
						"details",
						name,
						"code",
						"rest_invalid_param",
						"message",
						detail,
						"data"));
	free(message);
}

void
woo_bad_parameter(SimRequest *request, const char *name, const char *format, ...)
{
	va_list arguments;
	char detail[300];

	va_start(arguments, format);
	vsnprintf(detail, sizeof detail, format, arguments);
	va_end(arguments);
	sim_offence(request, true, "value", name, "%s", detail);
	invalid_param(request, name, detail);
}

static void
refuse(SimRequest *request, const SimFailure *failures, int count)
{
	const char *rule = failures->rule;

	(void) count;
	if (strcmp(rule, "route") == 0 || strcmp(rule, "method") == 0)
		woo_error(request,
				  404,
				  "rest_no_route",
				  "No route was found matching the URL and request method.");
	else if (strcmp(rule, "json") == 0)
		woo_error(request, 400, "rest_invalid_json", "Invalid JSON body passed.");
	else if (strcmp(rule, "size") == 0)
		woo_error(request, 413, "rest_entity_too_large", "The request is too large.");
	else if (strcmp(rule, "required") == 0)
		woo_error(request,
				  400,
				  "rest_missing_callback_param",
				  "Missing parameter(s): %s",
				  failures->field);
	else
		invalid_param(request, failures->field, failures->detail);
}

static void
fail(SimRequest *request, int status)
{
	if (status == 401)
		woo_error(
			request, status, "woocommerce_rest_authentication_error", "Consumer key is invalid.");
	else if (status == 503)
		sim_reply_text(request,
					   status,
					   "text/html; charset=utf-8",
					   "<h1>Briefly unavailable for scheduled maintenance.</h1>",
					   55);
	else
		woo_error(request,
				  status,
				  "internal_server_error",
				  "There has been a critical error on this website.");
}

void
woo_page_headers(SimRequest *request, long total, long page, long per_page)
{
	long pages = (total + per_page - 1) / per_page;
	char base[200];

	sim_reply_header(request, "X-WP-Total", "%ld", total);
	sim_reply_header(request, "X-WP-TotalPages", "%ld", pages);
	sim_base_url(request, base);
	if (page < pages)
		sim_reply_header(request,
						 "Link",
						 "<%s%s?page=%ld&per_page=%ld>; rel=\"next\"",
						 base,
						 request->path,
						 page + 1,
						 per_page);
	else if (page > 1)
		sim_reply_header(request,
						 "Link",
						 "<%s%s?page=%ld&per_page=%ld>; rel=\"prev\"",
						 base,
						 request->path,
						 page - 1,
						 per_page);
}

bool
woo_read_page(SimRequest *request, long *page, long *per_page)
{
	*page = sim_query_int(request, "page", sim_query(request, "page") ? -1 : 1);
	*per_page = sim_query_int(request, "per_page", sim_query(request, "per_page") ? -1 : 10);
	if (*per_page < 1 || *per_page > 100)
		woo_bad_parameter(
			request, "per_page", "per_page must be between 1 (inclusive) and 100 (inclusive)");
	else if (*page < 1)
		woo_bad_parameter(request, "page", "page must be greater than or equal to 1");
	else
		return true;
	return false;
}

json_t *
woo_date(double when, int zone_minutes)
{
	char buffer[40];

	return json_string(sim_time(when, zone_minutes, "%Y-%m-%dT%H:%M:%S", buffer));
}

/* --- authorization --- */

static bool
unauthorized(SimRequest *request, const char *code, const char *message)
{
	sim_offence(request, true, "auth", "Authorization", "%s", message);
	woo_error(request, 401, code, "%s", message);
	return false;
}

static bool
authorize(SimRequest *request)
{
	char key[200] = "";
	char secret[200] = "";

	if (sim_query(request, "oauth_consumer_key"))
	{
		const char *problem;

		snprintf(key, sizeof key, "%.199s", sim_query(request, "oauth_consumer_key"));
		snprintf(secret, sizeof secret, "%.199s", *consumer_secret ? consumer_secret : "cs_b");
		problem = woo_oauth_problem(request, secret);
		if (problem)
			return unauthorized(request, "woocommerce_rest_authentication_error", problem);
	}
	else if (!sim_basic_auth(request, key, secret))
	{
		if (!sim_query(request, "consumer_key"))
			return unauthorized(
				request, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources.");
		snprintf(key, sizeof key, "%.199s", sim_query(request, "consumer_key"));
		snprintf(secret,
				 sizeof secret,
				 "%.199s",
				 sim_query(request, "consumer_secret") ? sim_query(request, "consumer_secret")
													   : "");
	}
	if (strncmp(key, "ck_", 3) != 0 || (*consumer_key && strcmp(key, consumer_key) != 0))
		return unauthorized(
			request, "woocommerce_rest_authentication_error", "Consumer key is invalid.");
	if (strncmp(secret, "cs_", 3) != 0 ||
		(*consumer_secret && strcmp(secret, consumer_secret) != 0))
		return unauthorized(
			request, "woocommerce_rest_authentication_error", "Consumer secret is invalid.");
	return true;
}

/* --- control --- */

static json_t *
order_state(const WooOrder *order)
{
	json_t *state = json_pack("{s:I, s:s, s:i, s:o}",
							  "id",
							  (json_int_t) order->id,
							  "status",
							  order->status,
							  "edits",
							  order->edits,
							  "order",
							  woo_order_json(order));
	const char *const names[] = {"notes", "refunds", "fulfillments", "trackings"};
	json_t *const lists[] = {order->notes, order->refunds, order->fulfillments, order->trackings};

	for (int i = 0; i < 4; i++)
		json_object_set_new(state, names[i], lists[i] ? json_incref(lists[i]) : json_array());
	return state;
}

static void
control_orders(SimRequest *request)
{
	long id = sim_query_int(request, "id", 0);
	const char *status = sim_query(request, "status");
	json_t *list = json_array();

	for (size_t i = 0; i < woo.orders.count; i++)
	{
		const WooOrder *order = sim_map_at(&woo.orders, i);

		if ((!id || order->id == id) && (!status || strcmp(order->status, status) == 0))
			json_array_append_new(list, order_state(order));
	}
	sim_reply(request,
			  200,
			  json_pack("{s:i, s:o}", "count", (int) json_array_size(list), "orders", list));
}

static void
control_counts(SimRequest *request)
{
	json_t *by_status = json_object();
	size_t notes = 0;
	size_t refunds = 0;
	size_t fulfillments = 0;
	size_t trackings = 0;

	for (size_t i = 0; i < woo.orders.count; i++)
	{
		const WooOrder *order = sim_map_at(&woo.orders, i);
		json_t *count = json_object_get(by_status, order->status);

		json_object_set_new(by_status, order->status, json_integer(json_integer_value(count) + 1));
		notes += json_array_size(order->notes);
		refunds += json_array_size(order->refunds);
		fulfillments += json_array_size(order->fulfillments);
		trackings += json_array_size(order->trackings);
	}
	sim_reply(request,
			  200,
			  json_pack("{s:I, s:o, s:I, s:I, s:I, s:I}",
						"orders",
						(json_int_t) woo.orders.count,
						"by_status",
						by_status,
						"notes",
						(json_int_t) notes,
						"refunds",
						(json_int_t) refunds,
						"fulfillments",
						(json_int_t) fulfillments,
						"trackings",
						(json_int_t) trackings));
}

/* A shopper or the shop's staff changes an order: the members given replace the order's. */
static void
control_edit(SimRequest *request)
{
	long id = (long) sim_real(request->json, "id", 0);
	WooOrder *order = sim_map_get_id(&woo.orders, id);
	json_t *json;
	const char *key;
	json_t *value;

	if (!order)
	{
		sim_control_error(request, "There is no order %ld.", id);
		return;
	}
	json = woo_order_json(order);
	json_object_foreach(request->json, key, value)
	{
		json_t *old = json_object_get(json, key);

		if (strcmp(key, "status") == 0 && json_is_string(value))
			woo_apply_status(json, json_string_value(value));
		else if (json_is_object(old) && json_is_object(value))
			json_object_update(old, value);
		else
			json_object_set(json, key, value);
	}
	woo_order_save(order, json, "order.updated");
	sim_reply(request, 200, order_state(order));
}

/* --- the peer --- */

static void
reset(void)
{
	woo_oauth_reset();
	woo_orders_reset();
	woo_products_reset();
	woo_hooks_reset();
}

static const SimSetting settings[] = {
	{"consumer_key", SIM_SETTING_TEXT, consumer_key, "", "only this key; empty: any ck_…"},
	{"consumer_secret",
	 SIM_SETTING_TEXT,
	 consumer_secret,
	 "",
	 "only this secret; empty: any cs_…, cs_b where a request is signed"},
	{"fulfillments",
	 SIM_SETTING_BOOL,
	 &woo_fulfillments_on,
	 "true",
	 "the Order Fulfillments API is switched on"},
	{"shipment_tracking",
	 SIM_SETTING_BOOL,
	 &woo_tracking_plugin_on,
	 "false",
	 "the Shipment Tracking plugin is installed, and the advanced one"},
	{"php_warning", SIM_SETTING_BOOL, &php_warning, "false", "PHP warnings precede every JSON"},
	{"site_zone_minutes", SIM_SETTING_INT, &woo_site_zone, "60", "the site's time zone"},
	{"currency", SIM_SETTING_TEXT, woo_currency, "EUR", "of the shop"},
	{"held_back",
	 SIM_SETTING_INT,
	 &woo_held_back,
	 "0",
	 "units of each stock quantity that a plugin keeps back and does not show"},
	{0}};

#define OAUTH                                                                \
	"oauth_consumer_key oauth_nonce oauth_signature oauth_signature_method " \
	"oauth_timestamp "
#define COMMON "context _fields _method consumer_key consumer_secret " OAUTH
#define V3     "/wp-json/wc/v3"
#define ORDER_QUERY                                                                            \
	COMMON                                                                                     \
	"modified_after modified_before after before dates_are_gmt status status[] per_page page " \
	"offset orderby order include exclude customer product search dp"
#define PRODUCT_QUERY \
	COMMON "sku per_page page offset orderby order include exclude search status type"

/* WordPress takes POST, PUT and PATCH for every change. */
#define EDIT(path_, handle_, schema_)                                                          \
	{"PUT", path_, handle_, schema_, COMMON, 0}, {"POST", path_, handle_, schema_, COMMON, 0}, \
	{                                                                                          \
		"PATCH", path_, handle_, schema_, COMMON, 0                                            \
	}

#define AST       "/wp-json/wc-ast/v3/orders/{id}/shipment-trackings"
#define TRACKINGS "/wp-json/wc-shipment-tracking/v3/orders/{id}/shipment-trackings"

static const SimRoute routes[] = {
	{"GET", V3 "/orders", woo_list_orders, NULL, ORDER_QUERY, 0},
	{"POST", V3 "/orders/batch", woo_batch_orders, &woo_batch_schema, COMMON, 0},
	{"GET", V3 "/orders/{id}", woo_get_order, NULL, COMMON "dp", 0},
	EDIT(V3 "/orders/{id}", woo_put_order, &woo_order_schema),
	{"GET", V3 "/products", woo_list_products, NULL, PRODUCT_QUERY, 0},
	{"POST", V3 "/products/batch", woo_batch_products, &woo_batch_schema, COMMON, 0},
	{"GET", V3 "/products/{id}", woo_get_product, NULL, COMMON, 0},
	EDIT(V3 "/products/{id}", woo_put_product, &woo_product_schema),
	{"GET", V3 "/products/{id}/variations", woo_list_variations, NULL, PRODUCT_QUERY, 0},
	{"POST",
	 V3 "/products/{id}/variations/batch",
	 woo_batch_variations,
	 &woo_batch_schema,
	 COMMON,
	 0},
	{"GET", V3 "/products/{id}/variations/{variation}", woo_get_product, NULL, COMMON, 0},
	EDIT(V3 "/products/{id}/variations/{variation}", woo_put_product, &woo_product_schema),
	{"GET", V3 "/webhooks", woo_list_hooks, NULL, COMMON "page per_page status", 0},
	{"POST", V3 "/webhooks", woo_create_hook, &woo_hook_schema, COMMON, 0},
	EDIT(V3 "/webhooks/{id}", woo_put_hook, &woo_hook_schema),
	{"DELETE", V3 "/webhooks/{id}", woo_delete_hook, NULL, COMMON "force", 0},
	{"GET", V3 "/orders/{id}/notes", woo_list_notes, NULL, COMMON "type", 0},
	{"POST", V3 "/orders/{id}/notes", woo_add_note, &woo_note_schema, COMMON, 0},
	{"GET", V3 "/orders/{id}/refunds", woo_list_refunds, NULL, COMMON "page per_page", 0},
	{"POST", V3 "/orders/{id}/refunds", woo_add_refund, &woo_refund_schema, COMMON, 0},
	{"GET",
	 V3 "/orders/{id}/fulfillments/lookup",
	 woo_lookup_provider,
	 NULL,
	 COMMON "tracking_number",
	 0},
	{"GET", V3 "/orders/{id}/fulfillments", woo_list_fulfillments, NULL, COMMON, 0},
	{"POST",
	 V3 "/orders/{id}/fulfillments",
	 woo_add_fulfillment,
	 &woo_fulfillment_schema,
	 COMMON "notify_customer",
	 0},
	{"PUT",
	 V3 "/orders/{id}/fulfillments/{fulfillment}",
	 woo_put_fulfillment,
	 &woo_fulfillment_schema,
	 COMMON "notify_customer",
	 0},
	{"DELETE",
	 V3 "/orders/{id}/fulfillments/{fulfillment}",
	 woo_delete_fulfillment,
	 NULL,
	 COMMON "notify_customer",
	 0},
	{"GET", TRACKINGS, woo_list_trackings, NULL, COMMON, 0},
	{"POST", TRACKINGS, woo_add_tracking, &woo_tracking_schema, COMMON, 0},
	{"GET", AST, woo_list_trackings, NULL, COMMON, 0},
	{"POST", AST, woo_add_tracking, &woo_tracking_schema, COMMON, 0},
	{"GET", TRACKINGS "/providers", woo_tracking_providers, NULL, COMMON, 0},
	{"DELETE", TRACKINGS "/{tracking}", woo_delete_tracking, NULL, COMMON, 0},
	{0}};

static const SimRoute controls[] = {
	{"POST", "/seed", woo_control_seed, &woo_seed_schema, NULL, 0},
	{"POST", "/orders", woo_control_create, &woo_create_schema, NULL, 0},
	{"GET", "/orders", control_orders, NULL, "id status", 0},
	{"POST", "/order", control_edit, NULL, NULL, SIM_BODY_FREE},
	{"GET", "/counts", control_counts, NULL, NULL, 0},
	{"GET", "/catalogue", woo_control_catalogue, NULL, NULL, 0},
	{"GET", "/stock", woo_control_stock, NULL, "sku", 0},
	{"POST", "/goods", woo_control_goods, NULL, NULL, SIM_BODY_FREE},
	{"POST", "/webhook", woo_control_webhook, &woo_control_webhook_schema, NULL, 0},
	{0}};

const SimPeer sim_peer_woocommerce = {.name = "woocommerce",
									  .routes = routes,
									  .controls = controls,
									  .settings = settings,
									  .authorize = authorize,
									  .refuse = refuse,
									  .fail = fail,
									  .reset = reset};
