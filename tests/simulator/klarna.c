/*
 * klarna.c
 *
 * Klarna's order management: orders that a checkout has authorized, captures,
 * refunds, releases.  Keys make writes idempotent; amounts are never captured
 * beyond the authorization nor refunded beyond the captures.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer.h"

typedef struct Order
{
	char *id;
	char currency[4];
	long amount;
	long captured;
	long refunded;
	long released;
	bool cancelled;
	bool expired;
	json_t *captures;
	json_t *refunds;
	long writes; /* that changed it */
} Order;

/* The answer to the first request with a key. */
typedef struct Answer
{
	int status;
	char *header;
	char *id;
} Answer;

static SimMap orders;
static SimMap answers;
static char user[SIM_TEXT_SIZE];
static char password[SIM_TEXT_SIZE];

static void
refuse_with(SimRequest *request, int status, const char *code, const char *message)
{
	sim_reply(request,
			  status,
			  json_pack("{s:s, s:s, s:[s]}",
						"correlation_id",
						"66782175-0000-4000-8000-000000000001",
						"error_code",
						code,
						"error_messages",
						message));
}

static void
refuse(SimRequest *request, const SimFailure *failures, int count)
{
	(void) count;
	if (strcmp(failures->rule, "route") == 0)
		refuse_with(request, 404, "NOT_FOUND", "There is no such resource");
	else if (strcmp(failures->rule, "length") == 0)
		refuse_with(request, 422, "UNPROCESSABLE_ENTITY", failures->detail);
	else
		refuse_with(request, 400, "BAD_VALUE", failures->detail);
}

static void
fail(SimRequest *request, int status)
{
	if (status == 429)
	{
		sim_reply_header(request, "X-RateLimit-Reset", "1");
		refuse_with(request, status, "TOO_MANY_REQUESTS", "Too many requests");
	}
	else if (status == 409)
		refuse_with(request, status, "CONFLICT", "The order is being changed");
	else
		refuse_with(request, status, "UNEXPECTED_ERROR", "Something went wrong");
}

static bool
authorize(SimRequest *request)
{
	char name[200];
	char secret[200];

	if (sim_basic_auth(request, name, secret) && strcmp(secret, "wrong") != 0 &&
		(!*user || strcmp(name, user) == 0) && (!*password || strcmp(secret, password) == 0))
		return true;
	sim_reply(request, 401, NULL);
	return false;
}

static long
remaining(const Order *order)
{
	return order->cancelled || order->expired ? 0
											  : order->amount - order->captured - order->released;
}

static const char *
status_of(const Order *order)
{
	if (order->cancelled)
		return "CANCELLED";
	if (order->expired)
		return "EXPIRED";
	if (order->captured == 0)
		return "AUTHORIZED";
	return remaining(order) > 0 ? "PART_CAPTURED" : "CAPTURED";
}

static json_t *
order_json(const Order *order)
{
	return json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:s, s:O, s:O, s:I}",
					 "order_id",
					 order->id,
					 "status",
					 status_of(order),
					 "fraud_status",
					 "ACCEPTED",
					 "order_amount",
					 (json_int_t) order->amount,
					 "original_order_amount",
					 (json_int_t) order->amount,
					 "captured_amount",
					 (json_int_t) order->captured,
					 "refunded_amount",
					 (json_int_t) order->refunded,
					 "remaining_authorized_amount",
					 (json_int_t) remaining(order),
					 "purchase_currency",
					 order->currency,
					 "captures",
					 order->captures,
					 "refunds",
					 order->refunds,
					 "writes",
					 (json_int_t) order->writes);
}

static Order *
find_order(SimRequest *request)
{
	Order *order = sim_map_get(&orders, request->argument[0]);

	if (!order)
		refuse_with(request, 404, "NO_SUCH_ORDER", "Order not found");
	return order;
}

/* --- keys --- */

static void
answer_write(SimRequest *request, int status, const char *header, const char *id)
{
	if (header)
	{
		sim_reply_header(request, header, "%s", id);
		sim_reply_header(request, "Location", "https://api.klarna.example/%s", id);
	}
	sim_reply(request, status, NULL);
}

/* Has the key been answered before?  Then it is answered again. */
static bool
is_repeat(SimRequest *request, char **key)
{
	const char *given = sim_header(request, "Klarna-Idempotency-Key");
	Answer *known;

	*key = NULL;
	if (!given || strlen(given) != 36)
	{
		sim_offence(request,
					false,
					given ? "form" : "required",
					"Klarna-Idempotency-Key",
					"A write needs a UUID as key, to be repeated safely.");
		return false;
	}
	*key = sim_format("%s", given);
	known = sim_map_get(&answers, given);
	if (!known)
		return false;
	answer_write(request, known->status, known->header, known->id);
	free(*key);
	return true;
}

