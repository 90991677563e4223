/*
 * data.c
 *
 * Connectors that are nothing but data: templates make the message, paths and
 * conditions the outcome.  The definition was checked when it was registered.
 */
#include "postgres.h"

#include "connectors/shape.h"
#include "own/parts.h"
#include "pg/errors.h"
#include "pg/json_path.h"
#include "pg/xml.h"

#define DEEPEST 4 /* answers that name other answers */

static char *
filled(const FfCall *call, const FfJson *template, const FfTemplateScope *scope, FfEscape escape)
{
	char *problem = NULL;
	char *text = ff_template_fill_in(ff_json_text_or(template, "", ""), scope, escape, &problem);

	if (text == NULL)
		ff_own_fail(call, problem, NULL);
	return text;
}

/* What the call must have, by paths that must find it. */
static void
check_needs(const FfCall *call, const FfJson *needs, const FfJson *values, const FfJson *variables)
{
	for (int i = 0; i < ff_json_count(needs); i++)
	{
		const FfJson *need = ff_json_at(needs, i);

		if (!ff_json_path_holds(values, ff_json_text_or(need, "path", ""), variables))
			ff_connector_fail(
				call->connector, ff_json_text_or(need, "field", ""), ff_json_text(need, "hint"));
	}
}

static FfEscape
escape_of(const char *content_type)
{
	if (strstr(content_type, "json") != NULL)
		return FF_ESCAPE_JSON;
	if (strstr(content_type, "xml") != NULL)
		return FF_ESCAPE_XML;
	return strstr(content_type, "urlencoded") != NULL ? FF_ESCAPE_URL : FF_ESCAPE_NONE;
}

static void
write_form(const FfCall *call, StringInfo text, const FfJson *form, const FfTemplateScope *scope)
{
	void *state = NULL;
	char *name;
	FfJson *template;

	initStringInfo(text);
	while (ff_json_each(form, &state, &name, &template))
	{
		char *value = filled(call, template, scope, FF_ESCAPE_NONE);

		if (*value == '\0')
			continue;
		if (text->len > 0)
			appendStringInfoChar(text, '&');
		ff_percent_encode(text, name);
		appendStringInfoChar(text, '=');
		ff_percent_encode(text, value);
	}
}

static void
write_body(const FfCall *call, FfMessage *message, const FfJson *request,
		   const FfTemplateScope *scope)
{
	const FfJson *body = ff_json_member(request, "body");
	const FfJson *form = ff_json_member(request, "form");
	const char *type = ff_json_text(request, "content_type");
	FfJsonWriter writer;
	StringInfoData text;
	char *plain;

	if (form != NULL)
	{
		write_form(call, &text, form, scope);
		ff_message_body(message, "application/x-www-form-urlencoded", text.data, text.len);
	}
	else if (ff_json_is_string(body))
	{
		type = type != NULL ? type : "text/plain";
		plain = filled(call, body, scope, escape_of(type));
		ff_message_body(message, type, plain, strlen(plain));
	}
	else if (!ff_json_is_null(body))
	{
		ff_write_init(&writer);
		if (!ff_shape_write(&writer, NULL, body, scope))
			appendStringInfoString(&writer.text, "{}");
		plain = ff_write_finish(&writer);
		ff_message_body(message, type != NULL ? type : "application/json", plain, strlen(plain));
	}
}

void
ff_own_data_request(const FfCall *call, FfMessage *message)
{
	const FfJson *part = ff_own_part(call);
	const FfJson *request = ff_json_member(part, "request");
	FfJson *variables;
	FfJson *values = ff_own_values(call, NULL, NULL, &variables);
	FfTemplateScope scope = {.values = {values}};
	void *state = NULL;
	char *name;
	FfJson *template;

	check_needs(call, ff_json_member(part, "needs"), values, variables);
	ff_own_begin(call,
				 message,
				 ff_json_text_or(request, "method", "GET"),
				 filled(call, ff_json_member(request, "url"), &scope, FF_ESCAPE_URL));
	while (ff_json_each(ff_json_member(request, "query"), &state, &name, &template))
	{
		char *value = filled(call, template, &scope, FF_ESCAPE_NONE);

		ff_message_query(message, name, *value != '\0' ? value : NULL);
	}
	state = NULL;
	while (ff_json_each(ff_json_member(request, "headers"), &state, &name, &template))
		ff_own_header(call, message, name, filled(call, template, &scope, FF_ESCAPE_NONE));
	write_body(call, message, request, &scope);
}

/* Everything that answers are told apart by and outcomes are made of. */
typedef struct Reading
{
	const FfCall *call;
	const FfReply *reply;
	FfOutcome *outcome;
	const FfJson *values;
	const FfJson *variables;
	FfTemplateScope scope;
} Reading;

/* 404, "404", "4xx" or "any". */
static bool
status_is(const FfJson *wanted, int status)
{
	const char *text = ff_json_text_or(wanted, "", "");

	if (strcmp(text, "any") == 0)
		return true;
	if (strlen(text) == 3 && strcmp(text + 1, "xx") == 0)
		return status / 100 == text[0] - '0';
	return atoi(text) == status;
}

bool
ff_own_status_is_known(const FfJson *status)
{
	const char *text = ff_json_text_or(status, "", "");

	return strcmp(text, "any") == 0 || strcmp(text, "0") == 0 ||
		   (strlen(text) == 3 && text[0] >= '1' && text[0] <= '5' &&
			(strcmp(text + 1, "xx") == 0 || strspn(text, "0123456789") == 3));
}

