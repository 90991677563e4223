/*
 * woo_fulfillments.c
 *
 * The Order Fulfillments API, a feature the shop may have switched off: which
 * items went in which parcel.  Items must be lines of the order in quantities
 * that are still there; the same parcel told twice is accepted, as WooCommerce
 * does, and becomes an offence.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "woo.h"

bool woo_fulfillments_on;

/* The value of one key of a meta_data list. */
static json_t *
metadata(const json_t *holder, const char *key)
{
	size_t i;
	json_t *entry;

	json_array_foreach(json_object_get(holder, "meta_data"), i, entry)
	{
		if (strcmp(sim_text(entry, "key", ""), key) == 0)
			return json_object_get(entry, "value");
	}
	return NULL;
}

/* How many of a line are in fulfillments other than this one. */
static double
fulfilled(const WooOrder *order, const json_t *line, const json_t *but)
{
	double sum = 0;
	size_t i;
	json_t *fulfillment;

	json_array_foreach(order->fulfillments, i, fulfillment)
	{
		size_t k;
		json_t *item;

		if (fulfillment == but || !json_is_null(json_object_get(fulfillment, "date_deleted")))
			continue;
		json_array_foreach(metadata(fulfillment, "_items"), k, item)
		{
			if (json_equal(json_object_get(item, "item_id"), line))
				sum += sim_real(item, "qty", 0);
		}
	}
	return sum;
}

static bool
bad_items(SimRequest *request, const char *code, const char *place, const char *detail)
{
	sim_offence(request, true, "value", place, "%s", detail);
	woo_error(request, 400, code, "%s", detail);
	return false;
}

/* Are the items lines of the order, in quantities that are still there? */
static bool
items_are_possible(SimRequest *request, const WooOrder *order, const json_t *but)
{
	json_t *items = metadata(request->json, "_items");
	json_t *json = woo_order_json(order);
	bool possible = true;
	size_t i;
	json_t *item;
	char detail[200];

	if (json_array_size(items) == 0)
		possible = bad_items(request,
							 "woocommerce_rest_fulfillment_missing_items",
							 "meta_data._items",
							 "The fulfillment should contain at least one item.");
	json_array_foreach(items, i, item)
	{
		json_t *id = json_object_get(item, "item_id");
		json_t *line = woo_find_equal(json_object_get(json, "line_items"), "id", id);
		double wanted = sim_real(item, "qty", 0);
		double left;

		if (!possible)
			break;
		left = line ? sim_real(line, "quantity", 0) - fulfilled(order, id, but) : 0;
		snprintf(detail,
				 sizeof detail,
				 line ? "Item %lld: %g are to be fulfilled, %g are left."
					  : "Item %lld is no line of the order.",
				 (long long) json_integer_value(id),
				 wanted,
				 left);
		if (!line || wanted <= 0 || wanted > left)
			possible = bad_items(
				request, "woocommerce_rest_fulfillment_invalid_item", "meta_data._items", detail);
	}
	json_decref(json);
	return possible;
}

static void
fill_fulfillment(json_t *fulfillment, const json_t *from)
{
	json_t *list = json_array();
	size_t i;
	json_t *entry;

	json_array_foreach(json_object_get(from, "meta_data"), i, entry)
		json_array_append_new(list,
							  json_pack("{s:I, s:O, s:O}",
										"id",
										(json_int_t) i + 1,
										"key",
										json_object_get(entry, "key"),
										"value",
										json_object_get(entry, "value")));
	json_object_set_new(fulfillment, "meta_data", list);
	json_object_set_new(
		fulfillment, "status", json_string(sim_text(from, "status", "unfulfilled")));
	json_object_set_new(fulfillment,
						"is_fulfilled",
						json_boolean(json_is_true(json_object_get(from, "is_fulfilled")) ||
									 strcmp(sim_text(from, "status", ""), "fulfilled") == 0));
	json_object_set_new(fulfillment, "date_updated", woo_date(sim_now(), 0));
}

void
woo_list_fulfillments(SimRequest *request)
{
	WooOrder *order = woo_order(request);
	json_t *live;
	size_t i;
	json_t *fulfillment;

	if (!order || !woo_is_on(request, woo_fulfillments_on, "Order Fulfillments API"))
		return;
	live = json_array();
	json_array_foreach(order->fulfillments, i, fulfillment)
	{
		if (json_is_null(json_object_get(fulfillment, "date_deleted")))
			json_array_append(live, fulfillment);
	}
	woo_reply(request, 200, live);
}

