/*
 * stepwise.h
 *
 * The exact answer where cover.c's may be impossible: location after location,
 * so that parts of one location share its stock and its capacity, and counting
 * parts where the order limits them.  Slower by the number of places.
 */
#ifndef FF_ROUTING_STEPWISE_H
#define FF_ROUTING_STEPWISE_H

#include "routing/states.h"

/* Steps it takes: pairs of a state and a content that a place has. */
extern int64_t ff_stepwise_effort(const FfSpace *space);

/*
 * False when it would take more than effort, or when no plan obeys; else the
 * picks (0: ship nothing).  With a place (not -1) that place must ship something.
 */
extern bool ff_stepwise_solve(const FfStates *states, int place, int64_t effort, FfPick **picks,
							  int *npicks);

#endif
