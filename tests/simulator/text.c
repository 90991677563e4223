/*
 * text.c
 *
 * Encodings, times and forms of text (text.h): everything here is a pure
 * function of its arguments.  The postcode rules are a table of patterns, one
 * row per country; countries that are absent accept any postcode.
 */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "store.h"
#include "text.h"

char *
sim_base64(const void *data, size_t size)
{
	char *out = sim_alloc((size + 2) / 3 * 4 + 1);

	EVP_EncodeBlock((unsigned char *) out, data, (int) size);
	return out;
}

long
sim_base64_decode(const char *text, size_t length, unsigned char *out, size_t room)
{
	int size;
	long padding = 0;

	if (length == 0 || length % 4 || length / 4 * 3 > room)
		return -1;
	if (text[length - 1] == '=')
		padding = text[length - 2] == '=' ? 2 : 1;
	size = EVP_DecodeBlock(out, (const unsigned char *) text, (int) length);
	return size < 0 ? -1 : size - padding;
}

char *
sim_hmac_base64(const void *key, size_t key_size, const void *data, size_t size)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int digest_size = 0;

	HMAC(EVP_sha256(), key, (int) key_size, data, size, digest, &digest_size);
	return sim_base64(digest, digest_size);
}

char *
sim_hmac_sha1_base64(const void *key, size_t key_size, const void *data, size_t size)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int digest_size = 0;

	HMAC(EVP_sha1(), key, (int) key_size, data, size, digest, &digest_size);
	return sim_base64(digest, digest_size);
}

bool
sim_ed25519_verify(const unsigned char key[32], const unsigned char *signature, const void *data,
				   size_t size)
{
	EVP_PKEY *public_key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, 32);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool valid = public_key && context &&
				 EVP_DigestVerifyInit(context, NULL, NULL, NULL, public_key) == 1 &&
				 EVP_DigestVerify(context, signature, 64, data, size) == 1;

	EVP_MD_CTX_free(context);
	EVP_PKEY_free(public_key);
	return valid;
}

uint64_t
sim_hash(const void *data, size_t size)
{
	const unsigned char *bytes = data;
	uint64_t hash = 14695981039346656037u;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * 1099511628211u;
	return hash ^ (hash >> 29);
}

