/*
 * ups_party.c
 *
 * People and places as UPS takes them: names of 35 characters, phones of
 * digits, postcodes of letters and digits, streets broken into three lines,
 * and no control character anywhere.  It decides nothing about a shipment
 * and knows no reply.  Call ff_ups_party inside an open object.
 */
#include "postgres.h"

#include <ctype.h>

#include "mb/pg_wchar.h"

#include "connectors/ups.h"

#define UPS_CITY     30
#define UPS_POSTCODE 9
#define UPS_PHONE    15

char *
ff_ups_text(const FfJson *json, const char *path, int max)
{
	char *raw = ff_json_text(json, path);
	char *text = raw ? ff_plain_text(raw, max) : NULL;

	return text && *text != '\0' ? text : NULL;
}

static char *
upper_case(char *text)
{
	for (char *c = text; c && *c != '\0'; c++)
		*c = pg_toupper((unsigned char) *c);
	return text;
}

/* Whether the word stands in the list, both of letters and the list with blanks between. */
static bool
among(const char *word, const char *list)
{
	const char *at = *word != '\0' ? strstr(list, word) : NULL;

	return at != NULL && strchr(" ", at[strlen(word)]) != NULL && (at == list || at[-1] == ' ');
}

/* Territories of the USA are countries of their own to UPS. */
const char *
ff_ups_country(const FfJson *address)
{
	char *country = upper_case(ff_ups_text(address, "country", 2));
	char *region = upper_case(ff_ups_text(address, "region", UPS_LINE));

	if (country && region && strcmp(country, "US") == 0 && among(region, "PR VI GU AS MP"))
		return region;
	return country;
}

char *
ff_ups_postcode(const FfJson *address)
{
	char *postcode = upper_case(ff_ups_text(address, "postcode", UPS_LINE));
	int length = 0;

	if (postcode == NULL)
		return NULL;
	for (const char *c = postcode; *c != '\0' && length < UPS_POSTCODE; c++)
		if (isalnum((unsigned char) *c))
			postcode[length++] = *c;
	postcode[length] = '\0';
	return length > 0 ? postcode : NULL;
}

/* The code of a state or province; longer names are no codes, and UPS refuses them. */
char *
ff_ups_region(const FfJson *address)
{
	const char *country = ff_ups_country(address);
	char *region = upper_case(ff_ups_text(address, "region", UPS_LINE));

	if (region == NULL || country == NULL)
		return region && strlen(region) <= 5 ? region : NULL;
	if (strcmp(country, "VN") != 0 && strncmp(region, country, 2) == 0 && region[2] == '-')
		region += 3;
	return strlen(region) <= 5 && *region != '\0' ? region : NULL;
}

char *
ff_ups_phone(const FfJson *address, char **extension)
{
	char *text = ff_ups_text(address, "phone", 60);
	const char *country = ff_ups_country(address);
	StringInfoData digits;
	StringInfoData extra;
	bool behind = false;
	char *number;

	*extension = NULL;
	if (text == NULL)
		return NULL;
	initStringInfo(&digits);
	initStringInfo(&extra);
	for (const char *c = text; *c != '\0'; c++)
	{
		if (strchr("xX#", *c) != NULL && digits.len > 0)
			behind = true;
		else if (isdigit((unsigned char) *c))
			appendStringInfoChar(behind ? &extra : &digits, *c);
	}
	number = digits.data;
	if (strncmp(number, "00", 2) == 0)
		number += 2;
	if (country && among(country, "US PR CA VI") && strlen(number) == 11 && *number == '1')
		number++;
	if (strlen(number) > UPS_PHONE)
		number[UPS_PHONE] = '\0';
	if (extra.len > 0 && extra.len <= 4)
		*extension = extra.data;
	return *number != '\0' ? number : NULL;
}

/* NULL for one that is too long: a cut address would reach somebody else. */
char *
ff_ups_email(const FfJson *address)
{
	char *email = ff_ups_text(address, "email", UPS_EMAIL + 1);

	return email && strlen(email) <= UPS_EMAIL ? email : NULL;
}

/* Bytes of the longest beginning that fits a line, ending between words when it can. */
static size_t
line_length(const char *text)
{
	size_t at = 0;
	size_t blank = 0;

	for (int chars = 0; text[at] != '\0' && chars < UPS_LINE; chars++)
	{
		if (text[at] == ' ')
			blank = at;
		at += pg_utf_mblen((const unsigned char *) text + at);
	}
	return text[at] == '\0' || text[at] == ' ' || blank == 0 ? at : blank;
}

int
ff_ups_wrap(const char *text, char **lines, int max)
{
	int count = 0;

	while (*text != '\0' && count < max)
	{
		size_t length = line_length(text);

		lines[count++] = pnstrdup(text, length);
		text += length;
		while (*text == ' ')
			text++;
	}
	return count;
}

int
ff_ups_street(const FfJson *address, char *lines[UPS_STREETS])
{
	static const char *const members[] = {"street1", "street2", "street3"};
	int count = 0;

	for (int i = 0; i < (int) lengthof(members); i++)
	{
		char *street = ff_ups_text(address, members[i], UPS_STREETS * UPS_LINE);

		if (street != NULL)
			count += ff_ups_wrap(street, lines + count, UPS_STREETS - count);
	}
	return count;
}

static void
write_address(FfJsonWriter *writer, const FfJson *address, bool residential)
{
	char *lines[UPS_STREETS];
	int count = ff_ups_street(address, lines);

	ff_write_object(writer, "Address");
	ff_write_array(writer, "AddressLine");
	for (int i = 0; i < count; i++)
		ff_write_text(writer, NULL, lines[i]);
	ff_write_end(writer);
	ff_write_text(writer, "City", ff_ups_text(address, "city", UPS_CITY));
	ff_write_text(writer, "StateProvinceCode", ff_ups_region(address));
	ff_write_text(writer, "PostalCode", ff_ups_postcode(address));
	ff_write_text(writer, "CountryCode", ff_ups_country(address));
	ff_ups_flag(writer,
				"ResidentialAddressIndicator",
				residential && ff_json_bool(address, "residential", false));
	ff_write_end(writer);
}

void
ff_ups_party(FfJsonWriter *writer, const FfJson *address, int with)
{
	char *company = ff_ups_text(address, "company", UPS_LINE);
	char *person = ff_ups_text(address, "name", UPS_LINE);
	char *extension;
	char *phone = ff_ups_phone(address, &extension);

	ff_write_text(writer, "Name", company ? company : person);
	if (with & UPS_WITH_ATTENTION)
		ff_write_text(writer, "AttentionName", person ? person : company);
	if ((with & UPS_WITH_PHONE) && phone != NULL)
	{
		ff_write_object(writer, "Phone");
		ff_write_text(writer, "Number", phone);
		ff_write_text(writer, "Extension", extension);
		ff_write_end(writer);
	}
	if (with & UPS_WITH_EMAIL)
		ff_write_text(writer, "EMailAddress", ff_ups_email(address));
	write_address(writer, address, (with & UPS_WITH_RESIDENTIAL) != 0);
}
