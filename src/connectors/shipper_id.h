/*
 * shipper_id.h
 *
 * What the files of the Shipper connector share, and nobody else includes:
 * the head of a message, the envelope of every answer, and what an order's
 * number and status are over there.  The exported struct stands in
 * shipper_id.c.
 */
#ifndef FF_CONNECTORS_SHIPPER_ID_H
#define FF_CONNECTORS_SHIPPER_ID_H

#include "connectors/carrier.h"
#include "connectors/connector.h"

#define SHIPPER_ID "shipper_id"

/* shipper_id.c */
extern void ff_shipper_begin(const FfCall *call, FfMessage *message, const char *method,
							 const char *path);
extern const char *ff_shipper_warehouse(const FfCall *call);
/*
 * A reference of ours as a number of theirs, which has letters and digits only.
 * Different references of ours stay different.
 */
extern char *ff_shipper_number(const char *reference);
/* The number of the call's shipment: the one they know, else made from our reference; or NULL. */
extern char *ff_shipper_known_number(const FfCall *call);
/* The same, or ff_connector_fail: for requests only. */
extern char *ff_shipper_order_number(const FfCall *call);
/* Text of at most max characters; "" when there is none, as their pages ask for. */
extern void ff_shipper_write(FfJsonWriter *writer, const char *key, const char *text, int max);

/*
 * shipper_id_error.c: true for a success with its data (which may be NULL).
 * Otherwise the outcome says what happened, as the envelope or the status has it.
 */
extern bool ff_shipper_reply(const FfCall *call, const FfReply *reply, FfRepeat repeat,
							 FfOutcome *outcome, FfJson **data);
/* The page of a list that the request asked for, and whether the answer says that more follow. */
extern int64 ff_shipper_page(const FfCall *call);
extern bool ff_shipper_has_more(const FfCall *call, const FfReply *reply);

/* shipper_id_rate.c: prices of couriers, and booking one */
extern void ff_shipper_quote_request(const FfCall *call, FfMessage *message);
extern void ff_shipper_quote_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
/* Whether orders need a courier of Shipper's that we book. */
extern bool ff_shipper_books(const FfCall *call);
/* The cheapest courier of a price list that the service allows; NULL without one. */
extern const FfJson *ff_shipper_choose(const FfCall *call, const FfJson *data);
/* The courier that the order's service, or else the connection, asks for; NULL: any. */
extern const char *ff_shipper_wanted_courier(const FfCall *call);
extern const char *ff_shipper_courier_name(const FfJson *pricing);
extern void ff_shipper_book_request(const FfCall *call, FfMessage *message);

/* shipper_id_order.c, shipper_id_create.c */
extern void ff_shipper_outbound_request(const FfCall *call, FfMessage *message);
extern void ff_shipper_create_request(const FfCall *call, FfMessage *message);
extern void ff_shipper_create_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_shipper_cancel_request(const FfCall *call, FfMessage *message);
extern void ff_shipper_cancel_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);

/* shipper_id_read.c */
typedef struct FfShipperStatus
{
	const char *state; /* canonical; NULL when it is not known */
	bool partial;      /* more of it may follow */
} FfShipperStatus;

/* By code or word, in any spelling of case and blanks. */
extern FfShipperStatus ff_shipper_status(const char *said);
/* Status CLOSED means this when something was shipped, else cancelled. */
extern bool ff_shipper_closed(const char *said);
/* A courier's code as a carrier: the first word of "JNE REG", in small letters. */
extern char *ff_shipper_carrier(const char *courier);
extern void ff_shipper_get_request(const FfCall *call, FfMessage *message);
extern void ff_shipper_get_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
/* Writes the shipment that data holds; false when it holds none. */
extern bool ff_shipper_write_order(const FfCall *call, const FfJson *data, FfOutcome *outcome);

/* shipper_id_stock.c */
extern void ff_shipper_inventory_request(const FfCall *call, FfMessage *message);
extern void ff_shipper_inventory_outcome(const FfCall *call, const FfReply *reply,
										 FfOutcome *outcome);
extern void ff_shipper_items_request(const FfCall *call, FfMessage *message);
extern void ff_shipper_items_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);

/* shipper_id_return.c */
extern void ff_shipper_return_request(const FfCall *call, FfMessage *message);
extern void ff_shipper_return_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);

/* shipper_id_event.c */
extern void ff_shipper_receive(const FfCall *call, const FfReply *webhook, FfOutcome *outcome);

#endif
