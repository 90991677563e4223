/*
 * ups.h
 *
 * What the files of the UPS peer share: its memory (shipments and packages,
 * found by 1Z number and by reference), its tables of services, and the field
 * tables of ups_fields.c.
 */
#ifndef SIM_UPS_H
#define SIM_UPS_H

#include "peer.h"

typedef struct UpsShipment UpsShipment;

typedef struct UpsScan
{
	double hour; /* after the label was made */
	const char *type;
	const char *code;
	const char *status;
	const char *description;
	char place; /* o origin, h hub, d destination */
} UpsScan;

typedef struct UpsJourney
{
	const char *name;
	UpsScan scans[12]; /* ends with a NULL type */
} UpsJourney;

typedef struct UpsPackage
{
	char number[19];
	UpsShipment *shipment;
	bool voided;
	const UpsJourney *journey;
	json_t *reported; /* activities a test has added */
	double subscribed_until;
} UpsPackage;

struct UpsShipment
{
	char id[19]; /* the first package's number */
	char account[7];
	char service[4];
	char label_format[8];
	double created;
	bool cross_border;
	bool is_return;
	bool customs_form;
	bool has_billing; /* paid by our own account */
	json_t *references;
	char *context;
	char *to_name;
	char *to_city;
	char to_state[8];
	char to_postcode[16];
	char to_country[3];
	char *from_city;
	char from_state[8];
	char from_country[3];
	double weight;
	char weight_unit[4];
	double charge;
	char currency[4];
	int package_count;
	UpsPackage *packages;
};

/* Every shipment with one reference. */
typedef struct UpsReference
{
	UpsShipment **shipments; /* NULL-terminated */
	size_t count;
} UpsReference;

typedef struct UpsMemory
{
	SimMap shipments;  /* by id */
	SimMap packages;   /* by 1Z number; owned by their shipment */
	SimMap references; /* UpsReference by value */
	long void_calls;
} UpsMemory;

extern UpsMemory ups_memory;

typedef struct UpsService
{
	const char *code;
	const char *name;
	const char
		*lanes;  /* letters: d US domestic, c Canada domestic, e other domestic, x cross-border */
	double base; /* price of the first pound inside the US */
	double per_pound;
	int days; /* in transit, domestic */
} UpsService;

/* ups_ship.c */
extern UpsShipment *ups_shipment(const char *id);
extern UpsPackage *ups_package(const char *number);
/* Shipments with this reference, oldest first; NULL-terminated, NULL when there is none. */
extern UpsShipment **ups_shipments_by_reference(const char *reference);
extern int ups_live_packages(const UpsShipment *shipment);
extern void ups_ship(SimRequest *request);
extern void ups_void(SimRequest *request);
extern void ups_recover_label(SimRequest *request);
extern void ups_ship_reset(void);
extern char ups_account[SIM_TEXT_SIZE];
extern long ups_label_bytes;
extern long ups_void_window_s;
extern bool ups_refuse_duplicates;
extern bool ups_single_objects;

/* ups.c */
extern void ups_error(SimRequest *request, int status, const char *code, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
extern json_t *ups_success(const SimRequest *request);

/* ups_label.c */
extern void ups_number(const char *account, const char *service, long serial, char number[19]);
extern bool ups_number_is_valid(const char *number);
extern json_t *ups_label(const UpsShipment *shipment, int package, const char *format, long bytes,
						 char **image);
/* Answers 200 with the JSON, images in the places of their marks; frees all of it. */
extern void ups_reply_images(SimRequest *request, json_t *json, char **images, int count);
extern json_t *ups_invoice(const UpsShipment *shipment);

/* ups_rate.c */
extern const UpsService *ups_service(const char *code);
extern bool ups_is_american(const char *country); /* US and PR ship as one country */
extern char ups_lane(const char *from, const char *to);
extern bool ups_service_serves(const UpsService *service, const char *from, const char *to);
extern double ups_price(const UpsService *service, const char *from, const char *to, double pounds,
						int packages);
extern const char *ups_currency(const char *country);
extern json_t *ups_money(const char *currency, double amount);
extern json_t *ups_weight(const char *unit, double weight);
extern void ups_rate(SimRequest *request);

/* ups_ask.c */
extern void ups_validate_address(SimRequest *request);
extern void ups_pickup(SimRequest *request);
extern void ups_cancel_pickup(SimRequest *request);
extern void ups_pickup_status(SimRequest *request);
extern json_t *ups_pickups(void);
extern void ups_ask_reset(void);

/* ups_journey.c */
extern const UpsJourney *ups_journey(const char *name);
extern const UpsJourney *ups_journey_of(const UpsPackage *package);
extern double ups_scan_time(const UpsPackage *package, const UpsScan *scan);
extern json_t *ups_scan_json(const UpsPackage *package, const UpsScan *scan);
extern json_t *ups_activity_json(double at, const char *country, const char *state,
								 const char *city, const char *type, const char *code,
								 const char *status, const char *description);
/* Everything that has happened until now, newest first. */
extern json_t *ups_activities(const UpsPackage *package);
/* Minutes east of Greenwich: one zone per country is enough to tell local from UTC. */
extern int ups_zone(const char *country);

/* ups_track.c */
extern void ups_track(SimRequest *request);
extern void ups_track_reference(SimRequest *request);
extern void ups_track_shipment(SimRequest *request);
extern void ups_subscribe(SimRequest *request);
extern void ups_control_journey(SimRequest *request);
extern void ups_control_activity(SimRequest *request);
extern json_t *ups_package_state(const UpsPackage *package);
extern double ups_transit_scale;
extern long ups_manifest_delay_s;
extern char ups_gmt_style[SIM_TEXT_SIZE];
extern char ups_alert_credential[SIM_TEXT_SIZE];
extern char ups_default_journey[SIM_TEXT_SIZE];

/* ups_fields.c */
typedef struct UpsLaw
{
	SimField row; /* path, code and message */
	bool (*holds)(const json_t *shipment, char detail[300]);
} UpsLaw;

extern const UpsLaw ups_ship_laws[];
extern const UpsLaw ups_rate_laws[];
extern SimSchema ups_ship_schema;
extern SimSchema ups_rate_schema;
extern SimSchema ups_recovery_schema;
extern SimSchema ups_address_schema;
extern SimSchema ups_pickup_schema;
extern SimSchema ups_subscribe_schema;
/* Country, and whether the parcel leaves it: of a request's Shipment. */
extern const char *ups_from_country(const json_t *shipment);
extern const char *ups_to_country(const json_t *shipment);
extern bool ups_is_return(const json_t *shipment);
/* Every broken law becomes an offence; true when none was. */
extern bool ups_obeys(SimRequest *request, const UpsLaw *laws, const json_t *shipment);

#endif
