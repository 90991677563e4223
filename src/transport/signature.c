/*
 * signature.c
 *
 * HMAC signatures over bodies; see signature.h.  Each scheme is a function in
 * one table.  Refuses to know keys' formats (standard_key.c) and how digests
 * are written and compared (digest.c).
 */
#include "postgres.h"

#include <openssl/sha.h>

#include "common/md5.h"

#include "transport/digest.h"
#include "transport/public_key.h"
#include "transport/signature.h"
#include "transport/standard_key.h"

/* The next value of a secret with several, separated by blanks or lines. */
static bool
next_word(const char **cursor, const char **word, size_t *length)
{
	*cursor += strspn(*cursor, " \t\r\n");
	*word = *cursor;
	*length = strcspn(*cursor, " \t\r\n");
	*cursor += *length;
	return *length > 0;
}

static bool
read_time(const char *text, size_t length, int64 *time)
{
	*time = 0;
	if (length < 1 || length > 12)
		return false;
	for (size_t i = 0; i < length; i++)
	{
		if (text[i] < '0' || text[i] > '9')
			return false;
		*time = *time * 10 + (text[i] - '0');
	}
	return true;
}

static bool
near_now(int64 time, int64 now)
{
	return time >= now - FF_SIGNATURE_TOLERANCE && time <= now + FF_SIGNATURE_TOLERANCE;
}

/* What the schemes have at hand: the secret, the signature's header, the webhook. */
typedef struct Evidence
{
	const char *secret;
	const char *address; /* that the peer sends to; NULL unless it is signed */
	const char *header;
	const FfReply *webhook;
	int64 now;
} Evidence;

#define MD5_HEX_LENGTH 32

#define MISMATCH     "The signature does not match."
#define NO_SIGNATURE "The signature is not in the expected form."
#define NOT_NOW      "The signed time is more than five minutes away from now."

/* NULL when some line of the secret signs text as claimed. */
static const char *
match_lines(const Evidence *evidence, const FfDigest *claimed, int count, const char *text,
			size_t length)
{
	const char *cursor = evidence->secret;
	const char *key;
	size_t key_length;
	bool found = false;

	while (ff_secret_each(&cursor, &key, &key_length))
	{
		FfDigest digest;

		if (!ff_digest_hmac(&digest, key, key_length, text, length))
			continue;
		for (int i = 0; i < count; i++)
			found |= ff_digest_same(&digest, &claimed[i]);
	}
	return found ? NULL : MISMATCH;
}

static const char *
verify_base64(const Evidence *evidence)
{
	FfDigest claimed;

	if (!ff_digest_from_base64(&claimed, evidence->header, strlen(evidence->header)))
		return NO_SIGNATURE;
	return match_lines(evidence, &claimed, 1, evidence->webhook->body, evidence->webhook->length);
}

/*
 * Signed are two members of the body, one behind the other: when it was sent,
 * and the news as JSON text inside JSON.  Who signs the whole body instead is
 * believed too.
 */
static const char *
verify_envelope(const Evidence *evidence)
{
	const FfReply *webhook = evidence->webhook;
	FfJson *body = ff_json_parse(webhook->body, webhook->length, NULL);
	char *time = ff_json_text(body, "timestamp");
	char *payload = ff_json_text(body, "payload");
	const char *result = verify_base64(evidence);
	FfDigest claimed;
	StringInfoData text;

	if (result == NULL || time == NULL || payload == NULL ||
		!ff_digest_from_base64(&claimed, evidence->header, strlen(evidence->header)))
		return result;
	initStringInfo(&text);
	appendStringInfo(&text, "%s%s", time, payload);
	result = match_lines(evidence, &claimed, 1, text.data, text.len);
	pfree(text.data);
	return result;
}

static const char *
verify_hex(const Evidence *evidence)
{
	const char *name_end = strrchr(evidence->header, '=');
	const char *hex = name_end ? name_end + 1 : evidence->header;
	FfDigest claimed;

	if (!ff_digest_from_hex(&claimed, hex, strlen(hex)))
		return NO_SIGNATURE;
	return match_lines(evidence, &claimed, 1, evidence->webhook->body, evidence->webhook->length);
}

static const char *
verify_shared(const Evidence *evidence)
{
	const char *cursor = evidence->secret;
	const char *line;
	size_t length;
	bool found = false;

	while (ff_secret_each(&cursor, &line, &length))
	{
		char *expected = pnstrdup(line, length);

		found |= ff_same_text(evidence->header, expected);
		if (pg_strncasecmp(evidence->header, "Bearer ", 7) == 0)
			found |= ff_same_text(evidence->header + 7, expected);
		ff_wipe_text(expected);
		pfree(expected);
	}
	return found ? NULL : "The shared secret does not match.";
}

