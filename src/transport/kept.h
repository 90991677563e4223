/*
 * kept.h
 *
 * Connections that curl keeps for the next request, as the system sees them.
 * What a peer says on one unasked, such as a second answer, would be taken for
 * the answer to the next request; not every curl looks.
 */
#ifndef FF_TRANSPORT_KEPT_H
#define FF_TRANSPORT_KEPT_H

#include "postgres.h"

#include <curl/curl.h>

/* An exchange has ended well, and its connection may be kept; before curl lets go of the handle. */
extern void ff_kept_note(CURL *easy);

/* Whether nothing has come in on the kept connection with this end here, and it is still open. */
extern bool ff_kept_is_quiet(const char *address, int port);

#endif
