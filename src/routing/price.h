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
#include "routing/solver.h"

/* What stands behind a FfRouteOption. */
typedef struct FfOffer
{
	const FfService *service;
	TimestampTz arrival;
	int days_late;
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

extern void ff_tariffs_init(FfTariffs *tariffs);

/* The offers of a location; what each costs beyond its tariff is set, what it refuses is not. */
extern void ff_offers_make(const FfNetwork *network, const FfLocation *location,
						   const FfDemand *demand, FfTariffs *tariffs, FfOffers *offers);

#endif
