/*
 * oauth1.c
 *
 * The signature of RFC 5849 over a URL and its query; see oauth1.h.  Bodies
 * that are no form, such as JSON, are not part of it.
 */
#include "postgres.h"

#include <openssl/evp.h>

#include "nodes/pg_list.h"

#include "transport/digest.h"
#include "transport/message.h"
#include "transport/oauth1.h"
#include "transport/secret.h"

#define BASE64_DIGEST ((FF_DIGEST_SIZE + 2) / 3 * 4)

void
ff_query_append(StringInfo url, const char *name, const char *value)
{
	appendStringInfoChar(url, strchr(url->data, '?') == NULL ? '?' : '&');
	ff_percent_encode(url, name);
	appendStringInfoChar(url, '=');
	ff_percent_encode(url, value);
}

static int
hex_value(char c)
{
	const char *digits = "0123456789abcdef";
	const char *digit = c != '\0' ? strchr(digits, pg_tolower((unsigned char) c)) : NULL;

	return digit != NULL ? (int) (digit - digits) : -1;
}

/* A part of a query as RFC 5849 writes it, however it was written. */
static char *
encoded_again(const char *text, size_t length)
{
	StringInfoData plain;
	StringInfoData encoded;

	initStringInfo(&plain);
	initStringInfo(&encoded);
	for (size_t i = 0; i < length; i++)
	{
		bool escape = text[i] == '%' && i + 2 < length && hex_value(text[i + 1]) >= 0 &&
					  hex_value(text[i + 2]) >= 0;

		if (escape)
		{
			appendStringInfoChar(&plain,
								 (char) (hex_value(text[i + 1]) * 16 + hex_value(text[i + 2])));
			i += 2;
		}
		else
			appendStringInfoChar(&plain, text[i] == '+' ? ' ' : text[i]);
	}
	ff_percent_encode(&encoded, plain.data);
	return encoded.data;
}

/* A parameter as "name=value", encoded; names are compared before values. */
static int
compare_parameters(const ListCell *left, const ListCell *right)
{
	const char *a = lfirst(left);
	const char *b = lfirst(right);
	size_t a_name = strcspn(a, "=");
	size_t b_name = strcspn(b, "=");
	int order = strncmp(a, b, Min(a_name, b_name));

	if (order == 0 && a_name != b_name)
		order = a_name < b_name ? -1 : 1;
	return order != 0 ? order : strcmp(a + a_name, b + b_name);
}

/* All parameters of a query in their order, joined by "&". */
static char *
normal_parameters(const char *query)
{
	List *parameters = NIL;
	ListCell *cell;
	StringInfoData joined;

	while (*query != '\0')
	{
		size_t length = strcspn(query, "&#");
		const char *equals = memchr(query, '=', length);
		size_t name = equals != NULL ? (size_t) (equals - query) : length;

		if (length > 0)
			parameters =
				lappend(parameters,
						psprintf("%s=%s",
								 encoded_again(query, name),
								 equals ? encoded_again(equals + 1, length - name - 1) : ""));
		query += length;
		if (*query != '&')
			break;
		query++;
	}
	list_sort(parameters, compare_parameters);
	initStringInfo(&joined);
	foreach (cell, parameters)
		appendStringInfo(&joined, "%s%s", joined.len > 0 ? "&" : "", (char *) lfirst(cell));
	return joined.data;
}

/* The URL without query, scheme and host in small letters, without the port that goes without
 * saying. */
static char *
normal_url(const char *url)
{
	char *base = pnstrdup(url, strcspn(url, "?#"));
	char *host = strstr(base, "://");
	char *path;
	const char *port;

	if (host == NULL)
		return base;
	host += 3;
	path = host + strcspn(host, "/");
	for (char *c = base; c < path; c++)
		*c = pg_tolower((unsigned char) *c);
	port = strncmp(base, "https", 5) == 0 ? ":443" : ":80";
	if ((size_t) (path - host) > strlen(port) &&
		strncmp(path - strlen(port), port, strlen(port)) == 0)
		memmove(path - strlen(port), path, strlen(path) + 1);
	return base;
}

bool
ff_oauth1_sign(StringInfo url, const char *method, const char *key, const char *secret,
			   const char *nonce, int64 now)
{
	unsigned char signature[BASE64_DIGEST + 1];
	StringInfoData text;
	StringInfoData signer;
	FfDigest digest;
	const char *query;
	bool done;

	ff_query_append(url, "oauth_consumer_key", key);
	ff_query_append(url, "oauth_nonce", nonce);
	ff_query_append(url, "oauth_signature_method", "HMAC-SHA256");
	ff_query_append(url, "oauth_timestamp", psprintf(INT64_FORMAT, now));
	query = strchr(url->data, '?');

	initStringInfo(&text);
	appendStringInfo(&text, "%s&", method);
	ff_percent_encode(&text, normal_url(url->data));
	appendStringInfoChar(&text, '&');
	ff_percent_encode(&text, normal_parameters(query + 1));

	initStringInfo(&signer);
	enlargeStringInfo(&signer, (int) strlen(secret) * 3 + 2);
	ff_percent_encode(&signer, secret);
	appendStringInfoChar(&signer, '&');
	done = ff_digest_hmac(&digest, signer.data, signer.len, text.data, text.len);
	ff_wipe_string(&signer);
	if (!done)
		return false;
	EVP_EncodeBlock(signature, digest.bytes, FF_DIGEST_SIZE);
	ff_query_append(url, "oauth_signature", (const char *) signature);
	return true;
}
