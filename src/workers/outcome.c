/*
 * outcome.c
 *
 * Decides by fate and result; see outcome.h.  What a result means for orders
 * and shipments is the apply files' business, what a reply means the
 * connector's; here stands only when to ask again and when to stop asking.
 */
#include "postgres.h"

#include "common/pg_prng.h"
#include "miscadmin.h"
#include "utils/timestamp.h"

#include "connectors/call.h"
#include "pg/attempt.h"
#include "pg/guc.h"
#include "tasks/task.h"
#include "transport/token.h"
#include "workers/outcome.h"

/* The outcome of a call that brought no answer to read. */
static void
without_answer(FfSettling *settling, FfResult result, FfFailure failure, const char *code,
			   const char *message)
{
	FfOutcome outcome;
	char *text;

	ff_outcome_init(&outcome);
	ff_outcome_set(&outcome, result, code, message, NULL);
	text = ff_outcome_finish(&outcome);
	settling->failure = failure;
	settling->result = result;
	settling->outcome = ff_json_parse(text, strlen(text), NULL);
}

static void
read_unanswered(FfSettling *settling)
{
	const FfErrand *errand = settling->errand;
	const FfTransfer *transfer = &errand->transfer;

	if (errand->problem != NULL)
		without_answer(settling, FF_RESULT_REFUSED, FF_FAILURE_OURS, "not_called", errand->problem);
	else if (errand->put_off != NULL)
		without_answer(settling, FF_RESULT_RETRY, FF_FAILURE_OURS, "not_prepared", errand->put_off);
	else if (errand->lost != NULL)
		without_answer(settling,
					   ff_errand_repeatable(errand) ? FF_RESULT_RETRY : FF_RESULT_UNKNOWN,
					   FF_FAILURE_DIED,
					   "answer_lost",
					   errand->lost);
	else if (transfer->fate == FF_FATE_NOT_SENT && transfer->unauthorized)
		without_answer(settling,
					   FF_RESULT_UNAUTHORIZED,
					   FF_FAILURE_UNAUTHORIZED,
					   "token_refused",
					   transfer->error);
	else if (transfer->fate == FF_FATE_NOT_SENT)
		without_answer(settling, FF_RESULT_RETRY, FF_FAILURE_NOT_SENT, "not_sent", transfer->error);
	else if (ff_errand_repeatable(errand))
		without_answer(settling,
					   FF_RESULT_RETRY,
					   FF_FAILURE_PEER,
					   ff_fate_name(transfer->fate),
					   transfer->error);
	else
		without_answer(settling,
					   FF_RESULT_UNKNOWN,
					   FF_FAILURE_UNKNOWN,
					   ff_fate_name(transfer->fate),
					   transfer->error);
	settling->retry_after_s = errand->on_wire ? transfer->retry_after_s : -1;
}

/* An answer that asks to come later is no failure of the peer; any other reason is. */
static FfFailure
failure_of_answer(const FfSettling *settling)
{
	int status = settling->errand->transfer.reply.status;

	if (settling->result == FF_RESULT_UNKNOWN)
		return FF_FAILURE_UNKNOWN;
	if (settling->result == FF_RESULT_UNAUTHORIZED)
		return FF_FAILURE_UNAUTHORIZED;
	return status == 429 || settling->retry_after_s >= 0 || !settling->errand->on_wire
			   ? FF_FAILURE_BUSY
			   : FF_FAILURE_PEER;
}

void
ff_outcome_read(FfSettling *settling)
{
	FfErrand *errand = settling->errand;
	const FfConnector *connector = errand->batch->endpoint->connector;
	FfReply nothing = {.body = ""};
	FfOutcome outcome;
	char *text;

	settling->retry_after_s = -1;
	if (errand->problem != NULL || errand->put_off != NULL || errand->lost != NULL ||
		(errand->on_wire && errand->transfer.fate != FF_FATE_ANSWERED))
		read_unanswered(settling);
	else
	{
		ff_connector_outcome(connector,
							 errand->calling,
							 errand->document,
							 errand->on_wire ? &errand->transfer.reply : &nothing,
							 &outcome);
		text = ff_outcome_finish(&outcome);
		settling->result = outcome.result;
		settling->retry_after_s = outcome.retry_after_s;
		settling->outcome = ff_json_parse(text, strlen(text), NULL);
		if (settling->outcome == NULL)
			elog(ERROR, "connector \"%s\" gave an outcome that is no JSON", connector->name);
		settling->failure = failure_of_answer(settling);
	}
	settling->code = ff_json_text(settling->outcome, "error.code");
	settling->message = ff_json_text(settling->outcome, "error.message");
	settling->field = ff_json_text(settling->outcome, "error.field");
	settling->cause = psprintf(
		"%s by connection %s", ff_operation_name(errand->calling), errand->batch->endpoint->code);
}

