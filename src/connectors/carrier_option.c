/*
 * carrier_option.c
 *
 * What is asked beside transport: amounts to insure or to collect, and whose
 * signature; and which of a carrier's codes a name means.  An amount for the
 * whole shipment is divided among its packages, since carriers insure and
 * collect by the package.
 */
#include "postgres.h"

#include <ctype.h>

#include "utils/formatting.h"

#include "connectors/carrier.h"
#include "connectors/decimal.h"
#include "model/currency.h"

char *
ff_carrier_amount(const FfJson *subject, const char *path, const char **currency)
{
	const FfJson *option = ff_json_get(subject, path);
	char *amount;

	*currency = ff_json_text_or(option, "currency", ff_carrier_currency(subject));
	if (ff_json_is_object(option))
		amount = ff_json_number(option, "amount");
	else
		amount = ff_json_number(option, "");
	if (amount == NULL && !ff_json_is_object(option) && ff_json_bool(option, "", false))
		amount = ff_carrier_goods_value(subject, ff_json_get(subject, "lines"));
	return amount && ff_decimal_positive(amount) && *currency ? amount : NULL;
}

char *
ff_carrier_share(const FfCall *call, int index, const char *amount, const char *currency)
{
	int count = ff_carrier_package_count(call);

	return count == 1 ? pstrdup(amount)
					  : ff_decimal_share(amount, count, index, ff_currency_decimals(currency));
}

char *
ff_carrier_insured(const FfCall *call, int index, const char **currency)
{
	const FfJson *subject = ff_carrier_subject(call);
	const FfJson *package = ff_carrier_package(call, index);
	char *own = ff_json_number(package, "value");
	char *amount = ff_carrier_amount(subject, "options.insurance", currency);

	if (own != NULL)
		*currency = ff_json_text_or(package, "currency", ff_carrier_currency(subject));
	else if (amount != NULL)
		own = ff_carrier_share(call, index, amount, *currency);
	return own && *currency ? own : NULL;
}

bool
ff_carrier_signature(const FfJson *subject, bool *adult)
{
	static const char *const none[] = {"", "none", "no", "false", "0", "off", "not_required"};
	const char *wish = ff_json_text_or(subject, "options.signature", "");

	for (int i = 0; i < (int) lengthof(none); i++)
		if (pg_strcasecmp(wish, none[i]) == 0)
			return false;
	*adult = strstr(asc_tolower(wish, strlen(wish)), "adult") != NULL;
	return true;
}

bool
ff_carrier_lists(const FfCall *call, const char *setting, const char *word)
{
	const char *words = ff_carrier_setting(call, setting);

	return words != NULL && strstr(words, word) != NULL;
}

char *
ff_carrier_squeeze(const char *name, size_t length, const char *carrier)
{
	char *text = palloc(length + 1);
	size_t own = strlen(carrier);
	int kept = 0;

	for (size_t i = 0; i < length; i++)
		if (isalnum((unsigned char) name[i]))
			text[kept++] = pg_tolower((unsigned char) name[i]);
	text[kept] = '\0';
	return strncmp(text, carrier, own) == 0 && text[own] != '\0' ? text + own : text;
}

static bool
is_named(const char *names, const char *carrier, const char *wanted)
{
	for (const char *at = names; at != NULL; at = strchr(at, '|'))
	{
		at += *at == '|' ? 1 : 0;
		if (strcmp(ff_carrier_squeeze(at, strcspn(at, "|"), carrier), wanted) == 0)
			return true;
	}
	return false;
}

int
ff_carrier_code(const FfCarrierCode *codes, int count, const char *carrier, const char *name)
{
	char *wanted = ff_carrier_squeeze(name, strlen(name), carrier);

	for (int i = 0; *wanted != '\0' && i < count; i++)
		if (strcmp(ff_carrier_squeeze(codes[i].code, strlen(codes[i].code), carrier), wanted) == 0)
			return i;
	for (int i = 0; *wanted != '\0' && i < count; i++)
		if (is_named(codes[i].names, carrier, wanted))
			return i;
	return -1;
}
