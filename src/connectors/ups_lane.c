/*
 * ups_lane.c
 *
 * What a shipment's origin, destination and kind decide: where references,
 * signatures and collect on delivery stand, whether a customs border lies
 * between, and which of UPS's service codes a name means there.  It writes
 * nothing; see ups_package.c and ups_ship.c for what is made of it.
 */
#include "postgres.h"

#include <ctype.h>

#include "connectors/ups.h"

static bool
both(const FfUpsLane *lane, const char *list)
{
	return ff_carrier_among(lane->from, list) && ff_carrier_among(lane->to, list);
}

void
ff_ups_lane(const FfCall *call, FfUpsLane *lane)
{
	lane->from = ff_carrier_need_country(call, FF_SHIP_FROM);
	lane->to = ff_carrier_need_country(call, FF_SHIP_TO);
	lane->is_return = ff_carrier_is_return(call);
	lane->abroad = strcmp(lane->from, lane->to) != 0;
	lane->customs =
		lane->abroad && !ff_carrier_inside_eu(lane->from, lane->to) && !both(lane, "US PR");
	lane->package_reference = !lane->abroad && ff_carrier_among(lane->from, "US PR");
	lane->package_signature = both(lane, "US PR") || both(lane, "CA");
	lane->package_cod = both(lane, "US PR CA");
	lane->pounds = ff_carrier_pounds(lane->from);
	lane->into_eu = ff_carrier_in_eu(lane->to) && !ff_carrier_in_eu(lane->from);
}

/* Services by UPS's code; the first name is how ff_ups_service_name shows it. */
static const FfCarrierCode services[] = {
	{"01", "Next Day Air|overnight"},
	{"02", "2nd Day Air|second day air"},
	{"03", "Ground"},
	{"07", "Worldwide Express|express"},
	{"08", "Worldwide Expedited|expedited"},
	{"11", "Standard"},
	{"12", "3 Day Select|three day select"},
	{"13", "Next Day Air Saver"},
	{"14", "Next Day Air Early|next day air early am"},
	{"17", "Worldwide Economy DDU"},
	{"54", "Express Plus|worldwide express plus"},
	{"59", "2nd Day Air AM|second day air am"},
	{"65", "Saver|worldwide saver|express saver|worldwide express saver"},
	{"70", "Access Point Economy"},
	{"72", "Worldwide Economy DDP"},
	{"74", "Express 12:00"},
	{"92", "Ground Saver under 1 lb|surepost less than 1 lb|surepost under 1 lb"},
	{"93", "Ground Saver|surepost|surepost 1 lb or greater"},
	{"M4", "Expedited Mail Innovations|mail innovations"},
	{"M5", "Priority Mail Innovations"},
	{"M6", "Economy Mail Innovations"},
};

/* The same name means another code on these lanes. */
static const struct
{
	const char *from;
	const char *to;
	const char *code;
	const char *instead;
} local_services[] = {
	{"CA", "CA", "07", "01"},
	{"CA", "CA", "08", "02"},
	{"CA", "CA", "65", "13"},
	{"US", "US", "07", "01"},
	{"US", "US", "08", "02"},
	{"US", "US", "11", "03"},
	{"US", "US", "65", "13"},
	{"US", "PR", "07", "01"},
	{"US", "PR", "08", "02"},
};

const char *
ff_ups_service(const FfUpsLane *lane, const char *service)
{
	char *wanted = ff_carrier_squeeze(service, strlen(service), "ups");
	const char *code;
	int row;

	/* a code stands for itself, also one this list does not know; "3" is "03" */
	if (strlen(wanted) == 1 && isdigit((unsigned char) *wanted))
		return psprintf("0%s", wanted);
	if (strlen(wanted) <= 3)
	{
		for (char *c = wanted; *c != '\0'; c++)
			*c = pg_toupper((unsigned char) *c);
		return *wanted != '\0' ? wanted : NULL;
	}
	row = FF_CARRIER_CODE(services, "ups", service);
	code = row >= 0 ? services[row].code : NULL;
	for (int i = 0; i < (int) lengthof(local_services) && code != NULL; i++)
		if (strcmp(local_services[i].from, lane->from) == 0 &&
			strcmp(local_services[i].to, lane->to) == 0 &&
			strcmp(local_services[i].code, code) == 0)
			return local_services[i].instead;
	return code;
}

const char *
ff_ups_service_name(const char *code)
{
	for (int i = 0; i < (int) lengthof(services); i++)
	{
		const char *names = services[i].names;

		if (strcmp(services[i].code, code) == 0)
			return psprintf("UPS %s", pnstrdup(names, strcspn(names, "|")));
	}
	return NULL;
}
