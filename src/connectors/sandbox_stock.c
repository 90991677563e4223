/*
 * sandbox_stock.c
 *
 * What the sandbox answers that is not about one shipment: addresses, stock
 * (as the setting "inventory" says) and items.
 */
#include "postgres.h"

#include "connectors/sandbox.h"

void
ff_sandbox_validate(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	static const char *const needed[] = {"street1", "city", "country"};
	FfJson *address = ff_json_get(call->document, "address");
	const char *field = NULL;

	if (ff_sandbox_refuses(call, outcome))
		return;
	if (ff_sandbox_triggers(call) & SANDBOX_BAD_ADDRESS)
		field = "postcode";
	for (int i = 0; i < (int) lengthof(needed) && field == NULL; i++)
		if (ff_json_text_or(address, needed[i], NULL) == NULL)
			field = needed[i];
	ff_write_object(&outcome->body, "address");
	ff_write_bool(&outcome->body, "valid", field == NULL);
	ff_write_text(&outcome->body, "field", field);
	ff_write_end(&outcome->body);
}

/* Whether the call asks for a value: a list that is absent or empty asks for all. */
static bool
asked_for(const FfCall *call, const char *list, const char *value)
{
	FfJson *wanted = ff_json_get(call->document, list);
	int count = ff_json_count(wanted);

	for (int i = 0; i < count; i++)
	{
		char *text = ff_json_text(ff_json_at(wanted, i), "");

		if (text != NULL && value != NULL && strcmp(text, value) == 0)
			return true;
	}
	return count == 0;
}

/* One row of stock; what the setting leaves out follows from what it says. */
static void
write_stock(FfJsonWriter *writer, const FfCall *call, const char *sku, const FfJson *row)
{
	const char *on_hand =
		ff_json_is_object(row) ? ff_json_number(row, "on_hand") : ff_json_number(row, "");
	const char *available = ff_json_number(row, "available");
	const char *location =
		ff_json_text_or(row, "location", ff_json_text_or(call->config, "location", "SANDBOX"));

	if (on_hand == NULL)
		on_hand = available != NULL ? available : "0";
	if (sku == NULL || !asked_for(call, "skus", sku) || !asked_for(call, "locations", location))
		return;
	ff_write_object(writer, NULL);
	ff_write_text(writer, "sku", sku);
	ff_write_text(writer, "location", location);
	ff_write_number(writer, "on_hand", on_hand);
	ff_write_number(writer, "available", available ? available : on_hand);
	ff_write_number(writer, "reserved", ff_json_number(row, "reserved"));
	ff_write_number(writer, "inbound", ff_json_number(row, "inbound"));
	ff_write_text(writer, "as_of", ff_time_iso(call->now));
	ff_write_end(writer);
}

void
ff_sandbox_inventory(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *stock = ff_json_get(call->config, "inventory");
	void *state = NULL;
	char *sku;
	FfJson *row;

	if (ff_sandbox_refuses(call, outcome))
		return;
	ff_write_array(&outcome->body, "inventory");
	while (ff_json_each(stock, &state, &sku, &row))
		write_stock(&outcome->body, call, sku, row);
	for (int i = 0; ff_json_is_array(stock) && i < ff_json_count(stock); i++)
		write_stock(
			&outcome->body, call, ff_json_text(ff_json_at(stock, i), "sku"), ff_json_at(stock, i));
	ff_write_end(&outcome->body);
}

void
ff_sandbox_items(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *items = ff_json_get(call->document, "items");

	if (ff_sandbox_refuses(call, outcome))
		return;
	ff_write_array(&outcome->body, "items");
	for (int i = 0; i < ff_json_count(items); i++)
	{
		char *sku = ff_json_text(ff_json_at(items, i), "sku");
		bool refused = ff_sandbox_trigger(sku) == SANDBOX_REFUSED;

		ff_write_object(&outcome->body, NULL);
		ff_write_text(&outcome->body, "sku", sku);
		ff_write_bool(&outcome->body, "accepted", !refused);
		if (refused)
			ff_write_text(
				&outcome->body, "error", "The sandbox refuses the item, as it was asked to.");
		ff_write_end(&outcome->body);
	}
	ff_write_end(&outcome->body);
}
