/*
 * woo_after.c
 *
 * What happens to an order after it was placed: notes, refunds, and the
 * trackings of the Shipment Tracking plugin.  None of these calls is idempotent at WooCommerce, so
 * none is here; a note, refund or parcel that was already told becomes an offence, because a buyer
 * would have been told twice.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "woo.h"

bool woo_tracking_plugin_on;

json_t *
woo_list_of(json_t **list)
{
	if (!*list)
		*list = json_array();
	return *list;
}

/* An element of the list whose member equals the value. */
json_t *
woo_find_equal(const json_t *list, const char *path, const json_t *value)
{
	size_t i;
	json_t *element;

	json_array_foreach((json_t *) list, i, element)
	{
		if (value && json_equal(sim_get(element, path), value))
			return element;
	}
	return NULL;
}

static const char *
bool_text(const json_t *value)
{
	return json_is_true(value) ? "true" : "false";
}

bool
woo_is_on(SimRequest *request, bool on, const char *what)
{
	if (!on)
	{
		sim_offence(request, true, "route", "", "The shop's %s is switched off.", what);
		woo_error(request,
				  404,
				  "rest_no_route",
				  "No route was found matching the URL and request method.");
	}
	return on;
}

/* --- notes --- */

void
woo_list_notes(SimRequest *request)
{
	WooOrder *order = woo_order(request);

	if (order)
		woo_reply(request, 200, json_incref(woo_list_of(&order->notes)));
}

void
woo_add_note(SimRequest *request)
{
	WooOrder *order = woo_order(request);
	json_t *note;

	if (!order)
		return;
	if (woo_find_equal(order->notes, "note", json_object_get(request->json, "note")))
		sim_offence(request,
					false,
					"repeated",
					"note",
					"Order %ld already has this note (customer_note %s).",
					order->id,
					bool_text(json_object_get(request->json, "customer_note")));
	note = json_pack("{s:I, s:s, s:o, s:o, s:O, s:b, s:b}",
					 "id",
					 (json_int_t) woo.next_other++,
					 "author",
					 "woocommerce",
					 "date_created",
					 woo_date(sim_now(), (int) woo_site_zone),
					 "date_created_gmt",
					 woo_date(sim_now(), 0),
					 "note",
					 json_object_get(request->json, "note"),
					 "customer_note",
					 json_is_true(json_object_get(request->json, "customer_note")),
					 "added_by_user",
					 json_is_true(json_object_get(request->json, "added_by_user")));
	json_array_append(woo_list_of(&order->notes), note);
	woo_reply(request, 201, note);
}

static const SimField note_fields[] = {{"note", SIM_STRING, SIM_REQUIRED},
									   {"customer_note", SIM_BOOLEAN, 0},
									   {"added_by_user", SIM_BOOLEAN, 0},
									   {0}};
SimSchema woo_note_schema = {"A note", false, note_fields, NULL};

/* --- refunds --- */

void
woo_list_refunds(SimRequest *request)
{
	WooOrder *order = woo_order(request);

	if (order)
		woo_reply(request, 200, json_incref(woo_list_of(&order->refunds)));
}

static double
refunded_so_far(const WooOrder *order)
{
	double sum = 0;
	size_t i;
	json_t *refund;

	json_array_foreach(order->refunds, i, refund) sum +=
		strtod(sim_text(refund, "amount", "0"), NULL);
	return sum;
}

