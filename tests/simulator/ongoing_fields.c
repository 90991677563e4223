/*
 * ongoing_fields.c
 *
 * The members of Ongoing's bodies, from the vendor's own model of orders,
 * articles and return orders.  The schemas are closed: the server refuses a
 * member it does not know.  Absent and null are the same; numbers may come as
 * text, as in the vendor's examples.
 */
#include "ongoing.h"

#define NEED(path_, type_)                                        \
	{                                                             \
		.path = path_, .type = SIM_##type_, .flags = SIM_REQUIRED \
	}
#define MAY(path_, type_)                                         \
	{                                                             \
		.path = path_, .type = SIM_##type_, .flags = SIM_NULLABLE \
	}
#define NEED_TIME(path_)                                                                  \
	{                                                                                     \
		.path = path_, .type = SIM_STRING, .flags = SIM_REQUIRED, .form = sim_is_iso_time \
	}
#define TIME(path_)                                                                       \
	{                                                                                     \
		.path = path_, .type = SIM_STRING, .flags = SIM_NULLABLE, .form = sim_is_iso_time \
	}
#define PAIR(path_) MAY(path_, OBJECT), MAY(path_ ".code", STRING), MAY(path_ ".name", STRING)
#define NOTIFICATION(path_) \
	MAY(path_, OBJECT), MAY(path_ ".toBeNotified", BOOLEAN), MAY(path_ ".value", STRING)

