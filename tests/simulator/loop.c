/*
 * loop.c
 *
 * The one place that waits: sockets, signals, standard input and timers share
 * one epoll, so the whole simulator is a single thread and needs no lock.
 * Two clocks: real time for delays, simulated time for what happens in the
 * peers' world; both are heaps of timers.  Knows nothing of HTTP.
 */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "core.h"

typedef struct Timer
{
	double due;
	uint64_t order; /* equal times fire in the order they were set */
	void (*call)(void *subject, int64_t detail);
	void *subject;
	int64_t detail;
} Timer;

typedef struct Heap
{
	Timer *timers;
	size_t count;
	size_t room;
} Heap;

typedef struct Watcher
{
	int fd;
	bool dead;
	void (*call)(void *subject, int fd, uint32_t events);
	void *subject;
	struct Watcher *next;
} Watcher;

static int epoll_fd = -1;
static int signal_fd = -1;
static bool ending;
static Watcher *watchers;
static Heap real_timers;
static Heap simulated_timers;
static uint64_t timer_order;

static double initial_speed;
static double clock_speed;
static double clock_base; /* simulated time at clock_origin */
static double clock_origin;

static double
monotonic(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

double
sim_wall(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

double
sim_now(void)
{
	return clock_base + (monotonic() - clock_origin) * clock_speed;
}

void
sim_clock_reset(void)
{
	clock_base = sim_wall();
	clock_origin = monotonic();
	clock_speed = initial_speed;
	simulated_timers.count = 0;
}

void
sim_clock_set_speed(double speed)
{
	clock_base = sim_now();
	clock_origin = monotonic();
	clock_speed = speed;
}

double
sim_clock_speed(void)
{
	return clock_speed;
}

static bool
earlier(const Timer *a, const Timer *b)
{
	return a->due < b->due || (a->due == b->due && a->order < b->order);
}

static void
sink(Heap *heap, size_t at)
{
	for (;;)
	{
		size_t least = at;

		for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < heap->count; child++)
		{
			if (earlier(&heap->timers[child], &heap->timers[least]))
				least = child;
		}
		if (least == at)
			return;
		Timer moved = heap->timers[at];

		heap->timers[at] = heap->timers[least];
		heap->timers[least] = moved;
		at = least;
	}
}

static void
push_timer(Heap *heap, Timer timer)
{
	size_t at = heap->count++;

	if (heap->count > heap->room)
	{
		heap->room = heap->room ? heap->room * 2 : 64;
		heap->timers = sim_realloc(heap->timers, heap->room * sizeof(Timer));
	}
	timer.order = ++timer_order;
	while (at > 0 && earlier(&timer, &heap->timers[(at - 1) / 2]))
	{
		heap->timers[at] = heap->timers[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	heap->timers[at] = timer;
}

static void
run_timers(Heap *heap, double now)
{
	while (heap->count && heap->timers[0].due <= now)
	{
		Timer due = heap->timers[0];

		heap->timers[0] = heap->timers[--heap->count];
		sink(heap, 0);
		due.call(due.subject, due.detail);
	}
}

void
sim_clock_move(double seconds)
{
	clock_base += seconds;
	run_timers(&simulated_timers, sim_now());
}

void
sim_after(double ms, void (*call)(void *subject, int64_t detail), void *subject, int64_t detail)
{
	push_timer(&real_timers, (Timer){monotonic() + ms / 1000, 0, call, subject, detail});
}

void
sim_at(double when, void (*call)(void *subject, int64_t detail), void *subject, int64_t detail)
{
	push_timer(&simulated_timers, (Timer){when, 0, call, subject, detail});
}

void
sim_cancel(const void *subject)
{
	size_t kept = 0;

	for (size_t i = 0; i < real_timers.count; i++)
	{
		if (real_timers.timers[i].subject != subject)
			real_timers.timers[kept++] = real_timers.timers[i];
	}
	real_timers.count = kept;
	for (size_t i = kept / 2 + 1; i-- > 0;)
	{
		if (i < kept)
			sink(&real_timers, i);
	}
}

bool
sim_watch(int fd, uint32_t events, void (*call)(void *subject, int fd, uint32_t events),
		  void *subject)
{
	Watcher *watcher = sim_alloc(sizeof(Watcher));
	struct epoll_event event = {.events = events, .data.ptr = watcher};

	*watcher = (Watcher){fd, false, call, subject, watchers};
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
	{
		free(watcher);
		return false;
	}
	watchers = watcher;
	return true;
}

void
sim_unwatch(int fd)
{
	for (Watcher *watcher = watchers; watcher; watcher = watcher->next)
	{
		if (watcher->fd == fd && !watcher->dead)
		{
			watcher->dead = true; /* freed after the batch that may still name it */
			epoll_ctl(epoll_fd, EPOLL_CTL_DEL, fd, NULL);
			return;
		}
	}
}

static void
bury_watchers(bool all)
{
	for (Watcher **link = &watchers; *link;)
	{
		Watcher *watcher = *link;

		if (!watcher->dead && !all)
		{
			link = &watcher->next;
			continue;
		}
		*link = watcher->next;
		free(watcher);
	}
}

static void
read_signal(void *subject, int fd, uint32_t events)
{
	(void) subject;
	(void) fd;
	(void) events;
	ending = true;
}

static void
read_input(void *subject, int fd, uint32_t events)
{
	char ignored[512];

	(void) subject;
	(void) events;
	if (read(fd, ignored, sizeof ignored) <= 0)
		ending = true;
}

bool
sim_loop_start(double speed)
{
	sigset_t signals;

	initial_speed = speed;
	sim_clock_reset();
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
	if (epoll_fd < 0 || signal_fd < 0 || !sim_watch(signal_fd, EPOLLIN, read_signal, NULL))
		return false;

	/* A standard input that cannot be waited for (/dev/null, a file) is not watched. */
	sim_watch(STDIN_FILENO, EPOLLIN, read_input, NULL);
	return true;
}

/* How long until the next timer, at most limit. */
static int
next_wait(int limit)
{
	double wait = limit < 0 ? 3600 : limit / 1000.0;

	if (real_timers.count)
		wait = fmin(wait, real_timers.timers[0].due - monotonic());
	if (simulated_timers.count && clock_speed > 0)
		wait = fmin(wait, (simulated_timers.timers[0].due - sim_now()) / clock_speed);
	return wait <= 0 ? 0 : (int) ceil(fmin(wait, 3600) * 1000);
}

bool
sim_loop_step(int timeout_ms)
{
	struct epoll_event events[64];
	int count = epoll_wait(epoll_fd, events, 64, next_wait(timeout_ms));

	for (int i = 0; i < count; i++)
	{
		Watcher *watcher = events[i].data.ptr;

		if (!watcher->dead)
			watcher->call(watcher->subject, watcher->fd, events[i].events);
	}
	bury_watchers(false);
	run_timers(&real_timers, monotonic());
	run_timers(&simulated_timers, sim_now());
	return !ending;
}

void
sim_loop_end(void)
{
	ending = true;
}

void
sim_loop_stop(void)
{
	bury_watchers(true);
	free(real_timers.timers);
	free(simulated_timers.timers);
	close(signal_fd);
	close(epoll_fd);
}
