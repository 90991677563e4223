/*
 * parts.h
 *
 * Private to shipping/: the guards and effects of the shipment machine, each
 * in the file that owns its subject, and the few helpers they share.
 */
#ifndef FF_SHIPPING_PARTS_H
#define FF_SHIPPING_PARTS_H

#include "shipping/shipment.h"

#include "stock/ledger.h"
#include "tasks/history.h"
#include "tasks/task.h"

/* Units of a line that are reserved and not yet shipped. */
static inline int32
open_units(const FfShipmentLine *line)
{
	return line->quantity - line->shipped - line->short_quantity;
}

/* When the reported thing happened. */
extern TimestampTz ff_report_time(const FfShipmentReport *report);
/* The shipment's line of that number, or NULL. */
extern FfShipmentLine *ff_shipment_line(FfShipment *shipment, int32 line);
/* Units of the line the report is about: its own figure, or all that is open when it names no
 * lines. */
extern int32 ff_reported_units(const FfShipmentReport *report, const FfShipmentLine *line,
							   bool shortage);

/* shipment.c */
/* ff_shipments_apply without the quantities of the orders' lines, for who has more to come. */
extern void ff_shipments_move(FfShipment **shipments, FfShipmentEvent event,
							  const FfShipmentReport *reports, int count, FfVerdict *verdicts);
extern void ff_shipments_recount(FfShipment **shipments, int count);
extern void ff_shipment_note(FfShipment *shipment, const char *event, const char *cause,
							 const char *before, const char *after);

/* report.c */
extern const char *ff_reported_progress(const FfShipmentReport *report);

/* guards.c */
/* What the guards of the event want to know of packages. */
extern void ff_count_packages(FfShipment **shipments, FfShipmentEvent event, int count);
extern const FfGuardFunction ff_shipment_guards[FF_GUARD_COUNT];

/* acceptance.c: what a provider says when it takes a shipment */
extern void ff_store_acceptance(void **shipments, const void **reports, int count);
/* The same of shipments that nothing has happened to. */
extern void ff_store_words(FfShipment **shipments, const FfShipmentReport **reports, int count);
/* What a provider said of shipments, as columns: id, whether it said anything, reference, cost,
 * currency, estimated delivery, whether that means that it has it. */
#define FF_SAID_COLUMNS 7
extern void ff_said_columns(FfColumn *columns, FfShipment **shipments,
							const FfShipmentReport **reports, int count);
/* A whole number from 1, or NULL. */
extern FfArgument ff_positive(const FfJson *json, const char *path);
extern void ff_store_progress(void *shipment, const void *report);
extern void ff_void_documents(void *shipment, const void *report);

/* packages.c */
/*
 * A list of packages for each shipment, which may be NULL.  Answers whether that
 * changed anything; corrected: a list of before, said again.
 */
extern bool ff_store_packages(FfShipment **shipments, const FfJson *const *packages, int count,
							  bool corrected);
/* Packages packed by hand that did not leave after all. */
extern void ff_strip_packages(FfShipment *shipment, const char *cause);

/* dispatch.c: goods that leave, and the stock of shipments */
extern FfMovement ff_shipment_movement(const FfShipment *shipment, FfMovementKind kind,
									   const FfShipmentLine *line, int32 quantity,
									   const char *cause);
/*
 * What is missing is an error here: shipments only take what is theirs.  Locks
 * all the stock the order may come to need when this is not the last step.
 */
extern void ff_shipment_move_stock(const FfShipment *shipment, const FfMovement *movements,
								   int count);
/* Writes the lines as they stand in memory. */
extern void ff_shipments_save_lines(FfShipment *const *shipments, int count);
extern void ff_ship_stock(void **shipments, const void **reports, int count);
extern void ff_move_lines(void *shipment, const void *report);
extern void ff_release_remainder(void *shipment, const void *report);
extern void ff_retake_stock(void *shipment, const void *report);
extern void ff_reverse_shipping(void *shipment, const void *report);
extern void ff_release_stock(void *shipment, const void *report);
extern void ff_reserve_again(FfShipment *shipment, const char *cause);
extern void ff_capture(void **shipments, const void **reports, int count);

/* remainder.c: what did not leave with the rest */
extern void ff_split_remainder(void **shipments, const void **reports, int count);

/* shortage.c: reports that differ from the plan */
extern void ff_reduce_lines(void *shipment, const void *report);
extern void ff_record_shortage(void *shipment, const void *report);
extern void ff_record_over_ship(void *shipment, const void *report);

/* handover.c: tasks for the provider */
/* Whether the provider's connector implements the operation. */
extern bool ff_provider_can(const FfShipment *shipment, FfOperation operation);
extern FfTask ff_create_task(int32 merchant_id, int64 connection_id, int64 order_id,
							 int64 shipment_id, int32 attempt);
/* A task about this shipment; nothing for a provider without a connection. */
extern void ff_shipment_task(FfShipment *shipment, FfOperation operation);
/* A queued shipment that changed its provider. */
extern void ff_hand_over_anew(FfShipment *shipment);
extern void ff_enqueue_create(void *shipment, const void *report);
extern void ff_enqueue_update(void *shipment, const void *report);
extern void ff_drop_task(void *shipment, const void *report);
extern void ff_schedule_lookup(void *shipment, const void *report);
extern void ff_update_channel(void **shipments, const void **reports, int count);

/* stop.c: hold and cancel */
extern void ff_freeze(void *shipment, const void *report);
extern void ff_unfreeze(void *shipment, const void *report);
extern void ff_request_stop(void *shipment, const void *report);
extern void ff_withdraw_stop(void *shipment, const void *report);
extern void ff_record_stopped(void *shipment, const void *report);
extern void ff_record_too_late(void **shipments, const void **reports, int count);
extern void ff_mark_cancel_pending(void *shipment, const void *report);
extern void ff_request_cancel(void *shipment, const void *report);

/* aftermath.c: people, refusals, other locations */
extern void ff_notify_shipment(void **shipments, const void **reports, int count);
extern void ff_alert(void *shipment, const void *report);
extern void ff_raise_attention(void *shipment, const void *report);
extern void ff_escalate(void *shipment, const void *report);
extern void ff_rejection_policy(void *shipment, const void *report);
extern void ff_exclude_location(void *shipment, const void *report);
extern void ff_assign_rest(void *shipment, const void *report);
extern void ff_restock_if_picked(void *shipment, const void *report);
extern void ff_flag_shipped_after_cancel(void *shipment, const void *report);
extern void ff_offer_return(void *shipment, const void *report);
extern void ff_open_claim(void *shipment, const void *report);
extern void ff_alert_if_reshipped(void *shipment, const void *report);
extern void ff_edit_shipment(void *shipment, const void *report);

/* arrival.c: goods on their way */
extern void ff_expect_return(void *shipment, const void *report);
extern void ff_close_claim(void *shipment, const void *report);
extern void ff_clear_estimate(void *shipment, const void *report);
extern void ff_count_delivered(void **shipments, const void **reports, int count);

#endif
