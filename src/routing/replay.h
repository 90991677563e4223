/*
 * replay.h
 *
 * Past orders once more, one after the other, under the rules and costs of now
 * or under changed ones.  Reads only.
 */
#ifndef FF_ROUTING_REPLAY_H
#define FF_ROUTING_REPLAY_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "pg/json.h"
#include "routing/solver.h"

typedef struct FfReplay
{
	int64 orders;
	int64 shipped_orders; /* of which at least one shipment goes */
	int64 split_orders;
	int64 late_orders; /* with at least one shipment after the promise */
	int64 full_orders;
	int64 shipments;
	int64 units;
	int64 waiting_units;
	FfPartCost parts; /* sums; scarcity is a price and no cost */
	FfCost split;
	FfCost waiting;
} FfReplay;

#define FF_MOST_REPLAYED 100000

/*
 * Orders that came in from one time until before another, with the stock that
 * is there now and what they themselves have taken, each at its own time of
 * day, every day with all its slots.  Changes as of ff_network_load, checked
 * here; NULL: none.  ereport(ERROR) when they cannot be read, or when the
 * orders are more than FF_MOST_REPLAYED.
 */
extern FfReplay ff_routing_replay(int32 merchant_id, const FfJson *changes, TimestampTz from,
								  TimestampTz to);

#endif
