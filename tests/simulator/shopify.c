/*
 * shopify.c
 *
 * The peer of Shopify: one address, the operations that our connector names,
 * points that are used up and come back, errors inside answers that worked.
 * Every order has one fulfillment order, whose lines come in pages.
 *
 * What the operations do stands in shopify_do.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shopify.h"

Market shopify;
long shopify_line_page;
static long points;
static long restore_rate;
static long query_cost;
static double points_here;
static double points_at;

/* --- answers --- */

/* What the bucket holds now. */
static double
points_now(void)
{
	double now = sim_wall();

	if (points_at == 0)
		points_here = (double) points;
	else
		points_here += (now - points_at) * (double) restore_rate;
	points_at = now;
	if (points_here > (double) points)
		points_here = (double) points;
	return points_here;
}

static json_t *
cost_json(bool paid)
{
	json_t *cost = json_pack("{s:I, s:{s:f, s:f, s:f}}",
							 "requestedQueryCost",
							 (json_int_t) query_cost,
							 "throttleStatus",
							 "maximumAvailable",
							 (double) points,
							 "currentlyAvailable",
							 points_here,
							 "restoreRate",
							 (double) restore_rate);

	json_object_set_new(cost, "actualQueryCost", paid ? json_integer(query_cost) : json_null());
	return json_pack("{s:o}", "cost", cost);
}

void
shopify_data(SimRequest *request, json_t *data)
{
	sim_reply_header(request, "X-Shopify-API-Version", "%s", request->argument[0]);
	sim_reply(request, 200, json_pack("{s:o, s:o}", "data", data, "extensions", cost_json(true)));
}

void
shopify_user_error(SimRequest *request, const char *mutation, const char *list, const char *code,
				   const char *field, const char *message)
{
	json_t *error = json_pack("{s:[s], s:s}", "field", field, "message", message);

	if (code)
		json_object_set_new(error, "code", json_string(code));
	shopify_data(request, json_pack("{s:{s:[o]}}", mutation, list, error));
}

static void
query_error(SimRequest *request, const char *code, const char *message)
{
	json_t *answer =
		json_pack("{s:[{s:s, s:{s:s}}]}", "errors", "message", message, "extensions", "code", code);

	json_object_set_new(answer, "extensions", cost_json(false));
	sim_reply(request, 200, answer);
}

static void
refuse(SimRequest *request, const SimFailure *failures, int count)
{
	char text[600];

	(void) count;
	snprintf(text, sizeof text, "%s: %s", failures->field, failures->detail);
	if (strcmp(failures->rule, "route") == 0)
		sim_reply(request, 404, json_pack("{s:s}", "errors", "Not Found"));
	else
		query_error(request, "argumentLiteralsIncompatible", text);
}

static void
fail(SimRequest *request, int status)
{
	if (status == 401)
		sim_reply(request,
				  status,
				  json_pack("{s:s}",
							"errors",
							"[API] Invalid API key or access token (unrecognized login or wrong "
							"password)"));
	else if (status == 429)
		sim_reply(request, status, json_pack("{s:s}", "errors", "Exceeded the rate limit"));
	else
		sim_reply_text(request, status, "text/html", "<h1>Something went wrong</h1>", 29);
}

/* --- who calls --- */

static bool
authorize(SimRequest *request)
{
	if (!depot_allows(request, &shopify.door))
		fail(request, 429);
	else if (!depot_accepts(request,
							&shopify.door,
							"X-Shopify-Access-Token",
							sim_header(request, "X-Shopify-Access-Token")))
		fail(request, 401);
	else
		return true;
	return false;
}

static void
give_token(SimRequest *request)
{
	char grant[SIM_TEXT_SIZE];
	char client[SIM_TEXT_SIZE];
	char secret[SIM_TEXT_SIZE];

	depot_form(request, "grant_type", grant);
	depot_form(request, "client_id", client);
	depot_form(request, "client_secret", secret);
	if (strcmp(grant, "client_credentials") != 0 ||
		!depot_knows(request, &shopify.door, client, secret))
		sim_reply(request, 400, json_pack("{s:s}", "error", "invalid_client"));
	else
		sim_reply(request,
				  200,
				  json_pack("{s:s, s:s, s:I}",
							"access_token",
							depot_grant(&shopify.door),
							"scope",
							"read_orders,write_orders",
							"expires_in",
							(json_int_t) shopify.door.token_lifetime_s));
}

/* --- operations --- */

/* The name behind "query" or "mutation". */
static void
name_of(const char *query, char name[60])
{
	const char *start = strchr(query, ' ');
	size_t length = start ? strcspn(start + 1, "({ ") : 0;

	snprintf(name, 60, "%.*s", (int) (length < 59 ? length : 59), start ? start + 1 : "");
}

static void
run(SimRequest *request)
{
	const char *query = sim_text(request->json, "query", "");
	char name[60];

	name_of(query, name);
	if (points_now() < (double) query_cost)
	{
		query_error(request, "THROTTLED", "Throttled");
		return;
	}
	for (const ShopifyOperation *operation = shopify_operations; operation->name; operation++)
	{
		if (strcmp(operation->name, name) != 0)
			continue;
		for (int i = 0; i < 4 && operation->needs[i]; i++)
		{
			char *path = sim_format("variables.%s", operation->needs[i]);
			const json_t *value = sim_get(request->json, path);

			free(path);
			if (value)
				continue;
			sim_refuse(request,
					   NULL,
					   "required",
					   operation->needs[i],
					   "Variable $%s of %s was provided no value.",
					   operation->needs[i],
					   name);
			return;
		}
		points_here -= (double) query_cost;
		operation->run(request, json_object_get(request->json, "variables"));
		return;
	}
	sim_refuse(request, NULL, "value", "query", "%s is no operation of this shop.", name);
}

/* --- the peer --- */

static const SimField query_fields[] = {{"query", SIM_STRING, SIM_REQUIRED},
										{"variables", SIM_ANY, 0},
										{"variables.*", SIM_ANY, 0},
										{0}};
static SimSchema query_schema = {"A GraphQL request", true, query_fields, NULL};

static void
reset(void)
{
	market_reset(&shopify);
	shopify_forget();
	points_at = 0;
}

static const SimSetting settings[] = {
	DEPOT_SETTINGS(shopify.door),
	{"points", SIM_SETTING_INT, &points, "2000", "what the bucket holds"},
	{"restore_rate", SIM_SETTING_INT, &restore_rate, "100", "points that come back in a second"},
	{"query_cost", SIM_SETTING_INT, &query_cost, "10", "points that a query takes"},
	{"line_page", SIM_SETTING_INT, &shopify_line_page, "30", "lines on a page"},
	{0}};

static const SimRoute routes[] = {
	{"POST", "/admin/oauth/access_token", give_token, NULL, NULL, SIM_OPEN | SIM_FORM},
	{"POST", "/admin/api/{version}/graphql.json", run, &query_schema, NULL, 0},
	{0}};

static const SimRoute controls[] = {MARKET_CONTROLS, {0}};

const SimPeer sim_peer_shopify = {.name = "shopify",
								  .routes = routes,
								  .controls = controls,
								  .settings = settings,
								  .authorize = authorize,
								  .refuse = refuse,
								  .fail = fail,
								  .reset = reset,
								  .depot = &shopify.door};
