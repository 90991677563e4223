/*
 * search.c
 *
 * Build a plan by inserting bundle after bundle where it adds least per
 * bundle, from several beginnings; then take parts of it out and insert them
 * again as long as that makes it cheaper.  Deterministic, and bounded by a
 * number of prices asked.  ship_complete becomes a penalty nothing outweighs,
 * min_part_value is mended at the end.  bound.c says how good it is.  Plain C.
 */
#include "routing/search.h"

#include "routing/draft.h"

/* Prices one search may ask: some milliseconds. */
#define MAX_PRICES INT64_C(60000)
/* Places tried as the beginning of a plan. */
#define MAX_ANCHORS 12

typedef struct Search
{
	FfSpace space; /* a copy without min_part_value */
	int max_parts;
	FfCost *penalty; /* per dimension */
	int64_t prices;  /* still to ask */
	FfDraft draft;
	FfDraft saved;
} Search;

static FfCost
price_part(Search *search, const FfDraftPart *part)
{
	int option;

	search->prices--;
	return ff_place_price(&search->space, &search->space.places[part->place], &part->load, &option);
}

/* The most bundles, by halving from wanted, that a part takes, and its cost then. */
static int
most_that_fit(Search *search, FfDraftPart *part, int d, int wanted, FfCost *cost)
{
	for (int n = wanted; n > 0; n /= 2)
	{
		ff_draft_shift(&search->draft, part, d, n);
		*cost = price_part(search, part);
		ff_draft_shift(&search->draft, part, d, -n);
		if (*cost < FF_COST_NEVER)
			return n;
	}
	return 0;
}

static bool
may_open(const Search *search, int place)
{
	const FfDraft *draft = &search->draft;
	int capacity = search->space.places[place].row->capacity;
	int parts = 0;

	if (draft->nparts >= search->max_parts)
		return false;
	for (int p = 0; p < draft->nparts; p++)
		parts += draft->parts[p].place == place;
	return capacity < 0 || parts < capacity;
}

/* Inserts as many bundles as it may at the target that adds least per bundle; false: nowhere. */
static bool
insert_some(Search *search, int d, bool new_parts)
{
	const FfSpace *space = &search->space;
	FfDraft *draft = &search->draft;
	FfCost opening = draft->nparts > 0 ? space->problem->split_penalty : 0;
	int best_part = -1;
	int best_place = -1;
	int best_n = 1;
	FfCost best_cost = 0;
	double least = (double) search->penalty[d];

	for (int t = 0; t < draft->nparts + space->nplaces; t++)
	{
		bool opens = t >= draft->nparts;
		int place = opens ? t - draft->nparts : draft->parts[t].place;
		FfDraftPart *part = opens ? NULL : &draft->parts[t];
		int wanted = ff_draft_left(draft, place, d);
		FfCost cost;
		double each;
		int n;

		if (wanted > draft->open[d])
			wanted = draft->open[d];
		if (wanted <= 0 || (opens && (!new_parts || !may_open(search, place))))
			continue;
		if (opens)
			part = ff_draft_try_part(draft, place);
		n = most_that_fit(search, part, d, wanted, &cost);
		each = n > 0 ? (double) (cost - part->cost + (opens ? opening : 0)) / n : least;
		if (each >= least)
			continue;
		least = each;
		best_part = opens ? draft->nparts : t;
		best_place = place;
		best_n = n;
		best_cost = cost;
	}
	if (best_part < 0)
		return false;
	if (best_part == draft->nparts)
	{
		ff_draft_try_part(draft, best_place);
		draft->nparts++;
	}
	ff_draft_shift(draft, &draft->parts[best_part], d, best_n);
	draft->parts[best_part].cost = best_cost;
	return true;
}

static void
insert_all(Search *search, bool new_parts)
{
	for (int d = 0; d < search->space.ndimensions; d++)
		while (search->draft.open[d] > 0 && search->prices > 0 && insert_some(search, d, new_parts))
			;
	ff_draft_add_up(&search->draft, search->penalty);
}

/* A new part with as much as a place can ship of what is open. */
static void
fill_place(Search *search, int place)
{
	const FfSpace *space = &search->space;
	FfDraft *draft = &search->draft;
	FfDraftPart *part;

	if (!may_open(search, place))
		return;
	part = ff_draft_try_part(draft, place);
	for (int d = 0; d < space->ndimensions; d++)
	{
		int wanted = ff_draft_left(draft, place, d);
		FfCost cost;
		int n;

		if (wanted > draft->open[d])
			wanted = draft->open[d];
		n = most_that_fit(search, part, d, wanted, &cost);
		if (n > 0)
		{
			ff_draft_shift(&search->draft, part, d, n);
			part->cost = cost;
		}
	}
	if (part->load.nlines > 0)
		draft->nparts++;
}

