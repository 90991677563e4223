/*
 * learn.h
 *
 * What stock and slots are usually worth, learned from the orders of past days.
 */
#ifndef FF_ROUTING_LEARN_H
#define FF_ROUTING_LEARN_H

#include "postgres.h"

#include "datatype/timestamp.h"

/*
 * Learns from what was ordered on like days and writes the merchant's lesson,
 * prices of stock and of slots anew.  Takes seconds where there were many
 * orders; a job of the night.
 */
extern void ff_routing_learn(int32 merchant_id, TimestampTz now);

#endif
