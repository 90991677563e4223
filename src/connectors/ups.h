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

#include "connectors/connector.h"

/* Lengths that hold in every UPS API. */
#define UPS_LINE      35
#define UPS_REFERENCE 35
#define UPS_STREETS   3
#define UPS_EMAIL     50

/* ups.c: a message's head, its body, and the first look at a reply */
extern void ff_ups_begin(const FfCall *call, FfMessage *message, const char *method,
						 const char *path);
extern void ff_ups_body(FfMessage *message, FfJsonWriter *writer);
/* The account number; fails when the connection has none. */
extern const char *ff_ups_account(const FfCall *call);
extern const char *ff_ups_setting(const FfCall *call, const char *name);
/* The document the call is about: its shipment, or its return. */
extern const FfJson *ff_ups_subject(const FfCall *call);
/* A party of it; ship_to of a return may stand in return_to, the shipper in setting "shipper". */
typedef enum FfUpsRole
{
	UPS_SHIP_FROM,
	UPS_SHIP_TO,
	UPS_SHIPPER
} FfUpsRole;

extern bool ff_ups_is_return(const FfCall *call);
extern const FfJson *ff_ups_role(const FfCall *call, FfUpsRole role);
/* The path of a member of that document, as an error names it. */
extern const char *ff_ups_field(const FfCall *call, const char *member);
/* Our reference as UPS holds it: plain and at most UPS_REFERENCE characters; NULL when absent. */
extern const char *ff_ups_reference(const FfJson *subject);
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

/* ups_party.c: names, phones and addresses in UPS's limits */
extern const char *ff_ups_country(const FfJson *address);
extern char *ff_ups_postcode(const FfJson *address);
/* Digits only, as the country dials; NULL when there are none. */
extern char *ff_ups_phone(const FfJson *address, char **extension);
extern char *ff_ups_email(const FfJson *address);
/* The code of a state or province; NULL for what is none. */
extern char *ff_ups_region(const FfJson *address);
/* Clean text of a member, at most max characters; NULL when absent or blank. */
extern char *ff_ups_text(const FfJson *json, const char *path, int max);
/* Breaks text between words into lines; what does not fit is lost.  Answers how many. */
extern int ff_ups_wrap(const char *text, char **lines, int max);
extern int ff_ups_street(const FfJson *address, char *lines[UPS_STREETS]);
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

/* Whether shipments from this country are measured in pounds and inches. */
extern bool ff_ups_pounds(const char *country);
extern void ff_ups_lane(const FfCall *call, FfUpsLane *lane);
/* UPS's code of a service given as code or name; NULL for a name UPS does not have. */
extern const char *ff_ups_service(const FfUpsLane *lane, const char *service);
extern const char *ff_ups_service_name(const char *code);

/* ups_package.c: weights, sizes and values */
extern const FfJson *ff_ups_package(const FfCall *call, int index);
extern int ff_ups_package_count(const FfCall *call);
/* The number the call gave the package, or its place. */
extern int64 ff_ups_package_number(const FfCall *call, int index);
extern void ff_ups_weight(FfJsonWriter *writer, const char *key, const FfUpsLane *lane,
						  int64 grams);
extern int64 ff_ups_total_grams(const FfCall *call);
extern char *ff_ups_weight_text(const FfUpsLane *lane, int64 grams);
extern const char *ff_ups_packaging(const FfCall *call, const FfJson *package);
extern void ff_ups_packages(FfJsonWriter *writer, const FfCall *call, const FfUpsLane *lane);
extern void ff_ups_reference_number(FfJsonWriter *writer, const FfCall *call);
/* The goods' value as decimal text, and its currency; NULL when a price is missing. */
extern char *ff_ups_goods_value(const FfJson *subject);
extern const char *ff_ups_currency(const FfJson *subject);
/* What the goods are, in at most max characters. */
extern char *ff_ups_goods(const FfJson *subject, const FfJson *package, int max);

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

/* ups_customs.c */
/* What customs are told the goods are; NULL when the call only names a reason. */
extern const char *ff_ups_contents(const FfJson *subject);
extern bool ff_ups_documents(const FfJson *subject);
extern void ff_ups_international_forms(FfJsonWriter *writer, const FfCall *call,
									   const FfUpsLane *lane);
extern void ff_ups_tax_ids(FfJsonWriter *writer, const FfCall *call, const FfUpsLane *lane);

/* ups_label.c: parts of a shipment that exists */
/* UPS's number of the shipment; NULL when it is not known. */
extern char *ff_ups_known_number(const FfCall *call);
extern void ff_ups_labelled(FfJsonWriter *writer, int64 number, const char *tracking_number);
/* One document; nothing without content and url, package 0 for the whole shipment. */
extern void ff_ups_document(FfJsonWriter *writer, const char *kind, const char *format,
							const char *content, const char *url, int64 package);
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
