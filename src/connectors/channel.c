/*
 * channel.c
 *
 * Reading the calls that sales channels get; see channel.h.
 */
#include "postgres.h"

#include "connectors/carrier.h"
#include "connectors/channel.h"

bool
ff_channel_begin(const FfCall *call, const char *member, TimestampTz *begin)
{
	FfJson *cursor = ff_json_get(call->document, "cursor");
	char *text = ff_json_text(cursor, "");

	if (text != NULL && *text == '{')
		cursor = ff_json_parse(text, strlen(text), NULL);
	return ff_time_parse(ff_json_text(cursor, member), begin) ||
		   ff_time_parse(ff_json_text(cursor, ""), begin) ||
		   ff_time_parse(ff_json_text(call->document, "since"), begin);
}

static const FfJson *
shipment_of(const FfCall *call)
{
	return ff_json_get(call->document, "shipment");
}

int
ff_channel_package_count(const FfCall *call)
{
	return ff_json_count(ff_json_get(shipment_of(call), "packages"));
}

const FfJson *
ff_channel_package(const FfCall *call, int index)
{
	return ff_json_at(ff_json_get(shipment_of(call), "packages"), index);
}

const char *
ff_channel_tracking_number(const FfCall *call, int index)
{
	return ff_json_text_or(ff_channel_package(call, index), "tracking_number", NULL);
}

bool
ff_channel_has_contents(const FfCall *call)
{
	for (int i = 0; i < ff_channel_package_count(call); i++)
		if (ff_json_count(ff_json_get(ff_channel_package(call, i), "lines")) == 0)
			return false;
	return ff_channel_package_count(call) > 0;
}

/* Takes one unit away from the lines, from the last one first; false when none is left over. */
static bool
spare_unit(FfChannelLine *lines, int count, FfChannelLine *unit)
{
	int64 units = 0;

	for (int i = 0; i < count; i++)
		units += lines[i].quantity;
	for (int i = count - 1; i >= 0 && units > 1; i--)
	{
		if (lines[i].quantity < 1)
			continue;
		*unit = lines[i];
		unit->quantity = 1;
		lines[i].quantity--;
		return true;
	}
	return false;
}

int
ff_channel_lines(const FfCall *call, int package, FfChannelLine **lines)
{
	bool told = ff_channel_has_contents(call);
	const FfJson *list = ff_carrier_lines(
		shipment_of(call), told && package >= 0 ? ff_channel_package(call, package) : NULL);
	int all = ff_json_count(list);
	int count = 0;
	FfChannelLine unit;

	*lines = palloc0(sizeof(FfChannelLine) * (all + 1));
	for (int i = 0; i < all; i++)
	{
		const FfJson *line = ff_json_at(list, i);
		const FfJson *whole = ff_carrier_whole_line(shipment_of(call), line);
		FfChannelLine *next = &(*lines)[i];

		next->id = ff_json_text_or(
			line, "channel_line_id", ff_json_text_or(whole, "channel_line_id", NULL));
		next->sku = ff_json_text_or(line, "sku", ff_json_text_or(whole, "sku", NULL));
		next->quantity = ff_json_int64_or(line, "quantity", ff_json_int64_or(whole, "quantity", 0));
	}
	for (int i = 1; !told && package >= 0 && i < ff_channel_package_count(call); i++)
	{
		bool spared = spare_unit(*lines, all, &unit);

		if (i != package)
			continue;
		**lines = unit;
		return spared ? 1 : 0;
	}
	for (int i = 0; i < all; i++)
		if ((*lines)[i].quantity > 0)
			(*lines)[count++] = (*lines)[i];
	return count;
}

TimestampTz
ff_channel_shipped_at(const FfCall *call)
{
	TimestampTz shipped_at;

	if (!ff_time_parse(ff_json_text(call->document, "shipment.shipped_at"), &shipped_at))
		return call->now;
	return Min(shipped_at, call->now);
}

const char *
ff_channel_carrier(const FfCall *call, int package)
{
	return ff_json_text_or(ff_channel_package(call, package),
						   "carrier",
						   ff_json_text_or(call->document, "shipment.carrier", NULL));
}

const char *
ff_channel_carrier_name(const FfCall *call, int package, const FfChannelCarrier *carriers,
						int count)
{
	const char *carrier = ff_channel_carrier(call, package);
	const FfJson *own = ff_json_get(call->config, "carriers");
	char *squeezed;

	if (carrier == NULL)
		return NULL;
	if (ff_json_member(own, carrier) != NULL)
		return ff_json_text(ff_json_member(own, carrier), "");
	squeezed = ff_carrier_squeeze(carrier, strlen(carrier), "");
	for (int i = 0; i < count; i++)
	{
		const char *ours = carriers[i].ours;

		if (strcmp(ff_carrier_squeeze(ours, strlen(ours), ""), squeezed) == 0)
			return carriers[i].theirs;
	}
	return NULL;
}

char *
ff_channel_level(const FfJson *row)
{
	int64 level;

	return ff_json_int64(row, "quantity", &level) ? psprintf(INT64_FORMAT, Max(level, 0)) : NULL;
}
