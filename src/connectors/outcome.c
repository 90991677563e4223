/*
 * outcome.c
 *
 * The shared ways of reading a reply and of writing the canonical outcome:
 * names of results, what an HTTP status means, JSON that may be damaged, and
 * the document of blueprint section 5.  Nothing here throws because of what a
 * peer sent.  What a single peer means by its own codes stands in its file.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/timestamp.h"

#include "connectors/connector.h"

static const char *const result_names[] = {
	[FF_RESULT_OK] = "ok",
	[FF_RESULT_RETRY] = "retry",
	[FF_RESULT_REFUSED] = "refused",
	[FF_RESULT_UNAUTHORIZED] = "unauthorized",
	[FF_RESULT_UNKNOWN] = "unknown",
	[FF_RESULT_ABSENT] = "absent",
	[FF_RESULT_CONTINUE] = "continue",
};

#define MESSAGE_CHARS 500

const char *
ff_result_name(FfResult result)
{
	return result_names[result];
}

bool
ff_result_from_name(const char *name, FfResult *result)
{
	for (int i = 0; i < (int) lengthof(result_names); i++)
	{
		if (strcmp(result_names[i], name) == 0)
		{
			*result = (FfResult) i;
			return true;
		}
	}
	return false;
}

void
ff_outcome_init(FfOutcome *outcome)
{
	memset(outcome, 0, sizeof(FfOutcome));
	outcome->result = FF_RESULT_OK;
	outcome->retry_after_s = -1;
	ff_write_init(&outcome->body);
	ff_write_object(&outcome->body, NULL);
}

char *
ff_outcome_finish(FfOutcome *outcome)
{
	FfJsonWriter document;
	char *body = ff_write_finish(&outcome->body);
	size_t length = strlen(body);

	ff_write_init(&document);
	ff_write_object(&document, NULL);
	ff_write_text(&document, "result", result_names[outcome->result]);
	if (outcome->code || outcome->message || outcome->field)
	{
		ff_write_object(&document, "error");
		ff_write_text(&document, "code", outcome->code);
		if (outcome->message)
			ff_write_text(&document, "message", ff_plain_text(outcome->message, MESSAGE_CHARS));
		ff_write_text(&document, "field", outcome->field);
		ff_write_end(&document);
	}
	if (outcome->retry_after_s >= 0)
		ff_write_int(&document, "retry_after_s", outcome->retry_after_s);
	ff_write_raw(&document, "next", outcome->next);

	/* the members of the body stand in the same object as the head */
	if (length > 2)
	{
		appendStringInfoChar(&document.text, ',');
		appendBinaryStringInfo(&document.text, body + 1, (int) length - 2);
	}
	return ff_write_finish(&document);
}

void
ff_outcome_set(FfOutcome *outcome, FfResult result, const char *code, const char *message,
			   const char *field)
{
	outcome->result = result;
	if (code != NULL)
		outcome->code = code;
	if (message != NULL)
		outcome->message = message;
	if (field != NULL)
		outcome->field = field;
}

void
ff_outcome_ok(FfOutcome *outcome)
{
	outcome->code = outcome->message = outcome->field = NULL;
	outcome->result = FF_RESULT_OK;
}

void
ff_outcome_continue(FfOutcome *outcome, const char *next)
{
	ff_outcome_ok(outcome);
	outcome->result = FF_RESULT_CONTINUE;
	outcome->next = next;
}

void
ff_outcome_unreadable(FfOutcome *outcome, FfResult result, const char *message)
{
	ff_outcome_set(outcome, result, "unreadable_answer", message, NULL);
}

/*
 * The result of a status outside 2xx.  A gateway says 503 also when the peer
 * behind it took the request and then went away, so only one that tells when
 * to come back has certainly not taken it; and "found elsewhere" may be what
 * was just made.
 */
static FfResult
result_of_status(int status, bool tells_when, FfRepeat repeat)
{
	bool repeatable = repeat == FF_REPEAT_SAFE || repeat == FF_REPEAT_WITH_KEY;
	bool made_elsewhere = status == 302 || status == 303;

	if (status == 401)
		return FF_RESULT_UNAUTHORIZED;
	if (status == 408 || status == 425 || status == 429 || (status == 503 && tells_when))
		return FF_RESULT_RETRY;
	if (status >= 300 && status < 500 && (repeatable || !made_elsewhere))
		return FF_RESULT_REFUSED;
	return repeatable ? FF_RESULT_RETRY : FF_RESULT_UNKNOWN;
}

bool
ff_outcome_http(const FfCall *call, const FfReply *reply, FfRepeat repeat, FfOutcome *outcome)
{
	pg_time_t now = timestamptz_to_time_t(call->now);

	if (reply->status >= 200 && reply->status < 300)
	{
		outcome->result = FF_RESULT_OK;
		return true;
	}
	outcome->retry_after_s = ff_reply_retry_after(reply, (int64) now);
	if (reply->status == 0)
		ff_outcome_set(
			outcome, result_of_status(0, false, repeat), "no_answer", "No answer came.", NULL);
	else
		ff_outcome_set(outcome,
					   result_of_status(reply->status, outcome->retry_after_s >= 0, repeat),
					   psprintf("http_%d", reply->status),
					   psprintf("The answer was HTTP status %d.", reply->status),
					   NULL);
	return false;
}

/* The four hexadecimal digits of a \u escape at text, or -1. */
static int
escape_value(const char *text, const char *end)
{
	int value = 0;

	if (end - text < 6 || text[0] != '\\' || text[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++)
	{
		const char *digits = "0123456789abcdef";
		const char *digit = strchr(digits, pg_tolower((unsigned char) text[i]));

		if (digit == NULL || *digit == '\0')
			return -1;
		value = value * 16 + (int) (digit - digits);
	}
	return value;
}

/*
 * Replaces the escapes that JSON allows and PostgreSQL does not, NUL and half
 * a surrogate pair (an emoji cut in two), by the replacement character.
 * Answers NULL when there were none.
 */
static char *
mend_escapes(const char *text, size_t length)
{
	char *mended = NULL;
	const char *end = text + length;

	for (const char *c = text; c < end; c++)
	{
		int value;
		int second;

		if (*c != '\\')
			continue;
		value = escape_value(c, end);
		if (value < 0)
		{
			c++; /* an escape of two characters */
			continue;
		}
		second = escape_value(c + 6, end);
		if (value >= 0xD800 && value <= 0xDBFF && second >= 0xDC00 && second <= 0xDFFF)
		{
			c += 11;
			continue;
		}
		if (value == 0 || (value >= 0xD800 && value <= 0xDFFF))
		{
			if (mended == NULL)
				mended = pnstrdup(text, length);
			memcpy(mended + (c - text), "\\ufffd", 6);
		}
		c += 5;
	}
	return mended;
}

FfJson *
ff_outcome_json(const FfReply *reply, FfOutcome *outcome)
{
	char *error;
	FfJson *json = ff_json_parse(reply->body, reply->length, &error);

	if (json == NULL && memchr(reply->body, '\0', reply->length) == NULL)
	{
		char *mended = mend_escapes(reply->body, reply->length);

		if (mended != NULL)
			json = ff_json_parse(mended, reply->length, NULL);
	}
	if (json == NULL && reply->status >= 200 && reply->status < 300)
		ff_outcome_set(outcome,
					   FF_RESULT_UNKNOWN,
					   "unreadable_answer",
					   reply->length == 0 ? "The answer was empty."
										  : psprintf("The answer is not JSON: %s", error),
					   NULL);
	return json;
}
