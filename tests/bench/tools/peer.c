/*
 * peer.c
 *
 * The far end of the measurements: answers any HTTP/1.1 request on the
 * loopback address with what it was given, at once or after a fixed time.  It
 * remembers nothing and checks nothing, so that it is never what is measured.
 *
 *     peer [--delay-ms N] [--silent] [PATH=FILE ...]
 *
 * A request whose path begins with PATH is answered with FILE, any other one
 * with some 300 bytes.  In an answer @SERIAL@ becomes the ten digits of a
 * counter and @ARRIVED@ the microseconds since 1970 at which the request came.
 * With --silent nothing is ever answered.  Prints "listening on 127.0.0.1:PORT"
 * and ends with its standard input.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_ROUTES 16
#define MAX_EVENTS 256
#define MAX_PARTS  16
#define READ_SIZE  65536

typedef struct Answer
{
	const char *path;
	char *text;
	size_t length;
} Answer;

typedef struct Connection
{
	int fd;
	char *in;
	size_t in_length, in_capacity;
	char *out;
	size_t out_length, out_done, out_capacity;
	struct Connection *next_due; /* answers that wait, the oldest first */
	const Answer *answer;
	int64_t arrived;
	int64_t due;
	bool closed;
} Connection;

static Answer routes[MAX_ROUTES];
static int route_count;
#define PAD "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
static Answer usual = {.text = "{\"taken\": true, \"arrived\": @ARRIVED@, \"serial\": @SERIAL@,"
							   " \"pad\": \"" PAD PAD PAD PAD "\"}"};
static int64_t delay_us;
static bool silent;
static int64_t serial;
static int poller;
static Connection *first_due, *last_due;

static void
fail(const char *what)
{
	perror(what);
	exit(1);
}

static int64_t
microseconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void *
grow(void *memory, size_t *capacity, size_t wanted)
{
	if (*capacity >= wanted)
		return memory;
	*capacity = wanted * 2;
	memory = realloc(memory, *capacity);
	if (memory == NULL)
		fail("out of memory");
	return memory;
}

static void
add_text(Connection *connection, const char *text, size_t length)
{
	connection->out =
		grow(connection->out, &connection->out_capacity, connection->out_length + length);
	memcpy(connection->out + connection->out_length, text, length);
	connection->out_length += length;
}

/* The answer with its placeholders filled in; their lengths do not depend on the values. */
static void
add_body(Connection *connection, const Answer *answer)
{
	char value[32];
	const char *rest = answer->text;
	const char *end = answer->text + answer->length;
	const char *at;

	while ((at = memchr(rest, '@', end - rest)) != NULL)
	{
		bool is_serial = strncmp(at, "@SERIAL@", 8) == 0;
		bool is_arrived = strncmp(at, "@ARRIVED@", 9) == 0;

		if (is_serial)
			snprintf(value, sizeof(value), "1%09lld", (long long) serial);
		else if (is_arrived)
			snprintf(value, sizeof(value), "%016lld", (long long) connection->arrived);
		else
			strcpy(value, "@");
		add_text(connection, rest, at - rest);
		add_text(connection, value, strlen(value));
		rest = at + (is_serial ? 8 : is_arrived ? 9 : 1);
	}
	add_text(connection, rest, end - rest);
}

static void
drop(Connection *connection)
{
	close(connection->fd);
	if (connection->answer != NULL)
	{
		connection->closed = true; /* freed when its answer is due */
		return;
	}
	free(connection->in);
	free(connection->out);
	free(connection);
}

static void
watch(Connection *connection, int operation, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = connection};

	if (epoll_ctl(poller, operation, connection->fd, &event) != 0)
		fail("epoll_ctl");
}

