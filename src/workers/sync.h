/*
 * sync.h
 *
 * Tasks that keep us in step with others, written by jobs and by people.
 * Each answers how many tasks it wrote; what has a live task already gets no
 * second one.
 */
#ifndef FF_WORKERS_SYNC_H
#define FF_WORKERS_SYNC_H

#include "postgres.h"

/* Orders of a channel by its code, or of all channels that can be asked (NULL). */
extern int ff_sync_orders(int32 merchant_id, const char *channel);
/* Levels of a location by its code, or of all whose provider can be asked (NULL). */
extern int ff_sync_inventory(int32 merchant_id, const char *location);
/* Our levels to a channel by its code, or to all that take them and have not got them (NULL). */
extern int ff_push_inventory(int32 merchant_id, const char *channel);
/* Files of a connection by its code, or of all that bring files (NULL). */
extern int ff_sync_files(int32 merchant_id, const char *connection);
/* Tells people of shipments that were handed over and never confirmed. */
extern void ff_chase_confirmations(int32 merchant_id);
/* State and tracking of what is due to be asked for. */
extern int ff_poll_tracking(int32 merchant_id);

#endif
