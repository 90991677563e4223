/*
 * mail.c
 *
 * E-mail over SMTP; see url.h for its methods.  Decides how a message is put
 * to curl, which servers it is not given to, and what the end of a conversation
 * says about it: a server has taken a message when it has answered its last
 * line, and has not when that line was never sent; between the two nobody
 * knows.
 *
 * Every message has a connection of its own.  curl 7.88 says QUIT when it
 * closes one and waits for the answer, in which nobody else gets a turn; so
 * with the last answer the reading side is shut and it finds nothing to wait
 * for.
 */
#include "postgres.h"

#include <sys/socket.h>

#include "transport/slot.h"

#define REPLY_SECONDS(slot) ((long) Max((slot)->limits.timeout_ms / 1000, 1))

static bool
set_login(FfSlot *slot)
{
	const FfRequest *request = &slot->request;
	CURL *easy = slot->easy;

	if (request->user == NULL)
		return true;
	return curl_easy_setopt(easy, CURLOPT_USERNAME, request->user) == CURLE_OK &&
		   curl_easy_setopt(easy, CURLOPT_SASL_IR, 1L) == CURLE_OK &&
		   (request->token == NULL
				? curl_easy_setopt(easy, CURLOPT_PASSWORD, request->password) == CURLE_OK
				: curl_easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, request->token) == CURLE_OK &&
					  curl_easy_setopt(easy,
									   CURLOPT_LOGIN_OPTIONS,
									   "AUTH=XOAUTH2;AUTH=OAUTHBEARER") == CURLE_OK);
}

/* An address of the envelope: nothing that could end it or begin another command. */
static bool
is_address(const char *address)
{
	if (address == NULL || *address == '\0')
		return false;
	for (const char *c = address; *c != '\0'; c++)
		if ((unsigned char) *c <= ' ' || *c == '<' || *c == '>' || *c == 0x7f)
			return false;
	return true;
}

static bool
set_envelope(FfSlot *slot)
{
	const FfMessage *message = &slot->transfer->message;
	const char *from = ff_message_find_header(message, "Mail-From");
	const char *to = ff_message_find_header(message, "Rcpt-To");
	CURL *easy = slot->easy;

	if (!is_address(from) || !is_address(to))
		return false;
	slot->request.commands = curl_slist_append(NULL, to);
	return slot->request.commands != NULL &&
		   curl_easy_setopt(easy, CURLOPT_MAIL_FROM, from) == CURLE_OK &&
		   curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, slot->request.commands) == CURLE_OK &&
		   curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L) == CURLE_OK &&
		   curl_easy_setopt(easy, CURLOPT_READFUNCTION, ff_slot_give_body) == CURLE_OK &&
		   curl_easy_setopt(easy, CURLOPT_READDATA, slot) == CURLE_OK &&
		   curl_easy_setopt(
			   easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t) slot->request.body_length) == CURLE_OK;
}

bool
ff_mail_arm(FfSlot *slot)
{
	CURL *easy = slot->easy;
	bool encrypted = !slot->request.scheme->plain;

	return curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK &&
		   curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L) == CURLE_OK &&
		   curl_easy_setopt(easy, CURLOPT_URL, slot->request.url) == CURLE_OK &&
		   curl_easy_setopt(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, REPLY_SECONDS(slot)) ==
			   CURLE_OK &&
		   curl_easy_setopt(
			   easy, CURLOPT_USE_SSL, encrypted ? (long) CURLUSESSL_ALL : (long) CURLUSESSL_NONE) ==
			   CURLE_OK &&
		   set_login(slot) &&
		   (strcmp(slot->request.method, "NOOP") == 0
				? curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "NOOP") == CURLE_OK
				: set_envelope(slot));
}

/*
 * Whether the server named an extension in answer to our last greeting, which
 * follows the answer to STARTTLS where there was one.
 */
static bool
offers(const FfSlot *slot, const char *name)
{
	const char *line = slot->head.data;
	const char *end = line + slot->head.length;
	size_t length = strlen(name);
	bool found = false;

	while (line < end)
	{
		const char *stop = memchr(line, '\n', end - line);

		stop = stop ? stop : end;
		if (stop - line >= 4 && memcmp(line, "220", 3) == 0)
			found = false;
		if (stop - line >= (ptrdiff_t) length + 4 && memcmp(line, "250", 3) == 0 &&
			pg_strncasecmp(line + 4, name, length) == 0 &&
			strchr(" =\r\n", line[4 + length]) != NULL)
			found = true;
		line = stop + 1;
	}
	return found;
}

static bool
is_ascii(const char *text)
{
	while (*text != '\0' && !IS_HIGHBIT_SET(*text))
		text++;
	return *text == '\0';
}

/* An answer in the server's stead. */
static bool
answer(FfSlot *slot, int status, const char *line)
{
	slot->sent = true;
	slot->status = status;
	ff_slot_receive(slot, line, strlen(line));
	return false;
}

/* curl would send without logging in, and send bytes to a server that cannot read them. */
bool
ff_mail_may_begin(FfSlot *slot)
{
	const char *to = ff_message_find_header(&slot->transfer->message, "Rcpt-To");

	if (slot->request.user != NULL && !offers(slot, "AUTH"))
		return answer(slot, 530, "530 5.7.0 The server offers no login\r\n");
	if (to != NULL && !is_ascii(to) && !offers(slot, "SMTPUTF8"))
		return answer(slot, 553, "553 5.6.7 The server takes no addresses in UTF-8\r\n");
	return true;
}

void
ff_mail_heard(FfSlot *slot, const char *line, size_t length)
{
	bool last = length >= 4 && line[3] != '-';
	bool noop = strcmp(slot->request.method, "NOOP") == 0;

	if (!last)
		return;
	if (noop || slot->taking || line[0] == '4' || line[0] == '5')
		shutdown(slot->socket, SHUT_RD);
	slot->taking = slot->taking || memcmp(line, "354", 3) == 0;
}

int
ff_mail_status(const FfSlot *slot, CURLcode code)
{
	long said = 0;

	if (slot->status != 0 || !slot->sent)
		return slot->status;
	curl_easy_getinfo(slot->easy, CURLINFO_RESPONSE_CODE, &said);
	if (code == CURLE_OK)
		return said >= 200 ? (int) said : 250;
	if (said >= 400)
		return (int) said;
	/* the last line follows when curl has taken all of the body */
	if (slot->taking && slot->uploaded >= slot->request.body_length)
		return 0;
	return 421;
}

bool
ff_mail_is_refused(const FfSlot *slot, CURLcode code)
{
	long said = 0;

	curl_easy_getinfo(slot->easy, CURLINFO_RESPONSE_CODE, &said);
	if (said >= 400 && said < 500)
		return false;
	return code == CURLE_LOGIN_DENIED || code == CURLE_PEER_FAILED_VERIFICATION ||
		   code == CURLE_USE_SSL_FAILED || code == CURLE_REMOTE_ACCESS_DENIED;
}
