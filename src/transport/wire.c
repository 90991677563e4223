/*
 * wire.c
 *
 * The wire itself: makes it, drives curl, waits, hands transfers back; see
 * wire.h.  Which transfer may go when is decided in steps.c, what one exchange
 * looks like in slot.c.
 *
 * While curl runs, all signals are blocked: the threads it makes to resolve
 * names inherit that, so no handler of PostgreSQL ever runs in one of them.
 */
#include "postgres.h"

#include <curl/curl.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>

#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/memutils.h"

#include "pg/errors.h"
#include "pg/guc.h"
#include "transport/kept.h"
#include "transport/steps.h"
#include "transport/wire.h"

/* Two sockets may be open for one call while IPv6 and IPv4 are tried side by side. */
#define FILES_PER_TRANSFER 2
/* What the rest of the process is left with. */
#define FILES_OF_SERVER  256
#define FEWEST_TRANSFERS 8

#define READY_AT_ONCE 64

static int64
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

const char *
ff_fate_name(FfFate fate)
{
	static const char *const names[] = {[FF_FATE_PENDING] = "pending",
										[FF_FATE_ANSWERED] = "answered",
										[FF_FATE_NOT_SENT] = "not_sent",
										[FF_FATE_LOST] = "lost",
										[FF_FATE_OVERSIZED] = "oversized"};

	return names[fate];
}

/* curl's wishes: which sockets to watch, when to be called */

static int
want_socket(CURL *easy, curl_socket_t socket, int what, void *argument, void *unused)
{
	FfWire *wire = argument;
	int events = 0;

	if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
		events |= FF_POLL_READ;
	if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
		events |= FF_POLL_WRITE;
	if (!ff_poller_watch(wire->poller, socket, events))
		wire->broken = true;
	return 0;
}

static int
want_timer(CURLM *multi, long timeout_ms, void *argument)
{
	FfWire *wire = argument;

	wire->timer_at = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
	return 0;
}

/* making and ending a wire */

static int
affordable(int wanted)
{
	struct rlimit limit;
	int64 files = max_safe_fds;
	int capacity;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
		files = Min(files, (int64) limit.rlim_cur);
	capacity = (int) ((files - FILES_OF_SERVER) / FILES_PER_TRANSFER);
	capacity = Min(wanted, Max(capacity, FEWEST_TRANSFERS));
	if (capacity < wanted)
		ereport(LOG,
				(errmsg("there is room for %d calls at once instead of %d", capacity, wanted),
				 errhint("Raise max_files_per_process and the limit of open files (ulimit -n), "
						 "or lower fulfillment.max_concurrency.")));
	return capacity;
}

static CURLM *
make_multi(FfWire *wire)
{
	static bool ready = false;
	CURLM *multi = NULL;

	if (!ready)
		ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
	if (ready)
		multi = curl_multi_init();
	if (multi == NULL ||
		curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, want_socket) != CURLM_OK ||
		curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, wire) != CURLM_OK ||
		curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, want_timer) != CURLM_OK ||
		curl_multi_setopt(multi, CURLMOPT_TIMERDATA, wire) != CURLM_OK ||
		curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long) wire->capacity) != CURLM_OK)
	{
		curl_multi_cleanup(multi);
		return NULL;
	}
	return multi;
}

FfWire *
ff_wire_create(int max_transfers)
{
	int capacity = affordable(max_transfers > 0 ? max_transfers : ff_guc_max_concurrency);
	FfWire *wire = MemoryContextAllocZero(TopMemoryContext, sizeof(FfWire));

	wire->slots = MemoryContextAllocZero(TopMemoryContext, capacity * sizeof(FfSlot));
	wire->capacity = capacity;
	wire->room = capacity;
	wire->timer_at = -1;
	dlist_init(&wire->free);
	dlist_init(&wire->waiting);
	dlist_init(&wire->active);
	dlist_init(&wire->finished);
	for (int i = 0; i < capacity; i++)
		dlist_push_tail(&wire->free, &wire->slots[i].node);
	wire->poller = ff_poller_create();
	wire->multi = make_multi(wire);
	if (wire->multi == NULL)
	{
		ff_poller_destroy(wire->poller);
		ereport(ERROR,
				(errcode(FF_ERR_NOT_READY),
				 errmsg("could not initialise libcurl"),
				 errdetail("This is libcurl %s.", curl_version_info(CURLVERSION_NOW)->version)));
	}
	for (int i = 0; i < capacity; i++)
		ReserveExternalFD();
	return wire;
}

void
ff_wire_destroy(FfWire *wire)
{
	if (wire == NULL)
		return;
	for (int i = 0; i < wire->capacity; i++)
	{
		FfSlot *slot = &wire->slots[i];

		if (slot->state != FF_SLOT_FREE)
			ff_wire_cancel(wire, slot->transfer);
		curl_easy_cleanup(slot->easy);
		free(slot->head.data);
		free(slot->body.data);
		ReleaseExternalFD();
	}
	curl_multi_cleanup(wire->multi);
	ff_poller_destroy(wire->poller);
	pfree(wire->slots);
	pfree(wire);
}

int
ff_wire_capacity(const FfWire *wire)
{
	return wire->capacity;
}

int
ff_wire_room(const FfWire *wire)
{
	return wire->room;
}

int
ff_wire_busy(const FfWire *wire)
{
	return wire->capacity - wire->room;
}

