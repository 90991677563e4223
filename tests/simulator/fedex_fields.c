/*
 * fedex_fields.c
 *
 * What FedEx demands of a request, field by field, from the descriptions of
 * its APIs, and the rules between fields.
 */
#include <string.h>

#include "fedex.h"

#define NEEDED SIM_REQUIRED

#define ADDRESS(at, who)                                                                \
	{at "streetLines", SIM_ARRAY, 0, .max = 3},                                         \
		{at "streetLines[]", SIM_STRING, NEEDED, .max = 35},                            \
		{at "city", SIM_STRING, 0, .max = 35, .code = who ".CITY.INVALID"},             \
		{at "stateOrProvinceCode",                                                      \
		 SIM_STRING,                                                                    \
		 0,                                                                             \
		 .max = 2,                                                                      \
		 .code = who ".ADDRESSSTATEORPROVINCECODE.MISMATCH"},                           \
		{at "postalCode", SIM_STRING, 0, .max = 10, .code = who ".POSTALCODE.INVALID"}, \
		{at "countryCode", SIM_STRING, NEEDED, .form = sim_is_country},                 \
	{                                                                                   \
		at "residential", SIM_BOOLEAN, 0                                                \
	}

#define CONTACT(at, who)                                                                       \
	{at "personName", SIM_STRING, 0, .max = 70}, {at "companyName", SIM_STRING, 0, .max = 35}, \
		{at "phoneNumber",                                                                     \
		 SIM_STRING,                                                                           \
		 NEEDED,                                                                               \
		 .max = 15,                                                                            \
		 .form = sim_is_digits,                                                                \
		 .code = who ".PHONENUMBER.INVALID"},                                                  \
		{at "phoneExtension", SIM_STRING, 0, .max = 6},                                        \
	{                                                                                          \
		at "emailAddress", SIM_STRING, 0, .max = 80, .form = sim_is_email                      \
	}

#define MONEY(at)                                                  \
	{at "amount", SIM_NUMBER, NEEDED},                             \
	{                                                              \
		at "currency", SIM_STRING, NEEDED, .form = sim_is_currency \
	}

#define WEIGHT(at)                                       \
	{at "units", SIM_STRING, NEEDED, .values = "LB|KG"}, \
	{                                                    \
		at "value", SIM_NUMBER, NEEDED, .max = 150       \
	}