static void
keep(SimRequest *request, char *key, int status, const char *header, const char *id)
{
	Answer *answer;

	answer_write(request, status, header, id);
	if (!key)
		return;
	answer = sim_alloc(sizeof(Answer));
	answer->status = status;
	answer->header = header ? sim_strdup(header) : NULL;
	answer->id = id ? sim_strdup(id) : NULL;
	sim_map_put(&answers, key, answer);
	free(key);
}

static void
new_id(char buffer[40])
{
	snprintf(buffer,
			 40,
			 "%08llx-0000-4000-8000-%012llx",
			 (unsigned long long) (sim_random() & 0xffffffff),
			 (unsigned long long) (sim_random() & 0xffffffffffff));
}

/* --- routes --- */

static void
get_order(SimRequest *request)
{
	Order *order = find_order(request);
	json_t *json;

	if (!order)
		return;
	json = order_json(order);
	json_object_del(json, "writes");
	sim_reply(request, 200, json);
}

static void
add_entry(json_t *list, const json_t *body, const char *amount, const char *id_name, const char *id)
{
	json_array_append_new(list,
						  json_pack("{s:s, s:O?, s:O?, s:O?, s:O?}",
									id_name,
									id,
									"reference",
									json_object_get(body, "reference"),
									amount,
									json_object_get(body, amount),
									"order_lines",
									json_object_get(body, "order_lines"),
									"shipping_info",
									json_object_get(body, "shipping_info")));
}

/* Lines may differ from the amount, but ours should not. */
static void
check_lines(SimRequest *request, long amount)
{
	size_t i;
	json_t *line;
	long sum = 0;

	json_array_foreach(json_object_get(request->json, "order_lines"), i, line)
	{
		long total = (long) sim_real(line, "total_amount", 0);

		sum += total;
		if (total != (long) (sim_real(line, "quantity", 0) * sim_real(line, "unit_price", 0)))
			sim_offence(request,
						false,
						"sum",
						"order_lines[].total_amount",
						"It is not the quantity times the price.");
	}
	if (i > 0 && sum != amount)
		sim_offence(request, false, "sum", "order_lines", "The lines add up to %ld.", sum);
}

static void
capture(SimRequest *request)
{
	Order *order = find_order(request);
	long amount = (long) sim_real(request->json, "captured_amount", 0);
	char id[40];
	char *key;

	if (!order || is_repeat(request, &key))
		return;
	check_lines(request, amount);
	if (amount > remaining(order))
	{
		free(key);
		refuse_with(request,
					403,
					"CAPTURE_NOT_ALLOWED",
					"Captured amount is higher than the remaining authorized amount");
		return;
	}
	new_id(id);
	order->captured += amount;
	order->writes++;
	add_entry(order->captures, request->json, "captured_amount", "capture_id", id);
	keep(request, key, 201, "Capture-Id", id);
}

static void
refund(SimRequest *request)
{
	Order *order = find_order(request);
	long amount = (long) sim_real(request->json, "refunded_amount", 0);
	char id[40];
	char *key;

	if (!order || is_repeat(request, &key))
		return;
	check_lines(request, amount);
	if (order->refunded + amount > order->captured)
	{
		free(key);
		refuse_with(request, 403, "REFUND_NOT_ALLOWED", "Refund exceeds what was captured");
		return;
	}
	new_id(id);
	order->refunded += amount;
	order->writes++;
	add_entry(order->refunds, request->json, "refunded_amount", "refund_id", id);
	keep(request, key, 201, "Refund-Id", id);
}

static void
cancel(SimRequest *request)
{
	Order *order = find_order(request);
	char *key;

	if (!order || is_repeat(request, &key))
		return;
	if (order->captured > 0 || order->cancelled)
	{
		free(key);
		refuse_with(request, 403, "CANCEL_NOT_ALLOWED", "The order has captures or is closed");
		return;
	}
	order->cancelled = true;
	order->writes++;
	keep(request, key, 204, NULL, NULL);
}

static void
release(SimRequest *request)
{
	Order *order = find_order(request);
	char *key;

	if (!order || is_repeat(request, &key))
		return;
	if (order->captured == 0 || order->cancelled)
	{
		free(key);
		refuse_with(request, 403, "NOT_ALLOWED", "The order has no captures");
		return;
	}
	order->released = order->amount - order->captured;
	order->writes++;
	keep(request, key, 204, NULL, NULL);
}

/* --- control --- */

static void
make_order(SimRequest *request)
{
	const json_t *json = request->json;
	Order *order = sim_alloc(sizeof(Order));

	order->id = sim_strdup(sim_text(json, "order_id", ""));
	order->amount = (long) sim_real(json, "amount", 0);
	snprintf(order->currency, sizeof order->currency, "%s", sim_text(json, "currency", "EUR"));
	order->expired = json_is_true(json_object_get(json, "expired"));
	order->captures = json_array();
	order->refunds = json_array();
	sim_map_put(&orders, order->id, order);
	sim_reply(request, 200, order_json(order));
}

