/*
 * demand.c
 *
 * Orders, or shipments that are to be planned again, as demands: one statement
 * for the orders, one for all their lines.
 */
#include "postgres.h"

#include <math.h>

#include "pg/errors.h"
#include "routing/demand.h"
#include "routing/postcode.h"

static FfStatement orders_by_id = FF_STATEMENT(
	"select o.order_id, c.code, c.stock_buffer, o.ship_to ->> 'country', o.ship_to ->> 'postcode',"
	" o.service, o.promised_by, o.ship_complete, o.excluded_locations, o.attributes"
	" from fulfillment.orders o join fulfillment.channels c"
	" on c.merchant_id = o.merchant_id and c.channel_id = o.channel_id"
	" where o.merchant_id = $1 and o.order_id = any ($2)",
	INT4OID, INT8ARRAYOID);

#define ITEM_COLUMNS                                                                 \
	" i.item_id, i.sku, i.weight_g, i.length_mm, i.width_mm, i.height_mm, i.hazmat," \
	" (greatest(l.unit_price, i.value) * 1000000)::bigint"

static FfStatement lines_of_orders = FF_STATEMENT(
	"select l.order_id, l.line, l.quantity - l.cancelled - l.assigned, l.group_key," ITEM_COLUMNS
	" from fulfillment.order_lines l join fulfillment.items i"
	" on i.merchant_id = l.merchant_id and i.item_id = l.item_id"
	" where l.merchant_id = $1 and l.order_id = any ($2)"
	" and l.quantity > l.cancelled + l.assigned order by l.order_id, l.line",
	INT4OID, INT8ARRAYOID);

static FfStatement lines_of_shipments = FF_STATEMENT(
	"select s.shipment_id, s.line, s.quantity - s.shipped - s.short, l.group_key," ITEM_COLUMNS
	" from fulfillment.shipment_lines s join fulfillment.order_lines l"
	" on l.merchant_id = s.merchant_id and l.order_id = s.order_id and l.line = s.line"
	" join fulfillment.items i on i.merchant_id = s.merchant_id and i.item_id = s.item_id"
	" where s.merchant_id = $1 and s.shipment_id = any ($2)"
	" and s.quantity > s.shipped + s.short order by s.shipment_id, s.line",
	INT4OID, INT8ARRAYOID);

static FfStatement channel_by_code = FF_STATEMENT(
	"select stock_buffer from fulfillment.channels where merchant_id = $1 and code = $2", INT4OID,
	TEXTOID);

static FfStatement lines_of_document = FF_STATEMENT(
	"select 0::bigint, l.line, l.quantity, l.group_key," ITEM_COLUMNS ", l.sku"
	" from unnest($2::int[], $3::text[], $4::int[], $5::text[]::numeric[], $6::text[])"
	" with ordinality l (line, sku, quantity, unit_price, group_key, position)"
	" left join fulfillment.items i on i.merchant_id = $1 and i.sku = l.sku order by l.position",
	INT4OID, INT4ARRAYOID, TEXTARRAYOID, INT4ARRAYOID, TEXTARRAYOID, TEXTARRAYOID);

static void
set_coordinates(FfDemand *demand, const FfJson *attributes)
{
	demand->latitude = ff_json_double_or(attributes, "latitude", NAN);
	demand->longitude = ff_json_double_or(attributes, "longitude", NAN);
	demand->has_coordinates = !isnan(demand->latitude) && !isnan(demand->longitude);
}

static void
read_order(FfDemand *demand, const FfRows *rows, uint64 row)
{
	demand->channel = ff_row_text(rows, row, 2);
	demand->keep_back = ff_row_int4(rows, row, 3);
	demand->country = ff_row_text(rows, row, 4);
	demand->postcode = ff_row_postcode(rows, row, 5);
	demand->service = ff_row_text(rows, row, 6);
	demand->promised_by = ff_row_time(rows, row, 7);
	demand->ship_complete = ff_row_bool(rows, row, 8);
	demand->failed = ff_row_numbers(rows, row, 9);
	set_coordinates(demand, ff_row_json(rows, row, 10));
}

