/*
 * woo_seed.c
 *
 * Orders in WooCommerce's full wire format, drawn from the tables of
 * woo_world.c.  The same seed makes the same orders.  The shares of orders that are on hold,
 * have bad addresses, hold hazardous goods or were partly refunded are chosen
 * by the caller, and the answer says which orders they are.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "woo.h"

static const struct
{
	const char *method;
	const char *title;
} gateways[] = {
	{"kco", "Klarna"}, {"stripe", "Credit card"}, {"dibs_easy", "Nets Easy"}, {"paypal", "PayPal"}};

/* --- an order --- */

/* The members that are the same for everybody, or empty until something happens. */
static json_t *
frame(long id, const char *status)
{
	char number[24];
	char key[40];
	json_t *order;

	snprintf(number, sizeof number, "%ld", id);
	snprintf(key, sizeof key, "wc_order_%012lx", (unsigned long) id * 2654435761u);
	order = json_pack(
		"{s:I, s:i, s:s, s:s, s:s, s:b, s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:s, s:n, s:n, s:n, s:n, "
		"s:s, s:[], s:[], s:[], s:[], s:[], s:s, s:s}",
		"id",
		(json_int_t) id,
		"parent_id",
		0,
		"status",
		status,
		"currency",
		woo_currency,
		"version",
		"9.4.2",
		"prices_include_tax",
		1,
		"discount_total",
		"0.00",
		"discount_tax",
		"0.00",
		"customer_id",
		0,
		"order_key",
		key,
		"number",
		number,
		"created_via",
		"checkout",
		"customer_ip_address",
		"192.0.2.10",
		"customer_user_agent",
		"Mozilla/5.0",
		"date_completed",
		"date_completed_gmt",
		"date_paid",
		"date_paid_gmt",
		"cart_hash",
		"5f6d",
		"meta_data",
		"tax_lines",
		"fee_lines",
		"coupon_lines",
		"refunds",
		"currency_symbol",
		strcmp(woo_currency, "EUR") == 0 ? "€" : "",
		"customer_note",
		"");
	woo_apply_status(order, status);
	return order;
}

static void
set_sums(json_t *order, const WooSums *goods, const WooSums *shipping)
{
	json_object_set_new(order, "shipping_total", woo_money(shipping->total - shipping->tax));
	json_object_set_new(order, "shipping_tax", woo_money(shipping->tax));
	json_object_set_new(order, "cart_tax", woo_money(goods->tax));
	json_object_set_new(order, "total", woo_money(goods->total + shipping->total));
	json_object_set_new(order, "total_tax", woo_money(goods->tax + shipping->tax));
	if (goods->tax)
		json_array_append_new(json_object_get(order, "tax_lines"),
							  json_pack("{s:I, s:s, s:i, s:s, s:b, s:o, s:o, s:[]}",
										"id",
										(json_int_t) woo.next_item++,
										"rate_code",
										"VAT-1",
										"rate_id",
										5,
										"label",
										"VAT",
										"compound",
										0,
										"tax_total",
										woo_money(goods->tax),
										"shipping_tax_total",
										woo_money(shipping->tax),
										"meta_data"));
}

static void
set_payment(WooPlan *plan, json_t *order, bool held)
{
	size_t gateway = (size_t) woo_draw(plan, 4);
	char transaction[40];

	snprintf(transaction,
			 sizeof transaction,
			 "%s_%016llx",
			 held ? "bt" : "pi",
			 (unsigned long long) sim_random_next(&plan->random));
	json_object_set_new(
		order, "payment_method", json_string(held ? "bacs" : gateways[gateway].method));
	json_object_set_new(order,
						"payment_method_title",
						json_string(held ? "Direct bank transfer" : gateways[gateway].title));
	json_object_set_new(order, "transaction_id", json_string(held ? "" : transaction));
}

static void
set_addresses(json_t *order, json_t *address)
{
	json_t *billing = json_copy(address);
	char mail[80];

	snprintf(mail, sizeof mail, "buyer%.0f@example.com", sim_real(order, "id", 0));
	json_object_set_new(billing, "email", json_string(mail));
	json_object_set_new(order, "billing", billing);
	json_object_set_new(order, "shipping", address);
}

