/*
 * usps.h
 *
 * What the files of the USPS connector share, and nobody else includes: the
 * operations by file, a message's head, the parts of a label that the
 * domestic, return and international APIs spell alike, and the reading of
 * their answers.  The exported struct stands in usps.c.
 */
#ifndef FF_CONNECTORS_USPS_H
#define FF_CONNECTORS_USPS_H

#include "connectors/carrier.h"

#define USPS_REFERENCE 30
#define USPS_NAME      100 /* of a service */
#define USPS_STREET    50  /* also of names */
#define USPS_CITY      28
#define USPS_CURRENCY  "USD" /* the only one USPS counts in */

/* usps.c: a message's head, and the permission to charge an account */
extern void ff_usps_begin(const FfCall *call, FfMessage *message, const char *method,
						  const char *path);
/* Appends the number of what the message is about to its path. */
extern void ff_usps_about(FfMessage *message, const char *number);
/* Asks for images inside JSON; without it they come in several parts. */
extern void ff_usps_accept_json(FfMessage *message);
/*
 * Lets the message carry the payment authorization.  What the connection lacks
 * for it USPS says when it is asked, and test_connection before.
 */
extern void ff_usps_pay(FfMessage *message);

/*
 * usps_error.c: true when the reply is a 2xx that can be read and without an
 * error; otherwise the outcome says what happened.  json is NULL for an answer
 * in several parts.
 */
extern bool ff_usps_reply(const FfCall *call, const FfReply *reply, FfRepeat repeat,
						  FfOutcome *outcome, FfJson **json);
/* Whether an outcome's message holds one of these words, in any case. */
extern bool ff_usps_says(const FfOutcome *outcome, const char *words);

/* usps_party.c: names and addresses */
#define USPS_WITH_CONTACT        (1 << 0) /* phone and e-mail, when USPS takes them */
#define USPS_IGNORING_BAD_STREET (1 << 1)

/* Territories and military post are at home. */
extern bool ff_usps_is_domestic(const FfJson *address);
/* The code of a state, territory or military region. */
extern char *ff_usps_state(const FfJson *address);
/* Five digits; the other four when more is not NULL and they are told. */
extern char *ff_usps_zip(const FfJson *address, char **more);
extern void ff_usps_names(FfJsonWriter *writer, const FfJson *address);
/* Into an open object: street, city, state and ZIP code; with the names before them and more. */
extern void ff_usps_place(FfJsonWriter *writer, const FfJson *address);
extern void ff_usps_address(FfJsonWriter *writer, const FfJson *person, const FfJson *place,
							int with);
extern void ff_usps_foreign_address(FfJsonWriter *writer, const char *key, const FfJson *address);
extern char *ff_usps_foreign_postcode(const FfJson *address);
/* NULL for one USPS would refuse a label for. */
extern char *ff_usps_email(const FfJson *address);
extern char *ff_usps_phone(const FfJson *address);

/* usps_country.c */
/* The name of a country by its code; the code itself when there is none. */
extern const char *ff_usps_country_name(const char *code);
/* The code by name or code; NULL for an unknown name. */
extern const char *ff_usps_country_code(const char *name);

/* usps_service.c: what depends on origin, destination and service */
typedef struct FfUspsLane
{
	bool is_return;
	bool abroad;
	bool customs_form;      /* also some places at home want one */
	const char *mail_class; /* USPS's code; NULL when the call names none */
	const char *indicator;  /* kind of price: SP single piece, FE flat rate envelope, … */
	const char *category;   /* how it is processed */
	const char *facility;   /* where it is brought */
} FfUspsLane;

/* The lane of one package. */
extern void ff_usps_lane(const FfCall *call, int package, FfUspsLane *lane);
extern bool ff_usps_is_express(const char *mail_class);
/* The service as our code of a rate: the class, and behind slashes what is not its default. */
extern char *ff_usps_service(const char *mail_class, const char *indicator, const char *category,
							 const char *facility);
/* The kind of parcel of a pickup. */
extern const char *ff_usps_pickup_type(const FfCall *call);

/* usps_package.c */
/* Pounds, as a number's text. */
extern char *ff_usps_pounds(int64 grams);
/* length, width and height in inches; fails when neither package nor settings tell them. */
extern void ff_usps_size(FfJsonWriter *writer, const FfCall *call, int index);
/* Codes of what is asked beside transport, as a JSON list; NULL for none. */
extern char *ff_usps_extra_services(const FfCall *call, const FfUspsLane *lane, int index);
/* What the package is insured for; NULL when it is not. */
extern char *ff_usps_insured(const FfCall *call, int index);
extern void ff_usps_package_description(FfJsonWriter *writer, const FfCall *call,
										const FfUspsLane *lane, int index);
