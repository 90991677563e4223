/*
 * shipper_id.c
 *
 * The peer of Shipper: couriers' prices and bookings, outbound orders under the
 * client's number on their way through the warehouse by the clock, stock and
 * articles.  Every answer has the envelope of the API.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "depot.h"

typedef struct Order
{
	char *number;
	char waybill[32];
	double created;
	bool cancelled;
	json_t *request;
} Order;

static SimMap orders;
static SimMap stock;    /* json integers by SKU */
static SimMap bookings; /* tracking ids' external ids */
static long made;
static double step_h;
static char known_key[SIM_TEXT_SIZE];

/* --- envelopes --- */

static json_t *
metadata(const SimRequest *request, int status)
{
	return json_pack("{s:s, s:i, s:s, s:I}",
					 "path",
					 request->path,
					 "http_status_code",
					 status,
					 "http_status",
					 status < 300 ? "OK" : "Error",
					 "timestamp",
					 (json_int_t) sim_wall());
}

static void
answer(SimRequest *request, json_t *data)
{
	sim_reply(
		request, 200, json_pack("{s:o, s:o*}", "metadata", metadata(request, 200), "data", data));
}

static void
error(SimRequest *request, int status, int code, const char *message)
{
	json_t *head = metadata(request, status);

	json_object_set_new(
		head, "errors", json_pack("[{s:i, s:s}]", "code", code, "message", message));
	sim_reply(request, status, json_pack("{s:o}", "metadata", head));
}

static void
refuse(SimRequest *request, const SimFailure *failures, int count)
{
	char text[600];

	(void) count;
	snprintf(text, sizeof text, "invalid input: %s: %s", failures->field, failures->detail);
	error(request, strcmp(failures->rule, "route") == 0 ? 404 : 400, 810, text);
}

static void
fail(SimRequest *request, int status)
{
	error(request, status, 803, "internal error");
}

static bool
authorize(SimRequest *request)
{
	const char *key = sim_header(request, "X-API-Key");

	if (key && *key && strcmp(key, "wrong") != 0 && (!*known_key || strcmp(key, known_key) == 0))
		return true;
	sim_offence(request, true, "auth", "X-API-Key", "The key is missing or wrong.");
	sim_reply(request,
			  401,
			  json_pack("{s:{s:i, s:s, s:{s:i, s:s}, s:s}}",
						"metadata",
						"status_code",
						401,
						"status",
						"Unauthorized",
						"error",
						"code",
						802,
						"message",
						"Unauthorized",
						"timestamp",
						"2026-01-05T09:12:00Z"));
	return false;
}

/* --- forms --- */

static bool
is_plain(const char *text)
{
	for (; *text; text++)
		if (!isalnum((unsigned char) *text))
			return false;
	return true;
}

/* Everything has to be there; what is empty is sent as "", 0 or false. */
#define ORDER(name) "data.outbound." name
static const SimField outbound_fields[] = {
	{.path = ORDER("warehouse_id"), .flags = SIM_REQUIRED, .max = 20},
	{.path = ORDER("customer_id"), .flags = SIM_REQUIRED, .max = 20},
	{.path = ORDER("so_number"), .flags = SIM_REQUIRED, .max = 50, .form = is_plain},
	{.path = ORDER("order_type"), .flags = SIM_REQUIRED, .values = "SO|TT"},
	{.path = ORDER("order_source"), .flags = SIM_REQUIRED | SIM_BLANK},
	{.path = ORDER("platform"), .flags = SIM_REQUIRED | SIM_BLANK},
	{.path = ORDER("order_identification_code"), SIM_INTEGER, SIM_REQUIRED, .max = 1},
	{.path = ORDER("internal_order_status"), .flags = SIM_REQUIRED, .max = 30},
	{.path = ORDER("express_code"), .flags = SIM_REQUIRED | SIM_BLANK},
	{.path = ORDER("express_no"), .flags = SIM_REQUIRED | SIM_BLANK},
	{.path = ORDER("tracking_id"), .flags = SIM_REQUIRED | SIM_BLANK},
	{.path = ORDER("tenant_name"), .flags = SIM_REQUIRED, .max = 200},
	{.path = ORDER("seller_nick"), .flags = SIM_REQUIRED | SIM_BLANK},
	{.path = ORDER("consignee"), .flags = SIM_REQUIRED, .max = 300},
	{.path = ORDER("consignee_phone"), .flags = SIM_REQUIRED, .max = 300, .form = sim_is_digits},
	{.path = ORDER("mobile"), .flags = SIM_REQUIRED | SIM_BLANK},
	{.path = ORDER("consignee_email"), .flags = SIM_REQUIRED | SIM_BLANK, .max = 200},
	{.path = ORDER("consignee_full_address"), .flags = SIM_REQUIRED, .max = 200},
	{.path = ORDER("consignee_state"), .flags = SIM_REQUIRED, .max = 30},
	{.path = ORDER("consignee_province"), .flags = SIM_REQUIRED, .max = 50},
	{.path = ORDER("consignee_city"), .flags = SIM_REQUIRED, .max = 50},
	{.path = ORDER("area"), .flags = SIM_REQUIRED | SIM_BLANK},
	{.path = ORDER("town"), .flags = SIM_REQUIRED | SIM_BLANK},
	{.path = ORDER("buyer_remark"), .flags = SIM_REQUIRED | SIM_BLANK},
	{.path = ORDER("seller_remark"), .flags = SIM_REQUIRED | SIM_BLANK},
	{.path = ORDER("details"), SIM_ARRAY, SIM_REQUIRED},
	{.path = ORDER("details[].line_no"), SIM_INTEGER, SIM_REQUIRED},
	{.path = ORDER("details[].sku"), .flags = SIM_REQUIRED, .max = 50},
	{.path = ORDER("details[].sku_descr"), .flags = SIM_REQUIRED | SIM_BLANK},
	{.path = ORDER("details[].qty"), SIM_INTEGER, SIM_REQUIRED},
	{.path = ORDER("details[].price"), SIM_NUMBER, SIM_REQUIRED},
	{0}};
