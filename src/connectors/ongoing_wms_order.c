/*
 * ongoing_wms_order.c
 *
 * The order as the warehouse takes it: create_shipment puts the whole of it
 * under our number, and update_shipment does so again.  Only members that the
 * API lists are sent; it refuses a body with others.  What changes a single
 * thing of an order stands in ongoing_wms_change.c.
 */
#include "postgres.h"

#include "connectors/decimal.h"
#include "connectors/ongoing_wms.h"

const FfJson *
ff_ongoing_shipment(const FfCall *call)
{
	return ff_json_get(call->document, "shipment");
}

/* A member of the shipment, as changed when the call updates it. */
static const FfJson *
member(const FfCall *call, const char *name)
{
	const FfJson *shipment = ff_ongoing_shipment(call);
	const FfJson *changed = ff_json_get(ff_json_get(shipment, "changes"), name);

	return ff_json_is_null(changed) ? ff_json_get(shipment, name) : changed;
}

static const char *
member_text(const FfCall *call, const char *name)
{
	return ff_json_text_or(member(call, name), "", NULL);
}

const char *
ff_ongoing_order_number(const FfCall *call)
{
	return ff_connector_need(
		ONGOING, call, "shipment.reference", "Give the shipment's reference, the order's number.");
}

char *
ff_ongoing_order_id(const FfCall *call)
{
	char *id = ff_json_number(ff_ongoing_shipment(call), "provider_reference");

	return id ? id : ff_json_number(call->state, "order_id");
}

static void
code_object(FfJsonWriter *writer, const char *key, const char *code, const char *name)
{
	if (code == NULL)
		return;
	ff_write_object(writer, key);
	ff_write_text(writer, "code", code);
	ff_write_text(writer, "name", name);
	ff_write_end(writer);
}

/* A setting's row for the service, found by its name in any case; NULL without one. */
static FfJson *
service_row(const FfCall *call, const char *service)
{
	void *state = NULL;
	char *key;
	FfJson *value;

	while (ff_json_each(ff_json_get(call->config, "services"), &state, &key, &value))
		if (pg_strcasecmp(key, service) == 0)
			return value;
	return NULL;
}

/*
 * How the parcel travels.  A service that no setting translates is either
 * "TRANSPORTER:SERVICE" or a way of delivery of that code.
 */
static void
write_service(FfJsonWriter *writer, const FfCall *call)
{
	const char *service = member_text(call, "service");
	const FfJson *row = service ? service_row(call, service) : NULL;
	const char *way = ff_json_text_or(row, "way_of_delivery", NULL);
	const char *transporter = ff_json_text_or(row, "transporter", NULL);
	const char *transporter_service = ff_json_text_or(row, "transporter_service", NULL);
	const char *colon = service && !row ? strpbrk(service, ":/") : NULL;

	if (colon != NULL)
	{
		transporter = pnstrdup(service, colon - service);
		transporter_service = colon + 1;
	}
	else if (service != NULL && row == NULL)
		way = service;
	code_object(writer, "wayOfDelivery", way, ff_json_text_or(row, "name", way));
	if (transporter != NULL)
	{
		ff_write_object(writer, "transporter");
		ff_write_text(writer, "transporterCode", transporter);
		ff_write_text(writer, "transporterServiceCode", transporter_service);
		ff_write_end(writer);
	}
}

static void
write_notification(FfJsonWriter *writer, const char *key, const char *value)
{
	if (value == NULL)
		return;
	ff_write_object(writer, key);
	ff_write_bool(writer, "toBeNotified", true);
	ff_write_text(writer, "value", value);
	ff_write_end(writer);
}

static char *
plain(const FfJson *json, const char *path)
{
	char *raw = ff_json_text(json, path);
	char *text = raw ? ff_plain_text(raw, 250) : NULL;

	return text && *text != '\0' ? text : NULL;
}

/* customerNumber keeps one customer record per order over there. */
static void
write_consignee(FfJsonWriter *writer, const FfCall *call)
{
	const FfJson *address = member(call, "ship_to");
	char *company = plain(address, "company");
	char *person = plain(address, "name");
	const char *country = ff_json_text_or(address, "country", NULL);
	const char *customer =
		ff_json_text_or(ff_ongoing_shipment(call), "order_number", ff_ongoing_order_number(call));

	if (!ff_json_is_object(address) || country == NULL)
		ff_connector_fail(ONGOING,
						  "shipment.ship_to",
						  "Give the receiver's address, with a country of two letters.");
	ff_write_object(writer, "consignee");
	ff_write_text(writer, "customerNumber", customer);
	ff_write_text(writer, "name", company ? company : person);
	ff_write_text(writer, "address1", plain(address, "street1"));
	ff_write_text(writer, "address2", plain(address, "street2"));
	ff_write_text(writer, "address3", plain(address, "street3"));
	ff_write_text(writer, "postCode", plain(address, "postcode"));
	ff_write_text(writer, "city", plain(address, "city"));
	ff_write_text(writer, "countryCode", country);
	ff_write_text(writer, "countryStateCode", plain(address, "region"));
	if (company && person)
		ff_write_text(writer, "remark", psprintf("Att. %s", person));
	ff_write_text(writer, "doorCode", plain(address, "door_code"));
	ff_write_text(writer, "vatNumber", plain(address, "vat_number"));
	ff_write_end(writer);
}

