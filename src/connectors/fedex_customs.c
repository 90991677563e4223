/*
 * fedex_customs.c
 *
 * What customs want to know, as the Rate and Ship APIs take it: goods line by
 * line, their value, who pays duties, the terms of the sale, tax numbers.
 * FedEx wants it whenever origin and destination are two countries, also
 * where no customs border lies between; an invoice is printed only where one
 * does.  Inside one country nothing of it is written.
 */
#include "postgres.h"

#include <math.h>

#include "connectors/decimal.h"
#include "connectors/fedex.h"

#define DESCRIPTION 450
#define PART        20
#define TARIFF      18
#define TAX_ID      18
#define INVOICE     30
#define COMMENT     444
#define DECLARATION 554
#define NO_VALUE    "0"

static const char *const purposes[] = {
	[FF_EXPORT_SALE] = "SOLD",
	[FF_EXPORT_GIFT] = "GIFT",
	[FF_EXPORT_SAMPLE] = "SAMPLE",
	[FF_EXPORT_RETURN] = "NOT_SOLD",
	[FF_EXPORT_REPAIR] = "REPAIR_AND_RETURN",
	[FF_EXPORT_INTERCOMPANY] = "NOT_SOLD",
	[FF_EXPORT_OTHER] = "NOT_SOLD",
};

bool
ff_fedex_prints_invoice(const FfCall *call, const FfFedexLane *lane)
{
	return lane->border && !ff_carrier_documents(ff_carrier_subject(call)) &&
		   ff_json_bool(call->config, "invoice", true);
}

static void
write_commodity(FfJsonWriter *writer, const FfCall *call, const FfFedexLane *lane,
				const FfJson *lines, int index)
{
	const FfJson *subject = ff_carrier_subject(call);
	const FfJson *line = ff_json_at(lines, index);
	const char *currency = ff_json_text_or(line, "currency", ff_carrier_currency(subject));
	char *price = ff_carrier_need_price(call, line, index);
	char *name = ff_carrier_text(line, "name", DESCRIPTION);
	char *quantity = ff_carrier_quantity(line);

	if (name == NULL)
		name = ff_carrier_goods(subject, NULL, DESCRIPTION);
	ff_write_object(writer, NULL);
	ff_write_text(writer, "description", ff_ascii(name));
	ff_write_int(writer, "quantity", (int64) ceil(strtod(quantity, NULL)));
	ff_write_text(writer, "quantityUnits", "PCS");
	ff_write_int(writer, "numberOfPieces", 1);
	ff_fedex_weight(writer,
					"weight",
					lane->pounds,
					ff_carrier_line_grams(subject, lines, index, ff_carrier_total_grams(call)));
	ff_carrier_write_money(writer, "unitPrice", price, currency);
	ff_carrier_write_money(writer, "customsValue", ff_decimal_multiply(price, quantity), currency);
	ff_write_text(
		writer, "countryOfManufacture", ff_json_text_or(line, "origin_country", lane->from));
	ff_write_text(writer, "harmonizedCode", ff_carrier_tariff(line, TARIFF));
	ff_write_text(writer, "partNumber", ff_carrier_text(line, "sku", PART));
	ff_write_end(writer);
}

/* Papers have no price and no origin of their own. */
static void
write_papers(FfJsonWriter *writer, const FfCall *call, const FfFedexLane *lane,
			 const char *currency)
{
	const char *contents = ff_carrier_contents(ff_carrier_subject(call));

	ff_write_object(writer, NULL);
	ff_write_text(writer, "description", contents ? ff_ascii(contents) : "Documents");
	ff_write_int(writer, "quantity", 1);
	ff_write_text(writer, "quantityUnits", "PCS");
	ff_write_int(writer, "numberOfPieces", 1);
	ff_fedex_weight(writer, "weight", lane->pounds, ff_carrier_total_grams(call));
	ff_carrier_write_money(writer, "unitPrice", NO_VALUE, currency);
	ff_carrier_write_money(writer, "customsValue", NO_VALUE, currency);
	ff_write_text(writer, "countryOfManufacture", lane->from);
	ff_write_end(writer);
}

/*
 * Who pays duties: we when the terms say so, another account when it is
 * named, else the receiver.  Rates know no other payer than the sender.
 */
static void
write_duties(FfJsonWriter *writer, const FfCall *call)
{
	const FfJson *subject = ff_carrier_subject(call);
	const char *account = ff_json_text_or(subject, "options.duties_to.account_number", NULL);
	const char *party = ff_json_text_or(subject, "options.duties_to.party", "");
	char *incoterm = ff_carrier_incoterm(subject);
	bool ours = account != NULL
					? strcmp(account, ff_json_text_or(call->config, "account_number", "")) == 0
					: incoterm != NULL && strcmp(incoterm, "DDP") == 0;
	bool rating = call->operation == FF_OP_QUOTE_RATES;

	ff_write_object(writer, "dutiesPayment");
	if (rating || ours)
		ff_write_text(writer, "paymentType", "SENDER");
	else if (account != NULL && strcmp(party, "receiver") != 0)
		ff_write_text(writer, "paymentType", "THIRD_PARTY");
	else
		ff_write_text(writer, "paymentType", "RECIPIENT");
	if (!rating && (ours || account != NULL))
		ff_fedex_payor(writer, call, account);
	ff_write_end(writer);
}

