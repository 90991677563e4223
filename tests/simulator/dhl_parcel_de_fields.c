/*
 * dhl_parcel_de_fields.c
 *
 * What DHL Parcel DE demands of a request, field by field.
 */
#include <string.h>

#include "dhl.h"

#define NEEDED SIM_REQUIRED

static bool
is_country3(const char *text)
{
	return strlen(text) == 3 && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3;
}

static bool
is_billing_number(const char *text)
{
	return strlen(text) == 14;
}

static bool
is_reference(const char *text)
{
	return sim_length(text) >= 8;
}

#define NAMES(at, need)                                                                \
	{at "name1", SIM_STRING, need, .max = 50}, {at "name2", SIM_STRING, 0, .max = 50}, \
	{                                                                                  \
		at "name3", SIM_STRING, 0, .max = 50                                           \
	}

#define PLACE(at, need)                                                                          \
	{at "addressStreet", SIM_STRING, need, .max = 50},                                           \
		{at "addressHouse", SIM_STRING, 0, .max = 10},                                           \
		{at "postalCode", SIM_STRING, 0, .max = 10}, {at "city", SIM_STRING, NEEDED, .max = 40}, \
	{                                                                                            \
		at "email", SIM_STRING, 0, .max = 80, .form = sim_is_email                               \
	}

#define VALUE(at)                                                 \
	{at "currency", SIM_STRING, NEEDED, .form = sim_is_currency}, \
	{                                                             \
		at "value", SIM_NUMBER, NEEDED                            \
	}

#define WEIGHT(at)                                    \
	{at "uom", SIM_STRING, NEEDED, .values = "g|kg"}, \
	{                                                 \
		at "value", SIM_NUMBER, NEEDED                \
	}

#define P "shipments[]."

static const SimField orders_fields[] = {
	{"profile", SIM_STRING, NEEDED, .max = 35},
	{"shipments", SIM_ARRAY, NEEDED, .max = 30},
	{P "product", SIM_STRING, NEEDED, .values = "V01PAK|V53WPAK|V54EPAK|V62KP|V62WP|V66WPI|V07PAK"},
	{P "billingNumber", SIM_STRING, NEEDED, .form = is_billing_number},
	{P "refNo", SIM_STRING, 0, .max = 35, .form = is_reference},
	{P "costCenter", SIM_STRING, 0, .max = 50},
	{P "creationSoftware", SIM_STRING, 0},
	{P "shipDate", SIM_STRING, 0, .max = 10, .form = sim_is_iso_time},
	{P "shipper", SIM_OBJECT, NEEDED},
	NAMES(P "shipper.", 0),
	PLACE(P "shipper.", 0),
	{P "shipper.country", SIM_STRING, 0, .form = is_country3},
	{P "shipper.contactName", SIM_STRING, 0, .max = 80},
	{P "shipper.shipperRef", SIM_STRING, 0, .max = 50},
	{P "consignee", SIM_OBJECT, NEEDED},
	NAMES(P "consignee.", 0),
	PLACE(P "consignee.", 0),
	{P "consignee.country", SIM_STRING, 0, .form = is_country3},
	{P "consignee.name", SIM_STRING, 0, .max = 50},
	{P "consignee.dispatchingInformation", SIM_STRING, 0, .max = 35},
	{P "consignee.additionalAddressInformation1", SIM_STRING, 0, .max = 60},
	{P "consignee.additionalAddressInformation2", SIM_STRING, 0, .max = 60},
	{P "consignee.state", SIM_STRING, 0, .max = 20},
	{P "consignee.contactName", SIM_STRING, 0, .max = 80},
	{P "consignee.phone", SIM_STRING, 0, .max = 20},
	{P "consignee.lockerID", SIM_INTEGER, 0, .max = 999},
	{P "consignee.retailID", SIM_INTEGER, 0, .max = 999},
	{P "consignee.poBoxID", SIM_INTEGER, 0},
	{P "consignee.postNumber", SIM_STRING, 0, .max = 10, .form = sim_is_digits},
	{P "details", SIM_OBJECT, NEEDED},
	{P "details.weight", SIM_OBJECT, NEEDED},
	WEIGHT(P "details.weight."),
	{P "details.dim.uom", SIM_STRING, NEEDED, .values = "cm|mm"},
	{P "details.dim.length", SIM_INTEGER, NEEDED},
	{P "details.dim.width", SIM_INTEGER, NEEDED},
	{P "details.dim.height", SIM_INTEGER, NEEDED},
	{P "services.*",
	 SIM_ANY,
	 0,
	 .values = "preferredNeighbour|preferredLocation|visualCheckOfAge|namedPersonOnly|identCheck|"
			   "signedForByRecipient|endorsement|preferredDay|noNeighbourDelivery|"
			   "bulkyGoods|cashOnDelivery|individualSenderRequirement|"
			   "premium|closestDropPoint|parcelOutletRouting|goGreenPlus|dhlRetoure|"
			   "postalDeliveryDutyPaid"},
	VALUE(P "services.additionalInsurance."),
	{P "customs.exportType",
	 SIM_STRING,
	 NEEDED,
	 .values = "COMMERCIAL_GOODS|PRESENT|COMMERCIAL_SAMPLE|DOCUMENT|RETURN_OF_GOODS|OTHER"},
	{P "customs.exportDescription", SIM_STRING, 0, .max = 80},
	{P "customs.invoiceNo", SIM_STRING, 0, .max = 35},
	{P "customs.shippingConditions", SIM_STRING, 0, .values = "DAP|DDP|DDU|DDX|DXV"},
	{P "customs.postalCharges", SIM_OBJECT, NEEDED},
	VALUE(P "customs.postalCharges."),
	{P "customs.*",
	 SIM_ANY,
	 0,
	 .values = "permitNo|attestationNo|hasElectronicExportNotification|MRN|officeOfOrigin|"
			   "shipperCustomsRef|consigneeCustomsRef"},
	{P "customs.items", SIM_ARRAY, NEEDED, .max = 99},
	{P "customs.items[].itemDescription", SIM_STRING, NEEDED, .max = 256},
	{P "customs.items[].countryOfOrigin", SIM_STRING, 0, .form = is_country3},
	{P "customs.items[].hsCode", SIM_STRING, 0, .max = 11, .form = sim_is_digits},
	{P "customs.items[].packagedQuantity", SIM_INTEGER, NEEDED},
	{P "customs.items[].itemValue", SIM_OBJECT, NEEDED},
	VALUE(P "customs.items[].itemValue."),
	{P "customs.items[].itemWeight", SIM_OBJECT, NEEDED},
	WEIGHT(P "customs.items[].itemWeight."),
	{0}};
