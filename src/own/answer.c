/*
 * answer.c
 *
 * What an answer means before a user's function or definition has its say: its
 * HTTP status, and whether its body can be read at all.
 */
#include "postgres.h"

#include "own/parts.h"
#include "pg/xml.h"

/* Members of an outcome that every operation has. */
static const char *const head[] = {"result", "error", "retry_after_s", "next"};

const char *
ff_own_format(const FfOwn *own, const FfJson *part)
{
	return ff_json_text_or(part, "format", ff_json_text_or(own->definition, "format", "json"));
}

static bool
read_xml(const FfReply *reply, FfOutcome *outcome, FfOwnAnswer *answer)
{
	answer->xml = true;
	answer->document = ff_xml_parse(reply->body, reply->length, &answer->problem);
	if (answer->document != NULL || !answer->good)
		return true;
	ff_outcome_unreadable(
		outcome,
		FF_RESULT_UNKNOWN,
		psprintf("The answer is not XML: %s.", ff_plain_text(answer->problem, 200)));
	return false;
}

static bool
read_json(const FfReply *reply, FfOutcome *outcome, FfOwnAnswer *answer)
{
	answer->document = ff_outcome_json(reply, outcome);
	if (answer->document == NULL)
		answer->problem = pstrdup("it is no JSON");
	return answer->document != NULL || !answer->good;
}

bool
ff_own_answer(const FfCall *call, const FfReply *reply, FfOutcome *outcome, FfOwnAnswer *answer)
{
	const FfJson *part = ff_own_part(call);
	const char *format = ff_own_format(call->own, part);
	bool webhook = call->operation == FF_OPERATION_COUNT;

	memset(answer, 0, sizeof(FfOwnAnswer));
	answer->good = webhook || ff_outcome_http(call, reply, ff_own_repeat(part), outcome);
	if (strcmp(format, "text") == 0 ||
		(reply->length == 0 && ff_json_bool(part, "may_be_empty", false)))
		return true;
	return strcmp(format, "xml") == 0 ? read_xml(reply, outcome, answer)
									  : read_json(reply, outcome, answer);
}

void
ff_own_take_members(FfOutcome *outcome, const FfJson *document)
{
	void *state = NULL;
	char *key;
	FfJson *value;

	while (ff_json_each(document, &state, &key, &value))
	{
		bool taken = false;

		for (int i = 0; i < (int) lengthof(head); i++)
			taken |= strcmp(key, head[i]) == 0;
		if (!taken)
			ff_write_json(&outcome->body, key, value);
	}
}
