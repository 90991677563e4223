/*
 * amazon_mcf_stock.c
 *
 * Stock at Amazon, page by page, and news from its queue.  A page's token
 * lives for thirty seconds: when it is refused the reading begins again.
 * News come more than once and out of order, so an order is read again
 * rather than believed.
 */
#include "postgres.h"

#include "utils/formatting.h"

#include "connectors/amazon_mcf.h"
#include "connectors/decimal.h"

#define SKUS_MOST 50

/* The SKUs asked for, with commas between; NULL for all, or for more than Amazon takes. */
static char *
wanted_skus(const FfCall *call)
{
	const FfJson *skus = ff_json_get(call->document, "skus");
	StringInfoData text;

	if (ff_json_count(skus) == 0 || ff_json_count(skus) > SKUS_MOST)
		return NULL;
	initStringInfo(&text);
	for (int i = 0; i < ff_json_count(skus); i++)
		appendStringInfo(
			&text, "%s%s", i > 0 ? "," : "", ff_json_text_or(ff_json_at(skus, i), "", ""));
	return text.data;
}

void
ff_mcf_stock_request(const FfCall *call, FfMessage *message)
{
	const char *marketplace = ff_amazon_marketplace(call);
	char *since = ff_json_text(call->document, "since");
	TimestampTz time;

	ff_amazon_begin(call, message, "GET", MCF_INVENTORY "/summaries");
	ff_message_query(message, "details", "true");
	ff_message_query(message, "granularityType", "Marketplace");
	ff_message_query(message, "granularityId", marketplace);
	ff_message_query(message, "marketplaceIds", marketplace);
	if (ff_time_parse(since, &time))
		ff_message_query(message, "startDateTime", ff_time_iso(time));
	else
		ff_message_query(message, "sellerSkus", wanted_skus(call));
	ff_message_query(message, "nextToken", ff_json_text_or(call->state, "token", NULL));
}

static char *
sum_of(const FfJson *details, const char *const *paths, int count)
{
	char *sum = pstrdup("0");

	for (int i = 0; i < count; i++)
	{
		char *number = ff_json_number(details, paths[i]);

		if (number != NULL)
			sum = ff_decimal_add(sum, number);
	}
	return sum;
}

/* How an answer and a notification call the parts of a SKU's stock. */
typedef struct StockNames
{
	const char *available;
	const char *damaged;
	const char *researching;
	const char *reserved[3];
	const char *inbound[3];
} StockNames;

static const StockNames summary = {
	"fulfillableQuantity",
	"unfulfillableQuantity.totalUnfulfillableQuantity",
	"researchingQuantity.totalResearchingQuantity",
	{"reservedQuantity.totalReservedQuantity", "-", "-"},
	{"inboundWorkingQuantity", "inboundShippedQuantity", "inboundReceivingQuantity"}};
static const StockNames notice = {"Fulfillable",
								  "Unfulfillable",
								  "Researching",
								  {"ReservedQuantityBreakdown.WarehouseProcessing",
								   "ReservedQuantityBreakdown.WarehouseTransfer",
								   "ReservedQuantityBreakdown.PendingCustomerOrder"},
								  {"InboundQuantityBreakdown.Working",
								   "InboundQuantityBreakdown.Shipped",
								   "InboundQuantityBreakdown.Receiving"}};

static void
write_stock(FfJsonWriter *writer, const char *sku, const FfJson *details, const StockNames *names,
			const char *location, const char *as_of)
{
	const char *const kept[] = {names->available, names->damaged, names->researching};
	char *reserved = sum_of(details, names->reserved, 3);

	ff_write_object(writer, NULL);
	ff_write_text(writer, "sku", sku);
	ff_write_text(writer, "location", location);
	ff_write_number(writer, "on_hand", ff_decimal_add(sum_of(details, kept, 3), reserved));
	ff_write_number(writer, "available", sum_of(details, &names->available, 1));
	ff_write_number(writer, "reserved", reserved);
	ff_write_number(writer, "damaged", sum_of(details, &names->damaged, 1));
	ff_write_number(writer, "inbound", sum_of(details, names->inbound, 3));
	ff_write_text(writer, "as_of", as_of);
	ff_write_end(writer);
}

