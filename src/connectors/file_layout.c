/*
 * file_layout.c
 *
 * Our own layouts, for partners who have none: what stands where in a file of
 * each kind and format.  A connection's setting "layouts" replaces any of them
 * by one of the same form; docs/file-exchange.md describes it.
 */
#include "postgres.h"

#include "connectors/file_exchange.h"

static const char *const kind_names[] = {
	[FF_FILE_ORDER] = "order",
	[FF_FILE_RETURN] = "return",
	[FF_FILE_ITEM] = "item",
	[FF_FILE_STATUS] = "status",
	[FF_FILE_ACK] = "ack",
	[FF_FILE_STOCK] = "stock",
	[FF_FILE_RECEIPT] = "receipt",
};

#define ADDRESS_XML(path)                                                                \
	"<name>{{" path ".name}}</name><company>{{" path ".company}}</company>"              \
	"<address1>{{" path ".street1}}</address1><address2>{{" path ".street2}}</address2>" \
	"<postalCode>{{" path ".postcode}}</postalCode><city>{{" path ".city}}</city>"       \
	"<state>{{" path ".region}}</state><country>{{" path ".country}}</country>"          \
	"<phone>{{" path ".phone}}</phone><email>{{" path ".email}}</email>"

static const char order_xml[] =
	"<?xml version=\"1.0\" encoding=\"{{encoding}}\"?>\n"
	"<fulfillmentOrder version=\"1\" action=\"{{action}}\">\n"
	"  <orderNumber>{{reference}}</orderNumber>"
	"<shopOrderNumber>{{shipment.order_number}}</shopOrderNumber>\n"
	"  <orderDate>{{shipment.created_at|time}}</orderDate>"
	"<deliveryDate>{{shipment.ship_on|date}}</deliveryDate>\n"
	"  <warehouse>{{shipment.location}}</warehouse><language>{{shipment.language}}</language>"
	"<currency>{{currency}}</currency>\n"
	"  <shippingMethod code=\"{{shipment.service}}\" servicePoint=\"{{service_point}}\">"
	"{{shipment.service}}</shippingMethod>\n"
	"  <payment code=\"{{payment.gateway}}\" reference=\"{{payment.reference}}\" "
	"paid=\"true\"/>\n"
	"  <consignee type=\"{{consignee_type}}\">" ADDRESS_XML(
		"shipment.ship_to") "</consignee>\n"
							"  <invoiceAddress>{{#shipment.bill_to}}" ADDRESS_XML(
								"shipment.bill_to") "{{/shipment.bill_to}}</invoiceAddress>\n"
													"  <instructions><carrier>{{shipment.options.instructions}}</carrier>"
													"<warehouse>{{shipment.note}}</warehouse>"
													"<giftMessage>{{shipment.options.gift_message}}</giftMessage></instructions>\n"
													"  <lines>\n"
													"{{#shipment.lines}}    <line no=\"{{line}}\"><sku>{{sku}}</sku><ean>{{barcode}}</ean>"
													"<description>{{name}}</description><quantity>{{quantity}}</quantity>"
													"<unitPrice vat=\"{{vat_percent}}\">{{unit_price}}</unitPrice>"
													"<customs hs=\"{{hs_code}}\" origin=\"{{origin_country}}\"/></line>\n"
													"{{/shipment.lines}}  </lines>\n"
													"  <totals><lines>{{lines_total}}</lines><freight></freight><vat></vat><grand></grand>"
													"</totals>\n"
													"</fulfillmentOrder>\n";

#define ADDRESS_JSON(path)                                                         \
	"{\"name\":\"{{" path ".name}}\",\"company\":\"{{" path ".company}}\","        \
	"\"address1\":\"{{" path ".street1}}\",\"address2\":\"{{" path ".street2}}\"," \
	"\"postalCode\":\"{{" path ".postcode}}\",\"city\":\"{{" path ".city}}\","     \
	"\"state\":\"{{" path ".region}}\",\"country\":\"{{" path ".country}}\","      \
	"\"phone\":\"{{" path ".phone}}\",\"email\":\"{{" path ".email}}\"}"

