/*
 * price.c
 *
 * Of the rows of a price table that fit origin, destination and distance, the
 * most specific one applies to each weight: location before postcode before
 * country before distance.  So a table becomes bands by weight.  Bands that
 * arrive on different days, or pay another surcharge, are offers apart; and so
 * are prices that the carrier quoted, whose weights the table does not serve.
 */
#include "postgres.h"

#include <math.h>

#include "routing/calendar.h"
#include "routing/postcode.h"
#include "routing/price.h"

#define EARTH_RADIUS_KM 6371.0

/* What a tariff was made of: rows of a service, or quotes, that share days and surcharge. */
typedef struct FfTariffKey
{
	const FfService *service;
	bool quoted;
	int transit_days;
	FfCost surcharge;
	int nrows;
	const FfPrice **rows;
	int nrates;
	const FfRate **rates;
} FfTariffKey;

void
ff_tariffs_init(FfTariffs *tariffs)
{
	tariffs->count = 0;
	tariffs->capacity = 16;
	tariffs->tariffs = palloc(sizeof(FfTariff) * tariffs->capacity);
	tariffs->keys = palloc(sizeof(FfTariffKey) * tariffs->capacity);
}

static double
radians(double degrees)
{
	return degrees * M_PI / 180.0;
}

/* Along the great circle; NaN when one of the ends is not known. */
static double
distance_km(const FfLocation *location, const FfDemand *demand)
{
	double a;
	double latitude;
	double longitude;

	if (!location->has_coordinates || !demand->has_coordinates)
		return NAN;
	latitude = sin(radians(demand->latitude - location->latitude) / 2);
	longitude = sin(radians(demand->longitude - location->longitude) / 2);
	a = latitude * latitude +
		cos(radians(location->latitude)) * cos(radians(demand->latitude)) * longitude * longitude;
	return 2 * EARTH_RADIUS_KM * asin(sqrt(Min(a, 1.0)));
}

static bool
abroad(const FfLocation *location, const FfDemand *demand)
{
	return demand->country != NULL && strcmp(demand->country, location->country) != 0;
}

static bool
fits(const FfPrice *price, const FfLocation *location, const FfDemand *demand, double distance)
{
	if (price->location_id != 0 && price->location_id != location->location_id)
		return false;
	if (price->country != NULL &&
		(demand->country == NULL || strcmp(price->country, demand->country) != 0))
		return false;
	if (!ff_postcode_key_between(demand->postcode, price->postcode_from, price->postcode_to))
		return false;
	/* false, too, when the distance is not known */
	return !price->by_distance ||
		   (distance >= price->distance_from_km && distance < price->distance_to_km);
}

static int
specificity(const FfPrice *price)
{
	return (price->location_id != 0) * 8 +
		   (price->postcode_from != NULL || price->postcode_to != NULL) * 4 +
		   (price->country != NULL) * 2 + price->by_distance;
}

/* The rows that fit, the most specific first; of equals the first of the table. */
static int
fitting_rows(const FfService *service, const FfLocation *location, const FfDemand *demand,
			 double distance, const FfPrice **rows)
{
	int n = 0;

	for (int p = 0; p < service->nprices; p++)
	{
		const FfPrice *price = &service->prices[p];
		int i = n;

		if (!fits(price, location, demand, distance))
			continue;
		for (; i > 0 && specificity(rows[i - 1]) < specificity(price); i--)
			rows[i] = rows[i - 1];
		rows[i] = price;
		n++;
	}
	return n;
}

/* The row that applies from a weight on, and up to where; NULL: none does. */
static const FfPrice *
row_at(const FfPrice **rows, int nrows, int64_t weight, int64_t *until)
{
	const FfPrice *row = NULL;

	*until = INT64_MAX;
	for (int i = 0; i < nrows && row == NULL; i++)
	{
		if (rows[i]->weight_from_g > weight)
			*until = Min(*until, rows[i]->weight_from_g);
		else if (rows[i]->weight_to_g > weight)
		{
			row = rows[i];
			*until = Min(*until, rows[i]->weight_to_g);
		}
	}
	return row;
}

static FfCost
surcharge_of(const FfPrice *price, bool crosses)
{
	return price == NULL || !crosses ? 0 : price->surcharge_abroad;
}

static int
days_of(const FfPrice *price, const FfService *service, bool crosses)
{
	if (price == NULL)
		return service->transit_days;
	return price->transit_days + (crosses ? price->extra_days_abroad : 0);
}

FfTariff
ff_service_tariff(const FfService *service)
{
	return (FfTariff){.parcel_limit_g = service->parcel_limit_g,
					  .parcel_mm3 =
						  ff_tariff_largest(service->max_length_mm, service->max_girth_mm),
					  .max_parcels = service->max_parcels,
					  .step_g = service->step_g,
					  .volume_divisor = service->volume_divisor,
					  .max_value = service->max_value};
}