static const SimField order_fields[] = {
	NEED("goodsOwnerId", INTEGER),
	{.path = "orderNumber", .type = SIM_STRING, .flags = SIM_REQUIRED, .max = 50},
	NEED_TIME("deliveryDate"),
	NEED("consignee", OBJECT),
	MAY("consignee.customerNumber", STRING),
	MAY("consignee.name", STRING),
	MAY("consignee.address1", STRING),
	MAY("consignee.address2", STRING),
	MAY("consignee.address3", STRING),
	MAY("consignee.postCode", STRING),
	MAY("consignee.city", STRING),
	{.path = "consignee.countryCode",
	 .type = SIM_STRING,
	 .flags = SIM_NULLABLE,
	 .max = 2,
	 .form = sim_is_country},
	MAY("consignee.countryStateCode", STRING),
	MAY("consignee.remark", STRING),
	MAY("consignee.doorCode", STRING),
	MAY("consignee.advanced", OBJECT),
	NOTIFICATION("consignee.advanced.telephoneNotification"),
	NOTIFICATION("consignee.advanced.emailNotification"),
	NOTIFICATION("consignee.advanced.smsNotification"),
	MAY("consignee.advanced.externalCustomerCode", STRING),
	MAY("consignee.invoiceAddress", OBJECT),
	MAY("consignee.invoiceAddress.name", STRING),
	MAY("consignee.invoiceAddress.address1", STRING),
	MAY("consignee.invoiceAddress.address2", STRING),
	MAY("consignee.invoiceAddress.address3", STRING),
	MAY("consignee.invoiceAddress.postCode", STRING),
	MAY("consignee.invoiceAddress.city", STRING),
	MAY("consignee.invoiceAddress.countryCode", STRING),
	MAY("consignee.invoiceAddress.countryStateCode", STRING),
	MAY("consignee.invoiceAddress.advanced", OBJECT),
	MAY("consignee.invoiceAddress.advanced.telephoneNotification", OBJECT),
	MAY("consignee.invoiceAddress.advanced.telephoneNotification.value", STRING),
	MAY("consignee.invoiceAddress.advanced.emailNotification", OBJECT),
	MAY("consignee.invoiceAddress.advanced.emailNotification.value", STRING),
	MAY("consignee.invoiceAddress.advanced.smsNotification", OBJECT),
	MAY("consignee.invoiceAddress.advanced.smsNotification.value", STRING),
	MAY("consignee.organisationNumber", STRING),
	MAY("consignee.vatNumber", STRING),
	MAY("referenceNumber", STRING),
	MAY("goodsOwnerOrderId", STRING),
	MAY("salesCode", STRING),
	MAY("orderRemark", STRING),
	MAY("deliveryInstruction", STRING),
	MAY("servicePointCode", STRING),
	MAY("freeText1", STRING),
	MAY("freeText2", STRING),
	MAY("freeText3", STRING),
	TIME("orderFreeDateTime1"),
	PAIR("orderType"),
	PAIR("wayOfDelivery"),
	NOTIFICATION("emailNotification"),
	NOTIFICATION("smsNotification"),
	NOTIFICATION("telephoneNotification"),
	MAY("transporter", OBJECT),
	MAY("transporter.transporterCode", STRING),
	MAY("transporter.transporterServiceCode", STRING),
	MAY("transporter.paymentAdvanced", OBJECT),
	MAY("transporter.paymentAdvanced.consigneeCollects", BOOLEAN),
	MAY("transporter.paymentAdvanced.consigneePays", OBJECT),
	NEED("transporter.paymentAdvanced.consigneePays.customerNumber", STRING),
	MAY("transporter.paymentAdvanced.thirdPartyPays", OBJECT),
	NEED("transporter.paymentAdvanced.thirdPartyPays.customerNumber", STRING),
	MAY("transporter.paymentAdvanced.senderPays", OBJECT),
	NEED("transporter.paymentAdvanced.senderPays.ediCode", STRING),
	MAY("returnTransporter", OBJECT),
	MAY("returnTransporter.transporterCode", STRING),
	MAY("returnTransporter.transporterServiceCode", STRING),
	MAY("orderLines", ARRAY),
	NEED("orderLines[].rowNumber", STRING),
	NEED("orderLines[].articleNumber", STRING),
	MAY("orderLines[].numberOfItems", DECIMAL),
	MAY("orderLines[].comment", STRING),
	MAY("orderLines[].shouldBePicked", BOOLEAN),
	MAY("orderLines[].serialNumber", STRING),
	MAY("orderLines[].lineTotalCustomsValue", DECIMAL),
	MAY("orderLines[].batchNumber", STRING),
	PAIR("orderLines[].lineType"),
	MAY("orderLines[].prices", OBJECT),
	MAY("orderLines[].prices.linePrice", DECIMAL),
	MAY("orderLines[].prices.customerLinePrice", DECIMAL),
	MAY("orderLines[].prices.currencyCode", STRING),
	MAY("orderLines[].prices.discountPercentage", DECIMAL),
	MAY("orderLines[].customerArticleNumber", STRING),
	MAY("orderLines[].warehouseInstruction", STRING),
	MAY("orderLines[].externalId", STRING),
	PAIR("orderLines[].articleItemStatus"),
	MAY("orderLines[].lineFreeValues", OBJECT),
	MAY("orderLines[].lineFreeValues.freeText1", STRING),
	MAY("customsInfo", OBJECT),
	MAY("customsInfo.customsValueCurrencyCode", STRING),
	MAY("preparedTransportDocumentId", STRING),
	MAY("freightPrice", DECIMAL),
	MAY("warehouseId", INTEGER),
	MAY("classes", ARRAY),
	MAY("classes[].code", STRING),
	MAY("classes[].name", STRING),
	MAY("classes[].comment", STRING),
	PAIR("termsOfDeliveryType"),
	MAY("customerPrice", DECIMAL),
	MAY("advanced", OBJECT),
	MAY("advanced.orderTextLines", ARRAY),
	NEED("advanced.orderTextLines[].rowNumber", STRING),
	MAY("advanced.orderTextLines[].comment", STRING),
	MAY("advanced.orderTextLines[].numberOfItems", DECIMAL),
	TIME("advanced.arrivalDate"),
	MAY("advanced.wayOfDeliveryString", STRING),
	MAY("advanced.transporterOrderNumber", STRING),
	MAY("advanced.invoiceNumber", STRING),
	TIME("advanced.arrivalDateFrom"),
	MAY("advanced.termsOfPaymentString", STRING),
	MAY("advanced.termsOfDeliveryString", STRING),
	MAY("advanced.communication", STRING),
	MAY("consigneeOrderNumber", STRING),
	MAY("warehouseInstruction", STRING),
	MAY("marketPlace", OBJECT),
	MAY("marketPlace.marketPlace", STRING),
	MAY("marketPlace.marketPlaceOrderNumber", STRING),
	MAY("pickingPriority", INTEGER),
	MAY("productionCode", STRING),
	MAY("transporterBulkId", STRING),
	{0}};

