/*
 * carrier_subject.c
 *
 * The shipment or return a call is about: who sends and who receives, our
 * reference, the carrier's numbers, the day it leaves, and the settings that
 * go with it.  It decides where a fact may stand in a call and writes nothing.
 */
#include "postgres.h"

#include "connectors/carrier.h"

#define NUMBER_LONGEST 40

const FfJson *
ff_carrier_subject(const FfCall *call)
{
	const FfJson *shipment = ff_json_get(call->document, "shipment");

	return ff_json_is_object(shipment) ? shipment : ff_json_get(call->document, "return");
}

const char *
ff_carrier_field(const FfCall *call, const char *member)
{
	bool shipment = ff_json_is_object(ff_json_get(call->document, "shipment"));

	return psprintf("%s.%s", shipment ? "shipment" : "return", member);
}

void
ff_carrier_fail(const FfCall *call, const char *member, const char *hint)
{
	ff_connector_fail(call->connector, ff_carrier_field(call, member), hint);
}

bool
ff_carrier_is_return(const FfCall *call)
{
	const FfJson *subject = ff_carrier_subject(call);

	return call->operation == FF_OP_ANNOUNCE_RETURN ||
		   !ff_json_is_object(ff_json_get(call->document, "shipment")) ||
		   ff_json_bool(subject, "return", false) ||
		   ff_json_bool(subject, "options.return", false) ||
		   ff_json_text(subject, "options.return_service") != NULL ||
		   strcmp(ff_json_text_or(subject, "kind", ""), "return") == 0;
}

static const char *const role_members[] = {
	[FF_SHIP_FROM] = "ship_from",
	[FF_SHIP_TO] = "ship_to",
	[FF_SHIPPER] = "ship_from",
};

const FfJson *
ff_carrier_role(const FfCall *call, FfCarrierRole role)
{
	const FfJson *subject = ff_carrier_subject(call);
	const FfJson *account = ff_json_get(call->config, "shipper");
	const FfJson *found = ff_json_get(subject, role_members[role]);

	if (role == FF_SHIPPER && ff_json_is_object(account))
		return account;
	if (role == FF_SHIPPER && ff_carrier_is_return(call))
		return ff_carrier_role(call, FF_SHIP_TO);
	if (role == FF_SHIP_TO && !ff_json_is_object(found))
		found = ff_json_get(subject, "return_to");
	if (role == FF_SHIP_FROM && !ff_json_is_object(found) && !ff_carrier_is_return(call))
		found = account;
	return found;
}

const FfJson *
ff_carrier_need_role(const FfCall *call, FfCarrierRole role)
{
	const FfJson *address = ff_carrier_role(call, role);

	if (!ff_json_is_object(address))
		ff_carrier_fail(
			call, role_members[role], "Give the address, with at least street, city and country.");
	return address;
}

const char *
ff_carrier_need_country(const FfCall *call, FfCarrierRole role)
{
	const char *country = ff_carrier_country(ff_carrier_role(call, role));

	if (country == NULL)
		ff_carrier_fail(
			call, psprintf("%s.country", role_members[role]), "Give the country as two letters.");
	return country;
}

const char *
ff_carrier_reference(const FfJson *subject, int max)
{
	char *reference = ff_carrier_text(subject, "reference", max);

	return reference ? reference : ff_carrier_text(subject, "number", max);
}

char *
ff_carrier_known_number(const FfCall *call)
{
	const FfJson *subject = ff_carrier_subject(call);
	char *number = ff_carrier_text(subject, "provider_reference", NUMBER_LONGEST);

	if (number == NULL)
		number = ff_carrier_text(subject, "packages.0.tracking_number", NUMBER_LONGEST);
	return ff_carrier_upper(number);
}

/* The text of an element's member, the element counted when it has one. */
static char *
counted(const FfJson *list, const char *member, int index, int *seen)
{
	for (int i = 0; i < ff_json_count(list); i++)
	{
		char *number = ff_carrier_text(ff_json_at(list, i), member, NUMBER_LONGEST);

		if (number != NULL && (*seen)++ == index)
			return number;
	}
	return NULL;
}

char *
ff_carrier_tracking_number(const FfCall *call, int index)
{
	const FfJson *subject = ff_carrier_subject(call);
	int seen = 0;
	char *number = counted(ff_json_get(subject, "packages"), "tracking_number", index, &seen);

	if (number == NULL)
		number = counted(ff_json_get(call->document, "tracking_numbers"), "", index, &seen);
	if (number == NULL && seen == 0 && index == 0)
		number = ff_carrier_text(subject, "provider_reference", NUMBER_LONGEST);
	return number;
}

char *
ff_carrier_ship_date(const FfCall *call)
{
	char *today = ff_time_format(call->now, "%Y-%m-%d");
	TimestampTz wish;
	char *day;

	if (!ff_time_parse(ff_json_text(ff_carrier_subject(call), "ship_on"), &wish))
		return today;
	day = ff_time_format(wish, "%Y-%m-%d");
	return strcmp(day, today) > 0 ? day : today;
}

const char *
ff_carrier_setting(const FfCall *call, const char *name)
{
	return ff_json_text_or(call->config, name, NULL);
}

const char *
ff_carrier_need_setting(const FfCall *call, const char *name, const char *hint)
{
	const char *value = ff_carrier_setting(call, name);

	if (value == NULL)
		ff_connector_fail(call->connector, psprintf("config.%s", name), hint);
	return value;
}

const char *
ff_carrier_whose_field(const FfCall *call, const char *field, const char *message)
{
	const char *member = field ? strchr(field, '.') : NULL;
	const FfJson *subject = ff_carrier_subject(call);
	char *ours;
	char *theirs;

	if (member == NULL || message == NULL || strncmp(field, "ship_to.", 8) != 0)
		return field;
	ours = ff_json_text(subject, psprintf("ship_from%s", member));
	theirs = ff_json_text(subject, psprintf("ship_to%s", member));
	if (ours && *ours != '\0' && strstr(message, ours) &&
		!(theirs && *theirs != '\0' && strstr(message, theirs)))
		return psprintf("ship_from%s", member);
	return field;
}