/* When what was quoted arrives: as the carrier says, else as the table. */
static int
days_of_rate(const FfTariffKey *key, const FfRate *rate, bool crosses)
{
	int64_t until;

	if (rate->transit_days >= 0)
		return rate->transit_days;
	return days_of(
		row_at(key->rows, key->nrows, rate->quote.to_g - 1, &until), key->service, crosses);
}

/* A quote is in the tariff of its days, and in the others to say that it is not theirs. */
static void
fill_quotes(FfTariff *tariff, const FfTariffKey *key, bool crosses)
{
	FfTariffQuote *quotes = palloc(sizeof(FfTariffQuote) * key->nrates);

	for (int r = 0; r < key->nrates; r++)
	{
		quotes[r] = key->rates[r]->quote;
		if (!key->quoted || days_of_rate(key, key->rates[r], crosses) != key->transit_days)
			quotes[r].amount = FF_COST_NEVER;
	}
	tariff->quotes = quotes;
	tariff->nquotes = key->nrates;
}

static void
fill_tariff(FfTariff *tariff, const FfTariffKey *key, bool crosses)
{
	const FfService *service = key->service;
	FfTariffBand *bands;
	int64_t weight = 0;
	int64_t until;

	*tariff = ff_service_tariff(service);
	if (key->nrates > 0)
		fill_quotes(tariff, key, crosses);
	if (key->quoted)
		return;
	tariff->bands = bands = palloc(sizeof(FfTariffBand) * (2 * key->nrows + 1));
	if (key->nrows == 0)
		bands[tariff->nbands++] = (FfTariffBand){0, INT64_MAX, 0, 0};
	for (; key->nrows > 0 && weight < INT64_MAX; weight = until)
	{
		const FfPrice *row = row_at(key->rows, key->nrows, weight, &until);

		if (row != NULL && days_of(row, service, crosses) == key->transit_days &&
			surcharge_of(row, crosses) == key->surcharge)
			bands[tariff->nbands++] = (FfTariffBand){weight, until, row->per_parcel, row->per_kg};
	}
}

static bool
same_key(const FfTariffKey *a, const FfTariffKey *b)
{
	return a->service == b->service && a->transit_days == b->transit_days && a->nrates == 0 &&
		   b->nrates == 0 && a->surcharge == b->surcharge && a->nrows == b->nrows &&
		   (a->nrows == 0 || memcmp(a->rows, b->rows, sizeof(*a->rows) * a->nrows) == 0);
}

/* The index of the tariff of a key, made when it is new. */
static int
tariff_of(FfTariffs *tariffs, const FfTariffKey *key, bool crosses)
{
	for (int t = 0; t < tariffs->count; t++)
		if (same_key(&tariffs->keys[t], key))
			return t;
	if (tariffs->count == tariffs->capacity)
	{
		tariffs->capacity *= 2;
		tariffs->tariffs = repalloc(tariffs->tariffs, sizeof(FfTariff) * tariffs->capacity);
		tariffs->keys = repalloc(tariffs->keys, sizeof(FfTariffKey) * tariffs->capacity);
	}
	fill_tariff(&tariffs->tariffs[tariffs->count], key, crosses);
	tariffs->keys[tariffs->count] = *key;
	return tariffs->count++;
}

static void
add_offer(const FfNetwork *network, const FfLocation *location, const FfDemand *demand,
		  FfTariffs *tariffs, const FfTariffKey *key, bool crosses, FfOffers *offers)
{
	FfOffer *offer;
	FfRouteOption *option;

	if (offers->count == offers->capacity)
	{
		offers->capacity *= 2;
		offers->offers = repalloc(offers->offers, sizeof(FfOffer) * offers->capacity);
		offers->options = repalloc(offers->options, sizeof(FfRouteOption) * offers->capacity);
	}
	offer = &offers->offers[offers->count];
	option = &offers->options[offers->count++];
	offer->service = key->service;
	offer->quoted = key->quoted;
	offer->nrates = key->nrates;
	offer->rates = key->rates;
	offer->arrival = ff_arrival(
		location->ship_day, key->transit_days, location->time_zone, &location->working_days);
	offer->days_late =
		demand->promised_by == 0 ? 0 : ff_days_late(demand->promised_by, offer->arrival);
	*option =
		(FfRouteOption){.tariff = tariff_of(tariffs, key, crosses), .surcharge = key->surcharge};
	if (offer->days_late > 0)
		option->late = network->settings.late_penalty +
					   offer->days_late * network->settings.late_penalty_per_day;
}

