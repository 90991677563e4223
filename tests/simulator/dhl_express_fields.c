/*
 * dhl_express_fields.c
 *
 * What MyDHL API demands of a request, field by field.
 */
#include <string.h>

#include "dhl.h"

#define NEEDED SIM_REQUIRED

/* "2026-01-05T13:00:00 GMT+01:00", the blank being optional. */
static bool
is_planned_time(const char *text)
{
	char date[20];
	const char *zone = strstr(text, "GMT");

	if (strlen(text) < 19 || !zone || strlen(zone) != 9)
		return false;
	memcpy(date, text, 19);
	date[19] = '\0';
	return sim_is_iso_time(date);
}

#define PLACE(at)                                                                        \
	{at "postalAddress", SIM_OBJECT, NEEDED},                                            \
		{at "postalAddress.postalCode", SIM_STRING, NEEDED | SIM_BLANK, .max = 12},      \
		{at "postalAddress.cityName", SIM_STRING, NEEDED, .max = 45},                    \
		{at "postalAddress.countryCode", SIM_STRING, NEEDED, .form = sim_is_country},    \
		{at "postalAddress.provinceCode", SIM_STRING, 0, .max = 35},                     \
		{at "postalAddress.addressLine1", SIM_STRING, NEEDED, .max = 45},                \
		{at "postalAddress.addressLine2", SIM_STRING, 0, .max = 45},                     \
		{at "postalAddress.addressLine3", SIM_STRING, 0, .max = 45},                     \
		{at "postalAddress.countyName", SIM_STRING, 0, .max = 45},                       \
		{at "contactInformation", SIM_OBJECT, NEEDED},                                   \
		{at "contactInformation.phone", SIM_STRING, NEEDED, .max = 70},                  \
		{at "contactInformation.mobilePhone", SIM_STRING, 0, .max = 70},                 \
		{at "contactInformation.companyName", SIM_STRING, NEEDED, .max = 100},           \
		{at "contactInformation.fullName", SIM_STRING, NEEDED, .max = 255},              \
		{at "contactInformation.email", SIM_STRING, 0, .max = 70, .form = sim_is_email}, \
		{at "registrationNumbers", SIM_ARRAY, 0},                                        \
	{                                                                                    \
		at "typeCode", SIM_STRING, 0                                                     \
	}

#define ACCOUNTS                                                                         \
	{"accounts[].typeCode", SIM_STRING, NEEDED, .values = "shipper|payer|duties-taxes"}, \
	{                                                                                    \
		"accounts[].number", SIM_STRING, NEEDED, .max = 12                               \
	}

#define PARCELS(at, need)                                                                         \
	{at "packages", SIM_ARRAY, NEEDED, .max = 999}, {at "packages[].weight", SIM_NUMBER, NEEDED}, \
		{at "packages[].dimensions", SIM_OBJECT, need},                                           \
		{at "packages[].dimensions.length", SIM_NUMBER, NEEDED},                                  \
		{at "packages[].dimensions.width", SIM_NUMBER, NEEDED},                                   \
		{at "packages[].dimensions.height", SIM_NUMBER, NEEDED},                                  \
		{at "packages[].typeCode", SIM_STRING, 0, .max = 3},                                      \
		{at "packages[].description", SIM_STRING, 0, .max = 70},                                  \
		{at "packages[].referenceNumber", SIM_INTEGER, 0},                                        \
		{at "packages[].customerReferences[].value", SIM_STRING, NEEDED, .max = 35},              \
	{                                                                                             \
		at "packages[].customerReferences[].typeCode", SIM_STRING, 0, .max = 3                    \
	}

