/*
 * check.c
 *
 * Reads a definition once, when it is registered: that no member is misspelt,
 * and that every template, path and condition can be used.  After that only a
 * call can be wrong.
 */
#include "postgres.h"

#include "connectors/shape.h"
#include "own/parts.h"
#include "pg/json_path.h"
#include "pg/xml_path.h"

typedef struct Check
{
	const FfOwn *own;
	const FfConnector *connector;
	const FfJson *variables; /* the names of let */
	bool xml;
	FfOwnProblem *problem;
} Check;

static bool
wrong(const Check *check, char *field, char *text)
{
	check->problem->field = field;
	check->problem->text = text;
	return false;
}

/* Whether all members of an object are among these names, which have blanks around them. */
static bool
knows(const Check *check, const FfJson *object, const char *field, const char *names)
{
	void *state = NULL;
	char *key;
	FfJson *value;

	if (ff_json_is_null(object))
		return true;
	if (!ff_json_is_object(object))
		return wrong(check, pstrdup(field), pstrdup("It is no JSON object."));
	while (ff_json_each(object, &state, &key, &value))
		if (strstr(names, psprintf(" %s ", key)) == NULL)
			return wrong(
				check,
				psprintf("%s%s%s", field, *field != '\0' ? "." : "", key),
				psprintf("There is no such member, only%.*s.", (int) strlen(names) - 1, names));
	return true;
}

static bool
template_is_fine(const Check *check, const FfJson *template, const char *field)
{
	char *problem = NULL;

	if (ff_json_is_null(template))
		return true;
	if (ff_json_text(template, "") == NULL)
		return wrong(check, pstrdup(field), pstrdup("It is no text."));
	return ff_template_check(ff_json_text(template, ""), &problem) ||
		   wrong(check, pstrdup(field), problem);
}

static bool
templates_are_fine(const Check *check, const FfJson *object, const char *field)
{
	void *state = NULL;
	char *key;
	FfJson *value;

	if (!ff_json_is_null(object) && !ff_json_is_object(object))
		return wrong(check, pstrdup(field), pstrdup("It is no JSON object."));
	while (ff_json_each(object, &state, &key, &value))
		if (!template_is_fine(check, value, psprintf("%s.%s", field, key)))
			return false;
	return true;
}

static bool
shape_is_fine(const Check *check, const FfJson *shape, const char *field)
{
	char *path = pstrdup(field);
	char *problem = NULL;

	return ff_json_is_null(shape) || ff_shape_check(shape, &path, &problem) ||
		   wrong(check, path, problem);
}

static bool
condition_is_fine(const Check *check, const FfJson *condition, const char *field)
{
	char *problem = NULL;
	char *path = ff_json_text(condition, "");

	if (path == NULL)
		return wrong(check, pstrdup(field), pstrdup("It is no jsonpath."));
	return ff_json_path_check(path, check->variables, &problem) ||
		   wrong(check, pstrdup(field), problem);
}

static bool
paths_are_fine(const Check *check, const FfJson *paths, const char *field)
{
	char *problem = NULL;

	if (ff_json_count(paths) == 0)
		return wrong(check, pstrdup(field), pstrdup("Give a path, or a list of paths."));
	for (int i = 0; i < ff_json_count(paths); i++)
	{
		char *path = ff_json_text(ff_json_at(paths, i), "");

		if (path == NULL || !(check->xml ? ff_xml_path_check(path, &problem)
										 : ff_json_path_check(path, check->variables, &problem)))
			return wrong(check, pstrdup(field), problem ? problem : pstrdup("It is no path."));
	}
	return true;
}

