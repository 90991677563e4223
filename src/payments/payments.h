/*
 * payments.h
 *
 * What is taken, given back or let go at payment gateways: rows of the table
 * payments, each with the one call that makes it true.
 *
 * The caller holds the lock of the order, so sums are exact: what is captured
 * never exceeds what was authorized, what is refunded never what was captured.
 * This room decides amounts; it knows no gateway and never calls one.
 */
#ifndef FF_PAYMENTS_PAYMENTS_H
#define FF_PAYMENTS_PAYMENTS_H

#include "postgres.h"

/*
 * Writes what may be captured for shipments that have left (their capture_amount)
 * and, where the order was authorized at a gateway of ours, the capture.  Each
 * is of another order.
 */
extern void ff_payment_capture(int32 merchant_id, const int64 *order_ids, const int64 *shipment_ids,
							   int count);
/* Takes a capture back that nobody has begun to make, and draws the amount anew. */
extern void ff_payment_take_back(int32 merchant_id, int64 order_id, int64 shipment_id);
/* Captured, or perhaps: on the wire, or its answer was lost. */
extern bool ff_payment_was_captured(int32 merchant_id, int64 shipment_id);

/*
 * An order that is over lets go of what it will not capture any more, once
 * every capture of it is through.  Of an order that left as a whole nothing
 * should remain: a person is told instead.
 */
extern void ff_payment_release(int32 merchant_id, int64 order_id);
/* An order that was cancelled before anything left: the authorization is let go, or what the
 * channel had taken is refunded. */
extern void ff_payment_undo(int32 merchant_id, int64 order_id);

/* What could still be refunded, as decimal text: captured, or taken by the channel, less what is
 * being refunded. */
extern char *ff_payment_refundable(int32 merchant_id, int64 order_id);
/*
 * Refunds an amount (positive decimal text, within what is refundable) for a
 * return, from the capture of its shipment first, then the others; one step per
 * capture.  Answers how many steps: 0 when the order was not paid at a gateway
 * of ours.
 */
extern int ff_payment_refund(int32 merchant_id, int64 order_id, int64 return_id, int64 shipment_id,
							 const char *amount);

/* How a step ended. */
typedef struct FfPaymentEnd
{
	int32 merchant_id;
	int64 payment_id;
	bool done;                      /* else refused for good */
	const char *provider_reference; /* the gateway's id, or NULL */
	const char *code;
	const char *message;
	const char *cause;
	/* set by ff_payment_end */
	int64 order_id;
	int64 return_id;     /* the return it paid back; 0: none */
	bool return_settled; /* … and no other step of it is pending */
	bool return_paid;    /* … all of them done */
} FfPaymentEnd;

/* Locks the order; writes the step down once: false when it had ended before. */
extern bool ff_payment_end(FfPaymentEnd *end);

#endif
