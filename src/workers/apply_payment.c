/*
 * apply_payment.c
 *
 * What gateways answer: a step is done, refused, or in doubt.  One in doubt is
 * looked up by its reference before it is made again, and only made again when
 * the gateway certainly does not have it.
 */
#include "postgres.h"

#include "connectors/call.h"
#include "payments/payments.h"
#include "returns/returns.h"
#include "workers/verbs.h"

/* The step ends; a return whose last step it was goes on. */
static void
end_step(FfSettling *settling, bool done)
{
	const FfClaimedTask *task = &settling->errand->task;
	FfPaymentEnd end = {.merchant_id = task->merchant_id,
						.payment_id = ff_json_int64_or(task->payload, "payment_id", 0),
						.done = done,
						.provider_reference =
							ff_json_text(settling->outcome, "payment.provider_reference"),
						.code = settling->code,
						.message = settling->message,
						.cause = settling->cause};

	if (ff_payment_end(&end) && end.return_settled)
		ff_return_paid(task->merchant_id, end.return_id, end.return_paid, NULL, settling->cause);
}

void
ff_apply_paid(FfSettling *settling)
{
	end_step(settling, true);
}

/* A person decides; the same call can be made again with retry_task. */
void
ff_apply_payment_refused(FfSettling *settling)
{
	end_step(settling, false);
	settling->end.progress = NULL; /* tried again, it begins at the beginning */
	ff_settling_park(settling,
					 "payment_refused",
					 settling->message != NULL ? settling->message : "the gateway refused");
}

void
ff_apply_payment_unknown(FfSettling *settling)
{
	if (ff_connector_supports(settling->errand->batch->endpoint->connector, FF_OP_FIND_PAYMENT))
		ff_settling_again(settling, FF_FAILURE_UNKNOWN);
	else
		ff_apply_payment_doubtful(settling);
}

/* The gateway does not have it: it is made again, when that proves something. */
void
ff_apply_payment_absent(FfSettling *settling)
{
	const FfConnector *connector = settling->errand->batch->endpoint->connector;
	TimestampTz proved = settling->errand->task.sent_at + connector->find_grace_s * USECS_PER_SEC;

	if (!connector->find_is_authoritative)
		ff_apply_payment_doubtful(settling);
	else if (proved > settling->now)
	{
		settling->end.end = FF_TASK_AGAIN;
		settling->end.due_at = proved;
	}
	else
	{
		ff_settling_anew(settling, settling->now);
		settling->end.in_doubt = false;
		settling->end.sent_at = 0;
		settling->end.progress = NULL; /* it was that of the look-up */
	}
}

void
ff_apply_payment_doubtful(FfSettling *settling)
{
	ff_settling_park(settling,
					 "unknown_outcome",
					 "the answer was lost, and the gateway does not say whether it was done");
}