static const SimField ship_fields[] = {
	{"labelResponseOptions", SIM_STRING, NEEDED, .values = "LABEL|URL_ONLY"},
	{"accountNumber", SIM_OBJECT, NEEDED},
	{"accountNumber.value", SIM_STRING, NEEDED, .max = 9, .form = sim_is_digits},
	{"shipAction", SIM_STRING, 0, .values = "CONFIRM|TRANSFER"},
	{"processingOptionType", SIM_STRING, 0, .values = "SYNCHRONOUS_ONLY|ALLOW_ASYNCHRONOUS"},
	{"oneLabelAtATime", SIM_BOOLEAN, 0},
	{"mergeLabelDocOption", SIM_STRING, 0},
	{"requestedShipment", SIM_OBJECT, NEEDED},
#define S "requestedShipment."
	{S "*",
	 SIM_ANY,
	 0,
	 .values = "emailNotificationDetail|expressFreightDetail|variableHandlingChargeDetail|"
			   "blockInsightVisibility|masterTrackingId|totalDeclaredValue|soldTo|"
			   "recipientLocationNumber|shippingDocumentSpecification"},
	{S "shipDatestamp", SIM_STRING, 0, .max = 10, .form = sim_is_iso_time},
	{S "pickupType",
	 SIM_STRING,
	 NEEDED,
	 .values = "USE_SCHEDULED_PICKUP|DROPOFF_AT_FEDEX_LOCATION|CONTACT_FEDEX_TO_SCHEDULE"},
	{S "serviceType", SIM_STRING, NEEDED, .max = 60},
	{S "packagingType", SIM_STRING, NEEDED, .max = 40},
	{S "totalWeight", SIM_NUMBER, NEEDED},
	{S "totalPackageCount", SIM_INTEGER, 0},
	{S "rateRequestType", SIM_ARRAY, 0},
	{S "rateRequestType[]", SIM_STRING, NEEDED, .values = "ACCOUNT|LIST|PREFERRED|INCENTIVE|NONE"},
	{S "preferredCurrency", SIM_STRING, 0, .form = sim_is_currency},
	{S "shipper", SIM_OBJECT, NEEDED},
	{S "shipper.contact", SIM_OBJECT, NEEDED},
	CONTACT(S "shipper.contact.", "SHIPPERCONTACT"),
	{S "shipper.address", SIM_OBJECT, NEEDED},
	ADDRESS(S "shipper.address.", "SHIPPER"),
	{S "shipper.tins", SIM_ARRAY, 0},
	{S "origin", SIM_OBJECT, 0},
	CONTACT(S "origin.contact.", "ORIGINCONTACT"),
	ADDRESS(S "origin.address.", "ORIGIN"),
	{S "recipients", SIM_ARRAY, NEEDED, .max = 1},
	{S "recipients[].contact", SIM_OBJECT, NEEDED},
	CONTACT(S "recipients[].contact.", "RECIPIENTCONTACT"),
	{S "recipients[].address", SIM_OBJECT, NEEDED},
	ADDRESS(S "recipients[].address.", "RECIPIENTS"),
	{S "recipients[].tins", SIM_ARRAY, 0},
	{S "recipients[].deliveryInstructions", SIM_STRING, 0},
	{S "shippingChargesPayment", SIM_OBJECT, NEEDED},
	{S "shippingChargesPayment.paymentType",
	 SIM_STRING,
	 NEEDED,
	 .values = "SENDER|RECIPIENT|THIRD_PARTY|COLLECT"},
	{S "shippingChargesPayment.payor.responsibleParty.accountNumber.value", SIM_STRING, NEEDED},
	{S "labelSpecification", SIM_OBJECT, NEEDED},
	{S "labelSpecification.imageType", SIM_STRING, NEEDED, .values = "PDF|PNG|ZPLII|EPL2"},
	{S "labelSpecification.labelStockType", SIM_STRING, NEEDED, .max = 40},
	{S "labelSpecification.labelFormatType", SIM_STRING, 0, .values = "COMMON2D|LABEL_DATA_ONLY"},
	{S "labelSpecification.labelOrder", SIM_STRING, 0},
	{S "labelSpecification.resolution", SIM_INTEGER, 0, .max = 300},
	{S "shipmentSpecialServices.specialServiceTypes", SIM_ARRAY, NEEDED},
	{S "shipmentSpecialServices.*",
	 SIM_ANY,
	 0,
	 .values = "etdDetail|returnShipmentDetail|holdAtLocationDetail|shipmentCODDetail|"
			   "homeDeliveryPremiumDetail|pendingShipmentDetail|shipmentDryIceDetail"},
	{S "smartPostInfoDetail.hubId", SIM_STRING, NEEDED, .max = 4},
	{S "smartPostInfoDetail.indicia", SIM_STRING, NEEDED},
	{S "smartPostInfoDetail.ancillaryEndorsement", SIM_STRING, 0},
	{S "customsClearanceDetail.*",
	 SIM_ANY,
	 0,
	 .values = "regulatoryControls|brokers|freightOnValue|recipientCustomsId|customsOption|"
			   "importerOfRecord|generatedDocumentLocale|exportDetail|insuranceCharge"},
	{S "customsClearanceDetail.isDocumentOnly", SIM_BOOLEAN, 0},
	{S "customsClearanceDetail.dutiesPayment.paymentType",
	 SIM_STRING,
	 NEEDED,
	 .values = "SENDER|RECIPIENT|THIRD_PARTY|COLLECT"},
	{S "customsClearanceDetail.dutiesPayment.payor.responsibleParty.accountNumber.value",
	 SIM_STRING,
	 NEEDED},
	MONEY(S "customsClearanceDetail.totalCustomsValue."),
	{S "customsClearanceDetail.commercialInvoice", SIM_OBJECT, NEEDED},
	{S "customsClearanceDetail.commercialInvoice.shipmentPurpose",
	 SIM_STRING,
	 0,
	 .values = "SOLD|GIFT|SAMPLE|REPAIR_AND_RETURN|PERSONAL_EFFECTS|NOT_SOLD"},
	{S "customsClearanceDetail.commercialInvoice.termsOfSale", SIM_STRING, 0, .max = 3},
	{S "customsClearanceDetail.commercialInvoice.*",
	 SIM_ANY,
	 0,
	 .values = "customerReferences|freightCharge|comments|declarationStatement|paymentTerms|"
			   "taxesOrMiscellaneousCharge|specialInstructions|handlingCosts|packingCosts"},
	{S "customsClearanceDetail.commodities", SIM_ARRAY, NEEDED, .max = 999},
#define C S "customsClearanceDetail.commodities[]."
	{C "description", SIM_STRING, NEEDED, .max = 450},
	{C "name", SIM_STRING, 0},
	{C "partNumber", SIM_STRING, 0},
	{C "quantity", SIM_INTEGER, NEEDED},
	{C "quantityUnits", SIM_STRING, NEEDED, .max = 4},
	{C "numberOfPieces", SIM_INTEGER, 0},
	{C "countryOfManufacture", SIM_STRING, NEEDED, .form = sim_is_country},
	{C "harmonizedCode", SIM_STRING, 0, .max = 14, .form = sim_is_digits},
	WEIGHT(C "weight."),
	MONEY(C "unitPrice."),
	MONEY(C "customsValue."),
	{S "requestedPackageLineItems", SIM_ARRAY, NEEDED, .max = 300},
#define P S "requestedPackageLineItems[]."
	{P "sequenceNumber", SIM_INTEGER, 0},
	{P "groupPackageCount", SIM_INTEGER, 0},
	{P "itemDescription", SIM_STRING, 0, .max = 50},
	{P "itemDescriptionForClearance", SIM_STRING, 0, .max = 50},
	{P "subPackagingType", SIM_STRING, 0},
	{P "weight", SIM_OBJECT, NEEDED},
	WEIGHT(P "weight."),
	{P "dimensions.length", SIM_INTEGER, NEEDED, .max = 999},
	{P "dimensions.width", SIM_INTEGER, NEEDED, .max = 999},
	{P "dimensions.height", SIM_INTEGER, NEEDED, .max = 999},
	{P "dimensions.units", SIM_STRING, NEEDED, .values = "IN|CM"},
	MONEY(P "declaredValue."),
	{P "customerReferences[].customerReferenceType",
	 SIM_STRING,
	 NEEDED,
	 .values = "CUSTOMER_REFERENCE|INVOICE_NUMBER|P_O_NUMBER|DEPARTMENT_NUMBER|RMA_ASSOCIATION"},
	{P "customerReferences[].value", SIM_STRING, NEEDED, .max = 40},
	{P "packageSpecialServices.specialServiceTypes", SIM_ARRAY, NEEDED},
	{P "packageSpecialServices.signatureOptionType",
	 SIM_STRING,
	 0,
	 .values = "SERVICE_DEFAULT|NO_SIGNATURE_REQUIRED|INDIRECT|DIRECT|ADULT"},
	{P "packageSpecialServices.*",
	 SIM_ANY,
	 0,
	 .values = "batteryDetails|dryIceWeight|alcoholDetail"},
	{0}};
