/*
 * returns.h
 *
 * Goods that come back, asked for or not: announced, received by condition,
 * paid back, over.  A return is moved by the one transition table under the
 * lock of its order.  This room writes stock and what is to be refunded; it
 * calls nobody.
 */
#ifndef FF_RETURNS_RETURNS_H
#define FF_RETURNS_RETURNS_H

#include "postgres.h"

#include "pg/json.h"

/*
 * Every step of a refund has ended: the return is resolved, or a person decides
 * when the gateway or the channel refused.  amount is what was paid beside
 * the steps at gateways, as decimal text; NULL: nothing.
 */
extern void ff_return_paid(int32 merchant_id, int64 return_id, bool paid, const char *amount,
						   const char *cause);

/* What the announcement brought: the other side's reference, a label with its number. */
extern void ff_return_announced(int32 merchant_id, int64 return_id, const FfJson *outcome,
								const char *cause);

#endif
