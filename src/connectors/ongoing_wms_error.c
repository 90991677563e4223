/*
 * ongoing_wms_error.c
 *
 * What Ongoing's answers mean before anybody reads their content.  Errors
 * come as JSON with a message, as a model state that names members of the
 * body, or as HTML; members are translated to our fields.  A success that is
 * not JSON, or that names no id where one is due, leaves the call in doubt.
 */
#include "postgres.h"

#include "utils/formatting.h"

#include "connectors/ongoing_wms.h"

#define MESSAGE_BYTES 2000

/* Members of their bodies by the last word of their path; lines.N. stands for orderLines[N]. */
static const struct
{
	const char *member;
	const char *field;
} fields[] = {
	{"name", "ship_to.name"},
	{"address1", "ship_to.street1"},
	{"address2", "ship_to.street2"},
	{"address3", "ship_to.street2"},
	{"postcode", "ship_to.postcode"},
	{"city", "ship_to.city"},
	{"countrycode", "ship_to.country"},
	{"countrystatecode", "ship_to.region"},
	{"emailnotification", "ship_to.email"},
	{"smsnotification", "ship_to.phone"},
	{"telephonenotification", "ship_to.phone"},
	{"consignee", "ship_to"},
	{"ordernumber", "reference"},
	{"wayofdelivery", "service"},
	{"transporter", "service"},
	{"transportercode", "service"},
	{"transporterservicecode", "service"},
	{"servicepointcode", "options.service_point"},
	{"goodsownerid", "config.goods_owner_id"},
	{"warehouseid", "config.warehouse_id"},
};

static const struct
{
	const char *member;
	const char *field;
} line_fields[] = {
	{"articlenumber", "sku"},
	{"numberofitems", "quantity"},
	{"rownumber", "line"},
	{"prices", "unit_price"},
	{"orderlines", "sku"},
	{"tobereturnednumberofitems", "quantity"},
};

/* Our field for a path such as "order.orderLines[1].articleNumber"; NULL when it is unknown. */
static char *
field_of(const char *path)
{
	char *lower = asc_tolower(path, strlen(path));
	char *line;
	char *last;
	int row = 0;

	/* "emailNotification.value" is about the notification */
	last = strrchr(lower, '.');
	if (last && strcmp(last, ".value") == 0)
		*last = '\0';
	last = strrchr(lower, '.');
	last = last ? last + 1 : lower;
	line = strstr(lower, "orderlines[");
	if (line != NULL)
	{
		row = atoi(line + strlen("orderlines["));
		last[strcspn(last, "[")] = '\0';
		for (int i = 0; i < (int) lengthof(line_fields); i++)
			if (strcmp(line_fields[i].member, last) == 0)
				return psprintf("lines.%d.%s", row, line_fields[i].field);
		return psprintf("lines.%d", row);
	}
	for (int i = 0; i < (int) lengthof(fields); i++)
		if (strcmp(fields[i].member, last) == 0)
			return pstrdup(fields[i].field);
	return NULL;
}

/* A refusal that quotes the number of an article is about that line. */
static char *
quoted_line(const FfCall *call, const char *message)
{
	const FfJson *lines = ff_json_get(call->document, "shipment.lines");

	for (int i = 0; i < ff_json_count(lines); i++)
	{
		char *sku = ff_json_text(ff_json_at(lines, i), "sku");

		if (sku && strlen(sku) > 2 && strstr(message, sku))
			return psprintf("lines.%d.sku", i);
	}
	return NULL;
}

/* The first entry of a model state {"order.x": ["what is wrong"]}. */
static void
read_model_state(const FfJson *model, const char **message, const char **field)
{
	void *state = NULL;
	char *key;
	FfJson *value;

	while (ff_json_each(model, &state, &key, &value))
	{
		char *text = ff_json_text(ff_json_at(value, 0), "");

		if (text == NULL)
			continue;
		*message = psprintf("%s: %s", key, text);
		*field = field_of(key);
		return;
	}
}

static void
read_error(const FfCall *call, const FfReply *reply, const FfJson *json, FfOutcome *outcome)
{
	static const char *const messages[] = {
		"message", "Message", "exceptionMessage", "title", "detail", "error"};
	static const char *const models[] = {"modelState", "ModelState", "errors"};
	const char *message = NULL;
	const char *field = NULL;

	for (int i = 0; i < (int) lengthof(models) && message == NULL; i++)
		read_model_state(ff_json_get(json, models[i]), &message, &field);
	for (int i = 0; i < (int) lengthof(messages) && message == NULL; i++)
		message = ff_json_text_or(json, messages[i], NULL);
	if (message == NULL)
		message = json ? ff_json_text(json, "")
					   : pnstrdup(reply->body, Min(reply->length, MESSAGE_BYTES));
	if (message == NULL || *message == '\0')
		return;
	if (field == NULL && outcome->result == FF_RESULT_REFUSED)
		field = quoted_line(call, message);
	ff_outcome_set(outcome, outcome->result, NULL, message, field);
}

bool
ff_ongoing_reply(const FfCall *call, const FfReply *reply, FfOutcome *outcome, FfJson **json)
{
	/* every call may be repeated: orders and articles are written by their number */
	bool success = ff_outcome_http(call, reply, FF_REPEAT_SAFE, outcome);
	const char *type = ff_reply_header(reply, "Content-Type");

	if (success && type != NULL && strstr(asc_tolower(type, strlen(type)), "json") == NULL)
	{
		*json = NULL;
		ff_outcome_set(outcome,
					   FF_RESULT_UNKNOWN,
					   "unreadable_answer",
					   psprintf("The answer is of type %s, not JSON.", type),
					   NULL);
		return false;
	}
	*json = ff_outcome_json(reply, outcome);
	if (success)
		return *json != NULL;
	/* the user has no right to this goods owner: nothing works until somebody grants it */
	if (reply->status == 403)
		outcome->result = FF_RESULT_UNAUTHORIZED;
	read_error(call, reply, *json, outcome);
	return false;
}

char *
ff_ongoing_written(const FfCall *call, const FfReply *reply, FfOutcome *outcome,
				   const char *id_path)
{
	FfJson *json;
	char *id;

	if (!ff_ongoing_reply(call, reply, outcome, &json))
		return NULL;
	id = ff_json_number(json, id_path);
	if (id == NULL)
		ff_outcome_set(outcome,
					   FF_RESULT_UNKNOWN,
					   "no_id",
					   ff_json_text_or(json, "message", "The answer names no id."),
					   NULL);
	return id;
}
