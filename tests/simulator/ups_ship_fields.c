/*
 * ups_ship_fields.c
 *
 * What UPS demands of the members of a ship request, as one table; laws that
 * need more than one member are in ups_laws.c.  Error codes 1201xx, 1202xx, 1203xx, 1205xx and
 * 121xxx are UPS's own as far as the sheet names them; the other numbers of these families follow
 * their pattern.  Members that no row names are tolerated, as UPS does, but become offences,
 * because they are usually misspelt.
 */
#include <string.h>

#include "ups.h"
#include "ups_rows.h"

#define SR "ShipmentRequest."
#define S  "ShipmentRequest.Shipment."

#define PARTY(at, family, who, cross)                                                \
	NEED(at "Name", 35, family "00", "Missing or invalid " who " company name"),     \
		{.path = at "AttentionName",                                                 \
		 .type = SIM_STRING,                                                         \
		 .flags = SIM_REQUIRED,                                                      \
		 .max = 35,                                                                  \
		 .when = cross,                                                              \
		 .code = family "01",                                                        \
		 .message = "Missing or invalid " who " attention name"},                    \
		{.path = at "Phone",                                                         \
		 .type = SIM_OBJECT,                                                         \
		 .flags = SIM_REQUIRED,                                                      \
		 .when = is_cross_border,                                                    \
		 .code = family "09",                                                        \
		 .message = "Missing or invalid " who " phone number"},                      \
		{.path = at "Phone.Number",                                                  \
		 .type = SIM_STRING,                                                         \
		 .flags = SIM_REQUIRED,                                                      \
		 .max = 15,                                                                  \
		 .form = sim_is_phone,                                                       \
		 .code = family "09",                                                        \
		 .message = "Missing or invalid " who " phone number"},                      \
		MAY(at "Phone.Extension", 4),                                                \
		{.path = at "EMailAddress",                                                  \
		 .type = SIM_STRING,                                                         \
		 .max = 50,                                                                  \
		 .form = sim_is_email,                                                       \
		 .code = family "10",                                                        \
		 .message = "Missing or invalid " who " e-mail address"},                    \
		MAY(at "CompanyDisplayableName", 35), MAY(at "TaxIdentificationNumber", 15), \
		MAY(at "FaxNumber", 15),                                                     \
		{.path = at "Address",                                                       \
		 .type = SIM_OBJECT,                                                         \
		 .flags = SIM_REQUIRED,                                                      \
		 .code = family "02",                                                        \
		 .message = "Missing or invalid " who " address"},                           \
		ADDRESS(at "Address.", family, who)

static bool
never(const json_t *body)
{
	(void) body;
	return false;
}

static bool
is_cross_border(const json_t *body)
{
	const json_t *shipment = sim_get(body, "ShipmentRequest.Shipment");

	return strcmp(ups_from_country(shipment), ups_to_country(shipment)) != 0;
}

static bool
is_return(const json_t *body)
{
	return ups_is_return(sim_get(body, "ShipmentRequest.Shipment"));
}

static bool
is_invoice(const json_t *body)
{
	const json_t *types = sim_get(
		body, "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.FormType");
	size_t i;
	json_t *type;

	json_array_foreach(types, i, type)
	{
		if (json_is_string(type) && strcmp(json_string_value(type), "01") == 0)
			return true;
	}
	return false;
}

static bool
is_user_form(const json_t *body)
{
	return strcmp(sim_text(body,
						   "ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms."
						   "FormType.0",
						   ""),
				  "07") == 0;
}

static bool
needs_products(const json_t *body)
{
	return !is_user_form(body);
}

/* --- the members of a ship request --- */