static bool
read_is_fine(const Check *check, const FfJson *read, const char *field, int depth)
{
	void *state = NULL;
	char *name;
	FfJson *entry;

	if (depth > 4)
		return wrong(check, pstrdup(field), pstrdup("It is nested too deeply."));
	while (ff_json_each(read, &state, &name, &entry))
	{
		char *here = psprintf("%s.%s", field, name);
		const FfJson *each = ff_json_is_object(entry) ? ff_json_member(entry, "each") : NULL;

		if (!ff_json_is_object(entry))
		{
			if (!paths_are_fine(check, entry, here))
				return false;
		}
		else if (each != NULL)
		{
			if (!knows(check, entry, here, " each read ") ||
				!paths_are_fine(check, each, psprintf("%s.each", here)) ||
				!read_is_fine(
					check, ff_json_member(entry, "read"), psprintf("%s.read", here), depth + 1))
				return false;
		}
		else if (!knows(check, entry, here, " path pick ") ||
				 !paths_are_fine(check, ff_json_member(entry, "path"), psprintf("%s.path", here)))
			return false;
		else if (!ff_own_pick_is_known(ff_json_text_or(entry, "pick", "first")))
			return wrong(check,
						 psprintf("%s.pick", here),
						 pstrdup("It is first, last, least, greatest, count or all."));
	}
	return true;
}

static bool
field_is_fine(const Check *check, const FfJson *fields, const char *field)
{
	if (ff_json_is_null(fields) || ff_json_is_string(fields))
		return template_is_fine(check, fields, field);
	for (int i = 0; i < ff_json_count(fields); i++)
	{
		const FfJson *one = ff_json_at(fields, i);
		char *here = psprintf("%s.%d", field, i);

		if (!knows(check, one, here, " if is line_named_in ") ||
			!template_is_fine(check, ff_json_member(one, "is"), psprintf("%s.is", here)) ||
			!template_is_fine(
				check, ff_json_member(one, "line_named_in"), psprintf("%s.line_named_in", here)) ||
			(ff_json_member(one, "line_named_in") == NULL &&
			 !condition_is_fine(check, ff_json_member(one, "if"), psprintf("%s.if", here))))
			return false;
	}
	return true;
}

static bool
answer_is_fine(const Check *check, const FfJson *answer, const char *field)
{
	const FfJson *status = ff_json_member(answer, "status");
	const FfJson *error = ff_json_member(answer, "error");
	const FfJson *outcome = ff_json_member(answer, "outcome");
	FfResult result;

	if (!knows(check, answer, field, " status if result error retry_after_s next outcome ") ||
		!knows(check, error, psprintf("%s.error", field), " code message field "))
		return false;
	for (int i = 0; i < ff_json_count(status); i++)
		if (!ff_own_status_is_known(ff_json_at(status, i)))
			return wrong(check,
						 psprintf("%s.status", field),
						 pstrdup("It is a status, such as 404, a class, such as 4xx, 0 or any."));
	if (ff_json_member(answer, "if") != NULL &&
		!condition_is_fine(check, ff_json_member(answer, "if"), psprintf("%s.if", field)))
		return false;
	if (!ff_result_from_name(ff_json_text_or(answer, "result", ""), &result))
		return wrong(
			check,
			psprintf("%s.result", field),
			pstrdup("It is ok, retry, refused, unauthorized, unknown, absent or continue."));
	if (!ff_json_is_null(outcome) && !ff_json_is_object(outcome))
		return wrong(check, psprintf("%s.outcome", field), pstrdup("It is no JSON object."));
	if (ff_json_member(outcome, "result") != NULL || ff_json_member(outcome, "error") != NULL)
		return wrong(check,
					 psprintf("%s.outcome", field),
					 pstrdup("Its result and its error stand beside it."));
	return template_is_fine(
			   check, ff_json_member(error, "code"), psprintf("%s.error.code", field)) &&
		   template_is_fine(
			   check, ff_json_member(error, "message"), psprintf("%s.error.message", field)) &&
		   field_is_fine(
			   check, ff_json_member(error, "field"), psprintf("%s.error.field", field)) &&
		   template_is_fine(check,
							ff_json_member(answer, "retry_after_s"),
							psprintf("%s.retry_after_s", field)) &&
		   shape_is_fine(check, ff_json_member(answer, "next"), psprintf("%s.next", field)) &&
		   shape_is_fine(check, outcome, psprintf("%s.outcome", field));
}

