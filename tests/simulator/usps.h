/*
 * usps.h
 *
 * What the files of the USPS peer share: its memory, what it answers beside
 * labels (usps_ask.c), the tables of what a request must look like and the
 * rules between fields (usps_fields.c).
 */
#ifndef SIM_USPS_H
#define SIM_USPS_H

#include "depot.h"

extern Depot usps_depot;
extern void usps_error(SimRequest *request, int status, const char *code, const char *text,
					   const char *field);

extern void usps_ask_reset(void);
extern void usps_track(SimRequest *request);
extern void usps_track_many(SimRequest *request);
extern void usps_quote(SimRequest *request);
extern void usps_quote_abroad(SimRequest *request);
extern void usps_check_address(SimRequest *request);
extern void usps_name_city(SimRequest *request);
extern void usps_pick_up(SimRequest *request);
extern void usps_scan_form(SimRequest *request);

extern SimSchema usps_payment_schema;
extern SimSchema usps_label_schema;
extern SimSchema usps_return_schema;
extern SimSchema usps_abroad_schema;
extern SimSchema usps_reprint_schema;
extern SimSchema usps_options_schema;
extern SimSchema usps_rates_abroad_schema;
extern SimSchema usps_pickup_schema;
extern SimSchema usps_form_schema;

/* False: it was refused. */
extern bool usps_obeys(SimRequest *request);

#endif
