/*
 * ebay.h
 *
 * What the files of the eBay connector share.  The exported struct stands in
 * ebay.c.
 */
#ifndef FF_CONNECTORS_EBAY_H
#define FF_CONNECTORS_EBAY_H

#include "connectors/connector.h"

#define EBAY_NAME          "ebay"
#define EBAY_HOST          "https://api.ebay.com"
#define EBAY_TOKENS        "/identity/v1/oauth2/token"
#define EBAY_ORDERS        "/sell/fulfillment/v1/order"
#define EBAY_CANCELLATIONS "/post-order/v2/cancellation"

/* ebay.c: a message's head, and the first look at a reply */
extern void ff_ebay_begin(const FfCall *call, FfMessage *message, const char *method,
						  const char *path);
/* The same for what is done to the call's order: …/order/{id} and the rest of the path. */
extern void ff_ebay_begin_order(const FfCall *call, FfMessage *message, const char *method,
								const char *rest);
/* The message goes to the older API, which calls the token by another word; or moves money, which
 * takes a token of a wider scope and, of some sellers, a signature. */
extern void ff_ebay_authorize_old(FfMessage *message);
extern void ff_ebay_authorize_money(FfMessage *message);
/* The answer of a call that worked, {} when it is empty; NULL, and the outcome set, else. */
extern FfJson *ff_ebay_read(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
/* What one element of errors[] says: its code, message and field. */
extern void ff_ebay_error(const FfJson *error, FfResult result, FfOutcome *outcome);
/* "2026-02-03T08:00:00.000Z" */
extern char *ff_ebay_time(TimestampTz time);

/* ebay_orders.c */
extern void ff_ebay_write_order(FfJsonWriter *writer, const FfCall *call, const FfJson *order);
/* Orders that are no work for us. */
extern bool ff_ebay_is_wanted(const FfJson *order);

/* ebay_fetch.c */
extern void ff_ebay_fetch_request(const FfCall *call, FfMessage *message);
extern void ff_ebay_fetch_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);

/* ebay_confirm.c */
extern void ff_ebay_confirm_request(const FfCall *call, FfMessage *message);
extern void ff_ebay_confirm_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);

/* ebay_update.c */
extern void ff_ebay_update_request(const FfCall *call, FfMessage *message);
extern void ff_ebay_update_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);

/* ebay_return.c */
extern void ff_ebay_return_request(const FfCall *call, FfMessage *message);
extern void ff_ebay_return_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);

/* ebay_event.c */
extern void ff_ebay_receive(const FfCall *call, const FfReply *webhook, FfOutcome *outcome);

/* ebay_stock.c */
extern void ff_ebay_stock_request(const FfCall *call, FfMessage *message);
extern void ff_ebay_stock_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);

#endif