void
ff_wire_start(FfWire *wire, FfTransfer *transfer)
{
	FfSlot *slot;

	if (wire->room == 0)
		elog(ERROR, "no room on the wire");
	slot = dlist_container(FfSlot, node, dlist_head_node(&wire->free));
	slot->transfer = transfer;
	transfer->fate = FF_FATE_PENDING;
	memset(&transfer->reply, 0, sizeof(FfReply));
	transfer->reply.body = "";
	transfer->error[0] = '\0';
	transfer->unauthorized = false;
	transfer->retry_after_s = -1;
	transfer->token_generation = 0;
	transfer->peer_address[0] = '\0';
	memset(&transfer->timings, 0xff, sizeof(FfTimings)); /* all -1 */
	ff_step_begin(wire, slot);
	/* last: when memory ran out above, the slot is still free */
	wire->room--;
}

static void
collect(FfWire *wire)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(wire->multi, &left)) != NULL)
	{
		CURLcode code = message->data.result;
		CURL *easy = message->easy_handle;
		FfSlot *slot = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **) &slot);
		if (code == CURLE_OK)
			ff_kept_note(easy);
		curl_multi_remove_handle(wire->multi, easy);
		ff_step_end(wire, slot, code);
	}
}

/* Ends all that is active when curl or the system cannot go on. */
static void
abandon(FfWire *wire)
{
	dlist_mutable_iter place;

	wire->broken = false;
	dlist_foreach_modify (place, &wire->active)
	{
		FfSlot *slot = dlist_container(FfSlot, node, place.cur);

		curl_multi_remove_handle(wire->multi, slot->easy);
		ff_step_end(wire, slot, CURLE_OUT_OF_MEMORY);
	}
}

/* Runs curl for the sockets that are ready and for its timer. */
static void
drive(FfWire *wire, const FfReady *ready, int count)
{
	sigset_t all;
	sigset_t before;
	int running;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (int i = 0; i < count; i++)
	{
		int events = (ready[i].events & FF_POLL_READ ? CURL_CSELECT_IN : 0) |
					 (ready[i].events & FF_POLL_WRITE ? CURL_CSELECT_OUT : 0) |
					 (ready[i].events & FF_POLL_ERROR ? CURL_CSELECT_ERR : 0);

		if (curl_multi_socket_action(wire->multi, ready[i].socket, events, &running) != CURLM_OK)
			wire->broken = true;
	}
	if (wire->timer_at >= 0 && wire->timer_at <= now_ms())
	{
		wire->timer_at = -1;
		if (curl_multi_socket_action(wire->multi, CURL_SOCKET_TIMEOUT, 0, &running) != CURLM_OK)
			wire->broken = true;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* How long may be waited before something is due. */
static long
pause_ms(FfWire *wire, int64 deadline)
{
	int64 now = now_ms();
	int64 until = deadline;

	if (!dlist_is_empty(&wire->finished))
		return 0;
	if (wire->timer_at >= 0 && (until < 0 || wire->timer_at < until))
		until = wire->timer_at;
	if (!dlist_is_empty(&wire->waiting) && (until < 0 || now + FF_TOKEN_PAUSE_MS < until))
		until = now + FF_TOKEN_PAUSE_MS;
	return until < 0 ? -1 : (long) Max(until - now, 0);
}

bool
ff_wire_wait(FfWire *wire, int timeout_ms)
{
	int64 deadline = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
	FfReady ready[READY_AT_ONCE];
	bool latch;

	do
	{
		int count =
			ff_poller_wait(wire->poller, pause_ms(wire, deadline), ready, READY_AT_ONCE, &latch);

		drive(wire, ready, count);
		collect(wire);
		if (wire->broken)
			abandon(wire);
		ff_step_recheck(wire, now_ms());
		CHECK_FOR_INTERRUPTS();
	} while (!latch && dlist_is_empty(&wire->finished) && (deadline < 0 || now_ms() < deadline));
	return latch;
}

FfTransfer *
ff_wire_next_finished(FfWire *wire)
{
	MemoryContext before;
	FfTransfer *transfer;
	FfSlot *slot;

	if (dlist_is_empty(&wire->finished))
		return NULL;
	slot = dlist_container(FfSlot, node, dlist_head_node(&wire->finished));
	transfer = slot->transfer;
	before = MemoryContextSwitchTo(transfer->context);
	if (!ff_slot_reply(slot, &transfer->reply))
	{
		transfer->fate = FF_FATE_LOST;
		strlcpy(transfer->error, "there was no memory for the answer", FF_WIRE_ERROR_SIZE);
	}
	MemoryContextSwitchTo(before);
	ff_step_free(wire, slot);
	return transfer;
}

void
ff_wire_cancel(FfWire *wire, FfTransfer *transfer)
{
	for (int i = 0; i < wire->capacity; i++)
	{
		FfSlot *slot = &wire->slots[i];

		if (slot->state == FF_SLOT_FREE || slot->transfer != transfer)
			continue;
		if (slot->state == FF_SLOT_CALL || slot->state == FF_SLOT_TOKEN_CALL)
			curl_multi_remove_handle(wire->multi, slot->easy);
		if (slot->state != FF_SLOT_FINISHED)
		{
			transfer->fate =
				slot->state == FF_SLOT_CALL && slot->sent ? FF_FATE_LOST : FF_FATE_NOT_SENT;
			strlcpy(transfer->error, "the call was given up", FF_WIRE_ERROR_SIZE);
			ff_step_settle(wire, slot);
		}
		ff_step_free(wire, slot);
		return;
	}
}
