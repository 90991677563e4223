/*
 * journal.c
 *
 * Turns an ended errand into a row of calls; see journal.h.  All masking is
 * done by transport/redact.h, with the secrets of the connection at hand.
 */
#include "postgres.h"

#include "pg/guc.h"
#include "transport/redact.h"
#include "workers/journal.h"

bool
ff_journal_wants(const FfErrand *errand)
{
	return errand->document != NULL || errand->lost != NULL;
}

/* Headers as one JSON line, and below it the body. */
static char *
text_of(const FfHeader *headers, int header_count, const char *body, size_t length,
		const FfSecrets *secrets)
{
	char *head = ff_redact_headers(headers, header_count, secrets);
	int most = ff_guc_logged_body * 1024;

	if (body == NULL || length == 0 || most == 0)
		return head;
	return psprintf("%s\n%s", head, ff_redact_body(body, length, most, secrets));
}

/* What was sent and what came back over the wire. */
static void
record_wire(FfCallRecord *record, const FfErrand *errand)
{
	const FfTransfer *transfer = &errand->transfer;
	const FfMessage *message = &transfer->message;
	const FfReply *reply = &transfer->reply;
	const FfSecrets *secrets = transfer->secrets;

	record->method = message->method;
	record->url = ff_redact_url(message->url.data, secrets);
	record->request = text_of(
		message->headers, message->header_count, message->body, message->body_length, secrets);
	record->status = reply->status;
	if (reply->status != 0)
		record->response =
			text_of(reply->headers, reply->header_count, reply->body, reply->length, secrets);
	record->timed = true;
	record->timings[0] = transfer->timings.dns;
	record->timings[1] = transfer->timings.connect;
	record->timings[2] = transfer->timings.tls;
	record->timings[3] = transfer->timings.first_byte;
	record->timings[4] = transfer->timings.total;
}

/* A local connector has no wire: its call and outcome are what there is to see. */
static void
record_local(FfCallRecord *record, const FfSettling *settling)
{
	size_t most = (size_t) ff_guc_logged_body * 1024;
	char *call = ff_json_dump(settling->errand->document);
	char *outcome = ff_json_dump(settling->outcome);

	record->method = "LOCAL";
	if (most == 0)
		return;
	record->request = ff_redact_body(call, strlen(call), (int) most, NULL);
	record->response = ff_redact_body(outcome, strlen(outcome), (int) most, NULL);
}

void
ff_journal_record(FfCallRecord *record, const FfSettling *settling, bool held)
{
	const FfErrand *errand = settling->errand;
	const FfClaimedTask *task = &errand->task;
	const char *error = settling->message != NULL ? settling->message : settling->end.error;

	record->task_id = task->task_id;
	record->connection_id = task->connection_id;
	record->operation = errand->calling;
	record->subject_kind = task->subject_kind;
	record->subject_id = task->subject_id;
	record->order_id = task->order_id;
	record->attempt = task->attempts;
	record->started_at = errand->started_at;
	if (errand->on_wire)
		record_wire(record, errand);
	else if (errand->problem == NULL && errand->lost == NULL && settling->outcome != NULL)
		record_local(record, settling);
	record->result = ff_result_name(settling->result);
	record->error = held ? error
						 : psprintf("somebody else settled this task meanwhile%s%s",
									error != NULL ? ": " : "",
									error != NULL ? error : "");
}
