/*
 * woo_products.c
 *
 * Products and variations: found by id or SKU, their stock pushed one by one
 * or in batches with an answer per item.  Every stock quantity that arrives is
 * kept with its time, so a test can see whether an older value ever came after
 * a newer one.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "woo.h"

WooProduct *
woo_product_by_sku(const char *sku)
{
	return sim_map_get(&woo.skus, sku);
}

static json_t *
product_json(long id, const WooGoods *goods, const char *type, long parent_id)
{
	char price[32];
	char weight[32];

	snprintf(price, sizeof price, "%ld.%02ld", goods->price / 100, goods->price % 100);
	snprintf(weight, sizeof weight, "%.3f", goods->weight_g / 1000.0);
	return json_pack(
		"{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:i, s:s, s:s, s:b, s:b, s:n, s:s, s:{s:s, "
		"s:s, s:s}, s:I, s:o, s:o, s:[], s:[]}",
		"id",
		(json_int_t) id,
		"name",
		goods->name,
		"type",
		type,
		"status",
		"publish",
		"sku",
		goods->sku,
		"price",
		price,
		"regular_price",
		price,
		"tax_status",
		"taxable",
		"manage_stock",
		1,
		"stock_quantity",
		goods->stock,
		"stock_status",
		goods->stock > 0 ? "instock" : "outofstock",
		"backorders",
		"no",
		"backorders_allowed",
		0,
		"backordered",
		0,
		"low_stock_amount",
		"weight",
		weight,
		"dimensions",
		"length",
		"",
		"width",
		"",
		"height",
		"",
		"parent_id",
		(json_int_t) parent_id,
		"date_modified",
		woo_date(sim_now(), (int) woo_site_zone),
		"date_modified_gmt",
		woo_date(sim_now(), 0),
		"variations",
		"meta_data");
}

static WooProduct *
add_product(const WooGoods *goods, const char *type, long parent_id)
{
	WooProduct *product = sim_alloc(sizeof(WooProduct));

	product->id = woo.next_id++;
	product->parent_id = parent_id;
	product->json = product_json(product->id, goods, type, parent_id);
	product->pushes = json_array();
	sim_map_put_id(&woo.products, product->id, product);
	if (*goods->sku)
		sim_map_put(&woo.skus, goods->sku, product);
	return product;
}

/* The shop opens with the catalogue; goods with a parent are variations of it. */
static void
open_shop(void)
{
	WooProduct *parent = NULL;

	for (const WooGoods *goods = woo_goods; goods->sku; goods++)
	{
		WooProduct *product;

		if (goods->parent && (!parent || strcmp(sim_text(parent->json, "name", ""), goods->parent)))
		{
			WooGoods shell = *goods;

			shell.name = goods->parent;
			shell.sku = "";
			shell.stock = 0;
			parent = add_product(&shell, "variable", 0);
			json_object_set_new(parent->json, "manage_stock", json_false());
		}
		product = add_product(
			goods, goods->parent ? "variation" : "simple", goods->parent ? parent->id : 0);
		if (goods->parent)
			json_array_append_new(json_object_get(parent->json, "variations"),
								  json_integer(product->id));
	}
}

static void
free_product(void *subject)
{
	WooProduct *product = subject;

	json_decref(product->json);
	json_decref(product->pushes);
	free(product);
}

void
woo_products_reset(void)
{
	sim_map_clear(&woo.skus, NULL);
	sim_map_clear(&woo.products, free_product);
	woo.next_id = 77;
	open_shop();
	woo.next_id = 5501;
}

/* --- list --- */

static bool
is_wanted(const SimRequest *request, const WooProduct *product, const json_t *skus,
		  const json_t *include, long parent_id)
{
	const char *sku = sim_text(product->json, "sku", "");
	bool found = json_array_size(skus) == 0 && json_array_size(include) == 0;
	size_t i;
	json_t *value;

	if (parent_id >= 0 ? product->parent_id != parent_id
					   : product->parent_id != 0 && json_array_size(skus) == 0)
		return false;
	json_array_foreach((json_t *) skus, i, value) found |=
		strcmp(json_string_value(value), sku) == 0;
	json_array_foreach((json_t *) include, i, value) found |=
		strtol(json_string_value(value), NULL, 10) == product->id;
	return found && (!sim_query(request, "search") ||
					 strstr(sim_text(product->json, "name", ""), sim_query(request, "search")));
}

static void
list_products(SimRequest *request, long parent_id)
{
	json_t *skus = sim_query_list(request, "sku");
	json_t *include = sim_query_list(request, "include");
	json_t *list = json_array();
	long page;
	long per_page;
	long total = 0;

	if (woo_read_page(request, &page, &per_page))
	{
		for (size_t i = 0; i < woo.products.count; i++)
		{
			const WooProduct *product = sim_map_at(&woo.products, i);

			if (!is_wanted(request, product, skus, include, parent_id))
				continue;
			if (total >= (page - 1) * per_page && total < page * per_page)
				json_array_append(list, product->json);
			total++;
		}
		woo_page_headers(request, total, page, per_page);
		woo_reply(request, 200, json_incref(list));
	}
	json_decref(list);
	json_decref(skus);
	json_decref(include);
}

