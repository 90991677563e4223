/*
 * call.h
 *
 * From a canonical call to a message, and from a reply to an outcome: the one
 * path that the SQL functions and the workers share.
 *
 * Here the defaults of settings are filled in, required settings are checked,
 * and members that hold secrets are kept out of a connector's sight.  The
 * message has no credentials yet: its auth scheme adds them when it is sent.
 */
#ifndef FF_CONNECTORS_CALL_H
#define FF_CONNECTORS_CALL_H

#include "connectors/connector.h"

/* Throws when the call cannot be made: no such ability, a setting or field that is missing. */
extern void ff_connector_request(const FfConnector *connector, FfOperation operation,
								 const FfJson *document, FfMessage *message);

/*
 * What a reply means; never throws because of what the reply holds.  outcome
 * is initialised here.  A local connector reads no reply: give it an empty one.
 */
extern void ff_connector_outcome(const FfConnector *connector, FfOperation operation,
								 const FfJson *document, const FfReply *reply, FfOutcome *outcome);

/* Translates a webhook whose signature was verified (or deliberately was not). */
extern void ff_connector_receive(const FfConnector *connector, const FfJson *document,
								 const FfReply *webhook, FfOutcome *outcome);

/* The peer's id of a webhook; NULL when it has none. */
extern const char *ff_connector_event_id(const FfConnector *connector, const FfReply *webhook);

/* call.now, or the transaction's time when the call has none. */
extern TimestampTz ff_connector_now(const FfJson *document);

/* Whether a connection with these settings can do it. */
extern bool ff_connector_able(const FfConnector *connector, FfOperation operation,
							  const FfJson *config);

extern bool ff_connector_supports(const FfConnector *connector, FfOperation operation);

#endif
