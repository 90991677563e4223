/*
 * states.h
 *
 * Every vector of quantities an order can be cut into, numbered.  The number
 * is mixed radix with the first dimension fastest, so for vectors S <= M (in
 * every dimension) the number of M - S is the difference of their numbers.
 * With the states come what a part of that content costs at each place and at
 * the cheapest place.  Only for orders whose states fit the budget.
 */
#ifndef FF_ROUTING_STATES_H
#define FF_ROUTING_STATES_H

#include "routing/space.h"

typedef struct FfStates
{
	const FfSpace *space;
	int nstates;     /* the last one is everything */
	int *stride;     /* per dimension */
	FfCost *penalty; /* per state: of leaving that content unassigned */
	FfCost **cost;   /* per place and state: as one part; FF_COST_NEVER beyond its stock */
	FfCost *best;    /* per state: at the cheapest place */
	uint16_t *place; /* per state: which that is, the first of equals */
} FfStates;

/* Steps of a dynamic program over all pairs of a state and a part of it; INT64_MAX: too many. */
extern int64_t ff_states_effort(const FfSpace *space);

/* False when states and places together are too many to hold. */
extern bool ff_states_build(FfStates *states, const FfSpace *space);

static inline int
ff_state_digit(const FfStates *states, int state, int dimension)
{
	return state / states->stride[dimension] % (states->space->dimensions[dimension].count + 1);
}

/*
 * Numbers of all vectors of up to limits[d] in dimensions from first on,
 * ascending, into list; answers how many.
 */
extern int ff_states_box(const FfStates *states, int first, const int *limits, int *list);

/* The digits of a state. */
extern void ff_states_digits(const FfStates *states, int state, int *digits);

#endif
