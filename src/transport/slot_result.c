/*
 * slot_result.c
 *
 * What the end of an exchange means; see slot.h.  Decides the fate of a call,
 * above all whether the peer can have received anything of it: nothing was
 * sent until before_request (slot.c) ran.  Sentences name the host, never a
 * path, a query or anything the peer sent.
 */
#include "postgres.h"

#include <errno.h>

#include "mb/pg_wchar.h"
#include "utils/memutils.h"

#include "pg/guc.h"
#include "transport/slot.h"

/* Answers up to this size keep their memory for the next exchange. */
#define KEPT_ROOM 16384
/* CURLE_TOO_LARGE, which the headers of curl before 8.6 do not name */
#define TOO_LARGE ((CURLcode) 100)

/* How a failure of curl is told; %s is host and port. */
static const struct
{
	CURLcode code;
	const char *sentence;
} sentences[] = {
	{CURLE_COULDNT_RESOLVE_HOST, "could not resolve the name of %s"},
	{CURLE_COULDNT_CONNECT, "could not connect to %s"},
	{CURLE_PEER_FAILED_VERIFICATION, "could not verify the certificate of %s"},
	{CURLE_LOGIN_DENIED, "%s refused the login"},
	{CURLE_USE_SSL_FAILED, "%s does not offer TLS"},
	{CURLE_SSL_CACERT_BADFILE, "could not read the file of certificate authorities for %s"},
	{CURLE_SSL_CONNECT_ERROR, "could not agree on TLS with %s"},
	{CURLE_PARTIAL_FILE, "the answer of %s broke off"},
	{CURLE_RECV_ERROR, "the connection to %s broke before the answer was complete"},
	{CURLE_SEND_ERROR, "the connection to %s broke while the request was sent"},
	{CURLE_GOT_NOTHING, "%s closed the connection without an answer"},
	{CURLE_ABORTED_BY_CALLBACK, "%s closed the connection without an answer"},
	{CURLE_BAD_CONTENT_ENCODING, "the answer of %s could not be decompressed"},
	{CURLE_WEIRD_SERVER_REPLY, "%s does not answer in HTTP"},
	{CURLE_UNSUPPORTED_PROTOCOL, "%s does not answer in HTTP"},
	{CURLE_OUT_OF_MEMORY, "out of memory in the call to %s"},
};

static void
tell_timeout(const FfSlot *slot, const char *peer, char *error)
{
	const char *what = slot->sent       ? "%s did not answer in time"
					   : slot->resolved ? "could not connect to %s in time"
										: "could not resolve the name of %s in time";

	snprintf(error, FF_WIRE_ERROR_SIZE, what, peer);
}

/* The sentence for a code, with curl's own words where they help and come from us or OpenSSL. */
static void
tell_code(const FfSlot *slot, CURLcode code, const char *peer, char *error)
{
	size_t length;

	snprintf(
		error, FF_WIRE_ERROR_SIZE, "the call to %s failed: %s", peer, curl_easy_strerror(code));
	for (size_t i = 0; i < lengthof(sentences); i++)
	{
		if (sentences[i].code == code)
			snprintf(error, FF_WIRE_ERROR_SIZE, sentences[i].sentence, peer);
	}
	length = strlen(error);
	if (slot->request.scheme->protocol == FF_PROTOCOL_SSH && code == CURLE_PEER_FAILED_VERIFICATION)
		snprintf(error, FF_WIRE_ERROR_SIZE, "the host key of %s is not the one that was set", peer);
	else if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE)
		snprintf(error + length,
				 FF_WIRE_ERROR_SIZE - length,
				 " (%.120s; fulfillment.ca_file is %s)",
				 slot->curl_error,
				 *ff_guc_ca_file ? ff_guc_ca_file : "empty: the system's own");
	else if (slot->request.scheme->protocol == FF_PROTOCOL_MAIL && code == CURLE_WEIRD_SERVER_REPLY)
	{
		long said = 0;

		curl_easy_getinfo(slot->easy, CURLINFO_RESPONSE_CODE, &said);
		snprintf(error, FF_WIRE_ERROR_SIZE, "%s ended the conversation with code %ld", peer, said);
	}
	else if (code == CURLE_COULDNT_CONNECT)
	{
		long problem = 0;

		curl_easy_getinfo(slot->easy, CURLINFO_OS_ERRNO, &problem);
		if (problem != 0)
			snprintf(error + length, FF_WIRE_ERROR_SIZE - length, ": %s", strerror((int) problem));
	}
}

