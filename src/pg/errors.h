/*
 * errors.h
 *
 * The SQLSTATEs of class OF, one per kind of refusal a caller can act on.
 * Message: lower case, no full stop.  Detail names row and field.  Hint says
 * the one thing to do.
 */
#ifndef FF_PG_ERRORS_H
#define FF_PG_ERRORS_H

#include "postgres.h"

/* Class OF: classes that begin with 0-4 or A-H belong to the standard. */
#define FF_SQLSTATE(last) MAKE_SQLSTATE('O', 'F', '0', '0', last)

#define FF_ERR_INVALID_DOCUMENT FF_SQLSTATE('1') /* a document's field is wrong */
#define FF_ERR_UNKNOWN_OBJECT   FF_SQLSTATE('2') /* no such row */
#define FF_ERR_REFUSED_EVENT    FF_SQLSTATE('3') /* the state machine says no */
#define FF_ERR_NO_STOCK         FF_SQLSTATE('4') /* not enough is available */
#define FF_ERR_NOT_SUPPORTED    FF_SQLSTATE('5') /* the connector cannot do this */
#define FF_ERR_CONNECTION       FF_SQLSTATE('6') /* settings or secrets are missing or wrong */
#define FF_ERR_FORBIDDEN        FF_SQLSTATE('7') /* the role may not do this for this merchant */
#define FF_ERR_NOT_READY        FF_SQLSTATE('8') /* something is not installed; doctor() knows */
#define FF_ERR_QUARANTINED      FF_SQLSTATE('9') /* a task failed too often */

#endif
