/*
 * woocommerce_stock.c
 *
 * Pushes absolute stock levels: simple products in batches, variations in
 * batches of their product, each row with its own answer.  Rows that only
 * have a SKU are looked up first.  The state holds what was found and how far
 * the rows, in their order of sending, have been sent.
 */
#include "postgres.h"

#include "connectors/decimal.h"
#include "connectors/woocommerce.h"

#define BATCH   100 /* the API's own limit */
#define LOOK_UP 50  /* SKUs in one address, which must not grow too long */

/* A row of the call with the ids of its product; product is NULL while they are unknown. */
typedef struct Row
{
	int position;
	const char *sku;
	const char *product;
	const char *variation; /* NULL for a simple product */
	const char *quantity;
} Row;

static bool
is_id(const char *text)
{
	return text != NULL && *text != '\0' && strcmp(text, "0") != 0 &&
		   strspn(text, "0123456789") == strlen(text);
}

/* Whether a row goes into the batch of a product's variations, or else of simple products. */
static const char *
batch_of(const Row *row)
{
	return row->variation != NULL ? row->product : "";
}

static int
compare_rows(const void *left, const void *right)
{
	const Row *a = left;
	const Row *b = right;
	int order = strcmp(batch_of(a), batch_of(b));

	return order != 0 ? order : a->position - b->position;
}

/* The rows of the call; ids come from the row or from what was looked up. */
static Row *
read_rows(const FfCall *call, int *count)
{
	FfJson *inventory = ff_json_get(call->document, "inventory");
	FfJson *found = ff_json_get(call->state, "found");
	Row *rows;

	*count = ff_json_count(inventory);
	rows = palloc0(sizeof(Row) * (*count + 1));
	for (int i = 0; i < *count; i++)
	{
		FfJson *entry = ff_json_at(inventory, i);
		FfJson *ids = ff_json_get(found, psprintf("%d", i));
		const char *product = ff_json_text(entry, "product_id");
		const char *variation = ff_json_text(entry, "variation_id");

		if (!is_id(product))
		{
			product = ff_json_text(ids, "product");
			variation = ff_json_text(ids, "variation");
		}
		rows[i].position = i;
		rows[i].sku = ff_json_text_or(entry, "sku", NULL);
		rows[i].product = is_id(product) ? product : NULL;
		rows[i].variation = is_id(variation) && is_id(product) ? variation : NULL;
		rows[i].quantity = ff_json_number(entry, "quantity");
	}
	return rows;
}

/* The shop separates SKUs by commas, so one that holds a comma cannot be asked for. */
static bool
can_look_up(const Row *row)
{
	return row->product == NULL && row->sku != NULL && strchr(row->sku, ',') == NULL &&
		   row->quantity != NULL;
}

/* Rows from a position on whose product is to be looked up; answers the position behind them. */
static int
look_up_range(const Row *rows, int count, int from, int most, StringInfo skus)
{
	int taken = 0;

	while (from < count && taken < most)
	{
		const Row *row = &rows[from++];

		if (!can_look_up(row))
			continue;
		appendStringInfo(skus, "%s%s", skus->len > 0 ? "," : "", row->sku);
		taken++;
	}
	return from;
}

/* Where a batch ends that begins at a row: at another product's rows, or when it is full. */
static int
batch_end(const Row *rows, int count, int from, int most)
{
	int end = from;

	while (end < count && end - from < most &&
		   strcmp(batch_of(&rows[end]), batch_of(&rows[from])) == 0)
		end++;
	return end;
}

/* Only rows that can be sent, in the order of sending. */
static Row *
sendable_rows(const FfCall *call, int *count)
{
	int all;
	Row *rows = read_rows(call, &all);

	*count = 0;
	for (int i = 0; i < all; i++)
		if (rows[i].product != NULL && rows[i].quantity != NULL)
			rows[(*count)++] = rows[i];
	qsort(rows, *count, sizeof(Row), compare_rows);
	return rows;
}

static int
state_number(const FfCall *call, const char *member, int fallback)
{
	return (int) Max(0, Min(ff_json_int64_or(call->state, member, fallback), PG_INT32_MAX / 2));
}

