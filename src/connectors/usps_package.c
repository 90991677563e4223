/*
 * usps_package.c
 *
 * One package as the label and price APIs take it: pounds and inches, the
 * longest side first, its class, and the codes of what is asked beside
 * transport.  USPS makes one label a call, so everything here is about the
 * package of one place.  Values are in US dollars, and nothing else is taken.
 */
#include "postgres.h"

#include <math.h>

#include "connectors/decimal.h"
#include "connectors/usps.h"

#define MOST_EXTRAS 5

char *
ff_usps_pounds(int64 grams)
{
	return ff_decimal_trim(ff_grams_to(grams, FF_GRAMS_PER_POUND, 2));
}

/* Three numbers with an x between, in tenths; false when the text is none. */
static bool
read_size(const char *text, int64 sides[3])
{
	for (int i = 0; i < 3; i++)
	{
		char *end;
		double side = text ? strtod(text, &end) : 0;

		if (side <= 0 || (i < 2 && *end != 'x' && *end != 'X'))
			return false;
		sides[i] = (int64) ceil(side * 10);
		text = end + 1;
	}
	return true;
}

void
ff_usps_size(FfJsonWriter *writer, const FfCall *call, int index)
{
	static const char *const names[] = {"length", "width", "height"};
	const FfJson *package = ff_carrier_package(call, index);
	int64 tenths[3];

	if (!ff_carrier_sides(package, FF_MM_PER_INCH / 10, tenths) &&
		!read_size(ff_carrier_setting(call, "default_size"), tenths))
		ff_carrier_fail(call,
						psprintf("packages.%d.length_mm", index),
						"Give length, width and height of every package, or set default_size.");
	for (int i = 0; i < 3; i++)
		ff_write_number(
			writer,
			names[i],
			ff_decimal_trim(psprintf("%d.%d", (int) (tenths[i] / 10), (int) (tenths[i] % 10))));
}

char *
ff_usps_insured(const FfCall *call, int index)
{
	const char *currency;
	char *amount = ff_carrier_insured(call, index, &currency);

	if (amount != NULL && strcmp(currency, USPS_CURRENCY) != 0)
		ff_carrier_fail(call, "options.insurance.currency", "USPS insures in US dollars only.");
	return amount && ff_decimal_positive(amount) ? amount : NULL;
}

/* Signatures by the words of options.signature; the first row whose word stands in it counts. */
static const struct
{
	const char *word;
	int code;
} signatures[] = {
	{"adult_restricted", 923}, {"adult restricted", 923}, {"restricted", 924}, {"adult", 922}};

static int
signature_code(const FfCall *call, const FfUspsLane *lane)
{
	const FfJson *subject = ff_carrier_subject(call);
	const char *wish = ff_json_text_or(subject, "options.signature", "");
	bool adult;

	if (lane->abroad || lane->is_return || !ff_carrier_signature(subject, &adult))
		return 0;
	for (int i = 0; i < (int) lengthof(signatures); i++)
		if (strstr(wish, signatures[i].word) != NULL)
			return signatures[i].code;
	if (adult)
		return 922;
	return ff_usps_is_express(lane->mail_class) ? 981 : 921;
}

/* Wishes that are flags. */
static const struct
{
	const char *option;
	int code;
} flags[] = {
	{"options.certified", 910},
	{"options.return_receipt", 955},
	{"options.return_receipt_electronic", 957},
	{"options.sunday", 991},
};

static void
add_code(FfJsonWriter *writer, int64 code, int64 *codes, int *count)
{
	for (int i = 0; i < *count; i++)
		if (codes[i] == code)
			return;
	if (code <= 0 || *count == MOST_EXTRAS)
		return;
	codes[(*count)++] = code;
	ff_write_int(writer, NULL, code);
}

char *
ff_usps_extra_services(const FfCall *call, const FfUspsLane *lane, int index)
{
	const FfJson *subject = ff_carrier_subject(call);
	const FfJson *more = ff_json_get(subject, "options.extra_services");
	bool express = ff_usps_is_express(lane->mail_class) && !lane->abroad;
	int64 codes[MOST_EXTRAS];
	int count = 0;
	FfJsonWriter writer;

	ff_write_init(&writer);
	ff_write_array(&writer, NULL);
	add_code(&writer, signature_code(call, lane), codes, &count);
	if (ff_usps_insured(call, index) != NULL)
		add_code(&writer, express ? 925 : 930, codes, &count);
	for (int i = 0; i < (int) lengthof(flags); i++)
		if (ff_json_bool(subject, flags[i].option, false))
			add_code(&writer, flags[i].code, codes, &count);
	for (int i = 0; i < ff_json_count(more); i++)
		add_code(&writer, ff_json_int64_or(ff_json_at(more, i), "", 0), codes, &count);
	return count > 0 ? ff_write_finish(&writer) : NULL;
}

