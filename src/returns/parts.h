/*
 * parts.h
 *
 * Private to returns/: a return under lock, what may come with an event, and
 * the guards and effects of the return machine, each in the file that owns its
 * subject.
 */
#ifndef FF_RETURNS_PARTS_H
#define FF_RETURNS_PARTS_H

#include "model/machine.h"
#include "model/state.h"
#include "pg/spi.h"
#include "returns/returns.h"

typedef struct FfReturnLine
{
	int32 line; /* of the order; 0: it has none, or it is not known yet */
	int64 item_id;
	int32 quantity;
	int32 received;
	int32 missing;
	const char *condition;   /* reported: as the warehouse says it */
	const char *disposition; /* reported: restock, quarantine, scrap or missing */
	const char *reason;
} FfReturnLine;

/* A return under lock, as the guards and effects see it. */
typedef struct FfReturn
{
	int32 merchant_id;
	int64 return_id;
	int64 order_id;    /* 0: nobody knows yet */
	int64 shipment_id; /* 0: several, or unknown */
	const char *kind;  /* rma, exchange, rts, claim, blind */
	FfReturnState state;
	int64 location_id; /* 0: not chosen yet */
	char *number;      /* ours: PREFIX-R17 */
	bool late;         /* goods came although it was not approved or was over */
	char *asked;       /* decimal text: what somebody was asked to pay back so far */
	int line_count;
	FfReturnLine *lines;
	FfReturnEvent event; /* being applied */
	bool from_nothing;   /* it has no row yet */
} FfReturn;

/* What comes with an event; which members matter is the event's business. */
typedef struct FfReturnRequest
{
	const char *cause; /* why, for history; required */
	const char *reason;
	const FfReturnLine *lines; /* request, receive */
	int line_count;
	bool override;         /* request: whatever the window says */
	const char *reference; /* receive: of the receipt; NULL: none */
	int64 location_id;     /* approve, receive: 0 as the return says */
	const char *fee;       /* approve: decimal text, NULL 0 */
	const char *amount;    /* refund: decimal text, NULL what is due */
	const FfJson *hints;   /* blind_receive: what stands on the parcel */
	int64 order_id;        /* match */
	bool by_person;        /* refund: somebody decided, whatever the kind of return */
	bool announced;        /* announce: the label is there */
} FfReturnRequest;

/* return.c */
extern FfReturn *ff_return_lock(int32 merchant_id, int64 return_id);
/* A return that is not written yet, of a locked order (0: none). */
extern FfReturn *ff_return_new(int32 merchant_id, int64 order_id, const char *kind);
extern void ff_return_refresh(FfReturn *subject);
extern bool ff_return_may(FfReturn *subject, FfReturnEvent event, const FfReturnRequest *request);
extern FfVerdict ff_return_apply(FfReturn *subject, FfReturnEvent event,
								 const FfReturnRequest *request);
/* The same for a person's act: a refusal is ereport(ERROR, FF_ERR_REFUSED_EVENT). */
extern void ff_return_demand(FfReturn *subject, FfReturnEvent event,
							 const FfReturnRequest *request);
/* After goods came, or a person closed it: accounted, refunded, resolved, as far as it goes. */
extern void ff_return_go_on(FfReturn *subject, const FfReturnRequest *request);

/* guards.c */
extern const FfGuardFunction ff_return_guards[FF_GUARD_COUNT];

/* request.c: asked for, approved, announced, given up */
extern void ff_store_return(void *subject, const void *request);
extern void ff_choose_return_location(void *subject, const void *request);
extern void ff_enqueue_announce(void *subject, const void *request);
/* Whether somebody was asked to wait for it, or to make a label. */
extern bool ff_return_is_announced(const FfReturn *subject);
extern void ff_cancel_announcement(void *subject, const void *request);

/* receive.c: goods that came */
extern void ff_store_receipt(void *subject, const void *request);
extern void ff_flag_late(void *subject, const void *request);

/* blind.c: goods nobody announced */
extern void ff_rank_candidates(void *subject, const void *request);
extern void ff_bind_return(void *subject, const void *request);

/* refund.c: money */
/* What is to be paid now, as decimal text: due, less paid, within what is refundable. */
extern char *ff_return_open_amount(const FfReturn *subject, const FfReturnRequest *request);
extern bool ff_is_zero(const char *amount);
/* Writes down what was paid, and that nothing more is under way. */
extern void ff_refund_ended(FfReturn *subject, bool paid, const char *amount);
extern void ff_compute_refund(void *subject, const void *request);
extern void ff_enqueue_refund(void *subject, const void *request);
/* A person said what is paid. */
extern void ff_refund_decided(const FfReturn *subject);
extern void ff_refund_attention(void *subject, const void *request);
/* Nobody pays by itself: whether it waits for a person's word. */
extern bool ff_refund_needs_word(const FfReturn *subject);

/* told.c: when an announced return is asked for next */
extern void ff_return_poll_later(int32 merchant_id, int64 return_id);

/* tell.c: channel, customer, replacements */
extern void ff_return_update_channel(void *subject, const void *request);
extern void ff_return_notify(void *subject, const void *request);
extern void ff_plan_replacement(void *subject, const void *request);
extern void ff_release_replacement(void *subject, const void *request);
extern void ff_settle_replacement(void *subject, const void *request);
/* A call to the channel about this return; refund: it pays.  false: the channel cannot be told. */
extern bool ff_push_return(const FfReturn *subject, const char *amount, bool refund);

#endif
