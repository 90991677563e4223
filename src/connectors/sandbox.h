/*
 * sandbox.h
 *
 * What the files of the sandbox share: the triggers that stand in a call, how
 * far its shipment has come, and the parts of documents.  Everything is
 * computed from the call; the sandbox remembers nothing.
 */
#ifndef FF_CONNECTORS_SANDBOX_H
#define FF_CONNECTORS_SANDBOX_H

#include "connectors/connector.h"

typedef enum SandboxTrigger
{
	SANDBOX_REFUSED = 1 << 0,
	SANDBOX_BAD_ADDRESS = 1 << 1,
	SANDBOX_TIMEOUT_FOUND = 1 << 2,
	SANDBOX_TIMEOUT_ABSENT = 1 << 3,
	SANDBOX_SHORT = 1 << 4,
	SANDBOX_LOST = 1 << 5,
	SANDBOX_DELAYED = 1 << 6,
	SANDBOX_RETURNED = 1 << 7,
	SANDBOX_RATE_LIMIT = 1 << 8,
	SANDBOX_UNAUTHORIZED = 1 << 9,
	SANDBOX_NO_CANCEL = 1 << 10,
	SANDBOX_IN_STEPS = 1 << 11
} SandboxTrigger;

/* One step of a parcel's way. */
typedef struct SandboxEvent
{
	int step; /* clock steps after the acceptance; -1 ends a timeline */
	const char *status;
	const char *code;
	const char *description;
	bool at_recipient; /* seen in the recipient's city, not the sender's */
} SandboxEvent;

/* Steps of the clock at which a warehouse gets on with its work. */
#define SANDBOX_PICKING 1
#define SANDBOX_PACKED  2
#define SANDBOX_SHIPPED 3
/* … and at which a return arrives and is unpacked. */
#define SANDBOX_RECEIVING 4
#define SANDBOX_RECEIVED  5

/* sandbox_story.c: what happens */

/* The trigger that a text names, or 0: "Sandbox Short", "SANDBOX-SHORT", "sandbox_short". */
extern int ff_sandbox_trigger(const char *text);
/* All triggers of a call: setting fault, recipient, lines. */
extern int ff_sandbox_triggers(const FfCall *call);

/* When the shipment of a call was accepted. */
extern TimestampTz ff_sandbox_start(const FfCall *call);
/* Whole steps of the clock between start and now. */
extern int ff_sandbox_steps(const FfCall *call, TimestampTz start);
extern TimestampTz ff_sandbox_time(const FfCall *call, TimestampTz start, int step);

extern const SandboxEvent *ff_sandbox_timeline(int triggers);
/* The step at which the parcels of a shipment with these triggers are delivered; -1 never. */
extern int ff_sandbox_delivery(int triggers);

/* A time in six characters, and back; false when they are none. */
extern char *ff_sandbox_stamp(TimestampTz time);
extern bool ff_sandbox_read_stamp(const char *text, TimestampTz *time);
extern char *ff_sandbox_tracking_number(const FfCall *call, int package);
/* What a tracking number tells by itself; false when it is none of the sandbox's. */
extern bool ff_sandbox_read_number(const FfCall *call, const char *number, int *triggers,
								   TimestampTz *start);

/* sandbox_label.c: a label as bytes, palloc'd; format is "zpl" or else "pdf" */
extern char *ff_sandbox_label(const char *format, const FfJson *shipment,
							  const char *tracking_number, size_t *length);

/* sandbox.c: what the documents of a shipment have in common */

/* What goes wrong with the connection itself; true when it did. */
extern bool ff_sandbox_refuses(const FfCall *call, FfOutcome *outcome);
extern const char *ff_sandbox_reference(const FfCall *call);
extern int ff_sandbox_package_count(const FfCall *call);
extern const char *ff_sandbox_package_tracking(const FfCall *call, int index);
extern void ff_sandbox_write_packages(FfJsonWriter *writer, const FfCall *call);

/* sandbox_progress.c: life after the acceptance */
extern void ff_sandbox_get(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_sandbox_update(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_sandbox_hold(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_sandbox_cancel(const FfCall *call, const FfReply *reply, FfOutcome *outcome);

/* sandbox_return.c: goods that come back */
extern void ff_sandbox_announce_return(const FfCall *call, const FfReply *reply,
									   FfOutcome *outcome);
extern void ff_sandbox_get_return(const FfCall *call, const FfReply *reply, FfOutcome *outcome);

/* sandbox_stock.c: what is not about one shipment */
extern void ff_sandbox_validate(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_sandbox_inventory(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_sandbox_items(const FfCall *call, const FfReply *reply, FfOutcome *outcome);

#endif
