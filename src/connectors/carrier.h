/*
 * carrier.h
 *
 * What connectors of carriers share: reading the shipment or return a call is
 * about (who sends, who receives, which parcels, what is inside and what it
 * is worth), addresses in a carrier's limits, the wishes beside transport,
 * and writing packages and documents the way every outcome has them.
 *
 * Nothing here knows a carrier's spelling, codes or errors.  Results are
 * palloc'd; a text that is absent or blank is NULL.
 */
#ifndef FF_CONNECTORS_CARRIER_H
#define FF_CONNECTORS_CARRIER_H

#include "connectors/connector.h"

#define FF_GRAMS_PER_POUND    453.59237
#define FF_GRAMS_PER_KILOGRAM 1000.0
#define FF_MM_PER_INCH        25.4
#define FF_MM_PER_CENTIMETRE  10.0

/* carrier_subject.c: the document a call is about */

/* Its shipment, or its return. */
extern const FfJson *ff_carrier_subject(const FfCall *call);
/* The path of a member of that document, as an error names it. */
extern const char *ff_carrier_field(const FfCall *call, const char *member);
/* ff_connector_fail for a member of it. */
extern void ff_carrier_fail(const FfCall *call, const char *member, const char *hint)
	pg_attribute_noreturn();
/* Whether the call asks for a label that brings goods back. */
extern bool ff_carrier_is_return(const FfCall *call);

typedef enum FfCarrierRole
{
	FF_SHIP_FROM,
	FF_SHIP_TO,
	FF_SHIPPER
} FfCarrierRole;

/*
 * A party of it.  ship_to of a return may stand in return_to; the shipper is
 * setting "shipper" when the connection has it, and an origin that is not told
 * is there too.
 */
extern const FfJson *ff_carrier_role(const FfCall *call, FfCarrierRole role);
/* The same, or ff_carrier_fail when it is no object. */
extern const FfJson *ff_carrier_need_role(const FfCall *call, FfCarrierRole role);
/* Its country, or ff_carrier_fail. */
extern const char *ff_carrier_need_country(const FfCall *call, FfCarrierRole role);
/* Our reference: plain and at most max characters. */
extern const char *ff_carrier_reference(const FfJson *subject, int max);
/* The carrier's number of the shipment, or of its first package. */
extern char *ff_carrier_known_number(const FfCall *call);
/* The tracking number of a place in the call's list; NULL behind its end. */
extern char *ff_carrier_tracking_number(const FfCall *call, int index);
/* The day the parcels leave as "YYYY-MM-DD": ship_on, but not before today. */
extern char *ff_carrier_ship_date(const FfCall *call);
/* A setting, or its default; NULL when it has neither or is empty. */
extern const char *ff_carrier_setting(const FfCall *call, const char *name);
/* A setting the call cannot do without. */
extern const char *ff_carrier_need_setting(const FfCall *call, const char *name, const char *hint);

/*
 * A field of ship_to that an error is about, though the error does not say
 * whose it is: when its message quotes the origin's value and not the
 * receiver's, the origin is meant.
 */
extern const char *ff_carrier_whose_field(const FfCall *call, const char *field,
										  const char *message);

/* carrier_party.c: names, phones and addresses */

/* Clean text of a member, at most max characters. */
extern char *ff_carrier_text(const FfJson *json, const char *path, int max);
extern char *ff_carrier_upper(char *text);
/* Whether a word stands in a list of words with blanks between. */
extern bool ff_carrier_among(const char *word, const char *list);
/* Two letters; territories of the USA are countries of their own. */
extern const char *ff_carrier_country(const FfJson *address);
/* Whether both countries are in the customs union of the EU. */
extern bool ff_carrier_inside_eu(const char *from, const char *to);
extern bool ff_carrier_in_eu(const char *country);
/* Whether shipments from this country are measured in pounds and inches. */
extern bool ff_carrier_pounds(const char *country);
/* Letters and digits only, in upper case, at most max. */
extern char *ff_carrier_postcode(const FfJson *address, int max);
/* The code of a state or province, at most max characters; NULL for what is none. */
extern char *ff_carrier_region(const FfJson *address, int max);
/* Digits only, as the country dials, at most max; extension NULL when it has none. */
extern char *ff_carrier_phone(const FfJson *address, int max, char **extension);
/* NULL for one that is too long: a cut address would reach somebody else. */
extern char *ff_carrier_email(const FfJson *address, int max);
/* Breaks text between words into lines of a width; what does not fit is lost.  Answers how many. */
extern int ff_carrier_wrap(const char *text, int width, char **lines, int max);
/* The street's members, each on lines of its own unless they need more than there are. */
extern int ff_carrier_street(const FfJson *address, int width, char **lines, int max);
/* A full name as first and last name; false when it is one word or none. */
extern bool ff_carrier_split_name(const char *name, int max, char **first, char **last);
/* The first member of ours in which a suggested address (in our members) differs. */
extern const char *ff_carrier_corrected(const FfJson *ours, const char *city, const char *region,
										const char *postcode);

