/*
 * tariff.h
 *
 * What it costs to carry a weight from one location to one destination by one
 * service.  Plain C on integers; where tables come from is price.c's business.
 */
#ifndef FF_ROUTING_TARIFF_H
#define FF_ROUTING_TARIFF_H

#include <stdint.h>

/* Millionths of a unit of the order's currency. */
typedef int64_t FfCost;

#define FF_COST_UNIT INT64_C(1000000)
/* Dearer than anything; two of them still add up. */
#define FF_COST_NEVER (INT64_MAX / 4)

typedef struct FfTariffBand
{
	int64_t from_g; /* this heavy or heavier */
	int64_t to_g;   /* lighter than this; INT64_MAX: no end */
	FfCost per_parcel;
	FfCost per_kg;
} FfTariffBand;

/* The price of a whole shipment, as the carrier quoted it; it goes before the bands. */
typedef struct FfTariffQuote
{
	int64_t from_g; /* as of a band: of the weight that counts */
	int64_t to_g;
	int64_t parcels; /* of so many only */
	FfCost amount;   /* FF_COST_NEVER: the same is quoted elsewhere, the bands are not asked */
} FfTariffQuote;

typedef struct FfTariff
{
	int64_t parcel_limit_g; /* heaviest parcel; 0: no limit */
	int64_t parcel_mm3;     /* largest parcel; 0: no limit */
	int64_t max_parcels;    /* in one shipment; 0: any number */
	int64_t step_g;         /* kilograms are charged in steps of this; greater than 0 */
	int64_t volume_divisor; /* mm3 that count as a gram; 0: volume does not count */
	FfCost max_value;       /* of a shipment; 0: no limit */
	int nbands;             /* ascending; a weight between two bands is not carried */
	const FfTariffBand *bands;
	int nquotes; /* the first that fits counts */
	const FfTariffQuote *quotes;
} FfTariff;

/* The weight that counts: the goods', or their volume's if that is more. */
extern int64_t ff_tariff_weight(const FfTariff *tariff, int64_t weight_g, int64_t volume_mm3);

/* Parcels by weight and volume: how goods fit into boxes is not known here. */
extern int64_t ff_tariff_parcels(const FfTariff *tariff, int64_t counted_g, int64_t volume_mm3);

/*
 * The largest volume within limits of the longest side and of length plus girth,
 * each 0: none; 0 when there is neither.
 */
extern int64_t ff_tariff_largest(int64_t length_mm, int64_t girth_mm);

/* FF_COST_NEVER when this cannot be carried. */
extern FfCost ff_tariff_price(const FfTariff *tariff, int64_t weight_g, int64_t volume_mm3,
							  FfCost value);

/* No content that holds this one is carried for less.  (A table may charge less for more.) */
extern FfCost ff_tariff_floor(const FfTariff *tariff, int64_t weight_g, int64_t volume_mm3,
							  FfCost value);

#endif
