/*
 * cost.h
 *
 * Money of the solver, integer millionths, from and to decimal text.
 */
#ifndef FF_ROUTING_COST_H
#define FF_ROUTING_COST_H

#include "postgres.h"

#include "routing/tariff.h"

/* "4.50", "0.125"; at least two decimals. */
extern char *ff_cost_text(FfCost cost);

/* Of a plain decimal, not negative; digits behind the sixth do not count. */
extern FfCost ff_cost_from_text(const char *decimal);

#endif
