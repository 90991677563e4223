/*
 * ebay.h
 *
 * What the files of the eBay peer share.
 */
#ifndef SIM_EBAY_H
#define SIM_EBAY_H

#include "market.h"

extern void ebay_error(SimRequest *request, int status, long id, const char *category,
					   const char *text);
/* The order of a number; answers 404 when there is none. */
extern MarketOrder *ebay_order(SimRequest *request, const char *number);

/* ebay_after.c: cancellations and refunds */
extern void ebay_cancel(SimRequest *request);
extern void ebay_approve(SimRequest *request);
extern void ebay_refund(SimRequest *request);
extern SimSchema ebay_cancel_schema;
extern SimSchema ebay_refund_schema;

#endif
