/*
 * demand.c
 *
 * Orders, or shipments that are to be planned again, as demands: one statement
 * for the orders, one for all their lines; none for orders that are just being
 * written.
 */
#include "postgres.h"

#include <math.h>

#include "pg/errors.h"
#include "routing/cost.h"
#include "routing/demand.h"
#include "routing/postcode.h"
#include "stock/kits.h"

static FfStatement orders_by_id = FF_STATEMENT(
	"select order_id, channel_id, ship_to ->> 'country', ship_to ->> 'postcode', service,"
	" promised_by, ship_complete, excluded_locations, attributes, received_at,"
	" coalesce(routing_reason not in ('not_before', 'held', 'busy', 'rates'), false),"
	" coalesce(routing_reason = 'rates', false), ship_to ->> 'residential'"
	" from fulfillment.orders"
	" where merchant_id = $1 and order_id = any ($2)",
	INT4OID, INT8ARRAYOID);

/* Parts of a kit are a group that may go kit by kit; an order's own groups go whole. */
#define GROUP_COLUMNS                                           \
	" coalesce('group ' || l.group_key, 'kit ' || l.kit_line)," \
	" (l.unit_price * 1000000)::bigint,"                        \
	" case when l.group_key is null then l.lot end"

static FfStatement lines_of_orders = FF_STATEMENT(
	"select order_id, line, item_id, quantity - cancelled - assigned," GROUP_COLUMNS
	" from fulfillment.order_lines l"
	" where merchant_id = $1 and order_id = any ($2) and quantity > cancelled + assigned"
	" order by order_id, line",
	INT4OID, INT8ARRAYOID);

static FfStatement lines_as_ordered =
	FF_STATEMENT("select order_id, line, item_id, quantity - cancelled," GROUP_COLUMNS
				 " from fulfillment.order_lines l"
				 " where merchant_id = $1 and order_id = any ($2) and quantity > cancelled"
				 " order by order_id, line",
				 INT4OID, INT8ARRAYOID);

static FfStatement lines_of_shipments = FF_STATEMENT(
	"select s.shipment_id, s.line, s.item_id, s.quantity - s.shipped - s.short," GROUP_COLUMNS
	" from fulfillment.shipment_lines s"
	" join fulfillment.order_lines l"
	" on l.merchant_id = s.merchant_id and l.order_id = s.order_id and l.line = s.line"
	" where s.merchant_id = $1 and s.shipment_id = any ($2) and s.quantity > s.shipped + s.short"
	" order by s.shipment_id, s.line",
	INT4OID, INT8ARRAYOID);

static FfStatement channels_of_merchant = FF_STATEMENT(
	"select channel_id, code, stock_buffer from fulfillment.channels where merchant_id = $1",
	INT4OID);

#define ITEM_COLUMNS \
	"item_id, sku, weight_g, length_mm, width_mm, height_mm, hazmat, (value * 1000000)::bigint"

static FfStatement items_by_id =
	FF_STATEMENT("select " ITEM_COLUMNS " from fulfillment.items"
				 " where merchant_id = $1 and item_id = any ($2) order by item_id",
				 INT4OID, INT8ARRAYOID);

static FfStatement items_by_sku = FF_STATEMENT(
	"select item_id, sku from fulfillment.items where merchant_id = $1 and sku = any ($2)", INT4OID,
	TEXTARRAYOID);

/* The channel of a row's id, or of a code when that is not NULL; false: there is none. */
static bool
set_channel(FfDemand *demand, const FfRows *channels, int64 channel_id, const char *code)
{
	for (uint64 row = 0; row < channels->count; row++)
		if (code == NULL ? ff_row_int8(channels, row, 1) == channel_id
						 : strcmp(ff_row_text(channels, row, 2), code) == 0)
		{
			demand->channel = ff_row_text(channels, row, 2);
			demand->keep_back = ff_row_int4(channels, row, 3);
			return true;
		}
	return false;
}

static void
set_coordinates(FfDemand *demand, const FfJson *attributes)
{
	demand->latitude = ff_json_double_or(attributes, "latitude", NAN);
	demand->longitude = ff_json_double_or(attributes, "longitude", NAN);
	demand->has_coordinates = !isnan(demand->latitude) && !isnan(demand->longitude);
}

