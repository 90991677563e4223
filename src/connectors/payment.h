/*
 * payment.h
 *
 * What connectors of gateways share: the step of a call, amounts in the
 * smallest unit of a currency, the goods a step pays, keys by which a gateway
 * recognises a repeated call.
 */
#ifndef FF_CONNECTORS_PAYMENT_H
#define FF_CONNECTORS_PAYMENT_H

#include "connectors/connector.h"

/* A member of call.payment as text, or NULL. */
extern char *ff_payment_text(const FfCall *call, const char *member);
/* The same, or ff_connector_fail. */
extern char *ff_payment_need(const FfCall *call, const char *member, const char *hint);

/* "12.50" in SEK is "1250", in JPY it is refused; decimal text that a whole unit fits. */
extern char *ff_payment_minor(const FfCall *call, const char *amount);
/* The amount of the step, so written. */
extern char *ff_payment_amount(const FfCall *call);
/* And back: "1250" in SEK is "12.50". */
extern char *ff_payment_major(const FfCall *call, const char *minor);

/* One of the lines a step pays. */
typedef struct FfPaymentLine
{
	const char *sku;
	const char *name;
	int64 quantity;
	const char *unit; /* price of one, in the smallest unit */
	const char *total;
} FfPaymentLine;

/*
 * The lines of the step and, last, what its amount has beyond or below them
 * (freight, a discount, a fee), so that they add up to it.
 */
extern FfPaymentLine *ff_payment_lines(const FfCall *call, int *count);

/* A UUID (version 5) that is the same for the same text. */
extern char *ff_payment_uuid(const char *text);
/* The key of the call, told apart from those of other installations. */
extern char *ff_payment_key(const FfCall *call);

/* Where several requests make the step: the name in call.state, "" at first. */
extern const char *ff_payment_step(const FfCall *call);
/*
 * Goes on with step "look": a refusal may mean that it is done already.  The
 * refusal's code and message stay in call.state, for when it is not.
 */
extern void ff_payment_look(FfOutcome *outcome);
/* payment{provider_reference, amount} of an outcome. */
extern void ff_payment_write(FfOutcome *outcome, const FfCall *call, const char *reference);

#endif
