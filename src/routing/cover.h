/*
 * cover.h
 *
 * The cheapest cover of an order by parts, each at the place cheapest for its
 * content.  Two parts may land at one place and together want more than it
 * has; then the cover is a lower bound, and stepwise.c is to be asked.  With
 * loose single units that cannot happen, which makes this the usual way.
 */
#ifndef FF_ROUTING_COVER_H
#define FF_ROUTING_COVER_H

#include "routing/states.h"

typedef struct FfCover
{
	const FfStates *states;
	FfCost *rest; /* per state: of disposing of it when another part was there before */
	int *part;    /* per state: the part to begin with; 0: leave a bundle of the first dimension */
} FfCover;

extern void ff_cover_build(FfCover *cover, const FfStates *states);

/* The least total, without what the space lost, and the part it begins with (0: ship nothing). */
extern FfCost ff_cover_total(const FfCover *cover, int *part);

/* A part at a place, then the best of what remains.  Answers how many picks (arena). */
extern int ff_cover_picks(const FfCover *cover, int place, int part, FfPick **picks);

#endif
