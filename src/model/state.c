/*
 * state.c
 *
 * Names and properties of states, events and reports, read from the lists in
 * states.h and events.h.  Pure look-ups; what may follow on what is the
 * business of transitions.c.
 */
#include "postgres.h"

#include "model/state.h"

typedef struct NamedState
{
	const char *name;
	bool final;
} NamedState;

typedef struct NamedEvent
{
	const char *name;
	bool action;
} NamedEvent;

static const NamedState order_states[] = {
#define FF_ORDER_STATE(symbol, name, final) {name, final},
#include "model/states.h"
};

static const NamedState shipment_states[] = {
#define FF_SHIPMENT_STATE(symbol, name, final) {name, final},
#include "model/states.h"
};

static const NamedState return_states[] = {
#define FF_RETURN_STATE(symbol, name, final) {name, final},
#include "model/states.h"
};

static const NamedState package_statuses[] = {
#define FF_PACKAGE_STATUS(symbol, name, rank, final, physical, trouble) {name, final},
#include "model/states.h"
};

static const struct
{
	int rank;
	int trouble;
	bool physical;
} package_properties[] = {
#define FF_PACKAGE_STATUS(symbol, name, rank, final, physical, trouble) {rank, trouble, physical},
#include "model/states.h"
};

static const NamedEvent order_events[] = {
#define FF_ORDER_EVENT(symbol, name, action) {name, action},
#include "model/events.h"
};

static const NamedEvent shipment_events[] = {
#define FF_SHIPMENT_EVENT(symbol, name, action) {name, action},
#include "model/events.h"
};

static const NamedEvent return_events[] = {
#define FF_RETURN_EVENT(symbol, name, action) {name, action},
#include "model/events.h"
};

/* A carrier's report of a status is the event; people ask for none of them. */
static const NamedEvent package_events[] = {
#define FF_PACKAGE_STATUS(symbol, name, rank, final, physical, trouble) {name, false},
#include "model/states.h"
};

static const struct
{
	const char *name;
	int event;
} reports[] = {
#define FF_PROVIDER_REPORT(symbol, name, event) {name, event},
#include "model/events.h"
};

static const struct
{
	const char *name;
	const NamedState *states;
	int state_count;
	const NamedEvent *events;
	int event_count;
} machines[FF_MACHINE_COUNT] = {
	[FF_MACHINE_ORDER] =
		{"order", order_states, lengthof(order_states), order_events, lengthof(order_events)},
	[FF_MACHINE_SHIPMENT] = {"shipment",
							 shipment_states,
							 lengthof(shipment_states),
							 shipment_events,
							 lengthof(shipment_events)},
	[FF_MACHINE_PACKAGE] = {"package",
							package_statuses,
							lengthof(package_statuses),
							package_events,
							lengthof(package_events)},
	[FF_MACHINE_RETURN] =
		{"return", return_states, lengthof(return_states), return_events, lengthof(return_events)},
};

const char *
ff_machine_name(FfMachine machine)
{
	return machines[machine].name;
}

int
ff_state_count(FfMachine machine)
{
	return machines[machine].state_count;
}

const char *
ff_state_name(FfMachine machine, int state)
{
	return state == FF_STATE_NONE ? "none" : machines[machine].states[state].name;
}

int
ff_state_from_name(FfMachine machine, const char *name)
{
	for (int i = 0; name != NULL && i < machines[machine].state_count; i++)
		if (strcmp(machines[machine].states[i].name, name) == 0)
			return i;
	return FF_STATE_NONE;
}

bool
ff_state_is_final(FfMachine machine, int state)
{
	return state != FF_STATE_NONE && machines[machine].states[state].final;
}

int
ff_event_count(FfMachine machine)
{
	return machines[machine].event_count;
}

const char *
ff_event_name(FfMachine machine, int event)
{
	if (event == FF_EVENT_ANY)
		return "any";
	return event == FF_EVENT_NONE ? "none" : machines[machine].events[event].name;
}

int
ff_event_from_name(FfMachine machine, const char *name)
{
	for (int i = 0; name != NULL && i < machines[machine].event_count; i++)
		if (strcmp(machines[machine].events[i].name, name) == 0)
			return i;
	return FF_EVENT_NONE;
}

bool
ff_event_is_action(FfMachine machine, int event)
{
	return event >= 0 && machines[machine].events[event].action;
}

int
ff_package_rank(FfPackageStatus status)
{
	return package_properties[status].rank;
}

bool
ff_package_is_physical(FfPackageStatus status)
{
	return package_properties[status].physical;
}

int
ff_package_trouble(FfPackageStatus status)
{
	return package_properties[status].trouble;
}

FfProviderReport
ff_report_from_name(const char *name)
{
	for (int i = 0; name != NULL && i < FF_PROVIDER_REPORT_COUNT; i++)
		if (strcmp(reports[i].name, name) == 0)
			return (FfProviderReport) i;
	return FF_PROVIDER_REPORT_COUNT;
}

const char *
ff_report_name(FfProviderReport report)
{
	return reports[report].name;
}

int
ff_report_event(FfProviderReport report)
{
	return reports[report].event;
}