static void
write_invoice(FfJsonWriter *writer, const FfCall *call, const FfFedexLane *lane,
			  const char *currency)
{
	const FfJson *subject = ff_carrier_subject(call);
	char *number = ff_carrier_invoice_number(subject, INVOICE);
	char *comment = ff_carrier_text(subject, "customs.comment", COMMENT);
	char *freight = ff_json_number(subject, "customs.freight");

	ff_write_object(writer, "commercialInvoice");
	ff_write_text(writer,
				  "shipmentPurpose",
				  ff_carrier_documents(subject)
					  ? "NOT_SOLD"
					  : purposes[ff_carrier_export(subject, lane->is_return)]);
	if (call->operation != FF_OP_QUOTE_RATES)
	{
		ff_write_text(writer, "termsOfSale", ff_carrier_incoterm(subject));
		if (number != NULL)
		{
			ff_write_array(writer, "customerReferences");
			ff_write_object(writer, NULL);
			ff_write_text(writer, "customerReferenceType", "INVOICE_NUMBER");
			ff_write_text(writer, "value", number);
			ff_write_end(writer);
			ff_write_end(writer);
		}
		if (freight != NULL && ff_decimal_positive(freight))
			ff_carrier_write_money(writer, "freightCharge", freight, currency);
		if (comment != NULL)
		{
			ff_write_array(writer, "comments");
			ff_write_text(writer, NULL, ff_ascii(comment));
			ff_write_end(writer);
		}
		ff_write_text(writer,
					  "declarationStatement",
					  ff_carrier_text(subject, "customs.declaration", DECLARATION));
	}
	ff_write_end(writer);
}

void
ff_fedex_customs(FfJsonWriter *writer, const FfCall *call, const FfFedexLane *lane)
{
	const FfJson *subject = ff_carrier_subject(call);
	const FfJson *lines = ff_json_get(subject, "lines");
	bool papers = ff_carrier_documents(subject);
	const char *currency = ff_carrier_currency(subject);
	char *value = papers ? NO_VALUE : ff_carrier_goods_value(subject, lines);

	if (!lane->abroad)
		return;
	if (!papers && ff_json_count(lines) == 0)
		ff_carrier_fail(call, "lines", "Customs want to know what is inside.");
	if (currency == NULL && papers)
		currency = "USD";
	if (currency == NULL)
		ff_carrier_fail(call,
						"lines.0.currency",
						"Give the currency of the prices, which customs want to know.");

	ff_write_object(writer, "customsClearanceDetail");
	write_duties(writer, call);
	if (papers && call->operation != FF_OP_QUOTE_RATES)
		ff_write_bool(writer, "isDocumentOnly", true);
	if (call->operation != FF_OP_QUOTE_RATES)
		ff_carrier_write_money(writer, "totalCustomsValue", value, currency);
	write_invoice(writer, call, lane, currency);
	ff_write_array(writer, "commodities");
	if (papers)
		write_papers(writer, call, lane, currency);
	for (int i = 0; !papers && i < ff_json_count(lines); i++)
		write_commodity(writer, call, lane, lines, i);
	ff_write_end(writer);
	ff_write_end(writer);
}

/* Tax numbers: of the call's customs, else of the connection. */
static const struct
{
	const char *path;
	const char *setting;
	const char *type;
	bool sender;
	bool only_into_eu;
} tax_ids[] = {
	{"customs.eori", "eori_number", "BUSINESS_UNION", true, false},
	{"customs.vat", "vat_number", "BUSINESS_NATIONAL", true, false},
	{"customs.ioss", "ioss_number", "BUSINESS_UNION", true, true},
	{"customs.tax_id", "tax_id", "FEDERAL", true, false},
	{"customs.receiver_eori", NULL, "BUSINESS_UNION", false, false},
	{"customs.receiver_tax_id", NULL, "BUSINESS_NATIONAL", false, false},
};

void
ff_fedex_tax_ids(FfJsonWriter *writer, const FfCall *call, const FfFedexLane *lane, bool sender)
{
	bool any = false;

	for (int i = 0; lane->border && i < (int) lengthof(tax_ids); i++)
	{
		char *number = ff_carrier_text(ff_carrier_subject(call), tax_ids[i].path, TAX_ID);

		if (number == NULL && tax_ids[i].setting != NULL)
			number = ff_carrier_text(call->config, tax_ids[i].setting, TAX_ID);
		if (number == NULL || tax_ids[i].sender != sender ||
			(tax_ids[i].only_into_eu && !lane->into_eu))
			continue;
		if (!any)
			ff_write_array(writer, "tins");
		any = true;
		ff_write_object(writer, NULL);
		ff_write_text(writer, "number", number);
		ff_write_text(writer, "tinType", tax_ids[i].type);
		ff_write_end(writer);
	}
	if (any)
		ff_write_end(writer);
}
