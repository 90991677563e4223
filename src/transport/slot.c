/*
 * slot.c
 *
 * Sets up one exchange on an easy handle and receives what comes; see slot.h.
 * Decides every option of curl: what is verified, limited, refused.  The
 * callbacks run inside libcurl: no palloc, no ereport, no interrupt there.
 */
#include "postgres.h"

#include <sys/socket.h>
#include <unistd.h>

#include "pg/guc.h"
#include "transport/address.h"
#include "transport/kept.h"
#include "transport/slot.h"

/* Idle connections are given up before most peers do, so that few calls meet a dead one. */
#define IDLE_CONNECTION_S 55L

/* Appends to a capped buffer; false at its limit or when memory is short. */
static bool
capped_append(FfSlot *slot, FfCapped *buffer, const char *data, size_t length)
{
	if (length > buffer->limit - buffer->length)
	{
		slot->oversized = true;
		return false;
	}
	if (buffer->length + length + 1 > buffer->room)
	{
		size_t room = Max(buffer->length + length + 1, buffer->room * 2);
		char *grown = realloc(buffer->data, room = Max(room, 4096));

		if (grown == NULL)
		{
			slot->out_of_memory = true;
			return false;
		}
		buffer->data = grown;
		buffer->room = room;
	}
	memcpy(buffer->data + buffer->length, data, length);
	buffer->length += length;
	buffer->data[buffer->length] = '\0';
	return true;
}

static size_t
take_header(char *data, size_t size, size_t count, void *argument)
{
	FfSlot *slot = argument;
	size_t length = size * count;

	/* a status line begins anew after 100 Continue; its bytes keep counting */
	if (length > 5 && memcmp(data, "HTTP/", 5) == 0 && slot->head.length > 0)
	{
		slot->head.limit -= Min(slot->head.limit, slot->head.length);
		slot->head.length = 0;
	}
	if (slot->request.scheme->protocol == FF_PROTOCOL_MAIL && slot->sent)
	{
		ff_mail_heard(slot, data, length);
		return capped_append(slot, &slot->body, data, length) ? length : 0;
	}
	return capped_append(slot, &slot->head, data, length) ? length : 0;
}

bool
ff_slot_receive(FfSlot *slot, const char *data, size_t length)
{
	return capped_append(slot, &slot->body, data, length);
}

static size_t
take_body(char *data, size_t size, size_t count, void *argument)
{
	FfSlot *slot = argument;

	return ff_slot_receive(slot, data, size * count) ? size * count : 0;
}

size_t
ff_slot_give_body(char *target, size_t size, size_t count, void *argument)
{
	FfSlot *slot = argument;
	size_t length = Min(size * count, slot->request.body_length - slot->uploaded);

	if (length > 0)
		memcpy(target, slot->request.body + slot->uploaded, length);
	slot->uploaded += length;
	return length;
}

/* Opens a socket to a resolved address, if the address may be talked to. */
static curl_socket_t
open_socket(void *argument, curlsocktype purpose, struct curl_sockaddr *address)
{
	FfSlot *slot = argument;
	int opened;

	slot->resolved = true;
	ff_address_text(&address->addr, slot->address, sizeof(slot->address));
	if (purpose != CURLSOCKTYPE_IPCXN ||
		(!ff_guc_allow_private_addresses && !ff_address_is_public(&address->addr)))
	{
		slot->refused = true;
		return CURL_SOCKET_BAD;
	}
	opened = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
	if (opened < 0)
	{
		slot->socket_error = errno;
		return CURL_SOCKET_BAD;
	}
	slot->opened = true;
	slot->socket = opened;
	return opened;
}

/*
 * The connection stands and the request is about to be sent.  curl would send
 * a request a second time when a kept connection ends without an answer; but
 * the peer may have acted on the first, so only what changes nothing is
 * repeated.  A kept connection is judged by its address again, for the setting
 * may have changed since it was opened; and what a peer says on it unasked, such
 * as a second answer, would be taken for the answer to the next request.
 */
static int
before_request(void *argument, char *address, char *local, int port, int local_port)
{
	FfSlot *slot = argument;

	slot->resolved = true;
	strlcpy(slot->address, address, sizeof(slot->address));
	if (!ff_guc_allow_private_addresses && !ff_address_text_is_public(address))
	{
		slot->refused = true;
		return CURL_PREREQFUNC_ABORT;
	}
	if (slot->sent && strcmp(slot->request.method, "GET") != 0 &&
		strcmp(slot->request.method, "HEAD") != 0)
		return CURL_PREREQFUNC_ABORT;
	if (!slot->opened && !ff_kept_is_quiet(local, local_port))
	{
		slot->stale = true;
		return CURL_PREREQFUNC_ABORT;
	}
	if (slot->request.scheme->protocol == FF_PROTOCOL_MAIL && !ff_mail_may_begin(slot))
		return CURL_PREREQFUNC_ABORT;
	slot->sent = true;
	return CURL_PREREQFUNC_OK;
}

