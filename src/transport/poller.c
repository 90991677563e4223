/*
 * poller.c
 *
 * An epoll set inside a WaitEventSet; see poller.h.  Knows sockets by number
 * and nothing of what travels through them.
 */
#include "postgres.h"

#include <sys/epoll.h>
#include <unistd.h>

#include "miscadmin.h"
#include "pgstat.h"
#include "storage/fd.h"
#include "storage/latch.h"
#include "utils/memutils.h"

#include "pg/errors.h"
#include "transport/poller.h"

#define MOST_EVENTS 64

struct FfPoller
{
	int sockets; /* the epoll set */
	WaitEventSet *set;
};

#if PG_VERSION_NUM >= 170000
#define SET_OWNER NULL
#else
#define SET_OWNER TopMemoryContext
#endif

/* What pg_stat_activity shows while the wire waits. */
static uint32
wait_event(void)
{
#if PG_VERSION_NUM >= 170000
	static uint32 event = 0;

	if (event == 0)
		event = WaitEventExtensionNew("FulfillmentWire");
	return event;
#else
	return PG_WAIT_EXTENSION;
#endif
}

FfPoller *
ff_poller_create(void)
{
	FfPoller *poller = MemoryContextAllocZero(TopMemoryContext, sizeof(FfPoller));

	ReserveExternalFD();
	poller->sockets = epoll_create1(EPOLL_CLOEXEC);
	if (poller->sockets < 0)
	{
		ReleaseExternalFD();
		pfree(poller);
		ereport(ERROR,
				(errcode(FF_ERR_NOT_READY),
				 errmsg("could not create a set of sockets: %m"),
				 errhint("Raise the limit of open files (ulimit -n) of the server.")));
	}
	poller->set = CreateWaitEventSet(SET_OWNER, 3);
	AddWaitEventToSet(poller->set, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
	if (IsUnderPostmaster)
		AddWaitEventToSet(poller->set, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL, NULL);
	AddWaitEventToSet(poller->set, WL_SOCKET_READABLE, poller->sockets, NULL, NULL);
	return poller;
}

void
ff_poller_destroy(FfPoller *poller)
{
	FreeWaitEventSet(poller->set);
	close(poller->sockets);
	ReleaseExternalFD();
	pfree(poller);
}

bool
ff_poller_watch(FfPoller *poller, int socket, int events)
{
	struct epoll_event event = {.data = {.fd = socket}};

	if (events & FF_POLL_READ)
		event.events |= EPOLLIN;
	if (events & FF_POLL_WRITE)
		event.events |= EPOLLOUT;
	if (events == 0)
		return epoll_ctl(poller->sockets, EPOLL_CTL_DEL, socket, &event) == 0 || errno == ENOENT ||
			   errno == EBADF;

	/* a number may come back for a new socket before the old one was taken out, and the reverse */
	if (epoll_ctl(poller->sockets, EPOLL_CTL_MOD, socket, &event) == 0)
		return true;
	return errno == ENOENT && epoll_ctl(poller->sockets, EPOLL_CTL_ADD, socket, &event) == 0;
}

static int
collect(FfPoller *poller, FfReady *ready, int max)
{
	struct epoll_event events[MOST_EVENTS];
	int count = epoll_wait(poller->sockets, events, Min(max, MOST_EVENTS), 0);

	for (int i = 0; i < count; i++)
	{
		ready[i].socket = events[i].data.fd;
		ready[i].events = 0;
		if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLRDHUP))
			ready[i].events |= FF_POLL_READ;
		if (events[i].events & EPOLLOUT)
			ready[i].events |= FF_POLL_WRITE;
		if (events[i].events & EPOLLERR)
			ready[i].events |= FF_POLL_ERROR;
	}
	return Max(count, 0);
}

int
ff_poller_wait(FfPoller *poller, long timeout_ms, FfReady *ready, int max, bool *latch)
{
	WaitEvent events[3];
	int count = WaitEventSetWait(poller->set, timeout_ms, events, lengthof(events), wait_event());

	*latch = false;
	for (int i = 0; i < count; i++)
	{
		if (events[i].events & WL_LATCH_SET)
		{
			ResetLatch(MyLatch);
			*latch = true;
		}
	}
	return collect(poller, ready, max);
}