/* Whether goods go abroad, so that customs ask for values. */
static bool
abroad(const FfCall *call)
{
	const char *from = ff_json_text_or(member(call, "ship_from"), "country", NULL);
	const char *to = ff_json_text_or(member(call, "ship_to"), "country", NULL);

	return ff_json_is_object(member(call, "customs")) ||
		   (from && to && pg_strcasecmp(from, to) != 0);
}

static void
write_line(FfJsonWriter *writer, const FfCall *call, int index)
{
	const FfJson *line = ff_json_at(member(call, "lines"), index);
	const char *sku = ff_json_text_or(line, "sku", NULL);
	char *quantity = ff_json_number(line, "quantity");
	char *price = ff_json_number(line, "unit_price");
	char *total;

	if (sku == NULL || quantity == NULL)
		ff_connector_fail(ONGOING,
						  psprintf("shipment.lines.%d.%s", index, sku ? "quantity" : "sku"),
						  "Every line needs an article and how many of it.");
	total = price ? ff_decimal_multiply(price, quantity) : NULL;
	ff_write_object(writer, NULL);
	ff_write_text(writer, "rowNumber", ff_json_text_or(line, "line", psprintf("%d", index + 1)));
	ff_write_text(writer, "articleNumber", sku);
	ff_write_number(writer, "numberOfItems", ff_decimal_trim(quantity));
	ff_write_text(writer, "comment", plain(line, "comment"));
	if (total != NULL && abroad(call))
		ff_write_number(writer, "lineTotalCustomsValue", total);
	if (total != NULL)
	{
		ff_write_object(writer, "prices");
		ff_write_number(writer, "linePrice", total);
		ff_write_text(writer, "currencyCode", ff_json_text_or(line, "currency", NULL));
		ff_write_end(writer);
	}
	ff_write_end(writer);
}

/* Date on which the order is to leave. */
char *
ff_ongoing_delivery_date(const FfCall *call)
{
	TimestampTz date;

	if (!ff_time_parse(member_text(call, "ship_on"), &date))
		date = call->now;
	return ff_time_format(date, "%Y-%m-%d");
}

const char *
ff_ongoing_service_point(const FfCall *call)
{
	const FfJson *point = member(call, "service_point");

	if (ff_json_is_null(point))
		point = ff_json_get(member(call, "options"), "service_point");
	return ff_json_text_or(point, ff_json_is_object(point) ? "id" : "", NULL);
}

static void
write_options(FfJsonWriter *writer, const FfCall *call)
{
	const FfJson *address = member(call, "ship_to");
	const char *currency = ff_json_text_or(member(call, "lines"), "0.currency", NULL);
	int64 warehouse;

	ff_write_text(writer, "orderRemark", plain(member(call, "note"), ""));
	ff_write_text(writer, "deliveryInstruction", plain(member(call, "options"), "instructions"));
	ff_write_text(writer, "servicePointCode", ff_ongoing_service_point(call));
	code_object(writer,
				"orderType",
				ff_json_text_or(call->config, "order_type", NULL),
				ff_json_text_or(call->config, "order_type", NULL));
	write_service(writer, call);
	if (ff_json_bool(call->config, "notify_email", true))
		write_notification(writer, "emailNotification", plain(address, "email"));
	if (ff_json_bool(call->config, "notify_sms", true))
		write_notification(writer, "smsNotification", plain(address, "phone"));
	if (abroad(call) && currency != NULL)
	{
		ff_write_object(writer, "customsInfo");
		ff_write_text(writer, "customsValueCurrencyCode", currency);
		ff_write_end(writer);
	}
	if (ff_json_int64(call->config, "warehouse_id", &warehouse))
		ff_write_int(writer, "warehouseId", warehouse);
}

void
ff_ongoing_create_request(const FfCall *call, FfMessage *message)
{
	const char *order = ff_json_text_or(ff_ongoing_shipment(call), "order_number", NULL);
	FfJsonWriter writer;

	ff_ongoing_begin(call, message, "PUT", "/orders");
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_ongoing_owner(&writer, call);
	ff_write_text(&writer, "orderNumber", ff_ongoing_order_number(call));
	ff_write_text(&writer, "deliveryDate", ff_ongoing_delivery_date(call));
	ff_write_text(&writer, "goodsOwnerOrderId", order);
	ff_write_text(&writer, "referenceNumber", order);
	write_options(&writer, call);
	write_consignee(&writer, call);
	ff_write_array(&writer, "orderLines");
	for (int i = 0; i < ff_json_count(member(call, "lines")); i++)
		write_line(&writer, call, i);
	ff_write_end(&writer);
	ff_message_json(message, &writer);
}

void
ff_ongoing_state(FfOutcome *outcome, const char *id, const char *state)
{
	ff_write_object(&outcome->body, "shipment");
	ff_write_text(&outcome->body, "provider_reference", id);
	ff_write_text(&outcome->body, "state", state);
	ff_write_end(&outcome->body);
}

void
ff_ongoing_create_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	char *id = ff_ongoing_written(call, reply, outcome, "orderId");

	if (id != NULL)
		ff_ongoing_state(outcome, id, "accepted");
}
