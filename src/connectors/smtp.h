/*
 * smtp.h
 *
 * What the files of connector smtp share: smtp.c writes messages,
 * smtp_answer.c reads what servers say.
 */
#ifndef FF_CONNECTORS_SMTP_H
#define FF_CONNECTORS_SMTP_H

#include "connectors/connector.h"

#define FF_SMTP "smtp"

/* Whether the message goes without its files, because it was too large with them. */
extern bool ff_smtp_goes_small(const FfCall *call);

extern void ff_smtp_send_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_smtp_test_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);

#endif
