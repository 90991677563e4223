/*
 * decision.h
 *
 * A decision as it is stored and explained: the plan with its cost parts, the
 * next best plans, why not the other locations, what waits and why.
 */
#ifndef FF_ROUTING_DECISION_H
#define FF_ROUTING_DECISION_H

#include "pg/json.h"
#include "routing/candidates.h"

typedef struct FfDecision
{
	char *cost; /* decimal text */
	char *gap;
	bool exact;
	char *chosen; /* JSON text, as columns of type json hold it */
	char *alternatives;
	char *rejected;
	char *waiting;
} FfDecision;

/* In the current context. */
extern FfDecision *ff_decision_make(const FfCandidates *candidates, const FfSolution *solution);

#endif