void
woo_list_products(SimRequest *request)
{
	list_products(request, -1);
}

/* --- one --- */

/* parent_id -1: a product that is no variation. */
static WooProduct *
find_product(const char *id, long parent_id, const char **code)
{
	WooProduct *product = sim_map_get(&woo.products, id);

	*code = "woocommerce_rest_product_invalid_id";
	if (product && parent_id < 0 && product->parent_id)
	{
		*code = "woocommerce_rest_invalid_product_id";
		return NULL;
	}
	if (product && parent_id >= 0 && product->parent_id != parent_id)
	{
		*code = "woocommerce_rest_product_variation_invalid_id";
		return NULL;
	}
	return product;
}

static WooProduct *
named_product(SimRequest *request)
{
	bool variation = request->argument[1] != NULL;
	const char *code;
	WooProduct *product =
		variation
			? find_product(request->argument[1], strtol(request->argument[0], NULL, 10), &code)
			: find_product(request->argument[0], -1, &code);

	if (product)
		return product;
	sim_offence(request,
				true,
				"value",
				variation ? "variation" : "id",
				strcmp(code, "woocommerce_rest_invalid_product_id") == 0
					? "Product %.20s is a variation: it is changed below its parent."
					: "The shop has no such product %.20s.",
				request->argument[variation]);
	woo_error(request, 404, code, "Invalid ID.");
	return NULL;
}

void
woo_get_product(SimRequest *request)
{
	WooProduct *product = named_product(request);

	if (product)
		woo_reply(request, 200, json_incref(product->json));
}

/* Applies the change; NULL, or the name of the parameter that is wrong. */
static const char *
apply(SimRequest *request, WooProduct *product, const json_t *change)
{
	static const char *const plain[] = {"backorders", "regular_price", "name", "weight"};
	const json_t *quantity = json_object_get(change, "stock_quantity");
	json_t *manage = json_object_get(change, "manage_stock");

	if (quantity && !json_is_null(quantity) && !json_is_number(quantity))
		return "stock_quantity";
	if (sim_get(change, "backorders") &&
		!sim_is_one_of(sim_text(change, "backorders", ""), "no|notify|yes", '|'))
		return "backorders";
	if (manage)
		json_object_set(product->json, "manage_stock", manage);
	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
	{
		if (json_object_get(change, plain[i]))
			json_object_set(product->json, plain[i], json_object_get(change, plain[i]));
	}
	if (json_is_number(quantity) && !json_is_true(json_object_get(product->json, "manage_stock")))
		sim_offence(request,
					false,
					"value",
					"stock_quantity",
					"Product %ld does not manage stock: the quantity has no effect.",
					product->id);
	else if (json_is_number(quantity))
	{
		double units = floor(json_number_value(quantity)) - (double) woo_held_back;

		json_object_set_new(
			product->json, "stock_quantity", json_integer((json_int_t) fmax(units, 0)));
		json_object_set_new(
			product->json, "stock_status", json_string(units > 0 ? "instock" : "outofstock"));
		json_array_append_new(
			product->pushes,
			json_pack("{s:f, s:f}", "at", sim_wall(), "quantity", json_number_value(quantity)));
		if (json_array_size(product->pushes) > 200)
			json_array_remove(product->pushes, 0);
	}
	json_object_set_new(product->json, "date_modified", woo_date(sim_now(), (int) woo_site_zone));
	json_object_set_new(product->json, "date_modified_gmt", woo_date(sim_now(), 0));
	return NULL;
}

void
woo_put_product(SimRequest *request)
{
	WooProduct *product = named_product(request);
	const char *wrong = product ? apply(request, product, request->json) : NULL;

	if (wrong)
		woo_bad_parameter(request, wrong, "%s is not of the right type.", wrong);
	else if (product)
		woo_reply(request, 200, json_incref(product->json));
}

/* --- batches --- */

static json_t *
batch_item(SimRequest *request, const json_t *change, long parent_id)
{
	char id[24];
	const char *code;
	WooProduct *product;
	const char *wrong = NULL;

	snprintf(id, sizeof id, "%.0f", sim_real(change, "id", 0));
	product = find_product(id, parent_id, &code);
	if (product)
		wrong = apply(request, product, change);
	if (product && !wrong)
		return json_incref(product->json);
	sim_offence(request, false, "value", "update[].id", "Item %s: %s.", id, wrong ? wrong : code);
	return json_pack("{s:I, s:{s:s, s:s, s:{s:i}}}",
					 "id",
					 (json_int_t) strtol(id, NULL, 10),
					 "error",
					 "code",
					 wrong ? "rest_invalid_param" : code,
					 "message",
					 wrong ? "Invalid parameter(s)." : "Invalid ID.",
					 "data",
					 "status",
					 400);
}

