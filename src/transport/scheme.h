/*
 * scheme.h
 *
 * The code behind the authentication schemes of auth.h: puts credentials into
 * a request at the last moment.  Like all building of requests it throws
 * nothing for bad settings: false with a sentence in error.
 */
#ifndef FF_TRANSPORT_SCHEME_H
#define FF_TRANSPORT_SCHEME_H

#include "postgres.h"

#include "transport/request.h"
#include "transport/token.h"
#include "transport/wire.h"

/* True when the scheme needs an access token that must be fetched. */
extern bool ff_scheme_needs_token(const FfAuth *auth);

/* How the transfer authenticates: its message's own way or its connector's, as far as the
 * connection has the secrets. */
extern const FfAuth *ff_scheme_auth(const FfTransfer *transfer);

/*
 * Adds what the transfer's scheme demands, now in unix seconds; token and
 * grant only where they are needed.
 */
extern bool ff_scheme_apply(FfRequest *request, const FfTransfer *transfer, const char *token,
							const char *grant, int64 now, char *error);

/* "Authorization: Basic …" from two texts. */
extern bool ff_scheme_basic(FfRequest *request, const char *user, const char *password,
							char *error);

/* The value of the secret of that name ("" for a NULL name); NULL with a sentence when it is
 * missing. */
extern const char *ff_scheme_secret(const FfTransfer *transfer, const char *name, char *error);

/* token_call.c: the request that fetches a token, and what its answer means */

extern bool ff_token_call_request(FfRequest *request, const FfTransfer *transfer, char *error);

/* The request that fetches a grant by the token. */
extern bool ff_token_grant_request(FfRequest *request, const FfTransfer *transfer,
								   const char *token, char *error);

/* Digests of all that a token and its grant depend on, for FfTokenKey; grant is left alone when
 * the auth wants none. */
extern bool ff_token_call_digest(const FfTransfer *transfer, uint8 *token, uint8 *grant,
								 char *error);

typedef struct FfTokenReply
{
	char token[FF_TOKEN_SIZE]; /* "" when the call failed */
	int lifetime_s;
	char error[FF_TOKEN_ERROR_SIZE];
	bool unauthorized;
	int retry_after_s;
} FfTokenReply;

/* Reads the answer of a token endpoint (grant NULL) or of the call that fetches a grant; never
 * throws for what stands in it. */
extern void ff_token_call_reply(FfTokenReply *result, const FfReply *reply, const FfGrant *grant,
								int64 now);

#endif
