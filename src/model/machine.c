/*
 * machine.c
 *
 * Walks the table of transitions; see machine.h for the contract.  Knows no
 * machine by name: what differs between them is in the rows and the drivers.
 */
#include "postgres.h"

#include "model/machine.h"

/* Whether a guard holds; how that is known differs between one subject and a set. */
typedef bool (*HoldsFunction)(FfGuard guard, void *argument);

/* The first guard of the row that does not hold; FF_GUARD_NONE when all do. */
static FfGuard
failing_guard(const FfTransition *row, HoldsFunction holds, void *argument)
{
	for (int i = 0; i < FF_MAX_GUARDS && row->guards[i] != FF_GUARD_NONE; i++)
		if (!holds(row->guards[i], argument))
			return row->guards[i];
	return FF_GUARD_NONE;
}

/*
 * The row to take.  When there is none, *failed is the guard that kept the
 * last candidate back: the last row of a pair is the least demanding, so it
 * says best what is missing.
 */
static const FfTransition *
find_row(FfMachine machine, int from, int event, HoldsFunction holds, void *argument,
		 FfGuard *failed)
{
	*failed = FF_GUARD_NONE;
	for (int i = 0; i < ff_transition_count(); i++)
	{
		const FfTransition *row = ff_transition_at(i);
		FfGuard failing;

		if (row->machine != machine || (row->from & FF_STATE_BIT(from)) == 0 ||
			(row->event != event && row->event != FF_EVENT_ANY))
			continue;
		failing = failing_guard(row, holds, argument);
		if (failing == FF_GUARD_NONE)
			return row;
		*failed = failing;
	}
	return NULL;
}

static char *
explain_refusal(FfMachine machine, int from, int event, FfGuard failed)
{
	if (failed != FF_GUARD_NONE)
		return psprintf("%s in state \"%s\" refuses the event \"%s\": %s",
						ff_machine_name(machine),
						ff_state_name(machine, from),
						ff_event_name(machine, event),
						ff_guard_refusal(failed));
	return psprintf("%s in state \"%s\" has no place for the event \"%s\"",
					ff_machine_name(machine),
					ff_state_name(machine, from),
					ff_event_name(machine, event));
}

static bool
holds_in_set(FfGuard guard, void *argument)
{
	return (*(uint64 *) argument & FF_GUARD_BIT(guard)) != 0;
}

const FfTransition *
ff_machine_next(FfMachine machine, int from, int event, uint64 holding)
{
	FfGuard failed;

	return find_row(machine, from, event, holds_in_set, &holding, &failed);
}

int
ff_transition_target(const FfTransition *transition, int from)
{
	return transition->to == FF_STATE_SAME ? from : transition->to;
}

char *
ff_machine_refusal(FfMachine machine, int from, int event, uint64 holding)
{
	FfGuard failed;

	(void) find_row(machine, from, event, holds_in_set, &holding, &failed);
	return explain_refusal(machine, from, event, failed);
}

uint64
ff_machine_possible(FfMachine machine, int from, uint64 holding)
{
	uint64 possible = 0;

	for (int i = 0; i < ff_transition_count(); i++)
	{
		const FfTransition *row = ff_transition_at(i);

		if (row->machine == machine && (row->from & FF_STATE_BIT(from)) != 0 && row->event >= 0 &&
			row->step == FF_STEP_CHANGED &&
			failing_guard(row, holds_in_set, &holding) == FF_GUARD_NONE)
			possible |= UINT64_C(1) << row->event;
	}
	return possible;
}

/* What a driver's guards are asked about. */
typedef struct Inquiry
{
	const FfMachineDriver *driver;
	void *subject;
	const void *payload;
} Inquiry;

static bool
holds_for_subject(FfGuard guard, void *argument)
{
	const Inquiry *inquiry = argument;
	FfGuardFunction function = inquiry->driver->guards[guard];

	if (function == NULL)
		elog(ERROR,
			 "driver of machine \"%s\" lacks the guard \"%s\"",
			 ff_machine_name(inquiry->driver->machine),
			 ff_guard_name(guard));
	return function(inquiry->subject, inquiry->payload);
}

const FfTransition *
ff_machine_would(const FfMachineDriver *driver, void *subject, int event, const void *payload)
{
	Inquiry inquiry = {driver, subject, payload};
	FfGuard failed;

	return find_row(
		driver->machine, driver->state(subject), event, holds_for_subject, &inquiry, &failed);
}