/* Sides in any order: the longest is the length, the girth goes around the others. */
static void
set_size(FfDemandLine *line, int64 a, int64 b, int64 c)
{
	int64 longest = Max(Max(a, b), c);

	line->volume_mm3 = a * b * c;
	line->length_mm = longest;
	line->girth_mm = longest + 2 * (a + b + c - longest);
}

/* Lines of a group carry the number of its first line. */
static int
group_of(const FfDemand *demand, char *const *keys, int line)
{
	if (keys[line] == NULL)
		return 0;
	for (int other = 0; other < line; other++)
		if (keys[other] != NULL && strcmp(keys[other], keys[line]) == 0)
			return demand->lines[other].group;
	return line + 1;
}

/* Rows from first on that belong to this demand; their columns are those of the statements above.
 */
static void
read_lines(FfDemand *demand, const FfRows *rows, uint64 first, int count)
{
	char **keys = palloc(sizeof(char *) * (count + 1));

	demand->nlines = count;
	demand->lines = palloc0(sizeof(FfDemandLine) * (count + 1));
	for (int i = 0; i < count; i++)
	{
		FfDemandLine *line = &demand->lines[i];
		uint64 row = first + i;

		line->line = ff_row_int4(rows, row, 2);
		line->quantity = ff_row_int4(rows, row, 3);
		keys[i] = ff_row_text(rows, row, 4);
		line->group = group_of(demand, keys, i);
		line->item_id = ff_row_int8(rows, row, 5);
		line->sku = ff_row_text(rows, row, 6);
		line->weight_g = ff_row_int4(rows, row, 7);
		set_size(
			line, ff_row_int4(rows, row, 8), ff_row_int4(rows, row, 9), ff_row_int4(rows, row, 10));
		line->hazmat = ff_row_bool(rows, row, 11);
		line->value = ff_row_int8(rows, row, 12);
		demand->weight_g += line->weight_g * line->quantity;
		demand->worth += line->value * line->quantity;
	}
}

/* Demands by the key that rows are found by. */
typedef struct Entry
{
	int64 key;
	FfDemand *demand;
} Entry;

typedef struct Directory
{
	int count;
	Entry *entries;
	FfColumn keys;
} Directory;

typedef enum Key
{
	KEY_ORDER,       /* every demand, by its order */
	KEY_ORDER_LINES, /* what is left of orders */
	KEY_SHIPMENT     /* what shipments hold */
} Key;

static int
compare_entries(const void *left, const void *right)
{
	int64 a = ((const Entry *) left)->key;
	int64 b = ((const Entry *) right)->key;

	return a < b ? -1 : a > b;
}

static Directory
make_directory(FfDemand *demands, int count, Key key)
{
	Directory directory = {.entries = palloc(sizeof(Entry) * (count + 1))};

	ff_column_init(&directory.keys, INT8OID);
	for (int d = 0; d < count; d++)
	{
		const FfRoutingRequest *request = &demands[d].request;
		int64 value = key == KEY_SHIPMENT ? request->shipment_id : request->order_id;

		if (key == KEY_SHIPMENT ? value == 0 : key == KEY_ORDER_LINES && request->shipment_id != 0)
			continue;
		directory.entries[directory.count++] = (Entry){value, &demands[d]};
		ff_column_add(&directory.keys, ff_int8(value));
	}
	qsort(directory.entries, directory.count, sizeof(Entry), compare_entries);
	return directory;
}

/* The first entry with a key; others follow it. */
static Entry *
look_up(const Directory *directory, int64 key)
{
	Entry wanted = {.key = key};
	Entry *entry =
		bsearch(&wanted, directory->entries, directory->count, sizeof(Entry), compare_entries);

	while (entry > directory->entries && entry[-1].key == key)
		entry--;
	return entry;
}

static bool
in_directory(const Directory *directory, const Entry *entry, int64 key)
{
	return entry < directory->entries + directory->count && entry->key == key;
}

static void
load_orders(int32 merchant_id, FfDemand *demands, int count)
{
	Directory directory = make_directory(demands, count, KEY_ORDER);
	FfRows rows = ff_run(&orders_by_id, ff_int4(merchant_id), ff_column(&directory.keys));

	for (uint64 row = 0; row < rows.count; row++)
	{
		int64 key = ff_row_int8(&rows, row, 1);

		for (Entry *e = look_up(&directory, key); in_directory(&directory, e, key); e++)
			read_order(e->demand, &rows, row);
	}
}

