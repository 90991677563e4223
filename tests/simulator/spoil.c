/*
 * spoil.c
 *
 * The ways an answer can be spoilt, one function and one row of a table each.
 * A way receives an exchange whose request was, or was not, processed (the
 * table's default, "processed" in the rule overrides it) and queues something
 * else, holds it, or cuts the connection.  Most go through libmicrohttpd; two
 * write to the socket themselves, because no server library can be made to
 * misbehave so badly.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <zlib.h>

#include "core.h"

/* An answer that is made while it is sent. */
typedef struct Stream
{
	SimExchange *exchange;
	const char *head; /* sent once */
	size_t head_size;
	char *block; /* sent again and again */
	size_t block_size;
	char *tail;
	size_t tail_size;
	uint64_t total;  /* head, blocks and tail together */
	uint64_t cut;    /* the connection is cut here; 0: never */
	double pause_ms; /* after every piece */
	size_t piece;
	bool paused;
} Stream;

static void
free_stream(void *spoil)
{
	Stream *stream = spoil;

	free(stream->block);
	free(stream->tail);
	free(stream);
}

static Stream *
new_stream(SimExchange *exchange)
{
	Stream *stream = sim_alloc(sizeof(Stream));

	stream->exchange = exchange;
	exchange->spoil = stream;
	exchange->spoil_free = free_stream;
	return stream;
}

static void
release(void *exchange, int64_t unused)
{
	(void) unused;
	sim_server_release(exchange);
}

/* One byte of the stream. */
static char
byte_at(const Stream *stream, uint64_t at)
{
	if (at < stream->head_size)
		return stream->head[at];
	if (at >= stream->total - stream->tail_size)
		return stream->tail[at - (stream->total - stream->tail_size)];
	return stream->block[(at - stream->head_size) % stream->block_size];
}

static ssize_t
read_stream(void *subject, uint64_t at, char *buffer, size_t room)
{
	Stream *stream = subject;
	size_t size = 0;

	if (stream->cut && at >= stream->cut)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (stream->pause_ms > 0 && at > 0 && !stream->paused)
	{
		stream->paused = true;
		sim_server_hold(stream->exchange);
		sim_after(stream->pause_ms, release, stream->exchange, 0);
		return 0;
	}
	stream->paused = false;
	if (stream->piece && room > stream->piece)
		room = stream->piece;
	if (stream->cut && room > stream->cut - at)
		room = stream->cut - at;
	while (size < room && at < stream->total)
		buffer[size++] = byte_at(stream, at++);
	return (ssize_t) size;
}