/* True when an answer began and a limit ended it: ours, or curl's own for one header. */
static bool
is_oversized(const FfSlot *slot, CURLcode code)
{
	if (slot->oversized || code == CURLE_FILESIZE_EXCEEDED || code == TOO_LARGE)
		return true;
	/* what curl before 8.6 says of a header beyond 100 kB */
	return code == CURLE_OUT_OF_MEMORY && slot->head.length > 0 && !slot->out_of_memory;
}

static void
tell(const FfSlot *slot, CURLcode code, char *error)
{
	char peer[FF_HOST_SIZE + 16];

	snprintf(peer, sizeof(peer), "\"%.150s\" port %d", slot->request.host, slot->request.port);
	if (is_oversized(slot, code))
		snprintf(error, FF_WIRE_ERROR_SIZE, "the answer of %s is larger than allowed", peer);
	else if (slot->out_of_memory)
		tell_code(slot, CURLE_OUT_OF_MEMORY, peer, error);
	else if (slot->refused && !slot->sent)
		snprintf(error,
				 FF_WIRE_ERROR_SIZE,
				 "address %s of %s is not public; fulfillment.allow_private_addresses is off",
				 slot->address,
				 peer);
	else if (slot->socket_error && !slot->sent)
		snprintf(error,
				 FF_WIRE_ERROR_SIZE,
				 "could not open a socket to %s: %s",
				 peer,
				 strerror(slot->socket_error));
	else if (code == CURLE_OPERATION_TIMEDOUT)
		tell_timeout(slot, peer, error);
	else
		tell_code(slot, code, peer, error);
}

static FfFate
fate_of(const FfSlot *slot, CURLcode code)
{
	if (code == CURLE_OK || slot->status != 0)
		return FF_FATE_ANSWERED;
	if (!slot->sent)
		return FF_FATE_NOT_SENT;
	if (is_oversized(slot, code))
		return FF_FATE_OVERSIZED;
	return FF_FATE_LOST;
}

/* Milliseconds of one of curl's clocks; -1 when it did not run. */
static int
milliseconds(CURL *easy, CURLINFO clock)
{
	curl_off_t microseconds = 0;

	if (curl_easy_getinfo(easy, clock, &microseconds) != CURLE_OK || microseconds <= 0)
		return -1;
	return (int) ((microseconds + 999) / 1000);
}

/* The server does not take us, or is not the one it should be: nothing that time would mend. */
static bool
is_stranger(const FfSlot *slot, CURLcode code)
{
	if (slot->request.scheme->protocol == FF_PROTOCOL_MAIL)
		return ff_mail_is_refused(slot, code);
	return slot->request.scheme->protocol != FF_PROTOCOL_HTTP &&
		   (code == CURLE_LOGIN_DENIED || code == CURLE_PEER_FAILED_VERIFICATION);
}

void
ff_slot_judge(FfSlot *slot, CURLcode code)
{
	FfTransfer *transfer = slot->transfer;

	if (slot->request.scheme->protocol == FF_PROTOCOL_MAIL)
		slot->status = ff_mail_status(slot, code);
	else if (slot->request.scheme->protocol != FF_PROTOCOL_HTTP)
		slot->status = ff_files_status(slot, code);
	transfer->fate = fate_of(slot, code);
	transfer->unauthorized = transfer->fate == FF_FATE_NOT_SENT && is_stranger(slot, code);
	transfer->error[0] = '\0';
	if (transfer->fate != FF_FATE_ANSWERED)
		tell(slot, code, transfer->error);
	strlcpy(transfer->peer_address, slot->address, sizeof(transfer->peer_address));
	transfer->timings.dns = milliseconds(slot->easy, CURLINFO_NAMELOOKUP_TIME_T);
	transfer->timings.connect = milliseconds(slot->easy, CURLINFO_CONNECT_TIME_T);
	transfer->timings.tls = milliseconds(slot->easy, CURLINFO_APPCONNECT_TIME_T);
	transfer->timings.first_byte = milliseconds(slot->easy, CURLINFO_STARTTRANSFER_TIME_T);
	transfer->timings.total = milliseconds(slot->easy, CURLINFO_TOTAL_TIME_T);
}