/* carrier_parcel.c: packages and goods */

extern const FfJson *ff_carrier_package(const FfCall *call, int index);
extern int ff_carrier_package_count(const FfCall *call);
/* The number the call gave the package, or its place. */
extern int64 ff_carrier_package_number(const FfCall *call, int index);
/* Fails when neither the package nor, for a single one, its goods have a weight. */
extern int64 ff_carrier_grams(const FfCall *call, int index);
extern int64 ff_carrier_total_grams(const FfCall *call);
/* The three sides in whole units, rounded up, the longest first; false when one is missing. */
extern bool ff_carrier_sides(const FfJson *package, double unit_mm, int64 sides[3]);
/* The lines of a package; the shipment's own when there is no package or it tells none. */
extern const FfJson *ff_carrier_lines(const FfJson *subject, const FfJson *package);
/* The shipment's line that a line of a package is a part of; else that line itself. */
extern const FfJson *ff_carrier_whole_line(const FfJson *subject, const FfJson *line);
/* The value of such lines as decimal text; NULL when there are none or a price is missing. */
extern char *ff_carrier_goods_value(const FfJson *subject, const FfJson *lines);
extern const char *ff_carrier_currency(const FfJson *subject);
/* What the goods are, in at most max characters. */
extern char *ff_carrier_goods(const FfJson *subject, const FfJson *package, int max);

/* carrier_customs.c: what customs want to know */

typedef enum FfExport
{
	FF_EXPORT_SALE,
	FF_EXPORT_GIFT,
	FF_EXPORT_SAMPLE,
	FF_EXPORT_RETURN,
	FF_EXPORT_REPAIR,
	FF_EXPORT_INTERCOMPANY,
	FF_EXPORT_OTHER,
	FF_EXPORT_DOCUMENTS /* no goods */
} FfExport;

/* Why the goods cross the border; never DOCUMENTS. */
extern FfExport ff_carrier_export(const FfJson *subject, bool is_return);
extern bool ff_carrier_documents(const FfJson *subject);
/* What customs are told the goods are; NULL when the call only names a reason. */
extern const char *ff_carrier_contents(const FfJson *subject);
/* Letters and digits of a tariff number, at most max; NULL for fewer than six. */
extern char *ff_carrier_tariff(const FfJson *line, int max);
extern char *ff_carrier_incoterm(const FfJson *subject);
extern char *ff_carrier_invoice_number(const FfJson *subject, int max);
/* A line's price, or ff_carrier_fail. */
extern char *ff_carrier_need_price(const FfCall *call, const FfJson *line, int index);
extern char *ff_carrier_quantity(const FfJson *line);
/*
 * The weight of a line's goods.  Lines that tell none share what is left of the
 * gross weight, which is that of what they are packed in.
 */
extern int64 ff_carrier_line_grams(const FfJson *subject, const FfJson *lines, int index,
								   int64 gross);

/* carrier_option.c: what is asked beside transport */

/*
 * An amount given as {amount, currency}, as a number, or as true for the
 * value of the goods; NULL when there is none.
 */
extern char *ff_carrier_amount(const FfJson *subject, const char *path, const char **currency);
/* The share of one package in an amount that is meant for all of them. */
extern char *ff_carrier_share(const FfCall *call, int index, const char *amount,
							  const char *currency);
