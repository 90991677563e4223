/*
 * solver.c
 *
 * Chooses the method: the cover when it is possible as it stands, location
 * after location when it is not, the bounded search when there are too many
 * states for either.  Plain C.
 */
#include "routing/solver.h"

#include "routing/cover.h"
#include "routing/search.h"
#include "routing/stepwise.h"
#include "routing/verdict.h"

static void
ship_nothing(const FfSpace *space, FfSolution *solution)
{
	ff_plan_build(space, NULL, 0, &solution->plan);
}

static void
solve_bounded(const FfSpace *space, FfCost bound, FfSolution *solution)
{
	FfPick *picks;
	int npicks = ff_search(space, &picks);

	if (!ff_plan_build(space, picks, npicks, &solution->plan))
		ship_nothing(space, solution);
	solution->gap = solution->plan.total > bound ? solution->plan.total - bound : 0;
	solution->exact = solution->gap == 0;
}

static void
solve_by_states(const FfCover *cover, int64_t effort, FfSolution *solution)
{
	const FfStates *states = cover->states;
	const FfSpace *space = states->space;
	FfPick *picks;
	int npicks = 0;
	int part;
	FfCost bound = ff_cover_total(cover, &part) + space->lost;

	solution->exact = true;
	if (part > 0)
		npicks = ff_cover_picks(cover, states->place[part], part, &picks);
	if (part == 0)
		ship_nothing(space, solution);
	else if (ff_plan_build(space, picks, npicks, &solution->plan))
		;
	else if (ff_stepwise_solve(states, -1, effort, &picks, &npicks))
		ff_plan_build(space, picks, npicks, &solution->plan);
	else
		solve_bounded(space, bound, solution);
}

/* The plan; false when there are no states to find other plans with. */
static bool
find_plan(FfSpace *space, FfStates *states, FfCover *cover, FfSolution *solution)
{
	const FfProblem *problem = space->problem;
	int64_t effort = problem->effort > 0 ? problem->effort : FF_SOLVER_EFFORT;

	if (space->nplaces == 0 || (problem->ship_complete && !space->whole))
	{
		ship_nothing(space, solution);
		return false;
	}
	if (ff_states_effort(space) > effort || !ff_states_build(states, space))
	{
		solve_bounded(space, ff_search_bound(space), solution);
		return false;
	}
	ff_cover_build(cover, states);
	solve_by_states(cover, effort, solution);
	return true;
}

void
ff_solve(const FfProblem *problem, FfArena *arena, FfSolution *solution)
{
	FfSpace space;
	FfStates states;
	FfCover cover;
	bool by_states;

	memset(solution, 0, sizeof(*solution));
	ff_space_build(&space, problem, arena);
	solution->exact = true;
	by_states = find_plan(&space, &states, &cover, solution);
	if (problem->plan_only)
		return;
	ff_verdict_reasons(&space, solution);
	if (by_states)
		ff_verdict_alternatives(&cover, solution);
}
