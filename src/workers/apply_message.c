/*
 * apply_message.c
 *
 * What became of messages.  A message to a customer never stops anything: what
 * cannot be delivered is written down, who is not to be written to any more is
 * remembered, and a person hears of what is our own fault.  Messages to
 * platforms wait for a person, as every refused call does.
 */
#include "postgres.h"

#include "notifications/messages.h"
#include "workers/verbs.h"

#define DOUBT_PAUSE_S 900 /* until a message whose answer was lost is sent once more */
#define LOOK_PAUSE_S  30  /* until a provider shows what it has taken */

/* false when it is no message to a customer. */
static bool
note(FfSettling *settling, const char *state)
{
	const FfClaimedTask *task = &settling->errand->task;
	FfMessageNews news = {.merchant_id = task->merchant_id,
						  .connection_id = task->connection_id,
						  .event_id = task->subject_id,
						  .reference =
							  ff_json_text(settling->outcome, "message.provider_reference"),
						  .state = ff_json_text_or(settling->outcome, "message.state", state),
						  .code = settling->code,
						  .message = settling->message,
						  .suppress = ff_json_bool(settling->outcome, "message.suppress", false)};

	return ff_message_news(&news);
}

void
ff_apply_message_sent(FfSettling *settling)
{
	note(settling, "accepted");
}

void
ff_apply_message_refused(FfSettling *settling)
{
	bool recipient = ff_json_bool(settling->outcome, "message.recipient", false) ||
					 ff_json_bool(settling->outcome, "message.suppress", false);
	const char *why = settling->message != NULL ? settling->message : "it was refused";

	if (!note(settling, "failed"))
		ff_settling_park(settling, "refused", why);
	else if (!recipient)
		ff_settling_tell(
			settling,
			"message_failed",
			psprintf("%s: %s", settling->cause, why),
			"Correct the order, the template or the connection, as it says; the message is "
			"not sent again.");
}

/* Not now: the provider says when, and its connection goes on meanwhile. */
void
ff_apply_message_later(FfSettling *settling)
{
	int64 pause_s = ff_json_int64_or(settling->outcome, "message.retry_after_s", 0);

	note(settling, "queued");
	settling->end.due_at = settling->now + pause_s * USECS_PER_SEC;
}

void
ff_apply_message_given_up(FfSettling *settling)
{
	const char *why = settling->message != NULL ? settling->message : "it was tried too often";

	if (!note(settling, "failed"))
		ff_settling_park(settling, "gave_up", why);
	else
		ff_settling_tell(settling,
						 "message_failed",
						 psprintf("%s: %s", settling->cause, why),
						 "Correct the connection; the message is not sent again.");
}

/* Whether a message of which nobody knows whether it was taken is sent once more. */
static bool
may_be_repeated(const FfErrand *errand)
{
	return strcmp(ff_json_text_or(errand->task.progress, "step", ""), "again") != 0 &&
		   strcmp(ff_json_text_or(errand->batch->endpoint->config, "in_doubt", "retry"), "hold") !=
			   0;
}

/*
 * Where the provider can be asked, it is, before anything is sent again.  Else
 * once more, later: a message that comes twice does less harm than none.
 */
void
ff_apply_message_unknown(FfSettling *settling)
{
	const FfErrand *errand = settling->errand;
	FfRepeat repeat = errand->batch->endpoint->connector->operations[FF_OP_SEND_MESSAGE].repeat;
	bool can_look = repeat == FF_REPEAT_AFTER_FIND;

	if (!note(settling, "unknown"))
	{
		ff_settling_park(settling,
						 "unknown_outcome",
						 settling->message != NULL ? settling->message : "the answer was lost");
		return;
	}
	if (can_look)
		ff_settling_again(settling, FF_FAILURE_UNKNOWN);
	else if (may_be_repeated(errand))
		settling->end.end = FF_TASK_AGAIN;
	else
		return; /* it is left at that */
	if (settling->end.end != FF_TASK_AGAIN)
		return;
	settling->end.due_at =
		Max(settling->end.due_at,
			settling->now + (can_look ? LOOK_PAUSE_S : DOUBT_PAUSE_S) * USECS_PER_SEC);
	settling->end.in_doubt = false;
	settling->end.progress = psprintf("{\"step\": \"%s\", \"since\": \"%s\"}",
									  can_look ? "look" : "again",
									  ff_time_iso(errand->started_at));
}
