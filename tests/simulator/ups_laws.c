/*
 * ups_laws.c
 *
 * What UPS demands beyond single members: which postcode fits which country,
 * where a reference or a signature belongs on which lane, one system of units,
 * sizes, who may pay, which service serves which lane.  A law is a row with a
 * place, a code, a message and a predicate on the Shipment of the request.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ups.h"

const char *
ups_from_country(const json_t *shipment)
{
	return sim_text(shipment,
					"ShipFrom.Address.CountryCode",
					sim_text(shipment, "Shipper.Address.CountryCode", ""));
}

const char *
ups_to_country(const json_t *shipment)
{
	return sim_text(shipment, "ShipTo.Address.CountryCode", "");
}

bool
ups_is_return(const json_t *shipment)
{
	return json_object_get(shipment, "ReturnService") != NULL;
}

bool
ups_obeys(SimRequest *request, const UpsLaw *laws, const json_t *shipment)
{
	SimFailure first = {0};

	for (const UpsLaw *law = laws; law->holds; law++)
	{
		SimFailure failure = {.rule = "law", .row = &law->row};

		if (law->holds(shipment, failure.detail))
			continue;
		snprintf(failure.field, sizeof failure.field, "%s", law->row.path);
		sim_offence(request, true, "law", failure.field, "%s", failure.detail);
		if (!first.rule)
			first = failure;
	}
	if (first.rule)
		request->peer->refuse(request, &first, 1);
	return !first.rule;
}

#define SAY(...) (snprintf(detail, 300, __VA_ARGS__), false)

/* --- addresses --- */

static bool
postcode_is_there(const json_t *address, char detail[300])
{
	const char *country = sim_text(address, "CountryCode", "");

	return !sim_postcode_needed(country) || *sim_text(address, "PostalCode", "") ||
		   SAY("%s has postcodes, but there is none.", country);
}

static bool
postcode_fits(const json_t *address, char detail[300])
{
	const char *country = sim_text(address, "CountryCode", "");
	const char *postcode = sim_text(address, "PostalCode", "");

	return !*postcode || sim_postcode_fits(country, postcode) ||
		   SAY("\"%.20s\" is no postcode of %s (%s).",
			   postcode,
			   country,
			   sim_postcode_pattern(country));
}

/* The ranges of some states, enough to notice a ZIP code of another state. */
static const struct
{
	char state[3];
	int from; /* first three digits */
	int to;
} zip_ranges[] = {{"AZ", 850, 865}, {"CA", 900, 961}, {"CO", 800, 816}, {"FL", 320, 349},
				  {"GA", 300, 319}, {"GA", 398, 399}, {"IL", 600, 629}, {"KY", 400, 427},
				  {"MA", 10, 27},   {"NJ", 70, 89},   {"NV", 889, 898}, {"NY", 5, 5},
				  {"NY", 100, 149}, {"OH", 430, 459}, {"OR", 970, 979}, {"PA", 150, 196},
				  {"TN", 370, 385}, {"TX", 750, 799}, {"TX", 885, 885}, {"WA", 980, 994}};

static bool
zip_fits_state(const json_t *address, char detail[300])
{
	const char *state = sim_text(address, "StateProvinceCode", "");
	char digits[4];
	int zip;
	bool listed = false;

	if (strcmp(sim_text(address, "CountryCode", ""), "US") != 0)
		return true;
	snprintf(digits, sizeof digits, "%.3s", sim_text(address, "PostalCode", ""));
	zip = atoi(digits);
	for (size_t i = 0; i < sizeof zip_ranges / sizeof *zip_ranges; i++)
	{
		if (strcmp(zip_ranges[i].state, state) != 0)
			continue;
		listed = true;
		if (zip >= zip_ranges[i].from && zip <= zip_ranges[i].to)
			return true;
	}
	return !listed || SAY("ZIP code %s is not in %s.", sim_text(address, "PostalCode", ""), state);
}

static bool
state_is_there(const json_t *address, char detail[300])
{
	const char *country = sim_text(address, "CountryCode", "");

	return (strcmp(country, "US") != 0 && strcmp(country, "CA") != 0) ||
		   strlen(sim_text(address, "StateProvinceCode", "")) == 2 ||
		   SAY("%s needs a two-letter state, \"%.10s\" is none.",
			   country,
			   sim_text(address, "StateProvinceCode", ""));
}

#define ADDRESS_LAW(function, member, check)                          \
	static bool function(const json_t *shipment, char detail[300])    \
	{                                                                 \
		const json_t *address = sim_get(shipment, member ".Address"); \
		return !address || check(address, detail);                    \
	}

