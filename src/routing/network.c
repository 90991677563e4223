/*
 * network.c
 *
 * Reads locations, services, prices and settings into network.h's structs.
 * Money becomes millionths in SQL, so that no sum here is ever rounded.
 */
#include "postgres.h"

#include <math.h>

#include "utils/timestamp.h"

#include "routing/calendar.h"
#include "routing/network.h"
#include "routing/postcode.h"
#include "routing/rules.h"

/* Statements with a twin read the same of what rows would be with changes ($2) laid over them. */

static FfStatement services_of_merchant = FF_STATEMENT(
	"select p.provider_id, s.service_id, p.code, s.code, p.kind = 'fulfillment_center',"
	" coalesce(s.countries, p.countries)::text[], coalesce(s.max_weight_g, p.max_weight_g),"
	" coalesce(s.max_length_mm, p.max_length_mm), coalesce(s.max_girth_mm, p.max_girth_mm),"
	" (coalesce(s.max_value, p.max_value) * 1000000)::bigint,"
	" coalesce(s.hazmat_allowed, p.hazmat_allowed), s.parcel_limit_g, s.weight_step_g,"
	" s.max_parcels, s.volume_divisor, s.transit_days, s.currency, s.active,"
	" exists (select from fulfillment.service_prices x"
	" where x.merchant_id = s.merchant_id and x.service_id = s.service_id), p.connection_id,"
	" p.live_rates and exists (select from fulfillment.connections c"
	" where c.merchant_id = $1 and c.connection_id = p.connection_id"
	" and fulfillment.connector_can(c.connector, 'quote_rates', c.config)),"
	" p.rates_area, (date_part('epoch', p.rates_wait) * 1000000)::bigint"
	" from fulfillment.providers p left join fulfillment.services s"
	" on s.merchant_id = p.merchant_id and s.provider_id = p.provider_id"
	" where p.merchant_id = $1 and p.active order by p.provider_id, s.service_id",
	INT4OID);

#define PRICE_COLUMNS                                                                        \
	"select service_id, location_id, country, postcode_from, postcode_to, distance_from_km," \
	" distance_to_km, weight_from_g, weight_to_g, (price_per_parcel * 1000000)::bigint,"     \
	" (price_per_kg * 1000000)::bigint, (surcharge_abroad * 1000000)::bigint,"               \
	" extra_days_abroad, transit_days"

static FfStatement prices_of_merchant =
	FF_STATEMENT(PRICE_COLUMNS " from fulfillment.service_prices"
							   " where merchant_id = $1 and (country is null or country = any ($2))"
							   " order by service_id, service_price_id",
				 INT4OID, TEXTARRAYOID);

/* A service that changes name prices of has these and no others. */
static FfStatement changed_prices = FF_STATEMENT(
	"with named as ("
	" select s.service_id, e.n, e.row || jsonb_strip_nulls(jsonb_build_object("
	"         'service_id', s.service_id, 'service_price_id', e.n, 'location_id',"
	"         (select l.location_id from fulfillment.locations l"
	"           where l.merchant_id = $1 and l.code = e.row ->> 'location'))) as row"
	"   from jsonb_array_elements($3) with ordinality as e (row, n)"
	"   join fulfillment.services s on s.merchant_id = $1 and s.code = e.row ->> 'service'"
	"   join fulfillment.providers p on p.merchant_id = $1 and p.provider_id = s.provider_id"
	"    and p.code = coalesce(e.row ->> 'provider', p.code))" PRICE_COLUMNS
	"  from (select x.* from fulfillment.service_prices x where x.merchant_id = $1"
	"           and x.service_id not in (select n.service_id from named n)"
	"         union all"
	"         select r.* from named n,"
	"                jsonb_populate_record(null::fulfillment.service_prices, n.row) r) t"
	" where country is null or country = any ($2)"
	" order by service_id, service_price_id",
	INT4OID, TEXTARRAYOID, JSONBOID);

#define LOCATION_COLUMNS                                                                     \
	"select l.location_id, l.provider_id, l.code, l.country, l.latitude, l.longitude,"       \
	" (l.handling_cost * 1000000)::bigint, (l.pick_cost * 1000000)::bigint, l.safety_stock," \
	" l.hazmat_allowed, l.ships_abroad, l.working_days, l.closed_days, l.time_zone,"         \
	" date_part('epoch', l.cutoff)::int, coalesce(l.daily_capacity, -1),"                    \
	" (select array_agg(c.provider_id) from fulfillment.location_carriers c"                 \
	" where c.merchant_id = $1 and c.location_id = l.location_id)"

