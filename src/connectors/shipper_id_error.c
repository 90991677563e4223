/*
 * shipper_id_error.c
 *
 * The envelope of every answer.  Errors stand in a list, those of the login as
 * one object; an HTTP status of 200 may hold either.  A member that an error
 * names is translated to our field.
 */
#include "postgres.h"

#include "connectors/shipper_id.h"

/* What their error codes mean, whatever the HTTP status is. */
static const struct
{
	const char *code;
	FfResult result;
} codes[] = {
	{"802", FF_RESULT_UNAUTHORIZED},
	{"803", FF_RESULT_RETRY}, /* an error of theirs */
	{"810", FF_RESULT_REFUSED},
	{"3012", FF_RESULT_REFUSED}, /* no such order */
};

/* Their members by the name an error may quote; longer names before those they begin with. */
static const struct
{
	const char *member;
	const char *field;
} fields[] = {
	{"consignee_full_address", "ship_to.street1"},
	{"consignee_province", "ship_to.region"},
	{"consignee_phone", "ship_to.phone"},
	{"consignee_email", "ship_to.email"},
	{"consignee_state", "ship_to.country"},
	{"consignee_city", "ship_to.city"},
	{"consignee", "ship_to.name"},
	{"warehouse_id", "config.warehouse_id"},
	{"customer_id", "config.customer_id"},
	{"tenant_name", "config.tenant_name"},
	{"supplier_id", "config.supplier_id"},
	{"express_code", "service"},
	{"tracking_id", "options.tracking_id"},
	{"destination", "ship_to"},
	{"so_number", "reference"},
	{"doc_no", "number"},
	{"details", "lines"},
	{"sku", "lines"},
	{"qty", "lines"},
};

static const char *
field_of(const FfCall *call, const char *message)
{
	const FfJson *lines = ff_json_get(call->document, "shipment.lines");

	for (int i = 0; i < ff_json_count(lines); i++)
	{
		const char *sku = ff_json_text_or(ff_json_at(lines, i), "sku", "");

		if (strlen(sku) > 2 && strstr(message, sku) != NULL)
			return psprintf("lines.%d.sku", i);
	}
	for (int i = 0; i < (int) lengthof(fields); i++)
		if (strstr(message, fields[i].member) != NULL)
			return fields[i].field;
	return NULL;
}

/* The first error of an envelope; NULL when it reports none. */
static const FfJson *
error_of(const FfJson *json)
{
	const FfJson *error = ff_json_at(ff_json_get(json, "metadata.errors"), 0);

	return error ? error : ff_json_at(ff_json_get(json, "metadata.error"), 0);
}

/* An HTTP status that only the envelope tells; 0 when it tells none. */
static int64
status_inside(const FfJson *json)
{
	return ff_json_int64_or(
		json, "metadata.http_status_code", ff_json_int64_or(json, "metadata.status_code", 0));
}

static void
read_error(const FfCall *call, const FfReply *reply, FfRepeat repeat, const FfJson *json,
		   FfOutcome *outcome)
{
	const FfJson *error = error_of(json);
	const char *code = ff_json_text_or(error, "code", NULL);
	const char *message = ff_json_text_or(
		error, "message", ff_json_text_or(json, "metadata.status", ff_json_text(json, "message")));
	FfResult result = outcome->result;

	for (int i = 0; code != NULL && i < (int) lengthof(codes); i++)
		if (strcmp(codes[i].code, code) == 0 && (reply->status < 500 || result == FF_RESULT_OK))
			result = codes[i].result;
	/* what failed inside may have been done all the same */
	if (result == FF_RESULT_RETRY && repeat != FF_REPEAT_SAFE && reply->status / 100 == 2)
		result = FF_RESULT_UNKNOWN;
	if (result == FF_RESULT_OK)
		result = FF_RESULT_REFUSED;
	ff_outcome_set(outcome,
				   result,
				   code,
				   message ? ff_plain_text(message, 500) : NULL,
				   message && result == FF_RESULT_REFUSED ? field_of(call, message) : NULL);
}

bool
ff_shipper_reply(const FfCall *call, const FfReply *reply, FfRepeat repeat, FfOutcome *outcome,
				 FfJson **data)
{
	bool success = ff_outcome_http(call, reply, repeat, outcome);
	FfJson *json = ff_outcome_json(reply, outcome);

	*data = NULL;
	if (success && !ff_json_is_object(json))
	{
		ff_outcome_unreadable(outcome,
							  repeat == FF_REPEAT_SAFE ? FF_RESULT_RETRY : FF_RESULT_UNKNOWN,
							  "The answer is not the JSON object it should be.");
		return false;
	}
	if (success && status_inside(json) < 400 && error_of(json) == NULL)
	{
		*data = ff_json_get(json, "data");
		return true;
	}
	if (json != NULL && ff_json_is_object(json))
		read_error(call, reply, repeat, json, outcome);
	return false;
}

int64
ff_shipper_page(const FfCall *call)
{
	return ff_json_int64_or(call->state, "page", 1);
}

bool
ff_shipper_has_more(const FfCall *call, const FfReply *reply)
{
	FfJson *json = ff_json_parse(reply->body, reply->length, NULL);

	return ff_json_int64_or(json, "pagination.current_page", ff_shipper_page(call)) <
		   ff_json_int64_or(json, "pagination.total_pages", 1);
}