static enum MHD_Result
queue(SimExchange *exchange, int status, struct MHD_Response *response, const char *type,
	  const char *encoding)
{
	enum MHD_Result result;

	if (type)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	if (encoding)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, encoding);
	result = MHD_queue_response(exchange->connection, (unsigned) status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result
queue_stream(Stream *stream, int status, const char *type, const char *encoding)
{
	return queue(
		stream->exchange,
		status,
		MHD_create_response_from_callback(
			stream->total, stream->piece ? stream->piece : 32768, read_stream, stream, NULL),
		type,
		encoding);
}

static enum MHD_Result
queue_text(SimExchange *exchange, int status, const char *type, const char *text, size_t size)
{
	sim_reply_text(&exchange->request, status, type, text, size);
	return sim_server_answer(exchange);
}

/* --- held --- */

/* A request that was not processed before is processed now, whether its sender still waits or not.
 */
static void
end_delay(void *subject, int64_t unused)
{
	SimExchange *exchange = subject;

	(void) unused;
	if (!exchange->processed)
		sim_server_process(exchange);
	sim_server_release(exchange);
}

static enum MHD_Result
delay(SimExchange *exchange, const json_t *how)
{
	sim_server_hold(exchange);
	sim_after(sim_real(how, "ms", 1000), end_delay, exchange, 0);
	return MHD_YES;
}

static void
hang_up(void *subject, int fd, uint32_t events)
{
	(void) events;
	sim_unwatch(fd);
	sim_cancel(subject);
	sim_server_release(subject);
}

static void
stop_hanging(void *subject, int64_t fd)
{
	sim_unwatch((int) fd);
	sim_server_release(subject);
}

/* Until the client gives up, or for ten minutes. */
static enum MHD_Result
hang(SimExchange *exchange, const json_t *how)
{
	int fd = sim_server_socket(exchange);

	exchange->drop = true;
	sim_server_hold(exchange);
	sim_watch(fd, EPOLLRDHUP | EPOLLHUP | EPOLLERR, hang_up, exchange);
	sim_after(sim_real(how, "ms", 600000), stop_hanging, exchange, fd);
	return MHD_YES;
}

/* --- cut --- */

static enum MHD_Result
drop(SimExchange *exchange, const json_t *how)
{
	(void) exchange;
	(void) how;
	return MHD_NO;
}

/* Connecting a connected socket to nowhere makes the kernel send RST at once. */
static void
send_reset(int fd)
{
	struct sockaddr nowhere = {.sa_family = AF_UNSPEC};

	if (connect(fd, &nowhere, sizeof nowhere) != 0)
		shutdown(fd, SHUT_RDWR);
}

static enum MHD_Result
reset(SimExchange *exchange, const json_t *how)
{
	(void) how;
	send_reset(sim_server_socket(exchange));
	return MHD_NO;
}

static enum MHD_Result
half_body(SimExchange *exchange, const json_t *how)
{
	Stream *stream = new_stream(exchange);
	static const char filler[] = "{\"message\":\"this answer ends in the middle of a";

	(void) how;
	stream->head = exchange->answer_size ? exchange->answer : filler;
	stream->head_size = exchange->answer_size ? exchange->answer_size : sizeof filler - 1;
	stream->total = stream->head_size;
	stream->cut = stream->head_size / 2 ? stream->head_size / 2 : 1;
	return queue_stream(
		stream, exchange->status ? exchange->status : 200, "application/json", NULL);
}

/* --- replaced --- */

static void
add_retry_after(SimRequest *request, const json_t *how)
{
	const json_t *value = json_object_get(how, "retry_after");
	double seconds = sim_real(how, "retry_after_date", -1);
	char date[40];

	if (json_is_string(value))
		sim_reply_header(request, "Retry-After", "%s", json_string_value(value));
	else if (json_is_number(value))
		sim_reply_header(request, "Retry-After", "%.0f", json_number_value(value));
	else if (seconds >= 0)
		sim_reply_header(request,
						 "Retry-After",
						 "%s",
						 sim_time(sim_wall() + seconds, 0, "%a, %d %b %Y %H:%M:%S GMT", date));
}

static enum MHD_Result
status(SimExchange *exchange, const json_t *how)
{
	SimRequest *request = &exchange->request;
	int code = (int) sim_real(how, "status", 500);
	json_t *body = json_object_get(how, "body");

	json_decref(exchange->headers);
	exchange->headers = NULL;
	if (json_is_string(body))
		sim_reply_text(request,
					   code,
					   sim_text(how, "content_type", "text/plain"),
					   json_string_value(body),
					   json_string_length(body));
	else if (body)
		sim_reply(request, code, json_incref(body));
	else
		request->peer->fail(request, code);
	add_retry_after(request, how);
	return sim_server_answer(exchange);
}

static enum MHD_Result
redirect(SimExchange *exchange, const json_t *how)
{
	sim_reply_header(
		&exchange->request, "Location", "%s", sim_text(how, "url", "http://127.0.0.1:1/elsewhere"));
	return queue_text(exchange, (int) sim_real(how, "status", 302), "text/html", "", 0);
}

static enum MHD_Result
garbage(SimExchange *exchange, const json_t *how)
{
	char bytes[2048];
	uint64_t random = sim_seed + (uint64_t) exchange->request.number;

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char) sim_random_next(&random);
	return queue_text(
		exchange, (int) sim_real(how, "status", 200), "application/json", bytes, sizeof bytes);
}

static enum MHD_Result
html(SimExchange *exchange, const json_t *how)
{
	static const char page[] = "<!DOCTYPE html>\n<html><head><title>Down for maintenance</title>"
							   "</head><body><h1>We will be back soon</h1></body></html>\n";

	add_retry_after(&exchange->request, how);
	return queue_text(exchange,
					  (int) sim_real(how, "status", 200),
					  "text/html; charset=utf-8",
					  page,
					  sizeof page - 1);
}