static FfStatement locations_of_merchant =
	FF_STATEMENT(LOCATION_COLUMNS " from fulfillment.locations l where merchant_id = $1 and active"
								  " order by priority, location_id",
				 INT4OID);

static FfStatement changed_locations =
	FF_STATEMENT(LOCATION_COLUMNS " from fulfillment.locations x,"
								  " jsonb_populate_record(x, coalesce($2 -> x.code, '{}')) l"
								  " where x.merchant_id = $1 and l.active"
								  " order by l.priority, l.location_id",
				 INT4OID, JSONBOID);

static FfStatement days_of_locations =
	FF_STATEMENT("select location_id, day, used, price, paced_at from fulfillment.location_days"
				 " where merchant_id = $1 and location_id = any ($2) and day = any ($3)",
				 INT4OID, INT8ARRAYOID, DATEARRAYOID);

static FfStatement slot_prices = FF_STATEMENT(
	"select location_id, price from fulfillment.slot_prices where merchant_id = $1", INT4OID);

#define SETTING_COLUMNS                                                                        \
	"select s.currency, (s.split_penalty * 1000000)::bigint,"                                  \
	" (s.late_penalty * 1000000)::bigint, (s.late_penalty_per_day * 1000000)::bigint,"         \
	" (s.backorder_penalty * 1000000)::bigint, s.backorder_value_share::float8, s.max_splits," \
	" (s.min_part_value * 1000000)::bigint, s.retry_after, s.pacing_step::float8,"             \
	" s.expected_shipments, (date_part('epoch', s.wave_time) * 1000)::int, s.learned_prices"

static FfStatement settings_of_merchant = FF_STATEMENT(
	SETTING_COLUMNS ", l.expected_shipments, l.orders > 0"
					" from (select $1 as merchant_id) m"
					" left join fulfillment.routing_settings s on s.merchant_id = m.merchant_id"
					" left join fulfillment.lessons l on l.merchant_id = m.merchant_id",
	INT4OID);

static FfStatement changed_settings = FF_STATEMENT(
	SETTING_COLUMNS " from jsonb_populate_record(null::fulfillment.routing_settings, $1) s",
	JSONBOID);

/* The defaults of the table, for merchants without a row. */
static const FfRoutingSettings default_settings = {
	.currency = "EUR",
	.split_penalty = 3 * FF_COST_UNIT / 2,
	.late_penalty = 4 * FF_COST_UNIT,
	.backorder_penalty = 1000 * FF_COST_UNIT,
	.backorder_value_share = 0.5,
	.retry_after = {.time = 15 * USECS_PER_MINUTE},
	.pacing_step = 0.15,
	.wave_ms = 10000,
	.learned_prices = true,
};

/* What the row says; what it leaves open stays. */
static void
take_settings(FfRoutingSettings *settings, const FfRows *rows)
{
	bool null;
	Datum retry_after = ff_row_datum(rows, 0, 9, &null);

	if (!null)
		settings->retry_after = *DatumGetIntervalP(retry_after);
	if (!ff_row_null(rows, 0, 1))
		settings->currency = ff_row_text(rows, 0, 1);
	if (!ff_row_null(rows, 0, 2))
		settings->split_penalty = ff_row_int8(rows, 0, 2);
	if (!ff_row_null(rows, 0, 3))
		settings->late_penalty = ff_row_int8(rows, 0, 3);
	if (!ff_row_null(rows, 0, 4))
		settings->late_penalty_per_day = ff_row_int8(rows, 0, 4);
	if (!ff_row_null(rows, 0, 5))
		settings->backorder_penalty = ff_row_int8(rows, 0, 5);
	if (!ff_row_null(rows, 0, 6))
		settings->backorder_value_share = ff_row_float8(rows, 0, 6);
	if (!ff_row_null(rows, 0, 7))
		settings->max_splits = ff_row_int4(rows, 0, 7);
	if (!ff_row_null(rows, 0, 8))
		settings->min_part_value = ff_row_int8(rows, 0, 8);
	if (!ff_row_null(rows, 0, 10))
		settings->pacing_step = ff_row_float8(rows, 0, 10);
	if (!ff_row_null(rows, 0, 11))
		settings->expected_shipments = ff_row_int4(rows, 0, 11);
	if (!ff_row_null(rows, 0, 12))
		settings->wave_ms = ff_row_int4(rows, 0, 12);
	if (!ff_row_null(rows, 0, 13))
		settings->learned_prices = ff_row_bool(rows, 0, 13);
}

