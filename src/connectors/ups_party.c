/*
 * ups_party.c
 *
 * People and places as UPS spells them: a name, who is meant there, a phone
 * number in two parts, three lines of street.  The limits of texts are kept
 * by carrier_party.c; it decides nothing about a shipment and knows no reply.
 * Call ff_ups_party inside an open object.
 */
#include "postgres.h"

#include "connectors/ups.h"

#define UPS_CITY 30

static void
write_address(FfJsonWriter *writer, const FfJson *address, bool residential)
{
	char *lines[UPS_STREETS];
	int count = ff_carrier_street(address, UPS_LINE, lines, UPS_STREETS);

	ff_write_object(writer, "Address");
	ff_write_array(writer, "AddressLine");
	for (int i = 0; i < count; i++)
		ff_write_text(writer, NULL, lines[i]);
	ff_write_end(writer);
	ff_write_text(writer, "City", ff_carrier_text(address, "city", UPS_CITY));
	ff_write_text(writer, "StateProvinceCode", ff_carrier_region(address, UPS_REGION));
	ff_write_text(writer, "PostalCode", ff_carrier_postcode(address, UPS_POSTCODE));
	ff_write_text(writer, "CountryCode", ff_carrier_country(address));
	ff_ups_flag(writer,
				"ResidentialAddressIndicator",
				residential && ff_json_bool(address, "residential", false));
	ff_write_end(writer);
}

void
ff_ups_party(FfJsonWriter *writer, const FfJson *address, int with)
{
	char *company = ff_carrier_text(address, "company", UPS_LINE);
	char *person = ff_carrier_text(address, "name", UPS_LINE);
	char *extension;
	char *phone = ff_carrier_phone(address, UPS_PHONE, &extension);

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
		ff_write_text(writer, "EMailAddress", ff_carrier_email(address, UPS_EMAIL));
	write_address(writer, address, (with & UPS_WITH_RESIDENTIAL) != 0);
}
