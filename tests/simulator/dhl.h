/*
 * dhl.h
 *
 * DHL's divisions and its one tracking API, which knows the parcels of all of
 * them: what the files of these peers share.
 */
#ifndef SIM_DHL_H
#define SIM_DHL_H

#include "depot.h"

extern Depot sim_dhl_parcel_de_depot;
extern Depot sim_dhl_express_depot;

/* dhl_tracking.c: GET /track/shipments, also below the peers of divisions. */
#define DHL_TRACK_QUERY                                                                           \
	"trackingNumber service recipientPostalCode requesterCountryCode originCountryCode language " \
	"offset limit"
extern void sim_dhl_track(SimRequest *request);
/* How far Germany's clock is before UTC. */
extern int sim_dhl_german_minutes(double at);

/* dhl_parcel_de_scans.c: Parcel DE's own tracking */
extern void sim_dhl_scans(SimRequest *request);

/* dhl_parcel_de_fields.c */
extern SimSchema dhl_pde_orders_schema;
extern SimSchema dhl_pde_manifest_schema;
extern SimSchema dhl_pde_return_schema;
extern SimSchema dhl_pde_pickup_schema;

/* dhl_express_fields.c */
extern SimSchema dhl_express_ship_schema;
extern SimSchema dhl_express_rate_schema;
extern SimSchema dhl_express_pickup_schema;

#endif