/* The look-up that is due: its SKUs, and the position behind them; "" when there is none. */
static char *
due_look_up(const FfCall *call, int *behind)
{
	int count;
	Row *rows = read_rows(call, &count);
	StringInfoData skus;

	initStringInfo(&skus);
	*behind = look_up_range(rows, count, state_number(call, "looked_up", 0), LOOK_UP, &skus);
	return skus.data;
}

void
ff_woo_stock_request(const FfCall *call, FfMessage *message)
{
	int behind;
	char *skus = due_look_up(call, &behind);
	int count;
	Row *rows = sendable_rows(call, &count);
	int from = state_number(call, "sent", 0);
	FfJsonWriter writer;

	if (*skus != '\0')
	{
		ff_woo_begin(call, message, "GET", "/wc/v3/products");
		ff_message_query(message, "sku", skus);
		ff_message_query(message, "per_page", psprintf("%d", BATCH));
		return;
	}
	if (from >= count)
		ff_connector_fail(
			WOO_NAME, "inventory", "Give rows with a sku or product_id and a quantity.");
	ff_woo_begin(call, message, "POST", "/wc/v3/products/");
	if (rows[from].variation != NULL)
	{
		ff_message_segment(message, rows[from].product);
		ff_message_path(message, "/variations/");
	}
	ff_message_path(message, "batch");
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_array(&writer, "update");
	for (int i = from; i < batch_end(rows, count, from, state_number(call, "batch", BATCH)); i++)
	{
		ff_write_object(&writer, NULL);
		ff_write_number(&writer, "id", rows[i].variation ? rows[i].variation : rows[i].product);
		if (ff_json_bool(call->config, "manage_stock", false))
			ff_write_bool(&writer, "manage_stock", true);
		ff_write_number(&writer, "stock_quantity", ff_decimal_trim(rows[i].quantity));
		ff_write_end(&writer);
	}
	ff_message_json(message, &writer);
}

static void
write_result(FfOutcome *outcome, const Row *row, const char *error, const FfJson *entry)
{
	char *shown = error == NULL ? ff_json_number(entry, "stock_quantity") : NULL;

	ff_write_object(&outcome->body, NULL);
	ff_write_text(&outcome->body, "sku", row->sku);
	ff_write_text(&outcome->body, "product_id", row->product);
	ff_write_text(&outcome->body, "variation_id", row->variation);
	ff_write_bool(&outcome->body, "accepted", error == NULL);
	ff_write_text(&outcome->body, "error", error);
	if (shown != NULL)
		ff_write_number(&outcome->body, "quantity", ff_decimal_trim(shown));
	ff_write_end(&outcome->body);
}

/* Goes on with the state given, when rows are left to look up or to send. */
static void
go_on(FfOutcome *outcome, const char *found, int looked_up, int sent, int batch, bool more)
{
	if (!more)
		return;
	outcome->result = FF_RESULT_CONTINUE;
	outcome->next = psprintf(
		"{\"looked_up\":%d,\"sent\":%d,\"batch\":%d,\"found\":%s}", looked_up, sent, batch, found);
}

/* What the shop knows under a SKU, or NULL. */
static FfJson *
product_with(const FfJson *products, const char *sku)
{
	for (int i = 0; i < ff_json_count(products); i++)
	{
		char *its_sku = ff_json_text(ff_json_at(products, i), "sku");

		if (its_sku != NULL && pg_strcasecmp(its_sku, sku) == 0)
			return ff_json_at(products, i);
	}
	return NULL;
}

/* Rows that can never be sent get their answer with the first reply. */
static void
write_unusable(const FfCall *call, FfOutcome *outcome)
{
	int count;
	Row *rows = read_rows(call, &count);

	for (int i = 0; i < count && call->state == NULL; i++)
	{
		if (rows[i].quantity == NULL)
			write_result(outcome, &rows[i], "The row has no quantity.", NULL);
		else if (rows[i].product == NULL && !can_look_up(&rows[i]))
			write_result(
				outcome, &rows[i], "The row has no SKU that the shop could look up.", NULL);
	}
}

