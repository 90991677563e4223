/*
 * ups_customs.c
 *
 * What customs want to know: the commercial invoice that UPS prints from the
 * shipment's lines, the reason of export, terms, duties and tax numbers.  It
 * is written only where a customs border lies between origin and destination
 * and goods are inside, not mere documents.  Prices stay decimal text.
 */
#include "postgres.h"

#include "connectors/decimal.h"
#include "connectors/ups.h"

#define UPS_PRODUCT_LINES 3
#define UPS_HS_LONGEST    15
#define UPS_DECLARATION   550
#define DE_MINIMIS_EUR    "150"

static const char *const reasons[] = {
	[FF_EXPORT_SALE] = "SALE",
	[FF_EXPORT_GIFT] = "GIFT",
	[FF_EXPORT_SAMPLE] = "SAMPLE",
	[FF_EXPORT_RETURN] = "RETURN",
	[FF_EXPORT_REPAIR] = "REPAIR",
	[FF_EXPORT_INTERCOMPANY] = "INTERCOMPANYDATA",
	[FF_EXPORT_OTHER] = "SALE",
};

/* YYYYMMDD of a date given as ISO 8601; today's when there is none. */
static char *
invoice_date(const FfCall *call)
{
	TimestampTz date;

	if (!ff_time_parse(ff_json_text(ff_carrier_subject(call), "customs.invoice_date"), &date))
		date = call->now;
	return ff_time_format(date, "%Y%m%d");
}

static void
write_product(FfJsonWriter *writer, const FfCall *call, int index)
{
	const FfJson *subject = ff_carrier_subject(call);
	const FfJson *line = ff_json_at(ff_json_get(subject, "lines"), index);
	char *name = ff_carrier_text(line, "name", UPS_PRODUCT_LINES * UPS_LINE);
	char *price = ff_carrier_need_price(call, line, index);
	char *lines[UPS_PRODUCT_LINES];
	int count;

	if (name == NULL)
		name = ff_carrier_goods(subject, NULL, UPS_LINE);
	count = ff_carrier_wrap(name, UPS_LINE, lines, UPS_PRODUCT_LINES);

	ff_write_object(writer, NULL);
	ff_write_array(writer, "Description");
	for (int i = 0; i < count; i++)
		ff_write_text(writer, NULL, lines[i]);
	ff_write_end(writer);
	ff_write_object(writer, "Unit");
	ff_write_text(writer, "Number", ff_carrier_quantity(line));
	ff_write_raw(writer, "UnitOfMeasurement", "{\"Code\":\"PCS\"}");
	ff_write_text(writer, "Value", price);
	ff_write_end(writer);
	ff_write_text(writer, "CommodityCode", ff_carrier_tariff(line, UPS_HS_LONGEST));
	ff_write_text(writer, "PartNumber", ff_carrier_text(line, "sku", UPS_LINE));
	ff_write_text(writer,
				  "OriginCountryCode",
				  ff_json_text_or(line,
								  "origin_country",
								  ff_carrier_country(ff_carrier_role(call, FF_SHIP_FROM))));
	ff_write_end(writer);
}

/* Amounts beside the goods' own, which customs count too. */
static void
write_charges(FfJsonWriter *writer, const FfJson *subject)
{
	static const struct
	{
		const char *path;
		const char *key;
	} charges[] = {
		{"customs.discount", "Discount"},
		{"customs.freight", "FreightCharges"},
		{"customs.insurance", "InsuranceCharges"},
		{"customs.other_charges", "OtherCharges"},
	};

	for (int i = 0; i < (int) lengthof(charges); i++)
	{
		char *amount = ff_json_number(subject, charges[i].path);

		if (amount == NULL || !ff_decimal_positive(amount))
			continue;
		ff_write_object(writer, charges[i].key);
		ff_write_text(writer, "MonetaryValue", amount);
		if (strcmp(charges[i].key, "OtherCharges") == 0)
			ff_write_text(writer, "Description", "Other");
		ff_write_end(writer);
	}
}

