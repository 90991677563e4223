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

typedef enum FfAuthKind
{
	FF_AUTH_NONE,
	FF_AUTH_BASIC,            /* Authorization: Basic, from secrets user and password */
	FF_AUTH_BEARER,           /* Authorization: Bearer <secret password> */
	FF_AUTH_HEADER,           /* <header>: <secret password> */
	FF_AUTH_OAUTH2_CLIENT,    /* client credentials grant; token shared by all workers */
	FF_AUTH_STANDARD_WEBHOOKS /* webhook-id/-timestamp/-signature over the body */
} FfAuthKind;

typedef struct FfAuth
{
	FfAuthKind kind;
	const char *user;     /* name of the secret that holds user, key or client id */
	const char *password; /* name of the secret that holds password, token or client secret */
	const char *header; /* the header that carries secret or token; OAuth2: default Authorization */
	const char *token_url;      /* OAuth2: name of the setting that holds the token URL */
	const char *token_default;  /* OAuth2: its default; a path is relative to setting base_url */
	const char *scope;          /* OAuth2: name of the setting that holds the scope, or NULL */
	bool basic_token;           /* OAuth2: client id and secret go as Basic auth, not in the form */
	const char *account_header; /* OAuth2: extra header on the token call, or NULL */
	const char *account_setting; /* … and the setting that holds its value */
} FfAuth;

typedef enum FfVerifyKind
{
	FF_VERIFY_NONE, /* connector has no signature; refuse unless the connection allows unsigned */
	FF_VERIFY_HMAC_SHA256_BASE64, /* header = base64(HMAC-SHA256(secret, raw body)) */
	FF_VERIFY_HMAC_SHA256_HEX,
	FF_VERIFY_SHARED_SECRET, /* header equals the secret (optional "Bearer " before it) */
	FF_VERIFY_STANDARD_WEBHOOKS
} FfVerifyKind;

typedef struct FfVerify
{
	FfVerifyKind kind;
	const char *header; /* the header that carries signature or secret */
	const char *secret; /* name of the secret */
} FfVerify;

#endif
