/*
 * fedex_service.c
 *
 * What a shipment's origin, destination and service decide: units, whether
 * customs details are wanted, which packaging goes with a service, and which
 * of FedEx's enumerations a name means.  It writes only the extra object that
 * Ground Economy wants.
 */
#include "postgres.h"

#include "connectors/fedex.h"

/*
 * Services by FedEx's enumeration, which is a name of itself; the others are
 * how people call them.
 */
static const FfCarrierCode services[] = {
	{"FEDEX_GROUND", "domestic ground|international ground"},
	{"GROUND_HOME_DELIVERY", "home delivery"},
	{"SMART_POST", "ground economy|economy ground"},
	{"FEDEX_EXPRESS_SAVER", "express saver"},
	{"FEDEX_2_DAY", "second day"},
	{"FEDEX_2_DAY_AM", "second day am"},
	{"STANDARD_OVERNIGHT", "standard overnight"},
	{"PRIORITY_OVERNIGHT", "priority overnight"},
	{"FIRST_OVERNIGHT", "first overnight"},
	{"SAME_DAY", "same day"},
	{"SAME_DAY_CITY", "same day city"},
	{"INTERNATIONAL_ECONOMY", "international economy"},
	{"FEDEX_INTERNATIONAL_PRIORITY", "international priority"},
	{"FEDEX_INTERNATIONAL_PRIORITY_EXPRESS", "international priority express"},
	{"INTERNATIONAL_FIRST", "international first"},
	{"FEDEX_INTERNATIONAL_CONNECT_PLUS", "connect plus"},
	{"FEDEX_REGIONAL_ECONOMY", "regional economy"},
	{"FEDEX_REGIONAL_ECONOMY_FREIGHT", "regional economy freight"},
	{"FEDEX_PRIORITY", "domestic priority"},
	{"FEDEX_PRIORITY_EXPRESS", "domestic priority express"},
	{"FEDEX_FIRST", "domestic first"},
	{"FEDEX_ECONOMY", "domestic economy"},
	{"FEDEX_ECONOMY_SELECT", "economy select"},
	{"FEDEX_PRIORITY_FREIGHT", "domestic priority freight"},
	{"FEDEX_PRIORITY_EXPRESS_FREIGHT", "domestic priority express freight"},
	{"FEDEX_ECONOMY_FREIGHT", "domestic economy freight"},
	{"FEDEX_1_DAY_FREIGHT", "one day freight"},
	{"FEDEX_2_DAY_FREIGHT", "two day freight"},
	{"FEDEX_3_DAY_FREIGHT", "three day freight"},
	{"FEDEX_FIRST_FREIGHT", "first overnight freight"},
	{"FEDEX_FREIGHT_PRIORITY", "ltl freight priority"},
	{"FEDEX_FREIGHT_ECONOMY", "ltl freight economy"},
	{"INTERNATIONAL_PRIORITY_FREIGHT", "international priority freight"},
	{"INTERNATIONAL_ECONOMY_FREIGHT", "international economy freight"},
	{"FEDEX_INTERNATIONAL_DEFERRED_FREIGHT", "international deferred freight"},
	{"INTERNATIONAL_PRIORITY_DISTRIBUTION", "international priority directdistribution"},
	{"INTERNATIONAL_DISTRIBUTION_FREIGHT", "international priority directdistribution freight"},
	{"INTERNATIONAL_ECONOMY_DISTRIBUTION", "international economy directdistribution"},
	{"INTL_GROUND_DISTRIBUTION", "international ground distribution"},
	{"TRANSBORDER_DISTRIBUTION", "transborder distribution"},
};

/* A box of one's own is no FedEx Box: only its enumeration means that one. */
static const FfCarrierCode packagings[] = {
	{"YOUR_PACKAGING", "package|parcel|box|own"},
	{"FEDEX_ENVELOPE", "envelope|letter"},
	{"FEDEX_PAK", "pak"},
	{"FEDEX_TUBE", "tube"},
	{"FEDEX_BOX", "fedex box"},
	{"FEDEX_SMALL_BOX", "small box"},
	{"FEDEX_MEDIUM_BOX", "medium box"},
	{"FEDEX_LARGE_BOX", "large box"},
	{"FEDEX_EXTRA_LARGE_BOX", "extra large box"},
	{"FEDEX_10KG_BOX", "box 10kg|10kg box"},
	{"FEDEX_25KG_BOX", "box 25kg|25kg box"},
};

