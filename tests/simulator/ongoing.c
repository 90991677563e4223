/*
 * ongoing.c
 *
 * The Ongoing WMS peer's door: routes, settings, controls, Basic auth, errors,
 * and the rule that a goods owner's writes come one after another: a write
 * takes a little while, and one that arrives before the last is done is
 * answered with an error and counted.  What the routes do is in the other
 * ongoing_*.c files.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ongoing.h"

Ongoing ongoing;
bool ongoing_auto_articles;
long ongoing_bad_address_status;

static char user[SIM_TEXT_SIZE];
static char password[SIM_TEXT_SIZE];
static char goods_owners[SIM_TEXT_SIZE];
static long write_ms;
static long busy_status;

/* --- answers --- */

void
ongoing_error(SimRequest *request, int status, const char *format, ...)
{
	va_list arguments;
	char message[400];

	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	sim_reply(request, status, json_pack("{s:s}", "message", message));
}

/* What ASP.NET answers when a model does not bind: every failure by its field. */
static void
refuse(SimRequest *request, const SimFailure *failures, int count)
{
	json_t *state = json_object();

	if (strcmp(failures->rule, "route") == 0 || strcmp(failures->rule, "method") == 0)
	{
		json_decref(state);
		ongoing_error(
			request, strcmp(failures->rule, "route") == 0 ? 404 : 405, "%s", failures->detail);
		return;
	}
	for (int i = 0; i < count; i++)
	{
		const char *field = *failures[i].field ? failures[i].field : "body";
		json_t *list = json_object_get(state, field);

		if (!list)
			json_object_set_new(state, field, list = json_array());
		json_array_append_new(list, json_string(failures[i].detail));
	}
	sim_reply(request,
			  strcmp(failures->rule, "size") == 0 ? 413 : 400,
			  json_pack("{s:s, s:o}", "message", "The request is invalid.", "modelState", state));
}

static void
fail(SimRequest *request, int status)
{
	ongoing_error(request,
				  status,
				  status == 401   ? "Authorization has been denied for this request."
				  : status == 429 ? "Too many requests."
								  : "An error has occurred.");
}

json_t *
ongoing_date(double when)
{
	char buffer[40];

	return when > 0 ? json_string(sim_time(when, 0, "%Y-%m-%dT%H:%M:%S.000Z", buffer))
					: json_null();
}

json_t *
ongoing_member(const json_t *object, const char *path)
{
	json_t *value = sim_get(object, path);

	return value ? json_incref(value) : json_null();
}

bool
ongoing_since(SimRequest *request, const char *name, double *when)
{
	const char *text = sim_query(request, name);

	if (!text)
		return true;
	if (sim_parse_time(text, when, NULL))
		return true;
	sim_refuse(request, NULL, "form", name, "\"%.60s\" is no ISO 8601 time.", text);
	return false;
}

/* --- rights and order of writes --- */

static bool
authorize(SimRequest *request)
{
	char name[200];
	char secret[200];

	if (sim_basic_auth(request, name, secret) && *name && *secret &&
		(!*user || strcmp(name, user) == 0) && (!*password || strcmp(secret, password) == 0))
		return true;
	sim_offence(request,
				true,
				"auth",
				"Authorization",
				"%s",
				sim_header(request, "Authorization") ? "It is not the API user's Basic credentials."
													 : "The header is missing.");
	fail(request, 401);
	return false;
}

bool
ongoing_may(SimRequest *request, long owner)
{
	char text[24];

	snprintf(text, sizeof text, "%ld", owner);
	if (!*goods_owners || sim_is_one_of(text, goods_owners, ','))
		return true;
	sim_offence(request,
				true,
				"value",
				"goodsOwnerId",
				"The API user has no right to goods owner %ld, only to %s.",
				owner,
				goods_owners);
	ongoing_error(request, 403, "No access to goods owner %ld.", owner);
	return false;
}

