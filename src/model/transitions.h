/*
 * transitions.h
 *
 * The law: one table of every transition of every machine.  What stands in no
 * row is refused.  Rows are tried in their order and the first whose guards
 * all hold is taken, so a row without guards is the "otherwise" of those above.
 *
 * machine.h walks the table; nothing else decides about a state.
 */
#ifndef FF_MODEL_TRANSITIONS_H
#define FF_MODEL_TRANSITIONS_H

#include "model/state.h"

typedef enum FfGuard
{
	FF_GUARD_NONE, /* ends a list */
#define FF_GUARD(symbol, name, refusal) symbol,
#include "model/effects.h"
	FF_GUARD_COUNT
} FfGuard;

typedef enum FfEffect
{
	FF_EFFECT_NONE, /* ends a list */
#define FF_EFFECT(symbol, name, meaning) symbol,
#include "model/effects.h"
	FF_EFFECT_COUNT
} FfEffect;

/* What applying an event came to. */
typedef enum FfStep
{
	FF_STEP_CHANGED,   /* it was done (the state itself may be the same) */
	FF_STEP_DUPLICATE, /* it had been done before: nothing is recorded */
	FF_STEP_IGNORED,   /* it is recorded and changes nothing */
	FF_STEP_REFUSED    /* no row allows it: nothing was done */
} FfStep;

#define FF_MAX_GUARDS  5
#define FF_MAX_EFFECTS 8

typedef struct FfTransition
{
	FfMachine machine;
	uint32 from;                      /* set of states, of FF_STATE_BIT */
	int event;                        /* or FF_EVENT_ANY */
	FfGuard guards[FF_MAX_GUARDS];    /* all must hold */
	int to;                           /* or FF_STATE_SAME */
	FfEffect effects[FF_MAX_EFFECTS]; /* in this order */
	FfStep step;
	const char *description; /* one sentence */
} FfTransition;

#define FF_STATE_BIT(state) (UINT32_C(1) << ((state) + 1))
#define FF_STATE_ANY        (~FF_STATE_BIT(FF_STATE_NONE)) /* every state a row can have */

extern const FfTransition *ff_transition_at(int index);
extern int ff_transition_count(void);

extern const char *ff_guard_name(FfGuard guard);
/* Why it is refused when the guard does not hold; no capital, no full stop. */
extern const char *ff_guard_refusal(FfGuard guard);
extern const char *ff_effect_name(FfEffect effect);
extern const char *ff_step_name(FfStep step);

#endif
