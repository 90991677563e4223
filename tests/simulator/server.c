/*
 * server.c
 *
 * HTTP in and out through libmicrohttpd, driven by loop.c's single thread: an
 * exchange is made when a request line arrives, collects the body, is led to
 * its peer (unless misbehaviour says that the request never arrived) and is
 * answered, held or spoilt.  It decides the order of these steps and nothing
 * about their content.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core.h"

#define BODY_LIMIT (16 * 1024 * 1024)

static struct MHD_Daemon *server;
static bool uses_tls;
static char *certificate_pem;
static char *key_pem;
static SimExchange *held; /* the chain of those that wait */

static char *
read_file(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = sim_alloc(65536);

	if (!file)
	{
		free(text);
		return NULL;
	}
	text[fread(text, 1, 65535, file)] = '\0';
	fclose(file);
	return text;
}

/*
 * A client that writes headers and body apart waits, by Nagle's rule, for the acknowledgement of
 * the headers, which the kernel would hold back for 40 ms.
 */
static void
acknowledge(int fd)
{
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

/* Called with the raw request line's URI before anything else; its result becomes the exchange. */
static void *
begin_exchange(void *unused, const char *uri, struct MHD_Connection *connection)
{
	SimExchange *exchange = sim_alloc(sizeof(SimExchange));

	(void) unused;
	exchange->connection = connection;
	exchange->uri = sim_strdup(uri);
	acknowledge(sim_server_socket(exchange));
	return exchange;
}

static void
end_exchange(void *unused, struct MHD_Connection *connection, void **subject,
			 enum MHD_RequestTerminationCode how)
{
	SimExchange *exchange = *subject;

	(void) unused;
	(void) connection;
	(void) how;
	if (!exchange)
		return;

	/* No timer or watcher can still name it: a held exchange ends only after its release. */
	if (exchange->spoil_free)
		exchange->spoil_free(exchange->spoil);
	json_decref(exchange->request.json);
	json_decref(exchange->headers);
	free(exchange->uri);
	free(exchange->method);
	free(exchange->path);
	free(exchange->parts);
	free(exchange->body);
	free(exchange->answer);
	free(exchange->content_type);
	free(exchange);
	*subject = NULL;
}

static void
collect_body(SimExchange *exchange, const char *data, size_t size)
{
	SimRequest *request = &exchange->request;

	if (request->body_size + size > BODY_LIMIT)
	{
		exchange->body_too_big = true;
		return;
	}
	if (request->body_size + size + 1 > exchange->body_room)
	{
		exchange->body_room = (request->body_size + size + 1) * 2;
		exchange->body = sim_realloc(exchange->body, exchange->body_room);
	}
	memcpy(exchange->body + request->body_size, data, size);
	request->body_size += size;
	exchange->body[request->body_size] = '\0';
}

static void
add_headers(const SimExchange *exchange, struct MHD_Response *response)
{
	const char *name;
	json_t *value;

	if (exchange->content_type)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, exchange->content_type);
	json_object_foreach(exchange->headers, name, value)
		MHD_add_response_header(response, name, json_string_value(value));
}

enum MHD_Result
sim_server_answer(SimExchange *exchange)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		exchange->answer_size, exchange->answer ? exchange->answer : "", MHD_RESPMEM_PERSISTENT);
	enum MHD_Result result;

	/* The exchange outlives its response: it is freed when the request is complete. */
	add_headers(exchange, response);
	result = MHD_queue_response(
		exchange->connection, exchange->status ? (unsigned) exchange->status : 200, response);
	MHD_destroy_response(response);
	return result;
}

void
sim_server_hold(SimExchange *exchange)
{
	exchange->held = true;
	exchange->held_before = NULL;
	exchange->held_after = held;
	if (held)
		held->held_before = exchange;
	held = exchange;
	MHD_suspend_connection(exchange->connection);
}

void
sim_server_release(SimExchange *exchange)
{
	if (!exchange->held)
		return;
	exchange->held = false;
	if (exchange->held_before)
		exchange->held_before->held_after = exchange->held_after;
	else
		held = exchange->held_after;
	if (exchange->held_after)
		exchange->held_after->held_before = exchange->held_before;
	MHD_resume_connection(exchange->connection);
}

static void
release_later(void *exchange, int64_t unused)
{
	(void) unused;
	sim_server_release(exchange);
}

int
sim_server_socket(const SimExchange *exchange)
{
	return MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CONNECTION_FD)
		->connect_fd;
}

void
sim_server_process(SimExchange *exchange)
{
	exchange->processed = true;
	sim_dispatch(exchange);
	sim_journal_answer(exchange, exchange->rule ? sim_misbehave_action(exchange->rule) : NULL);
}