static bool
answers_are_fine(const Check *check, const FfJson *answers, const char *field)
{
	const FfJson *shared = ff_json_member(check->own->definition, "shared");

	if (!ff_json_is_array(answers))
		return wrong(check, pstrdup(field), pstrdup("Give a list of what an answer may mean."));
	for (int i = 0; i < ff_json_count(answers); i++)
	{
		const FfJson *answer = ff_json_at(answers, i);
		char *here = psprintf("%s.%d", field, i);

		if (!ff_json_is_string(answer))
		{
			if (!answer_is_fine(check, answer, here))
				return false;
		}
		else if (ff_json_member(shared, ff_json_text(answer, "")) == NULL)
			return wrong(check,
						 here,
						 psprintf("There is nothing under the name \"%s\" in shared.",
								  ff_json_text(answer, "")));
	}
	return true;
}

/* What stands in it unescaped, only the connection's own settings may say. */
static bool
is_of_settings(const char *text)
{
	for (const char *tag = strstr(text, "{{&"); tag != NULL; tag = strstr(tag + 3, "{{&"))
		if (strncmp(tag + 3, "config.", 7) != 0)
			return false;
	return true;
}

/* It begins with a setting, so that the address is whoever has the secrets to say. */
static bool
url_is_fine(const Check *check, const FfJson *template, const char *field)
{
	const char *text = ff_json_text_or(template, "", "");

	for (const FfSetting *setting = check->connector->settings; setting->name != NULL; setting++)
	{
		char *begin = psprintf("{{&config.%s}}", setting->name);

		if (strcmp(setting->type, "url") == 0 && strncmp(text, begin, strlen(begin)) == 0 &&
			is_of_settings(text))
			return template_is_fine(check, template, field);
	}
	return wrong(check,
				 pstrdup(field),
				 pstrdup("It begins with {{&config.NAME}}, a setting of type url; nothing but "
						 "settings may stand behind {{&."));
}

static bool
request_is_fine(const Check *check, const FfJson *request, const char *field)
{
	const FfJson *body = ff_json_member(request, "body");

	if (ff_json_is_null(request))
		return wrong(check, pstrdup(field), pstrdup("Say what is sent."));
	if (!knows(check, request, field, " method url query headers content_type body form "))
		return false;
	if (!ff_own_is_method(ff_json_text_or(request, "method", "GET")))
		return wrong(check,
					 psprintf("%s.method", field),
					 pstrdup("It is GET, POST, PUT, PATCH, DELETE or HEAD."));
	if (body != NULL && ff_json_member(request, "form") != NULL)
		return wrong(check, psprintf("%s.form", field), pstrdup("It has a body already."));
	return url_is_fine(check, ff_json_member(request, "url"), psprintf("%s.url", field)) &&
		   templates_are_fine(
			   check, ff_json_member(request, "query"), psprintf("%s.query", field)) &&
		   templates_are_fine(
			   check, ff_json_member(request, "headers"), psprintf("%s.headers", field)) &&
		   templates_are_fine(check, ff_json_member(request, "form"), psprintf("%s.form", field)) &&
		   shape_is_fine(check, body, psprintf("%s.body", field));
}

static bool
needs_are_fine(const Check *check, const FfJson *needs, const char *field)
{
	for (int i = 0; i < ff_json_count(needs); i++)
	{
		const FfJson *need = ff_json_at(needs, i);
		char *here = psprintf("%s.%d", field, i);

		if (!knows(check, need, here, " path field hint ") ||
			!condition_is_fine(check, ff_json_member(need, "path"), psprintf("%s.path", here)))
			return false;
		if (ff_json_text(need, "field") == NULL)
			return wrong(check,
						 psprintf("%s.field", here),
						 pstrdup("Name the field of the call that is missing then."));
	}
	return true;
}

/* The names that paths of one operation may use, each an empty text. */
static const FfJson *
names_of_let(const FfJson *common, const FfJson *let)
{
	FfJsonWriter writer;

	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	for (int i = 0; i < 2; i++)
	{
		void *state = NULL;
		char *name;
		FfJson *value;

		while (ff_json_each(i == 0 ? common : let, &state, &name, &value))
			ff_write_text(&writer, name, "");
	}
	ff_write_finish(&writer);
	return ff_json_parse(writer.text.data, writer.text.len, NULL);
}

