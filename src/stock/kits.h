/*
 * kits.h
 *
 * What kits consist of.
 */
#ifndef FF_STOCK_KITS_H
#define FF_STOCK_KITS_H

#include "postgres.h"

typedef struct FfKitPart
{
	int64 kit_item_id;
	int64 item_id;
	char *sku;
	char *name;
	int32 quantity; /* units in one kit */
	char *share;    /* of the kit's price, of one unit; decimal text */
} FfKitPart;

/*
 * The parts of those of the items that are kits, kit by kit; a kit's parts
 * share its price by their values, equally where they have none.
 */
extern FfKitPart *ff_kit_parts(int32 merchant_id, const int64 *item_ids, int item_count,
							   int *count);

/* A unit's price in a kit of this price (NULL: none). */
extern char *ff_kit_unit_price(const char *kit_price, const FfKitPart *part);

#endif
