/*
 * space.h
 *
 * A problem reduced to what can be decided.  A *dimension* is a loose line or
 * a group of lines: count bundles, each of one lot of every line in it, less
 * the bundles no location has.  A *place* is a location that could ship
 * something.  A *load* is what a part holds, added up.  All methods of the
 * solver and the search work on these; prices come from ff_place_price only
 * or, state by state for all loads at once, from states.c.
 */
#ifndef FF_ROUTING_SPACE_H
#define FF_ROUTING_SPACE_H

#include "routing/solver.h"

typedef struct FfDimension
{
	int first_line; /* others follow by FfSpace.next_line */
	int nlines;
	int count;
	int64_t weight_g;
	int64_t volume_mm3;
	FfCost value;
	FfCost penalty;
} FfDimension; /* the last four are per bundle */

typedef struct FfPlace
{
	int location;
	const FfRouteLocation *row;
	int *available;     /* per dimension, at most its count */
	FfCost *unit_price; /* per dimension and bundle; NULL: nothing */
	uint64_t **refused; /* per option the set of dimensions it cannot carry; NULL: none */
} FfPlace;

typedef struct FfSpace
{
	const FfProblem *problem;
	FfArena *arena;
	int ndimensions;
	FfDimension *dimensions;
	int *next_line; /* per line: the next of its dimension, -1 at the end */
	int nwords;     /* of a set of dimensions */
	int nplaces;
	FfPlace *places;
	bool whole;          /* nothing of the order was dropped */
	FfCost lost;         /* backorder penalty of what was dropped */
	FfCost all_penalty;  /* of leaving everything in the dimensions unassigned */
	FfCost part_minimum; /* value a part must have */
	/* what carrying costs: ff_tariff_price, or ff_tariff_floor for a bound */
	FfCost (*price)(const FfTariff *tariff, int64_t weight_g, int64_t volume_mm3, FfCost value);
} FfSpace;

typedef struct FfLoad
{
	int64_t weight_g;
	int64_t volume_mm3;
	FfCost value;
	FfCost scarcity; /* unit prices at its place */
	int nlines;
	uint64_t *dimensions; /* the set of those it holds something of */
} FfLoad;

extern void ff_space_build(FfSpace *space, const FfProblem *problem, FfArena *arena);

/* Adds bundles of a dimension to what a place ships (fewer with a negative number). */
extern void ff_load_add(const FfSpace *space, const FfPlace *place, FfLoad *load, int dimension,
						int before, int bundles);

/* Cost of a load as one part, by the cheapest option (the first of equals); FF_COST_NEVER: cannot.
 */
extern FfCost ff_place_price(const FfSpace *space, const FfPlace *place, const FfLoad *load,
							 int *option);

/* What every part of a place costs before its service and contents. */
static inline FfCost
ff_place_fixed(const FfPlace *place)
{
	return place->row->handling + place->row->preference + place->row->shadow_price;
}

static inline FfCost
ff_option_extra(const FfRouteOption *option)
{
	return option->surcharge + option->late + option->preference;
}

/* A part as the methods hand it over: bundles per dimension at a place. */
typedef struct FfPick
{
	int place;
	int *bundles;
} FfPick;

/* Prices the picks into a plan; false when they take more than stock, capacity or max_parts allow.
 */
extern bool ff_plan_build(const FfSpace *space, FfPick *picks, int npicks, FfPlan *plan);

#endif