static const char *
verify_standard(const Evidence *evidence)
{
	const char *id = ff_reply_header(evidence->webhook, "webhook-id");
	const char *stamp = ff_reply_header(evidence->webhook, "webhook-timestamp");
	const char *secret = evidence->secret;
	const char *value;
	size_t value_length;
	StringInfoData text;
	int64 time;
	bool found = false;

	if (id == NULL || *id == '\0' || stamp == NULL)
		return "The header webhook-id or webhook-timestamp is missing.";
	if (!read_time(stamp, strlen(stamp), &time) || !near_now(time, evidence->now))
		return NOT_NOW;
	initStringInfo(&text);
	appendStringInfo(&text, "%s.%s.", id, stamp);
	appendBinaryStringInfo(&text, evidence->webhook->body, (int) evidence->webhook->length);
	while (next_word(&secret, &value, &value_length))
	{
		const char *cursor = evidence->header;
		const char *entry;
		size_t length;

		while (next_word(&cursor, &entry, &length))
			found |=
				ff_standard_key_verify(value, value_length, entry, length, text.data, text.len);
	}
	pfree(text.data);
	return found ? NULL : MISMATCH;
}

/* t=<unix seconds>,v1=<hex>[,v1=<hex>]; other parts are skipped. */
static const char *
verify_timed(const Evidence *evidence)
{
	FfDigest claimed[4];
	int count = 0;
	int64 time = -1;
	const char *part = evidence->header;
	const char *result;
	StringInfoData text;

	while (*part != '\0')
	{
		size_t length;

		part += strspn(part, ", ");
		length = strcspn(part, ", ");
		if (length > 2 && memcmp(part, "t=", 2) == 0)
		{
			if (!read_time(part + 2, length - 2, &time))
				return NO_SIGNATURE;
		}
		else if (length > 3 && memcmp(part, "v1=", 3) == 0 && count < (int) lengthof(claimed) &&
				 ff_digest_from_hex(&claimed[count], part + 3, length - 3))
			count++;
		part += length;
	}
	if (time < 0 || count == 0)
		return NO_SIGNATURE;
	if (!near_now(time, evidence->now))
		return NOT_NOW;
	initStringInfo(&text);
	appendStringInfo(&text, INT64_FORMAT ".", time);
	appendBinaryStringInfo(&text, evidence->webhook->body, (int) evidence->webhook->length);
	result = match_lines(evidence, claimed, count, text.data, text.len);
	pfree(text.data);
	return result;
}

/* Proves that the sender knows the key, and nothing about the body it stands in. */
static const char *
verify_md5_member(const Evidence *evidence)
{
	const char *cursor = evidence->secret;
	const char *key;
	size_t length;
	bool found = false;

	if (evidence->address == NULL)
		return "The connection does not know the address that is signed.";
	while (ff_secret_each(&cursor, &key, &length))
	{
		char *text = psprintf("%.*s%sjson", (int) length, key, evidence->address);
		char digest[MD5_HEX_LENGTH + 1];
		const char *problem = NULL;

		if (pg_md5_hash(text, strlen(text), digest, &problem))
			found |= ff_same_text(evidence->header, digest);
		ff_wipe_text(text);
		pfree(text);
	}
	return found ? NULL : MISMATCH;
}

static const char *
verify_form(const Evidence *evidence)
{
	const char *cursor = evidence->secret;
	const char *line;
	size_t length;
	bool found = false;
	char *text;

	if (evidence->address == NULL)
		return "The connection does not know the address that is signed.";
	text = ff_signed_form(evidence->address, evidence->webhook->body, evidence->webhook->length);
	while (ff_secret_each(&cursor, &line, &length))
	{
		char *key = pnstrdup(line, length);
		char *expected = ff_hmac_sha1_base64(key, text, strlen(text));

		found |= expected != NULL && ff_same_text(evidence->header, expected);
		ff_wipe_text(key);
		pfree(key);
	}
	return found ? NULL : MISMATCH;
}