static const char order_json[] =
	"{\"action\":\"{{action}}\",\"orderNumber\":\"{{reference}}\","
	"\"shopOrderNumber\":\"{{shipment.order_number}}\","
	"\"orderDate\":\"{{shipment.created_at|time}}\",\"deliveryDate\":\"{{shipment.ship_on|date}}\","
	"\"warehouse\":\"{{shipment.location}}\",\"language\":\"{{shipment.language}}\","
	"\"currency\":\"{{currency}}\","
	"\"shippingMethod\":{\"code\":\"{{shipment.service}}\",\"servicePoint\":\"{{service_point}}\"},"
	"\"consignee\":" ADDRESS_JSON(
		"shipment.ship_to") ","
							"\"instructions\":{\"carrier\":\"{{shipment.options.instructions}}\","
							"\"warehouse\":\"{{shipment.note}}\",\"giftMessage\":\"{{shipment.options.gift_message}}\"},"
							"\"lines\":[{{#shipment.lines}}{{@comma}}{\"no\":{{line}},\"sku\":\"{{sku}}\","
							"\"ean\":\"{{barcode}}\",\"description\":\"{{name}}\",\"quantity\":{{quantity}},"
							"\"unitPrice\":\"{{unit_price}}\"}{{/shipment.lines}}]}\n";

/* "name=place" one a line: the columns of a row, or the fields read from one. */
static const char order_columns[] =
	"action=action\norder_number=reference\nline_no=line\nsku=sku\nquantity=quantity\n"
	"name=shipment.ship_to.name\ncompany=shipment.ship_to.company\n"
	"address1=shipment.ship_to.street1\naddress2=shipment.ship_to.street2\n"
	"postal_code=shipment.ship_to.postcode\ncity=shipment.ship_to.city\n"
	"country=shipment.ship_to.country\nphone=shipment.ship_to.phone\nemail=shipment.ship_to.email\n"
	"shipping_code=shipment.service\nservice_point=service_point\n"
	"order_date=shipment.created_at|date\ncomment=shipment.note";

static const char return_columns[] =
	"rma_number=return.number\norder_number=reference\nline_no=line\nsku=sku\nquantity=quantity\n"
	"reason=reason\ncarrier=carrier\ntracking_number=tracking_number\n"
	"expected_date=return.expected_at|date";

static const char item_columns[] =
	"sku=sku\nean=barcode\nname=name\nweight_g=weight_g\nlength_mm=length_mm\nwidth_mm=width_mm\n"
	"height_mm=height_mm\nhs_code=hs_code\norigin=origin_country\nactive=active|default:1";

static const char status_columns[] =
	"order_number=order_number\nstatus=status\ntimestamp=timestamp\ncarrier=carrier\n"
	"tracking_number=tracking_number\ntracking_url=tracking_url\nline_no=line_no\nsku=sku\n"
	"quantity=quantity\nmessage=message\npartner_number=partner_number\n"
	"shop_order_number=shop_order_number";

static const char status_names[] =
	"order_number=orderNumber\nstatus=status\ntimestamp=timestamp\ncarrier=carrier\n"
	"tracking_number=trackingNumber\ntracking_url=trackingUrl\nline_no=no\nsku=sku\n"
	"quantity=quantity\nmessage=message\npartner_number=partnerOrderNumber\n"
	"shop_order_number=shopOrderNumber";

static const char stock_columns[] =
	"sku=sku\nquantity=quantity\navailable=available\nreserved=reserved\nwarehouse=warehouse\n"
	"timestamp=timestamp";

static const char receipt_columns[] =
	"rma_number=rma_number\norder_number=order_number\nline_no=line_no\nsku=sku\n"
	"quantity=quantity_received\ncondition=condition\nrestocked=restocked\ntimestamp=timestamp";

static const char receipt_names[] =
	"rma_number=rmaNumber\norder_number=orderNumber\nline_no=no\nsku=sku\nquantity=quantity\n"
	"condition=condition\nrestocked=restocked\ntimestamp=receivedAt";

static const char ack_columns[] =
	"order_number=order_number\nresult=result\npartner_number=partner_number\nmessage=message\n"
	"timestamp=timestamp";

static const char ack_names[] =
	"order_number=orderNumber\nresult=result\npartner_number=partnerOrderNumber\nmessage=message\n"
	"timestamp=timestamp";