static FfEnding
ending_of(const FfSettling *settling)
{
	const FfErrand *errand = settling->errand;

	if (errand->problem != NULL || errand->put_off != NULL || errand->lost != NULL)
		return FF_ENDING_UNMADE;
	switch (settling->result)
	{
		case FF_RESULT_OK:
		case FF_RESULT_ABSENT:
		case FF_RESULT_CONTINUE:
			return FF_ENDING_OK;
		case FF_RESULT_REFUSED:
			return FF_ENDING_REFUSED;
		case FF_RESULT_UNAUTHORIZED:
			return FF_ENDING_UNAUTHORIZED;
		default:
			return settling->failure == FF_FAILURE_BUSY ? FF_ENDING_BUSY : FF_ENDING_FAILED;
	}
}

void
ff_outcome_end_call(FfSettling *settling)
{
	FfErrand *errand = settling->errand;
	FfEndpoint *endpoint = errand->batch->endpoint;
	FfEnding ending = ending_of(settling);
	int wait_s = settling->retry_after_s;

	if (errand->ended)
		return;
	errand->ended = true;

	/* a peer that is busy and does not say for how long gets a second */
	if (ending == FF_ENDING_BUSY && wait_s < 1 && errand->on_wire)
		wait_s = 1;
	if (ff_limiter_end(&endpoint->key, ending, wait_s, settling->message, GetCurrentTimestamp()))
		ereport(LOG,
				(errmsg("connection \"%s\" of merchant %d is left alone for a while",
						endpoint->code,
						endpoint->key.merchant_id),
				 errdetail("%d calls in a row failed.", ff_guc_breaker_failures)));
}

static const char *
sentence(const FfSettling *settling)
{
	if (settling->code != NULL && settling->message != NULL)
		return psprintf("%s: %s", settling->code, settling->message);
	if (settling->message != NULL)
		return settling->message;
	return settling->code != NULL ? settling->code : ff_failure_name(settling->failure);
}

/*
 * A call whose answer was lost may have been done.  Where it begins again is
 * the connector's to say: one of several requests looks at what became of it.
 */
static const FfJson *
begin_after_loss(const FfErrand *errand)
{
	FfReply nothing = {.body = ""};
	FfOutcome outcome;

	ff_connector_outcome(
		errand->batch->endpoint->connector, errand->calling, errand->document, &nothing, &outcome);
	return outcome.result == FF_RESULT_RETRY && outcome.next != NULL
			   ? ff_json_parse(outcome.next, strlen(outcome.next), NULL)
			   : NULL;
}

/*
 * What the next request of the same task begins with.  Operations of several
 * requests begin by looking, so one whose worker died begins from the start.
 */
static const char *
progress_after(const FfSettling *settling)
{
	const FfErrand *errand = settling->errand;
	const FfJson *progress = errand->task.progress;
	const FfJson *next = ff_json_get(settling->outcome, "next");

	if (errand->lost != NULL)
		return NULL;
	if (progress != NULL && errand->on_wire && errand->transfer.fate != FF_FATE_ANSWERED &&
		errand->transfer.fate != FF_FATE_NOT_SENT)
		next = begin_after_loss(errand);
	if (settling->result == FF_RESULT_RETRY && next != NULL)
		progress = next;
	return progress == NULL ? NULL : ff_json_dump(progress);
}

