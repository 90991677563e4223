/*
 * decide.h
 *
 * What ships from where, for any number of orders of one merchant: candidate
 * rows are read set-based, every order is solved, and stock and capacity that
 * one order takes are gone for the next.  Nothing is written here but the
 * decision itself; the caller turns plans into reservations and shipments.
 *
 *     routings = ff_routing_decide(merchant_id, requests, count, now, &report);
 *     ff_stock_move(...);                                   parts' lines, as RESERVE
 *     ff_capacity_take(merchant_id, routings, count);       parts' slots of the day
 *     ff_shipments_create(...);
 *     ff_routing_record(merchant_id, routings, count, cause, &report);
 *
 * The orders are locked by the caller, who also knows whether they may be
 * assigned at all (state, holds, not_before).
 *
 * Locks: orders, then (location, item), then (location, day): stock is taken in
 * several steps where orders change, slots only ever last.  An order that loses
 * its race for stock (FfShortage) or for a slot (routing.lost) gives back what
 * it took and is decided again by a new call, but not with these locks in hand:
 * two losers would wait for each other.  So try in a subtransaction and roll it
 * back, or leave the order to the next transaction.
 */
#ifndef FF_ROUTING_DECIDE_H
#define FF_ROUTING_DECIDE_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "model/order_document.h"
#include "routing/pacing.h"

/* An order of which only the head is written: what its lines will say. */
typedef struct FfRoutingOrder
{
	int64 channel_id;
	const char *service; /* ours; NULL: any */
	const FfOrderDocument *document;
	const int64 *item_ids; /* per line of the document */
} FfRoutingOrder;

typedef struct FfRoutingRequest
{
	int64 order_id;
	int64 shipment_id; /* 0: what is left to assign; else what this shipment still holds */
	int64 location_id; /* 0: any; else from here or not at all */
	bool anew;         /* all that was ordered, as if it came in now; alike for all of a call */
	const FfRoutingOrder *order; /* NULL: its rows say it; alike for all of a call */
} FfRoutingRequest;

typedef struct FfRoutedLine
{
	int32 line;
	int64 item_id;
	int32 quantity;
} FfRoutedLine;

/* One shipment to be. */
typedef struct FfRoutedPart
{
	int64 location_id;
	int64 provider_id;
	int64 service_id;    /* 0: the provider has none */
	int64 connection_id; /* the provider's; 0: it has none */
	int32 keep_back;     /* units of each item its channel may not touch, for the reservation */
	char *capacity_day;  /* ISO date; NULL: the location has no daily capacity */
	bool new_day;        /* nobody had a slot of it yet */
	FfPace pace;         /* of that day's slots, before this one was taken … */
	int64 clock;         /* … and when that was */
	char *planned_cost;  /* what the carrier should charge, decimal text */
	char *currency;
	TimestampTz estimated_delivery_at;
	int line_count;
	FfRoutedLine *lines;
} FfRoutedPart;

/* Units that no part holds. */
typedef struct FfWaitingLine
{
	int32 line;
	int64 item_id;
	int32 quantity;
	const char *reason; /* no_stock, safety_stock, capacity, rule, …: routing/reasons.h */
} FfWaitingLine;

typedef struct FfRouting
{
	int64 order_id;
	int part_count; /* 0: nothing to ship, now or at all */
	FfRoutedPart *parts;
	int waiting_count; /* 0: everything found its place */
	FfWaitingLine *waiting;
	const char *reason;   /* for the order as a whole: the first waiting line's; NULL: none waits */
	TimestampTz retry_at; /* when waiting units are to be tried again; 0: none waits */
	bool lost;            /* its race for stock or a slot: set by the caller, by ff_capacity_take */
	struct FfDecision *decision;       /* for ff_routing_record, and so is … */
	struct FfRateQuestions *questions; /* … what carriers are to be asked; NULL: nothing */
} FfRouting;

/* How a wave went. */
typedef struct FfWaveReport
{
	TimestampTz started_at;
	int orders;   /* 0: it was no wave */
	char *cost;   /* decimal text: what all its plans cost … */
	char *bound;  /* … and what no plans for these orders could have cost less than */
	int rounds;   /* of looking for prices */
	int passes;   /* of improving */
	bool in_time; /* it ended because nothing more was to be gained */
} FfWaveReport;

/*
 * One routing per request, in their order, palloc'd in the current context.
 * Requests of the same call see each other.  With a report they are a wave:
 * who gets the last unit is decided by what it saves.  Without, or where the
 * merchant gives waves no time, the first take what they need; and so do, before
 * all others, orders that were decided before and had to wait.
 */
extern FfRouting *ff_routing_decide(int32 merchant_id, const FfRoutingRequest *requests, int count,
									TimestampTz now, FfWaveReport *report);

/* The same for a document that is no order yet, on today's stock. */
extern FfRouting *ff_routing_simulate(int32 merchant_id, const FfOrderDocument *document,
									  TimestampTz now);

/*
 * Writes the decisions: the plan, the next best ones, why not the other
 * locations; and the tasks that ask carriers for prices.  A wave's report, or
 * NULL, becomes a row of its own, and the wave is over.
 */
extern void ff_routing_record(int32 merchant_id, const FfRouting *routings, int count,
							  const char *cause, const FfWaveReport *report);

/*
 * Asks the carriers of an order's shipments for their prices: those of what is
 * planned and not sent yet, and of the plans there are for what is left.
 * Answers how many calls that takes; -1: none of them quotes prices, or the
 * merchant does not want it.
 */
extern int ff_routing_request_rates(int32 merchant_id, int64 order_id, TimestampTz now);

/*
 * Takes one slot of the day for every part, order by order, all or none of an
 * order's, of those that are not lost already.  Answers how many orders found a
 * day full; those are marked lost and took nothing.
 */
extern int ff_capacity_take(int32 merchant_id, FfRouting *routings, int count);

#endif
