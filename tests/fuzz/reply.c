/*
 * reply.c
 *
 * Replies to calls of every connector: each becomes an outcome that can be
 * read, and what is recorded of it holds no secret.
 */
#include "postgres.h"

#include "connectors/call.h"
#include "transport/redact.h"
#include "transport/scheme.h"

#include "target.h"

#define NOW 1767614400 /* 2026-01-05 12:00:00 UTC */

/* Stands in tests/fuzz/words, so that inputs come to hold it. */
#define SECRET "s3cr3t-Kz81-word"

static void
read_outcome(const FfConversation *it)
{
	FfOutcome outcome;
	FfJson *document;
	FfResult result;
	char *text;
	char *error;

	ff_connector_outcome(it->connector, it->operation, it->call, &it->reply, &outcome);
	text = ff_outcome_finish(&outcome);
	document = ff_json_parse(text, strlen(text), &error);
	if (document == NULL)
		ff_fuzz_broken("an outcome can be read", error);
	MUST(ff_result_from_name(ff_json_text_or(document, "result", ""), &result));
}

static void
record(const FfReply *reply)
{
	FfSecrets secrets = {.count = 1, .items = {{"key", pstrdup(SECRET)}}};
	char *headers = ff_redact_headers(reply->headers, reply->header_count, &secrets);
	char *body = ff_redact_body(reply->body, reply->length, 2000, &secrets);
	char *error;

	if (ff_json_parse(headers, strlen(headers), &error) == NULL)
		ff_fuzz_broken("headers can be read", error);
	MUST(strstr(headers, SECRET) == NULL);
	MUST(strstr(body, SECRET) == NULL);
}

void
ff_fuzz_reply(const char *data, size_t length)
{
	FfConversation it;
	FfTokenReply token;

	ff_fuzz_conversation(data, length, false, &it);
	MUST(ff_reply_retry_after(&it.reply, NOW) >= -1);
	ff_token_call_reply(&token, &it.reply, NULL, NOW);
	MUST(memchr(token.token, '\0', FF_TOKEN_SIZE) != NULL);
	MUST((token.token[0] == '\0') == (token.error[0] != '\0'));
	record(&it.reply);
	read_outcome(&it);
}
