/*
 * shipper_id_stock.c
 *
 * Stock, page by page, of one warehouse or of several, and articles.  There is
 * no list of what changed: every run reads all.  Rows of one warehouse are per
 * batch; those of one SKU stand together and become one, also when a page ends
 * between them: the last one is held back until the next page is read.
 */
#include "postgres.h"

#include "connectors/decimal.h"
#include "connectors/shipper_id.h"

#define SKUS_AT_ONCE 20

static const FfJson *
wanted_skus(const FfCall *call)
{
	return ff_json_get(call->document, "skus");
}

/* The only warehouse the call asks for; NULL when there are several, or none is set. */
static const char *
one_warehouse(const FfCall *call)
{
	const FfJson *locations = ff_json_get(call->document, "locations");

	if (ff_json_count(locations) > 1)
		return NULL;
	if (ff_json_count(locations) == 1)
		return ff_json_text(ff_json_at(locations, 0), "");
	return ff_json_text_or(call->config, "warehouse_id", NULL);
}

void
ff_shipper_inventory_request(const FfCall *call, FfMessage *message)
{
	const char *warehouse = one_warehouse(call);
	int first = (int) ff_json_int64_or(call->state, "sku", 0);

	ff_shipper_begin(call,
					 message,
					 "GET",
					 warehouse ? "/v3/fulfillment/inventory/stock"
							   : "/v3/fulfillment/inventory/stock/warehouse");
	if (warehouse != NULL)
	{
		ff_message_query(message, "warehouse_code", warehouse);
		ff_message_query(message, "stock_type", "OMSWMS");
	}
	ff_message_query(message, "page", psprintf(INT64_FORMAT, ff_shipper_page(call)));
	ff_message_query(message, "limit", ff_json_text_or(call->config, "page_size", "100"));
	for (int i = first; i < ff_json_count(wanted_skus(call)) && i < first + SKUS_AT_ONCE; i++)
		ff_message_query(message, "skus", ff_json_text(ff_json_at(wanted_skus(call), i), ""));
}

/* Units of one SKU in one warehouse, over its batches. */
typedef struct Stock
{
	const char *sku; /* NULL: none */
	const char *location;
	const char *on_hand;
	const char *available;
	const char *reserved; /* NULL: not told */
	const char *damaged;
} Stock;

static void
write_stock(FfJsonWriter *writer, const FfCall *call, const Stock *stock)
{
	if (stock->sku == NULL)
		return;
	ff_write_object(writer, NULL);
	ff_write_text(writer, "sku", stock->sku);
	ff_write_text(writer, "location", stock->location);
	ff_write_number(writer, "on_hand", ff_decimal_trim(stock->on_hand));
	ff_write_number(writer, "available", ff_decimal_trim(stock->available));
	if (stock->reserved != NULL)
		ff_write_number(writer, "reserved", ff_decimal_trim(stock->reserved));
	if (ff_decimal_positive(stock->damaged))
		ff_write_number(writer, "damaged", ff_decimal_trim(stock->damaged));
	ff_write_text(writer, "as_of", ff_time_iso(call->now));
	ff_write_end(writer);
}

static const char *
number_or(const FfJson *json, const char *path, const char *fallback)
{
	const char *number = ff_json_number(json, path);

	return number ? number : fallback;
}

/* What is told is less than what there is by the goods of damaged batches, which nobody sells. */
static Stock
read_batch(const FfJson *row, const char *warehouse)
{
	bool damaged = strcmp(ff_json_text_or(row, "product_condition", "N"), "Y") == 0;
	const char *quantity = number_or(row, "qty", number_or(row, "available_qty", "0"));
	const char *reserved = number_or(row, "reserved_qty", "0");
	Stock stock = {.sku = ff_json_text_or(row, "sku", NULL),
				   .location = ff_json_text_or(row, "warehouse_id", warehouse),
				   .on_hand = damaged ? "0" : quantity,
				   .reserved = reserved,
				   .damaged = damaged ? quantity : "0"};

	stock.available =
		damaged ? "0" : number_or(row, "available_qty", ff_decimal_subtract(quantity, reserved));
	return stock;
}

static Stock
read_held(const FfJson *held)
{
	return (Stock){.sku = ff_json_text(held, "sku"),
				   .location = ff_json_text(held, "location"),
				   .on_hand = number_or(held, "on_hand", "0"),
				   .available = number_or(held, "available", "0"),
				   .reserved = number_or(held, "reserved", "0"),
				   .damaged = number_or(held, "damaged", "0")};
}

