/*
 * search.h
 *
 * Orders with too many states: a bounded search for a good plan, and a bound
 * that says how good it is.
 */
#ifndef FF_ROUTING_SEARCH_H
#define FF_ROUTING_SEARCH_H

#include "routing/space.h"

/* The best picks found (arena); answers how many, 0: ship nothing. */
extern int ff_search(const FfSpace *space, FfPick **picks);

/* No plan costs less, what the space lost included. */
extern FfCost ff_search_bound(const FfSpace *space);

#endif
