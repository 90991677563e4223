/*
 * act.h
 *
 * Movements that somebody asks for: their fields are checked, and orders that
 * wait for what they bring are tried again.  The ledger itself (ledger.h)
 * knows no orders.
 */
#ifndef FF_STOCK_ACT_H
#define FF_STOCK_ACT_H

#include "postgres.h"

#include "stock/ledger.h"

#define FF_MAX_MOVED 100000000 /* units at once; more is a slip of the keyboard */

/* ereport(ERROR, FF_ERR_INVALID_DOCUMENT) unless the field is sound. */
extern void ff_expect_quantity(int32 quantity, int32 least);
extern void ff_expect_cause(const char *cause);

/* As ff_stock_move. */
extern int ff_stock_try(int32 merchant_id, const FfMovement *movements, int count,
						FfShortage **shortages);
/* The movements of one act; what is missing is an error. */
extern void ff_stock_act(int32 merchant_id, const FfMovement *movements, int count);

#endif
