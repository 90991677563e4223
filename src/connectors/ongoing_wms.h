/*
 * ongoing_wms.h
 *
 * What the files of the Ongoing WMS connector share, and nobody else
 * includes: the head of a message, the first look at a reply, and how an
 * order of theirs is read as a shipment of ours.  The exported struct stands
 * in ongoing_wms.c.
 */
#ifndef FF_CONNECTORS_ONGOING_WMS_H
#define FF_CONNECTORS_ONGOING_WMS_H

#include "connectors/connector.h"

#define ONGOING "ongoing_wms"

/* ongoing_wms.c */
extern void ff_ongoing_begin(const FfCall *call, FfMessage *message, const char *method,
							 const char *path);
/* Appends goodsOwnerId=…; fails when the connection has none. */
extern void ff_ongoing_owner_query(const FfCall *call, FfMessage *message);
extern void ff_ongoing_owner(FfJsonWriter *writer, const FfCall *call);

/*
 * ongoing_wms_error.c: true for a 2xx with JSON.  Otherwise the outcome says
 * what happened; a 2xx that is not JSON is unknown.
 */
extern bool ff_ongoing_reply(const FfCall *call, const FfReply *reply, FfOutcome *outcome,
							 FfJson **json);
/* The same for a reply of a write, which must name the id at a path; NULL without one. */
extern char *ff_ongoing_written(const FfCall *call, const FfReply *reply, FfOutcome *outcome,
								const char *id_path);

/* ongoing_wms_order.c: writing orders */

extern const FfJson *ff_ongoing_shipment(const FfCall *call);
extern const char *ff_ongoing_order_number(const FfCall *call);
/* Their id of the order: told by the call, or found by a first request; NULL when unknown. */
extern char *ff_ongoing_order_id(const FfCall *call);
/* The day it is to leave; the pick-up point, or NULL. */
extern char *ff_ongoing_delivery_date(const FfCall *call);
extern const char *ff_ongoing_service_point(const FfCall *call);
/* Writes the shipment with nothing but id and state. */
extern void ff_ongoing_state(FfOutcome *outcome, const char *id, const char *state);
/* Asks for the order by id, or by our number. */
extern void ff_ongoing_look_up(const FfCall *call, FfMessage *message);
/*
 * Reads the answer to a look-up.  NULL when there is no such order or the
 * reply was none; the outcome then says which.
 */
extern FfJson *ff_ongoing_found(const FfCall *call, const FfReply *reply, FfOutcome *outcome);

/* ongoing_wms_read.c: what an order's state, parcels and lines mean */
typedef struct FfOngoingStatus
{
	const char *state;    /* canonical */
	const char *tracking; /* canonical status of the parcels, when the order's number tells one */
	bool partial;         /* more of it may follow */
	const char *unknown;  /* the number, when only its range tells what it means */
} FfOngoingStatus;

extern FfOngoingStatus ff_ongoing_status(const FfCall *call, const FfJson *number);
extern void ff_ongoing_partial(FfJsonWriter *writer, const FfOngoingStatus *status);
/* Writes packages[]; order has parcels[], tracking[] and, perhaps, orderInfo. */
extern void ff_ongoing_packages(FfJsonWriter *writer, const FfJson *order);
/* Writes tracking[] when the state tells where the parcels are. */
extern void ff_ongoing_tracking(FfJsonWriter *writer, const FfJson *order,
								const FfOngoingStatus *status);

/* The operations. */
extern void ff_ongoing_create_request(const FfCall *call, FfMessage *message);
extern void ff_ongoing_create_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_ongoing_update_request(const FfCall *call, FfMessage *message);
extern void ff_ongoing_update_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_ongoing_hold_request(const FfCall *call, FfMessage *message);
extern void ff_ongoing_hold_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_ongoing_cancel_request(const FfCall *call, FfMessage *message);
extern void ff_ongoing_cancel_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_ongoing_get_request(const FfCall *call, FfMessage *message);
extern void ff_ongoing_get_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_ongoing_inventory_request(const FfCall *call, FfMessage *message);
extern void ff_ongoing_inventory_outcome(const FfCall *call, const FfReply *reply,
										 FfOutcome *outcome);
extern void ff_ongoing_items_request(const FfCall *call, FfMessage *message);
extern void ff_ongoing_items_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_ongoing_announce_request(const FfCall *call, FfMessage *message);
extern void ff_ongoing_announce_outcome(const FfCall *call, const FfReply *reply,
										FfOutcome *outcome);
extern void ff_ongoing_return_request(const FfCall *call, FfMessage *message);
extern void ff_ongoing_return_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_ongoing_receive(const FfCall *call, const FfReply *webhook, FfOutcome *outcome);

#endif
