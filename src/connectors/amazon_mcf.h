/*
 * amazon_mcf.h
 *
 * What the files of the Amazon MCF connector share, and nobody else includes.
 * The exported struct stands in amazon_mcf.c.
 */
#ifndef FF_CONNECTORS_AMAZON_MCF_H
#define FF_CONNECTORS_AMAZON_MCF_H

#include "connectors/amazon.h"
#include "connectors/carrier.h"

#define MCF_OUTBOUND  "/fba/outbound/2020-07-01"
#define MCF_INVENTORY "/fba/inventory/v1"
#define MCF_ID        40
#define MCF_ITEM      50

/* amazon_mcf.c */
/* The order of a number that is ours: …/fulfillmentOrders/{id}. */
extern void ff_mcf_begin_order(const FfCall *call, FfMessage *message, const char *method,
							   const char *id);
/* Our number of the order, which is Amazon's too; fails without one. */
extern const char *ff_mcf_id(const FfCall *call);
/* True for a 2xx with JSON that has no errors; else the outcome says what happened. */
extern bool ff_mcf_reply(const FfCall *call, const FfReply *reply, FfRepeat repeat,
						 FfOutcome *outcome, FfJson **json);

/* amazon_mcf_read.c: orders as Amazon tells them */
extern const char *ff_mcf_state(const char *status, const char *action);
extern void ff_mcf_shipment(FfJsonWriter *writer, const FfJson *payload);

/* The operations. */
extern void ff_mcf_quote_request(const FfCall *call, FfMessage *message);
extern void ff_mcf_quote_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_mcf_create_request(const FfCall *call, FfMessage *message);
extern void ff_mcf_create_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_mcf_update_request(const FfCall *call, FfMessage *message);
extern void ff_mcf_update_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_mcf_cancel_request(const FfCall *call, FfMessage *message);
extern void ff_mcf_cancel_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_mcf_find_request(const FfCall *call, FfMessage *message);
extern void ff_mcf_find_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_mcf_get_request(const FfCall *call, FfMessage *message);
extern void ff_mcf_get_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_mcf_return_request(const FfCall *call, FfMessage *message);
extern void ff_mcf_return_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_mcf_get_return_request(const FfCall *call, FfMessage *message);
extern void ff_mcf_get_return_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_mcf_stock_request(const FfCall *call, FfMessage *message);
extern void ff_mcf_stock_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_mcf_receive(const FfCall *call, const FfReply *reply, FfOutcome *outcome);

#endif
