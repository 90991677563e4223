/*
 * token_call.c
 *
 * The calls that fetch an access token and the grant beside it: built from
 * FfAuth, the connection's settings and secrets; their answers read with all
 * the liberties endpoints take (numbers as texts, other members, no
 * lifetime).  Pure: token.c keeps tokens, wire.c sends the calls.
 */
#include "postgres.h"

#include <curl/curl.h>
#include <openssl/evp.h>

#include "utils/memutils.h"

#include "pg/json.h"
#include "transport/scheme.h"

/* FedEx answers 403 for ten minutes to who asks too often, and begins anew with every question. */
#define FORBIDDEN_PAUSE_S 600
#define ERROR_CODE_SIZE   40

static char *
token_url(const FfTransfer *transfer)
{
	const FfAuth *auth = transfer->auth;
	const char *url = auth->token_default;
	char *base;
	size_t length;

	if (auth->token_url)
		url = ff_json_text_or(transfer->config, auth->token_url, url);
	if (url == NULL || *url != '/')
		return url ? pstrdup(url) : NULL;
	base = ff_json_text(transfer->config, "base_url");
	if (base == NULL)
		return NULL;
	for (length = strlen(base); length > 0 && base[length - 1] == '/'; length--)
		;
	return psprintf("%.*s%s", (int) length, base, url);
}

static void
add_field(StringInfo form, const char *name, const char *value)
{
	appendStringInfo(form, "&%s=", name);
	ff_secret_quote(form, value, strlen(value), FF_QUOTE_FORM);
}

static bool
build_form(StringInfo form, const FfTransfer *transfer, const char *user, const char *password,
		   char *error)
{
	const FfAuth *auth = transfer->auth;
	const char *pattern = auth->form ? auth->form : "grant_type=client_credentials";
	char *scope = auth->scope ? ff_json_text(transfer->config, auth->scope) : NULL;
	const char *missing;

	enlargeStringInfo(form, 4096);
	if (!ff_secret_expand(
			form, pattern, strlen(pattern), transfer->secrets, FF_QUOTE_FORM, &missing))
	{
		snprintf(error, FF_WIRE_ERROR_SIZE, "the connection has no secret \"%s\"", missing);
		return false;
	}
	if (!auth->basic_token)
	{
		add_field(form, "client_id", user);
		add_field(form, "client_secret", password);
	}
	if (scope && *scope != '\0')
		add_field(form, "scope", scope);
	return true;
}

/* Adds "Name: value" lines. */
static bool
add_lines(FfRequest *request, const char *lines, char *error)
{
	const char *line;
	size_t length;

	while (ff_secret_each(&lines, &line, &length))
	{
		char *name = pnstrdup(line, length);
		char *value = strchr(name, ':');

		if (value == NULL)
			continue;
		*value++ = '\0';
		value += strspn(value, " ");
		if (!ff_request_header(request, name, value, error))
			return false;
	}
	return true;
}

static bool
add_headers(FfRequest *request, const FfTransfer *transfer, const char *user, const char *password,
			char *error)
{
	const FfAuth *auth = transfer->auth;
	char *account = NULL;

	if (auth->account_header && auth->account_setting)
		account = ff_json_text(transfer->config, auth->account_setting);
	return ff_request_header(request, "Content-Type", "application/x-www-form-urlencoded", error) &&
		   ff_request_header(request, "Accept", "application/json", error) &&
		   (!account || ff_request_header(request, auth->account_header, account, error)) &&
		   (!auth->token_headers || add_lines(request, auth->token_headers, error)) &&
		   (!auth->basic_token || ff_scheme_basic(request, user, password, error));
}

bool
ff_token_call_request(FfRequest *request, const FfTransfer *transfer, char *error)
{
	const FfAuth *auth = transfer->auth;
	const char *user = ff_scheme_secret(transfer, auth->user, error);
	const char *password = user ? ff_scheme_secret(transfer, auth->password, error) : NULL;
	char *url = token_url(transfer);
	StringInfoData form;
	bool done;

	memset(request, 0, sizeof(FfRequest));
	if (password == NULL)
		return false;
	if (url == NULL)
	{
		strlcpy(
			error, "the connection has no URL to fetch an access token from", FF_WIRE_ERROR_SIZE);
		return false;
	}
	initStringInfo(&form);
	done = ff_request_begin(request, "POST", url, NULL, false, error) &&
		   build_form(&form, transfer, user, password, error) &&
		   add_headers(request, transfer, user, password, error) &&
		   ff_request_body(request, form.data, form.len, error);
	ff_wipe_string(&form);
	pfree(form.data);
	return done;
}

static bool
make_grant_request(FfRequest *request, const FfTransfer *transfer, const char *token, char *error)
{
	FfMessage message;
	FfTransfer call = {.auth = transfer->auth};

	ff_message_init(&message);
	transfer->auth->grant->request(transfer->config, &message);
	/* the message ends with this function, so its body is copied */
	return ff_request_from_message(request, &message, NULL, transfer->secrets, error) &&
		   (request->body == NULL || request->own_body != NULL ||
			ff_request_body(request, message.body, message.body_length, error)) &&
		   ff_scheme_apply(request, &call, token, NULL, 0, error);
}

