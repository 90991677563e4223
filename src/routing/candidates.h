/*
 * candidates.h
 *
 * The solver's problem for one demand, and the way back from its indexes to
 * locations and offers.
 */
#ifndef FF_ROUTING_CANDIDATES_H
#define FF_ROUTING_CANDIDATES_H

#include "routing/price.h"
#include "routing/rules.h"
#include "routing/solver.h"
#include "routing/supply.h"

typedef struct FfCandidates
{
	const FfNetwork *network;
	const FfPool *pool;
	const FfDemand *demand;
	const FfMatches *matches; /* rules; NULL: none */
	FfProblem problem;
	int *locations;    /* per location of the problem: its index in the network */
	FfOffers *offers;  /* per location of the problem */
	bool awaits_rates; /* nothing is decided before carriers have told their prices */
} FfCandidates;

/* In the current context; alternatives is how many other plans are wanted. */
extern FfCandidates *ff_candidates_build(const FfNetwork *network, const FfPool *pool,
										 const FfDemand *demand, int alternatives);

static inline const FfLocation *
ff_candidate_location(const FfCandidates *candidates, int location)
{
	return &candidates->network->locations[candidates->locations[location]];
}

/* The pool's cell of a line at a location. */
static inline int
ff_candidate_cell(const FfCandidates *candidates, int location, int line)
{
	return ff_pool_cell(
		candidates->pool, candidates->demand->lines[line].stock, candidates->locations[location]);
}

/* Units and slots of a plan are gone from its network and pool for the demands that follow. */
extern void ff_candidates_take(const FfCandidates *candidates, FfNetwork *network, FfPool *pool,
							   const FfPlan *plan);

/* Why units of a line wait that the solution leaves unassigned. */
extern FfReason ff_candidates_waiting(const FfCandidates *candidates, const FfSolution *solution,
									  int line);

#endif
