/*
 * price.h
 *
 * Which services can carry an order's goods from a location to its
 * destination, at which price, and when they arrive.
 */
#ifndef FF_ROUTING_PRICE_H
#define FF_ROUTING_PRICE_H

#include "routing/demand.h"
#include "routing/network.h"
#include "routing/rates.h"
#include "routing/solver.h"

/* What stands behind a FfRouteOption. */
typedef struct FfOffer
{
	const FfService *service;
	TimestampTz arrival;
	int days_late;
	bool quoted; /* by the carrier, not by the price table */
	int nrates;  /* what it quoted for the destination */
	const FfRate **rates;
} FfOffer;

typedef struct FfOffers
{
	int count;
	int capacity;
	FfRouteOption *options;
	FfOffer *offers;    /* the same index */
	FfReason otherwise; /* with no offer: the reason of the service that came closest */
} FfOffers;

/* An order's tariffs; locations with the same rows of a table share one. */
typedef struct FfTariffs
{
	int count;
	int capacity;
	FfTariff *tariffs;
	struct FfTariffKey *keys;
} FfTariffs;

/* What a service carries, without its prices. */
extern FfTariff ff_service_tariff(const FfService *service);

/* Whether a service may carry something from a location to the demand's destination. */
extern bool ff_service_offered(const FfNetwork *network, const FfService *service,
							   const FfLocation *location, const FfDemand *demand);

/* What the price of such goods by an offer comes from; NULL: from the price table. */
extern const FfRate *ff_offer_rate(const FfOffer *offer, int64 weight_g, int64 volume_mm3);

extern void ff_tariffs_init(FfTariffs *tariffs);

/* The offers of a location; what each costs beyond its tariff is set, what it refuses is not. */
extern void ff_offers_make(const FfNetwork *network, const FfLocation *location,
						   const FfDemand *demand, FfTariffs *tariffs, FfOffers *offers);

#endif