/* Keeps the draft when it is cheaper than the saved one, else goes back to that. */
static bool
keep_if_cheaper(Search *search)
{
	bool cheaper = search->draft.total < search->saved.total;

	if (cheaper)
		ff_draft_copy(&search->saved, &search->draft);
	else
		ff_draft_copy(&search->draft, &search->saved);
	return cheaper;
}

/* Takes a part apart and inserts its goods again: at another place first, or anywhere. */
static bool
replace_part(Search *search, int p)
{
	for (int place = -1; place < search->space.nplaces && search->prices > 0; place++)
	{
		if (place == search->draft.parts[p].place)
			continue;
		ff_draft_drop_part(&search->draft, p);
		if (place >= 0)
			fill_place(search, place);
		insert_all(search, true);
		if (keep_if_cheaper(search))
			return true;
	}
	return false;
}

/* Takes all or one of a part's bundles of a dimension out and inserts them again. */
static bool
move_goods(Search *search, int p, int d)
{
	int here = search->draft.parts[p].bundles[d];

	for (int n = here; n > 0 && search->prices > 0; n = n > 1 ? 1 : 0)
	{
		FfDraftPart *part = &search->draft.parts[p];

		ff_draft_shift(&search->draft, part, d, -n);
		if (part->load.nlines == 0)
			ff_draft_drop_part(&search->draft, p);
		else
			part->cost = price_part(search, part);
		insert_all(search, true);
		if (keep_if_cheaper(search))
			return true;
	}
	return false;
}

static bool
improve_once(Search *search)
{
	for (int p = 0; p < search->draft.nparts; p++)
		if (replace_part(search, p))
			return true;
	for (int p = 0; p < search->draft.nparts; p++)
		for (int d = 0; d < search->space.ndimensions; d++)
			if (search->draft.parts[p].bundles[d] > 0 && move_goods(search, p, d))
				return true;
	return false;
}

/* The best of beginning with nothing and with each of the places that can ship most. */
static void
begin(Search *search)
{
	const FfSpace *space = &search->space;
	int stride = space->nplaces > MAX_ANCHORS ? space->nplaces / MAX_ANCHORS : 1;

	ff_draft_clear(&search->draft);
	insert_all(search, true);
	ff_draft_copy(&search->saved, &search->draft);
	for (int place = 0; place < space->nplaces; place += stride)
	{
		ff_draft_clear(&search->draft);
		fill_place(search, place);
		insert_all(search, true);
		keep_if_cheaper(search);
	}
}

/* Parts below the minimum go into others or stay unassigned. */
static void
mend_small_parts(Search *search, FfCost minimum)
{
	for (int p = 0; p < search->draft.nparts;)
		if (search->draft.parts[p].load.value < minimum)
		{
			ff_draft_drop_part(&search->draft, p);
			insert_all(search, false);
			p = 0;
		}
		else
			p++;
	ff_draft_add_up(&search->draft, search->penalty);
}

static void
set_penalties(Search *search)
{
	const FfSpace *space = &search->space;
	int64_t bundles = 1;

	for (int d = 0; d < space->ndimensions; d++)
		bundles += space->dimensions[d].count;
	search->penalty = ff_arena_array(space->arena, FfCost, space->ndimensions);
	for (int d = 0; d < space->ndimensions; d++)
		search->penalty[d] =
			space->problem->ship_complete ? FF_COST_NEVER / bundles : space->dimensions[d].penalty;
}

int
ff_search(const FfSpace *space, FfPick **picks)
{
	Search *search = ff_arena_zeros(space->arena, Search, 1);
	FfDraft *draft = &search->draft;

	search->space = *space;
	search->space.part_minimum = 0;
	search->max_parts = FF_DRAFT_PARTS;
	if (space->problem->max_parts > 0 && space->problem->max_parts < search->max_parts)
		search->max_parts = space->problem->max_parts;
	search->prices = MAX_PRICES;
	set_penalties(search);
	ff_draft_init(&search->draft, &search->space);
	ff_draft_init(&search->saved, &search->space);
	begin(search);
	ff_draft_copy(draft, &search->saved);
	while (search->prices > 0 && improve_once(search))
		;
	ff_draft_copy(draft, &search->saved);
	search->prices = MAX_PRICES;
	mend_small_parts(search, space->part_minimum);
	if (draft->total >= space->all_penalty)
		return 0;
	*picks = ff_arena_array(space->arena, FfPick, draft->nparts + 1);
	for (int p = 0; p < draft->nparts; p++)
		(*picks)[p] = (FfPick){draft->parts[p].place, draft->parts[p].bundles};
	return draft->nparts;
}
