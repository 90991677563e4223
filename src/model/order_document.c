/*
 * order_document.c
 *
 * Reads the canonical order document and compares two of them; see
 * order_document.h.  The fields stand in three tables; what a table cannot say
 * (lines, numbers that must be unique, the two ways to write a hold) stands in
 * functions below it.
 */
#include "postgres.h"

#include "model/currency.h"
#include "model/order_document.h"

#define REFUSED FF_SEVERITY_REFUSED
#define INVALID FF_SEVERITY_INVALID
#define NOTE    FF_SEVERITY_NOTE

#define FIELD(name, kind, max_chars, wrong)                                       \
	{                                                                             \
#name, FF_FIELD_##kind, offsetof(FfOrderDocument, name), max_chars, wrong \
	}
#define BY_HAND(name)                        \
	{                                        \
#name, FF_FIELD_OTHER, 0, 0, REFUSED \
	}

static const FfFieldSpec order_fields[] = {
	FIELD(channel, KEY, 100, REFUSED),
	FIELD(number, KEY, 100, REFUSED),
	FIELD(channel_order_id, IDENTIFIER, 200, REFUSED),
	BY_HAND(version),
	FIELD(placed_at, TIME, 0, INVALID),
	FIELD(currency, IDENTIFIER, 10, INVALID),
	FIELD(email, EMAIL, 254, INVALID),
	FIELD(phone, TEXT, 50, INVALID),
	FIELD(language, IDENTIFIER, 35, NOTE),
	BY_HAND(ship_to),
	BY_HAND(bill_to),
	BY_HAND(lines),
	BY_HAND(shipped),
	FIELD(service, IDENTIFIER, 100, INVALID),
	FIELD(promised_by, TIME, 0, INVALID),
	FIELD(ship_complete, BOOL, 0, INVALID),
	FIELD(not_before, TIME, 0, INVALID),
	FIELD(auto_cancel_at, TIME, 0, INVALID),
	BY_HAND(payment),
	FIELD(attributes, DOCUMENT, 0, REFUSED),
	BY_HAND(hold),
	BY_HAND(cancel),
};

#define PAYMENT(name, kind, max_chars)                                                        \
	{                                                                                         \
#name, FF_FIELD_##kind, offsetof(FfOrderDocument, payment_##name), max_chars, INVALID \
	}

static const FfFieldSpec payment_fields[] = {
	PAYMENT(state, IDENTIFIER, 50),
	PAYMENT(gateway, IDENTIFIER, 100),
	PAYMENT(reference, IDENTIFIER, 200),
	PAYMENT(amount, MONEY, 0),
};

#define LINE(name, kind, max_chars, wrong)                                    \
	{                                                                         \
#name, FF_FIELD_##kind, offsetof(FfOrderLine, name), max_chars, wrong \
	}

static const FfFieldSpec line_fields[] = {
	BY_HAND(line),
	LINE(sku, KEY, 100, INVALID),
	LINE(name, TEXT, 500, NOTE),
	BY_HAND(quantity),
	LINE(unit_price, MONEY, 0, INVALID),
	LINE(channel_line_id, IDENTIFIER, 200, REFUSED),
	LINE(group, IDENTIFIER, 100, INVALID),
	LINE(attributes, DOCUMENT, 0, REFUSED),
};

static int
compare_numbers(const void *left, const void *right)
{
	return *(const int *) left - *(const int *) right;
}

/* Numbers are what lines are known by: each stands once. */
static void
refuse_repeated_lines(FfFieldReader *reader, const FfOrderDocument *document)
{
	int *numbers = palloc(sizeof(int) * Max(document->line_count, 1));

	for (int i = 0; i < document->line_count; i++)
		numbers[i] = document->lines[i].line;
	qsort(numbers, document->line_count, sizeof(int), compare_numbers);
	for (int i = 1; i < document->line_count; i++)
		if (numbers[i] == numbers[i - 1] && numbers[i] > 0)
		{
			reader->line = numbers[i];
			ff_field_error(reader,
						   REFUSED,
						   "duplicate_line",
						   "lines",
						   "has more than one line with the number %d",
						   numbers[i]);
			reader->line = 0;
		}
}

static void
read_line(FfFieldReader *reader, const FfJson *value, int index, FfOrderLine *line)
{
	const char *outside = reader->prefix;

	reader->line = index + 1;
	reader->prefix = psprintf("%slines[%d]", outside, index);
	if (!ff_json_is_object(value))
		ff_field_error(reader, REFUSED, "wrong_type", "", "must be an object");
	else
	{
		reader->prefix = psprintf("%s.", reader->prefix);
		line->line = ff_field_whole(reader, value, "line", 1, PG_INT32_MAX, index + 1, REFUSED);
		reader->line = line->line;
		ff_fields_read(reader, value, line_fields, lengthof(line_fields), line);
		line->quantity = ff_field_whole(reader, value, "quantity", 1, FF_MAX_QUANTITY, 0, INVALID);
		if (ff_json_is_null(ff_json_get(value, "quantity")))
			ff_field_error(reader, INVALID, "missing", "quantity", "must be given");
	}
	reader->prefix = outside;
	reader->line = 0;
}

