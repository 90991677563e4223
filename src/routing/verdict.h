/*
 * verdict.h
 *
 * Why not otherwise: the next best plans, and for every location that ships
 * nothing the reason or how much dearer the best plan with it is.
 */
#ifndef FF_ROUTING_VERDICT_H
#define FF_ROUTING_VERDICT_H

#include "routing/cover.h"

/* Reasons that need no prices; leaves FF_REASON_DEARER, not known by how much, for the rest. */
extern void ff_verdict_reasons(const FfSpace *space, FfSolution *solution);

/* How much dearer, and the alternatives, from an order's states. */
extern void ff_verdict_alternatives(const FfCover *cover, FfSolution *solution);

#endif
