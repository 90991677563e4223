/*
 * settle.h
 *
 * The one entry the workers need after they moved shipments.
 */
#ifndef FF_ORDERS_SETTLE_H
#define FF_ORDERS_SETTLE_H

#include "postgres.h"

/*
 * Draws the conclusions of what has happened to an order and its shipments, in
 * the same transaction: drafts become ready, units find another location, the
 * order is cancelled, closed or opened again.  Locks the order; takes no
 * subtransaction.
 */
extern void ff_order_settle(int32 merchant_id, int64 order_id, const char *cause);
/* Locks orders in the order everybody does; any may stand there twice, or be gone. */
extern void ff_orders_lock(int32 merchant_id, const int64 *order_ids, int count);
/*
 * Settles many, whose locks are held, each for a cause of its own: those for
 * which nothing follows cost next to nothing, and those that are complete are
 * closed together.
 */
extern void ff_orders_settle(int32 merchant_id, const int64 *order_ids, const char *const *causes,
							 int count);

#endif