static void
read_lines(FfFieldReader *reader, const FfJson *lines, FfOrderDocument *document)
{
	int count = ff_json_count(lines);

	if (!ff_json_is_null(lines) && !ff_json_is_array(lines))
		ff_field_error(reader, REFUSED, "wrong_type", "lines", "must be an array");
	else if (count > FF_MAX_ORDER_LINES)
		ff_field_error(reader,
					   REFUSED,
					   "too_many",
					   "lines",
					   "has %d elements, at most %d are taken",
					   count,
					   FF_MAX_ORDER_LINES);
	else if (count == 0)
		ff_field_error(reader, INVALID, "missing", "lines", "an order needs at least one line");
	else
	{
		document->line_count = count;
		document->lines = palloc0(sizeof(FfOrderLine) * count);
		for (int i = 0; i < count; i++)
			read_line(reader, ff_json_at(lines, i), i, &document->lines[i]);
		refuse_repeated_lines(reader, document);
	}
}

static void
read_payment(FfFieldReader *reader, const FfJson *payment, FfOrderDocument *document)
{
	if (ff_json_is_object(payment))
	{
		reader->prefix = "payment.";
		ff_fields_read(reader, payment, payment_fields, lengthof(payment_fields), document);
		reader->prefix = "";
	}
	else if (!ff_json_is_null(payment))
		ff_field_error(reader, REFUSED, "wrong_type", "payment", "must be an object");
}

/* What is asked for with a reason: true, "reason", or {reason, until}. */
typedef struct Wish
{
	char *reason;
	TimestampTz until;
} Wish;

static const FfFieldSpec wish_fields[] = {
	{"reason", FF_FIELD_TEXT, offsetof(Wish, reason), 500, FF_SEVERITY_NOTE},
	{"until", FF_FIELD_TIME, offsetof(Wish, until), 0, FF_SEVERITY_INVALID},
};

/* The reason is NULL when it is not wished. */
static Wish
read_wish(FfFieldReader *reader, const FfJson *document, const char *field, int field_count)
{
	const FfJson *value = ff_json_get(document, field);
	Wish wish = {NULL, FF_NO_TIME};
	bool wished = false;

	if (ff_json_is_object(value))
	{
		reader->prefix = psprintf("%s.", field);
		ff_fields_read(reader, value, wish_fields, field_count, &wish);
		reader->prefix = "";
		wished = true;
	}
	else if (ff_json_is_string(value))
	{
		FfFieldSpec text = {field, FF_FIELD_TEXT, offsetof(Wish, reason), 500, FF_SEVERITY_NOTE};

		ff_field_read(reader, document, &text, &wish);
	}
	else if (!ff_json_is_null(value))
	{
		FfFieldSpec flag = {field, FF_FIELD_BOOL, 0, 0, FF_SEVERITY_REFUSED};

		ff_field_read(reader, document, &flag, &wished);
	}
	if (wished && wish.reason == NULL)
		wish.reason = psprintf("%s asked for by the channel", field);
	return wish;
}

static void
judge_currency(FfFieldReader *reader, FfOrderDocument *document)
{
	if (document->currency == NULL)
		return;
	if (!ff_currency_exists(document->currency))
	{
		ff_field_error(reader,
					   INVALID,
					   "unknown_currency",
					   "currency",
					   "\"%s\" is no currency of ISO 4217",
					   document->currency);
		document->currency = NULL;
		return;
	}
	for (char *c = document->currency; *c != '\0'; c++)
		*c = pg_ascii_toupper((unsigned char) *c);
}

FfOrderDocument *
ff_order_document_read(const FfJson *json, FfFieldReader *reader)
{
	FfOrderDocument *document;
	Wish hold;

	*reader = (FfFieldReader){.prefix = ""};
	if (!ff_json_is_object(json))
	{
		ff_field_error(reader, REFUSED, "wrong_type", "", "must be an object");
		return NULL;
	}
	if (json->val.binary.len > FF_MAX_ORDER_BYTES)
	{
		ff_field_error(reader,
					   REFUSED,
					   "too_large",
					   "",
					   "has %d bytes, at most %d are taken",
					   json->val.binary.len,
					   FF_MAX_ORDER_BYTES);
		return NULL;
	}
	document = palloc0(sizeof(FfOrderDocument));
	ff_fields_read(reader, json, order_fields, lengthof(order_fields), document);
	document->version = ff_field_whole(reader, json, "version", 0, PG_INT64_MAX, 0, REFUSED);
	judge_currency(reader, document);
	document->ship_to = ff_address_read(reader, json, "ship_to", true);
	document->bill_to = ff_address_read(reader, json, "bill_to", false);
	read_lines(reader, ff_json_get(json, "lines"), document);
	read_payment(reader, ff_json_get(json, "payment"), document);
	hold = read_wish(reader, json, "hold", 2);
	document->hold_reason = hold.reason;
	document->hold_until = hold.until;
	document->cancel_reason = read_wish(reader, json, "cancel", 1).reason;
	return document;
}