static SimSchema outbound_schema = {.name = "outbound", .closed = true, .fields = outbound_fields};

static const SimField cancel_fields[] = {
	{.path = "data.cancellation.order_no", .flags = SIM_REQUIRED},
	{.path = "data.cancellation.warehouse_id", .flags = SIM_REQUIRED},
	{.path = "data.cancellation.cancel_reason", .flags = SIM_REQUIRED, .max = 50},
	{0}};
static SimSchema cancel_schema = {.name = "cancellation", .closed = true, .fields = cancel_fields};

static const SimField price_fields[] = {{.path = "origin.area_id", SIM_INTEGER, SIM_REQUIRED},
										{.path = "origin.suburb_id", SIM_INTEGER},
										{.path = "destination.area_id", SIM_INTEGER},
										{.path = "destination.suburb_id", SIM_INTEGER},
										{.path = "destination.lat"},
										{.path = "destination.lng"},
										{.path = "for_order", SIM_BOOLEAN, SIM_REQUIRED},
										{.path = "cod", SIM_BOOLEAN},
										{.path = "weight", SIM_INTEGER, SIM_REQUIRED},
										{.path = "height", SIM_INTEGER, SIM_REQUIRED},
										{.path = "length", SIM_INTEGER, SIM_REQUIRED},
										{.path = "width", SIM_INTEGER, SIM_REQUIRED},
										{.path = "item_value", SIM_INTEGER, SIM_REQUIRED},
										{.path = "item_categories", SIM_ARRAY},
										{.path = "limit", SIM_INTEGER},
										{.path = "page", SIM_INTEGER},
										{.path = "sort_by", SIM_ARRAY},
										{0}};
static SimSchema price_schema = {.name = "pricing", .closed = true, .fields = price_fields};

static const SimField book_fields[] = {{.path = "external_id", .flags = SIM_REQUIRED},
									   {.path = "courier.rate_id", SIM_INTEGER, SIM_REQUIRED},
									   {.path = "consignee.name", .flags = SIM_REQUIRED},
									   {.path = "consignee.phone_number", .flags = SIM_REQUIRED},
									   {.path = "destination.address", .flags = SIM_REQUIRED},
									   {.path = "package.weight", SIM_INTEGER, SIM_REQUIRED},
									   {0}};
static SimSchema book_schema = {.name = "order", .fields = book_fields};

static const SimField sku_fields[] = {
	{.path = "data.sku.sku", .flags = SIM_REQUIRED, .max = 50},
	{.path = "data.sku.sku_descr_1", .flags = SIM_REQUIRED, .max = 200},
	{.path = "data.sku.sku_descr_2", .flags = SIM_REQUIRED, .max = 200},
	{.path = "data.sku.sku_length", SIM_NUMBER, SIM_REQUIRED},
	{.path = "data.sku.sku_width", SIM_NUMBER, SIM_REQUIRED},
	{.path = "data.sku.sku_high", SIM_NUMBER, SIM_REQUIRED},
	{.path = "data.sku.gross_weight", SIM_NUMBER, SIM_REQUIRED},
	{.path = "data.sku.net_weight", SIM_NUMBER, SIM_REQUIRED},
	{.path = "data.sku.sku_group_1", .flags = SIM_REQUIRED},
	{0}};
