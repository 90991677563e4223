/*
 * poller.h
 *
 * Waits for any number of sockets together with the process latch, postmaster
 * death and a timeout.  Sockets may come and go at any time, which PostgreSQL's
 * WaitEventSet cannot do; so they stand in an epoll set (Linux), and that set is
 * one member of a WaitEventSet.
 */
#ifndef FF_TRANSPORT_POLLER_H
#define FF_TRANSPORT_POLLER_H

#include "postgres.h"

typedef struct FfPoller FfPoller;

#define FF_POLL_READ  1
#define FF_POLL_WRITE 2
#define FF_POLL_ERROR 4

typedef struct FfReady
{
	int socket;
	int events;
} FfReady;

extern FfPoller *ff_poller_create(void);
extern void ff_poller_destroy(FfPoller *poller);

/* Watches a socket for events, or stops watching it when there are none.  Throws nothing; false
 * when the system refuses. */
extern bool ff_poller_watch(FfPoller *poller, int socket, int events);

/*
 * Waits at most timeout_ms (-1: no limit) and answers how many sockets are
 * ready.  *latch tells that the process latch was set; it is reset then.
 * Interrupts are the caller's to check.
 */
extern int ff_poller_wait(FfPoller *poller, long timeout_ms, FfReady *ready, int max, bool *latch);

#endif
