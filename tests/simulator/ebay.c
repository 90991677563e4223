/*
 * ebay.c
 *
 * The peer of eBay: orders by last change and offset, shipping fulfillments
 * that cannot be taken back, and levels by SKU in batches of 25.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ebay.h"

static Market market;

/* --- errors --- */

void
ebay_error(SimRequest *request, int status, long id, const char *category, const char *text)
{
	sim_reply(request,
			  status,
			  json_pack("{s:[{s:I, s:s, s:s, s:s, s:s}]}",
						"errors",
						"errorId",
						(json_int_t) id,
						"domain",
						"API_FULFILLMENT",
						"category",
						category,
						"message",
						text,
						"longMessage",
						text));
}

static void
refuse(SimRequest *request, const SimFailure *failures, int count)
{
	char text[600];

	(void) count;
	snprintf(text, sizeof text, "%s: %s", failures->field, failures->detail);
	ebay_error(request, strcmp(failures->rule, "route") == 0 ? 404 : 400, 32600, "REQUEST", text);
}

static void
fail(SimRequest *request, int status)
{
	if (status == 401)
		ebay_error(request, status, 1001, "REQUEST", "Invalid access token");
	else if (status == 429)
		ebay_error(request, status, 2001, "REQUEST", "The request limit has been reached.");
	else
		ebay_error(request, status, 30500, "APPLICATION", "System error");
}

/* --- who calls --- */

static bool
authorize(SimRequest *request)
{
	const char *header = sim_header(request, "Authorization");
	/* the older API calls the token by another word */
	const char *word = strncmp(request->path, "/post-order/", 12) == 0 ? "IAF " : "Bearer ";
	bool called = header && strncmp(header, word, strlen(word)) == 0;

	if (!depot_allows(request, &market.door))
		fail(request, 429);
	else if (!depot_accepts(
				 request, &market.door, "Authorization", called ? header + strlen(word) : NULL))
		fail(request, 401);
	else
		return true;
	return false;
}

static void
give_token(SimRequest *request)
{
	char grant[SIM_TEXT_SIZE];
	char refresh[SIM_TEXT_SIZE];
	char scope[SIM_TEXT_SIZE];
	char client[200] = "";
	char secret[200] = "";

	depot_form(request, "grant_type", grant);
	depot_form(request, "refresh_token", refresh);
	depot_form(request, "scope", scope);
	if (strcmp(grant, "refresh_token") != 0 || strncmp(refresh, "v^1.1#", 6) != 0 || !*scope)
	{
		sim_offence(request, true, "auth", "refresh_token", "Token, grant or scope is missing.");
		sim_reply(request,
				  400,
				  json_pack("{s:s, s:s}",
							"error",
							"invalid_grant",
							"error_description",
							"the provided authorization refresh token is invalid"));
	}
	else if (!sim_basic_auth(request, client, secret) ||
			 !depot_knows(request, &market.door, client, secret))
		sim_reply(request, 401, json_pack("{s:s}", "error", "invalid_client"));
	else
		sim_reply(request,
				  200,
				  json_pack("{s:s, s:I, s:s}",
							"access_token",
							depot_grant(&market.door),
							"expires_in",
							(json_int_t) market.door.token_lifetime_s,
							"token_type",
							"User Access Token"));
}

/* --- orders --- */

static json_t *
time_json(double when)
{
	char buffer[40];

	return json_string(sim_time(when, 0, "%FT%T.000Z", buffer));
}

static const char *
status_of(const MarketOrder *order)
{
	if (market_is_done(order))
		return "FULFILLED";
	return market_is_whole(order) ? "NOT_STARTED" : "IN_PROGRESS";
}

static json_t *
money(double amount)
{
	char text[40];

	snprintf(text, sizeof text, "%.2f", amount);
	return json_pack("{s:s, s:s}", "value", text, "currency", "USD");
}

static json_t *
lines_json(const MarketOrder *order)
{
	json_t *lines = json_array();

	for (int i = 0; i < order->count; i++)
	{
		const MarketLine *line = &order->lines[i];
		char id[24];

		snprintf(id, sizeof id, "%ld", line->id);
		json_array_append_new(lines,
							  json_pack("{s:s, s:s, s:s, s:s, s:I, s:o}",
										"lineItemId",
										id,
										"legacyItemId",
										"110012345678",
										"sku",
										line->sku,
										"title",
										line->sku,
										"quantity",
										(json_int_t) line->quantity,
										"lineItemCost",
										money(24.95 * (double) line->quantity)));
	}
	return lines;
}