/* A member of the changes; NULL: nothing of it changes. */
static const FfJson *
changes_of(const FfNetwork *network, const char *member)
{
	return network->changes != NULL ? ff_json_member(network->changes, member) : NULL;
}

static void
load_settings(FfNetwork *network)
{
	FfRows rows = ff_run(&settings_of_merchant, ff_int4(network->merchant_id));
	FfRoutingSettings *settings = &network->settings;
	bool learned = ff_row_bool(&rows, 0, 15);

	*settings = default_settings;
	settings->expected_shipments = ff_row_int4(&rows, 0, 14);
	take_settings(settings, &rows);
	if (changes_of(network, "settings") != NULL)
	{
		rows = ff_run(&changed_settings, ff_json(changes_of(network, "settings")));
		take_settings(settings, &rows);
	}
	settings->learned_prices &= learned;
}

static void
read_service(FfService *service, const FfRows *rows, uint64 row)
{
	service->provider_id = ff_row_int8(rows, row, 1);
	service->service_id = ff_row_int8(rows, row, 2);
	service->provider = ff_row_text(rows, row, 3);
	service->code = ff_row_text(rows, row, 4);
	service->center = ff_row_bool(rows, row, 5);
	service->countries = ff_row_texts(rows, row, 6);
	service->max_weight_g = ff_row_int4(rows, row, 7);
	service->max_length_mm = ff_row_int4(rows, row, 8);
	service->max_girth_mm = ff_row_int4(rows, row, 9);
	service->max_value = ff_row_int8(rows, row, 10);
	service->hazmat = ff_row_bool(rows, row, 11);
	service->parcel_limit_g = ff_row_int4(rows, row, 12);
	service->step_g = Max(ff_row_int4(rows, row, 13), 1);
	service->max_parcels = ff_row_int4(rows, row, 14);
	service->volume_divisor = ff_row_int4(rows, row, 15);
	service->transit_days = ff_row_null(rows, row, 16) ? 2 : ff_row_int4(rows, row, 16);
	service->currency = ff_row_text(rows, row, 17);
	service->priced = ff_row_bool(rows, row, 19);
	service->connection_id = ff_row_int8(rows, row, 20);
	service->live = ff_row_bool(rows, row, 21);
	service->area = ff_row_int4(rows, row, 22);
	service->wait_us = ff_row_int8(rows, row, 23);
	if (service->max_weight_g > 0 &&
		(service->parcel_limit_g == 0 || service->max_weight_g < service->parcel_limit_g))
		service->parcel_limit_g = service->max_weight_g;
}

static void
load_services(FfNetwork *network)
{
	FfRows rows = ff_run(&services_of_merchant, ff_int4(network->merchant_id));

	network->services = palloc0(sizeof(FfService) * (rows.count + 1));
	for (uint64 row = 0; row < rows.count; row++)
		if (ff_row_null(&rows, row, 2) || ff_row_bool(&rows, row, 18))
			read_service(&network->services[network->nservices++], &rows, row);
}

static void
read_price(FfPrice *price, const FfRows *rows, uint64 row, int transit_days)
{
	price->location_id = ff_row_int8(rows, row, 2);
	price->country = ff_row_text(rows, row, 3);
	price->postcode_from = ff_row_postcode(rows, row, 4);
	price->postcode_to = ff_row_postcode(rows, row, 5);
	price->distance_from_km = ff_row_float8(rows, row, 6);
	price->distance_to_km =
		ff_row_null(rows, row, 7) ? (double) INFINITY : ff_row_float8(rows, row, 7);
	price->by_distance = price->distance_from_km > 0 || !isinf(price->distance_to_km);
	price->weight_from_g = ff_row_int4(rows, row, 8);
	price->weight_to_g = ff_row_null(rows, row, 9) ? PG_INT64_MAX : ff_row_int4(rows, row, 9);
	price->per_parcel = ff_row_int8(rows, row, 10);
	price->per_kg = ff_row_int8(rows, row, 11);
	price->surcharge_abroad = ff_row_int8(rows, row, 12);
	price->extra_days_abroad = ff_row_int4(rows, row, 13);
	price->transit_days = ff_row_null(rows, row, 14) ? transit_days : ff_row_int4(rows, row, 14);
}

