/*
 * woocommerce.h
 *
 * What the files of the WooCommerce connector share: addresses of the REST
 * API, reading its answers, and the operations each file brings.
 */
#ifndef FF_CONNECTORS_WOOCOMMERCE_H
#define FF_CONNECTORS_WOOCOMMERCE_H

#include "connectors/connector.h"

#define WOO_NAME "woocommerce"

/* woocommerce.c */

/* path stands behind the shop's REST root: "/wc/v3/orders". */
extern void ff_woo_begin(const FfCall *call, FfMessage *message, const char *method,
						 const char *path);
/* The same for "/wc/v3/orders/ID" and what follows it; space is "wc/v3" or a plugin's. */
extern void ff_woo_begin_order(const FfCall *call, FfMessage *message, const char *method,
							   const char *space, const char *rest);

/* JSON, also behind the warnings of PHP; NULL when there is none. */
extern FfJson *ff_woo_parse(const FfReply *reply);
/* The answer of a call that worked; NULL, and the outcome set, when it did not. */
extern FfJson *ff_woo_read(const FfCall *call, const FfReply *reply, FfOutcome *outcome);

/* Which request of an operation this is; "first" without a state. */
extern const char *ff_woo_step(const FfCall *call);
/* Asks for the step named. */
extern void ff_woo_continue(FfOutcome *outcome, const char *step);
/* The value of a key of a meta_data list. */
extern FfJson *ff_woo_meta(const FfJson *object, const char *key);
/* A note on the order; seen by the customer or by the staff only. */
extern void ff_woo_note(const FfCall *call, FfMessage *message, const char *text, bool to_customer);

/* woocommerce_orders.c */
extern void ff_woo_write_order(FfJsonWriter *writer, const FfCall *call, const FfJson *order,
							   const FfJson *refunds);
/* Parts of the order were refunded, and the order itself does not say which. */
extern bool ff_woo_refunds_unknown(const FfCall *call, const FfJson *order);
/* Orders that are no work for us, such as completed ones. */
extern bool ff_woo_is_wanted(const FfCall *call, const FfJson *order);

/* woocommerce_fetch.c */
extern void ff_woo_fetch_request(const FfCall *call, FfMessage *message);
extern void ff_woo_fetch_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_woo_receive(const FfCall *call, const FfReply *webhook, FfOutcome *outcome);

/* woocommerce_ways.c */

typedef struct FfWooWay
{
	const char *name;
	const char *space;
	const char *path;
	/* How many things are to be sent, whether the list holds one, and the request that sends it. */
	int (*count)(const FfCall *call);
	bool (*is_known)(const FfCall *call, const FfJson *list, int index);
	void (*write)(const FfCall *call, FfMessage *message, int index);
} FfWooWay;

/* The way that setting confirm_with names; NULL when it names none. */
extern const FfWooWay *ff_woo_way(const FfCall *call);

/* woocommerce_confirm.c */
extern void ff_woo_confirm_request(const FfCall *call, FfMessage *message);
extern void ff_woo_confirm_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);

/* woocommerce_update.c */
extern void ff_woo_update_request(const FfCall *call, FfMessage *message);
extern void ff_woo_update_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_woo_return_request(const FfCall *call, FfMessage *message);
extern void ff_woo_return_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);

/* woocommerce_stock.c */
extern void ff_woo_stock_request(const FfCall *call, FfMessage *message);
extern void ff_woo_stock_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);

#endif
