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

/*
 * A customer has asked a channel to send goods back: the return is asked for
 * here, too, and approved when the channel has said so.  Answers its id, the
 * same when it is told again; 0 for an order that is none of ours, or when no
 * line says what comes back.  What cannot be is ereport(ERROR).
 */
extern int64 ff_return_of_channel(int32 merchant_id, int64 connection_id, const FfJson *said,
								  const char *cause);

/* What a warehouse says of a return that was announced to it, in sums: received is what is new. */
extern void ff_return_told(int32 merchant_id, int64 return_id, const FfJson *said,
						   const char *cause);

/*
 * Goods that a file says came, each row by itself; without a return of that
 * number a parcel nobody announced.  The same reference counts once.  Answers
 * the id of the return; 0 when nobody knows where the goods are.
 */
extern int64 ff_return_of_file(int32 merchant_id, int64 connection_id, const FfJson *said,
							   const char *reference, const char *cause);

#endif
