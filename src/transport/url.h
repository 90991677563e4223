/*
 * url.h
 *
 * The schemes of URLs that the wire knows: what curl calls them, and how safe
 * they are.  Which of them a call may use is its connector's to declare.
 *
 * Behind the schemes of files (ftp, ftps, ftpes, sftp, file) the methods of a
 * message are LIST (a directory), GET, PUT, DELETE and MOVE, which takes the
 * new URL from the header Destination.  Their answers carry the codes of FTP,
 * whatever is spoken: 2xx done, 450 to 452 later, 550 not there, 553 refused.
 *
 * Behind those of mail (submission, smtps, smtp) they are SEND, which takes the
 * envelope from the headers Mail-From and Rcpt-To and a whole e-mail as body,
 * and NOOP; the path of the URL is the name we greet with.  Answers carry the
 * codes of SMTP, and as body all the server said since we had logged in.
 */
#ifndef FF_TRANSPORT_URL_H
#define FF_TRANSPORT_URL_H

#include "postgres.h"

#include <curl/curl.h>

/* What is spoken behind a scheme. */
typedef enum FfProtocol
{
	FF_PROTOCOL_HTTP,
	FF_PROTOCOL_FTP,
	FF_PROTOCOL_SSH,
	FF_PROTOCOL_MAIL,
	FF_PROTOCOL_DIRECTORY /* of this machine; curl has no part in it */
} FfProtocol;

typedef struct FfUrlScheme
{
	const char *name;
	const char *curl_name; /* as curl knows it */
	FfProtocol protocol;
	int port;
	bool plain;   /* unencrypted: where private addresses are allowed, or the message says so */
	bool upgrade; /* begins in plain text and goes on only after an upgrade to TLS */
} FfUrlScheme;

/*
 * Takes the host and port out of a URL and judges it; schemes are the names
 * that are allowed, with blanks between, NULL: those of HTTP.  host has
 * FF_HOST_SIZE bytes.  false with a sentence in error, which has
 * FF_WIRE_ERROR_SIZE.
 */
extern bool ff_url_check(CURLU *parts, const char *schemes, bool plain_allowed,
						 const FfUrlScheme **scheme, char *host, int *port, char *error);

#endif