static enum MHD_Result
empty(SimExchange *exchange, const json_t *how)
{
	return queue_text(exchange, (int) sim_real(how, "status", 200), "application/json", "", 0);
}

static enum MHD_Result
wrong_content_type(SimExchange *exchange, const json_t *how)
{
	free(exchange->content_type);
	exchange->content_type = sim_strdup(sim_text(how, "content_type", "text/html"));
	return sim_server_answer(exchange);
}

static enum MHD_Result
invalid_utf8(SimExchange *exchange, const json_t *how)
{
	const char *answer = exchange->answer ? exchange->answer : "";
	const char *string = strstr(answer, ":\"");
	size_t before = string ? (size_t) (string - answer) + 2 : 0;
	char *bad;
	enum MHD_Result result;

	(void) how;
	if (!string)
		return queue_text(exchange, 200, "application/json", "{\"message\":\"\xc3\x28\xff\"}", 17);
	bad = sim_format("%.*s\xc3\x28\xff%s", (int) before, answer, answer + before);
	result = queue_text(exchange, exchange->status, "application/json", bad, strlen(bad));
	free(bad);
	return result;
}

static enum MHD_Result
deep_json(SimExchange *exchange, const json_t *how)
{
	size_t depth = (size_t) sim_real(how, "depth", 100000);
	char *text = sim_alloc(2 * depth + 1);
	enum MHD_Result result;

	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	result = queue_text(exchange, 200, "application/json", text, 2 * depth);
	free(text);
	return result;
}

/* --- too slow, too long --- */

static enum MHD_Result
slow_drip(SimExchange *exchange, const json_t *how)
{
	Stream *stream = new_stream(exchange);
	int code = exchange->status ? exchange->status : 200;

	stream->head = exchange->answer_size ? exchange->answer : "{}";
	stream->total = stream->head_size = exchange->answer_size ? exchange->answer_size : 2;
	stream->pause_ms = sim_real(how, "ms", 100);
	stream->piece = (size_t) sim_real(how, "bytes", 1);
	return queue_stream(stream, code, exchange->content_type, NULL);
}

static enum MHD_Result
oversized(SimExchange *exchange, const json_t *how)
{
	Stream *stream = new_stream(exchange);
	double bytes = sim_real(how, "bytes", 64 * 1024 * 1024);

	stream->head = "{\"padding\":\"";
	stream->head_size = strlen(stream->head);
	stream->block = sim_strdup("xxxxxxxxxxxxxxxx");
	stream->block_size = 16;
	stream->tail = sim_strdup("\"}");
	stream->tail_size = 2;
	stream->total = stream->head_size + (uint64_t) bytes + stream->tail_size;
	return queue_stream(stream, 200, "application/json", NULL);
}

/* A gzip stream of blanks: one fully flushed block, repeated, is the whole of it. */
static enum MHD_Result
gzip_bomb(SimExchange *exchange, const json_t *how)
{
	static const char head[] = "\x1f\x8b\x08\0\0\0\0\0\0\x03";
	static unsigned char blanks[1 << 20];
	Stream *stream = new_stream(exchange);
	uint64_t blocks = (uint64_t) sim_real(how, "bytes", 1u << 30) / sizeof blanks + 1;
	z_stream deflater = {0};
	uLong sum = crc32(0, NULL, 0);
	uLong block_sum;

	memset(blanks, ' ', sizeof blanks);
	stream->block = sim_alloc(65536);
	deflateInit2(&deflater, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY);
	deflater.next_in = blanks;
	deflater.avail_in = sizeof blanks;
	deflater.next_out = (unsigned char *) stream->block;
	deflater.avail_out = 65536;
	deflate(&deflater, Z_FULL_FLUSH);
	deflateEnd(&deflater);
	stream->block_size = 65536 - deflater.avail_out;
	block_sum = crc32(0, blanks, sizeof blanks);
	for (uint64_t i = 0; i < blocks; i++)
		sum = crc32_combine(sum, block_sum, sizeof blanks);

	stream->head = head;
	stream->head_size = 10;
	stream->tail = sim_alloc(10);
	memcpy(stream->tail, "\x03\x00", 2); /* an empty last block */
	for (int i = 0; i < 4; i++)
	{
		stream->tail[2 + i] = (char) (sum >> (8 * i));
		stream->tail[6 + i] = (char) ((blocks * sizeof blanks) >> (8 * i));
	}
	stream->tail_size = 10;
	stream->total = stream->head_size + blocks * stream->block_size + stream->tail_size;
	return queue_stream(stream, 200, "application/json", "gzip");
}

