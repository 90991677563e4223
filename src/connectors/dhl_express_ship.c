/*
 * dhl_express_ship.c
 *
 * create_shipment and announce_return: one call makes the waybill, labels of
 * all pieces and the customs invoice.  A return is a shipment from the
 * customer to us, paid by our import account.
 */
#include "postgres.h"

#include "utils/formatting.h"

#include "connectors/dhl_express.h"

#define GOODS 70

static const FfCarrierCode formats[] = {
	{"pdf", "pdf"}, {"zpl", "zpl|zpl2|zplii"}, {"lp2", "lp2"}, {"epl", "epl|epl2"}};

static const char *
label_format(const FfCall *call)
{
	const char *wish = ff_json_text_or(
		ff_carrier_subject(call), "options.label_format", ff_carrier_setting(call, "label_format"));
	int row = FF_CARRIER_CODE(formats, "dhl", wish);

	return row >= 0 ? formats[row].code : "pdf";
}

static void
write_output(FfJsonWriter *writer, const FfCall *call, const FfDhxLane *lane)
{
	ff_write_object(writer, "outputImageProperties");
	ff_write_text(writer, "encodingFormat", label_format(call));
	ff_write_array(writer, "imageOptions");
	ff_write_object(writer, NULL);
	ff_write_text(writer, "typeCode", "label");
	ff_write_text(writer, "templateName", ff_carrier_setting(call, "label_template"));
	ff_write_bool(writer, "isRequested", true);
	ff_write_end(writer);
	if (lane->declarable)
	{
		ff_write_object(writer, NULL);
		ff_write_text(writer, "typeCode", "invoice");
		ff_write_text(writer, "invoiceType", lane->is_return ? "returns" : "commercial");
		ff_write_bool(writer, "isRequested", true);
		ff_write_end(writer);
	}
	ff_write_end(writer);
	ff_write_end(writer);
}

static void
write_pickup(FfJsonWriter *writer, const FfCall *call)
{
	const FfJson *pickup = ff_json_get(ff_carrier_subject(call), "options.pickup");
	bool wanted = ff_json_is_object(pickup) || ff_json_bool(pickup, "", false);

	ff_write_object(writer, "pickup");
	ff_write_bool(writer, "isRequested", wanted);
	if (wanted)
	{
		ff_write_text(writer, "closeTime", ff_json_text_or(pickup, "close_time", "18:00"));
		ff_write_text(writer, "location", ff_carrier_text(pickup, "location", 80));
	}
	ff_write_end(writer);
}

static void
write_party(FfJsonWriter *writer, const FfCall *call, const FfDhxLane *lane, const char *key,
			FfCarrierRole role)
{
	const char *member = role == FF_SHIP_TO ? "ship_to" : "ship_from";
	const FfJson *address = ff_carrier_need_role(call, role);

	ff_write_object(writer, key);
	ff_dhx_party(writer, call, address, ff_carrier_field(call, member));
	ff_dhx_registrations(writer, call, lane, role);
	ff_write_end(writer);
}

static void
write_notification(FfJsonWriter *writer, const FfCall *call)
{
	char *email = ff_carrier_email(ff_carrier_role(call, FF_SHIP_TO), 70);

	if (email == NULL || !ff_json_bool(call->config, "notify", false))
		return;
	ff_write_array(writer, "shipmentNotification");
	ff_write_object(writer, NULL);
	ff_write_text(writer, "typeCode", "email");
	ff_write_text(writer, "receiverId", email);
	ff_write_end(writer);
	ff_write_end(writer);
}

/* Asked for by nobody, a product is the one DHL always has. */
static const char *
default_product(const FfDhxLane *lane)
{
	if (strcmp(lane->from, lane->to) == 0)
		return "N";
	return lane->declarable ? "P" : ff_carrier_inside_eu(lane->from, lane->to) ? "U" : "D";
}

