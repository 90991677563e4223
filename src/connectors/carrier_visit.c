/*
 * carrier_visit.c
 *
 * What a call says of a visit: when and where a driver comes and how much
 * there is to take, and what a manifest closes.  Times are those of the clock
 * at the place.  How a carrier spells it stands in its own file.
 */
#include "postgres.h"

#include "connectors/carrier.h"

TimestampTz
ff_carrier_local_clock(const FfCall *call, const char *member)
{
	const char *path = psprintf("pickup.%s", member);
	char *text = ff_json_text(call->document, path);
	TimestampTz time;

	/* whatever zone is named with it */
	if (text != NULL && strlen(text) > 19)
		text = pnstrdup(text, 19);
	if (!ff_time_parse(text, &time))
		ff_connector_fail(call->connector, path, "Give the local time as 2026-01-05T13:00:00.");
	return time;
}

const FfJson *
ff_carrier_pickup_address(const FfCall *call)
{
	const FfJson *address = ff_json_get(call->document, "pickup.address");

	return ff_json_is_object(address) ? address : ff_carrier_role(call, FF_SHIP_FROM);
}

int64
ff_carrier_pickup_count(const FfCall *call)
{
	return Max(1,
			   ff_json_int64_or(call->document, "pickup.packages", ff_carrier_package_count(call)));
}

int64
ff_carrier_pickup_grams(const FfCall *call)
{
	int64 grams = (int64) ff_json_double_or(call->document, "pickup.weight_g", 0);
	bool weighed = false;

	for (int i = 0; i < ff_carrier_package_count(call); i++)
		weighed = weighed || ff_json_double_or(ff_carrier_package(call, i), "weight_g", 0) > 0;
	return grams <= 0 && weighed ? ff_carrier_total_grams(call) : grams;
}

char *
ff_carrier_manifest_date(const FfCall *call)
{
	TimestampTz day;

	if (!ff_time_parse(ff_json_text(call->document, "manifest.date"), &day))
		day = call->now;
	return ff_time_format(day, "%Y-%m-%d");
}

const FfJson *
ff_carrier_manifest_address(const FfCall *call)
{
	const FfJson *address = ff_json_get(call->document, "manifest.ship_from");

	if (!ff_json_is_object(address))
		address = ff_carrier_role(call, FF_SHIP_FROM);
	return ff_json_is_object(address) ? address : ff_json_get(call->config, "shipper");
}

char *
ff_carrier_manifest_number(const FfCall *call, int index)
{
	const FfJson *numbers = ff_json_get(call->document, "manifest.tracking_numbers");

	if (ff_json_count(numbers) > 0)
		return ff_carrier_text(ff_json_at(numbers, index), "", 40);
	return ff_carrier_tracking_number(call, index);
}