static bool
same_place(const Stock *a, const Stock *b)
{
	return a->sku != NULL && strcmp(a->sku, b->sku) == 0 && a->location != NULL &&
		   b->location != NULL && strcmp(a->location, b->location) == 0;
}

static void
add_batch(Stock *sum, const Stock *batch)
{
	sum->on_hand = ff_decimal_add(sum->on_hand, batch->on_hand);
	sum->available = ff_decimal_add(sum->available, batch->available);
	sum->reserved = ff_decimal_add(sum->reserved, batch->reserved);
	sum->damaged = ff_decimal_add(sum->damaged, batch->damaged);
}

/* Writes all SKUs of a page but the last, which is answered. */
static Stock
write_batches(FfJsonWriter *writer, const FfCall *call, const FfJson *rows)
{
	Stock sum = read_held(ff_json_get(call->state, "held"));

	for (int i = 0; i < ff_json_count(rows); i++)
	{
		Stock batch = read_batch(ff_json_at(rows, i), one_warehouse(call));

		if (batch.sku == NULL)
			continue;
		if (same_place(&sum, &batch))
			add_batch(&sum, &batch);
		else
		{
			write_stock(writer, call, &sum);
			sum = batch;
		}
	}
	return sum;
}

/* One SKU with its units in every warehouse, those the call asks for. */
static void
write_places(FfJsonWriter *writer, const FfCall *call, const FfJson *row)
{
	const FfJson *places = ff_json_get(row, "details");
	const FfJson *locations = ff_json_get(call->document, "locations");

	for (int i = 0; i < ff_json_count(places); i++)
	{
		const FfJson *place = ff_json_at(places, i);
		const char *units = number_or(place, "stock", "0");
		Stock stock = {.sku = ff_json_text_or(row, "sku", NULL),
					   .location = ff_json_text(place, "warehouse_id"),
					   .on_hand = units,
					   .available = units,
					   .damaged = "0"};
		bool asked = ff_json_count(locations) == 0;

		for (int j = 0; stock.location != NULL && j < ff_json_count(locations); j++)
			asked |= strcmp(ff_json_text_or(ff_json_at(locations, j), "", ""), stock.location) == 0;
		if (asked)
			write_stock(writer, call, &stock);
	}
}

/* The rows: data itself, or the first list in it. */
static const FfJson *
rows_of(const FfJson *data)
{
	void *state = NULL;
	char *key;
	FfJson *value;

	if (ff_json_is_array(data))
		return data;
	while (ff_json_each(data, &state, &key, &value))
		if (ff_json_is_array(value))
			return value;
	return NULL;
}

/* The state of the next page: which it is, and the SKU that may go on there. */
static const char *
next_page(const FfCall *call, const Stock *held)
{
	FfJsonWriter next;

	ff_write_init(&next);
	ff_write_object(&next, NULL);
	ff_write_int(&next, "page", ff_shipper_page(call) + 1);
	ff_write_int(&next, "sku", ff_json_int64_or(call->state, "sku", 0));
	if (held->sku != NULL)
	{
		ff_write_object(&next, "held");
		ff_write_text(&next, "sku", held->sku);
		ff_write_text(&next, "location", held->location);
		ff_write_number(&next, "on_hand", held->on_hand);
		ff_write_number(&next, "available", held->available);
		ff_write_number(&next, "reserved", held->reserved);
		ff_write_number(&next, "damaged", held->damaged);
	}
	return ff_write_finish(&next);
}

void
ff_shipper_inventory_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	int64 next_sku = ff_json_int64_or(call->state, "sku", 0) + SKUS_AT_ONCE;
	Stock held = {NULL};
	const FfJson *rows;
	FfJson *data;

	if (!ff_shipper_reply(call, reply, FF_REPEAT_SAFE, outcome, &data))
		return;
	rows = rows_of(data);
	ff_write_array(&outcome->body, "inventory");
	if (one_warehouse(call) != NULL)
		held = write_batches(&outcome->body, call, rows);
	else
		for (int i = 0; i < ff_json_count(rows); i++)
			write_places(&outcome->body, call, ff_json_at(rows, i));
	if (!ff_shipper_has_more(call, reply))
		write_stock(&outcome->body, call, &held);
	ff_write_end(&outcome->body);
	if (ff_shipper_has_more(call, reply))
		ff_outcome_continue(outcome, next_page(call, &held));
	else if (next_sku < ff_json_count(wanted_skus(call)))
		ff_outcome_continue(outcome, psprintf("{\"sku\": " INT64_FORMAT "}", next_sku));
}