static void
show(SimRequest *request)
{
	const char *id = sim_query(request, "order_id");
	json_t *list = json_array();

	for (size_t i = 0; i < orders.count; i++)
	{
		const Order *order = sim_map_at(&orders, i);

		if (!id || strcmp(order->id, id) == 0)
			json_array_append_new(list, order_json(order));
	}
	sim_reply(request, 200, json_pack("{s:o}", "orders", list));
}

static void
free_order(void *subject)
{
	Order *order = subject;

	free(order->id);
	json_decref(order->captures);
	json_decref(order->refunds);
	free(order);
}

static void
free_answer(void *subject)
{
	Answer *answer = subject;

	free(answer->header);
	free(answer->id);
	free(answer);
}

static void
reset(void)
{
	sim_map_clear(&orders, free_order);
	sim_map_clear(&answers, free_answer);
}

#define ORDER_LINES                                                                 \
	{"order_lines", SIM_ARRAY, 0, 1000},                                            \
		{"order_lines[].type",                                                      \
		 SIM_STRING,                                                                \
		 0,                                                                         \
		 0,                                                                         \
		 "physical|discount|shipping_fee|sales_tax|store_credit|gift_card|digital|" \
		 "surcharge|return_fee"},                                                   \
		{"order_lines[].reference", SIM_STRING, 0, 255},                            \
		{"order_lines[].name", SIM_STRING, SIM_REQUIRED, 255},                      \
		{"order_lines[].quantity", SIM_INTEGER, SIM_REQUIRED},                      \
		{"order_lines[].unit_price", SIM_INTEGER, SIM_REQUIRED},                    \
		{"order_lines[].total_amount", SIM_INTEGER, SIM_REQUIRED},                  \
		{"reference", SIM_STRING, 0, 255},                                          \
	{                                                                               \
		"description", SIM_STRING, 0, 255                                           \
	}

static const SimField capture_fields[] = {
	{"captured_amount", SIM_INTEGER, SIM_REQUIRED, 200000000},
	ORDER_LINES,
	{"shipping_info", SIM_ARRAY, 0, 500},
	{"shipping_info[].shipping_company", SIM_STRING, 0, 100},
	{"shipping_info[].shipping_method",
	 SIM_STRING,
	 0,
	 0,
	 "PickUpStore|Home|BoxReg|BoxUnreg|PickUpPoint|Own|Postal|DHLPackstation|Digital|Undefined|"
	 "PickUpWarehouse|ClickCollect|PalletDelivery"},
	{"shipping_info[].tracking_number", SIM_STRING, 0, 100},
	{"shipping_info[].tracking_uri", SIM_STRING, 0, 1024, NULL, sim_is_url},
	{0}};
static const SimField refund_fields[] = {
	{"refunded_amount", SIM_INTEGER, SIM_REQUIRED, 200000000}, ORDER_LINES, {0}};
static const SimField order_fields[] = {{"order_id", SIM_STRING, SIM_REQUIRED},
										{"amount", SIM_INTEGER, SIM_REQUIRED},
										{"currency", SIM_STRING, 0, 3},
										{"expired", SIM_BOOLEAN, 0},
										{0}};
static SimSchema capture_schema = {"A capture", true, capture_fields, NULL};
static SimSchema refund_schema = {"A refund", true, refund_fields, NULL};
static SimSchema order_schema = {"An order", true, order_fields, NULL};

#define ORDER "/ordermanagement/v1/orders/{order_id}"

static const SimRoute routes[] = {
	{"GET", ORDER, get_order, NULL, NULL, 0},
	{"POST", ORDER "/captures", capture, &capture_schema, NULL, 0},
	{"POST", ORDER "/refunds", refund, &refund_schema, NULL, 0},
	{"POST", ORDER "/cancel", cancel, NULL, NULL, SIM_BODY_FREE},
	{"POST", ORDER "/release-remaining-authorization", release, NULL, NULL, SIM_BODY_FREE},
	{0}};

static const SimRoute controls[] = {{"POST", "/order", make_order, &order_schema, NULL, 0},
									{"GET", "/orders", show, NULL, "order_id", 0},
									{0}};

static const SimSetting settings[] = {
	{"user", SIM_SETTING_TEXT, user, "", "The only credential id; empty: any."},
	{"password", SIM_SETTING_TEXT, password, "", "The only API key; empty: any but \"wrong\"."},
	{0}};

const SimPeer sim_peer_klarna = {.name = "klarna",
								 .routes = routes,
								 .controls = controls,
								 .settings = settings,
								 .authorize = authorize,
								 .refuse = refuse,
								 .fail = fail,
								 .reset = reset};