static const SimField ship_fields[] = {
	{SR "Request", SIM_OBJECT, SIM_REQUIRED},
	{SR "Request.RequestOption",
	 SIM_STRING,
	 SIM_REQUIRED,
	 .max = 15,
	 .values = "nonvalidate|validate",
	 .code = "120000",
	 .message = "Invalid RequestOption"},
	MAY(SR "Request.SubVersion", 4),
	MAY(SR "Request.TransactionReference.CustomerContext", 512),
	{"ShipmentRequest", SIM_OBJECT, SIM_REQUIRED},
	{SR "Shipment", SIM_OBJECT, SIM_REQUIRED},
	{.path = S "Description",
	 .type = SIM_STRING,
	 .flags = SIM_REQUIRED,
	 .max = 50,
	 .when = is_cross_border,
	 .code = "120006",
	 .message = "Missing or invalid shipment description of goods"},
	{.path = S "ReturnService.Code",
	 .type = SIM_STRING,
	 .flags = SIM_REQUIRED,
	 .max = 2,
	 .values = "2|3|5|8|9|10",
	 .code = "120016",
	 .message = "Invalid return service code"},
	{S "Shipper", SIM_OBJECT, SIM_REQUIRED},
	PARTY(S "Shipper.", "1201", "shipper", is_cross_border),
	{.path = S "Shipper.ShipperNumber",
	 .type = SIM_STRING,
	 .flags = SIM_REQUIRED,
	 .max = 6,
	 .form = sim_is_account6,
	 .code = "120124",
	 .message = "Missing or invalid shipper number"},
	{S "ShipTo", SIM_OBJECT, SIM_REQUIRED},
	PARTY(S "ShipTo.", "1202", "ship to", is_cross_border),
	MAY(S "ShipTo.LocationID", 10),
	{.path = S "ShipFrom",
	 .type = SIM_OBJECT,
	 .flags = SIM_REQUIRED,
	 .when = is_return,
	 .code = "120300",
	 .message = "Missing ship from, which a return needs"},
	PARTY(S "ShipFrom.", "1203", "ship from", never),
	FREE(S "ShipFrom.TaxIDType"),
	FREE(S "ShipFrom.VendorInfo"),
	FREE(S "AlternateDeliveryAddress"),
	FREE(S "GlobalTaxInformation"),
	{.path = S "PaymentInformation",
	 .type = SIM_OBJECT,
	 .flags = SIM_REQUIRED,
	 .code = "120412",
	 .message = "Missing or invalid payment information"},
	{.path = S "PaymentInformation.ShipmentCharge",
	 .type = SIM_ARRAY,
	 .flags = SIM_REQUIRED,
	 .max = 2,
	 .code = "120412",
	 .message = "Missing or invalid shipment charge"},
	{.path = S "PaymentInformation.ShipmentCharge[].Type",
	 .type = SIM_STRING,
	 .flags = SIM_REQUIRED,
	 .values = "01|02",
	 .code = "120413",
	 .message = "Missing or invalid shipment charge type"},
	FORM(S "PaymentInformation.ShipmentCharge[].BillShipper.AccountNumber", sim_is_account6),
	FREE(S "PaymentInformation.ShipmentCharge[].BillShipper.CreditCard"),
	NEED(S "PaymentInformation.ShipmentCharge[].BillReceiver.AccountNumber", 6, "120415",
		 "Missing or invalid bill receiver account number"),
	MAY(S "PaymentInformation.ShipmentCharge[].BillReceiver.Address.PostalCode", 9),
	NEED(S "PaymentInformation.ShipmentCharge[].BillThirdParty.AccountNumber", 6, "120416",
		 "Missing or invalid third party account number"),
	MAY(S "PaymentInformation.ShipmentCharge[].BillThirdParty.Address.PostalCode", 9),
	{.path = S "PaymentInformation.ShipmentCharge[].BillThirdParty.Address.CountryCode",
	 .type = SIM_STRING,
	 .flags = SIM_REQUIRED,
	 .form = sim_is_country,
	 .code = "120417",
	 .message = "Missing or invalid third party country code"},
	FLAG(S "PaymentInformation.ShipmentCharge[].ConsigneeBilledIndicator"),
	FLAG(S "ShipmentRatingOptions.NegotiatedRatesIndicator"),
	FLAG(S "ShipmentRatingOptions.UserLevelDiscountIndicator"),
	FLAG(S "TaxInformationIndicator"),
	FLAG(S "MovementReferenceNumber"),
	LIST(S "ReferenceNumber", 2),
	MAY(S "ReferenceNumber[].Code", 2),
	FLAG(S "ReferenceNumber[].BarCodeIndicator"),
	NEED(S "ReferenceNumber[].Value", 35, "120540", "Missing or invalid reference number value"),
	{S "Service", SIM_OBJECT, SIM_REQUIRED, .code = "120401", .message = "Missing service"},
	NEED(S "Service.Code", 2, "120401", "Missing or invalid service code"),
	MAY(S "Service.Description", 35),
	FORM(S "ShipmentDate", sim_is_date8),
	MAY(S "NumOfPiecesInShipment", 5),
	FORM(S "InvoiceLineTotal.CurrencyCode", sim_is_currency),
	FORM(S "InvoiceLineTotal.MonetaryValue", sim_is_decimal),
	NEED(S "ShipmentIndicationType[].Code", 2, "120004", "Invalid shipment indication type"),
	FLAG(S "ShipmentServiceOptions.SaturdayDeliveryIndicator"),
	FLAG(S "ShipmentServiceOptions.DirectDeliveryOnlyIndicator"),
	FLAG(S "ShipmentServiceOptions.UPScarbonneutralIndicator"),
	FREE(S "ShipmentServiceOptions.Notification"),
	FREE(S "ShipmentServiceOptions.LabelDelivery"),
	FREE(S "ShipmentServiceOptions.COD"),
	{.path = S "ShipmentServiceOptions.DeliveryConfirmation.DCISType",
	 .type = SIM_STRING,
	 .flags = SIM_REQUIRED,
	 .values = "1|2",
	 .code = "120598",
	 .message = "Invalid delivery confirmation type"},
	MAY(S "ShipmentServiceOptions.DeliveryConfirmation.DCISNumber", 11),
#define F S "ShipmentServiceOptions.InternationalForms."
	{.path = F "FormType",
	 .type = SIM_ARRAY,
	 .flags = SIM_REQUIRED,
	 .max = 6,
	 .code = "128000",
	 .message = "Missing or invalid international form type"},
	{.path = F "FormType[]",
	 .type = SIM_STRING,
	 .values = "01|03|04|05|06|07|08|09|10|11",
	 .code = "128000",
	 .message = "Missing or invalid international form type"},
	FREE(F "UserCreatedForm"),
	FREE(F "CN22Form"),
	FREE(F "EEIFilingOption"),
	{.path = F "InvoiceNumber", .type = SIM_STRING, .max = 35},
	{.path = F "InvoiceDate",
	 .type = SIM_STRING,
	 .flags = SIM_REQUIRED,
	 .form = sim_is_date8,
	 .when = is_invoice,
	 .code = "128003",
	 .message = "Missing or invalid invoice date"},
	{.path = F "TermsOfShipment",
	 .type = SIM_STRING,
	 .values = "CFR|CIF|CIP|CPT|DAF|DDP|DAP|DEQ|DES|EXW|FAS|FCA|FOB",
	 .code = "128005",
	 .message = "Invalid terms of shipment"},
	{.path = F "ReasonForExport",
	 .type = SIM_STRING,
	 .flags = SIM_REQUIRED,
	 .values = "SALE|GIFT|SAMPLE|RETURN|REPAIR|INTERCOMPANYDATA",
	 .when = is_invoice,
	 .code = "128006",
	 .message = "Missing or invalid reason for export"},
	{.path = F "CurrencyCode",
	 .type = SIM_STRING,
	 .flags = SIM_REQUIRED,
	 .form = sim_is_currency,
	 .when = is_invoice,
	 .code = "128007",
	 .message = "Missing or invalid currency code"},
	MAY(F "Comments", 150),
	MAY(F "DeclarationStatement", 550),
	MAY(F "PurchaseOrderNumber", 35),
	FORM(F "FreightCharges.MonetaryValue", sim_is_decimal),
	FORM(F "InsuranceCharges.MonetaryValue", sim_is_decimal),
	FORM(F "Discount.MonetaryValue", sim_is_decimal),
	FORM(F "OtherCharges.MonetaryValue", sim_is_decimal),
	MAY(F "OtherCharges.Description", 10),
	{.path = F "Contacts",
	 .type = SIM_OBJECT,
	 .flags = SIM_REQUIRED,
	 .when = is_invoice,
	 .code = "128010",
	 .message = "Missing or invalid contacts for the invoice"},
	{.path = F "Contacts.SoldTo",
	 .type = SIM_OBJECT,
	 .flags = SIM_REQUIRED,
	 .when = is_invoice,
	 .code = "128010",
	 .message = "Missing or invalid sold to for the invoice"},
	NEED(F "Contacts.SoldTo.Name", 35, "128011", "Missing or invalid sold to name"),
	NEED(F "Contacts.SoldTo.AttentionName", 35, "128012",
		 "Missing or invalid sold to attention name"),
	NEED(F "Contacts.SoldTo.Phone.Number", 15, "128013", "Missing or invalid sold to phone"),
	MAY(F "Contacts.SoldTo.EMailAddress", 50),
	{.path = F "Contacts.SoldTo.Address",
	 .type = SIM_OBJECT,
	 .flags = SIM_REQUIRED,
	 .code = "128014",
	 .message = "Missing or invalid sold to address"},
	ADDRESS(F "Contacts.SoldTo.Address.", "1281", "sold to"),
	FREE(F "Contacts.ForwardAgent"),
	FREE(F "Contacts.UltimateConsignee"),
	FREE(F "Contacts.Producer"),
	{.path = F "Product",
	 .type = SIM_ARRAY,
	 .flags = SIM_REQUIRED,
	 .max = 50,
	 .when = needs_products,
	 .code = "128020",
	 .message = "Missing or invalid product"},
	{.path = F "Product[].Description",
	 .type = SIM_ARRAY,
	 .flags = SIM_REQUIRED,
	 .max = 3,
	 .code = "128021",
	 .message = "Missing or invalid product description"},
	{.path = F "Product[].Description[]",
	 .type = SIM_STRING,
	 .max = 35,
	 .code = "128021",
	 .message = "Missing or invalid product description"},
	{.path = F "Product[].Unit",
	 .type = SIM_OBJECT,
	 .flags = SIM_REQUIRED,
	 .when = is_invoice,
	 .code = "128022",
	 .message = "Missing or invalid product unit"},
	{.path = F "Product[].Unit.Number",
	 .type = SIM_STRING,
	 .flags = SIM_REQUIRED,
	 .max = 7,
	 .form = sim_is_digits,
	 .code = "128022",
	 .message = "Missing or invalid product unit number"},
	{.path = F "Product[].Unit.Value",
	 .type = SIM_STRING,
	 .flags = SIM_REQUIRED,
	 .max = 19,
	 .form = sim_is_decimal,
	 .code = "128023",
	 .message = "Missing or invalid product unit value"},
	NEED(F "Product[].Unit.UnitOfMeasurement.Code", 3, "128024",
		 "Missing or invalid product unit of measurement"),
	MAY(F "Product[].Unit.UnitOfMeasurement.Description", 20),
	MAY(F "Product[].CommodityCode", 15),
	MAY(F "Product[].PartNumber", 35),
	{.path = F "Product[].OriginCountryCode",
	 .type = SIM_STRING,
	 .flags = SIM_REQUIRED,
	 .form = sim_is_country,
	 .when = is_invoice,
	 .code = "128025",
	 .message = "Missing or invalid product origin country code"},
	FREE(F "Product[].ProductWeight"),
	MAY(F "Product[].NumberOfPackagesPerCommodity", 3),
#undef F
	{.path = S "Package",
	 .type = SIM_ARRAY,
	 .flags = SIM_REQUIRED,
	 .max = 200,
	 .code = "120500",
	 .message = "Missing or invalid package"},
	{.path = S "Package[].Description",
	 .type = SIM_STRING,
	 .flags = SIM_REQUIRED,
	 .max = 35,
	 .when = is_return,
	 .code = "120518",
	 .message = "Missing or invalid package description, which a return needs"},
	{.path = S "Package[].Packaging",
	 .type = SIM_OBJECT,
	 .flags = SIM_REQUIRED,
	 .code = "121212",
	 .message = "Missing or invalid package type"},
	{.path = S "Package[].Packaging.Code",
	 .type = SIM_STRING,
	 .flags = SIM_REQUIRED,
	 .values = "01|02|03|04|21|24|25|30|2a|2b|2c|56|57|58|59|60|61|62|63|64|65|66|67",
	 .code = "121212",
	 .message = "Missing or invalid package type"},
	MAY(S "Package[].Packaging.Description", 35),
	{.path = S "Package[].Dimensions.UnitOfMeasurement", .type = SIM_OBJECT, .flags = SIM_REQUIRED},
	{.path = S "Package[].Dimensions.UnitOfMeasurement.Code",
	 .type = SIM_STRING,
	 .flags = SIM_REQUIRED,
	 .values = "IN|CM",
	 .code = "120529",
	 .message = "Missing or invalid unit of dimensions"},
	MAY(S "Package[].Dimensions.UnitOfMeasurement.Description", 35),
	{.path = S "Package[].Dimensions.Length",
	 .type = SIM_STRING,
	 .flags = SIM_REQUIRED,
	 .max = 8,
	 .form = sim_is_digits,
	 .code = "120523",
	 .message = "Missing or invalid package length"},
	{.path = S "Package[].Dimensions.Width",
	 .type = SIM_STRING,
	 .flags = SIM_REQUIRED,
	 .max = 8,
	 .form = sim_is_digits,
	 .code = "120524",
	 .message = "Missing or invalid package width"},
	{.path = S "Package[].Dimensions.Height",
	 .type = SIM_STRING,
	 .flags = SIM_REQUIRED,
	 .max = 8,
	 .form = sim_is_digits,
	 .code = "120525",
	 .message = "Missing or invalid package height"},
	{.path = S "Package[].PackageWeight",
	 .type = SIM_OBJECT,
	 .flags = SIM_REQUIRED,
	 .code = "120502",
	 .message = "Missing or invalid package weight"},
	{.path = S "Package[].PackageWeight.UnitOfMeasurement",
	 .type = SIM_OBJECT,
	 .flags = SIM_REQUIRED,
	 .code = "120503",
	 .message = "Missing or invalid unit of weight"},
	{.path = S "Package[].PackageWeight.UnitOfMeasurement.Code",
	 .type = SIM_STRING,
	 .flags = SIM_REQUIRED,
	 .values = "LBS|KGS|OZS",
	 .code = "120503",
	 .message = "Missing or invalid unit of weight"},
	MAY(S "Package[].PackageWeight.UnitOfMeasurement.Description", 35),
	{.path = S "Package[].PackageWeight.Weight",
	 .type = SIM_STRING,
	 .flags = SIM_REQUIRED,
	 .max = 5,
	 .form = sim_is_decimal,
	 .code = "120502",
	 .message = "Missing or invalid package weight"},
	LIST(S "Package[].ReferenceNumber", 2),
	MAY(S "Package[].ReferenceNumber[].Code", 2),
	FLAG(S "Package[].ReferenceNumber[].BarCodeIndicator"),
	NEED(S "Package[].ReferenceNumber[].Value", 35, "120540",
		 "Missing or invalid reference number value"),
	FLAG(S "Package[].LargePackageIndicator"),
	FLAG(S "Package[].AdditionalHandlingIndicator"),
	{.path = S "Package[].PackageServiceOptions.DeliveryConfirmation.DCISType",
	 .type = SIM_STRING,
	 .flags = SIM_REQUIRED,
	 .values = "1|2|3",
	 .code = "120598",
	 .message = "Invalid delivery confirmation type"},
	MAY(S "Package[].PackageServiceOptions.DeclaredValue.Type.Code", 2),
	MAY(S "Package[].PackageServiceOptions.DeclaredValue.Type.Description", 35),
	FORM(S "Package[].PackageServiceOptions.DeclaredValue.CurrencyCode", sim_is_currency),
	FORM(S "Package[].PackageServiceOptions.DeclaredValue.MonetaryValue", sim_is_decimal),
	FREE(S "Package[].PackageServiceOptions.COD"),
	{.path = SR "LabelSpecification",
	 .type = SIM_OBJECT,
	 .flags = SIM_REQUIRED,
	 .code = "125001",
	 .message = "Missing label specification"},
	{.path = SR "LabelSpecification.LabelImageFormat",
	 .type = SIM_OBJECT,
	 .flags = SIM_REQUIRED,
	 .code = "125002",
	 .message = "Missing or invalid label image format"},
	{.path = SR "LabelSpecification.LabelImageFormat.Code",
	 .type = SIM_STRING,
	 .flags = SIM_REQUIRED,
	 .values = "GIF|ZPL|EPL|SPL|PNG",
	 .code = "125002",
	 .message = "Missing or invalid label image format"},
	MAY(SR "LabelSpecification.LabelImageFormat.Description", 35),
	MAY(SR "LabelSpecification.HTTPUserAgent", 64),
	{.path = SR "LabelSpecification.LabelStockSize.Height",
	 .type = SIM_STRING,
	 .flags = SIM_REQUIRED,
	 .values = "6|8",
	 .code = "125003",
	 .message = "Missing or invalid label stock height"},
	{.path = SR "LabelSpecification.LabelStockSize.Width",
	 .type = SIM_STRING,
	 .flags = SIM_REQUIRED,
	 .values = "4",
	 .code = "125003",
	 .message = "Missing or invalid label stock width"},
	FREE(SR "LabelSpecification.CharacterSet"),
	FREE(SR "ReceiptSpecification"),
	{.path = S "ShipperType", .type = SIM_STRING, .values = "01|02|NA"},
	{.path = S "ConsigneeType", .type = SIM_STRING, .values = "01|02|NA"},
	{.path = S "ShipmentServiceOptions.EUDeMinimisIndicator", .type = SIM_STRING, .values = "Y|N"},
	/* What UPS's description knows and this file does not look at. */
	OTHERS("ShipmentRequest.LabelSpecification", "Instruction"),
	OTHERS(
		"ShipmentRequest.Shipment",
		"DocumentsOnlyIndicator|FRSPaymentInformation|WorldEase|FreightShipmentInformation|"
		"GoodsNotInFreeCirculationIndicator|PromotionalDiscountInformation|DGSignatoryInfo|"
		"ShipmentRiskEnteringEU|USPSEndorsement|MILabelCN22Indicator|SubClassification|CostCenter|"
		"CostCenterBarcodeIndicator|PackageID|PackageIDBarcodeIndicator|IrregularIndicator|"
		"MIDualReturnShipmentKey|MIDualReturnShipmentIndicator|RatingMethodRequestedIndicator|"
		"Locale|ShipmentValueThresholdCode|MasterCartonID|MasterCartonIndicator|QuoteID|TradeDirect|"
		"HealthcareIdentifier"),
	OTHERS(S "ReturnService", "Description"),
	OTHERS(S "ShipTo.Address", "POBoxIndicator"),
	OTHERS(S "PaymentInformation", "SplitDutyVATIndicator"),
	OTHERS(S "PaymentInformation.ShipmentCharge[].BillShipper", "AlternatePaymentMethod"),
	OTHERS(S "PaymentInformation.ShipmentCharge[].BillThirdParty",
		   "CertifiedElectronicMail|InterchangeSystemCode"),
	OTHERS(S "ShipmentRatingOptions",
		   "FRSShipmentIndicator|RateChartIndicator|TPFCNegotiatedRatesIndicator"),
	OTHERS(S "ShipmentIndicationType[]", "Description"),
	OTHERS(S "ShipmentServiceOptions",
		   "SaturdayPickupIndicator|AccessPointCOD|DeliverToAddresseeOnlyIndicator|"
		   "ReturnOfDocumentIndicator|ImportControlIndicator|LabelMethod|"
		   "CommercialInvoiceRemovalIndicator|PreAlertNotification|ExchangeForwardIndicator|"
		   "HoldForPickupIndicator|DropoffAtUPSFacilityIndicator|LiftGateForPickUpIndicator|"
		   "LiftGateForDeliveryIndicator|SDLShipmentIndicator|EPRAReleaseCode|RestrictedArticles|"
		   "InsideDelivery|ItemDisposal"),
	OTHERS(
		S "ShipmentServiceOptions.InternationalForms",
		"UPSPremiumCareForm|AdditionalDocumentIndicator|FormGroupIdName|BlanketPeriod|ExportDate|"
		"ExportingCarrier|CarrierID|InBondCode|EntryNumber|PointOfOrigin|PointOfOriginType|"
		"ModeOfTransport|PortOfExport|PortOfUnloading|LoadingPier|PartiesToTransaction|"
		"RoutedExportTransactionIndicator|ContainerizedIndicator|OverridePaperlessIndicator|"
		"ShipperMemo|HazardousMaterialsIndicator"),
	OTHERS(S "ShipmentServiceOptions.InternationalForms.Contacts", "IntermediateConsignee"),
	OTHERS(S "ShipmentServiceOptions.InternationalForms.Contacts.SoldTo",
		   "TaxIdentificationNumber|Option|AccountNumber"),
	OTHERS(S "ShipmentServiceOptions.InternationalForms.Contacts.SoldTo.Phone", "Extension"),
	OTHERS(S "ShipmentServiceOptions.InternationalForms.Contacts.SoldTo.Address", "Town"),
	OTHERS(S "ShipmentServiceOptions.InternationalForms.Product[]",
		   "JointProductionIndicator|NetCostCode|NetCostDateRange|PreferenceCriteria|ProducerInfo|"
		   "MarksAndNumbers|VehicleID|ScheduleB|ExportType|SEDTotalValue|TaxesPaid|ExcludeFromForm|"
		   "PackingListInfo|EEIInformation|DDSReferenceNumber|ProductIdentifier|"
		   "CommodityFieldSpecialConditionCode"),
	OTHERS(
		S "Package[]",
		"PalletDescription|NumOfPieces|UnitPrice|DimWeight|OversizeIndicator|"
		"MinimumBillableWeightIndicator|SimpleRate|UPSPremier|Commodity|HazMatPackageInformation"),
	OTHERS(S "Package[].PackageServiceOptions.DeliveryConfirmation", "DCISNumber"),
	OTHERS(S "Package[].PackageServiceOptions",
		   "AccessPointCOD|ShipperReleaseIndicator|Notification|HazMat|HazMatTypeCode|DryIce|"
		   "UPSPremiumCareIndicator|ProactiveIndicator|PackageIdentifier|ClinicalTrialsID|"
		   "RefrigerationIndicator|Healthcare"),
	{0}};

SimSchema ups_ship_schema = {"A ship request", false, ship_fields, NULL};
