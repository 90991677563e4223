/*
 * shipment.h
 *
 * The life of shipments after the decision: created from a plan, moved by the
 * one transition table, with packages, documents and stock following.
 *
 * Who calls must hold the lock of the order (ff_shipment_lock takes it); lock
 * order is order, shipments by id, stock by (location, item).  This room never
 * decides where goods come from and never talks to a provider: it writes the
 * task.  After its events the order must be settled (orders/settle.h).
 */
#ifndef FF_SHIPPING_SHIPMENT_H
#define FF_SHIPPING_SHIPMENT_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "model/machine.h"
#include "model/state.h"
#include "pg/json.h"

typedef struct FfShipmentLine
{
	int32 line;
	int64 item_id;
	int32 quantity; /* planned */
	int32 shipped;
	int32 short_quantity;
	int32 over_shipped; /* beyond the planned quantity */
	int32 missing;      /* not found, by the report being applied */
} FfShipmentLine;

/* A shipment under lock, as the guards and effects see it. */
typedef struct FfShipment
{
	int32 merchant_id;
	int64 shipment_id;
	int64 order_id;
	int32 number;
	char *reference;
	int64 provider_id;
	int64 location_id;
	int64 service_id;
	FfShipmentState state;
	char *provider_reference; /* NULL before it was accepted */
	bool cancel_pending;
	int32 attempt;
	TimestampTz stop_deadline;
	TimestampTz shipped_at; /* 0 before it left */
	char *integration;      /* api, file, manual */
	int64 connection_id;    /* 0: none */
	bool own_location; /* goods leave our own location: a label is a promise, not yet a parcel on
						  its way */
	char *order_state;
	bool payment_ready; /* the payment rule lets goods go */
	bool held;          /* the order has an active hold */
	bool order_waits;   /* the order has units that no shipment holds */
	TimestampTz not_before;
	char *capacity_day; /* ISO date or NULL */
	char *progress;     /* picking, packed or NULL */
	char *stop;         /* requested, stopped, too_late or NULL */
	char *stop_within;  /* interval text: how long a stop may stay unanswered */
	bool shipped_after_cancel;
	bool unreserved;       /* its stock was released and taken by the goods that left anyway */
	int64 undelivered;     /* packages that have not arrived, and that were scanned; known while */
	int64 scanned;         /* an event is applied that asks for them (guards.c) */
	FfShipmentState from;  /* the state before the event being applied */
	FfShipmentEvent event; /* the event being applied, and when it happened */
	TimestampTz event_at;
	int line_count;
	FfShipmentLine *lines;
} FfShipment;

/* What a plan says of one shipment to be. */
typedef struct FfPlannedShipment
{
	int64 order_id;
	int64 provider_id;
	int64 location_id;
	int64 service_id;         /* 0: none */
	const char *planned_cost; /* decimal text or NULL */
	const char *currency;
	const char *capacity_day; /* ISO date or NULL */
	TimestampTz estimated_delivery_at;
	int line_count;
	const FfShipmentLine *lines; /* line, item_id, quantity */
	int32 number;                /* among the order's shipments */
	bool ready;                  /* nothing forbids that it goes out at once */
	int64 connection_id;         /* of the provider; 0: none */
	int64 shipment_id;           /* set by ff_shipments_number … */
	const char *reference;       /* … with this */
} FfPlannedShipment;

/*
 * Turns plans whose stock is already reserved into shipments (draft, and on to queued where
 * nothing forbids it, which the caller says, who holds the lock of the orders), set-based for any
 * number of orders: rows, lines, history, and a create_shipment task for each queued one with a
 * connection.  The reservations must carry the same quantities and the shipment ids, which
 * ff_shipments_number gives beforehand.  What is assigned of the orders' lines is left to the
 * caller: ff_lines_assign or ff_lines_recount, or lines that are written with it.
 */
extern void ff_shipments_number(int32 merchant_id, FfPlannedShipment *planned, int count);
extern void ff_shipments_create(int32 merchant_id, FfPlannedShipment *planned, int count,
								const char *cause);