/* The buyer's wish to cancel, which the list leaves out. */
static json_t *
wishes_json(const MarketOrder *order)
{
	if (!*order->hold || order->cancelled)
		return json_array();
	return json_pack("[{s:s, s:s, s:s, s:s}]",
					 "cancelRequestId",
					 order->number,
					 "cancelInitiator",
					 "BUYER",
					 "cancelRequestState",
					 "REQUESTED",
					 "cancelReason",
					 order->hold);
}

static json_t *
order_json(const MarketOrder *order)
{
	json_t *address = json_pack("{s:s, s:s, s:s, s:s, s:s}",
								"addressLine1",
								"9 Elm St",
								"city",
								"Austin",
								"stateOrProvince",
								"TX",
								"postalCode",
								"78701",
								"countryCode",
								"US");
	json_t *ship_to = json_pack("{s:s, s:o, s:{s:s}, s:s}",
								"fullName",
								"Jo Ray",
								"contactAddress",
								address,
								"primaryPhone",
								"phoneNumber",
								"5125550199",
								"email",
								"jo@members.ebay.com");
	json_t *step = json_pack("{s:o, s:s, s:s}",
							 "shipTo",
							 ship_to,
							 "shippingCarrierCode",
							 "USPS",
							 "shippingServiceCode",
							 "standard");
	const char *cancel = order->cancelled ? "CANCELED"
						 : *order->hold   ? "IN_PROGRESS"
										  : "NONE_REQUESTED";

	return json_pack(
		"{s:s, s:o, s:o, s:s, s:s, s:{s:s, s:o}, s:{s:O}, s:{s:o}, s:[{s:s, s:o}], s:o}",
		"orderId",
		order->number,
		"creationDate",
		time_json(order->created),
		"lastModifiedDate",
		time_json(order->updated),
		"orderFulfillmentStatus",
		status_of(order),
		"orderPaymentStatus",
		"PAID",
		"cancelStatus",
		"cancelState",
		cancel,
		"cancelRequests",
		wishes_json(order),
		"paymentSummary",
		"refunds",
		order->refunds,
		"pricingSummary",
		"total",
		money(59.80),
		"fulfillmentStartInstructions",
		"fulfillmentInstructionsType",
		"SHIP_TO",
		"shippingStep",
		step,
		"lineItems",
		lines_json(order));
}

/* What the filter asks for: false for one that eBay would not take. */
static bool
read_filter(SimRequest *request, double *from, bool *done)
{
	const char *filter = sim_query(request, "filter");
	const char *date = filter ? strstr(filter, "lastmodifieddate:[") : NULL;
	char text[40] = "";
	bool zoned = false;

	*from = 0;
	*done = !filter || strstr(filter, "FULFILLED") != NULL;
	if (!date)
		return true;
	snprintf(text, sizeof text, "%.39s", date + strlen("lastmodifieddate:["));
	if (!strstr(text, ".."))
		return false;
	*strstr(text, "..") = '\0';
	return sim_parse_time(text, from, &zoned) && zoned && strlen(text) == 24;
}

static void
list_orders(SimRequest *request)
{
	long limit = sim_query_int(request, "limit", 50);
	long offset = sim_query_int(request, "offset", 0);
	json_t *list = json_array();
	MarketOrder **orders;
	size_t count;
	long total = 0;
	double from;
	bool done;
	json_t *answer;

	if (!read_filter(request, &from, &done) || limit < 1 || limit > 200 || offset < 0)
	{
		sim_refuse(request, NULL, "value", "filter", "The filter or the page is wrong.");
		json_decref(list);
		return;
	}
	orders = market_changed(&market, &count);
	for (size_t i = 0; i < count; i++)
	{
		if (orders[i]->updated < from || (!done && market_is_done(orders[i])))
			continue;
		if (total >= offset && total < offset + limit)
			json_array_append_new(list, order_json(orders[i]));
		total++;
	}
	free(orders);
	answer = json_pack("{s:I, s:I, s:I, s:o}",
					   "total",
					   (json_int_t) total,
					   "limit",
					   (json_int_t) limit,
					   "offset",
					   (json_int_t) offset,
					   "orders",
					   list);
	if (offset + limit < total)
	{
		char *next =
			sim_format("https://api.ebay.com/sell/fulfillment/v1/order?limit=%ld&offset=%ld",
					   limit,
					   offset + limit);

		json_object_set_new(answer, "next", json_string(next));
		free(next);
	}
	sim_reply(request, 200, answer);
}

