/*
 * shopify_graphql.c
 *
 * One address, one kind of request, and errors on three floors: HTTP, errors
 * of the query, and user errors inside an answer that worked.  What was cut
 * off by the cost limit tells how long to wait.
 *
 * All operations begin by looking, so each may be repeated from its beginning
 * whatever became of a request.
 */
#include "postgres.h"

#include <math.h>

#include "common/hashfn.h"

#include "connectors/carrier.h"
#include "connectors/shopify.h"

void
ff_shopify_begin(const FfCall *call, FfMessage *message, FfJsonWriter *writer, const char *query)
{
	const char *base = ff_json_text_or(call->config, "base_url", "");

	if (!ff_url_is_safe(base))
		ff_connector_fail(SHOPIFY_NAME,
						  "config.base_url",
						  "Give the shop's address, such as https://demo.myshopify.com.");
	ff_message_init(message);
	ff_message_begin(message, "POST", base, "/admin/api/");
	ff_message_segment(message, ff_json_text_or(call->config, "api_version", SHOPIFY_API));
	ff_message_path(message, "/graphql.json");
	ff_message_header(message, "Accept", "application/json");
	ff_write_init(writer);
	ff_write_object(writer, NULL);
	ff_write_text(writer, "query", query);
	ff_write_object(writer, "variables");
}

/* Codes of errors that a repetition may heal; all others are for good. */
static const char *const passing[] = {
	"THROTTLED",
	"INTERNAL_SERVER_ERROR",
	"TIMEOUT",
	"SERVICE_UNAVAILABLE",
	"IDEMPOTENCY_CONCURRENT_REQUEST",
	"CHANGE_FROM_QUANTITY_STALE",
	"COMPARE_QUANTITY_STALE",
	"INTERNAL_ERROR",
};

static bool
may_pass(const char *code)
{
	for (int i = 0; code != NULL && i < (int) lengthof(passing); i++)
		if (strcmp(passing[i], code) == 0)
			return true;
	return false;
}

/* Where an input of Shopify stands in our documents; the deepest that is known. */
static const struct
{
	const char *theirs;
	const char *ours;
} fields[] = {
	{"trackingInfo", "shipment.packages"},
	{"fulfillmentOrderLineItems", "shipment.lines"},
	{"lineItemsByFulfillmentOrder", "shipment.lines"},
	{"quantities", "inventory"},
	{"locationId", "config.location_id"},
	{"reasonNotes", "order.note"},
	{"staffNote", "order.note"},
	{"refundLineItems", "return.lines"},
	{"returnLineItems", "return.lines"},
	{"transactions", "return.amount"},
	{"orderId", "order.channel_order_id"},
};

/* ["input", "quantities", "0", "locationId"], or one of them with dots. */
static const char *
field_of(const FfJson *path)
{
	const char *ours = NULL;

	for (int i = 0; i < ff_json_count(path); i++)
	{
		const char *step = ff_json_text_or(ff_json_at(path, i), "", "");

		for (int j = 0; j < (int) lengthof(fields); j++)
			if (strcmp(fields[j].theirs, step) == 0)
				ours = fields[j].ours;
	}
	return ours;
}

/* Seconds until the bucket holds what the query asked for; 0 when it does. */
static int
wait_for(const FfJson *json)
{
	const FfJson *cost = ff_json_get(json, "extensions.cost");
	double wanted = ff_json_double_or(cost, "requestedQueryCost", 0);
	double here = ff_json_double_or(cost, "throttleStatus.currentlyAvailable", wanted);
	double rate = ff_json_double_or(cost, "throttleStatus.restoreRate", 0);

	if (wanted <= here)
		return 0;
	return rate > 0 ? (int) Min(ceil((wanted - here) / rate), 3600) : 1;
}

/* What an error says: a text, or an object, or one element of a list. */
static void
set_error(const FfJson *error, FfResult result, FfOutcome *outcome)
{
	const char *code = ff_json_text_or(error, "extensions.code", NULL);

	ff_outcome_set(
		outcome,
		result,
		code,
		ff_json_text_or(error, "message", ff_json_text(error, "")),
		ff_json_is_array(ff_json_get(error, "path")) ? field_of(ff_json_get(error, "path")) : NULL);
}

