/*
 * order.h
 *
 * An order under lock, moved by the one transition table.  Entry points lock
 * the order first (ff_order_lock), apply events, and end with ff_order_settle
 * (settle.h), which draws the conclusions.
 */
#ifndef FF_ORDERS_ORDER_H
#define FF_ORDERS_ORDER_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "model/machine.h"
#include "model/order_document.h"
#include "pg/json.h"
#include "pg/spi.h"

typedef struct FfLine
{
	int32 line;
	int64 item_id;
	char *sku;
	char *channel_line_id;
	int32 kit_line; /* 0: no part of a kit */
	char *kit_sku;
	int32 lot; /* units of it in one kit */
	int32 quantity;
	int32 cancelled;
	int32 assigned;
	int32 shipped;
	int32 over_shipped;
} FfLine;

typedef struct FfOrder
{
	int32 merchant_id;
	int64 order_id;
	int64 channel_id;
	char *channel;               /* its code */
	int64 channel_connection_id; /* 0: nobody is told */
	bool channel_takes_parts;    /* an update per shipment; else one when everything left */
	char *number;
	char *channel_order_id;
	int64 version;
	FfOrderState state;
	TimestampTz not_before;      /* 0: none */
	TimestampTz next_routing_at; /* 0: none */
	bool payment_ready;
	bool authorized; /* … and it is to be captured */
	bool shipped_anyway;
	int active_holds;
	FfJson *document;
	FfJson *errors;    /* what was wrong with the document so far; NULL: nothing */
	FfJson *delivered; /* what came in last, when people changed the order since; else NULL */
	int line_count;
	FfLine *lines;
	FfOrderEvent event; /* being applied */
	bool ended; /* its shipments have and no return is open, as whoever loaded it has seen */
} FfOrder;

/* Units of one line, in a request to cancel. */
typedef struct FfLineQuantity
{
	int32 line;
	int32 quantity;
} FfLineQuantity;

/* What comes with an event; which members matter is the event's business. */
typedef struct FfOrderRequest
{
	const char *cause;               /* why, for history; required */
	bool from_channel;               /* the channel said it, so it need not be told */
	bool by_document;                /* hold: a document wants it, so a newer one may end it */
	int64 version;                   /* receive */
	const FfJson *raw;               /* receive, correct, edit: the document … */
	const FfOrderDocument *document; /* … as read, with what was wrong with it … */
	FfFieldReader *reader;
	const struct FfNewOrder *resolved; /* … and with its channel and items looked up */
	const char *hold_reason;           /* hold */
	TimestampTz hold_until;            /* 0: no end */
	int64 hold_id;                     /* release: which; hold: set to the new one by the effect */
	const FfLineQuantity *cancel;      /* cancel: NULL is everything that has not left */
	int cancel_count;
	const char *cancel_reason;
} FfOrderRequest;

/* ereport(ERROR, FF_ERR_UNKNOWN_OBJECT) when the merchant has no such order. */
extern FfOrder *ff_order_lock(int32 merchant_id, int64 order_id);
/* The same for many, rising by id; those that are gone are left out. */
extern FfOrder **ff_orders_load(int32 merchant_id, FfArgument order_ids, int *count);
/* Reads the lines and holds again, after shipments have moved. */
extern void ff_order_refresh(FfOrder *order);
extern FfLine *ff_order_line(FfOrder *order, int32 line);
extern int32 ff_units_to_assign(const FfLine *line);
/* Units that are wanted and have not left. */
extern int32 ff_units_unshipped(const FfLine *line);
extern int64 ff_order_sum_shipped(const FfOrder *order);
extern int64 ff_order_sum_to_assign(const FfOrder *order);

/* Whether the event would change something; changes and records nothing. */
extern bool ff_order_may(FfOrder *order, FfOrderEvent event, FfOrderRequest *request);
/* Applies one event; refusals are written to history and answered, not thrown. */
extern FfVerdict ff_order_apply(FfOrder *order, FfOrderEvent event, FfOrderRequest *request);
/* The same event for many, none of which bears on another. */
extern void ff_orders_apply(FfOrder **orders, FfOrderEvent event, FfOrderRequest **requests,
							int count, FfVerdict *verdicts);
/* The same for a person's act: a refusal is ereport(ERROR, FF_ERR_REFUSED_EVENT). */
extern void ff_order_demand(FfOrder *order, FfOrderEvent event, FfOrderRequest *request);
extern void ff_order_note(FfOrder *order, const char *event, const char *cause, const char *before,
						  const char *after);

#endif