void
woo_add_fulfillment(SimRequest *request)
{
	WooOrder *order = woo_order(request);
	json_t *number = metadata(request->json, "_tracking_number");
	json_t *fulfillment;
	char id[24];
	size_t i;
	json_t *other;

	if (!order || !woo_is_on(request, woo_fulfillments_on, "Order Fulfillments API") ||
		!items_are_possible(request, order, NULL))
		return;
	json_array_foreach(order->fulfillments, i, other)
	{
		if (number && json_equal(metadata(other, "_tracking_number"), number) &&
			json_equal(metadata(other, "_items"), metadata(request->json, "_items")))
			sim_offence(request,
						false,
						"repeated",
						"meta_data._tracking_number",
						"Order %ld was already told of %.40s with these items.",
						order->id,
						json_string_value(number));
	}
	snprintf(id, sizeof id, "%ld", order->id);
	fulfillment = json_pack("{s:I, s:s, s:s, s:n}",
							"id",
							(json_int_t) woo.next_other++,
							"entity_type",
							"WC_Order",
							"entity_id",
							id,
							"date_deleted");
	fill_fulfillment(fulfillment, request->json);
	json_array_append(woo_list_of(&order->fulfillments), fulfillment);
	woo_order_save(order, woo_order_json(order), "order.updated");
	woo_reply(request, 201, fulfillment);
}

static json_t *
named_fulfillment(SimRequest *request, WooOrder **order)
{
	json_t *id;
	json_t *found;

	*order = woo_order(request);
	if (!*order || !woo_is_on(request, woo_fulfillments_on, "Order Fulfillments API"))
		return NULL;
	id = json_integer(strtol(request->argument[1], NULL, 10));
	found = woo_find_equal((*order)->fulfillments, "id", id);
	json_decref(id);
	if (found && json_is_null(json_object_get(found, "date_deleted")))
		return found;
	woo_error(request, 404, "woocommerce_rest_fulfillment_invalid_id", "Invalid fulfillment ID.");
	return NULL;
}

void
woo_put_fulfillment(SimRequest *request)
{
	WooOrder *order;
	json_t *fulfillment = named_fulfillment(request, &order);

	if (!fulfillment || !items_are_possible(request, order, fulfillment))
		return;
	fill_fulfillment(fulfillment, request->json); /* keys left out are gone, as in the plugin */
	woo_order_save(order, woo_order_json(order), "order.updated");
	woo_reply(request, 200, json_incref(fulfillment));
}

void
woo_delete_fulfillment(SimRequest *request)
{
	WooOrder *order;
	json_t *fulfillment = named_fulfillment(request, &order);

	if (!fulfillment)
		return;
	json_object_set_new(fulfillment, "date_deleted", woo_date(sim_now(), 0));
	woo_order_save(order, woo_order_json(order), "order.updated");
	woo_reply(request, 200, json_pack("{s:s}", "message", "Fulfillment deleted successfully."));
}

void
woo_lookup_provider(SimRequest *request)
{
	const char *number = sim_query(request, "tracking_number");
	const char *provider = number && strncmp(number, "1Z", 2) == 0 ? "ups" : "";

	if (!woo_is_on(request, woo_fulfillments_on, "Order Fulfillments API"))
		return;
	woo_reply(request,
			  200,
			  json_pack("{s:s, s:s, s:s}",
						"tracking_number",
						number ? number : "",
						"shipping_provider",
						provider,
						"tracking_url",
						""));
}

static const SimField fulfillment_fields[] = {
	{"status", SIM_STRING, 0, .values = "fulfilled|unfulfilled"},
	{"is_fulfilled", SIM_BOOLEAN, 0},
	{"meta_data", SIM_ARRAY, SIM_REQUIRED},
	{"meta_data[].id", SIM_INTEGER, 0},
	{"meta_data[].key", SIM_STRING, SIM_REQUIRED},
	{"meta_data[].value", SIM_ANY, SIM_REQUIRED},
	{0}};
SimSchema woo_fulfillment_schema = {"A fulfillment", false, fulfillment_fields, NULL};
