/*
 * ups.h
 *
 * What the files of the UPS connector share, and nobody else includes: the
 * operations by file, the head and tail of a message, parts of addresses and
 * packages that the Ship, Rating and Pickup APIs spell alike, and the class
 * of an error.  The exported struct stands in ups.c.
 */
#ifndef FF_CONNECTORS_UPS_H
#define FF_CONNECTORS_UPS_H

#include "connectors/carrier.h"

/* Lengths that hold in every UPS API. */
#define UPS_LINE      35
#define UPS_REFERENCE 35
#define UPS_STREETS   3
#define UPS_EMAIL     50
#define UPS_POSTCODE  9
#define UPS_REGION    5
#define UPS_PHONE     15

/* ups.c: a message's head, its body, and the first look at a reply */
extern void ff_ups_begin(const FfCall *call, FfMessage *message, const char *method,
						 const char *path);
/* The account number; fails when the connection has none. */
extern const char *ff_ups_account(const FfCall *call);
/* UPS's "presence counts" flags. */
extern void ff_ups_flag(FfJsonWriter *writer, const char *key, bool present);
/* Request.TransactionReference, which comes back with the answer. */
extern void ff_ups_context(FfJsonWriter *writer, const FfCall *call);

/*
 * ups_error.c: true when the reply is a 2xx with JSON and without an error;
 * otherwise the outcome says what happened.
 */
extern bool ff_ups_reply(const FfCall *call, const FfReply *reply, FfRepeat repeat,
						 FfOutcome *outcome, FfJson **json);

/* What an answer that succeeded warns of; NULL when it does not. */
extern char *ff_ups_warnings(const FfJson *answer);

/* ups_party.c: people and places */
/* Members that not every party of every API takes. */
#define UPS_WITH_ATTENTION   (1 << 0)
#define UPS_WITH_PHONE       (1 << 1)
#define UPS_WITH_EMAIL       (1 << 2)
#define UPS_WITH_RESIDENTIAL (1 << 3)
#define UPS_WITH_CONTACT     (UPS_WITH_ATTENTION | UPS_WITH_PHONE)

/* Writes Name, what is wanted of the members above, and Address into an open object. */
extern void ff_ups_party(FfJsonWriter *writer, const FfJson *address, int with);

/* ups_lane.c: what depends on origin, destination and kind of the shipment */
typedef struct FfUpsLane
{
	const char *from; /* country codes */
	const char *to;
	bool is_return;
	bool abroad;            /* origin and destination differ */
	bool customs;           /* a customs border lies between them */
	bool package_reference; /* references stand at the packages */
	bool package_signature; /* delivery confirmation stands at the packages */
	bool package_cod;       /* collect on delivery stands at the packages */
	bool pounds;            /* pounds and inches, else kilograms and centimetres */
	bool into_eu;           /* from outside into the customs union of the EU */
} FfUpsLane;

extern void ff_ups_lane(const FfCall *call, FfUpsLane *lane);
/* UPS's code of a service given as code or name; NULL for a name UPS does not have. */
extern const char *ff_ups_service(const FfUpsLane *lane, const char *service);
extern const char *ff_ups_service_name(const char *code);

/* ups_package.c: weights, sizes and values */
extern void ff_ups_weight(FfJsonWriter *writer, const char *key, const FfUpsLane *lane,
						  int64 grams);
extern char *ff_ups_weight_text(const FfUpsLane *lane, int64 grams);
extern const char *ff_ups_packaging(const FfCall *call, const FfJson *package);
extern void ff_ups_packages(FfJsonWriter *writer, const FfCall *call, const FfUpsLane *lane);
extern void ff_ups_reference_number(FfJsonWriter *writer, const FfCall *call);
/* ups_options.c: what is asked beside transport */
extern const char *ff_ups_return_service(const FfCall *call);
extern void ff_ups_package_options(FfJsonWriter *writer, const FfCall *call, const FfUpsLane *lane,
								   int index);
extern void ff_ups_shipment_options(FfJsonWriter *writer, const FfCall *call,
									const FfUpsLane *lane);

/* ups_ship.c and ups_rate.c: parts of a shipment that both APIs have */
extern void ff_ups_parties(FfJsonWriter *writer, const FfCall *call, const FfUpsLane *lane);
extern void ff_ups_charges(FfJsonWriter *writer, const FfCall *call, const FfUpsLane *lane);
extern void ff_ups_label_specification(FfJsonWriter *writer, const FfCall *call);
extern void ff_ups_service_object(FfJsonWriter *writer, const FfCall *call, const FfUpsLane *lane);
extern void ff_ups_rating_options(FfJsonWriter *writer, const FfCall *call);
extern void ff_ups_money(FfJsonWriter *writer, const char *key, const char *currency,
						 const char *amount);
/* The price to pay: of the contract, else published; with taxes if told; NULL without any. */
extern const FfJson *ff_ups_price(const FfJson *charges, const FfJson *published);

/* ups_time.c: UPS's dates and times, of digits that may lack zeros or carry colons */
/* "YYYY-MM-DDTHH:MM:SS" without a zone, or "YYYY-MM-DD"; NULL when date is no date. */
extern char *ff_ups_local_time(const char *date, const char *time);
/* The same in UTC and with Z; offset is like -05:00, -05.00 or -5. */
extern char *ff_ups_utc_time(const char *date, const char *time, const char *offset);
/* The day the shipment leaves, as "YYYYMMDD" and no later than UPS takes it. */
extern char *ff_ups_ship_date(const FfCall *call);

/* ups_customs.c */
extern void ff_ups_international_forms(FfJsonWriter *writer, const FfCall *call,
									   const FfUpsLane *lane);
extern void ff_ups_tax_ids(FfJsonWriter *writer, const FfCall *call, const FfUpsLane *lane);

/* ups_label.c: parts of a shipment that exists */
extern void ff_ups_labelled(FfJsonWriter *writer, int64 number, const char *tracking_number);
/* Forms: 01 is the commercial invoice, the others are for customs alone. */
extern void ff_ups_forms(FfJsonWriter *writer, const FfJson *forms);

/* The operations. */
extern void ff_ups_ship_request(const FfCall *call, FfMessage *message);
extern void ff_ups_ship_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_ups_find_request(const FfCall *call, FfMessage *message);
extern void ff_ups_find_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_ups_rate_request(const FfCall *call, FfMessage *message);
extern void ff_ups_rate_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_ups_track_request(const FfCall *call, FfMessage *message);
extern void ff_ups_track_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_ups_alert_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_ups_void_request(const FfCall *call, FfMessage *message);
extern void ff_ups_void_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_ups_address_request(const FfCall *call, FfMessage *message);
extern void ff_ups_address_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_ups_pickup_request(const FfCall *call, FfMessage *message);
extern void ff_ups_pickup_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);

/*
 * ups_status.c: the canonical status of a scan; NULL for one that tells
 * something and changes nothing (a wish of the receiver, a photo).
 */
extern const char *ff_ups_status(const char *type, const char *code, const char *status_code);

#endif
