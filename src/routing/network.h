/*
 * network.h
 *
 * What a merchant can ship with: locations, services of providers with their
 * price tables, rules, and what splits, lateness and waiting cost.  Loaded
 * once per decision or wave, a statement per table; read-only afterwards but
 * for the slots of the day, which fill up as orders are decided.
 */
#ifndef FF_ROUTING_NETWORK_H
#define FF_ROUTING_NETWORK_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/date.h"

#include "routing/lists.h"
#include "routing/pacing.h"
#include "routing/tariff.h"

/* A row of service_prices. */
typedef struct FfPrice
{
	int64 location_id; /* 0: every */
	char *country;     /* NULL: every */
	char *postcode_from;
	char *postcode_to;
	double distance_from_km;
	double distance_to_km; /* infinite: no end */
	bool by_distance;
	int64 weight_from_g;
	int64 weight_to_g; /* INT64_MAX: no end */
	FfCost per_parcel;
	FfCost per_kg;
	FfCost surcharge_abroad;
	int extra_days_abroad;
	int transit_days;
} FfPrice;

/* A service with the limits that apply; a provider without services is one without a name. */
typedef struct FfService
{
	int64 provider_id;
	int64 service_id;    /* 0: none */
	int64 connection_id; /* of the provider; 0: none */
	char *provider;      /* code */
	char *code;          /* NULL: none, fits whatever is asked for */
	bool center;         /* serves its own locations only */
	FfTexts countries;
	int64 max_weight_g; /* 0: no limit, also below */
	int64 max_length_mm;
	int64 max_girth_mm;
	FfCost max_value;
	bool hazmat;
	int64 parcel_limit_g;
	int64 step_g;
	int64 max_parcels;
	int64 volume_divisor;
	int transit_days;
	char *currency;
	bool priced;   /* has a price table; without one it costs nothing */
	bool live;     /* what the carrier quotes counts instead of the table … */
	int area;      /* … alike where so many characters of the postcode are; 0: all */
	int64 wait_us; /* how long an order may wait for it */
	int nprices;   /* rows for the destinations asked for */
	FfPrice *prices;
} FfService;

typedef struct FfLocation
{
	int64 location_id;
	int64 provider_id; /* 0: our own */
	char *code;
	char *country;
	bool has_coordinates;
	double latitude;
	double longitude;
	FfCost handling;
	FfCost pick;
	int safety_stock;
	bool hazmat;
	bool ships_abroad;
	FfNumbers working_days;
	FfNumbers closed_days;
	int cutoff;         /* seconds after midnight */
	FfNumbers carriers; /* NULL: every active one */
	pg_tz *time_zone;
	DateADT ship_day;     /* when goods taken now leave */
	int daily_capacity;   /* negative: no limit */
	int used;             /* slots of the ship day */
	bool new_day;         /* nobody had one yet: there is no row of it */
	FfPace pace;          /* what the next one is worth */
	double opening_price; /* what the first one of a day is worth, as learned */
} FfLocation;

typedef struct FfRoutingSettings
{
	char *currency;
	FfCost split_penalty;
	FfCost late_penalty;
	FfCost late_penalty_per_day;
	FfCost backorder_penalty;
	double backorder_value_share;
	int max_splits; /* 0: no limit */
	FfCost min_part_value;
	Interval retry_after;
	double pacing_step;     /* rise of a slot's price with every one taken; 0: no pacing */
	int expected_shipments; /* of a day; 0: not known, no pacing */
	int wave_ms;            /* how long a wave may look for better plans */
	bool learned_prices;    /* prices of stock and slots were learned and are to count */
} FfRoutingSettings;

typedef struct FfNetwork
{
	int32 merchant_id;
	const FfJson *changes; /* laid over the rows; NULL: none */
	TimestampTz now;
	int nlocations; /* by priority, then id: the order that decides between equals */
	FfLocation *locations;
	FfLocation **by_id;
	int nservices;
	FfService *services;
	struct FfRules *rules;
	struct FfRates *rates; /* quoted for the destinations asked for; NULL: none can be */
	FfRoutingSettings settings;
	int64 clock; /* slots taken of the locations' ship days */
} FfNetwork;

/*
 * countries: the destinations of the orders; others' prices are not read.
 * Changes, or NULL, are what functions.c checks and docs/routing.md describes:
 * {settings: {}, locations: {code: {}}, rules: [], prices: []}.
 */
extern FfNetwork *ff_network_load(int32 merchant_id, const FfColumn *countries, TimestampTz now,
								  const FfJson *changes);

/* As if no slot of the days were taken yet. */
extern void ff_network_open_days(FfNetwork *network);

/* As it is at a later time: where goods would leave on another day, that day begins. */
extern void ff_network_move(FfNetwork *network, TimestampTz now);

/* NULL when there is no such active location. */
extern FfLocation *ff_network_location(const FfNetwork *network, int64 location_id);

/* A part ships from there: its slot is gone for whoever comes next. */
extern void ff_network_take_slot(FfNetwork *network, FfLocation *location);

#endif