/* The whole request is here. */
static enum MHD_Result
complete(SimExchange *exchange)
{
	SimRequest *request = &exchange->request;
	const SimRule *rule;

	exchange->received = true;
	request->body = exchange->body ? exchange->body : "";
	sim_journal_request(exchange);
	rule = exchange->rule = sim_misbehave_choose(exchange);
	if (!rule || sim_misbehave_processes(rule))
		sim_server_process(exchange);
	else if (!sim_misbehave_late(rule))
		sim_journal_answer(exchange, sim_misbehave_action(rule));
	if (rule)
		return sim_misbehave_perform(exchange);
	if (request->work_ms > 0)
	{
		sim_server_hold(exchange);
		sim_after(request->work_ms, release_later, exchange, 0);
		return MHD_YES;
	}
	return sim_server_answer(exchange);
}

static enum MHD_Result
handle(void *unused, struct MHD_Connection *connection, const char *url, const char *method,
	   const char *version, const char *data, size_t *size, void **subject)
{
	SimExchange *exchange = *subject;

	(void) unused;
	(void) connection;
	(void) version;
	(void) url;
	if (!exchange->method)
	{
		exchange->method = sim_strdup(method);
		exchange->path = sim_format("%.*s", (int) strcspn(exchange->uri, "?"), exchange->uri);
		exchange->parts = sim_strdup(exchange->path);
		sim_dispatch_find(exchange);
		return MHD_YES;
	}
	if (*size)
	{
		collect_body(exchange, data, *size);
		*size = 0;
		return MHD_YES;
	}
	if (!exchange->received)
		return complete(exchange);
	return exchange->drop ? MHD_NO : sim_server_answer(exchange);
}

static struct MHD_Daemon *
start_daemon(const SimOptions *options, const struct sockaddr *address)
{
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO |
					 (uses_tls ? MHD_USE_TLS : 0) |
					 (address->sa_family == AF_INET6 ? MHD_USE_IPv6 : 0);
	struct MHD_OptionItem tls[] = {{MHD_OPTION_HTTPS_MEM_CERT, 0, certificate_pem},
								   {MHD_OPTION_HTTPS_MEM_KEY, 0, key_pem},
								   {MHD_OPTION_END, 0, NULL}};

	/* clang-format off */
	return MHD_start_daemon(flags, (uint16_t) options->port, NULL, NULL, handle, NULL,
							MHD_OPTION_SOCK_ADDR, address,
							MHD_OPTION_URI_LOG_CALLBACK, begin_exchange, NULL,
							MHD_OPTION_NOTIFY_COMPLETED, end_exchange, NULL,
							MHD_OPTION_CONNECTION_LIMIT, 20000u,
							MHD_OPTION_LISTEN_BACKLOG_SIZE, 4096u,
							MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t) 65536,
							MHD_OPTION_CONNECTION_TIMEOUT, 0u,
							uses_tls ? MHD_OPTION_ARRAY : MHD_OPTION_END, tls,
							MHD_OPTION_END);
	/* clang-format on */
}

static void
wake(void *subject, int fd, uint32_t events)
{
	/* MHD_run, which follows every step of the loop, does the work. */
	(void) subject;
	(void) fd;
	(void) events;
}

bool
sim_server_start(const SimOptions *options)
{
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((uint16_t) options->port)};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6,
							   .sin6_port = htons((uint16_t) options->port)};
	const struct sockaddr *address = (struct sockaddr *) &four;

	uses_tls = options->certificate != NULL;
	if (uses_tls && (!(certificate_pem = read_file(options->certificate)) ||
					 !(key_pem = read_file(options->key))))
	{
		fputs("simulator: could not read certificate or key\n", stderr);
		return false;
	}
	if (inet_pton(AF_INET6, options->address, &six.sin6_addr) == 1)
		address = (struct sockaddr *) &six;
	else if (inet_pton(AF_INET, options->address, &four.sin_addr) != 1)
		return false;
	server = start_daemon(options, address);
	if (!server)
	{
		fprintf(
			stderr, "simulator: could not listen on %s port %d\n", options->address, options->port);
		return false;
	}
	return sim_watch(
		MHD_get_daemon_info(server, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd, EPOLLIN, wake, NULL);
}

int
sim_server_port(void)
{
	return MHD_get_daemon_info(server, MHD_DAEMON_INFO_BIND_PORT)->port;
}

bool
sim_server_has_tls(void)
{
	return uses_tls;
}

void
sim_server_run(void)
{
	unsigned long long wait;

	do
	{
		MHD_run(server);
	} while (sim_loop_step(MHD_get_timeout(server, &wait) == MHD_YES ? (int) wait : -1));
}

/* Held requests must be let go before the daemon can stop. */
void
sim_server_stop(void)
{
	sim_unwatch(MHD_get_daemon_info(server, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd);
	while (held)
	{
		held->drop = true;
		sim_server_release(held);
	}
	MHD_run(server);
	MHD_stop_daemon(server);
	free(certificate_pem);
	free(key_pem);
}