bool
ongoing_may_write(SimRequest *request, long owner)
{
	double *until = sim_map_get_id(&ongoing.busy, owner);
	double now = sim_wall();

	if (!ongoing_may(request, owner))
		return false;
	if (!until)
	{
		until = sim_alloc(sizeof(double));
		sim_map_put_id(&ongoing.busy, owner, until);
	}
	if (now < *until)
	{
		ongoing.overlaps++;
		sim_offence(
			request,
			true,
			"sequence",
			"goodsOwnerId",
			"A write for goods owner %ld came while another was being processed (for %.1f ms "
			"more): writes must come one after another.",
			owner,
			(*until - now) * 1000);
		ongoing_error(request,
					  (int) busy_status,
					  "Another request for goods owner %ld is being processed.",
					  owner);
		return false;
	}
	*until = now + (double) write_ms / 1000;
	request->work_ms = (int) write_ms;
	return true;
}

long
ongoing_query_owner(SimRequest *request)
{
	long owner = sim_query_int(request, "goodsOwnerId", 0);

	if (owner)
		return ongoing_may(request, owner) ? owner : 0;
	sim_refuse(request, NULL, "required", "goodsOwnerId", "The query parameter is missing.");
	return 0;
}

/* --- small lists --- */

static void
list_contracts(SimRequest *request)
{
	if (ongoing_query_owner(request))
		sim_reply(request,
				  200,
				  json_pack("{s:[{s:s, s:s, s:[{s:s, s:s}, {s:s, s:s}]}]}",
							"transporters",
							"transporterName",
							"PostNord Sweden AB",
							"transporterCode",
							"PLAB",
							"transporterServices",
							"transporterServiceCode",
							"P19",
							"transporterServiceName",
							"PostNord MyPack Collect",
							"transporterServiceCode",
							"P17",
							"transporterServiceName",
							"PostNord MyPack Home"));
}

static void
list_ways(SimRequest *request)
{
	if (ongoing_query_owner(request))
		sim_reply(request,
				  200,
				  json_pack("{s:[{s:i, s:s, s:s}, {s:i, s:s, s:s}]}",
							"wayOfDeliveryTypes",
							"id",
							1,
							"code",
							"MYPACK",
							"name",
							"MyPack Collect",
							"id",
							2,
							"code",
							"HOME",
							"name",
							"MyPack Home"));
}

static void
list_warehouses(SimRequest *request)
{
	sim_reply(request, 200, json_pack("[{s:i, s:s}]", "id", 1, "name", "Main warehouse"));
}

/* --- control --- */

static void
control_orders(SimRequest *request)
{
	const char *number = sim_query(request, "orderNumber");
	json_t *list = json_array();

	for (size_t i = 0; i < ongoing.orders_by_id.count; i++)
	{
		const OngoingOrder *order = sim_map_at(&ongoing.orders_by_id, i);

		if (!number || strcmp(sim_text(order->body, "orderNumber", ""), number) == 0)
			json_array_append_new(list,
								  json_pack("{s:i, s:O, s:o}",
											"puts",
											order->puts,
											"body",
											order->body,
											"order",
											ongoing_order_json(order)));
	}
	sim_reply(request,
			  200,
			  json_pack("{s:i, s:o}", "count", (int) json_array_size(list), "orders", list));
}

static void
control_counts(SimRequest *request)
{
	json_t *by_status = json_object();
	json_t *puts = json_object();

	for (size_t i = 0; i < ongoing.orders_by_id.count; i++)
	{
		const OngoingOrder *order = sim_map_at(&ongoing.orders_by_id, i);
		char status[16];

		snprintf(status, sizeof status, "%d", order->status);
		json_object_set_new(
			by_status,
			status,
			json_integer(json_integer_value(json_object_get(by_status, status)) + 1));
		json_object_set_new(
			puts, sim_text(order->body, "orderNumber", ""), json_integer(order->puts));
	}
	sim_reply(request,
			  200,
			  json_pack("{s:I, s:I, s:I, s:I, s:o, s:o}",
						"orders",
						(json_int_t) ongoing.orders_by_id.count,
						"articles",
						(json_int_t) ongoing.articles_by_id.count,
						"returns",
						(json_int_t) ongoing.returns_by_id.count,
						"overlapping_writes",
						(json_int_t) ongoing.overlaps,
						"by_status",
						by_status,
						"puts",
						puts));
}