bool
ff_token_grant_request(FfRequest *request, const FfTransfer *transfer, const char *token,
					   char *error)
{
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "grant request", ALLOCSET_SMALL_SIZES);
	MemoryContext before = MemoryContextSwitchTo(context);
	bool done = make_grant_request(request, transfer, token, error);

	MemoryContextSwitchTo(before);
	MemoryContextDelete(context);
	return done;
}

/* Digest of a request, and of what came before it. */
static bool
digest_request(const FfRequest *request, const uint8 *before, uint8 *digest, char *error)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8 whole[EVP_MAX_MD_SIZE];
	bool done = context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
				EVP_DigestUpdate(context, before, before ? FF_TOKEN_DIGEST_SIZE : 0) == 1 &&
				EVP_DigestUpdate(context, request->url, strlen(request->url) + 1) == 1 &&
				EVP_DigestUpdate(context, request->body, request->body_length) == 1;

	for (struct curl_slist *line = request->headers; done && line; line = line->next)
		done = EVP_DigestUpdate(context, line->data, strlen(line->data) + 1) == 1;
	done = done && EVP_DigestFinal_ex(context, whole, NULL) == 1;
	if (done)
		memcpy(digest, whole, FF_TOKEN_DIGEST_SIZE);
	else
		strlcpy(error, "OpenSSL could not make a digest", FF_WIRE_ERROR_SIZE);
	EVP_MD_CTX_free(context);
	return done;
}

bool
ff_token_call_digest(const FfTransfer *transfer, uint8 *token, uint8 *grant, char *error)
{
	FfRequest request;
	bool done = ff_token_call_request(&request, transfer, error) &&
				digest_request(&request, NULL, token, error);

	ff_request_wipe(&request);
	if (!done || transfer->auth->grant == NULL)
		return done;
	done = ff_token_grant_request(&request, transfer, "", error) &&
		   digest_request(&request, token, grant, error);
	ff_request_wipe(&request);
	return done;
}

/* The error code of an answer when it is one word, as RFC 6749 has it; otherwise "". */
static void
error_code(char *code, const FfJson *document)
{
	char *text = ff_json_text(document, "error");
	size_t length = text ? strspn(text, "abcdefghijklmnopqrstuvwxyz_") : 0;

	code[0] = '\0';
	if (length > 0 && text[length] == '\0')
		strlcpy(code, text, ERROR_CODE_SIZE);
}

static const char *
wanted(const FfGrant *grant)
{
	return grant ? grant->member : "an access token";
}

static const char *
asked(const FfGrant *grant)
{
	return grant ? "peer" : "token endpoint";
}

static void
read_failure(FfTokenReply *result, const FfReply *reply, const FfJson *document,
			 const FfGrant *grant, int64 now)
{
	char code[ERROR_CODE_SIZE];

	error_code(code, document);
	snprintf(result->error,
			 FF_TOKEN_ERROR_SIZE,
			 "could not get %s: the %s answered %d%s%s%s",
			 wanted(grant),
			 asked(grant),
			 reply->status,
			 *code ? " (" : "",
			 code,
			 *code ? ")" : "");
	result->unauthorized =
		reply->status == 400 || reply->status == 401 || (reply->status == 403 && (*code || grant));
	result->retry_after_s = ff_reply_retry_after(reply, now);
	if (result->retry_after_s < 0 && reply->status == 403 && grant == NULL)
		result->retry_after_s = FORBIDDEN_PAUSE_S;
}

static void
read_token(FfTokenReply *result, const FfJson *document, const FfGrant *grant)
{
	char *token = ff_json_text(document, grant ? grant->member : "access_token");
	double lifetime = grant ? grant->lifetime_s : ff_json_double_or(document, "expires_in", 0);
	size_t length = token ? strlen(token) : 0;

	if (length == 0 || length >= FF_TOKEN_SIZE)
		snprintf(result->error,
				 FF_TOKEN_ERROR_SIZE,
				 "could not get %s: the answer of the %s %s",
				 wanted(grant),
				 asked(grant),
				 length == 0 ? "holds none" : "holds one that is too long");
	else
		strlcpy(result->token, token, FF_TOKEN_SIZE);
	ff_wipe_text(token);
	/* a year is as good as for ever, and fits */
	result->lifetime_s = lifetime > 0 ? (int) Min(lifetime, 31536000.0) : 0;
}

void
ff_token_call_reply(FfTokenReply *result, const FfReply *reply, const FfGrant *grant, int64 now)
{
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "token reply", ALLOCSET_SMALL_SIZES);
	MemoryContext before = MemoryContextSwitchTo(context);
	FfJson *document = ff_json_parse(reply->body, reply->length, NULL);

	memset(result, 0, sizeof(FfTokenReply));
	result->retry_after_s = -1;
	if (reply->status >= 200 && reply->status <= 299)
		read_token(result, document, grant);
	else
		read_failure(result, reply, document, grant, now);
	MemoryContextSwitchTo(before);
	MemoryContextDelete(context);
}
