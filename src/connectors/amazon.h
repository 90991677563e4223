/*
 * amazon.h
 *
 * What the connectors of Amazon's Selling Partner API share: how they
 * authenticate, the head of a message, and what errors mean.
 */
#ifndef FF_CONNECTORS_AMAZON_H
#define FF_CONNECTORS_AMAZON_H

#include "connectors/connector.h"

#define AMAZON_HOST   "https://sellingpartnerapi-na.amazon.com"
#define AMAZON_TOKENS "https://api.amazon.com/auth/o2/token"
#define AMAZON_AGENT  "fulfillment/1.0 (Language=C; Platform=PostgreSQL)"

/* Login with Amazon: an hour's token for the seller's refresh token. */
#define AMAZON_AUTH                                                                               \
	{                                                                                             \
		.kind = FF_AUTH_OAUTH2_CLIENT, .user = "client_id", .password = "client_secret",          \
		.header = "x-amz-access-token", .token_url = "token_url", .token_default = AMAZON_TOKENS, \
		.form = "grant_type=refresh_token&refresh_token={{secret:refresh_token}}",                \
	}

/* Settings that all of them have; the last ones of a connector's list. */
#define AMAZON_SETTINGS                                                                      \
	{"user_agent", "text", false, false, AMAZON_AGENT, "Name we call ourselves by."},        \
		{"client_id",                                                                        \
		 "text",                                                                             \
		 true,                                                                               \
		 true,                                                                               \
		 NULL,                                                                               \
		 "Client id of the application (Login with Amazon)."},                               \
		{"client_secret", "text", true, true, NULL, "Client secret of the application."},    \
		{"refresh_token", "text", true, true, NULL, "Refresh token of the seller, Atzr|…."}, \
	{                                                                                        \
		"webhook_secret", "text", false, true, NULL,                                         \
			"Secret in header x-webhook-secret of what the bridge from the queue posts."     \
	}

extern void ff_amazon_begin(const FfCall *call, FfMessage *message, const char *method,
							const char *path);
/* Setting marketplace_id, or ff_connector_fail. */
extern const char *ff_amazon_marketplace(const FfCall *call);

/* A word of Amazon's messages, in lower case, and the field it is about. */
typedef struct FfAmazonWord
{
	const char *word;
	const char *field;
} FfAmazonWord;

/*
 * True for a 2xx with JSON, or nothing, that has no errors; else the outcome
 * says what happened, and names a field by the first word that is found.  A
 * limit that was reached tells how often the call may be made.
 */
extern bool ff_amazon_reply(const FfCall *call, const FfReply *reply, FfRepeat repeat,
							const FfAmazonWord *words, int word_count, FfOutcome *outcome,
							FfJson **json);

#endif
