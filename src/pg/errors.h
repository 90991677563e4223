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

#define FF_ERR_INVALID_DOCUMENT MAKE_SQLSTATE('O', 'F', '0', '0', '1')	/* a document's field is wrong */
#define FF_ERR_UNKNOWN_OBJECT	MAKE_SQLSTATE('O', 'F', '0', '0', '2')	/* no such row */
#define FF_ERR_REFUSED_EVENT	MAKE_SQLSTATE('O', 'F', '0', '0', '3')	/* the state machine says no */
#define FF_ERR_NO_STOCK			MAKE_SQLSTATE('O', 'F', '0', '0', '4')	/* not enough is available */
#define FF_ERR_NOT_SUPPORTED	MAKE_SQLSTATE('O', 'F', '0', '0', '5')	/* the connector cannot do this */
#define FF_ERR_CONNECTION		MAKE_SQLSTATE('O', 'F', '0', '0', '6')	/* settings or secrets are missing or wrong */
#define FF_ERR_FORBIDDEN		MAKE_SQLSTATE('O', 'F', '0', '0', '7')	/* the role may not do this for this merchant */
#define FF_ERR_NOT_READY		MAKE_SQLSTATE('O', 'F', '0', '0', '8')	/* the installation lacks something; doctor() knows */
#define FF_ERR_QUARANTINED		MAKE_SQLSTATE('O', 'F', '0', '0', '9')	/* a task failed too often */

#endif