/* The refund's lines, negative as WooCommerce stores them; NULL when one names no line. */
static json_t *
refund_lines(SimRequest *request, const json_t *order)
{
	json_t *lines = json_array();
	size_t i;
	json_t *line;

	json_array_foreach(json_object_get(request->json, "line_items"), i, line)
	{
		json_t *id = json_object_get(line, "id");
		json_t *sold = woo_find_equal(json_object_get(order, "line_items"), "id", id);
		char place[40];
		char total[32];

		snprintf(place, sizeof place, "line_items[%zu].id", i);
		if (!sold)
		{
			sim_offence(request,
						true,
						"value",
						place,
						"The order has no line %lld.",
						(long long) json_integer_value(id));
			json_decref(lines);
			return NULL;
		}
		if (sim_real(line, "quantity", 0) > sim_real(sold, "quantity", 0))
			sim_offence(request,
						false,
						"value",
						place,
						"%g of %g items of the line are refunded.",
						sim_real(line, "quantity", 0),
						sim_real(sold, "quantity", 0));
		snprintf(total, sizeof total, "-%.2f", sim_real(line, "refund_total", 0));
		json_array_append_new(lines,
							  json_pack("{s:I, s:I, s:s, s:O, s:[{s:s, s:s}]}",
										"id",
										(json_int_t) woo.next_item++,
										"quantity",
										(json_int_t) -sim_real(line, "quantity", 0),
										"total",
										total,
										"sku",
										json_object_get(sold, "sku"),
										"meta_data",
										"key",
										"_refunded_item_id",
										"value",
										""));
		json_object_set_new(
			json_array_get(json_object_get(json_array_get(lines, i), "meta_data"), 0),
			"value",
			json_integer(json_integer_value(id)));
	}
	return lines;
}

static void
keep_refund(WooOrder *order, json_t *json, json_t *refund, double left)
{
	char total[32];

	json_array_append(woo_list_of(&order->refunds), refund);
	snprintf(total, sizeof total, "-%s", sim_text(refund, "amount", "0"));
	json_array_append_new(json_object_get(json, "refunds"),
						  json_pack("{s:O, s:O, s:s}",
									"id",
									json_object_get(refund, "id"),
									"reason",
									json_object_get(refund, "reason"),
									"total",
									total));
	if (left < 0.005)
		woo_apply_status(json, "refunded");
	woo_order_save(order, json, "order.updated");
}

void
woo_add_refund(SimRequest *request)
{
	WooOrder *order = woo_order(request);
	double amount = sim_real(request->json, "amount", 0);
	const json_t *reason = json_object_get(request->json, "reason");
	json_t *json;
	json_t *lines;
	json_t *refund;
	double left;
	char text[32];

	if (!order)
		return;
	json = woo_order_json(order);
	left = strtod(sim_text(json, "total", "0"), NULL) - refunded_so_far(order);
	if (amount <= 0 || amount > left + 0.005)
	{
		sim_offence(request,
					true,
					"value",
					"amount",
					"%.2f is not between 0 and %.2f, what is left.",
					amount,
					left);
		woo_error(request, 400, "woocommerce_rest_invalid_order_refund", "Invalid refund amount.");
		json_decref(json);
		return;
	}
	lines = refund_lines(request, json);
	if (!lines)
	{
		woo_error(
			request, 400, "woocommerce_rest_invalid_order_refund", "Invalid refund line item.");
		json_decref(json);
		return;
	}
	if (woo_find_equal(order->refunds, "reason", reason))
		sim_offence(request,
					false,
					"repeated",
					"reason",
					"Order %ld was already refunded for \"%.60s\".",
					order->id,
					json_string_value(reason));
	snprintf(text, sizeof text, "%.2f", amount);
	refund = json_pack("{s:I, s:o, s:s, s:O?, s:b, s:o}",
					   "id",
					   (json_int_t) woo.next_id++,
					   "date_created_gmt",
					   woo_date(sim_now(), 0),
					   "amount",
					   text,
					   "reason",
					   reason,
					   "refunded_payment",
					   !json_is_false(json_object_get(request->json, "api_refund")),
					   "line_items",
					   lines);
	keep_refund(order, json, refund, left - amount);
	woo_reply(request, 201, refund);
}

static const SimField refund_fields[] = {
	{"amount", SIM_STRING, SIM_REQUIRED, .form = sim_is_decimal},
	{"reason", SIM_STRING, 0},
	{"api_refund", SIM_BOOLEAN, 0},
	{"api_restock", SIM_BOOLEAN, 0},
	{"line_items", SIM_ARRAY, 0},
	{"line_items[].id", SIM_INTEGER, SIM_REQUIRED},
	{"line_items[].quantity", SIM_INTEGER, 0},
	{"line_items[].refund_total", SIM_DECIMAL, 0},
	{"line_items[].refund_tax", SIM_ARRAY, 0},
	{"line_items[].refund_tax[].id", SIM_INTEGER, SIM_REQUIRED},
	{"line_items[].refund_tax[].refund_total", SIM_DECIMAL, 0},
	{0}};
