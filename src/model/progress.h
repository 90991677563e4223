/*
 * progress.h
 *
 * How far an order is: derived from the sums of its lines and a few facts,
 * never stored.  Quantities are cumulative: what is delivered is also shipped,
 * submitted and assigned.
 *
 * Precedence: cancelled, held, exception, then the quantities.  An order is as
 * far as its slowest part, except that shipping and delivery say when a part
 * has gone ahead.
 */
#ifndef FF_MODEL_PROGRESS_H
#define FF_MODEL_PROGRESS_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "model/state.h"
#include "model/time.h"

/* FF_PROGRESS(symbol, name) */
#define FF_PROGRESS_LIST(FF_PROGRESS)                                   \
	FF_PROGRESS(FF_PROGRESS_UNASSIGNED, "unassigned")                   \
	FF_PROGRESS(FF_PROGRESS_BACKORDERED, "backordered")                 \
	FF_PROGRESS(FF_PROGRESS_UNFILLABLE, "unfillable")                   \
	FF_PROGRESS(FF_PROGRESS_ASSIGNED, "assigned")                       \
	FF_PROGRESS(FF_PROGRESS_SUBMITTED, "submitted")                     \
	FF_PROGRESS(FF_PROGRESS_PARTIALLY_SHIPPED, "partially_shipped")     \
	FF_PROGRESS(FF_PROGRESS_SHIPPED, "shipped")                         \
	FF_PROGRESS(FF_PROGRESS_PARTIALLY_DELIVERED, "partially_delivered") \
	FF_PROGRESS(FF_PROGRESS_DELIVERED, "delivered")                     \
	FF_PROGRESS(FF_PROGRESS_CANCELLED, "cancelled")                     \
	FF_PROGRESS(FF_PROGRESS_HELD, "held")                               \
	FF_PROGRESS(FF_PROGRESS_EXCEPTION, "exception")

typedef enum FfProgress
{
#define FF_PROGRESS(symbol, name) symbol,
	FF_PROGRESS_LIST(FF_PROGRESS)
#undef FF_PROGRESS
	FF_PROGRESS_COUNT
} FfProgress;

#define FF_FLAG_HELD         0x01
#define FF_FLAG_AT_RISK      0x02 /* the promise is broken, or will be as far as is known */
#define FF_FLAG_EXCEPTION    0x04
#define FF_FLAG_RETURNING    0x08
#define FF_FLAG_OVER_SHIPPED 0x10

typedef struct FfOrderFacts
{
	FfOrderState state;
	int64 ordered;
	int64 cancelled;
	int64 assigned;
	int64 submitted;
	int64 shipped;      /* up to what was ordered, per line … */
	int64 over_shipped; /* … and beyond it */
	int64 delivered;
	int64 backordered;
	int64 unfillable;
	bool held;      /* a hold is open */
	bool exception; /* something is in front of a person, or a parcel is in trouble */
	bool returning; /* a return is open */
	TimestampTz promised_by;
	TimestampTz expected_at; /* latest estimate of any open shipment */
	TimestampTz now;
} FfOrderFacts;

extern FfProgress ff_order_progress(const FfOrderFacts *facts);
extern const char *ff_progress_name(FfProgress progress);
/* Set of FF_FLAG_*. */
extern int ff_order_flags(const FfOrderFacts *facts);

#endif
