/*
 * lookup.h
 *
 * From the codes people type to ids, with the house's errors.
 */
#ifndef FF_STOCK_LOOKUP_H
#define FF_STOCK_LOOKUP_H

#include "postgres.h"

/* ereport(ERROR, FF_ERR_UNKNOWN_OBJECT) when the merchant has no such location or item. */
extern int64 ff_location_id(int32 merchant_id, const char *code);
extern int64 ff_item_id(int32 merchant_id, const char *sku);
/* Both at once. */
extern void ff_level_ids(int32 merchant_id, const char *code, const char *sku, int64 *location_id,
						 int64 *item_id);

#endif
