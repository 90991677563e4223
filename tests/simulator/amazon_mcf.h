/*
 * amazon_mcf.h
 *
 * What the files of the peer of Amazon's fulfillment centers share.
 */
#ifndef SIM_AMAZON_MCF_H
#define SIM_AMAZON_MCF_H

#include "depot.h"

extern Depot mcf_depot;
extern SimMap mcf_stock;   /* json integers by SKU; what is not there is not counted */
extern SimMap mcf_returns; /* json arrays by order id */

/* amazon_mcf.c */
extern void mcf_error(SimRequest *request, int status, const char *code, const char *text,
					  const char *details);
/* The order that a request's path names; NULL: it was answered. */
extern DepotShipment *mcf_order(SimRequest *request);
extern const char *mcf_status(const DepotShipment *order);
extern bool mcf_lacks_stock(const json_t *body);

/* amazon_mcf_after.c */
extern void mcf_track(SimRequest *request);
extern void mcf_preview(SimRequest *request);
extern void mcf_make_return(SimRequest *request);
extern void mcf_show_stock(SimRequest *request);
extern void mcf_set_stock(SimRequest *request);

/* amazon_mcf_fields.c */
extern SimSchema mcf_create_schema;
extern SimSchema mcf_change_schema;
extern SimSchema mcf_preview_schema;
extern SimSchema mcf_return_schema;

#endif
