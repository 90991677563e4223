/*
 * amazon_mcf.c
 *
 * The peer of Amazon's Multi-Channel Fulfillment: orders under the seller's own
 * id, which is taken once and for ever, on their way through the fulfillment
 * center by the clock; previews, packages, returns and stock.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "amazon_mcf.h"

Depot mcf_depot;
SimMap mcf_stock; /* json integers by SKU; what is not there is not kept */
SimMap mcf_returns;
static bool strict_stock;
static double processing_h;

/* --- errors --- */

void
mcf_error(SimRequest *request, int status, const char *code, const char *text, const char *details)
{
	sim_reply(
		request,
		status,
		json_pack(
			"{s:[{s:s, s:s, s:s}]}", "errors", "code", code, "message", text, "details", details));
}

static void
refuse(SimRequest *request, const SimFailure *failures, int count)
{
	char text[600];

	(void) count;
	snprintf(text, sizeof text, "%s: %s", failures->field, failures->detail);
	mcf_error(request, strcmp(failures->rule, "route") == 0 ? 404 : 400, "InvalidInput", text, "");
}

static void
fail(SimRequest *request, int status)
{
	mcf_error(request,
			  status,
			  status == 429   ? "QuotaExceeded"
			  : status == 403 ? "Unauthorized"
							  : "InternalFailure",
			  status == 429   ? "You exceeded your quota for the requested resource."
			  : status == 403 ? "Access to requested resource is denied."
							  : "We encountered an internal error. Please try again.",
			  status == 403 ? "The access token you provided has expired." : "");
}

/* --- who calls --- */

static bool
authorize(SimRequest *request)
{
	if (!sim_header(request, "x-amz-date"))
		sim_offence(request, false, "header", "x-amz-date", "The header is missing.");
	if (!sim_header(request, "user-agent"))
		sim_offence(request, false, "header", "user-agent", "The header is missing.");
	if (!depot_allows(request, &mcf_depot))
		fail(request, 429);
	else if (!depot_accepts(request,
							&mcf_depot,
							"x-amz-access-token",
							sim_header(request, "x-amz-access-token")))
		fail(request, 403);
	else
		return true;
	return false;
}

static void
give_token(SimRequest *request)
{
	char grant[SIM_TEXT_SIZE];
	char refresh[SIM_TEXT_SIZE];
	char client[SIM_TEXT_SIZE];
	char secret[SIM_TEXT_SIZE];

	depot_form(request, "grant_type", grant);
	depot_form(request, "refresh_token", refresh);
	depot_form(request, "client_id", client);
	depot_form(request, "client_secret", secret);
	if (strcmp(grant, "refresh_token") != 0 || strncmp(refresh, "Atzr|", 5) != 0)
	{
		sim_offence(request, true, "auth", "refresh_token", "It is no refresh token.");
		sim_reply(request,
				  400,
				  json_pack("{s:s, s:s}",
							"error",
							"invalid_grant",
							"error_description",
							"The request has an invalid grant parameter : refresh_token"));
	}
	else if (!depot_knows(request, &mcf_depot, client, secret))
		sim_reply(request,
				  401,
				  json_pack("{s:s, s:s}",
							"error",
							"invalid_client",
							"error_description",
							"Client authentication failed"));
	else
		sim_reply(request,
				  200,
				  json_pack("{s:s, s:s, s:I, s:s}",
							"access_token",
							depot_grant(&mcf_depot),
							"token_type",
							"bearer",
							"expires_in",
							(json_int_t) mcf_depot.token_lifetime_s,
							"refresh_token",
							refresh));
}

/* --- orders --- */

static void
number_order(DepotPackage *package, long serial)
{
	snprintf(package->number, DEPOT_NUMBER, "%ld", 1208854 + serial);
	snprintf(package->shipment->id, DEPOT_NUMBER, "%s", package->shipment->reference);
}

DepotShipment *
mcf_order(SimRequest *request)
{
	DepotShipment *order = depot_shipment(&mcf_depot, request->argument[0]);

	if (!order)
		mcf_error(request, 404, "InvalidInput", "There is no such order.", "");
	return order;
}

static bool
is_held(const DepotShipment *order)
{
	return strcmp(sim_text(order->request, "fulfillmentAction", "Ship"), "Hold") == 0;
}