/*
 * USPS hands out a label again for the same key and the same body only.  A call
 * that begins anew after midnight, because its worker died, therefore keeps the
 * day on which the shipment was made, as long as that may be the day on which
 * it was first asked for; when USPS says that day is over, the label was never
 * made, and today will do.
 */
char *
ff_usps_mailing_date(const FfCall *call)
{
	const char *date = ff_json_text_or(call->state, "mailing_date", NULL);
	char *today = ff_time_format(call->now, "%Y-%m-%d");
	char *day = ff_carrier_ship_date(call);
	TimestampTz made;

	if (date != NULL)
		return pstrdup(date);
	if (strcmp(day, today) == 0 &&
		ff_time_parse(ff_json_text(ff_carrier_subject(call), "created_at"), &made) &&
		made <= call->now && call->now - made < USECS_PER_DAY)
		return ff_time_format(made, "%Y-%m-%d");
	return day;
}

/* What is inside and what becomes of it; nothing when nothing is to be said. */
static void
write_options(FfJsonWriter *writer, const FfCall *call, const FfUspsLane *lane, int index)
{
	char *value = ff_usps_insured(call, index);
	char *contents =
		ff_carrier_upper(ff_carrier_text(ff_carrier_subject(call), "options.content_type", 30));

	if (value == NULL && lane->abroad)
		value = ff_usps_goods_value(call, index);
	if (value == NULL && contents == NULL && !lane->abroad)
		return;
	ff_write_object(writer, "packageOptions");
	if (lane->abroad)
		ff_write_text(writer, "nonDeliveryOption", ff_carrier_setting(call, "non_delivery"));
	ff_write_number(writer, "packageValue", value);
	ff_write_text(writer, "contentType", contents);
	ff_write_end(writer);
}

static void
write_reference(FfJsonWriter *writer, const FfCall *call, const FfUspsLane *lane)
{
	const char *reference = ff_carrier_reference(ff_carrier_subject(call), USPS_REFERENCE);

	if (reference == NULL)
		return;
	ff_write_array(writer, "customerReference");
	ff_write_object(writer, NULL);
	ff_write_text(writer, "referenceNumber", reference);
	if (!lane->abroad)
		ff_write_bool(writer, "printReferenceNumber", true);
	ff_write_end(writer);
	ff_write_end(writer);
}

/* Wishes at home that are no service of their own. */
static const struct
{
	const char *option;
	const char *name;
} wishes[] = {
	{"options.carrier_release", "carrierRelease"},
	{"options.physical_signature", "physicalSignatureRequired"},
};

void
ff_usps_package_description(FfJsonWriter *writer, const FfCall *call, const FfUspsLane *lane,
							int index)
{
	ff_write_object(writer, "packageDescription");
	ff_write_text(writer, "weightUOM", "lb");
	ff_write_number(writer, "weight", ff_usps_pounds(ff_carrier_grams(call, index)));
	ff_write_text(writer, "dimensionsUOM", "in");
	ff_usps_size(writer, call, index);
	ff_write_text(writer, "mailClass", lane->mail_class);
	ff_write_text(writer, "processingCategory", lane->category);
	ff_write_text(writer, "rateIndicator", lane->indicator);
	if (!lane->is_return)
	{
		ff_write_text(writer, "destinationEntryFacilityType", lane->facility);
		ff_write_text(writer, "mailingDate", ff_usps_mailing_date(call));
	}
	ff_write_raw(writer, "extraServices", ff_usps_extra_services(call, lane, index));
	for (int i = 0; !lane->abroad && !lane->is_return && i < (int) lengthof(wishes); i++)
		if (ff_json_bool(ff_carrier_subject(call), wishes[i].option, false))
			ff_write_bool(writer, wishes[i].name, true);
	write_options(writer, call, lane, index);
	write_reference(writer, call, lane);
	ff_write_end(writer);
}
