/*
 * dhl_parcel_de_service.c
 *
 * What is asked beside transport: DHL's value added services of one parcel.
 * Amounts for the whole shipment are divided among its parcels and stay
 * decimal text.  Which products take a service is DHL's to say.
 */
#include "postgres.h"

#include "connectors/decimal.h"
#include "connectors/dhl_parcel_de.h"

#define NOTE  35
#define PLACE 100

/* Wishes that are flags: by an option of the shipment, or a setting for all of them. */
static const struct
{
	const char *option;
	const char *setting;
	const char *service;
} flags[] = {
	{"options.named_person_only", NULL, "namedPersonOnly"},
	{"options.no_neighbour", NULL, "noNeighbourDelivery"},
	{"options.bulky", NULL, "bulkyGoods"},
	{"options.premium", NULL, "premium"},
	{"options.closest_drop_point", NULL, "closestDropPoint"},
	{"options.go_green", "go_green_plus", "goGreenPlus"},
};

static const struct
{
	const char *option;
	const char *service;
	int longest;
} texts[] = {
	{"options.preferred_neighbour", "preferredNeighbour", PLACE},
	{"options.preferred_location", "preferredLocation", PLACE},
	{"options.preferred_day", "preferredDay", 10},
	{"options.outlet_routing", "parcelOutletRouting", 80},
};

void
ff_pde_value(FfJsonWriter *writer, const char *key, const char *amount, const char *currency)
{
	if (amount == NULL)
		return;
	ff_write_object(writer, key);
	ff_write_text(writer, "currency", currency ? currency : "EUR");
	ff_write_number(writer, "value", ff_decimal_trim(amount));
	ff_write_end(writer);
}

static void
write_signature(FfJsonWriter *writer, const FfJson *subject)
{
	int64 age = ff_json_int64_or(subject, "options.minimum_age", 0);
	bool adult;

	if (ff_carrier_signature(subject, &adult))
	{
		if (!adult)
			ff_write_bool(writer, "signedForByRecipient", true);
		else if (age == 0)
			age = 18;
	}
	if (age > 0 && !ff_json_is_object(ff_json_get(subject, "options.ident_check")))
		ff_write_text(writer, "visualCheckOfAge", age > 16 ? "A18" : "A16");
}

static void
write_ident_check(FfJsonWriter *writer, const FfJson *subject)
{
	const FfJson *check = ff_json_get(subject, "options.ident_check");
	int64 age = ff_json_int64_or(subject, "options.minimum_age", 0);

	if (!ff_json_is_object(check))
		return;
	ff_write_object(writer, "identCheck");
	ff_write_text(writer, "firstName", ff_carrier_text(check, "first_name", NOTE));
	ff_write_text(writer, "lastName", ff_carrier_text(check, "last_name", NOTE));
	ff_write_text(writer, "dateOfBirth", ff_carrier_text(check, "date_of_birth", 10));
	age = ff_json_int64_or(check, "minimum_age", age);
	if (age > 0)
		ff_write_text(writer, "minimumAge", age > 16 ? "A18" : "A16");
	ff_write_end(writer);
}

static void
write_cash(FfJsonWriter *writer, const FfCall *call, int index)
{
	const FfJson *subject = ff_carrier_subject(call);
	const FfJson *account = ff_json_get(call->config, "bank_account");
	const char *currency;
	char *amount = ff_carrier_amount(subject, "options.cod", &currency);

	if (amount == NULL)
		return;
	ff_write_object(writer, "cashOnDelivery");
	ff_pde_value(writer, "amount", ff_carrier_share(call, index, amount, currency), currency);
	if (ff_json_is_object(account))
		ff_write_json(writer, "bankAccount", account);
	else
		ff_write_text(writer,
					  "accountReference",
					  ff_carrier_need_setting(
						  call,
						  "account_reference",
						  "Name the account that collected money goes to, or set bank_account."));
	ff_write_text(writer, "transferNote1", ff_carrier_reference(subject, NOTE));
	ff_write_end(writer);
}

/* A second label for the way back, in the same box. */
static void
write_return(FfJsonWriter *writer, const FfCall *call)
{
	const FfJson *subject = ff_carrier_subject(call);
	const FfJson *address = ff_json_get(subject, "return_to");

	if (!ff_json_bool(subject, "options.return_label", false))
		return;
	if (!ff_json_is_object(address))
		address = ff_carrier_need_role(call, FF_SHIPPER);
	ff_write_object(writer, "dhlRetoure");
	ff_write_text(writer,
				  "billingNumber",
				  ff_carrier_need_setting(
					  call, "return_billing_number", "Set the billing number of procedure 07."));
	ff_write_text(writer, "refNo", ff_pde_reference(call));
	ff_write_object(writer, "returnAddress");
	ff_pde_address(writer, address, PDE_WITH_NAME3);
	ff_write_end(writer);
	ff_write_end(writer);
}

void
ff_pde_services(FfJsonWriter *writer, const FfCall *call, const FfPdeLane *lane, int index)
{
	const FfJson *subject = ff_carrier_subject(call);
	char *endorsement = ff_carrier_upper(ff_carrier_text(subject, "options.endorsement", 10));
	char *incoterm = ff_carrier_incoterm(subject);
	FfJsonWriter services;
	const char *currency;
	char *insured = ff_carrier_insured(call, index, &currency);
	char *text;

	ff_write_init(&services);
	ff_write_object(&services, NULL);
	write_signature(&services, subject);
	write_ident_check(&services, subject);
	for (int i = 0; i < (int) lengthof(flags); i++)
		if (ff_json_bool(subject,
						 flags[i].option,
						 flags[i].setting && ff_json_bool(call->config, flags[i].setting, false)))
			ff_write_bool(&services, flags[i].service, true);
	for (int i = 0; i < (int) lengthof(texts); i++)
		ff_write_text(&services,
					  texts[i].service,
					  ff_carrier_text(subject, texts[i].option, texts[i].longest));
	if (insured != NULL)
		ff_pde_value(&services, "additionalInsurance", insured, currency);
	write_cash(&services, call, index);
	if (strcmp(lane->to, "DE") != 0)
		ff_write_text(&services, "endorsement", endorsement);
	if (lane->customs && incoterm && strcmp(incoterm, "DDP") == 0 &&
		strcmp(lane->product, "V53WPAK") == 0)
		ff_write_bool(&services, "postalDeliveryDutyPaid", true);
	write_return(&services, call);
	text = ff_write_finish(&services);
	if (strcmp(text, "{}") != 0)
		ff_write_raw(writer, "services", text);
}
