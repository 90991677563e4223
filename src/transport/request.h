/*
 * request.h
 *
 * A message as it goes on the wire: headers as curl takes them, the body with
 * its secrets put in.  It lives in malloc'd memory, because curl reads it while
 * PostgreSQL does other things, and is wiped when the call is over.
 *
 * Building never throws for what a message holds: it answers false with a
 * sentence (without secrets) in error, which has FF_WIRE_ERROR_SIZE bytes.
 */
#ifndef FF_TRANSPORT_REQUEST_H
#define FF_TRANSPORT_REQUEST_H

#include "postgres.h"

#include "transport/url.h"
#include "transport/wire.h"

#define FF_HOST_SIZE 256

typedef struct FfRequest
{
	const char *method;
	char *url;
	const FfUrlScheme *scheme;
	char host[FF_HOST_SIZE]; /* "name" or "[address]", for people and for sharing a look-up */
	int port;
	struct curl_slist *headers;
	const char *body; /* the message's, or own_body */
	size_t body_length;
	char *own_body;
	char *user; /* where they are no header: files and mail */
	char *password;
	char *token;                 /* an access token instead of the password, or NULL */
	struct curl_slist *commands; /* files: what the server does beside the transfer; mail: whom */
} FfRequest;

/* Zeroes a request, then sets method and URL; refuses schemes (url.h) and forms of URL that are not
 * allowed. */
extern bool ff_request_begin(FfRequest *request, const char *method, const char *url,
							 const char *schemes, bool plain_allowed, char *error);

/* Begins from a message, with its headers and body and all {{secret:name}} replaced. */
extern bool ff_request_from_message(FfRequest *request, const FfMessage *message,
									const char *schemes, const FfSecrets *secrets, char *error);

/* Adds a header; refuses control characters in it. */
extern bool ff_request_header(FfRequest *request, const char *name, const char *value, char *error);

/* Sets a body of the request's own, copied from text. */
extern bool ff_request_body(FfRequest *request, const char *text, size_t length, char *error);

/* Takes another URL of the same host, with credentials in its query. */
extern bool ff_request_url(FfRequest *request, const char *url, char *error);

/* Sets user and password of a login that is no header, or user and access token. */
extern bool ff_request_login(FfRequest *request, const char *user, const char *password,
							 const char *token, char *error);

/* Overwrites and frees everything; harmless on a zeroed request. */
extern void ff_request_wipe(FfRequest *request);

#endif
