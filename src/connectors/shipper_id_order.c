/*
 * shipper_id_order.c
 *
 * The outbound order as the warehouse takes it, and its cancellation.  Every
 * member is sent, those that have no value as "", 0 or false.
 */
#include "postgres.h"

#include "connectors/decimal.h"
#include "connectors/shipper_id.h"

#define PENDING_SHIPMENT 1 /* order_identification_code: the only one there is */

/* The name of a member, as the connection calls it. */
static const char *
named(const FfCall *call, const char *member)
{
	return ff_json_text_or(
		ff_json_member(ff_json_get(call->config, "members"), member), "", member);
}

static void
put(FfJsonWriter *writer, const FfCall *call, const char *member, const char *text, int max)
{
	ff_shipper_write(writer, named(call, member), text, max);
}

/* Digits with the country in front, as couriers dial them: 0812… is 62812… */
static const char *
phone_of(const FfJson *address)
{
	const char *phone = ff_json_text_or(address, "phone", "");
	const char *country = ff_json_text_or(address, "country", "ID");
	StringInfoData digits;

	initStringInfo(&digits);
	for (const char *at = phone; *at != '\0'; at++)
		if (isdigit((unsigned char) *at))
			appendStringInfoChar(&digits, *at);
	if (digits.data[0] == '0' && digits.data[1] != '0' && strcmp(country, "ID") == 0)
		return psprintf("62%s", digits.data + 1);
	return digits.data;
}

static const char *
street_of(const FfJson *address)
{
	const char *street = ff_json_text_or(address, "street1", NULL);
	const char *more = ff_json_text_or(address, "street2", NULL);

	return street && more ? psprintf("%s, %s", street, more) : street ? street : more;
}

static void
need(const FfCall *call, const FfJson *address, const char *member, const char *text)
{
	if (text == NULL || *text == '\0')
		ff_carrier_fail(call, psprintf("ship_to.%s", member), "Shipper takes no order without it.");
}

static void
write_consignee(FfJsonWriter *writer, const FfCall *call)
{
	const FfJson *to = ff_carrier_need_role(call, FF_SHIP_TO);
	const char *name = ff_json_text_or(to, "name", ff_json_text(to, "company"));
	const char *phone = phone_of(to);
	const char *street = street_of(to);
	const char *city = ff_json_text_or(to, "city", NULL);
	/* the capital region and the like are told as a city alone */
	const char *province = ff_json_text_or(to, "region", city);

	need(call, to, "name", name);
	need(call, to, "phone", phone);
	need(call, to, "street1", street);
	need(call, to, "city", city);
	put(writer, call, "consignee", name, 300);
	put(writer, call, "consignee_phone", phone, 300);
	put(writer, call, "mobile", NULL, 1);
	put(writer, call, "consignee_email", ff_json_text_or(to, "email", NULL), 200);
	put(writer, call, "consignee_full_address", street, 200);
	put(writer, call, "consignee_state", ff_json_text_or(to, "country", "ID"), 30);
	put(writer, call, "consignee_province", province, 50);
	put(writer, call, "consignee_city", city, 50);
	put(writer, call, "area", NULL, 1);
	put(writer, call, "town", NULL, 1);
}

static void
write_line(FfJsonWriter *writer, const FfCall *call, int index)
{
	const FfJson *line = ff_json_at(ff_json_get(ff_carrier_subject(call), "lines"), index);
	const char *sku = ff_json_text_or(line, "sku", NULL);
	char *quantity = ff_json_number(line, "quantity");
	char *price = ff_json_number(line, "unit_price");

	if (sku == NULL || quantity == NULL)
		ff_carrier_fail(call,
						psprintf("lines.%d.%s", index, sku ? "quantity" : "sku"),
						"Every line needs a SKU and how many of it.");
	ff_write_object(writer, NULL);
	ff_write_int(writer, named(call, "line_no"), ff_json_int64_or(line, "line", index + 1));
	ff_write_text(writer, named(call, "sku"), sku);
	put(writer, call, "sku_descr", ff_json_text_or(line, "name", NULL), 200);
	ff_write_number(writer, named(call, "qty"), ff_decimal_trim(quantity));
	ff_write_number(writer, named(call, "price"), price ? ff_decimal_trim(price) : "0");
	ff_write_end(writer);
}

