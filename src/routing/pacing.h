/*
 * pacing.h
 *
 * What a slot of the day is worth at a location with a daily capacity.  Every
 * slot taken there raises the price; every slot taken anywhere lowers it by
 * the part that the location can bear of it, capacity / slots expected that
 * day.  So a location that fills faster than the day goes by becomes dear and
 * keeps its last slots for the orders that need them; one that does not costs
 * nothing.  The clock is the number of slots taken at all locations: no order
 * waits for another to read it.
 */
#ifndef FF_ROUTING_PACING_H
#define FF_ROUTING_PACING_H

#include <stdint.h>

typedef struct FfPace
{
	double price; /* in units of the currency, when the clock stood at `at` */
	int64_t at;
	double rise; /* with a slot taken here; 0: the price stays what it is */
	double fall; /* with a slot taken anywhere */
} FfPace;

static inline double
ff_pace_price(const FfPace *pace, int64_t clock)
{
	double fallen = clock > pace->at ? pace->fall * (double) (clock - pace->at) : 0;

	return pace->price > fallen ? pace->price - fallen : 0;
}

/* One slot more. */
static inline void
ff_pace_take(FfPace *pace, int64_t clock)
{
	pace->price = ff_pace_price(pace, clock) + pace->rise;
	pace->at = clock > pace->at ? clock : pace->at;
}

#endif
