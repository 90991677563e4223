/*
 * address.c
 *
 * Reads and judges addresses; see address.h.  Which countries there are and
 * what each needs is country.c's knowledge.
 */
#include "postgres.h"

#include "model/address.h"
#include "model/country.h"

#define FIELD(member, kind, max_chars)                                             \
	{                                                                              \
#member, kind, offsetof(FfAddress, member), max_chars, FF_SEVERITY_INVALID \
	}

static const FfFieldSpec fields[] = {
	FIELD(name, FF_FIELD_TEXT, 200),
	FIELD(company, FF_FIELD_TEXT, 200),
	FIELD(street1, FF_FIELD_TEXT, 200),
	FIELD(street2, FF_FIELD_TEXT, 200),
	FIELD(city, FF_FIELD_TEXT, 100),
	FIELD(region, FF_FIELD_TEXT, 100),
	FIELD(postcode, FF_FIELD_TEXT, 20),
	FIELD(country, FF_FIELD_TEXT, 60),
	FIELD(phone, FF_FIELD_TEXT, 50),
	FIELD(email, FF_FIELD_EMAIL, 254),
	FIELD(residential, FF_FIELD_MAYBE, 0),
};

/* Whether somebody could read a name or a street in it: a letter or digit of any script. */
static bool
says_something(const char *text)
{
	for (const unsigned char *c = (const unsigned char *) text; *c != '\0'; c++)
		if (*c >= 0x80 || (*c >= '0' && *c <= '9') || (*c >= 'A' && *c <= 'Z') ||
			(*c >= 'a' && *c <= 'z'))
			return true;
	return false;
}

/* A field no parcel arrives without. */
static void
need(FfFieldReader *reader, const char *field, const char *text, const char *message)
{
	if (ff_field_has_error(reader, field))
		return;
	if (text == NULL)
		ff_field_error(reader, FF_SEVERITY_INVALID, "missing", field, "%s", message);
	else if (!says_something(text))
		ff_field_error(
			reader, FF_SEVERITY_INVALID, "impossible", field, "\"%s\" says nothing", text);
}

/* The country, in its normal form from now on; NULL when it is missing or none. */
static const FfCountry *
judge_country(FfFieldReader *reader, FfAddress *address)
{
	const char *given = address->country;
	const FfCountry *country = given != NULL ? ff_country_read(given) : NULL;
	const char *meant;

	address->country = country != NULL ? pstrdup(country->code) : NULL;
	if (country != NULL && strcmp(country->code, given) != 0)
		ff_field_error(reader,
					   FF_SEVERITY_NOTE,
					   "rewritten",
					   "country",
					   "\"%s\" was read as \"%s\"",
					   given,
					   country->code);
	if (country != NULL || given == NULL)
		return country;
	meant = ff_country_suggestion(given);
	ff_field_error(reader,
				   FF_SEVERITY_INVALID,
				   "unknown_country",
				   "country",
				   "\"%s\" is no country code of ISO 3166%s%s%s",
				   given,
				   meant != NULL ? "; \"" : "",
				   meant != NULL ? meant : "",
				   meant != NULL ? "\" may be meant" : "");
	return NULL;
}

/* The postcode, in its normal form from now on. */
static void
judge_postcode(FfFieldReader *reader, FfAddress *address, const FfCountry *country)
{
	const char *given = address->postcode;

	if (given == NULL)
		return;
	address->postcode = ff_postcode_format(country, given);
	if (address->postcode == NULL)
		ff_field_error(reader,
					   FF_SEVERITY_INVALID,
					   "bad_postcode",
					   "postcode",
					   "\"%s\" is no postcode of %s",
					   given,
					   country->code);
}

/* What is missing to bring a parcel there.  Of an unknown country as much as of the most. */
static void
judge_completeness(FfFieldReader *reader, const FfAddress *address, const FfCountry *country)
{
	int needs = country != NULL ? country->needs : FF_NEEDS_POSTCODE | FF_NEEDS_CITY;

	need(reader,
		 "name",
		 address->name != NULL ? address->name : address->company,
		 "a name or a company must be given");
	need(reader, "street1", address->street1, "must be given");
	if ((needs & FF_NEEDS_CITY) != 0)
		need(reader, "city", address->city, "must be given");
	if ((needs & FF_NEEDS_POSTCODE) != 0)
		need(reader, "postcode", address->postcode, "must be given");
	need(reader, "country", address->country, "must be given");
}

FfAddress *
ff_address_read(FfFieldReader *reader, const FfJson *document, const char *field, bool deliverable)
{
	const FfJson *value = ff_json_get(document, field);
	FfFieldReader outside = *reader;
	FfAddress *address = NULL;

	reader->lenient = !deliverable;
	if (ff_json_is_object(value))
	{
		const FfCountry *country;

		address = palloc0(sizeof(FfAddress));
		reader->prefix = psprintf("%s%s.", outside.prefix, field);
		ff_fields_read(reader, value, fields, lengthof(fields), address);
		country = judge_country(reader, address);
		judge_postcode(reader, address, country);
		if (deliverable)
			judge_completeness(reader, address, country);
		reader->prefix = outside.prefix;
	}
	else if (!ff_json_is_null(value))
		ff_field_error(reader, FF_SEVERITY_REFUSED, "wrong_type", field, "must be an object");
	else if (deliverable)
		ff_field_error(reader, FF_SEVERITY_INVALID, "missing", field, "must be given");
	reader->lenient = outside.lenient;
	return address;
}

bool
ff_address_has(const char *member)
{
	return ff_field_named(fields, lengthof(fields), member);
}

bool
ff_address_equal(const FfAddress *left, const FfAddress *right)
{
	if (left == NULL || right == NULL)
		return left == right;
	for (int i = 0; i < (int) lengthof(fields); i++)
		if (!ff_field_equal(&fields[i], left, right))
			return false;
	return true;
}

void
ff_address_write(FfJsonWriter *writer, const char *key, const FfAddress *address)
{
	if (address == NULL)
		return;
	ff_write_object(writer, key);
	for (int i = 0; i < (int) lengthof(fields); i++)
	{
		const char *member = (const char *) address + fields[i].offset;

		if (fields[i].kind != FF_FIELD_MAYBE)
			ff_write_text(writer, fields[i].name, *(char *const *) member);
		else if (*(const int *) member >= 0)
			ff_write_bool(writer, fields[i].name, *(const int *) member != 0);
	}
	ff_write_end(writer);
}
