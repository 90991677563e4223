/*
 * unknown.h
 *
 * Words of a peer that no table of ours explains: what happened stays as it
 * was known before, and the word is counted in the view unknown_codes.
 */
#ifndef FF_CONNECTORS_UNKNOWN_H
#define FF_CONNECTORS_UNKNOWN_H

#include "connectors/connector.h"

/* Writes unknown{code, description} into the open shipment; nothing without a code. */
extern void ff_write_unknown(FfJsonWriter *writer, const char *code, const char *description);

#endif
