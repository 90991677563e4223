/*
 * ongoing_wms_stock.c
 *
 * Articles and what is in stock of them.  Stock is read page by page along
 * their article ids, all of it or what changed since a time, for the goods
 * owner as a whole or per warehouse; a finished run answers the time to begin
 * the next one from, some minutes earlier than it began.  Articles are put
 * one per request, and one that is refused does not stop the others.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "connectors/decimal.h"
#include "connectors/ongoing_wms.h"

#define OVERLAP_S      300
#define SKUS_AT_ONCE   50
#define UNITS_DECIMALS 3

/* Warehouses whose stock is told apart: the call's locations, else the setting's numbers. */
static char *
warehouse_at(const FfCall *call, int index)
{
	const FfJson *locations = ff_json_get(call->document, "locations");
	const char *at = ff_json_text_or(call->config, "warehouses", "");

	if (ff_json_count(locations) > 0)
		return ff_json_text(ff_json_at(locations, index), "");
	for (; *at != '\0'; at++)
	{
		size_t length = strspn(at, "0123456789");

		if (length > 0 && index-- == 0)
			return pnstrdup(at, length);
		at += length;
		if (*at == '\0')
			break;
	}
	return NULL;
}

static bool
by_warehouse(const FfCall *call)
{
	return warehouse_at(call, 0) != NULL;
}

static int
skus(const FfCall *call)
{
	return ff_json_count(ff_json_get(call->document, "skus"));
}

void
ff_ongoing_inventory_request(const FfCall *call, FfMessage *message)
{
	const FfJson *wanted = ff_json_get(call->document, "skus");
	int first = (int) ff_json_int64_or(call->state, "sku", 0);
	char *warehouse;

	ff_ongoing_begin(
		call, message, "GET", by_warehouse(call) ? "/articles/inventoryPerWarehouse" : "/articles");
	ff_ongoing_owner_query(call, message);
	ff_message_query(message,
					 "articleSystemIdFrom",
					 psprintf(INT64_FORMAT, ff_json_int64_or(call->state, "from", 0)));
	ff_message_query(message, "maxArticlesToGet", ff_json_text(call->config, "page_size"));
	if (skus(call) == 0)
		ff_message_query(message,
						 "stockInfoChangedFrom",
						 ff_json_text_or(call->document,
										 "since",
										 ff_json_text_or(call->document, "cursor", NULL)));
	for (int i = first; i < skus(call) && i < first + SKUS_AT_ONCE; i++)
		ff_message_query(message, "articleNumbers", ff_json_text(ff_json_at(wanted, i), ""));
	for (int i = 0; (warehouse = warehouse_at(call, i)) != NULL; i++)
		ff_message_query(message, "warehouseIds", warehouse);
}

static void
write_quantity(FfJsonWriter *writer, const char *key, const FfJson *info, const char *path)
{
	char *number = ff_json_number(info, path);

	if (number != NULL)
		ff_write_number(writer, key, ff_decimal_trim(number));
}

static void
write_stock(FfJsonWriter *writer, const FfCall *call, const char *sku, const FfJson *info)
{
	const char *available = "sellableNumberOfItems";

	if (ff_json_number(info, available) == NULL)
		available = "availableForSaleNumberOfItems";
	ff_write_object(writer, NULL);
	ff_write_text(writer, "sku", sku);
	ff_write_text(writer, "location", ff_json_text(info, "warehouseId"));
	write_quantity(writer, "on_hand", info, "numberOfItems");
	write_quantity(writer, "available", info, available);
	write_quantity(writer, "reserved", info, "numberOfBookedItems");
	write_quantity(writer, "inbound", info, "toReceiveNumberOfItems");
	write_quantity(writer, "locked", info, "numberOfLockedItems");
	ff_write_text(writer, "as_of", ff_time_iso(call->now));
	ff_write_end(writer);
}

/* One article; services and the like have no stock, and no row. */
static void
write_article(FfJsonWriter *writer, const FfCall *call, const FfJson *article)
{
	const char *sku = ff_json_text_or(article, "articleNumber", NULL);
	const FfJson *info = ff_json_get(article, "inventoryInfo");
	const FfJson *places = ff_json_get(article, "inventoryPerWarehouse");

	if (sku == NULL || !ff_json_bool(article, "isStockArticle", true))
		return;
	if (ff_json_is_object(info))
		write_stock(writer, call, sku, info);
	for (int i = 0; i < ff_json_count(places); i++)
		write_stock(writer, call, sku, ff_json_at(places, i));
}

/* When this run began: on the first page now, later what the state remembers. */
static const char *
run_start(const FfCall *call)
{
	return ff_json_text_or(call->state, "started", ff_time_iso(call->now));
}

/* Where the next run begins. */
static char *
next_cursor(const FfCall *call)
{
	TimestampTz started;

	if (!ff_time_parse(run_start(call), &started))
		started = call->now;
	return psprintf("\"%s\"", ff_time_iso(started - OVERLAP_S * USECS_PER_SEC));
}