bool
mcf_lacks_stock(const json_t *body)
{
	size_t i;
	json_t *item;

	json_array_foreach(json_object_get(body, "items"), i, item)
	{
		const json_t *left = sim_map_get(&mcf_stock, sim_text(item, "sellerSku", ""));

		if (left ? json_integer_value(left) < (json_int_t) sim_real(item, "quantity", 0)
				 : strict_stock)
			return true;
	}
	return false;
}

static void
take_stock(const json_t *body, int sign)
{
	size_t i;
	json_t *item;

	json_array_foreach(json_object_get(body, "items"), i, item)
	{
		json_t *left = sim_map_get(&mcf_stock, sim_text(item, "sellerSku", ""));

		if (left)
			json_integer_set(
				left, json_integer_value(left) + sign * (json_int_t) sim_real(item, "quantity", 0));
	}
}

/* closed stands for an order that found no stock. */
const char *
mcf_status(const DepotShipment *order)
{
	double hours = (sim_now() - order->created) / 3600;

	return order->voided           ? "Cancelled"
		   : order->closed         ? "Unfulfillable"
		   : is_held(order)        ? "Received"
		   : hours < processing_h  ? "Planning"
		   : depot_has_left(order) ? "Complete"
								   : "Processing";
}

static void
create(SimRequest *request)
{
	const char *id = sim_text(request->json, "sellerFulfillmentOrderId", "");
	DepotShipment *order;

	if (depot_shipment(&mcf_depot, id))
	{
		sim_offence(request, true, "key", "sellerFulfillmentOrderId", "%.40s exists.", id);
		mcf_error(request, 400, "InvalidInput", "The seller's order id already exists.", "");
		return;
	}
	order = depot_ship(&mcf_depot, id, request->json, 1, number_order);
	order->closed = mcf_lacks_stock(request->json);
	if (!order->closed)
		take_stock(request->json, -1);
	sim_reply(request, 200, json_object());
}

static void
change(SimRequest *request)
{
	DepotShipment *order = mcf_order(request);
	const char *key;
	json_t *value;

	if (!order)
		return;
	if (!sim_is_one_of(mcf_status(order), "Received|Planning", '|'))
	{
		mcf_error(request, 400, "InvalidInput", "The order is being processed.", "");
		return;
	}
	json_object_foreach(request->json, key, value) json_object_set(order->request, key, value);
	sim_reply(request, 200, json_object());
}

static void
cancel(SimRequest *request)
{
	DepotShipment *order = mcf_order(request);

	mcf_depot.void_calls++;
	if (!order)
		return;
	if (!sim_is_one_of(mcf_status(order), "Received|Planning|Cancelled", '|'))
	{
		mcf_error(request, 400, "InvalidInput", "The order can no longer be cancelled.", "");
		return;
	}
	if (!order->voided)
		take_stock(order->request, 1);
	order->voided = true;
	sim_reply(request, 200, json_object());
}

static json_t *
shipments_json(const DepotShipment *order)
{
	const DepotPackage *package = &order->packages[0];
	json_int_t number = atoll(package->number);
	json_t *items = json_array();
	char at[40];
	size_t i;
	json_t *item;

	if (strcmp(mcf_status(order), "Complete") != 0)
	{
		json_decref(items);
		return json_array();
	}
	json_array_foreach(json_object_get(order->request, "items"), i, item)
		json_array_append_new(items,
							  json_pack("{s:O, s:O, s:O, s:I}",
										"sellerSku",
										json_object_get(item, "sellerSku"),
										"sellerFulfillmentOrderItemId",
										json_object_get(item, "sellerFulfillmentOrderItemId"),
										"quantity",
										json_object_get(item, "quantity"),
										"packageNumber",
										number));
	return json_pack("[{s:s, s:s, s:s, s:s, s:o, s:[{s:I, s:s, s:o}]}]",
					 "amazonShipmentId",
					 "Dq7XyZ1",
					 "fulfillmentCenterId",
					 "RNO4",
					 "fulfillmentShipmentStatus",
					 "SHIPPED",
					 "shippingDate",
					 sim_time(order->created + 3 * 3600, 0, "%FT%TZ", at),
					 "fulfillmentShipmentItem",
					 items,
					 "fulfillmentShipmentPackage",
					 "packageNumber",
					 number,
					 "carrierCode",
					 "AMZN_US",
					 "trackingNumber",
					 json_sprintf("TBA%012lld", (long long) number));
}

