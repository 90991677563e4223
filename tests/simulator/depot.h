/*
 * depot.h
 *
 * What the carriers' peers share: shipments found by number, by reference and
 * by idempotency key; tokens that expire; a limit of calls; and the journeys
 * of parcels on the simulated clock.  A carrier says in its own words what
 * stands here in ours: it owns a Depot, numbers its parcels, and has a table
 * of what each step is called.
 */
#ifndef SIM_DEPOT_H
#define SIM_DEPOT_H

#include "peer.h"

#define DEPOT_NUMBER 64

/* What can happen to a parcel. */
typedef enum DepotStep
{
	DEPOT_LABEL,
	DEPOT_PICKED_UP,
	DEPOT_DEPARTED,
	DEPOT_ARRIVED,
	DEPOT_OUT,
	DEPOT_DELIVERED,
	DEPOT_ATTEMPTED,
	DEPOT_DELAYED,
	DEPOT_HELD,
	DEPOT_EXCEPTION,
	DEPOT_RETURNING,
	DEPOT_RETURNED,
	DEPOT_UNHEARD_OF, /* a code that nobody has described */
	DEPOT_STEP_COUNT
} DepotStep;

/* What a carrier calls a step; a table of these has DEPOT_STEP_COUNT rows. */
typedef struct DepotWords
{
	const char *code;
	const char *text;
	const char *status; /* of the parcel, where the carrier has another word for that */
} DepotWords;

typedef struct DepotJourney
{
	const char *name;
	struct
	{
		double hour; /* after the label was made */
		DepotStep step;
	} scans[10]; /* ends with a second DEPOT_LABEL */
} DepotJourney;

typedef struct DepotShipment DepotShipment;

typedef struct DepotPackage
{
	char number[DEPOT_NUMBER];
	int sequence; /* 1, 2, … */
	DepotShipment *shipment;
	const DepotJourney *journey; /* NULL: the depot's */
} DepotPackage;

struct DepotShipment
{
	char id[DEPOT_NUMBER];
	char reference[64];
	double created;
	bool voided;
	bool closed;     /* handed over: it can no longer be taken back */
	json_t *request; /* what was asked for */
	json_t *answer;  /* what a repetition is answered; NULL */
	int count;
	DepotPackage *packages;
};

/* One event of a parcel that has happened by now. */
typedef struct DepotEvent
{
	double at;
	DepotStep step;
} DepotEvent;

typedef struct Depot
{
	SimMap shipments;  /* by id */
	SimMap packages;   /* by number; owned by their shipment */
	SimMap references; /* DepotList by reference */
	SimMap keys;       /* shipments by idempotency key */
	SimMap tokens;
	long serial;
	long token_calls;
	long void_calls;
	double allowance;
	double allowance_at;
	/* settings */
	long token_lifetime_s;
	long calls_per_minute;
	long label_bytes;
	char client[SIM_TEXT_SIZE];
	char secret[SIM_TEXT_SIZE];
	char journey[SIM_TEXT_SIZE];
} Depot;

#define DEPOT_SETTINGS(depot)                                                                     \
	{"client", SIM_SETTING_TEXT, (depot).client, "", "only this client gets in; empty: any"},     \
		{"secret", SIM_SETTING_TEXT, (depot).secret, "", "empty: any but \"wrong\""},             \
		{"token_lifetime_s", SIM_SETTING_INT, &(depot).token_lifetime_s, "3600", "real seconds"}, \
		{"calls_per_minute", SIM_SETTING_INT, &(depot).calls_per_minute, "0", "0: any number"},   \
		{"label_bytes", SIM_SETTING_INT, &(depot).label_bytes, "2000", "before base64"},          \
	{                                                                                             \
		"journey", SIM_SETTING_TEXT, (depot).journey, "delivered", "of parcels without their own" \
	}

#define DEPOT_CONTROLS                                                            \
	{"GET", "/shipments", depot_list, NULL, "reference tracking_number", 0},      \
		{"GET", "/counts", depot_counts, NULL, NULL, 0},                          \
		{"POST", "/revoke_tokens", depot_revoke, NULL, NULL, SIM_BODY_FREE},      \
	{                                                                             \
		"POST", "/journey", depot_control_journey, &depot_journey_schema, NULL, 0 \
	}

extern void depot_reset(Depot *depot);

/* Remembers a shipment; number names each of its packages, the first giving it its id. */
extern DepotShipment *depot_ship(Depot *depot, const char *reference, const json_t *request,
								 int packages, void (*number)(DepotPackage *package, long serial));
extern DepotShipment *depot_shipment(const Depot *depot, const char *id);
extern DepotPackage *depot_package(const Depot *depot, const char *number);
/* NULL-terminated; NULL when there is none. */
extern DepotShipment **depot_by_reference(const Depot *depot, const char *reference);
extern bool depot_has_left(const DepotShipment *shipment);

/* What has happened to a parcel by now, the oldest first. */
extern int depot_events(const Depot *depot, const DepotPackage *package, DepotEvent events[10]);
extern const DepotJourney *depot_journey(const char *name);
/* The list as misbehaviour wants it: the last one twice, or the wrong way round. */
extern json_t *depot_spoil(const SimRequest *request, json_t *events);

/* Documents in base64; format is PDF, PNG, ZPL… */
extern json_t *depot_document(const Depot *depot, const char *format, const char *name);

/* A member of a form; "" when it is not there. */
extern void depot_form(const SimRequest *request, const char *name, char value[SIM_TEXT_SIZE]);
extern bool depot_knows(SimRequest *request, const Depot *depot, const char *client,
						const char *secret);
/* A new token. */
extern const char *depot_grant(Depot *depot);
/* Whether this is a token that is good now; records what is wrong with it. */
extern bool depot_accepts(SimRequest *request, Depot *depot, const char *header, const char *token);
/* Whether the limit of calls allows another one; tells when it will. */
extern bool depot_allows(SimRequest *request, Depot *depot);

/* Control: {sku, quantity} into a map of json integers by SKU. */
extern SimSchema depot_stock_schema;
extern void depot_put_stock(SimRequest *request, SimMap *stock);

/* Control. */
extern SimSchema depot_journey_schema;
extern void depot_list(SimRequest *request);
extern void depot_counts(SimRequest *request);
extern void depot_revoke(SimRequest *request);
extern void depot_control_journey(SimRequest *request);

/* Numbers with their check digits. */
extern char depot_mod10(const char *digits, int first, int second);
extern char depot_weighted(const char *digits, const int *weights, int count);

#endif
