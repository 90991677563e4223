/*
 * demand.h
 *
 * What is to be routed: an order's destination and wishes, and the lines with
 * quantity left, with the items behind them.  Read from the tables, or from a
 * document that is no order yet.
 */
#ifndef FF_ROUTING_DEMAND_H
#define FF_ROUTING_DEMAND_H

#include "postgres.h"

#include "model/order_document.h"
#include "routing/decide.h"
#include "routing/lists.h"
#include "routing/tariff.h"

typedef struct FfDemandLine
{
	int32 line;
	int64 item_id;
	char *sku;
	int32 quantity; /* left to assign */
	int group;      /* 0: none; lines of a group have the same number */
	int32 lot;      /* units that are never parted; 1: loose */
	int64 weight_g;
	int64 volume_mm3; /* 0: not known */
	int64 length_mm;  /* longest side */
	int64 girth_mm;   /* length plus girth */
	FfCost value;     /* what was paid, or the item's own value if that is more */
	bool hazmat;
	int stock;  /* index of the item in the pool, set by the supply */
	int ahead;  /* units that earlier lines want of the same item */
} FfDemandLine; /* weight to value are per unit */

typedef struct FfDemand
{
	FfRoutingRequest request;
	char *channel;
	int32 keep_back;  /* units of every item kept from the channel */
	char *country;    /* NULL: not known */
	char *postcode;   /* its key, NULL: none */
	bool residential; /* a home */
	bool has_coordinates;
	double latitude;
	double longitude;
	char *service;           /* asked for; NULL: any */
	TimestampTz promised_by; /* 0: no promise */
	bool ship_complete;
	bool waited;      /* was tried before and found no stock or slot: it comes before who is new */
	bool asked;       /* has waited for prices of carriers: it goes with those there are */
	FfNumbers failed; /* locations that are not asked again */
	int nlines;       /* 0: nothing is left */
	FfDemandLine *lines;
	int64 weight_g; /* of all lines */
	FfCost worth;
} FfDemand;

/* One per request, in their order. */
extern FfDemand *ff_demands_load(int32 merchant_id, const FfRoutingRequest *requests, int count,
								 TimestampTz now);

/* ereport(ERROR) when the channel or a SKU is unknown. */
extern FfDemand *ff_demand_from_document(int32 merchant_id, const FfOrderDocument *document);

#endif
