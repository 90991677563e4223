/*
 * draft.c
 *
 * Book-keeping of a plan under construction.  Plain C.
 */
#include "routing/draft.h"

void
ff_draft_init(FfDraft *draft, const FfSpace *space)
{
	int n = space->ndimensions;

	draft->space = space;
	for (int p = 0; p <= FF_DRAFT_PARTS; p++)
	{
		draft->parts[p].bundles = ff_arena_array(space->arena, int, n);
		draft->parts[p].load.dimensions = ff_arena_array(space->arena, uint64_t, space->nwords);
	}
	draft->left = ff_arena_array(space->arena, int, n * space->nplaces);
	draft->open = ff_arena_array(space->arena, int, n);
	ff_draft_clear(draft);
}

static void
copy_part(const FfSpace *space, FfDraftPart *to, const FfDraftPart *from)
{
	uint64_t *dimensions = to->load.dimensions;

	memcpy(to->bundles, from->bundles, sizeof(int) * (size_t) space->ndimensions);
	memcpy(dimensions, from->load.dimensions, sizeof(uint64_t) * (size_t) space->nwords);
	to->place = from->place;
	to->cost = from->cost;
	to->load = from->load;
	to->load.dimensions = dimensions;
}

void
ff_draft_copy(FfDraft *to, const FfDraft *from)
{
	size_t n = (size_t) from->space->ndimensions;

	to->nparts = from->nparts;
	to->total = from->total;
	for (int p = 0; p < from->nparts; p++)
		copy_part(from->space, &to->parts[p], &from->parts[p]);
	memcpy(to->left, from->left, sizeof(int) * n * (size_t) from->space->nplaces);
	memcpy(to->open, from->open, sizeof(int) * n);
}

void
ff_draft_clear(FfDraft *draft)
{
	const FfSpace *space = draft->space;
	int n = space->ndimensions;

	draft->nparts = 0;
	for (int d = 0; d < n; d++)
		draft->open[d] = space->dimensions[d].count;
	for (int p = 0; p < space->nplaces; p++)
		memcpy(draft->left + p * n, space->places[p].available, sizeof(int) * (size_t) n);
}

FfDraftPart *
ff_draft_try_part(FfDraft *draft, int place)
{
	const FfSpace *space = draft->space;
	FfDraftPart *part = &draft->parts[draft->nparts];
	uint64_t *dimensions = part->load.dimensions;

	memset(part->bundles, 0, sizeof(int) * (size_t) space->ndimensions);
	memset(dimensions, 0, sizeof(uint64_t) * (size_t) space->nwords);
	part->place = place;
	part->cost = 0;
	part->load = (FfLoad){.dimensions = dimensions};
	return part;
}

void
ff_draft_shift(FfDraft *draft, FfDraftPart *part, int dimension, int bundles)
{
	const FfSpace *space = draft->space;

	ff_load_add(space,
				&space->places[part->place],
				&part->load,
				dimension,
				part->bundles[dimension],
				bundles);
	part->bundles[dimension] += bundles;
	draft->left[part->place * space->ndimensions + dimension] -= bundles;
	draft->open[dimension] -= bundles;
}

void
ff_draft_drop_part(FfDraft *draft, int part)
{
	FfDraftPart gone = draft->parts[part];

	for (int d = 0; d < draft->space->ndimensions; d++)
		if (gone.bundles[d] > 0)
			ff_draft_shift(draft, &draft->parts[part], d, -gone.bundles[d]);
	draft->nparts--;
	for (; part < draft->nparts; part++)
		draft->parts[part] = draft->parts[part + 1];
	draft->parts[part] = gone; /* its memory, for the next one */
}

void
ff_draft_add_up(FfDraft *draft, const FfCost *penalty)
{
	draft->total = 0;
	for (int p = 0; p < draft->nparts; p++)
		draft->total += draft->parts[p].cost;
	if (draft->nparts > 1)
		draft->total += (draft->nparts - 1) * draft->space->problem->split_penalty;
	for (int d = 0; d < draft->space->ndimensions; d++)
		draft->total += draft->open[d] * penalty[d];
}
