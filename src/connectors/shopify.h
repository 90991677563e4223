/*
 * shopify.h
 *
 * What the files of the Shopify connector share: GraphQL requests, reading
 * their answers, orders with all their pages, and the operations each file
 * brings.  The exported struct stands in shopify.c.
 */
#ifndef FF_CONNECTORS_SHOPIFY_H
#define FF_CONNECTORS_SHOPIFY_H

#include "connectors/connector.h"

#define SHOPIFY_NAME   "shopify"
#define SHOPIFY_TOKENS "/admin/oauth/access_token"
#define SHOPIFY_API    "2026-07"

/* Holds that we placed carry a handle that begins so. */
#define SHOPIFY_HANDLE "ffl-"

/* shopify_graphql.c */

/* Begins {"query": …, "variables": {; ff_message_json ends and sends it. */
extern void ff_shopify_begin(const FfCall *call, FfMessage *message, FfJsonWriter *writer,
							 const char *query);
/* The data of an answer without errors; NULL, and the outcome set, when it has some. */
extern FfJson *ff_shopify_read(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
/* The first user error of a mutation refuses, or retries; false when there is none. */
extern bool ff_shopify_user_error(const FfJson *payload, FfOutcome *outcome);
/* "gid://shopify/Order/1" from that, or from "1". */
extern char *ff_shopify_gid(const char *type, const char *id);
/* The order the call is about, or ff_connector_fail. */
extern char *ff_shopify_order_gid(const FfCall *call);
/* Which request of an operation this is; "first" without a state. */
extern bool ff_shopify_step_is(const FfCall *call, const char *step);
/* A key that changes with the call and with what is sent, in the form of a UUID. */
extern char *ff_shopify_key(const FfCall *call, const char *content);

/* shopify_pieces.c: orders that do not fit into one page */

/* Members of an order's fulfillment orders, of their lines, and the lists of both. */
#define SHOPIFY_LINE                                                                        \
	"id sku productTitle requiresShipping totalQuantity remainingQuantity "                 \
	"lineItem{id name customAttributes{key value} originalUnitPriceSet{shopMoney{amount}} " \
	"discountedUnitPriceAfterAllDiscountsSet{shopMoney{amount}}}"
#define SHOPIFY_PAGE "pageInfo{hasNextPage endCursor}"
#define SHOPIFY_FULFILLMENT_ORDER                                                             \
	"id status requestStatus fulfillAt assignedLocation{location{id}} "                       \
	"destination{firstName lastName company address1 address2 city province zip countryCode " \
	"phone email} "                                                                           \
	"deliveryMethod{methodType serviceCode presentedName maxDeliveryDateTime} "               \
	"fulfillmentHolds{id handle reason reasonNotes heldByRequestingApp} "                     \
	"lineItems(first:30){" SHOPIFY_PAGE " nodes{" SHOPIFY_LINE "}}"
#define SHOPIFY_FULFILLMENT_ORDERS \
	"fulfillmentOrders(first:5){" SHOPIFY_PAGE " nodes{" SHOPIFY_FULFILLMENT_ORDER "}}"

/* Whether a page of the order's fulfillment orders, or of their lines, is still missing. */
extern bool ff_shopify_is_partial(const FfJson *order);
/* Asks for the first page that is missing. */
extern void ff_shopify_piece_request(const FfCall *call, FfMessage *message, const FfJson *order);
/* The order with the page that was asked for. */
extern FfJson *ff_shopify_piece_join(const FfJson *order, const FfJson *data);
/* The elements of a list, or of a connection's nodes or edges. */
extern int ff_shopify_count(const FfJson *list);
extern FfJson *ff_shopify_at(const FfJson *list, int index);

/* shopify_orders.c */

typedef enum FfShopifyPart
{
	FF_SHOPIFY_SHIP,
	FF_SHOPIFY_WAIT, /* on hold, or later */
	FF_SHOPIFY_GONE  /* nothing of it is to be shipped */
} FfShopifyPart;

/* What the status of a fulfillment order means. */
extern FfShopifyPart ff_shopify_part(const FfJson *fulfillment_order);
/* Whether a hold is one that we placed. */
extern bool ff_shopify_is_our_hold(const FfJson *hold);
/* Whether a hold that is not ours keeps it back. */
extern bool ff_shopify_is_held(const FfJson *fulfillment_order);
extern void ff_shopify_write_order(FfJsonWriter *writer, const FfCall *call, const FfJson *order);
/* Orders that are no work for us, such as fulfilled ones and gift cards. */
extern bool ff_shopify_is_wanted(const FfCall *call, const FfJson *order);

/* shopify_fetch.c */
extern void ff_shopify_fetch_request(const FfCall *call, FfMessage *message);
extern void ff_shopify_fetch_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);

/* shopify_receive.c */
extern void ff_shopify_receive(const FfCall *call, const FfReply *webhook, FfOutcome *outcome);

/* shopify_confirm.c and shopify_plan.c */
extern void ff_shopify_confirm_request(const FfCall *call, FfMessage *message);
extern void ff_shopify_confirm_outcome(const FfCall *call, const FfReply *reply,
									   FfOutcome *outcome);

/*
 * What is to be told of a shipment, given what the shop's order has: an array
 * of {package, items, left}, items as fulfillmentCreate takes them.  Answers how
 * many; -1, and the outcome set, when the shop does not let us.
 */
extern int ff_shopify_plan(const FfCall *call, const FfJson *order, FfJsonWriter *writer,
						   FfOutcome *outcome);

/* shopify_update.c */
extern void ff_shopify_update_request(const FfCall *call, FfMessage *message);
extern void ff_shopify_update_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);

/* shopify_stock.c */
extern void ff_shopify_stock_request(const FfCall *call, FfMessage *message);
extern void ff_shopify_stock_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);

/* shopify_return.c */
extern void ff_shopify_return_request(const FfCall *call, FfMessage *message);
extern void ff_shopify_return_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);

#endif