#undef S
#undef C
#undef P
SimSchema fedex_ship_schema = {"A shipment", true, ship_fields, NULL};

static const SimField results_fields[] = {
	{"accountNumber.value", SIM_STRING, NEEDED}, {"jobId", SIM_STRING, NEEDED}, {0}};
SimSchema fedex_results_schema = {"A question for a job", true, results_fields, NULL};

static const SimField cancel_fields[] = {
	{"accountNumber", SIM_OBJECT, NEEDED},
	{"accountNumber.value", SIM_STRING, NEEDED},
	{"trackingNumber",
	 SIM_STRING,
	 NEEDED,
	 .form = sim_is_digits,
	 .code = "TRACKINGNUMBER.ENTERED.INVALID"},
	{"senderCountryCode", SIM_STRING, 0, .form = sim_is_country},
	{"emailShipment", SIM_BOOLEAN, 0},
	{"deletionControl", SIM_STRING, 0, .values = "DELETE_ALL_PACKAGES"},
	{0}};
SimSchema fedex_cancel_schema = {"A cancellation", true, cancel_fields, NULL};

static const SimField track_fields[] = {
	{"includeDetailedScans", SIM_BOOLEAN, NEEDED},
	{"trackingInfo", SIM_ARRAY, NEEDED, .max = 30},
	{"trackingInfo[].shipDateBegin", SIM_STRING, 0, .form = sim_is_iso_time},
	{"trackingInfo[].shipDateEnd", SIM_STRING, 0, .form = sim_is_iso_time},
	{"trackingInfo[].trackingNumberInfo", SIM_OBJECT, NEEDED},
	{"trackingInfo[].trackingNumberInfo.trackingNumber", SIM_STRING, NEEDED, .max = 40},
	{"trackingInfo[].trackingNumberInfo.carrierCode", SIM_STRING, 0},
	{"trackingInfo[].trackingNumberInfo.trackingNumberUniqueId", SIM_STRING, 0},
	{0}};
