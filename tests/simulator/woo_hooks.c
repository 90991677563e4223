/*
 * woo_hooks.c
 *
 * The shop's webhooks: made through the API, signed with their secret, emitted
 * when an order changes.  A control call makes one delivery by hand and
 * answers its headers and body, so that a test can give them to whatever
 * receives webhooks without any network.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "woo.h"

static long delivery;

/* The headers WooCommerce sends with a body. */
static json_t *
make_headers(long hook, const char *topic, const char *secret, const char *body, size_t size)
{
	const char *dot = strchr(topic, '.');
	char *signature = sim_hmac_base64(secret, strlen(secret), body, size);
	char id[24];
	char number[24];
	char resource[40];
	json_t *headers;

	snprintf(id, sizeof id, "%ld", hook);
	snprintf(number, sizeof number, "%ld", ++delivery);
	snprintf(resource, sizeof resource, "%.*s", (int) (dot ? dot - topic : 0), topic);
	headers = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}",
						"Content-Type",
						"application/json",
						"User-Agent",
						"WooCommerce/9.4.2 Hookshot (WordPress/6.7.1)",
						"X-WC-Webhook-Source",
						"https://shop.example/",
						"X-WC-Webhook-Topic",
						topic,
						"X-WC-Webhook-Resource",
						resource,
						"X-WC-Webhook-Event",
						dot ? dot + 1 : "",
						"X-WC-Webhook-Signature",
						signature,
						"X-WC-Webhook-ID",
						id,
						"X-WC-Webhook-Delivery-ID",
						number);
	free(signature);
	return headers;
}

void
woo_announce(const char *topic, const char *body, size_t size)
{
	for (size_t i = 0; i < woo.hooks.count; i++)
	{
		const json_t *hook = sim_map_at(&woo.hooks, i);

		if (strcmp(sim_text(hook, "status", ""), "active") != 0 ||
			strcmp(sim_text(hook, "topic", ""), topic) != 0)
			continue;
		sim_emit(
			&sim_peer_woocommerce,
			topic,
			make_headers(
				(long) sim_real(hook, "id", 0), topic, sim_text(hook, "secret", ""), body, size),
			body);
	}
}

/* What the API shows: never the secret. */
static json_t *
shown(const json_t *hook)
{
	json_t *copy = json_copy((json_t *) hook);

	json_object_del(copy, "secret");
	return copy;
}

void
woo_list_hooks(SimRequest *request)
{
	const char *status = sim_query(request, "status");
	json_t *list = json_array();

	for (size_t i = 0; i < woo.hooks.count; i++)
	{
		const json_t *hook = sim_map_at(&woo.hooks, i);

		if (!sim_is_one_of(sim_text(hook, "status", ""), "deleted", '|') &&
			(!status || strcmp(status, "all") == 0 ||
			 strcmp(status, sim_text(hook, "status", "")) == 0))
			json_array_append_new(list, shown(hook));
	}
	woo_page_headers(request, (long) json_array_size(list), 1, 100);
	woo_reply(request, 200, list);
}

/* A new or re-activated webhook is tried with a form, not with JSON. */
static void
ping(const json_t *hook)
{
	char body[40];

	snprintf(body, sizeof body, "webhook_id=%.0f", sim_real(hook, "id", 0));
	sim_emit(&sim_peer_woocommerce,
			 "ping",
			 json_pack("{s:s, s:s}",
					   "Content-Type",
					   "application/x-www-form-urlencoded",
					   "User-Agent",
					   "WooCommerce/9.4.2 Hookshot (WordPress/6.7.1)"),
			 body);
}

void
woo_create_hook(SimRequest *request)
{
	const json_t *json = request->json;
	const char *topic = sim_text(json, "topic", "");
	json_t *hook;

	if (!*topic || !sim_get(json, "delivery_url"))
	{
		woo_bad_parameter(request, *topic ? "delivery_url" : "topic", "It is missing.");
		return;
	}
	hook = json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:o}",
					 "id",
					 (json_int_t) woo.next_other++,
					 "name",
					 sim_text(json, "name", "Webhook"),
					 "status",
					 sim_text(json, "status", "active"),
					 "topic",
					 topic,
					 "delivery_url",
					 sim_text(json, "delivery_url", ""),
					 "secret",
					 sim_text(json, "secret", ""),
					 "date_created_gmt",
					 woo_date(sim_now(), 0));
	sim_map_put_id(&woo.hooks, (int64_t) sim_real(hook, "id", 0), hook);
	ping(hook);
	woo_reply(request, 201, shown(hook));
}

static json_t *
named_hook(SimRequest *request)
{
	json_t *hook = sim_map_get(&woo.hooks, request->argument[0]);

	if (hook && strcmp(sim_text(hook, "status", ""), "deleted") != 0)
		return hook;
	woo_error(request, 404, "woocommerce_rest_shop_webhook_invalid_id", "Invalid ID.");
	return NULL;
}

void
woo_put_hook(SimRequest *request)
{
	json_t *hook = named_hook(request);

	if (!hook)
		return;
	json_object_update_existing(hook, request->json);
	if (strcmp(sim_text(request->json, "status", ""), "active") == 0)
		ping(hook);
	woo_reply(request, 200, shown(hook));
}

void
woo_delete_hook(SimRequest *request)
{
	json_t *hook = named_hook(request);

	if (!hook)
		return;
	woo_reply(request, 200, shown(hook));
	json_object_set_new(hook, "status", json_string("deleted"));
}

static void
free_hook(void *hook)
{
	json_decref(hook);
}

void
woo_hooks_reset(void)
{
	sim_map_clear(&woo.hooks, free_hook);
	delivery = 0;
}

static const SimField hook_fields[] = {
	{"name", SIM_STRING, 0},
	{"topic",
	 SIM_STRING,
	 0,
	 .values = "order.created|order.updated|order.deleted|order.restored|product.created|"
			   "product.updated|product.deleted|customer.created|customer.updated|customer.deleted|"
			   "coupon.created|coupon.updated|coupon.deleted"},
	{"delivery_url", SIM_STRING, 0, .form = sim_is_url},
	{"secret", SIM_STRING, 0},
	{"status", SIM_STRING, 0, .values = "active|paused|disabled"},
	{0}};
SimSchema woo_hook_schema = {"A webhook", false, hook_fields, NULL};

/* --- control --- */

void
woo_control_webhook(SimRequest *request)
{
	const char *topic = sim_text(request->json, "topic", "order.updated");
	const char *secret = sim_text(request->json, "secret", "");
	const WooOrder *order =
		sim_map_get_id(&woo.orders, (int64_t) sim_real(request->json, "order", 0));
	json_t *headers;

	if (!order)
	{
		sim_control_error(request, "There is no order %.0f.", sim_real(request->json, "order", 0));
		return;
	}
	headers = make_headers(1, topic, secret, order->text, order->size);
	sim_emit(&sim_peer_woocommerce, topic, json_incref(headers), order->text);
	sim_reply(request, 200, json_pack("{s:o, s:s}", "headers", headers, "body", order->text));
}

static const SimField control_fields[] = {{"order", SIM_INTEGER, SIM_REQUIRED},
										  {"topic", SIM_STRING, 0},
										  {"secret", SIM_STRING, SIM_REQUIRED},
										  {0}};
SimSchema woo_control_webhook_schema = {"A webhook delivery", true, control_fields, NULL};