static int
item_place(const FfCall *call)
{
	return (int) ff_json_int64_or(call->state, "at", 0);
}

static void
write_centimetres(FfJsonWriter *writer, const char *key, const FfJson *item, const char *path)
{
	int64 millimetres = ff_json_int64_or(item, path, 0);

	ff_write_number(
		writer, key, millimetres > 0 ? ff_millimetres_to(millimetres, FF_MM_PER_CENTIMETRE) : "0");
}

/* Members that we have nothing for are sent empty, as the API's pages ask. */
static const char *const empty_members[] = {"sku_group_2",
											"sku_group_3",
											"alternate_sku_a",
											"alternate_sku_b",
											"alternate_sku_c",
											"easy_code",
											"item_code"};

void
ff_shipper_items_request(const FfCall *call, FfMessage *message)
{
	int place = item_place(call);
	const FfJson *item = ff_json_at(ff_json_get(call->document, "items"), place);
	const char *sku = ff_json_text_or(item, "sku", NULL);
	const char *name = ff_json_text_or(item, "name", sku);
	int64 grams = ff_json_int64_or(item, "weight_g", 0);
	FfJsonWriter writer;

	if (sku == NULL)
		ff_connector_fail(SHIPPER_ID, psprintf("items.%d.sku", place), "Every item needs its SKU.");
	ff_shipper_begin(call, message, "POST", "/v3/fulfillment/sku");
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_object(&writer, "data");
	ff_write_object(&writer, "sku");
	ff_write_text(&writer, "sku", sku);
	ff_shipper_write(&writer, "sku_descr_1", name, 200);
	ff_shipper_write(&writer, "sku_descr_2", ff_json_text_or(item, "description", name), 200);
	write_centimetres(&writer, "sku_length", item, "length_mm");
	write_centimetres(&writer, "sku_width", item, "width_mm");
	write_centimetres(&writer, "sku_high", item, "height_mm");
	ff_write_int(&writer, "gross_weight", grams);
	ff_write_int(&writer, "net_weight", grams);
	ff_write_int(&writer, "tare", 0);
	ff_shipper_write(&writer, "sku_group_1", sku, 50);
	for (int i = 0; i < (int) lengthof(empty_members); i++)
		ff_write_text(&writer, empty_members[i], "");
	ff_shipper_write(&writer, "sku_barcode", ff_json_text_or(item, "barcode", NULL), 50);
	ff_message_json(message, &writer);
}

/* One item a request; a refused one does not stop the others, and is named at the end. */
void
ff_shipper_items_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	int place = item_place(call);
	const FfJson *items = ff_json_get(call->document, "items");
	const char *sku = ff_json_text(ff_json_at(items, place), "sku");
	const char *refused = ff_json_text_or(call->state, "refused", NULL);
	FfJson *data;
	bool accepted = ff_shipper_reply(call, reply, FF_REPEAT_SAFE, outcome, &data);
	FfJsonWriter next;

	if (!accepted && outcome->result != FF_RESULT_REFUSED)
		return;
	ff_write_array(&outcome->body, "items");
	ff_write_object(&outcome->body, NULL);
	ff_write_text(&outcome->body, "sku", sku);
	ff_write_bool(&outcome->body, "accepted", accepted);
	if (!accepted)
		ff_write_text(&outcome->body, "error", outcome->message);
	ff_write_end(&outcome->body);
	ff_write_end(&outcome->body);
	if (!accepted)
		refused = refused ? psprintf("%s, %s", refused, sku) : sku;
	if (place + 1 < ff_json_count(items))
	{
		ff_write_init(&next);
		ff_write_object(&next, NULL);
		ff_write_int(&next, "at", place + 1);
		ff_write_text(&next, "refused", refused);
		ff_outcome_continue(outcome, ff_write_finish(&next));
	}
	else if (refused != NULL)
		ff_outcome_set(outcome,
					   FF_RESULT_REFUSED,
					   "items_refused",
					   psprintf("Refused articles: %s.", refused),
					   "items");
}
