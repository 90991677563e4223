/*
 * intake.h
 *
 * Orders come in, one or a thousand, with the same few statements.
 */
#ifndef FF_ORDERS_INTAKE_H
#define FF_ORDERS_INTAKE_H

#include "postgres.h"

#include "pg/json.h"

typedef enum FfIntake
{
	FF_INTAKE_CREATED,
	FF_INTAKE_INVALID,   /* stored and parked */
	FF_INTAKE_DUPLICATE, /* the same or an older version */
	FF_INTAKE_UPDATED,   /* a newer version was taken */
	FF_INTAKE_LATE,      /* a newer version of an order that has ended */
	FF_INTAKE_REFUSED    /* not stored: errors say why */
} FfIntake;

typedef struct FfSubmitted
{
	FfIntake outcome;
	char *number;   /* NULL when the document has none */
	int64 order_id; /* 0 when refused */
	char *errors;   /* JSON array of {code, field, line, message}; NULL: none */
} FfSubmitted;

extern const char *ff_intake_name(FfIntake outcome);

/*
 * Takes every element of an array of order documents, each for itself, assigns
 * what can be assigned, and answers one entry per element, palloc'd.  channel,
 * when not NULL, stands in for documents that name none.  Bad documents do not
 * throw; from_channel says that the channel itself sent them.
 */
extern FfSubmitted *ff_orders_submit(int32 merchant_id, const FfJson *orders, const char *channel,
									 bool from_channel, const char *cause, int *count);

#endif