/* An offer for every pair of days and surcharge that a weight can get. */
static void
add_offers(const FfNetwork *network, const FfLocation *location, const FfDemand *demand,
		   FfTariffs *tariffs, FfTariffKey *key, FfOffers *offers)
{
	bool crosses = abroad(location, demand);
	int first = offers->count;
	int64_t weight = 0;
	int64_t until;

	for (; weight < INT64_MAX; weight = until)
	{
		const FfPrice *row = row_at(key->rows, key->nrows, weight, &until);
		bool known = row == NULL && key->nrows > 0;

		key->transit_days = days_of(row, key->service, crosses);
		key->surcharge = surcharge_of(row, crosses);
		for (int o = first; o < offers->count && !known; o++)
		{
			const FfTariffKey *other = &tariffs->keys[offers->options[o].tariff];

			known = other->transit_days == key->transit_days && other->surcharge == key->surcharge;
		}
		if (!known)
			add_offer(network, location, demand, tariffs, key, crosses, offers);
	}
}

/* An offer for all quotes that arrive on the same day. */
static void
add_quoted_offers(const FfNetwork *network, const FfLocation *location, const FfDemand *demand,
				  FfTariffs *tariffs, FfTariffKey *key, FfOffers *offers)
{
	bool crosses = abroad(location, demand);

	key->quoted = true;
	key->surcharge = 0;
	for (int r = 0; r < key->nrates; r++)
	{
		bool known = false;

		key->transit_days = days_of_rate(key, key->rates[r], crosses);
		for (int other = 0; other < r && !known; other++)
			known = days_of_rate(key, key->rates[other], crosses) == key->transit_days;
		if (!known)
			add_offer(network, location, demand, tariffs, key, crosses, offers);
	}
}

/* Whether a location may use a service at all, whatever is shipped. */
static bool
serves(const FfService *service, const FfLocation *location)
{
	if (location->provider_id != 0)
		return service->provider_id == location->provider_id;
	return !service->center && (location->carriers.items == NULL ||
								ff_numbers_have(&location->carriers, service->provider_id));
}

/* Why a service is not offered, or FF_REASON_NONE. */
static FfReason
not_offered(const FfNetwork *network, const FfService *service, const FfDemand *demand)
{
	if (demand->service != NULL && service->code != NULL &&
		strcmp(demand->service, service->code) != 0)
		return FF_REASON_NO_SERVICE;
	if (demand->country != NULL && !ff_texts_allow(&service->countries, demand->country))
		return FF_REASON_COUNTRY;
	if (service->currency != NULL && strcmp(service->currency, network->settings.currency) != 0)
		return FF_REASON_CURRENCY;
	return FF_REASON_NONE;
}

bool
ff_service_offered(const FfNetwork *network, const FfService *service, const FfLocation *location,
				   const FfDemand *demand)
{
	return serves(service, location) && not_offered(network, service, demand) == FF_REASON_NONE;
}

const FfRate *
ff_offer_rate(const FfOffer *offer, int64 weight_g, int64 volume_mm3)
{
	FfTariff tariff = ff_service_tariff(offer->service);
	int64 counted = ff_tariff_weight(&tariff, weight_g, volume_mm3);
	int64 parcels = ff_tariff_parcels(&tariff, counted, volume_mm3);

	for (int r = 0; offer->quoted && r < offer->nrates; r++)
	{
		const FfTariffQuote *quote = &offer->rates[r]->quote;

		if (counted >= quote->from_g && counted < quote->to_g && parcels == quote->parcels)
			return offer->rates[r];
	}
	return NULL;
}

void
ff_offers_make(const FfNetwork *network, const FfLocation *location, const FfDemand *demand,
			   FfTariffs *tariffs, FfOffers *offers)
{
	double distance = distance_km(location, demand);
	bool served = false;

	offers->count = 0;
	offers->capacity = network->nservices + 1;
	offers->offers = palloc(sizeof(FfOffer) * offers->capacity);
	offers->options = palloc(sizeof(FfRouteOption) * offers->capacity);
	offers->otherwise = FF_REASON_NO_SERVICE;
	for (int s = 0; s < network->nservices; s++)
	{
		const FfService *service = &network->services[s];
		FfTariffKey key = {.service = service};
		FfReason reason;

		if (!serves(service, location))
			continue;
		served = true;
		reason = not_offered(network, service, demand);
		if (reason == FF_REASON_NONE)
		{
			key.rows = palloc(sizeof(*key.rows) * (service->nprices + 1));
			key.nrows = fitting_rows(service, location, demand, distance, key.rows);
			key.nrates = ff_rates_find(network, service, location, demand, &key.rates);
			if (key.nrates > 0)
			{
				add_quoted_offers(network, location, demand, tariffs, &key, offers);
				key.quoted = false;
			}
			if (key.nrows > 0 || !service->priced)
				add_offers(network, location, demand, tariffs, &key, offers);
		}
		else if (reason != FF_REASON_NO_SERVICE)
			offers->otherwise = reason;
	}
	/* The provider that runs the location is not active. */
	if (!served && location->provider_id != 0)
		offers->otherwise = FF_REASON_CLOSED;
}
