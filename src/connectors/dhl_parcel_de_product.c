/*
 * dhl_parcel_de_product.c
 *
 * What depends on where a parcel goes: the product, the billing number that
 * goes with it, and whether customs want to know; and our reference and the
 * day of shipping as DHL takes them.
 */
#include "postgres.h"

#include "connectors/dhl_parcel_de.h"

#define BILLING_LENGTH     14
#define PROCEDURE_AT       10
#define REFERENCE_SHORTEST 8
#define REFERENCE_LONGEST  35
#define GERMAN_TIME        "Europe/Berlin"

static const FfCarrierCode products[] = {
	{"V01PAK", "Paket|dhl paket|parcel|national"},
	{"V53WPAK", "Paket International|parcel international"},
	{"V54EPAK", "Europaket"},
	{"V62KP", "Kleinpaket|V62WP|warenpost|warenpost national|small parcel"},
	{"V66WPI", "Warenpost International|small parcel international"},
};

/* The procedure of a billing number that a product is billed by. */
static const struct
{
	const char *product;
	const char *procedure;
} procedures[] = {
	{"V01PAK", "01"},
	{"V53WPAK", "53"},
	{"V54EPAK", "54"},
	{"V62KP", "62"},
	{"V66WPI", "66"},
};

/* A code stands for itself, also one this list does not know; other names leave it to the lane. */
static const char *
find_product(const FfCall *call, const FfPdeLane *lane)
{
	char *service = ff_carrier_text(ff_carrier_subject(call), "service", 40);
	int row = service ? FF_CARRIER_CODE(products, "dhl", service) : -1;

	if (row >= 0)
		return products[row].code;
	if (service && pg_toupper((unsigned char) *service) == 'V' &&
		strspn(service + 1, "0123456789") == 2)
		return ff_carrier_upper(service);
	if (strcmp(lane->to, "DE") != 0)
		return "V53WPAK";
	return ff_json_text_or(call->config, "product", "V01PAK");
}

void
ff_pde_lane(const FfCall *call, FfPdeLane *lane)
{
	lane->from = ff_carrier_country(ff_carrier_role(call, FF_SHIPPER));
	lane->to = ff_carrier_country(ff_carrier_need_role(call, FF_SHIP_TO));
	if (lane->from == NULL)
		lane->from = "DE";
	if (lane->to == NULL)
		ff_carrier_fail(call, "ship_to.country", "Give the country as two letters.");
	lane->customs =
		strcmp(lane->from, lane->to) != 0 && !ff_carrier_inside_eu(lane->from, lane->to);
	lane->product = find_product(call, lane);
}

const char *
ff_pde_billing_number(const FfCall *call, const char *product)
{
	const FfJson *numbers = ff_json_get(call->config, "billing_numbers");
	const char *number =
		ff_json_is_object(numbers) ? ff_json_text_or(numbers, product, NULL) : NULL;

	if (number != NULL)
		return number;
	number = ff_carrier_need_setting(
		call, "billing_number", "Set billing_number, or one by product in billing_numbers.");
	if (strlen(number) != BILLING_LENGTH)
		return number;
	/* the number of another product differs in its procedure */
	for (int i = 0; i < (int) lengthof(procedures); i++)
		if (strcmp(procedures[i].product, product) == 0 &&
			strncmp(number + PROCEDURE_AT, procedures[i].procedure, 2) != 0)
			return psprintf("%.*s%s01", PROCEDURE_AT, number, procedures[i].procedure);
	return number;
}

char *
ff_pde_reference(const FfCall *call)
{
	const char *reference = ff_carrier_reference(ff_carrier_subject(call), REFERENCE_LONGEST);
	int missing = reference ? REFERENCE_SHORTEST - (int) strlen(reference) : 0;

	if (reference == NULL)
		return NULL;
	return missing > 0 ? psprintf("%.*s%s", missing, "00000000", reference) : pstrdup(reference);
}

char *
ff_pde_ship_date(const FfCall *call)
{
	const char *offset;
	char *today = pnstrdup(ff_carrier_clock(call->now, GERMAN_TIME, &offset), 10);
	char *wish = ff_carrier_ship_date(call);

	return strcmp(wish, today) > 0 ? wish : today;
}
