/*
 * efs_stock.c
 *
 * Stock of some SKUs, or of all.  There are no pages and no list of changes;
 * a long list of SKUs is asked for in parts.
 */
#include "postgres.h"

#include "connectors/efs.h"

#define SKUS_AT_ONCE 500

static const FfJson *
wanted(const FfCall *call)
{
	return ff_json_get(call->document, "skus");
}

static int
place(const FfCall *call)
{
	return (int) ff_json_int64_or(call->state, "sku", 0);
}

void
ff_efs_inventory_request(const FfCall *call, FfMessage *message)
{
	StringInfoData xml;

	ff_efs_begin(&xml, call, "InventoryRequest", false);
	if (ff_json_count(wanted(call)) > 0)
	{
		appendStringInfoString(&xml, "<Items>");
		for (int i = place(call); i < ff_json_count(wanted(call)) && i < place(call) + SKUS_AT_ONCE;
			 i++)
		{
			appendStringInfoString(&xml, "<Item>");
			ff_efs_element(&xml, "Sku", ff_json_text(ff_json_at(wanted(call), i), ""));
			appendStringInfoString(&xml, "</Item>");
		}
		appendStringInfoString(&xml, "</Items>");
	}
	ff_efs_send(call, message, "/xml/inventory/", &xml, "InventoryRequest");
}

/* The quantity under one of the usual names, else the first child that is a number. */
static char *
quantity_of(const FfJson *item)
{
	static const char *const names[] = {"quantity", "available", "qtyavailable", "instock"};
	void *state = NULL;
	char *key;
	FfJson *value;

	for (int i = 0; i < (int) lengthof(names); i++)
	{
		char *number = ff_json_number(ff_efs_find(item, names[i]), "");

		if (number != NULL)
			return number;
	}
	while (ff_json_is_object(item) && ff_json_each(item, &state, &key, &value))
	{
		char *number = pg_strcasecmp(key, "sku") == 0 ? NULL : ff_json_number(value, "");

		if (number != NULL)
			return number;
	}
	return NULL;
}

void
ff_efs_inventory_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJsonWriter *writer = &outcome->body;
	FfJson *document = ff_efs_answer(call, reply, FF_REPEAT_SAFE, outcome);
	const FfJson *items = ff_efs_find(document, "item");

	if (document == NULL)
		return;
	ff_write_array(writer, "inventory");
	for (int i = 0; i < ff_json_count(items); i++)
	{
		const FfJson *item = ff_json_at(items, i);
		char *sku = ff_efs_text(item, "sku");
		char *quantity = quantity_of(item);

		if (sku == NULL || quantity == NULL)
			continue;
		ff_write_object(writer, NULL);
		ff_write_text(writer, "sku", sku);
		ff_write_number(writer, "on_hand", quantity);
		ff_write_number(writer, "available", quantity);
		ff_write_text(writer, "as_of", ff_time_iso(call->now));
		ff_write_end(writer);
	}
	ff_write_end(writer);
	if (place(call) + SKUS_AT_ONCE < ff_json_count(wanted(call)))
		ff_outcome_continue(outcome, psprintf("{\"sku\": %d}", place(call) + SKUS_AT_ONCE));
}
