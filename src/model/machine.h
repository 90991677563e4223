/*
 * machine.h
 *
 * The one function that moves anything: it finds the row of the table for a
 * subject's state and an event, asks the guards, saves the new state, records
 * the step, and runs the effects.  A domain room brings a driver: its guards
 * and effects, and how to read, save and record.  The caller holds the lock on
 * the subject's row.
 *
 * Order of work: guards, save, record, effects; so effects see the new state,
 * and what they cause is recorded after what caused it.  Effects may apply
 * further events.
 *
 * Many subjects that take the same row together are saved and recorded, and
 * have its effects, as one; a single subject is a group of one.
 */
#ifndef FF_MODEL_MACHINE_H
#define FF_MODEL_MACHINE_H

#include "model/transitions.h"

typedef bool (*FfGuardFunction)(void *subject, const void *payload);
typedef void (*FfEffectFunction)(void *subject, const void *payload);
typedef void (*FfSharedEffect)(void **subjects, const void **payloads, int count);

typedef struct FfMachineDriver
{
	FfMachine machine;
	/* Indexed by FfGuard and FfEffect; one that a row needs and that is NULL is an internal error.
	 */
	FfGuardFunction guards[FF_GUARD_COUNT];
	FfEffectFunction effects[FF_EFFECT_COUNT];
	/* FF_STATE_NONE while the subject has no row. */
	int (*state)(void *subject);
	/* Called only when the state differs, or to create the row when there was none. */
	void (*save)(void *subject, int to);
	/* Called for changed and ignored steps; not for duplicates and refusals. */
	void (*record)(void *subject, const FfTransition *transition, int from, const void *payload);
	/*
	 * The same for subjects that take the same row from the same state, instead of the three
	 * above; effects that are not shared keep their subjects apart from others.
	 */
	FfSharedEffect shared[FF_EFFECT_COUNT];
	void (*save_all)(void **subjects, const FfTransition *transition, int to, const void **payloads,
					 int count);
	void (*record_all)(void **subjects, const FfTransition *transition, int from,
					   const void **payloads, int count);
} FfMachineDriver;

typedef struct FfVerdict
{
	FfStep step;
	const FfTransition *transition; /* NULL when refused */
	int from;
	int to;       /* equals from unless the state changed */
	char *reason; /* palloc'd, when refused: names the state and the event, or the guard */
} FfVerdict;

/* Never throws by itself: what is refused is a verdict, and the caller's to log or raise. */
extern FfVerdict ff_machine_apply(const FfMachineDriver *driver, void *subject, int event,
								  const void *payload);

/*
 * The same event for many, none of which bears on another: all are decided
 * first, then those of a row are moved together where its effects are shared.
 */
extern void ff_machine_apply_all(const FfMachineDriver *driver, void **subjects, int event,
								 const void **payloads, int count, FfVerdict *verdicts);

/* The row the event would take; NULL: refused.  Saves, records and runs nothing. */
extern const FfTransition *ff_machine_would(const FfMachineDriver *driver, void *subject, int event,
											const void *payload);

#define FF_GUARD_BIT(guard) (UINT64_C(1) << (guard))
#define FF_ALL_GUARDS       (~UINT64_C(0))

/*
 * The row that would be taken when exactly the guards in the set hold; pure,
 * for statements that move many subjects at once.  NULL: refused.
 */
extern const FfTransition *ff_machine_next(FfMachine machine, int from, int event, uint64 holding);

/* The state a row leads to from here. */
extern int ff_transition_target(const FfTransition *transition, int from);

/* Why the pair is refused when exactly the guards in the set hold; palloc'd. */
extern char *ff_machine_refusal(FfMachine machine, int from, int event, uint64 holding);

/*
 * The events that could do something in this state, as a set of bits, when
 * exactly the guards in the set hold.  With FF_ALL_GUARDS: as far as the state
 * alone can tell.
 */
extern uint64 ff_machine_possible(FfMachine machine, int from, uint64 holding);

#endif
