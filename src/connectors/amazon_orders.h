/*
 * amazon_orders.h
 *
 * What the files of the Amazon orders connector share.  The exported struct
 * stands in amazon_orders.c.
 */
#ifndef FF_CONNECTORS_AMAZON_ORDERS_H
#define FF_CONNECTORS_AMAZON_ORDERS_H

#include "connectors/amazon.h"

#define AMAZON_ORDERS "/orders/2026-01-01/orders"

/* amazon_orders.c */
extern bool ff_amazon_orders_reply(const FfCall *call, const FfReply *reply, FfOutcome *outcome,
								   FfJson **json);
/* "2026-02-04T13:05:00.000Z" */
extern char *ff_amazon_orders_time(TimestampTz time);

/* amazon_orders_read.c */
extern void ff_amazon_orders_write(FfJsonWriter *writer, const FfCall *call, const FfJson *order);
/* Orders that are no work for us: shipped, or Amazon's own to fulfill. */
extern bool ff_amazon_orders_wanted(const FfJson *order);

/* amazon_orders_fetch.c */
extern void ff_amazon_orders_fetch_request(const FfCall *call, FfMessage *message);
extern void ff_amazon_orders_fetch_outcome(const FfCall *call, const FfReply *reply,
										   FfOutcome *outcome);
extern void ff_amazon_orders_receive(const FfCall *call, const FfReply *webhook,
									 FfOutcome *outcome);

/* amazon_orders_confirm.c */
extern void ff_amazon_orders_confirm_request(const FfCall *call, FfMessage *message);
extern void ff_amazon_orders_confirm_outcome(const FfCall *call, const FfReply *reply,
											 FfOutcome *outcome);

/* amazon_orders_feed.c: what goes as a file */
typedef struct FfAmazonFeed
{
	const char *type;
	char *(*write)(const FfCall *call); /* the file */
	/* Writes the outcome when every record was taken, or NULL. */
	void (*done)(const FfCall *call, const char *feed, FfOutcome *outcome);
	bool repeatable; /* handed in twice it is done once */
} FfAmazonFeed;

extern void ff_amazon_feed_request(const FfCall *call, FfMessage *message,
								   const FfAmazonFeed *feed);
extern void ff_amazon_feed_outcome(const FfCall *call, const FfReply *reply,
								   const FfAmazonFeed *feed, FfOutcome *outcome);

/* amazon_orders_after.c */
extern void ff_amazon_orders_update_request(const FfCall *call, FfMessage *message);
extern void ff_amazon_orders_update_outcome(const FfCall *call, const FfReply *reply,
											FfOutcome *outcome);
extern void ff_amazon_orders_return_request(const FfCall *call, FfMessage *message);
extern void ff_amazon_orders_return_outcome(const FfCall *call, const FfReply *reply,
											FfOutcome *outcome);

/* amazon_orders_stock.c */
extern void ff_amazon_orders_stock_request(const FfCall *call, FfMessage *message);
extern void ff_amazon_orders_stock_outcome(const FfCall *call, const FfReply *reply,
										   FfOutcome *outcome);

#endif