/* Errors of the query: the one that may pass is believed, for then the others may, too. */
static void
read_errors(const FfJson *json, const FfJson *errors, FfOutcome *outcome)
{
	const FfJson *chosen = ff_json_at(errors, 0);
	bool passes = false;

	for (int i = 0; !passes && i < ff_json_count(errors); i++)
	{
		const FfJson *error = ff_json_at(errors, i);
		const char *code = ff_json_text_or(error, "extensions.code", NULL);

		passes = may_pass(code) ||
				 (code == NULL &&
				  pg_strcasecmp(ff_json_text_or(error, "message", ""), "throttled") == 0);
		if (passes)
			chosen = error;
	}
	set_error(chosen, passes ? FF_RESULT_RETRY : FF_RESULT_REFUSED, outcome);
	if (outcome->code == NULL)
		outcome->code = "query_refused";
	if (passes && wait_for(json) > 0)
		outcome->retry_after_s = Max(outcome->retry_after_s, wait_for(json));
}

FfJson *
ff_shopify_read(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *json = ff_json_parse(reply->body, reply->length, NULL);
	FfJson *errors = ff_json_get(json, "errors");
	FfJson *data = ff_json_get(json, "data");

	if (!ff_outcome_http(call, reply, FF_REPEAT_SAFE, outcome))
	{
		if (reply->status == 423)
			outcome->result = FF_RESULT_RETRY;
		if (!ff_json_is_null(errors))
			set_error(ff_json_at(errors, 0), outcome->result, outcome);
		return NULL;
	}
	if (json == NULL)
		json = ff_outcome_json(reply, outcome);
	errors = ff_json_get(json, "errors");
	data = ff_json_get(json, "data");
	if (ff_json_count(errors) > 0)
		read_errors(json, errors, outcome);
	else if (!ff_json_is_object(data))
		ff_outcome_unreadable(outcome, FF_RESULT_RETRY, "The shop answered without data.");
	else
	{
		ff_outcome_ok(outcome);
		if (wait_for(json) > 0)
			outcome->retry_after_s = wait_for(json);
		return data;
	}
	return NULL;
}

bool
ff_shopify_user_error(const FfJson *payload, FfOutcome *outcome)
{
	const FfJson *errors = ff_json_get(payload, "userErrors");
	const FfJson *error;
	const char *code;

	if (ff_json_count(errors) == 0)
		errors = ff_json_get(payload, "orderCancelUserErrors");
	error = ff_json_at(errors, 0);
	if (ff_json_is_null(error))
		return false;
	code = ff_json_text_or(error, "code", NULL);
	ff_outcome_set(outcome,
				   may_pass(code) ? FF_RESULT_RETRY : FF_RESULT_REFUSED,
				   code ? code : "user_error",
				   ff_json_text_or(error, "message", code ? code : "The shop refused it."),
				   field_of(ff_json_get(error, "field")));
	return true;
}

char *
ff_shopify_gid(const char *type, const char *id)
{
	if (id == NULL || *id == '\0')
		return NULL;
	return strncmp(id, "gid://", 6) == 0 ? pstrdup(id) : psprintf("gid://shopify/%s/%s", type, id);
}

char *
ff_shopify_order_gid(const FfCall *call)
{
	return ff_shopify_gid(
		"Order",
		ff_connector_need(
			SHOPIFY_NAME, call, "order.channel_order_id", "Give the shop's id of the order."));
}

bool
ff_shopify_step_is(const FfCall *call, const char *step)
{
	return strcmp(ff_json_text_or(call->state, "step", "first"), step) == 0;
}

char *
ff_shopify_key(const FfCall *call, const char *content)
{
	char *text = psprintf("%s %s", call->idempotency_key ? call->idempotency_key : "", content);
	uint64 high = hash_bytes_extended((const unsigned char *) text, (int) strlen(text), 1);
	uint64 low = hash_bytes_extended((const unsigned char *) text, (int) strlen(text), 2);

	return psprintf("%08x-%04x-%04x-%04x-%012llx",
					(unsigned) (high >> 32),
					(unsigned) (high >> 16) & 0xffff,
					(unsigned) high & 0xffff,
					(unsigned) (low >> 48),
					(unsigned long long) low & UINT64CONST(0xffffffffffff));
}
