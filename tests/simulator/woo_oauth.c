/*
 * woo_oauth.c
 *
 * OAuth 1.0a over plain http, as a shop checks it: time, a nonce that was not
 * used before, and the HMAC-SHA256 of method, address and query.  Written
 * from RFC 5849, and not from the client that is tested by it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "woo.h"

#define MOST_PARAMETERS 40
#define TOLERANCE_S     900
#define MOST_NONCES     64

static char nonces[MOST_NONCES][80];
static int nonce_count;

void
woo_oauth_reset(void)
{
	nonce_count = 0;
}

/* The new end of the text at end. */
static char *
put_encoded(char *end, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
	{
		unsigned char c = (unsigned char) text[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			strchr("-._~", c))
			*end++ = text[i];
		else
			end += sprintf(end, "%%%02X", c);
	}
	*end = '\0';
	return end;
}

static size_t
decode(const char *text, size_t length, char *plain)
{
	size_t size = 0;

	for (size_t i = 0; i < length; i++)
	{
		char digits[3] = "";

		if (text[i] == '%' && i + 2 < length)
		{
			memcpy(digits, text + i + 1, 2);
			plain[size++] = (char) strtol(digits, NULL, 16);
			i += 2;
		}
		else
			plain[size++] = text[i] == '+' ? ' ' : text[i];
	}
	return size;
}

static int
compare(const void *left, const void *right)
{
	return strcmp(*(char *const *) left, *(char *const *) right);
}

/* Sorted "name\001value" pairs, both encoded: no name sorts behind a longer one. */
static int
read_pairs(const char *query, char **pairs)
{
	int count = 0;

	while (*query && count < MOST_PARAMETERS)
	{
		size_t length = strcspn(query, "&");
		const char *equals = memchr(query, '=', length);
		size_t name = equals ? (size_t) (equals - query) : length;
		char *plain = malloc(length + 1);
		char *pair = malloc(3 * length + 3);
		char *end = put_encoded(pair, plain, decode(query, name, plain));

		*end++ = '\001';
		put_encoded(end, plain, equals ? decode(equals + 1, length - name - 1, plain) : (size_t) 0);
		free(plain);
		if (strncmp(pair, "oauth_signature\001", 16) == 0)
			free(pair);
		else
			pairs[count++] = pair;
		query += length + (query[length] == '&' ? 1 : 0);
	}
	qsort(pairs, (size_t) count, sizeof *pairs, compare);
	return count;
}

/* What a client has to sign. */
static char *
signed_text(const SimRequest *request)
{
	const char *uri = sim_uri(request);
	const char *query = strchr(uri, '?');
	char *pairs[MOST_PARAMETERS];
	int count = query ? read_pairs(query + 1, pairs) : 0;
	char *parameters = calloc(1, 3 * strlen(uri) + 200);
	char *text = calloc(1, 10 * strlen(uri) + 2000);
	char *address;
	char *end = parameters;

	for (int i = 0; i < count; i++)
	{
		char *middle = strchr(pairs[i], '\001');

		*middle = '=';
		end += sprintf(end, "%s%s", i ? "&" : "", pairs[i]);
		free(pairs[i]);
	}
	address = sim_format("http://%s%.*s",
						 sim_header(request, "Host"),
						 (int) (query ? (size_t) (query - uri) : strlen(uri)),
						 uri);
	end = text + sprintf(text, "%s&", request->method);
	end = put_encoded(end, address, strlen(address));
	*end++ = '&';
	put_encoded(end, parameters, strlen(parameters));
	free(address);
	free(parameters);
	return text;
}

static bool
is_new(const char *nonce)
{
	for (int i = 0; i < nonce_count && i < MOST_NONCES; i++)
		if (strcmp(nonces[i], nonce) == 0)
			return false;
	snprintf(nonces[nonce_count++ % MOST_NONCES], sizeof nonces[0], "%.79s", nonce);
	return true;
}

const char *
woo_oauth_problem(const SimRequest *request, const char *secret)
{
	const char *time = sim_query(request, "oauth_timestamp");
	const char *nonce = sim_query(request, "oauth_nonce");
	const char *method = sim_query(request, "oauth_signature_method");
	const char *signature = sim_query(request, "oauth_signature");
	double away = time ? strtod(time, NULL) - sim_wall() : 0;
	char key[260];
	char *text;
	char *expected;
	bool same;

	if (!time || !nonce || !method || !signature)
		return "oauth parameter missing.";
	if (strcmp(method, "HMAC-SHA256") != 0)
		return "Invalid signature - signature method is invalid.";
	if (away > TOLERANCE_S || away < -TOLERANCE_S)
		return "Invalid timestamp.";
	snprintf(key, sizeof key, "%s&", secret);
	text = signed_text(request);
	expected = sim_hmac_base64(key, strlen(key), text, strlen(text));
	same = strcmp(expected, signature) == 0;
	free(text);
	free(expected);
	if (!same)
		return "Invalid signature - provided signature does not match.";
	return is_new(nonce) ? NULL : "Invalid nonce - nonce has already been used.";
}
