/*
 * address.h
 *
 * Which network addresses a call may go to: public ones only, so that nobody
 * who writes a URL into a connection's settings reaches what stands behind the
 * firewall.  Judged on the resolved address, also where an IPv4 address hides
 * in an IPv6 one.  fulfillment.allow_private_addresses lifts the rule.
 */
#ifndef FF_TRANSPORT_ADDRESS_H
#define FF_TRANSPORT_ADDRESS_H

#include "postgres.h"

#include <sys/socket.h>

/* True for a public address; false for all else, unknown families included.  Safe inside callbacks.
 */
extern bool ff_address_is_public(const struct sockaddr *address);

/* The same for a numeric address as text. */
extern bool ff_address_text_is_public(const char *text);

/* Writes the numeric form of an address into text (46 bytes are enough). */
extern void ff_address_text(const struct sockaddr *address, char *text, size_t size);

/* 0 for what is no address of the Internet. */
extern int ff_address_port(const struct sockaddr *address);

#endif
