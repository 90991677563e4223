/*
 * ups_ship.c
 *
 * create_shipment and announce_return: one call of the Ship API, which makes
 * the labels of all packages at once.  A return is the same with a return
 * service: the customer is the origin and the account still pays.  This file
 * decides who is who and who pays; parts of packages, options and customs
 * stand in files of their own, and ups_label.c reads the answer.
 */
#include "postgres.h"

#include "connectors/decimal.h"
#include "connectors/ups.h"

#define UPS_GOODS 50

/* Formats of labels; PDF is none of them, and a picture is nearest to it. */
static const struct
{
	const char *name;
	const char *code;
} label_formats[] = {
	{"ZPL", "ZPL"},
	{"ZPLII", "ZPL"},
	{"ZPL2", "ZPL"},
	{"EPL", "EPL"},
	{"EPL2", "EPL"},
	{"SPL", "SPL"},
	{"GIF", "GIF"},
	{"PNG", "PNG"},
};

#define PICTURE "GIF"

void
ff_ups_label_specification(FfJsonWriter *writer, const FfCall *call)
{
	bool recovery = call->operation == FF_OP_FIND_SHIPMENT;
	const char *wish = ff_json_text_or(
		ff_carrier_subject(call), "options.label_format", ff_carrier_setting(call, "label_format"));
	const char *code = PICTURE;

	for (int i = 0; i < (int) lengthof(label_formats); i++)
		if (pg_strcasecmp(label_formats[i].name, wish) == 0)
			code = label_formats[i].code;
	/* recovery makes PDF and no PNG, unlike the Ship API */
	if (recovery && pg_strcasecmp(wish, "PDF") == 0)
		code = "PDF";
	else if (recovery && strcmp(code, "PNG") == 0)
		code = PICTURE;

	ff_write_object(writer, "LabelSpecification");
	ff_write_object(writer, "LabelImageFormat");
	ff_write_text(writer, "Code", code);
	ff_write_end(writer);
	if (strcmp(code, "GIF") == 0 || strcmp(code, "PNG") == 0)
		ff_write_text(writer, "HTTPUserAgent", "Mozilla/4.5");
	ff_write_object(writer, "LabelStockSize");
	ff_write_text(writer, "Height", ff_carrier_setting(call, "label_height"));
	ff_write_text(writer, "Width", "4");
	ff_write_end(writer);
	ff_write_end(writer);
}

/* Who pays: 01 transport, 02 duties and taxes. */
static void
write_charge(FfJsonWriter *writer, const FfCall *call, const char *type, const char *payer_path)
{
	const FfJson *payer = ff_json_get(ff_carrier_subject(call), payer_path);
	const char *party = ff_json_text_or(payer, "party", "");
	bool receiver = strcmp(party, "receiver") == 0;
	const char *account = ff_json_text_or(payer, "account_number", NULL);
	bool ours = account != NULL && !receiver && strcmp(account, ff_ups_account(call)) == 0;

	ff_write_object(writer, NULL);
	ff_write_text(writer, "Type", type);
	if (receiver && account == NULL)
		ff_ups_flag(writer, "ConsigneeBilledIndicator", true);
	else if (account != NULL && !ours)
	{
		ff_write_object(writer, receiver ? "BillReceiver" : "BillThirdParty");
		ff_write_text(writer, "AccountNumber", account);
		ff_write_object(writer, "Address");
		ff_write_text(writer, "PostalCode", ff_carrier_postcode(payer, UPS_POSTCODE));
		if (!receiver)
			ff_write_text(writer, "CountryCode", ff_carrier_country(payer));
		ff_write_end(writer);
		ff_write_end(writer);
	}
	else
	{
		ff_write_object(writer, "BillShipper");
		ff_write_text(writer, "AccountNumber", ff_ups_account(call));
		ff_write_end(writer);
	}
	ff_write_end(writer);
}

void
ff_ups_charges(FfJsonWriter *writer, const FfCall *call, const FfUpsLane *lane)
{
	const FfJson *subject = ff_carrier_subject(call);
	const char *incoterm = ff_json_text_or(subject, "customs.incoterm", "");
	const FfJson *payer = ff_json_get(subject, "options.duties_to");
	bool named = ff_json_text_or(payer, "account_number", NULL) != NULL;

	ff_write_array(writer, "ShipmentCharge");
	write_charge(writer, call, "01", "options.bill_to");
	/* without a second charge the receiver pays duties and taxes */
	if (lane->customs && (named || pg_strcasecmp(incoterm, "DDP") == 0))
		write_charge(writer, call, "02", "options.duties_to");
	ff_write_end(writer);
}

static void
write_party(FfJsonWriter *writer, const FfCall *call, const char *key, FfCarrierRole role, int with)
{
	const FfJson *address = ff_carrier_need_role(call, role);

	ff_write_object(writer, key);
	if (role == FF_SHIPPER)
		ff_write_text(writer, "ShipperNumber", ff_carrier_setting(call, "account_number"));
	ff_ups_party(writer, address, with);
	ff_write_end(writer);
}

