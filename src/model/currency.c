/*
 * currency.c
 *
 * The list of currencies by the number of their decimals; see currency.h.
 */
#include "postgres.h"

#include "model/currency.h"

static const struct
{
	int decimals;
	const char *codes;
} currencies[] = {
	{0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"},
	{2,
	 "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP "
	 "BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD "
	 "FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD "
	 "KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD "
	 "NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP "
	 "SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED "
	 "VES WST XCD XCG YER ZAR ZMW ZWG"},
	{3, "BHD IQD JOD KWD LYD OMR TND"},
	{4, "CLF UYW"},
};

/* The row a currency stands in, -1 when in none. */
static int
find_row(const char *currency)
{
	if (currency == NULL || strlen(currency) != 3)
		return -1;
	for (int i = 0; i < (int) lengthof(currencies); i++)
		for (const char *code = currencies[i].codes; *code != '\0'; code += code[3] == ' ' ? 4 : 3)
			if (pg_strncasecmp(code, currency, 3) == 0)
				return i;
	return -1;
}

bool
ff_currency_exists(const char *currency)
{
	return find_row(currency) >= 0;
}

int
ff_currency_decimals(const char *currency)
{
	int row = find_row(currency);

	return row >= 0 ? currencies[row].decimals : 2;
}