void
ff_ongoing_inventory_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	int next_sku = (int) ff_json_int64_or(call->state, "sku", 0) + SKUS_AT_ONCE;
	int64 highest = -1;
	FfJson *json;

	if (!ff_ongoing_reply(call, reply, outcome, &json))
		return;
	ff_write_array(&outcome->body, "inventory");
	for (int i = 0; i < ff_json_count(json); i++)
	{
		const FfJson *article = ff_json_at(json, i);

		highest = Max(highest, ff_json_int64_or(article, "articleSystemId", -1));
		write_article(&outcome->body, call, article);
	}
	ff_write_end(&outcome->body);

	if (skus(call) > next_sku)
	{
		outcome->result = FF_RESULT_CONTINUE;
		outcome->next = psprintf("{\"sku\": %d}", next_sku);
	}
	else if (skus(call) == 0 && highest >= 0)
	{
		outcome->result = FF_RESULT_CONTINUE;
		outcome->next = psprintf(
			"{\"from\": " INT64_FORMAT ", \"started\": \"%s\"}", highest + 1, run_start(call));
	}
	else if (skus(call) == 0)
		outcome->next = next_cursor(call);
}

/* The items of the call, and the one of this request. */
static const FfJson *
item_at(const FfCall *call, int index)
{
	return ff_json_at(ff_json_get(call->document, "items"), index);
}

static int
item_place(const FfCall *call)
{
	return (int) ff_json_int64_or(call->state, "at", 0);
}

/* A measure in the unit that the warehouse keeps its articles in. */
static void
write_measure(FfJsonWriter *writer, const char *key, const FfCall *call, const FfJson *item,
			  const char *path, const char *unit)
{
	double value = ff_json_double_or(item, path, 0);
	double unit_size = ff_json_double_or(call->config, unit, 1000);

	if (value > 0 && unit_size > 0)
		ff_write_number(
			writer, key, ff_decimal_trim(ff_grams_to((int64) value, unit_size, UNITS_DECIMALS)));
}

void
ff_ongoing_items_request(const FfCall *call, FfMessage *message)
{
	const FfJson *item = item_at(call, item_place(call));
	const char *sku = ff_json_text_or(item, "sku", NULL);
	const char *barcode = ff_json_text_or(item, "barcode", NULL);
	char *value = ff_json_number(item, "value");
	FfJsonWriter writer;

	if (sku == NULL)
		ff_connector_fail(ONGOING,
						  psprintf("items.%d.sku", item_place(call)),
						  "Every item needs the number of its article.");
	ff_ongoing_begin(call, message, "PUT", "/articles");
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_ongoing_owner(&writer, call);
	ff_write_text(&writer, "articleNumber", sku);
	ff_write_text(&writer, "articleName", ff_json_text_or(item, "name", NULL));
	ff_write_text(&writer, "unitCode", ff_json_text_or(call->config, "unit_code", NULL));
	ff_write_text(&writer, "description", ff_json_text_or(item, "description", NULL));
	ff_write_bool(&writer, "isStockArticle", true);
	if (barcode != NULL)
	{
		ff_write_object(&writer, "barCodeInfo");
		ff_write_text(&writer, "barCode", barcode);
		ff_write_end(&writer);
	}
	write_measure(&writer, "weight", call, item, "weight_g", "weight_unit_g");
	write_measure(&writer, "length", call, item, "length_mm", "length_unit_mm");
	write_measure(&writer, "width", call, item, "width_mm", "length_unit_mm");
	write_measure(&writer, "height", call, item, "height_mm", "length_unit_mm");
	if (value != NULL && ff_json_text_or(item, "currency", NULL) != NULL)
	{
		ff_write_number(&writer, "purchasePrice", value);
		/* the API spells it so */
		ff_write_text(&writer, "purcaseCurrencyCode", ff_json_text(item, "currency"));
	}
	ff_write_text(&writer, "countryOfOriginCode", ff_json_text_or(item, "origin_country", NULL));
	ff_write_text(&writer, "statisticsNumber", ff_json_text_or(item, "hs_code", NULL));
	ff_write_text(
		&writer, "customsDescription", ff_json_text_or(item, "customs_description", NULL));
	ff_message_json(message, &writer);
}

/* items[] of this step, and, in words, which articles were refused so far. */
static void
note_item(const FfCall *call, FfOutcome *outcome, const char *id, const char **refused)
{
	const char *sku = ff_json_text(item_at(call, item_place(call)), "sku");
	const char *before = ff_json_text_or(call->state, "refused", NULL);

	ff_write_array(&outcome->body, "items");
	ff_write_object(&outcome->body, NULL);
	ff_write_text(&outcome->body, "sku", sku);
	ff_write_bool(&outcome->body, "accepted", id != NULL);
	ff_write_text(&outcome->body, "provider_reference", id);
	if (id == NULL && outcome->message != NULL)
		ff_write_text(&outcome->body, "error", ff_plain_text(outcome->message, 250));
	ff_write_end(&outcome->body);
	ff_write_end(&outcome->body);
	*refused = id != NULL ? before : before ? psprintf("%s, %s", before, sku) : sku;
}

void
ff_ongoing_items_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	char *id = ff_ongoing_written(call, reply, outcome, "articleSystemId");
	const char *refused;
	FfJsonWriter next;

	if (id == NULL && outcome->result != FF_RESULT_REFUSED)
		return;
	note_item(call, outcome, id, &refused);
	if (item_at(call, item_place(call) + 1) != NULL)
	{
		ff_write_init(&next);
		ff_write_object(&next, NULL);
		ff_write_int(&next, "at", item_place(call) + 1);
		ff_write_text(&next, "refused", refused);
		outcome->result = FF_RESULT_CONTINUE;
		outcome->next = ff_write_finish(&next);
		outcome->code = outcome->message = outcome->field = NULL;
	}
	else if (refused != NULL && item_place(call) > 0)
	{
		outcome->field = NULL;
		ff_outcome_set(outcome,
					   FF_RESULT_REFUSED,
					   "items_refused",
					   psprintf("Refused articles: %s.", refused),
					   "items");
	}
}
