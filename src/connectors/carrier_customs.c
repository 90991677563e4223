/*
 * carrier_customs.c
 *
 * What customs want to know of goods, whatever the carrier: why they cross
 * the border, whether they are goods at all, tariff numbers, terms and
 * prices.  How a carrier spells a reason stands in its own file.
 */
#include "postgres.h"

#include <ctype.h>
#include <math.h>

#include "connectors/carrier.h"
#include "connectors/decimal.h"

#define HS_SHORTEST 6

/* Words of customs.contents or customs.reason that are reasons and describe no goods. */
static const struct
{
	const char *word;
	FfExport reason;
} reasons[] = {
	{"merchandise", FF_EXPORT_SALE},
	{"sale", FF_EXPORT_SALE},
	{"sold", FF_EXPORT_SALE},
	{"gift", FF_EXPORT_GIFT},
	{"sample", FF_EXPORT_SAMPLE},
	{"commercial_sample", FF_EXPORT_SAMPLE},
	{"return", FF_EXPORT_RETURN},
	{"returned_goods", FF_EXPORT_RETURN},
	{"return_merchandise", FF_EXPORT_RETURN},
	{"repair", FF_EXPORT_REPAIR},
	{"intercompany", FF_EXPORT_INTERCOMPANY},
	{"intercompanydata", FF_EXPORT_INTERCOMPANY},
	{"other", FF_EXPORT_OTHER},
	{"documents", FF_EXPORT_DOCUMENTS},
	{"document", FF_EXPORT_DOCUMENTS},
};

/* The reason a word names; false for a word that names none. */
static bool
find_reason(const char *word, FfExport *reason)
{
	for (int i = 0; word != NULL && i < (int) lengthof(reasons); i++)
	{
		*reason = reasons[i].reason;
		if (pg_strcasecmp(reasons[i].word, word) == 0)
			return true;
	}
	return false;
}

const char *
ff_carrier_contents(const FfJson *subject)
{
	const char *contents = ff_json_text_or(subject, "customs.contents", NULL);
	FfExport reason;

	if (contents != NULL && !find_reason(contents, &reason))
		return contents;
	return ff_json_text_or(subject, "customs.description", NULL);
}

bool
ff_carrier_documents(const FfJson *subject)
{
	FfExport reason;

	return find_reason(ff_json_text(subject, "customs.contents"), &reason) &&
		   reason == FF_EXPORT_DOCUMENTS;
}

/* A word that says more than "sale" decides; "other" says no more than a return does. */
FfExport
ff_carrier_export(const FfJson *subject, bool is_return)
{
	static const char *const paths[] = {"customs.reason", "customs.contents"};
	FfExport otherwise = FF_EXPORT_SALE;

	for (int i = 0; i < (int) lengthof(paths); i++)
	{
		FfExport reason;

		if (!find_reason(ff_json_text(subject, paths[i]), &reason))
			continue;
		if (reason == FF_EXPORT_OTHER)
			otherwise = reason;
		else if (reason != FF_EXPORT_SALE && reason != FF_EXPORT_DOCUMENTS)
			return reason;
	}
	return is_return ? FF_EXPORT_RETURN : otherwise;
}

char *
ff_carrier_tariff(const FfJson *line, int max)
{
	char *code = ff_json_text(line, "hs_code");
	int length = 0;

	if (code == NULL)
		return NULL;
	for (const char *c = code; *c != '\0' && length < max; c++)
		if (isalnum((unsigned char) *c))
			code[length++] = *c;
	code[length] = '\0';
	return length >= HS_SHORTEST ? code : NULL;
}

char *
ff_carrier_incoterm(const FfJson *subject)
{
	return ff_carrier_upper(ff_carrier_text(subject, "customs.incoterm", 3));
}

char *
ff_carrier_invoice_number(const FfJson *subject, int max)
{
	char *number = ff_carrier_text(subject, "customs.invoice_number", max);

	return number ? number : ff_carrier_text(subject, "order_number", max);
}

char *
ff_carrier_need_price(const FfCall *call, const FfJson *line, int index)
{
	char *price = ff_json_number(line, "unit_price");

	if (price == NULL)
		ff_carrier_fail(
			call, psprintf("lines.%d.unit_price", index), "Customs want the price of every item.");
	return price;
}

char *
ff_carrier_quantity(const FfJson *line)
{
	char *quantity = ff_json_number(line, "quantity");

	return quantity ? ff_decimal_trim(quantity) : pstrdup("1");
}

int64
ff_carrier_line_grams(const FfJson *subject, const FfJson *lines, int index, int64 gross)
{
	int64 rest = gross;
	int silent = 0;

	for (int i = 0; i < ff_json_count(lines); i++)
	{
		const FfJson *line = ff_json_at(lines, i);
		double each = ff_json_double_or(ff_carrier_whole_line(subject, line), "weight_g", 0);
		int64 grams = (int64) ceil(each * ff_json_double_or(line, "quantity", 1));

		if (grams > 0 && i == index)
			return grams;
		if (grams > 0)
			rest -= grams;
		else
			silent++;
	}
	return Max(1, rest / Max(1, silent));
}
