/*
 * kits.c
 *
 * Kits become lines of their parts when an order comes in; everything after
 * that only knows the parts.  A kit's parts travel together, as many as one kit
 * has of each.  An order keeps the kit it was taken with: newer versions are
 * read with the parts it has, whatever became of the kit since.
 */
#include "postgres.h"

#include "orders/parts.h"
#include "stock/kits.h"

/* Parts get numbers beyond those that documents use. */
#define FIRST_PART_LINE 1000000

/* A line in the making, which may become several. */
typedef struct Lines
{
	FfOrderDocument *document;
	int64 *item_ids; /* NULL: not asked for */
	int room;
} Lines;

static Lines
start_lines(const FfOrderDocument *document, bool with_items)
{
	Lines lines = {.document = palloc(sizeof(FfOrderDocument)), .room = document->line_count + 16};

	*lines.document = *document;
	lines.document->lines = palloc(sizeof(FfOrderLine) * lines.room);
	lines.document->line_count = 0;
	if (with_items)
		lines.item_ids = palloc(sizeof(int64) * lines.room);
	return lines;
}

static void
add_line(Lines *lines, const FfOrderLine *line, int64 item_id)
{
	int n = lines->document->line_count++;

	if (n == lines->room)
	{
		lines->room *= 2;
		lines->document->lines =
			repalloc(lines->document->lines, sizeof(FfOrderLine) * lines->room);
		if (lines->item_ids != NULL)
			lines->item_ids = repalloc(lines->item_ids, sizeof(int64) * lines->room);
	}
	lines->document->lines[n] = *line;
	if (lines->item_ids != NULL)
		lines->item_ids[n] = item_id;
}

/* The line of one part of a kit's line. */
static FfOrderLine
line_of_part(const FfOrderLine *kit, const FfKitPart *part, int number)
{
	FfOrderLine line = *kit;

	line.line = number;
	line.sku = part->sku;
	line.name = part->name;
	line.quantity = kit->quantity * part->quantity;
	line.unit_price = ff_kit_unit_price(kit->unit_price, part);
	line.kit_line = kit->line;
	line.kit_sku = kit->sku;
	line.lot = part->quantity;
	return line;
}

/* The number before that of the first part. */
static int
numbers_used(const FfOrderDocument *document)
{
	int used = FIRST_PART_LINE;

	for (int i = 0; i < document->line_count; i++)
		used = Max(used, document->lines[i].line);
	return used;
}

static bool
refused(FfNewOrder *order, int index, const FfKitPart *part, int number)
{
	const FfOrderLine *line = &order->document->lines[index];
	bool numbers = number == PG_INT32_MAX;

	if (!numbers && (int64) line->quantity * part->quantity <= FF_MAX_QUANTITY)
		return false;
	order->reader->prefix = psprintf("lines[%d].", index);
	order->reader->line = line->line;
	ff_field_error(order->reader,
				   FF_SEVERITY_INVALID,
				   "too_large",
				   numbers ? "line" : "quantity",
				   numbers ? "leaves no numbers for the parts of kit \"%s\""
						   : "so many kits of \"%s\" are too many units",
				   line->sku);
	order->reader->prefix = "";
	order->reader->line = 0;
	return true;
}

static void
explode(FfNewOrder *order, const FfKitPart *parts, int count)
{
	const FfOrderDocument *document = order->document;
	Lines lines = start_lines(document, true);
	int number = numbers_used(document);

	for (int i = 0; i < document->line_count; i++)
	{
		int p = 0;

		while (p < count && (parts[p].kit_item_id != order->item_ids[i] || order->item_ids[i] == 0))
			p++;
		if (p == count)
			add_line(&lines, &document->lines[i], order->item_ids[i]);
		for (; p < count && parts[p].kit_item_id == order->item_ids[i]; p++)
		{
			FfOrderLine line;

			if (refused(order, i, &parts[p], number))
				break;
			line = line_of_part(&document->lines[i], &parts[p], ++number);
			add_line(&lines, &line, parts[p].item_id);
		}
	}
	order->said = document;
	order->document = lines.document;
	order->item_ids = lines.item_ids;
}

void
ff_kits_explode(int32 merchant_id, FfNewOrder **orders, int count, const int64 *kits, int kit_count)
{
	int part_count;
	FfKitPart *parts = ff_kit_parts(merchant_id, kits, kit_count, &part_count);

	for (int i = 0; part_count > 0 && i < count; i++)
		explode(orders[i], parts, part_count);
}

/* Whether our line stands where the document's line does; a part where its kit does. */
static bool
stands_at(const FfLine *line, const FfOrderLine *said)
{
	if (line->channel_line_id != NULL && said->channel_line_id != NULL)
		return strcmp(line->channel_line_id, said->channel_line_id) == 0;
	return (line->kit_line != 0 ? line->kit_line : line->line) == said->line;
}

static bool
is_part_of(const FfLine *line, const FfOrderLine *said)
{
	return line->kit_line != 0 && said->sku != NULL && strcmp(line->kit_sku, said->sku) == 0 &&
		   stands_at(line, said);
}

/* The parts that the order has of a kit; false: it has none of this kit. */
static bool
add_our_parts(const FfOrder *order, const FfOrderLine *said, Lines *lines)
{
	bool found = false;

	for (int i = 0; i < order->line_count; i++)
	{
		const FfLine *line = &order->lines[i];
		FfOrderLine part = *said;

		if (!is_part_of(line, said))
			continue;
		part.line = line->line;
		part.sku = line->sku;
		part.quantity = said->quantity * line->lot;
		part.kit_line = line->kit_line;
		part.kit_sku = line->kit_sku;
		part.lot = line->lot;
		part.name = NULL;       /* they stay what they were … */
		part.unit_price = NULL; /* … with their share of the kit's price then */
		add_line(lines, &part, 0);
		found = true;
	}
	return found;
}

/* An item that was no kit when the order came stays none in it. */
static bool
is_ours_whole(const FfOrder *order, const FfOrderLine *said)
{
	for (int i = 0; i < order->line_count; i++)
	{
		const FfLine *line = &order->lines[i];

		if (line->kit_line == 0 && said->sku != NULL && strcmp(line->sku, said->sku) == 0 &&
			stands_at(line, said))
			return true;
	}
	return false;
}

static bool
add_new_parts(const FfOrderDocument *exploded, const FfOrderLine *said, Lines *lines)
{
	bool found = false;

	for (int i = 0; i < exploded->line_count; i++)
		if (exploded->lines[i].kit_line == said->line)
		{
			add_line(lines, &exploded->lines[i], 0);
			found = true;
		}
	return found;
}

const FfOrderDocument *
ff_kits_compose(const FfOrder *order, const FfOrderDocument *document,
				const FfOrderDocument *exploded)
{
	Lines lines = start_lines(document, false);

	for (int i = 0; i < document->line_count; i++)
	{
		const FfOrderLine *line = &document->lines[i];

		if (add_our_parts(order, line, &lines))
			continue;
		if (exploded == NULL || is_ours_whole(order, line) ||
			!add_new_parts(exploded, line, &lines))
			add_line(&lines, line, 0);
	}
	return lines.document;
}
