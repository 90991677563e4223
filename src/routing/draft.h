/*
 * draft.h
 *
 * A plan under construction by search.c: parts with their loads and costs,
 * stock left, goods still open.  All changes keep these consistent; a part's
 * cost is set by whoever priced it.
 */
#ifndef FF_ROUTING_DRAFT_H
#define FF_ROUTING_DRAFT_H

#include "routing/space.h"

#define FF_DRAFT_PARTS 48

typedef struct FfDraftPart
{
	int place;
	int *bundles; /* per dimension */
	FfLoad load;
	FfCost cost;
} FfDraftPart;

typedef struct FfDraft
{
	const FfSpace *space;
	int nparts;
	FfDraftPart parts[FF_DRAFT_PARTS + 1]; /* the one behind the last is for trying */
	int *left;                             /* per place and dimension: stock not taken */
	int *open;                             /* per dimension: bundles unassigned */
	FfCost total;                          /* as of ff_draft_add_up */
} FfDraft;

extern void ff_draft_init(FfDraft *draft, const FfSpace *space);
extern void ff_draft_copy(FfDraft *to, const FfDraft *from);

/* No part, everything open. */
extern void ff_draft_clear(FfDraft *draft);

/* An empty part at the end, not yet counted. */
extern FfDraftPart *ff_draft_try_part(FfDraft *draft, int place);

/* Bundles into a part or, negative, out of it. */
extern void ff_draft_shift(FfDraft *draft, FfDraftPart *part, int dimension, int bundles);

/* A part's goods become open again; later parts move up. */
extern void ff_draft_drop_part(FfDraft *draft, int part);

/* Total from the parts' costs and a penalty per open bundle of each dimension. */
extern void ff_draft_add_up(FfDraft *draft, const FfCost *penalty);

static inline int
ff_draft_left(const FfDraft *draft, int place, int dimension)
{
	return draft->left[place * draft->space->ndimensions + dimension];
}

#endif
