/*
 * dhl_express_customs.c
 *
 * What customs want to know: the export declaration from which DHL prints the
 * invoice, one item per line with the price of a piece and the weight of all,
 * charges, and tax numbers.  Written only when goods cross a customs border.
 */
#include "postgres.h"

#include "connectors/decimal.h"
#include "connectors/dhl_express.h"

#define HS_LONGEST  18
#define DESCRIPTION 512

static const char *const reasons[] = {
	[FF_EXPORT_SALE] = "permanent",
	[FF_EXPORT_GIFT] = "gift",
	[FF_EXPORT_SAMPLE] = "sample",
	[FF_EXPORT_RETURN] = "return",
	[FF_EXPORT_REPAIR] = "temporary",
	[FF_EXPORT_INTERCOMPANY] = "intercompany_use",
	[FF_EXPORT_OTHER] = "permanent",
	[FF_EXPORT_DOCUMENTS] = "permanent",
};

/* Amounts beside the goods' own, which customs count too. */
static const struct
{
	const char *path;
	const char *type;
} charges[] = {
	{"customs.freight", "freight"},
	{"customs.insurance", "insurance"},
	{"customs.other_charges", "other"},
};

const char *
ff_dhx_incoterm(const FfCall *call)
{
	const char *incoterm = ff_carrier_incoterm(ff_carrier_subject(call));

	return incoterm ? incoterm : ff_json_text_or(call->config, "incoterm", "DAP");
}

/* The weight of a line as its item tells it, else its share of the whole by pieces. */
static int64
line_grams(const FfCall *call, const FfJson *lines, const FfJson *line)
{
	double quantity = ff_json_double_or(line, "quantity", 1);
	double grams = ff_json_double_or(line, "weight_g", 0) * quantity;
	double pieces = 0;

	if (grams > 0)
		return (int64) grams;
	for (int i = 0; i < ff_json_count(lines); i++)
		pieces += ff_json_double_or(ff_json_at(lines, i), "quantity", 1);
	return Max(1, (int64) ((double) ff_carrier_total_grams(call) * quantity / Max(1, pieces)));
}

static void
write_item(FfJsonWriter *writer, const FfCall *call, const FfDhxLane *lane, const char *reason,
		   int index)
{
	const FfJson *subject = ff_carrier_subject(call);
	const FfJson *lines = ff_json_get(subject, "lines");
	const FfJson *line = ff_json_at(lines, index);
	int64 grams = line_grams(call, lines, line);
	char *name = ff_carrier_text(line, "name", DESCRIPTION);
	char *tariff = ff_carrier_tariff(line, HS_LONGEST);

	ff_write_object(writer, NULL);
	ff_write_int(writer, "number", index + 1);
	ff_write_text(
		writer, "description", name ? name : ff_carrier_goods(subject, NULL, DESCRIPTION));
	ff_write_number(writer, "price", ff_decimal_trim(ff_carrier_need_price(call, line, index)));
	ff_write_object(writer, "quantity");
	ff_write_number(writer, "value", ff_carrier_quantity(line));
	ff_write_text(writer, "unitOfMeasurement", "PCS");
	ff_write_end(writer);
	if (tariff != NULL)
	{
		ff_write_array(writer, "commodityCodes");
		ff_write_object(writer, NULL);
		ff_write_text(writer, "typeCode", "outbound");
		ff_write_text(writer, "value", tariff);
		ff_write_end(writer);
		ff_write_end(writer);
	}
	ff_write_text(writer, "exportReasonType", reason);
	ff_write_text(
		writer, "manufacturerCountry", ff_json_text_or(line, "origin_country", lane->from));
	ff_write_object(writer, "weight");
	ff_dhx_weight(writer, "netValue", grams, lane->pounds);
	ff_dhx_weight(writer, "grossValue", grams, lane->pounds);
	ff_write_end(writer);
	ff_write_end(writer);
}

static void
write_invoice(FfJsonWriter *writer, const FfCall *call)
{
	const FfJson *subject = ff_carrier_subject(call);
	const char *number = ff_carrier_invoice_number(subject, DHX_REFERENCE);
	TimestampTz date;

	if (!ff_time_parse(ff_json_text(subject, "customs.invoice_date"), &date))
		date = call->now;
	ff_write_object(writer, "invoice");
	ff_write_text(writer, "number", number ? number : ff_carrier_reference(subject, DHX_REFERENCE));
	ff_write_text(writer, "date", ff_time_format(date, "%Y-%m-%d"));
	ff_write_end(writer);
}

