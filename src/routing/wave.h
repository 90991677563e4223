/*
 * wave.h
 *
 * Many orders at once: who gets the last unit and the last slot is decided by
 * what it saves, not by who came first.
 *
 *     ff_wave_price     what slots and units are worth to the orders of the wave
 *     ff_wave_bound     no plan of all orders together costs less (certified)
 *     ff_wave_place     one after the other at those prices, from what is left
 *     ff_wave_improve   a pass of taking out and solving again; how many are better off
 *
 * Prices come from a Lagrangian: as long as more is wanted of a cell than there
 * is, it gets dearer.  Every step may be left early, since the next one only
 * wants prices, whatever they are.  The caller knows clocks and deadlines and
 * solves, through ask, what is too large for quotes.  The same wave always gets
 * the same answer.  Plain C.
 */
#ifndef FF_ROUTING_WAVE_H
#define FF_ROUTING_WAVE_H

#include "routing/quotes.h"

typedef struct FfContender
{
	FfQuotes *quotes; /* NULL: too large to keep, asked anew */
	bool coarse;      /* the quotes do not part lines; what it gets in the end is asked for */
	int nlines;
	const int *items;  /* per line: in the pool */
	FfOutcome outcome; /* what it has now; while prices are looked for, what it would like */
	int room_slots;
	int room_taken;
	int solved_at; /* when it was last looked at, in changes of the pool */
} FfContender;

typedef struct FfWave
{
	FfPool *pool; /* what there is, and gets less */
	FfPool start; /* what there was, with the prices that were found */
	int *wanted;  /* per location: slots that the wave may count on; FF_ANY_SLOTS: any number */
	int count;
	FfContender *contenders;
	FfArena *scratch; /* of one solution */
	FfArena *keep;    /* of the wave */
	int changes;      /* of the pool, counted */
	int *freed_items; /* per item: the last change that gave some back */
	int freed_slot;   /* the last change that opened a full location */
	FfCost scale;     /* what an order usually costs; steps of prices are shares of it */

	/* Solves a contender without quotes, freely or from what is left, at the prices of the pool. */
	void (*ask)(struct FfWave *wave, int contender, const FfPool *pool, bool freely,
				FfOutcome *outcome);
	/* Called now and then with what is done of a step; false: time is up. */
	bool (*go_on)(struct FfWave *wave, int done);
	void *context; /* the caller's */
} FfWave;

/* pool, count, contenders with their items, arenas and functions are set by the caller. */
extern void ff_wave_init(FfWave *wave);

/* scarcity.c: at most so many rounds over all orders; answers how many there were. */
extern int ff_wave_price(FfWave *wave, int rounds);

extern FfCost ff_wave_bound(FfWave *wave);

/* What all orders cost as they are planned now, without prices of scarce things. */
extern FfCost ff_wave_cost(const FfWave *wave);

extern void ff_wave_place(FfWave *wave);
extern int ff_wave_improve(FfWave *wave);

/* For scarcity.c: solves one at the prices of the start and keeps what it would like. */
extern void ff_wave_wish(FfWave *wave, int contender);

#endif
