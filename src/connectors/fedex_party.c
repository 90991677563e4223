/*
 * fedex_party.c
 *
 * People and places as FedEx takes them: a contact with a phone number, three
 * lines of street, two letters of a state, and ASCII only, because anything
 * else can break a label.  It decides nothing about a shipment.
 */
#include "postgres.h"

#include "connectors/fedex.h"

#define LINE     35
#define STREETS  3
#define CITY     35
#define REGION   2
#define POSTCODE 10
#define PERSON   70
#define COMPANY  35
#define PHONE    15
#define EMAIL    80
#define LONGEST  200

static char *
ascii_text(const FfJson *json, const char *path, int max)
{
	char *text = ff_carrier_text(json, path, max);

	return text ? ff_plain_text(ff_ascii(text), max) : NULL;
}

/* Streets in ASCII, and only then broken into lines. */
static void
write_street(FfJsonWriter *writer, const FfJson *address)
{
	static const char *const members[] = {"street1", "street2", "street3"};
	char *lines[STREETS];
	int count = 0;

	for (int i = 0; i < (int) lengthof(members); i++)
	{
		char *street = ascii_text(address, members[i], LONGEST);

		if (street != NULL)
			count += ff_carrier_wrap(street, LINE, lines + count, STREETS - count);
	}
	if (count == 0)
		return;
	ff_write_array(writer, "streetLines");
	for (int i = 0; i < count; i++)
		ff_write_text(writer, NULL, lines[i]);
	ff_write_end(writer);
}

/* Without blanks, but with the dash of nine digits. */
static char *
postcode(const FfJson *address)
{
	char *text = ff_carrier_upper(ff_carrier_text(address, "postcode", LINE));
	int length = 0;

	for (char *c = text; c && *c != '\0' && length < POSTCODE; c++)
		if (*c != ' ')
			text[length++] = *c;
	if (text != NULL)
		text[length] = '\0';
	return text;
}

void
ff_fedex_address(FfJsonWriter *writer, const FfJson *address, int with)
{
	const FfJson *residential = ff_json_get(address, "residential");

	ff_write_object(writer, "address");
	write_street(writer, address);
	ff_write_text(writer, "city", ascii_text(address, "city", CITY));
	ff_write_text(writer, "stateOrProvinceCode", ff_carrier_region(address, REGION));
	ff_write_text(writer, "postalCode", postcode(address));
	ff_write_text(writer, "countryCode", ff_carrier_country(address));
	if (with & FEDEX_AT_HOME)
		ff_write_bool(writer, "residential", true);
	else if ((with & FEDEX_WITH_RESIDENTIAL) && !ff_json_is_null(residential))
		ff_write_bool(writer, "residential", ff_json_bool(residential, "", false));
	ff_write_end(writer);
}

void
ff_fedex_party(FfJsonWriter *writer, const FfJson *address, const FfJson *other, int with)
{
	char *extension;
	char *phone = ff_carrier_phone(address, PHONE, &extension);

	/* FedEx takes nobody without a phone; the other side can say how to reach this one */
	if (phone == NULL)
		phone = ff_carrier_phone(other, PHONE, &extension);
	ff_write_object(writer, "contact");
	ff_write_text(writer, "personName", ascii_text(address, "name", PERSON));
	ff_write_text(writer, "companyName", ascii_text(address, "company", COMPANY));
	ff_write_text(writer, "phoneNumber", phone);
	ff_write_text(writer, "phoneExtension", extension);
	if (with & FEDEX_WITH_EMAIL)
		ff_write_text(writer, "emailAddress", ff_carrier_email(address, EMAIL));
	ff_write_end(writer);
	ff_fedex_address(writer, address, with);
}