ADDRESS_LAW(shipper_has_postcode, "Shipper", postcode_is_there)
ADDRESS_LAW(shipper_has_state, "Shipper", state_is_there)
ADDRESS_LAW(shipper_postcode_fits, "Shipper", postcode_fits)
ADDRESS_LAW(receiver_has_postcode, "ShipTo", postcode_is_there)
ADDRESS_LAW(receiver_has_state, "ShipTo", state_is_there)
ADDRESS_LAW(receiver_postcode_fits, "ShipTo", postcode_fits)
ADDRESS_LAW(receiver_zip_fits, "ShipTo", zip_fits_state)
ADDRESS_LAW(origin_has_postcode, "ShipFrom", postcode_is_there)
ADDRESS_LAW(origin_has_state, "ShipFrom", state_is_there)
ADDRESS_LAW(origin_postcode_fits, "ShipFrom", postcode_fits)

/* --- lanes --- */

static bool
same_country(const json_t *shipment, const char *country)
{
	return strcmp(ups_from_country(shipment), country) == 0 &&
		   strcmp(ups_to_country(shipment), country) == 0;
}

/* Does any package have the member? */
static bool
in_packages(const json_t *shipment, const char *path)
{
	size_t i;
	json_t *package;

	json_array_foreach(json_object_get(shipment, "Package"), i, package)
	{
		if (sim_get(package, path))
			return true;
	}
	return false;
}

static bool
reference_is_in_package(const json_t *shipment, char detail[300])
{
	return !json_object_get(shipment, "ReferenceNumber") ||
		   !(same_country(shipment, "US") || same_country(shipment, "PR")) ||
		   SAY("On US-US and PR-PR lanes references belong to Package[].ReferenceNumber.");
}

static bool
reference_is_in_shipment(const json_t *shipment, char detail[300])
{
	return !in_packages(shipment, "ReferenceNumber") || same_country(shipment, "US") ||
		   same_country(shipment, "PR") ||
		   SAY("On the lane %s-%s references belong to Shipment.ReferenceNumber.",
			   ups_from_country(shipment),
			   ups_to_country(shipment));
}

/* Lanes on which a signature is asked for per package. */
static bool
signs_packages(const json_t *shipment)
{
	return (ups_is_american(ups_from_country(shipment)) &&
			ups_is_american(ups_to_country(shipment))) ||
		   same_country(shipment, "CA");
}

static bool
signature_is_in_package(const json_t *shipment, char detail[300])
{
	return !sim_get(shipment, "ShipmentServiceOptions.DeliveryConfirmation") ||
		   !signs_packages(shipment) ||
		   SAY("On domestic lanes DeliveryConfirmation belongs to PackageServiceOptions.");
}

static bool
signature_is_in_shipment(const json_t *shipment, char detail[300])
{
	return !in_packages(shipment, "PackageServiceOptions.DeliveryConfirmation") ||
		   signs_packages(shipment) ||
		   SAY("On the lane %s-%s DeliveryConfirmation belongs to ShipmentServiceOptions.",
			   ups_from_country(shipment),
			   ups_to_country(shipment));
}

static bool
return_is_not_signed(const json_t *shipment, char detail[300])
{
	return !ups_is_return(shipment) ||
		   (!sim_get(shipment, "ShipmentServiceOptions.DeliveryConfirmation") &&
			!in_packages(shipment, "PackageServiceOptions.DeliveryConfirmation")) ||
		   SAY("A return cannot have a delivery confirmation.");
}

static bool
service_is_known(const json_t *shipment, char detail[300])
{
	const char *code = sim_text(shipment, "Service.Code", "");

	return !*code || ups_service(code) || SAY("UPS has no service \"%.5s\".", code);
}

static bool
service_serves(const json_t *shipment, char detail[300])
{
	const UpsService *service = ups_service(sim_text(shipment, "Service.Code", ""));

	return !service ||
		   ups_service_serves(service, ups_from_country(shipment), ups_to_country(shipment)) ||
		   SAY("Service %s (%s) does not go from %s to %s.",
			   service->code,
			   service->name,
			   ups_from_country(shipment),
			   ups_to_country(shipment));
}

/* --- packages --- */