/*
 * Of orders that had no shipment: what their first ones hold is what is assigned.  Others are
 * passed over, and wait for ff_lines_recount.
 */
extern void ff_lines_assign(int32 merchant_id, const FfPlannedShipment *planned, int count);

/* The quantities of the orders' lines, drawn anew from their shipments; what could not be stopped
 * is not cancelled. */
extern void ff_lines_recount(int32 merchant_id, const int64 *order_ids, int count);

/* Locks the order, then the shipment, and loads it; ereport(ERROR, FF_ERR_UNKNOWN_OBJECT) when
 * there is none. */
extern FfShipment *ff_shipment_lock(int32 merchant_id, int64 shipment_id);
/* The same for many at once, in the order of their ids here; NULL where there is none. */
extern FfShipment **ff_shipments_lock(int32 merchant_id, const int64 *order_ids,
									  const int64 *shipment_ids, int count);
/* All shipments of an order whose lock is held, by id. */
extern FfShipment **ff_shipments_of_order(int32 merchant_id, int64 order_id, int *count);

/* What comes with an event; which members matter is the event's business. */
typedef struct FfShipmentReport
{
	const char *cause;     /* why, for history; required */
	TimestampTz at;        /* when it happened; 0: now */
	const FfJson *outcome; /* the provider's outcome.shipment: packages, documents, cost, lines */
	const FfShipmentLine
		*lines; /* ship, short: quantities in .shipped / .short_quantity; NULL: all that is open */
	int line_count;
	const FfJson
		*packages;    /* ship by hand: [{number, tracking_number, carrier, weight_g, lines}] */
	const char *code; /* reject, cancel_no: the provider's code and message */
	const char *message;
	const char *field;
	bool by_provider;     /* the provider said it, not one of our people */
	bool stock_code;      /* reject: it lacks the stock, so what is reserved is not there */
	bool lookup_is_proof; /* absent: the look-up is authoritative and its grace has passed */
	bool grace_running;   /* absent: it is too early for the look-up to prove anything */
	bool repeat_is_safe;  /* no_lookup: the provider would recognise the repeated call */
	int64 package_id;     /* return_to_sender, lost, delivered: the package it is about; 0: all */
	const FfPlannedShipment *target; /* move: where to, with provider, service and cost */
} FfShipmentReport;

/* Whether the event would be taken; changes and records nothing. */
extern bool ff_shipment_may(FfShipment *shipment, FfShipmentEvent event,
							const FfShipmentReport *report);
/* Applies one event; refusals are written to history and answered, not thrown. */
extern FfVerdict ff_shipment_apply(FfShipment *shipment, FfShipmentEvent event,
								   const FfShipmentReport *report);

/*
 * Applies the same event to many, no two of which are of the same order: with
 * as many statements as for one, where the table of transitions has only shared
 * effects for them.
 */
extern void ff_shipments_apply(FfShipment **shipments, FfShipmentEvent event,
							   const FfShipmentReport *reports, int count, FfVerdict *verdicts);

/* Packages of a shipment that has left, reported again: what changed is stored and told once more.
 */
extern void ff_shipment_correct(FfShipment *shipment, const FfShipmentReport *report);

/* What a provider says of one shipment; members may be NULL. */
typedef struct FfSaid
{
	FfShipment *shipment;
	const FfJson *report;   /* outcome.shipment */
	const FfJson *tracking; /* outcome.tracking */
	const char *cause;
} FfSaid;

/*
 * Takes what providers say of shipments, no two of which are of the same order
 * (outcome.shipment: state, lines, packages, documents, cost,
 * estimated_delivery_at, short[]; outcome.tracking) and applies the events it
 * stands for, in the order of nature: accepted, progress, short, shipped or
 * over-shipped, cancelled, what the tracking tells, delivered.  Quantities are
 * what the provider has shipped in all under this reference.
 */
extern void ff_shipments_hear(const FfSaid *said, int count);

#endif
