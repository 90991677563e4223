/*
 * contest.c
 *
 * Makes contenders of demands, asks the solver for those that are too large
 * for quotes, and watches time and interrupts.  A wave that is not the rest of
 * the day counts on its share of the slots only, and what slots are worth to it
 * is what they are worth to those that come later.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "routing/candidates.h"
#include "routing/contest.h"
#include "routing/watch.h"

#define ROUNDS      30
#define MOST_PASSES 20

/* Parts that orders have in the mean, in hundredths: what a wave is expected to ship. */
#define PARTS_PERCENT 110

static void *
allocate(void *context, size_t size)
{
	return MemoryContextAllocHuge(context, size);
}

static bool
go_on(FfWave *wave, int done)
{
	FfContest *contest = wave->context;

	CHECK_FOR_INTERRUPTS();
	ff_watch_done(done);
	return contest->in_time = GetCurrentTimestamp() < contest->deadline;
}

/* An order's problem before a pool, in its own short-lived memory. */
static FfCandidates *
candidates_of(const FfContest *contest, int contender, const FfPool *pool)
{
	FfCandidates *candidates =
		ff_candidates_build(contest->network, pool, &contest->demands[contender], 0);

	candidates->problem.plan_only = true;
	return candidates;
}

static FfCost
scarcity_of(const FfPlan *plan)
{
	FfCost cost = 0;

	for (int p = 0; p < plan->nparts; p++)
		cost += plan->parts[p].cost.scarcity;
	return cost;
}

static void
fill_outcome(const FfCandidates *candidates, const FfSolution *solution, FfArena *arena,
			 FfOutcome *outcome)
{
	const FfPlan *plan = &solution->plan;
	int nlines = candidates->problem.nlines;

	*outcome = (FfOutcome){.priced = plan->total,
						   .cost = plan->total - scarcity_of(plan),
						   .least = plan->total - solution->gap,
						   .slots = ff_arena_array(arena, int, plan->nparts),
						   .taken = ff_arena_array(arena, FfTaken, plan->nparts * nlines)};
	for (int p = 0; p < plan->nparts; p++)
	{
		const FfPart *part = &plan->parts[p];

		outcome->slots[outcome->nslots++] = candidates->locations[part->location];
		for (int line = 0; line < nlines; line++)
			if (part->quantity[line] > 0)
				outcome->taken[outcome->ntaken++] = (FfTaken){
					ff_candidate_cell(candidates, part->location, line), part->quantity[line]};
	}
}

static void
ask(FfWave *wave, int contender, const FfPool *pool, bool freely, FfOutcome *outcome)
{
	FfContest *contest = wave->context;
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "routing of one order", ALLOCSET_DEFAULT_SIZES);
	MemoryContext before = MemoryContextSwitchTo(context);
	FfPool open = *pool;
	FfCandidates *candidates;
	FfSolution solution;

	if (freely)
	{
		open.stock = wave->start.stock;
		open.slots = contest->open_slots;
	}
	candidates = candidates_of(contest, contender, &open);
	ff_solve(&candidates->problem, wave->scratch, &solution);
	fill_outcome(candidates, &solution, wave->scratch, outcome);
	MemoryContextSwitchTo(before);
	MemoryContextDelete(context);
}

static FfQuotes *
quotes_of(FfContest *contest, const FfCandidates *candidates, const int *items)
{
	ff_arena_reset(&contest->scratch);
	return ff_quotes_make(&candidates->problem,
						  items,
						  candidates->locations,
						  candidates->demand->keep_back,
						  &contest->scratch,
						  &contest->keep);
}

/* Lines as they are or not at all, which is far less to look at; false: that they are already. */
static bool
part_no_lines(FfCandidates *candidates)
{
	FfRouteLine *lines = palloc(sizeof(FfRouteLine) * candidates->problem.nlines);
	bool changed = false;

	for (int i = 0; i < candidates->problem.nlines; i++)
	{
		lines[i] = candidates->problem.lines[i];
		changed |= lines[i].lot != lines[i].quantity;
		lines[i].lot = lines[i].quantity;
	}
	candidates->problem.lines = lines;
	return changed;
}

static void
make_contender(FfContest *contest, int c)
{
	FfContender *contender = &contest->wave.contenders[c];
	const FfDemand *demand = &contest->demands[c];
	FfPool plain = *contest->wave.pool;
	FfCandidates *candidates;
	int *items = ff_arena_array(&contest->keep, int, demand->nlines);

	for (int line = 0; line < demand->nlines; line++)
		items[line] = demand->lines[line].stock;
	contender->nlines = demand->nlines;
	contender->items = items;
	plain.stock_price = NULL;
	candidates = candidates_of(contest, c, &plain);
	contender->quotes = quotes_of(contest, candidates, items);
	if (contender->quotes != NULL && !contender->quotes->dear)
		return;
	contender->coarse = part_no_lines(candidates);
	if (contender->coarse)
		contender->quotes = quotes_of(contest, candidates, items);
	contender->coarse &= contender->quotes != NULL;
}

