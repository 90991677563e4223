/*
 * shopify_stock.c
 *
 * Pushes absolute levels to one location.  Rows are looked up by SKU, unless
 * the listing gives the id of the inventory item; several items may have one
 * SKU, and all of them get its level.  The mutation takes all of its rows or
 * none, so a row that is refused is answered and the others are sent again.
 *
 * The key makes a repeated request the same request; it changes with what is
 * sent, since the levels are read anew for every attempt.
 */
#include "postgres.h"

#include "connectors/carrier.h"
#include "connectors/channel.h"
#include "connectors/shopify.h"

#define LOOK_UP       20
#define MOST_ITEMS    250
#define MOST_ATTEMPTS 5

static const char look_query[] =
	"query SkuToItem($q:String!,$after:String){"
	"inventoryItems(first:100,after:$after,query:$q){" SHOPIFY_PAGE " nodes{id sku tracked}}}";
static const char set_query[] =
	"mutation SetQty($input:InventorySetQuantitiesInput!,$key:String!){"
	"inventorySetQuantities(input:$input) @idempotent(key:$key){inventoryAdjustmentGroup{id} "
	"userErrors{code field message}}}";
static const char activate_query[] =
	"mutation Activate($item:ID!,$location:ID!,$available:Int,$key:String!){"
	"inventoryActivate(inventoryItemId:$item,locationId:$location,available:$available) "
	"@idempotent(key:$key){inventoryLevel{id} userErrors{field message}}}";

static const FfJson *
rows_of(const FfCall *call)
{
	return ff_json_get(call->document, "inventory");
}

static int
state_number(const FfCall *call, const char *member)
{
	return (int) Max(0, Min(ff_json_int64_or(call->state, member, 0), PG_INT32_MAX / 2));
}

/* The inventory item that a listing names by itself; NULL when it names none. */
static const char *
given_item(const FfJson *row)
{
	static const char *const members[] = {"variation_id", "product_id"};

	for (int i = 0; i < (int) lengthof(members); i++)
	{
		const char *id = ff_json_text_or(row, members[i], "");

		if (strncmp(id, "gid://shopify/InventoryItem/", 28) == 0)
			return id;
	}
	return NULL;
}

static bool
must_look_up(const FfJson *row)
{
	return given_item(row) == NULL && ff_json_text_or(row, "sku", NULL) != NULL &&
		   ff_channel_level(row) != NULL;
}

/* The rows of one look-up: from where the state stands to the position behind them. */
static int
look_up_end(const FfCall *call, StringInfo query)
{
	int position = state_number(call, "looked_up");
	int taken = 0;

	for (; position < ff_json_count(rows_of(call)) && taken < LOOK_UP; position++)
	{
		const FfJson *row = ff_json_at(rows_of(call), position);

		if (!must_look_up(row))
			continue;
		appendStringInfo(query, "%ssku:'", taken++ > 0 ? " OR " : "");
		for (const char *c = ff_json_text(row, "sku"); *c != '\0'; c++)
		{
			if (*c == '\'' || *c == '\\')
				appendStringInfoChar(query, '\\');
			appendStringInfoChar(query, *c);
		}
		appendStringInfoChar(query, '\'');
	}
	return position;
}

static char *
due_look_up(const FfCall *call, int *end)
{
	StringInfoData query;

	initStringInfo(&query);
	*end = look_up_end(call, &query);
	return query.data;
}

/* One item and the row its level comes from. */
typedef struct Item
{
	const char *id;
	int row;
} Item;

static bool
has_item(const Item *items, int count, const char *id)
{
	for (int i = 0; i < count; i++)
		if (strcmp(items[i].id, id) == 0)
			return true;
	return false;
}

/* Everything that is known and was not answered yet, each item once. */
static Item *
read_items(const FfCall *call, int *count)
{
	const FfJson *found = ff_json_get(call->state, "found");
	const FfJson *done = ff_json_get(call->state, "done");
	int room = ff_json_count(found) + ff_json_count(rows_of(call));
	void *state = NULL;
	char *id;
	FfJson *row;
	Item *items;

	for (int pass = 0; ff_json_each(found, &state, &id, &row); pass++)
		room++;
	items = palloc0(sizeof(Item) * (room + 1));
	*count = 0;
	for (int i = 0; i < ff_json_count(rows_of(call)); i++)
	{
		const char *given = given_item(ff_json_at(rows_of(call), i));

		if (given != NULL && ff_channel_level(ff_json_at(rows_of(call), i)) != NULL &&
			ff_json_member(done, given) == NULL && !has_item(items, *count, given))
			items[(*count)++] = (Item){given, i};
	}
	state = NULL;
	while (ff_json_each(found, &state, &id, &row))
		if (ff_json_member(done, id) == NULL && !has_item(items, *count, id))
			items[(*count)++] = (Item){id, (int) ff_json_int64_or(row, "", 0)};
	*count = Min(*count, MOST_ITEMS);
	return items;
}