/* --- the peer --- */

static void
reset(void)
{
	ongoing_returns_reset();
	ongoing_orders_reset();
	ongoing_articles_reset();
	sim_map_clear(&ongoing.busy, free);
	ongoing = (Ongoing){.next_article = 18069,
						.next_order = 50163,
						.next_line = 48838,
						.next_parcel = 207,
						.next_return = 4711,
						.events = 90816};
}

static const SimSetting settings[] = {
	{"user", SIM_SETTING_TEXT, user, "", "only this API user; empty: any"},
	{"password", SIM_SETTING_TEXT, password, "", "empty: any"},
	{"goods_owners",
	 SIM_SETTING_TEXT,
	 goods_owners,
	 "",
	 "ids the user may see, \"159,160\"; empty: any"},
	{"write_ms", SIM_SETTING_INT, &write_ms, "3", "how long a write is being processed"},
	{"busy_status",
	 SIM_SETTING_INT,
	 &busy_status,
	 "429",
	 "answer to a write that overlaps another"},
	{"auto_articles",
	 SIM_SETTING_BOOL,
	 &ongoing_auto_articles,
	 "false",
	 "an order makes the articles it names, with 1000 in stock"},
	{"bad_address_status",
	 SIM_SETTING_INT,
	 &ongoing_bad_address_status,
	 "150",
	 "status of an order whose address cannot be right; 0: taken as it is"},
	{"auto_step_s",
	 SIM_SETTING_REAL,
	 &ongoing_auto_step_s,
	 "0",
	 "simulated seconds between released, allocated, picked and sent; 0: only by control"},
	{"webhooks", SIM_SETTING_BOOL, &ongoing_webhooks, "true", "order webhooks are emitted"},
	{"webhook_header",
	 SIM_SETTING_TEXT,
	 ongoing_webhook_header,
	 "X-Auth-Token",
	 "carries the secret"},
	{"webhook_secret",
	 SIM_SETTING_TEXT,
	 ongoing_webhook_secret,
	 "sim-secret",
	 "sent with a webhook"},
	{0}};

#define API "/{instance}/api/v1"
#define ORDER_QUERY                                                          \
	"goodsOwnerId orderNumber orderNumbers orderStatusFrom orderStatusTo "   \
	"orderStatusChangedTimeFrom orderUpdatedTimeFrom orderCreatedTimeFrom "  \
	"orderCreatedTimeTo shippedTimeFrom shippedTimeTo lastReturnedFrom "     \
	"marketPlace shipmentId articleNumbers serial parcelNumber orderIdFrom " \
	"maxOrdersToGet onlyOrdersWithOrderLinesToReport"
#define ARTICLE_QUERY                                                                          \
	"goodsOwnerId articleNumber articleNumbers articleSystemIdFrom maxArticlesToGet "          \
	"stockInfoChangedFrom onlyArticlesInStock productCode productCodes barCodes warehouseIds " \
	"articleDataLastUpdatedFrom articleNameContains"