static void
make_contenders(FfContest *contest)
{
	FfWave *wave = &contest->wave;
	MemoryContext scratch =
		AllocSetContextCreate(CurrentMemoryContext, "routing of one order", ALLOCSET_DEFAULT_SIZES);
	MemoryContext before = MemoryContextSwitchTo(scratch);

	wave->contenders = ff_arena_zeros(&contest->keep, FfContender, wave->count);
	for (int c = 0; c < wave->count; c++)
	{
		CHECK_FOR_INTERRUPTS();
		make_contender(contest, c);
		MemoryContextReset(scratch);
	}
	MemoryContextSwitchTo(before);
	MemoryContextDelete(scratch);
}

/* Shipments that the day is expected to bring after this wave. */
static int64
expected_after(const FfContest *contest)
{
	int64 expected = contest->network->settings.expected_shipments - contest->network->clock -
					 (int64) contest->wave.count * PARTS_PERCENT / 100;

	return Max(expected, 0);
}

static void
share_slots(FfContest *contest)
{
	FfPool *pool = contest->wave.pool;
	int64 mine = (int64) contest->wave.count * PARTS_PERCENT / 100;
	int64 later = expected_after(contest);

	contest->wave.wanted = ff_arena_array(&contest->keep, int, pool->nlocations);
	contest->open_slots = ff_arena_array(&contest->keep, int, pool->nlocations);
	for (int l = 0; l < pool->nlocations; l++)
	{
		bool any = pool->slots[l] == FF_ANY_SLOTS;

		contest->wave.wanted[l] =
			any ? FF_ANY_SLOTS : (int) (pool->slots[l] * mine / (mine + later));
		contest->open_slots[l] = any || pool->slots[l] > 0 ? FF_ANY_SLOTS : 0;
	}
}

static void
improve(FfContest *contest)
{
	FfWave *wave = &contest->wave;

	ff_watch_phase(FF_WAVE_IMPROVING);
	while (contest->in_time && contest->passes < MOST_PASSES)
	{
		contest->passes++;
		ff_watch_costs(ff_wave_cost(wave), contest->bound);
		if (ff_wave_improve(wave) == 0)
			break;
	}
	ff_watch_costs(ff_wave_cost(wave), contest->bound);
}

/* Contenders before the pool, and the prices they make. */
static FfContest *
open_contest(const FfNetwork *network, FfPool *pool, FfDemand *demands, int count)
{
	FfContest *contest = palloc0(sizeof(FfContest));
	FfWave *wave = &contest->wave;
	FfArena arena = {.allocate = allocate, .release = pfree, .context = CurrentMemoryContext};

	contest->network = network;
	contest->demands = demands;
	contest->scratch = contest->keep = arena;
	contest->in_time = true;
	contest->deadline =
		TimestampTzPlusMilliseconds(GetCurrentTimestamp(), network->settings.wave_ms);
	*wave = (FfWave){.pool = pool,
					 .count = count,
					 .scratch = &contest->scratch,
					 .keep = &contest->keep,
					 .ask = ask,
					 .go_on = go_on,
					 .context = contest};
	memset(pool->slot_price, 0, sizeof(FfCost) * pool->nlocations);
	share_slots(contest);
	ff_watch_phase(FF_WAVE_QUOTING);
	make_contenders(contest);
	ff_watch_phase(FF_WAVE_PRICING);
	ff_wave_init(wave);
	contest->rounds = ff_wave_price(wave, ROUNDS);
	return contest;
}

static void
close_contest(FfContest *contest)
{
	ff_arena_release(&contest->scratch);
	ff_arena_release(&contest->keep);
}

FfContest *
ff_contest_run(const FfNetwork *network, FfPool *pool, FfDemand *demands, int count)
{
	FfContest *contest = open_contest(network, pool, demands, count);
	FfWave *wave = &contest->wave;

	contest->bound = ff_wave_bound(wave);
	ff_watch_phase(FF_WAVE_PLACING);
	ff_wave_place(wave);
	if (expected_after(contest) > 0)
		memcpy(pool->slot_price, wave->start.slot_price, sizeof(FfCost) * pool->nlocations);
	improve(contest);
	return contest;
}

void
ff_contest_prices(const FfNetwork *network, FfPool *pool, FfDemand *demands, int count,
				  FfCost *slot_prices, FfCost *stock_prices)
{
	FfContest *contest = open_contest(network, pool, demands, count);
	const FfPool *found = &contest->wave.start;

	memcpy(slot_prices, found->slot_price, sizeof(FfCost) * found->nlocations);
	memcpy(stock_prices,
		   found->stock_price,
		   sizeof(FfCost) * (Size) found->nlocations * found->nitems);
	close_contest(contest);
}

void
ff_contest_give_back(FfContest *contest, int contender)
{
	ff_pool_take(contest->wave.pool, &contest->wave.contenders[contender].outcome, -1);
}