/* Headers without end, written to the socket until the client has had enough. */
typedef struct Flood
{
	SimExchange *exchange;
	uint64_t written;
	uint64_t limit;
} Flood;

static void
flood(void *subject, int fd, uint32_t events)
{
	Flood *state = subject;
	char lines[4096];
	size_t size = 0;
	ssize_t sent;

	(void) events;
	if (state->written == 0)
		size = (size_t) snprintf(lines, sizeof lines, "HTTP/1.1 200 OK\r\n");
	while (size < 4000)
		size += (size_t) snprintf(lines + size,
								  sizeof lines - size,
								  "X-Endless-%llu-%zu: and another one\r\n",
								  (unsigned long long) state->written,
								  size);
	sent = send(fd, lines, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent > 0)
		state->written += (uint64_t) sent;
	if (sent > 0 && state->written < state->limit)
		return;
	sim_unwatch(fd);
	send_reset(fd);
	sim_server_release(state->exchange);
}

static enum MHD_Result
endless_headers(SimExchange *exchange, const json_t *how)
{
	Flood *state = sim_alloc(sizeof(Flood));

	state->exchange = exchange;
	state->limit = (uint64_t) sim_real(how, "bytes", 64 * 1024 * 1024);
	exchange->spoil = state;
	exchange->spoil_free = free;
	exchange->drop = true;
	sim_server_hold(exchange);
	sim_watch(sim_server_socket(exchange), EPOLLOUT, flood, state);
	return MHD_YES;
}

const SimSpoil sim_spoils[] = {
	{"delay_ms",
	 true,
	 false,
	 true,
	 delay,
	 "answer `ms` later; with `processed` false also process only then"},
	{"drop_after_processing", true, false, false, drop, "process, then close without an answer"},
	{"drop_before", false, false, false, drop, "close without processing"},
	{"reset", false, true, false, reset, "RST without processing"},
	{"hang", false, false, false, hang, "no answer until the client leaves, at most `ms`"},
	{"half_body", true, false, false, half_body, "half of the true answer, then close"},
	{"status",
	 false,
	 false,
	 false,
	 status,
	 "`status` with `retry_after` (seconds or text) or `retry_after_date` (seconds from now), `body`"},
	{"redirect", false, false, false, redirect, "`status` (302) with Location `url`"},
	{"garbage", true, false, false, garbage, "2 kB of random bytes as application/json"},
	{"html", true, false, false, html, "a maintenance page, `status` 200"},
	{"empty", true, false, false, empty, "`status` 200 and no body"},
	{"wrong_content_type",
	 true,
	 false,
	 false,
	 wrong_content_type,
	 "the true answer as `content_type`"},
	{"invalid_utf8", true, false, false, invalid_utf8, "the true answer with broken UTF-8 inside"},
	{"deep_json", true, false, false, deep_json, "`depth` nested arrays"},
	{"slow_drip", true, false, false, slow_drip, "the true answer, `bytes` every `ms`"},
	{"oversized", true, false, false, oversized, "valid JSON of `bytes`"},
	{"gzip_bomb", true, false, false, gzip_bomb, "small gzip that unpacks to `bytes` (1 GB)"},
	{"endless_headers", true, true, false, endless_headers, "headers without end, at most `bytes`"},
	{0}};

const SimSpoil *
sim_spoil_find(const char *action)
{
	for (const SimSpoil *spoil = sim_spoils; spoil->action; spoil++)
	{
		if (strcmp(spoil->action, action) == 0)
			return spoil;
	}
	return NULL;
}