static FfService *
find_service(FfNetwork *network, int64 service_id)
{
	for (int s = 0; s < network->nservices; s++)
		if (network->services[s].service_id == service_id)
			return &network->services[s];
	return NULL;
}

/* Rows come by service, so each service's are neighbours. */
static void
load_prices(FfNetwork *network, const FfColumn *countries)
{
	const FfJson *changes = changes_of(network, "prices");
	FfRows rows =
		changes == NULL
			? ff_run(&prices_of_merchant, ff_int4(network->merchant_id), ff_column(countries))
			: ff_run(&changed_prices,
					 ff_int4(network->merchant_id),
					 ff_column(countries),
					 ff_json(changes));
	FfPrice *prices = palloc0(sizeof(FfPrice) * (rows.count + 1));
	FfService *service = NULL;
	int64 service_id = 0;

	for (uint64 row = 0; row < rows.count; row++)
	{
		if (ff_row_int8(&rows, row, 1) != service_id)
		{
			service_id = ff_row_int8(&rows, row, 1);
			service = find_service(network, service_id);
			if (service != NULL)
			{
				service->prices = prices + row;
				service->priced = true;
			}
		}
		if (service != NULL)
			read_price(&service->prices[service->nprices++], &rows, row, service->transit_days);
	}
}

static DateADT
ship_day(const FfLocation *location, TimestampTz now)
{
	return ff_ship_day(now,
					   location->time_zone,
					   location->cutoff,
					   &location->working_days,
					   &location->closed_days);
}

static void
read_location(FfLocation *location, const FfRows *rows, uint64 row, TimestampTz now)
{
	location->location_id = ff_row_int8(rows, row, 1);
	location->provider_id = ff_row_int8(rows, row, 2);
	location->code = ff_row_text(rows, row, 3);
	location->country = ff_row_text(rows, row, 4);
	location->has_coordinates = !ff_row_null(rows, row, 5) && !ff_row_null(rows, row, 6);
	location->latitude = ff_row_float8(rows, row, 5);
	location->longitude = ff_row_float8(rows, row, 6);
	location->handling = ff_row_int8(rows, row, 7);
	location->pick = ff_row_int8(rows, row, 8);
	location->safety_stock = ff_row_int4(rows, row, 9);
	location->hazmat = ff_row_bool(rows, row, 10);
	location->ships_abroad = ff_row_bool(rows, row, 11);
	location->working_days = ff_row_numbers(rows, row, 12);
	location->time_zone = pg_tzset(ff_row_text(rows, row, 14));
	if (location->time_zone == NULL)
		location->time_zone = pg_tzset("UTC");
	location->cutoff = ff_row_int4(rows, row, 15);
	location->closed_days = ff_row_numbers(rows, row, 13);
	location->ship_day = ship_day(location, now);
	location->daily_capacity = ff_row_int4(rows, row, 16);
	location->carriers = ff_row_numbers(rows, row, 17);
}

static int
compare_ids(const void *left, const void *right)
{
	int64 a = (*(FfLocation *const *) left)->location_id;
	int64 b = (*(FfLocation *const *) right)->location_id;

	return a < b ? -1 : a > b;
}

static void
load_locations(FfNetwork *network)
{
	const FfJson *changes = changes_of(network, "locations");
	FfRows rows = changes == NULL
					  ? ff_run(&locations_of_merchant, ff_int4(network->merchant_id))
					  : ff_run(&changed_locations, ff_int4(network->merchant_id), ff_json(changes));

	network->nlocations = (int) rows.count;
	network->locations = palloc0(sizeof(FfLocation) * (rows.count + 1));
	network->by_id = palloc(sizeof(FfLocation *) * (rows.count + 1));
	for (uint64 row = 0; row < rows.count; row++)
	{
		read_location(&network->locations[row], &rows, row, network->now);
		network->by_id[row] = &network->locations[row];
	}
	qsort(network->by_id, rows.count, sizeof(FfLocation *), compare_ids);
}

FfLocation *
ff_network_location(const FfNetwork *network, int64 location_id)
{
	FfLocation wanted = {.location_id = location_id};
	FfLocation *key = &wanted;
	FfLocation **found =
		bsearch(&key, network->by_id, network->nlocations, sizeof(FfLocation *), compare_ids);

	return found == NULL ? NULL : *found;
}

