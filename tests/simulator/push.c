/*
 * push.c
 *
 * Events that peers push: each is recorded, so that a test can fetch it and
 * hand it to whatever receives webhooks, and, when a target was set, appended
 * to a file or posted to a loopback URL.  Duplicates and wrong order come from
 * misbehaviour rules with a topic.  One attempt per event; the control
 * interface can send one again.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core.h"

#define EVENTS_KEPT   8192
#define POSTS_AT_ONCE 8

typedef struct Event
{
	long number;
	const char *peer;
	char *topic;
	json_t *headers;
	char *body;
	int status; /* of the last delivery; 0: none, -1: no connection */
	int deliveries;
} Event;

typedef struct Target
{
	char url[SIM_TEXT_SIZE];
	char file[SIM_TEXT_SIZE];
} Target;

/* A delivery on its way. */
typedef struct Post
{
	long event;
	char *text;
	size_t size;
	size_t sent;
	struct Post *next;
} Post;

static Event events[EVENTS_KEPT];
static long event_count;
static Target targets[64]; /* by peer */
static Post *waiting;
static Post **waiting_end = &waiting;
static int posting;
static struct
{
	bool set;
	const SimPeer *peer;
	char *topic;
	json_t *headers;
	char *body;
} kept_back; /* an event that will be sent after the next one */

static void start_posts(void);

static int
peer_index(const char *name)
{
	for (int i = 0; i < sim_peer_count; i++)
	{
		if (name && strcmp(sim_peers[i]->name, name) == 0)
			return i;
	}
	return -1;
}

static Event *
event_of(long number)
{
	Event *event = &events[number % EVENTS_KEPT];

	return number > 0 && event->number == number ? event : NULL;
}

static void
end_post(Post *post, int fd, int status)
{
	Event *event = event_of(post->event);

	if (event)
		event->status = status;
	if (fd >= 0)
	{
		sim_unwatch(fd);
		close(fd);
	}
	free(post->text);
	free(post);
	posting--;
	start_posts();
}

static void
drive_post(void *subject, int fd, uint32_t ready)
{
	Post *post = subject;
	char answer[64] = "";
	int status = 0;
	ssize_t size;

	if ((ready & EPOLLOUT) && post->sent < post->size)
	{
		size = send(fd, post->text + post->sent, post->size - post->sent, MSG_NOSIGNAL);
		if (size < 0 && errno != EAGAIN)
		{
			end_post(post, fd, -1);
			return;
		}
		post->sent += size > 0 ? (size_t) size : 0;
		if (post->sent == post->size)
		{
			sim_unwatch(fd);
			sim_watch(fd, EPOLLIN, drive_post, post);
		}
		return;
	}
	size = recv(fd, answer, sizeof answer - 1, 0);
	if (size <= 0 || sscanf(answer, "HTTP/1.%*d %d", &status) != 1)
		status = -1;
	end_post(post, fd, status);
}

/* http://127.0.0.1:PORT/path, or the same with localhost; nothing else. */
static bool
parse_target(const char *url, int *port, const char **path)
{
	int skipped = 0;

	if (sscanf(url, "http://127.0.0.1:%d%n", port, &skipped) != 1 &&
		sscanf(url, "http://localhost:%d%n", port, &skipped) != 1)
		return false;
	*path = url[skipped] ? url + skipped : "/";
	return **path == '/' && *port > 0 && *port < 65536;
}

static void
start_post(Post *post)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	const char *path;
	int port = 0;
	Event *event = event_of(post->event);
	int peer = event ? peer_index(event->peer) : -1;

	posting++;
	if (peer < 0 || !parse_target(targets[peer].url, &port, &path))
	{
		end_post(post, fd, -1);
		return;
	}
	address.sin_port = htons((uint16_t) port);
	if ((connect(fd, (struct sockaddr *) &address, sizeof address) != 0 && errno != EINPROGRESS) ||
		!sim_watch(fd, EPOLLOUT, drive_post, post))
		end_post(post, fd, -1);
}

static void
start_posts(void)
{
	while (waiting && posting < POSTS_AT_ONCE)
	{
		Post *post = waiting;

		waiting = post->next;
		if (!waiting)
			waiting_end = &waiting;
		start_post(post);
	}
}

static char *
post_text(const Event *event, const char *url)
{
	const char *path = "/";
	int port = 0;
	const char *name;
	json_t *value;
	char *text;

	parse_target(url, &port, &path);
	text = sim_format("POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n"
					  "Content-Length: %zu\r\n",
					  path,
					  port,
					  strlen(event->body));
	json_object_foreach(event->headers, name, value)
	{
		char *longer = sim_format("%s%s: %s\r\n", text, name, json_string_value(value));

		free(text);
		text = longer;
	}
	name = text;
	text = sim_format("%s\r\n%s", name, event->body);
	free((char *) name);
	return text;
}

static json_t *
event_json(const Event *event)
{
	return json_pack("{s:I, s:s, s:s, s:O, s:s, s:i, s:i}",
					 "number",
					 (json_int_t) event->number,
					 "peer",
					 event->peer,
					 "topic",
					 event->topic,
					 "headers",
					 event->headers,
					 "body",
					 event->body,
					 "deliveries",
					 event->deliveries,
					 "status",
					 event->status);
}

