/*
 * amazon_mcf_after.c
 *
 * Packages, previews, returns and stock of Amazon's fulfillment centers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "amazon_mcf.h"

static const DepotWords words[DEPOT_STEP_COUNT] = {
	[DEPOT_LABEL] = {"EVENT_101", "Label created", "UNKNOWN"},
	[DEPOT_PICKED_UP] = {"EVENT_201", "Carrier picked up the package", "IN_TRANSIT"},
	[DEPOT_DEPARTED] = {"EVENT_204", "Package left the carrier facility", "IN_TRANSIT"},
	[DEPOT_ARRIVED] = {"EVENT_202", "Package arrived at a carrier facility", "IN_TRANSIT"},
	[DEPOT_OUT] = {"EVENT_302", "Out for delivery", "OUT_FOR_DELIVERY"},
	[DEPOT_DELIVERED] = {"EVENT_301", "Delivered", "DELIVERED"},
	[DEPOT_ATTEMPTED] = {"EVENT_304", "Delivery attempted", "DELIVERY_ATTEMPTED"},
	[DEPOT_DELAYED] = {"EVENT_404", "Package delayed", "DELAYED"},
	[DEPOT_HELD] = {"EVENT_308", "Available for pickup", "AVAILABLE_FOR_PICKUP"},
	[DEPOT_EXCEPTION] = {"EVENT_401", "Package damaged", "CUSTOMER_ACTION"},
	[DEPOT_RETURNING] = {"EVENT_408", "Package is returning", "RETURNING"},
	[DEPOT_RETURNED] = {"EVENT_309", "Returned", "RETURNED"},
	[DEPOT_UNHEARD_OF] = {"EVENT_999", "Seen by a drone", "AIRBORNE"},
};

void
mcf_track(SimRequest *request)
{
	const char *number = sim_query(request, "packageNumber");
	const DepotPackage *package = number ? depot_package(&mcf_depot, number) : NULL;
	DepotEvent events[10];
	json_t *list = json_array();
	int count;

	if (!package || !depot_has_left(package->shipment))
	{
		json_decref(list);
		mcf_error(request, 404, "InvalidInput", "There is no such package.", "");
		return;
	}
	count = depot_events(&mcf_depot, package, events);
	for (int i = count - 1; i >= 0; i--)
	{
		char at[40];

		json_array_append_new(list,
							  json_pack("{s:s, s:{s:s, s:s, s:s}, s:s, s:s}",
										"eventDate",
										sim_time(events[i].at, 0, "%FT%TZ", at),
										"eventAddress",
										"city",
										"Austin",
										"state",
										"TX",
										"country",
										"US",
										"eventCode",
										words[events[i].step].code,
										"eventDescription",
										words[events[i].step].text));
	}
	sim_reply(request,
			  200,
			  json_pack("{s:{s:I, s:o, s:s, s:s, s:s, s:o}}",
						"payload",
						"packageNumber",
						(json_int_t) atoll(package->number),
						"trackingNumber",
						json_sprintf("TBA%012lld", atoll(package->number)),
						"carrierCode",
						"AMZN_US",
						"currentStatus",
						words[events[count - 1].step].status,
						"currentStatusDescription",
						words[events[count - 1].step].text,
						"trackingEvents",
						depot_spoil(request, list)));
}

/* --- previews, returns, stock --- */

void
mcf_preview(SimRequest *request)
{
	bool lacking = mcf_lacks_stock(request->json);

	sim_reply(request,
			  200,
			  json_pack("{s:{s:[{s:s, s:b, s:b, s:s, s:[{s:s, s:{s:s, s:s}}], s:[], s:[], s:[]}]}}",
						"payload",
						"fulfillmentPreviews",
						"shippingSpeedCategory",
						sim_text(request->json, "shippingSpeedCategories.0", "Standard"),
						"isFulfillable",
						!lacking,
						"isCODCapable",
						0,
						"marketplaceId",
						sim_text(request->json, "marketplaceId", ""),
						"estimatedFees",
						"name",
						"FBAPerUnitFulfillmentFee",
						"amount",
						"currencyCode",
						"USD",
						"value",
						"7.90",
						"fulfillmentPreviewShipments",
						"unfulfillablePreviewItems",
						"orderUnfulfillableReasons"));
}