/* What a package is insured for: its own value, else its share of options.insurance. */
extern char *ff_carrier_insured(const FfCall *call, int index, const char **currency);
/* Whether a signature is wanted, and whether of an adult. */
extern bool ff_carrier_signature(const FfJson *subject, bool *adult);
/* Whether a word stands in a setting that lists words. */
extern bool ff_carrier_lists(const FfCall *call, const char *setting, const char *word);

/* A name of a carrier's service, packaging, format, … and its code. */
typedef struct FfCarrierCode
{
	const char *code;
	const char *names; /* with | between; the first is how it is shown */
} FfCarrierCode;

/* Letters and digits of a name, in lower case, without the carrier's own name before them. */
extern char *ff_carrier_squeeze(const char *name, size_t length, const char *carrier);
/* The row whose code or one of whose names is meant, both squeezed; -1 when there is none. */
extern int ff_carrier_code(const FfCarrierCode *codes, int count, const char *carrier,
						   const char *name);
#define FF_CARRIER_CODE(codes, carrier, name) ff_carrier_code(codes, lengthof(codes), carrier, name)

/* carrier_visit.c: pickups and manifests */

/* A member of the call's pickup as time of the local clock, or ff_connector_fail. */
extern TimestampTz ff_carrier_local_clock(const FfCall *call, const char *member);
extern const FfJson *ff_carrier_pickup_address(const FfCall *call);
extern int64 ff_carrier_pickup_count(const FfCall *call);
/* 0 when neither the pickup nor a shipment tells it. */
extern int64 ff_carrier_pickup_grams(const FfCall *call);
/* The day a manifest closes, as "YYYY-MM-DD": today unless the call names one. */
extern char *ff_carrier_manifest_date(const FfCall *call);
extern const FfJson *ff_carrier_manifest_address(const FfCall *call);
/* The tracking number of a place in the manifest's list; NULL behind its end. */
extern char *ff_carrier_manifest_number(const FfCall *call, int index);

/* carrier_answer.c: packages, documents, times */

/* link: what stands before the number in the address of its tracking page; NULL: there is none. */
extern void ff_carrier_write_package(FfJsonWriter *writer, int64 number,
									 const char *tracking_number, const char *carrier,
									 const char *link);
/* One document; nothing without content and url; package 0 for the whole shipment. */
extern void ff_carrier_write_document(FfJsonWriter *writer, const char *kind, const char *format,
									  const char *content, const char *url, int64 package);
extern void ff_carrier_write_money(FfJsonWriter *writer, const char *key, const char *amount,
								   const char *currency);
/* A status, or JSON null for news that leave it as it is. */
extern void ff_carrier_write_status(FfJsonWriter *writer, const char *status);
/* The shipment of a cancelled label. */
extern void ff_carrier_write_cancelled(FfJsonWriter *writer, const char *provider_reference);
/*
 * What the elements of a list, or a member of each, say, once each and at most
 * max characters; NULL when they say nothing.
 */
extern char *ff_carrier_sentences(const FfJson *list, const char *member, int max);
/* A webhook that is about no parcel. */
extern void ff_carrier_no_parcel(FfOutcome *outcome);
/* ISO 8601: in UTC when the text has a zone, else as it stands; NULL when it is no time. */
extern char *ff_carrier_time(const char *text);
/* Whether nothing but a return may follow. */
extern bool ff_carrier_is_final(const char *status);

/* carrier_track.c: one request per tracking number, or per batch */

/* The place in the call's list that the request is about. */
extern int ff_carrier_track_place(const FfCall *call);
/* Goes on with the next number, if there is one; found tells of the number of this reply. */
extern void ff_carrier_track_next(const FfCall *call, FfOutcome *outcome, bool found);
/* The same for requests about so many numbers; found tells of any of them. */
extern void ff_carrier_track_next_batch(const FfCall *call, FfOutcome *outcome, bool found,
										int count);

/* carrier_zone.c: clocks of places */

/* The zone of a country; NULL for one that has several. */
extern const char *ff_carrier_zone(const char *country);
/* As ff_carrier_time, but a time without zone is of this one, when that is known. */
extern char *ff_carrier_zoned_time(const char *text, const char *zone);
/* "YYYY-MM-DDTHH:MM:SS" on a clock there, UTC without one, and its offset like "+01:00". */
extern char *ff_carrier_clock(TimestampTz time, const char *zone, const char **offset);

#endif
