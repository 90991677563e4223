/*
 * endpoint.h
 *
 * A connection as a worker calls it: its connector, settings, limits and
 * opened secrets.  Read with every claim, so a change or a pause holds from
 * the next call on; kept as long as calls are under way with it.
 */
#ifndef FF_WORKERS_ENDPOINT_H
#define FF_WORKERS_ENDPOINT_H

#include "postgres.h"

#include "connectors/connector.h"
#include "transport/secret.h"
#include "transport/wire.h"
#include "workers/limiter.h"

typedef struct FfEndpoint
{
	MemoryContext context;
	int users; /* it is freed, its secrets wiped, when the last one lets go */
	FfLimiterKey key;
	char *code;
	const FfConnector *connector; /* NULL: there is no such connector */
	char *connector_name;
	FfJson *config;
	bool paused;
	FfLimit limit;
	FfLimits wire_limits;
	bytea *sealed; /* the secrets as they are stored; NULL: it has none */
	FfSecrets secrets;
} FfEndpoint;

/* Reads a connection and holds it once; NULL when there is no such row. */
extern FfEndpoint *ff_endpoint_read(int32 merchant_id, int64 connection_id, MemoryContext parent);
/* Opens its secrets, for whoever sends or verifies; ereport(ERROR) when they cannot be opened. */
extern void ff_endpoint_unlock(FfEndpoint *endpoint);

extern void ff_endpoint_hold(FfEndpoint *endpoint);
extern void ff_endpoint_let_go(FfEndpoint *endpoint);

/* Stops calling it: pauses the connection and puts it in front of a person. */
extern void ff_endpoint_pause(int32 merchant_id, int64 connection_id, const char *reason);

#endif
