/*
 * tariff.c
 *
 * The band of the total weight says what a parcel and a kilogram cost; full
 * steps of weight are charged, and as many parcels as the limit makes of the
 * weight.  Plain C.
 */
#include "routing/tariff.h"

int64_t
ff_tariff_weight(const FfTariff *tariff, int64_t weight_g, int64_t volume_mm3)
{
	int64_t by_volume;

	if (tariff->volume_divisor <= 0)
		return weight_g;
	by_volume = (volume_mm3 + tariff->volume_divisor - 1) / tariff->volume_divisor;
	return by_volume > weight_g ? by_volume : weight_g;
}

int64_t
ff_tariff_parcels(const FfTariff *tariff, int64_t counted_g)
{
	if (tariff->parcel_limit_g <= 0 || counted_g <= tariff->parcel_limit_g)
		return 1;
	return (counted_g + tariff->parcel_limit_g - 1) / tariff->parcel_limit_g;
}

static FfCost
band_price(const FfTariff *tariff, const FfTariffBand *band, int64_t counted_g)
{
	int64_t charged = (counted_g + tariff->step_g - 1) / tariff->step_g * tariff->step_g;

	return ff_tariff_parcels(tariff, counted_g) * band->per_parcel +
		   (charged * band->per_kg + 500) / 1000;
}

FfCost
ff_tariff_price(const FfTariff *tariff, int64_t weight_g, int64_t volume_mm3, FfCost value)
{
	int64_t counted = ff_tariff_weight(tariff, weight_g, volume_mm3);

	if (tariff->max_value > 0 && value > tariff->max_value)
		return FF_COST_NEVER;
	if (tariff->max_parcels > 0 && ff_tariff_parcels(tariff, counted) > tariff->max_parcels)
		return FF_COST_NEVER;
	for (int i = 0; i < tariff->nbands && tariff->bands[i].from_g <= counted; i++)
		if (counted < tariff->bands[i].to_g)
			return band_price(tariff, &tariff->bands[i], counted);
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
		price = band_price(tariff, band, at);
		if (price < least)
			least = price;
	}
	return least;
}
