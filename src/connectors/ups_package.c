/*
 * ups_package.c
 *
 * The packages of a shipment as the Ship and Rating APIs take them: weight
 * and size in one system of units per shipment, packaging, what is inside and
 * what it is worth.  A call without packages is one package with the lines'
 * weight.  What is asked of the carrier beside transport stands in
 * ups_options.c.
 */
#include "postgres.h"

#include <math.h>

#include "connectors/decimal.h"
#include "connectors/ups.h"

#define GRAMS_PER_POUND    453.59237
#define GRAMS_PER_KILOGRAM 1000.0
#define MM_PER_INCH        25.4
#define MM_PER_CENTIMETRE  10.0
#define UPS_WEIGHT         5
#define DEFAULT_GOODS      "Merchandise"

int
ff_ups_package_count(const FfCall *call)
{
	return Max(1, ff_json_count(ff_json_get(ff_ups_subject(call), "packages")));
}

const FfJson *
ff_ups_package(const FfCall *call, int index)
{
	return ff_json_at(ff_json_get(ff_ups_subject(call), "packages"), index);
}

int64
ff_ups_package_number(const FfCall *call, int index)
{
	return ff_json_int64_or(ff_ups_package(call, index), "number", index + 1);
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

static int64
package_grams(const FfCall *call, int index)
{
	int64 grams = (int64) ceil(ff_json_double_or(ff_ups_package(call, index), "weight_g", 0));

	if (grams <= 0 && ff_ups_package_count(call) == 1)
		grams = goods_grams(ff_ups_subject(call));
	if (grams <= 0)
		ff_connector_fail("ups",
						  ff_ups_field(call, psprintf("packages.%d.weight_g", index)),
						  "Give the weight of every package, or of every item.");
	return grams;
}

int64
ff_ups_total_grams(const FfCall *call)
{
	int64 grams = 0;

	for (int i = 0; i < ff_ups_package_count(call); i++)
		grams += package_grams(call, i);
	return grams;
}

static void
unit(FfJsonWriter *writer, const char *code, const char *description)
{
	ff_write_object(writer, "UnitOfMeasurement");
	ff_write_text(writer, "Code", code);
	ff_write_text(writer, "Description", description);
	ff_write_end(writer);
}

char *
ff_ups_weight_text(const FfUpsLane *lane, int64 grams)
{
	double unit_grams = lane->pounds ? GRAMS_PER_POUND : GRAMS_PER_KILOGRAM;
	char *weight = NULL;

	for (int decimals = 2; decimals >= 0; decimals--)
	{
		weight = ff_decimal_trim(ff_grams_to(grams, unit_grams, decimals));
		if (strlen(weight) <= UPS_WEIGHT)
			break;
	}
	return weight;
}

void
ff_ups_weight(FfJsonWriter *writer, const char *key, const FfUpsLane *lane, int64 grams)
{
	ff_write_object(writer, key);
	unit(writer, lane->pounds ? "LBS" : "KGS", lane->pounds ? "Pounds" : "Kilograms");
	ff_write_text(writer, "Weight", ff_ups_weight_text(lane, grams));
	ff_write_end(writer);
}

/* Whole units, rounded up; the longest side is the length. */
static void
dimensions(FfJsonWriter *writer, const FfJson *package, const FfUpsLane *lane)
{
	static const char *const members[] = {"length_mm", "width_mm", "height_mm"};
	static const char *const names[] = {"Length", "Width", "Height"};
	int64 sides[3];

	for (int i = 0; i < 3; i++)
	{
		double side = ff_json_double_or(package, members[i], 0);

		if (side <= 0)
			return;
		/* a hair's breadth over a whole unit is a conversion's, not the package's */
		sides[i] = (int64) ceil(side / (lane->pounds ? MM_PER_INCH : MM_PER_CENTIMETRE) - 0.02);
		sides[i] = Max(1, sides[i]);
		for (int j = i; j > 0 && sides[j] > sides[j - 1]; j--)
		{
			int64 longer = sides[j];

			sides[j] = sides[j - 1];
			sides[j - 1] = longer;
		}
	}
	ff_write_object(writer, "Dimensions");
	unit(writer, lane->pounds ? "IN" : "CM", lane->pounds ? "Inches" : "Centimeters");
	for (int i = 0; i < 3; i++)
		ff_write_text(writer, names[i], psprintf(INT64_FORMAT, sides[i]));
	ff_write_end(writer);
}

static const struct
{
	const char *name;
	const char *code;
} packagings[] = {
	{"letter", "01"},
	{"envelope", "01"},
	{"package", "02"},
	{"box", "02"},
	{"tube", "03"},
	{"pak", "04"},
	{"express_box", "21"},
	{"box_25kg", "24"},
	{"box_10kg", "25"},
	{"pallet", "30"},
	{"small_express_box", "2a"},
	{"medium_express_box", "2b"},
	{"large_express_box", "2c"},
};

const char *
ff_ups_packaging(const FfCall *call, const FfJson *package)
{
	const char *name = ff_json_text_or(package, "packaging", ff_ups_setting(call, "packaging"));

	for (int i = 0; i < (int) lengthof(packagings); i++)
		if (pg_strcasecmp(packagings[i].name, name) == 0)
			return packagings[i].code;
	return strlen(name) == 2 ? name : "02";
}

/* The name of the goods in a line of a package: its own, or that of the shipment's line. */
static char *
line_name(const FfJson *subject, const FfJson *line)
{
	char *name = ff_ups_text(line, "name", UPS_LINE);
	char *number = ff_json_text(line, "line");
	const FfJson *lines = ff_json_get(subject, "lines");

	for (int i = 0; name == NULL && number != NULL && i < ff_json_count(lines); i++)
	{
		const FfJson *candidate = ff_json_at(lines, i);
		char *same = ff_json_text(candidate, "line");

		if (same && strcmp(same, number) == 0)
			name = ff_ups_text(candidate, "name", UPS_LINE);
	}
	return name ? name : ff_ups_text(line, "sku", UPS_LINE);
}

char *
ff_ups_goods(const FfJson *subject, const FfJson *package, int max)
{
	const FfJson *lines = ff_json_get(package, "lines");
	const char *given = ff_json_text_or(package, "description", ff_ups_contents(subject));
	StringInfoData names;

	initStringInfo(&names);
	if (ff_json_count(lines) == 0)
		lines = ff_json_get(subject, "lines");
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
ff_ups_currency(const FfJson *subject)
{
	const char *currency = ff_json_text_or(subject, "customs.currency", NULL);

	if (currency == NULL)
		currency = ff_json_text_or(subject, "lines.0.currency", NULL);
	return currency ? currency : ff_json_text_or(subject, "currency", NULL);
}

char *
ff_ups_goods_value(const FfJson *subject)
{
	const FfJson *lines = ff_json_get(subject, "lines");
	char *total = NULL;

	for (int i = 0; i < ff_json_count(lines); i++)
	{
		const FfJson *line = ff_json_at(lines, i);
		char *price = ff_json_number(line, "unit_price");
		char *quantity = ff_json_number(line, "quantity");
		char *value;

		if (price == NULL)
			return NULL;
		value = ff_decimal_multiply(price, quantity ? quantity : "1");
		total = total ? ff_decimal_add(total, value) : value;
	}
	return total;
}

void
ff_ups_reference_number(FfJsonWriter *writer, const FfCall *call)
{
	const char *code = ff_ups_setting(call, "reference_code");

	ff_write_array(writer, "ReferenceNumber");
	ff_write_object(writer, NULL);
	ff_write_text(writer, "Code", code && strlen(code) == 2 ? code : NULL);
	ff_write_text(writer, "Value", ff_ups_reference(ff_ups_subject(call)));
	ff_write_end(writer);
	ff_write_end(writer);
}

/* Ship calls the kind of packaging Packaging, Rating calls it PackagingType. */
void
ff_ups_packages(FfJsonWriter *writer, const FfCall *call, const FfUpsLane *lane)
{
	bool rating = call->operation == FF_OP_QUOTE_RATES;
	const FfJson *subject = ff_ups_subject(call);

	ff_write_array(writer, "Package");
	for (int i = 0; i < ff_ups_package_count(call); i++)
	{
		const FfJson *package = ff_ups_package(call, i);

		ff_write_object(writer, NULL);
		if (!rating)
			ff_write_text(writer, "Description", ff_ups_goods(subject, package, UPS_LINE));
		ff_write_object(writer, rating ? "PackagingType" : "Packaging");
		ff_write_text(writer, "Code", ff_ups_packaging(call, package));
		ff_write_end(writer);
		dimensions(writer, package, lane);
		ff_ups_weight(writer, "PackageWeight", lane, package_grams(call, i));
		if (!rating && lane->package_reference)
			ff_ups_reference_number(writer, call);
		ff_ups_package_options(writer, call, lane, i);
		ff_write_end(writer);
	}
	ff_write_end(writer);
}
