/*
 * steps.h
 *
 * The steps of a transfer between the lists of a wire: waiting (for a token or
 * for a name to be resolved), active (in curl's hands), finished.  steps.c
 * decides who may go when; wire.c drives curl and waits.
 */
#ifndef FF_TRANSPORT_STEPS_H
#define FF_TRANSPORT_STEPS_H

#include "postgres.h"

#include "transport/poller.h"
#include "transport/slot.h"

/* How often another process's fetch of a token is looked after. */
#define FF_TOKEN_PAUSE_MS 50

struct FfWire
{
	CURLM *multi;
	FfPoller *poller;
	FfSlot *slots;
	int capacity;
	int room;
	dlist_head free;
	dlist_head waiting;
	dlist_head active;
	dlist_head finished;
	int64 timer_at;       /* when curl wants to be called, in ms; -1 never */
	int64 tokens_seen_at; /* when waiting transfers last looked for their tokens */
	bool tokens_changed;
	bool broken; /* the multi handle or the poller failed: what is active cannot go on */
};

/* The first step of a transfer that was put into a slot. */
extern void ff_step_begin(FfWire *wire, FfSlot *slot);

/* curl is done with a slot's exchange and has let go of it. */
extern void ff_step_end(FfWire *wire, FfSlot *slot, CURLcode code);

/* Lets waiting transfers go on whose token or name has come. */
extern void ff_step_recheck(FfWire *wire, int64 now_ms);

/* Puts a slot among the finished, whatever it was doing. */
extern void ff_step_settle(FfWire *wire, FfSlot *slot);

/* Empties a slot whose transfer goes back to its owner. */
extern void ff_step_free(FfWire *wire, FfSlot *slot);

#endif