/* Rating asks for names and addresses alone; the origin has no e-mail in either API. */
void
ff_ups_parties(FfJsonWriter *writer, const FfCall *call, const FfUpsLane *lane)
{
	bool rating = call->operation == FF_OP_QUOTE_RATES;
	int contact = rating ? 0 : UPS_WITH_CONTACT;
	int reachable = rating ? 0 : UPS_WITH_CONTACT | UPS_WITH_EMAIL;

	write_party(writer, call, "Shipper", FF_SHIPPER, reachable);
	write_party(writer, call, "ShipTo", FF_SHIP_TO, reachable | UPS_WITH_RESIDENTIAL);
	/* UPS takes the shipper for the origin when it is not told another */
	if (lane->is_return || ff_json_is_object(ff_json_get(call->config, "shipper")))
		write_party(writer, call, "ShipFrom", FF_SHIP_FROM, contact);
}

/* A parcel shop in place of the receiver's door: 01 the receiver collects there. */
static void
write_access_point(FfJsonWriter *writer, const FfCall *call)
{
	const FfJson *point = ff_json_get(ff_carrier_subject(call), "options.service_point");
	char *id = ff_carrier_text(point, ff_json_is_object(point) ? "id" : "", UPS_LINE);

	if (id == NULL)
		return;
	ff_write_raw(writer, "ShipmentIndicationType", "[{\"Code\":\"01\"}]");
	ff_write_object(writer, "AlternateDeliveryAddress");
	ff_write_text(writer, "UPSAccessPointID", id);
	if (ff_json_is_object(point))
		ff_ups_party(writer, point, UPS_WITH_ATTENTION);
	ff_write_end(writer);
}

/* The value that the lanes from the USA to Puerto Rico and Canada want. */
static void
write_line_total(FfJsonWriter *writer, const FfCall *call, const FfUpsLane *lane)
{
	const FfJson *subject = ff_carrier_subject(call);
	char *value = ff_carrier_goods_value(subject, ff_json_get(subject, "lines"));

	if (strcmp(lane->from, "US") == 0 && !lane->is_return && value != NULL &&
		(strcmp(lane->to, "PR") == 0 || strcmp(lane->to, "CA") == 0))
		ff_ups_money(writer, "InvoiceLineTotal", ff_carrier_currency(subject), value);
}

static void
write_shipment(FfJsonWriter *writer, const FfCall *call, const FfUpsLane *lane)
{
	const FfJson *subject = ff_carrier_subject(call);

	ff_write_object(writer, "Shipment");
	ff_write_text(writer, "Description", ff_carrier_goods(subject, NULL, UPS_GOODS));
	if (lane->is_return)
	{
		ff_write_object(writer, "ReturnService");
		ff_write_text(writer, "Code", ff_ups_return_service(call));
		ff_write_end(writer);
	}
	ff_ups_parties(writer, call, lane);
	ff_write_object(writer, "PaymentInformation");
	ff_ups_charges(writer, call, lane);
	ff_write_end(writer);
	ff_ups_tax_ids(writer, call, lane);
	ff_ups_rating_options(writer, call);
	if (strcmp(ff_ups_ship_date(call), ff_time_format(call->now, "%Y%m%d")) > 0)
		ff_write_text(writer, "ShipmentDate", ff_ups_ship_date(call));
	if (!lane->package_reference)
		ff_ups_reference_number(writer, call);
	ff_ups_service_object(writer, call, lane);
	write_line_total(writer, call, lane);
	write_access_point(writer, call);
	if (lane->abroad && ff_carrier_documents(subject))
		ff_ups_flag(writer, "DocumentsOnlyIndicator", true);
	if (lane->into_eu)
	{
		const FfJson *receiver = ff_carrier_role(call, FF_SHIP_TO);
		bool consumer = ff_carrier_text(receiver, "company", UPS_LINE) == NULL;

		ff_write_text(writer, "ShipperType", "01");
		ff_write_text(writer, "ConsigneeType", consumer ? "02" : "01");
	}
	ff_ups_shipment_options(writer, call, lane);
	ff_ups_packages(writer, call, lane);
	ff_write_end(writer);
}

void
ff_ups_ship_request(const FfCall *call, FfMessage *message)
{
	FfJsonWriter writer;
	FfUpsLane lane;

	ff_ups_lane(call, &lane);
	if (ff_carrier_reference(ff_carrier_subject(call), UPS_REFERENCE) == NULL)
		ff_connector_fail("ups",
						  ff_carrier_field(call, "reference"),
						  "Give the shipment's reference; a lost label is found by it.");
	(void) ff_ups_account(call);
	ff_ups_begin(call, message, "POST", "/shipments/v2409/ship");
	if (ff_json_bool(call->config, "city_check", false))
		ff_message_query(message, "additionaladdressvalidation", "city");

	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_object(&writer, "ShipmentRequest");
	ff_write_object(&writer, "Request");
	ff_write_text(&writer, "RequestOption", ff_carrier_setting(call, "address_check"));
	ff_ups_context(&writer, call);
	ff_write_end(&writer);
	write_shipment(&writer, call, &lane);
	ff_ups_label_specification(&writer, call);
	ff_message_json(message, &writer);
}
