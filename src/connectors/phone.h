/*
 * phone.h
 *
 * Phone numbers as gateways want them.
 */
#ifndef FF_CONNECTORS_PHONE_H
#define FF_CONNECTORS_PHONE_H

#include "postgres.h"

/*
 * E.164 ("+46700000001") from what people write, a national number by its
 * country (ISO alpha-2, or NULL); NULL when it is none.  palloc'd.
 */
extern char *ff_phone_e164(const char *number, const char *country);

#endif
