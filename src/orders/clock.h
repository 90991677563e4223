/*
 * clock.h
 *
 * What happens to orders because time passes.
 */
#ifndef FF_ORDERS_CLOCK_H
#define FF_ORDERS_CLOCK_H

#include "postgres.h"

/*
 * Ends holds whose time is over, expires orders, gives up stops that were not
 * answered, counts as delivered what nobody tracks, and assigns what is due;
 * at most max of each, each order in a subtransaction of its own.  Answers how
 * many things were done or tried; call again while it answers max or more.
 */
extern int ff_orders_clock(int32 merchant_id, int max);

#endif
