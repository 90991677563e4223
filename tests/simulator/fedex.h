/*
 * fedex.h
 *
 * What the files of the FedEx peer share: its memory, tracking
 * (fedex_track.c), the tables of what a request must look like and the rules
 * between fields that tables cannot say (fedex_fields.c).
 */
#ifndef SIM_FEDEX_H
#define SIM_FEDEX_H

#include "depot.h"

extern Depot fedex_depot;
extern json_t *fedex_output(json_t *content);

extern long fedex_visible_after_s;
extern void fedex_track_numbers(SimRequest *request);
extern void fedex_track_reference(SimRequest *request);

extern SimSchema fedex_ship_schema;
extern SimSchema fedex_results_schema;
extern SimSchema fedex_cancel_schema;
extern SimSchema fedex_track_schema;
extern SimSchema fedex_reference_schema;
extern SimSchema fedex_rate_schema;
extern SimSchema fedex_address_schema;
extern SimSchema fedex_pickup_schema;
extern SimSchema fedex_close_schema;

/* False: it was refused. */
extern bool fedex_obeys(SimRequest *request, const json_t *shipment);

#endif