static void
read_order(FfDemand *demand, const FfRows *rows, uint64 row, const FfRows *channels,
		   TimestampTz now)
{
	set_channel(demand, channels, ff_row_int8(rows, row, 2), NULL);
	demand->country = ff_row_text(rows, row, 3);
	demand->postcode = ff_row_postcode(rows, row, 4);
	demand->residential = !ff_row_null(rows, row, 13) && ff_row_text(rows, row, 13)[0] == 't';
	demand->service = ff_row_text(rows, row, 5);
	demand->promised_by = ff_row_time(rows, row, 6);
	demand->ship_complete = ff_row_bool(rows, row, 7);
	set_coordinates(demand, ff_row_json(rows, row, 9));
	if (!demand->request.anew)
	{
		demand->failed = ff_row_numbers(rows, row, 8);
		demand->waited = ff_row_bool(rows, row, 11);
		demand->asked = ff_row_bool(rows, row, 12);
	}
	else if (demand->promised_by != 0)
		demand->promised_by += now - ff_row_time(rows, row, 10);
}

static void
read_document_head(FfDemand *demand, const FfOrderDocument *document, const char *service)
{
	demand->country = document->ship_to != NULL ? document->ship_to->country : NULL;
	demand->postcode =
		document->ship_to != NULL ? ff_postcode_key_or_null(document->ship_to->postcode) : NULL;
	demand->residential = document->ship_to != NULL && document->ship_to->residential == 1;
	demand->service = unconstify(char *, service);
	demand->promised_by = document->promised_by == FF_NO_TIME ? 0 : document->promised_by;
	demand->ship_complete = document->ship_complete;
	set_coordinates(demand, document->attributes);
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

/* The item of a line, and with it what the line adds to its demand. */
static void
set_item(FfDemand *demand, FfDemandLine *line, const FfRows *items, uint64 row)
{
	FfCost value = ff_row_int8(items, row, 8);

	line->item_id = ff_row_int8(items, row, 1);
	line->sku = ff_row_text(items, row, 2);
	line->weight_g = ff_row_int4(items, row, 3);
	set_size(
		line, ff_row_int4(items, row, 4), ff_row_int4(items, row, 5), ff_row_int4(items, row, 6));
	line->hazmat = ff_row_bool(items, row, 7);
	line->value = Max(line->value, value);
	for (const FfDemandLine *other = demand->lines; other < line; other++)
		if (other->item_id == line->item_id)
			line->ahead += other->quantity;
	demand->weight_g += line->weight_g * line->quantity;
	demand->worth += line->value * line->quantity;
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

/* Whether the lines of a kit still make whole kits; after a short pick they may not. */
static bool
makes_kits(const FfDemand *demand, int group)
{
	int kits = 0;

	for (int i = 0; i < demand->nlines; i++)
	{
		const FfDemandLine *line = &demand->lines[i];

		if (line->group != group)
			continue;
		if (line->quantity % line->lot != 0 || (kits > 0 && line->quantity / line->lot != kits))
			return false;
		kits = line->quantity / line->lot;
	}
	return true;
}

/* What is left of a kit that has left in part goes as it can. */
static void
make_loose(FfDemand *demand, int group)
{
	for (int i = 0; i < demand->nlines; i++)
		if (demand->lines[i].group == group)
		{
			demand->lines[i].group = 0;
			demand->lines[i].lot = 1;
		}
}

/* Lots are known of parts of kits; of a group's line all units are one. */
static void
set_lots(FfDemand *demand)
{
	for (int i = 0; i < demand->nlines; i++)
	{
		FfDemandLine *line = &demand->lines[i];

		if (line->lot == 0)
			line->lot = line->group != 0 ? line->quantity : 1;
	}
	for (int i = 0; i < demand->nlines; i++)
		if (demand->lines[i].group != 0 && !makes_kits(demand, demand->lines[i].group))
			make_loose(demand, demand->lines[i].group);
}

/* The rows from first on are the lines of this demand. */
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
		line->item_id = ff_row_int8(rows, row, 3);
		line->quantity = ff_row_int4(rows, row, 4);
		keys[i] = ff_row_text(rows, row, 5);
		line->group = group_of(demand, keys, i);
		line->value = ff_row_int8(rows, row, 6);
		line->lot = ff_row_int4(rows, row, 7);
	}
	set_lots(demand);
}

