/*
 * fedex.h
 *
 * What the files of the FedEx connector share, and nobody else includes: the
 * operations by file, a message's head, and the parts of a shipment
 * that the Rate and Ship APIs spell alike.  The exported struct stands in
 * fedex.c.
 */
#ifndef FF_CONNECTORS_FEDEX_H
#define FF_CONNECTORS_FEDEX_H

#include "connectors/carrier.h"

/* The longest reference that every service keeps. */
#define FEDEX_REFERENCE 30

/* fedex.c: a message's head, and what many of them begin with */
extern void ff_fedex_begin(const FfCall *call, FfMessage *message, const char *method,
						   const char *path);
/* The account number as FedEx wants it, {"value": …}; fails when the connection has none. */
extern void ff_fedex_account(FfJsonWriter *writer, const FfCall *call, const char *key);
/* Whose account is billed: the one given, or ours when it is NULL. */
extern void ff_fedex_payor(FfJsonWriter *writer, const FfCall *call, const char *account);
/* Credentials of the project that tracks, when it is one of its own. */
extern const FfAuth ff_fedex_tracking;

/*
 * fedex_error.c: true when the reply is a 2xx with JSON and without errors;
 * otherwise the outcome says what happened.
 */
extern bool ff_fedex_reply(const FfCall *call, const FfReply *reply, FfRepeat repeat,
						   FfOutcome *outcome, FfJson **json);
/* What an error of one part of an answer means; code and message may be NULL. */
extern void ff_fedex_judge(const FfCall *call, FfOutcome *outcome, const char *code,
						   const char *message);
/* Whether a code says that there is nothing of that number or reference. */
extern bool ff_fedex_is_absence(const char *code);
/* The first warning of an answer, for people; NULL when there is none. */
extern char *ff_fedex_warning(const FfJson *alerts);

/* fedex_party.c: names and addresses */
#define FEDEX_WITH_EMAIL       (1 << 0)
#define FEDEX_WITH_RESIDENTIAL (1 << 1)
#define FEDEX_AT_HOME          (1 << 2) /* residential, whatever the address says */

extern void ff_fedex_address(FfJsonWriter *writer, const FfJson *address, int with);
/* Writes contact and address into an open object; other lends its phone when there is none. */
extern void ff_fedex_party(FfJsonWriter *writer, const FfJson *address, const FfJson *other,
						   int with);

/* fedex_service.c: what depends on origin, destination and service */
typedef struct FfFedexLane
{
	const char *from; /* country codes */
	const char *to;
	const char *service;   /* FedEx's code; NULL when the call names none */
	const char *packaging; /* FedEx's code */
	bool is_return;
	bool abroad;  /* origin and destination differ, so customs details are wanted */
	bool border;  /* a customs border lies between, so an invoice is */
	bool pounds;  /* pounds and inches, else kilograms and centimetres */
	bool into_eu; /* from outside into the customs union of the EU */
} FfFedexLane;

extern void ff_fedex_lane(const FfCall *call, FfFedexLane *lane);
/* FedEx's code of a service given as code or name; NULL for a name FedEx does not have. */
extern char *ff_fedex_service(const char *service);
extern bool ff_fedex_is_ground(const char *service);
extern bool ff_fedex_is_home(const FfFedexLane *lane);
/* Ground Economy's extra object; nothing for other services. */
extern void ff_fedex_smart_post(FfJsonWriter *writer, const FfCall *call, const FfFedexLane *lane);

/* fedex_package.c: weights, sizes, values, wishes of the packages */
extern void ff_fedex_weight(FfJsonWriter *writer, const char *key, bool pounds, int64 grams);
extern char *ff_fedex_weight_text(bool pounds, int64 grams);
extern void ff_fedex_packages(FfJsonWriter *writer, const FfCall *call, const FfFedexLane *lane);
/* What is asked of the shipment as a whole beside transport; nothing when it is nothing. */
extern void ff_fedex_special_services(FfJsonWriter *writer, const FfCall *call,
									  const FfFedexLane *lane);

/* fedex_customs.c */
extern void ff_fedex_customs(FfJsonWriter *writer, const FfCall *call, const FfFedexLane *lane);
extern void ff_fedex_tax_ids(FfJsonWriter *writer, const FfCall *call, const FfFedexLane *lane,
							 bool sender);
/* Whether FedEx prints the commercial invoice. */
extern bool ff_fedex_prints_invoice(const FfCall *call, const FfFedexLane *lane);

/* fedex_label.c: parts of a shipment that exists */
extern void ff_fedex_labelled(FfJsonWriter *writer, int64 number, const char *tracking_number);
extern void ff_fedex_cancel_body(const FfCall *call, FfMessage *message, const char *number);
/* What the answer to a cancel means for that number. */
extern void ff_fedex_cancelled(const FfCall *call, const FfReply *reply, FfOutcome *outcome);

/* fedex_status.c */
/* The scans of a parcel, under either of the names that FedEx has for them. */
extern const FfJson *ff_fedex_scans(const FfJson *result);
/* The canonical status of a scan; NULL for news that change nothing. */
extern const char *ff_fedex_event_status(const FfJson *scan);
/* The status of a parcel by its latest status and its scans. */
extern const char *ff_fedex_parcel_status(const FfJson *result);

/* fedex_track.c */
/* The answer about a parcel that counts, of several that had the same number; NULL for none. */
extern const FfJson *ff_fedex_newest_result(const FfJson *complete);
/* The request that looks for our reference. */
extern void ff_fedex_track_reference(const FfCall *call, FfMessage *message);

/* The operations. */
extern void ff_fedex_rate_request(const FfCall *call, FfMessage *message);
extern void ff_fedex_rate_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_fedex_ship_request(const FfCall *call, FfMessage *message);
extern void ff_fedex_ship_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_fedex_find_request(const FfCall *call, FfMessage *message);
extern void ff_fedex_find_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_fedex_cancel_request(const FfCall *call, FfMessage *message);
extern void ff_fedex_cancel_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_fedex_track_request(const FfCall *call, FfMessage *message);
extern void ff_fedex_track_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_fedex_event_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_fedex_address_request(const FfCall *call, FfMessage *message);
extern void ff_fedex_address_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_fedex_pickup_request(const FfCall *call, FfMessage *message);
extern void ff_fedex_pickup_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_fedex_close_request(const FfCall *call, FfMessage *message);
extern void ff_fedex_close_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);

#endif