SimSchema fedex_track_schema = {"A tracking request", true, track_fields, NULL};

static const SimField reference_fields[] = {
	{"includeDetailedScans", SIM_BOOLEAN, NEEDED},
	{"referencesInformation", SIM_OBJECT, NEEDED},
	{"referencesInformation.type", SIM_STRING, NEEDED, .values = "CUSTOMER_REFERENCE|INVOICE"},
	{"referencesInformation.value", SIM_STRING, NEEDED, .max = 40},
	{"referencesInformation.accountNumber", SIM_STRING, 0, .form = sim_is_digits},
	{"referencesInformation.carrierCode", SIM_STRING, 0, .values = "FDXE|FDXG|FXSP|FDXC"},
	{"referencesInformation.shipDateBegin", SIM_STRING, NEEDED, .form = sim_is_iso_time},
	{"referencesInformation.shipDateEnd", SIM_STRING, NEEDED, .form = sim_is_iso_time},
	{"referencesInformation.destinationCountryCode", SIM_STRING, 0, .form = sim_is_country},
	{"referencesInformation.destinationPostalCode", SIM_STRING, 0},
	{0}};
SimSchema fedex_reference_schema = {"A question for a reference", true, reference_fields, NULL};

static const SimField rate_fields[] = {
	{"accountNumber", SIM_OBJECT, NEEDED},
	{"accountNumber.value", SIM_STRING, NEEDED},
	{"carrierCodes", SIM_ARRAY, 0},
	{"rateRequestControlParameters.*",
	 SIM_ANY,
	 0,
	 .values = "returnTransitTimes|servicesNeededOnRateFailure|variableOptions|rateSortOrder"},
	{"requestedShipment", SIM_OBJECT, NEEDED},
	{"requestedShipment.shipper.address", SIM_OBJECT, NEEDED},
	ADDRESS("requestedShipment.shipper.address.", "SHIPPER"),
	{"requestedShipment.recipient.address", SIM_OBJECT, NEEDED},
	ADDRESS("requestedShipment.recipient.address.", "RECIPIENTS"),
	{"requestedShipment.pickupType", SIM_STRING, NEEDED},
	{"requestedShipment.serviceType", SIM_STRING, 0},
	{"requestedShipment.packagingType", SIM_STRING, 0},
	{"requestedShipment.rateRequestType", SIM_ARRAY, NEEDED},
	{"requestedShipment.shipDateStamp", SIM_STRING, 0, .form = sim_is_iso_time},
	{"requestedShipment.totalWeight", SIM_NUMBER, 0},
	{"requestedShipment.totalPackageCount", SIM_INTEGER, 0},
	{"requestedShipment.requestedPackageLineItems", SIM_ARRAY, NEEDED, .max = 100},
	{"requestedShipment.requestedPackageLineItems[].weight", SIM_OBJECT, NEEDED},
	{"requestedShipment.*",
	 SIM_ANY,
	 0,
	 .values = "customsClearanceDetail|preferredCurrency|shipmentSpecialServices|"
			   "smartPostInfoDetail"},
	{"requestedShipment.requestedPackageLineItems[].*",
	 SIM_ANY,
	 0,
	 .values = "groupPackageCount|dimensions|declaredValue|packageSpecialServices|"
			   "subPackagingType"},
	{0}};
SimSchema fedex_rate_schema = {"A rate request", true, rate_fields, NULL};