/* Lines of an order that is just being written, as its rows will be read: by their numbers. */
static void
read_new_lines(FfDemand *demand)
{
	const FfRoutingOrder *order = demand->request.order;
	int count = order->document->line_count;
	char **keys = palloc(sizeof(char *) * (count + 1));

	demand->lines = palloc0(sizeof(FfDemandLine) * (count + 1));
	for (int i = 0; i < count; i++)
	{
		const FfOrderLine *from = &order->document->lines[i];
		int at = demand->nlines++;

		for (; at > 0 && demand->lines[at - 1].line > from->line; at--)
		{
			demand->lines[at] = demand->lines[at - 1];
			keys[at] = keys[at - 1];
		}
		demand->lines[at] = (FfDemandLine){
			.line = from->line,
			.item_id = order->item_ids[i],
			.quantity = from->quantity,
			.value = from->unit_price == NULL ? 0 : ff_cost_from_text(from->unit_price),
			.lot = from->group == NULL && from->kit_line != 0 ? from->lot : 0};
		keys[at] = from->group != NULL   ? psprintf("group %s", from->group)
				   : from->kit_line != 0 ? psprintf("kit %d", from->kit_line)
										 : NULL;
	}
	for (int i = 0; i < count; i++)
		demand->lines[i].group = group_of(demand, keys, i);
	set_lots(demand);
}

