/*
 * tariff.c
 *
 * The band of the total weight says what a parcel and a kilogram cost; full
 * steps of weight are charged, and as many parcels as the limit makes of the
 * weight.  What the carrier itself quoted for such a weight goes before that.
 * Plain C.
 */
#include "routing/tariff.h"

#include <stddef.h>

int64_t
ff_tariff_weight(const FfTariff *tariff, int64_t weight_g, int64_t volume_mm3)
{
	int64_t by_volume;

	if (tariff->volume_divisor <= 0)
		return weight_g;
	by_volume = (volume_mm3 + tariff->volume_divisor - 1) / tariff->volume_divisor;
	return by_volume > weight_g ? by_volume : weight_g;
}

static int64_t
pieces(int64_t whole, int64_t most)
{
	return most <= 0 || whole <= most ? 1 : (whole + most - 1) / most;
}

int64_t
ff_tariff_parcels(const FfTariff *tariff, int64_t counted_g, int64_t volume_mm3)
{
	int64_t by_weight = pieces(counted_g, tariff->parcel_limit_g);
	int64_t by_volume = pieces(volume_mm3, tariff->parcel_mm3);

	return by_weight > by_volume ? by_weight : by_volume;
}

/* A box as long as a third of what length and girth may be together holds most. */
int64_t
ff_tariff_largest(int64_t length_mm, int64_t girth_mm)
{
	int64_t length = girth_mm / 3;
	int64_t side;

	if (length_mm <= 0 && girth_mm <= 0)
		return 0;
	if (girth_mm <= 0 || (length_mm > 0 && length_mm < length))
		length = length_mm;
	side = girth_mm <= 0 ? length : (girth_mm - length) / 4;
	if (side > length)
		side = length;
	return length * side * side;
}

static FfCost
band_price(const FfTariff *tariff, const FfTariffBand *band, int64_t counted_g, int64_t volume_mm3)
{
	int64_t charged = (counted_g + tariff->step_g - 1) / tariff->step_g * tariff->step_g;

	return ff_tariff_parcels(tariff, counted_g, volume_mm3) * band->per_parcel +
		   (charged * band->per_kg + 500) / 1000;
}

/* NULL: nothing was quoted for this. */
static const FfTariffQuote *
find_quote(const FfTariff *tariff, int64_t counted_g, int64_t volume_mm3)
{
	for (int i = 0; i < tariff->nquotes; i++)
	{
		const FfTariffQuote *quote = &tariff->quotes[i];

		if (counted_g >= quote->from_g && counted_g < quote->to_g &&
			ff_tariff_parcels(tariff, counted_g, volume_mm3) == quote->parcels)
			return quote;
	}
	return NULL;
}

FfCost
ff_tariff_price(const FfTariff *tariff, int64_t weight_g, int64_t volume_mm3, FfCost value)
{
	int64_t counted = ff_tariff_weight(tariff, weight_g, volume_mm3);
	const FfTariffQuote *quote;

	if (tariff->max_value > 0 && value > tariff->max_value)
		return FF_COST_NEVER;
	if (tariff->max_parcels > 0 &&
		ff_tariff_parcels(tariff, counted, volume_mm3) > tariff->max_parcels)
		return FF_COST_NEVER;
	quote = find_quote(tariff, counted, volume_mm3);
	if (quote != NULL)
		return quote->amount;
	for (int i = 0; i < tariff->nbands && tariff->bands[i].from_g <= counted; i++)
		if (counted < tariff->bands[i].to_g)
			return band_price(tariff, &tariff->bands[i], counted, volume_mm3);
	return FF_COST_NEVER;
}

FfCost
ff_tariff_floor(const FfTariff *tariff, int64_t weight_g, int64_t volume_mm3, FfCost value)
{
	int64_t counted = ff_tariff_weight(tariff, weight_g, volume_mm3);
	FfCost least = FF_COST_NEVER;

	if (tariff->max_value > 0 && value > tariff->max_value)
		return FF_COST_NEVER;
	for (int i = 0; i < tariff->nbands; i++)
	{
		const FfTariffBand *band = &tariff->bands[i];
		int64_t at = counted > band->from_g ? counted : band->from_g;
		FfCost price;

		if (at >= band->to_g)
			continue;
		price = band_price(tariff, band, at, volume_mm3);
		if (price < least)
			least = price;
	}
	for (int i = 0; i < tariff->nquotes; i++)
		if (counted < tariff->quotes[i].to_g && tariff->quotes[i].amount < least)
			least = tariff->quotes[i].amount;
	return least;
}
