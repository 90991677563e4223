/*
 * signature.h
 *
 * Signatures over message bodies: proves that a webhook that came in was sent
 * by who knows the secret, and signs what we send the Standard Webhooks way.
 *
 * Comparisons take the same time whatever differs.  A secret may hold several
 * values separated by blanks (a rotation); any of them verifies, all of them
 * sign.  The time is an argument.  Refuses to know rows and connectors.
 */
#ifndef FF_TRANSPORT_SIGNATURE_H
#define FF_TRANSPORT_SIGNATURE_H

#include "postgres.h"

#include "lib/stringinfo.h"

#include "transport/auth.h"
#include "transport/message.h"
#include "transport/secret.h"

/* A signed time may lie this far from now, in seconds, either way. */
#define FF_SIGNATURE_TOLERANCE 300

/*
 * True when the webhook (its headers and raw body as they came) is authentic.
 * Otherwise false with a reason in *reason, a static sentence for people.
 * FF_VERIFY_NONE is never authentic: the caller decides whether to allow that.
 */
extern bool ff_signature_verify(const FfVerify *verify, const FfSecrets *secrets,
								const FfReply *webhook, int64 now, const char **reason);

/* Whether the webhook carries a signature at all: some peers sign only a part of theirs. */
extern bool ff_signature_present(const FfVerify *verify, const FfReply *webhook);

/*
 * What FF_VERIFY_FORM_SHA1 signs: the URL, then each parameter of a form
 * (name and value, decoded), ordered by name.  palloc'd.
 */
extern char *ff_signed_form(const char *url, const char *body, size_t length);

/*
 * Appends the value of webhook-signature for a body: one entry per secret.
 * secrets is a text with one or more keys (standard_key.h).  Answers false
 * when none of them signs.
 */
extern bool ff_signature_standard(StringInfo target, const char *secrets, const char *id,
								  int64 timestamp, const char *body, size_t length);

/* True when both are the same; the time taken depends on the length of text only. */
extern bool ff_same_text(const char *text, const char *expected);

#endif