/* The header is base64 of JSON that holds the signature and names the digest. */
static const char *
verify_ecdsa(const Evidence *evidence)
{
	size_t length = strlen(evidence->header);
	unsigned char *bytes = palloc(length + 1);
	int size = ff_base64_decode(bytes, evidence->header, length);
	FfJson *claim = size > 0 ? ff_json_parse((char *) bytes, (size_t) size, NULL) : NULL;
	const char *signature = ff_json_text_or(claim, "signature", NULL);

	if (signature == NULL)
		return NO_SIGNATURE;
	return ff_public_key_verify(evidence->secret,
								signature,
								ff_json_text_or(claim, "digest", "SHA1"),
								evidence->webhook->body,
								evidence->webhook->length)
			   ? NULL
			   : MISMATCH;
}

static const struct
{
	const char *(*verify)(const Evidence *evidence); /* NULL when authentic, else the reason */
	const char *header; /* when the connector names none, or its own is absent */
	bool in_body;       /* the signature is a member of the JSON body */
} schemes[] = {
	[FF_VERIFY_NONE] = {NULL, NULL, false},
	[FF_VERIFY_HMAC_SHA256_BASE64] = {verify_base64, NULL, false},
	[FF_VERIFY_HMAC_SHA256_HEX] = {verify_hex, NULL, false},
	[FF_VERIFY_ENVELOPE_BASE64] = {verify_envelope, NULL, false},
	[FF_VERIFY_SHARED_SECRET] = {verify_shared, "Authorization", false},
	[FF_VERIFY_STANDARD_WEBHOOKS] = {verify_standard, "webhook-signature", false},
	[FF_VERIFY_TIMED_HEX] = {verify_timed, NULL, false},
	[FF_VERIFY_FORM_SHA1] = {verify_form, NULL, false},
	[FF_VERIFY_MD5_MEMBER] = {verify_md5_member, NULL, true},
	[FF_VERIFY_ECDSA] = {verify_ecdsa, NULL, false},
};

/* Where the connector says that it is, else where such signatures usually are; NULL: nowhere. */
static const char *
find_signature(const FfVerify *verify, const FfReply *webhook)
{
	const char *usual = schemes[verify->kind].header;
	const char *found = NULL;

	if (schemes[verify->kind].in_body)
		return ff_json_text_or(
			ff_json_parse(webhook->body, webhook->length, NULL), verify->header, NULL);
	if (verify->header != NULL)
		found = ff_reply_header(webhook, verify->header);
	return found || usual == NULL ? found : ff_reply_header(webhook, usual);
}

bool
ff_signature_present(const FfVerify *verify, const FfReply *webhook)
{
	return find_signature(verify, webhook) != NULL;
}

bool
ff_signature_verify(const FfVerify *verify, const FfSecrets *secrets, const FfReply *webhook,
					int64 now, const char **reason)
{
	Evidence evidence = {.webhook = webhook, .now = now};

	evidence.secret = ff_secret_find(secrets, verify->secret);
	evidence.address = verify->address ? ff_secret_find(secrets, verify->address) : NULL;
	evidence.header = find_signature(verify, webhook);
	if (schemes[verify->kind].verify == NULL)
		*reason = "The peer signs nothing.";
	else if (evidence.secret == NULL || *evidence.secret == '\0')
		*reason = "The connection has no secret to verify with.";
	else if (evidence.header == NULL)
		*reason = "The webhook carries no signature.";
	else
		*reason = schemes[verify->kind].verify(&evidence);
	return *reason == NULL;
}

bool
ff_signature_standard(StringInfo target, const char *secrets, const char *id, int64 timestamp,
					  const char *body, size_t length)
{
	const char *value;
	size_t value_length;
	StringInfoData text;
	StringInfoData entry;
	int count = 0;

	initStringInfo(&text);
	appendStringInfo(&text, "%s." INT64_FORMAT ".", id, timestamp);
	appendBinaryStringInfo(&text, body, (int) length);
	initStringInfo(&entry);
	while (next_word(&secrets, &value, &value_length))
	{
		resetStringInfo(&entry);
		if (ff_standard_key_sign(&entry, value, value_length, text.data, text.len))
			appendStringInfo(target, "%s%s", count++ > 0 ? " " : "", entry.data);
	}
	pfree(text.data);
	return count > 0;
}

bool
ff_same_text(const char *text, const char *expected)
{
	FfDigest one;
	FfDigest other;

	/* digests are of one length, so not even the length of the secret shows */
	return SHA256((const unsigned char *) text, strlen(text), one.bytes) != NULL &&
		   SHA256((const unsigned char *) expected, strlen(expected), other.bytes) != NULL &&
		   ff_digest_same(&one, &other);
}
