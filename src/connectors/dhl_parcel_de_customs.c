/*
 * dhl_parcel_de_customs.c
 *
 * What customs want to know of one parcel: why it crosses the border, what
 * posting it cost, and its goods with value and weight of one piece each.
 * Goods without a weight of their own share the parcel's.
 */
#include "postgres.h"

#include "connectors/decimal.h"
#include "connectors/dhl_parcel_de.h"

#define HS_LONGEST          11
#define DESCRIPTION_LONGEST 256

static const char *const reasons[] = {
	[FF_EXPORT_SALE] = "COMMERCIAL_GOODS",
	[FF_EXPORT_GIFT] = "PRESENT",
	[FF_EXPORT_SAMPLE] = "COMMERCIAL_SAMPLE",
	[FF_EXPORT_RETURN] = "RETURN_OF_GOODS",
	[FF_EXPORT_REPAIR] = "OTHER",
	[FF_EXPORT_INTERCOMPANY] = "COMMERCIAL_GOODS",
	[FF_EXPORT_OTHER] = "OTHER",
	[FF_EXPORT_DOCUMENTS] = "DOCUMENT",
};

void
ff_pde_weight(FfJsonWriter *writer, const char *key, int64 grams)
{
	ff_write_object(writer, key);
	ff_write_text(writer, "uom", "kg");
	ff_write_number(writer, "value", ff_decimal_trim(ff_grams_to(grams, FF_GRAMS_PER_KILOGRAM, 3)));
	ff_write_end(writer);
}

static double
pieces_of(const FfJson *lines)
{
	double pieces = 0;

	for (int i = 0; i < ff_json_count(lines); i++)
		pieces += ff_json_double_or(ff_json_at(lines, i), "quantity", 1);
	return Max(1, pieces);
}

void
ff_pde_items(FfJsonWriter *writer, const FfCall *call, int index, int description_longest)
{
	const FfJson *subject = ff_carrier_subject(call);
	const FfJson *lines = ff_carrier_lines(subject, ff_carrier_package(call, index));
	const char *from = ff_carrier_country(ff_carrier_role(call, FF_SHIP_FROM));
	const char *currency = ff_carrier_currency(subject);

	ff_write_array(writer, "items");
	for (int i = 0; i < ff_json_count(lines); i++)
	{
		const FfJson *line = ff_json_at(lines, i);
		const FfJson *whole = ff_carrier_whole_line(subject, line);
		char *name = ff_carrier_text(whole, "name", description_longest);
		int64 grams = ff_json_int64_or(whole, "weight_g", 0);

		if (grams <= 0)
			grams = (int64) ((double) ff_carrier_grams(call, index) / pieces_of(lines));
		ff_write_object(writer, NULL);
		ff_write_text(writer,
					  "itemDescription",
					  name ? name : ff_carrier_goods(subject, NULL, description_longest));
		ff_write_text(writer,
					  "countryOfOrigin",
					  ff_pde_country(ff_json_text_or(whole, "origin_country", from)));
		ff_write_text(writer, "hsCode", ff_carrier_tariff(whole, HS_LONGEST));
		ff_write_number(writer, "packagedQuantity", ff_carrier_quantity(line));
		ff_pde_value(writer,
					 "itemValue",
					 ff_carrier_need_price(call, whole, i),
					 ff_json_text_or(whole, "currency", currency));
		ff_pde_weight(writer, "itemWeight", Max(1, grams));
		ff_write_end(writer);
	}
	ff_write_end(writer);
}

void
ff_pde_customs(FfJsonWriter *writer, const FfCall *call, const FfPdeLane *lane, int index)
{
	const FfJson *subject = ff_carrier_subject(call);
	FfExport why = ff_carrier_documents(subject)
					   ? FF_EXPORT_DOCUMENTS
					   : ff_carrier_export(subject, ff_carrier_is_return(call));
	char *incoterm = ff_carrier_incoterm(subject);
	char *postage = ff_json_number(subject, "customs.freight");
	char *mrn = ff_carrier_text(subject, "customs.mrn", 18);

	if (!lane->customs)
		return;
	ff_write_object(writer, "customs");
	ff_write_text(writer, "invoiceNo", ff_carrier_invoice_number(subject, 35));
	ff_write_text(writer, "exportType", reasons[why]);
	if (strcmp(reasons[why], "OTHER") == 0)
		ff_write_text(writer, "exportDescription", ff_carrier_goods(subject, NULL, 80));
	if (strcmp(lane->product, "V54EPAK") == 0 && incoterm && ff_carrier_among(incoterm, "DAP DDP"))
		ff_write_text(writer, "shippingConditions", incoterm);
	ff_write_text(writer, "permitNo", ff_carrier_text(subject, "customs.permit", 30));
	ff_write_text(writer, "attestationNo", ff_carrier_text(subject, "customs.attestation", 30));
	if (mrn != NULL)
		ff_write_bool(writer, "hasElectronicExportNotification", true);
	ff_write_text(writer, "MRN", mrn);
	ff_pde_value(writer,
				 "postalCharges",
				 postage ? ff_carrier_share(call, index, postage, "EUR") : "0",
				 ff_carrier_currency(subject));
	ff_write_text(
		writer,
		"shipperCustomsRef",
		ff_json_text_or(subject, "customs.eori", ff_carrier_setting(call, "eori_number")));
	ff_write_text(
		writer, "consigneeCustomsRef", ff_carrier_text(subject, "customs.receiver_eori", 35));
	ff_pde_items(writer, call, index, DESCRIPTION_LONGEST);
	ff_write_end(writer);
}
