/*
 * webhook.c
 *
 * Webhooks that come in: no scheme takes one that was not signed with the
 * secret, the one that was signed is taken, and what stands in a body becomes
 * an outcome.
 */
#include "postgres.h"

#include "connectors/call.h"
#include "transport/signature.h"

#include "target.h"

#define NOW 1767614400 /* 2026-01-05 12:00:00 UTC */

static FfSecrets *
secrets_with(const char *name)
{
	FfSecrets *secrets = palloc0(sizeof(FfSecrets));

	secrets->count = 1;
	secrets->items[0].name = name;
	secrets->items[0].value = pstrdup(ff_fuzz_secret());
	return secrets;
}

/* Every scheme, whatever the connector uses. */
static void
forge(const FfReply *webhook)
{
	const char *reason;

	for (FfVerifyKind kind = FF_VERIFY_NONE; kind <= FF_VERIFY_TIMED_HEX; kind++)
	{
		FfVerify verify = {.kind = kind, .header = "X-Signature", .secret = "key"};

		MUST(!ff_signature_verify(&verify, secrets_with("key"), webhook, NOW, &reason));
		MUST(reason != NULL);
	}
}

static void
sign(const FfReply *webhook)
{
	FfVerify verify = {.kind = FF_VERIFY_STANDARD_WEBHOOKS, .secret = "key"};
	FfReply signed_webhook = *webhook;
	const char *reason = "";
	StringInfoData signature;

	initStringInfo(&signature);
	MUST(ff_signature_standard(
		&signature, ff_fuzz_secret(), "msg_1", NOW, webhook->body, webhook->length));
	signed_webhook.header_count = 3;
	signed_webhook.headers[0] = (FfHeader){"webhook-id", "msg_1"};
	signed_webhook.headers[1] = (FfHeader){"webhook-timestamp", psprintf("%d", NOW)};
	signed_webhook.headers[2] = (FfHeader){"webhook-signature", signature.data};
	if (!ff_signature_verify(&verify, secrets_with("key"), &signed_webhook, NOW, &reason))
		ff_fuzz_broken("what was signed is authentic", reason);
}

void
ff_fuzz_webhook(const char *data, size_t length)
{
	FfConversation it;
	FfOutcome outcome;
	const char *reason = "";
	char *text;

	ff_fuzz_conversation(data, length, true, &it);
	forge(&it.reply);
	sign(&it.reply);
	if (it.connector->receive.verify.kind != FF_VERIFY_NONE)
		MUST(!ff_signature_verify(&it.connector->receive.verify,
								  secrets_with(it.connector->receive.verify.secret),
								  &it.reply,
								  NOW,
								  &reason));
	ff_connector_event_id(it.connector, &it.reply);
	ff_connector_receive(it.connector, it.call, &it.reply, &outcome);
	text = ff_outcome_finish(&outcome);
	MUST(ff_json_is_object(ff_json_parse(text, strlen(text), NULL)));
}
