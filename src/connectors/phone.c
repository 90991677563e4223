/*
 * phone.c
 *
 * From "070-000 00 01" in Sweden to +46700000001; see phone.h.  Knows the
 * calling codes of the countries shops ship to; a number of any other must be
 * written with its own.
 */
#include "postgres.h"

#include <ctype.h>

#include "lib/stringinfo.h"

#include "connectors/phone.h"

#define FEWEST 8
#define MOST   15

/* keeps_zero: the zero in front is a part of the number abroad, too */
static const struct
{
	const char *country;
	const char *code;
	bool keeps_zero;
} codes[] = {
	{"AE", "971"},      {"AR", "54"},  {"AT", "43"},  {"AU", "61"},  {"BE", "32"},  {"BG", "359"},
	{"BR", "55"},       {"CA", "1"},   {"CH", "41"},  {"CL", "56"},  {"CN", "86"},  {"CY", "357"},
	{"CZ", "420"},      {"DE", "49"},  {"DK", "45"},  {"EE", "372"}, {"ES", "34"},  {"FI", "358"},
	{"FO", "298"},      {"FR", "33"},  {"GB", "44"},  {"GL", "299"}, {"GR", "30"},  {"HK", "852"},
	{"HR", "385"},      {"HU", "36"},  {"IE", "353"}, {"IL", "972"}, {"IN", "91"},  {"IS", "354"},
	{"IT", "39", true}, {"JP", "81"},  {"KR", "82"},  {"LI", "423"}, {"LT", "370"}, {"LU", "352"},
	{"LV", "371"},      {"MT", "356"}, {"MX", "52"},  {"MY", "60"},  {"NL", "31"},  {"NO", "47"},
	{"NZ", "64"},       {"PL", "48"},  {"PT", "351"}, {"RO", "40"},  {"RS", "381"}, {"SE", "46"},
	{"SG", "65"},       {"SI", "386"}, {"SK", "421"}, {"TH", "66"},  {"TR", "90"},  {"TW", "886"},
	{"UA", "380"},      {"US", "1"},   {"ZA", "27"},
};

char *
ff_phone_e164(const char *number, const char *country)
{
	StringInfoData digits;
	bool international = false;
	int code = -1;

	initStringInfo(&digits);
	for (const char *c = number; *c != '\0'; c++)
	{
		if (isdigit((unsigned char) *c))
			appendStringInfoChar(&digits, *c);
		else if (*c == '+' && digits.len == 0)
			international = true;
		else if (strchr(" -./()\t", *c) == NULL && (unsigned char) *c < 0x80)
			return NULL; /* an extension, a word */
	}
	if (!international && strncmp(digits.data, "00", 2) == 0)
	{
		international = true;
		memmove(digits.data, digits.data + 2, digits.len - 1);
		digits.len -= 2;
	}
	for (int i = 0; i < (int) lengthof(codes) && !international && country != NULL; i++)
		if (pg_strcasecmp(codes[i].country, country) == 0)
			code = i;
	if (!international && code < 0)
		return NULL;
	if (code >= 0)
	{
		const char *rest = digits.data;

		if (*rest == '0' && !codes[code].keeps_zero)
			rest++;
		else if (strcmp(codes[code].code, "1") == 0 && digits.len == 11 && *rest == '1')
			rest++;
		digits.data = psprintf("%s%s", codes[code].code, rest);
		digits.len = (int) strlen(digits.data);
	}
	if (digits.len < FEWEST || digits.len > MOST || digits.data[0] == '0')
		return NULL;
	return psprintf("+%s", digits.data);
}