static void
read_new_orders(int32 merchant_id, FfDemand *demands, int count)
{
	FfRows channels = ff_run(&channels_of_merchant, ff_int4(merchant_id));

	for (int d = 0; d < count; d++)
	{
		const FfRoutingOrder *order = demands[d].request.order;

		set_channel(&demands[d], &channels, order->channel_id, NULL);
		read_document_head(&demands[d], order->document, order->service);
		read_new_lines(&demands[d]);
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
	KEY_ORDER_LINES, /* what is left of orders, or all they ordered */
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
load_orders(int32 merchant_id, FfDemand *demands, int count, TimestampTz now)
{
	Directory directory = make_directory(demands, count, KEY_ORDER);
	FfRows channels = ff_run(&channels_of_merchant, ff_int4(merchant_id));
	FfRows rows = ff_run(&orders_by_id, ff_int4(merchant_id), ff_column(&directory.keys));

	for (uint64 row = 0; row < rows.count; row++)
	{
		int64 key = ff_row_int8(&rows, row, 1);

		for (Entry *e = look_up(&directory, key); in_directory(&directory, e, key); e++)
			read_order(e->demand, &rows, row, &channels, now);
	}
}

/* Rows come by key, so the lines of a demand are neighbours. */
static void
load_lines(int32 merchant_id, FfDemand *demands, int count, Key kind)
{
	Directory directory = make_directory(demands, count, kind);
	FfStatement *lines = kind == KEY_SHIPMENT ? &lines_of_shipments : &lines_of_orders;
	FfRows rows;
	uint64 row = 0;

	if (directory.count == 0)
		return;
	if (demands[0].request.anew)
		lines = &lines_as_ordered;
	rows = ff_run(lines, ff_int4(merchant_id), ff_column(&directory.keys));
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

static int
compare_ids(const void *left, const void *right)
{
	int64 a = *(const int64 *) left;
	int64 b = *(const int64 *) right;

	return a < b ? -1 : a > b;
}

/* The items of all lines, by one statement; they come by id. */
static void
load_items(int32 merchant_id, FfDemand *demands, int count)
{
	FfColumn keys;
	FfRows rows;
	int64 *ids;

	ff_column_init(&keys, INT8OID);
	for (int d = 0; d < count; d++)
		for (int i = 0; i < demands[d].nlines; i++)
			ff_column_add(&keys, ff_int8(demands[d].lines[i].item_id));
	if (keys.count == 0)
		return;
	rows = ff_run(&items_by_id, ff_int4(merchant_id), ff_column(&keys));
	ids = palloc(sizeof(int64) * (rows.count + 1));
	for (uint64 row = 0; row < rows.count; row++)
		ids[row] = ff_row_int8(&rows, row, 1);
	for (int d = 0; d < count; d++)
		for (int i = 0; i < demands[d].nlines; i++)
		{
			FfDemandLine *line = &demands[d].lines[i];
			int64 *found = bsearch(&line->item_id, ids, rows.count, sizeof(int64), compare_ids);

			set_item(&demands[d], line, &rows, found - ids);
		}
}

FfDemand *
ff_demands_load(int32 merchant_id, const FfRoutingRequest *requests, int count, TimestampTz now)
{
	FfDemand *demands = palloc0(sizeof(FfDemand) * (count + 1));

	for (int d = 0; d < count; d++)
		demands[d].request = requests[d];
	if (count > 0 && requests[0].order != NULL)
		read_new_orders(merchant_id, demands, count);
	else
	{
		load_orders(merchant_id, demands, count, now);
		load_lines(merchant_id, demands, count, KEY_ORDER_LINES);
		load_lines(merchant_id, demands, count, KEY_SHIPMENT);
	}
	load_items(merchant_id, demands, count);
	return demands;
}

/* The item a document's line names, or an error. */
static int64
find_sku(const FfRows *items, const FfOrderLine *line)
{
	for (uint64 row = 0; row < items->count; row++)
		if (strcmp(ff_row_text(items, row, 2), line->sku) == 0)
			return ff_row_int8(items, row, 1);
	ereport(ERROR,
			(errcode(FF_ERR_UNKNOWN_OBJECT),
			 errmsg("could not find item \"%s\"", line->sku),
			 errdetail("Line %d of the order, field \"sku\", names no item.", line->line)));
}

/* A line of a document, or of one part of the kit it orders. */
static void
add_document_line(FfDemand *demand, char **keys, const FfOrderLine *from, int64 item_id,
				  const FfKitPart *part)
{
	FfDemandLine *line = &demand->lines[demand->nlines];
	const char *price = part ? ff_kit_unit_price(from->unit_price, part) : from->unit_price;
	bool whole = from->group != NULL;

	line->line = from->line;
	line->item_id = part ? part->item_id : item_id;
	line->quantity = part ? from->quantity * part->quantity : from->quantity;
	line->value = price == NULL ? 0 : ff_cost_from_text(price);
	line->lot = part && !whole ? part->quantity : 0;
	keys[demand->nlines] = whole  ? psprintf("group %s", from->group)
						   : part ? psprintf("kit %d", from->line)
								  : NULL;
	line->group = group_of(demand, keys, demand->nlines);
	demand->nlines++;
}

static void
read_document_lines(FfDemand *demand, int32 merchant_id, const FfOrderDocument *document)
{
	int64 *item_ids = palloc(sizeof(int64) * (document->line_count + 1));
	FfColumn wanted;
	FfRows items;
	FfKitPart *parts;
	int part_count;
	int most;
	char **keys;

	ff_column_init(&wanted, TEXTOID);
	for (int i = 0; i < document->line_count; i++)
		ff_column_add(&wanted, ff_text(document->lines[i].sku));
	items = ff_run(&items_by_sku, ff_int4(merchant_id), ff_column(&wanted));
	for (int i = 0; i < document->line_count; i++)
		item_ids[i] = find_sku(&items, &document->lines[i]);
	parts = ff_kit_parts(merchant_id, item_ids, document->line_count, &part_count);
	most = document->line_count * (part_count + 1);
	keys = palloc(sizeof(char *) * (most + 1));
	demand->lines = palloc0(sizeof(FfDemandLine) * (most + 1));
	for (int i = 0; i < document->line_count; i++)
	{
		bool kit = false;

		for (int p = 0; p < part_count; p++)
			if (parts[p].kit_item_id == item_ids[i])
			{
				add_document_line(demand, keys, &document->lines[i], item_ids[i], &parts[p]);
				kit = true;
			}
		if (!kit)
			add_document_line(demand, keys, &document->lines[i], item_ids[i], NULL);
	}
	set_lots(demand);
	load_items(merchant_id, demand, 1);
}

FfDemand *
ff_demand_from_document(int32 merchant_id, const FfOrderDocument *document)
{
	FfDemand *demand = palloc0(sizeof(FfDemand));
	FfRows channels = ff_run(&channels_of_merchant, ff_int4(merchant_id));

	if (!set_channel(demand, &channels, 0, document->channel))
		ereport(ERROR,
				(errcode(FF_ERR_UNKNOWN_OBJECT),
				 errmsg("could not find channel \"%s\"", document->channel),
				 errdetail("Field \"channel\" of the order names no channel.")));
	read_document_head(demand, document, document->service);
	read_document_lines(demand, merchant_id, document);
	return demand;
}