SimSchema woo_refund_schema = {"A refund", false, refund_fields, NULL};

/* --- the Shipment Tracking plugin --- */

void
woo_list_trackings(SimRequest *request)
{
	WooOrder *order = woo_order(request);

	if (order && woo_is_on(request, woo_tracking_plugin_on, "Shipment Tracking plugin"))
		woo_reply(request, 200, json_incref(woo_list_of(&order->trackings)));
}

void
woo_add_tracking(SimRequest *request)
{
	WooOrder *order = woo_order(request);
	const json_t *json = request->json;
	const json_t *number = json_object_get(json, "tracking_number");
	const char *provider =
		sim_text(json, "tracking_provider", sim_text(json, "custom_tracking_provider", NULL));
	json_t *tracking;
	char id[40];
	char today[40];

	if (!order || !woo_is_on(request, woo_tracking_plugin_on, "Shipment Tracking plugin"))
		return;
	if (!provider)
	{
		woo_bad_parameter(request,
						  "tracking_provider",
						  "One of tracking_provider and custom_tracking_provider is needed.");
		return;
	}
	if (woo_find_equal(order->trackings, "tracking_number", number))
		sim_offence(request,
					false,
					"repeated",
					"tracking_number",
					"Order %ld was already told of %.40s.",
					order->id,
					json_string_value(number));
	snprintf(id,
			 sizeof id,
			 "%016llx%016llx",
			 (unsigned long long) sim_random(),
			 (unsigned long long) sim_random());
	tracking = json_pack("{s:s, s:s, s:s, s:O, s:s}",
						 "tracking_id",
						 id,
						 "tracking_provider",
						 provider,
						 "tracking_link",
						 sim_text(json, "custom_tracking_link", ""),
						 "tracking_number",
						 number,
						 "date_shipped",
						 sim_text(json, "date_shipped", sim_time(sim_now(), 0, "%Y-%m-%d", today)));
	json_array_append(woo_list_of(&order->trackings), tracking);
	woo_reply(request, 201, tracking);
}

void
woo_tracking_providers(SimRequest *request)
{
	if (woo_is_on(request, woo_tracking_plugin_on, "Shipment Tracking plugin"))
		woo_reply(
			request,
			200,
			json_pack(
				"{s:{s:s, s:s}, s:{s:s}}",
				"United States",
				"UPS",
				"https://www.ups.com/track?tracknum=%1$s",
				"USPS",
				"https://tools.usps.com/go/TrackConfirmAction_input?qtc_tLabels1=%1$s",
				"Sweden",
				"PostNord Sverige AB",
				"https://www.postnord.se/vara-verktyg/spara-brev-paket-och-pall?shipmentId=%1$s"));
}

void
woo_delete_tracking(SimRequest *request)
{
	WooOrder *order = woo_order(request);
	size_t i;
	json_t *tracking;

	if (!order || !woo_is_on(request, woo_tracking_plugin_on, "Shipment Tracking plugin"))
		return;
	json_array_foreach(order->trackings, i, tracking)
	{
		if (strcmp(sim_text(tracking, "tracking_id", ""), request->argument[1]) != 0)
			continue;
		json_incref(tracking);
		json_array_remove(order->trackings, i);
		woo_reply(request, 200, tracking);
		return;
	}
	woo_error(request, 404, "woocommerce_rest_order_shipment_tracking_invalid_id", "Invalid ID.");
}

static const SimField tracking_fields[] = {{"tracking_provider", SIM_STRING, 0},
										   {"custom_tracking_provider", SIM_STRING, 0},
										   {"custom_tracking_link", SIM_STRING, 0},
										   {"tracking_number", SIM_STRING, SIM_REQUIRED},
										   {"date_shipped", SIM_STRING, 0, .form = sim_is_iso_time},
										   {"replace_tracking", SIM_INTEGER, 0},
										   {"status_shipped", SIM_INTEGER, 0},
										   {0}};
SimSchema woo_tracking_schema = {"A shipment tracking", false, tracking_fields, NULL};