static SimSchema sku_schema = {.name = "sku", .fields = sku_fields};

/* --- couriers --- */

static void
price(SimRequest *request)
{
	json_t *pricing =
		json_pack("{s:{s:i, s:s, s:s, s:s}, s:{s:i, s:s, s:s}, s:i, s:i, s:i, s:b, s:b, s:i, s:s}",
				  "logistic",
				  "id",
				  1,
				  "name",
				  "JNE",
				  "code",
				  "JNE",
				  "company_name",
				  "JNE",
				  "rate",
				  "id",
				  1,
				  "name",
				  "REG",
				  "type",
				  "Regular",
				  "min_day",
				  2,
				  "max_day",
				  3,
				  "insurance_fee",
				  300,
				  "must_use_insurance",
				  0,
				  "insurance_applied",
				  0,
				  "final_price",
				  9000,
				  "currency",
				  "IDR");

	answer(request, json_pack("{s:[o]}", "pricings", pricing));
}

static void
book(SimRequest *request)
{
	char id[40];

	snprintf(id, sizeof id, "2CQ%08lX", (long) bookings.count + 1);
	sim_map_put(&bookings, id, json_incref(json_object_get(request->json, "external_id")));
	answer(request, json_pack("{s:s}", "order_id", id));
}

/* --- orders --- */

/* What the warehouse has come to by now. */
static const struct
{
	int steps;
	const char *code;
	const char *word;
} steps[] = {{0, "", "PendingAudit"},
			 {1, "00", "Create SO"},
			 {2, "40", "Allocated"},
			 {3, "60", "Picked"},
			 {4, "63", "Cartonized"},
			 {5, "80", "Shipped"}};

static int
step_of(const Order *order)
{
	int step = (int) ((sim_now() - order->created) / 3600 / step_h);

	return step > 5 ? 5 : step;
}

static Order *
find_order(SimRequest *request, const char *number)
{
	Order *order = sim_map_get(&orders, number);

	if (!order)
		error(request, 400, 3012, "order does not exist in WMS nor OMS");
	return order;
}

static void
create(SimRequest *request)
{
	const json_t *body = sim_get(request->json, "data.outbound");
	const char *number = sim_text(body, "so_number", "");
	const char *tracking_id = sim_text(body, "tracking_id", "");
	Order *order;

	if (sim_map_get(&orders, number))
	{
		sim_offence(request, true, "key", "so_number", "%.50s exists.", number);
		error(request, 400, 810, "invalid input: so_number already exists");
		return;
	}
	if (*tracking_id && !sim_map_get(&bookings, tracking_id))
	{
		sim_offence(request, true, "key", "tracking_id", "%.50s was never booked.", tracking_id);
		error(request, 400, 810, "invalid input: tracking_id is unknown");
		return;
	}
	order = sim_alloc(sizeof(Order));
	order->number = sim_strdup(number);
	order->created = sim_now();
	order->request = json_deep_copy(body);
	snprintf(order->waybill, sizeof order->waybill, "0101162%08ld", ++made);
	sim_map_put(&orders, number, order);
	answer(request, json_pack("{s:{s:s}}", "outbound", "order_no", number));
}

static void
cancel(SimRequest *request)
{
	Order *order = find_order(request, sim_text(request->json, "data.cancellation.order_no", ""));

	if (!order)
		return;
	if (!order->cancelled && step_of(order) >= 2)
	{
		error(request, 400, 810, "order is already allocated");
		return;
	}
	order->cancelled = true;
	answer(request, NULL);
}

static void
show(SimRequest *request)
{
	Order *order = find_order(request, request->argument[1]);
	json_t *details = json_array();
	bool shipped;
	size_t i;
	json_t *line;

	if (!order)
	{
		json_decref(details);
		return;
	}
	shipped = !order->cancelled && step_of(order) == 5;
	json_array_foreach(json_object_get(order->request, "details"), i, line) json_array_append_new(
		details,
		json_pack("{s:O, s:O, s:s, s:O, s:o}",
				  "sku",
				  json_object_get(line, "sku"),
				  "order_line",
				  json_object_get(line, "line_no"),
				  "line_status",
				  "",
				  "qty_ordered",
				  json_object_get(line, "qty"),
				  "qty_shipped",
				  shipped ? json_incref(json_object_get(line, "qty")) : json_integer(0)));
	answer(request,
		   json_pack("{s:{s:s, s:s, s:s, s:O, s:s, s:s, s:s, s:b, s:[], s:o}}",
					 "outbound",
					 "order_no",
					 order->number,
					 "order_type",
					 "SO",
					 "so_status",
					 order->cancelled ? "Cancelled" : steps[step_of(order)].word,
					 "warehouse_id",
					 json_object_get(order->request, "warehouse_id"),
					 "so_reference_2",
					 order->number,
					 "carrier_name",
					 sim_text(order->request, "express_code", ""),
					 "delivery_no",
					 shipped ? order->waybill : "*",
					 "has_split",
					 0,
					 "sub_orders",
					 "details",
					 details));
}

