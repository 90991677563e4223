/*
 * webhooks.h
 *
 * Webhooks that came in: stored by receive.c, applied by workers here.
 */
#ifndef FF_WORKERS_WEBHOOKS_H
#define FF_WORKERS_WEBHOOKS_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "pg/json.h"
#include "transport/message.h"

/* Headers as a JSON object into a message that came in. */
extern void ff_webhook_headers(FfReply *webhook, const FfJson *headers);

/* When the oldest webhook that waits is due, over all merchants; DT_NOEND: none waits. */
extern TimestampTz ff_webhooks_next(void);

/*
 * Applies what is due, a few at a time and a merchant at a time, each in a
 * transaction of its own.  False when no work is allowed here.
 */
extern bool ff_webhooks_apply(TimestampTz now);

/*
 * What a provider of the connection says of one of its shipments; false when it
 * is about none of ours.
 */
extern bool ff_webhook_take_shipment(int32 merchant_id, int64 connection_id, const FfJson *said,
									 const char *cause);

#endif
