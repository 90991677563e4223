/*
 * solver.h
 *
 * Which location ships which units of one order by which service, at the
 * least cost.  A pure function on plain structs: no PostgreSQL, no clock, no
 * tables.  The same problem always gets the same answer; equal costs are
 * decided by the order in which locations and options are given.
 *
 * A *part* is what one location ships by one option (a service with its
 * price for this destination).  The plan minimises
 *
 *     handling + picking + shipping + surcharge + late + preference + scarcity   of every part
 *     + split_penalty * (parts - 1)
 *     + backorder_penalty of every unit left unassigned
 *
 * within stock, capacity, what options carry, max_parts, groups, ship_complete
 * and min_part_value.  Prices may be any function of the content; penalties and
 * preferences are not negative.
 *
 * Call ff_solve.  solver.c chooses the method, cover.c and stepwise.c are
 * exact, search.c is bounded, verdict.c says why not the others.
 */
#ifndef FF_ROUTING_SOLVER_H
#define FF_ROUTING_SOLVER_H

#include <stdbool.h>
#include <stdint.h>

#include "routing/arena.h"
#include "routing/tariff.h"

typedef enum FfReason
{
#define FF_REASON(symbol, name, sentence) FF_REASON_##symbol,
#include "routing/reasons.h"
#undef FF_REASON
	FF_REASON_COUNT
} FfReason;

extern const char *ff_reason_name(FfReason reason);
extern const char *ff_reason_sentence(FfReason reason);

typedef struct FfRouteLine
{
	int quantity; /* still to assign; greater than 0, a multiple of lot */
	int lot;      /* so many units are never parted; 1 for loose units */
	int group;    /* lines of a group (not 0) go lot by lot together, so quantity / lot agrees */
	int64_t weight_g;
	int64_t volume_mm3;
	FfCost value;
	FfCost backorder_penalty;
} FfRouteLine; /* the last four are per unit */

typedef struct FfRouteOption
{
	int tariff;             /* index into the problem's tariffs */
	FfCost surcharge;       /* per part */
	FfCost late;            /* what arriving then costs */
	FfCost preference;      /* rules' opinion of this service */
	const uint8_t *refused; /* per line a FfReason not to carry it; NULL: carries everything */
} FfRouteOption;

typedef struct FfRouteLocation
{
	FfReason excluded;        /* not FF_REASON_NONE: not a candidate, and why */
	FfCost handling;          /* per part */
	FfCost pick;              /* per order line in a part */
	FfCost preference;        /* per part: rules' opinion of this location */
	FfCost shadow_price;      /* per part: what a unit of its scarce capacity is worth */
	int capacity;             /* parts it can still ship today; negative: any number */
	const int *available;     /* per line: units; 0 where refused */
	const uint8_t *refused;   /* per line a FfReason for what is missing there; NULL: no stock */
	const FfCost *unit_price; /* per line and unit: what its scarce stock is worth; NULL: nothing */
	int noptions;
	const FfRouteOption *options;
} FfRouteLocation;

typedef struct FfProblem
{
	int nlines;
	const FfRouteLine *lines;
	int nlocations;
	const FfRouteLocation *locations;
	int ntariffs;
	const FfTariff *tariffs;

	FfCost split_penalty;
	FfCost min_part_value; /* a part is worth this, or is all there is to ship; 0: no minimum */
	int max_parts;         /* 0: any number */
	bool ship_complete;    /* all now or nothing now */

	int alternatives; /* how many other plans to report */
	bool plan_only;   /* neither other plans nor verdicts are asked for */
	int64_t effort;   /* steps an exact answer may take; 0: FF_SOLVER_EFFORT */
} FfProblem;

#define FF_SOLVER_EFFORT INT64_C(4000000)

typedef struct FfPartCost
{
	FfCost handling;
	FfCost picking;
	FfCost shipping;
	FfCost surcharge;
	FfCost late;
	FfCost preference;
	FfCost scarcity;
} FfPartCost;

typedef struct FfPart
{
	int location;
	int option;    /* of that location */
	int *quantity; /* per line */
	int64_t weight_g;
	int64_t parcels;
	FfPartCost cost;
} FfPart;

typedef struct FfPlan
{
	int nparts; /* in the order of their locations */
	FfPart *parts;
	int *backorder; /* per line */
	FfCost split;
	FfCost backorder_cost;
	FfCost total;
} FfPlan;

/* Of a location that ships nothing in the plan. */
typedef struct FfRouteVerdict
{
	FfReason reason;
	FfCost dearer; /* with FF_REASON_DEARER: the best plan with it, at least; FF_COST_NEVER: not
					  known */
} FfRouteVerdict;

typedef struct FfSolution
{
	FfPlan plan;
	int nalternatives; /* cheapest first, each from another set of locations */
	FfPlan *alternatives;
	FfRouteVerdict *verdicts; /* per location */
	bool exact;
	FfCost gap; /* no plan is cheaper than plan.total by more than this */
} FfSolution;

/* The answer lives in the arena. */
extern void ff_solve(const FfProblem *problem, FfArena *arena, FfSolution *solution);

#endif