/* The day the label is for; the same one while an attempt is repeated. */
extern char *ff_usps_mailing_date(const FfCall *call);

/* usps_customs.c */
extern void ff_usps_customs_form(FfJsonWriter *writer, const FfCall *call, const FfUspsLane *lane,
								 int index);
/* The value of the goods in a package; NULL when a price is missing. */
extern char *ff_usps_goods_value(const FfCall *call, int index);

/* usps_number.c: tracking numbers, keys and the paths of labels */

/* A number without blanks and without the destination that a scanner reads before it. */
extern char *ff_usps_number(const char *text);
/* That of the package at a place of the call; NULL when it has none. */
extern char *ff_usps_known_number(const FfCall *call, int index);
/* Whether a label goes abroad, by its receiver, else by its number. */
extern bool ff_usps_is_abroad(const FfCall *call, const char *number);
/* The path of the labels of that side; reprints have "-reprint" behind it. */
extern const char *ff_usps_labels(bool abroad);
/* The key of one package's label, a UUID, the same for every attempt. */
extern char *ff_usps_label_key(const FfCall *call, int index);
/* Whether a call that makes no label tells the key of one. */
extern bool ff_usps_has_label_key(const FfCall *call);

/* usps_parts.c: answers as JSON or in several parts; json is NULL for the latter */
extern FfJson *ff_usps_object(const FfReply *reply, const FfJson *json, const char *name);
/* Base64 without line breaks; NULL when there is no such image. */
extern char *ff_usps_image(const FfReply *reply, const FfJson *json, const char *name);
/* Our name of an image's format, by its first bytes, else by the type that was asked for. */
extern const char *ff_usps_image_format(const char *image, const char *type);

/* usps_label.c */
/* What labels are asked to look like. */
extern void ff_usps_image_info(FfJsonWriter *writer, const FfCall *call, bool abroad, int index);
extern const char *ff_usps_image_type(const FfCall *call, bool abroad);

/* usps_answer.c: labels as answers hold them, and as the state of an operation keeps them */

/* The day for which a commitment promises the delivery; NULL when it does not. */
extern char *ff_usps_arrival(const FfJson *metadata);
/*
 * Adds the label of an answer to what the state holds already; answers all of
 * them as JSON text, NULL when the answer names no label.
 */
extern char *ff_usps_add_label(const FfCall *call, const FfReply *reply, const FfJson *json,
							   int index);
/* Goes on with the next package, or writes the shipment that all the labels are. */
extern void ff_usps_labelled(const FfCall *call, FfOutcome *outcome, char *labels, int index);
/* The state in which the package at a place comes next; labels NULL: with those it holds. */
extern char *ff_usps_state_at(const FfCall *call, int index, const char *labels);
/*
 * The same with the mailing date that comes after one that was refused: today,
 * and after today the next day, since mail is taken until an hour of the day
 * only; NULL for any other.
 */
extern char *ff_usps_state_later(const FfCall *call, int index);

/* usps_status.c */
/* What happened to a parcel, the newest first. */
extern const FfJson *ff_usps_events(const FfJson *parcel);
/* The canonical status of an event by its code and text; NULL for news that change nothing. */
extern const char *ff_usps_event_status(const FfJson *event, const char *expected);
/* The status of a parcel by its category, its texts and its events. */
extern const char *ff_usps_parcel_status(const FfJson *parcel, const char *expected);

/* The operations. */
extern void ff_usps_rate_request(const FfCall *call, FfMessage *message);
extern void ff_usps_rate_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_usps_label_request(const FfCall *call, FfMessage *message);
extern void ff_usps_label_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_usps_find_request(const FfCall *call, FfMessage *message);
extern void ff_usps_find_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_usps_cancel_request(const FfCall *call, FfMessage *message);
extern void ff_usps_cancel_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_usps_track_request(const FfCall *call, FfMessage *message);
extern void ff_usps_track_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_usps_event_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_usps_validate_request(const FfCall *call, FfMessage *message);
extern void ff_usps_validate_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_usps_pickup_request(const FfCall *call, FfMessage *message);
extern void ff_usps_pickup_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_usps_scan_form_request(const FfCall *call, FfMessage *message);
extern void ff_usps_scan_form_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);

/*
 * usps_void.c: taking labels back.  When a shipment cannot be made whole, the
 * labels it has already are void first, and only then is the outcome told.
 */
extern bool ff_usps_is_voiding(const FfCall *call);
extern void ff_usps_void_request(const FfCall *call, FfMessage *message);
extern void ff_usps_void_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
/* Turns an outcome into one that begins with that, if there are labels. */
extern void ff_usps_void_labels(const FfCall *call, FfOutcome *outcome);

#endif
