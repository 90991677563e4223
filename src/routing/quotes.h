/*
 * quotes.h
 *
 * What every place asks for every content of one order, kept: while the orders
 * of a wave are solved again and again only what is left and what it is worth
 * change, and both are added when the quotes are read.  One answer costs about
 * a tenth of a new one.  Only for orders with few states.  Plain C.
 */
#ifndef FF_ROUTING_QUOTES_H
#define FF_ROUTING_QUOTES_H

#include "routing/pool.h"
#include "routing/states.h"

typedef struct FfQuotes
{
	FfProblem problem; /* its rules; no lines, no locations */
	FfSpace space;     /* dimensions and the lines in them; no places */
	FfStates states;   /* numbers and base prices */
	uint64_t *digits;  /* per state: bundles, four bits per dimension */
	uint64_t *most;    /* per place: the bundles it had at the beginning */
	int *location;     /* per place: its location in the pool */
	int *item;         /* per line: in the pool */
	int *lot;
	int *ahead;      /* units that earlier lines want of the same item */
	int keep_back;   /* units of every item it may not touch */
	FfCost all_lost; /* of leaving everything unassigned */
	bool dear;       /* many states: an answer takes much longer than others' */
} FfQuotes;

/*
 * The quotes of a problem whose availability and slots are those of the pool,
 * without its prices; items and locations say where its lines and locations
 * stand there.  NULL when they are too many to keep.
 */
extern FfQuotes *ff_quotes_make(const FfProblem *problem, const int *items, const int *locations,
								int keep_back, FfArena *scratch, FfArena *keep);

/*
 * The cheapest plan at the prices of the pool.  Freely: from what there was at
 * the beginning, and parts of one location may together ask for more; such a
 * plan says what the order would like.  Otherwise from what is left, and false
 * when that takes the solver.
 */
extern bool ff_quotes_solve(const FfQuotes *quotes, const FfPool *pool, bool freely,
							FfArena *scratch, FfOutcome *outcome);

#endif
