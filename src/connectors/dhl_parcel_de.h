/*
 * dhl_parcel_de.h
 *
 * What the files of the DHL Parcel DE connector share, and nobody else
 * includes: operations by file, parts of messages that shipments, returns and
 * pickups spell alike, and the class of an error.  The exported struct stands
 * in dhl_parcel_de.c.
 */
#ifndef FF_CONNECTORS_DHL_PARCEL_DE_H
#define FF_CONNECTORS_DHL_PARCEL_DE_H

#include "connectors/dhl.h"

#define PDE_SHIPPING "/parcel/de/shipping/v2"
#define PDE_RETURNS  "/parcel/de/shipping/returns/v1"
#define PDE_PICKUP   "/parcel/de/transportation/pickup/v3"
#define PDE_TRACKING "/parcel/de/tracking/v0"
#define PDE_NAME     50

/* dhl_parcel_de.c: a message's head and its body */
extern void ff_pde_begin(const FfCall *call, FfMessage *message, const char *method,
						 const char *api, const char *path);

/* dhl_parcel_de_product.c: which product, who pays, and what the lane asks for */
typedef struct FfPdeLane
{
	const char *from; /* country codes */
	const char *to;
	bool customs; /* a customs border lies between them */
	const char *product;
} FfPdeLane;

extern void ff_pde_lane(const FfCall *call, FfPdeLane *lane);
/* The number of fourteen characters a product is billed to, or ff_connector_fail. */
extern const char *ff_pde_billing_number(const FfCall *call, const char *product);
/* Our reference, long enough for DHL; NULL without one. */
extern char *ff_pde_reference(const FfCall *call);
/* Today or the wished day, by Germany's calendar. */
extern char *ff_pde_ship_date(const FfCall *call);

/* dhl_parcel_de_party.c: people and places */
extern const char *ff_pde_country(const char *country);
extern void ff_pde_shipper(FfJsonWriter *writer, const FfCall *call, const FfJson *address);
extern void ff_pde_consignee(FfJsonWriter *writer, const FfCall *call, const FfJson *address);
/* Returns and pickups want the house number apart from the street; orders take it in the street. */
#define PDE_WITH_HOUSE  (1 << 0)
#define PDE_WITH_NAME3  (1 << 1)
#define PDE_WITH_ALPHA2 (1 << 2) /* pickups spell countries with two letters */
/* A plain address into an open object. */
extern void ff_pde_address(FfJsonWriter *writer, const FfJson *address, int with);

/* dhl_parcel_de_service.c and dhl_parcel_de_customs.c: parts of an order */
extern void ff_pde_services(FfJsonWriter *writer, const FfCall *call, const FfPdeLane *lane,
							int index);
extern void ff_pde_customs(FfJsonWriter *writer, const FfCall *call, const FfPdeLane *lane,
						   int index);
extern void ff_pde_items(FfJsonWriter *writer, const FfCall *call, int index,
						 int description_longest);
extern void ff_pde_value(FfJsonWriter *writer, const char *key, const char *amount,
						 const char *currency);
extern void ff_pde_weight(FfJsonWriter *writer, const char *key, int64 grams);

/* dhl_parcel_de_error.c */
/* What became of one shipment of a call. */
typedef struct FfPdeFailure
{
	FfResult result; /* FF_RESULT_OK when it was made */
	const char *code;
	const char *message;
	const char *field;
} FfPdeFailure;

/*
 * True when the reply is a 2xx with JSON; otherwise the outcome says what
 * happened.  The items of an answer are judged one by one.
 */
extern bool ff_pde_reply(const FfCall *call, const FfReply *reply, FfRepeat repeat,
						 FfOutcome *outcome, FfJson **json);
extern FfPdeFailure ff_pde_item(const FfCall *call, const FfJson *item, int index);
/* The warnings of all items; NULL without any. */
extern char *ff_pde_warnings(const FfJson *items);

/* dhl_parcel_de_label.c */
extern void ff_pde_document(FfJsonWriter *writer, const char *kind, const FfJson *document,
							int64 package);
extern void ff_pde_package(FfJsonWriter *writer, int64 number, const char *tracking_number);

/* dhl_parcel_de_ship.c: what labels are printed on, as a query; and parcels as DHL answers them */
extern void ff_pde_paper(const FfCall *call, FfMessage *message);
extern void ff_pde_write_made(FfJsonWriter *writer, const FfCall *call, const FfJson *items);

/*
 * dhl_parcel_de_status.c: the canonical status of a scan, by its event (ICE),
 * reason (RIC) and standard event, which may be ""; NULL for one that leaves
 * the status as it is.  False for an event that nobody has described.
 */
extern bool ff_pde_scan(const char *ice, const char *reason, const char *standard,
						const char **status);
/* The same by the standard event alone. */
extern bool ff_pde_standard(const char *standard, const char **status);

/* dhl_parcel_de_track.c: DHL Parcel DE's own tracking, for users of it */
extern void ff_pde_track_request(const FfCall *call, FfMessage *message);
extern void ff_pde_track_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
/* Asks which parcels have our reference. */
extern void ff_pde_reference_request(const FfCall *call, FfMessage *message);
/* Writes their numbers into an open array and answers how many; 0: the outcome says why. */
extern int ff_pde_reference_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome,
									FfJsonWriter *numbers);

/* dhl_parcel_de_void.c: taking labels back */
/* The head of a deletion; a query "shipment" per number follows. */
extern void ff_pde_void(const FfCall *call, FfMessage *message);

/* The operations. */
extern void ff_pde_ship_request(const FfCall *call, FfMessage *message);
extern void ff_pde_ship_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_pde_find_request(const FfCall *call, FfMessage *message);
extern void ff_pde_find_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_pde_cancel_request(const FfCall *call, FfMessage *message);
extern void ff_pde_cancel_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_pde_manifest_request(const FfCall *call, FfMessage *message);
extern void ff_pde_manifest_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_pde_return_request(const FfCall *call, FfMessage *message);
extern void ff_pde_return_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_pde_pickup_request(const FfCall *call, FfMessage *message);
extern void ff_pde_pickup_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_pde_address_request(const FfCall *call, FfMessage *message);
extern void ff_pde_address_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);

#endif
