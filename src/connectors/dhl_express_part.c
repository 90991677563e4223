/*
 * dhl_express_part.c
 *
 * Parts that rates, shipments and pickups of DHL Express have in common: the
 * lane, the time parcels leave by the clock of their origin, accounts, people,
 * parcels, and services beside transport.  DHL refuses empty texts for
 * optional members and times that are past, the current minute included.
 */
#include "postgres.h"

#include <ctype.h>

#include "utils/timestamp.h"

#include "connectors/decimal.h"
#include "connectors/dhl_express.h"

#define LINES        3
#define LINE         45
#define MINUTES_LATE 15

static const FfCarrierCode products[] = {
	{"P", "Express Worldwide|worldwide|express worldwide nondoc"},
	{"D", "Express Worldwide documents|worldwide documents"},
	{"U", "Express Worldwide EU|worldwide eu"},
	{"E", "Express 9:00|9:00|express 9"},
	{"K", "Express 9:00 documents"},
	{"Y", "Express 12:00|12:00|express 12"},
	{"T", "Express 12:00 documents"},
	{"M", "Express 10:30|10:30"},
	{"L", "Express 10:30 documents"},
	{"N", "Express Domestic|domestic|domestic express"},
	{"1", "Express Domestic 12:00|domestic 12:00"},
	{"I", "Express Domestic 9:00|domestic 9:00"},
	{"O", "Express Domestic 10:30|domestic 10:30"},
	{"H", "Economy Select|economy select nondoc"},
	{"W", "Economy Select EU"},
	{"8", "Express Easy|easy"},
	{"7", "Express Easy documents"},
	{"X", "Express Envelope|envelope"},
};

void
ff_dhx_lane(const FfCall *call, FfDhxLane *lane)
{
	const FfJson *from = ff_carrier_need_role(call, FF_SHIP_FROM);
	const FfJson *to = ff_carrier_need_role(call, FF_SHIP_TO);

	lane->from = ff_carrier_country(from);
	lane->to = ff_carrier_country(to);
	if (lane->from == NULL)
		ff_carrier_fail(call, "ship_from.country", "Give the country as two letters.");
	if (lane->to == NULL)
		ff_carrier_fail(call, "ship_to.country", "Give the country as two letters.");
	lane->is_return = ff_carrier_is_return(call);
	lane->declarable = strcmp(lane->from, lane->to) != 0 &&
					   !ff_carrier_inside_eu(lane->from, lane->to) &&
					   !ff_carrier_documents(ff_carrier_subject(call));
	lane->pounds = ff_carrier_pounds(lane->from);
}

const char *
ff_dhx_product(const FfCall *call)
{
	const char *service =
		ff_json_text_or(ff_carrier_subject(call), "service", ff_carrier_setting(call, "product"));
	int row;

	if (service == NULL)
		return NULL;
	row = FF_CARRIER_CODE(products, "dhl", service);
	if (row >= 0)
		return products[row].code;
	/* one character is a product, also one this list does not know */
	if (strlen(service) == 1 && isalnum((unsigned char) *service))
		return ff_carrier_upper(pstrdup(service));
	return ff_carrier_setting(call, "product");
}

const char *
ff_dhx_zone(const FfCall *call, const char *country)
{
	const char *zone = ff_carrier_zone(country);

	return zone ? zone : ff_carrier_setting(call, "time_zone");
}

char *
ff_dhx_time(const FfCall *call, TimestampTz time, const char *country)
{
	const char *offset;
	char *clock = ff_carrier_clock(time, ff_dhx_zone(call, country), &offset);

	return psprintf("%sGMT%s", clock, offset);
}