/*
 * A palloc'd copy without blanks around it; NULL when memory is short.  Headers
 * may hold bytes of any encoding: where they are not UTF-8, what is not ASCII
 * becomes a question mark, for all who read them take them for text.
 */
static char *
copy_trimmed(const char *from, const char *to)
{
	char *copy;

	while (from < to && (*from == ' ' || *from == '\t'))
		from++;
	while (from < to && (to[-1] == ' ' || to[-1] == '\t' || to[-1] == '\r'))
		to--;
	copy = palloc_extended(to - from + 1, MCXT_ALLOC_NO_OOM);
	if (copy == NULL)
		return NULL;
	memcpy(copy, from, to - from);
	copy[to - from] = '\0';
	if (!pg_verify_mbstr(PG_UTF8, copy, (int) (to - from), true))
	{
		for (char *c = copy; c < copy + (to - from); c++)
			if (IS_HIGHBIT_SET(*c) || *c == '\0')
				*c = '?';
	}
	return copy;
}

static bool
read_headers(const FfCapped *head, FfReply *reply)
{
	const char *line = head->data;
	const char *end = line + head->length;

	while (line < end && reply->header_count < FF_MAX_HEADERS)
	{
		const char *stop = memchr(line, '\n', end - line);
		const char *colon;

		stop = stop ? stop : end;
		colon = memchr(line, ':', stop - line);
		/* neither a status line nor the continuation of a header */
		if (colon && colon > line && *line != ' ' && *line != '\t' &&
			(stop - line < 5 || memcmp(line, "HTTP/", 5) != 0))
		{
			FfHeader *header = &reply->headers[reply->header_count];

			header->name = copy_trimmed(line, colon);
			header->value = copy_trimmed(colon + 1, stop);
			if (header->name == NULL || header->value == NULL)
				return false;
			reply->header_count++;
		}
		line = stop + 1;
	}
	return true;
}

bool
ff_slot_reply(const FfSlot *slot, FfReply *reply)
{
	long status = 0;

	memset(reply, 0, sizeof(FfReply));
	reply->body = "";
	if (!slot->sent)
		return true;
	if (slot->status != 0)
		status = slot->status;
	else
		curl_easy_getinfo(slot->easy, CURLINFO_RESPONSE_CODE, &status);
	if (slot->status == 0 && slot->head.length > 0 && !read_headers(&slot->head, reply))
		return false;
	if (slot->body.length > 0)
	{
		char *body = palloc_extended(slot->body.length + 1, MCXT_ALLOC_NO_OOM);

		if (body == NULL)
			return false;
		memcpy(body, slot->body.data, slot->body.length + 1);
		reply->body = body;
		reply->length = slot->body.length;
	}
	reply->status = (int) status;
	return true;
}

static void
clear_buffer(FfCapped *buffer)
{
	if (buffer->data)
		explicit_bzero(buffer->data, buffer->length);
	buffer->length = 0;
	if (buffer->room > KEPT_ROOM)
	{
		free(buffer->data);
		buffer->data = NULL;
		buffer->room = 0;
	}
}

void
ff_slot_clear(FfSlot *slot)
{
	/* the handle first lets go of what it points to */
	if (slot->easy)
		curl_easy_reset(slot->easy);
	ff_request_wipe(&slot->request);
	clear_buffer(&slot->head);
	clear_buffer(&slot->body);
	slot->resolved = false;
	slot->opened = false;
	slot->stale = false;
	slot->sent = false;
	slot->refused = false;
	slot->oversized = false;
	slot->out_of_memory = false;
	slot->socket_error = 0;
	slot->socket = -1;
	slot->taking = false;
	slot->status = 0;
	slot->uploaded = 0;
	slot->address[0] = '\0';
	slot->curl_error[0] = '\0';
}