/* --- stock and articles --- */

static void
show_stock(SimRequest *request)
{
	json_t *rows = json_array();
	json_t *wanted = sim_query_list(request, "skus");

	for (size_t i = 0; i < stock.count; i++)
	{
		json_int_t units = json_integer_value(stock.entries[i].value);
		bool asked = json_array_size(wanted) == 0;
		size_t j;
		json_t *sku;

		json_array_foreach(wanted, j, sku) asked |= sim_is_text(sku, stock.entries[i].key);
		if (asked)
			json_array_append_new(rows,
								  json_pack("{s:s, s:s, s:I, s:I, s:i, s:s}",
											"warehouse_id",
											sim_query(request, "warehouse_code"),
											"sku",
											stock.entries[i].key,
											"qty",
											units,
											"available_qty",
											units,
											"reserved_qty",
											0,
											"product_condition",
											"N"));
	}
	json_decref(wanted);
	sim_reply(request,
			  200,
			  json_pack("{s:o, s:o, s:{s:i, s:i}}",
						"metadata",
						metadata(request, 200),
						"data",
						rows,
						"pagination",
						"current_page",
						1,
						"total_pages",
						1));
}

static void
put_sku(SimRequest *request)
{
	answer(request, json_deep_copy(json_object_get(request->json, "data")));
}

static void
show_client(SimRequest *request)
{
	answer(request, json_pack("{s:[s]}", "warehouses", "WH-TGR04"));
}

static void
set_stock(SimRequest *request)
{
	depot_put_stock(request, &stock);
}

static void
count(SimRequest *request)
{
	json_t *by_reference = json_object();

	for (size_t i = 0; i < orders.count; i++)
		json_object_set_new(by_reference, orders.entries[i].key, json_integer(1));
	sim_reply(request,
			  200,
			  json_pack("{s:o, s:I, s:I}",
						"by_reference",
						by_reference,
						"orders",
						(json_int_t) orders.count,
						"bookings",
						(json_int_t) bookings.count));
}

/* --- the peer --- */

static void
release_order(void *value)
{
	Order *order = value;

	free(order->number);
	json_decref(order->request);
	free(order);
}

static void
reset(void)
{
	sim_map_clear(&orders, release_order);
	sim_map_clear(&stock, sim_release_json);
	sim_map_clear(&bookings, sim_release_json);
	made = 0;
}

static const SimSetting settings[] = {
	{"key", SIM_SETTING_TEXT, known_key, "", "empty: any but \"wrong\""},
	{"step_h", SIM_SETTING_REAL, &step_h, "1", "hours between two states of an order"},
	{0}};

#define API "/v3/fulfillment"

static const SimRoute routes[] = {
	{"GET", API "/client/information", show_client, NULL, NULL, 0},
	{"POST", API "/pricing/domestic", price, &price_schema, NULL, 0},
	{"POST", "/v3/order", book, &book_schema, NULL, 0},
	{"POST", API "/outbound/oms", create, &outbound_schema, NULL, 0},
	{"PATCH", API "/outbound/oms/cancel", cancel, &cancel_schema, NULL, 0},
	{"GET", API "/warehouse/{warehouse}/outbound/oms/{order}", show, NULL, NULL, 0},
	{"GET",
	 API "/inventory/stock",
	 show_stock,
	 NULL,
	 "warehouse_code stock_type page limit sku skus",
	 0},
	{"POST", API "/sku", put_sku, &sku_schema, NULL, 0},
	{0}};

static const SimRoute controls[] = {{"POST", "/stock", set_stock, &depot_stock_schema, NULL, 0},
									{"GET", "/counts", count, NULL, NULL, 0},
									{0}};

const SimPeer sim_peer_shipper_id = {.name = "shipper_id",
									 .routes = routes,
									 .controls = controls,
									 .settings = settings,
									 .authorize = authorize,
									 .refuse = refuse,
									 .fail = fail,
									 .reset = reset};