/* Subjects that take the same row from the same state. */
typedef struct Group
{
	const FfMachineDriver *driver;
	const FfTransition *row;
	int from;
	void **subjects;
	const void **payloads;
	int count;
} Group;

static FfVerdict
decide(const FfMachineDriver *driver, void *subject, int event, const void *payload)
{
	Inquiry inquiry = {driver, subject, payload};
	FfVerdict verdict = {.step = FF_STEP_REFUSED};
	FfGuard failed;

	verdict.from = verdict.to = driver->state(subject);
	verdict.transition =
		find_row(driver->machine, verdict.from, event, holds_for_subject, &inquiry, &failed);
	if (verdict.transition == NULL)
	{
		verdict.reason = explain_refusal(driver->machine, verdict.from, event, failed);
		return verdict;
	}
	verdict.step = verdict.transition->step;
	verdict.to = ff_transition_target(verdict.transition, verdict.from);
	return verdict;
}

static void
save(const Group *group, int to)
{
	const FfMachineDriver *driver = group->driver;

	if (driver->save_all != NULL)
		driver->save_all(group->subjects, group->row, to, group->payloads, group->count);
	else
		for (int i = 0; i < group->count; i++)
			driver->save(group->subjects[i], to);
}

static void
record(const Group *group)
{
	const FfMachineDriver *driver = group->driver;

	if (driver->record_all != NULL)
		driver->record_all(group->subjects, group->row, group->from, group->payloads, group->count);
	else
		for (int i = 0; i < group->count; i++)
			driver->record(group->subjects[i], group->row, group->from, group->payloads[i]);
}

static void
run_effect(const Group *group, FfEffect effect)
{
	const FfMachineDriver *driver = group->driver;

	if (driver->shared[effect] != NULL)
		driver->shared[effect](group->subjects, group->payloads, group->count);
	else if (driver->effects[effect] != NULL)
		for (int i = 0; i < group->count; i++)
			driver->effects[effect](group->subjects[i], group->payloads[i]);
	else
		elog(ERROR,
			 "driver of machine \"%s\" lacks the effect \"%s\"",
			 ff_machine_name(driver->machine),
			 ff_effect_name(effect));
}

static void
take(const Group *group)
{
	const FfTransition *row = group->row;
	int to = ff_transition_target(row, group->from);

	if (to != group->from)
		save(group, to);
	if (row->step != FF_STEP_DUPLICATE)
		record(group);
	for (int i = 0; i < FF_MAX_EFFECTS && row->effects[i] != FF_EFFECT_NONE; i++)
		run_effect(group, row->effects[i]);
}

static bool
is_shared(const FfMachineDriver *driver, const FfTransition *row)
{
	for (int i = 0; i < FF_MAX_EFFECTS && row->effects[i] != FF_EFFECT_NONE; i++)
		if (driver->shared[row->effects[i]] == NULL)
			return false;
	return true;
}

void
ff_machine_apply_all(const FfMachineDriver *driver, void **subjects, int event,
					 const void **payloads, int count, FfVerdict *verdicts)
{
	Group group = {.driver = driver,
				   .subjects = palloc(sizeof(void *) * count),
				   .payloads = palloc(sizeof(void *) * count)};
	bool *taken = palloc0(sizeof(bool) * count);

	for (int i = 0; i < count; i++)
		verdicts[i] = decide(driver, subjects[i], event, payloads[i]);
	for (int i = 0; i < count; i++)
	{
		int end = i + 1;

		if (taken[i] || verdicts[i].transition == NULL)
			continue;
		group.row = verdicts[i].transition;
		group.from = verdicts[i].from;
		group.count = 0;
		if (is_shared(driver, group.row))
			end = count;
		for (int j = i; j < end; j++)
		{
			if (taken[j] || verdicts[j].transition != group.row || verdicts[j].from != group.from)
				continue;
			group.subjects[group.count] = subjects[j];
			group.payloads[group.count++] = payloads[j];
			taken[j] = true;
		}
		take(&group);
	}
	pfree(taken);
	pfree(group.subjects);
	pfree(group.payloads);
}

FfVerdict
ff_machine_apply(const FfMachineDriver *driver, void *subject, int event, const void *payload)
{
	FfVerdict verdict;

	ff_machine_apply_all(driver, &subject, event, &payload, 1, &verdict);
	return verdict;
}
