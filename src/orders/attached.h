/*
 * attached.h
 *
 * Orders read from a shop's own tables.
 */
#ifndef FF_ORDERS_ATTACHED_H
#define FF_ORDERS_ATTACHED_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "orders/mapping.h"
#include "routing/lists.h"

/* Documents of rows, and the keys of those rows beside them; of equal length. */
typedef struct FfAttachedOrders
{
	FfJson *documents; /* array; NULL: none of the rows is there */
	FfTexts keys;
} FfAttachedOrders;

/*
 * Reads rows by their keys with the rights of the current role, lines included.
 * The version is given to documents whose mapping has none.
 */
extern FfAttachedOrders ff_attached_read(const FfMapping *mapping, int64 attachment_id,
										 char *const *keys, int count, TimestampTz version);

#endif