/* Paths of lists, from the outside in; | between ways it may be called. */
#define STATUS_LISTS \
	"orderStatus|orderStatuses.orderStatus|orders|.\nparcels.parcel|parcels\nlines.line|lines"
#define STOCK_LISTS   "stock.item|items.item|items|."
#define RECEIPT_LISTS "returnReceipt|returnReceipts.returnReceipt|receipts|.\nlines.line|lines"
#define ACK_LISTS     "orderAck|orderAcks.orderAck|acks|."

static const struct
{
	FfFileKind kind;
	const char *format;
	const char *each;
	const char *text; /* a template for xml and json that go out, else columns or fields */
} layouts[] = {
	{FF_FILE_ORDER, "xml", NULL, order_xml},
	{FF_FILE_ORDER, "json", NULL, order_json},
	{FF_FILE_ORDER, "csv", "shipment.lines", order_columns},
	{FF_FILE_RETURN, "csv", "return.lines", return_columns},
	{FF_FILE_ITEM, "csv", "items", item_columns},
	{FF_FILE_STATUS, "csv", NULL, status_columns},
	{FF_FILE_STATUS, "xml", STATUS_LISTS, status_names},
	{FF_FILE_STATUS, "json", STATUS_LISTS, status_names},
	{FF_FILE_ACK, "csv", NULL, ack_columns},
	{FF_FILE_ACK, "xml", ACK_LISTS, ack_names},
	{FF_FILE_ACK, "json", ACK_LISTS, ack_names},
	{FF_FILE_STOCK, "csv", NULL, stock_columns},
	{FF_FILE_STOCK, "xml", STOCK_LISTS, stock_columns},
	{FF_FILE_STOCK, "json", STOCK_LISTS, stock_columns},
	{FF_FILE_RECEIPT, "csv", NULL, receipt_columns},
	{FF_FILE_RECEIPT, "xml", RECEIPT_LISTS, receipt_names},
	{FF_FILE_RECEIPT, "json", RECEIPT_LISTS, receipt_names},
};

const char *
ff_files_kind_name(FfFileKind kind)
{
	return kind_names[kind];
}

/* Lines of text as a list. */
static void
write_lines(FfJsonWriter *writer, const char *key, const char *text)
{
	char *rest = pstrdup(text);

	ff_write_array(writer, key);
	for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n"))
		ff_write_text(writer, NULL, line);
	ff_write_end(writer);
}

/* "name=place" lines as [[name, place], …]. */
static void
write_pairs(FfJsonWriter *writer, const char *key, const char *text)
{
	char *rest = pstrdup(text);

	ff_write_array(writer, key);
	for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n"))
	{
		char *place = strchr(line, '=');

		*place++ = '\0';
		ff_write_array(writer, NULL);
		ff_write_text(writer, NULL, line);
		ff_write_text(writer, NULL, place);
		ff_write_end(writer);
	}
	ff_write_end(writer);
}

static bool
goes_out(FfFileKind kind)
{
	return kind <= FF_FILE_ITEM;
}

static FfJson *
own_layout(int index)
{
	bool template = goes_out(layouts[index].kind) && layouts[index].each == NULL;
	FfJsonWriter writer;

	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_text(&writer, "format", layouts[index].format);
	if (template)
		ff_write_text(&writer, "template", layouts[index].text);
	else
	{
		if (goes_out(layouts[index].kind))
			ff_write_text(&writer, "each", layouts[index].each);
		else if (layouts[index].each != NULL)
			write_lines(&writer, "each", layouts[index].each);
		write_pairs(&writer, "columns", layouts[index].text);
	}
	ff_write_finish(&writer);
	return ff_json_parse(writer.text.data, writer.text.len, NULL);
}

const FfJson *
ff_files_layout(const FfCall *call, FfFileKind kind, const char *format)
{
	const FfJson *given = ff_json_get(ff_json_get(call->config, "layouts"), kind_names[kind]);

	if (ff_json_is_object(given))
		return given;
	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < (int) lengthof(layouts); i++)
			if (layouts[i].kind == kind &&
				(pass == 1 || (format && pg_strcasecmp(layouts[i].format, format) == 0)))
				return own_layout(i);
	return NULL;
}