/* One item of the first line was refunded before anybody shipped. */
static void
refund_line(WooOrder *order)
{
	json_t *json = woo_order_json(order);
	const json_t *line = json_array_get(json_object_get(json, "line_items"), 0);
	double net = sim_real(line, "total", 0) / sim_real(line, "quantity", 1);
	double tax = sim_real(line, "total_tax", 0) / sim_real(line, "quantity", 1);
	json_int_t id = woo.next_id++;
	char amount[32];
	char total[40];

	snprintf(amount, sizeof amount, "%.2f", net + tax);
	snprintf(total, sizeof total, "-%.2f", net);
	order->refunds =
		json_pack("[{s:I, s:o, s:s, s:s, s:b, s:[{s:I, s:i, s:s, s:O, s:[{s:s, s:s}]}]}]",
				  "id",
				  id,
				  "date_created_gmt",
				  woo_date(order->modified, 0),
				  "amount",
				  amount,
				  "reason",
				  "changed mind",
				  "refunded_payment",
				  1,
				  "line_items",
				  "id",
				  (json_int_t) woo.next_item++,
				  "quantity",
				  -1,
				  "total",
				  total,
				  "sku",
				  json_object_get(line, "sku"),
				  "meta_data",
				  "key",
				  "_refunded_item_id",
				  "value",
				  "");
	json_object_set(json_array_get(sim_get(order->refunds, "0.line_items.0.meta_data"), 0),
					"value",
					json_object_get(line, "id"));
	snprintf(total, sizeof total, "-%s", amount);
	json_array_append_new(
		json_object_get(json, "refunds"),
		json_pack("{s:I, s:s, s:s}", "id", id, "reason", "changed mind", "total", total));
	free(order->text);
	order->text = json_dumps(json, SIM_WIRE);
	order->size = strlen(order->text);
	json_decref(json);
}

static void
seed_order(WooPlan *plan, double when)
{
	const WooCountry *country = woo_draw_country(plan);
	json_t *address = woo_draw_address(plan, country);
	bool held = woo_chance(plan, plan->on_hold);
	bool bad = woo_chance(plan, plan->bad_address);
	bool hazardous = woo_chance(plan, plan->hazmat);
	bool refunded = woo_chance(plan, plan->refunded) && !held;
	long id = woo.next_id;
	json_t *order = frame(id, held ? "on-hold" : "processing");
	WooSums goods = {0};
	WooSums shipping = {0};
	WooOrder *made;

	woo.next_id += 1 + woo_draw(plan, 3);
	json_object_set_new(order, "line_items", woo_draw_lines(plan, country->tax, hazardous, &goods));
	json_object_set_new(
		order,
		"shipping_lines",
		json_pack("[o]", woo_shipping_line(country->code, country->tax, &shipping)));
	if (bad)
		woo_spoil_address(plan, address, id);
	set_addresses(order, address);
	set_sums(order, &goods, &shipping);
	set_payment(plan, order, held);
	if (woo_chance(plan, 0.1))
		json_object_set_new(order,
							"customer_note",
							json_string("Bitte beim Nachbarn \"Müller\" abgeben – danke! 🙏"));
	if (!held)
	{
		json_object_set_new(order, "date_paid", woo_date(when, (int) woo_site_zone));
		json_object_set_new(order, "date_paid_gmt", woo_date(when, 0));
	}
	made = woo_order_add(order, when, when);
	if (held)
		json_array_append_new(plan->held, json_integer(id));
	if (hazardous)
		json_array_append_new(plan->hazardous, json_integer(id));
	if (refunded)
	{
		refund_line(made);
		json_array_append_new(plan->returned, json_integer(id));
	}
	woo_announce("order.created", made->text, made->size);
}

/* --- control --- */

void
woo_control_seed(SimRequest *request)
{
	const json_t *json = request->json;
	long count = (long) sim_real(json, "orders", 200);
	double interval = sim_real(json, "interval_s", 37);
	double start = sim_now() - (double) count * interval;
	size_t before = woo.orders.count;
	WooPlan plan = {.random = (uint64_t) sim_real(json, "seed", (double) sim_random()),
					.bad_address = sim_real(json, "bad_address", 0.03),
					.on_hold = sim_real(json, "on_hold", 0.05),
					.hazmat = sim_real(json, "hazmat", 0.06),
					.refunded = sim_real(json, "refunded", 0.03),
					.only = json_object_get(json, "countries")};

	if (count < 0)
	{
		sim_control_error(request, "\"orders\" must not be negative.");
		return;
	}
	if (sim_get(json, "start") && !sim_parse_time(sim_text(json, "start", ""), &start, NULL))
	{
		sim_control_error(request, "\"start\" must be an ISO 8601 time.");
		return;
	}
	for (size_t i = 0; i < json_array_size(plan.only); i++)
	{
		bool known = false;

		for (const WooCountry *country = woo_countries; country->code; country++)
			known |= sim_is_text(json_array_get(plan.only, i), country->code);
		if (!known)
		{
			sim_control_error(request, "Nobody lives in country %zu of the list.", i);
			return;
		}
	}
	plan.bad = json_array();
	plan.held = json_array();
	plan.hazardous = json_array();
	plan.returned = json_array();
	for (long i = 0; i < count; i++)
		seed_order(&plan, start + (double) i * interval);
	sim_reply(
		request,
		200,
		json_pack(
			"{s:I, s:I, s:I, s:o, s:o, s:o, s:o}",
			"created",
			(json_int_t) count,
			"first_id",
			(json_int_t) (count ? ((WooOrder *) sim_map_at(&woo.orders, before))->id : 0),
			"last_id",
			(json_int_t) (count ? ((WooOrder *) sim_map_at(&woo.orders, woo.orders.count - 1))->id
								: 0),
			"bad_address",
			plan.bad,
			"on_hold",
			plan.held,
			"hazmat",
			plan.hazardous,
			"refunded",
			plan.returned));
}

