/*
 * amazon_orders.c
 *
 * The peer of Amazon's orders: searched by last update with page tokens, told
 * of packages by the seller's own numbers, and the quantities of listings.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "amazon_feeds.h"

static Market market;
static long page_size;

/* --- errors --- */

static void
answer_error(SimRequest *request, int status, const char *code, const char *text)
{
	sim_reply(
		request,
		status,
		json_pack("{s:[{s:s, s:s, s:s}]}", "errors", "code", code, "message", text, "details", ""));
}

static void
refuse(SimRequest *request, const SimFailure *failures, int count)
{
	char text[600];

	(void) count;
	snprintf(text, sizeof text, "%s: %s", failures->field, failures->detail);
	answer_error(request, strcmp(failures->rule, "route") == 0 ? 404 : 400, "InvalidInput", text);
}

static void
fail(SimRequest *request, int status)
{
	if (status == 429)
	{
		sim_reply_header(request, "x-amzn-RateLimit-Limit", "1.0");
		answer_error(request,
					 status,
					 "QuotaExceeded",
					 "You exceeded your quota for the requested resource.");
	}
	else if (status == 403)
		answer_error(request, status, "Unauthorized", "Access to requested resource is denied.");
	else
		answer_error(request, status, "InternalFailure", "We encountered an internal error.");
}

/* --- who calls --- */