static const SimRoute routes[] = {
	{"GET", API "/orders/statuses", ongoing_list_statuses, NULL, NULL, 0},
	{"GET", API "/orders/wayOfDeliveryTypes", list_ways, NULL, "goodsOwnerId", 0},
	{"PUT", API "/orders", ongoing_put_order, &ongoing_order_schema, NULL, 0},
	{"GET", API "/orders", ongoing_list_orders, NULL, ORDER_QUERY, 0},
	{"DELETE", API "/orders", ongoing_cancel_by_number, NULL, "goodsOwnerId orderNumber", 0},
	{"GET", API "/orders/{orderId}", ongoing_get_order, NULL, NULL, 0},
	{"DELETE", API "/orders/{orderId}", ongoing_cancel_order, NULL, NULL, 0},
	{"PUT",
	 API "/orders/{orderId}/orderTracking",
	 ongoing_put_tracking,
	 &ongoing_tracking_schema,
	 NULL,
	 0},
	{"PUT", API "/orders/{orderId}/parcels", ongoing_put_parcel, &ongoing_parcel_schema, NULL, 0},
	{"DELETE", API "/orders/{orderId}/parcels/{parcelId}", ongoing_delete_parcel, NULL, NULL, 0},
	{"GET", API "/orders/{orderId}/files", ongoing_list_files, NULL, NULL, 0},
	{"POST", API "/orders/{orderId}/files", ongoing_put_file, &ongoing_file_schema, NULL, 0},
	{"PUT", API "/orders/{orderId}/files", ongoing_put_file, &ongoing_file_schema, "fileName", 0},
	{"PATCH", API "/orders/{orderId}/{what}", ongoing_patch_order, &ongoing_patch_schema, NULL, 0},
	{"PATCH",
	 API "/orders/{orderId}/lines/{lineId}/{what}",
	 ongoing_patch_line,
	 &ongoing_patch_schema,
	 NULL,
	 0},
	{"PUT", API "/articles", ongoing_put_article, &ongoing_article_schema, NULL, 0},
	{"GET", API "/articles", ongoing_list_articles, NULL, ARTICLE_QUERY, 0},
	{"GET", API "/articles/inventoryPerWarehouse", ongoing_list_inventory, NULL, ARTICLE_QUERY, 0},
	{"GET", API "/articles/{articleSystemId}", ongoing_get_article, NULL, NULL, 0},
	{"PUT",
	 API "/articles/{articleSystemId}",
	 ongoing_put_article,
	 &ongoing_article_schema,
	 NULL,
	 0},
	{"PUT", API "/returnOrders", ongoing_put_return, &ongoing_return_schema, NULL, 0},
	{"GET",
	 API "/returnOrders",
	 ongoing_list_returns,
	 NULL,
	 "goodsOwnerId returnOrderNumbers customerOrderNumbers goodsReturnedFromDate "
	 "returnOrderStatusFrom returnOrderStatusTo",
	 0},
	{"GET", API "/returnOrders/statuses", ongoing_return_statuses, NULL, NULL, 0},
	{"GET", API "/returnOrders/returnCauses", ongoing_list_causes, NULL, "goodsOwnerId", 0},
	{"PUT", API "/returnOrders/returnCauses", ongoing_put_cause, &ongoing_cause_schema, NULL, 0},
	{"GET", API "/returnOrders/{returnOrderId}", ongoing_get_return, NULL, NULL, 0},
	{"GET", API "/transporterContracts", list_contracts, NULL, "goodsOwnerId", 0},
	{"GET", API "/warehouses", list_warehouses, NULL, NULL, 0},
	{0}};

static const SimRoute controls[] = {
	{"GET", "/orders", control_orders, NULL, "orderNumber", 0},
	{"GET", "/counts", control_counts, NULL, NULL, 0},
	{"GET", "/articles", ongoing_control_articles, NULL, "articleNumber", 0},
	{"POST", "/stock", ongoing_control_stock, &ongoing_stock_schema, NULL, 0},
	{"POST", "/move", ongoing_control_move, &ongoing_move_schema, NULL, 0},
	{"POST", "/receive_return", ongoing_control_receive, &ongoing_receive_schema, NULL, 0},
	{0}};

const SimPeer sim_peer_ongoing = {.name = "ongoing",
								  .routes = routes,
								  .controls = controls,
								  .settings = settings,
								  .authorize = authorize,
								  .refuse = refuse,
								  .fail = fail,
								  .reset = reset};
