/*
 * own.h
 *
 * Connectors that users register instead of writing C: two SQL functions, or
 * nothing but data.  They are rows of fulfillment.own_connectors; to everybody
 * else they look like any other connector (connectors/connector.h).
 */
#ifndef FF_OWN_OWN_H
#define FF_OWN_OWN_H

/* Lets ff_connector_find know them; called once from _PG_init. */
extern void ff_own_init(void);

#endif