static const char *
location_of(const FfCall *call)
{
	return ff_shopify_gid(
		"Location",
		ff_carrier_need_setting(
			call, "location_id", "Set location_id to the shop's location whose stock is pushed."));
}

static const char *
level_at(const FfCall *call, const Item *item)
{
	return ff_channel_level(ff_json_at(rows_of(call), item->row));
}

static void
write_quantities(FfJsonWriter *writer, const FfCall *call, const Item *items, int count)
{
	const char *location = location_of(call);

	ff_write_object(writer, "input");
	ff_write_text(writer, "name", "available");
	ff_write_text(writer, "reason", "correction");
	ff_write_text(
		writer,
		"referenceDocumentUri",
		call->idempotency_key != NULL
			? psprintf("gid://fulfillment/StockSync/%s",
					   ff_carrier_squeeze(call->idempotency_key, strlen(call->idempotency_key), ""))
			: NULL);
	ff_write_array(writer, "quantities");
	for (int i = 0; i < count; i++)
	{
		ff_write_object(writer, NULL);
		ff_write_text(writer, "inventoryItemId", items[i].id);
		ff_write_text(writer, "locationId", location);
		ff_write_number(writer, "quantity", level_at(call, &items[i]));
		ff_write_null(writer, "changeFromQuantity");
		ff_write_end(writer);
	}
	ff_write_end(writer);
	ff_write_end(writer);
}

/* The key of a request whose variables are written so far. */
static void
write_key(FfJsonWriter *writer, const FfCall *call)
{
	ff_write_text(
		writer,
		"key",
		ff_shopify_key(call, psprintf("%s %d", writer->text.data, state_number(call, "attempt"))));
}

void
ff_shopify_stock_request(const FfCall *call, FfMessage *message)
{
	const char *activate = ff_json_text_or(call->state, "activate.item", NULL);
	const char *after = ff_json_text_or(call->state, "after", NULL);
	int end;
	char *query = due_look_up(call, &end);
	int count;
	Item *items = read_items(call, &count);
	FfJsonWriter writer;

	(void) location_of(call);
	if (*query != '\0')
	{
		ff_shopify_begin(call, message, &writer, look_query);
		ff_write_text(&writer, "q", query);
		if (after != NULL)
			ff_write_text(&writer, "after", after);
	}
	else if (activate != NULL)
	{
		const FfJson *row =
			ff_json_at(rows_of(call), (int) ff_json_int64_or(call->state, "activate.row", 0));

		ff_shopify_begin(call, message, &writer, activate_query);
		ff_write_text(&writer, "item", activate);
		ff_write_text(&writer, "location", location_of(call));
		ff_write_number(&writer, "available", ff_channel_level(row) ? ff_channel_level(row) : "0");
		write_key(&writer, call);
	}
	else if (count == 0)
		ff_connector_fail(
			SHOPIFY_NAME, "inventory", "Give rows with a sku and a whole number as quantity.");
	else
	{
		ff_shopify_begin(call, message, &writer, set_query);
		write_quantities(&writer, call, items, count);
		write_key(&writer, call);
	}
	ff_message_json(message, &writer);
}

static void
write_result(const FfCall *call, FfOutcome *outcome, int position, const char *error)
{
	const FfJson *row = ff_json_at(rows_of(call), position);

	ff_write_object(&outcome->body, NULL);
	ff_write_text(&outcome->body, "sku", ff_json_text_or(row, "sku", NULL));
	ff_write_text(&outcome->body, "product_id", ff_json_text_or(row, "product_id", NULL));
	ff_write_text(&outcome->body, "variation_id", ff_json_text_or(row, "variation_id", NULL));
	ff_write_bool(&outcome->body, "accepted", error == NULL);
	ff_write_text(&outcome->body, "error", error);
	if (error == NULL)
		ff_write_number(&outcome->body, "quantity", ff_channel_level(row));
	ff_write_end(&outcome->body);
}

/* Rows that can never be sent get their answer with the first reply. */
static void
write_unusable(const FfCall *call, FfOutcome *outcome)
{
	for (int i = 0; i < ff_json_count(rows_of(call)) && call->state == NULL; i++)
	{
		const FfJson *row = ff_json_at(rows_of(call), i);

		if (ff_channel_level(row) == NULL)
			write_result(call, outcome, i, "The quantity is no whole number.");
		else if (given_item(row) == NULL && !must_look_up(row))
			write_result(call, outcome, i, "The row has no SKU.");
	}
}

