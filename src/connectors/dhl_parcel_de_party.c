/*
 * dhl_parcel_de_party.c
 *
 * People and places as DHL Parcel DE takes them: countries of three letters (of
 * two in pickups), and receivers at a door, a Packstation, a branch or a PO
 * box.  An address that says "Packstation 145" means one, whether or not a
 * service point is named beside it.
 */
#include "postgres.h"

#include <ctype.h>

#include "connectors/dhl_parcel_de.h"
#include "model/country.h"

#define STREET 50
#define HOUSE  10
#define EXTRA  60
#define CITY   40
#define STATE  20
#define PHONE  20
#define EMAIL  80

const char *
ff_pde_country(const char *country)
{
	const FfCountry *known = country ? ff_country_read(country) : NULL;

	return known ? known->alpha3 : NULL;
}

/* The house number that ends a street, "Ringweg 9a"; the street keeps the rest. */
static char *
cut_house(char *street)
{
	char *at = street + strlen(street);

	while (at > street && at[-1] != ' ')
		at--;
	if (at <= street + 1 || !isdigit((unsigned char) *at) || strlen(at) > HOUSE)
		return NULL;
	at[-1] = '\0';
	return at;
}

static void
write_names(FfJsonWriter *writer, const FfJson *address)
{
	char *company = ff_carrier_text(address, "company", PDE_NAME);
	char *name = ff_carrier_text(address, "name", PDE_NAME);

	ff_write_text(writer, "name1", company ? company : name);
	if (company != NULL)
		ff_write_text(writer, "name2", name);
}

static void
write_place(FfJsonWriter *writer, const FfJson *address, bool alpha2)
{
	const char *country = ff_carrier_country(address);

	ff_write_text(writer, "postalCode", ff_carrier_text(address, "postcode", 10));
	ff_write_text(writer, "city", ff_carrier_text(address, "city", CITY));
	ff_write_text(writer, "country", alpha2 ? country : ff_pde_country(country));
}

void
ff_pde_address(FfJsonWriter *writer, const FfJson *address, int with)
{
	char *street = ff_carrier_text(address, "street1", STREET);
	char *house = ff_carrier_text(address, "house_number", HOUSE);

	write_names(writer, address);
	if (with & PDE_WITH_NAME3)
		ff_write_text(writer, "name3", ff_carrier_text(address, "street2", PDE_NAME));
	if (house == NULL && (with & PDE_WITH_HOUSE) && street != NULL)
	{
		house = cut_house(street);
		/* DHL wants one; a street without is a place of its own */
		house = house ? house : pstrdup("0");
	}
	ff_write_text(writer, "addressStreet", street);
	ff_write_text(writer, "addressHouse", house);
	write_place(writer, address, with & PDE_WITH_ALPHA2);
}

static void
write_contact(FfJsonWriter *writer, const FfCall *call, const FfJson *address)
{
	char *phone = ff_carrier_text(address, "phone", PHONE);

	if (!ff_json_bool(call->config, "share_contact", true))
		return;
	ff_write_text(writer, "phone", phone);
	ff_write_text(writer, "email", ff_carrier_email(address, EMAIL));
}

void
ff_pde_shipper(FfJsonWriter *writer, const FfCall *call, const FfJson *address)
{
	const char *known = ff_carrier_setting(call, "shipper_ref");

	ff_write_object(writer, "shipper");
	if (known != NULL)
		ff_write_text(writer, "shipperRef", known);
	else
	{
		ff_pde_address(writer, address, PDE_WITH_NAME3);
		ff_write_text(writer, "email", ff_carrier_email(address, EMAIL));
	}
	ff_write_end(writer);
}

typedef enum Place
{
	AT_DOOR,
	AT_LOCKER,
	AT_BRANCH,
	AT_BOX
} Place;

static const struct
{
	const char *word;
	Place place;
} place_words[] = {
	{"packstation", AT_LOCKER},
	{"locker", AT_LOCKER},
	{"postfiliale", AT_BRANCH},
	{"post office", AT_BRANCH},
	{"filiale", AT_BRANCH},
	{"paketshop", AT_BRANCH},
	{"branch", AT_BRANCH},
	{"retail", AT_BRANCH},
	{"postfach", AT_BOX},
	{"po box", AT_BOX},
	{"pobox", AT_BOX},
};

/* The kind of place that a text begins with or is; DOOR for none. */
static Place
named_place(const char *text)
{
	for (int i = 0; text != NULL && i < (int) lengthof(place_words); i++)
		if (pg_strncasecmp(text, place_words[i].word, strlen(place_words[i].word)) == 0)
			return place_words[i].place;
	return AT_DOOR;
}

/* The whole number in a text; NULL without one. */
static char *
digits_in(const char *text)
{
	const char *start = text ? strpbrk(text, "0123456789") : NULL;

	return start ? pnstrdup(start, strspn(start, "0123456789")) : NULL;
}

