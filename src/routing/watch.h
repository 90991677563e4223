/*
 * watch.h
 *
 * What a wave is doing, for wave_progress().
 */
#ifndef FF_ROUTING_WATCH_H
#define FF_ROUTING_WATCH_H

#include "routing/contest.h"

typedef enum FfWavePhase
{
	FF_WAVE_READING, /* orders, stock, prices */
	FF_WAVE_QUOTING, /* what places ask for each order */
	FF_WAVE_PRICING, /* what stock and slots are worth */
	FF_WAVE_PLACING,
	FF_WAVE_IMPROVING,
	FF_WAVE_EXPLAINING, /* the last look at each order, and its decision */
	FF_WAVE_WRITING
} FfWavePhase;

extern void ff_watch_begin(int32 merchant_id, int orders);
/* A phase begins. */
extern void ff_watch_phase(FfWavePhase phase);
/* So many orders, rounds or passes of the phase are done. */
extern void ff_watch_done(int64 done);
extern void ff_watch_costs(FfCost cost, FfCost bound);
extern void ff_watch_end(void);

#endif