static void
keep(FfSettling *settling)
{
	const FfClaimedTask *task = &settling->errand->task;

	settling->end.attempts = task->attempts;
	settling->end.crashes = task->crashes;
	settling->end.in_doubt = task->in_doubt;
	settling->end.sent_at = task->sent_at;
	settling->end.progress = progress_after(settling);
	if (settling->result != FF_RESULT_OK && settling->result != FF_RESULT_CONTINUE)
		settling->end.error = sentence(settling);
}

void
ff_settling_tell(FfSettling *settling, const char *kind, const char *why, const char *hint)
{
	const FfClaimedTask *task = &settling->errand->task;
	bool about_shipment = strcmp(task->subject_kind, "shipment") == 0;

	ff_attention_open(task->merchant_id,
					  kind,
					  task->order_id,
					  about_shipment ? task->subject_id : 0,
					  task->task_id,
					  why,
					  hint);
}

void
ff_settling_park(FfSettling *settling, const char *kind, const char *why)
{
	int64 task_id = settling->errand->task.task_id;

	settling->end.end = FF_TASK_PARKED;
	ff_settling_tell(settling,
					 kind,
					 psprintf("%s: %s", settling->cause, why),
					 psprintf("When the reason is gone: SELECT fulfillment.retry_task(" INT64_FORMAT
							  ")",
							  task_id));
}

void
ff_settling_again(FfSettling *settling, FfFailure failure)
{
	const FfVerb *verb = ff_verb_of(settling->errand->calling);
	int64 delay = ff_retry_delay(failure,
								 settling->errand->task.attempts,
								 ff_guc_max_attempts,
								 settling->retry_after_s,
								 pg_prng_double(&pg_global_prng_state));

	if (delay >= 0)
	{
		settling->end.end = FF_TASK_AGAIN;
		settling->end.due_at = TimestampTzPlusMilliseconds(settling->now, delay);
		return;
	}
	if (verb->given_up != NULL)
		verb->given_up(settling);
	else
		ff_settling_park(settling, "gave_up", sentence(settling));
}

void
ff_settling_anew(FfSettling *settling, TimestampTz due_at)
{
	settling->end.end = FF_TASK_AGAIN;
	settling->end.due_at = due_at;
	settling->end.attempts = 0;
	settling->end.error = NULL;
}

static void
pause_connection(FfSettling *settling)
{
	const FfEndpoint *endpoint = settling->errand->batch->endpoint;
	char *reason = psprintf("The credentials were refused (%s).", sentence(settling));

	ff_endpoint_pause(endpoint->key.merchant_id, endpoint->key.connection_id, reason);
	ff_attention_open_connection(endpoint->key.merchant_id,
								 "connection_paused",
								 endpoint->key.connection_id,
								 psprintf("connection %s: %s", endpoint->code, reason),
								 psprintf("Correct them with fulfillment.set_secret, then SELECT "
										  "fulfillment.resume_connection('%s')",
										  endpoint->code));
}

/*
 * The first time a token may have been too old: it is forgotten and the call
 * made again.  The second time nothing will mend it but a person.
 */
static void
unauthorized(FfSettling *settling)
{
	FfErrand *errand = settling->errand;
	const FfLimiterKey *key = &errand->batch->endpoint->key;

	ff_token_forget(
		key->database, key->merchant_id, key->connection_id, errand->transfer.token_generation);
	/* counted from now on: calls that began before may have had the old token */
	if (ff_limiter_unauthorized(key, errand->started_at, GetCurrentTimestamp()))
		pause_connection(settling);
	ff_settling_again(settling, FF_FAILURE_UNAUTHORIZED);
}

/* Whether a connection works is told in words; the test itself has no further use. */
void
ff_apply_test_passed(FfSettling *settling)
{
	const FfLimiterKey *key = &settling->errand->batch->endpoint->key;

	ff_attention_close_connection(
		key->merchant_id, "connection_test", key->connection_id, "the test passed");
}

void
ff_apply_test_failed(FfSettling *settling)
{
	const FfEndpoint *endpoint = settling->errand->batch->endpoint;

	settling->end.end = FF_TASK_DONE;
	ff_attention_open_connection(
		endpoint->key.merchant_id,
		"connection_test",
		endpoint->key.connection_id,
		psprintf("connection %s does not work: %s", endpoint->code, sentence(settling)),
		"Correct its settings or secrets, and test it again.");
}