static bool
authorize(SimRequest *request)
{
	if (!sim_header(request, "x-amz-date") || !sim_header(request, "user-agent"))
		sim_offence(request, false, "header", "x-amz-date", "x-amz-date or user-agent is missing.");
	if (!depot_allows(request, &market.door))
		fail(request, 429);
	else if (!depot_accepts(request,
							&market.door,
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
		sim_reply(request, 400, json_pack("{s:s}", "error", "invalid_grant"));
	}
	else if (!depot_knows(request, &market.door, client, secret))
		sim_reply(request, 401, json_pack("{s:s}", "error", "invalid_client"));
	else
		sim_reply(request,
				  200,
				  json_pack("{s:s, s:s, s:I}",
							"access_token",
							depot_grant(&market.door),
							"token_type",
							"bearer",
							"expires_in",
							(json_int_t) market.door.token_lifetime_s));
}

/* --- orders --- */

static json_t *
time_json(double when)
{
	char buffer[40];

	return json_string(sim_time(when, 0, "%FT%TZ", buffer));
}

static const char *
status_of(const MarketOrder *order)
{
	if (order->cancelled)
		return "CANCELLED";
	if (market_is_done(order))
		return "SHIPPED";
	return market_is_whole(order) ? "UNSHIPPED" : "PARTIALLY_SHIPPED";
}

static json_t *
items_json(const MarketOrder *order)
{
	json_t *items = json_array();

	for (int i = 0; i < order->count; i++)
	{
		const MarketLine *line = &order->lines[i];
		char id[24];
		json_t *item;

		snprintf(id, sizeof id, "%ld", line->id);
		item = json_pack("{s:s, s:I, s:{s:s, s:s, s:s, s:{s:{s:s, s:s}}}, s:{s:I, s:I}}",
						 "orderItemId",
						 id,
						 "quantityOrdered",
						 (json_int_t) line->quantity,
						 "product",
						 "asin",
						 "B0EXAMPLE1",
						 "title",
						 line->sku,
						 "sellerSku",
						 line->sku,
						 "price",
						 "unitPrice",
						 "amount",
						 "24.95",
						 "currencyCode",
						 "USD",
						 "fulfillment",
						 "quantityFulfilled",
						 (json_int_t) line->shipped,
						 "quantityUnfulfilled",
						 (json_int_t) (order->cancelled ? 0 : line->quantity - line->shipped));
		if (*order->hold)
			json_object_set_new(item,
								"cancellation",
								json_pack("{s:{s:s, s:s}}",
										  "cancellationRequest",
										  "requester",
										  "BUYER",
										  "cancelReason",
										  order->hold));
		json_array_append_new(items, item);
	}
	return items;
}

static json_t *
order_json(const MarketOrder *order, bool packages)
{
	json_t *json = json_pack(
		"{s:s, s:o, s:o, s:{s:s}, s:{s:{s:s, s:s, s:s, s:s, s:s, s:s}}, s:{s:{s:s, s:s}}, s:{s:s, s:s, "
		"s:s}, s:o}",
		"orderId",
		order->number,
		"createdTime",
		time_json(order->created),
		"lastUpdatedTime",
		time_json(order->updated),
		"buyer",
		"buyerEmail",
		"jo@marketplace.amazon.com",
		"recipient",
		"deliveryAddress",
		"name",
		"Jo Ray",
		"addressLine1",
		"9 Elm St",
		"city",
		"Austin",
		"stateOrRegion",
		"TX",
		"postalCode",
		"78701",
		"countryCode",
		"US",
		"proceeds",
		"grandTotal",
		"amount",
		"59.80",
		"currencyCode",
		"USD",
		"fulfillment",
		"fulfillmentStatus",
		status_of(order),
		"fulfilledBy",
		"MERCHANT",
		"fulfillmentServiceLevel",
		"standard",
		"orderItems",
		items_json(order));
	json_t *list = json_array();
	size_t i;
	json_t *parcel;

	json_array_foreach(order->parcels, i, parcel)
		json_array_append_new(list,
							  json_pack("{s:O, s:O, s:O}",
										"packageReferenceId",
										json_object_get(parcel, "reference"),
										"carrier",
										json_object_get(parcel, "carrier"),
										"trackingNumber",
										json_object_get(parcel, "number")));
	if (packages)
		json_object_set(json, "packages", list);
	json_decref(list);
	return json;
}

/* A token is the place of the page behind it. */
static void
list_orders(SimRequest *request)
{
	const char *after = sim_query(request, "lastUpdatedAfter");
	const char *created = sim_query(request, "createdAfter");
	const char *token = sim_query(request, "paginationToken");
	const char *statuses = sim_query(request, "fulfillmentStatuses");
	long offset = token && strncmp(token, "page-", 5) == 0 ? strtol(token + 5, NULL, 10) : 0;
	double from = 0;
	bool zoned = false;
	json_t *list = json_array();
	MarketOrder **orders;
	size_t count;
	long total = 0;
	json_t *answer;

	if (!after == !created || !sim_query(request, "marketplaceIds") ||
		!sim_parse_time(after ? after : created, &from, &zoned) || !zoned || (token && offset == 0))
	{
		sim_refuse(
			request, NULL, "value", "lastUpdatedAfter", "The time, marketplace or token is wrong.");
		json_decref(list);
		return;
	}
	orders = market_changed(&market, &count);
	for (size_t i = 0; i < count; i++)
	{
		if (orders[i]->updated <= from ||
			(statuses && !sim_is_one_of(status_of(orders[i]), statuses, ',')))
			continue;
		if (total >= offset && total < offset + page_size)
			json_array_append_new(list, order_json(orders[i], false));
		total++;
	}
	answer = json_pack("{s:o, s:{}, s:o}",
					   "orders",
					   list,
					   "pagination",
					   "lastUpdatedBefore",
					   time_json(count > 0 && orders[count - 1]->updated > sim_now()
									 ? orders[count - 1]->updated
									 : (double) (long) sim_now() - 1));
	free(orders);
	if (offset + page_size < total)
	{
		char *next = sim_format("page-%ld", offset + page_size);

		json_object_set_new(json_object_get(answer, "pagination"), "nextToken", json_string(next));
		free(next);
	}
	sim_reply(request, 200, answer);
}

static MarketOrder *
order_of(SimRequest *request)
{
	MarketOrder *order = market_order(&market, request->argument[0]);

	if (!order)
		answer_error(request, 404, "NotFound", "There is no such order id.");
	return order;
}

static void
show_order(SimRequest *request)
{
	const char *included = sim_query(request, "includedData");
	const MarketOrder *order = order_of(request);

	if (order)
		sim_reply(request,
				  200,
				  json_pack("{s:o}",
							"order",
							order_json(order, included && strstr(included, "PACKAGES"))));
}

/* The package that has this number already; NULL for a new one. */
static json_t *
known_package(const MarketOrder *order, const char *reference)
{
	size_t i;
	json_t *parcel;

	json_array_foreach(order->parcels, i, parcel)
	{
		if (strcmp(sim_text(parcel, "reference", ""), reference) == 0)
			return parcel;
	}
	return NULL;
}

/* Told again under its number a package is changed, not doubled. */
static void
confirm(SimRequest *request)
{
	MarketOrder *order = order_of(request);
	const json_t *package = json_object_get(request->json, "packageDetail");
	const char *reference = sim_text(package, "packageReferenceId", "");
	json_t *items = json_array();
	json_t *known = order ? known_package(order, reference) : NULL;
	char why[200] = "";
	size_t i;
	json_t *item;

	json_array_foreach(json_object_get(package, "orderItems"), i, item) json_array_append_new(
		items,
		json_pack("{s:I, s:O}",
				  "line",
				  (json_int_t) strtol(sim_text(item, "orderItemId", "0"), NULL, 10),
				  "quantity",
				  json_object_get(item, "quantity")));
	if (!order || known)
	{
		if (known)
		{
			json_object_set(known, "number", json_object_get(package, "trackingNumber"));
			json_object_set(known, "carrier", json_object_get(package, "carrierCode"));
			sim_reply_text(request, 204, "application/json", "", 0);
		}
		json_decref(items);
		return;
	}
	if (strcmp(sim_text(package, "carrierCode", ""), "Other") == 0 &&
		!json_object_get(package, "carrierName"))
		sim_refuse(
			request, NULL, "required", "packageDetail.carrierName", "The carrier has no name.");
	else if (!market_ship(request,
						  order,
						  sim_text(package, "trackingNumber", ""),
						  sim_text(package, "carrierCode", ""),
						  reference,
						  sim_text(package, "shipDate", ""),
						  json_incref(items),
						  why))
		answer_error(request, 400, "InvalidInput", why);
	else
	{
		order->notified++;
		sim_reply_text(request, 204, "application/json", "", 0);
	}
	json_decref(items);
}

/* --- stock --- */

static void
patch_listing(SimRequest *request)
{
	const char *sku = request->argument[1];
	json_t *patch = json_array_get(json_object_get(request->json, "patches"), 0);
	json_t *value = json_array_get(json_object_get(patch, "value"), 0);

	if (!market_has_sku(sku))
		answer_error(request, 404, "NOT_FOUND", "The SKU is not found in the marketplace.");
	else if (strcmp(sim_text(patch, "path", ""), "/attributes/fulfillment_availability") != 0 ||
			 !json_is_integer(json_object_get(value, "quantity")))
		sim_refuse(request, NULL, "value", "patches", "The patch sets no quantity.");
	else
	{
		market_set_stock(&market, sku, (long) sim_real(value, "quantity", -1));
		sim_reply(request,
				  200,
				  json_pack("{s:s, s:s, s:s, s:[]}",
							"sku",
							sku,
							"status",
							"ACCEPTED",
							"submissionId",
							"f1dc2914-75dd-11ea-bc55-0242ac130003",
							"issues"));
	}
}

/* --- the peer --- */

static bool
is_reference(const char *text)
{
	return sim_is_digits(text) && *text != '0';
}

static const SimField confirm_fields[] = {
	{"marketplaceId", SIM_STRING, SIM_REQUIRED},
	{"packageDetail", SIM_OBJECT, SIM_REQUIRED},
	{"packageDetail.packageReferenceId", SIM_STRING, SIM_REQUIRED, .form = is_reference},
	{"packageDetail.carrierCode", SIM_STRING, SIM_REQUIRED},
	{"packageDetail.carrierName", SIM_STRING, 0},
	{"packageDetail.shippingMethod", SIM_STRING, 0},
	{"packageDetail.trackingNumber", SIM_STRING, SIM_REQUIRED},
	{"packageDetail.shipDate", SIM_STRING, SIM_REQUIRED, .form = sim_is_iso_time},
	{"packageDetail.orderItems", SIM_ARRAY, SIM_REQUIRED},
	{"packageDetail.orderItems[].orderItemId", SIM_STRING, SIM_REQUIRED},
	{"packageDetail.orderItems[].quantity", SIM_INTEGER, SIM_REQUIRED},
	{0}};
static SimSchema confirm_schema = {"A shipment confirmation", true, confirm_fields, NULL};

static const SimField patch_fields[] = {
	{"productType", SIM_STRING, SIM_REQUIRED},
	{"patches", SIM_ARRAY, SIM_REQUIRED},
	{"patches[].op", SIM_STRING, SIM_REQUIRED, .values = "add|replace|merge|delete"},
	{"patches[].path", SIM_STRING, SIM_REQUIRED},
	{"patches[].value", SIM_ARRAY, 0},
	{"patches[].value[].fulfillment_channel_code", SIM_STRING, SIM_REQUIRED},
	{"patches[].value[].quantity", SIM_INTEGER, 0},
	{"patches[].value[].lead_time_to_ship_max_days", SIM_INTEGER, 0},
	{0}};
static SimSchema patch_schema = {"A patch of a listing", true, patch_fields, NULL};

static void
reset(void)
{
	market_reset(&market);
	amazon_feeds_reset(&market);
}

static const SimSetting settings[] = {
	DEPOT_SETTINGS(market.door),
	{"page_size", SIM_SETTING_INT, &page_size, "100", "orders on a page"},
	{0}};

static const SimRoute routes[] = {
	{"POST", "/auth/o2/token", give_token, NULL, NULL, SIM_OPEN | SIM_FORM},
	{"GET",
	 "/orders/2026-01-01/orders",
	 list_orders,
	 NULL,
	 "createdAfter lastUpdatedAfter lastUpdatedBefore marketplaceIds fulfillmentStatuses fulfilledBy "
	 "maxResultsPerPage paginationToken includedData",
	 0},
	{"GET", "/orders/2026-01-01/orders/{id}", show_order, NULL, "includedData", 0},
	{"POST", "/orders/v0/orders/{id}/shipmentConfirmation", confirm, &confirm_schema, NULL, 0},
	{"PATCH",
	 "/listings/2021-08-01/items/{seller}/{sku}",
	 patch_listing,
	 &patch_schema,
	 "marketplaceIds issueLocale",
	 0},
	{"POST",
	 "/feeds/2021-06-30/documents",
	 amazon_feeds_add_document,
	 &amazon_document_schema,
	 NULL,
	 0},
	{"GET", "/feeds/2021-06-30/documents/{id}", amazon_feeds_show_document, NULL, NULL, 0},
	{"POST", "/feeds/2021-06-30/feeds", amazon_feeds_add, &amazon_feed_schema, NULL, 0},
	{"GET", "/feeds/2021-06-30/feeds/{id}", amazon_feeds_show, NULL, NULL, 0},
	{"PUT", "/stored/{id}", amazon_feeds_store, NULL, "*", SIM_OPEN | SIM_FORM},
	{"GET", "/stored/{id}", amazon_feeds_fetch, NULL, "*", SIM_OPEN},
	{0}};

static const SimRoute controls[] = {MARKET_CONTROLS, {0}};

const SimPeer sim_peer_amazon_orders = {.name = "amazon_orders",
										.routes = routes,
										.controls = controls,
										.settings = settings,
										.authorize = authorize,
										.refuse = refuse,
										.fail = fail,
										.reset = reset,
										.depot = &market.door};