static const SimField ship_fields[] = {
	{"plannedShippingDateAndTime", SIM_STRING, NEEDED, .form = is_planned_time},
	{"pickup", SIM_OBJECT, NEEDED},
	{"pickup.isRequested", SIM_BOOLEAN, NEEDED},
	{"pickup.*", SIM_ANY, 0, .values = "closeTime|location|specialInstructions|pickupDetails"},
	{"productCode", SIM_STRING, NEEDED, .max = 6},
	{"localProductCode", SIM_STRING, 0, .max = 3},
	{"getRateEstimates", SIM_BOOLEAN, 0},
	{"accounts", SIM_ARRAY, NEEDED},
	ACCOUNTS,
	{"valueAddedServices[].serviceCode", SIM_STRING, NEEDED, .max = 3},
	{"valueAddedServices[].value", SIM_NUMBER, 0},
	{"valueAddedServices[].currency", SIM_STRING, 0, .form = sim_is_currency},
	{"outputImageProperties.encodingFormat", SIM_STRING, 0, .values = "pdf|zpl|lp2|epl"},
	{"outputImageProperties.printerDPI", SIM_INTEGER, 0, .max = 300},
	{"outputImageProperties.imageOptions[].typeCode",
	 SIM_STRING,
	 NEEDED,
	 .values = "label|waybillDoc|invoice|qr-code|shipmentReceipt"},
	{"outputImageProperties.imageOptions[].*",
	 SIM_ANY,
	 0,
	 .values =
		 "templateName|isRequested|invoiceType|hideAccountNumber|languageCode|numberOfCopies"},
	{"outputImageProperties.*",
	 SIM_ANY,
	 0,
	 .values = "splitTransportAndWaybillDocLabels|splitDocumentsByPages|allDocumentsInOneImage"},
	{"customerReferences[].value", SIM_STRING, NEEDED, .max = 35},
	{"customerReferences[].typeCode", SIM_STRING, 0, .max = 3},
	{"customerDetails", SIM_OBJECT, NEEDED},
	{"customerDetails.shipperDetails", SIM_OBJECT, NEEDED},
	PLACE("customerDetails.shipperDetails."),
	{"customerDetails.receiverDetails", SIM_OBJECT, NEEDED},
	PLACE("customerDetails.receiverDetails."),
	{"customerDetails.*",
	 SIM_ANY,
	 0,
	 .values = "buyerDetails|importerDetails|exporterDetails|sellerDetails|payerDetails"},
	{"content", SIM_OBJECT, NEEDED},
	PARCELS("content.", 0),
	{"content.isCustomsDeclarable", SIM_BOOLEAN, NEEDED},
	{"content.declaredValue", SIM_NUMBER, 0},
	{"content.declaredValueCurrency", SIM_STRING, 0, .form = sim_is_currency},
	{"content.description", SIM_STRING, NEEDED, .max = 70},
	{"content.incoterm", SIM_STRING, NEEDED, .max = 3},
	{"content.unitOfMeasurement", SIM_STRING, NEEDED, .values = "metric|imperial"},
	{"content.USFilingTypeValue", SIM_STRING, 0},
#define L "content.exportDeclaration.lineItems[]."
	{"content.exportDeclaration.lineItems", SIM_ARRAY, NEEDED, .max = 1000},
	{L "number", SIM_INTEGER, NEEDED},
	{L "description", SIM_STRING, NEEDED, .max = 512},
	{L "price", SIM_NUMBER, NEEDED},
	{L "quantity", SIM_OBJECT, NEEDED},
	{L "quantity.value", SIM_INTEGER, NEEDED},
	{L "quantity.unitOfMeasurement", SIM_STRING, NEEDED},
	{L "commodityCodes[].typeCode", SIM_STRING, NEEDED, .values = "outbound|inbound"},
	{L "commodityCodes[].value", SIM_STRING, NEEDED, .max = 18},
	{L "exportReasonType", SIM_STRING, 0},
	{L "manufacturerCountry", SIM_STRING, NEEDED, .form = sim_is_country},
	{L "weight", SIM_OBJECT, NEEDED},
	{L "*", SIM_ANY, 0, .values = "isTaxesPaid|additionalInformation|customerReferences"},
	{"content.exportDeclaration.invoice", SIM_OBJECT, 0},
	{"content.exportDeclaration.*",
	 SIM_ANY,
	 0,
	 .values = "additionalCharges|exportReason|exportReasonType|placeOfIncoterm|shipmentType|"
			   "remarks|recipientReference|payerVATNumber|exporter|licenses|customsDocuments|"
			   "declarationNotes"},
	{"*",
	 SIM_ANY,
	 0,
	 .values = "shipmentNotification|documentImages|onDemandDelivery|requestOndemandDeliveryURL|"
			   "getTransliteratedResponse|productAndServices"},
	{0}};
