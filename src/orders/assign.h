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
 * Assigns orders whose time to be tried has come, the most urgent promise
 * first, and settles them.  Orders another session works on are passed over.
 * Answers how many orders were tried; *shipments: how many shipments were made.
 */
extern int ff_assign_due(int32 merchant_id, int max_orders, const char *cause, int *shipments);

#endif