/* False when the connection is gone. */
static bool
flush_out(Connection *connection)
{
	while (connection->out_done < connection->out_length)
	{
		ssize_t sent = send(connection->fd,
							connection->out + connection->out_done,
							connection->out_length - connection->out_done,
							MSG_NOSIGNAL);

		if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		{
			watch(connection, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
			return true;
		}
		if (sent < 0)
		{
			drop(connection);
			return false;
		}
		connection->out_done += sent;
	}
	connection->out_done = connection->out_length = 0;
	return true;
}

static bool
answer_now(Connection *connection)
{
	const Answer *answer = connection->answer;
	char head[256];
	size_t begin, body;
	int length;

	connection->answer = NULL;
	serial++;
	begin = connection->out_length;
	add_body(connection, answer);
	body = connection->out_length - begin;
	length =
		snprintf(head,
				 sizeof(head),
				 "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
				 body);
	add_text(connection, head, length); /* makes the room; the head then goes first */
	memmove(connection->out + begin + length, connection->out + begin, body);
	memcpy(connection->out + begin, head, length);
	return flush_out(connection);
}

static const Answer *
find_answer(const char *request, size_t length)
{
	const char *path = memchr(request, ' ', length);

	for (int i = 0; path != NULL && i < route_count; i++)
		if (strncmp(path + 1, routes[i].path, strlen(routes[i].path)) == 0)
			return &routes[i];
	return &usual;
}

/* The length of the first whole request in the buffer; 0 when more must come. */
static size_t
whole_request(const Connection *connection)
{
	const char *end = connection->in_length < 4
						  ? NULL
						  : memmem(connection->in, connection->in_length, "\r\n\r\n", 4);
	size_t head, body = 0;

	if (end == NULL)
		return 0;
	head = end + 4 - connection->in;
	for (const char *line = connection->in; line != NULL && line < end;
		 line = memchr(line, '\n', end - line))
	{
		line += *line == '\n';
		if (strncasecmp(line, "content-length:", 15) == 0)
			body = strtoul(line + 15, NULL, 10);
		if (line == connection->in)
			line++;
	}
	return connection->in_length >= head + body ? head + body : 0;
}

static void
answer_later(Connection *connection)
{
	connection->due = microseconds(CLOCK_MONOTONIC) + delay_us;
	connection->next_due = NULL;
	if (last_due == NULL)
		first_due = connection;
	else
		last_due->next_due = connection;
	last_due = connection;
}

/* Requests of a connection are answered one after the other. */
static void
take_requests(Connection *connection)
{
	size_t length;

	while (connection->answer == NULL && (length = whole_request(connection)) > 0)
	{
		if (!silent)
			connection->answer = find_answer(connection->in, connection->in_length);
		memmove(connection->in, connection->in + length, connection->in_length - length);
		connection->in_length -= length;
		if (silent)
			continue;
		if (delay_us > 0)
			answer_later(connection);
		else if (!answer_now(connection))
			return;
	}
}

static void
receive(Connection *connection)
{
	ssize_t got;

	connection->in =
		grow(connection->in, &connection->in_capacity, connection->in_length + READ_SIZE);
	got = recv(connection->fd, connection->in + connection->in_length, READ_SIZE, 0);
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return;
	if (got <= 0)
	{
		drop(connection);
		return;
	}
	if (connection->in_length == 0)
		connection->arrived = microseconds(CLOCK_REALTIME);
	connection->in_length += got;
	take_requests(connection);
}

static void
answer_due(void)
{
	int64_t now = microseconds(CLOCK_MONOTONIC);

	while (first_due != NULL && first_due->due <= now)
	{
		Connection *connection = first_due;

		first_due = connection->next_due;
		if (first_due == NULL)
			last_due = NULL;
		if (connection->closed)
		{
			free(connection->in);
			free(connection->out);
			free(connection);
		}
		else if (answer_now(connection))
			take_requests(connection);
	}
}

static int
time_to_wait(void)
{
	int64_t wait;

	if (first_due == NULL)
		return -1;
	wait = first_due->due - microseconds(CLOCK_MONOTONIC);
	return wait <= 0 ? 0 : (int) ((wait + 999) / 1000);
}

static void
take_connections(int listener)
{
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0)
	{
		Connection *connection = calloc(1, sizeof(Connection));
		int on = 1;

		if (connection == NULL)
			fail("out of memory");
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		connection->fd = fd;
		watch(connection, EPOLL_CTL_ADD, EPOLLIN);
	}
}

static int
listen_on_loopback(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *) &address, length) != 0 || listen(fd, 4096) != 0 ||
		getsockname(fd, (struct sockaddr *) &address, &length) != 0)
		fail("could not listen");
	printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
	fflush(stdout);
	return fd;
}

static void
read_route(char *argument)
{
	char *equals = strchr(argument, '=');
	Answer *route = &routes[route_count];
	FILE *file;
	size_t capacity = 0, got;

	if (equals == NULL || route_count == MAX_ROUTES || (file = fopen(equals + 1, "rb")) == NULL)
	{
		fprintf(stderr, "peer: not PATH=FILE: %s\n", argument);
		exit(1);
	}
	*equals = '\0';
	route->path = argument;
	do
	{
		route->text = grow(route->text, &capacity, route->length + READ_SIZE);
		got = fread(route->text + route->length, 1, READ_SIZE, file);
		route->length += got;
	} while (got > 0);
	fclose(file);
	route_count++;
}

static void
serve(int listener)
{
	static int input; /* their addresses tell these two from connections */
	struct epoll_event events[MAX_EVENTS];
	struct epoll_event event = {.events = EPOLLIN};

	poller = epoll_create1(0);
	event.data.ptr = &events;
	if (epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event) != 0)
		fail("epoll_ctl");
	event.data.ptr = &input;
	if (epoll_ctl(poller, EPOLL_CTL_ADD, STDIN_FILENO, &event) != 0)
		fail("epoll_ctl");
	for (;;)
	{
		int count = epoll_wait(poller, events, MAX_EVENTS, time_to_wait());

		for (int i = 0; i < count; i++)
		{
			if (events[i].data.ptr == &input)
				return;
			if (events[i].data.ptr == &events)
				take_connections(listener);
			else if (events[i].events & EPOLLOUT)
			{
				Connection *connection = events[i].data.ptr;

				watch(connection, EPOLL_CTL_MOD, EPOLLIN);
				(void) flush_out(connection);
			}
			else
				receive(events[i].data.ptr);
		}
		answer_due();
	}
}

int
main(int count, char **arguments)
{
	usual.length = strlen(usual.text);
	for (int i = 1; i < count; i++)
	{
		if (strcmp(arguments[i], "--silent") == 0)
			silent = true;
		else if (strcmp(arguments[i], "--delay-ms") == 0 && i + 1 < count)
			delay_us = strtoll(arguments[++i], NULL, 10) * 1000;
		else
			read_route(arguments[i]);
	}
	serve(listen_on_loopback());
	return 0;
}