MarketOrder *
ebay_order(SimRequest *request, const char *number)
{
	MarketOrder *order = market_order(&market, number);

	if (!order)
		ebay_error(request, 404, 32100, "REQUEST", "Invalid order ID");
	return order;
}

static void
show_order(SimRequest *request)
{
	const MarketOrder *order = ebay_order(request, request->argument[0]);

	if (order)
		sim_reply(request, 200, order_json(order));
}

static void
list_fulfillments(SimRequest *request)
{
	const MarketOrder *order = ebay_order(request, request->argument[0]);
	json_t *list = json_array();
	size_t i;
	json_t *parcel;

	if (!order)
	{
		json_decref(list);
		return;
	}
	json_array_foreach(order->parcels, i, parcel)
	{
		const char *number = sim_text(parcel, "number", "");
		json_t *items = json_array();
		size_t k;
		json_t *item;
		json_t *shown;

		json_array_foreach(json_object_get(parcel, "items"), k, item)
		{
			char *id = sim_format("%ld", (long) sim_real(item, "line", 0));

			json_array_append_new(
				items,
				json_pack(
					"{s:s, s:O}", "lineItemId", id, "quantity", json_object_get(item, "quantity")));
			free(id);
		}
		shown = json_pack("{s:s, s:O, s:o}",
						  "fulfillmentId",
						  *number ? number : "999",
						  "shippedDate",
						  json_object_get(parcel, "shipped_at"),
						  "lineItems",
						  items);
		if (*number)
		{
			json_object_set_new(shown, "shipmentTrackingNumber", json_string(number));
			json_object_set(shown, "shippingCarrierCode", json_object_get(parcel, "carrier"));
		}
		json_array_append_new(list, shown);
	}
	sim_reply(request,
			  200,
			  json_pack("{s:o, s:I, s:[]}",
						"fulfillments",
						list,
						"total",
						(json_int_t) json_array_size(order->parcels),
						"warnings"));
}

static bool
is_number(const char *text)
{
	for (; *text; text++)
		if (!isdigit((unsigned char) *text) && !isupper((unsigned char) *text))
			return false;
	return true;
}

static void
add_fulfillment(SimRequest *request)
{
	MarketOrder *order = ebay_order(request, request->argument[0]);
	const char *number = sim_text(request->json, "trackingNumber", "");
	const char *carrier = sim_text(request->json, "shippingCarrierCode", "");
	json_t *items = json_array();
	char why[200] = "";
	size_t i;
	json_t *item;

	if (!order || !is_number(number) || !*number != !*carrier)
	{
		if (order)
			ebay_error(
				request, 400, 32300, "REQUEST", "Invalid shipment tracking number or carrier");
		json_decref(items);
		return;
	}
	json_array_foreach(json_object_get(request->json, "lineItems"), i, item) json_array_append_new(
		items,
		json_pack("{s:I, s:I}",
				  "line",
				  (json_int_t) strtol(sim_text(item, "lineItemId", "0"), NULL, 10),
				  "quantity",
				  (json_int_t) sim_real(item, "quantity", 1)));
	if (!market_ship(request,
					 order,
					 number,
					 carrier,
					 "",
					 sim_text(request->json, "shippedDate", ""),
					 items,
					 why))
	{
		ebay_error(request, 400, 32200, "REQUEST", why);
		return;
	}
	order->notified++;
	sim_reply_header(request,
					 "Location",
					 "https://api.ebay.com/sell/fulfillment/v1/order/%s/shipping_fulfillment/%s",
					 order->number,
					 *number ? number : "999");
	sim_reply_text(request, 201, "application/json", "", 0);
}

/* --- stock --- */