char *
ff_dhx_planned(const FfCall *call, const FfDhxLane *lane)
{
	const char *zone = ff_dhx_zone(call, lane->from);
	TimestampTz soon = call->now + MINUTES_LATE * SECS_PER_MINUTE * USECS_PER_SEC;
	const char *offset;
	char *today = ff_carrier_clock(call->now, zone, &offset);
	char *day = ff_carrier_ship_date(call);
	char *planned;
	TimestampTz time;

	soon -= soon % (SECS_PER_MINUTE * USECS_PER_SEC);
	if (strncmp(day, today, 10) > 0)
	{
		planned = psprintf("%sT%s:00", day, ff_carrier_setting(call, "ship_time"));
		planned = ff_carrier_zoned_time(planned, zone);
		if (ff_time_parse(planned, &time) && time > soon)
			soon = time;
	}
	return ff_dhx_time(call, soon, lane->from);
}

static void
write_account(FfJsonWriter *writer, const char *type, const char *number)
{
	ff_write_object(writer, NULL);
	ff_write_text(writer, "typeCode", type);
	ff_write_text(writer, "number", number);
	ff_write_end(writer);
}

/* Returns are paid by our import account; duties by whom the terms name. */
void
ff_dhx_accounts(FfJsonWriter *writer, const FfCall *call, const FfDhxLane *lane)
{
	const FfJson *subject = ff_carrier_subject(call);
	const char *payer = ff_json_text_or(subject, "options.bill_to.account_number", NULL);
	const char *import = ff_carrier_setting(call, "import_account_number");
	const char *duties =
		ff_json_text_or(subject,
						"options.duties_to.account_number",
						ff_json_text_or(call->config, "duties_account_number", NULL));

	ff_write_array(writer, "accounts");
	if (lane->is_return && import != NULL)
		write_account(writer, "payer", import);
	else
	{
		write_account(writer, "shipper", ff_dhx_account(call));
		if (payer != NULL)
			write_account(writer, "payer", payer);
	}
	if (lane->declarable && strcmp(ff_dhx_incoterm(call), "DDP") == 0 &&
		call->operation != FF_OP_QUOTE_RATES)
		write_account(writer, "duties-taxes", duties ? duties : ff_dhx_account(call));
	ff_write_end(writer);
}

void
ff_dhx_units(FfJsonWriter *writer, bool pounds)
{
	ff_write_text(writer, "unitOfMeasurement", pounds ? "imperial" : "metric");
}

void
ff_dhx_weight(FfJsonWriter *writer, const char *key, int64 grams, bool pounds)
{
	ff_write_number(writer,
					key,
					ff_decimal_trim(ff_grams_to(
						grams, pounds ? FF_GRAMS_PER_POUND : FF_GRAMS_PER_KILOGRAM, 3)));
}

void
ff_dhx_packages(FfJsonWriter *writer, const FfCall *call, bool pounds)
{
	static const char *const keys[] = {"length", "width", "height"};

	ff_write_array(writer, "packages");
	for (int i = 0; i < ff_carrier_package_count(call); i++)
	{
		const FfJson *package = ff_carrier_package(call, i);
		int64 sides[3];

		ff_write_object(writer, NULL);
		ff_dhx_weight(writer, "weight", ff_carrier_grams(call, i), pounds);
		if (ff_carrier_sides(package, pounds ? FF_MM_PER_INCH : FF_MM_PER_CENTIMETRE, sides))
		{
			ff_write_object(writer, "dimensions");
			for (int side = 0; side < 3; side++)
				ff_write_int(writer, keys[side], sides[side]);
			ff_write_end(writer);
		}
		ff_write_end(writer);
	}
	ff_write_end(writer);
}