bool
ff_order_document_has(const char *parent, const char *member)
{
	if (parent == NULL)
		return ff_field_named(order_fields, lengthof(order_fields), member);
	if (strcmp(parent, "payment") == 0)
		return ff_field_named(payment_fields, lengthof(payment_fields), member);
	if (strcmp(parent, "lines") == 0)
		return ff_field_named(line_fields, lengthof(line_fields), member);
	return ff_address_has(member);
}

static bool
same_line(const FfOrderLine *left, const FfOrderLine *right)
{
	if (left->kit_line != 0 || right->kit_line != 0)
		return left->line == right->line && left->kit_line == right->kit_line &&
			   strcmp(left->kit_sku, right->kit_sku) == 0;
	if (left->channel_line_id != NULL && right->channel_line_id != NULL)
		return strcmp(left->channel_line_id, right->channel_line_id) == 0;
	return left->line == right->line;
}

/* Lines mostly stand where they stood, so that is where the search begins. */
static const FfOrderLine *
find_line(const FfOrderDocument *document, const FfOrderLine *wanted, int index)
{
	for (int i = 0; i < document->line_count; i++)
	{
		const FfOrderLine *line = &document->lines[(index + i) % document->line_count];

		if (same_line(line, wanted))
			return line;
	}
	return NULL;
}

/* False when the two are equal. */
static bool
compare_lines(const FfOrderLine *before, const FfOrderLine *after, FfLineDifference *difference)
{
	bool other = false;

	for (int i = 0; i < (int) lengthof(line_fields); i++)
		other |= !ff_field_equal(&line_fields[i], before, after);
	difference->before = before;
	difference->after = after;
	if (other)
		difference->change = FF_LINE_OTHER;
	else
		difference->change = after->quantity > before->quantity ? FF_LINE_MORE : FF_LINE_LESS;
	return other || before->quantity != after->quantity;
}

static void
compare_all_lines(const FfOrderDocument *before, const FfOrderDocument *after,
				  FfOrderDifference *difference)
{
	difference->lines =
		palloc(sizeof(FfLineDifference) * (before->line_count + after->line_count + 1));
	for (int i = 0; i < after->line_count; i++)
	{
		FfLineDifference *next = &difference->lines[difference->line_count];
		const FfOrderLine *line = find_line(before, &after->lines[i], i);

		if (line != NULL && !compare_lines(line, &after->lines[i], next))
			continue;
		if (line == NULL)
			*next = (FfLineDifference){FF_LINE_ADDED, NULL, &after->lines[i]};
		difference->line_count++;
	}
	for (int i = 0; i < before->line_count; i++)
		if (find_line(after, &before->lines[i], i) == NULL)
			difference->lines[difference->line_count++] =
				(FfLineDifference){FF_LINE_REMOVED, &before->lines[i], NULL};
}

FfOrderDifference *
ff_order_document_compare(const FfOrderDocument *before, const FfOrderDocument *after)
{
	FfOrderDifference *difference = palloc0(sizeof(FfOrderDifference));
	bool payment_same = true;

	for (int i = 0; i < (int) lengthof(order_fields); i++)
		if (order_fields[i].kind != FF_FIELD_KEY &&
			!ff_field_equal(&order_fields[i], before, after))
			difference->fields =
				lappend(difference->fields, unconstify(char *, order_fields[i].name));
	for (int i = 0; i < (int) lengthof(payment_fields); i++)
		payment_same &= ff_field_equal(&payment_fields[i], before, after);
	if (!payment_same)
		difference->fields = lappend(difference->fields, "payment");
	if (!ff_address_equal(before->ship_to, after->ship_to))
		difference->fields = lappend(difference->fields, "ship_to");
	if (!ff_address_equal(before->bill_to, after->bill_to))
		difference->fields = lappend(difference->fields, "bill_to");
	compare_all_lines(before, after, difference);
	if (difference->line_count > 0)
		difference->fields = lappend(difference->fields, "lines");
	return difference;
}

bool
ff_order_difference_has(const FfOrderDifference *difference, const char *field)
{
	ListCell *cell;

	foreach (cell, difference->fields)
		if (strcmp(lfirst(cell), field) == 0)
			return true;
	return false;
}