static void
push_stock(SimRequest *request)
{
	json_t *responses = json_array();
	json_t *rows = json_object_get(request->json, "requests");
	bool some_failed = false;
	size_t i;
	json_t *row;

	if (!sim_header(request, "Content-Language"))
		sim_offence(request, false, "header", "Content-Language", "The header is missing.");
	json_array_foreach(rows, i, row)
	{
		const char *sku = sim_text(row, "sku", "");
		bool known = market_has_sku(sku);
		json_t *response =
			json_pack("{s:s, s:i, s:[]}", "sku", sku, "statusCode", known ? 200 : 404, "errors");

		some_failed |= !known;
		if (known)
			market_set_stock(
				&market, sku, (long) sim_real(row, "shipToLocationAvailability.quantity", -1));
		else
			json_array_append_new(json_object_get(response, "errors"),
								  json_pack("{s:i, s:s, s:s}",
											"errorId",
											25710,
											"category",
											"REQUEST",
											"message",
											"We didn't find the entity you are requesting."));
		json_array_append_new(responses, response);
	}
	sim_reply(request, some_failed ? 207 : 200, json_pack("{s:o}", "responses", responses));
}

/* --- the peer --- */

static const SimField fulfillment_fields[] = {
	{"lineItems", SIM_ARRAY, SIM_REQUIRED},
	{"lineItems[].lineItemId", SIM_STRING, SIM_REQUIRED, .form = sim_is_digits},
	{"lineItems[].quantity", SIM_INTEGER, 0},
	{"shippedDate", SIM_STRING, 0, .form = sim_is_iso_time},
	{"shippingCarrierCode", SIM_STRING, 0},
	{"trackingNumber", SIM_STRING, 0},
	{0}};
static SimSchema fulfillment_schema = {"A shipping fulfillment", true, fulfillment_fields, NULL};

static const SimField stock_fields[] = {
	{"requests", SIM_ARRAY, SIM_REQUIRED, .max = 25},
	{"requests[].sku", SIM_STRING, SIM_REQUIRED, .max = 50},
	{"requests[].shipToLocationAvailability", SIM_OBJECT, 0},
	{"requests[].shipToLocationAvailability.quantity", SIM_INTEGER, SIM_REQUIRED},
	{"requests[].offers", SIM_ARRAY, 0},
	{"requests[].offers[].offerId", SIM_STRING, SIM_REQUIRED},
	{"requests[].offers[].availableQuantity", SIM_INTEGER, 0},
	{0}};
static SimSchema stock_schema = {"A batch of levels", true, stock_fields, NULL};

static void
reset(void)
{
	market_reset(&market);
}

#define ORDER "/sell/fulfillment/v1/order"

static const SimSetting settings[] = {DEPOT_SETTINGS(market.door), {0}};

static const SimRoute routes[] = {
	{"POST", "/identity/v1/oauth2/token", give_token, NULL, NULL, SIM_OPEN | SIM_FORM},
	{"GET", ORDER, list_orders, NULL, "filter limit offset orderIds fieldGroups", 0},
	{"GET", ORDER "/{id}", show_order, NULL, NULL, 0},
	{"GET", ORDER "/{id}/shipping_fulfillment", list_fulfillments, NULL, NULL, 0},
	{"POST", ORDER "/{id}/shipping_fulfillment", add_fulfillment, &fulfillment_schema, NULL, 0},
	{"POST", ORDER "/{id}/issue_refund", ebay_refund, &ebay_refund_schema, NULL, 0},
	{"POST", "/post-order/v2/cancellation", ebay_cancel, &ebay_cancel_schema, NULL, 0},
	{"POST", "/post-order/v2/cancellation/{id}/approve", ebay_approve, NULL, NULL, SIM_BODY_FREE},
	{"POST", "/sell/inventory/v1/bulk_update_price_quantity", push_stock, &stock_schema, NULL, 0},
	{0}};

static const SimRoute controls[] = {MARKET_CONTROLS, {0}};

const SimPeer sim_peer_ebay = {.name = "ebay",
							   .routes = routes,
							   .controls = controls,
							   .settings = settings,
							   .authorize = authorize,
							   .refuse = refuse,
							   .fail = fail,
							   .reset = reset,
							   .depot = &market.door};
