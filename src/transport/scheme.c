/*
 * scheme.c
 *
 * One small function per authentication scheme, in a table by its kind; see
 * scheme.h.  Decides what a scheme's header looks like.  Refuses to know
 * where secrets and tokens come from and who the peer is.
 */
#include "postgres.h"

#include <openssl/evp.h>

#include "transport/oauth1.h"
#include "transport/public_key.h"
#include "transport/scheme.h"
#include "transport/signature.h"

typedef struct Task
{
	FfRequest *request;
	const FfTransfer *transfer;
	const char *token;
	const char *grant;
	int64 now;
	char *error;
} Task;

const char *
ff_scheme_secret(const FfTransfer *transfer, const char *name, char *error)
{
	const char *value = name ? ff_secret_find(transfer->secrets, name) : "";

	if (value == NULL)
		snprintf(error, FF_WIRE_ERROR_SIZE, "the connection has no secret \"%s\"", name);
	return value;
}

/* Adds a header made of two texts, and wipes the joined one. */
static bool
add_joined(const Task *task, const char *name, const char *prefix, const char *value)
{
	StringInfoData joined;
	bool done;

	initStringInfo(&joined);
	enlargeStringInfo(&joined, (int) (strlen(prefix) + strlen(value) + 1));
	appendStringInfo(&joined, "%s%s", prefix, value);
	done = ff_request_header(task->request, name, joined.data, task->error);
	ff_wipe_string(&joined);
	pfree(joined.data);
	return done;
}

bool
ff_scheme_basic(FfRequest *request, const char *user, const char *password, char *error)
{
	Task task = {.request = request, .error = error};
	size_t length = strlen(user) + 1 + strlen(password);
	char *pair = palloc(length + 1);
	char *base64 = palloc((length + 2) / 3 * 4 + 1);
	bool done;

	snprintf(pair, length + 1, "%s:%s", user, password);
	EVP_EncodeBlock((unsigned char *) base64, (const unsigned char *) pair, (int) length);
	done = add_joined(&task, "Authorization", "Basic ", base64);
	ff_wipe_text(pair);
	ff_wipe_text(base64);
	pfree(pair);
	pfree(base64);
	return done;
}

static bool
apply_basic(const Task *task)
{
	const FfAuth *auth = task->transfer->auth;
	const char *user;
	const char *password;

	if (task->request->scheme->protocol == FF_PROTOCOL_DIRECTORY)
		return true; /* nobody asks */
	user = ff_scheme_secret(task->transfer, auth->user, task->error);
	if (user == NULL)
		return false;
	password = ff_scheme_secret(task->transfer, auth->password, task->error);
	if (password == NULL)
		return false;
	if (task->request->scheme->protocol != FF_PROTOCOL_HTTP)
		return ff_request_login(task->request, user, password, NULL, task->error);
	return ff_scheme_basic(task->request, user, password, task->error);
}

static bool
apply_bearer(const Task *task)
{
	const char *token =
		ff_scheme_secret(task->transfer, task->transfer->auth->password, task->error);

	return token != NULL && add_joined(task, "Authorization", "Bearer ", token);
}

static bool
apply_header(const Task *task)
{
	const FfAuth *auth = task->transfer->auth;
	const char *value = ff_scheme_secret(task->transfer, auth->password, task->error);

	return value != NULL && ff_request_header(task->request, auth->header, value, task->error);
}

static bool
apply_token(const Task *task)
{
	const FfAuth *auth = task->transfer->auth;
	const char *header = auth->header;

	if (task->request->scheme->protocol != FF_PROTOCOL_HTTP)
	{
		const char *user = ff_scheme_secret(task->transfer, auth->mailbox, task->error);

		return user != NULL && ff_request_login(task->request, user, "", task->token, task->error);
	}
	if (task->grant && auth->grant &&
		!ff_request_header(task->request, auth->grant->header, task->grant, task->error))
		return false;
	if (header && pg_strcasecmp(header, "Authorization") != 0)
		return ff_request_header(task->request, header, task->token, task->error);
	return add_joined(
		task, "Authorization", auth->word ? psprintf("%s ", auth->word) : "Bearer ", task->token);
}

static bool
apply_standard_webhooks(const Task *task)
{
	const char *id = ff_message_find_header(&task->transfer->message, "webhook-id");
	const char *secret =
		ff_scheme_secret(task->transfer, task->transfer->auth->password, task->error);
	StringInfoData signature;
	char time[32];

	if (secret == NULL)
		return false;
	if (id == NULL || *id == '\0')
	{
		strlcpy(task->error, "the message has no webhook-id header to sign", FF_WIRE_ERROR_SIZE);
		return false;
	}
	initStringInfo(&signature);
	if (!ff_signature_standard(&signature,
							   secret,
							   id,
							   task->now,
							   task->request->body ? task->request->body : "",
							   task->request->body_length))
	{
		snprintf(task->error,
				 FF_WIRE_ERROR_SIZE,
				 "secret \"%s\" holds no key that signs (whsec_… or whsk_…)",
				 task->transfer->auth->password);
		return false;
	}
	snprintf(time, sizeof(time), INT64_FORMAT, task->now);
	return ff_request_header(task->request, "webhook-timestamp", time, task->error) &&
		   ff_request_header(task->request, "webhook-signature", signature.data, task->error);
}

