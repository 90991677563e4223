/*
 * usps_service.c
 *
 * What a parcel's origin, destination and service decide: whether it goes
 * abroad, whether customs want a form, its class and the three codes a price
 * depends on beside it.  A service of ours is the class and, behind slashes,
 * those of the three that are not its defaults (PRIORITY_MAIL/FE): so what
 * quote_rates answered can be asked for.
 */
#include "postgres.h"

#include "connectors/usps.h"

#define SINGLE_PIECE  "SP"
#define EXPRESS_PIECE "PA"
#define MACHINABLE    "MACHINABLE"
#define NO_FACILITY   "NONE"

/* Places at home that customs want a form for, on the way there and back. */
static const char formal_states[] = "AA AE AP AS GU MP FM MH PW";

static const FfCarrierCode classes[] = {
	{"USPS_GROUND_ADVANTAGE", "ground|FIRST-CLASS_PACKAGE_SERVICE|first class package|first class"},
	{"PRIORITY_MAIL", "priority"},
	{"PRIORITY_MAIL_EXPRESS", "express|priority express|express mail"},
	{"PARCEL_SELECT", "PARCEL_SELECT_LIGHTWEIGHT"},
	{"MEDIA_MAIL", "media"},
	{"LIBRARY_MAIL", "library"},
	{"BOUND_PRINTED_MATTER", "printed matter"},
	{"USPS_CONNECT_LOCAL", "local"},
	{"USPS_CONNECT_REGIONAL", "regional"},
	{"USPS_CONNECT_MAIL", "connect mail"},
	{"FIRST-CLASS_PACKAGE_INTERNATIONAL_SERVICE", "first class international|first class abroad"},
	{"PRIORITY_MAIL_INTERNATIONAL", "priority international"},
	{"PRIORITY_MAIL_EXPRESS_INTERNATIONAL", "express international|priority express international"},
	{"USPS_GROUND_ADVANTAGE_RETURN_SERVICE",
	 "ground return|GROUND_RETURN_SERVICE|FIRST-CLASS_PACKAGE_RETURN_SERVICE"},
	{"PRIORITY_MAIL_RETURN_SERVICE", "priority return"},
	{"PRIORITY_MAIL_EXPRESS_RETURN_SERVICE", "express return"},
};

/* The same service under the names it has across the border, and on its way back. */
static const struct
{
	const char *home;
	const char *abroad;
	const char *back;
} counterparts[] = {
	{"USPS_GROUND_ADVANTAGE",
	 "FIRST-CLASS_PACKAGE_INTERNATIONAL_SERVICE",
	 "USPS_GROUND_ADVANTAGE_RETURN_SERVICE"},
	{"PRIORITY_MAIL", "PRIORITY_MAIL_INTERNATIONAL", "PRIORITY_MAIL_RETURN_SERVICE"},
	{"PRIORITY_MAIL_EXPRESS",
	 "PRIORITY_MAIL_EXPRESS_INTERNATIONAL",
	 "PRIORITY_MAIL_EXPRESS_RETURN_SERVICE"},
};

/* Kinds of price by the packaging they are for. */
static const FfCarrierCode packagings[] = {
	{"SP", "package|parcel|box|own"},
	{"FE", "envelope|flat rate envelope"},
	{"FA", "legal flat rate envelope|legal envelope"},
	{"FP", "padded flat rate envelope|padded envelope|pak"},
	{"FS", "small flat rate box|small box"},
	{"FB", "medium flat rate box|medium box"},
	{"PL", "large flat rate box|large box"},
	{"PM", "large flat rate box apo|military box"},
	{"CP", "cubic"},
	{"DR", "dimensional"},
};

bool
ff_usps_is_express(const char *mail_class)
{
	return mail_class != NULL && strncmp(mail_class, "PRIORITY_MAIL_EXPRESS", 21) == 0;
}

static const char *
default_indicator(const char *mail_class)
{
	return ff_usps_is_express(mail_class) ? EXPRESS_PIECE : SINGLE_PIECE;
}

/* Part of a service between its slashes; NULL when it has fewer. */
static char *
part_of(const char *service, int index)
{
	while (service != NULL && index-- > 0)
	{
		service = strchr(service, '/');
		service = service ? service + 1 : NULL;
	}
	return service && strcspn(service, "/") > 0 ? pnstrdup(service, strcspn(service, "/")) : NULL;
}

/* The class on this lane. */
static const char *
class_on_lane(const FfUspsLane *lane, const char *mail_class)
{
	for (int i = 0; i < (int) lengthof(counterparts); i++)
	{
		if (strcmp(counterparts[i].home, mail_class) != 0)
			continue;
		if (lane->is_return)
			return counterparts[i].back;
		if (lane->abroad)
			return counterparts[i].abroad;
	}
	return mail_class;
}