uint64_t
sim_random_next(uint64_t *state)
{
	uint64_t x = (*state += 0x9e3779b97f4a7c15u);

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

char *
sim_time(double when, int zone_minutes, const char *format, char buffer[40])
{
	time_t seconds = (time_t) floor(when) + zone_minutes * 60;
	struct tm parts;

	gmtime_r(&seconds, &parts);
	strftime(buffer, 40, format, &parts);
	return buffer;
}

bool
sim_parse_time(const char *text, double *when, bool *zoned)
{
	struct tm parts = {.tm_mday = 1};
	const char *rest = strptime(text, "%Y-%m-%d", &parts);
	double value;
	bool has_zone = false;

	if (!rest)
		return false;
	if (*rest == 'T' || *rest == ' ')
	{
		rest = strptime(rest + 1, "%H:%M", &parts);
		if (!rest)
			return false;
		if (*rest == ':' && !(rest = strptime(rest + 1, "%S", &parts)))
			return false;
	}
	value = (double) timegm(&parts);
	if (*rest == '.')
	{
		char *end;

		value += strtod(rest, &end);
		rest = end;
	}
	if (*rest == 'Z')
	{
		has_zone = true;
		rest++;
	}
	else if ((*rest == '+' || *rest == '-' || *rest == ' ') && strlen(rest) >= 5)
	{
		/* A blank is a plus sign that a client forgot to encode. */
		int hours;
		int minutes;

		if (sscanf(rest + 1, "%2d%*1[:]%2d", &hours, &minutes) != 2 &&
			sscanf(rest + 1, "%2d%2d", &hours, &minutes) != 2)
			return false;
		value -= (*rest == '-' ? -60 : 60) * (hours * 60 + minutes);
		has_zone = true;
		rest += strlen(rest);
	}
	if (*rest)
		return false;
	*when = value;
	if (zoned)
		*zoned = has_zone;
	return true;
}

static bool
is_made_of(const char *text, int (*class)(int), size_t least, size_t most)
{
	size_t size = strlen(text);

	for (const char *c = text; *c; c++)
	{
		if (!class((unsigned char) *c))
			return false;
	}
	return size >= least && size <= most;
}

bool
sim_is_digits(const char *text)
{
	return is_made_of(text, isdigit, 1, 30);
}

bool
sim_is_decimal(const char *text)
{
	size_t whole = strspn(text, "0123456789");
	size_t fraction = text[whole] == '.' ? strspn(text + whole + 1, "0123456789") : 0;

	if (!text[whole])
		return whole > 0;
	return text[whole] == '.' && fraction > 0 && !text[whole + 1 + fraction];
}

bool
sim_is_date8(const char *text)
{
	int year;
	int month;
	int day;

	return is_made_of(text, isdigit, 8, 8) && sscanf(text, "%4d%2d%2d", &year, &month, &day) == 3 &&
		   year >= 2000 && month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

bool
sim_is_time4(const char *text)
{
	return is_made_of(text, isdigit, 4, 4) && strncmp(text, "24", 2) < 0 && text[2] < '6';
}

bool
sim_is_iso_time(const char *text)
{
	double when;

	return sim_parse_time(text, &when, NULL);
}

static const char countries[] =
	"AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR "
	"BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ "
	"EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW "
	"GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY "
	"KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV "
	"MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY "
	"QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG "
	"TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA "
	"ZM ZW";

bool
sim_is_country(const char *text)
{
	return strlen(text) == 2 && sim_is_one_of(text, countries, ' ');
}

bool
sim_is_currency(const char *text)
{
	return is_made_of(text, isupper, 3, 3);
}

bool
sim_is_account6(const char *text)
{
	return is_made_of(text, isalnum, 6, 6);
}

bool
sim_is_email(const char *text)
{
	const char *at = strchr(text, '@');

	return at && at > text && strchr(at, '.') && !strpbrk(text, " \t\r\n,;<>") && at[1] != '.' &&
		   text[strlen(text) - 1] != '.';
}

bool
sim_is_phone(const char *text)
{
	size_t digits = 0;

	for (const char *c = text; *c; c++)
	{
		if (isdigit((unsigned char) *c))
			digits++;
		else if (!strchr("+-() ./", *c))
			return false;
	}
	return digits >= 5;
}

bool
sim_is_url(const char *text)
{
	return (strncmp(text, "https://", 8) == 0 || strncmp(text, "http://", 7) == 0) &&
		   !strpbrk(text, " \t\r\n\"<>");
}

size_t
sim_length(const char *text)
{
	size_t length = 0;

	for (; *text; text++)
		length += ((unsigned char) *text & 0xc0) != 0x80;
	return length;
}

bool
sim_is_one_of(const char *text, const char *values, char separator)
{
	size_t size = strlen(text);

	for (const char *value = values; value; value = strchr(value, separator))
	{
		if (*value == separator)
			value++;
		if (strncmp(value, text, size) == 0 && (value[size] == separator || value[size] == '\0'))
			return true;
	}
	return false;
}

/* 9 is a digit, A a letter; blanks and hyphens in the postcode are ignored; "|" separates forms. */
static const struct
{
	char country[3];
	const char *pattern;
} postcodes[] = {
	{"AT", "9999"},
	{"AU", "9999"},
	{"BE", "9999"},
	{"BG", "9999"},
	{"CA", "A9A9A9"},
	{"CH", "9999"},
	{"CZ", "99999"},
	{"DE", "99999"},
	{"DK", "9999"},
	{"EE", "99999"},
	{"ES", "99999"},
	{"FI", "99999"},
	{"FR", "99999"},
	{"GB", "A99AA|A999AA|AA99AA|AA999AA|A9A9AA|AA9A9AA"},
	{"GR", "99999"},
	{"HR", "99999"},
	{"HU", "9999"},
	{"IT", "99999"},
	{"JP", "9999999"},
	{"LT", "99999"},
	{"LU", "9999"},
	{"LV", "9999"},
	{"MX", "99999"},
	{"NL", "9999AA"},
	{"NO", "9999"},
	{"PL", "99999"},
	{"PR", "99999|999999999"},
	{"PT", "9999999"},
	{"RO", "999999"},
	{"SE", "99999"},
	{"SI", "9999"},
	{"SK", "99999"},
	{"TR", "99999"},
	{"US", "99999|999999999"},
};

const char *
sim_postcode_pattern(const char *country)
{
	for (size_t i = 0; i < sizeof postcodes / sizeof *postcodes; i++)
	{
		if (strcmp(postcodes[i].country, country) == 0)
			return postcodes[i].pattern;
	}
	return NULL;
}

bool
sim_postcode_needed(const char *country)
{
	return sim_postcode_pattern(country) != NULL;
}

/* Matches one alternative; *pattern is left at its end. */
static bool
fits_form(const char **pattern, const char *postcode)
{
	bool fits = true;
	const char *form = *pattern;

	if (strncmp(postcode, "LV", 2) == 0 || strncmp(postcode, "LT", 2) == 0)
		postcode += 2; /* "LV-1010" is how both countries write it */
	while (*form && *form != '|')
	{
		while (*postcode == ' ' || *postcode == '-')
			postcode++;
		if (*form == '9' ? !isdigit((unsigned char) *postcode)
						 : !isalpha((unsigned char) *postcode))
			fits = false;
		if (*postcode)
			postcode++;
		form++;
	}
	*pattern = form;
	return fits && !*postcode;
}

bool
sim_postcode_fits(const char *country, const char *postcode)
{
	const char *pattern = sim_postcode_pattern(country);

	if (!pattern)
		return true;
	for (;; pattern++)
	{
		if (fits_form(&pattern, postcode))
			return true;
		if (!*pattern)
			return false;
	}
}

json_t *
sim_get(const json_t *json, const char *path)
{
	while (json && *path)
	{
		char key[64];
		size_t size = strcspn(path, ".");

		if (size >= sizeof key)
			return NULL;
		memcpy(key, path, size);
		key[size] = '\0';
		json = json_is_array(json) ? json_array_get(json, (size_t) strtoul(key, NULL, 10))
								   : json_object_get(json, key);
		path += size + (path[size] == '.');
	}
	return (json_t *) json;
}

const char *
sim_text(const json_t *json, const char *path, const char *fallback)
{
	const char *text = json_string_value(sim_get(json, path));

	return text ? text : fallback;
}

bool
sim_is_text(const json_t *json, const char *text)
{
	return json_is_string(json) && strcmp(json_string_value(json), text) == 0;
}

double
sim_real(const json_t *json, const char *path, double fallback)
{
	const json_t *value = sim_get(json, path);

	if (json_is_number(value))
		return json_number_value(value);
	if (json_is_string(value) && sim_is_decimal(json_string_value(value)))
		return strtod(json_string_value(value), NULL);
	return fallback;
}
