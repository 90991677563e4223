/*
 * auth.h
 *
 * How a connector's calls are authenticated and how its webhooks are
 * verified, described as data.  The connector names the scheme and which
 * secrets feed it; the scheme's code (transport/) is the only reader of
 * secrets.  Nothing here is seen by SQL.
 */
#ifndef FF_TRANSPORT_AUTH_H
#define FF_TRANSPORT_AUTH_H

#include "pg/json.h"
#include "transport/message.h"

typedef enum FfAuthKind
{
	FF_AUTH_NONE,
	FF_AUTH_BASIC,             /* Authorization: Basic, from secrets user and password */
	FF_AUTH_BEARER,            /* Authorization: Bearer <secret password> */
	FF_AUTH_HEADER,            /* <header>: <secret password> */
	FF_AUTH_OAUTH2_CLIENT,     /* a fetched token, shared by all workers */
	FF_AUTH_STANDARD_WEBHOOKS, /* signs with password; the message brings webhook-id */
	FF_AUTH_QUERY, /* ?<user>=…&<password>=…, parameters with the names of the secrets */
	FF_AUTH_OAUTH1 /* the query is signed (oauth1.h): user is the key, password signs */
} FfAuthKind;

/*
 * A grant: a second token that some calls of a peer carry beside the first,
 * such as the permission to charge an account.  It is fetched by a message of
 * the connector's making, which the first token authenticates, and then kept
 * and shared like the first; it ends with it.
 */
typedef struct FfGrant
{
	void (*request)(const FfJson *config, FfMessage *message); /* throws nothing */
	const char *member;                                        /* of the answer's JSON: the grant */
	const char *header;                                        /* carries it, bare */
	int lifetime_s;
} FfGrant;

/*
 * A signature over the request itself (RFC 9421 by Ed25519), which some peers
 * want where money moves.  A connection without the private key does not sign.
 */
typedef struct FfSigning
{
	const char *private_key; /* name of the secret: PEM, or the base64 between its lines */
	const char *public_key;  /* name of the secret that the peer knows the key by … */
	const char *header;      /* … and the header it travels in, in small letters */
} FfSigning;

typedef struct FfAuth
{
	FfAuthKind kind;
	const char *user;     /* name of the secret that holds user, key or client id */
	const char *password; /* name of the secret that holds password, token or client secret */
	const char *header; /* carries secret or token, bare; OAuth2's default: Authorization: Bearer */
	const char *word;   /* OAuth2: before the token in Authorization; NULL: Bearer */
	const char *token_url;      /* OAuth2: name of the setting that holds the token URL */
	const char *token_default;  /* OAuth2: its default; a path is relative to setting base_url */
	const char *scope;          /* OAuth2: name of the setting that holds the scope, or NULL */
	bool basic_token;           /* OAuth2: client id and secret go as Basic auth, not in the form */
	const char *account_header; /* OAuth2: extra header on the token call, or NULL */
	const char *account_setting; /* … and the setting that holds its value */

	/*
	 * OAuth2: the token call's form when it is not client_credentials, with secrets as
	 * {{secret:name}}: "grant_type=refresh_token&refresh_token={{secret:refresh_token}}".
	 * Client id, client secret and scope are added to it as described above.
	 */
	const char *form;
	/* OAuth2: fixed extra headers of the token call, one "Name: value" per line, or NULL. */
	const char *token_headers;

	/* OAuth2: the secret that holds whose mailbox the token opens, where it goes into a login. */
	const char *mailbox;

	/* OAuth2: the second token that is wanted, or NULL. */
	const FfGrant *grant;

	/* How the request is signed beside all that, or NULL. */
	const FfSigning *signing;

	/*
	 * A connection without secret "needs" authenticates as otherwise says: keys that only some
	 * have, of an integrator or of a second project.
	 */
	const char *needs;
	const struct FfAuth *otherwise;
	bool apart; /* OAuth2: its token stands beside the one of the connector's own auth */
} FfAuth;

typedef enum FfVerifyKind
{
	FF_VERIFY_NONE, /* connector has no signature; refuse unless the connection allows unsigned */
	FF_VERIFY_HMAC_SHA256_BASE64, /* header = base64(HMAC-SHA256(secret, raw body)) */
	FF_VERIFY_HMAC_SHA256_HEX,    /* a name before the digest ("sha256=") is skipped */
	FF_VERIFY_SHARED_SECRET, /* header, or Authorization, is the secret ("Bearer " is skipped) */
	FF_VERIFY_STANDARD_WEBHOOKS,
	FF_VERIFY_ENVELOPE_BASE64, /* the same of the JSON body's timestamp and payload, or of the body
								*/
	FF_VERIFY_TIMED_HEX, /* "t=<unix seconds>,v1=<hex HMAC-SHA256 of t.body>": Stripe, Shippo */
	/* header = base64(HMAC-SHA1(secret, address and form of the webhook)): Twilio */
	FF_VERIFY_FORM_SHA1,
	FF_VERIFY_MD5_MEMBER, /* a member of the body is hex MD5 of secret, address and "json": Shipper
						   */
	FF_VERIFY_ECDSA /* base64 of {"kid", "signature", "digest"}; the secret is a public key: eBay */
} FfVerifyKind;

typedef struct FfVerify
{
	FfVerifyKind kind;
	const char *header;  /* the header, or the body's member, that carries signature or secret */
	const char *secret;  /* name of the secret */
	const char *address; /* name of the secret that holds the address the peer sends to, where that
							is signed too; or NULL */
	bool partial;        /* the peer signs some of its webhooks only */
} FfVerify;

#endif