/* What the next request needs: how far the look-up is, what it found, what was answered. */
typedef struct Next
{
	int looked_up;
	const char *after;
	int attempt;
	FfJsonWriter found; /* id: row */
	FfJsonWriter done;  /* id: true */
	const Item *activate;
} Next;

static void
copy_members(FfJsonWriter *writer, const FfJson *object)
{
	void *state = NULL;
	char *key;
	FfJson *value;

	ff_write_init(writer);
	ff_write_object(writer, NULL);
	while (ff_json_each(object, &state, &key, &value))
		ff_write_json(writer, key, value);
}

static Next
next_of(const FfCall *call)
{
	Next next = {.looked_up = state_number(call, "looked_up"),
				 .attempt = state_number(call, "attempt")};

	copy_members(&next.found, ff_json_get(call->state, "found"));
	copy_members(&next.done, ff_json_get(call->state, "done"));
	return next;
}

/* Goes on when a look-up, an item or a switch is left; else it is over. */
static void
go_on(const FfCall *call, FfOutcome *outcome, Next *next)
{
	FfCall ahead = *call;
	FfJsonWriter state;
	char *text;
	int end;
	int count;

	ff_write_init(&state);
	ff_write_object(&state, NULL);
	ff_write_int(&state, "looked_up", next->looked_up);
	ff_write_text(&state, "after", next->after);
	ff_write_int(&state, "attempt", next->attempt);
	ff_write_raw(&state, "found", ff_write_finish(&next->found));
	ff_write_raw(&state, "done", ff_write_finish(&next->done));
	if (next->activate != NULL)
	{
		ff_write_object(&state, "activate");
		ff_write_text(&state, "item", next->activate->id);
		ff_write_int(&state, "row", next->activate->row);
		ff_write_end(&state);
	}
	text = ff_write_finish(&state);
	ahead.state = ff_json_parse(text, strlen(text), NULL);
	(void) read_items(&ahead, &count);
	if (next->activate != NULL || count > 0 || *due_look_up(&ahead, &end) != '\0')
		ff_outcome_continue(outcome, text);
}

/* Whether an item with a row's SKU is in the list or was found on a page before. */
static bool
is_found(const FfCall *call, const FfJson *items, const char *sku, int position)
{
	const FfJson *found = ff_json_get(call->state, "found");
	void *state = NULL;
	char *key;
	FfJson *value;

	for (int i = 0; i < ff_shopify_count(items); i++)
		if (strcmp(ff_json_text_or(ff_shopify_at(items, i), "sku", ""), sku) == 0)
			return true;
	while (ff_json_each(found, &state, &key, &value))
		if (ff_json_int64_or(value, "", -1) == position)
			return true;
	return false;
}

static void
read_looked_up(const FfCall *call, const FfJson *items, FfOutcome *outcome)
{
	const char *after = ff_json_bool(items, "pageInfo.hasNextPage", false)
							? ff_json_text_or(items, "pageInfo.endCursor", NULL)
							: NULL;
	Next next = next_of(call);
	int end;

	(void) due_look_up(call, &end);
	if (after != NULL && strcmp(after, ff_json_text_or(call->state, "after", "")) == 0)
		after = NULL;
	next.after = after;
	ff_write_array(&outcome->body, "inventory");
	write_unusable(call, outcome);
	for (int i = next.looked_up; i < end; i++)
	{
		const FfJson *row = ff_json_at(rows_of(call), i);
		const char *sku = ff_json_text_or(row, "sku", "");

		if (!must_look_up(row))
			continue;
		for (int j = 0; j < ff_shopify_count(items); j++)
		{
			const FfJson *item = ff_shopify_at(items, j);

			if (strcmp(ff_json_text_or(item, "sku", ""), sku) == 0 &&
				ff_json_text_or(item, "id", NULL) != NULL)
				ff_write_int(&next.found, ff_json_text(item, "id"), i);
		}
		if (after == NULL && !is_found(call, items, sku, i))
			write_result(call, outcome, i, "The shop has no item with this SKU.");
	}
	ff_write_end(&outcome->body);
	if (after == NULL)
		next.looked_up = end;
	go_on(call, outcome, &next);
}

/* The place of the row that a user error is about; -1 when it names none. */
static int
place_of(const FfJson *error)
{
	const FfJson *path = ff_json_get(error, "field");

	for (int i = 0; i + 1 < ff_json_count(path); i++)
	{
		const char *number = ff_json_text_or(ff_json_at(path, i + 1), "", "x");

		if (strcmp(ff_json_text_or(ff_json_at(path, i), "", ""), "quantities") == 0 &&
			strspn(number, "0123456789") == strlen(number))
			return atoi(number);
	}
	return -1;
}

static bool
code_is(const FfJson *error, const char *code)
{
	return strcmp(ff_json_text_or(error, "code", ""), code) == 0;
}