static bool
units_agree(const json_t *shipment, char detail[300])
{
	bool metric = false;
	bool imperial = false;
	size_t i;
	json_t *package;

	json_array_foreach(json_object_get(shipment, "Package"), i, package)
	{
		const char *weight = sim_text(package, "PackageWeight.UnitOfMeasurement.Code", "");
		const char *length = sim_text(package, "Dimensions.UnitOfMeasurement.Code", "");

		metric |= strcmp(weight, "KGS") == 0 || strcmp(length, "CM") == 0;
		imperial |=
			strcmp(weight, "LBS") == 0 || strcmp(weight, "OZS") == 0 || strcmp(length, "IN") == 0;
	}
	return !(metric && imperial) || SAY("The packages mix LBS or IN with KGS or CM.");
}

static bool
weight_is_possible(const json_t *shipment, char detail[300])
{
	size_t i;
	json_t *package;

	json_array_foreach(json_object_get(shipment, "Package"), i, package)
	{
		const char *unit = sim_text(package, "PackageWeight.UnitOfMeasurement.Code", "");
		double weight = sim_real(package, "PackageWeight.Weight", 0);
		double most = strcmp(unit, "KGS") == 0 ? 70 : strcmp(unit, "OZS") == 0 ? 2400 : 150;

		if (weight <= 0 && strcmp(sim_text(package, "Packaging.Code", ""), "01") != 0)
			return SAY("Package[%zu] weighs nothing.", i);
		if (weight > most)
			return SAY("Package[%zu] weighs %g %s, more than %g.", i, weight, unit, most);
	}
	return true;
}

static bool
size_is_possible(const json_t *shipment, char detail[300])
{
	size_t i;
	json_t *package;

	json_array_foreach(json_object_get(shipment, "Package"), i, package)
	{
		double length = sim_real(package, "Dimensions.Length", 0);
		double width = sim_real(package, "Dimensions.Width", 0);
		double height = sim_real(package, "Dimensions.Height", 0);
		bool metric = strcmp(sim_text(package, "Dimensions.UnitOfMeasurement.Code", ""), "CM") == 0;

		if (length < width || length < height)
			return SAY("Package[%zu]: Length %g is not its longest side.", i, length);
		if (length + 2 * (width + height) > (metric ? 330 : 165))
			return SAY("Package[%zu]: length and girth are %g, at most %d are allowed.",
					   i,
					   length + 2 * (width + height),
					   metric ? 330 : 165);
	}
	return true;
}

static bool
value_is_insurable(const json_t *shipment, char detail[300])
{
	size_t i;
	json_t *package;

	json_array_foreach(json_object_get(shipment, "Package"), i, package)
	{
		if (sim_real(package, "PackageServiceOptions.DeclaredValue.MonetaryValue", 0) > 50000)
			return SAY("Package[%zu] declares more than 50000.", i);
	}
	return true;
}

/* --- payment and forms --- */

static bool
payer_is_shipper(const json_t *shipment, char detail[300])
{
	const char *shipper = sim_text(shipment, "Shipper.ShipperNumber", "");
	size_t i;
	json_t *charge;

	json_array_foreach(sim_get(shipment, "PaymentInformation.ShipmentCharge"), i, charge)
	{
		const char *account = sim_text(charge, "BillShipper.AccountNumber", shipper);

		if (strcmp(account, shipper) != 0)
			return SAY("BillShipper.AccountNumber %s is not ShipperNumber %s.", account, shipper);
	}
	return true;
}

static bool
someone_pays(const json_t *shipment, char detail[300])
{
	bool transport = false;
	size_t i;
	json_t *charge;

	json_array_foreach(sim_get(shipment, "PaymentInformation.ShipmentCharge"), i, charge)
	{
		int payers = (sim_get(charge, "BillShipper") != NULL) +
					 (sim_get(charge, "BillReceiver") != NULL) +
					 (sim_get(charge, "BillThirdParty") != NULL) +
					 (sim_get(charge, "ConsigneeBilledIndicator") != NULL);

		if (payers != 1)
			return SAY("ShipmentCharge[%zu] has %d payers, it must have one.", i, payers);
		transport |= strcmp(sim_text(charge, "Type", ""), "01") == 0;
	}
	return transport || SAY("No ShipmentCharge has Type 01, so nobody pays for the transport.");
}

static bool
form_crosses_border(const json_t *shipment, char detail[300])
{
	return !sim_get(shipment, "ShipmentServiceOptions.InternationalForms") ||
		   strcmp(ups_from_country(shipment), ups_to_country(shipment)) != 0 ||
		   SAY("InternationalForms on the domestic lane %s-%s.",
			   ups_from_country(shipment),
			   ups_to_country(shipment));
}

#define LAW(path_, code_, message_, holds_)                         \
	{                                                               \
		{.path = path_, .code = code_, .message = message_}, holds_ \
	}

