/*
 * ongoing_show.c
 *
 * An order as GET shows it: what was put, what became of its lines, parcels
 * and tracking.  What is absent is there as null, as the server does it.
 */
#include <stdlib.h>
#include <string.h>

#include "ongoing.h"

const char *
ongoing_number(const OngoingOrder *order)
{
	return sim_text(order->body, "orderNumber", "");
}

static json_t *
line_json(const OngoingLine *line)
{
	return json_pack(
		"{s:I, s:O, s:{s:I, s:O, s:o, s:o, s:s}, s:o, s:f, s:f, s:f, s:f, s:o, s:f, s:o, s:o, s:o, "
		"s:[], s:[]}",
		"id",
		(json_int_t) line->id,
		"rowNumber",
		json_object_get(line->body, "rowNumber"),
		"article",
		"articleSystemId",
		(json_int_t) line->article->id,
		"articleNumber",
		json_object_get(line->body, "articleNumber"),
		"articleName",
		ongoing_member(line->article->body, "articleName"),
		"productCode",
		ongoing_member(line->article->body, "productCode"),
		"articleKind",
		"Normal",
		"comment",
		ongoing_member(line->body, "comment"),
		"orderedNumberOfItems",
		line->ordered,
		"allocatedNumberOfItems",
		line->allocated,
		"pickedNumberOfItems",
		line->picked,
		"packedNumberOfItems",
		line->picked,
		"reportedNumberOfItems",
		line->reported > 0 ? json_real(line->reported) : json_null(),
		"returnedNumberOfItems",
		line->returned,
		"externalId",
		ongoing_member(line->body, "externalId"),
		"prices",
		ongoing_member(line->body, "prices"),
		"serialNumber",
		ongoing_member(line->body, "serialNumber"),
		"pickedArticleItems",
		"subOrderLines");
}

static json_t *
info_json(const OngoingOrder *order)
{
	static const char *const members[] = {"goodsOwnerOrderId",
										  "referenceNumber",
										  "salesCode",
										  "orderRemark",
										  "deliveryInstruction",
										  "servicePointCode",
										  "freeText1",
										  "freeText2",
										  "freeText3",
										  "orderType",
										  "wayOfDelivery",
										  "deliveryDate",
										  "emailNotification",
										  "smsNotification",
										  "telephoneNotification",
										  "termsOfDeliveryType",
										  "customerPrice",
										  "consigneeOrderNumber",
										  "warehouseInstruction",
										  "marketPlace",
										  "pickingPriority"};
	double ordered = 0;
	double allocated = 0;
	double picked = 0;
	json_t *info;

	for (int i = 0; i < order->line_count; i++)
	{
		ordered += order->lines[i].ordered;
		allocated += order->lines[i].allocated;
		picked += order->lines[i].picked;
	}
	info = json_pack("{s:I, s:s, s:o, s:o, s:s?, s:s?, s:{s:i, s:s}, s:f, s:f, s:f, s:{s:i, s:s}}",
					 "orderId",
					 (json_int_t) order->id,
					 "orderNumber",
					 ongoing_number(order),
					 "createdDate",
					 ongoing_date(order->created),
					 "shippedTime",
					 ongoing_date(order->shipped),
					 "wayBill",
					 order->waybill,
					 "returnWayBill",
					 order->return_waybill,
					 "orderStatus",
					 "number",
					 order->status,
					 "text",
					 ongoing_status_text(order->status),
					 "orderedNumberOfItems",
					 ordered,
					 "allocatedNumberOfItems",
					 allocated,
					 "pickedNumberOfItems",
					 picked,
					 "warehouse",
					 "id",
					 1,
					 "name",
					 "Main warehouse");
	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		json_object_set_new(info, members[i], ongoing_member(order->body, members[i]));
	return info;
}

json_t *
ongoing_order_json(const OngoingOrder *order)
{
	json_t *lines = json_array();

	for (int i = 0; i < order->line_count; i++)
		json_array_append_new(lines, line_json(&order->lines[i]));
	return json_pack("{s:{s:I, s:s}, s:o, s:o, s:O, s:O, s:o, s:{s:o, s:o, s:o, s:o}, s:o, s:n}",
					 "goodsOwner",
					 "id",
					 (json_int_t) order->owner,
					 "name",
					 "Demo shop",
					 "orderInfo",
					 info_json(order),
					 "consignee",
					 ongoing_member(order->body, "consignee"),
					 "parcels",
					 order->parcels,
					 "tracking",
					 order->tracking,
					 "orderLines",
					 lines,
					 "transporter",
					 "transporterName",
					 ongoing_member(order->body, "transporter.transporterCode"),
					 "name",
					 ongoing_member(order->body, "transporter.transporterServiceCode"),
					 "code",
					 ongoing_member(order->body, "transporter.transporterCode"),
					 "serviceCode",
					 ongoing_member(order->body, "transporter.transporterServiceCode"),
					 "classes",
					 json_is_array(json_object_get(order->body, "classes"))
						 ? json_incref(json_object_get(order->body, "classes"))
						 : json_array(),
					 "shipmentInfo");
}
