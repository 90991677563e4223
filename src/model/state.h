/*
 * state.h
 *
 * The machines, their states and their events as C knows them.  A state or an
 * event is an int within its machine (the enums below), so that one table and
 * one function serve all four machines; in rows and documents it is the name.
 */
#ifndef FF_MODEL_STATE_H
#define FF_MODEL_STATE_H

#include "postgres.h"

typedef enum FfMachine
{
	FF_MACHINE_ORDER,
	FF_MACHINE_SHIPMENT,
	FF_MACHINE_PACKAGE,
	FF_MACHINE_RETURN,
	FF_MACHINE_COUNT
} FfMachine;

#define FF_STATE_NONE (-1) /* there is no row yet; also "no such name" */
#define FF_STATE_SAME (-2) /* only as the target of a transition */
#define FF_EVENT_NONE (-1) /* nothing happened; also "no such name" */
#define FF_EVENT_ANY  (-2) /* only in a transition: whatever else is reported */

typedef enum FfOrderState
{
#define FF_ORDER_STATE(symbol, name, final) symbol,
#include "model/states.h"
	FF_ORDER_STATE_COUNT
} FfOrderState;

typedef enum FfShipmentState
{
#define FF_SHIPMENT_STATE(symbol, name, final) symbol,
#include "model/states.h"
	FF_SHIPMENT_STATE_COUNT
} FfShipmentState;

typedef enum FfReturnState
{
#define FF_RETURN_STATE(symbol, name, final) symbol,
#include "model/states.h"
	FF_RETURN_STATE_COUNT
} FfReturnState;

/* States of the package machine, and its events: a carrier's report of that status. */
typedef enum FfPackageStatus
{
#define FF_PACKAGE_STATUS(symbol, name, rank, final, physical, trouble) symbol,
#include "model/states.h"
	FF_PACKAGE_STATUS_COUNT
} FfPackageStatus;

typedef enum FfOrderEvent
{
#define FF_ORDER_EVENT(symbol, name, action) symbol,
#include "model/events.h"
	FF_ORDER_EVENT_COUNT
} FfOrderEvent;

typedef enum FfShipmentEvent
{
#define FF_SHIPMENT_EVENT(symbol, name, action) symbol,
#include "model/events.h"
	FF_SHIPMENT_EVENT_COUNT
} FfShipmentEvent;

typedef enum FfReturnEvent
{
#define FF_RETURN_EVENT(symbol, name, action) symbol,
#include "model/events.h"
	FF_RETURN_EVENT_COUNT
} FfReturnEvent;

typedef enum FfProviderReport
{
#define FF_PROVIDER_REPORT(symbol, name, event) symbol,
#include "model/events.h"
	FF_PROVIDER_REPORT_COUNT
} FfProviderReport;

extern const char *ff_machine_name(FfMachine machine);

extern int ff_state_count(FfMachine machine);
/* "none" for FF_STATE_NONE. */
extern const char *ff_state_name(FfMachine machine, int state);
/* FF_STATE_NONE when the machine has no such state. */
extern int ff_state_from_name(FfMachine machine, const char *name);
extern bool ff_state_is_final(FfMachine machine, int state);

extern int ff_event_count(FfMachine machine);
extern const char *ff_event_name(FfMachine machine, int event);
/* FF_EVENT_NONE when the machine has no such event. */
extern int ff_event_from_name(FfMachine machine, const char *name);
/* Whether a person may ask for it. */
extern bool ff_event_is_action(FfMachine machine, int event);

extern int ff_package_rank(FfPackageStatus status);
/* Whether such a report proves that the goods have left the house. */
extern bool ff_package_is_physical(FfPackageStatus status);
/* 0 none, else how bad. */
extern int ff_package_trouble(FfPackageStatus status);

/* FF_PROVIDER_REPORT_COUNT when there is no such report. */
extern FfProviderReport ff_report_from_name(const char *name);
extern const char *ff_report_name(FfProviderReport report);
/* The shipment event a report stands for; FF_EVENT_NONE when it tells nothing new. */
extern int ff_report_event(FfProviderReport report);

#endif