/*
 * Days bring more than was expected, too: prices keep some slots for the last
 * tenth.  It costs nothing on other days: orders of the workload 12.920 with it
 * and 12.923 without where slots are ample, 13.98 and 16.85 in a peak.
 */
#define DAY_TO_BE_READY_FOR 1.1

/* How the price of a location's slots moves; not at all while nobody knows what a day brings. */
static void
set_pace(const FfRoutingSettings *settings, FfLocation *location)
{
	if (settings->expected_shipments == 0)
		return;
	location->pace.rise = settings->pacing_step;
	location->pace.fall = settings->pacing_step * location->daily_capacity /
						  (DAY_TO_BE_READY_FOR * settings->expected_shipments);
}

/* What the first slot of a day is worth, as far as that was learned. */
static void
load_slot_prices(FfNetwork *network)
{
	FfRows rows = ff_run(&slot_prices, ff_int4(network->merchant_id));

	for (uint64 row = 0; row < rows.count; row++)
	{
		FfLocation *location = ff_network_location(network, ff_row_int8(&rows, row, 1));

		if (location != NULL && location->daily_capacity >= 0)
			location->pace.price = location->opening_price = ff_row_float8(&rows, row, 2);
	}
}

/* Slots already used and what the next one is worth, of limited locations only. */
static void
load_days(FfNetwork *network)
{
	FfColumn ids;
	FfColumn days;
	FfRows rows;

	ff_column_init(&ids, INT8OID);
	ff_column_init(&days, DATEOID);
	for (int l = 0; l < network->nlocations; l++)
		if (network->locations[l].daily_capacity >= 0)
		{
			ff_column_add(&ids, ff_int8(network->locations[l].location_id));
			ff_column_add(&days, ff_datum(DateADTGetDatum(network->locations[l].ship_day)));
			set_pace(&network->settings, &network->locations[l]);
			network->locations[l].new_day = true;
		}
	if (ids.count == 0)
		return;
	rows = ff_run(
		&days_of_locations, ff_int4(network->merchant_id), ff_column(&ids), ff_column(&days));
	for (uint64 row = 0; row < rows.count; row++)
	{
		FfLocation *location = ff_network_location(network, ff_row_int8(&rows, row, 1));
		bool null;

		/* Any location with any of the days comes back. */
		if (DatumGetDateADT(ff_row_datum(&rows, row, 2, &null)) != location->ship_day)
			continue;
		location->new_day = false;
		location->used = ff_row_int4(&rows, row, 3);
		location->pace.price = ff_row_float8(&rows, row, 4);
		location->pace.at = ff_row_int4(&rows, row, 5);
		network->clock += location->used;
	}
}

void
ff_network_take_slot(FfNetwork *network, FfLocation *location)
{
	if (location->daily_capacity < 0)
		return;
	location->used++;
	ff_pace_take(&location->pace, network->clock);
	network->clock++;
}

static void
open_day(FfNetwork *network, FfLocation *location, DateADT day)
{
	location->ship_day = day;
	location->used = 0;
	location->new_day = true;
	location->pace.price = location->opening_price;
	location->pace.at = network->clock;
}

void
ff_network_open_days(FfNetwork *network)
{
	network->clock = 0;
	for (int l = 0; l < network->nlocations; l++)
		open_day(network, &network->locations[l], network->locations[l].ship_day);
}

void
ff_network_move(FfNetwork *network, TimestampTz now)
{
	network->now = now;
	for (int l = 0; l < network->nlocations; l++)
	{
		DateADT day = ship_day(&network->locations[l], now);

		if (day != network->locations[l].ship_day)
			open_day(network, &network->locations[l], day);
	}
}

FfNetwork *
ff_network_load(int32 merchant_id, const FfColumn *countries, TimestampTz now,
				const FfJson *changes)
{
	FfNetwork *network = palloc0(sizeof(FfNetwork));

	network->merchant_id = merchant_id;
	network->changes = changes;
	network->now = now;
	load_settings(network);
	load_services(network);
	load_prices(network, countries);
	load_locations(network);
	if (network->settings.learned_prices)
		load_slot_prices(network);
	load_days(network);
	network->rules = ff_rules_load(merchant_id, changes_of(network, "rules"));
	return network;
}
