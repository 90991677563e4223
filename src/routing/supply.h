/*
 * supply.h
 *
 * The pool as it is now: stock of the items asked for, slots of the day and what
 * the next one is worth.  What one order is given is gone for the next one of
 * the same call.
 */
#ifndef FF_ROUTING_SUPPLY_H
#define FF_ROUTING_SUPPLY_H

#include "routing/demand.h"
#include "routing/network.h"
#include "routing/pool.h"

typedef struct FfSupply
{
	int64 *items; /* by id; their indexes are the pool's */
	FfPool pool;  /* its locations are the network's */
} FfSupply;

/* The network with the prices of the demands' destinations, with changes as ff_network_load has. */
extern FfNetwork *ff_network_for(int32 merchant_id, const FfDemand *demands, int count,
								 TimestampTz now, const FfJson *changes);

/* Also tells every line the index of its item. */
extern FfSupply *ff_supply_load(const FfNetwork *network, FfDemand *demands, int count);

/* Units that shipments of these orders (bigint[]) hold or took are there again. */
extern void ff_supply_give_back(FfSupply *supply, const FfNetwork *network, FfArgument order_ids);

/* How many slots every location has left of its day. */
extern void ff_supply_count_slots(FfPool *pool, const FfNetwork *network);

/* What the next slot of every location is worth, after some were taken (pacing.h). */
extern void ff_supply_price_slots(FfPool *pool, const FfNetwork *network);

#endif
