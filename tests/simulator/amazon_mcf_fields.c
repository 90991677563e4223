/*
 * amazon_mcf_fields.c
 *
 * What Amazon's outbound API demands of a request, field by field.
 */
#include "amazon_mcf.h"

#define NEEDED SIM_REQUIRED

static bool
is_zoned_time(const char *text)
{
	double when;
	bool zoned = false;

	return sim_parse_time(text, &when, &zoned) && zoned;
}

#define ADDRESS(at, need)                                                                       \
	{at, SIM_OBJECT, need}, {at ".name", SIM_STRING, NEEDED, .max = 50},                        \
		{at ".addressLine1", SIM_STRING, NEEDED, .max = 180},                                   \
		{at ".addressLine2", SIM_STRING, 0, .max = 60},                                         \
		{at ".addressLine3", SIM_STRING, 0, .max = 60}, {at ".city", SIM_STRING, 0, .max = 50}, \
		{at ".districtOrCounty", SIM_STRING, 0, .max = 50},                                     \
		{at ".stateOrRegion", SIM_STRING, 0, .max = 50},                                        \
		{at ".postalCode", SIM_STRING, NEEDED, .max = 20},                                      \
		{at ".countryCode", SIM_STRING, NEEDED, .form = sim_is_country},                        \
	{                                                                                           \
		at ".phone", SIM_STRING, 0, .max = 20                                                   \
	}

#define ITEMS(need)                                                                             \
	{"items", SIM_ARRAY, need, .max = 100}, {"items[].sellerSku", SIM_STRING, need, .max = 50}, \
		{"items[].sellerFulfillmentOrderItemId", SIM_STRING, NEEDED, .max = 50},                \
		{"items[].quantity", SIM_INTEGER, NEEDED},                                              \
		{"items[].giftMessage", SIM_STRING, 0, .max = 512},                                     \
		{"items[].displayableComment", SIM_STRING, 0, .max = 250},                              \
		{"items[].perUnitDeclaredValue.currencyCode",                                           \
		 SIM_STRING,                                                                            \
		 NEEDED,                                                                                \
		 .form = sim_is_currency},                                                              \
		{"items[].perUnitDeclaredValue.value", SIM_STRING, NEEDED, .form = sim_is_decimal},     \
	{                                                                                           \
		"items[].*", SIM_ANY, 0, .values = "fulfillmentNetworkSku|perUnitPrice|perUnitTax"      \
	}

#define ORDER(need)                                                                            \
	{"marketplaceId", SIM_STRING, need, .max = 20},                                            \
		{"displayableOrderId", SIM_STRING, need, .max = 40},                                   \
		{"displayableOrderDate", SIM_STRING, need, .form = is_zoned_time},                     \
		{"displayableOrderComment", SIM_STRING, need, .max = 750},                             \
		{"shippingSpeedCategory",                                                              \
		 SIM_STRING,                                                                           \
		 need,                                                                                 \
		 .values = "Standard|Expedited|Priority|ScheduledDelivery"},                           \
		{"fulfillmentAction", SIM_STRING, 0, .values = "Ship|Hold"},                           \
		{"fulfillmentPolicy", SIM_STRING, 0, .values = "FillOrKill|FillAll|FillAllAvailable"}, \
		{"shipFromCountryCode", SIM_STRING, 0, .form = sim_is_country},                        \
		{"notificationEmails", SIM_ARRAY, 0},                                                  \
		{"notificationEmails[]", SIM_STRING, NEEDED, .max = 64, .form = sim_is_email},         \
		{"featureConstraints[].featureName", SIM_STRING, NEEDED},                              \
		{"featureConstraints[].featureFulfillmentPolicy",                                      \
		 SIM_STRING,                                                                           \
		 NEEDED,                                                                               \
		 .values = "Required|NotRequired"},                                                    \
		ADDRESS("destinationAddress", need), ITEMS(need)

static const SimField create_fields[] = {
	{"sellerFulfillmentOrderId", SIM_STRING, NEEDED, .max = 40},
	ORDER(NEEDED),
	{"*",
	 SIM_ANY,
	 0,
	 .values = "deliveryWindow|deliveryPreferences|codSettings|paymentInformation"},
	{0}};
SimSchema mcf_create_schema = {"An order", true, create_fields, NULL};

static const SimField change_fields[] = {ORDER(0), {0}};
SimSchema mcf_change_schema = {"A change", true, change_fields, NULL};

static const SimField preview_fields[] = {
	{"marketplaceId", SIM_STRING, 0, .max = 20},
	ADDRESS("address", NEEDED),
	ITEMS(NEEDED),
	{"shippingSpeedCategories", SIM_ARRAY, 0},
	{"*",
	 SIM_ANY,
	 0,
	 .values = "includeCODFulfillmentPreview|includeDeliveryWindows|featureConstraints"},
	{0}};
SimSchema mcf_preview_schema = {"A preview", true, preview_fields, NULL};

static const SimField return_fields[] = {
	{"items", SIM_ARRAY, NEEDED},
	{"items[].sellerReturnItemId", SIM_STRING, NEEDED, .max = 80},
	{"items[].sellerFulfillmentOrderItemId", SIM_STRING, NEEDED, .max = 50},
	{"items[].amazonShipmentId", SIM_STRING, NEEDED},
	{"items[].returnReasonCode", SIM_STRING, NEEDED},
	{"items[].returnComment", SIM_STRING, 0, .max = 1000},
	{0}};
SimSchema mcf_return_schema = {"A return", true, return_fields, NULL};