/* Rows that were refused by name are answered; false when the whole request is wrong. */
static bool
answer_refused(const FfCall *call, const FfJson *errors, FfOutcome *outcome)
{
	int count;
	Item *items = read_items(call, &count);
	Next next = next_of(call);
	bool some = false;

	for (int i = 0; i < ff_json_count(errors); i++)
	{
		const FfJson *error = ff_json_at(errors, i);
		int place = place_of(error);

		if (place < 0 || place >= count || code_is(error, "INVALID_LOCATION"))
			return false;
	}
	ff_write_array(&outcome->body, "inventory");
	write_unusable(call, outcome);
	for (int place = 0; place < count; place++)
	{
		const FfJson *error = NULL;

		for (int i = 0; i < ff_json_count(errors) && error == NULL; i++)
			if (place_of(ff_json_at(errors, i)) == place)
				error = ff_json_at(errors, i);
		if (error == NULL)
			continue;
		some = true;
		if (code_is(error, "ITEM_NOT_STOCKED_AT_LOCATION") && next.activate == NULL &&
			ff_json_bool(call->config, "activate_items", true))
		{
			next.activate = &items[place];
			continue;
		}
		/* the next ones are activated when this one was */
		if (code_is(error, "ITEM_NOT_STOCKED_AT_LOCATION") && next.activate != NULL)
			continue;
		ff_write_bool(&next.done, items[place].id, true);
		write_result(call,
					 outcome,
					 items[place].row,
					 ff_plain_text(ff_json_text_or(error, "message", "refused"), 200));
	}
	ff_write_end(&outcome->body);
	if (some)
		go_on(call, outcome, &next);
	return some;
}

/* A key that cannot be used again: the same request goes out with another one. */
static bool
wants_other_key(const FfJson *errors)
{
	return code_is(ff_json_at(errors, 0), "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED") ||
		   code_is(ff_json_at(errors, 0), "IDEMPOTENCY_KEY_PARAMETER_MISMATCH");
}

static void
read_set(const FfCall *call, const FfJson *payload, FfOutcome *outcome)
{
	const FfJson *errors = ff_json_get(payload, "userErrors");
	int count;
	Item *items = read_items(call, &count);
	Next next = next_of(call);

	if (wants_other_key(errors) && next.attempt < MOST_ATTEMPTS)
	{
		next.attempt++;
		go_on(call, outcome, &next);
		return;
	}
	if (ff_shopify_user_error(payload, outcome))
	{
		if (outcome->result == FF_RESULT_REFUSED && answer_refused(call, errors, outcome) &&
			outcome->result != FF_RESULT_CONTINUE)
			ff_outcome_ok(outcome);
		return;
	}
	ff_write_array(&outcome->body, "inventory");
	write_unusable(call, outcome);
	for (int i = 0; i < count; i++)
	{
		bool again = false;

		for (int j = 0; j < i; j++)
			again |= items[j].row == items[i].row;
		if (!again)
			write_result(call, outcome, items[i].row, NULL);
		ff_write_bool(&next.done, items[i].id, true);
	}
	ff_write_end(&outcome->body);
	go_on(call, outcome, &next);
}

static void
read_activated(const FfCall *call, const FfJson *payload, FfOutcome *outcome)
{
	const char *id = ff_json_text_or(call->state, "activate.item", "");
	int row = (int) ff_json_int64_or(call->state, "activate.row", 0);
	Next next = next_of(call);
	const char *error = NULL;

	if (ff_shopify_user_error(payload, outcome))
	{
		if (outcome->result == FF_RESULT_RETRY)
			return;
		error = outcome->message;
	}
	ff_outcome_ok(outcome);
	ff_write_array(&outcome->body, "inventory");
	write_result(call, outcome, row, error);
	ff_write_end(&outcome->body);
	ff_write_bool(&next.done, id, true);
	go_on(call, outcome, &next);
}

void
ff_shopify_stock_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *data = ff_shopify_read(call, reply, outcome);
	FfJson *items = ff_json_get(data, "inventoryItems");
	FfJson *set = ff_json_get(data, "inventorySetQuantities");
	FfJson *activated = ff_json_get(data, "inventoryActivate");

	if (!ff_json_is_null(items))
		read_looked_up(call, items, outcome);
	else if (!ff_json_is_null(set))
		read_set(call, set, outcome);
	else if (!ff_json_is_null(activated))
		read_activated(call, activated, outcome);
	else if (data != NULL)
		ff_outcome_unreadable(outcome, FF_RESULT_RETRY, "The shop did not say what it did.");
	if (outcome->result == FF_RESULT_RETRY && call->state != NULL)
		outcome->next = ff_json_dump(call->state);
}