void
ff_dhx_party(FfJsonWriter *writer, const FfCall *call, const FfJson *address, const char *field)
{
	char *person = ff_carrier_text(address, "name", 255);
	char *company = ff_carrier_text(address, "company", 100);
	char *phone = ff_carrier_text(address, "phone", 70);
	char *lines[LINES];
	int count = ff_carrier_street(address, LINE, lines, LINES);
	char *postcode = ff_carrier_text(address, "postcode", 12);

	if (phone == NULL)
		phone = ff_carrier_text(ff_json_get(call->config, "shipper"), "phone", 70);
	if (phone == NULL)
		ff_connector_fail(call->connector,
						  psprintf("%s.phone", field),
						  "DHL Express wants a phone number of sender and receiver.");
	ff_write_object(writer, "postalAddress");
	/* a place without postcodes has an empty one */
	ff_write_text(writer, "postalCode", postcode ? postcode : "");
	ff_write_text(writer, "cityName", ff_carrier_text(address, "city", LINE));
	ff_write_text(writer, "countryCode", ff_carrier_country(address));
	ff_write_text(writer, "provinceCode", ff_carrier_region(address, 2));
	for (int i = 0; i < count; i++)
		ff_write_text(writer, psprintf("addressLine%d", i + 1), lines[i]);
	ff_write_end(writer);
	ff_write_object(writer, "contactInformation");
	ff_write_text(writer, "phone", phone);
	ff_write_text(writer, "companyName", company ? company : ff_carrier_text(address, "name", 100));
	ff_write_text(writer, "fullName", person ? person : company);
	ff_write_text(writer, "email", ff_carrier_email(address, 70));
	ff_write_end(writer);
}

static void
write_service(FfJsonWriter *writer, const char *code, const char *amount, const char *currency)
{
	ff_write_object(writer, NULL);
	ff_write_text(writer, "serviceCode", code);
	if (amount != NULL)
	{
		ff_write_number(writer, "value", ff_decimal_trim(amount));
		ff_write_text(writer, "currency", currency);
	}
	ff_write_end(writer);
}

/* Wishes that are a code and nothing more. */
static const struct
{
	const char *option;
	const char *code;
} wishes[] = {
	{"options.saturday", "AA"},
	{"options.residential", "TK"},
	{"options.hold_for_collection", "LX"},
	{"options.service_point", "TV"},
	{"options.verified_delivery", "TF"},
	{"options.data_staging", "PT"},
};

static bool
is_released(const FfJson *subject)
{
	const char *wish = ff_json_text_or(subject, "options.signature", "");

	return pg_strcasecmp(wish, "none") == 0 || pg_strcasecmp(wish, "not_required") == 0;
}

void
ff_dhx_services(FfJsonWriter *writer, const FfCall *call, const FfDhxLane *lane)
{
	const FfJson *subject = ff_carrier_subject(call);
	const FfJson *further = ff_json_get(subject, "options.value_added_services");
	bool shipping = call->operation != FF_OP_QUOTE_RATES;
	const char *currency;
	char *insured = ff_carrier_amount(subject, "options.insurance", &currency);
	FfJsonWriter services;
	char *text;
	bool adult;

	ff_write_init(&services);
	ff_write_array(&services, NULL);
	if (lane->declarable && shipping && ff_json_bool(call->config, "paperless", true))
		write_service(&services, "WY", NULL, NULL);
	if (insured != NULL)
		write_service(&services, "II", insured, currency);
	if (ff_carrier_signature(subject, &adult))
		write_service(&services, "SF", NULL, NULL);
	else if (is_released(subject))
		write_service(&services, "SX", NULL, NULL);
	if (lane->declarable && strcmp(ff_dhx_incoterm(call), "DDP") == 0)
		write_service(&services, "DD", NULL, NULL);
	for (int i = 0; i < (int) lengthof(wishes); i++)
	{
		const FfJson *wish = ff_json_get(subject, wishes[i].option);

		if (ff_json_is_object(wish) || ff_json_bool(wish, "", ff_json_is_string(wish)))
			write_service(&services, wishes[i].code, NULL, NULL);
	}
	if (ff_json_bool(
			subject, "options.go_green", ff_json_bool(call->config, "go_green_plus", false)))
		write_service(&services, "FE", NULL, NULL);
	for (int i = 0; i < ff_json_count(further); i++)
		write_service(&services, ff_json_text(ff_json_at(further, i), ""), NULL, NULL);
	text = ff_write_finish(&services);
	if (strcmp(text, "[]") != 0)
		ff_write_raw(writer, "valueAddedServices", text);
}
