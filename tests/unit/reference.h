/*
 * reference.h
 *
 * What the solver's answers are compared with; shares nothing with it but the
 * structs of its problem and its solution.
 */
#ifndef TESTS_UNIT_REFERENCE_H
#define TESTS_UNIT_REFERENCE_H

#include "routing/solver.h"

/* What is wrong with a plan (its rules, its sums), or NULL. */
extern const char *reference_check_plan(const FfProblem *p, const FfPlan *plan);

/* What is wrong with reasons and alternatives, or NULL. */
extern const char *reference_check_verdicts(const FfProblem *p, const FfSolution *solution);

/* The least cost of any plan when that is not above limit, else limit + 1; for small orders. */
extern FfCost reference_least_cost(const FfProblem *p, FfCost limit);

#endif