/* Key and secret as parameters of the query, for hosts that keep the Authorization header. */
static bool
apply_query(const Task *task)
{
	const FfAuth *auth = task->transfer->auth;
	const char *user = ff_scheme_secret(task->transfer, auth->user, task->error);
	const char *password =
		user ? ff_scheme_secret(task->transfer, auth->password, task->error) : NULL;
	StringInfoData url;
	bool done;

	if (password == NULL)
		return false;
	initStringInfo(&url);
	enlargeStringInfo(
		&url, (int) (strlen(task->request->url) + 3 * (strlen(user) + strlen(password)) + 200));
	appendStringInfoString(&url, task->request->url);
	ff_query_append(&url, auth->user, user);
	ff_query_append(&url, auth->password, password);
	done = ff_request_url(task->request, url.data, task->error);
	ff_wipe_string(&url);
	pfree(url.data);
	return done;
}

#define NONCE_BYTES 16

static bool
apply_oauth1(const Task *task)
{
	const FfAuth *auth = task->transfer->auth;
	const char *user = ff_scheme_secret(task->transfer, auth->user, task->error);
	const char *password =
		user ? ff_scheme_secret(task->transfer, auth->password, task->error) : NULL;
	unsigned char random[NONCE_BYTES];
	char nonce[NONCE_BYTES * 2 + 1];
	StringInfoData url;

	if (password == NULL)
		return false;
	if (!pg_strong_random(random, sizeof(random)))
	{
		strlcpy(task->error, "no random numbers could be had", FF_WIRE_ERROR_SIZE);
		return false;
	}
	for (int i = 0; i < NONCE_BYTES; i++)
		snprintf(nonce + 2 * i, 3, "%02x", random[i]);
	initStringInfo(&url);
	appendStringInfoString(&url, task->request->url);
	if (!ff_oauth1_sign(&url, task->request->method, user, password, nonce, task->now))
	{
		strlcpy(task->error, "the request could not be signed", FF_WIRE_ERROR_SIZE);
		return false;
	}
	return ff_request_url(task->request, url.data, task->error);
}

static bool
apply_signing(const Task *task)
{
	const FfSigning *signing = task->transfer->auth->signing;
	const char *private_key = ff_secret_find(task->transfer->secrets, signing->private_key);
	const char *public_key;

	if (private_key == NULL)
		return true;
	public_key = ff_scheme_secret(task->transfer, signing->public_key, task->error);
	return public_key != NULL &&
		   ff_request_sign(
			   task->request, private_key, public_key, signing->header, task->now, task->error);
}

static const struct
{
	bool (*apply)(const Task *task);
	bool token;
} schemes[] = {
	[FF_AUTH_NONE] = {NULL, false},
	[FF_AUTH_BASIC] = {apply_basic, false},
	[FF_AUTH_BEARER] = {apply_bearer, false},
	[FF_AUTH_HEADER] = {apply_header, false},
	[FF_AUTH_OAUTH2_CLIENT] = {apply_token, true},
	[FF_AUTH_STANDARD_WEBHOOKS] = {apply_standard_webhooks, false},
	[FF_AUTH_QUERY] = {apply_query, false},
	[FF_AUTH_OAUTH1] = {apply_oauth1, false},
};

bool
ff_scheme_needs_token(const FfAuth *auth)
{
	return auth != NULL && schemes[auth->kind].token;
}

const FfAuth *
ff_scheme_auth(const FfTransfer *transfer)
{
	const FfAuth *auth = transfer->message.auth ? transfer->message.auth : transfer->auth;

	while (auth && auth->needs && auth->otherwise &&
		   ff_secret_find(transfer->secrets, auth->needs) == NULL)
		auth = auth->otherwise;
	return auth;
}

bool
ff_scheme_apply(FfRequest *request, const FfTransfer *transfer, const char *token,
				const char *grant, int64 now, char *error)
{
	Task task = {request, transfer, token, grant, now, error};

	if (transfer->auth == NULL)
		return true;
	if (schemes[transfer->auth->kind].apply != NULL && !schemes[transfer->auth->kind].apply(&task))
		return false;
	return transfer->auth->signing == NULL || apply_signing(&task);
}
