/*
 * dhl_express.h
 *
 * What the files of the DHL Express connector share, and nobody else
 * includes: operations by file, and the parts of messages that rates,
 * shipments and pickups spell alike.  The exported struct stands in
 * dhl_express.c.
 */
#ifndef FF_CONNECTORS_DHL_EXPRESS_H
#define FF_CONNECTORS_DHL_EXPRESS_H

#include "connectors/dhl.h"

#define DHX_REFERENCE 35

/* dhl_express.c: a message's head and its body */
extern void ff_dhx_begin(const FfCall *call, FfMessage *message, const char *method,
						 const char *path);
extern const char *ff_dhx_account(const FfCall *call);

/* dhl_express_error.c: true for a 2xx with JSON; else the outcome says what happened */
extern bool ff_dhx_reply(const FfCall *call, const FfReply *reply, FfRepeat repeat,
						 FfOutcome *outcome, FfJson **json);
/* The texts of warnings in one line; NULL without any. */
extern char *ff_dhx_warnings(const FfJson *json);

/* dhl_express_part.c: lane, time, people, parcels */
typedef struct FfDhxLane
{
	const char *from; /* country codes */
	const char *to;
	bool is_return;
	bool declarable; /* goods cross a customs border */
	bool pounds;     /* pounds and inches, else kilograms and centimetres */
} FfDhxLane;

extern void ff_dhx_lane(const FfCall *call, FfDhxLane *lane);
/* DHL's letter of a product given as letter or name; NULL when none is meant. */
extern const char *ff_dhx_product(const FfCall *call);
/* When the parcels leave, by the clock of the origin: "2026-01-05T13:00:00GMT+01:00". */
extern char *ff_dhx_planned(const FfCall *call, const FfDhxLane *lane);
extern char *ff_dhx_time(const FfCall *call, TimestampTz time, const char *country);
extern const char *ff_dhx_zone(const FfCall *call, const char *country);
extern void ff_dhx_accounts(FfJsonWriter *writer, const FfCall *call, const FfDhxLane *lane);
extern void ff_dhx_units(FfJsonWriter *writer, bool pounds);
extern void ff_dhx_packages(FfJsonWriter *writer, const FfCall *call, bool pounds);
extern void ff_dhx_weight(FfJsonWriter *writer, const char *key, int64 grams, bool pounds);
/* postalAddress and contactInformation into an open object; field names the party in errors. */
extern void ff_dhx_party(FfJsonWriter *writer, const FfCall *call, const FfJson *address,
						 const char *field);
extern void ff_dhx_services(FfJsonWriter *writer, const FfCall *call, const FfDhxLane *lane);

/* dhl_express_customs.c */
extern void ff_dhx_declaration(FfJsonWriter *writer, const FfCall *call, const FfDhxLane *lane);
extern void ff_dhx_registrations(FfJsonWriter *writer, const FfCall *call, const FfDhxLane *lane,
								 FfCarrierRole role);
extern const char *ff_dhx_incoterm(const FfCall *call);

/* dhl_express_label.c: a shipment that exists */
extern void ff_dhx_package(FfJsonWriter *writer, int64 number, const char *tracking_number,
						   const char *waybill);
extern void ff_dhx_documents(FfJsonWriter *writer, const FfCall *call, const FfJson *documents);

/* The operations. */
extern void ff_dhx_rate_request(const FfCall *call, FfMessage *message);
extern void ff_dhx_rate_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_dhx_ship_request(const FfCall *call, FfMessage *message);
extern void ff_dhx_ship_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_dhx_find_request(const FfCall *call, FfMessage *message);
extern void ff_dhx_find_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_dhx_track_request(const FfCall *call, FfMessage *message);
extern void ff_dhx_track_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_dhx_address_request(const FfCall *call, FfMessage *message);
extern void ff_dhx_address_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_dhx_pickup_request(const FfCall *call, FfMessage *message);
extern void ff_dhx_pickup_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);

#endif
