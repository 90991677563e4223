/*
 * notify.h
 *
 * Facts for client platforms and customers: stored once per content, fanned
 * out to every messenger connection that hears their type.
 */
#ifndef FF_NOTIFICATIONS_NOTIFY_H
#define FF_NOTIFICATIONS_NOTIFY_H

#include "postgres.h"

#include "datatype/timestamp.h"

typedef struct FfFact
{
	int32 merchant_id;
	const char *type; /* order.confirmed, shipment.goods_issued, shipment.tracking_updated,
						 order.closed, … */
	int64 order_id;   /* 0: none */
	int64 shipment_id;
	int64 package_id;
	TimestampTz at;   /* when it happened; 0: now */
	const char *data; /* JSON text of the event's data */
} FfFact;

/*
 * Writes the facts that were not told yet (same type, subject and content), all
 * of one merchant, and a send_message task per fact and listening connection.  Costs one query when
 * the merchant has no messenger connection.
 */
extern void ff_notify(const FfFact *facts, int count);

/* Whether anybody hears facts of this type, for who would have to look far to describe them. */
extern bool ff_is_heard(int32 merchant_id, const char *type);

#endif
