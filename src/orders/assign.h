/*
 * assign.h
 *
 * Where routing, stock and shipping meet: orders are decided, their stock and
 * slots taken, their shipments written.  An order that loses a race is decided
 * again, or in a wave left for its next turn, which is at once; nothing waits
 * for another session but for its row locks.
 */
#ifndef FF_ORDERS_ASSIGN_H
#define FF_ORDERS_ASSIGN_H

#include "postgres.h"

/*
 * Assigns what is left to assign of these orders, whose locks the caller holds
 * in rising order of their ids, as far as the law lets them be routed.  Answers
 * the number of shipments made.
 */
extern int ff_orders_assign(int32 merchant_id, const int64 *order_ids, int count,
							const char *cause);

/*
 * Locks orders whose time to be tried has come, the most urgent promise first,
 * at most max_orders; those another session works on are passed over.  Answers
 * their ids, rising.
 */
extern int64 *ff_due_lock(int32 merchant_id, int max_orders, int *count);
/* Assigns and settles such orders; answers the shipments made. */
extern int ff_due_assign(int32 merchant_id, const int64 *order_ids, int count, const char *cause);

/* For qsort and bsearch of ids. */
extern int ff_compare_ids(const void *a, const void *b);

#endif