static void
write_invoice(FfJsonWriter *writer, const FfCall *call, const FfUpsLane *lane)
{
	const FfJson *subject = ff_carrier_subject(call);
	const FfJson *buyer = ff_json_get(subject, "bill_to");
	char *number = ff_carrier_invoice_number(subject, UPS_LINE);

	ff_write_object(writer, "InternationalForms");
	ff_write_raw(writer, "FormType", "[\"01\"]");
	ff_write_text(
		writer, "InvoiceNumber", number ? number : ff_carrier_reference(subject, UPS_REFERENCE));
	ff_write_text(writer, "InvoiceDate", invoice_date(call));
	ff_write_text(writer, "TermsOfShipment", ff_carrier_incoterm(subject));
	ff_write_text(writer, "ReasonForExport", reasons[ff_carrier_export(subject, lane->is_return)]);
	ff_write_text(writer, "CurrencyCode", ff_carrier_currency(subject));
	ff_write_object(writer, "Contacts");
	ff_write_object(writer, "SoldTo");
	ff_ups_party(writer,
				 ff_json_is_object(buyer) ? buyer : ff_carrier_role(call, FF_SHIP_TO),
				 UPS_WITH_CONTACT | UPS_WITH_EMAIL);
	ff_write_end(writer);
	ff_write_end(writer);
	ff_write_array(writer, "Product");
	for (int i = 0; i < ff_json_count(ff_json_get(subject, "lines")); i++)
		write_product(writer, call, i);
	ff_write_end(writer);
	write_charges(writer, subject);
	ff_write_text(writer,
				  "DeclarationStatement",
				  ff_carrier_text(subject, "customs.declaration", UPS_DECLARATION));
	ff_write_end(writer);
}

void
ff_ups_international_forms(FfJsonWriter *writer, const FfCall *call, const FfUpsLane *lane)
{
	const FfJson *subject = ff_carrier_subject(call);
	const char *currency = ff_carrier_currency(subject);
	char *value = ff_carrier_goods_value(subject, ff_json_get(subject, "lines"));

	if (!lane->customs || ff_carrier_documents(subject) ||
		ff_json_count(ff_json_get(subject, "lines")) == 0)
		return;
	if (currency == NULL)
		ff_connector_fail("ups",
						  ff_carrier_field(call, "lines.0.currency"),
						  "Give the currency of the prices, which customs want to know.");
	write_invoice(writer, call, lane);

	/* up to 150 euro; without euro nothing can be claimed */
	if (lane->into_eu)
		ff_write_text(writer,
					  "EUDeMinimisIndicator",
					  value && strcmp(currency, "EUR") == 0 &&
							  ff_decimal_compare(value, DE_MINIMIS_EUR) <= 0
						  ? "Y"
						  : "N");
}

/*
 * Tax numbers: of the call's customs, else of the connection.  The agent's
 * role is 20 for the sender and 30 for the receiver.
 */
static const struct
{
	const char *path;
	const char *setting;
	const char *agent;
	const char *customer;
	const char *purpose; /* 02 EORI, 01 any other */
	const char *type;
	bool only_into_eu;
} tax_ids[] = {
	{"customs.eori", "eori_number", "20", "37", "02", "0002", false},
	{"customs.vat", "vat_number", "20", "37", "01", "1002", false},
	{"customs.ioss", "ioss_number", "20", "37", "01", "1001", true},
	{"customs.receiver_eori", NULL, "30", "18", "02", "0002", false},
	{"customs.receiver_tax_id", NULL, "30", "18", "01", "1002", false},
};

static void
write_tax_id(FfJsonWriter *writer, int row, const char *number)
{
	ff_write_object(writer, NULL);
	ff_write_text(writer, "AgentRole", tax_ids[row].agent);
	ff_write_array(writer, "TaxIdentificationNumber");
	ff_write_object(writer, NULL);
	ff_write_text(writer, "IdentificationNumber", number);
	ff_write_text(writer, "IDNumberCustomerRole", tax_ids[row].customer);
	ff_write_text(writer, "IDNumberEncryptionIndicator", "0");
	ff_write_text(writer, "IDNumberPurposeCode", tax_ids[row].purpose);
	ff_write_text(writer, "IDNumberTypeCode", tax_ids[row].type);
	ff_write_end(writer);
	ff_write_end(writer);
	ff_write_end(writer);
}

void
ff_ups_tax_ids(FfJsonWriter *writer, const FfCall *call, const FfUpsLane *lane)
{
	bool any = false;

	for (int i = 0; lane->customs && i < (int) lengthof(tax_ids); i++)
	{
		char *number = ff_carrier_text(ff_carrier_subject(call), tax_ids[i].path, UPS_LINE);

		if (number == NULL && tax_ids[i].setting != NULL)
			number = ff_carrier_text(call->config, tax_ids[i].setting, UPS_LINE);
		if (number == NULL || (tax_ids[i].only_into_eu && !lane->into_eu))
			continue;
		if (!any)
		{
			ff_write_object(writer, "GlobalTaxInformation");
			ff_write_array(writer, "AgentTaxIdentificationNumber");
			any = true;
		}
		write_tax_id(writer, i, number);
	}
	if (any)
	{
		ff_write_end(writer);
		ff_write_end(writer);
	}
}
