/*
 * carrier_parcel.c
 *
 * The parcels of a shipment and the goods inside: weights in grams, sides in
 * whole units, names and values.  A call without packages is one package with
 * the goods' weight.  Amounts stay decimal text.
 */
#include "postgres.h"

#include <math.h>

#include "connectors/carrier.h"
#include "connectors/decimal.h"

#define NAME_LONGEST  100
#define DEFAULT_GOODS "Merchandise"

int
ff_carrier_package_count(const FfCall *call)
{
	return Max(1, ff_json_count(ff_json_get(ff_carrier_subject(call), "packages")));
}

const FfJson *
ff_carrier_package(const FfCall *call, int index)
{
	return ff_json_at(ff_json_get(ff_carrier_subject(call), "packages"), index);
}

int64
ff_carrier_package_number(const FfCall *call, int index)
{
	return ff_json_int64_or(ff_carrier_package(call, index), "number", index + 1);
}

/* The weight of the goods as the lines tell it. */
static int64
goods_grams(const FfJson *subject)
{
	const FfJson *lines = ff_json_get(subject, "lines");
	double grams = 0;

	for (int i = 0; i < ff_json_count(lines); i++)
	{
		const FfJson *line = ff_json_at(lines, i);

		grams += ff_json_double_or(line, "weight_g", 0) * ff_json_double_or(line, "quantity", 1);
	}
	return (int64) ceil(grams);
}

int64
ff_carrier_grams(const FfCall *call, int index)
{
	int64 grams = (int64) ceil(ff_json_double_or(ff_carrier_package(call, index), "weight_g", 0));

	if (grams <= 0 && ff_carrier_package_count(call) == 1)
		grams = goods_grams(ff_carrier_subject(call));
	if (grams <= 0)
		ff_carrier_fail(call,
						psprintf("packages.%d.weight_g", index),
						"Give the weight of every package, or of every item.");
	return grams;
}

int64
ff_carrier_total_grams(const FfCall *call)
{
	int64 grams = 0;

	for (int i = 0; i < ff_carrier_package_count(call); i++)
		grams += ff_carrier_grams(call, i);
	return grams;
}

bool
ff_carrier_sides(const FfJson *package, double unit_mm, int64 sides[3])
{
	static const char *const members[] = {"length_mm", "width_mm", "height_mm"};

	for (int i = 0; i < 3; i++)
	{
		double side = ff_json_double_or(package, members[i], 0);

		if (side <= 0)
			return false;
		/* half a millimetre over a whole unit is a conversion's, not the package's */
		sides[i] = Max(1, (int64) ceil((side - 0.5) / unit_mm));
		for (int j = i; j > 0 && sides[j] > sides[j - 1]; j--)
		{
			int64 longer = sides[j];

			sides[j] = sides[j - 1];
			sides[j - 1] = longer;
		}
	}
	return true;
}

const FfJson *
ff_carrier_lines(const FfJson *subject, const FfJson *package)
{
	const FfJson *lines = ff_json_get(package, "lines");

	return ff_json_count(lines) > 0 ? lines : ff_json_get(subject, "lines");
}

const FfJson *
ff_carrier_whole_line(const FfJson *subject, const FfJson *line)
{
	const FfJson *lines = ff_json_get(subject, "lines");
	char *number = ff_json_text(line, "line");

	for (int i = 0; number != NULL && i < ff_json_count(lines); i++)
	{
		const FfJson *whole = ff_json_at(lines, i);
		char *same = ff_json_text(whole, "line");

		if (same && strcmp(same, number) == 0)
			return whole;
	}
	return line;
}

/* The name of the goods in a line of a package: its own, or that of the shipment's line. */
static char *
line_name(const FfJson *subject, const FfJson *line)
{
	char *name = ff_carrier_text(line, "name", NAME_LONGEST);

	if (name == NULL)
		name = ff_carrier_text(ff_carrier_whole_line(subject, line), "name", NAME_LONGEST);
	return name ? name : ff_carrier_text(line, "sku", NAME_LONGEST);
}

char *
ff_carrier_goods(const FfJson *subject, const FfJson *package, int max)
{
	const FfJson *lines = ff_carrier_lines(subject, package);
	const char *given = ff_json_text_or(package, "description", ff_carrier_contents(subject));
	StringInfoData names;

	initStringInfo(&names);
	if (given != NULL)
		appendStringInfoString(&names, given);
	for (int i = 0; given == NULL && i < ff_json_count(lines) && names.len < 4 * max; i++)
	{
		char *name = line_name(subject, ff_json_at(lines, i));

		if (name != NULL && strstr(names.data, name) == NULL)
			appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "", name);
	}
	return ff_plain_text(names.len > 0 ? names.data : DEFAULT_GOODS, max);
}

const char *
ff_carrier_currency(const FfJson *subject)
{
	const char *currency = ff_json_text_or(subject, "customs.currency", NULL);

	if (currency == NULL)
		currency = ff_json_text_or(subject, "lines.0.currency", NULL);
	return currency ? currency : ff_json_text_or(subject, "currency", NULL);
}

char *
ff_carrier_goods_value(const FfJson *subject, const FfJson *lines)
{
	char *total = NULL;

	for (int i = 0; i < ff_json_count(lines); i++)
	{
		const FfJson *line = ff_json_at(lines, i);
		char *price = ff_json_number(ff_carrier_whole_line(subject, line), "unit_price");
		char *value;

		if (price == NULL)
			return NULL;
		value = ff_decimal_multiply(price, ff_carrier_quantity(line));
		total = total ? ff_decimal_add(total, value) : value;
	}
	return total;
}
