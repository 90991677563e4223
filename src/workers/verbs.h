/*
 * verbs.h
 *
 * What the engine knows of each operation: one row of a table.  How its call
 * is loaded, and what is done with each kind of result.  A new operation is a
 * row here, and connectors that can do it.
 */
#ifndef FF_WORKERS_VERBS_H
#define FF_WORKERS_VERBS_H

#include "postgres.h"

#include "tasks/retry.h"
#include "workers/documents.h"
#include "workers/errand.h"

/* A result that is being written down, inside a subtransaction of its own. */
typedef struct FfSettling
{
	FfErrand *errand;
	FfResult result;
	const FfJson *outcome; /* the canonical outcome */
	const char *code;      /* its error, each part may be NULL */
	const char *message;
	const char *field;
	int retry_after_s;
	const char *cause; /* for history */
	FfFailure failure; /* RETRY, UNKNOWN: of which kind */
	TimestampTz now;
	FfSettlement end; /* what becomes of the task; DONE unless somebody says otherwise */
} FfSettling;

typedef void (*FfApply)(FfSettling *settling);
/* The same for many at once, no two of which are about the same order; an error is one of all. */
typedef void (*FfApplyTogether)(FfSettling **settlings, int count);

typedef struct FfVerb
{
	FfDocumentLoader load;
	const char *work; /* member of the call that holds the work; when it is empty nothing is called
					   */
	/* how a lost answer is looked up before the call is repeated; 0 (no look-up has it): not at all
	 */
	FfOperation look;
	bool admits; /* may be sent only after a look under the order's lock */
	FfApply ok;
	FfApplyTogether ok_together; /* instead of ok, where many can be applied at once */
	FfApply absent;              /* NULL: as refused */
	FfApply refused;             /* NULL: a person is told */
	FfApply page;                /* part of an answer, more to come; NULL: nothing to apply */
	FfApply nothing;             /* it certainly did not happen and will be tried again */
	FfApply unknown; /* it may have happened and must not simply be repeated; NULL: a person decides
					  */
	FfApply lost;    /* what came back could not be written down; NULL: its subject need not know */
	FfApply given_up; /* it was tried for the last time; NULL: nothing more than parking */
} FfVerb;

extern const FfVerb *ff_verb_of(FfOperation operation);
/* Whether a good answer changes more than its task. */
extern bool ff_verb_writes(FfOperation operation);

/* outcome.c: what every verb's functions may say of the task */

/* It is called again after the pause of its failure, or parked when that was the last time. */
extern void ff_settling_again(FfSettling *settling, FfFailure failure);
/* It is called again at a time, as if it had not been tried. */
extern void ff_settling_anew(FfSettling *settling, TimestampTz due_at);
/* It waits for a person, who is told why. */
extern void ff_settling_park(FfSettling *settling, const char *kind, const char *why);
/* Tells a person without stopping anything. */
extern void ff_settling_tell(FfSettling *settling, const char *kind, const char *why,
							 const char *hint);

extern void ff_apply_test_passed(FfSettling *settling);
extern void ff_apply_test_failed(FfSettling *settling);

/* apply_shipment.c */
extern bool ff_admit_shipment(FfErrand *errand);
/* The same for many whose orders are locked; one that was not decided wants the other. */
extern void ff_admit_shipments(FfErrand **errands, int count, bool *admitted, bool *decided);
extern void ff_apply_created(FfSettling **settlings, int count);
extern void ff_apply_create_refused(FfSettling *settling);
extern void ff_apply_create_nothing(FfSettling *settling);
extern void ff_apply_create_unknown(FfSettling *settling);
extern void ff_apply_create_lost(FfSettling *settling);
extern void ff_apply_found(FfSettling **settlings, int count);
extern void ff_apply_not_found(FfSettling *settling);
extern void ff_apply_no_lookup(FfSettling *settling);
extern void ff_apply_reports(FfSettling **settlings, int count);
extern void ff_apply_report_page(FfSettling *settling);
extern void ff_apply_cancelled(FfSettling *settling);
extern void ff_apply_cancel_refused(FfSettling *settling);
extern void ff_apply_held(FfSettling *settling);
extern void ff_apply_hold_refused(FfSettling *settling);

/* apply_message.c */
extern void ff_apply_message_sent(FfSettling *settling);
extern void ff_apply_message_refused(FfSettling *settling);
extern void ff_apply_message_unknown(FfSettling *settling);
extern void ff_apply_message_later(FfSettling *settling);
extern void ff_apply_message_given_up(FfSettling *settling);

/* apply_payment.c */
extern void ff_apply_paid(FfSettling *settling);
extern void ff_apply_payment_refused(FfSettling *settling);
extern void ff_apply_payment_unknown(FfSettling *settling);
extern void ff_apply_payment_absent(FfSettling *settling);
extern void ff_apply_payment_doubtful(FfSettling *settling);

/* apply_rates.c */
extern void ff_apply_rates(FfSettling *settling);
extern void ff_apply_rates_refused(FfSettling *settling);
extern void ff_apply_rates_given_up(FfSettling *settling);

/* apply_return.c */
extern void ff_apply_return_announced(FfSettling *settling);
extern void ff_apply_return_read(FfSettling *settling);
extern void ff_apply_return_pushed(FfSettling *settling);
extern void ff_apply_return_push_refused(FfSettling *settling);

/* apply_channel.c */
extern void ff_apply_orders_page(FfSettling *settling);
extern void ff_apply_orders(FfSettling *settling);

/* apply_files.c */
extern void ff_apply_files_page(FfSettling *settling);
extern void ff_apply_files(FfSettling *settling);

/* apply_stock.c */
extern void ff_apply_inventory(FfSettling *settling);
extern void ff_apply_inventory_page(FfSettling *settling);
extern void ff_apply_levels_taken(FfSettling *settling);

#endif