static void
batch(SimRequest *request, long parent_id)
{
	const json_t *updates = json_object_get(request->json, "update");
	json_t *answers;
	size_t i;
	json_t *update;

	if (json_array_size(updates) > 100)
	{
		sim_offence(request,
					true,
					"length",
					"update",
					"It has %zu elements, at most 100 are allowed.",
					json_array_size(updates));
		woo_error(request,
				  413,
				  "woocommerce_rest_request_entity_too_large",
				  "Unable to accept more than 100 items for this request.");
		return;
	}
	answers = json_array();
	json_array_foreach((json_t *) updates, i, update)
		json_array_append_new(answers, batch_item(request, update, parent_id));
	woo_reply(request, 200, json_pack("{s:o}", "update", answers));
}

void
woo_batch_products(SimRequest *request)
{
	batch(request, -1);
}

/* --- variations --- */

static long
parent_of(SimRequest *request)
{
	const char *code;
	WooProduct *parent = find_product(request->argument[0], -1, &code);

	if (parent)
		return parent->id;
	woo_error(request, 404, code, "Invalid ID.");
	return 0;
}

void
woo_list_variations(SimRequest *request)
{
	long parent = parent_of(request);

	if (parent)
		list_products(request, parent);
}

void
woo_batch_variations(SimRequest *request)
{
	long parent = parent_of(request);

	if (parent)
		batch(request, parent);
}

static const SimField product_fields[] = {
	{"name", SIM_STRING, 0},
	{"manage_stock", SIM_BOOLEAN, 0},
	{"stock_quantity", SIM_NUMBER, SIM_NULLABLE},
	{"stock_status", SIM_STRING, 0, .values = "instock|outofstock|onbackorder"},
	{"backorders", SIM_STRING, 0, .values = "no|notify|yes"},
	{"regular_price", SIM_STRING, 0},
	{"weight", SIM_STRING, 0},
	{"meta_data", SIM_ARRAY, 0},
	{0}};
SimSchema woo_product_schema = {"A product", false, product_fields, NULL};

/* --- control --- */

void
woo_control_catalogue(SimRequest *request)
{
	json_t *list = json_array();

	for (const WooGoods *goods = woo_goods; goods->sku; goods++)
	{
		const WooProduct *product = woo_product_by_sku(goods->sku);
		char price[32];

		snprintf(price, sizeof price, "%ld.%02ld", goods->price / 100, goods->price % 100);
		json_array_append_new(
			list,
			json_pack("{s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:i, s:b, s:s, s:s, s:i, s:I, s:I}",
					  "sku",
					  goods->sku,
					  "name",
					  goods->name,
					  "price",
					  price,
					  "currency",
					  woo_currency,
					  "weight_g",
					  goods->weight_g,
					  "length_mm",
					  goods->size_mm[0],
					  "width_mm",
					  goods->size_mm[1],
					  "height_mm",
					  goods->size_mm[2],
					  "hazmat",
					  goods->hazmat,
					  "hs_code",
					  goods->hs_code,
					  "origin_country",
					  goods->origin,
					  "stock",
					  goods->stock,
					  "product_id",
					  (json_int_t) (product->parent_id ? product->parent_id : product->id),
					  "variation_id",
					  (json_int_t) (product->parent_id ? product->id : 0)));
	}
	sim_reply(request, 200, json_pack("{s:o}", "catalogue", list));
}

void
woo_control_stock(SimRequest *request)
{
	const char *sku = sim_query(request, "sku");
	json_t *list = json_array();

	for (size_t i = 0; i < woo.skus.count; i++)
	{
		const WooProduct *product = sim_map_at(&woo.skus, i);

		if (!sku || strcmp(sku, woo.skus.entries[i].key) == 0)
			json_array_append_new(list,
								  json_pack("{s:s, s:I, s:O, s:O}",
											"sku",
											woo.skus.entries[i].key,
											"id",
											(json_int_t) product->id,
											"stock_quantity",
											json_object_get(product->json, "stock_quantity"),
											"pushes",
											product->pushes));
	}
	sim_reply(request, 200, json_pack("{s:o}", "stock", list));
}

/* More simple products, BULK-1 and so on, for tests with many. */
void
woo_control_goods(SimRequest *request)
{
	long count = (long) sim_real(request->json, "simple", 0);
	WooGoods goods = woo_goods[0];
	char sku[32];

	goods.parent = NULL;
	goods.sku = sku;
	for (long i = 1; i <= count && i <= 100000; i++)
	{
		snprintf(sku, sizeof sku, "BULK-%ld", i);
		add_product(&goods, "simple", 0);
	}
	woo_control_catalogue(request);
}