static void
apply_unknown(FfSettling *settling, const FfVerb *verb)
{
	if (!settling->errand->task.in_doubt)
	{
		settling->end.in_doubt = true;
		settling->end.sent_at = settling->errand->started_at;
	}
	if (verb->unknown != NULL)
		verb->unknown(settling);
	else
		ff_settling_park(settling, "unknown_outcome", sentence(settling));
}

/* A person is told and the task waits for one. */
static void
apply_refused(FfSettling *settling)
{
	ff_settling_park(settling, "refused", sentence(settling));
}

/* Part of an answer is in; the same task goes on with the next request. */
static void
apply_page(FfSettling *settling, const FfVerb *verb)
{
	FfJson *next = ff_json_get(settling->outcome, "next");

	ff_settling_anew(settling, settling->now);
	settling->end.crashes = 0;
	settling->end.progress = next == NULL ? NULL : ff_json_dump(next);
	if (verb->page != NULL)
		verb->page(settling);
}

static void
apply_by_result(FfSettling *settling, const FfVerb *verb)
{
	FfApply refused = verb->refused != NULL ? verb->refused : apply_refused;

	switch (settling->result)
	{
		case FF_RESULT_OK:
			if (verb->ok_together != NULL)
				verb->ok_together(&settling, 1);
			else if (verb->ok != NULL)
				verb->ok(settling);
			break;
		case FF_RESULT_ABSENT:
			(verb->absent != NULL ? verb->absent : refused)(settling);
			break;
		case FF_RESULT_REFUSED:
			refused(settling);
			break;
		case FF_RESULT_CONTINUE:
			apply_page(settling, verb);
			break;
		case FF_RESULT_UNKNOWN:
			apply_unknown(settling, verb);
			break;
		case FF_RESULT_RETRY:
			ff_settling_again(settling, settling->failure);
			if (verb->nothing != NULL)
				verb->nothing(settling);
			break;
		case FF_RESULT_UNAUTHORIZED:
			unauthorized(settling);
			if (verb->nothing != NULL)
				verb->nothing(settling);
			break;
	}
}

/* A task that has killed workers again and again is put aside, whatever it was doing. */
static void
quarantine(FfSettling *settling)
{
	if (settling->errand->lost != NULL && settling->errand->task.crashes >= ff_guc_max_crashes &&
		settling->end.end == FF_TASK_AGAIN)
		ff_settling_park(settling,
						 "quarantined",
						 psprintf("a worker has died %d times with this task in hand",
								  settling->errand->task.crashes));
}

void
ff_outcome_apply(FfSettling *settling)
{
	keep(settling);
	apply_by_result(settling, ff_verb_of(settling->errand->calling));
	quarantine(settling);
}

void
ff_outcome_apply_together(FfSettling **settlings, int count)
{
	for (int i = 0; i < count; i++)
		keep(settlings[i]);
	ff_verb_of(settlings[0]->errand->calling)->ok_together(settlings, count);
}

/* Whoever tries it again must find its subject as after a lost answer, or as before the call. */
static void
note_failure(void *argument)
{
	FfSettling *settling = argument;
	const FfVerb *verb = ff_verb_of(settling->errand->calling);
	FfApply note = settling->end.in_doubt ? verb->lost : verb->nothing;

	if (note != NULL)
		note(settling);
}

void
ff_outcome_failed(FfSettling *settling, const char *reason)
{
	FfErrand *errand = settling->errand;
	bool happened = errand->on_wire && !ff_errand_repeatable(errand);
	ErrorData *error;

	settling->cause = psprintf(
		"%s by connection %s", ff_operation_name(errand->calling), errand->batch->endpoint->code);
	if (settling->outcome == NULL)
		settling->result = FF_RESULT_UNKNOWN;
	keep(settling);
	settling->end.error = reason;
	if (happened && !errand->task.in_doubt)
	{
		settling->end.in_doubt = true;
		settling->end.sent_at = errand->started_at;
	}
	if (!ff_attempt(note_failure, settling, &error))
		reason = psprintf("%s; %s", reason, ff_error_sentence(error));
	ff_settling_park(settling, "failed_here", reason);
}
