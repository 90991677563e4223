/*
 * market.h
 *
 * What the peers of sales channels share: orders with their lines and the
 * parcels told of them, holds, cancellations, and the stock that was pushed.
 * A channel says in its own words what stands here in ours.  Its door, tokens
 * and limits, is a depot that ships nothing.
 */
#ifndef SIM_MARKET_H
#define SIM_MARKET_H

#include "depot.h"

#define MARKET_LINES 10

typedef struct MarketLine
{
	long id;
	char sku[64];
	long quantity;
	long shipped;
} MarketLine;

typedef struct MarketOrder
{
	long id;
	char number[40];
	double created;
	double updated; /* rises with every change */
	bool cancelled;
	char hold[64];   /* why the channel wants it held; "" when it does not */
	json_t *ours;    /* holds that we placed: {handle: id} */
	json_t *parcels; /* [{number, carrier, reference, shipped_at, items: [{line, quantity}]}] */
	json_t *refunds; /* as the channel shows them */
	long notified;   /* how often the customer was told */
	int count;
	MarketLine lines[MARKET_LINES];
} MarketOrder;

typedef struct Market
{
	Depot door; /* the first member: a peer's depot is its market */
	SimMap orders;
	SimMap stock; /* by SKU: every level that was told, as a list */
	long next;
} Market;

extern void market_reset(Market *market);
extern MarketOrder *market_order(const Market *market, const char *number);
extern MarketOrder *market_order_at(const Market *market, size_t index);
/* Orders by their last change, as a list that the caller frees; count is set. */
extern MarketOrder **market_changed(const Market *market, size_t *count);
extern void market_touch(MarketOrder *order);
extern MarketLine *market_line(MarketOrder *order, long id);
/* Whether nothing, or everything, of the order has left. */
extern bool market_is_whole(const MarketOrder *order);
extern bool market_is_done(const MarketOrder *order);

/*
 * Remembers a parcel; items are {line, quantity}, stolen.  The same parcel
 * told twice is an offence.  False, and a sentence, when the order has no such
 * goods left.
 */
extern bool market_ship(SimRequest *request, MarketOrder *order, const char *number,
						const char *carrier, const char *reference, const char *shipped_at,
						json_t *items, char why[200]);
/* A level of a SKU; market_has_sku says whether the channel knows it. */
extern void market_set_stock(Market *market, const char *sku, long quantity);
extern bool market_has_sku(const char *sku);

/* Control: orders and what became of them. */
#define MARKET_CONTROLS                                                       \
	{"POST", "/orders", market_control_create, NULL, NULL, SIM_BODY_FREE},    \
		{"POST", "/order", market_control_change, NULL, NULL, SIM_BODY_FREE}, \
		{"GET", "/orders", market_control_orders, NULL, "number", 0},         \
		{"GET", "/stock", market_control_stock, NULL, NULL, 0},               \
	{                                                                         \
		"POST", "/revoke_tokens", depot_revoke, NULL, NULL, SIM_BODY_FREE     \
	}
extern void market_control_create(SimRequest *request);
extern void market_control_change(SimRequest *request);
extern void market_control_orders(SimRequest *request);
extern void market_control_stock(SimRequest *request);

#endif