/* Options with a number, the same for every exchange. */
static const struct
{
	CURLoption option;
	long value;
} fixed_options[] = {
	{CURLOPT_NOSIGNAL, 1},
	{CURLOPT_QUICK_EXIT, 1}, /* do not wait for a thread that still resolves a name */
	{CURLOPT_FOLLOWLOCATION, 0},
	{CURLOPT_DISALLOW_USERNAME_IN_URL, 1},
	{CURLOPT_PATH_AS_IS, 1},
	{CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
	{CURLOPT_HTTP09_ALLOWED, 0},
	{CURLOPT_SSL_VERIFYPEER, 1},
	{CURLOPT_SSL_VERIFYHOST, 2},
	{CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
	{CURLOPT_TCP_NODELAY, 1},
	{CURLOPT_MAXAGE_CONN, IDLE_CONNECTION_S},
	{CURLOPT_SUPPRESS_CONNECT_HEADERS, 1},
};

/* Options with a text, the same for every exchange. */
static const struct
{
	CURLoption option;
	const char *value;
} fixed_texts[] = {
	{CURLOPT_PROXY, ""}, /* none, whatever the environment says */
	{CURLOPT_ACCEPT_ENCODING, "gzip, deflate"},
	{CURLOPT_USERAGENT, "fulfillment/" FF_VERSION},
};

static bool
set_fixed(CURL *easy)
{
	for (size_t i = 0; i < lengthof(fixed_options); i++)
	{
		if (curl_easy_setopt(easy, fixed_options[i].option, fixed_options[i].value) != CURLE_OK)
			return false;
	}
	for (size_t i = 0; i < lengthof(fixed_texts); i++)
	{
		if (curl_easy_setopt(easy, fixed_texts[i].option, fixed_texts[i].value) != CURLE_OK)
			return false;
	}
	return (*ff_guc_ca_file == '\0' ||
			curl_easy_setopt(easy, CURLOPT_CAINFO, ff_guc_ca_file) == CURLE_OK);
}

static bool
set_callbacks(FfSlot *slot)
{
	CURL *easy = slot->easy;

	return curl_easy_setopt(easy, CURLOPT_PRIVATE, slot) == CURLE_OK &&
		   curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, slot->curl_error) == CURLE_OK &&
		   curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK &&
		   curl_easy_setopt(easy, CURLOPT_HEADERDATA, slot) == CURLE_OK &&
		   curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
		   curl_easy_setopt(easy, CURLOPT_WRITEDATA, slot) == CURLE_OK &&
		   curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK &&
		   curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, slot) == CURLE_OK &&
		   curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request) == CURLE_OK &&
		   curl_easy_setopt(easy, CURLOPT_PREREQDATA, slot) == CURLE_OK;
}

static bool
has_header(const struct curl_slist *line, const char *name)
{
	size_t length = strlen(name);

	for (; line; line = line->next)
	{
		if (pg_strncasecmp(line->data, name, length) == 0 &&
			(line->data[length] == ':' || line->data[length] == ';'))
			return true;
	}
	return false;
}

/* Takes a header out that curl would add by itself. */
static bool
without_header(FfRequest *request, const char *name, const char *removal)
{
	struct curl_slist *grown;

	if (has_header(request->headers, name))
		return true;
	grown = curl_slist_append(request->headers, removal);
	if (grown == NULL)
		return false;
	request->headers = grown;
	return true;
}

static bool
set_request(FfSlot *slot)
{
	FfRequest *request = &slot->request;
	CURL *easy = slot->easy;
	bool has_body = request->body != NULL || strcmp(request->method, "POST") == 0 ||
					strcmp(request->method, "PUT") == 0 || strcmp(request->method, "PATCH") == 0;

	if (has_body &&
		(curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) request->body_length) !=
			 CURLE_OK ||
		 curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body ? request->body : "") !=
			 CURLE_OK))
		return false;
	if (strcmp(request->method, "HEAD") == 0 &&
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L) != CURLE_OK)
		return false;
	return curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method) == CURLE_OK &&
		   curl_easy_setopt(easy, CURLOPT_URL, request->url) == CURLE_OK &&
		   without_header(request, "Expect", "Expect:") &&
		   without_header(request, "Content-Type", "Content-Type:") &&
		   curl_easy_setopt(easy, CURLOPT_HTTPHEADER, request->headers) == CURLE_OK;
}

/* What is particular to a protocol. */
static bool
set_protocol(FfSlot *slot)
{
	switch (slot->request.scheme->protocol)
	{
		case FF_PROTOCOL_HTTP:
			return set_request(slot);
		case FF_PROTOCOL_MAIL:
			return ff_mail_arm(slot);
		default:
			return ff_files_arm(slot);
	}
}

static bool
set_limits(FfSlot *slot)
{
	const FfLimits *limits = &slot->limits;
	CURL *easy = slot->easy;

	/*
	 * The data connections of FTP are measured by the clock of the first one, and would be too late
	 * after a slow login; the limit of the whole exchange holds.
	 */
	long connect_ms =
		slot->request.scheme->protocol == FF_PROTOCOL_FTP ? 0 : limits->connect_timeout_ms;

	slot->head.limit = limits->max_header_bytes;
	slot->body.limit = limits->max_body_bytes;
	return curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long) limits->timeout_ms) == CURLE_OK &&
		   curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect_ms) == CURLE_OK &&
		   curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t) limits->max_body_bytes) ==
			   CURLE_OK;
}

bool
ff_slot_arm(FfSlot *slot)
{
	if (slot->easy == NULL)
		slot->easy = curl_easy_init();
	if (slot->easy != NULL)
	{
		curl_easy_reset(slot->easy);
		/* url.c judged the scheme; curl holds the same line once more */
		if (set_fixed(slot->easy) && set_callbacks(slot) &&
			curl_easy_setopt(slot->easy, CURLOPT_PROTOCOLS_STR, slot->request.scheme->curl_name) ==
				CURLE_OK &&
			set_protocol(slot) && set_limits(slot) &&
			(!slot->stale || curl_easy_setopt(slot->easy, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK))
			return true;
	}
	strlcpy(slot->transfer->error, "out of memory", FF_WIRE_ERROR_SIZE);
	return false;
}
