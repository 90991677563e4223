/*
 * loop.c
 *
 * The bare loop that the engine is measured against: POSTs a body so many
 * times with so many calls at once through one curl multi handle, and keeps
 * nothing.  One thread, connections kept open, sockets waited for by epoll.
 *
 *     loop URL COUNT CONCURRENCY BODY_BYTES
 *
 * Prints: calls per second, microseconds of processor time per call.
 */
#include <curl/curl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>

#define MAX_EVENTS 256

static CURLM *multi;
static int poller;
static long timeout_ms = -1;
static const char *url;
static char *body;
static long body_bytes;
static struct curl_slist *headers;

static size_t
forget(char *data, size_t size, size_t count, void *unused)
{
	return size * count;
}

static int
on_socket(CURL *easy, curl_socket_t socket, int what, void *unused, void *known)
{
	struct epoll_event event = {.data.fd = socket};

	if (what == CURL_POLL_REMOVE)
		return epoll_ctl(poller, EPOLL_CTL_DEL, socket, NULL), 0;
	event.events = (what & CURL_POLL_IN ? EPOLLIN : 0) | (what & CURL_POLL_OUT ? EPOLLOUT : 0);
	if (epoll_ctl(poller, known != NULL ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event) != 0)
		epoll_ctl(poller, EPOLL_CTL_ADD, socket, &event);
	curl_multi_assign(multi, socket, &poller);
	return 0;
}

static int
on_timer(CURLM *unused, long wait_ms, void *unused_either)
{
	timeout_ms = wait_ms;
	return 0;
}

static double
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static double
processor_seconds(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec +
		   (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static CURL *
make_easy(void)
{
	CURL *easy = curl_easy_init();

	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, body_bytes);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, forget);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	return easy;
}

/* Takes what ended, and begins as many again; answers how many ended. */
static long
take_ended(long *left)
{
	CURLMsg *message;
	long ended = 0;
	int queued;

	while ((message = curl_multi_info_read(multi, &queued)) != NULL)
	{
		CURL *easy = message->easy_handle;
		long status = 0;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
		if (message->data.result != CURLE_OK || status != 200)
		{
			fprintf(
				stderr, "loop: %s, status %ld\n", curl_easy_strerror(message->data.result), status);
			exit(1);
		}
		ended++;
		curl_multi_remove_handle(multi, easy);
		if (*left > 0)
		{
			(*left)--;
			curl_multi_add_handle(multi, easy);
		}
		else
			curl_easy_cleanup(easy);
	}
	return ended;
}

static void
call(long count, long concurrency)
{
	struct epoll_event events[MAX_EVENTS];
	long left = count;
	long ended = 0;
	int running;

	for (long i = 0; i < concurrency && left > 0; i++, left--)
		curl_multi_add_handle(multi, make_easy());
	while (ended < count)
	{
		int ready = epoll_wait(poller, events, MAX_EVENTS, (int) timeout_ms);

		for (int i = 0; i < ready; i++)
			curl_multi_socket_action(
				multi,
				events[i].data.fd,
				(events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
					(events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
					(events[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0),
				&running);
		if (ready == 0 || timeout_ms == 0)
			curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
		ended += take_ended(&left);
	}
}

int
main(int count, char **arguments)
{
	long calls, concurrency;
	double began;

	if (count != 5)
	{
		fprintf(stderr, "usage: loop URL COUNT CONCURRENCY BODY_BYTES\n");
		return 1;
	}
	url = arguments[1];
	calls = atol(arguments[2]);
	concurrency = atol(arguments[3]);
	body_bytes = atol(arguments[4]);
	body = malloc(body_bytes + 1);
	memset(body, 'x', body_bytes);
	curl_global_init(CURL_GLOBAL_ALL);
	headers = curl_slist_append(NULL, "Content-Type: application/json");
	headers = curl_slist_append(headers, "Expect:");
	multi = curl_multi_init();
	poller = epoll_create1(0);
	curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, concurrency);
	began = seconds();
	call(calls, concurrency);
	printf("%.1f %.2f\n", calls / (seconds() - began), processor_seconds() * 1e6 / calls);
	return 0;
}
