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

#include "connectors/decimal.h"
#include "connectors/ups.h"

#define UPS_WEIGHT 5

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
	double unit_grams = lane->pounds ? FF_GRAMS_PER_POUND : FF_GRAMS_PER_KILOGRAM;
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

static void
dimensions(FfJsonWriter *writer, const FfJson *package, const FfUpsLane *lane)
{
	static const char *const names[] = {"Length", "Width", "Height"};
	int64 sides[3];

	if (!ff_carrier_sides(package, lane->pounds ? FF_MM_PER_INCH : FF_MM_PER_CENTIMETRE, sides))
		return;
	ff_write_object(writer, "Dimensions");
	unit(writer, lane->pounds ? "IN" : "CM", lane->pounds ? "Inches" : "Centimeters");
	for (int i = 0; i < 3; i++)
		ff_write_text(writer, names[i], psprintf(INT64_FORMAT, sides[i]));
	ff_write_end(writer);
}

static const FfCarrierCode packagings[] = {
	{"01", "letter|envelope"},
	{"02", "package|box"},
	{"03", "tube"},
	{"04", "pak"},
	{"21", "express_box"},
	{"24", "box_25kg"},
	{"25", "box_10kg"},
	{"30", "pallet"},
	{"2a", "small_express_box"},
	{"2b", "medium_express_box"},
	{"2c", "large_express_box"},
};

const char *
ff_ups_packaging(const FfCall *call, const FfJson *package)
{
	const char *name = ff_json_text_or(package, "packaging", ff_carrier_setting(call, "packaging"));
	int row = name ? FF_CARRIER_CODE(packagings, "ups", name) : -1;

	if (row >= 0)
		return packagings[row].code;
	return name != NULL && strlen(name) == 2 ? name : "02";
}

void
ff_ups_reference_number(FfJsonWriter *writer, const FfCall *call)
{
	const char *code = ff_carrier_setting(call, "reference_code");

	ff_write_array(writer, "ReferenceNumber");
	ff_write_object(writer, NULL);
	ff_write_text(writer, "Code", code && strlen(code) == 2 ? code : NULL);
	ff_write_text(writer, "Value", ff_carrier_reference(ff_carrier_subject(call), UPS_REFERENCE));
	ff_write_end(writer);
	ff_write_end(writer);
}

/* Ship calls the kind of packaging Packaging, Rating calls it PackagingType. */
void
ff_ups_packages(FfJsonWriter *writer, const FfCall *call, const FfUpsLane *lane)
{
	bool rating = call->operation == FF_OP_QUOTE_RATES;
	const FfJson *subject = ff_carrier_subject(call);

	ff_write_array(writer, "Package");
	for (int i = 0; i < ff_carrier_package_count(call); i++)
	{
		const FfJson *package = ff_carrier_package(call, i);

		ff_write_object(writer, NULL);
		if (!rating)
			ff_write_text(writer, "Description", ff_carrier_goods(subject, package, UPS_LINE));
		ff_write_object(writer, rating ? "PackagingType" : "Packaging");
		ff_write_text(writer, "Code", ff_ups_packaging(call, package));
		ff_write_end(writer);
		dimensions(writer, package, lane);
		ff_ups_weight(writer, "PackageWeight", lane, ff_carrier_grams(call, i));
		if (!rating && lane->package_reference)
			ff_ups_reference_number(writer, call);
		ff_ups_package_options(writer, call, lane, i);
		ff_write_end(writer);
	}
	ff_write_end(writer);
}