static bool
part_is_fine(Check *check, const FfJson *part, const char *field, bool incoming)
{
	const FfJson *definition = check->own->definition;
	const FfJson *let = ff_json_member(part, "let");
	const char *format = ff_own_format(check->own, part);

	if (!knows(check,
			   part,
			   field,
			   incoming ? " verify event_header event_member let format read answers "
						: " repeat let needs request format may_be_empty read answers "))
		return false;
	if (strcmp(format, "json") != 0 && strcmp(format, "xml") != 0 && strcmp(format, "text") != 0)
		return wrong(check, psprintf("%s.format", field), pstrdup("It is json, xml or text."));
	check->xml = strcmp(format, "xml") == 0;
	check->variables = names_of_let(ff_json_member(definition, "let"), let);
	return templates_are_fine(check, let, psprintf("%s.let", field)) &&
		   needs_are_fine(check, ff_json_member(part, "needs"), psprintf("%s.needs", field)) &&
		   (incoming || request_is_fine(check,
										ff_json_member(part, "request"),
										psprintf("%s.request", field))) &&
		   read_is_fine(check, ff_json_member(definition, "read"), "read", 0) &&
		   read_is_fine(check, ff_json_member(part, "read"), psprintf("%s.read", field), 0) &&
		   answers_are_fine(check, ff_json_member(part, "answers"), psprintf("%s.answers", field));
}

static bool
data_is_fine(Check *check)
{
	const FfJson *definition = check->own->definition;
	void *state = NULL;
	char *name;
	FfJson *part;

	if (!templates_are_fine(check, ff_json_member(definition, "let"), "let"))
		return false;
	while (ff_json_each(ff_json_member(definition, "operations"), &state, &name, &part))
		if (!part_is_fine(check, part, psprintf("operations.%s", name), false))
			return false;
	part = ff_json_member(definition, "receive");
	if (!ff_json_is_null(part) && !part_is_fine(check, part, "receive", true))
		return false;
	check->variables = names_of_let(ff_json_member(definition, "let"), NULL);
	state = NULL;
	while (ff_json_each(ff_json_member(definition, "shared"), &state, &name, &part))
		if (!answers_are_fine(check, part, psprintf("shared.%s", name)))
			return false;
	return true;
}

/* Functions say the rest. */
static bool
functions_are_fine(const Check *check)
{
	const FfJson *definition = check->own->definition;
	void *state = NULL;
	char *name;
	FfJson *part;

	while (ff_json_each(ff_json_member(definition, "operations"), &state, &name, &part))
		if (!knows(check, part, psprintf("operations.%s", name), " repeat format may_be_empty "))
			return false;
	return knows(check,
				 ff_json_member(definition, "receive"),
				 "receive",
				 " verify event_header event_member format ");
}

bool
ff_own_check(const FfOwn *own, const FfConnector *connector, FfOwnProblem *problem)
{
	Check check = {.own = own, .connector = connector, .problem = problem};
	const FfJson *definition = own->definition;
	const FfJson *settings = ff_json_member(definition, "settings");
	bool functions = own->request != NULL;

	if (!knows(&check,
			   definition,
			   "",
			   functions ? " title roles credentials settings auth limits find format operations "
						   "receive "
						 : " title roles credentials settings auth limits find format operations "
						   "receive maps let read shared ") ||
		!knows(&check,
			   ff_json_member(definition, "auth"),
			   "auth",
			   " kind user password header token_url token_default scope basic_token form ") ||
		!knows(&check,
			   ff_json_member(definition, "limits"),
			   "limits",
			   " rate_per_second burst max_concurrency timeout_ms ") ||
		!knows(&check, ff_json_member(definition, "find"), "find", " authoritative grace_s "))
		return false;
	for (int i = 0; i < ff_json_count(settings); i++)
		if (!knows(&check,
				   ff_json_at(settings, i),
				   psprintf("settings.%d", i),
				   " name type required secret default description "))
			return false;
	return functions ? functions_are_fine(&check) : data_is_fine(&check);
}
