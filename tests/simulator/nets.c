/*
 * nets.c
 *
 * Nets Easy's payment API: payments a checkout has reserved, charges, refunds,
 * cancellations.  Keys make charges and refunds idempotent; items must add up
 * to the amount.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer.h"

typedef struct Payment
{
	char *id;
	long reserved;
	long charged;
	long refunded;
	long cancelled;
	bool final;
	json_t *charges;
	json_t *refunds;
	long writes;
} Payment;

static SimMap payments;
static SimMap answers;       /* json_t *, by key */
static SimMap charge_owners; /* Payment *, by charge id */
static char secret_key[SIM_TEXT_SIZE];

static void
refuse(SimRequest *request, const SimFailure *failures, int count)
{
	json_t *errors = json_object();

	if (strcmp(failures->rule, "route") == 0)
	{
		sim_reply(request, 404, NULL);
		json_decref(errors);
		return;
	}
	for (int i = 0; i < count; i++)
		json_object_set_new(errors, failures[i].field, json_pack("[s]", failures[i].detail));
	sim_reply(request, 400, json_pack("{s:o}", "errors", errors));
}

static void
refuse_with(SimRequest *request, int status, const char *code, const char *message)
{
	sim_reply(request,
			  status,
			  json_pack("{s:s, s:s, s:s}", "message", message, "code", code, "source", "internal"));
}

static void
fail(SimRequest *request, int status)
{
	if (status >= 500)
		refuse_with(request, status, "1501", "Something went wrong");
	else
		sim_reply(request, status, NULL);
}

static bool
authorize(SimRequest *request)
{
	const char *given = sim_header(request, "Authorization");

	if (given && !strchr(given, ' ') && (!*secret_key || strcmp(given, secret_key) == 0) &&
		strcmp(given, "wrong") != 0)
		return true;
	sim_reply(request, 401, NULL);
	return false;
}

static void
set_amount(json_t *summary, const char *name, long amount)
{
	if (amount > 0)
		json_object_set_new(summary, name, json_integer(amount));
}

static json_t *
payment_json(const Payment *payment)
{
	json_t *summary = json_object();

	set_amount(summary, "reservedAmount", payment->reserved);
	set_amount(summary, "chargedAmount", payment->charged);
	set_amount(summary, "refundedAmount", payment->refunded);
	set_amount(summary, "cancelledAmount", payment->cancelled);
	return json_pack("{s:{s:s, s:o, s:O, s:O}}",
					 "payment",
					 "paymentId",
					 payment->id,
					 "summary",
					 summary,
					 "charges",
					 payment->charges,
					 "refunds",
					 payment->refunds);
}

/* Has the key been answered before?  Then it is answered again. */
static bool
is_repeat(SimRequest *request, const char **key)
{
	json_t *known;

	*key = sim_header(request, "Idempotency-Key");
	if (!*key || strlen(*key) < 2 || strlen(*key) > 63 || strchr(*key, ' '))
	{
		sim_offence(request,
					false,
					*key ? "form" : "required",
					"Idempotency-Key",
					"A write needs a key of 2 to 63 characters, to be repeated safely.");
		*key = NULL;
		return false;
	}
	known = sim_map_get(&answers, *key);
	if (known)
		sim_reply(request, 201, json_incref(known));
	return known != NULL;
}

static void
answer(SimRequest *request, const char *key, const char *name, const char *id)
{
	json_t *json = json_pack("{s:s}", name, id);

	if (key)
		sim_map_put(&answers, key, json_incref(json));
	sim_reply(request, 201, json);
}

/* Items must be right to the unit; without any the whole amount is meant. */
static bool
items_are_right(SimRequest *request, long amount, long whole)
{
	const json_t *items = json_object_get(request->json, "orderItems");
	size_t i;
	json_t *item;
	long sum = 0;

	json_array_foreach(items, i, item)
	{
		long net = (long) sim_real(item, "netTotalAmount", 0);
		long gross = (long) sim_real(item, "grossTotalAmount", 0);

		sum += gross;
		if (gross != net + (long) sim_real(item, "taxAmount", 0) ||
			net != (long) (sim_real(item, "unitPrice", 0) * sim_real(item, "quantity", 0)))
		{
			sim_refuse(request, NULL, "sum", "orderItems", "Net, tax and gross do not fit.");
			return false;
		}
	}
	if (items ? sum == amount : amount == whole)
		return true;
	sim_refuse(request, NULL, "sum", "orderItems", "They add up to %ld, not %ld.", sum, amount);
	return false;
}