SimSchema ongoing_order_schema = {"An order", true, order_fields, NULL};

static const SimField article_fields[] = {
	NEED("goodsOwnerId", INTEGER),
	NEED("articleNumber", STRING),
	PAIR("articleGroup"),
	PAIR("articleCategory"),
	PAIR("articleColor"),
	PAIR("articleSize"),
	MAY("articleName", STRING),
	MAY("productCode", STRING),
	MAY("unitCode", STRING),
	MAY("description", STRING),
	MAY("isStockArticle", BOOLEAN),
	MAY("isActive", BOOLEAN),
	MAY("supplierInfo", OBJECT),
	MAY("supplierInfo.supplierArticleNumber", STRING),
	MAY("supplierInfo.supplierNumber", STRING),
	MAY("supplierInfo.supplierName", STRING),
	MAY("barCodeInfo", OBJECT),
	MAY("barCodeInfo.barCode", STRING),
	MAY("barCodeInfo.barCodePackage", STRING),
	MAY("barCodeInfo.barCodePallet", STRING),
	MAY("barCodeInfo.alternativeBarCodes", ARRAY),
	MAY("barCodeInfo.alternativeBarCodes[].barCode", STRING),
	MAY("barCodeInfo.alternativeBarCodes[].quantityPerBarCode", DECIMAL),
	PAIR("barCodeInfo.alternativeBarCodes[].barCodeType"),
	MAY("quantityPerPackage", DECIMAL),
	MAY("quantityPerPallet", DECIMAL),
	MAY("weight", DECIMAL),
	MAY("length", DECIMAL),
	MAY("width", DECIMAL),
	MAY("height", DECIMAL),
	MAY("volume", DECIMAL),
	MAY("purchasePrice", DECIMAL),
	MAY("stockValuationPrice", DECIMAL),
	MAY("customerPrice", DECIMAL),
	MAY("purcaseCurrencyCode", STRING),
	MAY("countryOfOriginCode", STRING),
	MAY("statisticsNumber", STRING),
	MAY("articleNameTranslations", ARRAY),
	MAY("articleNameTranslations[].languageCode", STRING),
	MAY("articleNameTranslations[].articleName", STRING),
	MAY("stockLimit", DECIMAL),
	MAY("minimumReorderQuantity", DECIMAL),
	MAY("netWeight", DECIMAL),
	MAY("linkToPicture", STRING),
	MAY("structureDefinition", OBJECT),
	MAY("structureDefinition.articleKind", STRING),
	MAY("structureDefinition.rows", ARRAY),
	NEED("structureDefinition.rows[].articleNumber", STRING),
	MAY("structureDefinition.rows[].numberOfItems", DECIMAL),
	MAY("quantityPerLayerOnPallet", DECIMAL),
	MAY("subQuantityPerItem", DECIMAL),
	MAY("minDaysToExpiryDateAllowedOnDelivery", DECIMAL),
	MAY("storageProperties", OBJECT),
	MAY("storageProperties.isObsolete", BOOLEAN),
	MAY("storageProperties.isSerialNumberArticle", BOOLEAN),
	MAY("storageProperties.isBatchArticle", BOOLEAN),
	MAY("storageProperties.isExpiryDateArticle", BOOLEAN),
	MAY("freeValues", OBJECT),
	MAY("freeValues.freeDecimal1", DECIMAL),
	MAY("freeValues.freeDecimal2", DECIMAL),
	MAY("freeValues.freeDecimal3", DECIMAL),
	MAY("freeValues.freeBoolean1", BOOLEAN),
	MAY("freeValues.freeBoolean2", BOOLEAN),
	MAY("freeValues.freeBoolean3", BOOLEAN),
	MAY("storageClass", OBJECT),
	NEED("storageClass.name", STRING),
	MAY("customsDescription", STRING),
	MAY("taricNumbersInfo", OBJECT),
	MAY("taricNumbersInfo.taricNumbers", ARRAY),
	NEED("taricNumbersInfo.taricNumbers[].countryCode", STRING),
	NEED("taricNumbersInfo.taricNumbers[].taricNumber", STRING),
	{0}};

