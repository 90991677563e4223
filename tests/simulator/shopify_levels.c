/*
 * shopify_levels.c
 *
 * Stock of the Shopify peer: items by SKU, and levels that are set under a
 * key, all of a request or none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shopify.h"

static SimMap items; /* SKUs by the id of their inventory item */
static SimMap keys;  /* bodies by idempotency key */

static void
release_text(void *value)
{
	free(value);
}

void
shopify_forget(void)
{
	sim_map_clear(&keys, release_text);
	sim_map_clear(&items, release_text);
}

/* Items are known by a hash of their SKU. */
static long
item_of(const char *sku)
{
	long id = (long) (sim_hash(sku, strlen(sku)) % 100000000) + 1;

	if (!sim_map_get_id(&items, id))
		sim_map_put_id(&items, id, sim_strdup(sku));
	return id;
}

void
shopify_find_items(SimRequest *request, const json_t *variables)
{
	json_t *nodes = json_array();
	const char *next = sim_text(variables, "q", "");

	while ((next = strstr(next, "sku:'")))
	{
		char sku[64];

		next += 5;
		snprintf(sku, sizeof sku, "%.*s", (int) strcspn(next, "'"), next);
		if (market_has_sku(sku))
			json_array_append_new(nodes,
								  json_pack("{s:o, s:s, s:b}",
											"id",
											shopify_gid("InventoryItem", item_of(sku)),
											"sku",
											sku,
											"tracked",
											1));
	}
	shopify_data(
		request,
		json_pack(
			"{s:{s:{s:b}, s:o}}", "inventoryItems", "pageInfo", "hasNextPage", 0, "nodes", nodes));
}

/* Whether the key was used for another body; the same body again changes nothing. */
static bool
is_replay(SimRequest *request, const char *key, bool *mismatch)
{
	char *known = sim_map_get(&keys, key);

	*mismatch = known && strcmp(known, request->body) != 0;
	if (!known)
		sim_map_put(&keys, key, sim_strdup(request->body));
	return known != NULL;
}

void
shopify_set_levels(SimRequest *request, const json_t *variables)
{
	const json_t *rows = sim_get(variables, "input.quantities");
	bool mismatch;
	bool again = is_replay(request, sim_text(variables, "key", ""), &mismatch);
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row)
	{
		const char *sku = sim_map_get_id(
			&items, shopify_number(sim_text(row, "inventoryItemId", ""), "InventoryItem"));

		if (!sku || strcmp(sim_text(row, "locationId", ""), SHOPIFY_LOCATION) != 0 ||
			!json_object_get(row, "changeFromQuantity"))
		{
			shopify_user_error(request,
							   "inventorySetQuantities",
							   "userErrors",
							   sku ? "INVALID_LOCATION" : "INVALID_INVENTORY_ITEM",
							   "input",
							   "The item or its location could not be found.");
			return;
		}
		if (!again)
			market_set_stock(&shopify, sku, (long) sim_real(row, "quantity", -1));
	}
	if (mismatch)
		shopify_user_error(request,
						   "inventorySetQuantities",
						   "userErrors",
						   "IDEMPOTENCY_KEY_PARAMETER_MISMATCH",
						   "input",
						   "The same key cannot be used with different parameters.");
	else
		shopify_data(request,
					 json_pack("{s:{s:{s:s}, s:[]}}",
							   "inventorySetQuantities",
							   "inventoryAdjustmentGroup",
							   "id",
							   "gid://shopify/InventoryAdjustmentGroup/1",
							   "userErrors"));
}
