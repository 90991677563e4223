/*
 * prepare.c
 *
 * Reads the calls of claimed errands and lets connectors write the messages;
 * see prepare.h.  Each step has a subtransaction of its own, so an error is the
 * problem of the errand that caused it.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "connectors/call.h"
#include "pg/attempt.h"
#include "pg/spi.h"
#include "workers/documents.h"
#include "workers/prepare.h"
#include "workers/turn.h"
#include "workers/verbs.h"

typedef struct Load
{
	MemoryContext context;
	FfErrand **errands;
	int count;
} Load;

void
ff_errands_take_out(FfErrand **errands, int *count, int index)
{
	errands[index]->batch->errands--;
	errands[index] = errands[--*count];
}

static void
load_some(void *argument)
{
	Load *load = argument;

	MemoryContextSwitchTo(load->context);
	ff_documents_load(load->errands, load->count);
}

/* All in one go; when that fails, each alone, to find the one it fails with. */
static void
load_documents(FfErrand **errands, int count)
{
	Load load = {.context = errands[0]->batch->context};
	ErrorData *error;

	load.errands = palloc(sizeof(FfErrand *) * count);
	for (int i = 0; i < count; i++)
		if (errands[i]->problem == NULL && errands[i]->lost == NULL)
			load.errands[load.count++] = errands[i];
	if (load.count == 0 || ff_attempt(load_some, &load, &error))
		return;
	for (int i = 0; i < load.count; i++)
	{
		Load one = {.context = load.context, .errands = &load.errands[i], .count = 1};

		if (!ff_attempt(load_some, &one, &error))
			load.errands[i]->problem = ff_error_sentence(error);
	}
}

/* A call whose work list is empty is not made: there is nothing to tell. */
static void
drop_idle(FfErrand **errands, int *count)
{
	int32 merchant_id = errands[0]->task.merchant_id;
	FfSettlement *done = palloc0(sizeof(FfSettlement) * *count);
	int done_count = 0;

	for (int i = *count - 1; i >= 0; i--)
	{
		const FfErrand *errand = errands[i];
		const char *work = ff_verb_of(errand->calling)->work;

		if (errand->document == NULL || work == NULL ||
			ff_json_count(ff_json_get(errand->document, work)) > 0)
			continue;
		done[done_count++].task_id = errand->task.task_id;
		ff_errands_take_out(errands, count, i);
	}
	if (done_count > 0)
		ff_tasks_settle(merchant_id, done, done_count);
}

static void
build_message(void *argument)
{
	FfErrand *errand = argument;

	MemoryContextSwitchTo(errand->batch->context);
	ff_connector_request(errand->batch->endpoint->connector,
						 errand->calling,
						 errand->document,
						 &errand->transfer.message);
}

static void
put_off(FfErrand **errands, int count, const char *reason)
{
	for (int i = 0; i < count; i++)
	{
		if (errands[i]->problem != NULL || errands[i]->lost != NULL)
			continue;
		errands[i]->put_off = reason;
		errands[i]->document = NULL; /* there is no call to keep a record of */
	}
}

static void
build_messages(FfErrand **errands, int count)
{
	for (int i = 0; i < count; i++)
	{
		FfErrand *errand = errands[i];
		const FfEndpoint *endpoint = errand->batch->endpoint;
		FfTransfer *transfer = &errand->transfer;
		ErrorData *error;

		if (errand->problem != NULL || errand->lost != NULL)
			continue;
		if (!ff_attempt(build_message, errand, &error))
		{
			if (ff_error_is_passing(error))
				put_off(&errands[i], 1, ff_error_sentence(error));
			else
				errand->problem = ff_error_sentence(error);
			continue;
		}
		transfer->schemes = endpoint->connector->schemes;
		transfer->auth = &endpoint->connector->auth;
		transfer->config = endpoint->config;
		transfer->secrets = &endpoint->secrets;
		transfer->merchant_id = endpoint->key.merchant_id;
		transfer->connection_id = endpoint->key.connection_id;
		transfer->limits = endpoint->wire_limits;
		transfer->retry_after_s = -1;
		transfer->owner = errand;
	}
}

void
ff_errands_prepare(FfErrand **errands, int *count)
{
	MemoryContext outer = CurrentMemoryContext;
	MemoryContext context = errands[0]->batch->context;
	int claimed = *count;
	FfErrand **all = MemoryContextAlloc(context, sizeof(FfErrand *) * claimed);

	memcpy(all, errands, sizeof(FfErrand *) * claimed);
	PG_TRY();
	{
		if (ff_turn_begin(FF_TURN_ACT, context))
		{
			ff_spi_begin();
			MemoryContextSwitchTo(context);
			load_documents(errands, *count);
			drop_idle(errands, count);
			if (*count > 0)
				build_messages(errands, *count);
			ff_spi_end();
			ff_turn_commit();
		}
		else
			put_off(errands, *count, "The workers were told to wait.");
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		HOLD_INTERRUPTS();
		EmitErrorReport();
		FlushErrorState();
		ff_turn_abort();
		RESUME_INTERRUPTS();
		memcpy(errands, all, sizeof(FfErrand *) * claimed);
		*count = errands[0]->batch->errands = claimed;
		put_off(errands, claimed, "The server could not prepare the call; its log says why.");
	}
	PG_END_TRY();
	MemoryContextSwitchTo(outer);
}