void
ff_dhx_ship_request(const FfCall *call, FfMessage *message)
{
	const FfJson *subject = ff_carrier_subject(call);
	const char *reference = ff_carrier_reference(subject, DHX_REFERENCE);
	const char *product = ff_dhx_product(call);
	FfJsonWriter writer;
	FfDhxLane lane;

	ff_dhx_lane(call, &lane);
	if (reference == NULL)
		ff_carrier_fail(call, "reference", "Give the reference; a lost label is found by it.");
	product = product ? product : default_product(&lane);
	ff_dhx_begin(call, message, "POST", "/shipments");
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_text(&writer, "plannedShippingDateAndTime", ff_dhx_planned(call, &lane));
	write_pickup(&writer, call);
	ff_write_text(&writer, "productCode", product);
	ff_write_text(&writer, "localProductCode", ff_json_text(subject, "options.local_product"));
	ff_write_bool(&writer, "getRateEstimates", true);
	ff_dhx_accounts(&writer, call, &lane);
	ff_dhx_services(&writer, call, &lane);
	write_output(&writer, call, &lane);
	ff_write_array(&writer, "customerReferences");
	ff_write_object(&writer, NULL);
	ff_write_text(&writer, "value", reference);
	ff_write_text(&writer, "typeCode", "CU");
	ff_write_end(&writer);
	ff_write_end(&writer);
	ff_write_object(&writer, "customerDetails");
	write_party(&writer, call, &lane, "shipperDetails", FF_SHIP_FROM);
	write_party(&writer, call, &lane, "receiverDetails", FF_SHIP_TO);
	ff_write_end(&writer);
	ff_write_object(&writer, "content");
	ff_dhx_packages(&writer, call, lane.pounds);
	ff_write_bool(&writer, "isCustomsDeclarable", lane.declarable);
	ff_dhx_declaration(&writer, call, &lane);
	ff_write_text(&writer, "description", ff_carrier_goods(subject, NULL, GOODS));
	ff_write_text(&writer, "incoterm", ff_dhx_incoterm(call));
	ff_dhx_units(&writer, lane.pounds);
	ff_write_end(&writer);
	write_notification(&writer, call);
	ff_message_json(message, &writer);
}

/* The price in the account's currency, of a shipment that was made. */
static void
write_cost(FfJsonWriter *writer, const FfJson *json)
{
	const FfJson *charges = ff_json_get(json, "shipmentCharges");

	for (int i = 0; i < ff_json_count(charges); i++)
	{
		const FfJson *charge = ff_json_at(charges, i);

		if (strcmp(ff_json_text_or(charge, "currencyType", ""), "BILLC") == 0)
		{
			ff_carrier_write_money(writer,
								   "cost",
								   ff_json_number(charge, "price"),
								   ff_json_text(charge, "priceCurrency"));
			return;
		}
	}
}

void
ff_dhx_ship_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJsonWriter *writer = &outcome->body;
	const FfJson *packages;
	const char *waybill;
	FfJson *json;

	if (!ff_dhx_reply(call, reply, FF_REPEAT_AFTER_FIND, outcome, &json))
		return;
	waybill = ff_json_text_or(json, "shipmentTrackingNumber", NULL);
	if (waybill == NULL)
	{
		ff_outcome_unreadable(outcome, FF_RESULT_UNKNOWN, "The answer names no waybill.");
		return;
	}
	packages = ff_json_get(json, "packages");
	ff_write_object(writer, "shipment");
	ff_write_text(writer, "provider_reference", waybill);
	ff_write_text(writer, "state", "accepted");
	ff_write_array(writer, "packages");
	for (int i = 0; i < ff_json_count(packages); i++)
	{
		const FfJson *package = ff_json_at(packages, i);
		int64 place = ff_json_int64_or(package, "referenceNumber", i + 1);

		ff_dhx_package(writer,
					   ff_carrier_package_number(call, (int) place - 1),
					   ff_json_text_or(package, "trackingNumber", waybill),
					   waybill);
	}
	if (ff_json_count(packages) == 0)
		ff_dhx_package(writer, ff_carrier_package_number(call, 0), waybill, waybill);
	ff_write_end(writer);
	ff_write_array(writer, "documents");
	ff_dhx_documents(writer, call, ff_json_get(json, "documents"));
	ff_write_end(writer);
	write_cost(writer, json);
	ff_write_text(writer,
				  "estimated_delivery_at",
				  ff_carrier_zoned_time(
					  ff_json_text(json, "estimatedDeliveryDate.estimatedDeliveryDate"),
					  ff_carrier_zone(ff_carrier_country(ff_carrier_role(call, FF_SHIP_TO)))));
	ff_write_end(writer);
	ff_write_text(writer, "warning", ff_dhx_warnings(json));
}
