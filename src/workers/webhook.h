/*
 * webhook.h
 *
 * One thing that came in, a webhook or a file, while it is being applied;
 * shared by webhooks.c and webhook_files.c alone.
 */
#ifndef FF_WORKERS_WEBHOOK_H
#define FF_WORKERS_WEBHOOK_H

#include "postgres.h"

#include "lib/stringinfo.h"

#include "connectors/connector.h"
#include "workers/endpoint.h"

typedef struct FfWebhook
{
	int32 merchant_id;
	int64 inbox_id;
	int attempts;
	TimestampTz received_at;
	FfReply *message;
	const FfEndpoint *endpoint;
	const char *cause;
	const FfJson *outcome; /* what the connector made of it */
	FfResult result;
	bool ignored;
	int reports;       /* shipments and parcels it is about */
	int known_reports; /* … of which we know */
	StringInfo errors; /* of rows of a file, one a line; NULL: none */
} FfWebhook;

/* webhooks.c: writes down what became of it */
extern void ff_webhook_end(const FfWebhook *webhook, const char *state, const char *error,
						   TimestampTz due_at);

/* webhook_files.c: what only files have */
extern bool ff_webhook_is_file(const FfWebhook *webhook);
/* Notes a row that was not applied; the others are. */
extern void ff_webhook_note_row(FfWebhook *webhook, const FfJson *line, const char *error);
extern void ff_webhook_take_stock(FfWebhook *webhook);
extern void ff_webhook_take_rejected(FfWebhook *webhook);
/* Ends a file; what could not be applied is put in front of a person. */
extern void ff_webhook_end_file(const FfWebhook *webhook, TimestampTz now);
extern void ff_webhook_refuse_file(const FfWebhook *webhook, const char *error, TimestampTz now);

#endif
