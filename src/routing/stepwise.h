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

/* False when it would take more than the problem's effort; else the picks (0: ship nothing). */
extern bool ff_stepwise_solve(const FfStates *states, FfPick **picks, int *npicks);

#endif
