/*
 * dhl.h
 *
 * What the connectors of DHL share: the meaning of its divisions' event codes
 * and texts.  Each connector's own header stands beside its files.
 */
#ifndef FF_CONNECTORS_DHL_H
#define FF_CONNECTORS_DHL_H

#include "connectors/carrier.h"

/*
 * dhl_codes.c: the canonical status of an event code of a division ("express",
 * "parcel-nl"); NULL for an event that leaves the status as it is.  False for
 * a code that the division does not have.
 */
extern bool ff_dhl_code(const char *service, const char *code, const char **status);
/* The same for a word of whatever division, where all that have it agree. */
extern bool ff_dhl_any_code(const char *code, const char **status);

/* dhl_texts.c: the same for a text that DHL eCommerce says instead of a code */
extern bool ff_dhl_ecommerce_text(const char *text, const char **status);
/* The status of a unified statusCode, made more exact by the texts beside it. */
extern const char *ff_dhl_status_of_texts(const char *status_code, const char *text,
										  const char *description);

#endif