static void
new_id(char buffer[40])
{
	snprintf(buffer,
			 40,
			 "%016llx%016llx",
			 (unsigned long long) sim_random(),
			 (unsigned long long) sim_random());
}

static json_t *
entry(const SimRequest *request, const char *id_name, const char *id)
{
	return json_pack("{s:s, s:O?, s:O?, s:O?}",
					 id_name,
					 id,
					 "amount",
					 json_object_get(request->json, "amount"),
					 "myReference",
					 json_object_get(request->json, "myReference"),
					 "orderItems",
					 json_object_get(request->json, "orderItems"));
}

static Payment *
find_payment(SimRequest *request)
{
	Payment *payment = sim_map_get(&payments, request->argument[0]);

	if (!payment)
		sim_reply(request, 404, NULL);
	return payment;
}

static void
get_payment(SimRequest *request)
{
	Payment *payment = find_payment(request);

	if (payment)
		sim_reply(request, 200, payment_json(payment));
}

static void
charge(SimRequest *request)
{
	Payment *payment = find_payment(request);
	long amount = (long) sim_real(request->json, "amount", 0);
	const char *key;
	char id[40];

	if (!payment || is_repeat(request, &key) ||
		!items_are_right(request, amount, payment->reserved))
		return;
	if (payment->final || payment->cancelled || payment->charged + amount > payment->reserved)
	{
		refuse_with(request, 402, "1001", "Overcharge not allowed");
		return;
	}
	new_id(id);
	payment->charged += amount;
	payment->final = json_is_true(json_object_get(request->json, "finalCharge"));
	payment->writes++;
	json_array_append_new(payment->charges, entry(request, "chargeId", id));
	sim_map_put(&charge_owners, id, payment);
	answer(request, key, "chargeId", id);
}

static void
refund(SimRequest *request)
{
	Payment *payment = sim_map_get(&charge_owners, request->argument[0]);
	long amount = (long) sim_real(request->json, "amount", 0);
	const char *key;
	char id[40];

	if (!payment)
		payment = sim_map_get(&payments, request->argument[0]);
	if (!payment)
	{
		sim_reply(request, 404, NULL);
		return;
	}
	if (is_repeat(request, &key) || !items_are_right(request, amount, payment->charged))
		return;
	if (payment->refunded + amount > payment->charged)
	{
		refuse_with(request, 402, "1003", "Over refund not allowed");
		return;
	}
	new_id(id);
	payment->refunded += amount;
	payment->writes++;
	json_array_append_new(payment->refunds, entry(request, "refundId", id));
	answer(request, key, "refundId", id);
}

static void
cancel(SimRequest *request)
{
	Payment *payment = find_payment(request);

	if (!payment)
		return;
	if (payment->charged > 0 || payment->cancelled > 0 ||
		(long) sim_real(request->json, "amount", 0) != payment->reserved)
	{
		sim_reply(request, 405, NULL);
		return;
	}
	payment->cancelled = payment->reserved;
	payment->writes++;
	sim_reply(request, 204, NULL);
}

static void
make_payment(SimRequest *request)
{
	Payment *payment = sim_alloc(sizeof(Payment));

	payment->id = sim_strdup(sim_text(request->json, "payment_id", ""));
	payment->reserved = (long) sim_real(request->json, "amount", 0);
	payment->charges = json_array();
	payment->refunds = json_array();
	sim_map_put(&payments, payment->id, payment);
	sim_reply(request, 200, payment_json(payment));
}