/* The products of a look-up: their ids join the state, SKUs without one are answered. */
static void
read_products(const FfCall *call, const FfJson *products, int behind, FfOutcome *outcome)
{
	int count;
	Row *rows = read_rows(call, &count);
	bool more = false;
	void *state = NULL;
	char *key;
	FfJson *value;
	FfJsonWriter found;

	ff_write_init(&found);
	ff_write_object(&found, NULL);
	while (ff_json_each(ff_json_get(call->state, "found"), &state, &key, &value))
		ff_write_json(&found, key, value);
	ff_write_array(&outcome->body, "inventory");
	write_unusable(call, outcome);
	for (int i = 0; i < count; i++)
	{
		bool asked = i >= state_number(call, "looked_up", 0) && i < behind && can_look_up(&rows[i]);
		FfJson *product = asked ? product_with(products, rows[i].sku) : NULL;
		char *id = ff_json_text(product, "id");
		char *parent = ff_json_text(product, "parent_id");

		if (asked && !is_id(id))
			write_result(outcome, &rows[i], "The shop has no product with this SKU.", NULL);
		else if (asked)
		{
			ff_write_object(&found, psprintf("%d", i));
			ff_write_text(&found, "product", is_id(parent) ? parent : id);
			ff_write_text(&found, "variation", is_id(parent) ? id : NULL);
			ff_write_end(&found);
		}
		more |= (asked && is_id(id)) || (i >= behind && can_look_up(&rows[i])) ||
				(rows[i].product != NULL && rows[i].quantity != NULL);
	}
	ff_write_end(&outcome->body);
	go_on(outcome, ff_write_finish(&found), behind, 0, state_number(call, "batch", BATCH), more);
}

/* Why one entry of a batch failed; NULL when it did not. */
static const char *
entry_error(const FfCall *call, const FfJson *entry)
{
	FfJson *error = ff_json_get(entry, "error");

	if (entry == NULL)
		return "The shop did not answer for this product.";
	if (!ff_json_is_null(error))
		return ff_plain_text(
			ff_json_text_or(error, "message", ff_json_text_or(error, "code", "refused")), 200);
	/* "parent" is no boolean: a variation whose product keeps the stock */
	if (ff_json_get(entry, "manage_stock") != NULL && !ff_json_bool(entry, "manage_stock", true))
		return "The product's stock is not managed by the shop: switch its stock management on.";
	return NULL;
}

static FfJson *
entry_with(const FfJson *entries, const char *id)
{
	for (int i = 0; i < ff_json_count(entries); i++)
	{
		char *its_id = ff_json_text(ff_json_at(entries, i), "id");

		if (its_id != NULL && strcmp(its_id, id) == 0)
			return ff_json_at(entries, i);
	}
	return NULL;
}

void
ff_woo_stock_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	int behind;
	bool looked_up = *due_look_up(call, &behind) != '\0';
	FfJson *found = ff_json_get(call->state, "found");
	int from = state_number(call, "sent", 0);
	int batch = Max(1, state_number(call, "batch", BATCH));
	int count;
	Row *rows = sendable_rows(call, &count);
	int end = from < count ? batch_end(rows, count, from, batch) : from;
	FfJson *json = ff_woo_read(call, reply, outcome);
	const char *known = found != NULL ? ff_json_dump(found) : "{}";

	if (json == NULL)
	{
		/* some shops take less than a hundred at once */
		if (reply->status == 413 && !looked_up && end - from > 1)
		{
			ff_outcome_init(outcome);
			go_on(outcome, known, behind, from, (end - from) / 2, true);
		}
		else if (outcome->result == FF_RESULT_RETRY && call->state != NULL)
			outcome->next = ff_json_dump(call->state);
		return;
	}
	if (looked_up)
	{
		read_products(call, json, behind, outcome);
		return;
	}
	ff_write_array(&outcome->body, "inventory");
	write_unusable(call, outcome);
	for (int i = from; i < end; i++)
	{
		const char *id = rows[i].variation ? rows[i].variation : rows[i].product;
		FfJson *entry = entry_with(ff_json_get(json, "update"), id);

		write_result(outcome, &rows[i], entry_error(call, entry), entry);
	}
	ff_write_end(&outcome->body);
	go_on(outcome, known, behind, end, batch, end < count);
}