static const WooGoods *
goods_of(const char *sku)
{
	for (const WooGoods *goods = woo_goods; goods->sku; goods++)
	{
		if (strcmp(goods->sku, sku) == 0)
			return goods;
	}
	return NULL;
}

/* One order as a test wants it: lines by SKU (an unknown SKU is sold all the same), any address. */
static void
create(SimRequest *request)
{
	const json_t *json = request->json;
	WooPlan plan = {.random = sim_random()};
	const WooCountry *country = &woo_countries[0];
	json_t *order = frame(woo.next_id, sim_text(json, "status", "processing"));
	json_t *address = woo_draw_address(&plan, country);
	json_t *lines = json_array();
	WooSums goods = {0};
	WooSums shipping = {0};
	size_t i;
	json_t *line;
	WooOrder *made;

	woo.next_id++;
	json_array_foreach(json_object_get(json, "lines"), i, line)
	{
		const WooGoods *known = goods_of(sim_text(line, "sku", ""));
		WooGoods sold = known ? *known : (WooGoods){.price = 1000};

		sold.sku = sim_text(line, "sku", "");
		sold.name = sim_text(line, "name", known ? known->name : sold.sku);
		sold.price = lround(100 * sim_real(line, "price", (double) sold.price / 100));
		json_array_append_new(
			lines,
			woo_line_json(&sold, (long) sim_real(line, "quantity", 1), country->tax, &goods));
	}
	json_object_update(address, json_object_get(json, "shipping"));
	json_object_set_new(order, "line_items", lines);
	json_object_set_new(
		order,
		"shipping_lines",
		json_pack("[o]",
				  woo_shipping_line(sim_text(address, "country", ""), country->tax, &shipping)));
	set_addresses(order, address);
	set_sums(order, &goods, &shipping);
	set_payment(&plan, order, strcmp(sim_text(order, "status", ""), "on-hold") == 0);
	json_object_update(order, json_object_get(json, "order"));
	made = woo_order_add(order, sim_now(), sim_now());
	woo_announce("order.created", made->text, made->size);
	sim_reply_text(request, 200, "application/json", made->text, made->size);
}

void
woo_control_create(SimRequest *request)
{
	int64_t id = (int64_t) sim_real(request->json, "order.id", 0);

	if (id && sim_map_get_id(&woo.orders, id))
		sim_control_error(request, "Order %lld is there already.", (long long) id);
	else
		create(request);
}

static const SimField seed_fields[] = {{"orders", SIM_INTEGER, 0, .max = 1000000},
									   {"seed", SIM_INTEGER, 0, .max = 2000000000},
									   {"start", SIM_STRING, 0},
									   {"interval_s", SIM_NUMBER, 0, .max = 1000000},
									   {"on_hold", SIM_NUMBER, 0},
									   {"bad_address", SIM_NUMBER, 0},
									   {"hazmat", SIM_NUMBER, 0},
									   {"refunded", SIM_NUMBER, 0},
									   {"countries", SIM_ARRAY, 0},
									   {"countries[]", SIM_STRING, 0},
									   {0}};
SimSchema woo_seed_schema = {"A seed", true, seed_fields, NULL};

static const SimField create_fields[] = {{"status", SIM_STRING, 0},
										 {"lines", SIM_ARRAY, SIM_REQUIRED},
										 {"lines[].sku", SIM_STRING, SIM_REQUIRED | SIM_BLANK},
										 {"lines[].name", SIM_STRING, 0},
										 {"lines[].quantity", SIM_INTEGER, 0, .max = 1000000000},
										 {"lines[].price", SIM_NUMBER, 0, .max = 1000000},
										 {"shipping", SIM_OBJECT, 0},
										 {"order", SIM_OBJECT, 0},
										 {0}};
SimSchema woo_create_schema = {"An order to create", true, create_fields, NULL};