static void
show(SimRequest *request)
{
	json_t *list = json_array();

	for (size_t i = 0; i < payments.count; i++)
	{
		const Payment *payment = sim_map_at(&payments, i);
		json_t *json = payment_json(payment);

		json_object_set_new(json, "writes", json_integer(payment->writes));
		json_object_set_new(json, "final", json_boolean(payment->final));
		json_array_append_new(list, json);
	}
	sim_reply(request, 200, json_pack("{s:o}", "payments", list));
}

static void
free_payment(void *subject)
{
	Payment *payment = subject;

	free(payment->id);
	json_decref(payment->charges);
	json_decref(payment->refunds);
	free(payment);
}

static void
free_answer(void *subject)
{
	json_decref(subject);
}

static void
let_be(void *subject)
{
	(void) subject;
}

static void
reset(void)
{
	sim_map_clear(&charge_owners, let_be);
	sim_map_clear(&payments, free_payment);
	sim_map_clear(&answers, free_answer);
}

static bool
is_plain(const char *text)
{
	return strpbrk(text, "<>\\'\"&;") == NULL;
}

#define ITEMS                                                                                 \
	{"amount", SIM_INTEGER, SIM_REQUIRED, 2147483647}, {"myReference", SIM_STRING, 0, 36},    \
		{"orderItems", SIM_ARRAY, 0},                                                         \
		{"orderItems[].reference", SIM_STRING, SIM_REQUIRED, 128, NULL, is_plain},            \
		{"orderItems[].name", SIM_STRING, SIM_REQUIRED, 128, NULL, is_plain},                 \
		{"orderItems[].quantity", SIM_NUMBER, SIM_REQUIRED},                                  \
		{"orderItems[].unit", SIM_STRING, SIM_REQUIRED},                                      \
		{"orderItems[].unitPrice", SIM_INTEGER, SIM_REQUIRED},                                \
		{"orderItems[].taxRate", SIM_INTEGER, 0}, {"orderItems[].taxAmount", SIM_INTEGER, 0}, \
		{"orderItems[].grossTotalAmount", SIM_INTEGER, SIM_REQUIRED},                         \
	{                                                                                         \
		"orderItems[].netTotalAmount", SIM_INTEGER, SIM_REQUIRED                              \
	}

static const SimField charge_fields[] = {ITEMS, {"finalCharge", SIM_BOOLEAN, 0}, {0}};
static const SimField refund_fields[] = {ITEMS, {0}};
static const SimField cancel_fields[] = {{"amount", SIM_INTEGER, SIM_REQUIRED}, {0}};
static const SimField payment_fields[] = {
	{"payment_id", SIM_STRING, SIM_REQUIRED}, {"amount", SIM_INTEGER, SIM_REQUIRED}, {0}};
static SimSchema charge_schema = {"A charge", true, charge_fields, NULL};
static SimSchema refund_schema = {"A refund", true, refund_fields, NULL};
static SimSchema cancel_schema = {"A cancellation", true, cancel_fields, NULL};
static SimSchema payment_schema = {"A payment", true, payment_fields, NULL};

static const SimRoute routes[] = {
	{"GET", "/v1/payments/{paymentId}", get_payment, NULL, NULL, 0},
	{"POST", "/v1/payments/{paymentId}/charges", charge, &charge_schema, NULL, 0},
	{"POST", "/v1/payments/{paymentId}/refunds", refund, &refund_schema, NULL, 0},
	{"POST", "/v1/charges/{chargeId}/refunds", refund, &refund_schema, NULL, 0},
	{"POST", "/v1/payments/{paymentId}/cancels", cancel, &cancel_schema, NULL, 0},
	{0}};

static const SimRoute controls[] = {{"POST", "/payment", make_payment, &payment_schema, NULL, 0},
									{"GET", "/payments", show, NULL, NULL, 0},
									{0}};

static const SimSetting settings[] = {
	{"secret_key", SIM_SETTING_TEXT, secret_key, "", "The only key; empty: any but \"wrong\"."},
	{0}};

const SimPeer sim_peer_nets = {.name = "nets",
							   .routes = routes,
							   .controls = controls,
							   .settings = settings,
							   .authorize = authorize,
							   .refuse = refuse,
							   .fail = fail,
							   .reset = reset};
