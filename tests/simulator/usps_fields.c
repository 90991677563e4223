/*
 * usps_fields.c
 *
 * What USPS demands of a request, field by field, and the rules between fields.
 */
#include <string.h>

#include "usps.h"

#define NEEDED SIM_REQUIRED

static bool
is_zip(const char *text)
{
	return strlen(text) == 5 && sim_is_digits(text);
}

static bool
is_mid(const char *text)
{
	return (strlen(text) == 6 || strlen(text) == 9) && sim_is_digits(text);
}

#define PERSON(at)                                                                         \
	{at "firstName", SIM_STRING, 0, .max = 50}, {at "lastName", SIM_STRING, 0, .max = 50}, \
		{at "firm", SIM_STRING, 0, .max = 50},                                             \
		{at "phone", SIM_STRING, 0, .max = 15, .form = sim_is_digits},                     \
		{at "email", SIM_STRING, 0, .max = 50, .form = sim_is_email},                      \
		{at "streetAddress",                                                               \
		 SIM_STRING,                                                                       \
		 NEEDED,                                                                           \
		 .max = 50,                                                                        \
		 .code = "160101",                                                                 \
		 .message = "Insufficient address"},                                               \
		{at "secondaryAddress", SIM_STRING, 0, .max = 50},                                 \
	{                                                                                      \
		at "city", SIM_STRING, NEEDED, .max = 28, .code = "160102",                        \
									   .message = "Invalid City/State"                     \
	}

#define DOMESTIC(at)                                                     \
	PERSON(at), {at "state", SIM_STRING, NEEDED, .max = 2},              \
		{at "ZIPCode",                                                   \
		 SIM_STRING,                                                     \
		 NEEDED,                                                         \
		 .form = is_zip,                                                 \
		 .code = "160127",                                               \
		 .message = "Invalid ZIP Code"},                                 \
		{at "ZIPPlus4", SIM_STRING, 0, .max = 4, .form = sim_is_digits}, \
	{                                                                    \
		at "ignoreBadAddress", SIM_BOOLEAN, 0                            \
	}

#define PACKAGE(at)                                                                              \
	{"packageDescription", SIM_OBJECT, NEEDED}, {at "weightUOM", SIM_STRING, 0, .values = "lb"}, \
		{at "weight", SIM_NUMBER, NEEDED, .max = 70},                                            \
		{at "dimensionsUOM", SIM_STRING, 0, .values = "in"},                                     \
		{at "length", SIM_NUMBER, NEEDED, .max = 108},                                           \
		{at "width", SIM_NUMBER, NEEDED, .max = 108},                                            \
		{at "height", SIM_NUMBER, NEEDED, .max = 108}, {at "mailClass", SIM_STRING, NEEDED},     \
		{at "processingCategory",                                                                \
		 SIM_STRING,                                                                             \
		 NEEDED,                                                                                 \
		 .values = "MACHINABLE|NONSTANDARD|FLATS|LETTERS"},                                      \
		{at "rateIndicator", SIM_STRING, NEEDED, .max = 2}, {at "extraServices", SIM_ARRAY, 0},  \
		{at "extraServices[]", SIM_INTEGER, NEEDED},                                             \
		{at "packageOptions.packageValue", SIM_NUMBER, 0},                                       \
		{at "packageOptions.contentType", SIM_STRING, 0},                                        \
		{at "packageOptions.nonDeliveryOption",                                                  \
		 SIM_STRING,                                                                             \
		 0,                                                                                      \
		 .values = "RETURN|REDIRECT|ABANDON"},                                                   \
		{at "customerReference", SIM_ARRAY, 0, .max = 4},                                        \
		{at "customerReference[].referenceNumber", SIM_STRING, NEEDED, .max = 30},               \
		{at "customerReference[].printReferenceNumber", SIM_BOOLEAN, 0},                         \
		{at "carrierRelease", SIM_BOOLEAN, 0},                                                   \
	{                                                                                            \
		at "physicalSignatureRequired", SIM_BOOLEAN, 0                                           \
	}

/* Labels for the way back tell neither: nobody knows when they are used. */
#define ENTRY(at, entry)                                                         \
	{at "destinationEntryFacilityType", SIM_STRING, NEEDED, .values = entry},    \
	{                                                                            \
		at "mailingDate", SIM_STRING, NEEDED, .max = 10, .form = sim_is_iso_time \
	}

#define CUSTOMS(need)                                                                          \
	{"customsForm", SIM_OBJECT, need}, {"customsForm.customsContentType", SIM_STRING, NEEDED}, \
		{"customsForm.contentComments", SIM_STRING, 0, .max = 25},                             \
		{"customsForm.AESITN", SIM_STRING, 0, .max = 35},                                      \
		{"customsForm.invoiceNumber", SIM_STRING, 0, .max = 15},                               \
		{"customsForm.licenseNumber", SIM_STRING, 0, .max = 15},                               \
		{"customsForm.certificateNumber", SIM_STRING, 0, .max = 15},                           \
		{"customsForm.contents", SIM_ARRAY, NEEDED, .max = 30},                                \
		{"customsForm.contents[].itemDescription", SIM_STRING, NEEDED, .max = 30},             \
		{"customsForm.contents[].itemQuantity", SIM_INTEGER, NEEDED},                          \
		{"customsForm.contents[].itemTotalValue", SIM_NUMBER, NEEDED},                         \
		{"customsForm.contents[].weightUOM", SIM_STRING, NEEDED, .values = "lb"},              \
		{"customsForm.contents[].itemTotalWeight", SIM_NUMBER, NEEDED},                        \
		{"customsForm.contents[].HSTariffNumber", SIM_STRING, 0, .max = 14},                   \
	{                                                                                          \
		"customsForm.contents[].countryofOrigin", SIM_STRING, 0, .form = sim_is_country        \
	}

