/*
 * contest.h
 *
 * Demands of one call compete for a pool: a wave (wave.h) over tables.  What
 * comes out is a plan for each of them, taken from the pool.
 */
#ifndef FF_ROUTING_CONTEST_H
#define FF_ROUTING_CONTEST_H

#include "routing/supply.h"
#include "routing/wave.h"

/* How a wave went. */
typedef struct FfContest
{
	FfWave wave;
	const FfNetwork *network;
	FfDemand *demands; /* per contender */
	FfArena scratch;
	FfArena keep;
	int *open_slots; /* per location: any number where there was one at the beginning */
	TimestampTz deadline;
	FfCost bound;
	int rounds;
	int passes;
	bool in_time; /* it ended because nothing more was to be gained */
} FfContest;

/*
 * Finds plans and takes them from the pool, whose prices are afterwards those
 * that are to count when a plan is looked at by itself.
 */
extern FfContest *ff_contest_run(const FfNetwork *network, FfPool *pool, FfDemand *demands,
								 int count);

/* Only what slots (per location) and units (per cell) are worth to the demands. */
extern void ff_contest_prices(const FfNetwork *network, FfPool *pool, FfDemand *demands, int count,
							  FfCost *slot_prices, FfCost *stock_prices);

/* A contender's plan goes back into the pool. */
extern void ff_contest_give_back(FfContest *contest, int contender);

#endif