SimSchema dhl_pde_orders_schema = {"An order", true, orders_fields, NULL};

static const SimField manifest_fields[] = {
	{"profile", SIM_STRING, NEEDED, .max = 35},
	{"shipmentNumbers", SIM_ARRAY, 0},
	{"shipmentNumbers[]", SIM_STRING, NEEDED, .max = 50},
	{"billingNumber", SIM_STRING, 0, .form = is_billing_number},
	{0}};
SimSchema dhl_pde_manifest_schema = {"A manifest", true, manifest_fields, NULL};

static const SimField return_fields[] = {{"receiverId", SIM_STRING, NEEDED, .max = 30},
										 {"customerReference", SIM_STRING, 0, .max = 50},
										 {"shipmentReference", SIM_STRING, 0, .max = 50},
										 {"shipper", SIM_OBJECT, NEEDED},
										 NAMES("shipper.", NEEDED),
										 PLACE("shipper.", NEEDED),
										 {"shipper.state", SIM_STRING, 0},
										 {"shipper.phone", SIM_STRING, 0},
										 {"shipper.country", SIM_STRING, 0, .form = is_country3},
										 WEIGHT("itemWeight."),
										 VALUE("itemValue."),
										 {"customsDetails", SIM_OBJECT, 0},
										 {0}};
SimSchema dhl_pde_return_schema = {"A return", true, return_fields, NULL};

static const SimField pickup_fields[] = {
	{"customerDetails", SIM_OBJECT, NEEDED},
	{"customerDetails.billingNumber", SIM_STRING, NEEDED, .form = is_billing_number},
	{"pickupLocation", SIM_OBJECT, NEEDED},
	{"pickupLocation.type", SIM_STRING, NEEDED, .values = "Id|Address"},
	{"pickupLocation.*", SIM_ANY, 0, .values = "asId|pickupAddress"},
	{"businessHours", SIM_ARRAY, 0},
	{"contactPerson", SIM_ARRAY, 0},
	{"pickupDetails", SIM_OBJECT, NEEDED},
	{"pickupDetails.pickupDate", SIM_OBJECT, NEEDED},
	{"pickupDetails.pickupDate.type", SIM_STRING, NEEDED, .values = "Date|ASAP"},
	{"pickupDetails.pickupDate.value", SIM_STRING, 0, .form = sim_is_iso_time},
	{"pickupDetails.*", SIM_ANY, 0, .values = "totalWeight|comment|emailNotification"},
	{"shipmentDetails", SIM_OBJECT, 0},
	{0}};
SimSchema dhl_pde_pickup_schema = {"A pickup", true, pickup_fields, NULL};