/* Shipper's id of the courier's order: booked by us just now, or by somebody before. */
static const char *
tracking_id(const FfCall *call)
{
	const FfJson *subject = ff_carrier_subject(call);

	return ff_json_text_or(
		call->state,
		"tracking_id",
		ff_json_text_or(subject,
						"options.tracking_id",
						ff_json_text_or(ff_json_at(ff_json_get(subject, "packages"), 0),
										"tracking_number",
										NULL)));
}

void
ff_shipper_outbound_request(const FfCall *call, FfMessage *message)
{
	const FfJson *subject = ff_carrier_subject(call);
	FfJsonWriter writer;

	ff_shipper_begin(call, message, "POST", "/v3/fulfillment/outbound/oms");
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_object(&writer, "data");
	ff_write_object(&writer, "outbound");
	put(&writer, call, "warehouse_id", ff_shipper_warehouse(call), 20);
	put(&writer,
		call,
		"customer_id",
		ff_carrier_need_setting(call, "customer_id", "Set it to Shipper's id of the goods' owner."),
		20);
	put(&writer, call, "so_number", ff_shipper_order_number(call), 50);
	put(&writer, call, "order_type", "SO", 2);
	put(&writer, call, "order_source", NULL, 1);
	put(&writer, call, "platform", ff_json_text_or(call->config, "platform", NULL), 30);
	ff_write_int(&writer, named(call, "order_identification_code"), PENDING_SHIPMENT);
	put(&writer, call, "internal_order_status", "Pending", 30);
	put(&writer,
		call,
		"express_code",
		/* the one that was booked, else the one that is wanted */
		ff_json_text_or(call->state, "courier", ff_shipper_wanted_courier(call)),
		50);
	put(&writer, call, "express_no", NULL, 1);
	put(&writer, call, "tracking_id", tracking_id(call), 50);
	put(&writer,
		call,
		"tenant_name",
		ff_carrier_need_setting(call, "tenant_name", "Set it to the shop's name at Shipper."),
		200);
	put(&writer, call, "seller_nick", NULL, 1);
	write_consignee(&writer, call);
	put(&writer, call, "buyer_remark", ff_json_text_or(subject, "options.instructions", NULL), 200);
	put(&writer, call, "seller_remark", ff_json_text_or(subject, "note", NULL), 200);
	ff_write_array(&writer, named(call, "details"));
	for (int i = 0; i < ff_json_count(ff_json_get(subject, "lines")); i++)
		write_line(&writer, call, i);
	ff_write_end(&writer);
	ff_message_json(message, &writer);
}

void
ff_shipper_cancel_request(const FfCall *call, FfMessage *message)
{
	FfJsonWriter writer;

	ff_shipper_begin(call, message, "PATCH", "/v3/fulfillment/outbound/oms/cancel");
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_object(&writer, "data");
	ff_write_object(&writer, "cancellation");
	ff_write_text(&writer, "order_no", ff_shipper_order_number(call));
	ff_write_text(&writer, "warehouse_id", ff_shipper_warehouse(call));
	ff_shipper_write(&writer,
					 "cancel_reason",
					 ff_json_text_or(ff_carrier_subject(call), "cancel_reason", "cancelled"),
					 50);
	ff_message_json(message, &writer);
}

/* The request was taken; the word is the status that a webhook or a look tells later. */
void
ff_shipper_cancel_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *data;

	if (!ff_shipper_reply(call, reply, FF_REPEAT_SAFE, outcome, &data))
		return;
	ff_write_object(&outcome->body, "shipment");
	ff_write_text(&outcome->body, "provider_reference", ff_shipper_known_number(call));
	ff_write_text(&outcome->body, "state", "cancel_requested");
	ff_write_end(&outcome->body);
}