static bool
applies(const Reading *reading, const FfJson *answer)
{
	const FfJson *wanted = ff_json_member(answer, "status");
	const char *condition = ff_json_text(answer, "if");
	int status = reading->reply->status;
	bool fits = wanted == NULL &&
				((status >= 200 && status < 300) || reading->call->operation == FF_OPERATION_COUNT);

	for (int i = 0; i < ff_json_count(wanted) && !fits; i++)
		fits = status_is(ff_json_at(wanted, i), status);
	return fits && (condition == NULL ||
					ff_json_path_holds(reading->values, condition, reading->variables));
}

/* The first that applies; a text among them stands for those under this name in shared. */
static const FfJson *
first_that_applies(const Reading *reading, const FfJson *answers, int depth)
{
	const FfOwn *own = reading->call->own;
	const FfJson *shared = ff_json_member(own->definition, "shared");

	for (int i = 0; i < ff_json_count(answers) && depth < DEEPEST; i++)
	{
		const FfJson *answer = ff_json_at(answers, i);

		if (ff_json_is_string(answer))
			answer = first_that_applies(
				reading, ff_json_member(shared, ff_json_text(answer, "")), depth + 1);
		else if (!applies(reading, answer))
			answer = NULL;
		if (answer != NULL)
			return answer;
	}
	return NULL;
}

static char *
text_of(const Reading *reading, const FfJson *template)
{
	char *text =
		template != NULL ? filled(reading->call, template, &reading->scope, FF_ESCAPE_NONE) : NULL;

	return text != NULL && *text != '\0' ? text : NULL;
}

/* "lines.1.sku" when that line's SKU stands in a text. */
static char *
line_named_in(const Reading *reading, const char *text)
{
	const FfJson *lines = ff_json_get(reading->values, "shipment.lines");

	for (int i = 0; text != NULL && i < ff_json_count(lines); i++)
	{
		const char *sku = ff_json_text_or(ff_json_at(lines, i), "sku", "");

		if (strlen(sku) > 2 && strstr(text, sku) != NULL)
			return psprintf("lines.%d.sku", i);
	}
	return NULL;
}

/* A template; or a list of {if, is} and {line_named_in}, of which the first counts. */
static char *
field_of(const Reading *reading, const FfJson *fields)
{
	char *field = NULL;

	if (ff_json_is_string(fields))
		return text_of(reading, fields);
	for (int i = 0; i < ff_json_count(fields) && field == NULL; i++)
	{
		const FfJson *one = ff_json_at(fields, i);

		if (ff_json_member(one, "line_named_in") != NULL)
			field = line_named_in(reading, text_of(reading, ff_json_member(one, "line_named_in")));
		else if (ff_json_path_holds(
					 reading->values, ff_json_text_or(one, "if", ""), reading->variables))
			field = text_of(reading, ff_json_member(one, "is"));
	}
	return field;
}

static void
take_answer(const Reading *reading, const FfJson *answer)
{
	FfOutcome *outcome = reading->outcome;
	const FfJson *error = ff_json_member(answer, "error");
	const FfJson *next = ff_json_member(answer, "next");
	char *retry_after = text_of(reading, ff_json_member(answer, "retry_after_s"));
	void *state = NULL;
	char *name;
	FfJson *shape;
	FfResult result = FF_RESULT_UNKNOWN;

	(void) ff_result_from_name(ff_json_text_or(answer, "result", ""), &result);
	if (result == FF_RESULT_OK || result == FF_RESULT_CONTINUE)
		ff_outcome_ok(outcome);
	ff_outcome_set(outcome,
				   result,
				   text_of(reading, ff_json_member(error, "code")),
				   text_of(reading, ff_json_member(error, "message")),
				   field_of(reading, ff_json_member(error, "field")));
	if (retry_after != NULL && strspn(retry_after, "0123456789") == strlen(retry_after))
		outcome->retry_after_s = (int) Min(strtol(retry_after, NULL, 10), 24 * 60 * 60);
	if (next != NULL)
	{
		FfJsonWriter writer;

		ff_write_init(&writer);
		if (ff_shape_write(&writer, NULL, next, &reading->scope))
			outcome->next = ff_write_finish(&writer);
	}
	while (ff_json_each(ff_json_member(answer, "outcome"), &state, &name, &shape))
		(void) ff_shape_write(&outcome->body, name, shape, &reading->scope);
}

void
ff_own_data_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	Reading reading = {.call = call, .reply = reply, .outcome = outcome};
	FfOwnAnswer answer;
	const FfJson *applying;
	FfJson *variables;

	if (!ff_own_answer(call, reply, outcome, &answer))
		return;
	(void) ff_own_values(call, NULL, NULL, &variables);
	reading.variables = variables;
	reading.values = ff_own_values(call, reply, ff_own_read(call, reply, &answer, variables), NULL);
	reading.scope.values[0] = reading.values;
	applying = first_that_applies(&reading, ff_json_member(ff_own_part(call), "answers"), 0);
	if (applying != NULL)
		take_answer(&reading, applying);
	else if (answer.good)
		ff_outcome_unreadable(outcome,
							  FF_RESULT_UNKNOWN,
							  "The answer is none that the connector's definition knows.");
}