#define IMAGE                                                                                      \
	{"imageInfo", SIM_OBJECT, 0},                                                                  \
		{"imageInfo.imageType",                                                                    \
		 SIM_STRING,                                                                               \
		 0,                                                                                        \
		 .values = "PDF|TIFF|JPG|PNG|GIF|SVG|ZPL203DPI|ZPL300DPI|EPL300DPI|LABEL_BROKER|NONE"},    \
		{"imageInfo.labelType",                                                                    \
		 SIM_STRING,                                                                               \
		 0,                                                                                        \
		 .values = "4X6LABEL|4X4LABEL|4X5LABEL|6X4LABEL|2X7LABEL"},                                \
		{"imageInfo.receiptOption", SIM_STRING, 0, .values = "SAME_PAGE|SEPARATE_PAGE|NONE"},      \
		{"imageInfo.suppressPostage", SIM_BOOLEAN, 0},                                             \
		{"imageInfo.suppressMailDate", SIM_BOOLEAN, 0}, {"imageInfo.returnLabel", SIM_BOOLEAN, 0}, \
		{"imageInfo.packageNumber", SIM_INTEGER, 0},                                               \
	{                                                                                              \
		"imageInfo.totalPackages", SIM_INTEGER, 0                                                  \
	}

static const SimField label_fields[] = {
	IMAGE,
	{"toAddress", SIM_OBJECT, NEEDED},
	DOMESTIC("toAddress."),
	{"toAddress.facilityId", SIM_STRING, 0},
	{"fromAddress", SIM_OBJECT, NEEDED},
	DOMESTIC("fromAddress."),
	DOMESTIC("returnAddress."),
	DOMESTIC("senderAddress."),
	PACKAGE("packageDescription."),
	ENTRY("packageDescription.", "NONE|DESTINATION_DELIVERY_UNIT"),
	CUSTOMS(0),
	{0}};
SimSchema usps_label_schema = {"A label request", true, label_fields, NULL};

static const SimField return_fields[] = {IMAGE,
										 {"toAddress", SIM_OBJECT, NEEDED},
										 DOMESTIC("toAddress."),
										 {"fromAddress", SIM_OBJECT, NEEDED},
										 DOMESTIC("fromAddress."),
										 PACKAGE("packageDescription."),
										 CUSTOMS(0),
										 {0}};
SimSchema usps_return_schema = {"A return label request", true, return_fields, NULL};

static const SimField abroad_fields[] = {
	IMAGE,
	{"toAddress", SIM_OBJECT, NEEDED},
	PERSON("toAddress."),
	{"toAddress.postalCode", SIM_STRING, 0, .max = 11},
	{"toAddress.province", SIM_STRING, 0, .max = 40},
	{"toAddress.provinceISOAlpha2Code", SIM_STRING, 0, .max = 2},
	{"toAddress.country", SIM_STRING, NEEDED},
	{"toAddress.countryISOAlpha2Code", SIM_STRING, NEEDED, .form = sim_is_country},
	{"fromAddress", SIM_OBJECT, NEEDED},
	DOMESTIC("fromAddress."),
	DOMESTIC("senderAddress."),
	PACKAGE("packageDescription."),
	ENTRY("packageDescription.", "NONE|INTERNATIONAL_SERVICE_CENTER"),
	CUSTOMS(NEEDED),
	{0}};
SimSchema usps_abroad_schema = {"An international label request", true, abroad_fields, NULL};

static const SimField reprint_fields[] = {IMAGE, {0}};
SimSchema usps_reprint_schema = {"A reprint", true, reprint_fields, NULL};

static const SimField payment_fields[] = {
	{"roles", SIM_ARRAY, NEEDED},
	{"roles[].roleName", SIM_STRING, NEEDED},
	{"roles[].CRID", SIM_STRING, NEEDED, .max = 18, .form = sim_is_digits},
	{"roles[].MID", SIM_STRING, 0, .form = is_mid},
	{"roles[].manifestMID", SIM_STRING, 0, .form = is_mid},
	{"roles[].accountType", SIM_STRING, 0, .values = "EPS|PERMIT|METER|OMAS"},
	{"roles[].accountNumber", SIM_STRING, 0},
	{"roles[].permitNumber", SIM_STRING, 0},
	{"roles[].permitZIP", SIM_STRING, 0, .form = is_zip},
	{0}};
SimSchema usps_payment_schema = {"A payment authorization", true, payment_fields, NULL};

