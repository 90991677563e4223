/*
 * efs_answer.c
 *
 * What EFS's answers mean before anybody reads their content.  The names of
 * elements are not fixed, so they are found by name wherever they stand, in
 * any case and namespace.
 */
#include "postgres.h"

#include "utils/formatting.h"

#include "connectors/efs.h"
#include "pg/xml.h"

#define DEEPEST 16

static bool
among(const char *names, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = names; at != NULL; at = strchr(at, '|'))
	{
		at += *at == '|' ? 1 : 0;
		if (strcspn(at, "|") == length && pg_strncasecmp(at, name, length) == 0)
			return true;
	}
	return false;
}

static FfJson *
find(const FfJson *json, const char *names, int depth)
{
	void *state = NULL;
	char *key;
	FfJson *value;

	if (depth > DEEPEST)
		return NULL;
	while (ff_json_is_object(json) && ff_json_each(json, &state, &key, &value))
		if (among(names, key))
			return value;
	state = NULL;
	while (ff_json_is_object(json) && ff_json_each(json, &state, &key, &value))
		for (int i = 0; i < ff_json_count(value); i++)
		{
			FfJson *found = find(ff_json_at(value, i), names, depth + 1);

			if (found != NULL)
				return found;
		}
	return NULL;
}

FfJson *
ff_efs_find(const FfJson *json, const char *names)
{
	return find(json, names, 0);
}

char *
ff_efs_text(const FfJson *json, const char *names)
{
	const FfJson *found = ff_json_at(find(json, names, 0), 0);
	char *text = ff_json_text(found, ff_json_is_object(found) ? "#text" : "");

	return text && *text != '\0' ? text : NULL;
}

bool
ff_efs_says(const char *text, const char *words)
{
	char *lower = text ? asc_tolower(text, strlen(text)) : NULL;

	for (const char *at = words; lower != NULL && at != NULL; at = strchr(at, '|'))
	{
		at += *at == '|' ? 1 : 0;
		if (strstr(lower, pnstrdup(at, strcspn(at, "|"))) != NULL)
			return true;
	}
	return false;
}

/* What a refusal is about, by a word of it. */
static const struct
{
	const char *words;
	const char *field;
} fields[] = {
	{"shipping method|shippingmethod|shipping code", "service"},
	{"postal|zip", "ship_to.postcode"},
	{"state|province", "ship_to.region"},
	{"country", "ship_to.country"},
	{"city", "ship_to.city"},
	{"phone", "ship_to.phone"},
	{"email", "ship_to.email"},
	{"name", "ship_to.name"},
	{"address", "ship_to.street1"},
	{"quantity", "lines"},
	{"sku|item", "lines"},
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
		if (ff_efs_says(message, fields[i].words))
			return fields[i].field;
	return NULL;
}

/* The text of the first error; NULL without one. */
static const char *
error_of(const FfJson *document)
{
	char *message = ff_efs_text(document, "errormessage|error|faultstring");
	char *status = ff_efs_text(document, "result|status");

	if (message == NULL && ff_efs_says(status, "fail|error|invalid"))
		message = ff_efs_text(document, "message|description|reason|errors");
	if (message == NULL && ff_efs_says(status, "fail|error|invalid"))
		message = status;
	return message ? ff_plain_text(message, 500) : NULL;
}

FfJson *
ff_efs_answer(const FfCall *call, const FfReply *reply, FfRepeat repeat, FfOutcome *outcome)
{
	FfJson *document;
	const char *message;
	char *problem;

	if (!ff_outcome_http(call, reply, repeat, outcome))
		return NULL;
	document = ff_xml_parse(reply->body, reply->length, &problem);
	if (document == NULL)
	{
		ff_outcome_unreadable(outcome,
							  repeat == FF_REPEAT_SAFE ? FF_RESULT_RETRY : FF_RESULT_UNKNOWN,
							  psprintf("The answer is not XML: %s.", ff_plain_text(problem, 200)));
		return NULL;
	}
	message = error_of(document);
	if (message == NULL)
		return document;
	if (ff_efs_says(message,
					"merchanttoken|merchantid|merchant token|merchant id|authenti|login|"
					"credential|not authorized|unauthorized"))
		ff_outcome_set(outcome, FF_RESULT_UNAUTHORIZED, "unauthorized", message, NULL);
	else if (ff_efs_says(message, "unknown request|invalid request|unsupported|not supported"))
		ff_outcome_set(outcome, FF_RESULT_REFUSED, "unsupported", message, NULL);
	else if (ff_efs_says(message, "try again|temporar|maintenance|busy"))
		ff_outcome_set(outcome, FF_RESULT_RETRY, "busy", message, NULL);
	else
		ff_outcome_set(outcome, FF_RESULT_REFUSED, "failure", message, field_of(call, message));
	return NULL;
}