static void
show(SimRequest *request)
{
	DepotShipment *order = mcf_order(request);
	json_t *items = json_array();
	json_t *head;
	char at[40];
	size_t i;
	json_t *item;
	json_t *sent;

	if (!order)
	{
		json_decref(items);
		return;
	}
	head = json_copy(order->request);
	json_object_del(head, "items");
	json_object_set_new(head, "fulfillmentOrderStatus", json_string(mcf_status(order)));
	sim_time(order->created, 0, "%FT%TZ", at);
	json_object_set_new(head, "receivedDate", json_string(at));
	json_object_set_new(
		head, "statusUpdatedDate", json_string(sim_time(sim_now(), 0, "%FT%TZ", at)));
	json_array_foreach(json_object_get(order->request, "items"), i, item) json_array_append_new(
		items,
		json_pack("{s:O, s:O, s:O, s:i, s:o}",
				  "sellerSku",
				  json_object_get(item, "sellerSku"),
				  "sellerFulfillmentOrderItemId",
				  json_object_get(item, "sellerFulfillmentOrderItemId"),
				  "quantity",
				  json_object_get(item, "quantity"),
				  "cancelledQuantity",
				  0,
				  "unfulfillableQuantity",
				  order->closed ? json_incref(json_object_get(item, "quantity"))
								: json_integer(0)));
	sent = sim_map_get(&mcf_returns, order->id);
	sim_reply(request,
			  200,
			  json_pack("{s:{s:o, s:o, s:o, s:o, s:[]}}",
						"payload",
						"fulfillmentOrder",
						head,
						"fulfillmentOrderItems",
						items,
						"fulfillmentShipments",
						shipments_json(order),
						"returnItems",
						sent ? json_incref(sent) : json_array(),
						"returnAuthorizations"));
}

/* --- the peer --- */

static void
reset(void)
{
	depot_reset(&mcf_depot);
	sim_map_clear(&mcf_stock, sim_release_json);
	sim_map_clear(&mcf_returns, sim_release_json);
}

static const SimSetting settings[] = {
	DEPOT_SETTINGS(mcf_depot),
	{"strict_stock", SIM_SETTING_BOOL, &strict_stock, "false", "only what is in stock is sent"},
	{"processing_h", SIM_SETTING_REAL, &processing_h, "1", "until an order is worked on"},
	{0}};

#define OUTBOUND "/fba/outbound/2020-07-01"

static const SimRoute routes[] = {
	{"POST", "/auth/o2/token", give_token, NULL, NULL, SIM_OPEN | SIM_FORM},
	{"POST", OUTBOUND "/fulfillmentOrders/preview", mcf_preview, &mcf_preview_schema, NULL, 0},
	{"POST", OUTBOUND "/fulfillmentOrders", create, &mcf_create_schema, NULL, 0},
	{"GET", OUTBOUND "/fulfillmentOrders/{id}", show, NULL, NULL, 0},
	{"PUT", OUTBOUND "/fulfillmentOrders/{id}", change, &mcf_change_schema, NULL, 0},
	{"PUT", OUTBOUND "/fulfillmentOrders/{id}/cancel", cancel, NULL, NULL, 0},
	{"PUT",
	 OUTBOUND "/fulfillmentOrders/{id}/return",
	 mcf_make_return,
	 &mcf_return_schema,
	 NULL,
	 0},
	{"GET", OUTBOUND "/tracking", mcf_track, NULL, "packageNumber", 0},
	{"GET",
	 "/fba/inventory/v1/summaries",
	 mcf_show_stock,
	 NULL,
	 "details granularityType granularityId marketplaceIds sellerSkus startDateTime nextToken",
	 0},
	{0}};

static const SimRoute controls[] = {
	DEPOT_CONTROLS, {"POST", "/stock", mcf_set_stock, &depot_stock_schema, NULL, 0}, {0}};

const SimPeer sim_peer_amazon_mcf = {.name = "amazon_mcf",
									 .routes = routes,
									 .controls = controls,
									 .settings = settings,
									 .authorize = authorize,
									 .refuse = refuse,
									 .fail = fail,
									 .reset = reset,
									 .depot = &mcf_depot};