/* Of the service, else of the packaging, else a single piece. */
static const char *
indicator_of(const FfCall *call, int package, const char *mail_class, const char *wish)
{
	const char *packaging = ff_json_text_or(ff_carrier_package(call, package), "packaging", NULL);
	int row = packaging ? FF_CARRIER_CODE(packagings, "usps", packaging) : -1;
	const char *code = wish;

	if (code == NULL && row >= 0)
		code = packagings[row].code;
	else if (code == NULL && packaging != NULL && strlen(packaging) == 2)
		code = ff_carrier_upper(pstrdup(packaging));
	if (code == NULL || strcmp(code, SINGLE_PIECE) == 0)
		return default_indicator(mail_class);
	/* Express has envelopes of its own */
	if (ff_usps_is_express(mail_class) && strcmp(code, "FE") == 0)
		return "E4";
	if (ff_usps_is_express(mail_class) && strcmp(code, "FA") == 0)
		return "E6";
	return code;
}

static bool
is_formal(const FfJson *address)
{
	char *state = ff_usps_state(address);

	return state != NULL && ff_carrier_among(state, formal_states);
}

void
ff_usps_lane(const FfCall *call, int package, FfUspsLane *lane)
{
	const FfJson *subject = ff_carrier_subject(call);
	const FfJson *receiver = ff_carrier_need_role(call, FF_SHIP_TO);
	const FfJson *sender = ff_carrier_need_role(call, FF_SHIP_FROM);
	const char *wish = ff_json_text_or(subject, "service", NULL);
	char *category = part_of(wish, 2);
	char *facility = part_of(wish, 3);
	int row;

	(void) ff_carrier_need_country(call, FF_SHIP_TO);
	if (!ff_usps_is_domestic(sender))
		ff_carrier_fail(call, "ship_from.country", "USPS takes parcels from the USA only.");
	lane->is_return = ff_carrier_is_return(call);
	lane->abroad = !ff_usps_is_domestic(receiver);
	lane->customs_form = lane->abroad || is_formal(receiver) || is_formal(sender);
	row = wish ? FF_CARRIER_CODE(classes, "usps", part_of(wish, 0)) : -1;
	if (wish != NULL && row < 0)
		ff_carrier_fail(
			call, "service", "Give a mail class of USPS, such as PRIORITY_MAIL, or its name.");
	if (wish == NULL && lane->is_return)
		row = 0;
	lane->mail_class = row >= 0 ? class_on_lane(lane, classes[row].code) : NULL;
	lane->indicator = indicator_of(call, package, lane->mail_class, part_of(wish, 1));
	lane->category = category ? category : MACHINABLE;
	lane->facility = facility ? facility : NO_FACILITY;
}

char *
ff_usps_service(const char *mail_class, const char *indicator, const char *category,
				const char *facility)
{
	bool elsewhere = facility != NULL && strcmp(facility, NO_FACILITY) != 0;
	bool special = category != NULL && strcmp(category, MACHINABLE) != 0;
	bool other = indicator != NULL && strcmp(indicator, default_indicator(mail_class)) != 0;
	const char *price = indicator ? indicator : default_indicator(mail_class);

	if (elsewhere)
		return psprintf(
			"%s/%s/%s/%s", mail_class, price, category ? category : MACHINABLE, facility);
	if (special)
		return psprintf("%s/%s/%s", mail_class, price, category);
	return other ? psprintf("%s/%s", mail_class, price) : pstrdup(mail_class);
}

/* Kinds of parcels that a carrier is told of. */
static const struct
{
	const char *begins; /* of the mail class */
	const char *type;
} pickup_types[] = {
	{"PRIORITY_MAIL_EXPRESS_INTERNATIONAL", "INTERNATIONAL"},
	{"PRIORITY_MAIL_INTERNATIONAL", "INTERNATIONAL"},
	{"FIRST-CLASS_PACKAGE_INTERNATIONAL", "INTERNATIONAL"},
	{"PRIORITY_MAIL_EXPRESS_RETURN", "RETURNS"},
	{"PRIORITY_MAIL_RETURN", "RETURNS"},
	{"USPS_GROUND_ADVANTAGE_RETURN", "RETURNS"},
	{"PRIORITY_MAIL_EXPRESS", "PRIORITY_MAIL_EXPRESS"},
	{"PRIORITY_MAIL", "PRIORITY_MAIL"},
	{"USPS_GROUND_ADVANTAGE", "USPS_GROUND_ADVANTAGE"},
};

const char *
ff_usps_pickup_type(const FfCall *call)
{
	const char *wish = ff_json_text_or(call->document,
									   "pickup.service",
									   ff_json_text_or(ff_carrier_subject(call), "service", NULL));
	int row = wish ? FF_CARRIER_CODE(classes, "usps", part_of(wish, 0)) : -1;

	for (int i = 0; row >= 0 && i < (int) lengthof(pickup_types); i++)
		if (strncmp(classes[row].code, pickup_types[i].begins, strlen(pickup_types[i].begins)) == 0)
			return pickup_types[i].type;
	return "OTHER";
}