/* The receiver's number as a customer of DHL: six to ten digits, wherever it was written. */
static char *
post_number(const FfJson *point, const FfJson *address)
{
	static const char *const members[] = {"post_number", "postnumber", "street2", "company"};

	for (int i = 0; i < 2 * (int) lengthof(members); i++)
	{
		char *number = digits_in(ff_json_text(i % 2 == 0 ? point : address, members[i / 2]));

		if (number != NULL && strlen(number) >= 6 && strlen(number) <= 10)
			return number;
	}
	return NULL;
}

/* Where the parcel waits for its receiver, and the number of that place. */
static Place
find_place(const FfJson *point, const FfJson *address, char **id, char **post)
{
	static const char *const members[] = {"type", "name", "company", "street1"};
	char *street = ff_json_text(address, "street1");
	Place place = AT_DOOR;

	*post = post_number(ff_json_is_object(point) ? point : NULL, address);
	*id = digits_in(ff_json_text(point, ff_json_is_object(point) ? "id" : ""));
	for (int i = 0; place == AT_DOOR && ff_json_is_object(point) && i < (int) lengthof(members);
		 i++)
		place = named_place(ff_json_text(point, members[i]));
	if (place == AT_DOOR && !ff_json_is_object(point))
		place = named_place(ff_json_text(point, ""));
	if (place == AT_DOOR)
		place = named_place(street);
	if (place == AT_DOOR && *id != NULL)
		place = *post ? AT_LOCKER : AT_BRANCH;
	if (place != AT_DOOR && *id == NULL)
		*id = digits_in(street);
	return *id != NULL ? place : AT_DOOR;
}

static void
write_waiting(FfJsonWriter *writer, const FfJson *address, Place place, const char *id,
			  const char *post)
{
	char *name = ff_carrier_text(address, "name", PDE_NAME);

	if (place == AT_BOX)
		write_names(writer, address);
	else
		ff_write_text(writer, "name", name ? name : ff_carrier_text(address, "company", PDE_NAME));
	ff_write_number(writer,
					place == AT_LOCKER   ? "lockerID"
					: place == AT_BRANCH ? "retailID"
										 : "poBoxID",
					id);
	if (place != AT_BOX)
		ff_write_text(writer, "postNumber", post);
	if (place == AT_BOX || (place == AT_BRANCH && post == NULL))
		ff_write_text(writer, "email", ff_carrier_email(address, EMAIL));
	write_place(writer, address, false);
}

void
ff_pde_consignee(FfJsonWriter *writer, const FfCall *call, const FfJson *address)
{
	const FfJson *subject = ff_carrier_subject(call);
	const FfJson *point = ff_json_get(subject, "options.service_point");
	char *lines[3];
	char *id;
	char *post;
	Place place = find_place(point, address, &id, &post);
	int count;

	ff_write_object(writer, "consignee");
	if (place != AT_DOOR)
	{
		const FfJson *there =
			ff_json_is_object(point) && ff_json_text(point, "city") ? point : NULL;

		if (place == AT_LOCKER && post == NULL)
			ff_carrier_fail(call,
							"options.service_point.post_number",
							"Give the receiver's number as a customer of DHL.");
		if (there != NULL)
		{
			FfJsonWriter merged;

			/* the receiver's name at the place's address */
			ff_write_init(&merged);
			ff_write_object(&merged, NULL);
			ff_write_text(&merged, "name", ff_json_text(address, "name"));
			ff_write_text(&merged, "company", ff_json_text(address, "company"));
			ff_write_text(&merged, "email", ff_json_text(address, "email"));
			ff_write_text(&merged, "city", ff_json_text(there, "city"));
			ff_write_text(&merged, "postcode", ff_json_text(there, "postcode"));
			ff_write_text(&merged, "country", ff_json_text_or(there, "country", "DE"));
			ff_write_finish(&merged);
			address = ff_json_parse(merged.text.data, merged.text.len, NULL);
		}
		write_waiting(writer, address, place, id, post);
		ff_write_end(writer);
		return;
	}
	write_names(writer, address);
	ff_write_text(
		writer, "dispatchingInformation", ff_carrier_text(subject, "options.instructions", 35));
	count = ff_carrier_wrap(
		ff_json_text_or(address, "street1", ""), STREET, lines, (int) lengthof(lines));
	ff_write_text(writer, "addressStreet", count > 0 ? ff_plain_text(lines[0], STREET) : NULL);
	ff_write_text(writer, "addressHouse", ff_carrier_text(address, "house_number", HOUSE));
	ff_write_text(writer,
				  "additionalAddressInformation1",
				  count > 1 ? ff_plain_text(lines[1], EXTRA)
							: ff_carrier_text(address, "street2", EXTRA));
	ff_write_text(writer,
				  "additionalAddressInformation2",
				  ff_carrier_text(address, count > 1 ? "street2" : "street3", EXTRA));
	ff_write_text(writer, "state", ff_carrier_region(address, STATE));
	write_place(writer, address, false);
	write_contact(writer, call, address);
	ff_write_end(writer);
}