#undef L
SimSchema dhl_express_ship_schema = {"A shipment", true, ship_fields, NULL};

static const SimField rate_fields[] = {
	{"customerDetails", SIM_OBJECT, NEEDED},
	{"customerDetails.shipperDetails", SIM_OBJECT, NEEDED},
	{"customerDetails.receiverDetails", SIM_OBJECT, NEEDED},
#define FROM "customerDetails.shipperDetails."
#define TO   "customerDetails.receiverDetails."
	{FROM "postalCode", SIM_STRING, NEEDED | SIM_BLANK, .max = 12},
	{FROM "cityName", SIM_STRING, NEEDED, .max = 45},
	{FROM "countryCode", SIM_STRING, NEEDED, .form = sim_is_country},
	{FROM "*",
	 SIM_ANY,
	 0,
	 .values = "provinceCode|addressLine1|addressLine2|addressLine3|countyName"},
	{TO "postalCode", SIM_STRING, NEEDED | SIM_BLANK, .max = 12},
	{TO "cityName", SIM_STRING, NEEDED, .max = 45},
	{TO "countryCode", SIM_STRING, NEEDED, .form = sim_is_country},
	{TO "*",
	 SIM_ANY,
	 0,
	 .values = "provinceCode|addressLine1|addressLine2|addressLine3|countyName"},
	ACCOUNTS,
	{"plannedShippingDateAndTime", SIM_STRING, NEEDED, .form = is_planned_time},
	{"unitOfMeasurement", SIM_STRING, NEEDED, .values = "metric|imperial"},
	{"isCustomsDeclarable", SIM_BOOLEAN, NEEDED},
	{"monetaryAmount", SIM_ARRAY, 0},
	{"nextBusinessDay", SIM_BOOLEAN, 0},
	{"*",
	 SIM_ANY,
	 0,
	 .values = "productCode|valueAddedServices|requestAllValueAddedServices|productTypeCode|"
			   "payerCountryCode|returnStandardProductsOnly|estimatedDeliveryDate|"
			   "productsAndServices"},
	PARCELS("", NEEDED),
	{0}};
SimSchema dhl_express_rate_schema = {"A rate request", true, rate_fields, NULL};

static const SimField pickup_fields[] = {
	{"plannedPickupDateAndTime", SIM_STRING, NEEDED, .form = is_planned_time},
	{"accounts", SIM_ARRAY, NEEDED},
	ACCOUNTS,
	{"closeTime", SIM_STRING, 0},
	{"location", SIM_STRING, 0, .max = 80},
	{"locationType", SIM_STRING, 0, .values = "business|residence"},
	{"specialInstructions[].value", SIM_STRING, NEEDED, .max = 80},
	{"specialInstructions[].typeCode", SIM_STRING, 0},
	{"remark", SIM_STRING, 0},
	{"customerDetails", SIM_OBJECT, NEEDED},
	{"customerDetails.shipperDetails", SIM_OBJECT, NEEDED},
	PLACE("customerDetails.shipperDetails."),
	{"customerDetails.*",
	 SIM_ANY,
	 0,
	 .values = "receiverDetails|bookingRequestorDetails|pickupDetails"},
	{"shipmentDetails", SIM_ARRAY, NEEDED},
	{"shipmentDetails[].productCode", SIM_STRING, NEEDED, .max = 6},
	{"shipmentDetails[].isCustomsDeclarable", SIM_BOOLEAN, NEEDED},
	{"shipmentDetails[].unitOfMeasurement", SIM_STRING, NEEDED, .values = "metric|imperial"},
	PARCELS("shipmentDetails[].", 0),
	{"shipmentDetails[].*",
	 SIM_ANY,
	 0,
	 .values = "declaredValue|declaredValueCurrency|shipmentTrackingNumber|localProductCode|"
			   "accounts|valueAddedServices"},
	{0}};
SimSchema dhl_express_pickup_schema = {"A pickup", true, pickup_fields, NULL};
