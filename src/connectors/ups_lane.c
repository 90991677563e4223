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

static const char eu[] = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO "
						 "SE SI SK";

/* country is of two letters, which no two neighbours of a list can form */
static bool
within(const char *country, const char *list)
{
	return strlen(country) == 2 && strstr(list, country) != NULL;
}

static bool
both(const FfUpsLane *lane, const char *list)
{
	return within(lane->from, list) && within(lane->to, list);
}

/* Whether the call asks for a label that brings goods back. */
bool
ff_ups_is_return(const FfCall *call)
{
	const FfJson *subject = ff_ups_subject(call);

	return call->operation == FF_OP_ANNOUNCE_RETURN ||
		   !ff_json_is_object(ff_json_get(call->document, "shipment")) ||
		   ff_json_bool(subject, "return", false) ||
		   ff_json_bool(subject, "options.return", false) ||
		   ff_json_text(subject, "options.return_service") != NULL ||
		   strcmp(ff_json_text_or(subject, "kind", ""), "return") == 0;
}

bool
ff_ups_pounds(const char *country)
{
	return within(country, "US PR VI");
}

void
ff_ups_lane(const FfCall *call, FfUpsLane *lane)
{
	lane->from = ff_ups_country(ff_ups_role(call, UPS_SHIP_FROM));
	lane->to = ff_ups_country(ff_ups_role(call, UPS_SHIP_TO));
	if (lane->from == NULL)
		ff_connector_fail("ups",
						  ff_ups_field(call, "ship_from.country"),
						  "Give the country of origin as two letters.");
	if (lane->to == NULL)
		ff_connector_fail("ups",
						  ff_ups_field(call, "ship_to.country"),
						  "Give the country of destination as two letters.");
	lane->is_return = ff_ups_is_return(call);
	lane->abroad = strcmp(lane->from, lane->to) != 0;
	lane->customs = lane->abroad && !both(lane, eu) && !both(lane, "US PR");
	lane->package_reference = !lane->abroad && within(lane->from, "US PR");
	lane->package_signature = both(lane, "US PR") || both(lane, "CA");
	lane->package_cod = both(lane, "US PR CA");
	lane->pounds = ff_ups_pounds(lane->from);
	lane->into_eu = within(lane->to, eu) && !within(lane->from, eu);
}

/*
 * Services by UPS's code.  The first name is how ff_ups_service_name shows it;
 * all are compared as letters and digits only, without a leading "ups".
 */
static const struct
{
	const char *code;
	const char *names; /* with | between */
} services[] = {
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

/* Letters and digits of a name, in lower case, without a leading "ups". */
static char *
squeeze(const char *name, const char *end)
{
	char *text = palloc(end - name + 1);
	int length = 0;

	for (const char *c = name; c < end; c++)
		if (isalnum((unsigned char) *c))
			text[length++] = pg_tolower((unsigned char) *c);
	text[length] = '\0';
	return strncmp(text, "ups", 3) == 0 && length > 3 ? text + 3 : text;
}

static bool
is_named(const char *names, const char *wanted)
{
	for (const char *at = names;; at++)
	{
		const char *bar = strchr(at, '|');
		const char *end = bar ? bar : at + strlen(at);

		if (strcmp(squeeze(at, end), wanted) == 0)
			return true;
		if (bar == NULL)
			return false;
		at = bar;
	}
}

const char *
ff_ups_service(const FfUpsLane *lane, const char *service)
{
	char *wanted = squeeze(service, service + strlen(service));
	const char *code = NULL;

	/* a code stands for itself, also one this list does not know; "3" is "03" */
	if (strlen(wanted) == 1 && isdigit((unsigned char) *wanted))
		return psprintf("0%s", wanted);
	if (strlen(wanted) <= 3)
	{
		for (char *c = wanted; *c != '\0'; c++)
			*c = pg_toupper((unsigned char) *c);
		return *wanted != '\0' ? wanted : NULL;
	}
	for (int i = 0; i < (int) lengthof(services) && code == NULL; i++)
		if (is_named(services[i].names, wanted))
			code = services[i].code;
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
