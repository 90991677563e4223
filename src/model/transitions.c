/*
 * transitions.c
 *
 * The one table of transitions, put together from a file of rows per machine,
 * and the names of what the rows mention.  It is read by machine.c, which
 * walks it, and by lifecycle.c, which shows it.
 */
#include "postgres.h"

#include "model/transitions.h"

/* clang-format off */
#define IN(state) FF_STATE_BIT(state)
#define IF(...)   {__VA_ARGS__}
#define ALWAYS    {FF_GUARD_NONE}
#define DO(...)   {__VA_ARGS__}
#define NOTHING   {FF_EFFECT_NONE}
/* clang-format on */

static const FfTransition transitions[] = {
#include "model/order_transitions.h"
#include "model/package_transitions.h"
#include "model/return_transitions.h"
#include "model/shipment_transitions.h"
};

static const struct
{
	const char *name;
	const char *refusal;
} guards[FF_GUARD_COUNT] = {
#define FF_GUARD(symbol, name, refusal) [symbol] = {name, refusal},
#include "model/effects.h"
};

static const char *const effects[FF_EFFECT_COUNT] = {
#define FF_EFFECT(symbol, name, meaning) [symbol] = name,
#include "model/effects.h"
};

static const char *const steps[] = {
	[FF_STEP_CHANGED] = "changed",
	[FF_STEP_DUPLICATE] = "duplicate",
	[FF_STEP_IGNORED] = "ignored",
	[FF_STEP_REFUSED] = "refused",
};

/* Sets of states are 32 bits with one for "none"; sets of guards and of events are 64. */
StaticAssertDecl((int) FF_ORDER_STATE_COUNT < 31 && (int) FF_SHIPMENT_STATE_COUNT < 31 &&
					 (int) FF_RETURN_STATE_COUNT < 31 && (int) FF_PACKAGE_STATUS_COUNT < 31,
				 "too many states for a set of 32 bits");
StaticAssertDecl((int) FF_GUARD_COUNT <= 64, "too many guards for a set of 64 bits");
StaticAssertDecl((int) FF_ORDER_EVENT_COUNT <= 64 && (int) FF_SHIPMENT_EVENT_COUNT <= 64 &&
					 (int) FF_RETURN_EVENT_COUNT <= 64,
				 "too many events for a set of 64 bits");

const FfTransition *
ff_transition_at(int index)
{
	return &transitions[index];
}

int
ff_transition_count(void)
{
	return lengthof(transitions);
}

const char *
ff_guard_name(FfGuard guard)
{
	return guards[guard].name;
}

const char *
ff_guard_refusal(FfGuard guard)
{
	return guards[guard].refusal;
}

const char *
ff_effect_name(FfEffect effect)
{
	return effects[effect];
}

const char *
ff_step_name(FfStep step)
{
	return steps[step];
}
