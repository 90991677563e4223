/*
 * country.c
 *
 * Look-ups in the list of countries and the one way to write a postcode; see
 * country.h.  The facts stand in countries.h.
 */
#include "postgres.h"

#include "utils/formatting.h"

#include "model/country.h"

#define POSTCODE FF_NEEDS_POSTCODE
#define CITY     FF_NEEDS_CITY

static const FfCountry countries[] = {
#define FF_COUNTRY(code, alpha3, needs, postcodes) {code, alpha3, needs, postcodes},
#include "model/countries.h"
#undef FF_COUNTRY
};

/* What people write instead of the code: never taken, only suggested. */
static const struct
{
	const char *written;
	const char *meant;
} mistakes[] = {
	{"UK", "GB"},
	{"EN", "GB"},
	{"EL", "GR"},
	{"SF", "FI"},
	{"FX", "FR"},
	{"ZR", "CD"},
	{"TP", "TL"},
	{"BU", "MM"},
	{"GER", "DE"},
	{"ENG", "GB"},
	{"SUI", "CH"},
	{"NED", "NL"},
};

static int
compare_code(const void *code, const void *country)
{
	return strcmp(code, ((const FfCountry *) country)->code);
}

const FfCountry *
ff_country_find(const char *code)
{
	return bsearch(code, countries, lengthof(countries), sizeof(FfCountry), compare_code);
}

const FfCountry *
ff_country_read(const char *text)
{
	if (strlen(text) == 2)
	{
		char code[] = {pg_ascii_toupper((unsigned char) text[0]),
					   pg_ascii_toupper((unsigned char) text[1]),
					   0};

		return ff_country_find(code);
	}
	for (int i = 0; i < (int) lengthof(countries); i++)
		if (pg_strcasecmp(countries[i].alpha3, text) == 0)
			return &countries[i];
	return NULL;
}

const char *
ff_country_suggestion(const char *text)
{
	for (int i = 0; i < (int) lengthof(mistakes); i++)
		if (pg_strcasecmp(mistakes[i].written, text) == 0)
			return mistakes[i].meant;
	return NULL;
}

static bool
is_letter_or_digit(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

char *
ff_postcode_key(const char *postcode)
{
	char *key = palloc(strlen(postcode) + 1);
	char *end = key;

	for (const char *c = postcode; *c != '\0'; c++)
		if (is_letter_or_digit(*c))
			*end++ = pg_ascii_toupper((unsigned char) *c);
	*end = '\0';
	return key;
}

static bool
fits(char shape, char c)
{
	bool digit = c >= '0' && c <= '9';

	switch (shape)
	{
		case 'N':
			return digit;
		case 'A':
			return !digit;
		case 'X':
			return true;
		default:
			return c == shape;
	}
}

/* Writes the key in the shape that begins there; NULL when it does not fit to the last. */
static char *
write_in_shape(const char *shape, const char *key)
{
	char *written = palloc(strcspn(shape, "|") + 1);
	char *end = written;

	for (; *shape != '\0' && *shape != '|'; shape++)
	{
		if (!is_letter_or_digit(*shape))
			*end++ = *shape;
		else if (*key != '\0' && fits(*shape, *key))
			*end++ = *key++;
		else
			return NULL;
	}
	*end = '\0';
	return *key == '\0' ? written : NULL;
}

static char *
write_in_any_shape(const char *shapes, const char *key)
{
	for (const char *shape = shapes; shape != NULL; shape = strchr(shape, '|'))
	{
		char *written;

		if (*shape == '|')
			shape++;
		written = write_in_shape(shape, key);
		if (written != NULL)
			return written;
	}
	return NULL;
}

char *
ff_postcode_format(const FfCountry *country, const char *postcode)
{
	char *key = ff_postcode_key(postcode);
	char *written;

	if (country == NULL || country->postcodes == NULL)
		return asc_toupper(postcode, strlen(postcode));
	/* blanks, hyphens and dots may stand anywhere; other signs are no typing habit */
	if (strspn(postcode, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 -.") !=
		strlen(postcode))
		return NULL;
	written = write_in_any_shape(country->postcodes, key);
	/* the country's code before it, as in LV-1010, is a habit that is kept or given up */
	if (written == NULL && strncmp(key, country->code, 2) == 0)
		written = write_in_any_shape(country->postcodes, key + 2);
	if (written == NULL && strncmp(country->postcodes, country->code, 2) == 0)
		written = write_in_any_shape(country->postcodes, psprintf("%s%s", country->code, key));
	/* so is the sign of the car: D-10115, A-1010 */
	if (written == NULL && key[0] == country->code[0])
		written = write_in_any_shape(country->postcodes, key + 1);
	return written;
}

bool
ff_postcode_between(const char *postcode, const char *from, const char *to)
{
	char *key = ff_postcode_key(postcode);

	if (from != NULL)
	{
		char *bound = ff_postcode_key(from);

		if (strncmp(key, bound, strlen(bound)) < 0)
			return false;
	}
	if (to != NULL)
	{
		char *bound = ff_postcode_key(to);

		if (strncmp(key, bound, strlen(bound)) > 0)
			return false;
	}
	return true;
}