static const SimField address_fields[] = {
	{"inEffectAsOfTimestamp", SIM_STRING, 0},
	{"validateAddressControlParameters.includeResolutionTokens", SIM_BOOLEAN, 0},
	{"addressesToValidate", SIM_ARRAY, NEEDED, .max = 100},
	{"addressesToValidate[].address", SIM_OBJECT, NEEDED},
	{"addressesToValidate[].clientReferenceId", SIM_STRING, 0},
	ADDRESS("addressesToValidate[].address.", "ADDRESS"),
	{0}};
SimSchema fedex_address_schema = {"Addresses to resolve", true, address_fields, NULL};

static const SimField pickup_fields[] = {
	{"associatedAccountNumber", SIM_OBJECT, NEEDED},
	{"associatedAccountNumber.value", SIM_STRING, NEEDED},
	{"originDetail", SIM_OBJECT, NEEDED},
	{"originDetail.pickupAddressType", SIM_STRING, 0, .values = "ACCOUNT|SHIPPER|OTHER"},
	{"originDetail.pickupLocation", SIM_OBJECT, NEEDED},
	{"originDetail.readyDateTimestamp", SIM_STRING, NEEDED, .form = sim_is_iso_time},
	{"originDetail.customerCloseTime", SIM_STRING, NEEDED},
	{"originDetail.pickupDateType", SIM_STRING, 0, .values = "SAME_DAY|FUTURE_DAY"},
	{"originDetail.packageLocation", SIM_STRING, 0, .values = "FRONT|NONE|REAR|SIDE"},
	{"carrierCode", SIM_STRING, NEEDED, .values = "FDXE|FDXG"},
	{"packageCount", SIM_INTEGER, 0},
	WEIGHT("totalWeight."),
	{"remarks", SIM_STRING, 0, .max = 60},
	{"countryRelationships", SIM_STRING, 0, .values = "DOMESTIC|INTERNATIONAL"},
	{"pickupType", SIM_STRING, 0},
	{"trackingNumber", SIM_STRING, 0},
	{0}};
SimSchema fedex_pickup_schema = {"A pickup", true, pickup_fields, NULL};

static const SimField close_fields[] = {
	{"closeReqType", SIM_STRING, NEEDED, .values = "GCDR"},
	{"accountNumber", SIM_OBJECT, NEEDED},
	{"groundServiceCategory", SIM_STRING, NEEDED, .values = "GROUND|SMARTPOST"},
	{"closeDate", SIM_STRING, NEEDED, .form = sim_is_iso_time},
	{"closeDocumentSpecification.closeDocumentTypes", SIM_ARRAY, NEEDED},
	{0}};
SimSchema fedex_close_schema = {"The close of a day", true, close_fields, NULL};

/* --- rules between fields --- */

static const SimField postcode_row = {.path = "postalCode",
									  .code = "RECIPIENTS.POSTALCODE.INVALID"};
static const SimField phone_row = {.path = "phoneNumber",
								   .code = "RECIPIENTCONTACT.PHONENUMBER.INVALID"};

bool
fedex_obeys(SimRequest *request, const json_t *shipment)
{
	const json_t *to = sim_get(shipment, "recipients.0.address");
	const char *country = sim_text(to, "countryCode", "");
	const char *phone = sim_text(shipment, "recipients.0.contact.phoneNumber", "");
	bool abroad = strcmp(country, sim_text(shipment, "shipper.address.countryCode", "")) != 0;
	const json_t *customs = json_object_get(shipment, "customsClearanceDetail");

	if (!sim_postcode_fits(country, sim_text(to, "postalCode", "")))
		sim_refuse(request,
				   &postcode_row,
				   "form",
				   "requestedShipment.recipients[0].address.postalCode",
				   "It does not fit country %s.",
				   country);
	else if (strcmp(country, "US") == 0 && strlen(phone) != 10)
		sim_refuse(request,
				   &phone_row,
				   "length",
				   "requestedShipment.recipients[0].contact.phoneNumber",
				   "A number in the USA has ten digits.");
	else if (abroad && !customs)
		sim_refuse(request,
				   NULL,
				   "required",
				   "requestedShipment.customsClearanceDetail",
				   "A border lies on the way.");
	else if ((size_t) json_integer_value(json_object_get(shipment, "totalPackageCount")) !=
			 json_array_size(json_object_get(shipment, "requestedPackageLineItems")))
		sim_refuse(request,
				   NULL,
				   "value",
				   "requestedShipment.totalPackageCount",
				   "It is not the number of packages.");
	else
		return true;
	return false;
}
