/*
 * supply.h
 *
 * Stock of the items asked for at every location, as it is now; what one order
 * is given is gone for the next one of the same call.
 */
#ifndef FF_ROUTING_SUPPLY_H
#define FF_ROUTING_SUPPLY_H

#include "routing/demand.h"
#include "routing/network.h"

typedef struct FfStock
{
	int32 free;   /* on hand, not reserved */
	int32 safety; /* not to be promised */
} FfStock;

typedef struct FfSupply
{
	int nitems;
	int64 *items; /* by id */
	int nlocations;
	FfStock *stock; /* per item and location of the network */
} FfSupply;

/* Also tells every line the index of its item. */
extern FfSupply *ff_supply_load(const FfNetwork *network, FfDemand *demands, int count);

static inline FfStock *
ff_supply_at(const FfSupply *supply, const FfDemandLine *line, int location)
{
	return &supply->stock[line->stock * supply->nlocations + location];
}

#endif
