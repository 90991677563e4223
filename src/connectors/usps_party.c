/*
 * usps_party.c
 *
 * People and places as USPS takes them: a first and a last name or a firm, a
 * street and what comes second, two letters of a state and five digits; abroad
 * a postal code and a country by name and code.  An e-mail address or phone
 * number in a form USPS refuses is left out, because the label would be
 * refused with it.
 */
#include "postgres.h"

#include <ctype.h>

#include "connectors/usps.h"

#define EMAIL       50
#define POSTCODE    11
#define PROVINCE    40
#define PHONE       15
#define PHONE_LEAST 6

/* Territories and associated states that are addressed as states. */
static const char territories[] = "PR VI GU AS MP FM MH PW UM";

static char *
country_of(const FfJson *address)
{
	return ff_carrier_upper(ff_carrier_text(address, "country", 2));
}

bool
ff_usps_is_domestic(const FfJson *address)
{
	char *country = country_of(address);

	return country != NULL &&
		   (strcmp(country, "US") == 0 || ff_carrier_among(country, territories));
}

char *
ff_usps_state(const FfJson *address)
{
	char *country = country_of(address);

	if (country != NULL && ff_carrier_among(country, territories))
		return country;
	return ff_carrier_region(address, 2);
}

char *
ff_usps_zip(const FfJson *address, char **more)
{
	char *postcode = ff_carrier_postcode(address, 9);
	size_t length = postcode ? strlen(postcode) : 0;

	if (more != NULL)
		*more = length == 9 ? postcode + 5 : NULL;
	return length > 5 ? pnstrdup(postcode, 5) : postcode;
}

/* Dots between words, each of characters USPS takes. */
static bool
is_dotted(const char *text, size_t length, const char *allowed)
{
	bool inside = false;

	for (size_t i = 0; i < length; i++)
	{
		if (text[i] == '.' && !inside)
			return false;
		if (text[i] != '.' && !isalnum((unsigned char) text[i]) && strchr(allowed, text[i]) == NULL)
			return false;
		inside = text[i] != '.';
	}
	return inside;
}

char *
ff_usps_email(const FfJson *address)
{
	char *email = ff_carrier_email(address, EMAIL);
	char *at = email ? strchr(email, '@') : NULL;
	char *end = at ? strrchr(at, '.') : NULL;

	if (end == NULL || strlen(end) < 3 || !is_dotted(email, at - email, "_+&*-") ||
		!is_dotted(at + 1, strlen(at + 1), "-"))
		return NULL;
	for (char *c = end + 1; *c != '\0'; c++)
		if (!isalpha((unsigned char) *c))
			return NULL;
	return email;
}

char *
ff_usps_phone(const FfJson *address)
{
	char *extension;
	char *phone = ff_carrier_phone(address, PHONE, &extension);

	return phone != NULL && strlen(phone) >= PHONE_LEAST ? phone : NULL;
}

/* One word is no first and last name; without a firm it stands for one. */
void
ff_usps_names(FfJsonWriter *writer, const FfJson *address)
{
	char *company = ff_carrier_text(address, "company", USPS_STREET);
	char *name = ff_carrier_text(address, "name", 2 * USPS_STREET);
	char *first;
	char *last;

	if (ff_carrier_split_name(name, USPS_STREET, &first, &last))
	{
		ff_write_text(writer, "firstName", first);
		ff_write_text(writer, "lastName", last);
	}
	else if (company == NULL && name != NULL)
		company = ff_plain_text(name, USPS_STREET);
	ff_write_text(writer, "firm", company);
}

/* What does not fit the street goes before what comes second. */
static void
write_street(FfJsonWriter *writer, const FfJson *address)
{
	char *lines[2];
	int count = ff_carrier_street(address, USPS_STREET, lines, 2);

	if (count > 0)
		ff_write_text(writer, "streetAddress", lines[0]);
	if (count > 1)
		ff_write_text(writer, "secondaryAddress", lines[1]);
	ff_write_text(writer, "city", ff_carrier_text(address, "city", USPS_CITY));
}

void
ff_usps_place(FfJsonWriter *writer, const FfJson *address)
{
	char *more;
	char *zip = ff_usps_zip(address, &more);

	write_street(writer, address);
	ff_write_text(writer, "state", ff_usps_state(address));
	ff_write_text(writer, "ZIPCode", zip);
	ff_write_text(writer, "ZIPPlus4", more);
}

static void
write_contact(FfJsonWriter *writer, const FfJson *address)
{
	ff_write_text(writer, "phone", ff_usps_phone(address));
	ff_write_text(writer, "email", ff_usps_email(address));
}

void
ff_usps_address(FfJsonWriter *writer, const FfJson *person, const FfJson *place, int with)
{
	ff_usps_names(writer, person);
	ff_usps_place(writer, place);
	if (with & USPS_WITH_CONTACT)
		write_contact(writer, person);
	if (with & USPS_IGNORING_BAD_STREET)
		ff_write_bool(writer, "ignoreBadAddress", true);
}

/* Digits alone stand together; letters keep the blank that sorters know. */
char *
ff_usps_foreign_postcode(const FfJson *address)
{
	char *postcode = ff_carrier_postcode(address, POSTCODE);

	if (postcode == NULL || strspn(postcode, "0123456789") == strlen(postcode))
		return postcode;
	return ff_carrier_upper(ff_carrier_text(address, "postcode", POSTCODE));
}

void
ff_usps_foreign_address(FfJsonWriter *writer, const char *key, const FfJson *address)
{
	char *country = country_of(address);
	char *region = ff_carrier_text(address, "region", PROVINCE);

	ff_write_object(writer, key);
	ff_usps_names(writer, address);
	write_street(writer, address);
	ff_write_text(writer, "postalCode", ff_usps_foreign_postcode(address));
	ff_write_text(writer, "province", region);
	ff_write_text(writer, "provinceISOAlpha2Code", ff_carrier_region(address, 2));
	if (country != NULL)
		ff_write_text(writer, "country", ff_usps_country_name(country));
	ff_write_text(writer, "countryISOAlpha2Code", country);
	write_contact(writer, address);
	ff_write_end(writer);
}
