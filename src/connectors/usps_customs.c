/*
 * usps_customs.c
 *
 * The customs form of one package: what is inside, line by line, in dollars
 * and pounds, why it is sent, and by what number or exemption it leaves the
 * country.  Abroad every parcel has one; so have those to military post and
 * far territories.
 */
#include "postgres.h"

#include <math.h>

#include "connectors/decimal.h"
#include "connectors/usps.h"

#define DESCRIPTION  30
#define COMMENT      25
#define INVOICE      15
#define AES          35
#define TARIFF       14
#define MOST_LINES   30
#define FILING_VALUE "2500" /* from where on a line must be filed */

static const char *const contents_types[] = {
	[FF_EXPORT_SALE] = "MERCHANDISE",
	[FF_EXPORT_GIFT] = "GIFT",
	[FF_EXPORT_SAMPLE] = "COMMERCIAL_SAMPLE",
	[FF_EXPORT_RETURN] = "RETURNED_GOODS",
	[FF_EXPORT_REPAIR] = "OTHER",
	[FF_EXPORT_INTERCOMPANY] = "MERCHANDISE",
	[FF_EXPORT_OTHER] = "OTHER",
};

/* The lines of the package of a place; those of the shipment when it is the only one. */
static const FfJson *
lines_of(const FfCall *call, int index)
{
	return ff_carrier_lines(ff_carrier_subject(call), ff_carrier_package(call, index));
}

char *
ff_usps_goods_value(const FfCall *call, int index)
{
	return ff_carrier_goods_value(ff_carrier_subject(call), lines_of(call, index));
}

/* The filing number, or why none is needed. */
static const char *
export_number(const FfCall *call)
{
	char *number = ff_carrier_text(ff_carrier_subject(call), "customs.itn", AES);

	return number ? number : ff_carrier_setting(call, "aes_exemption");
}

static void
write_line(FfJsonWriter *writer, const FfCall *call, const FfJson *lines, int index, int package)
{
	const FfJson *subject = ff_carrier_subject(call);
	const FfJson *line = ff_json_at(lines, index);
	const FfJson *whole = ff_carrier_whole_line(subject, line);
	const char *currency = ff_json_text_or(whole, "currency", ff_carrier_currency(subject));
	char *quantity = ff_carrier_quantity(line);
	char *value = ff_decimal_multiply(ff_carrier_need_price(call, whole, index), quantity);
	char *name = ff_carrier_text(whole, "name", DESCRIPTION);

	if (currency == NULL || strcmp(currency, USPS_CURRENCY) != 0)
		ff_carrier_fail(
			call, psprintf("lines.%d.currency", index), "USPS declares values in US dollars only.");
	if (ff_decimal_compare(value, FILING_VALUE) > 0 &&
		ff_carrier_text(subject, "customs.itn", AES) == NULL)
		ff_carrier_fail(call,
						"customs.itn",
						"Goods of more than 2500 dollars need the number of their export filing.");
	if (name == NULL)
		name = ff_carrier_goods(subject, NULL, DESCRIPTION);
	ff_write_object(writer, NULL);
	ff_write_text(writer, "itemDescription", name);
	ff_write_int(writer, "itemQuantity", Max(1, (int64) ceil(strtod(quantity, NULL))));
	ff_write_number(writer, "itemTotalValue", value);
	ff_write_text(writer, "weightUOM", "lb");
	ff_write_number(writer,
					"itemTotalWeight",
					ff_usps_pounds(ff_carrier_line_grams(
						subject, lines, index, ff_carrier_grams(call, package))));
	ff_write_text(writer, "HSTariffNumber", ff_carrier_tariff(whole, TARIFF));
	ff_write_text(writer, "countryofOrigin", ff_json_text_or(whole, "origin_country", "US"));
	ff_write_end(writer);
}

/* Papers are one line of no value but a cent, the least USPS takes. */
static void
write_papers(FfJsonWriter *writer, const FfCall *call, int package)
{
	const char *contents = ff_carrier_contents(ff_carrier_subject(call));

	ff_write_object(writer, NULL);
	ff_write_text_max(writer, "itemDescription", contents ? contents : "Documents", DESCRIPTION);
	ff_write_int(writer, "itemQuantity", 1);
	ff_write_number(writer, "itemTotalValue", "0.01");
	ff_write_text(writer, "weightUOM", "lb");
	ff_write_number(writer, "itemTotalWeight", ff_usps_pounds(ff_carrier_grams(call, package)));
	ff_write_text(writer, "countryofOrigin", "US");
	ff_write_end(writer);
}

/* What only USPS has a type for. */
static const FfCarrierCode special_types[] = {
	{"HUMANITARIAN_DONATIONS", "humanitarian|humanitarian donation|donation"},
	{"DANGEROUS_GOODS", "hazmat"},
};

static const char *
contents_type(const FfCall *call, const FfUspsLane *lane)
{
	const FfJson *subject = ff_carrier_subject(call);
	const char *wish =
		ff_json_text_or(subject, "customs.reason", ff_json_text(subject, "customs.contents"));
	int row = wish ? FF_CARRIER_CODE(special_types, "", wish) : -1;

	if (row >= 0)
		return special_types[row].code;
	if (ff_carrier_documents(subject))
		return "DOCUMENT";
	return contents_types[ff_carrier_export(subject, lane->is_return)];
}

void
ff_usps_customs_form(FfJsonWriter *writer, const FfCall *call, const FfUspsLane *lane, int index)
{
	const FfJson *subject = ff_carrier_subject(call);
	const FfJson *lines = lines_of(call, index);
	bool papers = ff_carrier_documents(subject);
	const char *type = contents_type(call, lane);

	if (!lane->customs_form)
		return;
	if (!papers && ff_json_count(lines) == 0)
		ff_carrier_fail(call, "lines", "Customs want to know what is inside.");
	ff_write_object(writer, "customsForm");
	ff_write_text(writer, "customsContentType", type);
	if (strcmp(type, "OTHER") == 0)
		ff_write_text(writer, "contentComments", ff_carrier_goods(subject, NULL, COMMENT));
	ff_write_text(writer, "AESITN", export_number(call));
	ff_write_text(writer, "invoiceNumber", ff_carrier_invoice_number(subject, INVOICE));
	ff_write_array(writer, "contents");
	if (papers)
		write_papers(writer, call, index);
	for (int i = 0; !papers && i < Min(ff_json_count(lines), MOST_LINES); i++)
		write_line(writer, call, lines, i, index);
	ff_write_end(writer);
	ff_write_end(writer);
}