SimSchema ongoing_article_schema = {"An article", true, article_fields, NULL};

static const SimField return_fields[] = {
	NEED("goodsOwnerId", INTEGER),
	NEED("returnOrderNumber", STRING),
	NEED("customerOrder", OBJECT),
	MAY("customerOrder.orderId", INTEGER),
	NEED("returnOrderLines", ARRAY),
	NEED("returnOrderLines[].returnOrderRowNumber", STRING),
	NEED("returnOrderLines[].customerOrderLine", OBJECT),
	MAY("returnOrderLines[].customerOrderLine.orderLineId", INTEGER),
	MAY("returnOrderLines[].customerOrderLine.customerOrderRowNumber", STRING),
	MAY("returnOrderLines[].customerOrderRowNumber", STRING),
	NEED("returnOrderLines[].toBeReturnedNumberOfItems", DECIMAL),
	PAIR("returnOrderLines[].returnCause"),
	MAY("comment", STRING),
	TIME("inDate"),
	MAY("warehouseId", INTEGER),
	MAY("tracking", ARRAY),
	MAY("tracking[].waybill", STRING),
	MAY("tracking[].trackingUrl", STRING),
	MAY("returnOrderHandlingComment", STRING),
	{0}};

SimSchema ongoing_return_schema = {"A return order", true, return_fields, NULL};

/* The one-member bodies of PATCH; ongoing_orders.c knows which member belongs to which path. */
static const SimField patch_fields[] = {TIME("deliveryDate"),
										MAY("orderNumber", STRING),
										MAY("orderStatusNumber", INTEGER),
										MAY("transporterCode", STRING),
										MAY("transporterServiceCode", STRING),
										MAY("paymentAdvanced", OBJECT),
										MAY("waybill", STRING),
										MAY("returnWaybill", STRING),
										MAY("servicePointCode", STRING),
										MAY("orderClasses", ARRAY),
										MAY("reportedNumberOfItems", DECIMAL),
										MAY("reportedReturnedNumberOfItems", DECIMAL),
										{0}};
SimSchema ongoing_patch_schema = {"A patch", true, patch_fields, NULL};

static const SimField tracking_fields[] = {
	NEED("waybill", STRING), NEED("trackingUrl", STRING), NEED("isReturnTracking", BOOLEAN), {0}};
SimSchema ongoing_tracking_schema = {"A tracking", true, tracking_fields, NULL};

static const SimField parcel_fields[] = {NEED("parcelNumber", STRING),
										 {.path = "transportAdministrationType",
										  .type = SIM_STRING,
										  .flags = SIM_REQUIRED,
										  .values = "delivery|return"},
										 MAY("advanced", ANY),
										 {0}};
SimSchema ongoing_parcel_schema = {"A parcel", true, parcel_fields, NULL};

static const SimField file_fields[] = {
	NEED("fileName", STRING), NEED("mimeType", STRING), NEED("fileDataBase64", STRING), {0}};
SimSchema ongoing_file_schema = {"A file", true, file_fields, NULL};

static const SimField cause_fields[] = {NEED("goodsOwnerId", INTEGER),
										NEED("code", STRING),
										MAY("name", STRING),
										MAY("isRemoveCause", BOOLEAN),
										MAY("isChangeCause", BOOLEAN),
										MAY("isReturnCommentMandatory", BOOLEAN),
										{0}};
SimSchema ongoing_cause_schema = {"A return cause", true, cause_fields, NULL};