static void
write_charges(FfJsonWriter *writer, const FfJson *subject)
{
	bool any = false;

	for (int i = 0; i < (int) lengthof(charges); i++)
	{
		char *amount = ff_json_number(subject, charges[i].path);

		if (amount == NULL || !ff_decimal_positive(amount))
			continue;
		if (!any)
			ff_write_array(writer, "additionalCharges");
		any = true;
		ff_write_object(writer, NULL);
		ff_write_number(writer, "value", ff_decimal_trim(amount));
		ff_write_text(writer, "typeCode", charges[i].type);
		ff_write_end(writer);
	}
	if (any)
		ff_write_end(writer);
}

void
ff_dhx_declaration(FfJsonWriter *writer, const FfCall *call, const FfDhxLane *lane)
{
	const FfJson *subject = ff_carrier_subject(call);
	const FfJson *lines = ff_json_get(subject, "lines");
	FfExport why = ff_carrier_export(subject, lane->is_return);
	char *value = ff_carrier_goods_value(subject, lines);

	if (!lane->declarable)
		return;
	if (ff_json_count(lines) == 0)
		ff_carrier_fail(call, "lines", "Customs want to know every item.");
	if (value == NULL)
		for (int i = 0; i < ff_json_count(lines); i++)
			(void) ff_carrier_need_price(call, ff_json_at(lines, i), i);
	ff_write_number(writer, "declaredValue", ff_decimal_trim(value));
	ff_write_text(writer, "declaredValueCurrency", ff_carrier_currency(subject));
	ff_write_object(writer, "exportDeclaration");
	ff_write_array(writer, "lineItems");
	for (int i = 0; i < ff_json_count(lines); i++)
		write_item(writer, call, lane, reasons[why], i);
	ff_write_end(writer);
	write_invoice(writer, call);
	write_charges(writer, subject);
	ff_write_text(writer, "exportReasonType", reasons[why]);
	if (why == FF_EXPORT_GIFT)
		ff_write_text(writer, "shipmentType", "personal");
	ff_write_end(writer);
}

/* Numbers by which customs know sender and receiver. */
static const struct
{
	FfCarrierRole role;
	const char *path;
	const char *setting;
	const char *type;
	bool into_eu; /* only for goods into the EU */
} numbers[] = {
	{FF_SHIP_FROM, "customs.eori", "eori_number", "EOR", false},
	{FF_SHIP_FROM, "customs.vat", "vat_number", "VAT", false},
	{FF_SHIP_FROM, "customs.ioss", "ioss_number", "SDT", true},
	{FF_SHIP_TO, "customs.receiver_eori", NULL, "EOR", false},
	{FF_SHIP_TO, "customs.receiver_tax_id", NULL, "VAT", false},
};

void
ff_dhx_registrations(FfJsonWriter *writer, const FfCall *call, const FfDhxLane *lane,
					 FfCarrierRole role)
{
	const FfJson *subject = ff_carrier_subject(call);
	/* the numbers of the settings are those of the merchant, who receives a return */
	FfCarrierRole ours = lane->is_return ? FF_SHIP_TO : FF_SHIP_FROM;
	bool any = false;

	for (int i = 0; lane->declarable && i < (int) lengthof(numbers); i++)
	{
		bool merchant = numbers[i].role == FF_SHIP_FROM;
		const char *number = ff_json_text_or(subject, numbers[i].path, NULL);
		const char *country = role == FF_SHIP_FROM ? lane->from : lane->to;

		if (merchant != (role == ours) || (numbers[i].into_eu && !ff_carrier_in_eu(lane->to)))
			continue;
		if (number == NULL && numbers[i].setting != NULL)
			number = ff_carrier_setting(call, numbers[i].setting);
		if (number == NULL)
			continue;
		/* European numbers begin with the country that gave them */
		if (strcmp(numbers[i].type, "EOR") == 0 &&
			pg_ascii_toupper((unsigned char) number[0]) >= 'A' && strlen(number) > 2)
			country = ff_carrier_upper(pnstrdup(number, 2));
		if (!any)
			ff_write_array(writer, "registrationNumbers");
		any = true;
		ff_write_object(writer, NULL);
		ff_write_text(writer, "typeCode", numbers[i].type);
		ff_write_text(writer, "number", number);
		ff_write_text(writer, "issuerCountryCode", country);
		ff_write_end(writer);
	}
	if (any)
		ff_write_end(writer);
}
