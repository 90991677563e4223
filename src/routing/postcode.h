/*
 * postcode.h
 *
 * Ranges of postcodes, in rules and in price tables.  Both sides are keys:
 * letters and digits only, upper case, compared as text.
 */
#ifndef FF_ROUTING_POSTCODE_H
#define FF_ROUTING_POSTCODE_H

#include "postgres.h"

#include "pg/spi.h"

/* NULL for a NULL or empty one. */
extern char *ff_postcode_key_or_null(const char *postcode);
extern char *ff_row_postcode(const FfRows *rows, uint64 row, int column);

/*
 * A NULL end is open.  The last postcode includes all that begin with it, so
 * EC1 to EC4 holds EC4A1BB.  No postcode is in no range but the open one.
 */
extern bool ff_postcode_key_between(const char *key, const char *from, const char *to);

#endif