/* Rows come by key, so the lines of a demand are neighbours. */
static void
load_lines(int32 merchant_id, FfDemand *demands, int count, Key kind)
{
	Directory directory = make_directory(demands, count, kind);
	FfRows rows;
	uint64 row = 0;

	if (directory.count == 0)
		return;
	rows = ff_run(kind == KEY_SHIPMENT ? &lines_of_shipments : &lines_of_orders,
				  ff_int4(merchant_id),
				  ff_column(&directory.keys));
	while (row < rows.count)
	{
		int64 key = ff_row_int8(&rows, row, 1);
		uint64 first = row;

		while (row < rows.count && ff_row_int8(&rows, row, 1) == key)
			row++;
		for (Entry *e = look_up(&directory, key); in_directory(&directory, e, key); e++)
			read_lines(e->demand, &rows, first, (int) (row - first));
	}
}

FfDemand *
ff_demands_load(int32 merchant_id, const FfRoutingRequest *requests, int count)
{
	FfDemand *demands = palloc0(sizeof(FfDemand) * (count + 1));

	for (int d = 0; d < count; d++)
		demands[d].request = requests[d];
	load_orders(merchant_id, demands, count);
	load_lines(merchant_id, demands, count, KEY_ORDER_LINES);
	load_lines(merchant_id, demands, count, KEY_SHIPMENT);
	return demands;
}

static FfRows
find_items(int32 merchant_id, const FfOrderDocument *document)
{
	FfColumn lines;
	FfColumn skus;
	FfColumn quantities;
	FfColumn prices;
	FfColumn groups;

	ff_column_init(&lines, INT4OID);
	ff_column_init(&skus, TEXTOID);
	ff_column_init(&quantities, INT4OID);
	ff_column_init(&prices, TEXTOID);
	ff_column_init(&groups, TEXTOID);
	for (int i = 0; i < document->line_count; i++)
	{
		const FfOrderLine *line = &document->lines[i];

		ff_column_add(&lines, ff_int4(line->line));
		ff_column_add(&skus, ff_text(line->sku));
		ff_column_add(&quantities, ff_int4(line->quantity));
		ff_column_add(&prices, ff_text(line->unit_price));
		ff_column_add(&groups, ff_text(line->group));
	}
	return ff_run(&lines_of_document,
				  ff_int4(merchant_id),
				  ff_column(&lines),
				  ff_column(&skus),
				  ff_column(&quantities),
				  ff_column(&prices),
				  ff_column(&groups));
}

FfDemand *
ff_demand_from_document(int32 merchant_id, const FfOrderDocument *document)
{
	FfDemand *demand = palloc0(sizeof(FfDemand));
	FfRows rows = ff_run(&channel_by_code, ff_int4(merchant_id), ff_text(document->channel));

	if (rows.count == 0)
		ereport(ERROR,
				(errcode(FF_ERR_UNKNOWN_OBJECT),
				 errmsg("could not find channel \"%s\"", document->channel),
				 errdetail("Field \"channel\" of the order names no channel of merchant %d.",
						   merchant_id)));
	demand->channel = document->channel;
	demand->keep_back = ff_row_int4(&rows, 0, 1);
	demand->country = document->ship_to != NULL ? document->ship_to->country : NULL;
	demand->postcode =
		document->ship_to != NULL ? ff_postcode_key_or_null(document->ship_to->postcode) : NULL;
	demand->service = document->service;
	demand->promised_by = document->promised_by == FF_NO_TIME ? 0 : document->promised_by;
	demand->ship_complete = document->ship_complete;
	set_coordinates(demand, document->attributes);
	rows = find_items(merchant_id, document);
	for (uint64 row = 0; row < rows.count; row++)
		if (ff_row_null(&rows, row, 5))
			ereport(ERROR,
					(errcode(FF_ERR_UNKNOWN_OBJECT),
					 errmsg("could not find item \"%s\"", ff_row_text(&rows, row, 13)),
					 errdetail("Line %d of the order, field \"sku\", names no item of merchant %d.",
							   ff_row_int4(&rows, row, 2),
							   merchant_id)));
	read_lines(demand, &rows, 0, (int) rows.count);
	return demand;
}