void
mcf_make_return(SimRequest *request)
{
	DepotShipment *order = mcf_order(request);
	json_t *known;
	json_t *made = json_array();
	json_t *invalid = json_array();
	size_t i;
	json_t *item;

	if (!order)
	{
		json_decref(made);
		json_decref(invalid);
		return;
	}
	known = sim_map_get(&mcf_returns, order->id);
	if (!known)
		sim_map_put(&mcf_returns, order->id, known = json_array());
	json_array_foreach(json_object_get(request->json, "items"), i, item)
	{
		const char *id = sim_text(item, "sellerReturnItemId", "");
		const char *reason =
			strcmp(mcf_status(order), "Complete") == 0 ? NULL : "NoCompletedShipItems";
		json_t *row;

		for (size_t k = 0; k < json_array_size(known); k++)
			if (sim_is_text(json_object_get(json_array_get(known, k), "sellerReturnItemId"), id))
				reason = "DuplicateRequest";
		if (reason)
		{
			json_array_append_new(invalid,
								  json_pack("{s:s, s:O, s:{s:s, s:s}}",
											"sellerReturnItemId",
											id,
											"sellerFulfillmentOrderItemId",
											json_object_get(item, "sellerFulfillmentOrderItemId"),
											"invalidItemReason",
											"invalidItemReasonCode",
											reason,
											"description",
											reason));
			continue;
		}
		row = json_pack("{s:s, s:O, s:O, s:O, s:s, s:s}",
						"sellerReturnItemId",
						id,
						"sellerFulfillmentOrderItemId",
						json_object_get(item, "sellerFulfillmentOrderItemId"),
						"amazonShipmentId",
						json_object_get(item, "amazonShipmentId"),
						"sellerReturnReasonCode",
						json_object_get(item, "returnReasonCode"),
						"status",
						"New",
						"returnAuthorizationId",
						"RMA1AB");
		json_array_append(known, row);
		json_array_append_new(made, row);
	}
	sim_reply(request,
			  200,
			  json_pack("{s:{s:o, s:o, s:[{s:s, s:s}]}}",
						"payload",
						"returnItems",
						made,
						"invalidReturnItems",
						invalid,
						"returnAuthorizations",
						"returnAuthorizationId",
						"RMA1AB",
						"fulfillmentCenterId",
						"TUS1"));
}

void
mcf_show_stock(SimRequest *request)
{
	json_t *wanted = sim_query_list(request, "sellerSkus");
	json_t *list = json_array();

	for (size_t i = 0; i < mcf_stock.count; i++)
	{
		json_int_t left = json_integer_value(mcf_stock.entries[i].value);
		bool asked = json_array_size(wanted) == 0;

		for (size_t k = 0; k < json_array_size(wanted); k++)
			asked |= sim_is_text(json_array_get(wanted, k), mcf_stock.entries[i].key);
		if (asked)
			json_array_append_new(list,
								  json_pack("{s:s, s:s, s:s, s:I, s:{s:I}}",
											"sellerSku",
											mcf_stock.entries[i].key,
											"fnSku",
											"X0TEST01",
											"condition",
											"NewItem",
											"totalQuantity",
											left,
											"inventoryDetails",
											"fulfillableQuantity",
											left));
	}
	json_decref(wanted);
	sim_reply(request,
			  200,
			  json_pack("{s:{s:{s:s, s:s}, s:o}}",
						"payload",
						"granularity",
						"granularityType",
						"Marketplace",
						"granularityId",
						"ATVPDKIKX0DER",
						"inventorySummaries",
						list));
}

void
mcf_set_stock(SimRequest *request)
{
	depot_put_stock(request, &mcf_stock);
}