static void
deliver(Event *event)
{
	const Target *target = &targets[peer_index(event->peer)];

	if (*target->file)
	{
		FILE *file = fopen(target->file, "a");
		json_t *json = event_json(event);

		if (file)
		{
			json_dumpf(json, file, SIM_WIRE);
			fputc('\n', file);
			fclose(file);
			event->deliveries++;
		}
		json_decref(json);
	}
	if (*target->url)
	{
		Post *post = sim_alloc(sizeof(Post));

		post->event = event->number;
		post->text = post_text(event, target->url);
		post->size = strlen(post->text);
		*waiting_end = post;
		waiting_end = &post->next;
		event->deliveries++;
		start_posts();
	}
}

static void
forget_event(Event *event)
{
	free(event->topic);
	json_decref(event->headers);
	free(event->body);
	*event = (Event){0};
}

static void
record(const SimPeer *peer, const char *topic, json_t *headers, const char *body)
{
	Event *event = &events[++event_count % EVENTS_KEPT];

	forget_event(event);
	*event = (Event){event_count, peer->name, sim_strdup(topic), headers, sim_strdup(body), 0, 0};
	deliver(event);
}

void
sim_emit(const SimPeer *peer, const char *topic, json_t *headers, const char *body)
{
	if (!kept_back.set && sim_misbehave_event(peer, topic, "reorder_event"))
	{
		kept_back.set = true;
		kept_back.peer = peer;
		kept_back.topic = sim_strdup(topic);
		kept_back.headers = headers;
		kept_back.body = sim_strdup(body);
		return;
	}
	if (sim_misbehave_event(peer, topic, "duplicate_event"))
		record(peer, topic, json_incref(headers), body);
	record(peer, topic, headers, body);
	if (kept_back.set)
	{
		kept_back.set = false;
		record(kept_back.peer, kept_back.topic, kept_back.headers, kept_back.body);
		free(kept_back.topic);
		free(kept_back.body);
	}
}

void
sim_push_reset(void)
{
	while (waiting)
	{
		Post *post = waiting;

		waiting = post->next;
		free(post->text);
		free(post);
	}
	waiting_end = &waiting;
	for (int i = 0; i < EVENTS_KEPT; i++)
		forget_event(&events[i]);
	event_count = 0;
	memset(targets, 0, sizeof targets);
	if (kept_back.set)
	{
		free(kept_back.topic);
		free(kept_back.body);
		json_decref(kept_back.headers);
		kept_back.set = false;
	}
}

/* --- control --- */

static void
list_events(SimRequest *request)
{
	json_t *list = json_array();
	long number = sim_query_int(request, "since", 0) + 1;
	const char *peer = sim_query(request, "peer");
	const char *topic = sim_query(request, "topic");

	if (number <= event_count - EVENTS_KEPT)
		number = event_count - EVENTS_KEPT + 1;
	for (; number <= event_count; number++)
	{
		const Event *event = event_of(number);

		if (event && (!peer || strcmp(peer, event->peer) == 0) &&
			(!topic || strcmp(topic, event->topic) == 0))
			json_array_append_new(list, event_json(event));
	}
	sim_reply(
		request, 200, json_pack("{s:I, s:o}", "count", (json_int_t) event_count, "events", list));
}

static void
set_target(SimRequest *request)
{
	int peer = peer_index(sim_text(request->json, "peer", NULL));
	const char *url = sim_text(request->json, "url", "");
	const char *path;
	int port;

	if (peer < 0)
		sim_control_error(request, "There is no such peer.");
	else if (*url && !parse_target(url, &port, &path))
		sim_control_error(request, "url must be http://127.0.0.1:PORT/path: events stay here.");
	else
	{
		snprintf(targets[peer].url, SIM_TEXT_SIZE, "%s", url);
		snprintf(targets[peer].file, SIM_TEXT_SIZE, "%s", sim_text(request->json, "file", ""));
		sim_reply(request, 200, json_incref(request->json));
	}
}

static void
send_again(SimRequest *request)
{
	Event *event = event_of((long) sim_real(request->json, "number", 0));

	if (!event)
		sim_control_error(request, "There is no event with this number, or it was forgotten.");
	else
	{
		deliver(event);
		sim_reply(request, 200, event_json(event));
	}
}

static const SimField target_fields[] = {
	{"peer", SIM_STRING, SIM_REQUIRED}, {"url", SIM_STRING, 0}, {"file", SIM_STRING, 0}, {0}};
static SimSchema target_schema = {"An event target", true, target_fields, NULL};
static const SimField again_fields[] = {{"number", SIM_INTEGER, SIM_REQUIRED}, {0}};
static SimSchema again_schema = {"A repetition", true, again_fields, NULL};

const SimRoute sim_push_controls[] = {
	{"GET", "/events", list_events, NULL, "peer topic since", 0},
	{"POST", "/events/target", set_target, &target_schema, NULL, 0},
	{"POST", "/events/again", send_again, &again_schema, NULL, 0},
	{0}};