void
ff_mcf_stock_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	bool paging = ff_json_text_or(call->state, "token", NULL) != NULL;
	const FfJson *list;
	const char *token;
	FfJson *json;

	if (!ff_mcf_reply(call, reply, FF_REPEAT_SAFE, outcome, &json))
	{
		if (paging && reply->status == 400)
		{
			outcome->result = FF_RESULT_RETRY;
			outcome->next = "{}";
		}
		return;
	}
	list = ff_json_get(json, "payload.inventorySummaries");
	ff_write_array(&outcome->body, "inventory");
	for (int i = 0; i < ff_json_count(list); i++)
	{
		const FfJson *item = ff_json_at(list, i);

		write_stock(&outcome->body,
					ff_json_text(item, "sellerSku"),
					ff_json_get(item, "inventoryDetails"),
					&summary,
					ff_carrier_setting(call, "marketplace_id"),
					ff_carrier_time(ff_json_text(item, "lastUpdatedTime")));
	}
	ff_write_end(&outcome->body);
	token = ff_json_text_or(
		json, "pagination.nextToken", ff_json_text_or(json, "payload.pagination.nextToken", NULL));
	if (token != NULL)
	{
		FfJsonWriter state;

		ff_write_init(&state);
		ff_write_object(&state, NULL);
		ff_write_text(&state, "token", token);
		ff_outcome_continue(outcome, ff_write_finish(&state));
	}
}

static void
receive_order(FfOutcome *outcome, const FfJson *event)
{
	const FfJson *packages = ff_json_get(event, "FulfillmentShipment.FulfillmentShipmentPackages");
	const char *id = ff_json_text(event, "SellerFulfillmentOrderId");
	const char *status = ff_json_text(event, "FulfillmentOrderStatus");
	FfJsonWriter *writer = &outcome->body;

	ff_write_object(writer, "shipment");
	ff_write_text(writer, "reference", id);
	ff_write_text(writer, "provider_reference", id);
	ff_write_text(writer, "state", ff_mcf_state(status, NULL));
	ff_write_text(writer, "provider_state", status);
	ff_write_array(writer, "packages");
	for (int i = 0; i < ff_json_count(packages); i++)
	{
		const FfJson *package = ff_json_at(packages, i);
		char *carrier = ff_carrier_text(package, "CarrierCode", 40);

		if (ff_json_text_or(package, "TrackingNumber", NULL) == NULL)
			continue;
		if (carrier != NULL)
			carrier = asc_tolower(carrier, strlen(carrier));
		ff_write_object(writer, NULL);
		ff_write_int(writer, "number", i + 1);
		ff_write_text(writer, "tracking_number", ff_json_text(package, "TrackingNumber"));
		ff_write_text(writer, "carrier", carrier);
		ff_write_end(writer);
	}
	ff_write_end(writer);
	ff_write_end(writer);
	ff_write_object(writer, "reread");
	ff_write_text(writer, "operation", "get_shipment");
	ff_write_array(writer, "references");
	ff_write_text(writer, NULL, id);
	ff_write_end(writer);
	ff_write_end(writer);
}

static void
receive_stock(const FfCall *call, FfOutcome *outcome, const FfJson *payload, const char *as_of)
{
	const FfJson *places = ff_json_get(payload, "FulfillmentInventoryByMarketplace");
	const char *ours = ff_carrier_setting(call, "marketplace_id");

	ff_write_array(&outcome->body, "inventory");
	for (int i = 0; i < ff_json_count(places); i++)
	{
		const FfJson *place = ff_json_at(places, i);
		const char *id = ff_json_text_or(place, "MarketplaceId", "");

		if (ours == NULL || strcmp(ours, id) == 0)
			write_stock(&outcome->body,
						ff_json_text(payload, "SKU"),
						ff_json_get(place, "FulfillmentInventory"),
						&notice,
						id,
						as_of);
	}
	ff_write_end(&outcome->body);
}

void
ff_mcf_receive(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *event = ff_outcome_json(reply, outcome);
	const char *type = ff_json_text_or(event, "NotificationType", NULL);
	const FfJson *payload = ff_json_get(event, "Payload");
	const FfJson *order = ff_json_get(payload, "FulfillmentOrderStatusNotification");

	if (!ff_json_is_object(order) && ff_json_text(payload, "SellerFulfillmentOrderId") != NULL)
		order = payload;
	if (type == NULL)
		ff_outcome_set(outcome,
					   FF_RESULT_REFUSED,
					   "unreadable_event",
					   "The body is no notification of Amazon.",
					   NULL);
	else if (ff_json_text_or(order, "SellerFulfillmentOrderId", NULL) != NULL)
		receive_order(outcome, order);
	else if (strcmp(type, "FBA_INVENTORY_AVAILABILITY_CHANGES") == 0 &&
			 ff_json_text_or(payload, "SKU", NULL) != NULL)
		receive_stock(call, outcome, payload, ff_carrier_time(ff_json_text(event, "EventTime")));
	else
		ff_write_text(&outcome->body, "ignored", type);
}