#define OWN_PACKAGING "YOUR_PACKAGING"
#define POUND_G       453.59237

/* An enumeration this list does not have yet stands for itself. */
static bool
is_enumeration(const char *name)
{
	return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == strlen(name) &&
		   strlen(name) > 2;
}

char *
ff_fedex_service(const char *service)
{
	int row = FF_CARRIER_CODE(services, "fedex", service);

	if (row >= 0)
		return pstrdup(services[row].code);
	return is_enumeration(service) ? pstrdup(service) : NULL;
}

bool
ff_fedex_is_ground(const char *service)
{
	return service != NULL &&
		   ff_carrier_among(service, "FEDEX_GROUND GROUND_HOME_DELIVERY SMART_POST");
}

bool
ff_fedex_is_home(const FfFedexLane *lane)
{
	return lane->service != NULL && strcmp(lane->service, "GROUND_HOME_DELIVERY") == 0;
}

/* Ground takes no packaging of FedEx's. */
static const char *
packaging_of(const FfCall *call, const char *service)
{
	const char *name = ff_json_text_or(
		ff_carrier_package(call, 0), "packaging", ff_carrier_setting(call, "packaging"));
	int row = name ? FF_CARRIER_CODE(packagings, "", name) : -1;

	if (name == NULL || ff_fedex_is_ground(service))
		return OWN_PACKAGING;
	if (row >= 0)
		return packagings[row].code;
	return is_enumeration(name) ? name : OWN_PACKAGING;
}

void
ff_fedex_lane(const FfCall *call, FfFedexLane *lane)
{
	const char *service = ff_json_text_or(ff_carrier_subject(call), "service", NULL);

	lane->from = ff_carrier_need_country(call, FF_SHIP_FROM);
	lane->to = ff_carrier_need_country(call, FF_SHIP_TO);
	lane->service = service ? ff_fedex_service(service) : NULL;
	if (service != NULL && lane->service == NULL)
		ff_carrier_fail(
			call, "service", "Give a code of FedEx, such as FEDEX_GROUND, or the service's name.");
	lane->packaging = packaging_of(call, lane->service);
	lane->is_return = ff_carrier_is_return(call);
	lane->abroad = strcmp(lane->from, lane->to) != 0;
	lane->border = lane->abroad && !ff_carrier_inside_eu(lane->from, lane->to);
	lane->pounds = ff_carrier_pounds(lane->from);
	lane->into_eu = ff_carrier_in_eu(lane->to) && !ff_carrier_in_eu(lane->from);
}

/*
 * Rates include Ground Economy when a hub is known, and a label of it needs
 * one.  Parcels below a pound travel as Standard Mail, whose endorsement says
 * what happens to one that cannot be delivered.
 */
void
ff_fedex_smart_post(FfJsonWriter *writer, const FfCall *call, const FfFedexLane *lane)
{
	bool asked = lane->service != NULL && strcmp(lane->service, "SMART_POST") == 0;
	const char *hub = ff_carrier_setting(call, "hub_id");
	const char *indicia = ff_carrier_setting(call, "indicia");
	bool light = ff_carrier_total_grams(call) < POUND_G;

	if (!asked && (hub == NULL || lane->service != NULL || lane->abroad))
		return;
	if (hub == NULL)
		hub = ff_carrier_need_setting(call, "hub_id", "Set hub_id to the four digits of your hub.");
	if (indicia == NULL)
		indicia = lane->is_return ? "PARCEL_RETURN"
				  : light         ? "PRESORTED_STANDARD"
								  : "PARCEL_SELECT";
	ff_write_object(writer, "smartPostInfoDetail");
	ff_write_text(writer, "hubId", hub);
	ff_write_text(writer, "indicia", indicia);
	if (strcmp(indicia, "PRESORTED_STANDARD") == 0)
		ff_write_text(writer, "ancillaryEndorsement", ff_carrier_setting(call, "endorsement"));
	ff_write_end(writer);
}