static const SimField options_fields[] = {
	{"originZIPCode", SIM_STRING, NEEDED, .form = is_zip},
	{"destinationZIPCode", SIM_STRING, NEEDED, .form = is_zip},
	{"pricingOptions", SIM_ARRAY, NEEDED},
	{"pricingOptions[].priceType", SIM_STRING, NEEDED, .values = "RETAIL|COMMERCIAL|CONTRACT"},
	{"pricingOptions[].paymentAccount", SIM_OBJECT, 0},
	{"packageDescription", SIM_OBJECT, NEEDED},
	{"packageDescription.weight", SIM_NUMBER, NEEDED, .max = 70},
	{"packageDescription.length", SIM_NUMBER, NEEDED},
	{"packageDescription.width", SIM_NUMBER, NEEDED},
	{"packageDescription.height", SIM_NUMBER, NEEDED},
	{"packageDescription.mailClass", SIM_STRING, NEEDED},
	{"packageDescription.mailingDate", SIM_STRING, 0, .form = sim_is_iso_time},
	{"packageDescription.*",
	 SIM_ANY,
	 0,
	 .values = "girth|extraServices|packageValue|hasNonstandardCharacteristics"},
	{"shippingFilter", SIM_STRING, 0, .values = "PRICE|SERVICE_STANDARDS"},
	{0}};
SimSchema usps_options_schema = {"A search for options", true, options_fields, NULL};

static const SimField rates_abroad_fields[] = {
	{"originZIPCode", SIM_STRING, NEEDED, .form = is_zip},
	{"destinationCountryCode", SIM_STRING, NEEDED, .form = sim_is_country},
	{"foreignPostalCode", SIM_STRING, 0, .max = 11},
	{"weight", SIM_NUMBER, NEEDED, .max = 70},
	{"length", SIM_NUMBER, NEEDED},
	{"width", SIM_NUMBER, NEEDED},
	{"height", SIM_NUMBER, NEEDED},
	{"mailClass", SIM_STRING, NEEDED},
	{"priceType", SIM_STRING, NEEDED},
	{"mailingDate", SIM_STRING, 0, .form = sim_is_iso_time},
	{"accountType", SIM_STRING, 0},
	{"accountNumber", SIM_STRING, 0},
	{0}};
SimSchema usps_rates_abroad_schema = {"A search for rates abroad", true, rates_abroad_fields, NULL};

static const SimField pickup_fields[] = {
	{"pickupDate", SIM_STRING, NEEDED, .form = sim_is_iso_time},
	{"pickupAddress", SIM_OBJECT, NEEDED},
	{"packages", SIM_ARRAY, NEEDED},
	{"packages[].packageType", SIM_STRING, NEEDED},
	{"packages[].packageCount", SIM_INTEGER, NEEDED},
	{"estimatedWeight", SIM_NUMBER, NEEDED},
	{"pickupLocation", SIM_OBJECT, NEEDED},
	{"pickupLocation.packageLocation", SIM_STRING, NEEDED},
	{"pickupLocation.specialInstructions", SIM_STRING, 0, .max = 255},
	{"pickupLocation.dogPresent", SIM_BOOLEAN, 0},
	{0}};
SimSchema usps_pickup_schema = {"A pickup", true, pickup_fields, NULL};

static const SimField form_fields[] = {
	{"imageInfo", SIM_OBJECT, 0},
	{"mailingDate", SIM_STRING, NEEDED, .form = sim_is_iso_time},
	{"overwriteMailingDate", SIM_BOOLEAN, 0},
	{"entryFacilityZIPCode", SIM_STRING, NEEDED, .form = is_zip},
	{"destinationEntryFacilityType", SIM_STRING, NEEDED, .values = "NONE"},
	{"shipment", SIM_OBJECT, NEEDED},
	{"fromAddress", SIM_OBJECT, NEEDED},
	DOMESTIC("fromAddress."),
	{0}};
SimSchema usps_form_schema = {"A SCAN form", true, form_fields, NULL};

/* --- rules between fields --- */

static const SimField size_row = {
	.path = "length", .code = "160150", .message = "The length must be the longest side"};
static const SimField date_row = {
	.path = "mailingDate", .code = "160151", .message = "The mailing date is not in the next days"};

bool
usps_obeys(SimRequest *request)
{
	const json_t *package = json_object_get(request->json, "packageDescription");
	const char *date = sim_text(package, "mailingDate", "");
	double at = 0;
	bool zoned;

	if (sim_real(package, "length", 0) < sim_real(package, "width", 0) ||
		sim_real(package, "width", 0) < sim_real(package, "height", 0))
		sim_refuse(request,
				   &size_row,
				   "value",
				   "packageDescription.length",
				   "Sides must be given from the longest to the shortest.");
	else if (*date && (!sim_parse_time(date, &at, &zoned) || at < sim_wall() - 2 * 86400 ||
					   at > sim_wall() + 8 * 86400))
		sim_refuse(
			request, &date_row, "value", "packageDescription.mailingDate", "It is %.20s.", date);
	else
		return true;
	return false;
}