const UpsLaw ups_ship_laws[] = {
	LAW("Shipper.Address.PostalCode", "120107", "Missing or invalid shipper postal code",
		shipper_has_postcode),
	LAW("Shipper.Address.StateProvinceCode", "120106",
		"Missing or invalid shipper state province code", shipper_has_state),
	LAW("Shipper.Address.PostalCode", "120801", "Address Validation Error on Shipper address",
		shipper_postcode_fits),
	LAW("ShipTo.Address.PostalCode", "120207", "Missing or invalid ship to postal code",
		receiver_has_postcode),
	LAW("ShipTo.Address.StateProvinceCode", "120206",
		"Missing or invalid ship to state province code", receiver_has_state),
	LAW("ShipTo.Address.PostalCode", "120802", "Address Validation Error on ShipTo address",
		receiver_postcode_fits),
	LAW("ShipTo.Address.PostalCode", "120802", "Address Validation Error on ShipTo address",
		receiver_zip_fits),
	LAW("ShipFrom.Address.PostalCode", "120307", "Missing or invalid ship from postal code",
		origin_has_postcode),
	LAW("ShipFrom.Address.StateProvinceCode", "120306",
		"Missing or invalid ship from state province code", origin_has_state),
	LAW("ShipFrom.Address.PostalCode", "120803", "Address Validation Error on ShipFrom address",
		origin_postcode_fits),
	LAW("Service.Code", "120401", "Missing or invalid service code", service_is_known),
	LAW("Service.Code", "121210",
		"The requested service is unavailable between the selected locations.", service_serves),
	LAW("ReferenceNumber", "120541", "Invalid shipment reference number placement",
		reference_is_in_package),
	LAW("Package[].ReferenceNumber", "120542", "Invalid package reference number placement",
		reference_is_in_shipment),
	LAW("ShipmentServiceOptions.DeliveryConfirmation", "120598",
		"Delivery confirmation is not allowed at the shipment level", signature_is_in_package),
	LAW("Package[].PackageServiceOptions.DeliveryConfirmation", "120598",
		"Delivery confirmation is not allowed at the package level", signature_is_in_shipment),
	LAW("ReturnService", "121062", "Delivery confirmation is not available for returns",
		return_is_not_signed),
	LAW("Package[].PackageWeight.UnitOfMeasurement", "120548",
		"Packages must use the same unit system", units_agree),
	LAW("Package[].PackageWeight.Weight", "120502", "Missing or invalid package weight",
		weight_is_possible),
	LAW("Package[].Dimensions", "121016", "Invalid package dimensions", size_is_possible),
	LAW("Package[].PackageServiceOptions.DeclaredValue", "121025",
		"The declared value exceeds the maximum", value_is_insurable),
	LAW("PaymentInformation.ShipmentCharge[].BillShipper.AccountNumber", "120414",
		"The bill shipper account number must match the shipper number", payer_is_shipper),
	LAW("PaymentInformation.ShipmentCharge", "120412", "Missing or invalid payment information",
		someone_pays),
	LAW("ShipmentServiceOptions.InternationalForms", "128001",
		"International forms are not allowed for this shipment", form_crosses_border),
	{{0}, NULL}};

static bool
delivery_time_is_complete(const json_t *shipment, char detail[300])
{
	return !sim_get(shipment, "DeliveryTimeInformation") ||
		   strcmp(ups_from_country(shipment), ups_to_country(shipment)) == 0 ||
		   (sim_get(shipment, "ShipmentTotalWeight") && sim_get(shipment, "InvoiceLineTotal")) ||
		   SAY("Time in transit across a border needs ShipmentTotalWeight and InvoiceLineTotal.");
}

const UpsLaw ups_rate_laws[] = {
	LAW("Shipper.Address.PostalCode", "111285", "The shipper postal code is invalid",
		shipper_postcode_fits),
	LAW("ShipTo.Address.PostalCode", "111285",
		"The postal code is invalid for the state or country", receiver_has_postcode),
	LAW("ShipTo.Address.PostalCode", "111285",
		"The postal code is invalid for the state or country", receiver_postcode_fits),
	LAW("ShipTo.Address.PostalCode", "111285",
		"The postal code is invalid for the state or country", receiver_zip_fits),
	LAW("ShipTo.Address.StateProvinceCode", "111286", "The state is invalid", receiver_has_state),
	LAW("Package[].PackageWeight.UnitOfMeasurement", "111548",
		"Packages must use the same unit system", units_agree),
	LAW("DeliveryTimeInformation", "111549", "Missing time in transit information",
		delivery_time_is_complete),
	{{0}, NULL}};
